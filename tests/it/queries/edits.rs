//! Edits of a pair of queries.

use slo::query;
use slo::query::Extent;
use slo::query::tree::Expression;
use slo::query::tree::ExpressionKind;
use slo::query::tree::MatchOperator;
use slo::query::tree::Matcher;

use super::Edit;
use super::Pair;
use super::Part;

/// Edits that change what is counted.
pub(super) const EDITS: &[(&str, Edit)] = &[
    ("good and bad are swapped", swap),
    ("a label that valid events are asked for is not asked of the part", drop_of_part),
    ("a label that says whose events these are is not asked of the total", drop_of_total),
    ("`5..` becomes `500`", |pair| in_part(pair, |text| text.replace("=~\"5..\"", "=\"500\""))),
    ("`!~\"5..\"` becomes `!=\"500\"`", |pair| {
        in_part(pair, |text| text.replace("!~\"5..\"", "!=\"500\""))
    }),
    ("`5..` becomes `5xx`", |pair| in_part(pair, |text| text.replace("~\"5..\"", "~\"5xx\""))),
    ("`rate` is removed from the part", |pair| in_part(pair, without_growth)),
    ("`rate` is removed from the total", |pair| in_total(pair, without_growth)),
    ("the range of the part is longer", |pair| in_part(pair, |text| with_range(text, "2h"))),
    ("the range of the total is shorter", |pair| in_total(pair, |text| with_range(text, "90s"))),
    ("`rate` becomes `increase`, or the other way round", |pair| in_part(pair, other_growth)),
    ("the total is one of an hour before", |pair| in_total(pair, with_offset)),
    ("the part is an average", |pair| in_part(pair, |text| text.replacen("sum", "avg", 1))),
    ("the total has a value without data", |pair| {
        in_total(pair, |text| format!("({text}) or vector(0)"))
    }),
    ("the bound is in milliseconds", |pair| in_part(pair, in_milliseconds)),
    ("the bound is left out", |pair| in_part(pair, without_bound)),
    ("the part is the total", |pair| in_part(pair, |_| pair.total.clone())),
    ("a matcher excludes another", |pair| in_part(pair, contradicted)),
    ("the total adds up values", |pair| in_total(pair, |text| text.replacen("_count", "_sum", 1))),
];

/// Edits that change nothing but the spelling.
pub(super) const SPELLINGS: &[(&str, Edit)] = &[
    ("matchers in another order", |pair| in_both(pair, reordered)),
    ("other quotes", |pair| in_both(pair, |text| text.replace('"', "'"))),
    ("backquotes", |pair| in_part(pair, |text| text.replace('"', "`"))),
    ("on several lines", |pair| {
        in_both(pair, |text| text.replace('(', "(\n  ").replace(')', "\n)"))
    }),
    ("`5[0-9]{2}` for `5..`", |pair| in_part(pair, |text| text.replace("5..", "5[0-9]{2}"))),
    ("a group around a pattern", |pair| {
        in_part(pair, |text| text.replace("~\"5..\"", "~\"(?:5..)\""))
    }),
    ("anchors around a pattern", |pair| {
        in_part(pair, |text| text.replace("~\"5..\"", "~\"^5..$\""))
    }),
    ("`=~` for `=`", |pair| in_part(pair, as_pattern)),
    ("parentheses", |pair| in_both(pair, |text| format!("({text})"))),
    ("a comment", |pair| in_both(pair, |text| format!("{text} # as agreed"))),
    ("`300s` for `5m`", |pair| in_part(pair, |text| text.replace("[5m]", "[300s]"))),
    ("the grouping behind", |pair| in_part(pair, grouping_behind)),
    ("labels that are grouped by in another order", |pair| in_part(pair, regrouped)),
    ("twice the same matcher", |pair| in_part(pair, |text| with_matcher(text, Matcher::clone))),
    ("in capitals", |pair| in_both(pair, |text| text.replacen("sum", "SUM", 1))),
];

fn edited(pair: &Pair, part: String, total: String) -> Option<Pair> {
    let changed = Pair { kind: pair.kind, part, total };
    let is_valid =
        |text: &str| matches!(query::parse(text), (Some(_), problems) if problems.is_empty());
    (changed != *pair && is_valid(&changed.part) && is_valid(&changed.total)).then_some(changed)
}

