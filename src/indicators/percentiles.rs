//! Which values are percentiles of a distribution.

use crate::quantity::Ratio;
use crate::query::Extent;
use crate::query::comparison::exact;
use crate::query::events::Groups;
use crate::query::events::metric;
use crate::query::origin::origin;
use crate::query::tree::Aggregation;
use crate::query::tree::Aggregator;
use crate::query::tree::Call;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::GroupingKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::NameForm;
use crate::query::tree::VectorSelector;

use super::subset::BOUND;

/// A value that is a percentile.
#[derive(Clone, Debug, PartialEq)]
pub struct Percentile<'t> {
    /// Which one, as a share: 0.99; absent where it is not written as a decimal.
    pub share: Option<Ratio>,
    /// The series that it is computed of, or that hold it.
    pub selector: &'t VectorSelector,
    /// What it is.
    pub kind: Kind,
    /// Into which series the distribution was gathered before; `le` is none of their labels.
    pub groups: Groups<'t>,
    /// The whole expression.
    pub extent: Extent,
}

/// How a percentile came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Computed from the buckets of a histogram: `histogram_quantile(…)`.
    OfHistogram,
    /// Computed by the process itself, as the label `quantile` of a summary says.
    OfSummary,
    /// Computed before, as the name says: `job:latency_p99`.
    Recorded,
}

/// Returns the percentile that an expression is, parentheses around it aside.
pub fn percentile<'t>(expression: &'t Expression, text: &str) -> Option<Percentile<'t>> {
    let expression = expression.bare();
    match &expression.kind {
        ExpressionKind::Vector(selector) => of_series(selector),
        ExpressionKind::Call(call) => of_histogram(call, expression.extent, text),
        _ => None,
    }
}

/// Returns the percentile that series hold, by a label or by their name.
///
/// The quantiles 0 and 1 are the least and the greatest value: no percentiles.
pub fn of_series(selector: &VectorSelector) -> Option<Percentile<'_>> {
    let name = metric(selector)?;
    if ["_sum", "_count", "_bucket", "_total"].iter().any(|end| name.ends_with(end)) {
        return None;
    }
    let is_quantile =
        |label: &str, operator| label == "quantile" && operator == MatchOperator::Equal;
    let mut labels = selector.matchers.iter();
    let label = labels.find(|matcher| is_quantile(&matcher.label.text, matcher.operator));
    let share = label.and_then(|matcher| Ratio::parse(&matcher.value)).filter(Ratio::is_part);
    let (share, kind) = match (share, named(name)) {
        (Some(share), _) => (Some(share), Kind::OfSummary),
        (None, Some(word)) if label.is_none() => (share_of(word), Kind::Recorded),
        _ => return None,
    };
    Some(Percentile { share, selector, kind, groups: Groups::Each, extent: selector.extent })
}

fn of_histogram<'t>(call: &'t Call, extent: Extent, text: &str) -> Option<Percentile<'t>> {
    if call.name.text != "histogram_quantile" {
        return None;
    }
    let [share, histogram] = call.arguments.as_slice() else { return None };
    let groups = match &origin(histogram, text).expression.kind {
        ExpressionKind::Aggregation(aggregation) => {
            aggregation.grouping.as_ref().map_or(Groups::One, Groups::Some)
        }
        _ => Groups::Each,
    };
    let selector = histogram.selectors().into_iter().next()?;
    let share = exact(share, text);
    Some(Percentile { share, selector, kind: Kind::OfHistogram, groups, extent })
}

/// Returns the word of a name that says that it holds a percentile.
///
/// After the word stand units and lengths of time alone: `latency_p99_ok` is an answer.
fn named(name: &str) -> Option<&str> {
    const UNITS: [&str; 7] =
        ["seconds", "milliseconds", "microseconds", "ms", "s", "duration", "latency"];
    let words: Vec<&str> = name.split(['_', ':', '.']).collect();
    let is_word = |word: &&str| share_of(word).is_some() || is_percentile(word);
    let at = words.iter().rposition(is_word)?;
    let is_length = |word: &str| {
        let word = word.strip_prefix("rate").unwrap_or(word);
        word.starts_with(|first: char| first.is_ascii_digit())
            && word.ends_with(['s', 'm', 'h', 'd', 'w'])
    };
    let rest = words.get(at + 1..).unwrap_or_default();
    let is_value = rest.iter().all(|word| UNITS.contains(word) || is_length(word));
    words.get(at).copied().filter(|_| is_value)
}

fn is_percentile(word: &str) -> bool {
    ["quantile", "percentile", "pctl"].contains(&word)
}

/// Returns the share of a word such as `p99` or `p999`.
fn share_of(word: &str) -> Option<Ratio> {
    const KNOWN: [&str; 9] = ["50", "75", "90", "95", "98", "99", "995", "999", "9999"];
    let digits = word.strip_prefix('p').filter(|digits| KNOWN.contains(digits))?;
    Ratio::parse(&format!("0.{digits}"))
}

/// An aggregation that takes the bounds of buckets from what `histogram_quantile` computes with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drop<'t> {
    /// The aggregation.
    pub aggregation: &'t Aggregation,
    /// The name of the function.
    pub function: Extent,
}

