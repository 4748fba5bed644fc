//! Which events a query counts: a metric, and the labels that they have.
//!
//! # Why
//!
//! Two queries count the same events where they select the same series by the same words. Those that
//! do so by other words are not recognized: whoever asks here speaks only of what is certain.

use std::collections::BTreeSet;

use crate::quantity::Ratio;
use crate::query;
use crate::query::comparison::exact;
use crate::query::tree::Aggregator;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Grouping;
use crate::query::tree::GroupingKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::tree::Modifiers;
use crate::query::tree::Name;
use crate::query::tree::NameForm;
use crate::query::tree::RangeSelector;

/// The events of a metric that have some labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Events {
    /// The metric.
    pub metric: String,
    labels: BTreeSet<Label>,
}

/// A condition on a label: its name, the operator, the value.
type Label = (String, &'static str, String);

/// The events that one sum of rates counts, and over how many seconds.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The events.
    pub events: Events,
    /// The range; nothing where something else fills it in.
    pub seconds: Option<u64>,
}

/// A part of the events of a whole, or what that part leaves.
#[derive(Clone, Debug)]
pub struct Share {
    /// The part.
    pub part: Events,
    /// The whole.
    pub total: Events,
    /// Whether the share is one less the part.
    pub is_rest: bool,
    /// Over how many seconds.
    pub seconds: u64,
}

impl Events {
    /// Returns whether these are the events of a whole that others of it are not: they differ in
    /// one condition, which is the opposite.
    pub fn is_rest_of(&self, others: &Self) -> bool {
        let own: Vec<_> = self.labels.difference(&others.labels).collect();
        let other: Vec<_> = others.labels.difference(&self.labels).collect();
        let ([own], [other]) = (own.as_slice(), other.as_slice()) else { return false };
        let pairs = [("=", "!="), ("!=", "="), ("=~", "!~"), ("!~", "=~")];
        self.metric == others.metric
            && (&own.0, &own.2) == (&other.0, &other.2)
            && pairs.contains(&(own.1, other.1))
    }
}

/// Returns the events that an expression counts, a sum of one `rate` or `increase`; nothing where it
/// is anything else, gives several values, or looks at another time.
///
/// * `more`: conditions on the labels of the result.
pub fn counted(expression: &Expression, more: &[Matcher]) -> Option<Counted> {
    let ExpressionKind::Aggregation(sum) = &expression.bare().kind else { return None };
    let ExpressionKind::Call(call) = &sum.operand.bare().kind else { return None };
    let [argument] = call.arguments.as_slice() else { return None };
    let ExpressionKind::Range(range) = &argument.bare().kind else { return None };
    let is_rate = matches!(call.name.text.as_str(), "rate" | "increase");
    if sum.aggregator != Aggregator::Sum || !is_rate {
        return None;
    }
    let mut events = selected(range)?;
    let kept = kept(sum.grouping.as_ref())?;
    for matcher in more {
        let is_kept = kept.iter().any(|kept| kept.text == matcher.label.text);
        events.labels.insert(label(matcher).filter(|_| is_kept)?);
    }
    // A label that may have several values gives several results.
    let is_one = |name: &Name| {
        let mut labels = events.labels.iter();
        labels.any(|(label, operator, _)| *label == name.text && *operator == "=")
    };
    if !kept.iter().all(is_one) {
        return None;
    }
    let nanoseconds = range.range.nanoseconds().and_then(|length| u64::try_from(length).ok());
    Some(Counted { events, seconds: nanoseconds.map(|length| length / 1_000_000_000) })
}

/// Reads an expression as one sum of rates divided by another, or as one less that.
///
/// * `more`: conditions on the labels of the result.
pub fn share(expression: &Expression, text: &str, more: &[Matcher]) -> Option<Share> {
    let ExpressionKind::Binary(binary) = &expression.bare().kind else { return None };
    match binary.operator {
        BinaryOperator::Divide => {
            let part = counted(&binary.left, more)?;
            let total = counted(&binary.right, more)?;
            let seconds = part.seconds.filter(|_| part.seconds == total.seconds)?;
            Some(Share { part: part.events, total: total.events, is_rest: false, seconds })
        }
        BinaryOperator::Subtract => {
            let is_one = exact(&binary.left, text).is_some_and(|left| left == Ratio::one());
            let share = share(&binary.right, text, more)?;
            (is_one && !share.is_rest).then_some(Share { is_rest: true, ..share })
        }
        _ => None,
    }
}

