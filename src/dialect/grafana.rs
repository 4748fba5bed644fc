//! Grafana: the resource `grafana_slo` of its provider for Terraform.
//!
//! Of a ratio, Grafana takes the growth of two counters, as Pyrra does. Which alerts it makes is its own
//! business; that it makes some is known.
//!
//! # Source
//!
//! Grafana's provider for Terraform, the documentation of `grafana_slo`.

use std::sync::Arc;

use crate::model::Dialect;
use crate::model::GeneratedAlert;
use crate::model::IndicatorUse;
use crate::model::Measure;
use crate::model::Meta;
use crate::model::Object;
use crate::model::Query;
use crate::model::RatioCounts;
use crate::model::RawType;
use crate::model::Slo;
use crate::model::Text;
use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::source::Spanned;
use crate::yaml::Node;

use super::Reading;
use super::faults::Faults;
use super::fields;
use super::parts;
use super::parts::Pair;
use super::parts::Scale;
use super::schema::Schema;

static SCHEMA: Schema =
    Schema::new(include_str!("../../schemas/dialects/terraform/grafana_slo.json"));

/// The data source that answers the queries.
const LANGUAGE: &str = "Prometheus";

/// Checks a resource and lowers it.
pub(super) fn read(node: Node<'_>, reading: &mut Reading) {
    let mut faults = Faults::new(SCHEMA.check(node, fields::key_span(node, "resource")));
    for objective in objectives(node) {
        parts::check_target(objective, "value", Scale::Share, &mut faults);
        if let Some(window) = objective.entry("window")
            && window.value.text().and_then(parts::length).is_none()
        {
            faults.unlike(window, "28d");
        }
    }
    if let Some(query) = block(node, "query") {
        check_query(query, &mut faults);
    }
    let indicator = indicator(node, &faults);
    for (index, objective) in objectives(node).enumerate() {
        let slo = slo(node, objective, index, indicator.clone(), &faults);
        reading.objects.push(Object::Slo(Arc::new(slo)));
    }
    reading.problems.append(&mut faults.into_problems());
}

fn objectives(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.given("objectives").into_iter().flat_map(Node::items)
}

/// Returns the only block of a name.
fn block<'a>(node: Node<'a>, name: &str) -> Option<Node<'a>> {
    node.given(name)?.items().next()
}

/// The block that `type` names is given.
fn check_query(query: Node<'_>, faults: &mut Faults) {
    const BLOCKS: [&str; 3] = ["ratio", "freeform", "grafana_queries"];
    let Some(kind) = query.given("type") else { return };
    let Some(wanted) = BLOCKS.into_iter().find(|name| kind.text() == Some(name)) else { return };
    if query.given(wanted).is_none() && !faults.explain(query, wanted) {
        faults.missing(kind.place(), query, wanted, "query");
    }
}

fn slo(
    node: Node<'_>,
    objective: Node<'_>,
    index: usize,
    indicator: IndicatorUse,
    faults: &Faults,
) -> Slo {
    let window = fields::word(objective, "window").and_then(|text| {
        let duration = Spanned::new(parts::length(text.value)?, text.span);
        Some(Window { duration, kind: WindowKind::Rolling, span: text.span })
    });
    // Each window has a budget of its own; the first one has the name alone.
    let suffix = window.as_ref().filter(|_| index > 0).map(|window| window.duration.value);
    let meta = meta(node, suffix);
    let service = ["service_name", "service"].into_iter().find_map(|key| meta.label(key).cloned());
    let alerting = node.entry("alerting");
    let unknown = Duration::new(0, Unit::Second);
    let alert = |severity: &str| GeneratedAlert {
        severity: Text::from(severity),
        threshold: Ratio::zero(),
        long: unknown,
        short: unknown,
    };
    let has_alerts = alerting.is_some_and(|alerting| !alerting.value.is_null());
    let severities = ["critical", "warning"].into_iter().filter(|_| has_alerts);
    Slo {
        meta,
        service,
        budgeting_method: None,
        window,
        objectives: vec![parts::objective(
            objective,
            parts::target(objective, "value", Scale::Share, faults),
            indicator,
        )],
        composite: false,
        alert_policies: Vec::new(),
        alert_policies_span: alerting.map(|alerting| alerting.key.span()),
        generated: severities.map(alert).collect(),
    }
}

fn meta(node: Node<'_>, suffix: Option<Duration>) -> Meta {
    let name = fields::word(node, "name").or_else(|| fields::word(node, "resource_name"));
    let name = name.map(|name| {
        name.map(|name| match suffix {
            Some(suffix) => Text::from(format!("{name} ({suffix})").as_str()),
            None => Text::from(name),
        })
    });
    let labels = node.given("label").into_iter().flat_map(Node::items);
    let pairs: Vec<Pair<'_>> = labels
        .filter_map(|label| Some((fields::word(label, "key")?, fields::word(label, "value")?)))
        .collect();
    let (labels, annotations) = parts::labeled(&pairs);
    let head = name.as_ref().map_or_else(|| fields::first_key(node), |name| name.span);
    let (dialect, span) = (Dialect::Grafana, node.span());
    Meta { name, labels, annotations, dialect, span, head, ..Meta::default() }
}

fn indicator(node: Node<'_>, faults: &Faults) -> IndicatorUse {
    let Some(query) = block(node, "query") else { return IndicatorUse::Missing };
    let plain = |field: Node<'_>| {
        Some(parts::source(LANGUAGE, Query::new(field.text()?.trim().to_owned(), field.span())))
    };
    let measure = match fields::word(query, "type").map_or("", |kind| kind.value) {
        _ if faults.are_in(query.span()) => None,
        "ratio" => block(query, "ratio").map(|ratio| {
            let of = |field: &str| {
                let metric = ratio.given(field)?;
                let labels = ratio.given("group_by_labels");
                let growth = parts::growth(metric, labels, ["", ""], Vec::new());
                growth.map(|query| parts::source(LANGUAGE, query)).or_else(|| plain(metric))
            };
            Measure::Counts(Box::new(RatioCounts {
                counter: Some(true),
                counter_span: None,
                good: of("success_metric"),
                bad: None,
                total: of("total_metric"),
            }))
        }),
        "freeform" => block(query, "freeform").and_then(|freeform| {
            let source = plain(freeform.given("query")?)?;
            Some(Measure::Raw { raw_type: RawType::Success, source })
        }),
        _ => None,
    };
    parts::inline(Dialect::Grafana, query, measure.unwrap_or(Measure::Unreadable))
}
