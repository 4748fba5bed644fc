//! Queries as other formats ask for them.

use crate::query;
use crate::query::Extent;
use crate::query::events;
use crate::query::events::EventSet;
use crate::query::events::Groups;
use crate::query::events::Reading;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::GroupingKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::tree::Modifiers;
use crate::query::tree::VectorSelector;

/// The range that stands for any: that of the shortest windows that tools ask for.
pub(super) const RANGE: &str = "5m";

/// The placeholder of Sloth for every range that it asks for.
const WINDOW: &str = "{{.window}}";

/// Labels whose values do not tell events apart.
const CUMULATIVE: [&str; 2] = ["le", "quantile"];

/// Returns a query with a range where Sloth fills one in.
pub(super) fn with_range(text: &str) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some((before, from)) = rest.split_once("{{") {
        let Some((name, behind)) = from.split_once("}}") else { break };
        written.push_str(before);
        match name.trim() {
            ".window" => written.push_str(RANGE),
            _ => written.push_str(&format!("{{{{{name}}}}}")),
        }
        rest = behind;
    }
    written.push_str(rest);
    written
}

/// Returns whether Sloth fills in a range.
fn has_window(text: &str) -> bool {
    let mut placeholders = text.split("{{").skip(1).filter_map(|from| from.split_once("}}"));
    placeholders.any(|(name, _)| name.trim() == ".window")
}

/// A query for Sloth.
pub(super) struct Windowed {
    /// The query.
    pub(super) text: String,
    /// The ranges that stood there, where they were others than the usual one.
    pub(super) ranges: Vec<String>,
}

/// Returns a query in which Sloth fills in every range.
///
/// * `is_counter`: whether a series without a range is a counter.
pub(super) fn with_windows(text: &str, is_counter: bool) -> Result<Windowed, String> {
    let no_window = || "no range of a query of it is that of a window".to_owned();
    if text.contains("{{") {
        let as_it_is = Windowed { text: text.to_owned(), ranges: Vec::new() };
        return has_window(text).then_some(as_it_is).ok_or_else(no_window);
    }
    let (tree, problems) = query::parse(text);
    let tree = tree.filter(|_| problems.is_empty()).ok_or("a query of it is no PromQL")?;
    let mut places = Places::default();
    places.visit(&tree);
    let mut edits: Vec<(Extent, String)> = Vec::new();
    let mut ranges = Vec::new();
    for range in &places.ranges {
        let length = range.slice(text);
        if length != RANGE && !ranges.iter().any(|known| known == length) {
            ranges.push(length.to_owned());
        }
        edits.push((*range, WINDOW.to_owned()));
    }
    if places.ranges.is_empty() {
        if !is_counter || places.plain.is_empty() {
            return Err(no_window());
        }
        ranges.push("none".to_owned());
        for series in &places.plain {
            edits.push((*series, format!("rate({}[{WINDOW}])", series.slice(text))));
        }
    }
    edits.sort_by_key(|(place, _)| place.start);
    let (mut written, mut end) = (String::new(), 0);
    for (place, new) in &edits {
        written.push_str(Extent { start: end, end: place.start }.slice(text));
        written.push_str(new);
        end = place.end;
    }
    written.push_str(text.get(end as usize..).unwrap_or_default());
    Ok(Windowed { text: written, ranges })
}

/// Where a query asks for growth, and where for values as they are.
#[derive(Default)]
struct Places {
    ranges: Vec<Extent>,
    plain: Vec<Extent>,
}

impl Places {
    fn visit(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Range(range) => self.ranges.push(range.range.extent),
            ExpressionKind::Vector(vector) => self.plain.push(vector.extent),
            _ => {}
        }
        expression.children().into_iter().for_each(|child| self.visit(child));
    }
}

/// A selector of events, as Pyrra asks for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection {
    /// The selector.
    pub(super) text: String,
    /// The metric.
    pub(super) metric: String,
    /// The labels by which it is added up.
    pub(super) groups: Vec<String>,
    /// Whether the growth is asked for, and not the rate.
    pub(super) is_increase: bool,
    /// The range that stood there, where it was another than the usual one.
    pub(super) range: Option<String>,
}

