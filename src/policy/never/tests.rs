use proptest::prelude::*;

use super::*;
use crate::model::GateKind;
use crate::model::Lasting;
use crate::model::Lookback;
use crate::model::NamedCondition;
use crate::policy::example;
use crate::policy::example::burn;
use crate::policy::example::ratio;
use crate::policy::example::slo;
use crate::policy::example::spanned;
use crate::policy::example::tier;

/// Burn rates over one hour and two, and what is attested.
type Measured<'a> = (&'a [Ratio; 2], bool);

fn holds(condition: &Condition, policy: &ErrorBudgetPolicy, measured: Measured<'_>) -> bool {
    let (rates, is_attested) = measured;
    match condition {
        Condition::All(parts) => parts.iter().all(|part| holds(part, policy, measured)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, policy, measured)),
        Condition::Not(part) => !holds(part, policy, measured),
        Condition::Named(name) => {
            let mut named = policy.conditions.iter();
            let named = named.find(|named| named.name.value == name.value).expect("it is defined");
            holds(&named.condition, policy, measured)
        }
        Condition::Burn(burn) => {
            let is_short = burn.lookback.value == Lookback::For(example::duration("1h"));
            burn.operator.holds(&rates[usize::from(!is_short)], &burn.threshold.value)
        }
        _ => is_attested,
    }
}

fn attested() -> Condition {
    Condition::Attested(crate::model::Attested {
        id: spanned("agreed".to_owned()),
        min_age: None,
        max_age: None,
        default: false,
        per_incident: false,
        per_class: false,
    })
}

fn conditions() -> impl Strategy<Value = Condition> {
    let burns = (1u32..3, 0usize..4, 0u32..5).prop_map(|(hours, operator, threshold)| {
        let sign = ["<", "<=", ">", ">="][operator];
        burn(&format!("{hours}h {sign} {threshold}"))
    });
    let named = Just(Condition::Named(spanned("named".to_owned())));
    let leaf = prop_oneof![8 => burns, 1 => Just(attested()), 1 => named];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let parts = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            parts().prop_map(Condition::All),
            parts().prop_map(Condition::Any),
            inner.clone().prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

proptest! {
    #[test]
    fn a_tier_that_is_said_never_to_begin_begins_at_no_burn_rate(
        enter in conditions(),
        exit in conditions(),
        highest in prop::option::of(0i128..8),
    ) {
        let mut tier = tier("tier", "1h >= 1", None, GateKind::Freeze);
        (tier.enter, tier.exit) = (enter, Some(exit));
        let mut policy = example::policy(vec![tier]);
        policy.conditions = vec![NamedCondition {
            name: spanned("named".to_owned()),
            condition: Condition::Any(vec![burn("1h >= 3"), burn("2h < 1")]),
        }];
        let tier = &policy.tiers[0];
        let highest = highest.and_then(|half| Ratio::new(half, 2));
        if let Some(obstacle) = obstacle(&policy, tier, highest.as_ref()) {
            let limit = highest.clone().unwrap_or_else(|| Ratio::whole(9));
            let rates = (0..19).filter_map(|half| Ratio::new(half, 2));
            let rates: Vec<Ratio> = rates.filter(|rate| *rate <= limit).collect();
            for (one, other) in rates.iter().flat_map(|one| rates.iter().map(move |two| (one, two))) {
                for is_attested in [false, true] {
                    let rates = [one.clone(), other.clone()];
                    let measured = (&rates, is_attested);
                    let begins = holds(&tier.enter, &policy, measured)
                        && !tier.exit.as_ref().is_some_and(|exit| holds(exit, &policy, measured));
                    prop_assert!(!begins, "{obstacle:?} at {one} and {other}");
                }
            }
        }
    }
}

fn highest(tier: &str, slos: &[Slo]) -> Option<String> {
    let policy = example::policy(vec![example::tier("tier", tier, None, GateKind::Freeze)]);
    let slos: Vec<Arc<Slo>> = slos.iter().cloned().map(Arc::new).collect();
    let peak = peak(&policy, &policy.tiers[0], slos.iter())?;
    Some(format!("{} {}", peak.highest, peak.slos))
}

#[test]
fn the_objective_that_can_burn_fastest_counts() {
    let slos = [slo("a", None, "0.9", "28d"), slo("b", None, "0.95", "28d")];
    assert_eq!(highest("1h >= 30", &slos).as_deref(), Some("20 2"));
    assert_eq!(highest("1h >= 20", &slos).as_deref(), Some("20 2"), "more than that is not known");
    assert_eq!(highest("1h >= 19.99", &slos), None, "nothing is asked that is as high");
    assert_eq!(highest("1h >= 30", &[]), None, "it holds for nothing");
    let unknown = [slo("a", None, "0.9", "28d"), slo("b", None, "1", "28d")];
    assert_eq!(highest("1h >= 30", &unknown), None, "a budget of nothing has no highest");
}

#[test]
fn what_lasted_or_is_attested_is_compared_as_it_is_written() {
    let named = |name: &str| spanned(name.to_owned());
    let sustained = |time: &str, gap: Option<&str>| Condition::Sustained {
        what: Lasting::Condition(named("loud")),
        time: spanned(example::duration(time)),
        max_gap: gap.map(example::duration),
    };
    let within = |time: &str| Condition::Within {
        name: named("loud"),
        time: spanned(example::duration(time)),
    };
    let mut policy = example::policy(Vec::new());
    let condition = burn("1h >= 9");
    policy.conditions = vec![NamedCondition { name: named("loud"), condition }];
    let mut formulas = Formulas::within(&policy, None);
    let mut follows = |when: &Condition, then: &Condition| {
        let formula = |condition| formulas.formula(condition, true).expect("a formula");
        let [when, then] = [when, then].map(formula);
        implies(&when, &then)
    };
    assert!(follows(&sustained("14d", None), &sustained("1w", None)));
    assert!(!follows(&sustained("7d", None), &sustained("14d", None)));
    assert!(follows(&sustained("14d", None), &burn("1h >= 8")), "it holds at the end, too");
    assert!(!follows(&sustained("14d", Some("1h")), &burn("1h >= 8")), "it may be false just now");
    assert!(!follows(&sustained("14d", Some("1h")), &sustained("7d", None)));
    assert!(follows(&within("7d"), &within("14d")));
    assert!(!follows(&within("14d"), &within("7d")));
    assert!(follows(&burn("1h >= 10"), &within("7d")), "now is within the time");
    let not = |condition: Condition| Condition::Not(Box::new(condition));
    assert!(follows(&not(within("14d")), &not(within("7d"))));
    assert!(follows(&attested(), &attested()));
    let mut across = Formulas::of(&policy);
    assert!(across.formula(&attested(), true).is_none(), "another policy may mean something else");
    let mut low = Formulas::within(&policy, Some(ratio("8.9")));
    assert!(low.formula(&within("7d"), true).is_some_and(|within| within.is_never()));
    assert!(low.formula(&sustained("7d", None), true).is_some_and(|lasting| lasting.is_never()));
}
