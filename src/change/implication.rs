//! Whether one condition of a policy holds whenever another does.
//!
//! **Invariant:** a yes is proof; a no says only that none was found.
//!
//! # Why
//!
//! Conditions are compared by their shape: *all* implies each of its parts, a burn rate of at least
//! 2 implies one of at least 1. A solver would prove a little more and explain itself less. Where
//! nothing is proved, a change is `policy-changed`, which is never wrong, and no rule reports.

use std::collections::BTreeMap;

use crate::model::BurnRate;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lasting;
use crate::model::Lookback;
use crate::model::Operator;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::source::Spanned;

/// The most parts of all conditions of a policy, once every name is replaced by what it stands for.
const MAX_PARTS: usize = 50_000;

/// How deep conditions may stand in each other.
const MAX_DEPTH: usize = 64;

/// The most comparisons of two parts, for one pair of conditions.
const MAX_COMPARISONS: usize = 10_000;

/// A condition without names and without *not*: a *not* is moved down to the comparisons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula {
    /// Each of them holds; with none, always.
    All(Vec<Formula>),
    /// One of them holds; with none, never.
    Any(Vec<Formula>),
    /// A burn rate compares so.
    Burn {
        /// How long is looked back; `7d` and `1w` are equal.
        lookback: Lookback,
        /// How the burn rate compares.
        operator: Operator,
        /// What it is compared with.
        threshold: Ratio,
    },
    /// Something was true for some time.
    Past {
        /// What was.
        what: String,
        /// The higher, the more is asked of it.
        strength: i128,
        /// Whether it was; else it was not.
        holds: bool,
    },
    /// What is not looked into: a name that stands for nothing, or a record.
    Named {
        /// The name.
        name: String,
        /// Whether it holds; else it does not.
        holds: bool,
    },
}

impl Formula {
    /// Returns what it asks of an SLO: what is looked back over the SLO's own window is looked back over
    /// that length.
    pub fn over(self, window: Duration) -> Self {
        let each = |parts: Vec<Self>| parts.into_iter().map(|part| part.over(window)).collect();
        match self {
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
            Self::Burn { lookback: Lookback::Slo, operator, threshold } => {
                Self::Burn { lookback: same_unit(Lookback::For(window)), operator, threshold }
            }
            other => other,
        }
    }
}

/// The conditions of a policy, as formulas.
#[derive(Debug)]
pub struct Formulas<'a> {
    named: BTreeMap<&'a str, &'a Condition>,
    parts: usize,
    scope: Scope,
}

/// What formulas are compared with.
#[derive(Debug)]
enum Scope {
    /// Those of another policy: what rests on records and on the past of tiers may differ there,
    /// however alike it is written.
    Policies,
    /// Those of the same policy, where no burn rate is above the number, if there is one.
    Policy(Option<Ratio>),
}

impl<'a> Formulas<'a> {
    /// Looks at the conditions that have names, to compare them with those of another policy.
    pub fn of(policy: &'a ErrorBudgetPolicy) -> Self {
        let named = policy.conditions.iter().rev();
        let named = named.map(|named| (named.name.value.as_str(), &named.condition)).collect();
        Self { named, parts: MAX_PARTS, scope: Scope::Policies }
    }

    /// Looks at the conditions that have names, to compare them with each other.
    ///
    /// * `highest`: the highest burn rate there can be, where there is one.
    pub fn within(policy: &'a ErrorBudgetPolicy, highest: Option<Ratio>) -> Self {
        Self { scope: Scope::Policy(highest), ..Self::of(policy) }
    }

    /// Returns a condition, or its opposite, as a formula.
    ///
    /// Nothing where it leads back to itself, where the policy is too large, or where it rests on
    /// records or on the past and is compared with another policy's.
    pub fn formula(&mut self, condition: &Condition, holds: bool) -> Option<Formula> {
        self.expand(condition, holds, MAX_DEPTH)
    }

