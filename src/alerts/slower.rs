//! A slower alert in the place of one that needs too many errors.

use crate::model::BurnRate;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;

/// Returns the burn rate and the lookback of a slower alert that spends the same share of the budget and
/// needs at most half of all possible errors.
///
/// * `target`: in `0..1`; `largest`: the largest share of bad events that can happen.
/// * `shortest`: the shortest window of the SLOs, in seconds.
pub fn slower(
    burn: &BurnRate,
    target: &Ratio,
    largest: &Ratio,
    shortest: u64,
) -> Option<(Ratio, Duration)> {
    const HOURS: [u64; 8] = [1, 2, 3, 6, 12, 24, 48, 72];
    let lookback = burn.lookback.value.seconds().filter(|seconds| *seconds > 0)?;
    let spent = &burn.threshold.value * &Ratio::whole(lookback);
    if spent >= Ratio::whole(shortest) {
        return None;
    }
    let half = largest / 2;
    HOURS.into_iter().find_map(|hours| {
        let longer = Duration::new(hours, Unit::Hour);
        let rate = spent.checked_div(&Ratio::whole(longer.nominal_seconds()))?;
        let is_slow_enough = &rate * &target.complement() <= half;
        let is_exact = (&rate * &Ratio::whole(1_000)).is_whole();
        let is_alert = rate > Ratio::one();
        let is_short = longer.nominal_seconds() < shortest;
        let fits = is_slow_enough && is_exact && is_alert && is_short;
        (fits && longer.nominal_seconds() > lookback).then_some((rate, longer))
    })
}

/// Returns the share of a window's budget that a burn rate over a lookback spends.
pub fn spent(rate: &Ratio, lookback: Duration, window: Duration) -> Option<Ratio> {
    let spent = rate * &Ratio::whole(lookback.nominal_seconds());
    spent.checked_div(&Ratio::whole(window.nominal_seconds()))
}
