//! What the schema of Pyrra cannot state.

use crate::quantity::Ratio;
use crate::query;
use crate::query::problem::Problem as QueryProblem;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::MatchOperator;
use crate::yaml::Node;

use super::Expected;
use super::Problem;
use super::fields;
use super::parts;

/// The ways of measuring, of which an SLO has exactly one.
pub(super) const INDICATORS: [&str; 4] = ["ratio", "latency", "latencyNative", "bool_gauge"];

const SELECTOR: &str = "http_requests_total{job=\"web\"}";

/// Checks what an SLO promises and how it measures.
pub(super) fn spec(spec: Node<'_>, problems: &mut Vec<Problem>) {
    if let Some(target) = spec.given("target")
        && target.scalar().is_some()
        && fields::number_of(target).is_none()
    {
        wrong(target, "target", "99.9", problems);
    }
    parts::check_percent(spec, "target", problems);
    if let Some(window) = spec.given("window") {
        let seconds = window.text().and_then(query::seconds);
        if seconds.is_none_or(|seconds| seconds == 0) {
            wrong(window, "window", "4w", problems);
        }
    }
    let Some(indicator) = spec.entry("indicator").filter(|entry| entry.value.is_mapping()) else {
        return;
    };
    parts::exactly_one(indicator, &INDICATORS, problems);
    for name in INDICATORS {
        let Some(measure) = indicator.value.given(name) else { continue };
        match name {
            "bool_gauge" => selector(measure, problems),
            _ => metrics(measure, problems),
        }
        if let Some(latency) = measure.given("latency").filter(|_| name == "latencyNative")
            && latency.text().is_none_or(|text| query::nanoseconds(text).is_none())
        {
            wrong(latency, "latency", "500ms", problems);
        }
    }
}

/// Says that a value should be like another one, unless something is said of it.
fn wrong(node: Node<'_>, field: &str, like: &'static str, problems: &mut Vec<Problem>) {
    let span = node.place();
    let is_empty = node.text().is_some_and(str::is_empty);
    if is_empty || problems.iter().any(|problem| problem.span() == span) {
        return;
    }
    let (field, found) = (field.to_owned(), node.raw().to_owned());
    let expected = Expected::Like(like);
    problems.push(Problem::InvalidValue { span, field, found, expected });
}

fn metrics(measure: Node<'_>, problems: &mut Vec<Problem>) {
    for name in ["errors", "total"] {
        if let Some(metric) = measure.given(name) {
            selector(metric, problems);
        }
    }
    let Some(success) = measure.given("success") else { return };
    selector(success, problems);
    let Some(metric) = success.given("metric") else { return };
    let is_told = problems.iter().any(|problem| problem.span() == metric.place());
    let Some(tree) = metric.text().and_then(parsed).filter(|_| !is_told) else { return };
    let ExpressionKind::Vector(vector) = &tree.kind else { return };
    let bound = vector.matchers.iter().find(|matcher| matcher.label.text == "le");
    let is_number = bound.is_some_and(|bound| {
        bound.operator == MatchOperator::Equal
            && (bound.value == "+Inf" || Ratio::parse(&bound.value).is_some())
    });
    if !is_number {
        wrong(metric, "metric", "http_request_duration_seconds_bucket{le=\"0.5\"}", problems);
    }
}

/// What is measured is a selector, of which Pyrra takes the growth.
fn selector(holder: Node<'_>, problems: &mut Vec<Problem>) {
    let Some(metric) = holder.given("metric") else { return };
    // What cannot be read is told where queries are.
    let Some(tree) = metric.text().and_then(parsed) else { return };
    if !matches!(tree.kind, ExpressionKind::Vector(_)) {
        wrong(metric, "metric", SELECTOR, problems);
    }
}

/// Returns the tree of a query without a mistake.
pub(super) fn parsed(text: &str) -> Option<Expression> {
    let (tree, problems): (_, Vec<QueryProblem>) = query::parse(text);
    tree.filter(|_| problems.is_empty())
}
