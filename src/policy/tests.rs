use std::sync::Arc;

use proptest::prelude::*;

use super::example::*;
use super::*;
use crate::budget::Failure;
use crate::budget::Series;
use crate::model::Catalog;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::NamedCondition;
use crate::model::Object;
use crate::model::OnUnknown;
use crate::model::Slo;
use crate::model::WindowKind;
use crate::model::ZeroTraffic;
use crate::quantity::Duration;
use crate::quantity::Unit;

type Counted = Result<Arc<Series>, Failure>;

fn standing(policy: &ErrorBudgetPolicy, slo: &Slo, counts: &Counted, at: i64) -> Standing {
    evaluate(policy, slo, 0, counts, &Records::default(), hour(at))
}

fn gate(policy: &ErrorBudgetPolicy, slo: &Slo, counts: &Counted, at: i64) -> GateKind {
    match standing(policy, slo, counts, at).gate {
        Gate::Decided(held) => held.gate,
        undetermined @ Gate::Undetermined { .. } => panic!("{undetermined:?}"),
    }
}

/// Returns the hours at which the gate changes, and to what.
fn changes(
    policy: &ErrorBudgetPolicy,
    slo: &Slo,
    counts: &Counted,
    hours: i64,
) -> Vec<(i64, GateKind)> {
    let mut found: Vec<(i64, GateKind)> = Vec::new();
    let mut before = GateKind::Open;
    // A day between looks, and every hour where something changed in that day.
    let look = |at| gate(policy, slo, counts, at);
    for day in 0..hours / 24 {
        if look((day + 1) * 24) == before && look(day * 24 + 12) == before {
            continue;
        }
        for at in day * 24 + 1..=(day + 1) * 24 {
            let now = look(at);
            if now != before {
                found.push((at, now));
                before = now;
            }
        }
    }
    found
}

#[test]
fn an_outage_of_an_hour_freezes_for_as_long_as_the_window_holds_it() {
    // 50 % for one hour over a background of 0.05 %, at a target of 99.9 %.
    let counts = incident(5, 700, |at| Some(if at == 0 { 5_000 } else { 5 }));
    let freeze = policy(vec![tier("28 days", "28d > 1", None, GateKind::Freeze)]);
    let slo = slo("checkout", None, "0.999", "28d");
    let expected = [(1, GateKind::Freeze), (673, GateKind::Open)];
    assert_eq!(changes(&freeze, &slo, &counts, 696), expected);
}

#[test]
fn the_first_step_falls_on_the_hour_at_which_the_burn_rate_is_one() {
    // 0.15 % for ever: the mean of seven days is 0.1 % after 84 hours.
    let counts = incident(5, 120, |_| Some(15));
    let ticket = policy(vec![tier("ticket", "7d >= 1", Some("7d < 1"), GateKind::Warn)]);
    let slo = slo("checkout", None, "0.999", "28d");
    assert_eq!(gate(&ticket, &slo, &counts, 83), GateKind::Open);
    assert_eq!(gate(&ticket, &slo, &counts, 84), GateKind::Warn);
    let strict = policy(vec![tier("ticket", "7d > 1", None, GateKind::Warn)]);
    assert_eq!(gate(&strict, &slo, &counts, 84), GateKind::Open);
    assert_eq!(gate(&strict, &slo, &counts, 85), GateKind::Warn);
}

#[test]
fn tiers_that_end_lower_than_they_begin_follow_the_worked_case() {
    // 60 % for two hours over 0.1 %, at 99.5 % over seven days.
    let counts = incident(10, 200, |at| Some(if at < 2 { 6_000 } else { 10 }));
    let watch = tier("p1-watch", "7d >= 0.5", Some("7d < 0.4"), GateKind::Approve);
    let stop = tier("p1-stop", "7d >= 1", Some("7d < 0.8"), GateKind::Freeze);
    let policy = policy(vec![watch, stop]);
    let slo = slo("save", None, "0.995", "7d");
    let expected = [(1, GateKind::Approve), (2, GateKind::Freeze), (170, GateKind::Open)];
    assert_eq!(changes(&policy, &slo, &counts, 192), expected);
    let latched = standing(&policy, &slo, &counts, 169);
    let stop = latched.tiers.last().expect("two tiers");
    assert_eq!(stop.state, TierState::Active { since: hour(2) });
    assert_eq!(stop.enter.first().and_then(|enter| enter.holds), Some(false));
    assert_eq!(stop.exit.first().and_then(|exit| exit.holds), Some(false));
    let opens = stop.opens.expect("an active tier opens");
    assert_eq!(opens.without_errors, Some(hour(170)));
    assert_eq!(opens.at_present_burn, Some(hour(170)));
    assert_eq!(opens.largest, Some(hour(1)), "the outage's row that still counts");
}

