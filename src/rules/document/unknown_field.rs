use crate::dialect::Problem;
use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::quote;

use super::place;

pub(super) const RULE: Rule = Rule {
    name: "unknown-field",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Everything,
    since: "0.1.0",
    docs: include_str!("unknown_field.md"),
    settings: &[],
    check: Check::File(check),
};

/// The field that holds annotations.
const ANNOTATIONS: &str = "annotations";

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        match problem {
            // A map whose keys are free, so that only a slip of ours is reported.
            Problem::UnknownField { span, key, of, nearest: Some(nearest), .. }
                if of == ANNOTATIONS =>
            {
                let message = format!("nothing reads the annotation {}", quote(key));
                let finding = checker.report_at(Level::Warning, *span, message);
                finding.label(format!("most likely `{nearest}`"));
                finding.help(format!("write `{nearest}`"));
            }
            Problem::UnknownField { span, key, of, known, nearest, rename, version } => {
                let place = place(of);
                let message = format!("{} is not a field of {place}", quote(key));
                let finding = checker.report(*span, message);
                match (version, nearest) {
                    (Some(version), _) => finding.label(format!("a field of `{version}`")),
                    (None, Some(nearest)) => finding.label(format!("most likely `{nearest}`")),
                    (None, None) => finding.label("nothing reads it"),
                };
                if !known.is_empty() {
                    finding.note(format!("fields of {place}: {}", list(known, "and")));
                }
                if let (Some(nearest), Some(edit)) = (nearest, rename) {
                    finding.safe_fix(format!("write `{nearest}`"), vec![edit.clone()]);
                }
            }
            Problem::OtherVersion { span, found, meant, rename } => {
                let message =
                    format!("the fields of this object are those of `{meant}`, not of `{found}`");
                let finding = checker.report(*span, message);
                let title = format!("write `{meant}`");
                match rename {
                    Some(edit) => finding.unsafe_fix(title, vec![edit.clone()]),
                    None => finding.help(title),
                };
            }
            _ => {}
        }
    }
}
