//! Conditions over time and records: what was true for a while, what people attest, what incidents took.
//!
//! # Why
//!
//! What a condition asks of the past is known from the instants that were walked over, so nothing is asked twice: of
//! a condition that is to have held at some instant, the last one is kept; of one that is to have lasted, since
//! when it has. Where an instant is not known, both answers are kept, and a condition is known where they agree. A
//! tier that is not known stays as it was, for what lasts too: an hour without data does not begin a week anew.

use jiff::Timestamp;

use crate::budget::Totals;
use crate::budget::moved;

use super::condition::either;
use super::records::Attestation;
use super::records::Incident;
use super::records::covers;
use super::replay::Memory;
use super::rules::AttestedRule;
use super::rules::Comparison;
use super::rules::Each;
use super::rules::Lasts;
use super::rules::ShareRule;
use super::walk::Progress;
use super::walk::Walk;

/// How long a repair is given before what goes on burning says that it was none.
const REPAIR_SECONDS: i64 = 24 * 3_600;

/// What is remembered from one instant to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The tiers that hold for the SLO.
    pub(super) memories: Vec<Memory>,
    /// The instant before the present one.
    before: Option<Timestamp>,
    watched: Vec<Seen>,
    runs: Vec<Run>,
    /// When each attestation lapsed.
    lapsed: Vec<Option<Timestamp>>,
    /// Whether the page was on at the instant before.
    was_paged: Option<bool>,
}

/// When a condition held last.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    held: Option<Timestamp>,
    unknown: Option<Timestamp>,
}

/// Since when something lasts: for certain, and as far as it may be.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    certain: Stretch,
    possible: Stretch,
    now: Option<bool>,
}

/// The first and the last instant of a stretch.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    since: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Stretch {
    /// Goes on to an instant.
    ///
    /// * `gap`: how many seconds may lie between two instants of one stretch, beside the step.
    fn go(&mut self, at: Timestamp, before: Option<Timestamp>, holds: bool, gap: i64) {
        if !holds {
            return;
        }
        let missed =
            self.last.zip(before).map(|(last, before)| before.as_second() - last.as_second());
        if missed.is_none_or(|missed| missed > gap) {
            self.since = Some(at);
        }
        self.last = Some(at);
    }

    /// Returns whether it has lasted for some seconds at an instant.
    fn has_lasted(self, at: Timestamp, seconds: i64) -> bool {
        let since = self.since.filter(|_| self.last == Some(at));
        since.is_some_and(|since| at.as_second() - since.as_second() >= seconds)
    }
}

impl State {
    pub(super) fn new(tiers: usize, watched: usize, runs: usize, attestations: usize) -> Self {
        Self {
            memories: vec![Memory::default(); tiers],
            before: None,
            watched: vec![Seen::default(); watched],
            runs: vec![Run::default(); runs],
            lapsed: vec![None; attestations],
            was_paged: Some(false),
        }
    }
}

impl<'a> Walk<'a> {
    /// Takes the steps of all tiers, and of all that is watched, at the present instant.
    pub(super) fn settle(&mut self) {
        self.lapse();
        let rules = self.ground.rules;
        for tier in 0..rules.tiers.len() {
            self.step_tier(tier, 0);
        }
        for watched in 0..rules.watched.len() {
            self.look(watched, 0);
        }
        for run in 0..rules.runs.len() {
            self.run(run, 0);
        }
        self.state.before = Some(self.at);
    }

    /// Takes the step of a tier, unless it was taken; returns whether that is done.
    fn step_tier(&mut self, tier: usize, depth: usize) -> bool {
        match self.tiers.get(tier) {
            Some(Progress::Untouched) => {}
            Some(Progress::Done(_)) => return true,
            Some(Progress::Running) | None => return false,
        }
        let Some(rules) = self.ground.rules.tiers.get(tier) else { return false };
        mark(&mut self.tiers, tier, Progress::Running);
        let (entered, renewed) = self.entered(tier);
        let enter = either(self.holds_at(&rules.enter, depth + 1), Some(entered));
        // An automatic exit: a tier ends as soon as its `enter` is false.
        let exit = match &rules.exit {
            Some(exit) => self.holds_at(exit, depth + 1),
            None => enter.map(|enter| !enter),
        };
        if let Some(memory) = self.state.memories.get_mut(tier) {
            memory.step(self.at, enter, exit, self.ground.latch_seconds);
            if renewed && memory.active {
                memory.entered = Some(self.at);
            }
        }
        mark(&mut self.tiers, tier, Progress::Done(None));
        true
    }

    /// Returns whether a record begins a tier at this instant, and whether one keeps it.
    fn entered(&self, tier: usize) -> (bool, bool) {
        let entries = self.ground.records.entries.iter();
        let counts = entries.filter(|(own, span)| *own == tier && covers(*span, self.at));
        let (mut is_new, mut is_kept) = (false, false);
        for (_, (from, _)) in counts {
            is_new |= self.state.before.is_none_or(|before| *from > before);
            is_kept = true;
        }
        (is_new, is_kept)
    }

