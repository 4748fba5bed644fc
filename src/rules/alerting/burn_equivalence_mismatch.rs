use std::collections::BTreeMap;

use crate::alerts::consumption::Amount;
use crate::alerts::consumption::Statement;
use crate::alerts::consumption::statement;
use crate::alerts::watch::Uses;
use crate::alerts::watch::Watch;
use crate::alerts::watch::gather;
use crate::finding::Level;
use crate::model::Subject;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::about;
use crate::rules::words::about_percent;
use crate::rules::words::in_words;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Span;
use crate::source::Spanned;

use crate::alerts::largest_error_ratio;

pub(super) const RULE: Rule = Rule {
    name: "burn-equivalence-mismatch",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("burn_equivalence_mismatch.md"),
    settings: &[],
    check: Check::Slos(check),
};

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let judge = |watch: Watch<'_>| {
        let statement = statement(watch)?;
        let window = watch.window()?.value;
        let is_wrong = is_wrong(watch, &statement) && !watch.is_too_late() && watch.is_live();
        Some((statement.span, window.nominal_seconds(), window.unit.is_calendar(), is_wrong))
    };
    let groups = gather(slos, judge);
    let mut outcomes: BTreeMap<Span, usize> = BTreeMap::new();
    for (condition, _) in groups.keys() {
        *outcomes.entry(*condition).or_default() += 1;
    }
    for ((condition, (.., is_wrong)), uses) in groups {
        if is_wrong {
            // Where the condition is right for another window, another burn rate is wrong there.
            report(&uses, outcomes.get(&condition) == Some(&1), checker);
        }
    }
}

/// Returns whether an alert is told here, and what is said of it takes such a burn rate.
pub(super) fn is_said_to_be(watch: Watch<'_>, is_such: impl Fn(&Ratio) -> bool) -> bool {
    let is_told = |statement: Statement| {
        let is_wrong = is_wrong(watch, &statement) && !watch.is_too_late() && watch.is_live();
        is_wrong && right_rate(watch, &statement).is_some_and(|rate| is_such(&rate))
    };
    statement(watch).is_some_and(is_told)
}

/// Returns whether an alert spends another amount than is said: by more than a twentieth of what
/// `slo/budget` declares, or by more than a tenth of what a text says and more than rounding to its
/// digits explains.
///
/// # Why
///
/// A declaration is made for this alert, and 14.4 over 28 days is not 2 %. A name is rounded, and lives
/// through a move from 30 days to 28.
fn is_wrong(watch: Watch<'_>, statement: &Statement) -> bool {
    let spent = &watch.burn.threshold.value * &Ratio::whole(watch.lookback);
    let Some(window) = watch.window() else { return false };
    // The unit in which the amount is counted, in seconds of budget: at most, and at least.
    let (said, most, least) = match &statement.amount {
        Amount::Share(share) => {
            (share.percent(), window.value.longest_seconds(), window.value.shortest_seconds())
        }
        Amount::Time(length) => {
            let unit = length.unit.nominal_seconds();
            (Ratio::whole(length.count), unit, unit)
        }
    };
    let percent = matches!(statement.amount, Amount::Share(_));
    let count = |unit: u64| {
        let count = spent.checked_div(&Ratio::whole(unit))?;
        Some(if percent { count.percent() } else { count })
    };
    let (Some(least), Some(most)) = (count(most), count(least)) else { return false };
    let slack = match statement.digits {
        Some(digits) => (&said / 10).max(half_a_step(digits)),
        None => &said / 20,
    };
    least > &said + &slack || most < &said - &slack
}

/// Returns half the worth of the last of so many digits behind the point: 0.5 for none.
fn half_a_step(digits: u32) -> Ratio {
    (0..digits).fold(&Ratio::one() / 2, |step, _| &step / 10)
}

fn report(uses: &Uses<'_>, is_alone: bool, checker: &mut Checker<'_>) {
    let watch = uses.first;
    let (Some(said), Some(window), Some(spent)) = (statement(watch), watch.window(), watch.spent())
    else {
        return;
    };
    let burn = watch.burn;
    let about = about(window.value);
    let seconds = &burn.threshold.value * &Ratio::whole(watch.lookback);
    let (does, says) = match &said.amount {
        Amount::Share(share) => {
            let of = format!("{} of the budget of {}", about_percent(&spent), window.value);
            (of, about_percent(share))
        }
        Amount::Time(length) => {
            let unit = length.unit;
            let count = seconds.checked_div(&Ratio::whole(unit.nominal_seconds()));
            let count = count.map_or_else(String::new, |count| count.significant(3));
            (format!("{count}{} of budget", unit.letter()), length.to_string())
        }
    };
    let level = if said.digits.is_some() { Level::Warning } else { Level::Error };
    let (rate, lookback) = (&burn.threshold.value, burn.lookback.value);
    let right = right_rate(watch, &said);
    let fix = right.as_ref().filter(|_| is_alone).and_then(|right| fix(uses, right, checker));
    let message = format!("a burn rate of {rate} over {lookback} spends {about}{does}, not {says}");
    let finding = checker.report_at(level, burn.threshold.span, message);
    if matches!(said.amount, Amount::Share(_)) {
        finding.label(format!("over {lookback} this is {} of budget", in_words(&seconds)));
    }
    finding.also(said.span, format!("says that the alert spends {says}"));
    for slo in &uses.slos {
        if let Some(window) = &slo.window {
            let (name, length) = (quote(slo.meta.name()), window.duration.value);
            finding.also(window.duration.span, format!("{name} has a budget for {length}"));
        }
    }
    let right = right.map_or_else(String::new, |right| right.significant(4));
    match fix {
        Some(edit) => finding.unsafe_fix(format!("write `{right}`"), vec![edit]),
        None => finding.help(format!("{says} takes a burn rate of {about}{right}")),
    };
}

/// Returns the burn rate that spends what is said.
fn right_rate(watch: Watch<'_>, said: &Statement) -> Option<Ratio> {
    let budget = match &said.amount {
        Amount::Share(share) => share * &Ratio::whole(watch.window()?.value.nominal_seconds()),
        Amount::Time(length) => Ratio::whole(length.nominal_seconds()),
    };
    budget.checked_div(&Ratio::whole(watch.lookback))
}

/// Returns the edit that writes another burn rate, where that is a short decimal, an alert, and what
/// every SLO of the condition can do with.
fn fix(uses: &Uses<'_>, rate: &Ratio, checker: &Checker<'_>) -> Option<Edit> {
    let burn = uses.first.burn;
    let is_short = (rate * &Ratio::whole(1_000)).is_whole() && rate.compare_whole(1_000).is_lt();
    // A slow alert may be the one that covers the lowest burn rates.
    let is_slow = burn.threshold.value <= Ratio::one();
    let is_alert = *rate >= Ratio::one() && (!is_slow || *rate == Ratio::one());
    let mut sound = burn.clone();
    sound.threshold.value = rate.clone();
    let is_sound = |watch: Watch<'_>| {
        let slo = watch.slo;
        let is_exact = watch.window().is_some_and(|window| window.value.seconds().is_some());
        let watch = Watch { burn: &sound, ..watch };
        let half = &largest_error_ratio(slo) / 2;
        let is_reached = |target: &Spanned<Ratio>| rate * &target.value.complement() <= half;
        let is_early = !watch.is_too_late() && !watch.outlasts_budget();
        is_exact && is_early && slo.targets().all(is_reached)
    };
    let is_right = is_short && is_alert && uses.watches().all(is_sound);
    is_right.then(|| checker.rewrite(burn.threshold.span, &rate.to_string()))?
}