/// Returns the only events that a query counts; nothing where it counts more, or is more than a count.
///
/// * `is_counter`: whether a series without a range is a counter.
pub(super) fn selection(text: &str, is_counter: bool) -> Option<Selection> {
    let text = with_range(text);
    let tree = parsed(&text)?;
    let events = events::reduce(&tree).filter(|events| events.guards.is_empty())?;
    let [set] = events.sets.as_slice() else { return None };
    let is_growth = match set.reading {
        Reading::Rate | Reading::Increase => true,
        Reading::Value => is_counter,
        Reading::InstantRate | Reading::Sum => false,
    };
    let groups = groups(set.groups)?;
    let is_plain = *set.modifiers == Modifiers::default() && set.selector.placeholders.is_empty();
    if !is_growth || !is_plain {
        return None;
    }
    let range = match set.range {
        Some(range) => Some(range.extent.slice(&text)).filter(|range| *range != RANGE),
        None => Some("none"),
    };
    Some(Selection {
        text: set.selector.extent.slice(&text).to_owned(),
        metric: set.metric.to_owned(),
        groups,
        is_increase: set.reading == Reading::Increase,
        range: range.map(str::to_owned),
    })
}

/// Returns whether a query is a selector and nothing more.
pub(super) fn is_selector(text: &str) -> bool {
    parsed(text).is_some_and(|tree| matches!(tree.kind, ExpressionKind::Vector(_)))
}

/// Returns the labels by which events are added up; nothing where all others are.
fn groups(groups: Groups<'_>) -> Option<Vec<String>> {
    match groups {
        Groups::One => Some(Vec::new()),
        Groups::Some(grouping) if grouping.kind == GroupingKind::By => {
            Some(grouping.labels.iter().map(|label| label.text.clone()).collect())
        }
        Groups::Each | Groups::Some(_) => None,
    }
}

/// Returns the query of bad events, where good ones are those of all that one label tells apart.
///
/// What is not good is bad: `code!~"5.."` of all events leaves `code=~"5.."`.
pub(super) fn bad_of(good: &str, total: &str) -> Option<String> {
    let (good_tree, total_tree) = (parsed(good)?, parsed(total)?);
    let (good_events, total_events) = (events::reduce(&good_tree)?, events::reduce(&total_tree)?);
    let ([part], [whole]) = (good_events.sets.as_slice(), total_events.sets.as_slice()) else {
        return None;
    };
    let ranges = [(part, good), (whole, total)]
        .map(|(set, text)| set.range.map(|range| range.extent.slice(text)));
    let is_plain = |set: &EventSet<'_>| *set.modifiers == Modifiers::default() && !set.is_taken;
    let is_alike = part.metric == whole.metric
        && part.reading == whole.reading
        && ranges[0] == ranges[1]
        && is_plain(part)
        && is_plain(whole)
        && groups(part.groups) == groups(whole.groups)
        && good_events.guards.is_empty()
        && total_events.guards.is_empty();
    let more = only_more(part.selector, whole.selector).filter(|_| is_alike)?;
    // Buckets add up: each holds what is in those below.
    if CUMULATIVE.contains(&more.label.text.as_str()) {
        return None;
    }
    let operator = match more.operator {
        MatchOperator::Equal => "!=",
        MatchOperator::NotEqual => "=",
        MatchOperator::Matches => "!~",
        MatchOperator::NotMatches => "=~",
    };
    let place = more.operator_extent;
    let before = good.get(..place.start as usize)?;
    let behind = good.get(place.end as usize..)?;
    Some(format!("{before}{operator}{behind}"))
}

/// Returns the only condition of a selector that another lacks, where it has all of the other's.
fn only_more<'t>(part: &'t VectorSelector, whole: &VectorSelector) -> Option<&'t Matcher> {
    let is_same = |one: &Matcher, other: &Matcher| {
        (&one.label.text, one.operator, &one.value)
            == (&other.label.text, other.operator, &other.value)
    };
    let has = |all: &[Matcher], one: &Matcher| all.iter().any(|other| is_same(one, other));
    let mut more = part.matchers.iter().filter(|matcher| !has(&whole.matchers, matcher));
    let only = more.next().filter(|_| more.next().is_none())?;
    let is_plain = part.placeholders.is_empty() && whole.placeholders.is_empty();
    let has_all = whole.matchers.iter().all(|matcher| has(&part.matchers, matcher));
    (is_plain && has_all).then_some(only)
}

fn parsed(text: &str) -> Option<Expression> {
    let (tree, problems) = query::parse(text);
    tree.filter(|_| problems.is_empty())
}
