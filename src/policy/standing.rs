//! Where the tiers of a policy stand at an instant, and what that rules.

use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use crate::budget::Failure;
use crate::budget::Opening;
use crate::budget::Reason;
use crate::budget::Series;
use crate::budget::Terms;
use crate::budget::Undefined;
use crate::budget::instant;
use crate::budget::moved;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::OnUnknown;
use crate::model::Slo;
use crate::model::Tier;

use super::applies;
use super::condition::Evidence;
use super::condition::View;
use super::condition::reason;
use super::past::Measured;
use super::past::Past;
use super::past::Question;
use super::past::known_and_carried;
use super::records::Own;
use super::records::Records;
use super::replay::Memory;
use super::rules::Rules;
use super::select::longest_seconds;
use super::whole::Whole;

/// The most instants that are replayed; a grid finer than that is made coarser, with a warning.
const MAX_INSTANTS: i64 = 50_000;

/// Where a policy stands for one objective.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The grid instant that it is judged at.
    pub instant: Timestamp,
    /// Every tier that holds for the SLO, in the order of the policy.
    pub tiers: Vec<TierStanding>,
    /// The gate, as far as it is known.
    pub gate: Gate,
    /// What the policy rules, also where the gate is not known.
    pub ruling: Ruling,
    /// What people should know about the evaluation itself.
    pub warnings: Vec<Warning>,
}

/// Where one tier stands.
#[derive(Clone, Debug)]
pub struct TierStanding {
    /// The tier, counted from 0.
    pub tier: usize,
    /// What it does to a change: its gate, or the milder one that counts now.
    pub gate: GateKind,
    /// Whether it is active.
    pub state: TierState,
    /// The burn rates that its `enter` asks for.
    pub enter: Vec<Evidence>,
    /// The burn rates that its `exit` asks for; none where the exit is automatic.
    pub exit: Vec<Evidence>,
    /// When it ends, for a tier that is active.
    pub opens: Option<Opening>,
}

/// Whether a tier is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TierState {
    /// It is.
    Active {
        /// Its first active grid instant.
        since: Timestamp,
    },
    /// It is not.
    Inactive,
    /// That is not known.
    Unknown {
        /// The first grid instant of the activity that is carried on; nothing when it was inactive.
        carried_since: Option<Timestamp>,
        /// Why it is not known.
        reason: Reason,
    },
}

/// A gate and the tier that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The gate.
    pub gate: GateKind,
    /// The tier, counted from 0; nothing where no tier is active.
    pub tier: Option<usize>,
}

/// The gate of the active tiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It is known.
    Decided(Held),
    /// A tier that would matter is not known.
    Undetermined {
        /// The gate of the tiers that are known.
        known: Held,
        /// The gate when what was last known of each tier is carried on.
        carried: Held,
        /// The last instant at which the gate was known.
        last_known: Option<Timestamp>,
        /// Why it is not known.
        reason: Reason,
    },
}

/// What the policy rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// This gate counts.
    Gate {
        /// The gate.
        held: Held,
        /// The instant from which it is held on, because it is not known any more.
        held_since: Option<Timestamp>,
    },
    /// What is not known counts, besides the gate of what is known.
    Unknown {
        /// What the policy does about it: never [`OnUnknown::Hold`].
        answer: OnUnknown,
        /// Why it is not known.
        reason: Reason,
        /// Whether a backend failed, rather than data being absent.
        failed: bool,
        /// The gate of the tiers that are known.
        known: Held,
    },
}

/// What people should know about an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The grid is coarser than the policy asks for.
    StepRaised {
        /// The step that the policy asks for, in seconds.
        asked: i64,
        /// The step that is used, in seconds.
        used: i64,
    },
    /// A tier ended because it was not renewed for as long as the policy remembers.
    LatchExpired {
        /// The tier, counted from 0.
        tier: usize,
        /// When it ended.
        at: Timestamp,
    },
    /// A tier asks for a priority, and the SLO has none, so the tier does not hold for it.
    PriorityMissing {
        /// The tier, counted from 0.
        tier: usize,
    },
}

impl Standing {
    /// Returns the tiers that count as active: known ones, and those carried on by a held gate.
    pub fn active(&self) -> impl Iterator<Item = (&TierStanding, Timestamp)> {
        let holds = matches!(self.ruling, Ruling::Gate { held_since: Some(_), .. });
        self.tiers.iter().filter_map(move |tier| {
            let since = match tier.state {
                TierState::Active { since } => Some(since),
                TierState::Unknown { carried_since, .. } => carried_since.filter(|_| holds),
                TierState::Inactive => None,
            };
            Some((tier, since?))
        })
    }
}

/// Returns where a policy stands for an objective, counted from 0.
///
/// * `counts`: the measured counts, over at least [`super::horizon_seconds`] before `now`; what is
///   missing of them is not known.
/// * `records`: those that count.
pub fn evaluate(
    policy: &ErrorBudgetPolicy,
    slo: &Slo,
    objective: usize,
    counts: &Result<Arc<Series>, Failure>,
    records: &Records,
    now: Timestamp,
) -> Standing {
    Evaluation::new(slo, objective, counts, records, now).standing(policy)
}

