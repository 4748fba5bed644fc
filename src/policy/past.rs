//! The tiers of a policy, replayed instant by instant into the past and the future.

use jiff::Timestamp;

use crate::budget::Counts;
use crate::budget::Opening;
use crate::budget::Outlook;
use crate::budget::Series;
use crate::budget::Terms;
use crate::budget::moved;
use crate::model::GateKind;
use crate::model::NoData;

use super::recall::State;
use super::records::Own;
use super::replay::Memory;
use super::rules::Reach;
use super::rules::Rules;
use super::standing::Held;
use super::walk::Ground;
use super::walk::Path;
use super::walk::Walk;
use super::whole::Whole;

/// All that a replay depends on besides the objective: policies with equal questions share it.
#[derive(Debug, PartialEq)]
pub(super) struct Question {
    /// What the tiers ask for.
    pub(super) rules: Rules,
    /// The number and the gate of each tier.
    pub(super) gates: Vec<(usize, GateKind)>,
    /// The first instant of the replay.
    pub(super) first: Timestamp,
    /// The instant that is judged.
    pub(super) instant: Timestamp,
    /// The step of the grid, in seconds.
    pub(super) step_seconds: i64,
    /// How many steps an opening is looked for.
    pub(super) steps_ahead: i64,
    /// How long a tier is remembered, in seconds.
    pub(super) latch_seconds: i64,
    /// What people recorded.
    pub(super) records: Own,
}

/// What the replay of the tiers gives.
#[derive(Clone, Debug)]
pub(super) struct Past {
    /// The memory of each tier at the instant.
    pub(super) memories: Vec<Memory>,
    /// The last instant before it at which the gate was known.
    pub(super) last_known: Option<Timestamp>,
    /// When each tier ends that is active.
    pub(super) openings: Vec<Option<Opening>>,
    /// The number and the gate of each tier, as it counts now.
    pub(super) gates: Vec<(usize, GateKind)>,
}

/// An objective and what was counted for it.
#[derive(Clone, Copy)]
pub(super) struct Measured<'a> {
    /// The counts.
    pub(super) series: &'a Series,
    /// The same in whole numbers, where they fit.
    pub(super) whole: Option<&'a Whole>,
    /// What the objective promises.
    pub(super) terms: &'a Terms,
}

impl Past {
    /// Replays the tiers.
    ///
    /// * `no_data`: as the policy has it, of which [`Question::rules`] holds all that matters here.
    pub(super) fn new(question: &Question, measured: Measured<'_>, no_data: &NoData) -> Self {
        let Measured { series, whole, terms } = measured;
        let rules = &question.rules;
        let reaches: Vec<Reach> = rules.reaches(series, terms);
        let (records, latch_seconds) = (&question.records, question.latch_seconds);
        let ground = Ground { rules, terms, no_data, reaches: &reaches, records, latch_seconds };
        let path = Path::measured(series, whole);
        let state = Walk::first_state(ground);
        let mut walk = Walk::new(ground, &path, question.first, state);
        let mut last_known = None;
        let mut at = question.first;
        loop {
            walk.go(at);
            if at >= question.instant {
                break;
            }
            if known_and_carried(&walk.state.memories, &question.gates).2 {
                last_known = Some(at);
            }
            at = moved(at, question.step_seconds).min(question.instant);
        }
        let mut gates = question.gates.clone();
        for ((_, gate), tier) in gates.iter_mut().zip(&rules.tiers) {
            // What is not known relaxes nothing.
            if let Some((when, milder)) = &tier.relaxes
                && walk.holds_at(when, 0) == Some(true)
            {
                *gate = (*gate).min(*milder);
            }
        }
        let state = walk.state;
        let openings = question.openings(&state, measured, ground);
        Self { memories: state.memories, last_known, openings, gates }
    }
}

/// Returns the gate of the tiers that are known, the gate with the others carried on, and
/// whether none of the others could matter.
pub(super) fn known_and_carried(
    memories: &[Memory],
    gates: &[(usize, GateKind)],
) -> (Held, Held, bool) {
    let mut known = Held { gate: GateKind::Open, tier: None };
    let mut carried = known;
    let mut possible = GateKind::Open;
    for (memory, (index, gate)) in memories.iter().zip(gates) {
        let held = Held { gate: *gate, tier: Some(*index) };
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

impl Question {
    /// Returns when each tier ends that is active.
    fn openings(
        &self,
        state: &State,
        measured: Measured<'_>,
        ground: Ground<'_>,
    ) -> Vec<Option<Opening>> {
        let active: Vec<bool> = state.memories.iter().map(|memory| memory.active).collect();
        if !active.contains(&true) {
            return vec![None; active.len()];
        }
        let Measured { series, whole, terms } = measured;
        let outlook = Outlook::new(series, terms, ground.no_data, self.instant);
        let until = moved(self.instant, self.steps_ahead.saturating_mul(self.step_seconds));
        let ends = |counts: &Counts| {
            let path = Path::continued(series, whole, self.instant, until, counts);
            self.ends(state, ground, &path)
        };
        let without_errors = ends(&outlook.without_errors);
        let at_present_burn = outlook.at_present_burn.as_ref().map(ends).unwrap_or_default();
        let opening = |(tier, active): (usize, &bool)| {
            let end = |ends: &[Option<Timestamp>]| ends.get(tier).copied().flatten();
            active.then(|| Opening {
                without_errors: end(&without_errors),
                at_present_burn: end(&at_present_burn),
                largest: outlook.largest,
            })
        };
        active.iter().enumerate().map(opening).collect()
    }

    /// Returns for each tier that is active the first instant after the present one at which it is not.
    fn ends(&self, state: &State, ground: Ground<'_>, path: &Path<'_>) -> Vec<Option<Timestamp>> {
        let mut ends = vec![None; state.memories.len()];
        let mut open = state.memories.iter().filter(|memory| memory.active).count();
        let mut walk = Walk::new(ground, path, self.instant, state.clone());
        for at in (1..=self.steps_ahead).map(|index| moved(self.instant, index * self.step_seconds))
        {
            if open == 0 {
                break;
            }
            walk.go(at);
            let now = walk.state.memories.iter().zip(&state.memories);
            for (end, (now, then)) in ends.iter_mut().zip(now) {
                if then.active && !now.active && end.is_none() {
                    *end = Some(at);
                    open -= 1;
                }
            }
        }
        ends
    }
}