/// Returns whether an expression is a share of bad events: a quotient of two sums of rates, or a series
/// that by its name is recorded as one, such as `slo:sli_error:ratio_rate1h` and Pyrra's
/// `http_requests:burnrate5m`; also one less that, and the largest or the mean of several.
///
/// What is called percent is none.
pub fn is_error_ratio(expression: &Expression, text: &str) -> bool {
    const NAMES: [&str; 2] = ["ratio_rate", "burnrate"];
    match &expression.bare().kind {
        ExpressionKind::Vector(selector) => selector.name.as_ref().is_some_and(|name| {
            let name = name.text.as_str();
            let is_ratio = NAMES.iter().any(|word| name.contains(word));
            is_ratio && !["percent", "pct"].iter().any(|word| name.contains(word))
        }),
        ExpressionKind::Aggregation(aggregation) => {
            let kinds =
                [Aggregator::Sum, Aggregator::Average, Aggregator::Minimum, Aggregator::Maximum];
            let is_vector = matches!(aggregation.operand.bare().kind, ExpressionKind::Vector(_));
            is_vector
                && kinds.contains(&aggregation.aggregator)
                && is_error_ratio(&aggregation.operand, text)
        }
        ExpressionKind::Binary(binary) if binary.operator == BinaryOperator::Subtract => {
            let is_one = exact(&binary.left, text).is_some_and(|left| left == Ratio::one());
            is_one && is_error_ratio(&binary.right, text)
        }
        _ => share(expression, text, &[]).is_some(),
    }
}

/// Returns the longest range of an expression in seconds; nothing where one is not known, as that of
/// a series that something else computes.
pub fn longest_range(expression: &Expression) -> Option<u64> {
    match &expression.kind {
        ExpressionKind::Range(range) => {
            Some(u64::try_from(range.range.nanoseconds()?).ok()? / 1_000_000_000)
        }
        ExpressionKind::Vector(_)
        | ExpressionKind::Subquery(_)
        | ExpressionKind::Placeholder(_) => None,
        _ => {
            let children = expression.children().into_iter();
            children.map(longest_range).try_fold(0, |most, range| Some(most.max(range?)))
        }
    }
}

/// Returns the one length of time that a series is computed over, in seconds: of its ranges, or as
/// generators write it into a name, such as `slo:sli_error:ratio_rate1h`.
pub fn window(measured: &Expression) -> Option<u64> {
    let mut windows = Vec::new();
    windows_of(measured, &mut windows)?;
    let first = *windows.first()?;
    windows.iter().all(|window| *window == first).then_some(first)
}

fn windows_of(expression: &Expression, windows: &mut Vec<u64>) -> Option<()> {
    match &expression.kind {
        ExpressionKind::Range(range) => {
            let nanoseconds = u64::try_from(range.range.nanoseconds()?).ok()?;
            windows.push(nanoseconds / 1_000_000_000);
        }
        ExpressionKind::Vector(selector) => {
            let (_, written) = selector.name.as_ref()?.text.rsplit_once("rate")?;
            windows.push(query::seconds(written)?);
        }
        ExpressionKind::Subquery(_) => return None,
        _ => {
            for child in expression.children() {
                windows_of(child, windows)?;
            }
        }
    }
    Some(())
}

/// Returns the words of a query that may name a metric.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '_' | ':'))
}

fn selected(range: &RangeSelector) -> Option<Events> {
    let selector = &range.selector;
    let name = selector.name.as_ref().filter(|name| name.form != NameForm::Placeholder)?;
    if range.modifiers != Modifiers::default() || !selector.placeholders.is_empty() {
        return None;
    }
    let labels = selector.matchers.iter().map(label).collect::<Option<_>>()?;
    Some(Events { metric: name.text.clone(), labels })
}

