//! Rules about indicators: whether the queries count what they are said to count.

use crate::indicators::Role;
use crate::indicators::Side;
use crate::indicators::Sli;
use crate::quantity::Ratio;
use crate::query::status::Codes;
use crate::query::tree::Matcher;

use super::words::few;
use super::words::sentence;

use super::Rule;

mod average_of_ratios_or_percentiles;
mod cause_metric_as_sli;
mod clamped_denominator;
mod client_cancel_counted_bad;
mod counter_misuse;
mod datadog_count_misaggregated;
mod good_not_proper_subset;
mod graphql_status_blind;
mod grpc_status_blind;
mod latency_threshold_not_on_bucket;
mod latency_unit_mismatch;
mod mean_latency;
mod miscalibrated_web_vital;
mod mismatched_ratio_operands;
mod mismatched_scope;
mod missing_data_masked;
mod quantile_as_event_ratio;
mod quantile_without_le;
mod query_never_counts;
mod query_syntax_error;
mod ratio_direction_inverted;
mod retry_unit_undeclared;
mod server_errors_counted_good;
mod span_kind_error_metric;
mod status_class_literal;
mod undeclared_4xx_policy;
mod unscoped_selector;
mod write_endpoints_merged;

pub(super) const RULES: &[&Rule] = &[
    &query_syntax_error::RULE,
    &good_not_proper_subset::RULE,
    &ratio_direction_inverted::RULE,
    &server_errors_counted_good::RULE,
    &client_cancel_counted_bad::RULE,
    &undeclared_4xx_policy::RULE,
    &graphql_status_blind::RULE,
    &grpc_status_blind::RULE,
    &counter_misuse::RULE,
    &mismatched_ratio_operands::RULE,
    &mismatched_scope::RULE,
    &average_of_ratios_or_percentiles::RULE,
    &mean_latency::RULE,
    &latency_threshold_not_on_bucket::RULE,
    &latency_unit_mismatch::RULE,
    &quantile_as_event_ratio::RULE,
    &quantile_without_le::RULE,
    &miscalibrated_web_vital::RULE,
    &missing_data_masked::RULE,
    &clamped_denominator::RULE,
    &query_never_counts::RULE,
    &unscoped_selector::RULE,
    &status_class_literal::RULE,
    &write_endpoints_merged::RULE,
    &datadog_count_misaggregated::RULE,
    &span_kind_error_metric::RULE,
    &cause_metric_as_sli::RULE,
    &retry_unit_undeclared::RULE,
];

/// Returns what people call a side of an indicator.
fn name(side: &Side<'_>, sli: &Sli<'_>) -> &'static str {
    let is_whole = sli.total.as_ref().is_some_and(|total| std::ptr::eq(total, side));
    match side.parsed.role {
        Role::Good => "`good`",
        Role::Bad => "`bad`",
        Role::Total => "`total`",
        Role::Ratio(_) | Role::Value if is_whole => "the denominator",
        Role::Ratio(_) | Role::Value => "the numerator",
    }
}

/// Returns matchers as they are written.
fn written(matchers: &[&Matcher], text: &str) -> String {
    let written: Vec<&str> = matchers.iter().map(|matcher| matcher.extent.slice(text)).collect();
    written.join(",")
}

/// Returns whether every filter of a query of Datadog is `key:value`, with a sign at most: of those, one
/// may be rewritten alone.
fn has_plain_filters(text: &str) -> bool {
    text.split('{').skip(1).all(|rest| {
        let filters = rest.split('}').next().unwrap_or_default();
        !filters.contains([' ', '('])
    })
}

/// Returns a value of a label as it would be written.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Returns what people call a percentile, by its share: "99th percentile".
fn percentile_name(share: Option<&Ratio>) -> String {
    let Some(share) = share else { return "percentile".to_owned() };
    let number = share.percent().to_string();
    let end = match number.as_bytes() {
        [.., b'1', b'1' | b'2' | b'3'] => "th",
        [.., b'1'] => "st",
        [.., b'2'] => "nd",
        [.., b'3'] => "rd",
        _ => "th",
    };
    format!("{number}{end} percentile")
}

/// Returns codes of responses in words: those that servers send, or where none is among them all.
fn codes(codes: &Codes) -> String {
    let classes = codes.classes();
    let is_apart = |code: &u16| codes.contain(*code) && !classes.contains(&(code / 100));
    let used: Vec<u16> = STATUSES.iter().copied().filter(is_apart).collect();
    let words = if !classes.is_empty() {
        let classes = classes.iter().map(|class| format!("{class}xx"));
        let all: Vec<String> = classes.chain(used.iter().map(u16::to_string)).collect();
        few(&all, String::clone)
    } else if used.is_empty() {
        let span = |(first, last): &(u16, u16)| match last - first {
            0 => first.to_string(),
            _ => format!("{first} to {last}"),
        };
        few(&codes.runs(), span)
    } else {
        few(&used, u16::to_string)
    };
    sentence(&words, "and")
}

/// The codes that servers and proxies send.
///
/// # Source
///
/// IANA, "HTTP Status Code Registry"; nginx for 499.
const STATUSES: [u16; 63] = [
    100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304,
    305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415,
    416, 417, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505,
    506, 507, 508, 510, 511, 599,
];
