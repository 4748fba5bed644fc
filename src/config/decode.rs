//! From the spanned document of the `toml` crate to values, with a problem for whatever is not one.

use std::ops::Range;
use std::ops::RangeInclusive;

use toml::de::DeInteger;
use toml::de::DeString;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::config::Problem;
use crate::config::Value;
use crate::config::nearest::nearest;
use crate::globs::Globs;
use crate::globs::MAX_GLOBS;
use crate::quantity::Duration;
use crate::source::SourceId;
use crate::source::Span;
use crate::source::Spanned;

/// The most levels of arrays and tables in a rule's settings.
const MAX_DEPTH: usize = 32;

/// A value of the document with its place.
pub(super) type Node<'t> = toml::Spanned<DeValue<'t>>;

/// A key of the document with its place.
type Key<'t> = toml::Spanned<DeString<'t>>;

/// The entries of one table, in the order of the file.
pub(super) struct Table<'n, 't> {
    /// How messages call the table: "`[gate]`".
    pub(super) name: String,
    entries: Vec<(&'n Key<'t>, &'n Node<'t>)>,
}

impl<'n, 't> Table<'n, 't> {
    /// Returns the entries of `table`.
    pub(super) fn new(name: impl Into<String>, table: &'n DeTable<'t>) -> Self {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let name = name.into();
        Self { name, entries }
    }

    /// Returns the value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node<'t>> {
        self.iter().find(|(name, _)| name.get_ref() == key).map(|(_, node)| node)
    }

    /// Returns every key with its value.
    pub(super) fn iter(
        &self,
    ) -> impl Iterator<Item = (&'n Key<'t>, &'n Node<'t>)> + use<'n, 't, '_> {
        self.entries.iter().copied()
    }
}

/// Which lengths of time a key accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// Units of the calendar too, but not zero.
    Window,
    /// Seconds to weeks, zero too.
    Exact,
    /// Seconds to weeks, from a second to an hour.
    Short,
}

/// Reads values and collects what is wrong with them.
pub(super) struct Decoder {
    id: SourceId,
    /// What is wrong so far.
    pub(super) problems: Vec<Problem>,
}

impl Decoder {
    /// Returns a reader of the file `id`.
    pub(super) fn new(id: SourceId) -> Self {
        let problems = Vec::new();
        Self { id, problems }
    }

