//! What indicators of latency compare: in which unit, with which value.
//!
//! # Source
//!
//! OpenMetrics 1.0, "Units and base units": the unit is the last part of a metric's name.

use crate::config::Metrics;
use crate::model::Objective;
use crate::quantity::Ratio;
use crate::query::Extent;
use crate::query::comparison::comparison;
use crate::query::comparison::exact;
use crate::query::events::EventSet;
use crate::query::events::Reading;
use crate::query::events::metric;
use crate::query::events::reduce;
use crate::query::origin::source;
use crate::query::tree::Binary;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::tree::VectorSelector;

use super::Parsed;
use super::Queries;
use super::Role;
use super::User;
use super::percentiles::percentile;
use super::subset::BOUND;
use super::subset::Bound;
use super::subset::bound;
use super::subset::family;

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
}

impl Unit {
    /// Returns its length in seconds.
    pub fn seconds(self) -> Ratio {
        let parts = match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1_000,
            Self::Microseconds => 1_000_000,
        };
        Ratio::new(1, parts).unwrap_or_else(Ratio::one)
    }

    /// Returns the word for several of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
        }
    }

    /// Returns the unit of a word such as `ms` or `seconds`, in whatever case.
    pub fn named(word: &str) -> Option<Self> {
        match word.to_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => Some(Self::Seconds),
            "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => Some(Self::Milliseconds),
            "us" | "µs" | "μs" | "usec" | "micros" | "microsecond" | "microseconds" => {
                Some(Self::Microseconds)
            }
            _ => None,
        }
    }
}

/// Returns the unit of time of a metric: as declared, or by the last word of its name.
///
/// `us` is a country as well, `s` a plural: neither is a unit in a name.
pub fn unit(name: &str, metrics: &Metrics) -> Option<Unit> {
    let family = family_of(name);
    if let Some(word) = metrics.units.get(name).or_else(|| metrics.units.get(family)) {
        return Unit::named(word);
    }
    let (rest, word) = family.rsplit_once('_')?;
    let is_time = !rest.ends_with("timestamp") && !["us", "s"].contains(&word);
    is_time.then(|| Unit::named(word))?
}

/// Returns the name of what a metric measures: without the ending of a histogram's buckets, count or sum.
///
/// The sum belongs to it here, and not in [`family`], which compares numbers of events.
pub fn family_of(name: &str) -> &str {
    let mut parts = ["_bucket", "_count", "_sum"].iter();
    parts.find_map(|part| name.strip_suffix(part)).unwrap_or(name)
}

/// Returns the upper bounds of the buckets that a histogram is declared to have, in rising order; nothing
/// of a native one, which has no buckets of its own.
pub fn buckets<'m>(name: &str, metrics: &'m Metrics) -> Option<&'m [Ratio]> {
    let family = family_of(name);
    let of = |name: &str| metrics.buckets.get(name).map(Vec::as_slice);
    let kind = metrics.types.get(name).or_else(|| metrics.types.get(family));
    let is_native = kind.is_some_and(|kind| kind == "native-histogram");
    of(name).or_else(|| of(family)).filter(|_| !is_native)
}

/// Returns the histogram whose mean an expression is: `rate(X_sum[5m]) / rate(X_count[5m])`.
pub fn mean(binary: &Binary) -> Option<&str> {
    if binary.operator != BinaryOperator::Divide {
        return None;
    }
    let (sums, counts) = (reduce(&binary.left)?, reduce(&binary.right)?);
    let grows = |set: &EventSet<'_>| set.reading != Reading::Value;
    let of = sums.sets.first()?.metric.strip_suffix("_sum")?;
    let is_sum = |set: &EventSet<'_>| set.metric.strip_suffix("_sum") == Some(of) && grows(set);
    let is_count = |set: &EventSet<'_>| {
        let is_whole = set.metric != family(set) && bound(set) == Bound::None;
        family(set) == of && is_whole && grows(set)
    };
    (sums.sets.iter().all(is_sum) && counts.sets.iter().all(is_count)).then_some(of)
}

/// A mean of what a histogram or a summary measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean<'t> {
    /// The metric, without the suffix of a part.
    pub family: &'t str,
    /// The whole expression.
    pub extent: Extent,
}

/// Returns the mean that a value comes from, whatever is put around it.
pub fn mean_behind<'t>(expression: &'t Expression, text: &str) -> Option<Mean<'t>> {
    let expression = source(expression, text).expression;
    let family = match &expression.kind {
        ExpressionKind::Binary(binary) => mean(binary)?,
        ExpressionKind::Call(call) if call.name.text == "histogram_avg" => {
            metric(expression.selectors().into_iter().next()?)?
        }
        _ => return None,
    };
    Some(Mean { family, extent: expression.extent })
}

/// Returns every expression that is compared in a query, and the whole of one whose value an objective
/// compares.
pub fn compared<'t>(parsed: &'t Parsed<'_>) -> Vec<&'t Expression> {
    let Some(tree) = parsed.sound() else { return Vec::new() };
    let mut found: Vec<&Expression> =
        (parsed.role == Role::Value).then_some(tree).into_iter().collect();
    found.extend(comparisons(tree).into_iter().map(|(measured, _)| measured));
    found
}

