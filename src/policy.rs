//! Where a policy's tiers stand for an SLO, replayed over measured history.
//!
//! **Invariant:** nothing is remembered between runs. Two runs in the same step of the grid, on any
//! machine, with the same policy and measurements, give the same standing. `policy` knows no change,
//! no person and no backend: what the standing means for a change is decided by `gate`.
//!
//! # Why
//!
//! A tier that begins at one threshold and ends at a lower one has a memory. Kept in a file or a
//! server it would have to be guarded and could be lost; replayed from the measurements it needs
//! neither. The price is history: a policy needs its longest lookback and the time for which a tier
//! is remembered.
//!
//! # What the language leaves open
//!
//! * `within` asks the instants of the grid in `(t − for, t]`, `sustained` those in `[t − for, t]`. Before the first
//!   measurement nothing held. Where an instant is not known, a condition is known if both answers lead to the same.
//! * For what lasts, a tier that is not known stays as it was, so that an hour without data does not begin a week anew;
//!   at the judged instant itself it is not known. `maxGap` bridges gaps inside a run, and not its end.
//! * A tier may wait for a later one; tiers and conditions that wait for themselves are not known. A tier that holds for
//!   SLOs of other priorities never does.
//! * Of several attestations of one thing the newest counts, and `holds: false` says that it is not so. Those of repairs,
//!   whatever an `exit` asks for, lapse when `page` begins again after them, or when at least a day after them all that
//!   burned since spends the budget of that time.
//! * An incident counts from the commit that told of it. What needs a record for each incident is judged at the end of
//!   each, or now while it lasts; a record for a class has to be younger than the incident.
//! * A tier that somebody recorded begins with its record and is not forgotten while that stands; its exit ends it.
//! * What is not known relaxes nothing.

mod condition;
#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod naive;
mod never;
mod parts;
mod past;
mod recall;
mod records;
mod replay;
mod rules;
mod select;
mod standing;
mod walk;
mod whole;

pub use condition::Evidence;
pub use condition::lookbacks;
pub use never::Asked;
pub use never::Obstacle;
pub use never::Peak;
pub use never::obstacle;
pub use never::peak;
pub use parts::Names;
pub use parts::each_condition;
pub use parts::each_judged;
pub use records::About;
pub use records::Attestation;
pub use records::Entry;
pub use records::Incident;
pub use records::Records;
pub use select::Circle;
pub use select::Governance;
pub use select::applies;
pub use select::governing;
pub use select::horizon_seconds;
pub use select::may_share_change;
pub use select::selects;
pub use standing::Gate;
pub use standing::Held;
pub use standing::Ruling;
pub use standing::Standing;
pub use standing::TierStanding;
pub use standing::TierState;
pub use standing::Warning;
pub use standing::evaluate;
pub use standing::evaluate_all;

#[cfg(test)]
mod tests;
