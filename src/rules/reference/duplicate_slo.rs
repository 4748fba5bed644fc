use crate::finding::Level;
use crate::model::Subject;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::twins::Twins;

pub(super) const RULE: Rule = Rule {
    name: "duplicate-slo",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("duplicate_slo.md"),
    settings: &[],
    check: Check::Slos(check),
};

fn check(_: &[Subject<'_>], checker: &mut Checker<'_>) {
    for twins in checker.twins().iter().filter(|twins| twins.agree()) {
        report(twins, checker);
    }
}

fn report(twins: &Twins<'_>, checker: &mut Checker<'_>) {
    let Some(window) = twins.window() else { return };
    let second = twins.second;
    let [one, other] = [twins.first, second].map(|twin| quote(twin.slo.meta.name()));
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
