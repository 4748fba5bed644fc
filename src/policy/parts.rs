//! Walks over the conditions of a policy: those that it writes, and those that it judges by.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lasting;

/// The conditions of a policy by their names.
#[derive(Debug)]
pub struct Names<'a>(BTreeMap<&'a str, &'a Condition>);

impl<'a> Names<'a> {
    /// Looks at the conditions that have names; of two of one name the first counts.
    pub fn of(policy: &'a ErrorBudgetPolicy) -> Self {
        let named = policy.conditions.iter().rev();
        Self(named.map(|named| (named.name.value.as_str(), &named.condition)).collect())
    }

    /// Shows every part of some conditions, and of those that they name, in order, and whether it is
    /// to hold or not; each name is followed once either way.
    pub fn each_part(
        &self,
        conditions: impl IntoIterator<Item = &'a Condition>,
        see: &mut dyn FnMut(&'a Condition, bool),
    ) {
        let mut open: Vec<_> = conditions.into_iter().map(|condition| (condition, true)).collect();
        open.reverse();
        let mut seen = BTreeSet::new();
        while let Some((part, holds)) = open.pop() {
            see(part, holds);
            match part {
                Condition::All(parts) | Condition::Any(parts) => {
                    open.extend(parts.iter().rev().map(|part| (part, holds)));
                }
                Condition::Not(part) => open.push((part, !holds)),
                Condition::Named(name)
                | Condition::Within { name, .. }
                | Condition::Sustained { what: Lasting::Condition(name), .. } => {
                    let name = name.value.as_str();
                    if seen.insert((name, holds)) {
                        open.extend(self.0.get(name).map(|named| (*named, holds)));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Returns what begins, ends and relaxes the tiers of a policy, as it is written.
fn of_tiers(policy: &ErrorBudgetPolicy) -> impl Iterator<Item = &Condition> {
    policy.tiers.iter().flat_map(|tier| {
        let relaxes = tier.relax_when.as_ref().map(|relax| &relax.when);
        [Some(&tier.enter), tier.exit.as_ref(), relaxes].into_iter().flatten()
    })
}

/// Shows every condition that a policy writes anywhere.
pub fn each_condition<'a>(policy: &'a ErrorBudgetPolicy, see: &mut dyn FnMut(&'a Condition)) {
    let named = policy.conditions.iter().map(|named| &named.condition);
    let recovery = policy.temporary_recovery.as_ref().map(|recovery| &recovery.value);
    named.chain(of_tiers(policy)).chain(recovery).for_each(|condition| condition.each(see));
}

/// Shows every condition on which a tier depends, by names too: what is written and not used is not
/// judged.
pub fn each_judged<'a>(policy: &'a ErrorBudgetPolicy, see: &mut dyn FnMut(&'a Condition)) {
    Names::of(policy).each_part(of_tiers(policy), &mut |part, _| see(part));
}
