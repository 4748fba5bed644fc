//! Whether one condition of a policy holds whenever another does.
//!
//! **Invariant:** a yes is proof; a no says only that none was found.
//!
//! # Why
//!
//! Conditions are compared by their shape: *all* implies each of its parts, a burn rate of at least
//! 2 implies one of at least 1. A solver would prove a little more and explain itself less. What is
//! not proved is `policy-changed`, which is never wrong.

use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lookback;
use crate::model::Operator;
use crate::quantity::Ratio;

/// The most parts of a condition, once every name in it is replaced by what it stands for.
const MAX_PARTS: usize = 1_000;

/// How deep conditions may stand in each other.
const MAX_DEPTH: usize = 64;

/// The most comparisons of two parts.
const MAX_COMPARISONS: usize = 20_000;

/// A condition without names and without *not*: a *not* is moved down to the comparisons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Formula {
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Burn {
        lookback: Lookback,
        operator: Operator,
        threshold: Ratio,
    },
    /// A name that stands for nothing.
    Named {
        name: String,
        holds: bool,
    },
}

/// Returns a condition of a policy, or its opposite, as a formula; nothing where it is too large
/// or leads back to itself.
pub(super) fn formula(
    policy: &ErrorBudgetPolicy,
    condition: &Condition,
    holds: bool,
) -> Option<Formula> {
    let mut parts = MAX_PARTS;
    expand(policy, condition, holds, MAX_DEPTH, &mut parts)
}

fn expand(
    policy: &ErrorBudgetPolicy,
    condition: &Condition,
    holds: bool,
    depth: usize,
    parts: &mut usize,
) -> Option<Formula> {
    let depth = depth.checked_sub(1)?;
    *parts = parts.checked_sub(1)?;
    let mut list = |conditions: &[Condition]| {
        let formulas = conditions.iter();
        formulas.map(|part| expand(policy, part, holds, depth, parts)).collect::<Option<Vec<_>>>()
    };
    Some(match condition {
        Condition::All(conditions) if holds => Formula::All(list(conditions)?),
        Condition::All(conditions) => Formula::Any(list(conditions)?),
        Condition::Any(conditions) if holds => Formula::Any(list(conditions)?),
        Condition::Any(conditions) => Formula::All(list(conditions)?),
        Condition::Not(part) => expand(policy, part, !holds, depth, parts)?,
        Condition::Named(name) => {
            let named = policy.conditions.iter().find(|named| named.name.value == name.value);
            match named {
                Some(named) => expand(policy, &named.condition, holds, depth, parts)?,
                None => Formula::Named { name: name.value.clone(), holds },
            }
        }
        Condition::Burn(burn) => Formula::Burn {
            lookback: same_unit(burn.lookback.value),
            operator: if holds { burn.operator } else { opposite(burn.operator) },
            threshold: burn.threshold.value.clone(),
        },
    })
}

/// Returns a lookback so that `7d` and `1w` are equal.
fn same_unit(lookback: Lookback) -> Lookback {
    match lookback {
        Lookback::Slo => Lookback::Slo,
        Lookback::For(duration) => {
            Lookback::For(crate::quantity::Duration::from_seconds(duration.nominal_seconds()))
        }
    }
}

fn opposite(operator: Operator) -> Operator {
    match operator {
        Operator::Lt => Operator::Gte,
        Operator::Lte => Operator::Gt,
        Operator::Gt => Operator::Lte,
        Operator::Gte => Operator::Lt,
    }
}

/// Returns whether `then` is known to hold whenever `when` does.
pub(super) fn implies(when: &Formula, then: &Formula) -> bool {
    let mut comparisons = MAX_COMPARISONS;
    follows(when, then, &mut comparisons)
}

fn follows(when: &Formula, then: &Formula, comparisons: &mut usize) -> bool {
    let Some(left) = comparisons.checked_sub(1) else {
        return false;
    };
    *comparisons = left;
    if when == then {
        return true;
    }
    match (when, then) {
        (Formula::Any(parts), _) => parts.iter().all(|part| follows(part, then, comparisons)),
        (_, Formula::All(parts)) => parts.iter().all(|part| follows(when, part, comparisons)),
        (Formula::All(parts), Formula::Any(others)) => {
            parts.iter().any(|part| follows(part, then, comparisons))
                || others.iter().any(|other| follows(when, other, comparisons))
        }
        (Formula::All(parts), _) => parts.iter().any(|part| follows(part, then, comparisons)),
        (_, Formula::Any(parts)) => parts.iter().any(|part| follows(when, part, comparisons)),
        (
            Formula::Burn { lookback, operator, threshold },
            Formula::Burn { lookback: other_lookback, operator: other, threshold: bound },
        ) => lookback == other_lookback && stronger((*operator, threshold), (*other, bound)),
        _ => false,
    }
}

/// Returns whether a number that passes the first comparison passes the second.
fn stronger(when: (Operator, &Ratio), then: (Operator, &Ratio)) -> bool {
    use Operator::{Gt, Gte, Lt, Lte};
    let beyond = match (when.0, then.0) {
        (Gt | Gte, Gt | Gte) => when.1.cmp(then.1),
        (Lt | Lte, Lt | Lte) => then.1.cmp(when.1),
        _ => return false,
    };
    let strict = |operator: Operator| matches!(operator, Gt | Lt);
    beyond.is_gt() || (beyond.is_eq() && (strict(when.0) || !strict(then.0)))
}
