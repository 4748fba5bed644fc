//! Policies that teams have published, on outages of which the answer is worked out, to the hour.
//!
//! At a target of 99.9 %, over a background of 0.05 %, unless a case says otherwise. What is said of an hour is said of
//! the hour before it as well: there it was otherwise.

use std::sync::Arc;

use jiff::Timestamp;

use super::example::*;
use super::*;
use crate::budget::Failure;
use crate::budget::Series;
use crate::dialect;
use crate::model::Annotation;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Object;
use crate::model::Slo;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;
use crate::yaml;

type Counted = Result<Arc<Series>, Failure>;

const CRE: &str = include_str!("../dialect/own/presets/google-cre.yaml");
const WORKBOOK: &str = include_str!("../dialect/own/presets/workbook.yaml");
const PRIORITY: &str = include_str!("../dialect/own/presets/priority.yaml");
const GENERATOR: &str = include_str!("../dialect/own/presets/slo-generator.yaml");

const DAY: i64 = 24;

fn read(text: &str) -> ErrorBudgetPolicy {
    let source = Source::from_text("policy.yaml", text, Origin::Worktree);
    let reading = dialect::read(&yaml::parse(SourceId::default(), &source));
    assert_eq!(reading.problems, [], "a preset is sound");
    let [Object::ErrorBudgetPolicy(policy)] = reading.objects.as_slice() else {
        panic!("one policy");
    };
    let mut policy = ErrorBudgetPolicy::clone(policy);
    policy.evaluation.step = duration("1h");
    policy
}

/// One policy on one history.
struct Case {
    policy: ErrorBudgetPolicy,
    slo: Slo,
    counts: Counted,
    records: Records,
}

impl Case {
    fn new(policy: &str, counts: Counted) -> Self {
        let slo = slo("checkout", None, "0.999", "28d");
        Self { policy: read(policy), slo, counts, records: Records::default() }
    }

    fn attested(mut self, id: &str, from: i64) -> Self {
        self.records.attestations.push(Attestation {
            id: id.to_owned(),
            about: About { policy: None, slos: vec!["*".to_owned()] },
            span: (hour(from), None),
            holds: true,
            incident: None,
            class: None,
        });
        self
    }

    fn at(&self, hours: i64) -> Standing {
        evaluate(&self.policy, &self.slo, 0, &self.counts, &self.records, hour(hours))
    }

    /// Returns the tiers that are active at an hour, with the hour since which each is.
    fn active(&self, hours: i64) -> Vec<(&str, i64)> {
        let since = |at: Timestamp| (at.as_second() - hour(0).as_second()) / 3_600;
        let standing = self.at(hours);
        assert!(matches!(standing.gate, Gate::Decided(_)), "{:?}", standing.gate);
        let active: Vec<_> = standing.active().map(|(tier, at)| (tier.tier, since(at))).collect();
        let name = |tier: usize| self.policy.tiers[tier].name.value.as_str();
        active.into_iter().map(|(tier, at)| (name(tier), at)).collect()
    }

    /// Checks that a tier begins at an hour, and not before.
    fn begins(&self, tier: &str, hours: i64) {
        assert!(self.active(hours).contains(&(tier, hours)), "{tier} at {hours}");
        let before = self.active(hours - 1);
        assert!(before.iter().all(|(name, _)| *name != tier), "{tier} before {hours}: {before:?}");
    }

    /// Checks that no tier is active from an hour on, and some was before.
    fn opens(&self, hours: i64) {
        assert_eq!(self.active(hours), [], "at {hours}");
        assert_ne!(self.active(hours - 1), [], "before {hours}");
    }
}

/// Half of all fails for an hour, and what is said comes after it.
fn outage(hours: i64, after: impl Fn(i64) -> i64) -> Counted {
    incident(5, hours, |at| Some(if at == 0 { 5_000 } else { after(at) }))
}

const T1: &str = "t1-sre-notified";
const T2: &str = "t2-escalated-to-dev";
const T3: &str = "t3-release-freeze";
const T4: &str = "t4-executive";

#[test]
fn an_outage_whose_cause_is_repaired_is_over_when_somebody_attests_it() {
    let case = Case::new(CRE, outage(10 * DAY, |_| 5)).attested("root-cause-fixed", 6);
    case.begins(T1, 1);
    case.opens(6);
    for at in [12, DAY, 3 * DAY, 7 * DAY, 9 * DAY] {
        assert_eq!(case.active(at), [], "{at}");
    }
}

#[test]
fn an_outage_that_nobody_attests_is_over_when_it_is_quiet() {
    let case = Case::new(CRE, outage(10 * DAY, |_| 5));
    case.begins(T1, 1);
    assert_eq!(case.active(100), [(T1, 1)]);
    case.opens(7 * DAY + 1);
}

