//! Where shares or percentiles are averaged or added up, as if each stood for as many events.
//!
//! **Invariant:** what is put together are certainly several values, as far as labels tell: the sum of a
//! single series is that series.

use crate::query::Extent;
use crate::query::events;
use crate::query::events::Events;
use crate::query::events::Groups;
use crate::query::events::Reading;
use crate::query::events::Share;
use crate::query::events::reduce;
use crate::query::origin::origin;
use crate::query::tree::Aggregator;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Grouping;
use crate::query::tree::GroupingKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::VectorSelector;

use super::latency::mean;
use super::percentiles::Percentile;
use super::percentiles::of_series;
use super::percentiles::percentile;

/// Values that are averaged or added up.
#[derive(Clone, Debug, PartialEq)]
pub struct Average<'t> {
    /// What they are.
    pub of: Parts<'t>,
    /// Which of them are put together.
    pub over: Over,
    /// Whether they are added up; averaged otherwise.
    pub is_sum: bool,
    /// The name of the aggregation or of the function.
    pub name: Extent,
}

/// Values that are no parts of a mean or of a sum.
#[derive(Clone, Debug, PartialEq)]
pub enum Parts<'t> {
    /// Shares: one count divided by another.
    Shares(Share<'t>),
    /// Percentiles.
    Percentiles(Percentile<'t>),
}

/// Which values are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Those of several series.
    Series,
    /// Those of several moments.
    Time,
}

/// Returns where a query averages or adds up shares or percentiles, in the order of the text.
pub fn averages<'t>(expression: &'t Expression, text: &str) -> Vec<Average<'t>> {
    let mut found: Vec<Average<'t>> = average(expression, text).into_iter().collect();
    // The height of a tree is bounded, so this ends.
    found.extend(expression.children().into_iter().flat_map(|child| averages(child, text)));
    found
}

fn average<'t>(expression: &'t Expression, text: &str) -> Option<Average<'t>> {
    match &expression.kind {
        ExpressionKind::Aggregation(aggregation) => {
            let is_sum = aggregation.aggregator == Aggregator::Sum;
            if !is_sum && aggregation.aggregator != Aggregator::Average {
                return None;
            }
            let of = parts(&aggregation.operand, text)?;
            let name = aggregation.aggregator_extent;
            let is_one = is_kept(&of, aggregation.grouping.as_ref());
            (!is_one).then_some(Average { of, over: Over::Series, is_sum, name })
        }
        ExpressionKind::Call(call) => {
            let is_sum = call.name.text == "sum_over_time";
            if !is_sum && call.name.text != "avg_over_time" {
                return None;
            }
            let of = match &call.arguments.first()?.bare().kind {
                ExpressionKind::Subquery(subquery) => parts(&subquery.operand, text)?,
                ExpressionKind::Range(range) => Parts::Percentiles(of_series(&range.selector)?),
                _ => return None,
            };
            Some(Average { of, over: Over::Time, is_sum, name: call.name.extent })
        }
        _ => None,
    }
}

fn parts<'t>(expression: &'t Expression, text: &str) -> Option<Parts<'t>> {
    let expression = origin(expression, text).expression;
    if let Some(percentile) = percentile(expression, text) {
        return Some(Parts::Percentiles(percentile));
    }
    let share = events::share(expression)?;
    let grows = |events: &Events<'_>| {
        let mut readings = events.sets.iter().map(|set| set.reading);
        readings.all(|reading| !matches!(reading, Reading::Value | Reading::Sum))
    };
    let is_count = |side: &Expression| reduce(side).is_some_and(|events| grows(&events));
    // Shares of one whole, which `group_left` brings to each of them, add up to a share of it.
    let matching = share.division.matching.as_ref();
    let is_joined = matching.is_some_and(|matching| matching.group.is_some());
    let is_share = is_count(share.part) && is_count(share.whole) && !is_joined;
    (is_share && mean(share.division).is_none()).then_some(Parts::Shares(share))
}

