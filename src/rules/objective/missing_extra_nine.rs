use crate::finding::Level;
use crate::model::Subject;
use crate::needs::Need;
use crate::needs::Needs;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;

use super::is_beyond;
use super::name_of;
use super::promises;
use super::strictest;

pub(super) const RULE: Rule = Rule {
    name: "missing-extra-nine",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("missing_extra_nine.md"),
    settings: &[],
    check: Check::Slos(check),
};

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let is_judged = |slo: &&Subject<'_>| slo.is_critical && !slo.is_aspirational();
    let judged = slos.iter().filter(is_judged);
    let needing = judged.filter_map(|slo| Some((slo, Needs::new(slo, checker.catalog())?)));
    let needing: Vec<_> = needing.collect();
    if needing.is_empty() {
        return;
    }
    let circles = checker.circles();
    for (slo, needs) in needing.iter().filter(|(slo, _)| !circles.hold(slo)) {
        judge(slo, needs, checker);
    }
}

fn judge(slo: &Subject<'_>, needs: &Needs<'_>, checker: &mut Checker<'_>) {
    let Some(target) = strictest(slo.targets()) else { return };
    // `unattainable-given-dependencies` speaks of what is out of reach.
    if is_beyond(&target.value, &needs.together()) {
        return;
    }
    let tenth = &target.value.complement() / 10;
    let is_like = |need: &Need<'_>| need.slos.iter().all(|other| other.method() == slo.method());
    let is_weak = |need: &&Need<'_>| need.promise.complement() > tenth && is_like(need);
    let weak: Vec<Need<'_>> = needs.each.iter().filter(is_weak).cloned().collect();
    let budget = target.value.complement();
    let spent: Ratio = weak.iter().map(|need| need.promise.complement()).sum();
    let Some(spent) = spent.checked_div(&budget) else { return };
    let spent = spent.percent().significant(3);
    let (share, wanted) = (percent(&target.value), percent(&tenth.complement()));
    let (message, label) = match weak.as_slice() {
        [] => return,
        [only] => {
            let (name, promise) = (name_of(only), percent(&only.promise));
            let text =
                format!("a target of {share} needs {wanted} of {name}, which promises {promise}");
            (text, format!("{name} may spend {spent} % of the error budget"))
        }
        several => {
            let words = promises(several);
            let text = format!("a target of {share} needs {wanted} of what promises less: {words}");
            (text, format!("they may spend {spent} % of the error budget"))
        }
    };
    checker
        .report(target.span, message)
        .label(label)
        .also(needs.span, "what it cannot do without")
        .note("what fails a tenth as often leaves most of the error budget to the service itself")
        .help("raise the targets of what it needs, mark `:soft` what it can do without, or name a spare with `|`");
}
