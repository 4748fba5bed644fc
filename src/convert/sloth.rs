//! Writes `prometheus/v1`, the files of Sloth.

use std::collections::HashMap;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::model::BudgetingMethod;
use crate::model::Dialect;
use crate::model::Measure;
use crate::model::Meta;
use crate::model::MetricSource;
use crate::model::Objective;
use crate::model::RawType;
use crate::model::WindowKind;
use crate::quantity::Ratio;

use super::Job;
use super::Target;
use super::labels;
use super::ledger::Ledger;
use super::ledger::unmodeled;
use super::names;
use super::names::Names;
use super::names::is_name;
use super::names::slug;
use super::openslo::DESCRIPTIONS;
use super::queries;
use super::queries::Windowed;
use super::write::filled;
use super::write::json;
use super::write::mapping;
use super::write::number;

/// The longest name.
const LONGEST_NAME: usize = 128;

/// The SLOs of services, in the order of the first of each.
#[derive(Debug, Default)]
pub(super) struct Files {
    services: Vec<(String, Vec<Value>)>,
    places: HashMap<String, usize>,
}

impl Files {
    pub(super) fn add(&mut self, service: String, mut slos: Vec<Value>) {
        let place = *self.places.entry(service.clone()).or_insert(self.services.len());
        match self.services.get_mut(place) {
            Some((_, all)) => all.append(&mut slos),
            None => self.services.push((service, slos)),
        }
    }

    /// Returns a document for each service.
    pub(super) fn into_documents(self) -> Vec<Value> {
        let document = |(service, slos): (String, Vec<Value>)| json!({ "version": "prometheus/v1", "service": service, "slos": slos });
        self.services.into_iter().map(document).collect()
    }
}

/// Returns the service of an SLO, and an SLO for each of its objectives.
pub(super) fn slos(
    job: &Job<'_>,
    names: &mut Names,
    ledger: &mut Ledger,
) -> Result<(String, Vec<Value>), String> {
    let slo = job.slo;
    fits(job)?;
    let place = slo.meta.place();
    let service = if let Some(service) = names::service(slo) {
        let name = written(ledger.take(service).as_str());
        if *name != *service.value {
            ledger.change(service.span, format!("the service `{}` is `{name}`", service.value));
        }
        name
    } else {
        let name = written(slo.meta.name());
        let text = format!("`{}`: it names no service, so `{name}` is one", slo.meta.name());
        ledger.change(place, text);
        name
    };
    let mut found = Vec::new();
    for (objective, name) in slo.objectives.iter().zip(names::parts(slo)) {
        let own = names.take(&service, &name, written(&name), place, ledger);
        found.push(one(job, &name, &own, objective, ledger)?);
    }
    if found.len() > 1 {
        let text = format!("`{}`: each of its objectives is an SLO", slo.meta.name());
        ledger.change(place, text);
    }
    ledger.carry(place);
    slo.budgeting_method.iter().for_each(|method| ledger.carry(method.span));
    job.account_alerts(Target::Sloth, ledger);
    window(job, ledger);
    Ok((service, found))
}

/// Returns a name as Sloth takes it: letters and digits, with hyphens, dots and lines between them.
fn written(name: &str) -> String {
    if is_name(name, LONGEST_NAME) { name.to_owned() } else { slug(name) }
}

/// Returns why an SLO has no counterpart where events are counted over a rolling window, if it has none.
pub(super) fn fits(job: &Job<'_>) -> Result<(), String> {
    let slo = job.slo;
    if slo.composite {
        return Err("its objectives burn one budget together".to_owned());
    }
    if slo.method() != BudgetingMethod::Occurrences {
        return Err("it counts slices of time, and not events".to_owned());
    }
    if slo.objectives.is_empty() {
        return Err("it has no objective".to_owned());
    }
    if slo.window.as_ref().is_some_and(|window| !matches!(window.kind, WindowKind::Rolling)) {
        return Err("its window follows the calendar".to_owned());
    }
    Ok(())
}

/// Sloth has one window for all SLOs.
fn window(job: &Job<'_>, ledger: &mut Ledger) {
    let Some(window) = job.slo.window.as_ref() else { return };
    let is_own = matches!(job.slo.meta.dialect, Dialect::Sloth | Dialect::SlothKubernetes);
    if window.duration.value.seconds() == job.sloth_window.seconds() || is_own {
        ledger.carry(window.span);
    } else {
        let text = format!(
            "the window of {}: Sloth has one for all SLOs, here {}",
            window.duration.value, job.sloth_window
        );
        ledger.drop(window.span, text);
    }
}

