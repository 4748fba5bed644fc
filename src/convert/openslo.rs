//! Writes `openslo/v1`.

use std::sync::Arc;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::model::BudgetingMethod;
use crate::model::Indicator;
use crate::model::IndicatorUse;
use crate::model::Measure;
use crate::model::Meta;
use crate::model::MetricSource;
use crate::model::Objective;
use crate::model::RawType;
use crate::model::Service;
use crate::model::Setting;
use crate::model::Slo;
use crate::model::Window;
use crate::model::WindowKind;
use crate::yaml::Node;

use super::Job;
use super::Target;
use super::labels;
use super::ledger::Ledger;
use super::ledger::unmodeled;
use super::names;
use super::names::Names;
use super::names::is_name;
use super::names::slug;
use super::queries;
use super::write::filled;
use super::write::mapping;
use super::write::number;

/// Where formats keep the name for people.
const DISPLAY_NAMES: [&[&str]; 3] =
    [&["metadata", "displayName"], &["displayName"], &["display_name"]];

/// Where formats keep what an SLO promises.
pub(super) const DESCRIPTIONS: [&[&str]; 2] = [&["spec", "description"], &["description"]];

/// The longest description.
const LONGEST_DESCRIPTION: usize = 1050;

fn fits(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest
}

fn description(node: Option<Node<'_>>, ledger: &mut Ledger) -> Option<Value> {
    let text = unmodeled(node, &DESCRIPTIONS);
    let text = text.filter(|text| fits(&text.value, LONGEST_DESCRIPTION))?;
    Some(json!(ledger.take(&text)))
}

/// Returns an SLO as documents: one, or as many as there are objectives with indicators of their own.
pub(super) fn slo(
    job: &Job<'_>,
    names: &mut Names,
    ledger: &mut Ledger,
) -> Result<Vec<Value>, String> {
    let slo = job.slo;
    let first = slo.objectives.first().ok_or("it has no objective")?;
    let is_same = |objective: &Objective| same(job, &objective.indicator, &first.indicator);
    if slo.composite || slo.objectives.iter().all(is_same) {
        let objectives: Vec<&Objective> = slo.objectives.iter().collect();
        return Ok(vec![document(job, slo.meta.name(), &objectives, names, ledger)?]);
    }
    let text = format!("each of its {} objectives is an SLO", slo.objectives.len());
    let mut found = Vec::new();
    for (objective, name) in slo.objectives.iter().zip(names::parts(slo)) {
        found.push(document(job, &name, &[objective], names, ledger)?);
    }
    ledger.change(slo.meta.place(), format!("`{}`: {text}", slo.meta.name()));
    Ok(found)
}

