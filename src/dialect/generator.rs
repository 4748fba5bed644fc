//! slo-generator: objects of `sre.google.com/v2`.
//!
//! What is measured is asked in the words of a backend. For Prometheus and Datadog the model holds the queries
//! that slo-generator makes of them; those of others are kept as they are written. The windows stand in the
//! error budget policies of a shared configuration, so an SLO alone has none.
//!
//! # Source
//!
//! slo-generator, `docs/providers/prometheus.md` and `datadog.md`, `slo_generator/backends/prometheus.py` and
//! `datadog.py`.

use std::sync::Arc;

use crate::model::Dialect;
use crate::model::Inset;
use crate::model::Measure;
use crate::model::Object;
use crate::model::Query;
use crate::model::RatioCounts;
use crate::model::RawType;
use crate::model::Slo;
use crate::quantity::Ratio;
use crate::query::Extent;
use crate::yaml::Node;

use super::Problem;
use super::Reading;
use super::fields;
use super::parts;
use super::schema::Schema;

/// The kind of the object.
pub(super) const KIND: &str = "ServiceLevelObjective";

static SCHEMA: Schema = Schema::new(include_str!("../../schemas/dialects/slo-generator/v2.json"));

/// Returns whether an object is one of slo-generator by its kind and its fields, whatever its version says.
pub(super) fn is_object(node: Node<'_>) -> bool {
    let is_kind = fields::word(node, "kind").is_some_and(|kind| kind.value == KIND);
    let has = |field: &str| node.given("spec").is_some_and(|spec| spec.given(field).is_some());
    is_kind && (has("service_level_indicator") || has("goal"))
}

/// Checks an object and lowers it.
pub(super) fn read(node: Node<'_>, reading: &mut Reading) {
    let mut problems = SCHEMA.check(node, node.given("kind").map_or(node.span(), Node::span));
    if let Some(spec) = node.given("spec").filter(|spec| spec.is_mapping()) {
        parts::check_share(spec, "goal", &mut problems);
        check_ratio(spec, &mut problems);
        reading.objects.push(lower(node, spec, &problems));
    }
    reading.problems.append(&mut problems);
}

/// The backends whose queries are read, each with its language and the field that counts events.
const BACKENDS: [(&str, &str, &str); 2] =
    [("prometheus", "Prometheus", "filter"), ("datadog", "Datadog", "query")];

/// Returns the backend of an SLO; an instance of one has a name behind a slash.
fn backend(spec: Node<'_>) -> &str {
    let backend = fields::word(spec, "backend").map_or("", |backend| backend.value);
    backend.split('/').next().unwrap_or_default()
}

/// A ratio has good events, and bad or valid ones.
fn check_ratio(spec: Node<'_>, problems: &mut Vec<Problem>) {
    const PROMETHEUS: [&str; 2] = ["filter_valid", "filter_bad"];
    const DATADOG: [&str; 2] = ["query_valid", "query_bad"];
    let method = fields::word(spec, "method").map_or("", |method| method.value);
    let (good, others) = match backend(spec) {
        "prometheus" => ("filter_good", PROMETHEUS),
        "datadog" => ("query_good", DATADOG),
        _ => return,
    };
    let Some(entry) = spec.entry("service_level_indicator") else { return };
    let indicator = entry.value;
    if method != "good_bad_ratio" || !indicator.is_mapping() {
        return;
    }
    let (span, of) = (entry.key.span(), "service_level_indicator".to_owned());
    if indicator.given(good).is_none() {
        let (object, fields) = (indicator.span(), vec![good.to_owned()]);
        problems.push(Problem::MissingFields { span, object, fields, of, weak: false });
    } else if others.iter().all(|field| indicator.given(field).is_none()) {
        problems.push(Problem::MissingOneOf { span, fields: others.to_vec(), of });
    }
}

fn lower(node: Node<'_>, spec: Node<'_>, problems: &[Problem]) -> Object {
    let indicator = spec.given("service_level_indicator").unwrap_or(spec);
    let measure = measure(spec, indicator).unwrap_or(Measure::Unreadable);
    let inline = parts::inline(Dialect::Generator, indicator, measure);
    let target = parts::share(spec, "goal", problems);
    let metadata = fields::metadata(node);
    let labels = metadata.and_then(|metadata| metadata.given("labels"));
    Object::Slo(Arc::new(Slo {
        meta: fields::meta(node, metadata, Dialect::Generator),
        service: labels.and_then(|labels| fields::text(labels, "service_name")),
        budgeting_method: None,
        window: None,
        objectives: vec![parts::objective(spec, target, inline)],
        composite: false,
        alert_policies: Vec::new(),
        alert_policies_span: None,
        generated: Vec::new(),
    }))
}

