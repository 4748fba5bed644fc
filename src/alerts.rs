//! Burn-rate alerts beside the SLOs that they watch: when one fires, whom it wakes, what it spends.
//!
//! **Invariant:** `alerts` finds facts and words nothing; a rule of family `alerting` says them to
//! people.
//!
//! # Why
//!
//! A dozen rules ask the same of an alert: whether it can fire at all, under which targets, how urgent
//! it is, what it looks back on. Answered in one place, no two of them disagree.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Alert;
use crate::model::AlertCondition;
use crate::model::AlertPolicy;
use crate::model::BudgetingMethod;
use crate::model::BurnRate;
use crate::model::Catalog;
use crate::model::Meta;
use crate::model::Object;
use crate::model::Operator;
use crate::model::Referable;
use crate::model::Slo;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::source::Span;
use crate::source::Spanned;

pub mod channel;
pub mod consumption;
pub mod events;
pub mod generated;
pub mod link;
pub mod route;
pub mod slower;
pub mod urgency;
pub mod watch;

/// Shows every condition, alone and in each policy that holds it, whether or not an SLO uses it.
pub fn each_condition<'a>(
    catalog: &'a Catalog,
    see: &mut dyn FnMut(Option<&'a Arc<AlertPolicy>>, &'a Arc<AlertCondition>),
) {
    let in_policy = |policy: &'a Arc<AlertPolicy>, see: &mut dyn FnMut(_, _)| {
        for used in &policy.conditions {
            if let Some(condition) = catalog.condition(used).one() {
                see(Some(policy), condition);
            }
        }
    };
    for object in catalog.objects() {
        match object {
            Object::AlertCondition(condition) => see(None, condition),
            Object::AlertPolicy(policy) => in_policy(policy, see),
            Object::Slo(slo) => {
                for policy in &slo.alert_policies {
                    if let Referable::Inline(policy) = policy {
                        in_policy(policy, see);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Returns the burn rates of a kind of all conditions that are to tell that the error budget burns, each
/// once: neither they nor a policy mean them for good health, and not every policy that holds them is
/// silent on breaches.
pub fn telling<'a>(
    catalog: &'a Catalog,
    is_asked: impl Fn(&BurnRate) -> bool,
) -> Vec<&'a BurnRate> {
    struct Held<'a> {
        burn: &'a BurnRate,
        is_for_health: bool,
        is_told: Option<bool>,
    }
    let mut found: BTreeMap<Span, Held<'a>> = BTreeMap::new();
    each_condition(catalog, &mut |policy, condition| {
        let Some(burn) = condition.burn_rate.as_ref().filter(|burn| is_asked(burn)) else { return };
        let unheld = Held { burn, is_for_health: false, is_told: None };
        let held = found.entry(condition.meta.span).or_insert(unheld);
        held.is_for_health |= is_meant_for_health(policy.map(Arc::as_ref), condition);
        if let Some(policy) = policy {
            held.is_told = Some(held.is_told == Some(true) || tells_of_breaches(policy));
        }
    });
    let held = found.into_values();
    let held = held.filter(|held| !held.is_for_health && held.is_told != Some(false));
    held.map(|held| held.burn).collect()
}

/// Returns the largest share of bad events that can happen at all: `slo/max-error-ratio`, or 1.
///
/// Of slices all may be bad, however few events are.
pub fn largest_error_ratio(slo: &Slo) -> Ratio {
    if slo.method() == BudgetingMethod::Timeslices {
        return Ratio::one();
    }
    slo.meta.declared_share("slo/max-error-ratio").map_or_else(Ratio::one, |share| share.value)
}

/// Returns the longest slice that an SLO counts, with its seconds.
pub fn longest_slice(slo: &Slo) -> Option<(u64, &Spanned<Duration>)> {
    let is_sliced = slo.method() == BudgetingMethod::Timeslices;
    let objectives = slo.objectives.iter().filter(|_| is_sliced);
    let slices = objectives.filter_map(|objective| objective.slice_window.as_ref());
    let slices = slices.filter_map(|slice| Some((slice.value.seconds()?, slice)));
    slices.max_by_key(|(seconds, _)| *seconds)
}

/// Returns whether an alert fires while the burn rate is high.
pub fn is_upward(burn: &BurnRate) -> bool {
    matches!(burn.operator.value, Operator::Gt | Operator::Gte)
}

/// Returns whether an alert can fire under a target, where all of `largest` may be bad; one whose
/// operator is inverted is judged as what it was meant to be.
///
/// * `target`: in `0..1`.
///
/// # Source
///
/// Google, *The Site Reliability Workbook*, chapter 5: a burn rate is the share of bad events over
/// the error budget, so it is at most `largest / (1 − target)`.
pub fn can_fire(burn: &BurnRate, target: &Ratio, largest: &Ratio) -> bool {
    let needed = &burn.threshold.value * &target.complement();
    match burn.operator.value {
        Operator::Gt | Operator::Lt => needed < *largest,
        Operator::Gte | Operator::Lte => needed <= *largest,
    }
}

/// Returns whether a condition is meant to fire while less is burned than the target allows.
pub fn is_meant_for_health(policy: Option<&AlertPolicy>, condition: &AlertCondition) -> bool {
    let says = |meta: &Meta| {
        let intent = meta.annotation("slo/intent").or_else(|| meta.label("slo/intent"));
        intent.is_some_and(|intent| intent.value.trim() == "under-burn")
    };
    says(&condition.meta) || policy.is_some_and(|policy| says(&policy.meta))
}

/// Returns whether an alert would tell somebody that the budget of an SLO burns, if it fired at high burn
/// rates: its policy is not switched off, it is not meant for good health, and it can fire under some
/// target.
pub fn is_meant(slo: &Slo, alert: Alert<'_>, burn: &BurnRate) -> bool {
    let largest = largest_error_ratio(slo);
    tells_of_breaches(alert.policy)
        && !is_meant_for_health(Some(alert.policy), alert.condition)
        && slo.targets().any(|target| can_fire(burn, &target.value, &largest))
}

/// Returns whether a policy tells that the error budget burns; it does unless it says otherwise.
pub fn tells_of_breaches(policy: &AlertPolicy) -> bool {
    policy.when_breaching.as_ref().is_none_or(|told| told.value)
}

/// Returns whether a word is one of some, in whatever case and with whatever signs between its letters.
pub fn is_one(words: &[impl AsRef<str>], word: &str) -> bool {
    words.iter().any(|known| plain(known.as_ref()).eq(plain(word)))
}

fn plain(text: &str) -> impl Iterator<Item = char> {
    let letters = text.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase)
}

/// Returns whether a flag is given and true.
pub fn is_true(flag: Option<&Spanned<bool>>) -> bool {
    flag.is_some_and(|flag| flag.value)
}

/// Returns whether nobody expects alerts of an SLO: it states a contract or a hope.
pub fn is_exempt(slo: &Slo) -> bool {
    slo.is_aspirational() || slo.is_agreement()
}
