//! What the queries of an indicator count at Datadog.
//!
//! **Invariant:** only what is added up or taken away is told; what a function makes of it is another
//! number, which nobody here knows.

use crate::quantity::Ratio;
use crate::query::datadog::tree::Aggregator;
use crate::query::datadog::tree::BinaryOperator;
use crate::query::datadog::tree::Expression;
use crate::query::datadog::tree::ExpressionKind;
use crate::query::datadog::tree::Modifier;
use crate::query::datadog::tree::Selection;

use super::Parsed;
use super::Role;
use super::Sli;

/// Series that an indicator counts.
#[derive(Clone, Debug)]
pub struct Counted<'s, 'a> {
    /// The query that they stand in.
    pub parsed: &'s Parsed<'a>,
    /// The series.
    pub selection: &'s Selection,
    /// The modifiers that hold for them, those of parentheses around them included.
    pub modifiers: Vec<&'s Modifier>,
}

/// Returns the series that the queries for good, bad and valid events add up or take away; those of a
/// query are absent where it has a mistake.
pub fn counted<'s, 'a>(sli: &'s Sli<'a>) -> Vec<Counted<'s, 'a>> {
    let mut found = Vec::new();
    for parsed in &sli.queries.each {
        let is_count = matches!(parsed.role, Role::Good | Role::Bad | Role::Total);
        if let (true, Some(tree)) = (is_count, parsed.sound_datadog()) {
            add(parsed, tree, &[], &mut found);
        }
    }
    found
}

fn add<'s, 'a>(
    parsed: &'s Parsed<'a>,
    tree: &'s Expression,
    outer: &[&'s Modifier],
    found: &mut Vec<Counted<'s, 'a>>,
) {
    match &tree.kind {
        ExpressionKind::Selection(selection) => {
            let modifiers = selection.modifiers.iter().chain(outer.iter().copied()).collect();
            found.push(Counted { parsed, selection, modifiers });
        }
        ExpressionKind::Parenthesized(inner) => add(parsed, inner, outer, found),
        ExpressionKind::Modified(modified) => {
            let all: Vec<_> = modified.modifiers.iter().chain(outer.iter().copied()).collect();
            add(parsed, &modified.operand, &all, found);
        }
        ExpressionKind::Binary(binary)
            if matches!(binary.operator, BinaryOperator::Add | BinaryOperator::Subtract) =>
        {
            add(parsed, &binary.left, outer, found);
            add(parsed, &binary.right, outer, found);
        }
        _ => {}
    }
}

/// Returns the series whose mean is what an objective compares: the whole query, averaged.
///
/// # Source
///
/// Datadog documentation, "Metrics": a query without an aggregator averages.
pub fn mean_of_datadog<'s>(parsed: &'s Parsed<'_>) -> Option<&'s Selection> {
    let mut tree = parsed.sound_datadog().filter(|_| parsed.role == Role::Value)?;
    while let ExpressionKind::Parenthesized(inner) = &tree.kind {
        tree = inner;
    }
    let ExpressionKind::Selection(selection) = &tree.kind else { return None };
    averages(selection).then_some(selection)
}

/// Returns the rank of the percentiles that agents have taken, each of its own host, and that a query puts
/// together: `avg:request.latency.95percentile`.
///
/// # Source
///
/// Datadog documentation, "DogStatsD", histograms: `.95percentile` and the like, one for each host;
/// "Distributions": percentiles over all hosts.
pub fn rank_of_hosts(selection: &Selection) -> Option<Ratio> {
    let end = selection.metric.text.rsplit('.').next()?;
    let rank = Ratio::parse(end.strip_suffix("percentile")?)?;
    let aggregation = selection.aggregation.as_ref();
    let is_sum = aggregation.and_then(|it| it.aggregator) == Some(Aggregator::Sum);
    let hundredth = Ratio::new(1, 100)?;
    (is_sum || averages(selection)).then(|| &rank * &hundredth)
}

fn averages(selection: &Selection) -> bool {
    match &selection.aggregation {
        Some(aggregation) => aggregation.aggregator == Some(Aggregator::Average),
        None => true,
    }
}

impl<'s> Counted<'s, '_> {
    /// Returns the modifier of a name, such as `as_count`.
    pub fn modifier(&self, name: &str) -> Option<&'s Modifier> {
        self.modifiers.iter().copied().find(|modifier| modifier.name.text == name)
    }
}
