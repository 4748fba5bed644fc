//! slo-generator: objects of `sre.google.com/v2`, and the configuration that they share.
//!
//! What is measured is asked in the words of a backend. For Prometheus and Datadog the model holds the queries
//! that slo-generator makes of them; what others are asked is not read. The windows stand in the error budget
//! policies of a shared configuration, so an SLO alone has none.
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
use super::faults::Faults;
use super::fields;
use super::formats::Format;
use super::parts;
use super::parts::Scale;
use super::schema::Schema;

mod policies;

pub(crate) use policies::Policy;
pub(super) use policies::complete;
pub(super) use policies::is_config;
pub(super) use policies::read_config;

/// The kind of the object.
const KIND: &str = "ServiceLevelObjective";

pub(super) const FORMATS: &[Format] = &[Format {
    version: "sre.google.com/v2",
    family: "slo-generator",
    kinds: &[KIND],
    is_shared: false,
    has_fields: |node| {
        fields::in_spec(node, "service_level_indicator") || fields::in_spec(node, "goal")
    },
    read,
}];

static SCHEMA: Schema = Schema::new(include_str!("../../schemas/dialects/slo-generator/v2.json"));

/// Returns whether an object is an SLO in the form of version 1, which slo-generator migrates and does not read.
pub(super) fn is_first_version(node: Node<'_>) -> bool {
    let has = |field: &str| node.given(field).is_some();
    has("slo_name") && has("slo_target") && node.given("backend").is_some_and(Node::is_mapping)
}

/// Checks an object and lowers it.
fn read(node: Node<'_>, _: &str, reading: &mut Reading) {
    let head = node.given("kind").map_or(node.span(), Node::span);
    let mut faults = Faults::new(SCHEMA.check(node, head));
    if let Some(spec) = node.given("spec").filter(|spec| spec.is_mapping()) {
        parts::check_target(spec, "goal", Scale::Share, &mut faults);
        check_ratio(spec, &mut faults);
        reading.objects.push(lower(node, spec, &faults));
    }
    reading.problems.append(&mut faults.into_problems());
}

/// A backend whose queries are read.
struct Backend {
    name: &'static str,
    language: &'static str,
    good: &'static str,
    /// The other side of a ratio: valid events, or bad ones.
    others: [&'static str; 2],
    /// Makes the query that slo-generator sends of what is written.
    query: fn(Node<'_>) -> Option<Query>,
}

const BACKENDS: [Backend; 2] = [
    Backend {
        name: "prometheus",
        language: "Prometheus",
        good: "filter_good",
        others: ["filter_valid", "filter_bad"],
        query: growth,
    },
    Backend {
        name: "datadog",
        language: "Datadog",
        good: "query_good",
        others: ["query_valid", "query_bad"],
        query: sum,
    },
];

/// Returns the backend of an SLO; an instance of one has a name behind a slash.
fn backend(spec: Node<'_>) -> Option<&'static Backend> {
    let name = fields::word(spec, "backend")?.value.split('/').next()?;
    BACKENDS.iter().find(|backend| backend.name == name)
}

/// A ratio has good events, and bad or valid ones.
fn check_ratio(spec: Node<'_>, faults: &mut Faults) {
    const INDICATOR: &str = "service_level_indicator";
    let method = fields::word(spec, "method").map_or("", |method| method.value);
    let (Some(backend), Some(entry)) = (backend(spec), spec.entry(INDICATOR)) else { return };
    if method != "good_bad_ratio" || !entry.value.is_mapping() {
        return;
    }
    if entry.value.given(backend.good).is_none() {
        faults.missing(entry.key.span(), entry.value, backend.good, INDICATOR);
    } else if backend.others.iter().all(|field| entry.value.given(field).is_none()) {
        let (span, of) = (entry.key.span(), INDICATOR.to_owned());
        faults.push(Problem::MissingOneOf { span, fields: backend.others.to_vec(), of });
    }
}

fn lower(node: Node<'_>, spec: Node<'_>, faults: &Faults) -> Object {
    let indicator = spec.given("service_level_indicator").unwrap_or(spec);
    let measure = measure(spec, indicator).unwrap_or(Measure::Unreadable);
    let inline = parts::inline(Dialect::Generator, indicator, measure);
    let target = parts::target(spec, "goal", Scale::Share, faults);
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
        generated: vec![policies::wanted(spec)],
    }))
}

