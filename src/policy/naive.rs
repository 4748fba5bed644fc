//! The replay once more, as plainly as it is defined, and random histories on which both must agree.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;

use super::condition::MAX_DEPTH;
use super::condition::both;
use super::condition::either;
use super::condition::position;
use super::evaluate;
use super::evaluate_all;
use super::example::*;
use super::horizon_seconds;
use super::records::Attestation;
use super::records::Incident;
use super::records::Records;
use super::replay::Memory;
use super::select::longest_seconds;
use super::standing::Standing;
use super::standing::TierState;
use crate::budget::Counts;
use crate::budget::Failure;
use crate::budget::Opening;
use crate::budget::Outlook;
use crate::budget::Series;
use crate::budget::Terms;
use crate::budget::burn as burn_rate;
use crate::budget::moved;
use crate::model::Attested;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lasting;
use crate::model::Tier;
use crate::model::ZeroTraffic;
use crate::quantity::Duration;
use crate::quantity::Ratio;

mod histories;

use histories::HOURS;
use histories::all_kinds;
use histories::over_time;
use histories::per_event;
use histories::records;
use histories::rows;
use histories::series;
use histories::slo_of;

struct Plain<'a> {
    policy: &'a ErrorBudgetPolicy,
    terms: &'a Terms,
    records: &'a Records,
    /// The first instant of the replay.
    first: Timestamp,
    /// What a tier was at an instant, and a named condition, of the series that is looked at.
    known: RefCell<HashMap<(usize, Timestamp), Memory>>,
    named: RefCell<HashMap<(usize, Timestamp), Option<bool>>>,
}

const STEP: i64 = 3_600;

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.nominal_seconds()).expect("small")
}

impl<'a> Plain<'a> {
    fn new(
        policy: &'a ErrorBudgetPolicy,
        terms: &'a Terms,
        records: &'a Records,
        series: &Series,
        now: Timestamp,
    ) -> Self {
        let first = series.first_data().unwrap_or(now).min(now);
        let first = first.max(moved(now, -horizon_seconds(policy, terms)));
        let (known, named) = (RefCell::default(), RefCell::default());
        Self { policy, terms, records, first, known, named }
    }

    /// Judges a condition with fractions alone.
    fn holds(
        &self,
        condition: &Condition,
        series: &Series,
        at: Timestamp,
        path: &[usize],
        depth: usize,
    ) -> Option<bool> {
        assert!(depth <= MAX_DEPTH, "no example is that deep");
        let part = |part: &Condition| self.holds(part, series, at, path, depth + 1);
        match condition {
            Condition::All(parts) => parts.iter().map(part).fold(Some(true), both),
            Condition::Any(parts) => parts.iter().map(part).fold(Some(false), either),
            Condition::Not(inner) => part(inner).map(|holds| !holds),
            Condition::Named(name) => self.holds_named(&name.value, series, at, path),
            Condition::Burn(asked) => {
                let no_data = &self.policy.evaluation.no_data;
                let rate = burn_rate(series, self.terms, asked.lookback.value, at, no_data);
                rate.compares(asked.operator, &asked.threshold.value)
            }
            Condition::Within { name, time } => {
                let seconds = seconds(time.value);
                let instants = self.instants_before(at);
                let inside = instants.filter(|then| at.as_second() - then.as_second() < seconds);
                let each = inside.map(|then| self.holds_named(&name.value, series, then, path));
                each.fold(Some(false), either)
            }
            Condition::Sustained { what, time, max_gap } => {
                let gap = max_gap.map_or(0, seconds);
                self.sustained(what, seconds(time.value), gap, series, at, path)
            }
            Condition::Attested(asked) => Some(self.attested(asked, series, at)),
            Condition::Incident { share, of, by_class } => {
                let incidents = self.records.incidents.iter();
                let known = incidents.filter(|one| one.span.0 <= at && one.time.0 <= at);
                let (threshold, length) = (&share.value, seconds(*of));
                let takes =
                    known.map(|one| self.takes(one, *by_class, threshold, length, series, at));
                takes.fold(Some(false), either)
            }
        }
    }

