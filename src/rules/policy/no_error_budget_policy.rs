use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::change::Formula;
use crate::change::Formulas;
use crate::change::implies;
use crate::finding::Level;
use crate::globs::Globs;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::Kind;
use crate::model::Selector;
use crate::model::Slo;
use crate::model::Tier;
use crate::model::WindowKind;
use crate::policy::applies;
use crate::policy::may_share_change;
use crate::policy::selects;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::level;
use crate::rules::words::quote;
use crate::source::Span;

use super::in_a_note;
use super::texts;

pub(super) const RULE: Rule = Rule {
    name: "no-error-budget-policy",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::SlosAndPolicies,
    since: "0.1.0",
    docs: include_str!("no_error_budget_policy.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// The most policies of one SLO that are compared with each other.
const MOST_RIVALS: usize = 20;

/// An SLO and the policies that govern it.
struct Governed<'a> {
    slo: &'a Arc<Slo>,
    policies: Vec<&'a Arc<ErrorBudgetPolicy>>,
}

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    // Every policy has tiers; one whose kind is misspelled is read by nobody, and still meant.
    if catalog.may_hold("ErrorBudgetPolicy") || catalog.may_hold("tiers") {
        return;
    }
    let policies = checker.policies();
    let governance = checker.governance();
    let slos: Vec<Governed<'_>> =
        catalog.slos().map(|slo| Governed { slo, policies: governance.governing(slo) }).collect();
    let idle = idle(catalog, &policies, &slos);
    let lacking: Vec<&Arc<Slo>> = slos
        .iter()
        .filter(|governed| governed.policies.is_empty() && !governed.slo.is_aspirational())
        .map(|governed| governed.slo)
        // Of a slip in the name of its service another rule speaks.
        .filter(|slo| meant_service(slo, checker).is_none())
        .collect();
    // Where no policy governs anything, their selectors are the cause.
    let is_cause = !idle.is_empty() && slos.iter().all(|governed| governed.policies.is_empty());
    let is_grave = is_cause && lacking.iter().any(|slo| catalog.is_critical(slo));
    let is_told = |policy: &&Arc<ErrorBudgetPolicy>| {
        is_unresolved(policy, &slos, catalog) || is_of_mistyped(policy, &slos, checker)
    };
    let idle: Vec<_> = idle.into_iter().filter(|policy| !is_told(policy)).collect();
    for policy in idle {
        report_idle(policy, &slos, level(is_grave), checker);
    }
    if !is_cause {
        report_lacking(catalog, &lacking, &slos, checker);
    }
    report_rivals(&slos, checker);
}

