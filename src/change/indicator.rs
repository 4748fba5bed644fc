//! What an indicator means, apart from how it is written.
//!
//! # Why
//!
//! The address of a data source is no part of the meaning: it is never dialed, and a moved server
//! would make every SLO look redefined. Its name and its type are, for they choose the backend.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;
use serde_json::json;

use crate::model::Catalog;
use crate::model::Indicator;
use crate::model::IndicatorUse;
use crate::model::Measure;
use crate::model::MetricSource;
use crate::model::answers_promql;
use crate::query;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Name;
use crate::query::tree::VectorSelector;
use crate::source::Span;

/// How two indicators differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// In what they measure.
    Meaning,
    /// In how they are written alone.
    Wording,
}

/// How closely a query is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As it is written: equal texts.
    Text,
    /// As it is meant: equal in one layout. It costs a parse.
    Meaning,
}

/// Marks that may begin a comment up to the end of a line.
const COMMENTS: [&str; 3] = ["--", "#", "//"];

/// Returns how two indicators differ, if they do.
pub(super) fn difference(
    before: (&Catalog, &IndicatorUse),
    after: (&Catalog, &IndicatorUse),
) -> Option<Difference> {
    let same = |reading: Reading| {
        describe(before.0, before.1, reading) == describe(after.0, after.1, reading)
    };
    if same(Reading::Text) {
        None
    } else if same(Reading::Meaning) {
        Some(Difference::Wording)
    } else {
        Some(Difference::Meaning)
    }
}

/// A short text, and the place where it stands.
pub(super) type Shown = (Option<String>, Option<Span>);

/// Returns a short text of two indicators, and the places where they first differ; no text for one that cannot be
/// found or read.
pub(super) fn shown(
    before: (&Catalog, &IndicatorUse),
    after: (&Catalog, &IndicatorUse),
) -> [Shown; 2] {
    let left = before.0.indicator(before.1).one();
    let right = after.0.indicator(after.1).one();
    if let (Some(left), Some(right)) = (left, right) {
        let (old, new) = (parts(&left.measure), parts(&right.measure));
        if word(&left.measure) == word(&right.measure) {
            let pairs = old.into_iter().zip(new);
            let pairs =
                pairs.map(|((_, old), (_, new))| (facets(before.0, old), facets(after.0, new)));
            let facets = pairs.flat_map(|(old, new)| old.into_iter().zip(new));
            let first = facets.into_iter().find(|(old, new)| old.0 != new.0);
            if let Some(sides) = first {
                let told = |(text, place): Shown| (text.or_else(|| Some("none".to_owned())), place);
                return <[Shown; 2]>::from(sides).map(told);
            }
        }
    }
    let whole = |found: Option<&Arc<Indicator>>, used: &IndicatorUse| match (found, used) {
        (Some(indicator), _) => {
            (Some(word(&indicator.measure).to_owned()), Some(indicator.meta.place()))
        }
        (None, IndicatorUse::Named(reference)) => (None, Some(reference.name.span)),
        (None, IndicatorUse::Inline(_) | IndicatorUse::Missing) => (None, None),
    };
    [whole(left, before.1), whole(right, after.1)]
}

/// Returns what there is to say about a source: its query, its data source, its settings.
fn facets(catalog: &Catalog, source: Option<&MetricSource>) -> [Shown; 4] {
    let Some(source) = source else { return Default::default() };
    let place = Some(source.span);
    let query = source.query.as_ref();
    let reference = source.reference.as_ref().map(|reference| &reference.name);
    let source_type = source.source_type.as_ref().map(|given| given.span);
    let settings = source.settings.iter();
    let settings: Vec<String> =
        settings.map(|setting| format!("{}: {}", setting.path, setting.value.value)).collect();
    let spot = |own: Option<Span>| own.or(place);
    [
        (query.map(|query| query.text.clone()), spot(query.map(|query| query.span))),
        (reference.map(|name| name.value.to_string()), spot(reference.map(|name| name.span))),
        (
            catalog.source_type(source).map(str::to_owned),
            spot(source_type.or(reference.map(|name| name.span))),
        ),
        ((!settings.is_empty()).then(|| settings.join(", ")), place),
    ]
}

fn word(measure: &Measure) -> &'static str {
    match measure {
        Measure::Unreadable => "unreadable",
        Measure::Threshold(_) => "threshold",
        Measure::Counts(_) => "ratio",
        Measure::Raw { .. } => "raw ratio",
    }
}

/// Returns the sources of a measure, each with what it counts.
fn parts(measure: &Measure) -> Vec<(&'static str, Option<&MetricSource>)> {
    match measure {
        Measure::Unreadable => Vec::new(),
        Measure::Threshold(source) => vec![("threshold", Some(source))],
        Measure::Raw { source, .. } => vec![("raw", Some(source))],
        Measure::Counts(counts) => vec![
            ("good", counts.good.as_ref()),
            ("bad", counts.bad.as_ref()),
            ("total", counts.total.as_ref()),
        ],
    }
}

/// Returns what an indicator measures, apart from how it is written: equal values measure the same.
///
/// An indicator that cannot be found or read is no measure, and equals others of which the same is
/// true.
pub fn meaning(catalog: &Catalog, indicator: &IndicatorUse) -> Value {
    describe(catalog, indicator, Reading::Meaning)
}