    /// Returns whether something was true at every instant of a time, but for gaps.
    fn sustained(
        &self,
        what: &Lasting,
        length: i64,
        gap: i64,
        series: &Series,
        at: Timestamp,
        path: &[usize],
    ) -> Option<bool> {
        let held = |then: Timestamp| match what {
            Lasting::Condition(name) => self.holds_named(&name.value, series, then, path),
            Lasting::Tier(name) => {
                let mut tiers = self.policy.tiers.iter();
                let index = tiers.position(|tier| tier.name.value == name.value)?;
                let memory = self.memory_at(index, series, then);
                // What is not known stays as it was; whether it still is, is not known now.
                let is_open = memory.active && !memory.determined && then == at;
                (!is_open).then_some(memory.active)
            }
        };
        let lasts = |is_so: &dyn Fn(Timestamp) -> bool| {
            let mut since = None;
            for then in self.instants_before(at) {
                let missed = match since {
                    None if then == at => 0,
                    None => return false,
                    Some(last) => {
                        let last: Timestamp = last;
                        last.as_second() - then.as_second() - STEP
                    }
                };
                if is_so(then) {
                    if missed > gap {
                        break;
                    }
                    since = Some(then);
                }
            }
            since.is_some_and(|since| at.as_second() - since.as_second() >= length)
        };
        if !lasts(&|then| held(then) != Some(false)) {
            return Some(false);
        }
        (held(at) == Some(true) && lasts(&|then| held(then) == Some(true))).then_some(true)
    }

    /// Returns the instants of the grid up to one, the newest first.
    fn instants_before(&self, at: Timestamp) -> impl Iterator<Item = Timestamp> + use<> {
        let first = self.first;
        (0..).map(move |index| moved(at, -index * STEP)).take_while(move |then| *then >= first)
    }

    fn holds_named(
        &self,
        name: &str,
        series: &Series,
        at: Timestamp,
        path: &[usize],
    ) -> Option<bool> {
        let index = position(self.policy, name)?;
        if path.contains(&index) {
            return None;
        }
        let known = self.named.borrow().get(&(index, at)).copied();
        if let Some(known) = known.filter(|_| path.is_empty()) {
            return known;
        }
        let inner: Vec<usize> = path.iter().copied().chain([index]).collect();
        let holds = self.holds(&self.policy.conditions[index].condition, series, at, &inner, 1);
        if path.is_empty() {
            self.named.borrow_mut().insert((index, at), holds);
        }
        holds
    }

    /// Returns whether something is attested, by a record that did not lapse.
    fn attested(&self, asked: &Attested, series: &Series, at: Timestamp) -> bool {
        let age = |record: &Attestation| at.as_second() - record.span.0.as_second();
        let records = self.records.attestations.iter();
        let counts = records.filter(|record| {
            record.id == asked.id.value
                && record.span.0 <= at
                && record.span.1.is_none_or(|until| at < until)
                && asked.min_age.is_none_or(|least| age(record) >= seconds(least))
                && asked.max_age.is_none_or(|most| age(record) <= seconds(most))
                && !self.has_lapsed(record, series, at)
        });
        let newest = counts.max_by_key(|record| record.span.0);
        newest.map_or(asked.default, |record| record.holds)
    }

    /// In these examples what is attested claims a repair where an exit asks for it.
    fn has_lapsed(&self, record: &Attestation, series: &Series, at: Timestamp) -> bool {
        let asks = |tier: &Tier| {
            let mut found = false;
            if let Some(exit) = &tier.exit {
                exit.each(&mut |part| {
                    found |= matches!(part, Condition::Attested(one) if one.id.value == record.id);
                });
            }
            found
        };
        if !self.policy.tiers.iter().any(asks) {
            return false;
        }
        let from = record.span.0;
        let mut instants: Vec<Timestamp> = self.instants_before(at).collect();
        instants.reverse();
        let mut was_paged = false;
        for then in instants {
            let paged = self.holds_named("page", series, then, &[]);
            let begins = paged == Some(true) && !was_paged;
            was_paged = paged.unwrap_or(was_paged);
            if then <= from {
                continue;
            }
            let rows = series.rows().iter().filter(|row| row.end > from && row.end <= then);
            let (mut bad, mut all) = (Ratio::zero(), Ratio::zero());
            for counts in rows.filter_map(|row| row.counts.as_ref()) {
                bad = &bad + &(&counts.valid - &counts.good);
                all = &all + &counts.valid;
            }
            let is_old = then.as_second() - from.as_second() >= 24 * STEP;
            let leaks = !all.is_zero() && bad >= &all * &self.terms.error_budget();
            if begins || is_old && leaks {
                return true;
            }
        }
        false
    }

