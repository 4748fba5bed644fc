//! The baseline: the findings of an old repository that are not reported again.
//!
//! # Why
//!
//! The file is read by people, in reviews and in merges, before it is read by a program. So a finding
//! is one line of plain words and no digest, the lines stand in the order of paths, and each ends with
//! a comma: two branches that mend findings in two places merge without a conflict. TOML, because `slo.toml`
//! beside it is, and because JSON has neither a last comma nor a comment that says what the file is.
//!
//! A line number is no part of it. A finding is known again by its file, its object, the keys that
//! lead to it, its rule and its message, which names the values that are wrong: no edit above it
//! changes any of them, and a worse value at the same place is another finding.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::DeTable;
use toml::de::DeValue;

use crate::config::Problem;
use crate::config::decode::Decoder;
use crate::config::decode::Node;
use crate::config::decode::Table;
use crate::config::syntax;
use crate::config::unreadable;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Span;
use crate::text::is_active;

/// The name of the file, beside `slo.toml`.
pub const FILE_NAME: &str = "slo-baseline.toml";

/// The version of the format.
const VERSION: u32 = 1;

/// The keys of the file.
pub(super) const KEYS: &[&str] = &["version", "slo", "findings"];

/// The keys of a finding.
pub(super) const ENTRY_KEYS: &[&str] = &["path", "object", "at", "rule", "message", "count"];

/// How messages call a finding of the file.
const ENTRY: &str = "a finding of the baseline";

/// What stands above the findings, for whoever comes across the file.
const HEAD: &str = "\
# What was wrong before: `slo lint` counts these findings and reports only what is new.
# `slo lint --prune-baseline` drops those that are mended, `slo lint --write-baseline` writes it anew; other comments are lost.
";

/// What to do with a file that nobody can mend.
const ANEW: &str = "delete the file, and `slo lint --write-baseline` writes it anew";

/// The marks that git leaves in a file that it could not merge.
const MARKS: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// The findings that are not reported again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The version of this program that wrote it.
    pub written_by: String,
    /// The findings, in the order of the file.
    pub entries: Vec<Entry>,
}

/// A finding of the baseline, and how often it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is known by.
    pub key: Key,
    /// How many findings are known by the same, at least 1.
    pub count: u32,
    /// The place in the file; nothing worth for one that is not read from it.
    pub span: Span,
}

/// What a finding is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The file, from the root.
    pub path: String,
    /// The kind, namespace and name of the object, such as `SLO shop/checkout`; nothing where no
    /// object could be read.
    pub object: Option<String>,
    /// The keys that lead from the object to the place; nothing for the object as a whole.
    pub at: Option<String>,
    /// The rule.
    pub rule: String,
    /// What is wrong.
    pub message: String,
}

impl Baseline {
    /// Reads the file; a problem for everything in it that is wrong but [twins](Self::twin).
    pub fn parse(id: SourceId, source: &Source) -> (Self, Vec<Problem>) {
        if let Some(why) = &source.unreadable {
            return (Self::default(), vec![unreadable(id, why)]);
        }
        match DeTable::parse(&source.text) {
            Ok(document) => decode(id, document.get_ref(), source.text.len()),
            Err(error) => {
                let merge = merge_mark(id, source);
                let problem = merge.unwrap_or_else(|| syntax(id, source, &error));
                (Self::default(), vec![problem])
            }
        }
    }

    /// Returns the problem that a line stands for the same finding as one above it, if any does:
    /// nobody knows whether the two add up.
    pub fn twin(&self) -> Option<Problem> {
        let mut seen = BTreeSet::new();
        let twin = self.entries.iter().find(|entry| !seen.insert(&entry.key))?;
        Some(Problem {
            span: twin.span,
            message: "the baseline holds this finding twice".to_owned(),
            hint: Some(
                "`slo lint --prune-baseline` keeps the line with the higher `count`".to_owned(),
            ),
        })
    }

    /// Leaves of several lines for one finding the one with the highest count.
    pub fn join_twins(&mut self) {
        self.entries.sort_by(|one, other| (&one.key, other.count).cmp(&(&other.key, one.count)));
        self.entries.dedup_by(|one, other| one.key == other.key);
    }

    /// Returns whether the file holds some findings the way that this program writes them: line for
    /// line, whatever else stands between the lines.
    pub fn is_of(&self, findings: &BTreeMap<Key, u32>) -> bool {
        let lines = self.entries.iter().map(|entry| (&entry.key, &entry.count));
        self.written_by == env!("CARGO_PKG_VERSION") && lines.eq(findings)
    }
}

