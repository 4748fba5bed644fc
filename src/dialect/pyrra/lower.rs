//! Lowers an SLO to the model.

use std::sync::Arc;

use crate::model::Dialect;
use crate::model::Inset;
use crate::model::Measure;
use crate::model::MetricSource;
use crate::model::Object;
use crate::model::Operator;
use crate::model::Query;
use crate::model::RatioCounts;
use crate::model::RawType;
use crate::model::Slo;
use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::query;
use crate::query::Extent;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Modifiers;
use crate::source::Span;
use crate::source::Spanned;
use crate::yaml::Node;

use super::Problem;
use super::alerts;
use super::check::INDICATORS;
use super::check::parsed;
use super::fields;
use super::parts;

/// The range of the rates that Pyrra asks for; it asks for others too.
const RANGE: &str = "5m";

/// Returns an SLO.
pub(super) fn slo(node: Node<'_>, spec: Node<'_>, problems: &[Problem]) -> Object {
    let is_wrong = |span: Span| problems.iter().any(|problem| problem.span() == span);
    let indicator = spec.given("indicator").unwrap_or(spec);
    let given: Vec<&str> =
        INDICATORS.into_iter().filter(|name| indicator.given(name).is_some()).collect();
    let measure = match given.as_slice() {
        [only] => indicator.given(only).and_then(|holder| measure(only, holder, &is_wrong)),
        _ => None,
    };
    let measure = measure.unwrap_or(Measure::Unreadable);
    let is_gauge = matches!(measure, Measure::Threshold(_));
    let target = parts::target(spec, "target", problems);
    let inline = parts::inline(Dialect::Pyrra, indicator, measure);
    let mut objective = parts::objective(spec, target, inline);
    if is_gauge {
        // A gauge is 1 while all is well.
        let span = indicator.span();
        objective.operator = Some(Spanned::new(Operator::Gte, span));
        objective.value = Some(Spanned::new(Ratio::one(), span));
        (objective.operator_span, objective.value_span) = (Some(span), Some(span));
    }
    let window = window(spec).filter(|window| !is_wrong(window.span));
    let seconds = window.as_ref().map(|window| window.duration.value.nominal_seconds());
    Object::Slo(Arc::new(Slo {
        meta: fields::meta(node, fields::metadata(node), Dialect::Pyrra),
        service: None,
        budgeting_method: None,
        window,
        objectives: vec![objective],
        composite: false,
        alert_policies: Vec::new(),
        alert_policies_span: spec.entry("alerting").map(|entry| entry.key.span()),
        generated: seconds.map(|seconds| alerts::of(spec, seconds)).unwrap_or_default(),
    }))
}

fn window(spec: Node<'_>) -> Option<Window> {
    let text = fields::word(spec, "window")?;
    let seconds = || query::seconds(text.value).filter(|seconds| *seconds > 0);
    let length = Duration::parse(text.value).or_else(|| seconds().map(Duration::from_seconds))?;
    let duration = Spanned::new(length, text.span);
    Some(Window { duration, kind: WindowKind::Rolling, span: text.span })
}

/// Returns what one indicator measures.
fn measure(name: &str, holder: Node<'_>, is_wrong: &dyn Fn(Span) -> bool) -> Option<Measure> {
    let groups: Vec<&str> =
        holder.given("grouping").into_iter().flat_map(Node::items).filter_map(Node::text).collect();
    let by =
        if groups.is_empty() { String::new() } else { format!(" by ({}) ", groups.join(", ")) };
    let growth = |before: &str, after: &str| {
        (format!("{before}sum{by}(rate("), format!("[{RANGE}])){after}"))
    };
    let of = |field: &str, around: &dyn Fn() -> (String, String)| {
        source(holder.given(field)?, around, is_wrong)
    };
    let plain = || growth("", "");
    let counts = |good, bad, total| {
        let counter = Some(true);
        Measure::Counts(Box::new(RatioCounts { counter, counter_span: None, good, bad, total }))
    };
    match name {
        "ratio" => Some(counts(None, of("errors", &plain), of("total", &plain))),
        "latency" => Some(counts(of("success", &plain), None, of("total", &plain))),
        "latencyNative" => {
            let latency = fields::word(holder, "latency")?;
            let seconds = Ratio::new(query::nanoseconds(latency.value)?, 1_000_000_000)?;
            let around = || growth(&format!("1 - histogram_fraction(0, {seconds}, "), ")");
            let source = of("total", &around)?;
            Some(Measure::Raw { raw_type: RawType::Failure, source })
        }
        _ => Some(Measure::Threshold(source(holder, &|| Default::default(), is_wrong)?)),
    }
}

/// Returns the query that Pyrra makes of a selector; the selector alone where nothing can be made of it.
///
/// * `around`: what it writes before and behind.
fn source(
    holder: Node<'_>,
    around: &dyn Fn() -> (String, String),
    is_wrong: &dyn Fn(Span) -> bool,
) -> Option<MetricSource> {
    let metric = holder.given("metric").filter(|metric| !is_wrong(metric.place()))?;
    let text = metric.text()?;
    let query = Query::new(text.to_owned(), metric.span());
    let is_plain = parsed(text).is_some_and(|tree| match tree.kind {
        ExpressionKind::Vector(vector) => vector.modifiers == Modifiers::default(),
        _ => false,
    });
    if !is_plain {
        return Some(parts::source("Prometheus", query));
    }
    let (before, behind) = around();
    let inset = |at: usize, text: String| Inset { replaced: Extent::between(at, at), text };
    let query = query.with(&[inset(0, before), inset(text.len(), behind)]);
    Some(parts::source("Prometheus", query))
}
