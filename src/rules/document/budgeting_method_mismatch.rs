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

pub(super) const RULE: Rule = Rule {
    name: "budgeting-method-mismatch",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::OpenSlo,
    since: "0.1.0",
    docs: include_str!("budgeting_method_mismatch.md"),
    settings: &[],
    check: Check::File(check),
};

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        match problem {
            Problem::UnknownMethod { span, found, known, nearest, case } => {
                let message = format!("{} is not a budgeting method", quote(found));
                let finding = checker.report(*span, message);
                finding.label(format!("known: {}", list(known, "and")));
                match (case, nearest) {
                    (Some(edit), Some(nearest)) => {
                        finding.safe_fix(format!("write `{nearest}`"), vec![edit.clone()]);
                    }
                    (None, Some(nearest)) => {
                        finding.help(format!("write `{nearest}`"));
                    }
                    _ => {}
                }
            }
            Problem::SliceFields { span, method, lacks, unused: None, .. } => {
                let lacks = list(lacks, "and");
                checker.report(*span, format!("the method `{method}` needs {lacks}"));
            }
            Problem::SliceFields { span, method, unused: Some(field), delete, .. } => {
                let message = format!("the method `{method}` has no use for `{field}`");
                let finding = checker.report(*span, message);
                match delete {
                    Some(edit) => {
                        finding.unsafe_fix(format!("delete `{field}`"), vec![edit.clone()])
                    }
                    None => finding.help(format!("delete `{field}`, or choose another method")),
                };
            }
            Problem::SliceLength { span, slice, window, window_span, longer } => {
                let message = if *longer {
                    format!("a slice of `{slice}` is longer than the window of `{window}`")
                } else {
                    format!("a window of `{window}` is no whole number of slices of `{slice}`")
                };
                let finding = checker.report(*span, message).also(*window_span, "the window");
                finding.help("choose a slice that fills the window, such as `1m`");
            }
            _ => {}
        }
    }
}
