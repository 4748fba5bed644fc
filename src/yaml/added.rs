//! Values that are written where there were none, as they stand in a file.

use super::Scalar;
use super::Style;
use super::ValueType;

/// A value to be written where there was none.
#[derive(Clone, Debug)]
pub enum Added<'a> {
    /// A text.
    Text(&'a str),
    /// `true` or `false`.
    Truth(bool),
    /// A whole number.
    Number(u32),
    /// Values one after the other.
    Sequence(Vec<Added<'a>>),
    /// Keys, each with its value.
    Mapping(Vec<(&'a str, Added<'a>)>),
}

/// Returns a word that may stand without quotes as it is written in a file: in JSON only a number,
/// `true`, `false` and `null` do.
pub fn plain_or_json(file: &str, word: &str) -> String {
    let stands = || serde_json::from_str::<serde::de::IgnoredAny>(word).is_ok();
    if !is_json(file) || stands() { word.to_owned() } else { double_quoted(word) }
}

/// Returns entries as lines, each begun with a line end; nothing where one cannot be written.
pub(super) fn block_entries(entries: &[(&str, Added<'_>)], column: usize) -> Option<String> {
    let line = |(key, value): &(&str, Added<'_>)| {
        let (key, value) = (scalar(key, false)?, block(value, column + 2)?);
        let space = if value.starts_with('\n') { "" } else { " " };
        Some(format!("\n{:column$}{key}:{space}{value}", ""))
    };
    entries.iter().map(line).collect()
}

fn block(value: &Added<'_>, column: usize) -> Option<String> {
    let item = |item: &Added<'_>| {
        Some(format!("\n{:column$}- {}", "", block(item, column + 2)?.trim_start()))
    };
    match value {
        Added::Text(text) => scalar(text, false),
        Added::Truth(truth) => Some(truth.to_string()),
        Added::Number(number) => Some(number.to_string()),
        Added::Sequence(items) => items.iter().map(item).collect(),
        Added::Mapping(entries) => block_entries(entries, column),
    }
}

/// Returns entries on one line, without the braces; nothing where one cannot be written.
pub(super) fn flow_entries(entries: &[(&str, Added<'_>)], quoted: bool) -> Option<String> {
    let entry = |(key, value): &(&str, Added<'_>)| {
        Some(format!("{}: {}", scalar(key, quoted)?, flow(value, quoted)?))
    };
    let entries: Option<Vec<String>> = entries.iter().map(entry).collect();
    Some(entries?.join(", "))
}

pub(super) fn flow(value: &Added<'_>, quoted: bool) -> Option<String> {
    match value {
        Added::Text(text) => scalar(text, quoted),
        Added::Truth(truth) => Some(truth.to_string()),
        Added::Number(number) => Some(number.to_string()),
        Added::Sequence(items) => {
            let items: Option<Vec<String>> = items.iter().map(|item| flow(item, quoted)).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Added::Mapping(entries) => Some(format!("{{{}}}", flow_entries(entries, quoted)?)),
    }
}

/// Returns text as a string on one line; nothing where it holds a control character.
pub(super) fn scalar(text: &str, quoted: bool) -> Option<String> {
    let plain = Scalar { text, style: Style::Plain, is_string: false };
    if !quoted && is_plain(text) && plain.value_type() == ValueType::String {
        return Some(text.to_owned());
    }
    (!text.chars().any(char::is_control)).then(|| double_quoted(text))
}

/// Returns whether a file is JSON, or begins as JSON does: with braces and a key in quotes.
pub(super) fn is_json(text: &str) -> bool {
    /// How far a first key is looked for, in characters.
    const HEAD: usize = 4_096;
    let mut head = text.chars().take(HEAD).filter(|letter| !letter.is_whitespace());
    matches!(head.next(), Some('{' | '['))
        && head.find(|letter| !matches!(letter, '{' | '[')) == Some('"')
}

pub(super) fn double_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Returns whether text may stand without quotes anywhere, flow collections included.
pub(super) fn is_plain(text: &str) -> bool {
    let safe = |character: char| character.is_ascii_alphanumeric() || "._-+/".contains(character);
    let first = text.chars().next();
    first.is_some_and(|first| first.is_ascii_alphanumeric() || first == '.')
        && text.chars().all(safe)
}
