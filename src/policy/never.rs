//! Tiers that never begin, whatever is measured.
//!
//! **Invariant:** what is said is proof, by the arithmetic of burn rates and the shape of conditions;
//! where nothing is said, a tier may begin.

use std::sync::Arc;

use crate::change::Formulas;
use crate::change::implies;
use crate::model::BudgetingMethod;
use crate::model::Burn;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Operator;
use crate::model::Slo;
use crate::model::Tier;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::source::Spanned;

use super::Names;
use super::applies;

/// The most comparisons that are looked at to say why a tier never begins.
const MAX_ASKED: usize = 500;

/// Why a tier never begins.
#[derive(Clone, Copy, Debug)]
pub enum Obstacle<'a> {
    /// It asks for what there cannot be.
    Impossible(Asked<'a>),
    /// It asks for two burn rates of which one excludes the other.
    Opposites(&'a Burn, &'a Burn),
    /// It asks for something and for its opposite.
    Contradiction,
    /// Its exit holds whenever its enter does, and an exit wins.
    Exit,
}

/// What a condition asks for.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// A burn rate.
    Burn(&'a Burn),
    /// A share of an error budget that incidents take.
    Share(&'a Spanned<Ratio>, Duration),
}

/// The objective that can burn fastest, of those that a tier holds for.
#[derive(Clone, Debug)]
pub struct Peak<'a> {
    /// Its SLO.
    pub slo: &'a Slo,
    /// Its target.
    pub target: &'a Spanned<Ratio>,
    /// The largest share of its events, or of its slices, that can be bad.
    pub largest: Ratio,
    /// Its highest burn rate.
    pub highest: Ratio,
    /// How many SLOs the tier holds for.
    pub slos: usize,
}

/// Returns the objective that can burn fastest.
///
/// Nothing where the tier holds for none of the SLOs, where the target of one is not known, or where
/// no burn rate that the tier asks for is as high as the highest.
///
/// * `slos`: those that the policy governs.
///
/// # Source
///
/// Google, *The Site Reliability Workbook*, chapter 5: a burn rate is the share of bad events over
/// the error budget, so it is at most the largest share over the budget.
pub fn peak<'a>(
    policy: &ErrorBudgetPolicy,
    tier: &Tier,
    slos: impl Iterator<Item = &'a Arc<Slo>>,
) -> Option<Peak<'a>> {
    let asked = asked(policy, tier);
    let enough = asked.iter().map(|(asked, _)| asked.threshold()).max()?;
    let mut found: Option<Peak<'a>> = None;
    let mut count = 0;
    for slo in slos.filter(|slo| applies(tier, slo) == Some(true)) {
        count += 1;
        let largest = largest_share(slo);
        if slo.objectives.is_empty() {
            return None;
        }
        for objective in &slo.objectives {
            let target = objective.target.as_ref()?;
            let budget = target.value.complement();
            if target.value <= Ratio::zero() || largest > enough * &budget {
                return None;
            }
            // A budget of nothing burns as fast as one likes.
            let highest = largest.checked_div(&budget)?;
            if found.as_ref().is_none_or(|found| found.highest < highest) {
                let largest = largest.clone();
                found = Some(Peak { slo, target, largest, highest, slos: 0 });
            }
        }
    }
    found.map(|found| Peak { slos: count, ..found })
}

/// Returns the largest share of events, or of slices, that can be bad.
fn largest_share(slo: &Slo) -> Ratio {
    // Of a slice that is bad, most events may be good.
    let declared = (slo.method() != BudgetingMethod::Timeslices)
        .then(|| slo.meta.declared_share("slo/max-error-ratio"));
    declared.flatten().map_or_else(Ratio::one, |share| share.value)
}

