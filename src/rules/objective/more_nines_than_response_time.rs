use std::cmp::Ordering;

use crate::config::Response;
use crate::finding::Level;
use crate::model::BudgetingMethod;
use crate::model::Objective;
use crate::model::Slo;
use crate::model::Subject;
use crate::model::Window;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::about;
use crate::rules::words::percent;
use crate::source::Spanned;

use super::in_unlike_words;

pub(super) const RULE: Rule = Rule {
    name: "more-nines-than-response-time",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("more_nines_than_response_time.md"),
    settings: &[],
    check: Check::Slo(check),
};

/// The annotation that bounds the share of bad events.
const IMPACT: &str = "slo/max-error-ratio";

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    let Some((verb, needed)) = needed(&checker.config().response) else { return };
    let Some(window) = slo.window.as_ref().filter(|_| !slo.is_aspirational()) else { return };
    let impact = slo.meta.declared_share(IMPACT);
    // What it is to be is not known where it has not the form of a share.
    if impact.is_none() && slo.meta.declared(IMPACT).is_some() {
        return;
    }
    for objective in &slo.objectives {
        if let Some(target) = objective.budgeted()
            && let Some(speed) = speed(slo, objective, impact.as_ref())
        {
            let outage = Outage { verb, needed: &needed, speed: &speed, impact: impact.as_ref() };
            judge(target, window, &outage, slo.method(), checker);
        }
    }
}

/// The shortest outage that people repair, as far as it is known.
struct Outage<'a> {
    /// What takes so long.
    verb: &'a str,
    /// How long it takes, in seconds.
    needed: &'a Ratio,
    /// How much of the budget's time a second of it spends: at most 1.
    speed: &'a Ratio,
    /// The largest share of events that fails, where it is declared.
    impact: Option<&'a Spanned<Ratio>>,
}

/// Returns what takes time and how many seconds; one of two known times is the least that both take.
fn needed(response: &Response) -> Option<(&'static str, Ratio)> {
    let seconds = |length: Duration| Ratio::whole(length.nominal_seconds());
    match (response.ettd, response.ettr) {
        (Some(detect), Some(repair)) => {
            Some(("noticing and repairing one takes", seconds(detect) + seconds(repair)))
        }
        (Some(detect), None) => Some(("noticing one takes", seconds(detect))),
        (None, Some(repair)) => Some(("repairing one takes", seconds(repair))),
        (None, None) => None,
    }
}

/// Returns how fast the largest failure spends the budget's time; nothing where that is not known, or
/// where it spends none.
///
/// A slice is bad as a whole: a failure that reaches its limit spends time at full speed.
fn speed(slo: &Slo, objective: &Objective, impact: Option<&Spanned<Ratio>>) -> Option<Ratio> {
    let Some(impact) = impact else { return Some(Ratio::one()) };
    if slo.method() != BudgetingMethod::Timeslices {
        return Some(impact.value.clone());
    }
    let limit = &objective.slice_target.as_ref()?.value;
    (impact.value.complement() < *limit).then(Ratio::one)
}

fn judge(
    target: &Spanned<Ratio>,
    window: &Window,
    outage: &Outage<'_>,
    method: BudgetingMethod,
    checker: &mut Checker<'_>,
) {
    let length = window.duration.value;
    let budget = &target.value.complement() * &Ratio::whole(length.nominal_seconds());
    let spent = outage.needed * outage.speed;
    if &spent + &spent <= budget {
        return;
    }
    let Some(left) = budget.checked_div(outage.speed) else { return };
    let (left, needed) = in_unlike_words(&left, outage.needed);
    let about = about(length);
    let failing = if *outage.speed < Ratio::one() {
        format!("with {} failing", percent(outage.speed))
    } else {
        "of outage".to_owned()
    };
    let share = percent(&target.value);
    let (level, more) = match spent.cmp(&budget) {
        Ordering::Greater => (Level::Error, ""),
        Ordering::Equal => (Level::Warning, ", all of it"),
        Ordering::Less => (Level::Warning, ", over half of it"),
    };
    let message = format!(
        "{share} over {length} leaves {about}{left} {failing}; {} {needed}{more}",
        outage.verb
    );
    let finding = checker.report_at(level, target.span, message);
    if let Some(cost) = spent.checked_div(&budget) {
        let cost = cost_in_words(&cost);
        finding.label(format!("one outage spends {about}{cost} of the error budget"));
    }
    if let Some(impact) = outage.impact.filter(|_| *outage.speed < Ratio::one()) {
        finding.also(impact.span, "no more than this fails");
    }
    finding.note("`[response]` of `slo.toml` says how long people take");
    if method == BudgetingMethod::Occurrences {
        finding.note("events are taken to come at their mean rate");
    }
    finding.help("lower the target, or make the first answer automatic, such as a rollback");
}

/// Returns a share of the budget, never rounded to just the half or the whole that it passes.
fn cost_in_words(cost: &Ratio) -> String {
    let shown = cost.percent().significant(3);
    let is_cut = Ratio::parse(&shown).is_some_and(|shown| shown < cost.percent());
    let over = if is_cut && matches!(shown.as_str(), "50" | "100") { "over " } else { "" };
    format!("{over}{shown} %")
}
