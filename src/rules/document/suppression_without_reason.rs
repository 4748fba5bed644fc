use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Suppression;
use crate::rules::Use;

pub(super) const RULE: Rule = Rule {
    name: "suppression-without-reason",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Everything,
    since: "0.1.0",
    docs: include_str!("suppression_without_reason.md"),
    settings: &[],
    check: Check::Suppression(check),
};

fn check(suppression: &Suppression, _: &Use, checker: &mut Checker<'_>) {
    if suppression.reason.is_none() && suppression.fault.is_none() {
        checker.report(suppression.span, "the suppression gives no reason").help(
            "add a colon and why it is right here: `# slo: allow(rule) until 2026-12-31: reason`",
        );
    }
}