/// Returns what an indicator measures: equal values measure the same.
pub(super) fn describe(catalog: &Catalog, indicator: &IndicatorUse, reading: Reading) -> Value {
    let Some(indicator) = catalog.indicator(indicator).one() else {
        return match indicator {
            IndicatorUse::Named(reference) => json!({ "unresolved": reference.name }),
            IndicatorUse::Missing | IndicatorUse::Inline(_) => Value::Null,
        };
    };
    let sources = parts(&indicator.measure).into_iter().map(|(name, source)| {
        let source = source.map(|source| describe_source(catalog, source, reading));
        json!([name, source])
    });
    let how = match &indicator.measure {
        Measure::Raw { raw_type, .. } => json!(raw_type),
        Measure::Counts(counts) => json!(counts.counter),
        Measure::Unreadable | Measure::Threshold(_) => Value::Null,
    };
    json!([word(&indicator.measure), how, sources.collect::<Vec<_>>()])
}

fn describe_source(catalog: &Catalog, source: &MetricSource, reading: Reading) -> Value {
    let source_type = catalog.source_type(source);
    let query = source.query.as_ref().map(|query| match reading {
        Reading::Text => Cow::Borrowed(query.text.as_str()),
        Reading::Meaning => Cow::Owned(canonical_query(&query.text, source_type)),
    });
    let mut settings: Vec<_> = source.settings.iter().collect();
    if reading == Reading::Meaning {
        // Stable, so that the items of a list, which share a path, keep their order.
        settings.sort_by_key(|setting| &setting.path);
    }
    let name = source.reference.as_ref().map(|reference| &reference.name);
    json!([name, source_type, query, settings])
}

/// Returns the text of a query in one layout: PromQL printed from its tree, with matchers and lists
/// of labels in order; anything else without needless white space.
fn canonical_query(text: &str, source_type: Option<&str>) -> String {
    if source_type.is_none_or(answers_promql) {
        let (tree, problems) = query::parse(text);
        if let (Some(mut tree), true) = (tree, problems.is_empty()) {
            order_labels(&mut tree);
            return tree.to_string();
        }
    }
    folded(text)
}

/// Folds white space outside quotes. Where a comment may end with a line, lines stay apart.
fn folded(text: &str) -> String {
    let keeps_lines = COMMENTS.iter().any(|mark| text.contains(mark));
    let mut result = String::with_capacity(text.len());
    let mut quote: Option<char> = None;
    let mut escaped = false;
    let mut space: Option<char> = None;
    for letter in text.trim().chars() {
        if quote.is_none() && letter.is_whitespace() {
            let breaks = keeps_lines && (letter == '\n' || space == Some('\n'));
            space = Some(if breaks { '\n' } else { ' ' });
            continue;
        }
        result.extend(space.take());
        result.push(letter);
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if letter == '\\' => escaped = true,
            Some(open) if letter == open => quote = None,
            None if matches!(letter, '\'' | '"' | '`') => quote = Some(letter),
            Some(_) | None => {}
        }
    }
    result
}

/// Brings matchers and lists of labels, whose order means nothing, into the order of the alphabet.
///
/// The height of a tree is bounded by the parser, so this ends.
fn order_labels(expression: &mut Expression) {
    match &mut expression.kind {
        ExpressionKind::Number(_) | ExpressionKind::Text(_) | ExpressionKind::Placeholder(_) => {}
        ExpressionKind::Vector(selector) => order_matchers(selector),
        ExpressionKind::Range(range) => order_matchers(&mut range.selector),
        ExpressionKind::Subquery(subquery) => order_labels(&mut subquery.operand),
        ExpressionKind::Parenthesized(inner) => order_labels(inner),
        ExpressionKind::Unary(unary) => order_labels(&mut unary.operand),
        ExpressionKind::Binary(binary) => {
            if let Some(matching) = &mut binary.matching {
                order_names(&mut matching.labels);
                matching.group.iter_mut().for_each(|group| order_names(&mut group.labels));
            }
            order_labels(&mut binary.left);
            order_labels(&mut binary.right);
        }
        ExpressionKind::Aggregation(aggregation) => {
            aggregation.grouping.iter_mut().for_each(|by| order_names(&mut by.labels));
            aggregation.parameter.iter_mut().for_each(order_labels);
            order_labels(&mut aggregation.operand);
        }
        ExpressionKind::Call(call) => call.arguments.iter_mut().for_each(order_labels),
    }
}

fn order_matchers(selector: &mut VectorSelector) {
    selector.matchers.sort_by_cached_key(ToString::to_string);
}

fn order_names(names: &mut [Name]) {
    names.sort_by(|left, right| left.text.cmp(&right.text));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str, source_type: Option<&str>) -> bool {
        canonical_query(left, source_type) == canonical_query(right, source_type)
    }

    #[test]
    fn promql_is_compared_by_its_tree() {
        let prometheus = Some("Prometheus");
        let left = "sum by (a, b) (rate(x{job='api',code=~\"2..\"}[1h])) # good";
        let right = "sum(\n  rate(x{code=~\"2..\", job=\"api\"}[60m])\n) by (b, a)";
        assert!(same(left, right, prometheus));
        assert!(same(left, right, None));
        assert!(!same(left, &right.replace("2..", "[23].."), prometheus));
        assert!(!same("a - b", "b - a", prometheus));
    }

    #[test]
    fn text_in_quotes_and_lines_after_comments_stay() {
        let datadog = Some("Datadog");
        assert!(same("sum:x{a}  /\n sum:y{b}", "sum:x{a} / sum:y{b}", datadog));
        assert!(!same("select 'a  b'", "select 'a b'", datadog));
        assert!(!same("select a -- b\n, c", "select a -- b , c", datadog));
        assert!(same("select a -- b\n\n  , c", "select a -- b \n, c", datadog));
    }
}