#[test]
fn a_slow_leak_warns_after_eighty_hours() {
    // 2 % for long over 0.1 %, at 99.0 %: +3.3 days.
    let counts = incident(10, 120, |_| Some(200));
    let notice = policy(vec![tier("p34-notice", "7d >= 1", None, GateKind::Warn)]);
    let slo = slo("screen", None, "0.99", "7d");
    let expected = [(80, GateKind::Warn)];
    assert_eq!(changes(&notice, &slo, &counts, 96), expected);
}

#[test]
fn since_is_the_first_active_instant_whenever_one_looks() {
    let counts = incident(0, 200, |at| Some(if at < 2 { 500 } else { 0 }));
    let freeze = policy(vec![tier("freeze", "slo >= 1", None, GateKind::Freeze)]);
    let slo = slo("checkout", None, "0.9995", "7d");
    for at in [2, 3, 50, 168] {
        let standing = standing(&freeze, &slo, &counts, at);
        let active: Vec<_> = standing.active().map(|(_, since)| since).collect();
        assert_eq!(active, [hour(2)], "hour {at}");
    }
    assert!(standing(&freeze, &slo, &counts, 1).active().next().is_none());
}

#[test]
fn every_instant_of_one_step_gives_the_same_standing() {
    let counts = incident(0, 10, |_| Some(500));
    let freeze = policy(vec![tier("freeze", "slo >= 1", None, GateKind::Freeze)]);
    let slo = slo("checkout", None, "0.999", "7d");
    let late = jiff::Timestamp::from_second(hour(6).as_second() - 1).expect("an instant");
    let early = standing(&freeze, &slo, &counts, 5);
    let late = evaluate(&freeze, &slo, 0, &counts, &Records::default(), late);
    assert_eq!((early.instant, early.gate), (late.instant, late.gate));
}

#[test]
fn a_gap_holds_the_last_known_gate_for_a_while() {
    let gap = |at: i64| (at < 100).then_some(if at < 2 { 500 } else { 0 });
    let counts = incident(0, 140, gap);
    let mut freeze = policy(vec![tier("freeze", "7d >= 1", None, GateKind::Freeze)]);
    let slo = slo("checkout", None, "0.9995", "7d");
    freeze.evaluation.no_data = no_data(OnUnknown::Hold, "6h", OnUnknown::Warn);
    // 168 hours of which a tenth, 16.8, may be missing: known until hour 116.
    assert_eq!(gate(&freeze, &slo, &counts, 116), GateKind::Freeze);
    let held = standing(&freeze, &slo, &counts, 122);
    let Ruling::Gate { held: still, held_since } = &held.ruling else {
        panic!("{:?}", held.ruling);
    };
    assert_eq!((still.gate, *held_since), (GateKind::Freeze, Some(hour(116))));
    assert_eq!(held.active().count(), 1, "a held tier counts as active");
    let after = standing(&freeze, &slo, &counts, 123);
    assert!(
        matches!(&after.ruling, Ruling::Unknown { answer: OnUnknown::Warn, failed: false, .. }),
        "{:?}",
        after.ruling
    );
    freeze.evaluation.no_data.on_unknown = spanned(OnUnknown::Deny);
    let denied = standing(&freeze, &slo, &counts, 117);
    assert!(matches!(&denied.ruling, Ruling::Unknown { answer: OnUnknown::Deny, .. }));
}

#[test]
fn a_tier_that_is_known_is_not_hidden_by_one_that_is_not() {
    let counts = history(std::iter::repeat_n(Some(5_000), 24), 0);
    let day = tier("day", "1d >= 1", None, GateKind::Freeze);
    let month = tier("month", "28d >= 1", None, GateKind::Approve);
    let both = policy(vec![day, month]);
    let slo = slo("checkout", None, "0.999", "28d");
    assert_eq!(gate(&both, &slo, &counts, 24), GateKind::Freeze);
    let month = tier("month", "28d >= 1", None, GateKind::Approve);
    let alone = standing(&policy(vec![month]), &slo, &counts, 24);
    assert!(matches!(alone.gate, Gate::Undetermined { last_known: None, .. }));
}