/// Returns where each of several policies stands for an objective, like [`evaluate`].
///
/// Policies that ask for the same are replayed once.
pub fn evaluate_all(
    policies: &[Arc<ErrorBudgetPolicy>],
    slo: &Slo,
    objective: usize,
    counts: &Result<Arc<Series>, Failure>,
    records: &Records,
    now: Timestamp,
) -> Vec<Standing> {
    let mut evaluation = Evaluation::new(slo, objective, counts, records, now);
    policies.iter().map(|policy| evaluation.standing(policy)).collect()
}

/// One objective at one instant, judged by one policy after the other.
struct Evaluation<'a> {
    slo: &'a Slo,
    terms: Result<Terms, Undefined>,
    counts: &'a Result<Arc<Series>, Failure>,
    whole: Option<Whole>,
    records: &'a Records,
    now: Timestamp,
    replayed: Vec<Rc<(Question, Past)>>,
}

impl<'a> Evaluation<'a> {
    fn new(
        slo: &'a Slo,
        objective: usize,
        counts: &'a Result<Arc<Series>, Failure>,
        records: &'a Records,
        now: Timestamp,
    ) -> Self {
        let whole = counts.as_ref().ok().and_then(|series| Whole::new(series));
        let terms = Terms::new(slo, objective);
        Self { slo, terms, counts, whole, records, now, replayed: Vec::new() }
    }

    fn standing(&mut self, policy: &ErrorBudgetPolicy) -> Standing {
        let mut warnings = Vec::new();
        let mut tiers: Vec<(usize, &Tier)> = Vec::new();
        for (index, tier) in policy.tiers.iter().enumerate() {
            match applies(tier, self.slo) {
                Some(true) => tiers.push((index, tier)),
                Some(false) => {}
                None => warnings.push(Warning::PriorityMissing { tier: index }),
            }
        }
        let (terms, series) = match (&self.terms, self.counts) {
            (Ok(terms), Ok(series)) => (terms, series),
            (Err(undefined), _) => {
                let reason = Reason::Undefined(*undefined);
                return nothing_known(policy, &tiers, reason, self.now, warnings);
            }
            (_, Err(failure)) => {
                let reason = Reason::Failed(failure.clone());
                return nothing_known(policy, &tiers, reason, self.now, warnings);
            }
        };
        let records = self.records.about(policy.meta.name(), self.slo, &tiers);
        let question = question(policy, &tiers, series, terms, self.now, &mut warnings);
        let question = Question { records, ..question };
        let known = self.replayed.iter().find(|known| known.0 == question).map(Rc::clone);
        let replayed = known.unwrap_or_else(|| {
            let measured = Measured { series, whole: self.whole.as_ref(), terms };
            let past = Past::new(&question, measured, &policy.evaluation.no_data);
            let replayed = Rc::new((question, past));
            self.replayed.push(Rc::clone(&replayed));
            replayed
        });
        let (question, past) = &*replayed;
        Replayed { policy, series, terms, tiers, question, past }.standing(warnings)
    }
}

/// Returns what a policy asks about a series, and warns of a grid that is too fine.
fn question(
    policy: &ErrorBudgetPolicy,
    tiers: &[(usize, &Tier)],
    series: &Series,
    terms: &Terms,
    now: Timestamp,
    warnings: &mut Vec<Warning>,
) -> Question {
    let asked = i64::try_from(policy.evaluation.step.nominal_seconds()).unwrap_or(i64::MAX);
    let longest = longest_seconds(policy, terms);
    let latch_seconds = i64::try_from(policy.max_latch.nominal_seconds()).unwrap_or(i64::MAX);
    let horizon = longest.saturating_add(latch_seconds);
    let first = series.first_data();
    let history = first.map_or(0, |first| now.as_second().saturating_sub(first.as_second()));
    let replayed = horizon.min(history);
    let step_seconds = series.step_seconds(asked).max(replayed / MAX_INSTANTS);
    if step_seconds > asked {
        warnings.push(Warning::StepRaised { asked, used: step_seconds });
    }
    // The replay starts with the first data, before which every tier is inactive, but not before
    // the horizon.
    let judged = instant(now, step_seconds);
    let earliest = instant(moved(judged, -horizon), step_seconds);
    let first = first.map_or(judged, |first| instant(first, step_seconds));
    Question {
        rules: Rules::new(policy, tiers, terms),
        gates: tiers.iter().map(|(index, tier)| (*index, tier.gate.value)).collect(),
        first: first.max(earliest).min(judged),
        instant: judged,
        step_seconds,
        steps_ahead: (longest / step_seconds).saturating_add(2).min(MAX_INSTANTS),
        latch_seconds,
        records: Own::default(),
    }
}

