//! Puts budgets and verdicts into words and rows.
//!
//! Floors below hand over facts; this is where they become sentences. Every number in a sentence is
//! a value of the fact beside it.

mod budget;
mod change;
mod measured;
mod note;
mod verdict;

pub use budget::budget_row;
pub use budget::objective_name;
pub use budget::with_change;
pub use change::change_rows;
pub use verdict::verdict_view;

use crate::budget::Failure;
use crate::budget::Reason;
use crate::quantity::Duration;
use crate::quantity::Ratio;

/// Returns a share in percent, with at most one digit behind the point: `31 %`, `0.05 %`.
fn percent(share: &Ratio) -> String {
    let percent = share.percent();
    let text =
        if percent.abs() < Ratio::one() { percent.significant(2) } else { percent.rounded(1) };
    format!("{text} %")
}

/// Returns a burn rate, with three digits.
fn rate(burn: &Ratio) -> String {
    if burn.abs() < Ratio::one() { burn.rounded(2) } else { burn.significant(3) }
}

/// Returns a length of time in its largest whole unit.
fn length(seconds: i64) -> String {
    Duration::from_seconds(u64::try_from(seconds).unwrap_or(0)).to_string()
}

/// Returns why a number is not known, as a clause.
fn reason(reason: &Reason, backend: &str) -> String {
    match reason {
        Reason::Coverage { covered, needed } => format!(
            "{} of the time has data, {} is needed ({backend})",
            percent(covered),
            percent(needed)
        ),
        Reason::Resolution { lookback_seconds, row_seconds } => format!(
            "measurements of {} cannot tell about a lookback of {}",
            length(*row_seconds),
            length(*lookback_seconds)
        ),
        Reason::NoTraffic => format!("nothing was asked of the service ({backend})"),
        Reason::TooFewEvents { events, needed } => {
            format!("{} events, {} are needed", events.rounded(0), needed.rounded(0))
        }
        Reason::Undefined(part) => format!("the definition has no {} that can be judged", part.0),
        Reason::Failed(failure) => self::failure(failure, backend),
        Reason::Condition(name) => format!("the policy has no condition `{name}`"),
    }
}

fn failure(failure: &Failure, backend: &str) -> String {
    let detail = failure.detail().unwrap_or_default();
    match failure {
        Failure::NoBackend => "no backend of slo.toml answers its source".to_owned(),
        Failure::NotCountable(part) => format!("its query cannot be counted: {part}"),
        Failure::NoCounts => "its indicator is a ratio, and the method needs counts".to_owned(),
        Failure::NotAggregated => format!("{backend} answers with more than one series"),
        Failure::DefinitionChanged => {
            "the recorded measurements belong to another definition".to_owned()
        }
        Failure::Unreachable(_) => format!("{backend} did not answer: {detail}"),
        Failure::Refused(_) => format!("{backend} refused the query: {detail}"),
        Failure::Partial(_) => format!("the answer of {backend} lacks a part: {detail}"),
        Failure::Malformed(_) => format!("the answer of {backend} cannot be read: {detail}"),
        _ => failure.word().to_owned(),
    }
}