fn one(
    job: &Job<'_>,
    name: &str,
    own: &str,
    objective: &Objective,
    ledger: &mut Ledger,
) -> Result<Value, String> {
    let slo = job.slo;
    let sli = sli(job, objective, ledger)?;
    let target = objective.target.as_ref().ok_or("its target cannot be read")?;
    let percent = &target.value * &Ratio::whole(100);
    ledger.carry(target.span);
    let description = unmodeled(job.node, &DESCRIPTIONS);
    let is_own = matches!(slo.meta.dialect, Dialect::Sloth | Dialect::SlothKubernetes);
    let alerting = match job.alerting().filter(|_| is_own) {
        Some(own) => snake(json(own)),
        None if job.has_alerts() => json!({ "name": alert_name(name) }),
        None => json!({ "page_alert": { "disable": true }, "ticket_alert": { "disable": true } }),
    };
    Ok(mapping([
        ("name", Some(json!(own))),
        ("objective", Some(number(&percent))),
        ("description", description.map(|text| json!(ledger.take(&text)))),
        ("labels", filled(labels(&slo.meta, ledger))),
        ("sli", Some(sli)),
        ("alerting", Some(alerting)),
    ]))
}

/// Returns what is said of alerts with the names that a file has for those of a resource.
fn snake(alerting: Value) -> Value {
    let name = |key: String| match key.as_str() {
        "pageAlert" => "page_alert".to_owned(),
        "ticketAlert" => "ticket_alert".to_owned(),
        _ => key,
    };
    match alerting {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (name(key), value)).collect())
        }
        other => other,
    }
}

/// Returns labels; annotations that declare something are labels, too.
fn labels(meta: &Meta, ledger: &mut Ledger) -> Map<String, Value> {
    let refuses = |key: &str| (!is_label(key)).then_some("no label of Prometheus has such a name");
    let mut found = labels::labels(meta, false, refuses, ledger);
    let declared = |key: &str| Some(format!("slo_{}", key.strip_prefix("slo/")?.replace('-', "_")));
    let free = |key: &str| declared(key).filter(|key| !found.contains_key(key) && is_label(key));
    let mut more = labels::annotations(meta, free, ledger);
    found.append(&mut more);
    found
}

fn is_label(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.chars().all(is_letter) && name.starts_with(|first: char| !first.is_ascii_digit())
}

/// Returns the name of an alert: the words of an SLO, each with a capital.
fn alert_name(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric());
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    };
    words.map(capital).collect()
}

fn sli(job: &Job<'_>, objective: &Objective, ledger: &mut Ledger) -> Result<Value, String> {
    let indicator = job.indicator(objective, ledger)?;
    let sli = match &indicator.measure {
        Measure::Unreadable => return Err("its indicator cannot be read".to_owned()),
        Measure::Threshold(_) => return Err("it compares a metric with a value".to_owned()),
        Measure::Raw { raw_type, source } => {
            let query = promql(job, source, false, ledger)?;
            let text = match raw_type {
                RawType::Failure => query,
                RawType::Success => {
                    let text = "the share of good events is taken from 1".to_owned();
                    ledger.change(source.span, text);
                    format!("1 - ({query})")
                }
            };
            json!({ "raw": { "error_ratio_query": text } })
        }
        Measure::Counts(counts) => {
            let is_counter = counts.counter == Some(true);
            if counts.counter != Some(false) {
                counts.counter_span.iter().for_each(|span| ledger.carry(*span));
            }
            let total = counts.total.as_ref().ok_or("it lacks the query of valid events")?;
            let errors = match (&counts.bad, &counts.good) {
                (Some(bad), _) => promql(job, bad, is_counter, ledger)?,
                (None, Some(good)) => {
                    let all = promql(job, total, is_counter, ledger)?;
                    let fine = promql(job, good, is_counter, ledger)?;
                    let text = "bad events are those that are not good";
                    ledger.change(good.span, text.to_owned());
                    let negated = queries::bad_of(&fine, &all);
                    negated.unwrap_or_else(|| format!("({all}) - ({fine})"))
                }
                (None, None) => return Err("it lacks the query of good or bad events".to_owned()),
            };
            let total = promql(job, total, is_counter, ledger)?;
            json!({ "events": { "error_query": errors, "total_query": total } })
        }
    };
    job.carry_indicator(indicator, ledger);
    Ok(sli)
}

fn promql(
    job: &Job<'_>,
    source: &MetricSource,
    is_counter: bool,
    ledger: &mut Ledger,
) -> Result<String, String> {
    let query = job.promql(source, ledger)?;
    let Windowed { text, ranges } = queries::with_windows(&query.text, is_counter)?;
    if !ranges.is_empty() {
        let ranges = ranges.join(", ");
        let text = match ranges.as_str() {
            "none" => "the rate of the counter over every window is asked for".to_owned(),
            _ => format!("the range {ranges} is every window that Sloth asks for"),
        };
        ledger.change(query.span, text);
    }
    Ok(text)
}
