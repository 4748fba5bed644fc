//! Parts of the model that formats share whose SLOs have one indicator, written in place, and one target.

use std::sync::Arc;

use crate::model::Annotation;
use crate::model::Annotations;
use crate::model::Dialect;
use crate::model::Indicator;
use crate::model::IndicatorUse;
use crate::model::Inset;
use crate::model::Measure;
use crate::model::Meta;
use crate::model::MetricSource;
use crate::model::Objective;
use crate::model::Query;
use crate::model::Text;
use crate::quantity::Ratio;
use crate::query;
use crate::query::Extent;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Modifiers;
use crate::source::Span;
use crate::source::Spanned;
use crate::yaml::Entry;
use crate::yaml::Node;

use super::Expected;
use super::Problem;
use super::fields;

/// The range of the rates that are asked for; tools ask for others too.
const RANGE: &str = "5m";

/// Returns the key of an annotation that declares something, of a label or a tag, whose keys may not hold
/// every letter: `slo_rationale` is `slo/rationale`.
pub(super) fn declaration(label: &str) -> Option<Text> {
    let rest = label.strip_prefix("slo").and_then(|rest| rest.strip_prefix(['/', '_', '.']))?;
    Some(Text::from(format!("slo/{}", rest.replace('_', "-")).as_str()))
}

/// Returns what labels declare, each with the places of its key and its value.
pub(super) fn declarations<'a>(
    labels: impl IntoIterator<Item = (Spanned<&'a str>, Spanned<&'a str>)>,
) -> Annotations {
    let declared = labels.into_iter().filter_map(|(key, value)| {
        let key = Spanned::new(declaration(key.value)?, key.span);
        Some(Annotation { key, value: value.map(Text::from) })
    });
    declared.collect()
}

/// Returns an indicator that is written in place.
pub(super) fn inline(dialect: Dialect, node: Node<'_>, measure: Measure) -> IndicatorUse {
    let meta =
        Meta { dialect, span: node.span(), head: fields::first_key(node), ..Meta::default() };
    IndicatorUse::Inline(Arc::new(Indicator { meta, measure }))
}

/// Returns an objective that asks for a share of good events.
///
/// * `node`: what holds it, the SLO itself where there is nothing smaller.
pub(super) fn objective(
    node: Node<'_>,
    target: Option<Spanned<Ratio>>,
    indicator: IndicatorUse,
) -> Objective {
    Objective {
        name: None,
        target,
        operator: None,
        value: None,
        slice_target: None,
        slice_window: None,
        composite_weight: None,
        indicator,
        span: node.span(),
        head: fields::first_key(node),
        weight_span: None,
        operator_span: None,
        value_span: None,
    }
}

/// Returns a query and who answers it.
pub(super) fn source(language: &str, query: Query) -> MetricSource {
    let span = query.span;
    MetricSource {
        reference: None,
        source_type: Some(Spanned::new(Text::from(language), span)),
        query: Some(query),
        settings: Vec::new(),
        span,
    }
}

/// Returns the tree of a query without a mistake.
pub(super) fn parsed(text: &str) -> Option<Expression> {
    let (tree, problems) = query::parse(text);
    tree.filter(|_| problems.is_empty())
}

/// Returns the query for the growth of a counter that a selector names, by the labels of a list; nothing for
/// anything but a plain selector.
///
/// * `around`: what stands before and behind it.
pub(super) fn growth(
    selector: Node<'_>,
    labels: Option<Node<'_>>,
    around: [&str; 2],
) -> Option<Query> {
    let text = selector.text()?;
    let ExpressionKind::Vector(vector) = parsed(text)?.kind else { return None };
    if vector.modifiers != Modifiers::default() {
        return None;
    }
    let labels: Vec<&str> =
        labels.into_iter().flat_map(Node::items).filter_map(Node::text).collect();
    let by =
        if labels.is_empty() { String::new() } else { format!(" by ({}) ", labels.join(", ")) };
    let [before, behind] = around;
    let inset = |at: usize, text: String| Inset { replaced: Extent::between(at, at), text };
    let insets = [
        inset(0, format!("{before}sum{by}(rate(")),
        inset(text.len(), format!("[{RANGE}])){behind}")),
    ];
    Some(Query::new(text.to_owned(), selector.span()).with(&insets))
}

/// Returns the share of a target in percent that nothing is said about; nothing where something is.
pub(super) fn target(
    mapping: Node<'_>,
    field: &str,
    problems: &[Problem],
) -> Option<Spanned<Ratio>> {
    let percent = fields::number(mapping, field)?;
    let is_wrong = problems.iter().any(|problem| {
        problem.span() == percent.span && !matches!(problem, Problem::LowTarget { .. })
    });
    (!is_wrong).then(|| percent.map(|value| &value / 100))
}

