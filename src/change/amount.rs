//! How large an error budget is.

use serde::Serialize;

use crate::model::BudgetingMethod;
use crate::model::Objective;
use crate::model::Slo;
use crate::quantity::Ratio;

use super::Effect;

const SECONDS_OF_A_MINUTE: i64 = 60;

const MINUTES_OF_AN_HOUR: i64 = 60;

/// The error budget of an objective in one window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Amount {
    /// The share of events, or of slices, that may be bad, 0 to 1.
    pub share: Ratio,
    /// The length of the window as it is written; absent where none can be read.
    pub window: Option<String>,
    /// How many minutes of a window everything may be bad; a unit of the calendar has its mean length.
    pub minutes: Option<Ratio>,
    /// How many events of a window may be bad, where `slo/events-per-hour` says how many there are and events
    /// are counted, not slices.
    pub events: Option<Ratio>,
}

/// Returns what becomes of an error budget; nothing where one is not known, or both are the same.
pub(super) fn effect(
    (old_slo, old): (&Slo, &Objective),
    (new_slo, new): (&Slo, &Objective),
) -> Option<Effect> {
    let (before, after) = (of(old_slo, old)?, of(new_slo, new)?);
    let is_same = before.share == after.share
        && before.minutes == after.minutes
        && before.events == after.events;
    let ratio = after.share.checked_div(&before.share);
    (!is_same).then_some(Effect::Budget { before, after, ratio })
}

/// Returns the error budget of an objective; nothing where the target is none.
fn of(slo: &Slo, objective: &Objective) -> Option<Amount> {
    let share = objective.target.as_ref()?.value.complement();
    if share.is_negative() || share > Ratio::one() {
        return None;
    }
    let window = slo.window.as_ref().map(|window| window.duration.value);
    let length = window.and_then(|window| {
        Ratio::whole(window.nominal_seconds()).checked_div(&Ratio::whole(SECONDS_OF_A_MINUTE))
    });
    let minutes = length.map(|length| &length * &share);
    let rate = slo
        .meta
        .declared_number("slo/events-per-hour")
        .filter(|_| slo.method() == BudgetingMethod::Occurrences);
    let events = minutes.as_ref().zip(rate).and_then(|(minutes, rate)| {
        (minutes * &rate.value).checked_div(&Ratio::whole(MINUTES_OF_AN_HOUR))
    });
    let window = window.map(|window| window.to_string());
    Some(Amount { share, window, minutes, events })
}
