//! Parts of the model that formats share whose SLOs have one indicator, written in place, and one target.

use std::sync::Arc;

use crate::model::Annotation;
use crate::model::Annotations;
use crate::model::Dialect;
use crate::model::Indicator;
use crate::model::IndicatorUse;
use crate::model::Inset;
use crate::model::LabelValues;
use crate::model::Labels;
use crate::model::Measure;
use crate::model::Meta;
use crate::model::MetricSource;
use crate::model::Objective;
use crate::model::Query;
use crate::model::Text;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::query;
use crate::query::Extent;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Modifiers;
use crate::query::tree::VectorSelector;
use crate::source::Spanned;
use crate::yaml::Node;

use super::Expected;
use super::Problem;
use super::faults::Faults;
use super::fields;

/// The range of the rates that are asked for; tools ask for others too.
const RANGE: &str = "5m";

/// Returns the key of an annotation that declares something, of a label or a tag, whose keys may not hold
/// every letter: `slo_rationale` is `slo/rationale`.
pub(super) fn declaration(label: &str) -> Option<Text> {
    let rest = label.strip_prefix("slo").and_then(|rest| rest.strip_prefix(['/', '_', '.']))?;
    Some(Text::from(format!("slo/{}", rest.replace('_', "-")).as_str()))
}

/// A key and its value.
pub(super) type Pair<'a> = (Spanned<&'a str>, Spanned<&'a str>);

/// Returns labels, and what they declare.
pub(super) fn labeled(pairs: &[Pair<'_>]) -> (Labels, Annotations) {
    let label =
        |(key, value): &Pair<'_>| (Text::from(key.value), LabelValues::One(value.map(Text::from)));
    let declared = |(key, value): &Pair<'_>| {
        let key = Spanned::new(declaration(key.value)?, key.span);
        Some(Annotation { key, value: value.map(Text::from) })
    };
    (pairs.iter().map(label).collect(), pairs.iter().filter_map(declared).collect())
}

/// Returns a length as its format writes it, of one unit or of several; nothing for no time at all.
pub(super) fn length(text: &str) -> Option<Duration> {
    let written = Duration::parse(text).filter(|length| length.seconds().is_some());
    let length = written.or_else(|| query::seconds(text).map(Duration::from_seconds))?;
    (length.count > 0).then_some(length)
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

/// Returns the selector that a text is; nothing for anything else, or one that is moved in time.
pub(super) fn selector(text: &str) -> Option<Box<VectorSelector>> {
    let ExpressionKind::Vector(vector) = parsed(text)?.kind else { return None };
    (vector.modifiers == Modifiers::default()).then_some(vector)
}

/// Returns the query for the growth of a counter that a selector names; nothing for anything but a plain
/// selector.
///
/// * `labels`: a list of those by which it is added up.
/// * `around`: what stands before and behind it; `within`: what is set into the selector.
pub(super) fn growth(
    selector: Node<'_>,
    labels: Option<Node<'_>>,
    around: [&str; 2],
    within: Vec<Inset>,
) -> Option<Query> {
    let text = selector.text()?;
    self::selector(text)?;
    let labels: Vec<&str> =
        labels.into_iter().flat_map(Node::items).filter_map(Node::text).collect();
    if !labels.iter().all(|label| is_label(label)) {
        return None;
    }
    let by =
        if labels.is_empty() { String::new() } else { format!(" by ({}) ", labels.join(", ")) };
    let [before, behind] = around;
    let mut insets = vec![inset(0, format!("{before}sum{by}(rate("))];
    insets.extend(within);
    insets.push(inset(text.len(), format!("[{RANGE}])){behind}")));
    Some(Query::new(text.to_owned(), selector.span()).with(&insets))
}

/// Returns a text that is set in at a place.
pub(super) fn inset(at: usize, text: String) -> Inset {
    Inset { replaced: Extent::between(at, at), text }
}

fn is_label(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    !text.is_empty()
        && text.chars().all(is_letter)
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

/// What a target is a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Shares of 1.
    Share,
    /// Percent.
    Percent,
}

/// Returns the share of a target of which nothing is said.
pub(super) fn target(
    mapping: Node<'_>,
    field: &str,
    scale: Scale,
    faults: &Faults,
) -> Option<Spanned<Ratio>> {
    let number = fields::number(mapping, field)?;
    if faults.are_in(number.span) {
        return None;
    }
    Some(match scale {
        Scale::Share => number,
        Scale::Percent => number.map(|value| &value / 100),
    })
}

/// Checks a target: one that is no number, one out of range, one of the other scale, and one so low that it is
/// a slip. What a schema says about the same place is enough.
pub(super) fn check_target(mapping: Node<'_>, field: &str, scale: Scale, faults: &mut Faults) {
    let Some(entry) = mapping.entry(field).filter(|entry| !entry.value.is_null()) else { return };
    let Some(Spanned { value, span }) = fields::number_of(entry.value) else {
        faults.wrong(entry, Expected::Type(vec!["number".to_owned()]));
        return;
    };
    if faults.are_in(span) {
        return;
    }
    let text = entry.value.raw().to_owned();
    let percent = scale == Scale::Percent;
    let one = if percent { Ratio::whole(100) } else { Ratio::one() };
    let is_fraction = percent && value > Ratio::zero() && value <= Ratio::one();
    if value.is_negative() || value > one || is_fraction {
        faults.push(Problem::TargetRange { span, text, value, percent, other_field: None });
    } else if &value + &value < one {
        faults.push(Problem::LowTarget { span, text });
    }
}
