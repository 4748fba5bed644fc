//! Lowers the objects of Nobl9 to the model.

use std::sync::Arc;

use crate::dialect::openslo;
use crate::model::AlertCondition;
use crate::model::AlertPolicy;
use crate::model::BudgetingMethod;
use crate::model::BurnRate;
use crate::model::IndicatorUse;
use crate::model::Kind;
use crate::model::Measure;
use crate::model::Meta;
use crate::model::MetricSource;
use crate::model::NotificationTarget;
use crate::model::Objective;
use crate::model::Operator;
use crate::model::Query;
use crate::model::RatioCounts;
use crate::model::Referable;
use crate::model::Reference;
use crate::model::Service;
use crate::model::Slo;
use crate::model::Text;
use crate::quantity::Duration;
use crate::query;
use crate::source::Spanned;
use crate::yaml::Node;

use super::Dialect;
use super::Object;
use super::faults::Faults;
use super::fields;
use super::parts;
use super::parts::Scale;

/// The fields that hold the query of a source.
const QUERIES: [&str; 3] = ["promql", "query", "nrql"];

/// Returns who an object is: a name is unique in its project.
fn meta(node: Node<'_>) -> Meta {
    let metadata = fields::metadata(node);
    let project = metadata.and_then(|metadata| fields::text::<Text>(metadata, "project"));
    let meta = fields::meta(node, metadata, Dialect::Nobl9);
    Meta { namespace: project.map(|project| project.value), ..meta }
}

/// Returns a service.
pub(super) fn service(node: Node<'_>) -> Object {
    Object::Service(Arc::new(Service { meta: meta(node) }))
}

/// Returns who is told.
pub(super) fn alert_method(node: Node<'_>) -> Object {
    let target = None;
    Object::AlertNotificationTarget(Arc::new(NotificationTarget { meta: meta(node), target }))
}

/// Returns an SLO.
pub(super) fn slo(node: Node<'_>, faults: &Faults) -> Object {
    let spec = node.given("spec").unwrap_or(node);
    let method = fields::word(spec, "budgetingMethod").and_then(|text| {
        let method = match text.value {
            "Occurrences" => BudgetingMethod::Occurrences,
            "Timeslices" => BudgetingMethod::Timeslices,
            _ => return None,
        };
        Some(Spanned::new(method, text.span))
    });
    let objectives = spec.given("objectives").into_iter().flat_map(Node::items);
    let objectives = objectives.filter(|objective| objective.is_mapping());
    let policies = spec.given("alertPolicies").into_iter().flat_map(Node::items);
    let policies = policies.filter_map(|item| {
        let name = Spanned::new(Text::from(item.text()?), item.span());
        Some(named(Kind::AlertPolicy, name, "alertPolicies"))
    });
    let window = spec.given("timeWindows").and_then(|windows| windows.items().next());
    Object::Slo(Arc::new(Slo {
        meta: meta(node),
        service: fields::text(spec, "service"),
        budgeting_method: method,
        window: window.filter(|window| !faults.are_in(window.span())).and_then(openslo::units),
        objectives: objectives.map(|node| objective(node, method, faults)).collect(),
        composite: false,
        alert_policies: policies.map(Referable::Named).collect(),
        alert_policies_span: spec.entry("alertPolicies").map(|entry| entry.key.span()),
        generated: Vec::new(),
    }))
}

fn named(kind: Kind, name: Spanned<Text>, field: &'static str) -> Reference {
    Reference { kind, name, field }
}

