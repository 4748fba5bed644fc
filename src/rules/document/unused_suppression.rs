use crate::finding::Level;
use crate::rules;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Suppression;
use crate::rules::Use;

pub(super) const RULE: Rule = Rule {
    name: "unused-suppression",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Everything,
    since: "0.1.0",
    docs: include_str!("unused_suppression.md"),
    settings: &[],
    check: Check::Suppression(check),
};

fn check(suppression: &Suppression, used: &Use, checker: &mut Checker<'_>) {
    // Nobody can tell what other rules would report in a document that cannot be read.
    if used.expired || suppression.bad_date.is_some() || suppression.unreadable {
        return;
    }
    for place in &used.unused {
        let Some(rule) = suppression.rules.get(*place) else {
            continue;
        };
        let named = rules::named(&rule.value);
        let is_of_comments = named.is_some_and(|it| matches!(it.check, Check::Suppression(_)));
        let (what, help) = if is_of_comments {
            ("cannot be allowed by a comment", "delete it, and mend the comment that it is about")
        } else {
            ("reports nothing here", "delete it, or move it to the line that it speaks of")
        };
        checker
            .report(rule.span, format!("`{}` {what}", rule.value))
            .label("the comment allows nothing")
            .help(help);
    }
}
