//! The verdict on a change: which budgets it spends, and what the policy says to that.
//!
//! **Invariant:** `gate` touches nothing: it says what must be measured, is handed the answers, and
//! decides. It words nothing either: a [`Verdict`] is data, and every number and place in it comes
//! from a measurement or a file.
//!
//! # Why
//!
//! Between [`plan`] and [`decide`] stands the one slow step of a run. With both sides pure, a verdict
//! can be tested from text, replayed years later, and never depends on whether a comment could be
//! posted.

mod decide;
mod exempt;
mod facts;
mod plan;
mod proposed;
mod records;
mod releases;
#[cfg(test)]
mod tests;
mod verdict;

pub use decide::decide;
pub use exempt::Claim;
pub use exempt::Evidence;
pub use exempt::Exemption;
pub use exempt::Miss;
pub use exempt::Refusal;
pub use facts::Extent;
pub use facts::Facts;
pub use facts::Releases;
pub use facts::Setting;
pub use plan::plan;
pub use records::Counted;
pub use records::Doubt;
pub use records::Ignored;
pub use records::Override;
pub use records::Recorded;
pub use records::counting;
pub use releases::release_tags;
pub use verdict::ActiveTier;
pub use verdict::Answer;
pub use verdict::Decision;
pub use verdict::Note;
pub use verdict::Outcome;
pub use verdict::Reason;
pub use verdict::ReleaseLimit;
pub use verdict::Verdict;
