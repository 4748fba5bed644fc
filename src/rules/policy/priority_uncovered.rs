use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::Formula;
use crate::change::Formulas;
use crate::change::implies;
use crate::finding::Finding;
use crate::finding::Level;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::Slo;
use crate::model::Tier;
use crate::policy::Governance;
use crate::rules::Check;
use crate::rules::Checker;
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
use super::whole;

pub(super) const RULE: Rule = Rule {
    name: "priority-uncovered",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("priority_uncovered.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// The annotation that the gate reads.
const PRIORITY: &str = "slo/priority";

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let policies = checker.policies();
    let governance = Governance::of(policies.iter().copied());
    for policy in whole(checker) {
        let keyed = || policy.tiers.iter().filter(|tier| !tier.priority.is_empty());
        let Some(first) = keyed().next() else { continue };
        inversions(policy, checker);
        let slos = governance.governed(policy, catalog.slos());
        let slos = slos.filter(|slo| !slo.is_aspirational());
        let (with, without): (Vec<&Arc<Slo>>, Vec<&Arc<Slo>>) =
            slos.partition(|slo| slo.meta.declared(PRIORITY).is_some());
        // A tier that asks for no priority holds for every SLO.
        let is_general = keyed().count() < policy.tiers.len();
        unknown(policy, first, &without, is_general, checker);
        if !is_general {
            uncovered(policy, &with, checker);
        }
    }
}

/// Speaks of SLOs without a priority, where tiers ask for one.
fn unknown(
    policy: &ErrorBudgetPolicy,
    first: &Tier,
    slos: &[&Arc<Slo>],
    is_general: bool,
    checker: &mut Checker<'_>,
) {
    let Some(asked) = first.priority.first().filter(|_| !slos.is_empty()) else { return };
    let catalog = checker.catalog();
    let name = quote(policy.meta.name());
    let (level, tier) = if is_general {
        (Level::Warning, format!("the tier {} of the policy {name}", quote(&first.name.value)))
    } else {
        (Level::Error, format!("no tier of the policy {name}"))
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
    finding.help(format!("annotate with `slo/priority`: {}", list(&known(policy), "or")));
}

/// Returns the priorities that a policy names, each once.
fn known(policy: &ErrorBudgetPolicy) -> Vec<&str> {
    let of_tiers = policy.tiers.iter().flat_map(|tier| &tier.priority);
    let mut known: Vec<&str> = Vec::new();
    for priority in policy.priorities.iter().chain(of_tiers) {
        if !known.iter().any(|other| is_same_priority(other, &priority.value)) {
            known.push(&priority.value);
        }
    }
    known
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
    /// Where the policy lists it.
    listed: Option<Span>,
    /// The SLOs that have it, with the place.
    slos: Vec<(&'a Arc<Slo>, Span)>,
}

fn uncovered(policy: &ErrorBudgetPolicy, slos: &[&Arc<Slo>], checker: &mut Checker<'_>) {
    let tiers = policy.tiers.iter().flat_map(|tier| &tier.priority);
    let of_tiers: Vec<&str> = tiers.map(|priority| priority.value.as_str()).collect();
    let is_covered = |name: &str| of_tiers.iter().any(|tier| is_same_priority(tier, name));
    let mut found: BTreeMap<String, Uncovered<'_>> = BTreeMap::new();
    let listed = policy.priorities.iter().map(|listed| (listed.value.as_str(), listed.span, None));
    let of_slos = slos.iter().filter_map(|slo| {
        let declared = slo.meta.declared(PRIORITY)?;
        Some((declared.value, declared.span, Some(*slo)))
    });
    for (name, span, slo) in listed.chain(of_slos) {
        if is_covered(name) {
            continue;
        }
        let key = name.to_ascii_lowercase();
        let listed = slo.is_none().then_some(span);
        let entry = found.entry(key).or_insert(Uncovered { name, listed, slos: Vec::new() });
        entry.slos.extend(slo.map(|slo| (slo, span)));
    }
    for uncovered in found.into_values() {
        report(policy, &uncovered, is_covered, checker);
    }
}

fn report(
    policy: &ErrorBudgetPolicy,
    uncovered: &Uncovered<'_>,
    is_covered: impl Fn(&str) -> bool,
    checker: &mut Checker<'_>,
) {
    let Uncovered { name, listed, slos } = uncovered;
    let (title, name_quoted) = (quote(policy.meta.name()), quote(name));
    let message = format!("no tier of the policy {title} holds for the priority {name_quoted}");
    let (finding, others) = match (listed, slos.split_first()) {
        (Some(span), _) => {
            let finding = checker.report(*span, message);
            (finding.help("add it to the `priority` of a tier"), slos.as_slice())
        }
        (None, Some(((slo, span), others))) => {
            // Of a very short name, most others are near.
            let near = (name.chars().count() > 3)
                .then(|| spelling::nearest(name, known(policy), Vocabulary::Names));
            let near = near.into_iter().flatten().find(|near| is_covered(near));
            let finding = checker.report(*span, message);
            finding
                .label(format!("that of the SLO {}", quote(slo.meta.name())))
                .also(policy.meta.place(), "governs it");
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

/// Speaks of a tier that gates a priority harder than a higher one at the same burn rate.
fn inversions(policy: &ErrorBudgetPolicy, checker: &mut Checker<'_>) {
    if policy.priorities.is_empty() {
        return;
    }
    let mut formulas = Formulas::within(policy, None);
    let tiers = policy.tiers.iter().take(MOST_TIERS);
    let tiers: Vec<(&Tier, Option<Formula>)> =
        tiers.map(|tier| (tier, formulas.formula(&tier.enter, true))).collect();
    for (tier, enter) in &tiers {
        let Some(enter) = enter else { continue };
        let inversion = policy.priorities.iter().find_map(|higher| {
            let lower = lower_than(policy, tier, higher)?;
            // Whatever holds for the higher one whenever this tier begins is to be milder.
            let same = tiers
                .iter()
                .filter(|(other, _)| holds_for(other, higher))
                .filter(|(_, other)| other.as_ref().is_some_and(|other| implies(enter, other)));
            let strictest = same.max_by_key(|(other, _)| other.gate.value)?;
            let (other, begins) = (strictest.0, strictest.1.as_ref()?);
            let is_same = implies(begins, enter);
            (is_same && other.gate.value < tier.gate.value).then_some((higher, lower, other))
        });
        if let Some((higher, lower, other)) = inversion {
            let (low, high) = (quote(&lower.value), quote(&higher.value));
            let (gate, milder) = (tier.gate.value.name(), other.gate.value.name());
            let message = format!(
                "{low} is gated harder than {high} at the same burn rate: `{gate}` and not `{milder}`"
            );
            checker
                .report(tier.gate.span, message)
                .label(format!("for {low}"))
                .also(
                    other.gate.span,
                    format!("for {high}, which stands before it in `priorities`"),
                )
                .help("change the gates, or the order of `spec.priorities`");
        }
    }
}

fn holds_for(tier: &Tier, priority: &Spanned<String>) -> bool {
    tier.priority.is_empty()
        || tier.priority.iter().any(|own| is_same_priority(&own.value, &priority.value))
}

/// Returns a priority of a tier that stands behind another one, for which the tier does not hold.
fn lower_than<'a>(
    policy: &'a ErrorBudgetPolicy,
    tier: &Tier,
    higher: &Spanned<String>,
) -> Option<&'a Spanned<String>> {
    if holds_for(tier, higher) {
        return None;
    }
    let mut below = policy.priorities.iter().skip_while(|other| other.span != higher.span).skip(1);
    below.find(|lower| holds_for(tier, lower))
}
