//! Rules about the file as YAML and as its dialect.

use super::Rule;

mod budgeting_method_mismatch;
mod conflicting_fields;
mod expired_suppression;
mod invalid_duration;
mod invalid_metadata_key;
mod invalid_object_name;
mod invalid_value;
mod literal_secret;
mod missing_field;
mod objective_threshold_mismatch;
mod suppression_without_reason;
mod target_out_of_range;
mod target_unit_mismatch;
mod unknown_field;
mod unknown_kind;
mod unknown_rule;
mod unresolved_query_placeholder;
mod unstable_version;
mod unused_baseline_entry;
mod unused_suppression;
mod warning_never_reached;
mod yaml_parse_error;

pub(super) const RULES: &[&Rule] = &[
    &yaml_parse_error::RULE,
    &unknown_kind::RULE,
    &unstable_version::RULE,
    &unknown_field::RULE,
    &missing_field::RULE,
    &conflicting_fields::RULE,
    &invalid_value::RULE,
    &invalid_object_name::RULE,
    &invalid_metadata_key::RULE,
    &invalid_duration::RULE,
    &target_out_of_range::RULE,
    &target_unit_mismatch::RULE,
    &budgeting_method_mismatch::RULE,
    &warning_never_reached::RULE,
    &objective_threshold_mismatch::RULE,
    &literal_secret::RULE,
    &unresolved_query_placeholder::RULE,
    &expired_suppression::RULE,
    &unused_suppression::RULE,
    &suppression_without_reason::RULE,
    &unknown_rule::RULE,
    &unused_baseline_entry::RULE,
];

/// Returns how a message calls the mapping below a field: an item of a list, a field, or the object itself.
fn place(of: &str) -> String {
    match of {
        "" => "this object".to_owned(),
        "objectives" => "this objective".to_owned(),
        "timeWindow" | "timeWindows" => "this window".to_owned(),
        "conditions" | "all" | "any" | "not" => "this condition".to_owned(),
        "tiers" => "this tier".to_owned(),
        "alertPolicies" => "this alert policy".to_owned(),
        "notificationTargets" => "this notification target".to_owned(),
        _ => format!("`{of}`"),
    }
}
