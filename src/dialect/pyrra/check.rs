//! What the schema of Pyrra cannot state.

use crate::quantity::Ratio;
use crate::query;
use crate::query::tree::ExpressionKind;
use crate::query::tree::MatchOperator;
use crate::yaml::Node;

use super::faults::Faults;
use super::fields;
use super::parts;
use super::parts::Scale;

/// The ways of measuring, of which an SLO has exactly one.
pub(super) const INDICATORS: [&str; 4] = ["ratio", "latency", "latencyNative", "bool_gauge"];

const SELECTOR: &str = "http_requests_total{job=\"web\"}";

/// Checks what an SLO promises and how it measures.
pub(super) fn spec(spec: Node<'_>, faults: &mut Faults) {
    if let Some(target) = spec.entry("target")
        && fields::number_of(target.value).is_none()
    {
        faults.unlike(target, "99.9");
    }
    parts::check_target(spec, "target", Scale::Percent, faults);
    if let Some(window) = spec.entry("window")
        && window.value.text().and_then(parts::length).is_none()
    {
        faults.unlike(window, "4w");
    }
    let Some(indicator) = spec.entry("indicator").filter(|entry| entry.value.is_mapping()) else {
        return;
    };
    faults.exactly_one(indicator.value, indicator.key.span(), "indicator", &INDICATORS);
    for name in INDICATORS {
        let Some(measure) = indicator.value.given(name) else { continue };
        match name {
            "bool_gauge" => selector(measure, faults),
            _ => metrics(measure, faults),
        }
        if let Some(latency) = measure.entry("latency").filter(|_| name == "latencyNative")
            && latency.value.text().is_none_or(|text| query::nanoseconds(text).is_none())
        {
            faults.unlike(latency, "500ms");
        }
    }
}

fn metrics(measure: Node<'_>, faults: &mut Faults) {
    for name in ["errors", "total"] {
        if let Some(metric) = measure.given(name) {
            selector(metric, faults);
        }
    }
    let Some(success) = measure.given("success") else { return };
    selector(success, faults);
    let Some(metric) = success.entry("metric") else { return };
    let Some(tree) = metric.value.text().and_then(parts::parsed) else { return };
    let ExpressionKind::Vector(vector) = &tree.kind else { return };
    let bound = vector.matchers.iter().find(|matcher| matcher.label.text == "le");
    let is_number = bound.is_some_and(|bound| {
        bound.operator == MatchOperator::Equal
            && (bound.value == "+Inf" || Ratio::parse(&bound.value).is_some())
    });
    if !is_number {
        faults.unlike(metric, "http_request_duration_seconds_bucket{le=\"0.5\"}");
    }
}

/// What is measured is a selector, of which Pyrra takes the growth.
fn selector(holder: Node<'_>, faults: &mut Faults) {
    let Some(metric) = holder.entry("metric") else { return };
    // What cannot be read is told where queries are.
    let Some(tree) = metric.value.text().and_then(parts::parsed) else { return };
    if !matches!(tree.kind, ExpressionKind::Vector(_)) {
        faults.unlike(metric, SELECTOR);
    }
}
