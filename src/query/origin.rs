//! Where the value of a query comes from.
//!
//! **Invariant:** nothing is looked through that gives a value of another nature: `x < bool 1` is an
//! answer and no latency any more.
//!
//! # Why
//!
//! A percentile times 1000, without the series that have no traffic, is a percentile. Rules that ask what
//! a value is see it behind what people put around it.

use crate::quantity::Ratio;

use super::comparison::exact;
use super::events::KEEP;
use super::events::clamped;
use super::events::constant;
use super::events::guarded;
use super::tree::Aggregator;
use super::tree::BinaryOperator;
use super::tree::Expression;
use super::tree::ExpressionKind;
use super::tree::Sign;

/// The expression that a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin<'t> {
    /// The expression, without parentheses around it.
    pub expression: &'t Expression,
    /// What it is multiplied by; absent where that is not written as decimals.
    pub factor: Option<Ratio>,
    /// Whether `label_replace` or `label_join` changes labels on the way.
    pub is_relabeled: bool,
}

/// Returns what an expression takes its value from, series by series: behind parentheses, factors, bounds,
/// filters, and changes of labels and order.
///
/// * `text`: the query.
pub fn origin<'t>(expression: &'t Expression, text: &str) -> Origin<'t> {
    let factor = Some(Ratio::one());
    let mut origin = Origin { expression: expression.bare(), factor, is_relabeled: false };
    while let Some(inner) = step(origin.expression, text, &mut origin.factor) {
        origin.is_relabeled |= matches!(&origin.expression.kind,
            ExpressionKind::Call(call) if call.name.text.starts_with("label_"));
        origin.expression = inner.bare();
    }
    origin
}

/// Returns what an expression takes its value from, whichever series or moments are put together: as
/// [`origin`] does, and behind sums, averages, maxima and the like.
pub fn source<'t>(expression: &'t Expression, text: &str) -> Origin<'t> {
    let mut found = origin(expression, text);
    while let Some(inner) = gathered(found.expression) {
        let next = origin(inner, text);
        let both = found.factor.zip(next.factor);
        let factor = both.map(|(one, other)| &one * &other);
        let is_relabeled = found.is_relabeled || next.is_relabeled;
        found = Origin { factor, is_relabeled, ..next };
    }
    found
}

fn step<'t>(
    expression: &'t Expression,
    text: &str,
    factor: &mut Option<Ratio>,
) -> Option<&'t Expression> {
    match &expression.kind {
        ExpressionKind::Unary(unary) if unary.sign == Sign::Plus => Some(&unary.operand),
        ExpressionKind::Call(call) => {
            let name = call.name.text.as_str();
            if KEEP.contains(&name) || name == "round" {
                return call.arguments.first();
            }
            clamped(call, expression.extent).map(|(inner, _)| inner)
        }
        ExpressionKind::Binary(binary) => {
            let (left, right) = (&binary.left, &binary.right);
            let before = factor.clone();
            match (binary.operator, constant(left), constant(right)) {
                (BinaryOperator::Multiply, None, Some(_)) => {
                    *factor = before.zip(exact(right, text)).map(|(one, by)| &one * &by);
                    Some(left)
                }
                (BinaryOperator::Multiply, Some(_), None) => {
                    *factor = before.zip(exact(left, text)).map(|(one, by)| &one * &by);
                    Some(right)
                }
                (BinaryOperator::Divide, None, Some(_)) => {
                    let by = before.zip(exact(right, text));
                    *factor = by.and_then(|(one, by)| one.checked_div(&by));
                    Some(left)
                }
                (BinaryOperator::And | BinaryOperator::Unless, ..) => Some(left),
                _ => guarded(binary).map(|(inner, _)| inner),
            }
        }
        _ => None,
    }
}

/// Returns what an expression puts together, where the result is of the same nature.
fn gathered(expression: &Expression) -> Option<&Expression> {
    const OVER_TIME: [&str; 5] =
        ["avg_over_time", "last_over_time", "max_over_time", "min_over_time", "quantile_over_time"];
    match &expression.kind {
        ExpressionKind::Aggregation(aggregation) => {
            let is_alike = matches!(
                aggregation.aggregator,
                Aggregator::Sum
                    | Aggregator::Average
                    | Aggregator::Minimum
                    | Aggregator::Maximum
                    | Aggregator::TopK
                    | Aggregator::BottomK
                    | Aggregator::Quantile
                    | Aggregator::LimitK
                    | Aggregator::LimitRatio
            );
            is_alike.then_some(&aggregation.operand)
        }
        ExpressionKind::Call(call) if OVER_TIME.contains(&call.name.text.as_str()) => {
            match &call.arguments.last()?.bare().kind {
                ExpressionKind::Subquery(subquery) => Some(&subquery.operand),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse;

    /// Returns the origin, its factor, and the source.
    fn found(text: &str) -> (String, Option<String>, String) {
        let (Some(tree), problems) = parse(text) else { panic!("{text}") };
        assert_eq!(problems, [], "{text}");
        let (near, far) = (origin(&tree, text), source(&tree, text));
        let part = |origin: &Origin<'_>| origin.expression.extent.slice(text).to_owned();
        (part(&near), near.factor.as_ref().map(Ratio::to_string), part(&far))
    }

    #[test]
    fn what_is_put_around_a_value_leaves_it_what_it_is() {
        for (text, factor) in [
            ("a", "1"),
            ("((a) * 1000) > 0", "1000"),
            ("sort_desc(60 * a / 120)", "0.5"),
            ("clamp_max(a, 5) or vector(0)", "1"),
            ("round(a, 0.1) and on (job) b > 3", "1"),
        ] {
            let whole = ("a".to_owned(), Some(factor.to_owned()), "a".to_owned());
            assert_eq!(found(text), whole, "{text}");
        }
        assert_eq!(found("a * 0x10"), ("a".to_owned(), None, "a".to_owned()));
    }

    #[test]
    fn what_gives_another_value_is_not_looked_through() {
        for text in ["a < bool 1", "1 - a", "a / b", "-a", "count(a)", "rate(a[5m])", "a == bool 1"]
        {
            assert_eq!(found(text).2, text);
        }
        let (near, _, far) = found("max by (job) (avg_over_time((2 * a)[1h:5m]))");
        assert_eq!(
            (near.as_str(), far.as_str()),
            ("max by (job) (avg_over_time((2 * a)[1h:5m]))", "a")
        );
    }
}
