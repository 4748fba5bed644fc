//! Lowers the SLOs of Datadog to the model.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::BudgetingMethod;
use crate::model::IndicatorUse;
use crate::model::Measure;
use crate::model::Meta;
use crate::model::Object;
use crate::model::Objective;
use crate::model::Operator;
use crate::model::Query;
use crate::model::RatioCounts;
use crate::model::Slo;
use crate::model::Text;
use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::source::Spanned;
use crate::yaml::Node;

use super::faults::Faults;
use super::fields;
use super::form::Form;
use super::form::Target;
use super::form::one;
use super::formulas;
use super::parts;
use super::parts::Pair;
use super::parts::Scale;

/// Who answers the queries.
const LANGUAGE: &str = "Datadog";

/// How long a slice is where nothing says so, in seconds.
const SLICE: u64 = 300;

/// Returns an SLO for every timeframe.
pub(super) fn slos(form: &Form<'_>, faults: &Faults) -> Vec<Object> {
    let indicator = indicator(form, faults);
    let tags: Vec<Pair<'_>> = form.node.given("tags").map(tags).unwrap_or_default();
    let first = form.first.or_else(|| form.targets.first()?.timeframe);
    // Of several, one without its timeframe is nobody's, nor is one that comes again.
    let mut seen = HashSet::new();
    let named = form.targets.iter().filter(|target| {
        form.targets.len() == 1 || target.timeframe.is_some_and(|name| seen.insert(name))
    });
    let slos = named.map(|target| {
        let is_first = form.targets.len() == 1 || target.timeframe == first;
        let suffix = target.timeframe.filter(|_| !is_first);
        let share = parts::target(target.node, target.goal, Scale::Percent, faults);
        let mut objective = parts::objective(target.node, share, indicator.clone());
        if let Some(slices) = form.slices {
            compare(&mut objective, slices.value, faults);
        }
        Object::Slo(Arc::new(slo(form, target, meta(form, suffix, &tags), objective, &tags)))
    });
    slos.collect()
}

fn slo(
    form: &Form<'_>,
    target: &Target<'_>,
    meta: Meta,
    objective: Objective,
    tags: &[Pair<'_>],
) -> Slo {
    let kind = fields::word(form.node, "type");
    let method = kind.and_then(|kind| {
        let method = match kind.value {
            "metric" => BudgetingMethod::Occurrences,
            "monitor" | "time_slice" => BudgetingMethod::Timeslices,
            _ => return None,
        };
        Some(Spanned::new(method, kind.span))
    });
    let service = tags.iter().find(|(key, _)| key.value == "service");
    Slo {
        meta,
        service: service.map(|(_, value)| value.map(Text::from)),
        budgeting_method: method,
        window: window(target),
        objectives: vec![objective],
        composite: false,
        alert_policies: Vec::new(),
        alert_policies_span: None,
        generated: Vec::new(),
    }
}

fn window(target: &Target<'_>) -> Option<Window> {
    let text = fields::word(target.node, "timeframe")?;
    let duration = Spanned::new(Duration::parse(text.value)?, text.span);
    Some(Window { duration, kind: WindowKind::Rolling, span: text.span })
}

/// Returns the keys and values of tags such as `team:shop`.
fn tags(list: Node<'_>) -> Vec<Pair<'_>> {
    let tags = list.items().filter_map(|tag| {
        let (key, value) = tag.text()?.split_once(':')?;
        Some((Spanned::new(key, tag.span()), Spanned::new(value, tag.span())))
    });
    tags.collect()
}

/// Tags are the labels of Datadog; the resource has labels and annotations of its own.
fn meta(form: &Form<'_>, suffix: Option<&str>, tags: &[Pair<'_>]) -> Meta {
    // Terraform has a name of its own, where that of the SLO is not known.
    let name = fields::word(form.node, "name");
    let name = name.or_else(|| fields::word(form.node, "resource_name")).map(|name| {
        name.map(|name| match suffix {
            Some(suffix) => Text::from(format!("{name} ({suffix})").as_str()),
            None => Text::from(name),
        })
    });
    let own = fields::meta(form.node, form.metadata, form.dialect);
    let (labels, declared) = parts::labeled(tags);
    let (span, head) = (form.node.span(), name.as_ref().map(|name| name.span));
    Meta {
        name,
        namespace: own.namespace,
        labels: own.labels.into_iter().chain(labels).collect(),
        annotations: own.annotations.iter().chain(declared.iter()).cloned().collect(),
        dialect: form.dialect,
        span,
        head: head.unwrap_or_else(|| fields::first_key(form.node)),
        ..Meta::default()
    }
}

/// Returns what is measured; a monitor is known to Datadog alone.
fn indicator(form: &Form<'_>, faults: &Faults) -> IndicatorUse {
    let counts = |good, bad, total| {
        Measure::Counts(Box::new(RatioCounts {
            counter: None,
            counter_span: None,
            good,
            bad,
            total,
        }))
    };
    let plain = |node: Node<'_>| {
        let text = node.text()?.trim().to_owned();
        Some(parts::source(LANGUAGE, Query::new(text, node.span())))
    };
    let measure = [form.count, form.slices, form.query, form.monitors].into_iter().flatten().next();
    let Some(holder) = measure else { return IndicatorUse::Missing };
    let node = holder.value;
    let query = |written: Option<Node<'_>>, holder: Node<'_>| {
        Some(parts::source(LANGUAGE, formulas::query(written?, holder)?))
    };
    // What is called wrong may mean anything.
    let measure = if faults.are_of(holder) {
        Measure::Unreadable
    } else if form.count.is_some() {
        let [good, bad, total] = formulas::COUNTS.map(|field| query(one(node, field), node));
        counts(good, bad, total)
    } else if form.slices.is_some() {
        let source = one(node, "query").and_then(|query_of| match query_of.text() {
            Some(_) => plain(query_of),
            None => query(formulas::of_slices(query_of), query_of),
        });
        source.map_or(Measure::Unreadable, Measure::Threshold)
    } else if form.query.is_some() {
        let source = |field: &str| plain(node.given(field)?);
        counts(source("numerator"), None, source("denominator"))
    } else {
        Measure::Unreadable
    };
    parts::inline(form.dialect, node, measure)
}

/// A slice is good while its value compares well.
fn compare(objective: &mut Objective, slices: Node<'_>, faults: &Faults) {
    objective.operator_span = slices.given("comparator").map(Node::span);
    objective.value_span = slices.given("threshold").map(Node::span);
    objective.operator = fields::word(slices, "comparator").and_then(|word| {
        let operator = match word.value {
            "<" => Operator::Lt,
            "<=" => Operator::Lte,
            ">" => Operator::Gt,
            ">=" => Operator::Gte,
            _ => return None,
        };
        Some(Spanned::new(operator, word.span))
    });
    objective.value =
        fields::number(slices, "threshold").filter(|value| !faults.are_in(value.span));
    let given = slices.given("query_interval_seconds");
    let seconds = match given {
        Some(given) => fields::number_of(given).and_then(|number| number.value.to_i64()),
        None => i64::try_from(SLICE).ok(),
    };
    objective.slice_window = seconds.and_then(|seconds| {
        let length = u64::try_from(seconds).ok().filter(|length| *length > 0)?;
        let span = given.map_or(slices.span(), Node::span);
        Some(Spanned::new(Duration::from_seconds(length), span))
    });
}
