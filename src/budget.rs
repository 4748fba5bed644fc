//! Error-budget arithmetic: what may fail, what has failed, how fast, and until when.
//!
//! **Invariant:** every number here is exact and comes from counts that somebody measured. `budget`
//! knows no backend, no policy's tiers and no clock: measurements and `now` come in as values. What
//! cannot be known is a value with its reason, never a number.
//!
//! # Why
//!
//! The same thirty days give +59.8 % or −2166 % of budget left, depending on the budgeting method
//! and on what idle time means. So counts are fetched, divided in one place, and every number
//! carries its method. Ratios that a backend already divided cannot be added up, judged against a
//! proposed target, or told apart from "nothing happened".
//!
//! All lookbacks are half-open, `(instant − lookback, instant]`, and are differences of prefix sums,
//! so that a policy can be replayed over months of hours without a second query.

use jiff::Timestamp;

mod burn;
mod measurement;
mod series;
mod state;
mod terms;
mod window;

pub use burn::Burn;
pub use burn::Reason;
pub use burn::burn;
pub use burn::burn_over;
pub use burn::fitted_seconds;
pub use measurement::Definition;
pub use measurement::Failure;
pub use measurement::Measurement;
pub use measurement::Request;
pub use series::Counts;
pub use series::Disorder;
pub use series::Row;
pub use series::Series;
pub use series::Totals;
pub use state::BudgetState;
pub use state::Exhaustion;
pub use state::Known;
pub use state::Opening;
pub use state::Outlook;
pub use state::alert_lookbacks;
pub use state::state;
pub use terms::Terms;
pub use terms::Undefined;
pub use window::Period;
pub use window::TimeWindow;

/// Returns the grid instant of `now`: the largest multiple of the step since the Unix epoch, UTC,
/// that is not after it.
///
/// * `step_seconds`: 1 or more; less counts as 1.
pub fn instant(now: Timestamp, step_seconds: i64) -> Timestamp {
    let seconds = now.as_second() - i64::from(now.subsec_nanosecond() < 0);
    at(seconds - seconds.rem_euclid(step_seconds.max(1)))
}

/// Returns the instant `seconds` after the Unix epoch, or the nearest one that can be told.
fn at(seconds: i64) -> Timestamp {
    let nearest = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(nearest)
}

/// Returns `time` moved by a number of seconds, or the nearest instant that can be told.
pub fn moved(time: Timestamp, seconds: i64) -> Timestamp {
    at(time.as_second().saturating_add(seconds))
}
