use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::change::Formula;
use crate::change::Formulas;
use crate::change::implies;
use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Lasting;
use crate::model::Tier;
use crate::policy::Names;
use crate::policy::each_condition;
use crate::quantity::Duration;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::source::Span;
use crate::source::Spanned;

use super::MOST_TIERS;
use super::holds_for_all_of;
use super::may_meet;
use super::obstacle;
use super::whole;

pub(super) const RULE: Rule = Rule {
    name: "unordered-tiers",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("unordered_tiers.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let governance = checker.governance();
    for policy in whole(checker) {
        waits(policy, checker);
        short_waits(policy, checker);
        let may_begin = |tier: &Tier| obstacle(policy, tier, catalog, governance).is_none();
        order(policy, may_begin, checker);
    }
}

/// A tier of the ladder, with when it begins and ends.
struct Step<'a> {
    tier: &'a Tier,
    enter: Option<Formula>,
    exit: Option<Formula>,
}

impl<'a> Step<'a> {
    fn of(tier: &'a Tier, formulas: &mut Formulas<'a>) -> Self {
        let enter = formulas.formula(&tier.enter, true);
        let exit = match &tier.exit {
            Some(exit) => formulas.formula(exit, true),
            None => enter.clone().map(Formula::opposite),
        };
        Self { tier, enter, exit }
    }

    fn gate(&self) -> GateKind {
        self.tier.gate.value
    }

    /// Returns whether the other tier begins whenever this one does.
    fn begins_with(&self, other: &Self) -> bool {
        let enters = self.enter.as_ref().zip(other.enter.as_ref());
        enters.is_some_and(|(own, other)| implies(own, other))
    }

    /// Returns whether the other tier is active whenever this one is.
    fn is_within(&self, other: &Self) -> bool {
        // The exit of the other one may be the sooner, and then this one goes on alone.
        let exits = other.exit.as_ref().zip(self.exit.as_ref());
        holds_for_all_of(other.tier, self.tier)
            && self.begins_with(other)
            && exits.is_some_and(|(other, own)| implies(other, own))
    }
}

/// What is wrong about a tier of the ladder, beside another one.
enum Fault<'a, 'b> {
    /// It decides nothing: the other one, with a stricter gate, is active whenever it is.
    Idle(&'b Step<'a>, &'b Step<'a>),
    /// It begins no sooner than the other one, which stands behind it.
    Early(&'b Step<'a>, &'b Step<'a>),
    /// Its gate is milder than that of the other one, which stands before it.
    Milder(&'b Step<'a>, &'b Step<'a>),
}

/// Returns whether people act on a tier, whatever its gate is.
fn tells(tier: &Tier) -> bool {
    !tier.actions.is_empty() || !tier.notify.is_empty()
}

/// Compares the tiers of the ladder; of each tier, one fault is told.
fn order(
    policy: &Arc<ErrorBudgetPolicy>,
    may_begin: impl Fn(&Tier) -> bool,
    checker: &mut Checker<'_>,
) {
    let mut formulas = Formulas::within(policy, None);
    let ladder = policy.tiers.iter().filter(|tier| !tier.parallel).take(MOST_TIERS);
    let ladder: Vec<Step<'_>> = ladder.map(|tier| Step::of(tier, &mut formulas)).collect();
    for (index, step) in ladder.iter().enumerate() {
        let (before, behind) = ladder.split_at(index);
        let behind = behind.get(1..).unwrap_or_default();
        let others = || before.iter().chain(behind);
        let is_idle = |other: &&Step<'_>| {
            let decides = step.gate() != GateKind::Open && !tells(step.tier);
            decides && step.gate() < other.gate() && step.is_within(other)
        };
        let is_early = |other: &&Step<'_>| {
            let is_open = step.gate() == GateKind::Open;
            let is_as_strict = is_open || step.gate() == other.gate();
            is_as_strict && step.is_within(other) && !other.begins_with(step)
        };
        let is_stricter = |earlier: &&Step<'_>| {
            earlier.gate() > step.gate() && holds_for_all_of(earlier.tier, step.tier)
        };
        let strictest = || others().filter(is_idle).max_by_key(|other| other.gate());
        let idle = || strictest().map(|other| Fault::Idle(step, other));
        let early = || behind.iter().find(is_early).map(|other| Fault::Early(step, other));
        let milder = || before.iter().rfind(is_stricter).map(|other| Fault::Milder(step, other));
        // A tier that never begins is told for that alone.
        let fault = idle().or_else(early).filter(|_| may_begin(step.tier));
        if let Some(fault) = fault.or_else(milder) {
            report(&fault, checker);
        }
    }
}