#[test]
fn nothing_measured_never_opens_a_gate() {
    let slo = slo("checkout", None, "0.999", "28d");
    let freeze = policy(vec![tier("freeze", "slo >= 1", None, GateKind::Freeze)]);
    let refused = |counts: &Counted| match standing(&freeze, &slo, counts, 5).ruling {
        Ruling::Unknown { answer, failed, .. } => (answer, failed),
        ruling @ Ruling::Gate { .. } => panic!("{ruling:?}"),
    };
    assert_eq!(refused(&Ok(Arc::default())), (OnUnknown::Deny, false));
    assert_eq!(refused(&history([Some(0)].into_iter(), 100)), (OnUnknown::Deny, false));
    assert_eq!(refused(&history(std::iter::repeat_n(None, 5), 0)), (OnUnknown::Deny, false));
    let unreachable = Err(Failure::Unreachable("timeout".into()));
    assert_eq!(refused(&unreachable), (OnUnknown::Deny, true));
    assert_eq!(refused(&Err(Failure::DefinitionChanged)), (OnUnknown::Deny, false));
}

#[test]
fn a_failed_backend_does_what_the_policy_says() {
    let slo = slo("checkout", None, "0.999", "28d");
    let mut freeze = policy(vec![tier("freeze", "slo >= 1", None, GateKind::Freeze)]);
    let failure = Err(Failure::Unreachable("timeout".into()));
    let mut answer = |on_backend_error| {
        freeze.evaluation.no_data.on_backend_error = spanned(on_backend_error);
        match standing(&freeze, &slo, &failure, 5).ruling {
            Ruling::Unknown { answer, .. } => answer,
            ruling @ Ruling::Gate { .. } => panic!("{ruling:?}"),
        }
    };
    assert_eq!(answer(OnUnknown::Warn), OnUnknown::Warn);
    assert_eq!(answer(OnUnknown::Hold), OnUnknown::Deny, "there is nothing to hold");
}

#[test]
fn named_conditions_join_and_a_condition_that_names_itself_is_not_known() {
    let counts = incident(0, 30, |_| Some(500));
    let slo = slo("checkout", None, "0.999", "28d");
    let mut policy = policy(vec![tier("freeze", "1h > 1", None, GateKind::Freeze)]);
    let named = |name: &str| Condition::Named(spanned(name.to_owned()));
    let define =
        |name: &str, condition| NamedCondition { name: spanned(name.to_owned()), condition };
    policy.conditions = vec![
        define("page", Condition::All(vec![burn("1h >= 9"), burn("6h >= 6")])),
        define("loop", Condition::Any(vec![named("round")])),
        define("round", Condition::Not(Box::new(named("loop")))),
    ];
    let mut at = |enter: Condition| {
        policy.tiers[0].enter = enter;
        standing(&policy, &slo, &counts, 10).gate
    };
    let known = |gate| matches!(gate, Gate::Decided(held) if held.gate == GateKind::Freeze);
    assert!(known(at(named("page"))));
    assert!(known(at(Condition::Any(vec![named("loop"), named("page")]))));
    assert!(!known(at(Condition::Not(Box::new(named("page"))))));
    assert!(matches!(at(named("loop")), Gate::Undetermined { .. }));
    assert!(matches!(at(named("nobody")), Gate::Undetermined { .. }));
    let never = Condition::All(vec![named("nobody"), burn("1h < 1")]);
    assert!(matches!(at(never), Gate::Decided(_)), "false in an `all` decides");
}

#[test]
fn conditions_that_name_each_other_widely_are_judged_once_each() {
    let counts = incident(0, 3, |_| Some(500));
    let slo = slo("checkout", None, "0.999", "28d");
    let mut policy = policy(vec![tier("freeze", "1h > 1", None, GateKind::Freeze)]);
    let named = |index: usize| Condition::Named(spanned(format!("c{index}")));
    policy.conditions = (0..30)
        .map(|index| NamedCondition {
            name: spanned(format!("c{index}")),
            condition: match index {
                29 => burn("1h >= 9"),
                _ => Condition::All(vec![named(index + 1), named(index + 1)]),
            },
        })
        .collect();
    policy.tiers[0].enter = named(0);
    assert!(matches!(
        standing(&policy, &slo, &counts, 2).gate,
        Gate::Decided(Held { gate: GateKind::Freeze, .. })
    ));
}