/// Returns the standing where there is no series to judge.
fn nothing_known(
    policy: &ErrorBudgetPolicy,
    tiers: &[(usize, &Tier)],
    reason: Reason,
    now: Timestamp,
    warnings: Vec<Warning>,
) -> Standing {
    let step = i64::try_from(policy.evaluation.step.nominal_seconds()).unwrap_or(i64::MAX);
    let none = Held { gate: GateKind::Open, tier: None };
    let state = TierState::Unknown { carried_since: None, reason: reason.clone() };
    let tiers = tiers.iter().map(|(index, tier)| TierStanding {
        tier: *index,
        gate: tier.gate.value,
        state: state.clone(),
        enter: Vec::new(),
        exit: Vec::new(),
        opens: None,
    });
    let gate = Gate::Undetermined { known: none, carried: none, last_known: None, reason };
    let instant = instant(now, step);
    Standing {
        instant,
        tiers: tiers.collect(),
        ruling: ruling(policy, &gate, instant),
        gate,
        warnings,
    }
}

/// Returns what a policy rules about a gate.
fn ruling(policy: &ErrorBudgetPolicy, gate: &Gate, instant: Timestamp) -> Ruling {
    let no_data = &policy.evaluation.no_data;
    let (known, carried, last_known, reason) = match gate {
        Gate::Decided(held) => {
            return Ruling::Gate { held: *held, held_since: None };
        }
        Gate::Undetermined { known, carried, last_known, reason } => {
            (known, carried, last_known, reason)
        }
    };
    let failed = matches!(reason, Reason::Failed(failure) if !failure.is_absence());
    let asked = if failed { no_data.on_backend_error.value } else { no_data.on_unknown.value };
    let hold_seconds = i64::try_from(no_data.hold_for.nominal_seconds()).unwrap_or(i64::MAX);
    let fresh = last_known.filter(|last| {
        let age = instant.as_second() - last.as_second();
        asked == OnUnknown::Hold && age <= hold_seconds
    });
    if let Some(last) = fresh {
        return Ruling::Gate { held: *carried, held_since: Some(last) };
    }
    // A policy that would hold for ever by holding after holding is refused like one that is silent.
    let answer = match (asked, no_data.then_on_unknown) {
        (OnUnknown::Hold, OnUnknown::Hold) => OnUnknown::Deny,
        (OnUnknown::Hold, then) => then,
        (asked, _) => asked,
    };
    Ruling::Unknown { answer, reason: reason.clone(), failed, known: *known }
}

/// One policy's tiers for one objective, after their replay.
struct Replayed<'a> {
    policy: &'a ErrorBudgetPolicy,
    series: &'a Series,
    terms: &'a Terms,
    tiers: Vec<(usize, &'a Tier)>,
    question: &'a Question,
    past: &'a Past,
}

impl Replayed<'_> {
    fn standing(&self, mut warnings: Vec<Warning>) -> Standing {
        let instant = self.question.instant;
        let mut view = View::new(self.policy, self.series, self.terms, instant);
        let past = self.past.memories.iter().zip(&self.past.openings).zip(&self.past.gates);
        let tiers = self.tiers.iter().zip(past);
        let tiers: Vec<TierStanding> = tiers
            .map(|(tier, ((memory, opens), (_, gate)))| {
                let standing = tier_standing(*tier, memory, *opens, &mut view);
                TierStanding { gate: *gate, ..standing }
            })
            .collect();
        for (memory, (tier, _)) in self.past.memories.iter().zip(&self.tiers) {
            if let Some(at) = memory.expired {
                warnings.push(Warning::LatchExpired { tier: *tier, at });
            }
        }
        let gate = self.gate(&tiers);
        Standing { instant, tiers, ruling: ruling(self.policy, &gate, instant), gate, warnings }
    }

    fn gate(&self, tiers: &[TierStanding]) -> Gate {
        let (known, carried, decided) = known_and_carried(&self.past.memories, &self.past.gates);
        if decided {
            return Gate::Decided(known);
        }
        let matters = |standing: &&TierStanding| standing.gate > known.gate;
        let reason = tiers.iter().filter(matters).find_map(|standing| match &standing.state {
            TierState::Unknown { reason, .. } => Some(reason.clone()),
            TierState::Active { .. } | TierState::Inactive => None,
        });
        Gate::Undetermined {
            known,
            carried,
            last_known: self.past.last_known,
            reason: reason.unwrap_or(Reason::Failed(Failure::NotMeasured)),
        }
    }
}

fn tier_standing(
    (index, tier): (usize, &Tier),
    memory: &Memory,
    opens: Option<Opening>,
    view: &mut View<'_>,
) -> TierStanding {
    let enter = view.evidence(&tier.enter);
    let exit = tier.exit.as_ref().map(|exit| view.evidence(exit));
    let exit = exit.unwrap_or_default();
    let state = match (memory.determined, memory.since) {
        (true, Some(since)) => TierState::Active { since },
        (true, None) => TierState::Inactive,
        (false, carried_since) => {
            let evidence: Vec<Evidence> = enter.iter().chain(&exit).cloned().collect();
            TierState::Unknown { carried_since, reason: reason(&evidence, &tier.name.value) }
        }
    };
    TierStanding { tier: index, gate: tier.gate.value, state, enter, exit, opens }
}