    /// Looks at a watched condition, unless it was looked at; returns whether that is done.
    fn look(&mut self, watched: usize, depth: usize) -> bool {
        match self.looks.get(watched) {
            Some(Progress::Untouched) => {}
            Some(Progress::Done(_)) => return true,
            Some(Progress::Running) | None => return false,
        }
        let Some(named) = self.ground.rules.watched.get(watched).copied() else { return false };
        mark(&mut self.looks, watched, Progress::Running);
        let holds = self.holds_named(named, depth + 1);
        if let Some(seen) = self.state.watched.get_mut(watched) {
            match holds {
                Some(true) => seen.held = Some(self.at),
                Some(false) => {}
                None => seen.unknown = Some(self.at),
            }
        }
        mark(&mut self.looks, watched, Progress::Done(None));
        true
    }

    /// Returns whether a watched condition held at some instant of the last seconds.
    pub(super) fn within(&mut self, watched: usize, seconds: i64, depth: usize) -> Option<bool> {
        if !self.look(watched, depth) {
            return None;
        }
        let start = moved(self.at, seconds.saturating_neg());
        let seen = self.state.watched.get(watched)?;
        if seen.held.is_some_and(|held| held > start) {
            return Some(true);
        }
        seen.unknown.is_none_or(|unknown| unknown <= start).then_some(false)
    }

    /// Looks at what is to last, unless it was looked at; returns whether that is done.
    fn run(&mut self, run: usize, depth: usize) -> bool {
        match self.lasting.get(run) {
            Some(Progress::Untouched) => {}
            Some(Progress::Done(_)) => return true,
            Some(Progress::Running) | None => return false,
        }
        let Some((lasts, gap)) = self.ground.rules.runs.get(run).copied() else { return false };
        mark(&mut self.lasting, run, Progress::Running);
        // Now, and as it counts for what comes later.
        let (now, kept) = match lasts {
            Lasts::Named(named) => {
                let holds = self.holds_named(named, depth + 1);
                (holds, holds)
            }
            Lasts::Tier(tier) => {
                let is_done = self.step_tier(tier, depth + 1);
                let memory = self.state.memories.get(tier).filter(|_| is_done);
                let active = memory.map(|memory| memory.active);
                (active.filter(|_| memory.is_some_and(|memory| memory.determined)), active)
            }
        };
        let (at, before) = (self.at, self.state.before);
        if let Some(run) = self.state.runs.get_mut(run) {
            run.certain.go(at, before, kept == Some(true), gap);
            run.possible.go(at, before, kept != Some(false), gap);
            run.now = now;
        }
        mark(&mut self.lasting, run, Progress::Done(None));
        true
    }

    /// Returns whether something has lasted for some seconds.
    pub(super) fn sustained(&mut self, run: usize, seconds: i64, depth: usize) -> Option<bool> {
        if !self.run(run, depth) {
            return None;
        }
        let run = self.state.runs.get(run)?;
        if !run.possible.has_lasted(self.at, seconds) {
            return Some(false);
        }
        (run.now == Some(true) && run.certain.has_lasted(self.at, seconds)).then_some(true)
    }

    /// Ends what was attested of repairs and did not last.
    ///
    /// A repair did not last where the page begins again after it, or where what burned since then spends the
    /// budget of that time.
    fn lapse(&mut self) {
        let rules = self.ground.rules;
        let attestations = &self.ground.records.attestations;
        if !rules.attested.iter().any(|rule| rule.lapses) || attestations.is_empty() {
            return;
        }
        let paged = rules.page.and_then(|page| self.holds_named(page, 0));
        let begins = paged == Some(true) && self.state.was_paged != Some(true);
        if rules.page.is_some() && paged.is_some() {
            self.state.was_paged = paged;
        }
        for (index, attestation) in attestations.iter().enumerate() {
            let (from, _) = attestation.span;
            let claims = rules.attested.iter().any(|rule| rule.lapses && rule.id == attestation.id);
            let is_over = self.state.lapsed.get(index).is_none_or(Option::is_some);
            if !claims || is_over || from >= self.at {
                continue;
            }
            let age = self.at.as_second() - from.as_second();
            if (begins || age >= REPAIR_SECONDS && self.leaks(from))
                && let Some(lapsed) = self.state.lapsed.get_mut(index)
            {
                *lapsed = Some(self.at);
            }
        }
    }

    /// Returns whether what burned since an instant spends the budget of that time.
    fn leaks(&self, from: Timestamp) -> bool {
        let totals = self.path.series().totals(from, self.at);
        self.compares_with_budget(&self.ground.rules.leak, &totals, &totals) == Some(true)
    }

