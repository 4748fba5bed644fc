//! Conditions at one instant, with what is not known kept apart from what is false.

use jiff::Timestamp;

use crate::budget::Burn;
use crate::budget::Reason;
use crate::budget::Series;
use crate::budget::Terms;
use crate::budget::burn;
use crate::model;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lookback;
use crate::model::Operator;
use crate::quantity::Ratio;
use crate::source::Span;
use crate::source::Spanned;

use super::each_judged;

/// How deep conditions may stand in each other; deeper ones are not known.
pub(super) const MAX_DEPTH: usize = 64;

/// A burn rate that a condition asks for, and how it compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How long is looked back.
    pub lookback: Lookback,
    /// The burn rate.
    pub burn: Burn,
    /// How it is compared.
    pub operator: Operator,
    /// What it is compared with.
    pub threshold: Ratio,
    /// Whether the comparison holds; nothing where that is not known.
    pub holds: Option<bool>,
    /// The comparison in the policy.
    pub span: Span,
}

/// Returns every lookback that a policy is judged by, each once, where it stands first.
pub fn lookbacks(policy: &ErrorBudgetPolicy) -> Vec<Spanned<Lookback>> {
    let mut found: Vec<Spanned<Lookback>> = Vec::new();
    each_judged(policy, &mut |part| {
        if let Condition::Burn(burn) = part
            && !found.iter().any(|known| known.value == burn.lookback.value)
        {
            found.push(burn.lookback);
        }
    });
    found
}

/// Returns whether both hold, as far as that is known.
pub(super) fn both(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Returns whether at least one holds, as far as that is known.
pub(super) fn either(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// The burn rates of a policy at one instant.
pub(super) struct View<'a> {
    policy: &'a ErrorBudgetPolicy,
    series: &'a Series,
    terms: &'a Terms,
    instant: Timestamp,
    burns: Vec<(Lookback, Burn)>,
}

impl<'a> View<'a> {
    /// Looks at an instant.
    pub(super) fn new(
        policy: &'a ErrorBudgetPolicy,
        series: &'a Series,
        terms: &'a Terms,
        instant: Timestamp,
    ) -> Self {
        Self { policy, series, terms, instant, burns: Vec::new() }
    }

    fn burn(&mut self, lookback: Lookback) -> Burn {
        let known = self.burns.iter().find(|(other, _)| *other == lookback);
        if let Some((_, burn)) = known {
            return burn.clone();
        }
        let no_data = &self.policy.evaluation.no_data;
        let rate = burn(self.series, self.terms, lookback, self.instant, no_data);
        self.burns.push((lookback, rate.clone()));
        rate
    }

    /// Returns every burn rate that a condition asks for, in its order.
    pub(super) fn evidence(&mut self, condition: &Condition) -> Vec<Evidence> {
        let mut seen = vec![false; self.policy.conditions.len()];
        let mut found = Vec::new();
        self.collect(condition, 0, &mut seen, &mut found);
        found
    }

    fn collect(
        &mut self,
        condition: &Condition,
        depth: usize,
        seen: &mut Vec<bool>,
        found: &mut Vec<Evidence>,
    ) {
        let policy = self.policy;
        match condition {
            _ if depth > MAX_DEPTH => {}
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    self.collect(part, depth + 1, seen, found);
                }
            }
            Condition::Not(part) => self.collect(part, depth + 1, seen, found),
            Condition::Named(name) => {
                let Some(index) = position(policy, &name.value) else {
                    return;
                };
                let fresh = seen.get_mut(index).filter(|seen| !**seen);
                if let (Some(fresh), Some(named)) = (fresh, policy.conditions.get(index)) {
                    *fresh = true;
                    self.collect(&named.condition, depth + 1, seen, found);
                }
            }
            Condition::Burn(burn) => found.push(self.compared(burn)),
            _ => {}
        }
    }

    fn compared(&mut self, asked: &model::Burn) -> Evidence {
        let burn = self.burn(asked.lookback.value);
        Evidence {
            lookback: asked.lookback.value,
            holds: burn.compares(asked.operator, &asked.threshold.value),
            burn,
            operator: asked.operator,
            threshold: asked.threshold.value.clone(),
            span: asked.span,
        }
    }
}

/// Returns why a condition is not known, given its evidence: the first burn rate that is not, else
/// the condition itself.
pub(super) fn reason(evidence: &[Evidence], name: &str) -> Reason {
    let unknown = evidence.iter().filter(|evidence| evidence.holds.is_none());
    let reason = unknown.filter_map(|evidence| match &evidence.burn {
        Burn::Unknown { reason, .. } => Some(reason.clone()),
        Burn::Known(_) => None,
    });
    let mut reasons = reason;
    let first = reasons.next();
    first.unwrap_or_else(|| Reason::Condition(name.to_owned()))
}

/// Returns which of the named conditions has a name, counted from 0.
pub(super) fn position(policy: &ErrorBudgetPolicy, name: &str) -> Option<usize> {
    let mut conditions = policy.conditions.iter();
    conditions.position(|named| named.name.value == name)
}