/// Returns what is measured; nothing where only the backend knows.
fn measure(spec: Node<'_>, indicator: Node<'_>) -> Option<Measure> {
    let backend = backend(spec)?;
    let source = |query: Option<Query>| Some(parts::source(backend.language, query?));
    let counts = |good, bad, total| {
        let (counter, counter_span) = (None, None);
        Measure::Counts(Box::new(RatioCounts { counter, counter_span, good, bad, total }))
    };
    match fields::word(spec, "method")?.value {
        "good_bad_ratio" => {
            let of = |field: &str| source((backend.query)(indicator.given(field)?));
            let [valid, bad] = backend.others;
            Some(counts(of(backend.good), of(bad), of(valid)))
        }
        "query_sli" => {
            let text = indicator.given("expression").or_else(|| indicator.given("query"))?;
            let source = source(written(text))?;
            Some(Measure::Raw { raw_type: RawType::Success, source })
        }
        "distribution_cut" if backend.name == "prometheus" => {
            let histogram = indicator.given("expression")?;
            let bound = fields::number(indicator, "threshold_bucket")?.value;
            let (good, total) = (bucket(histogram, &bound)?, total(histogram)?);
            Some(counts(source(Some(good)), None, source(Some(total))))
        }
        _ => None,
    }
}

/// Returns a query as it is written.
fn written(text: Node<'_>) -> Option<Query> {
    Some(Query::new(text.text()?.trim().to_owned(), text.span()))
}

/// Returns the growth of a counter, or what is written where that is no selector.
fn growth(selector: Node<'_>) -> Option<Query> {
    parts::growth(selector, None, ["", ""], Vec::new()).or_else(|| written(selector))
}

/// Returns the count of what a selector of Datadog names.
fn sum(selector: Node<'_>) -> Option<Query> {
    let query = written(selector)?;
    let text = query.text.as_str();
    // One that is more than a selector says itself how it is counted.
    let is_plain = text.ends_with('}') && !text.split('{').next()?.contains(':');
    if !is_plain {
        return Some(query);
    }
    let around =
        [parts::inset(0, "sum:".to_owned()), parts::inset(text.len(), ".as_count()".to_owned())];
    Some(query.with(&around))
}

/// Returns the growth of a bucket of a histogram.
fn bucket(histogram: Node<'_>, bound: &Ratio) -> Option<Query> {
    let text = histogram.text()?;
    let selector = parts::selector(text)?;
    let bound = format!("le=\"{bound}\"");
    let bound = match selector.braces {
        Some(braces) => {
            let end = (braces.end as usize).checked_sub(1)?;
            let before = text.get(..end)?.trim_end();
            let comma = if before.ends_with(['{', ',']) { "" } else { ", " };
            parts::inset(end, format!("{comma}{bound}"))
        }
        None => parts::inset(selector.extent.end as usize, format!("{{{bound}}}")),
    };
    parts::growth(histogram, None, ["", ""], vec![bound])
}

/// Returns the growth of all events of a histogram.
fn total(histogram: Node<'_>) -> Option<Query> {
    const BUCKET: &str = "_bucket";
    let selector = parts::selector(histogram.text()?)?;
    let name = selector.name.filter(|name| name.text.ends_with(BUCKET))?;
    let end = name.extent.end as usize;
    let start = end.checked_sub(BUCKET.len())?;
    let count = Inset { replaced: Extent::between(start, end), text: "_count".to_owned() };
    // A name in quotes ends with another letter.
    let is_plain = name.extent.slice(histogram.text()?) == name.text;
    is_plain.then(|| parts::growth(histogram, None, ["", ""], vec![count]))?
}
