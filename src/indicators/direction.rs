//! Whether an indicator takes failures for good events, or successes for bad ones.
//!
//! Status codes tell it, and the words of a metric's name.
//!
//! **Invariant:** a name that says both, or that something is absent, says nothing.
//!
//! # Why
//!
//! Some tools ask for the share of errors and others for that of good events, and a query that is carried
//! from one to the other is sound and means the opposite. Only a side that counts nothing but the wrong
//! events is told: one that counts some of them is incomplete, which is another mistake.

use crate::model::RawType;
use crate::query::events;
use crate::query::events::EventSet;
use crate::query::status::Codes;
use crate::query::status::is_status;
use crate::query::tree::Aggregator;
use crate::query::tree::Binary;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Matcher;
use crate::query::tree::VectorSelector;
use crate::query::values::Automata;

use super::Role;
use super::Side;
use super::Sli;
use super::statuses;

/// A side that counts what the other one is there for.
#[derive(Debug)]
pub struct Inversion<'s, 'a> {
    /// The side: good events, or bad ones.
    pub side: &'s Side<'a>,
    /// How it is known.
    pub clue: Clue<'s>,
}

/// How it is known what a side counts.
#[derive(Debug)]
pub enum Clue<'s> {
    /// By status codes.
    Codes {
        /// All that it counts.
        codes: Codes,
        /// The matchers that say so, in the order of the text; at least one.
        matchers: Vec<&'s Matcher>,
    },
    /// By a word in the name of a metric.
    Word {
        /// The selector.
        selector: &'s VectorSelector,
        /// The word.
        word: &'s str,
    },
}

/// A value that is not a count: of a gauge, a recorded series, a quantile or a mean.
#[derive(Clone, Copy, Debug)]
pub struct Level<'t> {
    /// Where it comes from.
    pub selector: &'t VectorSelector,
    /// The name of the metric, without the parts of a histogram.
    pub metric: &'t str,
    /// Whether it is what this leaves of the whole that is told.
    pub is_complement: bool,
}

/// The kind of events that a name speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Success,
    Failure,
}

const FAILURES: [&str; 10] = [
    "error",
    "errors",
    "fail",
    "fails",
    "failed",
    "failure",
    "failures",
    "exception",
    "exceptions",
    "unavailability",
];

const SUCCESSES: [&str; 6] =
    ["success", "successes", "successful", "succeeded", "availability", "available"];

/// Words that turn others, or speak of something else: `error_budget`, `error_free`, `non_success`.
/// Of failures that somebody mended or found, it is the mending that is counted.
const TURNS: [&str; 22] = [
    "budget",
    "burn",
    "burnrate",
    "caught",
    "corrected",
    "detected",
    "free",
    "good",
    "handled",
    "no",
    "non",
    "not",
    "ok",
    "recovered",
    "repaired",
    "reprocessed",
    "resolved",
    "retried",
    "retries",
    "un",
    "without",
    "zero",
];

/// Returns the side that counts what the other one is there for: good events that are all errors, some of
/// them of the server, bad ones that are all successes or redirects, or metrics whose names say so.
pub fn inverted<'s, 'a>(sli: &'s Sli<'a>, automata: &Automata) -> Option<Inversion<'s, 'a>> {
    let total = sli.total.as_ref()?;
    let sides = [(sli.good.as_ref(), Kind::Failure), (sli.bad.as_ref(), Kind::Success)];
    sides.into_iter().find_map(|(side, wrong)| {
        let side = side?;
        let clue =
            by_codes(side, total, wrong, automata).or_else(|| by_word(side, total, wrong))?;
        Some(Inversion { side, clue })
    })
}

fn by_codes<'s>(
    side: &'s Side<'_>,
    total: &Side<'_>,
    wrong: Kind,
    automata: &Automata,
) -> Option<Clue<'s>> {
    let (events, all) = (side.events.as_ref()?, total.events.as_ref()?);
    let (codes, matchers) = statuses::asked(events, automata)?;
    // A side that is all of the valid events says nothing about its codes.
    let valid = statuses::valid(all, automata)?;
    let errors = codes.of_class(4).with(&codes.of_class(5));
    let is_wrong = match wrong {
        // What is turned away for overload, `429`, is often asked for beside server errors.
        Kind::Failure => codes == errors && !codes.of_class(5).is_empty(),
        // A redirect may be a failure, and so may a success that another label tells apart.
        Kind::Success => {
            errors.is_empty() && codes.contain(200) && is_told_by(side, total, is_status)
        }
    };
    let is_some = !valid.without(&codes).is_empty();
    (is_wrong && is_some).then_some(Clue::Codes { codes, matchers })
}

