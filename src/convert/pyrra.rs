//! Writes `pyrra.dev/v1alpha1`.

use serde_json::Value;
use serde_json::json;

use crate::model::Dialect;
use crate::model::Measure;
use crate::model::MetricSource;
use crate::model::Objective;
use crate::model::Operator;
use crate::model::RatioCounts;
use crate::quantity::Ratio;

use super::Job;
use super::Target;
use super::labels;
use super::labels::SERVICE;
use super::ledger::Ledger;
use super::ledger::unmodeled;
use super::names;
use super::names::Names;
use super::names::slug;
use super::openslo::DESCRIPTIONS;
use super::queries;
use super::queries::Selection;
use super::sloth::fits;
use super::write::filled;
use super::write::json;
use super::write::mapping;

/// Returns an SLO for each objective.
pub(super) fn slos(
    job: &Job<'_>,
    names: &mut Names,
    ledger: &mut Ledger,
) -> Result<Vec<Value>, String> {
    let slo = job.slo;
    fits(job)?;
    let window = slo.window.as_ref().ok_or("its window cannot be read")?;
    let seconds = window.duration.value.seconds().ok_or("its window is one of months")?;
    let mut written = Vec::new();
    for (objective, name) in slo.objectives.iter().zip(names::parts(slo)) {
        let indicator = indicator(job, objective, ledger)?;
        let target = objective.target.as_ref().ok_or("its target cannot be read")?;
        let percent = &target.value * &Ratio::whole(100);
        ledger.carry(target.span);
        let description = unmodeled(job.node, &DESCRIPTIONS);
        let own = job.alerting().filter(|_| slo.meta.dialect == Dialect::Pyrra).map(json);
        let alerting = own.or_else(|| (!job.has_alerts()).then(|| json!({ "disabled": true })));
        written.push(json!({
            "apiVersion": "pyrra.dev/v1alpha1",
            "kind": "ServiceLevelObjective",
            "metadata": metadata(job, &name, names, ledger),
            "spec": mapping([
                ("description", description.map(|text| json!(ledger.take(&text)))),
                ("target", Some(json!(percent.to_string()))),
                ("window", Some(json!(length(window.duration.value.to_string(), seconds)))),
                ("indicator", Some(indicator)),
                ("alerting", alerting),
            ]),
        }));
    }
    if written.len() > 1 {
        let text = format!("`{}`: each of its objectives is an SLO", slo.meta.name());
        ledger.change(slo.meta.place(), text);
    }
    ledger.carry(window.span);
    slo.budgeting_method.iter().for_each(|method| ledger.carry(method.span));
    job.account_alerts(Target::Pyrra, ledger);
    Ok(written)
}

/// Returns a window as Prometheus writes lengths.
fn length(text: String, seconds: u64) -> String {
    let is_plain = text.ends_with(['w', 'd', 'h', 'm']);
    if is_plain { text } else { format!("{seconds}s") }
}

fn metadata(job: &Job<'_>, name: &str, names: &mut Names, ledger: &mut Ledger) -> Value {
    let meta = &job.slo.meta;
    ledger.carry(meta.place());
    let namespace = unmodeled(job.node, &[&["metadata", "namespace"]]);
    let namespace = namespace.map(|namespace| ledger.take(&namespace).clone());
    let scope = namespace.as_ref().map_or("", |namespace| namespace.as_str());
    let own = names.take(scope, name, slug(name), meta.place(), ledger);
    let mut labels = labels::labels(meta, false, |_| None, ledger);
    if let Some(service) = names::service(job.slo) {
        labels.insert(SERVICE.to_owned(), json!(ledger.take(service)));
    }
    let annotations = labels::annotations(meta, |key| Some(key.to_owned()), ledger);
    mapping([
        ("name", Some(json!(own))),
        ("namespace", namespace.map(|namespace| json!(namespace))),
        ("labels", filled(labels)),
        ("annotations", filled(annotations)),
    ])
}

