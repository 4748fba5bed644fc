//! Findings of a page, drawn as `slo lint` draws them.
//!
//! On a page a finding is plain text that tests compare, written so that a change of look changes no
//! page. Here it is read back into a [`Finding`], with a file that holds the lines it shows, and
//! handed to the terminal's own drawing: what a page shows is what a run shows, at any width.

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::finding::Level;
use crate::report::Report;
use crate::report::Style;
use crate::report::terminal;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Sources;
use crate::source::Span;

/// Draws the findings of a block in `room` columns; nothing where the block is written otherwise.
///
/// * `rule`: the rule that reports them.
pub(super) fn draw(
    rule: &'static str,
    block: &str,
    room: usize,
    style: &Style,
) -> Option<Vec<String>> {
    let (sources, findings) = read(rule, block)?;
    let report = Report::of_findings(&sources, &findings, |_| String::new());
    let style = Style { width: room, ..*style };
    let mut text = Vec::new();
    terminal::examples(&report, &style, &mut text).ok()?;
    let text = String::from_utf8(text).ok()?;
    Some(text.trim_end().lines().map(str::to_owned).collect())
}

/// A finding as it is written.
#[derive(Debug)]
struct Written<'a> {
    level: Level,
    message: &'a str,
    path: &'a str,
    places: Vec<Place<'a>>,
    notes: Vec<&'a str>,
    help: Vec<&'a str>,
}

/// A line, and what is underlined in it, in characters.
#[derive(Debug)]
struct Place<'a> {
    path: &'a str,
    line: usize,
    text: &'a str,
    start: usize,
    length: usize,
    is_own: bool,
    label: &'a str,
}

/// The lines that are shown of each file, by their numbers.
type Files<'a> = BTreeMap<&'a str, BTreeMap<usize, &'a str>>;

/// Reads the findings of a block, and makes up files of the lines they show.
fn read(rule: &'static str, block: &str) -> Option<(Sources, Vec<Finding>)> {
    let mut written = Vec::new();
    let mut lines = block.lines().filter(|line| !line.is_empty()).peekable();
    while let Some(head) = lines.next() {
        let mut finding = head_of(rule, head, lines.next()?)?;
        let belongs =
            |line: &&str| line.starts_with(|first: char| first == ' ' || first.is_ascii_digit());
        while let Some(line) = lines.next_if(belongs) {
            read_line(line, &mut finding)?;
        }
        written.push(finding);
    }
    let mut files = Files::new();
    for finding in &written {
        for place in &finding.places {
            files.entry(place.path).or_default().insert(place.line, place.text);
        }
    }
    let mut sources = Sources::new();
    let ids: BTreeMap<&str, SourceId> = files
        .iter()
        .map(|(path, lines)| {
            let source = Source::from_text(*path, text_of(lines), Origin::Worktree);
            (*path, sources.add(source))
        })
        .collect();
    let findings = written.iter().map(|finding| finding_of(rule, finding, &files, &ids));
    Some((sources, findings.collect::<Option<_>>()?))
}

/// Reads `LEVEL[RULE]: MESSAGE`, and `--> PATH:LINE:COLUMN` below it.
fn head_of<'a>(rule: &str, head: &'a str, place: &'a str) -> Option<Written<'a>> {
    let (level, rest) = head.split_once('[')?;
    let level =
        [Level::Error, Level::Warning, Level::Info].into_iter().find(|one| one.name() == level)?;
    let message = rest.strip_prefix(rule)?.strip_prefix("]: ")?;
    let (path, _) = place.trim_start().strip_prefix("--> ")?.rsplit_once(':')?;
    let (path, _) = path.rsplit_once(':')?;
    Some(Written { level, message, path, places: vec![], notes: vec![], help: vec![] })
}

/// Reads a line below the head: of the file, of underlines, or of advice.
fn read_line<'a>(line: &'a str, finding: &mut Written<'a>) -> Option<()> {
    if let Some(advice) = line.trim_start().strip_prefix("= ") {
        match advice.split_once(": ")? {
            ("note", note) => finding.notes.push(note),
            ("help", help) => finding.help.push(help),
            _ => return None,
        }
        return Some(());
    }
    let (gutter, text) = line.split_once('|')?;
    let text = text.strip_prefix(' ').unwrap_or(text);
    if let Ok(line) = gutter.trim().parse() {
        let elsewhere = text.strip_prefix('(').and_then(|text| text.split_once(") "));
        let (path, text) = elsewhere.unwrap_or((finding.path, text));
        let is_own = false;
        let place = Place { path, line, text, start: 0, length: 0, is_own, label: "" };
        finding.places.push(place);
        return Some(());
    }
    let marks = text.trim_start();
    let Some(mark) = marks.chars().next() else { return Some(()) };
    let place = finding.places.last_mut()?;
    let shift = if place.path == finding.path { 0 } else { place.path.len() + "() ".len() };
    place.start = (text.len() - marks.len()).checked_sub(shift)?;
    let label = marks.trim_start_matches(mark);
    place.length = marks.len() - label.len();
    place.is_own = mark == '^';
    place.label = label.trim_start();
    Some(())
}

/// Returns a file in which lines stand where their numbers say.
fn text_of(lines: &BTreeMap<usize, &str>) -> String {
    let last = lines.keys().next_back().copied().unwrap_or(0);
    let line = |number| format!("{}\n", lines.get(&number).copied().unwrap_or_default());
    (1..=last).map(line).collect()
}

fn finding_of(
    rule: &'static str,
    written: &Written<'_>,
    files: &Files<'_>,
    ids: &BTreeMap<&str, SourceId>,
) -> Option<Finding> {
    let span = |place: &Place<'_>| {
        let lines = files.get(place.path)?;
        let before: usize =
            (1..place.line).map(|line| lines.get(&line).map_or(1, |text| text.len() + 1)).sum();
        let offset = |characters: usize| {
            let at = place.text.char_indices().nth(characters);
            before + at.map_or(place.text.len(), |(at, _)| at)
        };
        let end = offset(place.start + place.length);
        Some(Span::new(*ids.get(place.path)?, offset(place.start), end))
    };
    let own = written.places.iter().find(|place| place.is_own)?;
    let mut finding = Finding::new(rule, written.level, span(own)?, written.message.to_owned());
    let label = Some(own.label).filter(|label| !label.is_empty());
    finding.label = label.map(|label| label.to_owned().into());
    for place in written.places.iter().filter(|place| !place.is_own) {
        finding.also(span(place)?, place.label.to_owned());
    }
    for note in &written.notes {
        finding.note((*note).to_owned());
    }
    for help in &written.help {
        if let Some(title) = help.strip_suffix(" (unsafe fix)") {
            finding.unsafe_fix(title.to_owned(), Vec::new());
        } else if let Some(title) = help.strip_suffix(" (safe fix)") {
            finding.safe_fix(title.to_owned(), Vec::new());
        } else {
            finding.help((*help).to_owned());
        }
    }
    Some(finding)
}

#[cfg(test)]
mod tests;
