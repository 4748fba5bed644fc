use crate::dialect::Problem;
use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

pub(super) const RULE: Rule = Rule {
    name: "conflicting-fields",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Everything,
    since: "0.1.0",
    docs: include_str!("conflicting_fields.md"),
    settings: &[],
    check: Check::File(check),
};

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        let Problem::Conflict { span, field, other, other_field, across, redundant } = problem
        else {
            continue;
        };
        let message = if *across {
            format!("`{other_field}` of an SLO and `{field}` of its objective exclude each other")
        } else {
            format!("`{other_field}` and `{field}` exclude each other")
        };
        let finding = checker.report(*span, message);
        if *across {
            finding.label("of this objective").also(*other, "of the SLO");
        } else {
            finding.label("and here").also(*other, "given here");
        }
        match redundant {
            Some(edit) => {
                finding.note("both say the same");
                finding.safe_fix("delete `target`", vec![edit.clone()])
            }
            None => finding.help("keep one of the two"),
        };
    }
}
