use crate::dialect::Problem;
use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::quote;

pub(super) const RULE: Rule = Rule {
    name: "invalid-object-name",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("invalid_object_name.md"),
    settings: &[],
    check: Check::File(check),
};

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        let Problem::InvalidName { span, name, field, is_reference, dotted } = problem else {
            continue;
        };
        let message = if *is_reference {
            format!("{} in `{field}` cannot be the name of an object", quote(name))
        } else {
            format!("{} cannot be the name of an object", quote(name))
        };
        let (letters, most) = if *dotted {
            ("lower-case letters, digits, hyphens and dots", 253)
        } else {
            ("lower-case letters, digits and hyphens", 63)
        };
        let finding = checker.report(*span, message);
        finding.note(format!(
            "a name has at most {most} {letters}, with a letter or digit at both ends"
        ));
        if let Some(suggestion) = suggestion(name, *dotted) {
            finding.help(format!("`{suggestion}` would do; rename every reference with it"));
        }
    }
}

/// Returns a name like this one that would do; dots are kept where they are allowed.
fn suggestion(name: &str, dotted: bool) -> Option<String> {
    if !dotted {
        return kebab(name);
    }
    let parts: Vec<String> = name.split('.').filter_map(kebab).collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// Returns the name in lower case with hyphens, cut between words where it is too long, if anything of it is left.
fn kebab(name: &str) -> Option<String> {
    let mut words = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        let starts_word = letter.is_ascii_uppercase() && before.is_ascii_lowercase();
        if starts_word || !letter.is_ascii_alphanumeric() {
            words.push('-');
        }
        if letter.is_ascii_alphanumeric() {
            words.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    let parts: Vec<&str> = words.split('-').filter(|part| !part.is_empty()).collect();
    let mut joined = String::new();
    for part in parts {
        let separator = if joined.is_empty() { "" } else { "-" };
        if joined.len() + separator.len() + part.len() > 63 {
            break;
        }
        joined += separator;
        joined += part;
    }
    (!joined.is_empty()).then_some(joined)
}
