//! Measuring: recorded files and every way in which they can be wrong, servers and every way in which they can fail.
#![expect(clippy::disallowed_methods, reason = "these tests start real programs on real files")]

mod choice;
mod failures;
mod limits;
mod methods;
mod proposed;
mod real;
mod recorded;
mod reports;
pub(crate) mod run;
mod sample;
mod secrets;
mod tls;