fn report(fault: &Fault<'_, '_>, checker: &mut Checker<'_>) {
    let (Fault::Idle(step, other) | Fault::Early(step, other) | Fault::Milder(step, other)) = fault;
    let (name, rival) = (quote(&step.tier.name.value), quote(&other.tier.name.value));
    let (gate, stricter) = (step.gate().name(), other.gate().name());
    let (level, message, remark) = match fault {
        Fault::Idle(..) => (
            Level::Error,
            format!("the tier {name} decides nothing: whenever it is active, {rival} is, too"),
            format!("its gate is `{stricter}`, and the stricter one counts"),
        ),
        Fault::Early(..) => (
            Level::Error,
            format!("the tier {name} begins no sooner than {rival}, which stands after it"),
            "begins whenever the other one does".to_owned(),
        ),
        Fault::Milder(..) => (
            Level::Warning,
            format!("the gate of the tier {name} is milder than that of {rival} before it"),
            format!("its gate is `{stricter}`"),
        ),
    };
    let finding = checker.report_at(level, step.tier.name.span, message);
    finding.also(other.tier.name.span, remark);
    match fault {
        Fault::Idle(..) => {
            finding.label(format!("its gate is `{gate}`")).help("let it begin sooner, or delete it")
        }
        Fault::Early(..) => {
            finding.help("change places, or the burn rates: tiers stand mildest first")
        }
        Fault::Milder(..) => finding
            .label(format!("its gate is `{gate}`"))
            .help("let tiers stand mildest first; one outside the ladder has `parallel: true`"),
    };
}

/// A tier may wait for an earlier one to have lasted.
fn waits(policy: &ErrorBudgetPolicy, checker: &mut Checker<'_>) {
    let names = Names::of(policy);
    let mut told = BTreeSet::new();
    for (index, tier) in policy.tiers.iter().enumerate().take(MOST_TIERS) {
        let mut awaited: Vec<&Spanned<String>> = Vec::new();
        names.each_part([&tier.enter], &mut |part, holds| match part {
            Condition::Sustained { what: Lasting::Tier(name), .. } if holds => awaited.push(name),
            _ => {}
        });
        for name in awaited {
            let mut tiers = policy.tiers.iter().enumerate();
            let found = tiers.find(|(_, tier)| tier.name.value == name.value);
            if let Some((place, other)) = found
                && told.insert(name.span)
            {
                wait(tier, other, name.span, place.cmp(&index), checker);
            }
        }
    }
}

/// * `order`: where the tier that is waited for stands, in relation to the one that waits.
fn wait(tier: &Tier, other: &Tier, place: Span, order: Ordering, checker: &mut Checker<'_>) {
    let (name, awaited) = (quote(&tier.name.value), quote(&other.name.value));
    if order.is_eq() {
        checker
            .report(place, format!("the tier {name} waits for itself"))
            .label("it cannot last before it has begun")
            .help("name an earlier tier");
    } else if !may_meet(tier, other) {
        let message = format!("the tier {name} waits for {awaited}, which holds for other SLOs");
        let finding = checker.report(place, message);
        if let Some(first) = other.priority.first() {
            finding.also(first.span, format!("it holds for {}", list(&priorities(other), "and")));
        }
        finding.label(format!("{name} holds for {}", list(&priorities(tier), "and")));
        finding.help("name a tier of the same priority");
    } else if order.is_gt() && !tier.parallel && !other.parallel {
        checker
            .report(place, format!("the tier {name} waits for {awaited}, which stands after it"))
            .also(other.name.span, "a later tier is a higher level")
            .help("name an earlier tier, or change places");
    }
}

fn priorities(tier: &Tier) -> Vec<&str> {
    tier.priority.iter().map(|priority| priority.value.as_str()).collect()
}

/// What lasts less than three steps was looked at three times at most.
fn short_waits(policy: &ErrorBudgetPolicy, checker: &mut Checker<'_>) {
    let step = policy.evaluation.step;
    let mut times: Vec<Spanned<Duration>> = Vec::new();
    each_condition(policy, &mut |part| {
        if let Condition::Sustained { time, .. } = part {
            times.push(*time);
        }
    });
    let Some(seconds) = Some(step.nominal_seconds()).filter(|seconds| *seconds > 0) else { return };
    for time in times {
        let steps = time.value.nominal_seconds() / seconds;
        let (time, span) = (time.value, time.span);
        let (level, message) = match steps {
            0 => (
                Level::Error,
                format!("`sustained` over {time} looks at one instant: the step is {step}"),
            ),
            1 | 2 => (
                Level::Warning,
                format!(
                    "`sustained` over {time} looks at {} instants: the step is {step}",
                    steps + 1
                ),
            ),
            _ => continue,
        };
        let least = Duration::from_seconds(seconds.saturating_mul(3));
        checker
            .report_at(level, span, message)
            .label("too few to say that something lasts")
            .help(format!("write {least} or more, or a shorter `evaluation.step`"));
    }
}
