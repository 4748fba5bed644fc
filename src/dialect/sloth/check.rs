//! What the schemas of Sloth cannot state.

use crate::source::Span;
use crate::yaml::Entry;
use crate::yaml::Node;

use super::Expected;
use super::Names;
use super::faults::Faults;
use super::fields;
use super::parts;
use super::parts::Scale;

/// The ways of counting errors, of which an SLO has exactly one.
const MEASURES: [&str; 3] = ["events", "raw", "plugin"];

/// Checks the SLOs of a service.
pub(super) fn service(spec: Node<'_>, names: &Names, faults: &mut Faults) {
    for slo in spec.given("slos").into_iter().flat_map(Node::items) {
        parts::check_target(slo, "objective", Scale::Percent, faults);
        let is_sound = |entry: &Entry<'_>, faults: &Faults| {
            entry.value.is_mapping() && !faults.are_in(entry.value.span())
        };
        if let Some(sli) = slo.entry("sli").filter(|sli| is_sound(sli, faults)) {
            measure(sli, names, faults);
        }
        if let Some(alerting) = slo.entry("alerting").filter(|entry| is_sound(entry, faults)) {
            alert_name(alerting.value, alerting.key.span(), names, faults);
        }
    }
}

fn measure(entry: Entry<'_>, names: &Names, faults: &mut Faults) {
    let sli = entry.value;
    faults.exactly_one(sli, entry.key.span(), "sli", &MEASURES);
    for (holder, field) in [
        ("events", names.error_query),
        ("events", names.total_query),
        ("raw", names.error_ratio_query),
    ] {
        let Some(query) = sli.given(holder).and_then(|holder| holder.entry(field)) else {
            continue;
        };
        if query.value.text().is_some_and(|text| !has_window(text)) {
            faults.wrong(query, Expected::Holding("[{{.window}}]"));
        }
    }
}

/// Returns whether a query leaves its range to Sloth.
fn has_window(text: &str) -> bool {
    text.split("{{").skip(1).any(|rest| {
        let inner = rest.split("}}").next().unwrap_or_default();
        inner.trim_matches(['-', ' ']) == ".window"
    })
}

/// Alerts have a name unless none is made.
fn alert_name(alerting: Node<'_>, key: Span, names: &Names, faults: &mut Faults) {
    let is_off = |field: &str| {
        let alert = alerting.given(field);
        alert.and_then(|alert| fields::truth(alert, "disable")).is_some_and(|off| off.value)
    };
    let is_silent = is_off(names.page_alert) && is_off(names.ticket_alert);
    let name = alerting.entry("name");
    let text = name.and_then(|name| name.value.text()).unwrap_or_default();
    if is_silent || !text.is_empty() {
        return;
    }
    match name {
        Some(name) => faults.missing(name.key.span(), name.key, "name", "name"),
        None => faults.missing(key, alerting, "name", "alerting"),
    }
}
