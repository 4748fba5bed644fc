use crate::dialect::Expected;
use crate::dialect::Problem;
use crate::finding::Level;
use crate::model::DECLARATIONS;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::yaml;

pub(super) const RULE: Rule = Rule {
    name: "invalid-value",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Everything,
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
            Expected::Like(example) => {
                finding.help(format!("write it like `{example}`"));
            }
            Expected::Holding(placeholder) => {
                finding.help(format!("write `{placeholder}`, which is filled in, for each range"));
            }
            Expected::Defined { nearest: Some(nearest), .. } => {
                finding.help(format!("write `{nearest}`"));
            }
            Expected::Defined { under, known, nearest: None } if known.is_empty() => {
                finding.help(format!("define it under `{under}`"));
            }
            Expected::Defined { under, known, nearest: None } => {
                let known = list(known, "or");
                finding.help(format!("write {known}, or define it under `{under}`"));
            }
            Expected::Type(_) if is_declaration(field) => {
                let form = DECLARATIONS.iter().find(|(name, _)| name == field);
                let example = form.map_or("", |(_, form)| form.example());
                finding.help(format!("write it in quotes, like `\"{example}\"`"));
            }
            Expected::Type(kinds) => {
                if let Some(text) = in_other_style(field, found, kinds) {
                    finding.help(format!("write `{text}`"));
                }
                if let Some(note) = other_reading(found, kinds) {
                    finding.note(note);
                }
            }
            _ => {}
        }
    }
}

/// Returns whether a field is an annotation that declares something.
fn is_declaration(field: &str) -> bool {
    DECLARATIONS.iter().any(|(name, _)| *name == field)
}

fn message(field: &str, found: &str, expected: &Expected) -> String {
    match expected {
        Expected::Type(_) if is_declaration(field) => {
            format!("the annotation `{field}` must be text")
        }
        Expected::Type(kinds) => match (yaml::octal(found), Ratio::parse(found)) {
            (Some(octal), Some(decimal)) if kinds.iter().all(|kind| kind != "string") => {
                format!("`{field}` is {octal} to some readers of YAML and {decimal} to others")
            }
            _ => format!("`{field}` must be {}", in_words(kinds)),
        },
        Expected::AtMostCharacters(limit) => {
            format!("`{field}` is longer than {limit} characters")
        }
        Expected::AtLeastItems(limit) => format!("`{field}` needs at least {}", items(*limit)),
        Expected::AtMostItems(limit) => format!("`{field}` holds more than {}", items(*limit)),
        Expected::AtLeast(limit) => format!("`{field}` cannot be below {limit}"),
        Expected::Above(limit) => format!("`{field}` must be above {limit}"),
        Expected::AtMost(limit) => format!("`{field}` cannot be above {limit}"),
        Expected::Unique => format!("`{field}` {} stands twice", quote(found)),
        Expected::Defined { .. } => format!("`{field}` {} is not defined", quote(found)),
        Expected::Holding(placeholder) => format!("`{field}` lacks `{placeholder}`"),
        Expected::NoCycle => format!("`{field}` {} leads back to itself", quote(found)),
        Expected::OneOf(_) | Expected::Like(_) | Expected::Pattern | Expected::Other => {
            format!("`{field}` cannot be {}", quote(found))
        }
    }
}

/// Returns the types of JSON in words, the narrow ones last.
fn in_words(kinds: &[String]) -> String {
    const WORDS: [(&str, &str); 6] = [
        ("string", "text"),
        ("number", "a number"),
        ("integer", "a whole number"),
        ("boolean", "a truth value"),
        ("array", "a list"),
        ("object", "a mapping"),
    ];
    let given = |name: &str| kinds.iter().any(|kind| kind == name);
    let words: Vec<&str> =
        WORDS.iter().filter(|(name, _)| given(name)).map(|(_, words)| *words).collect();
    match words.as_slice() {
        ["a truth value"] => "`true` or `false`".to_owned(),
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        words => words.concat(),
    }
}

/// Returns a scalar with quotes or without, where that makes it what it must be.
fn in_other_style(field: &str, found: &str, kinds: &[String]) -> Option<String> {
    let is_word = |text: &str| matches!(text, "true" | "false");
    let is_number = |text: &str| Ratio::parse(text).is_some();
    let wants = |name: &str| kinds.iter().any(|kind| kind == name);
    if wants("string") {
        return (is_word(found) || is_number(found)).then(|| format!("\"{found}\""));
    }
    let bare = found.trim_matches(['"', '\'']);
    if wants("boolean")
        && let Some(truth) = truth(bare).or_else(|| bare.parse().ok())
    {
        return Some(truth.to_string());
    }
    let percent = bare.strip_suffix('%').and_then(|share| Ratio::parse(share.trim_end()));
    let is_percent = field.ends_with("Percent");
    let fits = |value: &Ratio| wants("number") || (wants("integer") && value.to_i64().is_some());
    if let Some(percent) = percent {
        let value = if is_percent { percent } else { &percent / 100 };
        return fits(&value).then(|| value.to_string());
    }
    let value = Ratio::parse(&bare.replace('_', "")).filter(fits)?;
    if let Some(value) = in_unit(field, &value) {
        return Some(value.to_string());
    }
    let is_quoted = bare != found && is_number(bare) && yaml::octal(bare).is_none();
    Some(if is_quoted { bare.to_owned() } else { value.to_string() })
}

/// Returns a number that was written in the unit of another field in the unit of its own, where its
/// reading is certain: a percentage among fractions would be wrong next.
fn in_unit(field: &str, value: &Ratio) -> Option<Ratio> {
    let is_certain = |share: &Ratio| *share < Ratio::one() && share + share >= Ratio::one();
    let (share, value) = match field {
        "target" | "timeSliceTarget" => (value / 100, value / 100),
        "targetPercent" => (value.clone(), value.percent()),
        _ => return None,
    };
    is_certain(&share).then_some(value)
}

/// Returns the truth that readers of YAML 1.1 see in a word.
fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" => Some(true),
        "no" | "off" | "n" => Some(false),
        _ => None,
    }
}

/// Returns what another reader takes a scalar for.
fn other_reading(found: &str, kinds: &[String]) -> Option<String> {
    if kinds.iter().any(|kind| kind == "boolean")
        && let Some(truth) = truth(found)
    {
        return Some(format!("readers of YAML 1.1 take `{found}` for `{truth}`, others for text"));
    }
    yaml::octal(found).map(|_| "a leading zero makes a number octal in YAML 1.1".to_owned())
}

fn items(count: u64) -> String {
    if count == 1 { "one item".to_owned() } else { format!("{count} items") }
}
