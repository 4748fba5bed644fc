//! What the schemas of Sloth cannot state.

use crate::source::Span;
use crate::yaml::Entry;
use crate::yaml::Node;

use super::Expected;
use super::Names;
use super::Problem;
use super::fields;
use super::parts;

/// The ways of counting errors, of which an SLO has exactly one.
const MEASURES: [&str; 3] = ["events", "raw", "plugin"];

/// What a schema has said already, by its places.
struct Told(Vec<u32>);

impl Told {
    fn of(problems: &[Problem]) -> Self {
        let mut places: Vec<u32> = problems.iter().map(|problem| problem.span().start).collect();
        places.sort_unstable();
        Self(places)
    }

    /// Returns whether something in a node is called wrong.
    fn any_in(&self, node: Node<'_>) -> bool {
        let span = node.span();
        let next = self.0.partition_point(|start| *start < span.start);
        self.0.get(next).is_some_and(|start| *start < span.end)
    }
}

/// Checks the SLOs of a service.
pub(super) fn service(spec: Node<'_>, names: &Names, problems: &mut Vec<Problem>) {
    for slo in spec.given("slos").into_iter().flat_map(Node::items) {
        parts::check_percent(slo, "objective", problems);
    }
    let told = Told::of(problems);
    for slo in spec.given("slos").into_iter().flat_map(Node::items) {
        let is_sound = |node: Node<'_>| node.is_mapping() && !told.any_in(node);
        if let Some(sli) = slo.entry("sli").filter(|sli| is_sound(sli.value)) {
            measure(sli, names, problems);
        }
        if let Some(alerting) = slo.entry("alerting").filter(|entry| is_sound(entry.value)) {
            alert_name(alerting.value, alerting.key.span(), names, problems);
        }
    }
}

fn measure(entry: Entry<'_>, names: &Names, problems: &mut Vec<Problem>) {
    parts::exactly_one(entry, &MEASURES, problems);
    let sli = entry.value;
    for (holder, field) in [
        ("events", names.error_query),
        ("events", names.total_query),
        ("raw", names.error_ratio_query),
    ] {
        let Some(query) = sli.given(holder).and_then(|holder| holder.given(field)) else {
            continue;
        };
        let Some(text) = query.text().filter(|text| !text.is_empty()) else { continue };
        if !has_window(text) {
            problems.push(Problem::InvalidValue {
                span: query.place(),
                field: field.to_owned(),
                found: query.raw().to_owned(),
                expected: Expected::Holding("[{{.window}}]"),
            });
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
fn alert_name(alerting: Node<'_>, key: Span, names: &Names, problems: &mut Vec<Problem>) {
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
    let (span, object, of) = match name {
        Some(name) => (name.key.span(), name.key.span(), "name"),
        None => (key, alerting.span(), "alerting"),
    };
    let (fields, of) = (vec!["name".to_owned()], of.to_owned());
    problems.push(Problem::MissingFields { span, object, fields, of, weak: false });
}