/// Returns what is measured; nothing where only the backend knows.
fn measure(spec: Node<'_>, indicator: Node<'_>) -> Option<Measure> {
    let backend = backend(spec);
    let known = BACKENDS.iter().find(|(name, ..)| *name == backend);
    let method = fields::word(spec, "method")?.value;
    let (name, language, field) = known?;
    let counts = |good, bad, total| {
        let (counter, counter_span) = (None, None);
        Measure::Counts(Box::new(RatioCounts { counter, counter_span, good, bad, total }))
    };
    match method {
        "good_bad_ratio" => {
            let source = |which: &str| {
                let text = indicator.given(&format!("{field}_{which}"))?;
                let query = if *name == "datadog" { sum(text) } else { growth(text) };
                Some(parts::source(language, query?))
            };
            Some(counts(source("good"), source("bad"), source("valid")))
        }
        "query_sli" => {
            let text = indicator.given("expression").or_else(|| indicator.given("query"))?;
            let query = Query::new(text.text()?.trim().to_owned(), text.span());
            let source = parts::source(language, query);
            Some(Measure::Raw { raw_type: RawType::Success, source })
        }
        "distribution_cut" if *name == "prometheus" => {
            let expression = indicator.given("expression")?;
            let bound = fields::number(indicator, "threshold_bucket")?.value;
            let of = |query: Option<Query>| Some(parts::source(language, query?));
            let (good, total) = (bucket(expression, &bound), total(expression));
            Some(counts(of(good), None, of(total))).filter(has_both)
        }
        _ => None,
    }
}

fn has_both(measure: &Measure) -> bool {
    matches!(measure, Measure::Counts(counts) if counts.good.is_some() && counts.total.is_some())
}

/// Returns the growth of a counter, or what is written where that is no selector.
fn growth(selector: Node<'_>) -> Option<Query> {
    let written = || Some(Query::new(selector.text()?.trim().to_owned(), selector.span()));
    parts::growth(selector, None, ["", ""]).or_else(written)
}

/// Returns the count of what a selector of Datadog names.
fn sum(selector: Node<'_>) -> Option<Query> {
    let text = selector.text()?.trim();
    let query = Query::new(text.to_owned(), selector.span());
    // One that is more than a selector says itself how it is counted.
    let is_plain = text.ends_with('}') && text.split('{').next()?.bytes().all(|byte| byte != b':');
    if !is_plain {
        return Some(query);
    }
    let inset =
        |at: usize, text: &str| Inset { replaced: Extent::between(at, at), text: text.to_owned() };
    Some(query.with(&[inset(0, "sum:"), inset(text.len(), ".as_count()")]))
}

/// Returns the growth of a bucket of a histogram.
fn bucket(selector: Node<'_>, bound: &Ratio) -> Option<Query> {
    let text = selector.text()?.trim();
    parts::parsed(text)?;
    let end = text.strip_suffix('}')?;
    let comma = if end.trim_end().ends_with(['{', ',']) { "" } else { ", " };
    around(
        selector,
        vec![Inset {
            replaced: Extent::between(end.len(), end.len()),
            text: format!("{comma}le=\"{bound}\""),
        }],
    )
}

/// Returns the growth of all events of a histogram.
fn total(selector: Node<'_>) -> Option<Query> {
    const BUCKET: &str = "_bucket";
    let text = selector.text()?.trim();
    let name = text.split('{').next()?.trim_end().len();
    let start = name.checked_sub(BUCKET.len())?;
    (text.get(start..name)? == BUCKET).then_some(())?;
    around(
        selector,
        vec![Inset { replaced: Extent::between(start, name), text: "_count".to_owned() }],
    )
}

/// Returns the growth of a selector in which some parts are replaced.
fn around(selector: Node<'_>, mut insets: Vec<Inset>) -> Option<Query> {
    let text = selector.text()?.trim();
    let at =
        |at: usize, text: &str| Inset { replaced: Extent::between(at, at), text: text.to_owned() };
    insets.insert(0, at(0, "sum(rate("));
    insets.push(at(text.len(), "[5m]))"));
    Some(Query::new(text.to_owned(), selector.span()).with(&insets))
}