fn same(job: &Job<'_>, one: &IndicatorUse, other: &IndicatorUse) -> bool {
    let of = |indicator| job.catalog.indicator(indicator).one();
    match (of(one), of(other)) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

fn document(
    job: &Job<'_>,
    name: &str,
    objectives: &[&Objective],
    names: &mut Names,
    ledger: &mut Ledger,
) -> Result<Value, String> {
    let slo = job.slo;
    let written: Vec<Value> = objectives
        .iter()
        .map(|objective| self::objective(job, objective, ledger))
        .collect::<Result<_, _>>()?;
    let first = objectives.first().ok_or("it has no objective")?;
    let indicator = if slo.composite { None } else { Some(indicator(job, first, ledger)?) };
    let description = description(job.node, ledger);
    let method = match slo.method() {
        BudgetingMethod::Occurrences => "Occurrences",
        BudgetingMethod::Timeslices => "Timeslices",
        BudgetingMethod::RatioTimeslices => "RatioTimeslices",
    };
    slo.budgeting_method.iter().for_each(|method| ledger.carry(method.span));
    job.account_alerts(Target::OpenSlo, ledger);
    let window = slo.window.as_ref().map(|window| self::window(window, ledger));
    if window.is_none() {
        let text = format!("`{}`: it says no window, and OpenSLO asks for one", slo.meta.name());
        ledger.change(slo.meta.place(), text);
    }
    let own = names.take("", name, slug(name), slo.meta.place(), ledger);
    Ok(json!({
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": metadata(&slo.meta, name, &own, job.node, ledger),
        "spec": mapping([
            ("description", description),
            ("service", Some(json!(service_of(slo, ledger)))),
            ("indicator", indicator),
            ("timeWindow", window.map(|window| json!([window]))),
            ("budgetingMethod", Some(json!(method))),
            ("objectives", Some(Value::Array(written))),
        ]),
    }))
}

/// Returns the service of an SLO, which OpenSLO asks for.
fn service_of(slo: &Slo, ledger: &mut Ledger) -> String {
    if let Some(service) = names::service(slo) {
        let name = slug(ledger.take(service).as_str());
        if *name != *service.value {
            ledger.change(service.span, format!("the service `{}` is `{name}`", service.value));
        }
        return name;
    }
    let name = slug(slo.meta.name());
    let text = format!("`{}`: it names no service, so `{name}` is one", slo.meta.name());
    ledger.change(slo.meta.place(), text);
    name
}

/// Returns a service.
pub(super) fn service(service: &Service, node: Option<Node<'_>>, ledger: &mut Ledger) -> Value {
    let spec = mapping([("description", description(node, ledger))]);
    // What refers to it is named in the same way.
    let (name, place) = (service.meta.name(), service.meta.place());
    let own = slug(name);
    if own != name {
        ledger.change(place, format!("the service `{name}` is `{own}`"));
    }
    let metadata = metadata(&service.meta, name, &own, node, ledger);
    json!({ "apiVersion": "openslo/v1", "kind": "Service", "metadata": metadata, "spec": spec })
}

/// * `own`: the name that is written for `name`.
fn metadata(
    meta: &Meta,
    name: &str,
    own: &str,
    node: Option<Node<'_>>,
    ledger: &mut Ledger,
) -> Value {
    ledger.carry(meta.place());
    let display = unmodeled(node, &DISPLAY_NAMES);
    let display = match display.filter(|display| fits(&display.value, names::LONGEST)) {
        Some(display) => Some(ledger.take(&display).to_string()),
        None if own == name => None,
        None => Some(meta.name().to_owned()).filter(|name| fits(name, names::LONGEST)),
    };
    let refuses = |key: &str| {
        (!is_name(key, names::LONGEST)).then_some("no label of OpenSLO has such a name")
    };
    let labels = labels::labels(meta, true, refuses, ledger);
    let annotations = labels::annotations(meta, |key| Some(key.to_owned()), ledger);
    mapping([
        ("name", Some(json!(own))),
        ("displayName", display.map(|display| json!(display))),
        ("labels", filled(labels)),
        ("annotations", filled(annotations)),
    ])
}

fn window(window: &Window, ledger: &mut Ledger) -> Value {
    ledger.carry(window.span);
    let duration = Some(json!(window.duration.value.to_string()));
    match &window.kind {
        WindowKind::Rolling => mapping([("duration", duration), ("isRolling", Some(json!(true)))]),
        WindowKind::Calendar { start, zone } => {
            let calendar = mapping([
                ("startTime", start.as_ref().map(|start| json!(start.value))),
                ("timeZone", zone.as_ref().map(|zone| json!(zone.value))),
            ]);
            mapping([
                ("duration", duration),
                ("isRolling", Some(json!(false))),
                ("calendar", Some(calendar)),
            ])
        }
    }
}

fn objective(job: &Job<'_>, objective: &Objective, ledger: &mut Ledger) -> Result<Value, String> {
    let target = objective.target.as_ref().ok_or("its target cannot be read")?;
    let target = number(ledger.take(target));
    let lacks_slice = match job.slo.method() {
        BudgetingMethod::Occurrences => false,
        BudgetingMethod::Timeslices => {
            objective.slice_target.is_none() || objective.slice_window.is_none()
        }
        BudgetingMethod::RatioTimeslices => objective.slice_window.is_none(),
    };
    if lacks_slice {
        return Err("no share of good events says when a slice of it is good".to_owned());
    }
    let own = if job.slo.composite { Some(indicator(job, objective, ledger)?) } else { None };
    let mut ratio = |value: &Option<_>| value.as_ref().map(|value| number(ledger.take(value)));
    let (value, slice_target, weight) = (
        ratio(&objective.value),
        ratio(&objective.slice_target),
        ratio(&objective.composite_weight),
    );
    let operator = objective.operator.as_ref().map(|operator| json!(ledger.take(operator).name()));
    let slice = objective.slice_window.as_ref();
    Ok(mapping([
        ("displayName", objective.name.as_ref().map(|name| json!(ledger.take(name)))),
        ("op", operator),
        ("value", value),
        ("target", Some(target)),
        ("timeSliceTarget", slice_target),
        ("timeSliceWindow", slice.map(|slice| json!(ledger.take(slice).to_string()))),
        ("indicator", own),
        ("compositeWeight", weight),
    ]))
}

/// Returns an indicator in place.
fn indicator(job: &Job<'_>, objective: &Objective, ledger: &mut Ledger) -> Result<Value, String> {
    let found = job.indicator(objective, ledger)?;
    let name = match found.meta.name.as_ref() {
        Some(name) => slug(ledger.take(name).as_str()),
        None => slug(job.slo.meta.name()),
    };
    let spec = measure(job, found, ledger)?;
    let display = unmodeled(job.at(found.meta.span), &DISPLAY_NAMES)
        .filter(|display| fits(&display.value, names::LONGEST));
    let metadata = mapping([
        ("name", Some(json!(name))),
        ("displayName", display.map(|display| json!(ledger.take(&display)))),
    ]);
    Ok(json!({ "metadata": metadata, "spec": spec }))
}

fn measure(job: &Job<'_>, indicator: &Indicator, ledger: &mut Ledger) -> Result<Value, String> {
    job.carry_indicator(indicator, ledger);
    let mut ratio = Map::new();
    match &indicator.measure {
        Measure::Unreadable => return Err("its indicator cannot be read".to_owned()),
        Measure::Threshold(source) => {
            return Ok(json!({ "thresholdMetric": metric(job, source, ledger)? }));
        }
        Measure::Raw { raw_type, source } => {
            let word = if *raw_type == RawType::Success { "success" } else { "failure" };
            ratio.insert("rawType".to_owned(), json!(word));
            ratio.insert("raw".to_owned(), metric(job, source, ledger)?);
        }
        Measure::Counts(counts) => {
            if counts.total.is_none() {
                return Err("it lacks the query of valid events".to_owned());
            }
            if counts.good.is_none() && counts.bad.is_none() {
                return Err("it lacks the query of good or bad events".to_owned());
            }
            counts.counter_span.iter().for_each(|span| ledger.carry(*span));
            ratio.insert("counter".to_owned(), json!(counts.counter.unwrap_or(true)));
            let sides = [("good", &counts.good), ("bad", &counts.bad), ("total", &counts.total)];
            for (side, source) in sides {
                if let Some(source) = source {
                    ratio.insert(side.to_owned(), metric(job, source, ledger)?);
                }
            }
        }
    }
    Ok(json!({ "ratioMetric": ratio }))
}

fn metric(job: &Job<'_>, source: &MetricSource, ledger: &mut Ledger) -> Result<Value, String> {
    let kind = job.catalog.source_type(source).ok_or("the kind of its data source is not known")?;
    source.source_type.iter().for_each(|kind| ledger.carry(kind.span));
    let mut spec = Map::new();
    if let Some(query) = &source.query {
        ledger.carry(query.span);
        spec.insert("query".to_owned(), json!(queries::with_range(&query.text)));
    }
    let is_only = |setting: &&Setting| {
        let same = source.settings.iter().filter(|other| other.path == setting.path);
        same.count() == 1
    };
    for setting in source.settings.iter().filter(is_only) {
        ledger.carry(setting.value.span);
        insert(&mut spec, &setting.path, json!(setting.value.value));
    }
    let reference = source.reference.as_ref();
    let reference = reference.map(|reference| json!(ledger.take(&reference.name)));
    let source = mapping([
        ("metricSourceRef", reference),
        ("type", Some(json!(kind))),
        ("spec", Some(Value::Object(spec))),
    ]);
    Ok(json!({ "metricSource": source }))
}

/// Inserts a value under keys with dots between them.
fn insert(map: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            map.insert(path.to_owned(), value);
        }
        Some((key, rest)) => {
            let inner = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}
