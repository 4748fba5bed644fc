use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Suppression;
use crate::rules::Use;

pub(super) const RULE: Rule = Rule {
    name: "expired-suppression",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Everything,
    since: "0.1.0",
    docs: include_str!("expired_suppression.md"),
    settings: &[],
    check: Check::Suppression(check),
};

fn check(suppression: &Suppression, used: &Use, checker: &mut Checker<'_>) {
    if let (Some(until), true) = (&suppression.until, used.expired) {
        checker
            .report(until.span, format!("the suppression ended on {}", until.value))
            .label("it has no effect any more")
            .help("mend what it allows, or give it a new date and a reason that still holds");
    }
    if let Some(bad) = &suppression.bad_date {
        checker
            .report(bad.span, format!("`{}` cannot be read as the end of a suppression", bad.value))
            .label("it has no effect")
            .help("write `until 2026-12-31`, then a colon and the reason");
    }
}