/// Returns whether an aggregation keeps every one of its values apart.
fn is_kept(parts: &Parts<'_>, outer: Option<&Grouping>) -> bool {
    let (inner, selector) = match parts {
        Parts::Percentiles(percentile) => (percentile.groups, percentile.selector),
        Parts::Shares(share) => {
            let Some(events) = reduce(share.whole) else { return false };
            let Some(set) = events.sets.first() else { return false };
            (set.groups, set.selector)
        }
    };
    match (inner, outer) {
        (Groups::One, _) => true,
        (Groups::Each, _) => false,
        (Groups::Some(inner), outer) => {
            let names = |label: &str, grouping: &Grouping| {
                grouping.labels.iter().any(|name| name.text == label)
            };
            let is_by = |grouping: &Grouping| grouping.kind == GroupingKind::By;
            match outer {
                _ if is_by(inner) => {
                    let is_lost = |label: &str| match outer {
                        None => true,
                        Some(outer) => is_by(outer) != names(label, outer),
                    };
                    let mut labels = inner.labels.iter().map(|name| name.text.as_str());
                    !labels
                        .any(|label| label != "le" && !is_fixed(selector, label) && is_lost(label))
                }
                Some(outer) if !is_by(outer) => {
                    outer.labels.iter().all(|label| names(&label.text, inner))
                }
                _ => false,
            }
        }
    }
}

/// Returns whether series have one value of a label alone.
fn is_fixed(selector: &VectorSelector, label: &str) -> bool {
    let mut matchers = selector.matchers.iter();
    matchers.any(|matcher| matcher.label.text == label && matcher.operator == MatchOperator::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse;

    fn found(text: &str) -> Vec<(bool, Over, bool)> {
        let (Some(tree), problems) = parse(text) else { panic!("{text}") };
        assert_eq!(problems, [], "{text}");
        let is_share = |of: &Parts<'_>| matches!(of, Parts::Shares(_));
        averages(&tree, text).iter().map(|one| (is_share(&one.of), one.over, one.is_sum)).collect()
    }

    #[test]
    fn several_values_are_put_together() {
        for (text, expected) in [
            ("avg(rate(a[5m]) / rate(b[5m]))", (true, Over::Series, false)),
            ("sum by (job) (rate(a[5m]) / rate(b[5m])) * 100", (true, Over::Series, true)),
            (
                "avg(1 - sum by (x) (rate(a[5m])) / sum by (x) (rate(b[5m])))",
                (true, Over::Series, false),
            ),
            (
                "avg without (x) (sum without (y) (rate(a[5m])) / sum without (y) (rate(b[5m])))",
                (true, Over::Series, false),
            ),
            (
                "avg_over_time((sum(rate(a[5m])) / sum(rate(b[5m])))[1h:])",
                (true, Over::Time, false),
            ),
            (
                "avg(histogram_quantile(0.9, sum by (le, x) (rate(a_bucket[5m]))))",
                (false, Over::Series, false),
            ),
            ("avg(histogram_quantile(0.9, rate(a_bucket[5m]))) < 1", (false, Over::Series, false)),
            ("sum(a{quantile='0.9'})", (false, Over::Series, true)),
            ("avg_over_time(latency_p99[1h])", (false, Over::Time, false)),
        ] {
            assert_eq!(found(text), [expected], "{text}");
        }
    }

    #[test]
    fn one_value_and_values_that_may_be_put_together_are_left() {
        for text in [
            "avg(sum(rate(a[5m])) / sum(rate(b[5m])))",
            "sum by (x) (sum by (x) (rate(a[5m])) / sum by (x) (rate(b[5m])))",
            "avg(sum by (x) (rate(a{x='1'}[5m])) / sum by (x) (rate(b{x='1'}[5m])))",
            "avg without (y) (sum without (y) (rate(a[5m])) / sum without (y) (rate(b[5m])))",
            "sum(rate(a[5m]) / ignoring (code) group_left sum without (code) (rate(a[5m])))",
            "sum(rate(a[5m]) / scalar(sum(rate(b[5m]))))",
            "avg(histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m]))))",
            "max(rate(a[5m]) / rate(b[5m]))",
            "max_over_time(latency_p99[1h])",
            "count(latency_p99 > 1)",
            "avg_over_time((latency_p99 < bool 1)[1h:])",
            "avg(rate(a_sum[5m]) / rate(a_count[5m]))",
            "sum(rate(a[5m])) / sum(rate(b[5m]))",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
