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
    name: "conflicting-slo",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("conflicting_slo.md"),
    settings: &[],
    check: Check::Slos(check),
};

fn check(_: &[Subject<'_>], checker: &mut Checker<'_>) {
    for twins in checker.twins().iter().filter(|twins| !twins.agree()) {
        report(twins, checker);
    }
}

fn report(twins: &Twins<'_>, checker: &mut Checker<'_>) {
    let Some(window) = twins.window() else { return };
    let Twins { first, second } = twins;
    let [one, other] = [first, second].map(|twin| quote(twin.slo.meta.name()));
    let [target, other_target] = [first, second].map(|twin| percent(&twin.target.value));
    let what = format!("{target} and {other_target} over {window} for one indicator");
    // Side by side in one SLO, both are seen by whoever reads one.
    let (level, message, help) = if twins.are_of_one_slo() {
        let message = format!("the SLO {one} sets two targets at once: {what}");
        (
            Level::Warning,
            message,
            "give each of its objectives a `displayName` of its own, or keep one",
        )
    } else {
        let message = format!("the SLOs {one} and {other} contradict each other: {what}");
        let is_one_file = first.slo.meta.span.source == second.slo.meta.span.source;
        let help = if is_one_file {
            "keep one target, or say in `slo/relation` of the other that it is `aspirational` or an `sla`"
        } else {
            "keep one target, say in `slo/relation` of the other that it is `aspirational` or an `sla`, or list the folders of environments in `[files] overlays` of `slo.toml`"
        };
        (Level::Error, message, help)
    };
    checker
        .report_at(level, second.target.span, message)
        .label("another target for the same events")
        .also(first.target.span, "the other one")
        .mutual()
        .help(help);
}
