use crate::finding::Level;
use crate::indicators::Language;
use crate::indicators::Role;
use crate::indicators::Side;
use crate::indicators::Sli;
use crate::indicators::counters::Samples;
use crate::indicators::counters::samples;
use crate::indicators::subset::family;
use crate::query::Extent;
use crate::query::events::EventSet;
use crate::query::events::Groups;
use crate::query::events::Length;
use crate::query::events::Reading;
use crate::query::events::length;
use crate::query::events::reduce;
use crate::query::tree::Aggregator;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Grouping;
use crate::query::tree::GroupingKind;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

use super::name;

pub(super) const RULE: Rule = Rule {
    name: "mismatched-ratio-operands",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("mismatched_ratio_operands.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// One side with the first of its sets.
struct Operand<'s, 'a> {
    side: &'s Side<'a>,
    set: &'s EventSet<'a>,
    name: &'static str,
}

impl Operand<'_, '_> {
    fn text(&self, extent: Extent) -> &str {
        extent.slice(&self.side.query.text)
    }
}

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some(total) = &sli.total else { return };
    for part in [&sli.good, &sli.bad].into_iter().flatten() {
        if aggregators(part, total, sli, checker) {
            continue;
        }
        let Some((part, total)) = operand(part, sli).zip(operand(total, sli)) else { continue };
        // Of several differences the first is told: who mends it sees the next.
        let _ = values(&part, &total, checker)
            || readings(&part, &total, checker)
            || ranges(&part, &total, checker)
            || times(&part, &total, checker)
            || groups(&part, &total, sli, checker);
    }
}

/// Returns a side whose sets are all read alike.
fn operand<'s, 'a>(side: &'s Side<'a>, sli: &Sli<'_>) -> Option<Operand<'s, 'a>> {
    let (set, rest) = side.events.as_ref()?.sets.split_first()?;
    let range = |set: &EventSet<'_>| set.range.map(length);
    let is_alike = rest.iter().all(|other| {
        other.reading == set.reading && range(other) == range(set) && other.groups == set.groups
    });
    is_alike.then(|| Operand { side, set, name: name(side, sli) })
}

/// An average of series is as many times smaller as there are series.
fn aggregators(
    part: &Side<'_>,
    total: &Side<'_>,
    sli: &Sli<'_>,
    checker: &mut Checker<'_>,
) -> bool {
    // What an objective compares may be a mean, which is no share.
    if part.parsed.role == Role::Value {
        return false;
    }
    let outer = |side: &Side<'_>| match &side.expression.bare().kind {
        ExpressionKind::Aggregation(outer) => {
            let counts = reduce(&outer.operand)?;
            let grows = counts.sets.iter().all(|set| set.reading != Reading::Value);
            grows.then_some((outer.aggregator, outer.aggregator_extent))
        }
        _ => None,
    };
    let Some(((own, first), (other, second))) = outer(part).zip(outer(total)) else { return false };
    if own == other || ![own, other].contains(&Aggregator::Sum) {
        return false;
    }
    let text = |side: &Side<'_>, extent: Extent| quote(extent.slice(&side.query.text));
    let message = format!(
        "{} takes {} of series and {} {}",
        name(part, sli),
        text(part, first),
        name(total, sli),
        text(total, second)
    );
    let place = checker.place(part.query, first);
    let there = checker.place(total.query, second);
    let finding = checker.report(place, message);
    finding.label("the share depends on how many series there are");
    finding.also(there, name(total, sli));
    finding.help("use `sum` on both sides");
    true
}

/// `X_sum` adds up what was measured, `X_count` and `X_bucket` count events. What an objective compares
/// may be a mean, which is no share.
fn values(part: &Operand<'_, '_>, total: &Operand<'_, '_>, checker: &mut Checker<'_>) -> bool {
    if part.side.parsed.role == Role::Value {
        return false;
    }
    let sum =
        |operand: &Operand<'_, '_>| operand.set.metric.strip_suffix("_sum").map(str::to_owned);
    let events = |operand: &Operand<'_, '_>| {
        let family = family(operand.set);
        (family != operand.set.metric).then(|| family.to_owned())
    };
    let is_mixed = |one: &Operand<'_, '_>, other: &Operand<'_, '_>| {
        sum(one).is_some() && sum(one) == events(other)
    };
    if !is_mixed(part, total) && !is_mixed(total, part) {
        return false;
    }
    let (own, other) = (quote(part.set.metric), quote(total.set.metric));
    let message = format!("{} counts {own} and {} {other}", part.name, total.name);
    let places = [(part, part.set.extent), (total, total.set.extent)];
    let label = "`_sum` adds up what was measured, not events";
    report(places, message, label, "count events on both sides".to_owned(), checker);
    true
}

