//! What is known of each rule, and which of them are on: for people, and as JSON.
//!
//! **Invariant:** who set a level arrives as a value; nothing here chooses rules.

use std::io;
use std::io::Write;

use crate::config::LevelSetting;
use crate::finding::Level;
use crate::report::Style;

mod json;
mod rows;

/// What is known of a rule without its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCard {
    /// The rule's name.
    pub name: &'static str,
    /// The family that it belongs to.
    pub family: &'static str,
    /// The level of most of what it reports.
    pub level: Level,
    /// The smallest set that holds it.
    pub set: &'static str,
    /// The formats that it can speak of.
    pub formats: Vec<&'static str>,
    /// The version that brought it.
    pub since: &'static str,
    /// What it reports, one sentence.
    pub summary: &'static str,
    /// The names of its own settings in `slo.toml`.
    pub settings: Vec<&'static str>,
    /// The address of its page.
    pub docs: String,
}

/// A rule of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRow {
    /// The rule.
    pub card: RuleCard,
    /// Whether it runs at all, be it on some paths alone.
    pub is_on: bool,
    /// The level where no entry with paths says otherwise; nothing where it is off there.
    pub level: Option<Level>,
    /// Who set that level.
    pub set_by: Setter,
    /// What `slo.toml` says of it, in the order in which it is written.
    pub entries: Vec<EntryRow>,
}

/// Who set the level of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setter {
    /// Nobody: its set is held against the recommended one.
    Default,
    /// The set that `slo.toml` names.
    Set(Place),
    /// The set that the command line names.
    SetOption(&'static str),
    /// The rule's own entry in `slo.toml`.
    Entry(Place),
    /// The rules that the command line names.
    RuleOption,
}

/// An entry of `slo.toml` that speaks of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// The level, where it gives one.
    pub level: Option<LevelSetting>,
    /// Where it holds, as it is written; empty for everywhere.
    pub paths: Vec<String>,
    /// The names of the settings that it gives.
    pub settings: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

/// Lists rules with their levels and who set them, and counts those that are on.
///
/// # Errors
///
/// Only those of `out`.
pub fn list(rules: &[RuleRow], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    write(&rows::list(rules, style), out)
}

/// Lists the rules of a family, each with what it reports.
///
/// # Errors
///
/// Only those of `out`.
pub fn overview(
    family: &str,
    rules: &[RuleCard],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    write(&rows::overview(family, rules, style), out)
}

/// Writes rules with their levels and who set them as JSON, which `schemas/rules.json` describes.
///
/// # Errors
///
/// Only those of `out`.
pub fn list_json(rules: &[RuleRow], out: &mut dyn Write) -> io::Result<()> {
    json::list(rules, out)
}

/// Writes a rule and its page as JSON, which `schemas/rules.json` describes.
///
/// # Errors
///
/// Only those of `out`.
pub fn page_json(card: &RuleCard, page: &str, out: &mut dyn Write) -> io::Result<()> {
    json::page(card, page, out)
}

/// Writes several rules and their pages as JSON, which `schemas/rules.json` describes.
///
/// # Errors
///
/// Only those of `out`.
pub fn pages_json(pages: &[(RuleCard, &str)], out: &mut dyn Write) -> io::Result<()> {
    json::pages(pages, out)
}

fn write(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}
