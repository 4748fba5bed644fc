use crate::finding::Level;
use crate::indicators::Language;
use crate::indicators::Side;
use crate::indicators::Sli;
use crate::indicators::counters::Samples;
use crate::indicators::counters::samples;
use crate::indicators::statuses;
use crate::indicators::subset;
use crate::indicators::subset::BOUND;
use crate::indicators::subset::Gap;
use crate::query::events::EventSet;
use crate::query::events::Reading;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Edit;

use super::codes;
use super::has_plain_filters;
use super::name;
use super::quoted;
use super::written;

pub(super) const RULE: Rule = Rule {
    name: "good-not-proper-subset",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("good_not_proper_subset.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// A side with one of its sets.
type Place<'s, 'a> = (&'s Side<'a>, &'s EventSet<'a>);

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some(total) = &sli.total else { return };
    let Some(all) = &total.events else { return };
    for part in [&sli.good, &sli.bad].into_iter().flatten() {
        let Some(events) = &part.events else { continue };
        if subset::are_equal(events, all, checker.automata()) {
            report_same(part, total, sli, checker);
            continue;
        }
        // What is taken away takes more with it than it adds.
        if events.sets.iter().chain(&all.sets).any(|set| set.is_taken) {
            continue;
        }
        // What a gauge shows, such as what is used, is no part of another value of it.
        let metrics = &checker.config().metrics;
        let counts = |set: &&EventSet<'_>| {
            set.reading != Reading::Value || samples(set.metric, metrics) == Samples::Counter
        };
        for set in events.sets.iter().filter(counts) {
            let is_alike = |whole: &&EventSet<'_>| subset::family(whole) == subset::family(set);
            let mut likely = all.sets.iter().filter(is_alike);
            // Of several, one may hold what another does not.
            let (Some(whole), None) = (likely.next(), likely.next()) else { continue };
            if let Some(gap) = subset::gap(set, whole, checker.automata()) {
                let is_paired = |label: &String| {
                    let share = sli.share.as_ref();
                    share.is_some_and(|share| share.pairs(label, set.groups, whole.groups))
                };
                if matches!(&gap, Gap::Label { label, .. } if is_paired(label)) {
                    continue;
                }
                report((part, set), (total, whole), &gap, sli, checker);
            }
        }
    }
}

fn report_same(part: &Side<'_>, total: &Side<'_>, sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let (own, whole) = (name(part, sli), name(total, sli));
    let is_good = sli.good.as_ref().is_some_and(|good| std::ptr::eq(good, part));
    let (share, kind) = if is_good { ("100 %", "good") } else { ("0 %", "bad") };
    let message =
        format!("{own} and {whole} count the same events: the indicator is always {share}");
    let place = checker.place(part.query, part.expression.extent);
    let other = checker.place(total.query, total.expression.extent);
    let finding = checker.report(place, message);
    finding.label(format!("every valid event is {kind}"));
    finding.also(other, "the same events");
    finding.help(format!("ask {own} for what makes an event {kind}, such as its status"));
}

fn report(
    (part, set): Place<'_, '_>,
    (total, whole): Place<'_, '_>,
    gap: &Gap,
    sli: &Sli<'_>,
    checker: &mut Checker<'_>,
) {
    let label = match gap {
        Gap::Possible => return,
        Gap::Bound => BOUND,
        Gap::Label { label, .. } => label.as_str(),
    };
    let (own, other) = (name(part, sli), name(total, sli));
    let asked: Vec<_> = whole.matchers(label).collect();
    let given: Vec<_> = set.matchers(label).collect();
    let wanted = written(&asked, &total.query.text);
    let example = example(gap, (part, set), whole, checker);
    let extent = given.first().map_or(set.selector.extent, |matcher| matcher.extent);
    let place = checker.place(part.query, extent);
    let there = asked.first().map(|matcher| checker.place(total.query, matcher.extent));
    let is_label = given.is_empty() && *gap != Gap::Bound;
    let edit = if is_label { added(part, set, &wanted, checker) } else { None };
    let message = if is_label {
        format!("{own} counts events that {other} does not: it lacks {}", quote(&wanted))
    } else {
        format!("{own} counts events that {other} does not: {example}")
    };
    let finding = checker.report(place, message);
    if is_label {
        finding.label(match gap {
            Gap::Label { witness, .. } if !witness.is_empty() => {
                format!("counts events whatever their `{label}`")
            }
            _ => format!("also counts {example}"),
        });
    }
    if let Some(there) = there {
        finding.also(there, "only these events are valid");
    }
    match edit {
        Some(edit) => finding.unsafe_fix(format!("ask for {} too", quote(&wanted)), vec![edit]),
        None => finding.help(format!("let {own} ask for no more than {other} does")),
    };
}

/// Returns the edit that adds matchers to a selector.
fn added(part: &Side<'_>, set: &EventSet<'_>, wanted: &str, checker: &Checker<'_>) -> Option<Edit> {
    let query = part.query;
    if part.parsed.language == Language::Datadog && !has_plain_filters(&query.text) {
        return None;
    }
    if let Some(first) = set.selector.matchers.first() {
        let text = format!("{wanted},{}", first.extent.slice(&query.text));
        return checker.rewrite_part(query, first.extent, &text);
    }
    let name = set.selector.name.as_ref().filter(|_| set.selector.braces.is_none())?;
    let text = format!("{}{{{wanted}}}", name.extent.slice(&query.text));
    checker.rewrite_part(query, name.extent, &text)
}

/// Returns an event that only the first of two sets counts, in words.
fn example(
    gap: &Gap,
    (part, set): Place<'_, '_>,
    whole: &EventSet<'_>,
    checker: &Checker<'_>,
) -> String {
    let Gap::Label { label, witness } = gap else { return "values above its bound".to_owned() };
    let [own, valid] =
        [set, whole].map(|set| statuses::codes_of_label(set, label, checker.automata()));
    let more = own.zip(valid).map(|(own, valid)| own.without(&valid));
    match more.filter(|more| !more.is_empty()) {
        Some(more) => format!("those of status {}", codes(&more)),
        None if witness.is_empty() => format!("those of series without `{label}`"),
        None if part.parsed.language == Language::Datadog => {
            format!("those of `{label}:{witness}`")
        }
        None => format!("those of `{label}={}`", quoted(witness)),
    }
}