fn report_lacking(
    catalog: &Catalog,
    lacking: &[&Arc<Slo>],
    slos: &[Governed<'_>],
    checker: &mut Checker<'_>,
) {
    let expected = slos.iter().filter(|governed| !governed.slo.is_aspirational()).count();
    let help = if !checker.policies().is_empty() {
        "let the `selector` of a policy match it, or add a policy that has none"
    } else if catalog.policies().next().is_some() {
        "let `[gate] policies` of `slo.toml` name the file of a policy"
    } else {
        "add an object of `kind: ErrorBudgetPolicy`; without a `selector` it governs every SLO"
    };
    let has_none = lacking.len() == expected;
    for slo in lacking {
        let message = format!("no error budget policy governs the SLO {}", quote(slo.meta.name()));
        let level = level(catalog.is_critical(slo));
        let finding = checker.report_at(level, slo.meta.place(), message);
        finding.help(help);
        if has_none {
            finding.once("no error budget policy governs any SLO of the repository");
        }
    }
}

/// Returns the policies that select nothing, although there is something to select.
///
/// One that another outranks everywhere selects something.
fn idle<'a>(
    catalog: &Catalog,
    policies: &[&'a Arc<ErrorBudgetPolicy>],
    slos: &[Governed<'_>],
) -> Vec<&'a Arc<ErrorBudgetPolicy>> {
    if slos.is_empty() || catalog.may_hold("SLO") {
        return Vec::new();
    }
    let mut busy: Vec<Span> = slos
        .iter()
        .flat_map(|governed| &governed.policies)
        .map(|policy| policy.meta.span)
        .collect();
    busy.sort_unstable();
    busy.dedup();
    let is_idle = |policy: &&Arc<ErrorBudgetPolicy>| {
        busy.binary_search(&policy.meta.span).is_err()
            && !slos.iter().any(|governed| selects(policy, governed.slo))
    };
    policies.iter().copied().filter(is_idle).collect()
}

fn report_idle(
    policy: &ErrorBudgetPolicy,
    slos: &[Governed<'_>],
    level: Level,
    checker: &mut Checker<'_>,
) {
    let message = format!("the error budget policy {} governs no SLO", quote(policy.meta.name()));
    let (span, label) = dead_part(policy, slos).unwrap_or_else(|| {
        let selector = policy.selector.span.unwrap_or_else(|| policy.meta.place());
        (selector, "each part matches some SLO, but no SLO matches all of them")
    });
    checker.report_at(level, span, message).label(label);
}

/// Returns whether a part of the selector selects no SLO on its own.
fn is_dead(selector: Selector, policy: &ErrorBudgetPolicy, slos: &[Governed<'_>]) -> bool {
    let alone = ErrorBudgetPolicy { selector, ..policy.clone() };
    !slos.iter().any(|governed| selects(&alone, governed.slo))
}

/// Returns whether a name in the selector is that of nothing: of that another rule speaks.
fn is_unresolved(policy: &ErrorBudgetPolicy, slos: &[Governed<'_>], catalog: &Catalog) -> bool {
    let Selector { services, slos: names, .. } = &policy.selector;
    let is_service = || {
        let globs = Globs::of_names(services.iter().map(|glob| &glob.value));
        globs.is_ok_and(|globs| catalog.names(Kind::Service).any(|name| globs.matches(name)))
    };
    is_dead(Selector { slos: names.clone(), ..Selector::default() }, policy, slos)
        || is_dead(Selector { services: services.clone(), ..Selector::default() }, policy, slos)
            && !is_service()
}

/// Returns the service that an SLO was most likely meant to belong to, where its own is a slip.
fn meant_service<'a>(slo: &Slo, checker: &Checker<'a>) -> Option<&'a str> {
    checker.mistyped_services().get(&slo.service.as_ref()?.span).copied()
}

/// Returns whether a policy would select an SLO if the name of its service had no slip.
fn is_of_mistyped(
    policy: &ErrorBudgetPolicy,
    slos: &[Governed<'_>],
    checker: &Checker<'_>,
) -> bool {
    let globs = Globs::of_names(policy.selector.services.iter().map(|glob| &glob.value));
    let Ok(globs) = globs else { return false };
    let mut meant = slos.iter().filter_map(|governed| meant_service(governed.slo, checker));
    meant.any(|name| globs.matches(name))
}

/// Returns the first part of a selector that matches nothing on its own, and how it misses.
fn dead_part(policy: &ErrorBudgetPolicy, slos: &[Governed<'_>]) -> Option<(Span, &'static str)> {
    let Selector { services, match_labels, .. } = &policy.selector;
    if is_dead(Selector { services: services.clone(), ..Selector::default() }, policy, slos) {
        return Some((services.first()?.span, "no SLO belongs to a service of such a name"));
    }
    let (_, value) = match_labels.iter().find(|label| {
        let match_labels = vec![(*label).clone()];
        is_dead(Selector { match_labels, ..Selector::default() }, policy, slos)
    })?;
    Some((value.span, "no SLO has such a label"))
}

/// Policies that govern one SLO by different gates, of which none takes precedence.
fn report_rivals(slos: &[Governed<'_>], checker: &mut Checker<'_>) {
    let mut known = BTreeMap::new();
    let mut rivals = BTreeMap::new();
    for Governed { slo, policies } in slos.iter().filter(|governed| governed.policies.len() > 1) {
        for policy in policies {
            known.entry(policy.meta.span).or_insert_with(|| steps(policy));
        }
        let pairs = policies.iter().take(MOST_RIVALS).enumerate().flat_map(|(index, first)| {
            policies.iter().take(MOST_RIVALS).skip(index + 1).map(move |other| (first, other))
        });
        let of = |policy: &ErrorBudgetPolicy| known.get(&policy.meta.span).into_iter().flatten();
        let rival = pairs.into_iter().find(|(first, other)| {
            may_share_change(first, other) && disagree(of(first), of(other), slo)
        });
        if let Some((first, other)) = rival {
            let places = (first.meta.span, other.meta.span);
            rivals.entry(places).or_insert((first, other, Vec::new())).2.push(*slo);
        }
    }
    for (first, other, slos) in rivals.into_values() {
        let (one, two) = (quote(first.meta.name()), quote(other.meta.name()));
        checker
            .report_at(
                Level::Error,
                other.meta.place(),
                format!(
                    "the error budget policies {one} and {two} disagree about what both govern"
                ),
            )
            .label("gates it otherwise")
            .also(first.meta.place(), "gates it so")
            .note(format!("both govern {}", in_a_note(&slos)))
            .note("while neither takes precedence, the stricter verdict counts")
            .help("narrow a `selector`, or give one of the two a higher `precedence`");
    }
}

/// A tier, and what there is to know of when it begins and ends.
struct Step<'a> {
    tier: &'a Tier,
    enter: Option<Formula>,
    exit: Option<Formula>,
}

fn steps<'a>(policy: &'a ErrorBudgetPolicy) -> Vec<Step<'a>> {
    let mut formulas = Formulas::of(policy);
    let step = |tier: &'a Tier| {
        let Tier { enter, exit, .. } = tier;
        // What is not said is that it ends when `enter` is false.
        let ends = exit.as_ref().map_or((enter, false), |exit| (exit, true));
        let (enter, exit) = (formulas.formula(enter, true), formulas.formula(ends.0, ends.1));
        Step { tier, enter, exit }
    };
    policy.tiers.iter().map(step).collect()
}

/// Returns whether the tiers of two policies treat an SLO differently.
///
/// A policy without a tier for the SLO does nothing to it, and so contradicts nobody.
fn disagree<'a>(
    one: impl Iterator<Item = &'a Step<'a>>,
    other: impl Iterator<Item = &'a Step<'a>>,
    slo: &Slo,
) -> bool {
    let holds = |step: &&Step<'_>| applies(step.tier, slo) != Some(false);
    let (own, others): (Vec<_>, Vec<_>) =
        (one.filter(holds).collect(), other.filter(holds).collect());
    if own.is_empty() || others.is_empty() {
        return false;
    }
    let mut pairs = own.iter().zip(&others);
    own.len() != others.len() || pairs.any(|(one, other)| !is_same(one, other, slo))
}