    /// Returns whether an incident, or its class, took more than a share, row by row.
    fn takes(
        &self,
        incident: &Incident,
        by_class: bool,
        threshold: &Ratio,
        length: i64,
        series: &Series,
        at: Timestamp,
    ) -> Option<bool> {
        let start = moved(at, -length);
        let rows = || series.rows().iter().filter(|row| row.end > start && row.end <= at);
        let (mut bad, mut all, mut covered) = (Ratio::zero(), Ratio::zero(), 0);
        let incidents = || self.records.incidents.iter();
        let is_same = |other: &&Incident| {
            other.id == incident.id
                || by_class && other.class.is_some() && other.class == incident.class
        };
        let mut any = false;
        for one in incidents().filter(is_same).filter(|one| one.span.0 <= at && one.time.0 <= at) {
            let until = one.time.1.map_or(at, |end| end.min(at));
            any |= one.time.0.max(start) < until;
            for row in rows().filter(|row| row.end > one.time.0 && row.end <= until) {
                if let Some(counts) = &row.counts {
                    bad = &bad + &(&counts.valid - &counts.good);
                }
            }
        }
        for row in rows() {
            if let Some(counts) = &row.counts {
                all = &all + &counts.valid;
                covered += row.seconds();
            }
        }
        if !any {
            return Some(false);
        }
        let least = &self.policy.evaluation.no_data.min_coverage * &Ratio::whole(length);
        if Ratio::whole(covered) < least || all.is_zero() {
            return None;
        }
        Some(bad > &(threshold * &self.terms.error_budget()) * &all)
    }

    fn step(&self, memory: &mut Memory, tier: &Tier, series: &Series, at: Timestamp) {
        let entries = self.records.entries.iter().filter(|entry| entry.tier == tier.name.value);
        let counting: Vec<_> = entries
            .filter(|entry| entry.span.0 <= at && entry.span.1.is_none_or(|until| at < until))
            .collect();
        let before = moved(at, -STEP);
        let begins = counting.iter().any(|entry| entry.span.0 > before || at == self.first);
        let enter = either(self.holds(&tier.enter, series, at, &[], 0), Some(begins));
        let exit = match &tier.exit {
            Some(exit) => self.holds(exit, series, at, &[], 0),
            None => enter.map(|enter| !enter),
        };
        memory.step(at, enter, exit, seconds(self.policy.max_latch));
        if memory.active && !counting.is_empty() {
            memory.entered = Some(at);
        }
    }

    /// Returns what a tier is at an instant: what it was an hour before, one step on.
    fn memory_at(&self, tier: usize, series: &Series, at: Timestamp) -> Memory {
        if let Some(known) = self.known.borrow().get(&(tier, at)) {
            return known.clone();
        }
        let mut memory = if at <= self.first {
            Memory::default()
        } else {
            self.memory_at(tier, series, moved(at, -STEP))
        };
        self.step(&mut memory, &self.policy.tiers[tier], series, at);
        self.known.borrow_mut().insert((tier, at), memory.clone());
        memory
    }

