//! Rules about the target and the budgeting method.

use crate::model::IndicatorUse;
use crate::model::Objective;
use crate::model::Slo;
use crate::quantity::Ratio;
use crate::source::Spanned;

use super::Rule;
use super::in_words;

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

/// Returns the target of an objective where it leaves an error budget that can be spent: above 0 and
/// below 1.
fn budgeted(objective: &Objective) -> Option<&Spanned<Ratio>> {
    let target = objective.target.as_ref()?;
    (target.value > Ratio::zero() && target.value < Ratio::one()).then_some(target)
}

/// Returns the highest target of an SLO that leaves an error budget.
fn strictest(slo: &Slo) -> Option<&Spanned<Ratio>> {
    let targets = slo.objectives.iter().filter_map(budgeted);
    // Of equal ones the first is shown.
    targets.reduce(|highest, target| if target.value > highest.value { target } else { highest })
}

/// Returns whether an SLO states a hope: that nothing can reach it yet is no mistake.
fn is_aspirational(slo: &Slo) -> bool {
    slo.meta.declares("slo/relation", "aspirational")
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
