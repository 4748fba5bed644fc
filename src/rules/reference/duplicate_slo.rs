use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Subject;
use crate::rules::percent;
use crate::rules::twins::Twins;
use crate::rules::twins::twins;

pub(super) const RULE: Rule = Rule {
    name: "duplicate-slo",
    level: Level::Warning,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("duplicate_slo.md"),
    settings: &[],
    check: Check::Slos(check),
};

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    for twins in twins(slos, checker).filter(Twins::agree) {
        report(&twins, checker);
    }
}

fn report(twins: &Twins<'_>, checker: &mut Checker<'_>) {
    let Some(window) = twins.window() else { return };
    let second = twins.second;
    let [one, other] = twins.names();
    let what = format!("{} over {window} of one indicator", percent(&second.target.value));
    let (message, help) = if twins.are_of_one_slo() {
        let message = format!("two objectives of the SLO {one} promise the same: {what}");
        (message, "delete one of the two objectives")
    } else {
        let message = format!("the SLOs {one} and {other} promise the same: {what}");
        (message, "keep one of the two")
    };
    let Some([place, other]) = twins.places() else {
        checker.report(second.target.span, message).label("counts twice").help(help);
        return;
    };
    checker
        .report(place, message)
        .label("the same target for the same events")
        .also(other, "the other one")
        .mutual()
        .help(help);
}