#[test]
fn an_outage_that_comes_back_ends_what_was_attested() {
    let counts = outage(10 * DAY, |at| if at == 3 * DAY { 5_000 } else { 5 });
    let case = Case::new(CRE, counts).attested("root-cause-fixed", 6);
    case.opens(6);
    case.begins(T1, 3 * DAY + 1);
}

#[test]
fn a_slow_leak_escalates_step_by_step() {
    let case = Case::new(CRE, incident(5, 50 * DAY, |_| Some(15)));
    case.begins(T1, 84);
    case.begins(T2, 252);
    case.begins(T3, 420);
    case.begins(T4, 1_080);
    assert_eq!(case.active(1_080), [(T1, 84), (T2, 252), (T3, 420), (T4, 1_080)]);
}

#[test]
fn a_slow_leak_that_is_repaired_opens_at_once() {
    let leak = |at: i64| if at < 30 * DAY { 15 } else { 5 };
    let counts = incident(5, 40 * DAY, |at| Some(leak(at)));
    let case = Case::new(CRE, counts).attested("root-cause-fixed", 30 * DAY);
    case.begins(T3, 420);
    case.opens(30 * DAY);
    assert_eq!(case.active(35 * DAY), []);
}

#[test]
fn a_repair_after_which_it_goes_on_burning_was_none() {
    let leak = |at: i64| if at < 20 * DAY { 20 } else { 5 };
    let case = Case::new(CRE, outage(60 * DAY, leak)).attested("root-cause-fixed", 6);
    case.opens(6);
    case.begins(T1, 30);
    case.begins(T2, 198);
    case.begins(T3, 366);
    case.begins(T4, 534);
    let late = case.active(58 * DAY);
    assert!(late.contains(&(T4, 534)), "measurements alone end none of them: {late:?}");
    let again = Case::new(CRE, outage(60 * DAY, leak)).attested("root-cause-fixed", 6);
    again.attested("root-cause-fixed", 40 * DAY).opens(40 * DAY);
}

#[test]
fn a_missed_slo_freezes_until_the_window_has_passed() {
    for policy in [WORKBOOK, GENERATOR] {
        let case = Case::new(policy, outage(30 * DAY, |_| 5));
        let freeze = if policy == WORKBOOK { "slo-missed" } else { "28 days" };
        case.begins(freeze, 1);
        assert!(case.active(672).contains(&(freeze, 1)));
        case.opens(673);
    }
}

#[test]
fn a_miss_that_was_somebody_elses_warns_for_as_long_as_that_is_attested() {
    let case = Case::new(WORKBOOK, outage(30 * DAY, |_| 5)).attested("company-wide-network", 10);
    let gate = |hours: i64| match case.at(hours).gate {
        Gate::Decided(held) => held.gate,
        gate @ Gate::Undetermined { .. } => panic!("{gate:?}"),
    };
    assert_eq!((gate(9), gate(10)), (GateKind::Freeze, GateKind::Warn));
    assert_eq!(case.active(10), [("slo-missed", 1)], "the tier is as it was");
    assert_eq!((gate(672), gate(673)), (GateKind::Warn, GateKind::Open));
    let early = Case::new(WORKBOOK, outage(30 * DAY, |_| 5)).attested("company-wide-network", -90);
    let gate = |hours: i64| early.at(hours).gate;
    // Twenty-eight days after it was attested it is too old.
    assert!(matches!(gate(582), Gate::Decided(Held { gate: GateKind::Warn, .. })));
    assert!(matches!(gate(583), Gate::Decided(Held { gate: GateKind::Freeze, .. })));
}

#[test]
fn what_loses_data_stops_sooner_than_what_is_slow() {
    let of = |priority: &str, target: &str, counts: Counted| {
        let mut case = Case::new(PRIORITY, counts);
        case.slo = slo("save", None, target, "7d");
        let key = spanned(crate::model::PRIORITY.into());
        let priority = Annotation { key, value: spanned(priority.into()) };
        case.slo.meta.annotations = std::iter::once(priority).collect();
        case
    };
    // 60 % for two hours over 0.1 %.
    let outage = incident(10, 200, |at| Some(if at < 2 { 6_000 } else { 10 }));
    let first = of("P1", "0.995", outage);
    first.begins("p1-watch", 1);
    first.begins("p1-stop", 2);
    first.opens(170);
    // 2 % for twenty days.
    let leak = incident(10, 30 * DAY, |at| Some(if at < 20 * DAY { 200 } else { 10 }));
    let third = of("P3", "0.99", leak);
    third.begins("p34-notice", 80);
    third.begins("p34-slow-down", 416);
    third.opens(569);
}
