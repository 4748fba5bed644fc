//! Rules about burn-rate alerts.

use super::Rule;

mod alert_after_budget_gone;
mod alert_can_never_fire;
mod breach_not_alerted;
mod burn_below_one;
mod burn_equivalence_mismatch;
mod burn_operator_inverted;
mod detection_slower_than_exhaustion;
mod generated_alert_can_never_fire;
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
    &generated_alert_can_never_fire::RULE,
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
