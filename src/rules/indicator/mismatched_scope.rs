use crate::finding::Level;
use crate::indicators::Side;
use crate::indicators::Sli;
use crate::indicators::asked::SCOPES;
use crate::indicators::subset::Gap;
use crate::indicators::subset::family;
use crate::indicators::subset::gap;
use crate::query::events::EventSet;
use crate::query::events::Reading;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::values::Automata;
use crate::query::values::Containment;
use crate::query::values::Values;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

use super::name;

pub(super) const RULE: Rule = Rule {
    name: "mismatched-scope",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("mismatched_scope.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some(total) = &sli.total else { return };
    for part in [&sli.good, &sli.bad].into_iter().flatten() {
        if let (Some(set), Some(whole)) = (only(part), only(total)) {
            compare((part, set), (total, whole), sli, checker);
        }
    }
}

/// Returns the only set of a side, where it is the growth of counters.
fn only<'s, 'a>(side: &'s Side<'a>) -> Option<&'s EventSet<'a>> {
    match side.events.as_ref()?.sets.as_slice() {
        [only] => Some(only).filter(|set| set.reading != Reading::Value),
        _ => None,
    }
}

/// Returns whether a matcher lets every series through that has the label.
fn is_open(matcher: &Matcher, automata: &Automata) -> bool {
    let filled =
        Matcher { operator: MatchOperator::NotEqual, value: String::new(), ..matcher.clone() };
    let all = Values::of([&filled], automata);
    all.within(&Values::of([matcher], automata)) == Containment::Inside
}

fn compare(
    (part, set): (&Side<'_>, &EventSet<'_>),
    (total, whole): (&Side<'_>, &EventSet<'_>),
    sli: &Sli<'_>,
    checker: &mut Checker<'_>,
) {
    let is_asked = |label: &str| whole.matchers(label).next().is_some();
    let asks = |matcher: &&Matcher| {
        let label = matcher.label.text.as_str();
        matcher.operator.is_positive()
            && !is_open(matcher, checker.automata())
            && SCOPES.contains(&label)
            && !is_asked(label)
    };
    let found = set.selector.matchers.iter().find(asks);
    let Some(matcher) = found.filter(|_| family(set) == family(whole)) else { return };
    let label = matcher.label.text.as_str();
    let share = sli.share.as_ref();
    let is_paired = share.is_some_and(|share| share.pairs(label, set.groups, whole.groups));
    // Where neither is a part of the other, `good-not-proper-subset` says that, which is more.
    let gap = gap(set, whole, checker.automata());
    let is_told =
        matches!(&gap, Some(Gap::Label { label, .. }) if SCOPES.contains(&label.as_str()));
    if is_paired || is_told {
        return;
    }
    // Two labels may say the same of a series.
    let is_scoped = SCOPES.iter().any(|label| is_asked(label));
    let level = if is_scoped { Level::Warning } else { Level::Error };
    let (own, other) = (name(part, sli), name(total, sli));
    let written = quote(matcher.extent.slice(&part.query.text));
    let place = checker.place(part.query, matcher.extent);
    let there = checker.place(total.query, whole.selector.extent);
    let message = format!("{own} asks for {written} and {other} does not");
    let finding = checker.report_at(level, place, message);
    finding.label(format!("only some of the events that {other} counts can be among these"));
    finding.also(there, format!("counts events whatever their `{}`", matcher.label.text));
    finding.help(format!("ask {other} for {written} too"));
}
