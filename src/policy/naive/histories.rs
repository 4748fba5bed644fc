//! Policies, histories and records at random.

use proptest::prelude::*;

use super::STEP;
use crate::budget::Counts;
use crate::budget::Row;
use crate::budget::Series;
use crate::budget::moved;
use crate::model::Attested;
use crate::model::BudgetingMethod;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Lasting;
use crate::model::NamedCondition;
use crate::model::Slo;
use crate::model::WindowKind;
use crate::policy::About;
use crate::policy::Attestation;
use crate::policy::Entry;
use crate::policy::Incident;
use crate::policy::Records;
use crate::policy::example::*;
use crate::quantity::Ratio;

/// How many hours a history is long at most.
pub(super) const HOURS: i64 = 120;

/// Tiers of every kind: with and without exits, names, several lookbacks, and one between the rows.
pub(super) fn all_kinds() -> ErrorBudgetPolicy {
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
pub(super) fn rows() -> impl Strategy<Value = Vec<Option<(i64, i64)>>> {
    let usual = (0i64..4, 0i64..300);
    let hour = prop_oneof![
        8 => usual.prop_map(Some),
        1 => (0i64..300, 0i64..1).prop_map(Some),
        1 => Just(None),
    ];
    prop::collection::vec(hour, 1..usize::try_from(HOURS).expect("small"))
}

pub(super) fn series(rows: &[Option<(i64, i64)>], per_event: &[i64]) -> Series {
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

pub(super) fn slo_of(kind: usize) -> Slo {
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

pub(super) fn per_event() -> impl Strategy<Value = Vec<i64>> {
    prop::sample::select(vec![
        vec![1],
        vec![1, 3, 10],
        vec![1_000_000_007, 998_244_353, 1_000_000_009],
        vec![i64::MAX, i64::MAX - 1, i64::MAX - 2],
    ])
}

/// Tiers that rest on each other, on what was true for a while, and on records.
pub(super) fn over_time(gap: Option<&str>) -> ErrorBudgetPolicy {
    let named = |name: &str| Condition::Named(spanned(name.to_owned()));
    let define =
        |name: &str, condition| NamedCondition { name: spanned(name.to_owned()), condition };
    let within = |name: &str, time: &str| Condition::Within {
        name: spanned(name.to_owned()),
        time: spanned(duration(time)),
    };
    let lasts = |what: Lasting, time: &str| Condition::Sustained {
        what,
        time: spanned(duration(time)),
        max_gap: gap.map(duration),
    };
    let tier_of = |name: &str| Lasting::Tier(spanned(name.to_owned()));
    let attested = |id: &str, ages: [Option<&str>; 2], default: bool| {
        Condition::Attested(Attested {
            id: spanned(id.to_owned()),
            min_age: ages[0].map(duration),
            max_age: ages[1].map(duration),
            default,
            per_incident: false,
            per_class: false,
        })
    };
    let incident = |share: &str, by_class: bool| Condition::Incident {
        share: spanned(ratio(share)),
        of: duration("1d"),
        by_class,
    };
    let not = |condition| Condition::Not(Box::new(condition));
    let fixed = || attested("fixed", [None, None], false);
    let mut first = tier("first", "1h >= 2", Some("6h < 1"), GateKind::Open);
    first.exit = Some(Condition::Any(vec![fixed(), named("quiet")]));
    let mut second = tier("second", "1h >= 2", None, GateKind::Warn);
    second.enter =
        Condition::All(vec![attested("agreed", [None, None], true), lasts(tier_of("first"), "5h")]);
    second.exit = Some(Condition::Any(vec![fixed(), burn("12h < 0.5")]));
    let mut third = tier("third", "1h >= 2", Some("6h < 1"), GateKind::Freeze);
    third.enter = Condition::All(vec![lasts(tier_of("second"), "4h"), not(named("calm"))]);
    let mut odd = tier("odd", "1h >= 2", None, GateKind::Warn);
    odd.enter = Condition::Any(vec![
        lasts(Lasting::Condition(spanned("ticket".to_owned())), "3h"),
        attested("known", [Some("2h"), Some("20h")], false),
    ]);
    let mut outage = tier("outage", "1h >= 2", None, GateKind::Approve);
    outage.enter = Condition::Any(vec![incident("0.2", false), incident("0.5", true)]);
    let mut policy = policy(vec![first, second, third, odd, outage]);
    policy.conditions = vec![
        define("page", burn("1h >= 3")),
        define("ticket", burn("12h >= 1")),
        define("quiet", Condition::All(vec![not(named("ticket")), not(within("page", "9h"))])),
        define("calm", within("quiet", "3h")),
    ];
    policy.max_latch = duration("40h");
    policy
}

pub(super) fn records() -> impl Strategy<Value = Records> {
    let span = || (0i64..HOURS, prop::option::of(1i64..60));
    let about = || About { policy: None, slos: vec!["*".to_owned()] };
    let spanned = |(from, length): (i64, Option<i64>)| {
        (moved(hour(from), 700), length.map(|length| hour(from + length)))
    };
    let attestation =
        (prop::sample::select(vec!["fixed", "agreed", "known"]), span(), any::<bool>());
    let attestation = attestation.prop_map(move |(id, span, holds)| Attestation {
        id: id.to_owned(),
        about: about(),
        span: spanned(span),
        holds,
        incident: None,
        class: None,
    });
    let class = prop::option::of(prop::sample::select(vec!["push", "disk"]));
    let incident = (0u8..9, class, span(), 0i64..20).prop_map(move |(id, class, time, late)| {
        let (start, end) = spanned(time);
        let known = moved(start, late * STEP);
        Incident {
            id: id.to_string(),
            about: about(),
            class: class.map(str::to_owned),
            time: (start, end),
            span: (known, None),
        }
    });
    let entry = (prop::sample::select(vec!["second", "third", "gone"]), span());
    let entry = entry.prop_map(move |(tier, span)| Entry {
        tier: tier.to_owned(),
        about: about(),
        span: spanned(span),
    });
    let attestations = prop::collection::vec(attestation, 0..4);
    let incidents = prop::collection::vec(incident, 0..3);
    let entries = prop::collection::vec(entry, 0..2);
    (attestations, incidents, entries).prop_map(|(attestations, mut incidents, entries)| {
        incidents.dedup_by(|one, other| one.id == other.id);
        Records { attestations, incidents, entries }
    })
}