/// Returns why a tier never begins; nothing where it may.
///
/// * `highest`: the highest burn rate of the objectives that it holds for, where that is known.
pub fn obstacle<'a>(
    policy: &'a ErrorBudgetPolicy,
    tier: &'a Tier,
    highest: Option<&Ratio>,
) -> Option<Obstacle<'a>> {
    let mut formulas = Formulas::within(policy, highest.cloned());
    let enter = formulas.formula(&tier.enter, true)?;
    if enter.is_never() {
        let asked = of_condition(policy, &tier.enter);
        let impossible = asked.iter().find(|(asked, holds)| asked.is_impossible(*holds, highest));
        if let Some((asked, _)) = impossible {
            return Some(Obstacle::Impossible(*asked));
        }
        return Some(opposites(&asked).unwrap_or(Obstacle::Contradiction));
    }
    let exit = formulas.formula(tier.exit.as_ref()?, true)?;
    implies(&enter, &exit).then_some(Obstacle::Exit)
}

/// Returns the first two burn rates that are asked for and exclude each other.
fn opposites<'a>(asked: &[(Asked<'a>, bool)]) -> Option<Obstacle<'a>> {
    let burns = asked.iter().filter_map(|(asked, holds)| match asked {
        Asked::Burn(burn) if *holds => Some(*burn),
        _ => None,
    });
    let burns: Vec<&Burn> = burns.collect();
    burns.iter().enumerate().find_map(|(index, later)| {
        let excludes = |earlier: &&&Burn| {
            use Operator::Gt;
            use Operator::Gte;
            let (earlier, later): (&Burn, &Burn) = (earlier, later);
            let is_same = earlier.lookback.value.is_same(later.lookback.value);
            let is_up = |burn: &Burn| matches!(burn.operator, Gt | Gte);
            let (low, high) = if is_up(earlier) { (earlier, later) } else { (later, earlier) };
            let (least, most) = (&low.threshold.value, &high.threshold.value);
            let both_count = low.operator.holds(least, least) && high.operator.holds(most, most);
            let is_empty = least > most || (least == most && !both_count);
            is_same && is_up(low) && !is_up(high) && is_empty
        };
        let earlier = burns.iter().take(index).find(excludes)?;
        Some(Obstacle::Opposites(earlier, later))
    })
}

/// Returns what the enter and the exit of a tier ask for, and whether it is to hold or not.
fn asked<'a>(policy: &'a ErrorBudgetPolicy, tier: &'a Tier) -> Vec<(Asked<'a>, bool)> {
    let mut found = of_condition(policy, &tier.enter);
    if let Some(exit) = &tier.exit {
        found.extend(of_condition(policy, exit));
    }
    found
}

/// Returns what a condition asks for, in its order, and whether that is to hold or not.
fn of_condition<'a>(
    policy: &'a ErrorBudgetPolicy,
    condition: &'a Condition,
) -> Vec<(Asked<'a>, bool)> {
    let mut found = Vec::new();
    Names::of(policy).each_part([condition], &mut |part, holds| {
        let asked = match part {
            Condition::Burn(burn) => Asked::Burn(burn),
            Condition::Incident { share, of, by_class: false } => Asked::Share(share, *of),
            _ => return,
        };
        if found.len() < MAX_ASKED {
            found.push((asked, holds));
        }
    });
    found
}

impl<'a> Asked<'a> {
    /// Returns the number that is compared with.
    pub fn threshold(self) -> &'a Ratio {
        match self {
            Self::Burn(burn) => &burn.threshold.value,
            Self::Share(share, _) => &share.value,
        }
    }

    /// Returns the comparison.
    pub fn operator(self) -> Operator {
        match self {
            Self::Burn(burn) => burn.operator,
            Self::Share(..) => Operator::Gt,
        }
    }

    /// Returns whether nothing from 0 to the highest compares so, or, where it is not to hold,
    /// everything does.
    fn is_impossible(self, holds: bool, highest: Option<&Ratio>) -> bool {
        let compares = |rate: &Ratio| self.operator().holds(rate, self.threshold()) == holds;
        let is_upward = matches!(self.operator(), Operator::Gt | Operator::Gte) == holds;
        // A comparison upward holds at the highest if anywhere, one downward at 0.
        if is_upward {
            highest.is_some_and(|highest| !compares(highest))
        } else {
            !compares(&Ratio::zero())
        }
    }
}

#[cfg(test)]
mod tests;
