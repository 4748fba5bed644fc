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

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        let Problem::InvalidKey { span, key, map } = problem else {
            continue;
        };
        let prefix =
            if map == "annotations" { "an optional DNS prefix and a slash, then " } else { "" };
        checker.report(*span, format!("{} cannot be a key of `{map}`", quote(key))).note(format!(
            "a key has {prefix}at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit \
             at both ends"
        ));
    }
}
