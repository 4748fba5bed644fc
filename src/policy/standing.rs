//! Where the tiers of a policy stand at an instant, and what that rules.

use std::sync::Arc;

use jiff::Timestamp;

use crate::budget::Failure;
use crate::budget::Opening;
use crate::budget::Reason;
use crate::budget::Series;
use crate::budget::Terms;
use crate::budget::instant;
use crate::budget::moved;
use crate::budget::opening;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::OnUnknown;
use crate::model::Slo;
use crate::model::Tier;

use super::applies;
use super::condition::Evidence;
use super::condition::View;
use super::condition::reason;
use super::replay::Memory;
use super::select::longest_seconds;

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
pub fn evaluate(
    policy: &ErrorBudgetPolicy,
    slo: &Slo,
    objective: usize,
    counts: &Result<Arc<Series>, Failure>,
    now: Timestamp,
) -> Standing {
    let asked = i64::try_from(policy.evaluation.step.nominal_seconds()).unwrap_or(i64::MAX);
    let mut warnings = Vec::new();
    let mut tiers: Vec<(usize, &Tier)> = Vec::new();
    for (index, tier) in policy.tiers.iter().enumerate() {
        match applies(tier, slo) {
            Some(true) => tiers.push((index, tier)),
            Some(false) => {}
            None => warnings.push(Warning::PriorityMissing { tier: index }),
        }
    }
    let terms = Terms::new(slo, objective);
    let (terms, series) = match (terms, counts) {
        (Ok(terms), Ok(series)) => (terms, series),
        (Err(undefined), _) => {
            let reason = Reason::Undefined(undefined);
            return nothing_known(policy, &tiers, reason, now, warnings);
        }
        (_, Err(failure)) => {
            let reason = Reason::Failed(failure.clone());
            return nothing_known(policy, &tiers, reason, now, warnings);
        }
    };
    let horizon = super::horizon_seconds(policy, &terms);
    let history =
        series.first_data().map_or(0, |first| now.as_second().saturating_sub(first.as_second()));
    let replayed = horizon.min(history);
    let used = series.step_seconds(asked).max(replayed / MAX_INSTANTS);
    if used > asked {
        warnings.push(Warning::StepRaised { asked, used });
    }
    let replay = Replay {
        policy,
        series,
        terms: &terms,
        tiers,
        step_seconds: used,
        instant: instant(now, used),
    };
    replay.standing(horizon, warnings)
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
    let tiers = tiers.iter().map(|(tier, _)| TierStanding {
        tier: *tier,
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

/// One objective's tiers on the grid.
struct Replay<'a> {
    policy: &'a ErrorBudgetPolicy,
    series: &'a Series,
    terms: &'a Terms,
    tiers: Vec<(usize, &'a Tier)>,
    step_seconds: i64,
    instant: Timestamp,
}

impl Replay<'_> {
    fn standing(&self, horizon: i64, mut warnings: Vec<Warning>) -> Standing {
        let mut memories = vec![Memory::default(); self.tiers.len()];
        let mut last_known = None;
        let mut at = self.first_instant(horizon);
        while at < self.instant {
            self.step(&mut memories, self.series, at);
            if self.known_and_carried(&memories).2 {
                last_known = Some(at);
            }
            at = moved(at, self.step_seconds);
        }
        self.step(&mut memories, self.series, self.instant);
        let mut view = View::new(self.policy, self.series, self.terms, self.instant);
        let tiers: Vec<TierStanding> = (0..self.tiers.len())
            .filter_map(|slot| self.tier_standing(slot, &memories, &mut view))
            .collect();
        for (memory, (tier, _)) in memories.iter().zip(&self.tiers) {
            if let Some(at) = memory.expired {
                warnings.push(Warning::LatchExpired { tier: *tier, at });
            }
        }
        let gate = self.gate(&memories, &tiers, last_known);
        Standing {
            instant: self.instant,
            tiers,
            ruling: ruling(self.policy, &gate, self.instant),
            gate,
            warnings,
        }
    }

    /// Returns the first instant of the replay: that of the first data, before which every tier is
    /// inactive, but not before the horizon.
    fn first_instant(&self, horizon: i64) -> Timestamp {
        let earliest = instant(moved(self.instant, -horizon), self.step_seconds);
        let first = self.series.first_data();
        let first = first.map_or(self.instant, |first| instant(first, self.step_seconds));
        first.max(earliest)
    }

    fn step(&self, memories: &mut [Memory], series: &Series, at: Timestamp) {
        let latch = self.latch_seconds();
        let mut view = View::new(self.policy, series, self.terms, at);
        for (memory, (_, tier)) in memories.iter_mut().zip(&self.tiers) {
            step_tier(memory, tier, &mut view, at, latch);
        }
    }

    fn latch_seconds(&self) -> i64 {
        i64::try_from(self.policy.max_latch.nominal_seconds()).unwrap_or(i64::MAX)
    }

    /// Returns the gate of the tiers that are known, the gate with the others carried on, and
    /// whether none of the others could matter.
    fn known_and_carried(&self, memories: &[Memory]) -> (Held, Held, bool) {
        let mut known = Held { gate: GateKind::Open, tier: None };
        let mut carried = known;
        let mut possible = GateKind::Open;
        for (memory, (index, tier)) in memories.iter().zip(&self.tiers) {
            let held = Held { gate: tier.gate.value, tier: Some(*index) };
            // Of two tiers with one gate the later one is the higher level.
            let raise = |to: &mut Held| {
                if held.gate >= to.gate {
                    *to = held;
                }
            };
            if memory.active {
                raise(&mut carried);
            }
            if memory.active && memory.determined {
                raise(&mut known);
            }
            if !memory.determined {
                possible = possible.max(held.gate);
            }
        }
        (known, carried, possible <= known.gate)
    }

    fn gate(
        &self,
        memories: &[Memory],
        tiers: &[TierStanding],
        last_known: Option<Timestamp>,
    ) -> Gate {
        let (known, carried, decided) = self.known_and_carried(memories);
        if decided {
            return Gate::Decided(known);
        }
        let matters = |standing: &&TierStanding| {
            let tier = self.policy.tiers.get(standing.tier);
            tier.is_some_and(|tier| tier.gate.value > known.gate)
        };
        let reason = tiers.iter().filter(matters).find_map(|standing| match &standing.state {
            TierState::Unknown { reason, .. } => Some(reason.clone()),
            TierState::Active { .. } | TierState::Inactive => None,
        });
        Gate::Undetermined {
            known,
            carried,
            last_known,
            reason: reason.unwrap_or(Reason::Failed(Failure::NotMeasured)),
        }
    }

    fn tier_standing(
        &self,
        slot: usize,
        memories: &[Memory],
        view: &mut View<'_>,
    ) -> Option<TierStanding> {
        let memory = memories.get(slot)?;
        let (index, tier) = self.tiers.get(slot)?;
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
        let opens = memory.active.then(|| self.opening(tier, memory));
        Some(TierStanding { tier: *index, state, enter, exit, opens })
    }

    /// Returns when a tier that is active ends.
    fn opening(&self, tier: &Tier, memory: &Memory) -> Opening {
        let longest = longest_seconds(self.policy, self.terms);
        let steps = (longest / self.step_seconds).saturating_add(2).min(MAX_INSTANTS);
        let until = moved(self.instant, steps.saturating_mul(self.step_seconds));
        let find = |series: &Series| {
            let mut memory = memory.clone();
            (1..=steps).map(|index| moved(self.instant, index * self.step_seconds)).find(|&at| {
                let mut view = View::new(self.policy, series, self.terms, at);
                step_tier(&mut memory, tier, &mut view, at, self.latch_seconds());
                !memory.active
            })
        };
        let no_data = &self.policy.evaluation.no_data;
        opening(self.series, self.terms, no_data, self.instant, until, find)
    }
}

fn step_tier(
    memory: &mut Memory,
    tier: &Tier,
    view: &mut View<'_>,
    at: Timestamp,
    latch_seconds: i64,
) {
    let enter = view.holds(&tier.enter);
    // An automatic exit: a tier ends as soon as its `enter` is false.
    let exit = match &tier.exit {
        Some(exit) => view.holds(exit),
        None => enter.map(|enter| !enter),
    };
    memory.step(at, enter, exit, latch_seconds);
}
