//! Rules as JSON, described by `schemas/rules.json`.
//!
//! Within a version fields are added, never renamed or removed. A value that is not known is `null`,
//! never left out.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::config::LevelSetting;
use crate::finding::Level;
use crate::report::page;

use super::EntryRow;
use super::RuleCard;
use super::RuleRow;
use super::Setter;

/// The version of the document.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Cards<T> {
    version: u32,
    rules: Vec<T>,
}

#[derive(Serialize)]
struct Card<'a> {
    name: &'a str,
    family: &'a str,
    level: &'a str,
    set: &'a str,
    formats: &'a [&'a str],
    since: &'a str,
    summary: &'a str,
    settings: &'a [&'a str],
    docs: &'a str,
}

#[derive(Serialize)]
struct Page<'a> {
    #[serde(flatten)]
    card: Card<'a>,
    page: String,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    card: Card<'a>,
    on: bool,
    effective_level: Option<&'a str>,
    set_by: SetBy<'a>,
    entries: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct SetBy<'a> {
    kind: &'a str,
    path: Option<&'a str>,
    line: Option<usize>,
}

#[derive(Serialize)]
struct Entry<'a> {
    level: Option<&'a str>,
    paths: &'a [String],
    settings: &'a [String],
    path: &'a str,
    line: usize,
}

pub(super) fn list(rules: &[RuleRow], out: &mut dyn Write) -> io::Result<()> {
    write(&Cards { version: VERSION, rules: rules.iter().map(row).collect() }, out)
}

pub(super) fn page(card: &RuleCard, page: &str, out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'a> {
        version: u32,
        rule: Page<'a>,
    }
    write(&Document { version: VERSION, rule: page_of(card, page) }, out)
}

pub(super) fn pages(pages: &[(RuleCard, &str)], out: &mut dyn Write) -> io::Result<()> {
    let rules = pages.iter().map(|(card, page)| page_of(card, page)).collect();
    write(&Cards { version: VERSION, rules }, out)
}

fn write(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

fn page_of<'a>(card: &'a RuleCard, page: &str) -> Page<'a> {
    Page { card: card_of(card), page: page::markdown(page) }
}

fn card_of(card: &RuleCard) -> Card<'_> {
    Card {
        name: card.name,
        family: card.family,
        level: card.level.name(),
        set: card.set,
        formats: &card.formats,
        since: card.since,
        summary: card.summary,
        settings: &card.settings,
        docs: &card.docs,
    }
}

fn row(rule: &RuleRow) -> Row<'_> {
    Row {
        card: card_of(&rule.card),
        on: rule.is_on,
        effective_level: rule.level.map(Level::name),
        set_by: set_by(&rule.set_by),
        entries: rule.entries.iter().map(entry).collect(),
    }
}

fn set_by(setter: &Setter) -> SetBy<'_> {
    let (kind, place) = match setter {
        Setter::Default => ("default", None),
        Setter::Set(place) => ("set", Some(place)),
        Setter::SetOption(_) => ("set-option", None),
        Setter::Entry(place) => ("entry", Some(place)),
        Setter::RuleOption => ("rule-option", None),
    };
    SetBy {
        kind,
        path: place.map(|place| place.path.as_str()),
        line: place.map(|place| place.line),
    }
}

fn entry(entry: &EntryRow) -> Entry<'_> {
    let level = entry.level.map(|level| match level {
        LevelSetting::Off => "off",
        LevelSetting::At(level) => level.name(),
    });
    let EntryRow { paths, settings, place, .. } = entry;
    Entry { level, paths, settings, path: &place.path, line: place.line }
}
