//! Rules about the target and the budgeting method.

use crate::model::BudgetingMethod;
use crate::model::IndicatorUse;
use crate::model::Objective;
use crate::model::Slo;
use crate::needs::Need;
use crate::quantity::Ratio;
use crate::source::Spanned;

use super::Rule;
use super::words::few;
use super::words::in_words;
use super::words::percent;
use super::words::quote;
use super::words::sentence;

mod composite_target_inconsistent;
mod invalid_composite_weight;
mod latency_ladder_inconsistent;
mod missing_extra_nine;
mod more_nines_than_response_time;
mod one_bad_event_exhausts_budget;
mod slo_not_stricter_than_sla;
mod target_100;
mod target_from_current_performance;
mod target_ramp_overdue;
mod timeslice_budget_granularity;
mod unattainable_given_dependencies;

pub(super) const RULES: &[&Rule] = &[
    &target_100::RULE,
    &one_bad_event_exhausts_budget::RULE,
    &more_nines_than_response_time::RULE,
    &unattainable_given_dependencies::RULE,
    &missing_extra_nine::RULE,
    &slo_not_stricter_than_sla::RULE,
    &target_from_current_performance::RULE,
    &latency_ladder_inconsistent::RULE,
    &invalid_composite_weight::RULE,
    &composite_target_inconsistent::RULE,
    &timeslice_budget_granularity::RULE,
    &target_ramp_overdue::RULE,
];

/// Returns the highest of some targets.
fn strictest<'a>(targets: impl Iterator<Item = &'a Spanned<Ratio>>) -> Option<&'a Spanned<Ratio>> {
    // Of equal ones the first is shown.
    targets.reduce(|highest, target| if target.value > highest.value { target } else { highest })
}

/// Returns what an SLO counts. A slice is bad as soon as its share of good events is too low, and where
/// shares are counted, a bad event makes one lower.
fn counted(slo: &Slo) -> &'static str {
    match slo.method() {
        BudgetingMethod::Timeslices => "slice",
        BudgetingMethod::Occurrences | BudgetingMethod::RatioTimeslices => "event",
    }
}

/// Returns whether a target is beyond what all that an SLO needs promises together.
///
/// Whoever writes a product down may round up the seventh digit of its percentage.
fn is_beyond(target: &Ratio, together: &Ratio) -> bool {
    &(target - together) * &Ratio::whole(1_000_000_000) > Ratio::one()
}

/// Returns two lengths of time, in seconds, in words that differ where they do.
fn in_unlike_words(one: &Ratio, other: &Ratio) -> (String, String) {
    let words = (in_words(one), in_words(other));
    if words.0 != words.1 || one == other {
        return words;
    }
    (format!("{one} seconds"), format!("{other} seconds"))
}

/// Returns the weight of a part of a composite, which is 1 where none is given; nothing where it is
/// no number above 0.
fn weight(objective: &Objective) -> Option<Ratio> {
    match (&objective.composite_weight, objective.weight_span) {
        (Some(weight), _) => (weight.value > Ratio::zero()).then(|| weight.value.clone()),
        (None, Some(_)) => None,
        (None, None) => Some(Ratio::one()),
    }
}

/// Returns whether the indicator of every objective could be read.
fn knows_indicators(slo: &Slo) -> bool {
    !slo.objectives.iter().any(|part| matches!(part.indicator, IndicatorUse::Missing))
}

/// Returns what a need is called: "`east` or `west`".
fn name_of(need: &Need<'_>) -> String {
    sentence(&few(&need.names, |name| quote(name)), "or")
}

/// Returns needs in a sentence, each with its promise.
fn promises(needs: &[Need<'_>]) -> String {
    let word = |need: &Need<'_>| format!("{} ({})", name_of(need), percent(&need.promise));
    sentence(&few(needs, word), "and")
}