/// Events per second and events per range are of two units.
fn readings(part: &Operand<'_, '_>, total: &Operand<'_, '_>, checker: &mut Checker<'_>) -> bool {
    let metrics = &checker.config().metrics;
    let is_one = family(part.set) == family(total.set);
    let word = |operand: &Operand<'_, '_>| match operand.set.reading {
        Reading::Rate => Some("`rate`"),
        Reading::InstantRate => Some("`irate`"),
        Reading::Increase => Some("`increase`"),
        // Of what is a counter by its name, `counter-misuse` speaks.
        Reading::Value if is_one && samples(operand.set.metric, metrics) != Samples::Counter => {
            Some("its value")
        }
        Reading::Sum | Reading::Value => None,
    };
    let (Some(own), Some(other)) = (word(part), word(total)) else { return false };
    if own == other {
        return false;
    }
    let message = format!("{} counts by {own} and {} by {other}", part.name, total.name);
    let label = match (part.set.reading, total.set.reading) {
        (Reading::Value, _) | (_, Reading::Value) => {
            "one is the growth of a counter, the other what it has grown to"
        }
        (Reading::Increase, _) | (_, Reading::Increase) => {
            "one is events per second, the other events in the range"
        }
        _ => "`irate` sees the last two samples alone",
    };
    let places = [(part, part.set.extent), (total, total.set.extent)];
    let better = if total.set.reading == Reading::Value { own } else { other };
    report(places, message, label, format!("use {better} on both sides"), checker);
    true
}

fn ranges(part: &Operand<'_, '_>, total: &Operand<'_, '_>, checker: &mut Checker<'_>) -> bool {
    let (Some(own), Some(other)) = (part.set.range, total.set.range) else { return false };
    let lengths = length(own).zip(length(other));
    if lengths.is_none_or(|(own, other)| own == other) {
        return false;
    }
    let (first, second) = (quote(part.text(own.extent)), quote(total.text(other.extent)));
    let message = format!("{} looks back {first} and {} {second}", part.name, total.name);
    let places = [(part, own.extent), (total, other.extent)];
    let label = "events of one time are divided by those of another";
    report(places, message, label, format!("write {second} on both sides"), checker);
    true
}

fn times(part: &Operand<'_, '_>, total: &Operand<'_, '_>, checker: &mut Checker<'_>) -> bool {
    let offset = |operand: &Operand<'_, '_>| match &operand.set.modifiers.offset {
        Some(offset) => length(&offset.duration),
        None => Some(Length::Exact(0)),
    };
    if offset(part).zip(offset(total)).is_none_or(|(own, other)| own == other) {
        return false;
    }
    let extent = |operand: &Operand<'_, '_>| {
        let offset = operand.set.modifiers.offset.as_ref();
        offset.map_or(operand.set.selector.extent, |offset| offset.extent)
    };
    let words = |operand: &Operand<'_, '_>| match &operand.set.modifiers.offset {
        Some(offset) => quote(operand.text(offset.extent)),
        None => "no `offset`".to_owned(),
    };
    let message =
        format!("{} has {} and {} has {}", part.name, words(part), total.name, words(total));
    let places = [(part, extent(part)), (total, extent(total))];
    let label = "events of one time are divided by those of another";
    report(places, message, label, "write one `offset` on both sides".to_owned(), checker);
    true
}

/// Series are paired by their labels: what only one side keeps pairs with nothing.
fn groups(
    part: &Operand<'_, '_>,
    total: &Operand<'_, '_>,
    sli: &Sli<'_>,
    checker: &mut Checker<'_>,
) -> bool {
    // Where two queries are divided by whoever reads them, their series are often added up first.
    let Some(share) = &sli.share else { return false };
    // Datadog divides each series by the one that has no tags.
    if part.side.parsed.language == Language::Datadog {
        return false;
    }
    let has_matching = share.division.matching.is_some();
    let (Some(own), Some(other)) = (labels(part.set.groups), labels(total.set.groups)) else {
        return false;
    };
    // What writes labels may write those that are missing.
    let writes = |operand: &Operand<'_, '_>| {
        let text = operand.text(operand.side.expression.extent);
        ["label_replace", "label_join"].iter().any(|name| text.contains(name))
    };
    if has_matching || own == other || writes(part) || writes(total) {
        return false;
    }
    let words = |labels: &[&str]| match labels {
        [] => "no label".to_owned(),
        labels => labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", "),
    };
    let message = format!(
        "{} keeps {} and {} {}: their series never pair",
        part.name,
        words(&own),
        total.name,
        words(&other)
    );
    let extent = |operand: &Operand<'_, '_>| match operand.set.groups {
        Groups::Some(grouping) => grouping.extent,
        _ => operand.side.expression.extent,
    };
    let places = [(part, extent(part)), (total, extent(total))];
    let label = "a division pairs series whose labels are all equal";
    report(places, message, label, "sum both sides by the same labels".to_owned(), checker);
    true
}

/// Returns the labels that certainly are on the series, in order; nothing where that is not known.
fn labels(groups: Groups<'_>) -> Option<Vec<&str>> {
    match groups {
        Groups::One => Some(Vec::new()),
        Groups::Some(Grouping { kind: GroupingKind::By, labels, .. }) => {
            let mut names: Vec<&str> = labels.iter().map(|label| label.text.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            Some(names)
        }
        _ => None,
    }
}

fn report(
    [(part, own), (total, other)]: [(&Operand<'_, '_>, Extent); 2],
    message: String,
    label: &'static str,
    help: String,
    checker: &mut Checker<'_>,
) {
    let place = checker.place(part.side.query, own);
    let there = checker.place(total.side.query, other);
    let finding = checker.report(place, message);
    finding.label(label);
    finding.also(there, total.name);
    finding.help(help);
}
