//! Lowers an SLO to the model.

use std::sync::Arc;

use crate::model::Dialect;
use crate::model::Measure;
use crate::model::Object;
use crate::model::Operator;
use crate::model::Query;
use crate::model::RatioCounts;
use crate::model::RawType;
use crate::model::Slo;
use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Ratio;
use crate::query;
use crate::source::Spanned;
use crate::yaml::Node;

use super::alerts;
use super::check::INDICATORS;
use super::faults::Faults;
use super::fields;
use super::parts;
use super::parts::Scale;

/// Who answers the queries.
const LANGUAGE: &str = "Prometheus";

/// Returns an SLO.
pub(super) fn slo(node: Node<'_>, spec: Node<'_>, faults: &Faults) -> Object {
    let indicator = spec.given("indicator").unwrap_or(spec);
    let given: Vec<&str> =
        INDICATORS.into_iter().filter(|name| indicator.given(name).is_some()).collect();
    let measure = match given.as_slice() {
        [only] => indicator.given(only).and_then(|holder| measure(only, holder, faults)),
        _ => None,
    };
    let measure = measure.unwrap_or(Measure::Unreadable);
    let is_gauge = matches!(measure, Measure::Threshold(_));
    let target = parts::target(spec, "target", Scale::Percent, faults);
    let inline = parts::inline(Dialect::Pyrra, indicator, measure);
    let mut objective = parts::objective(spec, target, inline);
    if is_gauge {
        // A gauge is 1 while all is well.
        let span = indicator.span();
        objective.operator = Some(Spanned::new(Operator::Gte, span));
        objective.value = Some(Spanned::new(Ratio::one(), span));
        (objective.operator_span, objective.value_span) = (Some(span), Some(span));
    }
    let window = window(spec).filter(|window| !faults.are_in(window.span));
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
    let duration = Spanned::new(parts::length(text.value)?, text.span);
    Some(Window { duration, kind: WindowKind::Rolling, span: text.span })
}

/// Returns what one indicator measures.
fn measure<'a>(name: &str, holder: Node<'a>, faults: &Faults) -> Option<Measure> {
    let groups = holder.given("grouping");
    let metric = |holder: Node<'a>| {
        let metric = holder.given("metric").filter(|metric| !faults.are_in(metric.place()))?;
        Some((metric, Query::new(metric.text()?.to_owned(), metric.span())))
    };
    let of = |field: &str| {
        let (metric, query) = metric(holder.given(field)?)?;
        Some(parts::source(
            LANGUAGE,
            parts::growth(metric, groups, ["", ""], Vec::new()).unwrap_or(query),
        ))
    };
    let counts = |good, bad, total| {
        let counter = Some(true);
        Measure::Counts(Box::new(RatioCounts { counter, counter_span: None, good, bad, total }))
    };
    match name {
        "ratio" => Some(counts(None, of("errors"), of("total"))),
        "latency" => Some(counts(of("success"), None, of("total"))),
        "latencyNative" => {
            let latency = fields::word(holder, "latency")?;
            let seconds = Ratio::new(query::nanoseconds(latency.value)?, 1_000_000_000)?;
            let (metric, query) = metric(holder.given("total")?)?;
            let before = format!("1 - histogram_fraction(0, {seconds}, ");
            let query = parts::growth(metric, groups, [&before, ")"], Vec::new()).unwrap_or(query);
            let source = parts::source(LANGUAGE, query);
            Some(Measure::Raw { raw_type: RawType::Failure, source })
        }
        _ => Some(Measure::Threshold(parts::source(LANGUAGE, metric(holder)?.1))),
    }
}
