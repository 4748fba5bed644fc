//! Rules about burn-rate alerts.

use crate::model::AlertCondition;
use crate::model::AlertPolicy;
use crate::model::BurnRate;
use crate::model::Meta;
use crate::model::Operator;
use crate::model::Slo;
use crate::quantity::Ratio;
use crate::source::Spanned;

use super::Rule;

mod alert_can_never_fire;
mod breach_not_alerted;
mod burn_operator_inverted;
mod no_alert;
mod no_data_not_alerted;
mod rule_constant_drift;
mod severity_route_mismatch;
mod threshold_alert_not_burn_rate;
mod unalerted_burn_band;

pub(super) const RULES: &[&Rule] = &[
    &alert_can_never_fire::RULE,
    &no_alert::RULE,
    &unalerted_burn_band::RULE,
    &burn_operator_inverted::RULE,
    &severity_route_mismatch::RULE,
    &breach_not_alerted::RULE,
    &no_data_not_alerted::RULE,
    &rule_constant_drift::RULE,
    &threshold_alert_not_burn_rate::RULE,
];

/// Returns the largest share of bad events that can happen at all: `slo/max-error-ratio`, or 1.
fn largest_error_ratio(slo: &Slo) -> Ratio {
    slo.meta.declared_share("slo/max-error-ratio").map_or_else(Ratio::one, |share| share.value)
}

/// Returns whether an alert fires while the burn rate is high.
fn is_upward(burn: &BurnRate) -> bool {
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
fn can_fire(burn: &BurnRate, target: &Ratio, largest: &Ratio) -> bool {
    let needed = &burn.threshold.value * &target.complement();
    match burn.operator.value {
        Operator::Gt => needed < *largest,
        Operator::Gte => needed <= *largest,
        // One that fires while the burn rate is low is another rule's concern.
        Operator::Lt | Operator::Lte => true,
    }
}

/// Returns whether a condition is meant to fire while less is burned than the target allows.
fn is_meant_for_health(policy: Option<&AlertPolicy>, condition: &AlertCondition) -> bool {
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
