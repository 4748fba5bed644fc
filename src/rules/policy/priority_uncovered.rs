use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::change::Formula;
use crate::change::Formulas;
use crate::change::implies;
use crate::finding::Finding;
use crate::finding::Level;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::PRIORITY;
use crate::model::Slo;
use crate::model::Tier;
use crate::policy::Circle;
use crate::policy::may_share_change;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::source::Span;
use crate::source::Spanned;
use crate::spelling;
use crate::spelling::Vocabulary;

use super::MOST_SHOWN;
use super::MOST_TIERS;
use super::in_a_note;
use super::is_same_priority;

pub(super) const RULE: Rule = Rule {
    name: "priority-uncovered",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("priority_uncovered.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let mut circles = checker.governance().circles(catalog.slos());
    // What seems to be lacking may be what could not be read.
    circles.retain(|circle| circle.policies.iter().all(|policy| policy.is_whole));
    let (mut told, mut lacking) = (BTreeSet::new(), BTreeSet::new());
    for circle in &circles {
        let Some(first) = first(circle) else { continue };
        inversions(circle, &mut told, checker);
        let slos = circle.slos.iter().copied().filter(|slo| !slo.is_aspirational());
        let without = slos.filter(|slo| slo.meta.declared(PRIORITY).is_none());
        // A policy that meets several others has them in several circles.
        let without = without.filter(|slo| lacking.insert((first.name.span, slo.meta.span)));
        let without = without.collect::<Vec<_>>();
        unknown(circle, first, &without, checker);
    }
    for uncovered in uncovered(&circles).values() {
        report(uncovered, checker);
    }
}

/// Speaks of SLOs without a priority, where tiers ask for one.
fn unknown(circle: &Circle<'_>, first: &Tier, slos: &[&Arc<Slo>], checker: &mut Checker<'_>) {
    let Some(asked) = first.priority.first().filter(|_| !slos.is_empty()) else { return };
    let catalog = checker.catalog();
    let who = words(circle);
    // A tier that asks for no priority holds for every SLO.
    let is_general = circle.tiers().any(|tier| tier.priority.is_empty());
    let (level, tier) = if is_general {
        (Level::Warning, format!("the tier {} of {who}", quote(&first.name.value)))
    } else {
        (Level::Error, format!("no tier of {who}"))
    };
    let holds = if is_general { "does not hold" } else { "holds" };
    let message = format!("{tier} {holds} for SLOs without `slo/priority`");
    let finding = checker.report_at(level, asked.span, message);
    finding.label("holds only for SLOs that say so");
    finding.note(format!("without one: {}", in_a_note(slos)));
    let places: Vec<_> = slos.iter().map(|slo| (*slo, slo.meta.place())).collect();
    point(finding, &places, |slo| {
        let service = catalog.service(slo);
        match service.filter(|service| service.meta.declared(PRIORITY).is_some()) {
            Some(_) => "has none of its own; that of its Service is not read".to_owned(),
            None => "has none".to_owned(),
        }
    });
    finding.help(format!("annotate with `slo/priority`: {}", list(&known(circle), "or")));
}

/// Points at the first of some SLOs, and says how many more there are.
fn point(finding: &mut Finding, slos: &[(&Arc<Slo>, Span)], what: impl Fn(&Arc<Slo>) -> String) {
    let more = slos.len().saturating_sub(MOST_SHOWN);
    for (index, (slo, place)) in slos.iter().enumerate().take(MOST_SHOWN) {
        let is_last = index + 1 == MOST_SHOWN && more > 0;
        let rest = if is_last { format!(" (and {more} more)") } else { String::new() };
        finding.also(*place, format!("{}{rest}", what(slo)));
    }
}

/// A priority for which no tier holds.
struct Uncovered<'a> {
    name: &'a str,
    circle: &'a Circle<'a>,
    /// Where a policy lists it.
    listed: Option<Span>,
    /// The SLOs that have it, with the place.
    slos: Vec<(&'a Arc<Slo>, Span)>,
}

/// Returns the priorities for which no tier holds, by their name and by where that is said.
fn uncovered<'a>(circles: &'a [Circle<'a>]) -> BTreeMap<(String, Vec<Span>), Uncovered<'a>> {
    let mut found: BTreeMap<(String, Vec<Span>), Uncovered<'a>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let keyed = || circles.iter().filter(|circle| first(circle).is_some());
    for circle in keyed() {
        for &slo in circle.slos.iter().filter(|slo| !slo.is_aspirational()) {
            let Some(declared) = slo.meta.declared(PRIORITY) else { continue };
            let name = declared.value;
            if covers(circle, name) {
                continue;
            }
            let listed = listed(circle, name);
            let uncovered = Uncovered { name, circle, listed, slos: Vec::new() };
            let place = listed.map_or_else(|| circle.places(), |listed| vec![listed]);
            let key = (name.to_ascii_lowercase(), place);
            if seen.insert((key.clone(), slo.meta.span)) {
                found.entry(key).or_insert(uncovered).slos.push((slo, declared.span));
            }
        }
    }
    // One that no SLO has may be covered together with any of the others.
    let mut told: BTreeSet<String> = found.keys().map(|(name, _)| name.clone()).collect();
    for circle in keyed() {
        for policy in &circle.policies {
            for Spanned { value: name, span } in &policy.priorities {
                // The order is that of the team, and stands in each of its policies.
                let mut others = circles.iter().flat_map(|circle| &circle.policies);
                let is_covered = others.any(|other| {
                    may_share_change(policy, other)
                        && other.tiers.iter().any(|tier| holds_for(tier, name))
                });
                let key = name.to_ascii_lowercase();
                if !is_covered && told.insert(key.clone()) {
                    let listed = Some(*span);
                    let uncovered = Uncovered { name, circle, listed, slos: Vec::new() };
                    found.insert((key, vec![*span]), uncovered);
                }
            }
        }
    }
    found
}

fn report(uncovered: &Uncovered<'_>, checker: &mut Checker<'_>) {
    let Uncovered { name, circle, listed, slos } = uncovered;
    let who = words(circle);
    let message = format!("no tier of {who} holds for the priority {}", quote(name));
    let (finding, others) = match (listed, slos.split_first()) {
        (Some(span), _) => {
            let finding = checker.report(*span, message);
            (finding.help("add it to the `priority` of a tier"), slos.as_slice())
        }
        (None, Some(((slo, span), others))) => {
            // Of a very short name, most others are near.
            let near = (name.chars().count() > 3)
                .then(|| spelling::nearest(name, known(circle), Vocabulary::Names));
            let near = near.into_iter().flatten().find(|near| covers(circle, near));
            let finding = checker.report(*span, message);
            finding.label(format!("that of the SLO {}", quote(slo.meta.name())));
            for policy in circle.policies.iter().take(MOST_SHOWN) {
                finding.also(policy.meta.place(), "governs it");
            }
            let finding = match near {
                Some(near) => finding.help(format!("write `{near}`, or let a tier hold for it")),
                None => finding.help("add it to the `priority` of a tier"),
            };
            (finding, others)
        }
        (None, None) => return,
    };
    point(finding, others, |slo| format!("{} has it", quote(slo.meta.name())));
}

/// Speaks of tiers that gate a priority harder than a higher one: at the same burn rate, or than any
/// tier that holds for it.
fn inversions(circle: &Circle<'_>, told: &mut BTreeSet<(Span, Span)>, checker: &mut Checker<'_>) {
    let is_single = circle.policies.len() == 1;
    let mut tiers: Vec<(&ErrorBudgetPolicy, &Tier, Option<Formula>)> = Vec::new();
    for policy in &circle.policies {
        let mut formulas =
            if is_single { Formulas::within(policy, None) } else { Formulas::of(policy) };
        for tier in policy.tiers.iter().take(MOST_TIERS.saturating_sub(tiers.len())) {
            tiers.push((policy, tier, formulas.formula(&tier.enter, true)));
        }
    }
    for (policy, tier, enter) in &tiers {
        let inversion = policy.priorities.iter().find_map(|higher| {
            let lower = lower_than(policy, tier, &higher.value)?;
            let for_higher = || circle.tiers().filter(|other| holds_for(other, &higher.value));
            let strictest = for_higher().max_by_key(|other| other.gate.value)?;
            // Whatever holds for the higher one whenever this tier begins is to be milder.
            let same = tiers.iter().filter(|(_, other, _)| holds_for(other, &higher.value));
            let same = same.filter_map(|(_, other, begins)| {
                let (enter, begins) = (enter.as_ref()?, begins.as_ref()?);
                implies(enter, begins).then(|| (*other, implies(begins, enter)))
            });
            let same = same.max_by_key(|(other, _)| other.gate.value);
            let (other, is_same) = match same {
                Some((other, true)) => (other, true),
                _ => (strictest, false),
            };
            (other.gate.value < tier.gate.value).then_some((higher, lower, other, is_same))
        });
        let Some((higher, lower, other, is_same)) = inversion else { continue };
        if !told.insert((higher.span, lower.span)) {
            continue;
        }
        let (low, high) = (quote(&lower.value), quote(&higher.value));
        let (gate, milder) = (tier.gate.value.name(), other.gate.value.name());
        let than = format!("{low} is gated harder than {high}");
        let message = if is_same {
            format!("{than} at the same burn rate: `{gate}` and not `{milder}`")
        } else {
            format!("{than}: `{gate}`, and never more than `{milder}`")
        };
        let label = format!("for {high}, which stands before it in `priorities`");
        checker
            .report(tier.gate.span, message)
            .label(format!("for {low}"))
            .also(other.gate.span, label)
            .help("change the gates, or the order of `spec.priorities`");
    }
}

fn holds_for(tier: &Tier, priority: &str) -> bool {
    tier.priority.is_empty()
        || tier.priority.iter().any(|own| is_same_priority(&own.value, priority))
}

/// Returns a priority of a tier that stands behind another one, for which the tier does not hold.
fn lower_than<'a>(
    policy: &'a ErrorBudgetPolicy,
    tier: &Tier,
    higher: &str,
) -> Option<&'a Spanned<String>> {
    if holds_for(tier, higher) {
        return None;
    }
    let is_other = |other: &&Spanned<String>| !is_same_priority(&other.value, higher);
    let mut below = policy.priorities.iter().skip_while(is_other).skip(1);
    below.find(|lower| holds_for(tier, &lower.value))
}