    /// Returns whether something is attested.
    pub(super) fn attested(&mut self, rule: usize) -> Option<bool> {
        let rule = self.ground.rules.attested.get(rule)?;
        match rule.each {
            None => {
                let found = self.counting(rule, |_| true);
                let newest = found.max_by_key(|attestation| attestation.span.0);
                Some(newest.map_or(rule.default, |attestation| attestation.holds))
            }
            Some(each) => self.each_attested(rule, each),
        }
    }

    /// Returns the attestations that count for a rule now.
    fn counting(
        &self,
        rule: &'a AttestedRule,
        is_meant: impl Fn(&Attestation) -> bool,
    ) -> impl Iterator<Item = &'a Attestation> {
        let (at, (least, most)) = (self.at, rule.ages);
        let attestations = self.ground.records.attestations.iter().zip(&self.state.lapsed);
        let found = attestations.filter(move |(attestation, lapsed)| {
            let age = at.as_second() - attestation.span.0.as_second();
            attestation.id == rule.id
                && is_meant(attestation)
                && covers(attestation.span, at)
                && age >= least
                && most.is_none_or(|most| age <= most)
                && !(rule.lapses && lapsed.is_some())
        });
        found.map(|(attestation, _)| attestation).collect::<Vec<_>>().into_iter()
    }

    /// Returns whether every incident, or every class of them, that took more than a share has a record.
    fn each_attested(&self, rule: &'a AttestedRule, each: Each) -> Option<bool> {
        let shares = self.ground.rules.shares.iter();
        let mut all = Some(true);
        for share in shares.filter(|share| share.by_class == (each == Each::Class)) {
            for incident in self.known_incidents() {
                let end = incident.time.1.map_or(self.at, |end| end.min(self.at));
                let has_record = || {
                    let is_meant = |attestation: &Attestation| {
                        attestation.holds
                            && match each {
                                Each::Incident => {
                                    attestation.incident.as_ref() == Some(&incident.id)
                                }
                                Each::Class => {
                                    attestation.class == incident.class
                                        && attestation.span.0 >= incident.time.0
                                }
                            }
                    };
                    self.counting(rule, is_meant).next().is_some()
                };
                let takes = self.takes(share, incident, end);
                if takes == Some(false) || has_record() {
                    continue;
                }
                if takes == Some(true) {
                    return Some(false);
                }
                all = None;
            }
        }
        all
    }

    /// Returns whether incidents take more than a share now.
    pub(super) fn incident(&self, share: usize) -> Option<bool> {
        let share = self.ground.rules.shares.get(share)?;
        let mut any = Some(false);
        for incident in self.known_incidents() {
            any = either(any, self.takes(share, incident, self.at));
        }
        any
    }

    /// Returns the incidents that are known and have begun.
    fn known_incidents(&self) -> impl Iterator<Item = &'a Incident> {
        let at = self.at;
        let incidents = self.ground.records.incidents.iter();
        incidents.filter(move |incident| covers(incident.span, at) && incident.time.0 <= at)
    }

    /// Returns whether an incident, or all of its class, took more than a share of a budget at an instant; nothing
    /// where too little is measured.
    fn takes(&self, share: &ShareRule, incident: &Incident, at: Timestamp) -> Option<bool> {
        let series = self.path.series();
        let start = moved(at, share.seconds.saturating_neg());
        let whole = series.totals(start, at);
        let covered = whole.covered_seconds.min(share.seconds);
        let is_same = |other: &&Incident| {
            other.id == incident.id
                || share.by_class && other.class.is_some() && other.class == incident.class
        };
        let mut spent: Option<Totals> = None;
        for one in self.known_incidents().filter(is_same) {
            let from = one.time.0.max(start);
            let until = one.time.1.map_or(at, |end| end.min(at));
            if from >= until {
                continue;
            }
            let own = series.totals(from, until);
            spent = Some(match spent {
                None => own,
                Some(sum) => Totals {
                    good: &sum.good + &own.good,
                    valid: &sum.valid + &own.valid,
                    covered_seconds: sum.covered_seconds + own.covered_seconds,
                },
            });
        }
        let Some(spent) = spent else { return Some(false) };
        let least = self.ground.rules.min_coverage.to_parts()?;
        let is_known = i128::from(covered).checked_mul(least.1)?
            >= i128::from(share.seconds).checked_mul(least.0)?;
        if !is_known {
            return None;
        }
        self.compares_with_budget(&share.share, &spent, &whole)
    }

    /// Returns whether bad events compare so with a share of the budget of all; nothing without events.
    fn compares_with_budget(
        &self,
        comparison: &Comparison,
        spent: &Totals,
        whole: &Totals,
    ) -> Option<bool> {
        let budget = &self.ground.terms.error_budget() * &whole.valid;
        let limit = &comparison.threshold * &budget;
        let is_known = !whole.valid.is_zero();
        is_known.then(|| comparison.operator.holds(&spent.bad(), &limit))
    }
}

fn mark(list: &mut [Progress], index: usize, progress: Progress) {
    if let Some(slot) = list.get_mut(index) {
        *slot = progress;
    }
}
