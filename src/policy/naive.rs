//! The replay once more, as plainly as it is defined, and random histories on which both must agree.

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
use super::replay::Memory;
use super::select::longest_seconds;
use super::standing::Standing;
use super::standing::TierState;
use crate::budget::Counts;
use crate::budget::Failure;
use crate::budget::Opening;
use crate::budget::Outlook;
use crate::budget::Row;
use crate::budget::Series;
use crate::budget::Terms;
use crate::budget::burn as burn_rate;
use crate::budget::moved;
use crate::model::BudgetingMethod;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::NamedCondition;
use crate::model::Slo;
use crate::model::Tier;
use crate::model::WindowKind;
use crate::model::ZeroTraffic;
use crate::quantity::Ratio;

const HOURS: i64 = 120;

struct Plain<'a> {
    policy: &'a ErrorBudgetPolicy,
    terms: &'a Terms,
}

impl Plain<'_> {
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
            Condition::Named(name) => {
                let index = position(self.policy, &name.value)?;
                if path.contains(&index) {
                    return None;
                }
                let path: Vec<usize> = path.iter().copied().chain([index]).collect();
                let named = &self.policy.conditions[index].condition;
                self.holds(named, series, at, &path, depth + 1)
            }
            Condition::Burn(asked) => {
                let no_data = &self.policy.evaluation.no_data;
                let rate = burn_rate(series, self.terms, asked.lookback.value, at, no_data);
                rate.compares(asked.operator, &asked.threshold.value)
            }
            _ => None,
        }
    }

    fn step(&self, memory: &mut Memory, tier: &Tier, series: &Series, at: Timestamp) {
        let enter = self.holds(&tier.enter, series, at, &[], 0);
        let exit = match &tier.exit {
            Some(exit) => self.holds(exit, series, at, &[], 0),
            None => enter.map(|enter| !enter),
        };
        let latch = i64::try_from(self.policy.max_latch.nominal_seconds()).expect("small");
        memory.step(at, enter, exit, latch);
    }

    /// Replays one tier, hour by hour.
    fn memory(&self, tier: &Tier, series: &Series, now: Timestamp) -> Memory {
        let mut memory = Memory::default();
        let mut at = series.first_data().unwrap_or(now).min(now);
        at = at.max(moved(now, -horizon_seconds(self.policy, self.terms)));
        while at <= now {
            self.step(&mut memory, tier, series, at);
            at = moved(at, 3_600);
        }
        memory
    }

    fn opening(&self, memory: &Memory, tier: &Tier, series: &Series, now: Timestamp) -> Opening {
        let steps = longest_seconds(self.policy, self.terms) / 3_600 + 2;
        let outlook = Outlook::new(series, self.terms, &self.policy.evaluation.no_data, now);
        let end = |counts: &Counts| {
            let series = series.projected(now, moved(now, steps * 3_600), counts);
            let mut memory = memory.clone();
            (1..=steps).map(|hours| moved(now, hours * 3_600)).find(|&at| {
                self.step(&mut memory, tier, &series, at);
                !memory.active
            })
        };
        Opening {
            without_errors: end(&outlook.without_errors),
            at_present_burn: outlook.at_present_burn.as_ref().and_then(end),
            largest: outlook.largest,
        }
    }

    fn agrees(&self, standing: &Standing, series: &Series, now: Timestamp) {
        assert_eq!(standing.tiers.len(), self.policy.tiers.len());
        for (found, tier) in standing.tiers.iter().zip(&self.policy.tiers) {
            let memory = self.memory(tier, series, now);
            let state = match &found.state {
                TierState::Active { since } => (true, Some(*since)),
                TierState::Inactive => (true, None),
                TierState::Unknown { carried_since, .. } => (false, *carried_since),
            };
            assert_eq!(state, (memory.determined, memory.since), "{}", tier.name.value);
            let opens = memory.active.then(|| self.opening(&memory, tier, series, now));
            assert_eq!(found.opens, opens, "{}", tier.name.value);
        }
    }
}

