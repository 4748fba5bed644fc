use crate::dialect::Expected;
use crate::dialect::Problem;
use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::list;
use crate::rules::quote;

pub(super) const RULE: Rule = Rule {
    name: "invalid-value",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("invalid_value.md"),
    settings: &[],
    check: Check::File(check),
};

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        let Problem::InvalidValue { span, field, found, expected } = problem else {
            continue;
        };
        let finding = checker.report(*span, message(field, found, expected));
        match expected {
            Expected::OneOf(known) => {
                finding.help(format!("write {}", list(known, "or")));
            }
            Expected::Type(kinds) if kinds.iter().all(|kind| kind == "string") => {
                finding.help("put a number or a truth value that is meant as text in quotes");
            }
            _ => {}
        }
    }
}

fn message(field: &str, found: &str, expected: &Expected) -> String {
    match expected {
        Expected::Type(kinds) => {
            let kinds: Vec<&str> = kinds.iter().map(|kind| in_words(kind)).collect();
            format!("`{field}` must be {}", kinds.join(" or "))
        }
        Expected::AtMostCharacters(limit) => {
            format!("`{field}` is longer than {limit} characters")
        }
        Expected::AtLeastItems(limit) => format!("`{field}` needs {}", items(*limit)),
        Expected::AtMostItems(limit) => format!("`{field}` holds more than {}", items(*limit)),
        Expected::AtLeast(limit) => format!("`{field}` cannot be below {limit}"),
        Expected::Above(limit) => format!("`{field}` must be above {limit}"),
        Expected::AtMost(limit) => format!("`{field}` cannot be above {limit}"),
        Expected::Unique => format!("`{field}` {} stands twice", quote(found)),
        Expected::NoCycle => format!("`{field}` {} leads back to itself", quote(found)),
        Expected::OneOf(_) | Expected::Pattern | Expected::Other => {
            format!("`{field}` cannot be {}", quote(found))
        }
    }
}

fn in_words(kind: &str) -> &'static str {
    match kind {
        "object" => "a mapping",
        "array" => "a list",
        "boolean" => "`true` or `false`",
        "integer" => "a whole number",
        "number" => "a number",
        "null" => "empty",
        _ => "text",
    }
}

fn items(count: u64) -> String {
    if count == 1 { "one item".to_owned() } else { format!("{count} items") }
}