/// Returns the aggregations below `histogram_quantile` that drop `le`, in the order of the text.
///
/// Native histograms have no such label; only metrics with the suffix `_bucket` are looked at.
///
/// # Source
///
/// Prometheus, `promql/functions.go`: series without a number in `le` are passed over, with a warning.
pub fn drops<'t>(expression: &'t Expression, text: &str) -> Vec<Drop<'t>> {
    let mut found = Vec::new();
    if let ExpressionKind::Call(call) = &expression.kind
        && call.name.text == "histogram_quantile"
        && let Some(histogram) = call.arguments.get(1)
    {
        let function = call.name.extent;
        found.extend(drop_of(histogram, text).map(|aggregation| Drop { aggregation, function }));
    }
    // The height of a tree is bounded, so this ends.
    found.extend(expression.children().into_iter().flat_map(|child| drops(child, text)));
    found
}

/// Returns the outermost aggregation of buckets that drops `le`.
fn drop_of<'t>(histogram: &'t Expression, text: &str) -> Option<&'t Aggregation> {
    let mut expression = histogram;
    loop {
        let found = origin(expression, text);
        let ExpressionKind::Aggregation(aggregation) = &found.expression.kind else { return None };
        // `label_replace` may have written `le` anew.
        if found.is_relabeled {
            return None;
        }
        let is_kept = match aggregation.aggregator {
            Aggregator::TopK
            | Aggregator::BottomK
            | Aggregator::LimitK
            | Aggregator::LimitRatio => true,
            Aggregator::CountValues | Aggregator::Group => return None,
            _ => aggregation.grouping.as_ref().is_some_and(|grouping| {
                let is_named = grouping.labels.iter().any(|label| label.text == BOUND);
                (grouping.kind == GroupingKind::By) == is_named
            }),
        };
        if !is_kept {
            let selectors = aggregation.operand.selectors();
            let is_bucket = |selector: &&VectorSelector| {
                metric(selector)
                    .is_some_and(|name| name.ends_with("_bucket") || name.contains("_bucket:"))
            };
            let are_buckets = !selectors.is_empty() && selectors.iter().all(is_bucket);
            return (are_buckets && !has_placeholder(aggregation)).then_some(aggregation);
        }
        expression = &aggregation.operand;
    }
}

fn has_placeholder(aggregation: &Aggregation) -> bool {
    let labels = aggregation.grouping.iter().flat_map(|grouping| &grouping.labels);
    labels.into_iter().any(|label| label.form == NameForm::Placeholder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse;

    fn found(text: &str) -> Option<(Kind, Option<String>)> {
        let (Some(tree), problems) = parse(text) else { panic!("{text}") };
        assert_eq!(problems, [], "{text}");
        let found = percentile(&tree, text)?;
        Some((found.kind, found.share.as_ref().map(Ratio::to_string)))
    }

    #[test]
    fn percentiles_are_told_by_function_label_and_name() {
        let some = |kind, share: &str| Some((kind, Some(share.to_owned())));
        let text = "(histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m]))))";
        assert_eq!(found(text), some(Kind::OfHistogram, "0.95"));
        assert_eq!(found("rpc_seconds{quantile='0.9'}"), some(Kind::OfSummary, "0.9"));
        assert_eq!(found("job:latency_p999:rate5m"), some(Kind::Recorded, "0.999"));
        assert_eq!(found("p50_latency_seconds"), some(Kind::Recorded, "0.5"));
        assert_eq!(found("node:x:histogram_quantile"), Some((Kind::Recorded, None)));
    }

    #[test]
    fn an_aggregation_drops_the_bounds_of_buckets() {
        let dropped = |text: &str| {
            let (Some(tree), problems) = parse(text) else { panic!("{text}") };
            assert_eq!(problems, [], "{text}");
            drops(&tree, text).len()
        };
        for inner in [
            "sum(rate(a_bucket[5m]))",
            "sum by (job) (rate(a_bucket[5m]))",
            "sum without (le) (rate(a_bucket[5m]))",
            "topk(3, sum without (le, pod) (rate(a_bucket[5m]))) > 0",
            "sum by (le) (sum by (job) (rate(a_bucket[5m])))",
            "sum by (job) (job_le:a_bucket:rate5m)",
        ] {
            let text = format!("max(histogram_quantile(0.9, {inner})) < 1");
            assert_eq!(dropped(&text), 1, "{inner}");
        }
        for inner in [
            "sum by (le) (rate(a_bucket[5m]))",
            "sum without (pod) (rate(a_bucket[5m]))",
            "rate(a_bucket[5m])",
            "sum(rate(a[5m]))",
            "sum by (job) (rate(a[5m]))",
            "label_replace(sum(rate(a_bucket[5m])), 'le', '1', '', '')",
            "sum by ($labels) (rate(a_bucket[5m]))",
            "sum(rate({__name__=~'a_bucket|b'}[5m]))",
        ] {
            assert_eq!(dropped(&format!("histogram_quantile(0.9, {inner})")), 0, "{inner}");
        }
        assert_eq!(dropped("sum(rate(a_bucket{le='1'}[5m]))"), 0);
    }

    #[test]
    fn what_only_looks_like_a_percentile_is_none() {
        for text in [
            "rpc_seconds{quantile='1'}",
            "rpc_seconds{quantile=~'0.9|0.5'}",
            "latency_p99_ok",
            "p95_checks_total",
            "slo_p12",
            "histogram_avg(rate(a[5m]))",
            "rate(latency_p99[5m])",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