fn indicator(job: &Job<'_>, objective: &Objective, ledger: &mut Ledger) -> Result<Value, String> {
    let indicator = job.indicator(objective, ledger)?;
    let written = match &indicator.measure {
        Measure::Unreadable => return Err("its indicator cannot be read".to_owned()),
        Measure::Raw { .. } => return Err("Pyrra divides itself, and it gives a share".to_owned()),
        Measure::Threshold(source) => gauge(job, objective, source, ledger)?,
        Measure::Counts(counts) => counted(job, counts, ledger)?,
    };
    job.carry_indicator(indicator, ledger);
    Ok(written)
}

/// Returns a gauge that is 1 while all is well.
fn gauge(
    job: &Job<'_>,
    objective: &Objective,
    source: &MetricSource,
    ledger: &mut Ledger,
) -> Result<Value, String> {
    let compares = |operator: Operator, value: &Ratio| {
        (operator == Operator::Gte && *value == Ratio::one())
            || (operator == Operator::Gt && value.is_zero())
    };
    let (Some(operator), Some(value)) = (&objective.operator, &objective.value) else {
        return Err("it compares a metric with a value".to_owned());
    };
    if !compares(operator.value, &value.value) {
        return Err("it compares a metric with a value other than 1".to_owned());
    }
    ledger.carry(operator.span);
    ledger.carry(value.span);
    let query = job.promql(source, ledger)?;
    if !queries::is_selector(&query.text) {
        return Err("Pyrra asks for one selector, and its query is more".to_owned());
    }
    Ok(json!({ "bool_gauge": { "metric": query.text } }))
}

fn counted(job: &Job<'_>, counts: &RatioCounts, ledger: &mut Ledger) -> Result<Value, String> {
    let is_counter = counts.counter == Some(true);
    if counts.counter != Some(false) {
        counts.counter_span.iter().for_each(|span| ledger.carry(*span));
    }
    let total_source = counts.total.as_ref().ok_or("it lacks the query of valid events")?;
    let total_query = job.promql(total_source, ledger)?.text.clone();
    let total = selected(&total_query, is_counter)?;
    let (source, is_good) = match (&counts.bad, &counts.good) {
        (Some(bad), _) => (bad, false),
        (None, Some(good)) => (good, true),
        (None, None) => return Err("it lacks the query of good or bad events".to_owned()),
    };
    let query = job.promql(source, ledger)?;
    let part = selected(&query.text, is_counter)?;
    let family = part.metric.strip_suffix("_bucket");
    let is_latency = is_good && family.is_some() && family == total.metric.strip_suffix("_count");
    let (part, holder, side) = match (is_good, is_latency) {
        (true, true) => (part, "latency", "success"),
        (false, _) => (part, "ratio", "errors"),
        (true, false) => {
            let negated = queries::bad_of(&query.text, &total_query);
            let negated = negated.ok_or("Pyrra counts bad events, and it counts good ones")?;
            ledger.change(source.span, "bad events are those that are not good".to_owned());
            (selected(&negated, is_counter)?, "ratio", "errors")
        }
    };
    if part.groups != total.groups {
        return Err("its queries add up by different labels".to_owned());
    }
    if part.is_increase != total.is_increase {
        return Err("one of its queries gives a rate, and the other the growth".to_owned());
    }
    for (selection, source) in [(&part, source), (&total, total_source)] {
        let text = match &selection.range {
            None if selection.is_increase => "Pyrra asks for the rate".to_owned(),
            None => continue,
            Some(range) if range == "none" => {
                "the rate of the counter over every window is asked for".to_owned()
            }
            Some(range) => format!("the range {range} is every window that Pyrra asks for"),
        };
        ledger.change(source.span, text);
    }
    let grouping = (!total.groups.is_empty()).then(|| json!(total.groups));
    let written = mapping([
        (side, Some(json!({ "metric": part.text }))),
        ("total", Some(json!({ "metric": total.text }))),
        ("grouping", grouping),
    ]);
    Ok(json!({ holder: written }))
}

fn selected(text: &str, is_counter: bool) -> Result<Selection, String> {
    let found = queries::selection(text, is_counter);
    found.ok_or_else(|| {
        "Pyrra asks for the rate of one selector, and a query of it is more".to_owned()
    })
}