/// Returns the target of a field of shares that nothing is said about.
pub(super) fn share(
    mapping: Node<'_>,
    field: &str,
    problems: &[Problem],
) -> Option<Spanned<Ratio>> {
    let share = fields::number(mapping, field)?;
    let is_wrong = problems.iter().any(|problem| {
        problem.span() == share.span && !matches!(problem, Problem::LowTarget { .. })
    });
    (!is_wrong).then_some(share)
}

/// Checks a target that is a share of 1: one out of range, a percentage, and one so low that it is a slip.
pub(super) fn check_share(mapping: Node<'_>, field: &str, problems: &mut Vec<Problem>) {
    let Some(node) = mapping.given(field) else { return };
    let Some(Spanned { value, span }) = fields::number_of(node) else {
        not_a_number(node, field, problems);
        return;
    };
    if problems.iter().any(|problem| problem.span() == span) {
        return;
    }
    let text = node.raw().to_owned();
    if value.is_negative() || value > Ratio::one() {
        let range = Problem::TargetRange { span, text, value, percent: false, other_field: None };
        problems.push(range);
    } else if &value + &value < Ratio::one() {
        problems.push(Problem::LowTarget { span, text });
    }
}

/// Reports text in the place of a number, unless something is said of it.
fn not_a_number(node: Node<'_>, field: &str, problems: &mut Vec<Problem>) {
    let span = node.place();
    let is_told = problems.iter().any(|problem| problem.span() == span);
    if node.text().is_some_and(|text| !text.is_empty()) && !is_told {
        let (field, found) = (field.to_owned(), node.raw().to_owned());
        let expected = Expected::Type(vec!["number".to_owned()]);
        problems.push(Problem::InvalidValue { span, field, found, expected });
    }
}

/// Checks a target in percent: one out of range, a fraction, and one so low that it is a slip.
///
/// What a schema says about the same place is enough.
pub(super) fn check_percent(mapping: Node<'_>, field: &str, problems: &mut Vec<Problem>) {
    let Some(node) = mapping.given(field) else { return };
    let Some(Spanned { value, span }) = fields::number_of(node) else {
        not_a_number(node, field, problems);
        return;
    };
    if problems.iter().any(|problem| problem.span() == span) {
        return;
    }
    let text = node.raw().to_owned();
    let is_fraction = value > Ratio::zero() && value <= Ratio::one();
    if value.is_negative() || value.compare_whole(100).is_gt() || is_fraction {
        let range = Problem::TargetRange { span, text, value, percent: true, other_field: None };
        problems.push(range);
    } else if value.compare_whole(50).is_lt() {
        problems.push(Problem::LowTarget { span, text });
    }
}

/// Reports that a value should be like another one, unless something is said of it already, or nobody knows
/// it.
pub(super) fn unlike(entry: Entry<'_>, like: &'static str, problems: &mut Vec<Problem>) {
    let (first, last) = (entry.key.span().start, entry.value.place().end);
    let is_told = |problem: &Problem| (first..=last).contains(&problem.span().start);
    let is_empty = entry.value.text() == Some("");
    if entry.value.is_unknown() || is_empty || problems.iter().any(is_told) {
        return;
    }
    problems.push(Problem::InvalidValue {
        span: entry.value.place(),
        field: entry.key.text().unwrap_or_default().to_owned(),
        found: entry.value.raw().to_owned(),
        expected: Expected::Like(like),
    });
}

/// Checks that a mapping has exactly one of several fields; where something is said of it, one that is
/// missing may be meant.
pub(super) fn exactly_one(holder: Entry<'_>, names: &[&'static str], problems: &mut Vec<Problem>) {
    let given = names.iter().filter_map(|name| {
        let entry = holder.value.entry(name).filter(|entry| !entry.value.is_null())?;
        Some((*name, entry.key.span()))
    });
    let mut given: Vec<(&'static str, Span)> = given.collect();
    given.sort_by_key(|(_, span)| *span);
    let whole = holder.value.span();
    match given.as_slice() {
        [] if !problems.iter().any(|problem| whole.contains(problem.span())) => {
            let of = holder.key.text().unwrap_or_default().to_owned();
            let (span, fields) = (holder.key.span(), names.to_vec());
            problems.push(Problem::MissingOneOf { span, fields, of });
        }
        [(other_field, other), (field, span), ..] => problems.push(Problem::Conflict {
            span: *span,
            field,
            other: *other,
            other_field,
            across: false,
            redundant: None,
        }),
        _ => {}
    }
}
