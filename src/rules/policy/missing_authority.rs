use std::sync::Arc;

use crate::config::Config;
use crate::finding::Level;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Overrides;
use crate::model::Slo;
use crate::quantity::Duration;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Holds;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Setting;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::source::Spanned;

use super::in_a_note;
use super::whole;

pub(super) const RULE: Rule = Rule {
    name: "missing-authority",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("missing_authority.md"),
    settings: &[
        Setting { name: LONGEST, holds: Holds::Length },
        Setting { name: SINGLE_TEAMS, holds: Holds::Texts },
    ],
    check: Check::Catalog(check),
};

/// How long a gate may stay lifted.
const LONGEST: &str = "longest-override";

/// The owners that have nobody beside or above them.
const SINGLE_TEAMS: &str = "single-teams";

/// How long a gate may stay lifted, where the setting does not say.
const USUAL: Duration = Duration::new(14, Unit::Day);

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let governance = checker.governance();
    for policy in whole(checker) {
        // A gate that only warns needs nobody to lift it.
        if policy.tiers.iter().all(|tier| tier.gate.value < GateKind::Approve) {
            continue;
        }
        let path = checker.path(policy.meta.span.source);
        let single = checker.texts(SINGLE_TEAMS, path);
        let is_single = |owner: &str| single.iter().any(|team| is_same(team, owner));
        let is_alone = policy.owner.as_ref().is_some_and(|owner| is_single(&owner.value));
        lacking(policy, is_alone, checker);
        let Some(overrides) = &policy.overrides else { continue };
        too_long(overrides, checker.length(LONGEST, path).unwrap_or(USUAL), checker);
        let slos: Vec<&Arc<Slo>> = governance.governed(policy, catalog.slos()).collect();
        own_gate(policy, overrides, &slos, is_single, checker);
    }
}

/// Says what a policy leaves open.
fn lacking(policy: &ErrorBudgetPolicy, is_alone: bool, checker: &mut Checker<'_>) {
    let (mut open, mut fields) = (Vec::new(), Vec::new());
    let overrides = policy.overrides.as_ref().filter(|given| !given.approvers.is_empty());
    match overrides {
        None => {
            open.push("who may lift a gate");
            fields.push("`overrides.approvers`");
        }
        Some(overrides) if overrides.max_duration.is_none() => {
            open.push("for how long a gate may be lifted");
            fields.push("`overrides.maxDuration`");
        }
        Some(_) => {}
    }
    if policy.escalation.is_empty() && !is_alone {
        open.push("whom to turn to in a dispute");
        fields.push("`escalation`");
    }
    if open.is_empty() {
        return;
    }
    let (name, open) = (quote(policy.meta.name()), open.join(" or "));
    checker
        .report(policy.meta.place(), format!("the error budget policy {name} does not say {open}"))
        .help(format!("add {} under `spec`", fields.join(" and ")));
}

fn too_long(overrides: &Overrides, longest: Duration, checker: &mut Checker<'_>) {
    let Some(given) = &overrides.max_duration else { return };
    if given.value.nominal_seconds() <= longest.nominal_seconds() {
        return;
    }
    let message = format!("a gate may stay lifted for {}", given.value);
    checker
        .report(given.span, message)
        .label(format!("more than {longest}"))
        .help("lift it for shorter, and again where that is not enough");
}

/// Speaks of people who may lift the gate before their own changes, and nobody else.
fn own_gate(
    policy: &ErrorBudgetPolicy,
    overrides: &Overrides,
    slos: &[&Arc<Slo>],
    is_single: impl Fn(&str) -> bool,
    checker: &mut Checker<'_>,
) {
    let (Some(first), Some(last)) = (overrides.approvers.first(), overrides.approvers.last())
    else {
        return;
    };
    let catalog = checker.catalog();
    let is_own = |slo: &Arc<Slo>| {
        let owners = owners(catalog, slo);
        let is_of_owners = |approver: &Spanned<String>| {
            owners.iter().any(|owner| is_part(checker.config(), &approver.value, owner))
        };
        overrides.approvers.iter().all(is_of_owners) && !owners.iter().any(|owner| is_single(owner))
    };
    let Some(slo) = slos.first().filter(|_| slos.iter().all(|slo| is_own(slo))) else { return };
    let approvers: Vec<&str> =
        overrides.approvers.iter().map(|approver| approver.value.as_str()).collect();
    let name = quote(policy.meta.name());
    let message = format!("only owners of its SLOs may lift the gate of the policy {name}");
    checker
        .report(first.span.cover(last.span), message)
        .label(format!("nobody but {}", list(&approvers, "and")))
        .also(slo.meta.place(), format!("owned by {}", list(&owners(catalog, slo), "and")))
        .note(format!("it governs {}", in_a_note(slos)))
        .help("name a role outside the team");
}

/// Returns the owners that an SLO names, or else its Service.
fn owners<'a>(catalog: &'a Catalog, slo: &'a Slo) -> Vec<&'a str> {
    let mut given = slo.meta.owners();
    if given.is_empty() {
        given = catalog.service(slo).map(|service| service.meta.owners()).unwrap_or_default();
    }
    let names = given.into_iter().flat_map(|owner| owner.value.split(','));
    names.map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// Returns whether everybody of one name is of another: the names are one, or `[owners]` says so.
fn is_part(config: &Config, one: &str, whole: &str) -> bool {
    let is_member = |member: &str| {
        is_same(member, whole) || config.roles_of(member).any(|role| is_same(role, whole))
    };
    is_same(one, whole)
        || match config.owners.get(one) {
            Some(members) => !members.is_empty() && members.iter().all(|member| is_member(member)),
            None => is_member(one),
        }
}

fn is_same(one: &str, other: &str) -> bool {
    let bare = |name: &str| name.trim().trim_start_matches('@').to_lowercase();
    bare(one) == bare(other)
}
