use crate::dialect::Problem;
use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;

use super::place;

pub(super) const RULE: Rule = Rule {
    name: "missing-field",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Everything,
    since: "0.1.0",
    docs: include_str!("missing_field.md"),
    settings: &[],
    check: Check::File(check),
};

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        match problem {
            Problem::MissingFields { span, fields, of, weak: false, .. } => {
                let message = match fields.as_slice() {
                    [only] if only == of => format!("`{of}` has no value"),
                    several => format!("{} lacks {}", place(of), list(several, "and")),
                };
                checker.report(*span, message);
            }
            Problem::MissingFields { span, fields, of, weak: true, .. } => {
                let message = format!("{} lacks {}", place(of), list(fields, "and"));
                checker
                    .report_at(Level::Warning, *span, message)
                    .note("the format allows it, but a budget without a window is undefined")
                    .help("say over which window the objective is judged, such as `28d` rolling");
            }
            Problem::MissingOneOf { span, fields, of } => {
                let message = match fields.as_slice() {
                    [only] => format!("{} lacks `{only}`", place(of)),
                    several => format!("{} needs {}", place(of), list(several, "or")),
                };
                checker.report(*span, message);
            }
            _ => {}
        }
    }
}