fn in_part(pair: &Pair, edit: impl FnOnce(&str) -> String) -> Option<Pair> {
    edited(pair, edit(&pair.part), pair.total.clone())
}

fn in_total(pair: &Pair, edit: impl FnOnce(&str) -> String) -> Option<Pair> {
    edited(pair, pair.part.clone(), edit(&pair.total))
}

fn in_both(pair: &Pair, edit: fn(&str) -> String) -> Option<Pair> {
    edited(pair, edit(&pair.part), edit(&pair.total))
}

fn tree(text: &str) -> Expression {
    query::parse(text).0.expect("the query is grammatical")
}

fn replaced(text: &str, extent: Extent, by: &str) -> String {
    format!("{}{by}{}", &text[..extent.start as usize], &text[extent.end as usize..])
}

/// Good events that are counted as bad, and bad ones as good: only where a status tells which they are.
fn swap(pair: &Pair) -> Option<Pair> {
    let tells = pair.part.contains("\"5..\"") && !pair.part.contains("!~");
    let kind = match pair.kind {
        Part::Good => Part::Bad,
        Part::Bad => Part::Good,
    };
    tells.then(|| Pair { kind, ..pair.clone() })
}

/// Returns the matchers of the only selector.
fn matchers(text: &str) -> Vec<Matcher> {
    let tree = tree(text);
    match tree.selectors().as_slice() {
        [only] => only.matchers.clone(),
        _ => Vec::new(),
    }
}

/// Writes other matchers into the only selector.
fn with_matchers(text: &str, matchers: &[String]) -> String {
    let tree = tree(text);
    let selectors = tree.selectors();
    match selectors.as_slice() {
        [only] => match only.braces {
            Some(braces) => replaced(text, braces, &format!("{{{}}}", matchers.join(","))),
            None => text.to_owned(),
        },
        _ => text.to_owned(),
    }
}

fn written(text: &str, matchers: &[Matcher]) -> Vec<String> {
    matchers.iter().map(|matcher| matcher.extent.slice(text).to_owned()).collect()
}

/// A matcher of the total that the part has as well is left out of the part.
fn drop_of_part(pair: &Pair) -> Option<Pair> {
    let asked: Vec<String> = matchers(&pair.total).into_iter().map(|one| one.label.text).collect();
    in_part(pair, |text| without(text, |matcher| asked.contains(&matcher.label.text)))
}

/// A matcher of a label that says whose events these are is left out of the total.
fn drop_of_total(pair: &Pair) -> Option<Pair> {
    const SCOPES: [&str; 4] = ["job", "namespace", "service", "cluster"];
    in_total(pair, |text| without(text, |matcher| SCOPES.contains(&matcher.label.text.as_str())))
}

/// Leaves the first of some matchers out.
fn without(text: &str, is_left_out: impl Fn(&Matcher) -> bool) -> String {
    let mut all = matchers(text);
    if let Some(place) = all.iter().position(is_left_out) {
        all.remove(place);
        return with_matchers(text, &written(text, &all));
    }
    text.to_owned()
}

fn without_growth(text: &str) -> String {
    let tree = tree(text);
    let growth = calls(&tree).into_iter().find(|(name, ..)| ["rate", "increase"].contains(name));
    match (growth, tree.selectors().as_slice()) {
        (Some((_, whole)), [selector]) => replaced(text, whole, selector.extent.slice(text)),
        _ => text.to_owned(),
    }
}

/// Returns the calls of functions, each with its name and its extent.
fn calls(expression: &Expression) -> Vec<(&str, Extent)> {
    let own = match &expression.kind {
        ExpressionKind::Call(call) => vec![(call.name.text.as_str(), expression.extent)],
        _ => Vec::new(),
    };
    own.into_iter().chain(expression.children().into_iter().flat_map(calls)).collect()
}

/// Returns the ranges of selectors.
fn ranges(expression: &Expression) -> Vec<(Extent, Extent)> {
    let own = match &expression.kind {
        ExpressionKind::Range(range) => vec![(range.range.extent, expression.extent)],
        _ => Vec::new(),
    };
    own.into_iter().chain(expression.children().into_iter().flat_map(ranges)).collect()
}

