use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Lasting;
use crate::model::Lookback;
use crate::model::Operator;
use crate::model::Slo;
use crate::model::Tier;
use crate::policy::applies;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::in_words;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::source::Span;
use crate::source::Spanned;

use super::MOST_SHOWN;
use super::MOST_TIERS;
use super::whole;

pub(super) const RULE: Rule = Rule {
    name: "slow-policy-for-high-availability",
    level: Level::Info,
    set: Set::All,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("slow_policy_for_high_availability.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// How deep conditions are followed.
const MAX_DEPTH: usize = 32;

/// How many conditions are followed from one tier.
const MAX_STEPS: usize = 10_000;

/// What makes a tier slow.
#[derive(Clone, Copy)]
enum Cause {
    /// It begins after so many seconds at the soonest.
    Wait(u64),
    /// It begins once the whole budget of so long a time is gone.
    Budget(Duration),
}

/// An SLO of high availability, with its strictest objective and its window.
struct Strict<'a> {
    slo: &'a Arc<Slo>,
    target: &'a Spanned<Ratio>,
    window: Duration,
}

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let governance = checker.governance();
    for policy in whole(checker) {
        let freezes = policy.tiers.iter().filter(|tier| tier.gate.value == GateKind::Freeze);
        let freezes: Vec<&Tier> = freezes.take(MOST_TIERS).collect();
        if freezes.is_empty() {
            continue;
        }
        // SLOs with one window and the same tiers are answered alike.
        let mut found: BTreeMap<(Span, u64), (&Tier, Cause, Vec<Strict<'_>>)> = BTreeMap::new();
        for slo in governance.governed(policy, catalog.slos().filter(|slo| is_strict(slo))) {
            let Some(strict) = strict(slo) else { continue };
            let Some((tier, cause)) = first_freeze(policy, &freezes, &strict) else { continue };
            let key = (tier.span, strict.window.nominal_seconds());
            found.entry(key).or_insert((tier, cause, Vec::new())).2.push(strict);
        }
        for (tier, cause, slos) in found.into_values() {
            report(tier, cause, &slos, checker);
        }
    }
}

fn is_high(target: &Ratio) -> bool {
    Ratio::new(9_999, 10_000).is_some_and(|high| *target >= high) && *target < Ratio::one()
}

fn is_strict(slo: &Slo) -> bool {
    let mut targets = slo.objectives.iter().filter_map(|objective| objective.target.as_ref());
    targets.any(|target| is_high(&target.value))
}

fn strict(slo: &Arc<Slo>) -> Option<Strict<'_>> {
    let targets = slo.objectives.iter().filter_map(|objective| objective.target.as_ref());
    let high = targets.filter(|target| is_high(&target.value));
    let target = high.max_by(|one, other| one.value.cmp(&other.value))?;
    let window = slo.window.as_ref()?.duration.value;
    Some(Strict { slo, target, window })
}

/// Returns the first tier that freezes changes to an SLO, where every such tier is slow.
fn first_freeze<'a>(
    policy: &ErrorBudgetPolicy,
    freezes: &[&'a Tier],
    strict: &Strict<'_>,
) -> Option<(&'a Tier, Cause)> {
    let mut first = None;
    for tier in freezes.iter().filter(|tier| applies(tier, strict.slo) == Some(true)) {
        let mut walk = Walk { policy, window: strict.window, steps: MAX_STEPS };
        let cause = walk.cause(&tier.enter, 0, MAX_DEPTH)?;
        first = first.or(Some((*tier, cause)));
    }
    first
}

/// A walk along the conditions of a policy.
struct Walk<'a> {
    policy: &'a ErrorBudgetPolicy,
    window: Duration,
    steps: usize,
}

impl Walk<'_> {
    /// Returns why a condition is slow; nothing where it may hold soon.
    ///
    /// * `waited`: the seconds for which it is to last.
    fn cause(&mut self, condition: &Condition, waited: u64, depth: usize) -> Option<Cause> {
        self.steps = self.steps.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let week = Duration::new(7, Unit::Day).nominal_seconds();
        let policy = self.policy;
        let named = |name: &str| policy.conditions.iter().find(|named| named.name.value == name);
        match condition {
            Condition::All(parts) => parts.iter().find_map(|part| self.cause(part, waited, depth)),
            Condition::Any(parts) => {
                let causes: Option<Vec<Cause>> =
                    parts.iter().map(|part| self.cause(part, waited, depth)).collect();
                causes?.into_iter().min_by_key(|cause| match cause {
                    Cause::Budget(_) => 0,
                    Cause::Wait(seconds) => *seconds,
                })
            }
            Condition::Named(name) => self.cause(&named(&name.value)?.condition, waited, depth),
            Condition::Sustained { what, time, .. } => {
                let waited = waited.saturating_add(time.value.nominal_seconds());
                let lasting = match what {
                    Lasting::Condition(name) => &named(&name.value)?.condition,
                    Lasting::Tier(name) => {
                        let mut tiers = policy.tiers.iter();
                        &tiers.find(|tier| tier.name.value == name.value)?.enter
                    }
                };
                self.cause(lasting, waited, depth)
            }
            _ if waited >= week => Some(Cause::Wait(waited)),
            Condition::Burn(burn) => {
                let lookback = match burn.lookback.value {
                    Lookback::Slo => self.window,
                    Lookback::For(length) => length,
                };
                let month = Duration::new(30, Unit::Day).nominal_seconds();
                let is_long = lookback.nominal_seconds() >= month;
                let is_upward = matches!(burn.operator, Operator::Gt | Operator::Gte);
                let is_all_gone = is_upward && burn.threshold.value >= Ratio::one();
                (is_long && is_all_gone).then_some(Cause::Budget(lookback))
            }
            _ => None,
        }
    }
}

fn report(tier: &Tier, cause: Cause, slos: &[Strict<'_>], checker: &mut Checker<'_>) {
    let Some(first) = slos.first() else { return };
    let (name, window) = (quote(&tier.name.value), first.window);
    let spared = |length: Duration| {
        let seconds = &Ratio::whole(length.nominal_seconds()) * &first.target.value.complement();
        format!("{} of full outage", in_words(&seconds))
    };
    let target = percent(&first.target.value);
    let message = match cause {
        Cause::Wait(seconds) => format!(
            "the tier {name} freezes changes after {} at the soonest, and {target} over {window} allows {}",
            in_words(&Ratio::whole(seconds)),
            spared(window)
        ),
        Cause::Budget(length) => format!(
            "the tier {name} freezes changes once the whole budget of {length} is gone, at {target} after {}",
            spared(length)
        ),
    };
    let finding = checker.report(tier.name.span, message);
    finding.label("no tier freezes sooner");
    for strict in slos.iter().take(MOST_SHOWN) {
        let name = quote(strict.slo.meta.name());
        finding.also(strict.target.span, format!("{name} is governed by it"));
    }
    let more = slos.len().saturating_sub(MOST_SHOWN);
    if more > 0 {
        finding.note(format!("{more} more SLOs of 99.99 % and above are governed by it"));
    }
    // A fifth of the budget of the window, spent in a day.
    let rate = Ratio::new(i128::from(window.nominal_seconds()), 5 * 86_400);
    if let Some(rate) = rate {
        let rate = rate.significant(2);
        finding.help(format!(
            "freeze also on a fifth of the budget in a day: a burn rate of {rate} over 1d"
        ));
    }
}
