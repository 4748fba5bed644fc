use crate::finding::Level;
use crate::model::BudgetingMethod;
use crate::model::Subject;
use crate::model::Window;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::source::Spanned;

use super::knows_indicators;
use super::weight;

pub(super) const RULE: Rule = Rule {
    name: "composite-target-inconsistent",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::OpenSlo,
    since: "0.1.0",
    docs: include_str!("composite_target_inconsistent.md"),
    settings: &[],
    check: Check::Slo(check),
};

/// The most parts that are pointed at.
const MAX_LABELS: usize = 8;

/// A part of a composite: its target, and what it may cost the composite while it is on target.
struct Part<'a> {
    target: &'a Spanned<Ratio>,
    weight: Ratio,
    cost: Ratio,
}

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    let Some(parts) = parts(slo) else { return };
    let total = total(&parts);
    if total >= Ratio::one() {
        report_worthless(&parts, slo.method(), &total, checker);
    } else if let Some(promise) = promise(slo) {
        check_promise(&parts, slo.method(), &total, &promise, checker);
    }
}

/// Returns whether this rule judges what `slo/sla` promises of an SLO, or the parts leave nothing to
/// promise.
pub(super) fn judges_promise(slo: &Subject<'_>) -> bool {
    let is_worthless = |given: Ratio| given <= Ratio::zero();
    given(slo).is_some_and(|given| promise(slo).is_some() || is_worthless(given))
}

/// Returns what a composite gives while each of its parts is just on target; nothing where that is not
/// known, and with `Occurrences`: burn rates are no shares.
pub(super) fn given(slo: &Subject<'_>) -> Option<Ratio> {
    Some(total(&parts(slo)?).complement())
}

fn parts<'a>(slo: &'a Subject<'_>) -> Option<Vec<Part<'a>>> {
    let method = slo.method();
    if !slo.composite || method == BudgetingMethod::Occurrences || !knows_indicators(slo) {
        return None;
    }
    let parts = slo.objectives.iter().map(|objective| {
        let target = objective.budgeted()?;
        let weight = match method {
            BudgetingMethod::Timeslices => Ratio::one(),
            _ => weight(objective)?,
        };
        let cost = &weight * &target.value.complement();
        Some(Part { target, weight, cost })
    });
    parts.collect()
}

/// Returns what the parts may cost the whole together.
fn total(parts: &[Part<'_>]) -> Ratio {
    parts.iter().map(|part| part.cost.clone()).sum()
}

/// Returns the share that `slo/sla` promises of the whole, over the window of the SLO.
fn promise(slo: &Subject<'_>) -> Option<Spanned<Ratio>> {
    let agreement = slo.meta.agreement()?;
    let is_same = |window: &Window, length: Duration| {
        let own = window.duration.value;
        own == length || (own.seconds().is_some() && own.seconds() == length.seconds())
    };
    let window = slo.window.as_ref()?;
    let fits = agreement.value.window.is_none_or(|length| is_same(window, length));
    fits.then(|| Spanned::new(agreement.value.target.clone(), agreement.span))
}

/// Every part is on target, and nothing is left of the whole.
fn report_worthless(
    parts: &[Part<'_>],
    method: BudgetingMethod,
    total: &Ratio,
    checker: &mut Checker<'_>,
) {
    let Some(costly) = parts.iter().rev().max_by(|left, right| left.cost.cmp(&right.cost)) else {
        return;
    };
    let (level, message) = match method {
        BudgetingMethod::Timeslices => (
            Level::Warning,
            "every part can be on target while every slice of the composite is bad",
        ),
        _ => (Level::Error, "with every part just on target the composite is at 0 %"),
    };
    let finding = checker.report_at(level, costly.target.span, message);
    finding.label(cost_in_words(costly));
    let others = parts.iter().filter(|part| !std::ptr::eq(*part, costly));
    for part in others.take(MAX_LABELS) {
        finding.also(part.target.span, cost_in_words(part));
    }
    finding.note(format!("together the parts may miss {} of the whole", percent(total)));
    let weighs = parts.iter().any(|part| part.weight > Ratio::one());
    finding.help(if weighs {
        "weights are multipliers: divide each by the sum of all, as 0.6 and 0.4 for 60 and 40"
    } else {
        "raise the targets of the parts, or leave out those that fail often"
    });
}

/// What is promised of the whole is more than the parts give while they are on target.
fn check_promise(
    parts: &[Part<'_>],
    method: BudgetingMethod,
    total: &Ratio,
    promise: &Spanned<Ratio>,
    checker: &mut Checker<'_>,
) {
    let given = total.complement();
    if promise.value <= given {
        return;
    }
    let is_above_a_part = parts.iter().any(|part| promise.value > part.target.value);
    let level = if is_above_a_part { Level::Error } else { Level::Warning };
    let (promised, given) = (percent(&promise.value), percent(&given));
    let give = if method == BudgetingMethod::Timeslices { "may give only" } else { "give" };
    let message =
        format!("parts just on target {give} {given} of the whole, and {promised} are promised");
    let finding = checker.report_at(level, promise.span, message);
    if is_above_a_part {
        finding.label("above the target of a part");
    }
    for part in parts.iter().take(MAX_LABELS) {
        finding.also(part.target.span, cost_in_words(part));
    }
    finding.note(match method {
        BudgetingMethod::Timeslices => {
            "a slice is bad as soon as it is bad for one part, and the bad slices of two may differ"
        }
        _ => "what the parts miss adds up, times their weights",
    });
    finding.help("raise the targets of the parts, or promise less");
}

/// Returns what a part may cost the whole, with its weight where it has one.
fn cost_in_words(part: &Part<'_>) -> String {
    let cost = percent(&part.cost);
    if part.weight == Ratio::one() {
        format!("may miss {cost}")
    } else {
        let budget = percent(&part.target.value.complement());
        format!("may miss {budget}, times {} is {cost}", part.weight)
    }
}