fn by_word<'s>(side: &'s Side<'_>, total: &Side<'_>, wrong: Kind) -> Option<Clue<'s>> {
    let (events, all) = (side.events.as_ref()?, total.events.as_ref()?);
    let says = |set: &EventSet<'_>| spoken(set.metric).is_some_and(|(kind, _)| kind == wrong);
    let is_wrong = events.sets.iter().all(|set| says(set) && !set.is_taken)
        && !all.sets.iter().any(says)
        && is_told_by(side, total, |_| false);
    let first = events.sets.first().filter(|_| is_wrong)?;
    let (_, word) = spoken(first.metric)?;
    Some(Clue::Word { selector: first.selector, word })
}

/// Returns whether a side is told from the valid events by its metric and by some labels alone.
fn is_told_by(side: &Side<'_>, total: &Side<'_>, is_one: impl Fn(&str) -> bool) -> bool {
    let sets = |side: &'_ Side<'_>| {
        let sets = side.events.iter().flat_map(|events| &events.sets);
        sets.flat_map(|set| set.labels()).map(str::to_owned).collect::<Vec<String>>()
    };
    let asked = sets(total);
    sets(side).iter().all(|label| is_one(label) || asked.contains(label))
}

/// Returns the recorded share that is said to be of the other kind, with the word that tells it.
pub fn mistaken_share<'s>(sli: &'s Sli<'_>) -> Option<(Role, Level<'s>, &'s str)> {
    let mut shares = sli.queries.each.iter().filter_map(|parsed| {
        let Role::Ratio(raw_type) = parsed.role else { return None };
        let level = level(parsed.sound()?)?;
        let (kind, word) = spoken(level.metric)?;
        let is_success = (kind == Kind::Success) != level.is_complement;
        (is_success != (raw_type == RawType::Success)).then_some((parsed.role, level, word))
    });
    shares.next()
}

/// Returns whether a name speaks of good or bad events, with the word that tells it.
fn spoken(metric: &str) -> Option<(Kind, &str)> {
    let mut found: Option<(Kind, &str)> = None;
    for word in words(metric) {
        let kind = match word {
            _ if TURNS.contains(&word) => return None,
            _ if FAILURES.contains(&word) => Kind::Failure,
            _ if SUCCESSES.contains(&word) => Kind::Success,
            _ => continue,
        };
        match found {
            Some((other, _)) if other != kind => return None,
            Some(_) => {}
            None => found = Some((kind, word)),
        }
    }
    found
}

/// Returns whether a metric certainly is the time that an answer takes, by its name: a latency with a
/// unit. `is_time` says that the unit is known otherwise.
pub fn is_latency(metric: &str, is_time: bool) -> bool {
    const UNITS: [&str; 8] =
        ["seconds", "milliseconds", "ms", "msec", "microseconds", "us", "nanoseconds", "ns"];
    /// Times that are no latencies, and shares of answers that are in time.
    const OTHERS: [&str; 18] = [
        "budget",
        "compliance",
        "fast",
        "good",
        "last",
        "limit",
        "margin",
        "ok",
        "ratio",
        "score",
        "since",
        "sli",
        "slo",
        "success",
        "target",
        "timeout",
        "timestamp",
        "within",
    ];
    const ANSWERS: [&str; 8] =
        ["call", "query", "queries", "request", "requests", "response", "responses", "roundtrip"];
    let words: Vec<&str> = words(metric).collect();
    let has = |some: &[&str]| words.iter().any(|word| some.contains(word));
    let is_pair = |pair: &[&str]| match pair {
        [first, second] => {
            ANSWERS.contains(first) && ["duration", "time", "times"].contains(second)
        }
        _ => false,
    };
    let is_answer = has(&["latency", "latencies"]) || words.windows(2).any(is_pair);
    is_answer && (is_time || has(&UNITS)) && !has(&OTHERS)
}

fn words(metric: &str) -> impl Iterator<Item = &str> {
    metric.split(['_', ':', '.'])
}

/// Returns the level that a query gives; nothing where it counts, compares, or does more than gather.
pub fn level(query: &Expression) -> Option<Level<'_>> {
    const GATHERED: [&str; 5] =
        ["avg_over_time", "last_over_time", "max_over_time", "min_over_time", "quantile_over_time"];
    let (mut expression, mut is_complement, mut is_quantile) = (query, false, false);
    loop {
        expression = match &expression.bare().kind {
            ExpressionKind::Vector(selector) => {
                return of_selector(selector, is_complement, is_quantile);
            }
            ExpressionKind::Range(range) => {
                return of_selector(&range.selector, is_complement, is_quantile);
            }
            ExpressionKind::Subquery(subquery) => &subquery.operand,
            ExpressionKind::Aggregation(aggregation) => match aggregation.aggregator {
                Aggregator::Average
                | Aggregator::Maximum
                | Aggregator::Minimum
                | Aggregator::Quantile
                | Aggregator::Sum => &aggregation.operand,
                _ => return None,
            },
            ExpressionKind::Call(call) => {
                match call.name.text.as_str() {
                    "histogram_quantile" => is_quantile = true,
                    "rate" | "increase" | "irate" if is_quantile => {}
                    name if GATHERED.contains(&name) => {}
                    _ => return None,
                }
                call.arguments.last()?
            }
            ExpressionKind::Binary(binary) => match scaled(binary) {
                Some((inner, turns)) => {
                    is_complement = is_complement != turns;
                    inner
                }
                None => return mean(binary).map(|level| Level { is_complement, ..level }),
            },
            _ => return None,
        };
    }
}

