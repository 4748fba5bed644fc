//! What an alert does in a full outage.

use serde::Serialize;

use crate::model::BurnRate;
use crate::model::Operator;
use crate::model::Slo;
use crate::quantity::Duration;
use crate::quantity::Ratio;

/// What an alert does while every event is bad, from one instant on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Outage {
    /// The time until the alert fires, in seconds.
    pub seconds: Ratio,
    /// The share of the error budget that is spent by then, 0 or more; absent where the length of
    /// the window depends on the calendar.
    pub spent: Option<Ratio>,
}

/// Returns when an alert fires in a full outage; nothing where it never does, or where objectives
/// with several targets leave it open.
///
/// # Source
///
/// Google, *The Site Reliability Workbook*, chapter 5, "Alerting on SLOs": detection time is
/// `(1 − target) / error ratio × lookback × burn rate`.
pub(super) fn full(slo: &Slo, burn: &BurnRate) -> Option<Outage> {
    let mut targets = slo.objectives.iter().map(|objective| objective.target.as_ref());
    let target = &targets.next()??.value;
    if targets.any(|other| other.is_none_or(|other| other.value != *target)) {
        return None;
    }
    let budget = target.complement();
    let worst = Ratio::one().checked_div(&budget)?;
    let rises = matches!(burn.operator.value, Operator::Gt | Operator::Gte);
    let threshold = &burn.threshold.value;
    if budget.is_negative() || threshold.is_negative() || !rises {
        return None;
    }
    if !burn.operator.value.holds(&worst, threshold) {
        return None;
    }
    let detected = &(threshold * &budget) * &seconds(burn.lookback.value);
    let held = burn.alert_after.as_ref().map_or_else(Ratio::zero, |held| seconds(held.value));
    let time = detected + held;
    let window = slo.window.as_ref().and_then(|window| window.duration.value.seconds());
    let spent = window.and_then(|window| time.checked_div(&(&budget * &Ratio::whole(window))));
    Some(Outage { seconds: time, spent })
}

/// Returns a length in seconds, as a number to reckon with.
pub(super) fn seconds(duration: Duration) -> Ratio {
    Ratio::whole(duration.nominal_seconds())
}