    fn expand(&mut self, condition: &Condition, holds: bool, depth: usize) -> Option<Formula> {
        let depth = depth.checked_sub(1)?;
        self.parts = self.parts.checked_sub(1)?;
        let mut list = |parts: &[Condition]| {
            parts.iter().map(|part| self.expand(part, holds, depth)).collect::<Option<Vec<_>>>()
        };
        Some(match condition {
            Condition::All(parts) if holds => Formula::All(list(parts)?),
            Condition::All(parts) => Formula::Any(list(parts)?),
            Condition::Any(parts) if holds => Formula::Any(list(parts)?),
            Condition::Any(parts) => Formula::All(list(parts)?),
            Condition::Not(part) => self.expand(part, !holds, depth)?,
            Condition::Named(name) => self.named(name, holds, depth)?,
            Condition::Burn(burn) => {
                let operator = if holds { burn.operator } else { opposite(burn.operator) };
                let threshold = &burn.threshold.value;
                match self.known(operator, threshold) {
                    Some(holds) => Formula::constant(holds),
                    None => Formula::Burn {
                        lookback: same_unit(burn.lookback.value),
                        operator,
                        threshold: threshold.clone(),
                    },
                }
            }
            Condition::Within { .. }
            | Condition::Sustained { .. }
            | Condition::Attested(_)
            | Condition::Incident { .. } => {
                let recorded = self.recorded(condition, depth)?;
                if holds { recorded } else { recorded.opposite() }
            }
        })
    }

    fn named(&mut self, name: &Spanned<String>, holds: bool, depth: usize) -> Option<Formula> {
        match self.named.get(name.value.as_str()) {
            Some(&named) => self.expand(named, holds, depth),
            None => Some(Formula::Named { name: name.value.clone(), holds }),
        }
    }

    /// Returns whether every burn rate compares so, or none does: one is never below 0, and never
    /// above the highest.
    fn known(&self, operator: Operator, threshold: &Ratio) -> Option<bool> {
        let Scope::Policy(highest) = &self.scope else { return None };
        let zero = Ratio::zero();
        let least = operator.holds(&zero, threshold);
        let same = match highest {
            Some(highest) => operator.holds(highest, threshold) == least,
            // Without an end, a comparison upward comes to hold, and one downward ceases to.
            None => least == matches!(operator, Operator::Gt | Operator::Gte),
        };
        same.then_some(least)
    }

    /// Returns what rests on records or on the past: it is the same where it is written the same.
    fn recorded(&mut self, condition: &Condition, depth: usize) -> Option<Formula> {
        let Scope::Policy(highest) = &self.scope else { return None };
        let past = |what: String, strength: i128| Formula::Past { what, strength, holds: true };
        match condition {
            Condition::Incident { share, by_class: false, .. }
                if highest.as_ref().is_some_and(|highest| share.value >= *highest) =>
            {
                Some(Formula::constant(false))
            }
            Condition::Within { name, time } => {
                let now = self.named(name, true, depth)?;
                if now.is_never() {
                    return Some(Formula::constant(false));
                }
                // Within a longer time is easier.
                let seconds = i128::from(time.value.nominal_seconds());
                Some(Formula::Any(vec![past(format!("within {}", name.value), -seconds), now]))
            }
            Condition::Sustained { what, time, max_gap } => {
                let seconds = i128::from(time.value.nominal_seconds());
                let gap = max_gap.map_or(0, Duration::nominal_seconds);
                match what {
                    Lasting::Tier(name) => {
                        Some(past(format!("tier {} {gap}", name.value), seconds))
                    }
                    Lasting::Condition(name) => {
                        let past = past(format!("condition {} {gap}", name.value), seconds);
                        // Where it may be false for a while, it may be so now.
                        if gap > 0 {
                            return Some(past);
                        }
                        Some(Formula::All(vec![past, self.named(name, true, depth)?]))
                    }
                }
            }
            _ => Some(Formula::Named { name: serde_json::to_string(condition).ok()?, holds: true }),
        }
    }
}

impl Formula {
    fn constant(holds: bool) -> Self {
        if holds { Self::All(Vec::new()) } else { Self::Any(Vec::new()) }
    }

    /// Returns what holds where this does not.
    #[must_use]
    pub fn opposite(self) -> Self {
        let list = |parts: Vec<Self>| parts.into_iter().map(Self::opposite).collect();
        match self {
            Self::All(parts) => Self::Any(list(parts)),
            Self::Any(parts) => Self::All(list(parts)),
            Self::Burn { lookback, operator, threshold } => {
                Self::Burn { lookback, operator: opposite(operator), threshold }
            }
            Self::Past { what, strength, holds } => Self::Past { what, strength, holds: !holds },
            Self::Named { name, holds } => Self::Named { name, holds: !holds },
        }
    }

