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
    name: "unknown-kind",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Everything,
    since: "0.1.0",
    docs: include_str!("unknown_kind.md"),
    settings: &[],
    check: Check::File(check),
};

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        let Problem::UnknownKind { span, field, found, known, nearest, rename } = problem else {
            continue;
        };
        let is_list = *field == "kind" && found.to_ascii_lowercase().ends_with("list");
        let found = quote(found);
        let message = match *field {
            "kind" if is_list => format!("{found} is not a kind that is known"),
            "kind" => format!("{found} is not a kind of this `apiVersion`"),
            _ => format!("{found} is not an `apiVersion` that is known"),
        };
        let finding = checker.report(*span, message);
        finding.label(format!("known: {}", list(known, "and")));
        if let (Some(nearest), Some(edit)) = (nearest, rename) {
            finding.safe_fix(format!("write `{nearest}`"), vec![edit.clone()]);
        } else if is_list {
            finding.help("write each object as a document of its own, with `---` between them");
        }
    }
}