fn of_selector(
    selector: &VectorSelector,
    is_complement: bool,
    is_quantile: bool,
) -> Option<Level<'_>> {
    /// What ends the names of counters.
    const COUNTED: [&str; 4] = ["_bucket", "_count", "_sum", "_total"];
    let name = events::metric(selector)?;
    let metric = match name.strip_suffix("_bucket") {
        Some(metric) if is_quantile => metric,
        _ if is_quantile || !COUNTED.iter().any(|end| name.ends_with(end)) => name,
        _ => return None,
    };
    Some(Level { selector, metric, is_complement })
}

/// Returns what is only scaled, or taken from the whole; the second part says which.
fn scaled(binary: &Binary) -> Option<(&Expression, bool)> {
    let numbers = [&binary.left, &binary.right].map(events::constant);
    match (binary.operator, numbers) {
        (BinaryOperator::Multiply | BinaryOperator::Divide, [None, Some(by)]) if by > 0.0 => {
            Some((&binary.left, false))
        }
        (BinaryOperator::Multiply, [Some(by), None]) if by > 0.0 => Some((&binary.right, false)),
        (BinaryOperator::Subtract, [Some(whole), None]) if events::is_whole(whole) => {
            Some((&binary.right, true))
        }
        _ => None,
    }
}

/// Returns the mean that the sum of a histogram, divided by its count, is.
fn mean(binary: &Binary) -> Option<Level<'_>> {
    let sides = [&binary.left, &binary.right].map(events::reduce);
    let (BinaryOperator::Divide, [Some(sum), Some(count)]) = (binary.operator, sides) else {
        return None;
    };
    let ([sum], [count]) = (sum.sets.as_slice(), count.sets.as_slice()) else { return None };
    let metric = sum.metric.strip_suffix("_sum")?;
    let is_same = count.metric.strip_suffix("_count") == Some(metric);
    is_same.then_some(Level { selector: sum.selector, metric, is_complement: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    fn name(query: &str) -> Option<(String, bool)> {
        let (tree, problems) = query::parse(query);
        assert!(problems.is_empty(), "{query}: {problems:?}");
        let tree = tree?;
        let level = level(&tree)?;
        Some((level.metric.to_owned(), level.is_complement))
    }

    #[test]
    fn names_speak_of_one_kind_of_events_or_of_none() {
        assert_eq!(spoken("http_request_errors_total"), Some((Kind::Failure, "errors")));
        assert_eq!(spoken("job:login_success:ratio"), Some((Kind::Success, "success")));
        for name in ["terrors_total", "error_budget", "error_free_days", "failed_success", "up"] {
            assert_eq!(spoken(name), None, "{name}");
        }
    }

    #[test]
    fn a_level_is_a_value_that_is_gathered_and_not_counted() {
        let found = |name: &str, turned| Some((name.to_owned(), turned));
        assert_eq!(name("max(avg_over_time(a[5m]))"), found("a", false));
        assert_eq!(name("1 - avg(a) / 100"), found("a", true));
        assert_eq!(
            name("histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))"),
            found("a", false)
        );
        assert_eq!(name("sum(rate(a_sum[5m])) / sum(rate(a_count[5m])) * 1000"), found("a", false));
        for query in
            ["rate(a[5m])", "a < 1", "0.3 - a", "-1 * a", "count(a)", "a_bucket", "a_sum / b_count"]
        {
            assert_eq!(name(query), None, "{query}");
        }
    }

    #[test]
    fn a_latency_is_the_time_of_an_answer() {
        for name in ["http_request_duration_seconds", "api:latency_seconds:p99", "response_time_ms"]
        {
            assert!(is_latency(name, false), "{name}");
        }
        assert!(is_latency("api_latency", true) && !is_latency("api_latency", false));
        for name in
            ["session_duration_seconds", "last_request_time_seconds", "latency_within_seconds"]
        {
            assert!(!is_latency(name, true), "{name}");
        }
    }
}