fn objective(
    node: Node<'_>,
    method: Option<Spanned<BudgetingMethod>>,
    faults: &Faults,
) -> Objective {
    // What is called wrong may mean anything.
    let sound = |field: &str| {
        let entry = node.entry(field).filter(|entry| !entry.value.is_null())?;
        (!faults.are_of(entry)).then_some(entry.value)
    };
    let (raw, counts) = (sound("rawMetric"), sound("countMetrics"));
    let (holder, measure) = match (raw, counts) {
        (Some(raw), None) => {
            let source = raw.given("query").and_then(source);
            (raw, source.map_or(Measure::Unreadable, Measure::Threshold))
        }
        (None, Some(counts)) => {
            let of = |field: &str| counts.given(field).and_then(source);
            let (good, bad, total) = (of("good"), of("bad"), of("total"));
            let counter = fields::truth(counts, "incremental");
            let is_known = total.is_some() && (good.is_some() || bad.is_some());
            let measure = Measure::Counts(Box::new(RatioCounts {
                counter: counter.map(|counter| counter.value),
                counter_span: counts.given("incremental").map(Node::span),
                good,
                bad,
                total,
            }));
            (counts, if is_known { measure } else { Measure::Unreadable })
        }
        _ => (node, Measure::Unreadable),
    };
    let is_raw = matches!(measure, Measure::Threshold(_));
    let indicator: IndicatorUse = parts::inline(Dialect::Nobl9, holder, measure);
    let mut objective =
        parts::objective(node, parts::target(node, "target", Scale::Share, faults), indicator);
    objective.name = fields::text(node, "displayName").or_else(|| fields::text(node, "name"));
    // A count is compared with nothing, whatever its value says.
    if is_raw {
        objective.operator = fields::operator(node, "op");
        objective.value = fields::number(node, "value");
        objective.operator_span = fields::place(node, "op");
        objective.value_span = fields::place(node, "value");
    }
    if method.is_some_and(|method| method.value == BudgetingMethod::Timeslices) {
        objective.slice_target =
            fields::number(node, "timeSliceTarget").filter(|slice| !faults.are_in(slice.span));
        // Nobl9 counts minutes.
        let minute = Duration::from_seconds(60);
        objective.slice_window =
            Some(Spanned::new(minute, fields::key_span(node, "timeSliceTarget")));
    }
    objective
}

/// Returns what a source is asked; the kind of the source is the key above its fields.
fn source(node: Node<'_>) -> Option<MetricSource> {
    let entry = node.entries().next()?;
    let kind = entry.key.text()?;
    let query = QUERIES.into_iter().find_map(|field| entry.value.given(field));
    let query =
        query.and_then(|query| Some(Query::new(query.text()?.trim().to_owned(), query.span())));
    Some(MetricSource {
        reference: None,
        source_type: Some(Spanned::new(Text::from(kind), entry.key.span())),
        query,
        settings: fields::settings(entry.value, &QUERIES),
        span: node.span(),
    })
}

/// Returns an alert policy. Its conditions hold together, so a burn rate is read where it is the only one.
pub(super) fn alert_policy(node: Node<'_>, faults: &Faults) -> Object {
    let spec = node.given("spec").unwrap_or(node);
    let severity = fields::text::<Text>(spec, "severity");
    let conditions = spec.given("conditions").into_iter().flat_map(Node::items);
    let conditions: Vec<Node<'_>> = conditions.filter(|condition| condition.is_mapping()).collect();
    let is_alone = conditions.len() == 1;
    let condition = |node: Node<'_>| {
        Referable::Inline(Arc::new(AlertCondition {
            meta: Meta {
                dialect: Dialect::Nobl9,
                span: node.span(),
                head: fields::first_key(node),
                ..Meta::default()
            },
            severity: severity.clone(),
            burn_rate: burn_rate(node, faults).filter(|_| is_alone),
        }))
    };
    let methods = spec.given("alertMethods").into_iter().flat_map(Node::items);
    let methods = methods.filter_map(|method| {
        let name = fields::text(method.given("metadata")?, "name")?;
        let kind = Kind::AlertNotificationTarget;
        Some(Referable::Named(named(kind, name, "alertMethods")))
    });
    Object::AlertPolicy(Arc::new(AlertPolicy {
        meta: meta(node),
        conditions: conditions.into_iter().map(condition).collect(),
        targets: methods.collect(),
        when_no_data: None,
        when_resolved: None,
        when_breaching: None,
    }))
}

fn burn_rate(node: Node<'_>, faults: &Faults) -> Option<BurnRate> {
    let measurement = fields::word(node, "measurement")?;
    let length = |field: &str| {
        let text = fields::word(node, field)?;
        let seconds = query::seconds(text.value).filter(|seconds| *seconds > 0)?;
        Some(Spanned::new(Duration::from_seconds(seconds), text.span))
    };
    if measurement.value != "averageBurnRate" || faults.are_in(node.span()) {
        return None;
    }
    let operator = match node.given("op") {
        Some(_) => fields::operator(node, "op")?,
        None => Spanned::new(Operator::Gte, measurement.span),
    };
    Some(BurnRate {
        operator,
        threshold: fields::number(node, "value")?,
        lookback: length("alertingWindow")?,
        alert_after: length("lastsFor"),
        span: node.span(),
    })
}
