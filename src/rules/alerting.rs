//! Rules about burn-rate alerts.

use std::sync::Arc;

use crate::model::AlertCondition;
use crate::model::AlertPolicy;
use crate::model::BurnRate;
use crate::model::Catalog;
use crate::model::Meta;
use crate::model::Object;
use crate::model::Operator;
use crate::model::Referable;
use crate::model::Slo;
use crate::quantity::Ratio;
use crate::source::Spanned;

use super::Rule;

mod alert_after_budget_gone;
mod alert_can_never_fire;
mod breach_not_alerted;
mod burn_below_one;
mod burn_equivalence_mismatch;
mod burn_operator_inverted;
mod detection_slower_than_exhaustion;
mod long_alert_after;
mod no_alert;
mod no_data_not_alerted;
mod rule_constant_drift;
mod severity_route_mismatch;
mod single_event_pages;
mod slow_reset;
mod threshold_alert_not_burn_rate;
mod unalerted_burn_band;
mod window_pair_mismatch;

pub(super) const RULES: &[&Rule] = &[
    &alert_can_never_fire::RULE,
    &no_alert::RULE,
    &unalerted_burn_band::RULE,
    &alert_after_budget_gone::RULE,
    &slow_reset::RULE,
    &window_pair_mismatch::RULE,
    &burn_equivalence_mismatch::RULE,
    &burn_operator_inverted::RULE,
    &long_alert_after::RULE,
    &single_event_pages::RULE,
    &detection_slower_than_exhaustion::RULE,
    &burn_below_one::RULE,
    &severity_route_mismatch::RULE,
    &breach_not_alerted::RULE,
    &no_data_not_alerted::RULE,
    &rule_constant_drift::RULE,
    &threshold_alert_not_burn_rate::RULE,
];

/// Shows every condition, alone and in each policy that holds it, whether or not an SLO uses it.
fn each_condition<'a>(
    catalog: &'a Catalog,
    see: &mut dyn FnMut(Option<&'a Arc<AlertPolicy>>, &'a Arc<AlertCondition>),
) {
    let in_policy = |policy: &'a Arc<AlertPolicy>, see: &mut dyn FnMut(_, _)| {
        for used in &policy.conditions {
            if let Some(condition) = catalog.condition(used).one() {
                see(Some(policy), condition);
            }
        }
    };
    for object in catalog.objects() {
        match object {
            Object::AlertCondition(condition) => see(None, condition),
            Object::AlertPolicy(policy) => in_policy(policy, see),
            Object::Slo(slo) => {
                for policy in &slo.alert_policies {
                    if let Referable::Inline(policy) = policy {
                        in_policy(policy, see);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Returns the largest share of bad events that can happen at all: `slo/max-error-ratio`, or 1.
pub(super) fn largest_error_ratio(slo: &Slo) -> Ratio {
    slo.meta.declared_share("slo/max-error-ratio").map_or_else(Ratio::one, |share| share.value)
}

/// Returns whether an alert fires while the burn rate is high.
pub(super) fn is_upward(burn: &BurnRate) -> bool {
    matches!(burn.operator.value, Operator::Gt | Operator::Gte)
}

/// Returns whether an alert can fire under a target, where all of `largest` may be bad.
///
/// * `target`: in `0..1`.
///
/// # Source
///
/// Google, *The Site Reliability Workbook*, chapter 5: a burn rate is the share of bad events over
/// the error budget, so it is at most `largest / (1 − target)`.
pub(super) fn can_fire(burn: &BurnRate, target: &Ratio, largest: &Ratio) -> bool {
    let needed = &burn.threshold.value * &target.complement();
    match burn.operator.value {
        Operator::Gt => needed < *largest,
        Operator::Gte => needed <= *largest,
        // One that fires while the burn rate is low is another rule's concern.
        Operator::Lt | Operator::Lte => true,
    }
}

/// Returns whether a condition is meant to fire while less is burned than the target allows.
pub(super) fn is_meant_for_health(
    policy: Option<&AlertPolicy>,
    condition: &AlertCondition,
) -> bool {
    let says = |meta: &Meta| {
        let intent = meta.annotation("slo/intent").or_else(|| meta.label("slo/intent"));
        intent.is_some_and(|intent| intent.value.trim() == "under-burn")
    };
    says(&condition.meta) || policy.is_some_and(|policy| says(&policy.meta))
}

/// Returns whether a policy tells that the error budget burns; it does unless it says otherwise.
fn tells_of_breaches(policy: &AlertPolicy) -> bool {
    policy.when_breaching.as_ref().is_none_or(|told| told.value)
}

/// Returns whether a flag is given and true.
fn is_true(flag: Option<&Spanned<bool>>) -> bool {
    flag.is_some_and(|flag| flag.value)
}

/// Returns whether nobody expects alerts of an SLO: it states a contract or a hope.
fn is_exempt(slo: &Slo) -> bool {
    ["aspirational", "sla"].iter().any(|word| slo.meta.declares("slo/relation", word))
}