    /// Returns whether it is known never to hold: it implies its opposite.
    pub fn is_never(&self) -> bool {
        implies(self, &self.clone().opposite())
    }
}

/// Returns a lookback so that `7d` and `1w` are equal.
fn same_unit(lookback: Lookback) -> Lookback {
    match lookback {
        Lookback::Slo => Lookback::Slo,
        Lookback::For(duration) => {
            Lookback::For(Duration::from_seconds(duration.nominal_seconds()))
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
pub fn implies(when: &Formula, then: &Formula) -> bool {
    let mut comparisons = MAX_COMPARISONS;
    when == then || follows(when, then, &mut comparisons)
}

fn follows(when: &Formula, then: &Formula, comparisons: &mut usize) -> bool {
    let Some(left) = comparisons.checked_sub(1) else {
        return false;
    };
    *comparisons = left;
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
        (
            Formula::Past { what, strength, holds },
            Formula::Past { what: other, strength: bound, holds: also },
        ) => {
            let is_stronger = if *holds { strength >= bound } else { strength <= bound };
            what == other && holds == also && is_stronger
        }
        (Formula::Named { .. }, Formula::Named { .. }) => when == then,
        _ => false,
    }
}

/// Returns whether a burn rate that fires the first alert is known to fire the second, however long
/// each of them waits.
pub fn fires_with(when: &BurnRate, then: &BurnRate) -> bool {
    let (lookback, other) = (when.lookback.value, then.lookback.value);
    let is_same = lookback.nominal_seconds() == other.nominal_seconds();
    let compared = |burn: &BurnRate| burn.operator.value;
    let (threshold, bound) = (&when.threshold.value, &then.threshold.value);
    is_same && stronger((compared(when), threshold), (compared(then), bound))
}

/// Returns whether a number that passes the first comparison passes the second.
fn stronger(when: (Operator, &Ratio), then: (Operator, &Ratio)) -> bool {
    use Operator::Gt;
    use Operator::Gte;
    use Operator::Lt;
    use Operator::Lte;
    let beyond = match (when.0, then.0) {
        (Gt | Gte, Gt | Gte) => when.1.cmp(then.1),
        (Lt | Lte, Lt | Lte) => then.1.cmp(when.1),
        _ => return false,
    };
    let strict = |operator: Operator| matches!(operator, Gt | Lt);
    beyond.is_gt() || (beyond.is_eq() && (strict(when.0) || !strict(then.0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::quantity::Unit;

    fn formulas() -> impl Strategy<Value = Formula> {
        let burn =
            (1u64..3, 0usize..4, 0u32..4).prop_map(|(hours, operator, threshold)| Formula::Burn {
                lookback: Lookback::For(Duration::new(hours, Unit::Hour)),
                operator: Operator::ALL[operator],
                threshold: Ratio::whole(threshold),
            });
        burn.prop_recursive(3, 16, 3, |inner| {
            let parts = prop::collection::vec(inner, 0..4);
            parts
                .clone()
                .prop_map(Formula::All)
                .boxed()
                .prop_union(parts.prop_map(Formula::Any).boxed())
        })
    }

    /// Returns whether a formula holds where the burn rates over one hour and two are given.
    fn holds(formula: &Formula, rates: [&Ratio; 2]) -> bool {
        match formula {
            Formula::All(parts) => parts.iter().all(|part| holds(part, rates)),
            Formula::Any(parts) => parts.iter().any(|part| holds(part, rates)),
            Formula::Burn { lookback, operator, threshold } => {
                let short = *lookback == Lookback::For(Duration::new(1, Unit::Hour));
                operator.holds(rates[usize::from(!short)], threshold)
            }
            Formula::Named { .. } | Formula::Past { .. } => false,
        }
    }

    proptest! {
        #[test]
        fn what_is_said_to_follow_follows_at_every_burn_rate(
            when in formulas(),
            then in formulas(),
        ) {
            prop_assert!(implies(&when, &when));
            if implies(&when, &then) {
                let rates: Vec<Ratio> = (-1..9).filter_map(|half| Ratio::new(half, 2)).collect();
                for one in &rates {
                    for other in &rates {
                        let rates = [one, other];
                        prop_assert!(!holds(&when, rates) || holds(&then, rates));
                    }
                }
            }
        }
    }
}
