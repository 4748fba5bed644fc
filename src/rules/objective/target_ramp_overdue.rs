use jiff::civil::Date;
use jiff::tz::Offset;

use crate::finding::Level;
use crate::model::RampStep;
use crate::model::Subject;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::source::Edit;
use crate::source::Span;
use crate::source::Spanned;

use super::counted;

pub(super) const RULE: Rule = Rule {
    name: "target-ramp-overdue",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("target_ramp_overdue.md"),
    settings: &[],
    check: Check::Slo(check),
};

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    if slo.meta.annotations.is_empty() {
        return;
    }
    let Some(ramp) = slo.meta.ramp() else { return };
    let mut steps = ramp.value;
    steps.sort_by_key(|step| step.by);
    if !check_order(&steps, ramp.span, checker) || !check_end(slo, &steps, ramp.span, checker) {
        return;
    }
    let today = Offset::UTC.to_datetime(checker.now()).date();
    if let Some(step) = steps.iter().rfind(|step| step.by < today) {
        check_target(slo, step, ramp.span, today, checker);
    }
}

/// Says that a later target is not higher; returns whether every one is.
fn check_order(steps: &[RampStep], place: Span, checker: &mut Checker<'_>) -> bool {
    let pair = steps
        .iter()
        .zip(steps.iter().skip(1))
        .find(|(early, late)| early.by == late.by || early.target >= late.target);
    let Some((early, late)) = pair else { return true };
    let (low, high) = (percent(&early.target), percent(&late.target));
    let message = if early.by == late.by {
        format!("the ramp has two targets for {}: {low} and {high}", early.by)
    } else {
        format!("the ramp does not rise: {low} by {}, and {high} by {}", early.by, late.by)
    };
    checker
        .report_at(Level::Error, place, message)
        .help("give each later day a higher target, and each day one");
    false
}

/// Says that the last step of a ramp that rises leaves no error budget; returns whether it leaves some.
fn check_end(
    slo: &Subject<'_>,
    steps: &[RampStep],
    place: Span,
    checker: &mut Checker<'_>,
) -> bool {
    let Some(whole) = steps.last().filter(|step| step.target == Ratio::one()) else { return true };
    checker
        .report_at(
            Level::Error,
            place,
            format!("the ramp ends at 100 % by {}, which leaves no error budget", whole.by),
        )
        .label(format!("a single bad {} will break the objective for a whole window", counted(slo)))
        .help("end the ramp at the lowest share of good events that users accept");
    false
}

/// Says that the target is below what the last step that is past asked for.
fn check_target(
    slo: &Subject<'_>,
    step: &RampStep,
    place: Span,
    today: Date,
    checker: &mut Checker<'_>,
) {
    // Of several objectives the ramp speaks of the strictest: while that is below, all are.
    if slo.objectives.iter().any(|objective| objective.budgeted().is_none()) {
        return;
    }
    let targets = slo.targets();
    let Some(target) = targets.max_by(|left, right| left.value.cmp(&right.value)) else { return };
    if target.value >= step.target {
        return;
    }
    let (now, due) = (percent(&target.value), percent(&step.target));
    let days = step.by.until(today).map_or(0, |span| span.get_days());
    let late = if days == 1 { "1 day ago".to_owned() } else { format!("{days} days ago") };
    let edit = raised(target, &step.target, checker);
    let message = format!("a target of {now} was to be {due} by {}", step.by);
    let finding = checker.report(target.span, message);
    finding.also(place, format!("that day was {late}"));
    finding.help("raise the target, or give the ramp a later day and `slo/rationale` the reason");
    if let Some(edit) = edit {
        finding.unsafe_fix(format!("write `{}`", edit.text), vec![edit]);
    }
}

/// Returns the edit that writes a higher target in the unit of the field.
fn raised(target: &Spanned<Ratio>, due: &Ratio, checker: &Checker<'_>) -> Option<Edit> {
    let written = Ratio::parse(checker.text(target.span).trim_matches(['"', '\'']))?;
    let due = if written == target.value {
        due.clone()
    } else if written == target.value.percent() {
        due.percent()
    } else {
        return None;
    };
    checker.rewrite(target.span, &due.to_string())
}