fn with_range(text: &str, range: &str) -> String {
    match ranges(&tree(text)).first() {
        // Where another tool fills the range in, it is the same on both sides whatever is written.
        Some((extent, _)) if !text.contains('$') => replaced(text, *extent, range),
        _ => text.to_owned(),
    }
}

fn with_offset(text: &str) -> String {
    match ranges(&tree(text)).first() {
        Some((_, whole)) => replaced(text, *whole, &format!("{} offset 1h", whole.slice(text))),
        _ => text.to_owned(),
    }
}

fn other_growth(text: &str) -> String {
    if text.contains("rate(") {
        text.replacen("rate(", "increase(", 1)
    } else {
        text.replacen("increase(", "rate(", 1)
    }
}

/// Returns a bound of seconds a thousandfold.
fn in_milliseconds(text: &str) -> String {
    let bound = matchers(text).into_iter().find(|matcher| matcher.label.text == "le");
    let value = bound.as_ref().and_then(|bound| bound.value.parse::<f64>().ok());
    match (bound, value) {
        (Some(bound), Some(value)) if text.contains("_seconds") => {
            replaced(text, bound.value_extent, &format!("\"{}\"", value * 1_000.0))
        }
        _ => text.to_owned(),
    }
}

fn without_bound(text: &str) -> String {
    without(text, |matcher| matcher.label.text == "le" && matcher.value != "+Inf")
}

/// Adds a matcher that is made of the first one.
fn with_matcher(text: &str, make: impl Fn(&Matcher) -> Matcher) -> String {
    let all = matchers(text);
    let Some(first) = all.first() else { return text.to_owned() };
    let added = make(first);
    let sign = match added.operator {
        MatchOperator::Equal => "=",
        MatchOperator::NotEqual => "!=",
        MatchOperator::Matches => "=~",
        MatchOperator::NotMatches => "!~",
    };
    let mut written = written(text, &all);
    written.push(format!("{}{sign}{}", added.label.text, added.value_extent.slice(text)));
    with_matchers(text, &written)
}

fn contradicted(text: &str) -> String {
    with_matcher(text, |matcher| {
        let operator = match matcher.operator {
            MatchOperator::Equal => MatchOperator::NotEqual,
            MatchOperator::NotEqual => MatchOperator::Equal,
            MatchOperator::Matches => MatchOperator::NotMatches,
            MatchOperator::NotMatches => MatchOperator::Matches,
        };
        Matcher { operator, ..matcher.clone() }
    })
}

fn reordered(text: &str) -> String {
    let mut all = written(text, &matchers(text));
    all.reverse();
    with_matchers(text, &all)
}

fn as_pattern(text: &str) -> String {
    let plain = |matcher: &&Matcher| {
        let is_word = matcher.value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        matcher.operator == MatchOperator::Equal && is_word && matcher.label.text != "le"
    };
    match matchers(text).iter().find(plain) {
        Some(matcher) => replaced(text, matcher.operator_extent, "=~"),
        None => text.to_owned(),
    }
}

/// Returns the grouping of the outermost aggregation, with the end of what is aggregated.
fn grouping_behind(text: &str) -> String {
    let tree = tree(text);
    let ExpressionKind::Aggregation(sum) = &tree.kind else { return text.to_owned() };
    let Some(grouping) = &sum.grouping else { return text.to_owned() };
    if grouping.extent.start > sum.operand.extent.start {
        return text.to_owned();
    }
    let words = grouping.extent.slice(text);
    let before = replaced(text, grouping.extent, "");
    format!("{before} {words}")
}

fn regrouped(text: &str) -> String {
    let tree = tree(text);
    let ExpressionKind::Aggregation(sum) = &tree.kind else { return text.to_owned() };
    let Some(grouping) = sum.grouping.as_ref() else { return text.to_owned() };
    let (Some(first), Some(last)) = (grouping.labels.first(), grouping.labels.last()) else {
        return text.to_owned();
    };
    let labels: Vec<&str> =
        grouping.labels.iter().rev().map(|label| label.extent.slice(text)).collect();
    replaced(text, first.extent.join(last.extent), &labels.join(", "))
}
