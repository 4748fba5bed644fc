//! `slo gate` over real repositories: what the change may not change, and what it decides.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod agreed;
mod baseline;
mod budgets;
mod decides;
mod findings;
mod history;
mod links;
mod merges;
mod pipelines;
mod records;
mod releases;
mod servers;
pub(crate) mod shop;
mod trusted;
