use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Object;
use crate::model::Setting;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;

pub(super) const RULE: Rule = Rule {
    name: "literal-secret",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("literal_secret.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// Parts of a key that holds a secret.
const SECRET_KEYS: [&str; 10] = [
    "secret",
    "token",
    "passw",
    "apikey",
    "api_key",
    "appkey",
    "app_key",
    "accesskey",
    "access_key",
    "credential",
];

/// Ends of a key that names where a secret is kept.
const REFERENCE_ENDS: [&str; 8] = ["ref", "env", "file", "path", "name", "id", "url", "uri"];

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    for object in catalog.objects() {
        if let Object::DataSource(source) = object {
            report(&source.settings, checker);
        }
    }
    for source in catalog.metric_sources() {
        report(&source.settings, checker);
    }
}

fn report(settings: &[Setting], checker: &mut Checker<'_>) {
    for Setting { key, value, .. } in settings {
        if !is_secret_key(key) || is_reference(&value.value) {
            continue;
        }
        let variable = format!("`{key}: ${{{}}}`", variable(key));
        if is_example(key, &value.value) {
            checker
                .report_at(Level::Info, value.span, format!("`{key}` holds a placeholder"))
                .help(format!("read the secret from the environment: {variable}"));
        } else if value.value.chars().count() >= 8 || is_varied(&value.value) {
            checker
                .report(value.span, format!("`{key}` holds a secret in plain text"))
                .label("git keeps it for ever")
                .help(format!("revoke it, then read a new one from the environment: {variable}"));
        }
    }
}

fn is_secret_key(key: &str) -> bool {
    let lower = key.to_ascii_lowercase().replace('-', "_");
    SECRET_KEYS.iter().any(|part| lower.contains(part))
        && !REFERENCE_ENDS.iter().any(|end| lower.ends_with(end))
}

/// Text that is replaced before use, or that names where the secret is kept.
fn is_reference(value: &str) -> bool {
    const MARKS: [&str; 4] = ["${", "$(", "{{", "<"];
    const SCHEMES: [&str; 8] =
        ["env:", "vault:", "file:", "secret:", "ref:", "aws-sm:", "gcp-sm:", "op://"];
    let lower = value.trim().to_ascii_lowercase();
    lower.is_empty()
        || lower.starts_with('$')
        || MARKS.iter().any(|mark| lower.contains(mark))
        || SCHEMES.iter().any(|scheme| lower.starts_with(scheme))
        || lower.chars().all(|letter| matches!(letter, '*' | 'x' | '.'))
}

/// Text that stands for a secret in an example: `changeme`, the name of its key, or nothing but
/// words such as `my-secret-token`.
fn is_example(key: &str, value: &str) -> bool {
    const WORDS: [&str; 14] = [
        "changeme", "redacted", "example", "password", "secret", "access", "token", "some", "your",
        "the", "key", "api", "app", "my",
    ];
    let letters = |text: &str| {
        let plain = text.chars().filter(char::is_ascii_alphanumeric);
        plain.collect::<String>().to_ascii_lowercase()
    };
    let (key, value) = (letters(key), letters(value));
    let mut rest = value.as_str();
    while let Some(shorter) = WORDS
        .iter()
        .chain([&key.as_str()])
        .filter(|word| !word.is_empty())
        .find_map(|word| rest.strip_prefix(word))
    {
        rest = shorter;
    }
    rest.is_empty()
}

/// Returns whether text may carry three bits a character or more, as generated text does.
///
/// Three bits are eight equally frequent characters, so fewer different ones carry less.
fn is_varied(value: &str) -> bool {
    let mut characters: Vec<char> = value.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters.len() >= 8
}

/// Returns the name of an environment variable for a key: `API_KEY` for `apiKey`.
fn variable(key: &str) -> String {
    let mut name = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        name.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' });
    }
    name
}
