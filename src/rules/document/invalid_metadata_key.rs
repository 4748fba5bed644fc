use crate::dialect::Problem;
use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "invalid-metadata-key",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Names,
    since: "0.1.0",
    docs: include_str!("invalid_metadata_key.md"),
    settings: &[],
    check: Check::File(check),
};

/// The label that holds the name of a metric.
const METRIC: &str = "__name__";

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        let Problem::InvalidKey { span, key, map } = problem else {
            continue;
        };
        let prefix =
            if map == "annotations" { "an optional DNS prefix and a slash, then " } else { "" };
        let note = if key == METRIC {
            "Prometheus holds the name of the metric there".to_owned()
        } else {
            format!(
                "a key has {prefix}at most 63 letters, digits, `-`, `_` and `.`, with a letter or \
                 digit at both ends"
            )
        };
        checker.report(*span, format!("{} cannot be a key of `{map}`", quote(key))).note(note);
    }
}