/// Returns the text of the file: the same findings give the same bytes.
pub fn render(findings: &BTreeMap<Key, u32>) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(&format!("version = {VERSION}\n"));
    text.push_str(&format!("slo = {}\n\nfindings = [\n", quoted(env!("CARGO_PKG_VERSION"))));
    for (key, count) in findings {
        text.push_str("  { ");
        let fields = [
            ("path", Some(&key.path)),
            ("object", key.object.as_ref()),
            ("at", key.at.as_ref()),
            ("rule", Some(&key.rule)),
            ("message", Some(&key.message)),
        ];
        let written = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let written: Vec<String> =
            written.map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
        text.push_str(&written.join(", "));
        if *count > 1 {
            text.push_str(&format!(", count = {count}"));
        }
        text.push_str(" },\n");
    }
    text.push_str("]\n");
    text
}

/// Writes a string of TOML on one line, in which nothing hides.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if !is_active(letter) => quoted.push(letter),
            ..='\u{FFFF}' => quoted.push_str(&format!("\\u{:04X}", u32::from(letter))),
            _ => quoted.push_str(&format!("\\U{:08X}", u32::from(letter))),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns the first mark of a merge that nobody finished.
fn merge_mark(id: SourceId, source: &Source) -> Option<Problem> {
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        if let Some(mark) = MARKS.iter().find(|mark| line.starts_with(**mark)) {
            return Some(Problem {
                span: Span::new(id, start, start + mark.len()),
                message: format!("a merge left the mark `{mark}` here"),
                hint: Some(
                    "delete the marks and keep the lines of both sides; then \
                     `slo lint --prune-baseline` drops those that are too many"
                        .to_owned(),
                ),
            });
        }
        start += line.len();
    }
    None
}

fn decode(id: SourceId, document: &DeTable<'_>, end: usize) -> (Baseline, Vec<Problem>) {
    let mut decoder = Decoder::new(id);
    let table = Table::new("the baseline", document);
    let mut baseline = Baseline::default();
    if let Some(node) = needed(&mut decoder, &table, "version", end..end, ANEW) {
        let version = decoder.integer("version", node, 1..=u32::MAX);
        if let Some(version) = version.filter(|version| *version != VERSION) {
            let message = format!("the baseline has version {version}, and {VERSION} is read");
            let hint = format!("take the `slo` that wrote it; or {ANEW}");
            decoder.problem(node.span(), message, Some(hint));
            // What the keys of another version mean, nobody knows.
            return (baseline, decoder.problems);
        }
    }
    decoder.check_keys(&table, KEYS);
    if let Some(node) = needed(&mut decoder, &table, "slo", end..end, ANEW) {
        let written_by = decoder.string("slo", node).map(|text| text.value);
        baseline.written_by = written_by.unwrap_or_default();
    }
    if let Some(node) = needed(&mut decoder, &table, "findings", end..end, ANEW) {
        match node.get_ref() {
            DeValue::Array(elements) => {
                let read = |node| entry(&mut decoder, node);
                baseline.entries = elements.iter().filter_map(read).collect();
            }
            _ => drop(decoder.expected::<()>("`findings`", "an array of tables", node)),
        }
    }
    decoder.problems.sort_by_key(|problem| problem.span);
    (baseline, decoder.problems)
}

fn entry(decoder: &mut Decoder, node: &Node<'_>) -> Option<Entry> {
    let table = decoder.table(ENTRY, node)?;
    decoder.check_keys(&table, ENTRY_KEYS);
    let place = node.span();
    let mut text = |name: &str| {
        // Behind a key that is misspelled, so that the key is named first.
        let end = place.end.saturating_sub(1)..place.end;
        let node = needed(decoder, &table, name, end, "delete the line")?;
        decoder.string(name, node).map(|text| text.value)
    };
    let (path, rule, message) = (text("path"), text("rule"), text("message"));
    let mut text = |name: &str| {
        let node = table.get(name)?;
        decoder.string(name, node).map(|text| text.value)
    };
    let (object, at) = (text("object"), text("at"));
    let count = match table.get("count") {
        Some(node) => decoder.integer("count", node, 1..=u32::MAX),
        None => Some(1),
    };
    let key = Key { path: path?, object, at, rule: rule?, message: message? };
    Some(Entry { key, count: count?, span: decoder.span(place) })
}

/// Returns the value of a key that has to be there.
///
/// * `place`: where to say that it is not.
/// * `hint`: what to do then.
fn needed<'n, 't>(
    decoder: &mut Decoder,
    table: &Table<'n, 't>,
    name: &str,
    place: Range<usize>,
    hint: &str,
) -> Option<&'n Node<'t>> {
    let found = table.get(name);
    if found.is_none() {
        let message = format!("{} lacks `{name}`", table.name);
        decoder.problem(place, message, Some(hint.to_owned()));
    }
    found
}

#[cfg(test)]
mod tests;