    fn opening(&self, tier: usize, series: &Series, now: Timestamp) -> Opening {
        let steps = longest_seconds(self.policy, self.terms) / STEP + 2;
        let outlook = Outlook::new(series, self.terms, &self.policy.evaluation.no_data, now);
        let end = |counts: &Counts| {
            let series = series.projected(now, moved(now, steps * STEP), counts);
            // Up to now nothing differs.
            let is_past = |at: &Timestamp| *at <= now;
            self.known.borrow_mut().retain(|(_, at), _| is_past(at));
            self.named.borrow_mut().retain(|(_, at), _| is_past(at));
            (1..=steps)
                .map(|hours| moved(now, hours * STEP))
                .find(|&at| !self.memory_at(tier, &series, at).active)
        };
        let opening = Opening {
            without_errors: end(&outlook.without_errors),
            at_present_burn: outlook.at_present_burn.as_ref().and_then(end),
            largest: outlook.largest,
        };
        self.known.borrow_mut().retain(|(_, at), _| *at <= now);
        self.named.borrow_mut().retain(|(_, at), _| *at <= now);
        opening
    }

    fn agrees(&self, standing: &Standing, series: &Series, now: Timestamp) {
        assert_eq!(standing.tiers.len(), self.policy.tiers.len());
        for (index, (found, tier)) in standing.tiers.iter().zip(&self.policy.tiers).enumerate() {
            let memory = self.memory_at(index, series, now);
            let state = match &found.state {
                TierState::Active { since } => (true, Some(*since)),
                TierState::Inactive => (true, None),
                TierState::Unknown { carried_since, .. } => (false, *carried_since),
            };
            assert_eq!(state, (memory.determined, memory.since), "{}", tier.name.value);
            let opens = memory.active.then(|| self.opening(index, series, now));
            assert_eq!(found.opens, opens, "{}", tier.name.value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_replay_says_what_plain_fractions_say(
        rows in rows(),
        per_event in per_event(),
        kind in 0usize..3,
        idle_is_good in any::<bool>(),
        few in prop::sample::select(vec!["0", "0.5", "120"]),
        now in 1i64..HOURS,
    ) {
        let counts = series(&rows, &per_event);
        let mut policy = all_kinds();
        if idle_is_good {
            policy.evaluation.no_data.zero_traffic = ZeroTraffic::Good;
        }
        policy.evaluation.no_data.min_events = ratio(few);
        let slo = slo_of(kind);
        let terms = Terms::new(&slo, 0).expect("terms");
        let none = Records::default();
        let plain = Plain::new(&policy, &terms, &none, &counts, hour(now));
        let counted: Result<Arc<Series>, Failure> = Ok(Arc::new(counts.clone()));
        let standing = evaluate(&policy, &slo, 0, &counted, &none, hour(now));
        plain.agrees(&standing, &counts, hour(now));
    }

    #[test]
    fn what_rests_on_the_past_and_on_records_says_what_is_defined(
        rows in rows(),
        kind in 0usize..3,
        records in records(),
        gap in prop::sample::select(vec![None, Some("1h"), Some("3h")]),
        now in 1i64..HOURS,
    ) {
        let counts = series(&rows, &[1]);
        let policy = over_time(gap);
        let slo = slo_of(kind);
        let terms = Terms::new(&slo, 0).expect("terms");
        let plain = Plain::new(&policy, &terms, &records, &counts, hour(now));
        let counted: Result<Arc<Series>, Failure> = Ok(Arc::new(counts.clone()));
        let standing = evaluate(&policy, &slo, 0, &counted, &records, hour(now));
        plain.agrees(&standing, &counts, hour(now));
    }
}

#[test]
fn policies_that_are_judged_together_are_judged_alike() {
    let counts = incident(5, 60, |at| Some(if at < 2 { 5_000 } else { 5 }));
    let slo = slo_of(0);
    let mut other = all_kinds();
    other.tiers.truncate(4);
    let mut strict = all_kinds();
    strict.evaluation.no_data.min_events = ratio("1e9");
    let mut brief = all_kinds();
    brief.max_latch = duration("1h");
    let none = Records::default();
    let policies: Vec<_> =
        [all_kinds(), other, all_kinds(), strict, brief].into_iter().map(Arc::new).collect();
    let together = evaluate_all(&policies, &slo, 0, &counts, &none, hour(50));
    for (policy, together) in policies.iter().zip(together) {
        let alone = evaluate(policy, &slo, 0, &counts, &none, hour(50));
        assert_eq!(format!("{alone:?}"), format!("{together:?}"));
    }
}
