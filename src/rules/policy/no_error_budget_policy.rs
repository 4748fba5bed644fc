use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::finding::Level;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::Selector;
use crate::model::Slo;
use crate::model::Tier;
use crate::policy::Governance;
use crate::policy::applies;
use crate::policy::selects;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::level;
use crate::rules::words::quote;
use crate::source::Span;
use crate::source::Spanned;

use super::in_a_note;

pub(super) const RULE: Rule = Rule {
    name: "no-error-budget-policy",
    level: Level::Warning,
    set: Set::Strict,
    since: "0.1.0",
    docs: include_str!("no_error_budget_policy.md"),
    settings: &[],
    check: Check::Catalog(check),
};

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
    let governance = Governance::of(policies.iter().copied());
    let slos: Vec<Governed<'_>> =
        catalog.slos().map(|slo| Governed { slo, policies: governance.governing(slo) }).collect();
    let idle = idle(catalog, &policies, &slos);
    let lacking: Vec<&Arc<Slo>> = slos
        .iter()
        .filter(|governed| governed.policies.is_empty() && !governed.slo.is_aspirational())
        .map(|governed| governed.slo)
        .collect();
    // Where no policy governs anything, their selectors are the cause.
    let is_cause = !idle.is_empty() && slos.iter().all(|governed| governed.policies.is_empty());
    let is_grave = is_cause && lacking.iter().any(|slo| catalog.is_critical(slo));
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

/// Returns the first part of a selector that matches nothing on its own, and how it misses.
fn dead_part(policy: &ErrorBudgetPolicy, slos: &[Governed<'_>]) -> Option<(Span, &'static str)> {
    let Selector { services, slos: names, match_labels, .. } = &policy.selector;
    let selects_nothing = |selector: Selector| {
        let alone = ErrorBudgetPolicy { selector, ..policy.clone() };
        !slos.iter().any(|governed| selects(&alone, governed.slo))
    };
    let first = |globs: &[Spanned<String>]| globs.first().map(|glob| glob.span);
    if selects_nothing(Selector { services: services.clone(), ..Selector::default() }) {
        return Some((first(services)?, "no SLO belongs to a service of such a name"));
    }
    if selects_nothing(Selector { slos: names.clone(), ..Selector::default() }) {
        return Some((first(names)?, "no SLO has such a name"));
    }
    let is_dead = |label: &&(String, Spanned<String>)| {
        selects_nothing(Selector { match_labels: vec![(*label).clone()], ..Selector::default() })
    };
    let (_, value) = match_labels.iter().find(is_dead)?;
    Some((value.span, "no SLO has such a label"))
}

/// Policies that govern one SLO by different gates, of which none takes precedence.
fn report_rivals(slos: &[Governed<'_>], checker: &mut Checker<'_>) {
    let mut rivals = BTreeMap::new();
    for Governed { slo, policies } in slos {
        let Some((first, others)) = policies.split_first() else { continue };
        let rival = others.iter().find(|other| disagree(first, other, slo));
        if let Some(other) = rival {
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

/// Returns whether two policies treat an SLO differently and may meet in one change.
fn disagree(one: &ErrorBudgetPolicy, other: &ErrorBudgetPolicy, slo: &Slo) -> bool {
    let gates = |policy: &ErrorBudgetPolicy| {
        let held = policy.tiers.iter().filter(|tier| applies(tier, slo) != Some(false));
        held.map(gate).collect::<Vec<_>>()
    };
    let (own, others) = (gates(one), gates(other));
    let may_overlap = |one: &[Spanned<String>], other: &[Spanned<String>]| {
        let texts = |globs: &[Spanned<String>]| {
            globs.iter().map(|glob| glob.value.clone()).collect::<Vec<_>>()
        };
        one.is_empty() || other.is_empty() || texts(one) == texts(other)
    };
    // A policy without a tier for the SLO does nothing to it, and so contradicts nobody.
    !own.is_empty()
        && !others.is_empty()
        && own != others
        && may_overlap(&one.scope.paths, &other.scope.paths)
        && may_overlap(&one.scope.branches, &other.scope.branches)
}

/// Returns what a tier does and when, without what only people read.
fn gate(tier: &Tier) -> serde_json::Value {
    let Tier { enter, exit, gate, approvers, approvals, release_rate, exempt, .. } = tier;
    json!([enter, exit, gate, approvers, approvals, release_rate, exempt])
}