#[test]
fn a_tier_is_forgotten_after_the_latch_with_a_warning() {
    let counts = incident(0, 24 * 40, |at| Some(if at == 0 { 5_000 } else { 3 }));
    let freeze = tier("freeze", "1d >= 1", Some("1d < 0.2"), GateKind::Freeze);
    let mut policy = policy(vec![freeze]);
    policy.max_latch = duration("30d");
    let slo = slo("checkout", None, "0.999", "28d");
    // The outage counts until hour 24.
    assert_eq!(gate(&policy, &slo, &counts, 24 + 720), GateKind::Freeze);
    let after = standing(&policy, &slo, &counts, 24 + 721);
    assert!(matches!(after.gate, Gate::Decided(Held { gate: GateKind::Open, .. })));
    let expired = Warning::LatchExpired { tier: 0, at: hour(24 + 721) };
    assert_eq!(after.warnings, [expired]);
}

#[test]
fn idle_time_may_be_good_or_unknown() {
    let counts = history(std::iter::repeat_n(Some(0), 24), 0);
    let Ok(series) = &counts else { panic!("a series") };
    let idle = series.rows().iter().cloned().map(|mut row| {
        row.counts =
            row.counts.map(|_| crate::budget::Counts { good: ratio("0"), valid: ratio("0") });
        row
    });
    let idle: Counted = Ok(Arc::new(Series::new(idle.collect()).expect("rows in order")));
    let slo = slo("checkout", None, "0.999", "1d");
    let mut policy = policy(vec![tier("freeze", "slo >= 1", None, GateKind::Freeze)]);
    assert!(matches!(standing(&policy, &slo, &idle, 24).gate, Gate::Undetermined { .. }));
    policy.evaluation.no_data.zero_traffic = ZeroTraffic::Good;
    assert_eq!(gate(&policy, &slo, &idle, 24), GateKind::Open);
}

#[test]
fn long_rows_raise_the_step_and_say_so() {
    let counts = history(std::iter::repeat_n(Some(0), 48), 0);
    let mut policy = policy(vec![tier("freeze", "1d >= 1", None, GateKind::Freeze)]);
    policy.evaluation.step = duration("5m");
    let slo = slo("checkout", None, "0.999", "1d");
    let standing = standing(&policy, &slo, &counts, 48);
    let raised = Warning::StepRaised { asked: 300, used: 3_600 };
    assert_eq!(standing.warnings, [raised]);
}

#[test]
fn a_grid_too_fine_for_its_horizon_is_made_coarser() {
    let counts = history(std::iter::repeat_n(Some(0), 48), 0);
    let mut policy = policy(vec![tier("freeze", "1d >= 1", None, GateKind::Freeze)]);
    policy.evaluation.step = duration("1s");
    policy.max_latch = Duration::new(9_999, Unit::Year);
    let slo = slo("checkout", None, "0.999", "1d");
    let standing = standing(&policy, &slo, &counts, 48);
    assert!(matches!(standing.warnings.first(), Some(Warning::StepRaised { .. })));
}

#[test]
fn tiers_hold_for_their_priorities() {
    let counts = incident(0, 30, |_| Some(500));
    let mut first = tier("p1", "1d >= 1", None, GateKind::Freeze);
    first.priority = texts(&["P1"]);
    let mut other = tier("p2", "1d >= 1", None, GateKind::Warn);
    other.priority = texts(&["P2", "P3"]);
    let policy = policy(vec![first, other]);
    let mut slo = slo("checkout", None, "0.999", "1d");
    let missing = standing(&policy, &slo, &counts, 30);
    assert_eq!(missing.warnings.len(), 2);
    let priority = crate::model::Annotation {
        key: spanned("slo/priority".into()),
        value: spanned("p3".into()),
    };
    slo.meta.annotations = std::iter::once(priority).collect();
    assert_eq!(gate(&policy, &slo, &counts, 30), GateKind::Warn);
}

#[test]
fn a_selector_takes_names_services_and_labels_together() {
    let mut policy = policy(Vec::new());
    let mut slo = slo("checkout-availability", Some("shop/checkout"), "0.999", "1d");
    assert!(selects(&policy, &slo), "without a selector, every SLO");
    policy.selector.services = texts(&["game-*", "shop*"]);
    assert!(selects(&policy, &slo));
    policy.selector.slos = texts(&["*-latency"]);
    assert!(!selects(&policy, &slo));
    policy.selector.slos = texts(&["checkout-*"]);
    policy.selector.match_labels = vec![("tier".into(), spanned("1".into()))];
    assert!(!selects(&policy, &slo));
    let both = vec![spanned("2".into()), spanned("1".into())];
    slo.meta.labels =
        [("tier".into(), crate::model::LabelValues::Many(both))].into_iter().collect();
    assert!(selects(&policy, &slo));
    slo.service = None;
    assert!(!selects(&policy, &slo));
}

