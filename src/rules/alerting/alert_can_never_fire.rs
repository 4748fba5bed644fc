use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::finding::Level;
use crate::model::BudgetingMethod;
use crate::model::BurnRate;
use crate::model::Operator;
use crate::model::Slo;
use crate::model::Subject;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::source::Edit;
use crate::source::Span;

use crate::alerts::can_fire;
use crate::alerts::is_upward;
use crate::alerts::largest_error_ratio;

pub(super) const RULE: Rule = Rule {
    name: "alert-can-never-fire",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("alert_can_never_fire.md"),
    settings: &[],
    check: Check::Slos(check),
};

/// What makes two pairs of an SLO and a condition one: the same arithmetic at the same place.
type Key = (Span, Ratio, Ratio);

/// A condition under one target, with every SLO that has that target.
struct Pair {
    burn: BurnRate,
    target: Ratio,
    largest: Ratio,
    window: Option<Duration>,
    users: Vec<(String, Span)>,
    level: Level,
}

/// The targets that each condition stands under.
type Targets = BTreeMap<Span, BTreeSet<Ratio>>;

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let mut pairs: BTreeMap<Key, Pair> = BTreeMap::new();
    for slo in slos {
        for burn in upward(slo) {
            judge(slo, burn, &mut pairs);
            short_lookback(slo, burn, checker);
        }
    }
    let mut all: Targets =
        pairs.values().map(|pair| (pair.burn.threshold.span, BTreeSet::new())).collect();
    let with_pairs = if all.is_empty() { &[] } else { slos };
    for slo in with_pairs {
        for burn in upward(slo) {
            if let Some(targets) = all.get_mut(&burn.threshold.span) {
                targets.extend(slo.targets().map(|target| target.value.clone()));
            }
        }
    }
    for pair in pairs.into_values() {
        let targets = all.get(&pair.burn.threshold.span);
        let is_alone = targets.is_some_and(|targets| targets.len() == 1);
        report(&pair, is_alone, checker);
    }
}

/// Returns the burn rates that fire an alert of an SLO while they are high.
fn upward<'a>(slo: &'a Subject<'_>) -> impl Iterator<Item = &'a BurnRate> {
    let burns = slo.alerts.iter().filter_map(|alert| alert.burn());
    burns.filter(|burn| is_upward(burn) && burn.threshold.value > Ratio::zero())
}

/// Notes the targets of an SLO under which a condition is dead, or nearly.
fn judge(slo: &Slo, burn: &BurnRate, pairs: &mut BTreeMap<Key, Pair>) {
    let largest = largest_error_ratio(slo);
    let half = &largest / 2;
    let is_alive = slo.targets().any(|target| can_fire(burn, &target.value, &largest));
    for target in slo.targets() {
        let needed = &burn.threshold.value * &target.value.complement();
        // A burn rate of 1 is the least worth an alert, however much a low target lets fail.
        let is_least =
            burn.threshold.value <= Ratio::one() && can_fire(burn, &target.value, &largest);
        if needed <= half || is_least {
            continue;
        }
        // A ladder of objectives may share an alert that is meant for its strictest one.
        let level = if is_alive { Level::Warning } else { Level::Error };
        let key = (burn.threshold.span, target.value.clone(), largest.clone());
        let pair = pairs.entry(key).or_insert_with(|| Pair {
            burn: burn.clone(),
            target: target.value.clone(),
            largest: largest.clone(),
            window: slo.window.as_ref().map(|window| window.duration.value),
            users: Vec::new(),
            level,
        });
        pair.level = pair.level.max(level);
        let user = (slo.meta.name().to_owned(), target.span);
        if !pair.users.contains(&user) {
            pair.users.push(user);
        }
    }
}