/// Tiers of every kind: with and without exits, names, several lookbacks, and one between the rows.
fn all_kinds() -> ErrorBudgetPolicy {
    let named = |name: &str| Condition::Named(spanned(name.to_owned()));
    let define =
        |name: &str, condition| NamedCondition { name: spanned(name.to_owned()), condition };
    let mut page = tier("page", "1h >= 2", None, GateKind::Freeze);
    page.enter = Condition::All(vec![burn("1h >= 2"), named("slow"), burn("30m > 1")]);
    let mut slow = tier("slow", "1h >= 2", Some("6h < 1"), GateKind::Approve);
    slow.enter = Condition::Any(vec![named("slow"), burn("740m >= 3")]);
    let mut calm = tier("calm", "1h >= 2", None, GateKind::Warn);
    calm.enter = Condition::Not(Box::new(named("slow")));
    let mut policy = policy(vec![
        page,
        slow,
        calm,
        tier("leak", "slo > 1", Some("slo <= 0.7"), GateKind::Freeze),
        tier("watch", "1d >= 1", None, GateKind::Approve),
        tier("ever", "6h >= 0", None, GateKind::Warn),
        tier("round", "2h > 0.333", Some("3h < 0.1"), GateKind::Warn),
    ]);
    policy.conditions = vec![
        define("slow", Condition::Any(vec![burn("6h >= 1"), named("round"), burn("2h > 4")])),
        define("round", Condition::All(vec![named("round"), burn("1h > 1")])),
    ];
    policy.max_latch = duration("40h");
    policy
}

/// Hourly rows with thirds, tenths and whole numbers, idle hours and gaps.
fn rows() -> impl Strategy<Value = Vec<Option<(i64, i64)>>> {
    let usual = (0i64..4, 0i64..300);
    let hour = prop_oneof![
        8 => usual.prop_map(Some),
        1 => (0i64..300, 0i64..1).prop_map(Some),
        1 => Just(None),
    ];
    prop::collection::vec(hour, 1..usize::try_from(HOURS).expect("small"))
}

fn series(rows: &[Option<(i64, i64)>], per_event: &[i64]) -> Series {
    let rows = (0..).zip(rows).zip(per_event.iter().cycle());
    let rows = rows.map(|((index, counts), per_event)| Row {
        start: hour(index),
        end: hour(index + 1),
        counts: counts.map(|(bad, good)| Counts {
            good: Ratio::new(good, *per_event).expect("above 0"),
            valid: Ratio::new(good + bad, *per_event).expect("above 0"),
        }),
    });
    Series::new(rows.collect()).expect("rows in order")
}

fn slo_of(kind: usize) -> Slo {
    let mut slo = slo("checkout", None, "0.99", "2d");
    match kind {
        1 => {
            slo.budgeting_method = Some(spanned(BudgetingMethod::Timeslices));
            slo.objectives[0].slice_window = Some(spanned(duration("5m")));
        }
        2 => {
            if let Some(window) = &mut slo.window {
                window.kind = WindowKind::Calendar { start: None, zone: None };
            }
        }
        _ => {}
    }
    slo
}

fn per_event() -> impl Strategy<Value = Vec<i64>> {
    prop::sample::select(vec![
        vec![1],
        vec![1, 3, 10],
        vec![1_000_000_007, 998_244_353, 1_000_000_009],
        vec![i64::MAX, i64::MAX - 1, i64::MAX - 2],
    ])
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
        let plain = Plain { policy: &policy, terms: &terms };
        let counted: Result<Arc<Series>, Failure> = Ok(Arc::new(counts.clone()));
        plain.agrees(&evaluate(&policy, &slo, 0, &counted, hour(now)), &counts, hour(now));
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
    let policies: Vec<_> =
        [all_kinds(), other, all_kinds(), strict, brief].into_iter().map(Arc::new).collect();
    let together = evaluate_all(&policies, &slo, 0, &counts, hour(50));
    for (policy, together) in policies.iter().zip(together) {
        let alone = evaluate(policy, &slo, 0, &counts, hour(50));
        assert_eq!(format!("{alone:?}"), format!("{together:?}"));
    }
}