/// Returns what is compared with constants, and those: in the order of the text, the inner ones after the
/// outer ones.
fn comparisons(expression: &Expression) -> Vec<(&Expression, &Expression)> {
    let own = comparison(expression.bare()).map(|found| (found.measured, found.bound));
    let inner = expression.bare().children().into_iter().flat_map(comparisons);
    own.into_iter().chain(inner).collect()
}

/// A value that latencies are compared with.
#[derive(Clone, Debug)]
pub struct Threshold<'s, 'a> {
    /// The value, in the unit of the metric.
    pub value: Ratio,
    /// The name of the metric.
    pub metric: &'s str,
    /// Where it stands.
    pub place: Place<'s, 'a>,
}

/// Where a threshold stands.
#[derive(Clone, Copy, Debug)]
pub enum Place<'s, 'a> {
    /// The bound of a bucket.
    Bucket(&'s Parsed<'a>, &'s Matcher),
    /// A constant of a query.
    Constant(&'s Parsed<'a>, Extent),
    /// The value of an objective.
    Objective(&'s User<'a>),
}

/// Returns every value that the latencies of an indicator are compared with, in the order of the queries:
/// bounds of buckets, constants, and the values of objectives.
pub fn thresholds<'s, 'a>(queries: &'s Queries<'a>) -> Vec<Threshold<'s, 'a>> {
    let mut found = Vec::new();
    for parsed in &queries.each {
        let Some(tree) = parsed.sound() else { continue };
        let text = parsed.query.text.as_str();
        for selector in tree.selectors() {
            found.extend(of_bucket(parsed, selector));
        }
        for (expression, constant) in comparisons(tree) {
            // What is above 0 has traffic, and is no latency for that.
            let value = exact(constant, text).filter(|value| *value > Ratio::zero());
            let place = Place::Constant(parsed, constant.extent);
            found.extend(value.and_then(|value| measured(expression, &value, place, text)));
        }
        let users = queries.users.iter().filter(|_| parsed.role == Role::Value);
        found.extend(users.filter_map(|user| {
            let value = &value(user.objective)?;
            measured(tree, value, Place::Objective(user), text)
        }));
    }
    found
}

fn value(objective: &Objective) -> Option<Ratio> {
    Some(objective.value.as_ref()?.value.clone())
}

fn of_bucket<'s, 'a>(
    parsed: &'s Parsed<'a>,
    selector: &'s VectorSelector,
) -> Option<Threshold<'s, 'a>> {
    let metric = metric(selector).filter(|name| name.ends_with("_bucket"))?;
    let is_bound = |matcher: &&Matcher| matcher.label.text == BOUND;
    let mut matchers = selector.matchers.iter().filter(is_bound);
    let (matcher, None) = (matchers.next()?, matchers.next()) else { return None };
    let value = Ratio::parse(&matcher.value)?;
    let place = Place::Bucket(parsed, matcher);
    (matcher.operator == MatchOperator::Equal).then_some(Threshold { value, metric, place })
}

/// Returns the threshold that a value is for a percentile or a mean, behind whatever factor.
fn measured<'s, 'a>(
    expression: &'s Expression,
    value: &Ratio,
    place: Place<'s, 'a>,
    text: &str,
) -> Option<Threshold<'s, 'a>> {
    let origin = source(expression, text);
    let metric = match percentile(origin.expression, text) {
        Some(found) => metric(found.selector)?,
        None => mean_behind(origin.expression, text)?.family,
    };
    let value = value.checked_div(&origin.factor?)?;
    Some(Threshold { value, metric, place })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse;

    #[test]
    fn the_unit_is_declared_or_the_last_word() {
        let metrics = Metrics {
            units: [("shop_checkout".to_owned(), "ms".to_owned())].into_iter().collect(),
            ..Metrics::default()
        };
        for (name, expected) in [
            ("http_request_duration_seconds_bucket", Some(Unit::Seconds)),
            ("rpc_latency_ms", Some(Unit::Milliseconds)),
            ("db_read_microseconds_sum", Some(Unit::Microseconds)),
            ("shop_checkout_bucket", Some(Unit::Milliseconds)),
            ("orders_us", None),
            ("batch_timestamp_seconds", None),
            ("http_response_size_bytes", None),
            ("seconds", None),
        ] {
            assert_eq!(unit(name, &metrics), expected, "{name}");
        }
    }

    #[test]
    fn a_mean_is_the_sum_of_a_histogram_by_its_count() {
        let found = |text: &str| {
            let (Some(tree), problems) = parse(text) else { panic!("{text}") };
            assert_eq!(problems, [], "{text}");
            mean_behind(&tree, text).map(|mean| mean.family.to_owned())
        };
        for text in [
            "rate(a_sum[5m]) / rate(a_count[5m])",
            "max(1000 * (sum by (x) (rate(a_sum[5m])) / sum by (x) (rate(a_count[5m]))) > 0)",
            "sum(increase(a_sum[5m])) / sum(increase(a_bucket{le='+Inf'}[5m]))",
            "histogram_avg(rate(a[5m]))",
        ] {
            assert_eq!(found(text).as_deref(), Some("a"), "{text}");
        }
        for text in [
            "rate(a_sum[5m]) / rate(b_count[5m])",
            "rate(a_sum[5m]) / rate(a_bucket{le='1'}[5m])",
            "rate(a_sum[5m]) / rate(a[5m])",
            "a_sum / a_count",
            "rate(a_sum[5m]) * rate(a_count[5m])",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
