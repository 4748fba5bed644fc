//! Rules about the error budget policy.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lookback;
use crate::model::Slo;
use crate::model::Tier;
use crate::policy;
use crate::policy::Governance;
use crate::policy::Obstacle;
use crate::policy::Peak;
use crate::source::Spanned;

use super::Checker;
use super::Rule;
use super::words::quote;

mod attestation_unbacked;
mod missing_authority;
mod missing_exemptions;
mod missing_exit_criteria;
mod no_data_unspecified;
mod no_error_budget_policy;
mod priority_uncovered;
mod recovery_equals_slo;
mod slow_policy_for_high_availability;
mod unordered_tiers;
mod unreachable_tier;

pub(super) const RULES: &[&Rule] = &[
    &no_error_budget_policy::RULE,
    &unreachable_tier::RULE,
    &unordered_tiers::RULE,
    &missing_exit_criteria::RULE,
    &missing_exemptions::RULE,
    &missing_authority::RULE,
    &no_data_unspecified::RULE,
    &recovery_equals_slo::RULE,
    &priority_uncovered::RULE,
    &slow_policy_for_high_availability::RULE,
    &attestation_unbacked::RULE,
];

/// The most tiers of a policy that are compared with each other.
const MOST_TIERS: usize = 40;

/// How many SLOs a finding points at.
const MOST_SHOWN: usize = 3;

/// Returns the policies that count and of which everything could be read: in another one, what seems
/// to be lacking may be what could not be read.
fn whole<'a>(checker: &Checker<'a>) -> impl Iterator<Item = &'a Arc<ErrorBudgetPolicy>> + use<'a> {
    checker.policies().into_iter().filter(|policy| policy.is_whole)
}

/// Returns how a message calls what a burn rate looks back on.
fn reach(lookback: Lookback) -> String {
    match lookback {
        Lookback::Slo => "the window of the SLO".to_owned(),
        Lookback::For(duration) => duration.to_string(),
    }
}

/// Returns why a tier never begins, and the objective that can burn fastest where that is the cause.
fn obstacle<'a>(
    policy: &'a Arc<ErrorBudgetPolicy>,
    tier: &'a Tier,
    catalog: &'a Catalog,
    governance: &Governance<'_>,
) -> Option<(Obstacle<'a>, Option<Peak<'a>>)> {
    if let Some(obstacle) = policy::obstacle(policy, tier, None) {
        return Some((obstacle, None));
    }
    // An SLO that cannot be read may burn faster than all others.
    if catalog.may_hold("SLO") {
        return None;
    }
    let peak = policy::peak(policy, tier, governance.governed(policy, catalog.slos()))?;
    Some((policy::obstacle(policy, tier, Some(&peak.highest))?, Some(peak)))
}

/// Returns whether two priorities are the same: as in the gate, without regard to case.
fn is_same_priority(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Returns whether a tier holds for every SLO for which another one does.
fn holds_for_all_of(tier: &Tier, other: &Tier) -> bool {
    let has = |tier: &Tier, priority: &str| {
        tier.priority.iter().any(|own| is_same_priority(&own.value, priority))
    };
    tier.priority.is_empty()
        || !other.priority.is_empty()
            && other.priority.iter().all(|priority| has(tier, &priority.value))
}

/// Returns texts without their order and places.
fn texts(texts: &[Spanned<String>]) -> BTreeSet<&str> {
    texts.iter().map(|text| text.value.as_str()).collect()
}

/// Returns whether there may be an SLO for which both tiers hold.
fn may_meet(one: &Tier, other: &Tier) -> bool {
    let is_shared = |priority: &str| {
        other.priority.iter().any(|other| is_same_priority(&other.value, priority))
    };
    one.priority.is_empty()
        || other.priority.is_empty()
        || one.priority.iter().any(|priority| is_shared(&priority.value))
}

/// Returns SLOs in a note: "the SLO `a`", or "3 SLOs, `a` the first".
///
/// A message does not count them: one that comes later would make it another.
fn in_a_note(slos: &[&Arc<Slo>]) -> String {
    let name = quote(slos.first().map_or("", |slo| slo.meta.name()));
    match slos.len() {
        0 | 1 => format!("the SLO {name}"),
        count => format!("{count} SLOs, {name} the first"),
    }
}