fn report(pair: &Pair, is_alone: bool, checker: &mut Checker<'_>) {
    let Pair { burn, target, largest, .. } = pair;
    let budget = target.complement();
    let needed = percent(&(&burn.threshold.value * &budget));
    let rate = &burn.threshold.value;
    let is_dead = !can_fire(burn, target, largest);
    let more = match burn.operator.value {
        Operator::Gt => "more than ",
        _ => "",
    };
    let message = format!(
        "a burn rate of {rate} needs {more}{needed} errors at a target of {}",
        percent(target)
    );
    let most = largest.checked_div(&budget).map_or_else(String::new, |most| most.significant(4));
    // Another SLO may need the condition as it is.
    let fix = is_alone.then(|| fix(pair, checker)).flatten();
    let finding = checker.report_at(pair.level, burn.threshold.span, message);
    if is_dead {
        finding.label(format!("never reached: the highest possible burn rate is {most}"));
    } else {
        finding.label(format!(
            "fires only when more than half of what can fail does; the highest possible burn rate is {most}"
        ));
    }
    for (name, span) in &pair.users {
        finding.also(*span, format!("`{name}` has an error budget of {}", percent(&budget)));
    }
    if *largest < Ratio::one() {
        let share = percent(largest);
        finding
            .note(format!("`slo/max-error-ratio` says that at most {share} of events can be bad"));
    }
    match fix {
        Some((title, edits)) => finding.unsafe_fix(title, edits),
        None if is_alone => finding.help("lower the burn rate and lengthen the lookback"),
        None => finding.help("watch this target with a condition of its own, at a lower burn rate"),
    };
}

/// Returns a slower alert that spends the same share of the budget and needs at most half of all
/// possible errors.
fn fix(pair: &Pair, checker: &Checker<'_>) -> Option<(String, Vec<Edit>)> {
    const HOURS: [u64; 8] = [1, 2, 3, 6, 12, 24, 48, 72];
    let burn = &pair.burn;
    let lookback = burn.lookback.value.seconds().filter(|seconds| *seconds > 0)?;
    let window = pair.window?;
    let spent = &burn.threshold.value * &Ratio::whole(lookback);
    let half = &pair.largest / 2;
    let (rate, longer) = HOURS.into_iter().find_map(|hours| {
        let longer = Duration::new(hours, Unit::Hour);
        let rate = spent.checked_div(&Ratio::whole(longer.nominal_seconds()))?;
        let is_slow_enough = &rate * &pair.target.complement() <= half;
        let is_exact = (&rate * &Ratio::whole(1_000)).is_whole();
        let is_alert = rate > Ratio::one();
        let is_short = longer.nominal_seconds() < window.nominal_seconds();
        let fits = is_slow_enough && is_exact && is_alert && is_short;
        (fits && longer.nominal_seconds() > lookback).then_some((rate, longer))
    })?;
    let share = spent.checked_div(&Ratio::whole(window.nominal_seconds()))?;
    let title = format!(
        "write {rate} over {longer}, which spends the same {} % of a {window} budget",
        share.percent().significant(3)
    );
    let edits = vec![
        checker.rewrite(burn.threshold.span, &rate.to_string())?,
        checker.rewrite(burn.lookback.span, &longer.to_string())?,
    ];
    Some((title, edits))
}

/// A lookback of less than two slices sees one slice at most.
fn short_lookback(slo: &Slo, burn: &BurnRate, checker: &mut Checker<'_>) {
    if slo.method() != BudgetingMethod::Timeslices {
        return;
    }
    let slices = slo.objectives.iter().filter_map(|objective| objective.slice_window.as_ref());
    for slice in slices {
        let lookback = burn.lookback.value;
        let (Some(long), Some(short)) = (lookback.seconds(), slice.value.seconds()) else {
            continue;
        };
        if long < short.saturating_mul(2) {
            let message =
                format!("a lookback of {lookback} holds less than two slices of {}", slice.value);
            checker
                .report_at(Level::Warning, burn.lookback.span, message)
                .label("one slice is good or bad as a whole, so there is no rate to compare")
                .also(slice.span, format!("`{}` counts slices of this length", slo.meta.name()))
                .help(format!("look back at least {}", twice(slice.value)));
        }
    }
}

fn twice(slice: Duration) -> Duration {
    Duration::new(slice.count.saturating_mul(2), slice.unit)
}