/// Returns whether two tiers do the same to an SLO at the same time, without what only people read.
fn is_same(one: &Step<'_>, other: &Step<'_>, slo: &Slo) -> bool {
    let window = slo.window.as_ref().filter(|window| matches!(window.kind, WindowKind::Rolling));
    let of_slo = |formula: &Formula| match window {
        Some(window) => formula.clone().over(window.duration.value),
        None => formula.clone(),
    };
    let does = |tier: &Tier| json!([tier.gate, tier.approvals, tier.release_rate]);
    let is_same = |one: &Option<Formula>, other: &Option<Formula>| match (one, other) {
        (Some(one), Some(other)) => {
            let (one, other) = (of_slo(one), of_slo(other));
            Some(implies(&one, &other) && implies(&other, &one))
        }
        _ => None,
    };
    let (tier, rival) = (one.tier, other.tier);
    // What rests on the past or on records is the same where it is written the same.
    let is_written_same = || json!([tier.enter, tier.exit]) == json!([rival.enter, rival.exit]);
    let begins = is_same(&one.enter, &other.enter).zip(is_same(&one.exit, &other.exit));
    does(tier) == does(rival)
        && texts(&tier.approvers) == texts(&rival.approvers)
        && texts(&tier.exempt) == texts(&rival.exempt)
        && begins.map_or_else(is_written_same, |(begins, ends)| begins && ends)
}
