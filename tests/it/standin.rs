//! Servers that stand in for the ones `slo` speaks to: on the loopback address, for the length of one test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

pub(crate) mod description;
pub(crate) mod github;
pub(crate) mod http;