fn label(matcher: &Matcher) -> Option<Label> {
    let operator = match matcher.operator {
        MatchOperator::Equal => "=",
        MatchOperator::NotEqual => "!=",
        MatchOperator::Matches => "=~",
        MatchOperator::NotMatches => "!~",
    };
    let is_known = matcher.label.form != NameForm::Placeholder;
    is_known.then(|| (matcher.label.text.clone(), operator, matcher.value.clone()))
}

fn kept(grouping: Option<&Grouping>) -> Option<&[Name]> {
    match grouping {
        None => Some(&[]),
        Some(grouping) => (grouping.kind == GroupingKind::By).then_some(grouping.labels.as_slice()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Option<Events> {
        let (tree, problems) = query::parse(text);
        assert_eq!(problems, [], "{text}");
        Some(counted(&tree?, &[])?.events)
    }

    #[test]
    fn the_same_words_in_another_order_are_the_same_events() {
        let one = events("sum(rate(a{b=\"1\",c=~\"5..\"}[5m]))");
        assert!(one.is_some());
        for text in [
            "(sum(rate({\"a\", c=~\"5..\", b=\"1\"}[1h])))",
            "sum by (b) (increase(a{b=\"1\",c=~\"5..\"}[window]))",
        ] {
            assert_eq!(events(text), one, "{text}");
        }
        let rest = events("sum(rate(a{b=\"1\",c!~\"5..\"}[5m]))");
        assert!(one.zip(rest).is_some_and(|(one, rest)| one.is_rest_of(&rest)));
    }

    #[test]
    fn a_share_of_bad_events_is_known_by_its_form_or_its_name() {
        let is_ratio = |text: &str| query::parse(text).0.map(|tree| is_error_ratio(&tree, text));
        for text in [
            "sum(rate(a{c=\"5\"}[1h])) / sum(rate(a[1h]))",
            "1 - sum(rate(a{c=\"2\"}[1h])) / sum(rate(a[1h]))",
            "slo:sli_error:ratio_rate1h{slo=\"a\"}",
            "max(slo:sli_error:ratio_rate1h)",
            "1 - (slo:sli:ratio_rate1h)",
            "http_requests:burnrate5m",
        ] {
            assert_eq!(is_ratio(text), Some(true), "{text}");
        }
        for text in [
            "sum(rate(a[1h]))",
            "a:rate1h",
            "slo:burn_rate1h",
            "slo:period_error_budget_consumed:ratio",
            "a:error_percent:ratio_rate1h",
            "100 * slo:sli_error:ratio_rate1h",
            "count(slo:sli_error:ratio_rate1h)",
            "histogram_quantile(0.99, sum by (le) (rate(a_bucket[1h])))",
        ] {
            assert_eq!(is_ratio(text), Some(false), "{text}");
        }
    }

    #[test]
    fn what_may_count_something_else_counts_nothing() {
        for text in [
            "rate(a[5m])",
            "sum(a)",
            "avg(rate(a[5m]))",
            "sum(irate(a[5m]))",
            "sum without (b) (rate(a{b=\"1\"}[5m]))",
            "sum by (b) (rate(a{b=~\"1\"}[5m]))",
            "sum(rate(a[5m] offset 1h))",
            "sum(rate({b=\"1\"}[5m]))",
            "sum(rate($a[5m]))",
            "sum(rate(a[5m])) + 1",
        ] {
            assert_eq!(events(text), None, "{text}");
        }
        let rest = |one, other| events(one).zip(events(other)).map(|(a, b)| a.is_rest_of(&b));
        let all = "sum(rate(a[5m]))";
        assert_eq!(rest("sum(rate(a{c=\"5\"}[5m]))", all), Some(false));
        assert_eq!(rest("sum(rate(a{c=\"5\"}[5m]))", "sum(rate(a{c!=\"4\"}[5m]))"), Some(false));
        assert_eq!(rest("sum(rate(a{c=\"5\"}[5m]))", "sum(rate(b{c!=\"5\"}[5m]))"), Some(false));
    }
}
