use std::collections::BTreeMap;

use crate::finding::Level;
use crate::indicators::Parsed;
use crate::indicators::Sli;
use crate::indicators::counters::takes_growth;
use crate::query::Extent;
use crate::query::events::constant;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Matcher;
use crate::query::tree::VectorSelector;
use crate::query::values::Values;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::sentence;

pub(super) const RULE: Rule = Rule {
    name: "query-never-counts",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("query_never_counts.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    for parsed in &sli.queries.each {
        let Some(tree) = parsed.sound() else { continue };
        for selector in tree.selectors() {
            contradiction(parsed, selector, checker);
        }
        comparisons(parsed, tree, checker);
    }
}

/// Says which matchers of a label no value satisfies: of several labels, those of the first.
fn contradiction(parsed: &Parsed<'_>, selector: &VectorSelector, checker: &mut Checker<'_>) {
    let mut labels: BTreeMap<&str, Vec<&Matcher>> = BTreeMap::new();
    for matcher in &selector.matchers {
        labels.entry(matcher.label.text.as_str()).or_default().push(matcher);
    }
    let is_void = |matchers: &&Vec<&Matcher>| {
        let values = Values::of(matchers.iter().copied(), checker.automata());
        values.is_empty() == Some(true)
    };
    let Some(matchers) = labels.values().find(is_void) else { return };
    let text = &parsed.query.text;
    let words: Vec<String> =
        matchers.iter().map(|matcher| format!("`{}`", matcher.extent.slice(text))).collect();
    let message = match words.as_slice() {
        [only] => format!("no series satisfies {only}"),
        words => format!("no series satisfies {}", sentence(words, "and")),
    };
    let mut places =
        matchers.iter().rev().map(|matcher| checker.place(parsed.query, matcher.extent));
    let Some(place) = places.next() else { return };
    let others: Vec<_> = places.collect();
    let finding = checker.report(place, message);
    finding.label("this selector never finds a series");
    for other in others {
        finding.also(other, "excludes it");
    }
    finding.help("take out what excludes the rest, or join the values: `code=~\"500|503\"`");
}

/// Says where the growth of a counter is asked to be below 0, or above what nothing is.
fn comparisons(parsed: &Parsed<'_>, expression: &Expression, checker: &mut Checker<'_>) {
    if let ExpressionKind::Binary(binary) = &expression.kind
        && let Some(bound) = constant(&binary.right)
        && is_growth(&binary.left)
    {
        let never = match binary.operator {
            BinaryOperator::Less => bound <= 0.0,
            BinaryOperator::LessOrEqual | BinaryOperator::Equal => bound < 0.0,
            _ => false,
        };
        if never && binary.bool_extent.is_none() {
            let extent = Extent::join(binary.operator_extent, binary.right.extent);
            let place = checker.place(parsed.query, extent);
            let finding = checker.report(place, "the growth of a counter is never below 0");
            finding.label("this comparison never holds");
            finding.help("compare with what the growth can be, such as `> 0`");
        }
    }
    for child in expression.children() {
        comparisons(parsed, child, checker);
    }
}

/// Returns whether an expression is the growth of counters, or a sum of that.
fn is_growth(expression: &Expression) -> bool {
    match &expression.bare().kind {
        ExpressionKind::Aggregation(aggregation) => is_growth(&aggregation.operand),
        ExpressionKind::Call(call) => takes_growth(call),
        _ => false,
    }
}
