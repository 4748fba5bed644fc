//! Rules about the target and the budgeting method.

use crate::model::IndicatorUse;
use crate::model::Objective;
use crate::model::Slo;
use crate::quantity::Ratio;
use crate::source::Spanned;

use super::Rule;

mod composite_target_inconsistent;
mod invalid_composite_weight;
mod latency_ladder_inconsistent;
mod one_bad_event_exhausts_budget;
mod target_100;
mod target_ramp_overdue;
mod timeslice_budget_granularity;

pub(super) const RULES: &[&Rule] = &[
    &target_100::RULE,
    &one_bad_event_exhausts_budget::RULE,
    &latency_ladder_inconsistent::RULE,
    &invalid_composite_weight::RULE,
    &composite_target_inconsistent::RULE,
    &timeslice_budget_granularity::RULE,
    &target_ramp_overdue::RULE,
];

/// Returns the target of an objective, where it leaves an error budget and asks for something.
fn target(objective: &Objective) -> Option<&Spanned<Ratio>> {
    let inside =
        |target: &&Spanned<Ratio>| target.value > Ratio::zero() && target.value < Ratio::one();
    objective.target.as_ref().filter(inside)
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