/// Returns the first tier that asks for a priority.
fn first<'a>(circle: &Circle<'a>) -> Option<&'a Tier> {
    circle.tiers().find(|tier| !tier.priority.is_empty())
}

/// Returns whether some tier holds for a priority.
fn covers(circle: &Circle<'_>, priority: &str) -> bool {
    circle.tiers().any(|tier| holds_for(tier, priority))
}

/// Returns where one of the policies lists a priority.
fn listed(circle: &Circle<'_>, priority: &str) -> Option<Span> {
    let mut listed = circle.policies.iter().flat_map(|policy| &policy.priorities);
    Some(listed.find(|listed| is_same_priority(&listed.value, priority))?.span)
}

/// Returns the priorities that the policies name, each once.
fn known<'a>(circle: &Circle<'a>) -> Vec<&'a str> {
    let listed = circle.policies.iter().flat_map(|policy| &policy.priorities);
    let mut known: Vec<&str> = Vec::new();
    for priority in listed.chain(circle.tiers().flat_map(|tier| &tier.priority)) {
        if !known.iter().any(|other| is_same_priority(other, &priority.value)) {
            known.push(&priority.value);
        }
    }
    known
}

/// Returns the policies in a sentence: "the policy `a`", or "the policies `a` and `b`".
fn words(circle: &Circle<'_>) -> String {
    let names: Vec<&str> = circle.policies.iter().map(|policy| policy.meta.name()).collect();
    let noun = if names.len() == 1 { "policy" } else { "policies" };
    format!("the {noun} {}", list(&names, "and"))
}
