//! Rules in aligned columns, family by family.
//!
//! On a narrow terminal columns go from the right: first what a rule reports, then its set, then who
//! set its level. A name is never cut; paths stand one below the other, so that each can be copied.

use std::borrow::Cow;

use crate::config::LevelSetting;
use crate::finding::Level;
use crate::report::Style;
use crate::report::escape::line;
use crate::report::layout::counted;
use crate::report::layout::cut;
use crate::report::layout::pad_end;
use crate::report::layout::width;
use crate::report::layout::wrap;
use crate::report::paint::Ink;
use crate::report::paint::paint;
use crate::rules::FORMATS;

use super::EntryRow;
use super::Place;
use super::RuleCard;
use super::RuleRow;
use super::Setter;

/// What stands before the name of a rule, in columns.
const MARGIN: usize = 2;

/// What stands before the paths of an entry, in columns.
const INNER_MARGIN: usize = 4;

/// What stands between two columns, in columns.
const GAP: usize = 2;

/// The width of the longest level.
const LEVEL: usize = "warning".len();

/// The width of the longest set.
const SET: usize = "recommended".len();

/// The fewest columns in which it is shown who set a level.
const MIN_SETTER: usize = 8;

/// The fewest columns in which it is shown what a rule reports: most sentences are whole there.
const MIN_SUMMARY: usize = 60;

/// How wide each column is; 0 for one that is not shown.
struct Columns {
    name: usize,
    formats: usize,
    setter: usize,
    set: usize,
    summary: usize,
}

/// A cell and its ink.
type Cell<'a> = (&'a str, Option<Ink>);

impl Columns {
    fn of(rules: &[RuleRow], style: &Style) -> Self {
        let widest = |width: &dyn Fn(&RuleRow) -> usize| rules.iter().map(width).max().unwrap_or(0);
        let name = widest(&|rule| width(rule.card.name));
        let mut room = style.width.saturating_sub(MARGIN + name + GAP + LEVEL);
        let mut take = |wanted: usize, least: usize| {
            let free = room.saturating_sub(GAP);
            let taken = if free >= least { wanted.min(free) } else { 0 };
            room = if taken > 0 { free - taken } else { 0 };
            taken
        };
        let formats = take(FORMATS.len(), FORMATS.len());
        let setter = take(widest(&|rule| widest_setter(rule)).max("set by".len()), MIN_SETTER);
        let set = take(SET, SET);
        let summary = take(usize::MAX, MIN_SUMMARY);
        Self { name, formats, setter, set, summary }
    }

