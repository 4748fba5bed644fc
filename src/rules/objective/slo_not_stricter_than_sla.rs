use crate::finding::Level;
use crate::model::Agreement;
use crate::model::BudgetingMethod;
use crate::model::Subject;
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

use super::composite_target_inconsistent;
use super::in_unlike_words;
use super::strictest;

pub(super) const RULE: Rule = Rule {
    name: "slo-not-stricter-than-sla",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("slo_not_stricter_than_sla.md"),
    settings: &[],
    check: Check::Slo(check),
};

/// How an SLO fails to warn before the agreement with customers is broken, the gravest way first.
enum Fault {
    /// It asks for less.
    Looser,
    /// It asks for the same.
    Equal,
    /// It leaves nearly as much: this share of it.
    Close(Ratio),
    /// One outage may last longer: the lengths in seconds, and the windows.
    Longer([Ratio; 2], [Duration; 2]),
}

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    let Some(agreement) = slo.meta.agreement() else { return };
    let Some(target) = judged(slo) else { return };
    let window = slo.window.as_ref().map(|window| window.duration.value);
    let Some(fault) = fault(&target.value, window, &agreement.value) else { return };
    let share = percent(&target.value);
    let promised = &agreement.value.target;
    let (level, message) = match &fault {
        Fault::Looser => {
            let promised = percent(promised);
            let text =
                format!("the SLO asks for {share}, the agreement with customers for {promised}");
            (Level::Error, text)
        }
        Fault::Equal => {
            let text = format!("the SLO asks for {share}, as does the agreement with customers");
            (Level::Error, text)
        }
        Fault::Close(used) => {
            let used = used.percent().significant(3);
            let text =
                format!("the SLO allows {used} % of what the agreement with customers allows");
            (Level::Warning, text)
        }
        Fault::Longer([longest, allowed], [own, theirs]) => {
            let (longest, allowed) = in_unlike_words(longest, allowed);
            let text = format!(
                "the SLO allows {}{longest} of outage in {own}, the agreement with customers {}{allowed} in {theirs}",
                about(*own),
                about(*theirs)
            );
            (Level::Warning, text)
        }
    };
    let finding = checker.report_at(level, target.span, message);
    finding.also(agreement.span, "promised to customers");
    if matches!(fault, Fault::Longer(..)) {
        finding.label("one outage can break the agreement and keep the SLO");
        if slo.method() == BudgetingMethod::Occurrences {
            finding.note("events are taken to come at their mean rate");
        }
        finding.help("judge the SLO over no more time than the agreement, or raise its target");
        return;
    }
    finding.label(match fault {
        Fault::Close(_) => "once it is missed, nearly nothing of the agreement is left",
        _ => "the agreement is broken no later than the SLO is missed",
    });
    let stricter = (&promised.complement() / 2).complement();
    if stricter < Ratio::one() {
        let what = if slo.composite { "targets of the parts" } else { "target" };
        finding.help(format!("raise the {what}, such as to {}", percent(&stricter)));
    } else {
        finding.help("agree on less than 100 %: no target is stricter");
    }
}

/// Returns the target that is held against the agreement; none of an SLO that another rule judges.
fn judged<'a>(slo: &'a Subject<'_>) -> Option<&'a Spanned<Ratio>> {
    // An SLO that states the agreement itself stands beside a stricter one.
    if slo.is_agreement() || composite_target_inconsistent::judges_promise(slo) {
        return None;
    }
    // One below half is told: it is mistyped, or was meant as the share of bad events.
    let half = &Ratio::one() / 2;
    let is_judged = |target: &&Spanned<Ratio>| target.value < Ratio::one() && target.value >= half;
    let targets = slo.objectives.iter().filter_map(|objective| objective.target.as_ref());
    let target = strictest(targets.filter(is_judged))?;
    // A composite gives more than its best part only where light weights say so.
    let is_lighter = |given: Ratio| given > target.value;
    (!composite_target_inconsistent::given(slo).is_some_and(is_lighter)).then_some(target)
}

fn fault(target: &Ratio, window: Option<Duration>, agreement: &Agreement) -> Option<Fault> {
    if agreement.target > *target {
        return Some(Fault::Looser);
    }
    // Of minutes that were meant as months another rule speaks.
    let theirs = agreement.window.filter(|theirs| !theirs.may_be_months());
    let windows = window.zip(theirs);
    let is_much_shorter = windows.is_some_and(|(own, theirs)| {
        own.nominal_seconds().saturating_mul(2) <= theirs.nominal_seconds()
    });
    // An outage that breaks the SLO spends half of the agreement at most.
    if is_much_shorter {
        return None;
    }
    if agreement.target == *target {
        return Some(Fault::Equal);
    }
    let (budget, theirs) = (target.complement(), agreement.target.complement());
    let used = budget.checked_div(&theirs)?;
    if &used * &Ratio::whole(5) > Ratio::whole(4) {
        return Some(Fault::Close(used));
    }
    let (own, their) = windows?;
    let outage =
        |budget: &Ratio, window: Duration| budget * &Ratio::whole(window.nominal_seconds());
    let (longest, allowed) = (outage(&budget, own), outage(&theirs, their));
    (longest > allowed).then_some(Fault::Longer([longest, allowed], [own, their]))
}
