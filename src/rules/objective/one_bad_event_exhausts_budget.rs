use crate::finding::Level;
use crate::model::Subject;
use crate::model::Window;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::about;
use crate::rules::words::percent;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "one-bad-event-exhausts-budget",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("one_bad_event_exhausts_budget.md"),
    settings: &[],
    check: Check::Slo(check),
};

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    let declared = slo.meta.declared_number("slo/events-per-hour");
    let (Some(window), Some(rate)) = (&slo.window, declared) else {
        return;
    };
    // The parts of a composite count different events, and one number says nothing of each.
    if !slo.counts_events() || slo.composite {
        return;
    }
    let hours = &Ratio::whole(window.duration.value.nominal_seconds()) / 3_600;
    let events = &rate.value * &hours;
    let is_meant = slo.meta.declares("slo/every-event-matters", "true");
    for objective in &slo.objectives {
        let inside =
            |target: &&Spanned<Ratio>| target.value > Ratio::zero() && target.value < Ratio::one();
        if let Some(target) = objective.target.as_ref().filter(inside) {
            judge(target, &events, is_meant, &rate, window, checker);
        }
    }
}

fn judge(
    target: &Spanned<Ratio>,
    events: &Ratio,
    is_meant: bool,
    rate: &Spanned<Ratio>,
    window: &Window,
    checker: &mut Checker<'_>,
) {
    let share = percent(&target.value);
    let budget = &target.value.complement() * events;
    let length = window.duration.value;
    let (level, message) = if budget < Ratio::one() {
        let bad = match budget.significant(3) {
            one if one == "1" => "less than 1 bad event".to_owned(),
            bad => format!("{bad} bad events"),
        };
        let message = format!(
            "a target of {share} allows {bad} in {length}: the first one exhausts the budget"
        );
        (Level::Error, message)
    } else if budget.compare_whole(10).is_lt() {
        let cost = Ratio::one().checked_div(&budget);
        let cost = cost.map_or_else(String::new, |cost| cost.percent().significant(3));
        let bad = match budget.significant(3) {
            one if one == "1" => "1 bad event".to_owned(),
            bad => format!("{bad} bad events"),
        };
        let message = format!(
            "a target of {share} allows {bad} in {length}: one spends {cost} % of the budget"
        );
        (Level::Warning, message)
    } else if &last_step(&target.value) * events < Ratio::one() {
        let message = format!("{} events cannot show the last digit of {share}", events.rounded(0));
        (Level::Info, message)
    } else {
        return;
    };
    let level = if is_meant { Level::Info } else { level };
    let count = events.significant(6);
    let about = about(length);
    let per_hour = &rate.value;
    let finding = checker.report_at(level, target.span, message);
    finding.also(rate.span, format!("{per_hour} an hour are {about}{count} events in {length}"));
    if level > Level::Info {
        finding.help(
            "lower the target, lengthen the window, count time slices, or merge it with like traffic",
        );
    }
}

/// Returns the worth of the last decimal digit of a target: 0.001 for 0.999.
fn last_step(target: &Ratio) -> Ratio {
    let mut step = Ratio::one();
    // No decimal is read with more than some hundred digits; 60 are more than any backend has.
    for _ in 0..60 {
        if target.checked_div(&step).is_none_or(|steps| steps.is_whole()) {
            break;
        }
        step = &step / 10;
    }
    step
}
