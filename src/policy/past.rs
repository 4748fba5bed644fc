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

use super::replay::Memory;
use super::rules::Reach;
use super::rules::Rules;
use super::rules::TierRules;
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
        let ground = Ground { rules, terms, no_data, reaches: &reaches };
        let path = Path::measured(series, whole);
        let mut walk = Walk::new(ground, &path, question.first);
        let mut memories = vec![Memory::default(); rules.tiers.len()];
        let mut last_known = None;
        let mut at = question.first;
        loop {
            walk.go(at);
            for (memory, tier) in memories.iter_mut().zip(&rules.tiers) {
                step(memory, tier, &mut walk, at, question.latch_seconds);
            }
            if at >= question.instant {
                break;
            }
            if question.known_and_carried(&memories).2 {
                last_known = Some(at);
            }
            at = moved(at, question.step_seconds).min(question.instant);
        }
        let openings = question.openings(&memories, measured, ground);
        Self { memories, last_known, openings }
    }
}

impl Question {
    /// Returns the gate of the tiers that are known, the gate with the others carried on, and
    /// whether none of the others could matter.
    pub(super) fn known_and_carried(&self, memories: &[Memory]) -> (Held, Held, bool) {
        let mut known = Held { gate: GateKind::Open, tier: None };
        let mut carried = known;
        let mut possible = GateKind::Open;
        for (memory, (index, gate)) in memories.iter().zip(&self.gates) {
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

    /// Returns when each tier ends that is active.
    fn openings(
        &self,
        memories: &[Memory],
        measured: Measured<'_>,
        ground: Ground<'_>,
    ) -> Vec<Option<Opening>> {
        if !memories.iter().any(|memory| memory.active) {
            return vec![None; memories.len()];
        }
        let Measured { series, whole, terms } = measured;
        let outlook = Outlook::new(series, terms, ground.no_data, self.instant);
        let until = moved(self.instant, self.steps_ahead.saturating_mul(self.step_seconds));
        let path = |counts| Path::continued(series, whole, self.instant, until, counts);
        let without_errors = path(&outlook.without_errors);
        let at_present_burn: Option<&Counts> = outlook.at_present_burn.as_ref();
        let at_present_burn = at_present_burn.map(path);
        let opening = |(memory, tier): (&Memory, &TierRules)| {
            memory.active.then(|| Opening {
                without_errors: self.end(memory, tier, ground, &without_errors),
                at_present_burn: at_present_burn
                    .as_ref()
                    .and_then(|path| self.end(memory, tier, ground, path)),
                largest: outlook.largest,
            })
        };
        memories.iter().zip(&self.rules.tiers).map(opening).collect()
    }

    /// Returns the first instant after the present one at which a tier is not active.
    fn end(
        &self,
        memory: &Memory,
        tier: &TierRules,
        ground: Ground<'_>,
        path: &Path<'_>,
    ) -> Option<Timestamp> {
        let mut memory = memory.clone();
        let mut walk = Walk::new(ground, path, self.instant);
        (1..=self.steps_ahead).map(|index| moved(self.instant, index * self.step_seconds)).find(
            |&at| {
                walk.go(at);
                step(&mut memory, tier, &mut walk, at, self.latch_seconds);
                !memory.active
            },
        )
    }
}

fn step<'a>(
    memory: &mut Memory,
    tier: &'a TierRules,
    walk: &mut Walk<'a>,
    at: Timestamp,
    latch_seconds: i64,
) {
    let enter = walk.holds(&tier.enter);
    // An automatic exit: a tier ends as soon as its `enter` is false.
    let exit = match &tier.exit {
        Some(exit) => walk.holds(exit),
        None => enter.map(|enter| !enter),
    };
    memory.step(at, enter, exit, latch_seconds);
}
