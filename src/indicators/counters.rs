//! Which selections of a query are counters, and how they are read.
//!
//! # Source
//!
//! OpenMetrics 1.0, "Counter", "Histogram" and "Summary": the suffixes of their samples. Prometheus
//! documentation, "Metric and label naming": suffixes of shares and of facts about a target.

use crate::config::Metrics;
use crate::query::events::metric;
use crate::query::tree::Aggregator;
use crate::query::tree::Binary;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Call;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::RangeSelector;
use crate::query::tree::Subquery;
use crate::query::tree::VectorSelector;

/// What the samples of a metric are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Samples {
    /// They only grow, until the process starts anew.
    Counter,
    /// They go up and down.
    Gauge,
    /// Nobody knows.
    Unknown,
}

/// What is wrong with how a counter is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Misuse<'t> {
    /// A counter without a function that takes its growth: how much there was since the process started.
    Bare(&'t VectorSelector),
    /// The growth of something that is no counter.
    OfGauge(&'t Call, &'t VectorSelector),
    /// The growth of a sum, in which the start of one process hides the growth of the others.
    OfSum(&'t Call, &'t Subquery),
    /// The growth over a range, for the caller to compare with how often samples are taken.
    Range(&'t Call, &'t RangeSelector),
}

/// Returns what the samples of a metric are: as declared, or by its suffix.
///
/// `_count` and `_sum` end the names of gauges too.
pub fn samples(name: &str, metrics: &Metrics) -> Samples {
    const GAUGES: [&str; 5] = ["_ratio", "_percent", "_percentage", "_info", "_timestamp_seconds"];
    let histogram = ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end));
    let of_histogram = histogram.and_then(|family| metrics.types.get(family));
    let declared = metrics.types.get(name).or(of_histogram);
    match declared.map(String::as_str) {
        Some("gauge") => Samples::Gauge,
        // The quantiles of a summary go up and down beside its count and its sum.
        Some("summary") if histogram.is_none() => Samples::Gauge,
        // A native histogram is one series, whose growth is taken as that of a counter.
        Some(_) => Samples::Counter,
        None if name.ends_with("_total") || name.ends_with("_bucket") => Samples::Counter,
        None if GAUGES.iter().any(|suffix| name.ends_with(suffix)) => Samples::Gauge,
        None => Samples::Unknown,
    }
}

/// Returns what is wrong with how the counters of a query are read, in the order of the text.
pub fn misuses<'t>(expression: &'t Expression, metrics: &Metrics) -> Vec<Misuse<'t>> {
    let mut found = Vec::new();
    walk(expression, true, metrics, &mut found);
    found
}

/// Walks through what passes the value of its operands on; `is_value` where it arrives in the result.
fn walk<'t>(
    expression: &'t Expression,
    is_value: bool,
    metrics: &Metrics,
    found: &mut Vec<Misuse<'t>>,
) {
    match &expression.kind {
        ExpressionKind::Vector(selector) if is_value => {
            let samples = metric(selector).map(|name| samples(name, metrics));
            if samples == Some(Samples::Counter) {
                found.push(Misuse::Bare(selector));
            }
        }
        ExpressionKind::Parenthesized(inner) => walk(inner, is_value, metrics, found),
        ExpressionKind::Unary(unary) => walk(&unary.operand, is_value, metrics, found),
        ExpressionKind::Aggregation(aggregation) => {
            let keeps = matches!(
                aggregation.aggregator,
                Aggregator::Sum | Aggregator::Average | Aggregator::Minimum | Aggregator::Maximum
            );
            walk(&aggregation.operand, is_value && keeps, metrics, found);
        }
        ExpressionKind::Binary(binary) => {
            let keeps = is_value && keeps(binary);
            walk(&binary.left, keeps, metrics, found);
            walk(&binary.right, keeps, metrics, found);
        }
        ExpressionKind::Call(call) if takes_growth(call) => growth(call, metrics, found),
        _ => {
            for child in expression.children() {
                walk(child, false, metrics, found);
            }
        }
    }
}

/// Returns whether the values on both sides of an operator arrive in its result. A difference may be that
/// of a counter at two times.
fn keeps(binary: &Binary) -> bool {
    matches!(binary.operator, BinaryOperator::Add | BinaryOperator::Divide)
}

/// Returns whether a function takes the growth of counters.
pub fn takes_growth(call: &Call) -> bool {
    ["rate", "irate", "increase"].contains(&call.name.text.as_str())
}

fn growth<'t>(call: &'t Call, metrics: &Metrics, found: &mut Vec<Misuse<'t>>) {
    let Some(argument) = call.arguments.first() else { return };
    match &argument.bare().kind {
        ExpressionKind::Range(range) => {
            let samples = metric(&range.selector).map(|name| samples(name, metrics));
            found.push(match samples {
                Some(Samples::Gauge) => Misuse::OfGauge(call, &range.selector),
                _ => Misuse::Range(call, range),
            });
        }
        ExpressionKind::Subquery(subquery) => {
            let mut inside = Vec::new();
            walk(&subquery.operand, true, metrics, &mut inside);
            let is_sum = |expression: &Expression| {
                matches!(&expression.bare().kind, ExpressionKind::Aggregation(aggregation)
                    if aggregation.aggregator == Aggregator::Sum)
            };
            if is_sum(&subquery.operand) && inside.iter().any(|one| matches!(one, Misuse::Bare(_)))
            {
                found.push(Misuse::OfSum(call, subquery));
            }
        }
        _ => {}
    }
}