#[test]
fn the_highest_precedence_governs_and_equals_govern_together() {
    let with = |precedence: &[i64]| {
        let objects = precedence.iter().map(|&precedence| {
            let mut policy = policy(Vec::new());
            policy.precedence = precedence;
            Object::ErrorBudgetPolicy(Arc::new(policy))
        });
        Catalog::new(objects.collect(), Vec::new())
    };
    let slo = slo("checkout", None, "0.999", "1d");
    assert_eq!(governing(&with(&[0, 5, 5, -1]), &slo).len(), 2);
    assert_eq!(governing(&with(&[0, 5]), &slo).len(), 1);
    assert!(governing(&with(&[]), &slo).is_empty());
    let catalog = with(&[0, 5, 5, -1]);
    let governance = Governance::new(&catalog);
    let slos = [Arc::new(slo)];
    let governed: Vec<usize> =
        catalog.policies().map(|policy| governance.governed(policy, slos.iter()).count()).collect();
    assert_eq!(governed, [0, 1, 1, 0], "both say the same");
}

#[test]
fn the_horizon_is_the_longest_lookback_and_the_latch() {
    let slo = slo("checkout", None, "0.999", "28d");
    let terms = crate::budget::Terms::new(&slo, 0).expect("terms");
    let policy = policy(vec![tier("freeze", "slo >= 1", Some("7d < 1"), GateKind::Freeze)]);
    assert_eq!(horizon_seconds(&policy, &terms), (28 + 90) * 86_400);
}

#[test]
fn a_calendar_budget_opens_with_its_next_period() {
    let mut slo = slo("checkout", None, "0.99", "1d");
    if let Some(window) = &mut slo.window {
        window.kind = WindowKind::Calendar {
            start: Some(spanned("2023-01-01 00:00:00".into())),
            zone: Some(spanned("Asia/Tokyo".into())),
        };
    }
    // Hour 0 is midnight in UTC, and the day of Tokyo starts at hour 15.
    let counts = incident(0, 40, |at| Some(if at == 17 { 5_000 } else { 0 }));
    let freeze = policy(vec![tier("freeze", "slo >= 1", None, GateKind::Freeze)]);
    assert_eq!(gate(&freeze, &slo, &counts, 17), GateKind::Open);
    assert_eq!(gate(&freeze, &slo, &counts, 18), GateKind::Freeze);
    assert_eq!(gate(&freeze, &slo, &counts, 38), GateKind::Freeze);
    assert_eq!(gate(&freeze, &slo, &counts, 39), GateKind::Open);
    let frozen = standing(&freeze, &slo, &counts, 20);
    let opens = frozen.tiers.first().and_then(|tier| tier.opens);
    assert_eq!(opens.and_then(|opens| opens.without_errors), Some(hour(39)));
}

proptest! {
    #[test]
    fn history_beyond_the_horizon_changes_nothing(
        hours in prop::collection::vec(prop::sample::select(vec![0i64, 3, 20, 5_000]), 200),
    ) {
        let freeze = tier("freeze", "12h >= 1", Some("12h < 0.2"), GateKind::Freeze);
        let mut policy = policy(vec![freeze]);
        policy.max_latch = duration("48h");
        // A lookback that lacks an hour may be known, and then says another thing than the whole.
        policy.evaluation.no_data.min_coverage = ratio("1");
        let slo = slo("checkout", None, "0.999", "28d");
        let all = history(hours.iter().copied().map(Some), 0);
        let horizon = history(hours.iter().skip(140).copied().map(Some), 140);
        let long = standing(&policy, &slo, &all, 200);
        let short = standing(&policy, &slo, &horizon, 200);
        prop_assert_eq!(&long.gate, &short.gate);
        let since = |standing: &Standing| standing.active().map(|(_, since)| since).next();
        let (long, short) = (since(&long), since(&short));
        prop_assert_eq!(long.is_some(), short.is_some());
        prop_assert!(long <= short, "the longer history may know an earlier beginning");
    }
}