    /// Returns the lines of one row.
    fn row(&self, margin: usize, cells: [Cell<'_>; 6], style: &Style) -> Vec<String> {
        let name = (MARGIN + self.name).saturating_sub(margin);
        let widths = [name, LEVEL, self.formats, self.setter, self.set, self.summary];
        let columns: Vec<(Vec<String>, usize, Option<Ink>)> = cells
            .into_iter()
            .zip(widths)
            .filter(|(_, width)| *width > 0)
            .map(|((text, ink), width)| (wrap(text, width, width), width, ink))
            .collect();
        let height = columns.iter().map(|(lines, ..)| lines.len()).max().unwrap_or(0);
        let line = |at: usize| {
            let parts = columns.iter().map(|(lines, width, ink)| {
                let text = lines.get(at).map(String::as_str).unwrap_or_default();
                let padding = pad_end(text, *width).split_off(text.len());
                let painted = ink.map_or_else(|| text.to_owned(), |ink| paint(style, ink, text));
                format!("{painted}{padding}")
            });
            let parts: Vec<String> = parts.collect();
            format!("{}{}", " ".repeat(margin), parts.join(&" ".repeat(GAP)))
        };
        (0..height).map(line).collect()
    }
}

/// Returns rules with their levels and who set them, and how many are on.
pub(super) fn list(rules: &[RuleRow], style: &Style) -> Vec<String> {
    let columns = Columns::of(rules, style);
    let faint = Some(Ink::Faint);
    let head = ["rule", "level", "formats", "set by", "set", "reports"].map(|name| (name, faint));
    let mut lines = columns.row(MARGIN, head, style);
    for family in rules.chunk_by(|one, next| one.card.family == next.card.family) {
        lines.push(String::new());
        let name = family.first().map_or("", |rule| rule.card.family);
        lines.push(paint(style, Ink::Strong, name));
        for rule in family {
            lines.extend(rule_rows(rule, &columns, style));
        }
    }
    let on = rules.iter().filter(|rule| rule.is_on).count();
    let verb = if on == 1 { "is" } else { "are" };
    lines.push(String::new());
    if columns.formats > 0 {
        let name = |name| if name == "slo" { "error budget policies" } else { name };
        let legend =
            FORMATS.map(|(format, letter)| format!("{letter} {}", name(format))).join(", ");
        let legend = wrap(&format!("formats: {legend}"), style.width, style.width);
        lines.extend(legend.iter().map(|part| paint(style, Ink::Faint, part)));
    }
    lines.push(format!("{on} of {} {verb} on", counted(rules.len(), "rule")));
    lines
}

/// Returns a letter for each format that is among some, and a dot for each other.
fn letters(formats: &[&str]) -> String {
    let letter = |(name, letter)| if formats.contains(&name) { letter } else { '·' };
    FORMATS.into_iter().map(letter).collect()
}

/// Returns the row of a rule, and one for each entry that holds on some paths alone.
fn rule_rows(rule: &RuleRow, columns: &Columns, style: &Style) -> Vec<String> {
    let faint = (!rule.is_on).then_some(Ink::Faint);
    let setter = setter(&rule.set_by);
    let summary = cut(&line(rule.card.summary), columns.summary);
    let formats = letters(&rule.card.formats);
    let (level, ink) = level_of(rule.level);
    let cells = [
        (rule.card.name, faint),
        (level, Some(ink)),
        (&formats, faint),
        (&setter, faint),
        (rule.card.set, faint),
        (&summary, faint),
    ];
    let mut lines = columns.row(MARGIN, cells, style);
    for entry in rule.entries.iter().filter(|entry| !entry.paths.is_empty()) {
        lines.extend(entry_rows(entry, faint, columns, style));
    }
    lines
}

/// Returns the rows of an entry that holds on some paths alone, a path on each; none where it gives no
/// level.
fn entry_rows(entry: &EntryRow, ink: Option<Ink>, columns: &Columns, style: &Style) -> Vec<String> {
    let Some(level) = entry.level else { return Vec::new() };
    let (level, level_ink) = match level {
        LevelSetting::Off => level_of(None),
        LevelSetting::At(level) => level_of(Some(level)),
    };
    let place = place(&entry.place);
    let row = |path: &str| {
        let none = ("", None);
        let cells = [(path, ink), (level, Some(level_ink)), none, (&place, ink), none, none];
        columns.row(INNER_MARGIN, cells, style)
    };
    let room = style.width.saturating_sub(INNER_MARGIN);
    let alone = |path: &str| {
        let lines = wrap(path, room, room).into_iter();
        let painted =
            |line: String| ink.map_or_else(|| line.clone(), |ink| paint(style, ink, &line));
        lines
            .map(|line| format!("{}{}", " ".repeat(INNER_MARGIN), painted(line)))
            .collect::<Vec<_>>()
    };
    let mut paths = entry.paths.iter().map(|path| line(path)).peekable();
    let fits = |path: &Cow<'_, str>| width(path) + INNER_MARGIN <= columns.name + MARGIN;
    let beside = paths.next_if(fits);
    let mut lines = beside.as_deref().map(row).unwrap_or_default();
    lines.extend(paths.flat_map(|path| alone(&path)));
    if beside.is_none() {
        lines.extend(row(""));
    }
    lines
}

/// Returns the rules of a family, each with what it reports.
pub(super) fn overview(family: &str, rules: &[RuleCard], style: &Style) -> Vec<String> {
    let names = rules.iter().map(|rule| width(rule.name)).max().unwrap_or(0);
    let room = style.width.saturating_sub(INNER_MARGIN + MARGIN);
    let head = paint(style, Ink::Strong, family);
    let mut lines = vec![format!("{head}: {}", counted(rules.len(), "rule")), String::new()];
    for rule in rules {
        let level = pad_end(rule.level.name(), LEVEL);
        let level = paint(style, Ink::of(rule.level), &level);
        let name = paint(style, Ink::Strong, &pad_end(rule.name, names));
        lines.push(format!("  {name}  {level}  {}", rule.set));
        let summary = wrap(&line(rule.summary), room, room);
        lines.extend(summary.iter().map(|part| format!("      {part}")));
    }
    lines.push(String::new());
    lines.push(paint(style, Ink::Faint, "`slo explain RULE` explains one of them"));
    lines
}

fn level_of(level: Option<Level>) -> (&'static str, Ink) {
    level.map_or(("off", Ink::Faint), |level| (level.name(), Ink::of(level)))
}

fn widest_setter(rule: &RuleRow) -> usize {
    let entries = rule.entries.iter().filter(|entry| !entry.paths.is_empty());
    let entries = entries.map(|entry| width(&place(&entry.place)));
    entries.chain([width(&setter(&rule.set_by))]).max().unwrap_or(0)
}

/// Returns who set a level: a line of a file, an option, or nobody.
fn setter(setter: &Setter) -> String {
    match setter {
        Setter::Default => "default".to_owned(),
        Setter::Set(at) => format!("{} (set)", place(at)),
        Setter::SetOption(set) => format!("--set {set}"),
        Setter::Entry(at) => place(at),
        Setter::RuleOption => "--rule".to_owned(),
    }
}

fn place(place: &Place) -> String {
    format!("{}:{}", line(&place.path), place.line)
}
