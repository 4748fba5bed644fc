//! Parts of the model that formats share whose SLOs have one indicator, written in place, and one target.

use std::sync::Arc;

use crate::model::Dialect;
use crate::model::Indicator;
use crate::model::IndicatorUse;
use crate::model::Measure;
use crate::model::Meta;
use crate::model::MetricSource;
use crate::model::Objective;
use crate::model::Query;
use crate::model::Text;
use crate::quantity::Ratio;
use crate::source::Span;
use crate::source::Spanned;
use crate::yaml::Entry;
use crate::yaml::Node;

use super::Problem;
use super::fields;

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

/// Checks a target in percent: one out of range, a fraction, and one so low that it is a slip.
///
/// What a schema says about the same place is enough.
pub(super) fn check_percent(mapping: Node<'_>, field: &str, problems: &mut Vec<Problem>) {
    let Some(node) = mapping.given(field) else { return };
    let Some(Spanned { value, span }) = fields::number_of(node) else { return };
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