    /// Returns a range of bytes as a place in the file.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.id, range.start, range.end)
    }

    /// Notes what is wrong at a place, and what to do about it.
    pub(super) fn problem(&mut self, range: Range<usize>, message: String, hint: Option<String>) {
        let span = self.span(range);
        self.problems.push(Problem { span, message, hint });
    }

    /// Notes every key of a table that is not one of `known`.
    pub(super) fn check_keys(&mut self, table: &Table<'_, '_>, known: &[&str]) {
        for (key, _) in table.iter() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let span = self.span(key.span());
                self.problems.push(Problem::unknown_key(name, span, &table.name, known));
            }
        }
    }

    /// Reads a table.
    pub(super) fn table<'n, 't>(
        &mut self,
        name: impl Into<String>,
        node: &'n Node<'t>,
    ) -> Option<Table<'n, 't>> {
        let name = name.into();
        match node.get_ref() {
            DeValue::Table(table) => Some(Table::new(name, table)),
            _ => self.expected(&name, "a table", node),
        }
    }

    /// Reads a string that is not empty.
    pub(super) fn string(&mut self, name: &str, node: &Node<'_>) -> Option<Spanned<String>> {
        match node.get_ref() {
            DeValue::String(text) if text.is_empty() => {
                self.problem(node.span(), format!("`{name}` is empty"), None);
                None
            }
            DeValue::String(text) => Some(Spanned::new(text.to_string(), self.span(node.span()))),
            _ => self.expected(&format!("`{name}`"), "a string", node),
        }
    }

    /// Reads an array of strings that are not empty.
    pub(super) fn strings(&mut self, name: &str, node: &Node<'_>) -> Option<Vec<Spanned<String>>> {
        let DeValue::Array(elements) = node.get_ref() else {
            return self.expected(&format!("`{name}`"), "an array of strings", node);
        };
        let read = |element| self.string(name, element);
        Some(elements.iter().filter_map(read).collect())
    }

    /// Reads an array of strings without their places.
    pub(super) fn texts(&mut self, name: &str, node: &Node<'_>) -> Option<Vec<String>> {
        let strings = self.strings(name, node)?;
        Some(strings.into_iter().map(|text| text.value).collect())
    }

    /// Reads an array of globs from the root; nothing when one of them does not compile, since the
    /// others alone may leave out what it meant.
    pub(super) fn globs(&mut self, name: &str, node: &Node<'_>) -> Option<Globs> {
        let before = self.problems.len();
        let patterns = self.strings(name, node)?;
        for pattern in patterns.iter().take(MAX_GLOBS + 1) {
            // Alone, so that a pattern that the others would hide is found at its own place.
            if let Err(why) = Globs::of_paths([&pattern.value]) {
                let written = short(&pattern.value);
                let message = format!("glob `{written}` does not compile: {why}");
                let hint = "globs start at the root: `slo/**/*.yaml`".to_owned();
                self.problem(pattern.span.range(), message, Some(hint));
            }
        }
        if self.problems.len() > before {
            return None;
        }
        match Globs::of_paths(patterns.iter().map(|pattern| &pattern.value)) {
            Ok(globs) => Some(globs),
            Err(why) => {
                let message = format!("`{name}` does not compile: {why}");
                self.problem(node.span(), message, None);
                None
            }
        }
    }

    /// Reads an array of globs that, left out, means everything, and so may not be empty.
    pub(super) fn some_globs(&mut self, name: &str, node: &Node<'_>) -> Option<Globs> {
        if matches!(node.get_ref(), DeValue::Array(elements) if elements.is_empty()) {
            let hint = "leave it out to mean every path".to_owned();
            self.problem(node.span(), format!("`{name}` has no pattern"), Some(hint));
            return None;
        }
        self.globs(name, node)
    }

    /// Reads a duration.
    pub(super) fn duration(
        &mut self,
        name: &str,
        node: &Node<'_>,
        length: Length,
    ) -> Option<Duration> {
        let DeValue::String(text) = node.get_ref() else {
            return self.expected(&format!("`{name}`"), "a duration such as `\"30s\"`", node);
        };
        let Some(duration) = Duration::parse(text) else {
            let message = format!("`{name}` holds `{}`, which is not a duration", short(text));
            let hint = "write one whole number and one of `s m h d w M Q Y`: `30s`, `5m`, `30d`";
            self.problem(node.span(), message, Some(hint.to_owned()));
            return None;
        };
        let accepted = match (length, duration.seconds()) {
            (Length::Window, _) => duration.count > 0,
            (Length::Exact, seconds) => seconds.is_some(),
            (Length::Short, seconds) => {
                seconds.is_some_and(|seconds| (1..=3_600).contains(&seconds))
            }
        };
        if accepted {
            return Some(duration);
        }
        let expected = match length {
            Length::Window => "a duration above zero",
            Length::Exact => "a duration in `s`, `m`, `h`, `d` or `w`",
            Length::Short => "a duration from `1s` to `1h`",
        };
        let message = format!("`{name}` expects {expected}, found `{duration}`");
        self.problem(node.span(), message, None);
        None
    }

    /// Reads an integer of a range.
    pub(super) fn integer(
        &mut self,
        name: &str,
        node: &Node<'_>,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let DeValue::Integer(written) = node.get_ref() else {
            return self.expected(&format!("`{name}`"), "an integer", node);
        };
        let number = number(written).and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (low, high) = range.into_inner();
            let message = format!(
                "`{name}` expects an integer from {low} to {high}, found `{}`",
                short(&written.to_string())
            );
            self.problem(node.span(), message, None);
        }
        number
    }

    /// Reads one of the words that a key accepts.
    pub(super) fn word<T: Copy>(
        &mut self,
        name: &str,
        node: &Node<'_>,
        words: &[(&str, T)],
    ) -> Option<Spanned<T>> {
        let text = self.string(name, node)?;
        let found = words.iter().find(|(word, _)| *word == text.value);
        if let Some((_, value)) = found {
            return Some(Spanned::new(*value, text.span));
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("`{name}` does not know `{}`", short(&text.value));
        self.problem(node.span(), message, Some(meant(&text.value, &known)));
        None
    }

    /// Reads any value, for a rule to look into.
    pub(super) fn value(
        &mut self,
        name: &str,
        node: &Node<'_>,
        depth: usize,
    ) -> Option<Spanned<Value>> {
        if depth > MAX_DEPTH {
            let message = format!("`{name}` is nested deeper than {MAX_DEPTH} levels");
            self.problem(node.span(), message, None);
            return None;
        }
        let value = match node.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(truth) => Value::Boolean(*truth),
            DeValue::Float(float) => Value::Float(float.as_str().replace('_', "")),
            DeValue::Integer(written) => match number(written) {
                Some(number) => Value::Integer(number),
                None => return self.expected(&format!("`{name}`"), "an integer of 64 bits", node),
            },
            DeValue::Datetime(_) => {
                return self.expected(&format!("`{name}`"), "a date in quotes", node);
            }
            DeValue::Array(elements) => {
                let read = |element| self.value(name, element, depth + 1);
                Value::Array(elements.iter().filter_map(read).collect())
            }
            DeValue::Table(table) => {
                let mut entries = Vec::new();
                for (key, node) in Table::new(name, table).iter() {
                    let key = Spanned::new(key.get_ref().to_string(), self.span(key.span()));
                    if let Some(value) = self.value(&key.value, node, depth + 1) {
                        entries.push((key, value));
                    }
                }
                Value::Table(entries)
            }
        };
        Some(Spanned::new(value, self.span(node.span())))
    }

    /// Notes that a value is of the wrong kind; `name` comes with its quotes.
    pub(super) fn expected<T>(&mut self, name: &str, expected: &str, node: &Node<'_>) -> Option<T> {
        let found = kind(node.get_ref());
        let hint = match node.get_ref() {
            DeValue::String(_) if expected.starts_with("an array") => {
                Some("put the string in brackets: `[\"…\"]`".to_owned())
            }
            _ => None,
        };
        self.problem(node.span(), format!("{name} expects {expected}, found {found}"), hint);
        None
    }
}

/// Returns what a person most likely meant, or everything that is known.
pub(super) fn meant(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known here: `{}`", known.join("`, `")),
    }
}

/// Returns a text of the file at a length that fits a message.
pub(super) fn short(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.escape_debug().to_string();
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{}…", start.escape_debug())
}

/// Returns an integer as a number, unless it needs more than 64 bits.
fn number(written: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(written.as_str(), written.radix()).ok()
}

/// Returns what a value is, as words for a message.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
