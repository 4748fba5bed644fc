//! How one SLO changed: for people, for a wiki, and as JSON.
//!
//! **Invariant:** what changed arrives as rows; nothing here reads a commit.

use std::io;
use std::io::Write;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::quantity::Ratio;
use crate::report::ChangeRow;
use crate::report::Style;
use crate::report::escape::line;
use crate::report::layout::cut;
use crate::report::layout::pad_end;
use crate::report::layout::width;
use crate::report::layout::wrap;
use crate::report::paint::Ink;
use crate::report::paint::paint;

mod json;
mod markdown;
mod plot;

pub use json::json;
pub use markdown::markdown;
pub use markdown::markdown_blame;

/// The past of an SLO.
#[derive(Clone, Debug)]
pub struct History {
    /// Its name at the end.
    pub slo: String,
    /// Its service at the end.
    pub service: Option<String>,
    /// What changed it, newest first.
    pub steps: Vec<Step>,
    /// The targets of its objectives over time; the newest objectives come first.
    pub targets: Vec<Line>,
    /// The instant of the last commit that was looked at.
    pub end: Timestamp,
    /// Whether older commits are not at hand.
    pub is_cut: bool,
}

/// A commit that changed an SLO.
#[derive(Clone, Debug)]
pub struct Step {
    /// The full object id.
    pub commit: String,
    /// The object id as people write it.
    pub short: String,
    /// When it came to the branch.
    pub at: Timestamp,
    /// Who wrote it.
    pub author: String,
    /// Their mail address.
    pub mail: String,
    /// The first line of its message.
    pub subject: String,
    /// The merge that brought it, where one did.
    pub merge: Option<String>,
    /// The trailers that say why, and who agreed: key and value.
    pub trailers: Vec<(String, String)>,
    /// What the SLO was called from then on.
    pub name: String,
    /// The short object id of the commit from which on it could not be read, until this one.
    pub unreadable_since: Option<String>,
    /// What changed.
    pub changes: Vec<ChangeRow>,
}

/// The targets of one objective over time.
#[derive(Clone, Debug)]
pub struct Line {
    /// The name of the objective, or its position; the only one has none.
    pub name: String,
    /// Each target with the instant since which it held, oldest first; none where the objective was not there, or
    /// its target could not be read.
    pub points: Vec<(Timestamp, Option<Ratio>)>,
}

/// Returns the day of an instant, in UTC.
fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Returns a target as people write it.
fn percent(target: &Ratio) -> String {
    format!("{} %", target.percent())
}

/// Returns what changed, in a few words.
fn words(change: &ChangeRow, step: &Step) -> String {
    // Whose past it is stands above all.
    let rest = change.slo.strip_prefix(&step.name).unwrap_or_default();
    let rest = rest.trim_start_matches(['#', ' ']);
    let subject = if rest.is_empty() { String::new() } else { format!(" ({rest})") };
    let kind = change.kind.strip_prefix("slo-").unwrap_or(&change.kind).replace('-', " ");
    let drawn = if change.drawn.is_empty() { String::new() } else { format!(": {}", change.drawn) };
    format!("{kind}{subject}{drawn}")
}

/// Draws the past of an SLO for a terminal.
///
/// # Errors
///
/// Only those of `out`.
pub fn draw(history: &History, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = head(history, style);
    lines.extend(plot::lines(history, style));
    for step in &history.steps {
        lines.push(String::new());
        lines.extend(step_lines(step, style));
    }
    write(&lines, out)
}

/// Draws for a terminal which commit made each part of an SLO what it is.
///
/// # Errors
///
/// Only those of `out`.
pub fn blame(history: &History, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let row = |part: Part<'_>| {
        let step = part.step;
        let (commit, author) = (line(&step.short).into_owned(), line(&step.author).into_owned());
        [commit, day(step.at).to_string(), author, part.name, line(part.value).into_owned()]
    };
    let rows: Vec<[String; 5]> = parts(history).into_iter().map(row).collect();
    let mut lines = head(history, style);
    lines.push(String::new());
    let widths = [0, 1, 2, 3].map(|at| {
        rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell)).max().unwrap_or(0)
    });
    for [commit, day, author, part, value] in &rows {
        let cells = [commit, day, author, part].into_iter().zip(widths);
        let cells: Vec<String> = cells.map(|(cell, columns)| pad_end(cell, columns)).collect();
        lines.push(cut(format!("{}  {value}", cells.join("  ")).trim_end(), style.width));
    }
    write(&lines, out)
}

/// A part of an SLO, and the commit that made it what it is.
struct Part<'a> {
    step: &'a Step,
    name: String,
    value: &'a str,
}

/// Returns the parts that an SLO has at the end.
fn parts(history: &History) -> Vec<Part<'_>> {
    let (mut seen, mut found): (Vec<String>, Vec<Part<'_>>) = (Vec::new(), Vec::new());
    for step in &history.steps {
        for change in &step.changes {
            let name = part(change);
            if seen.contains(&name) {
                continue;
            }
            seen.push(name.clone());
            // What was removed is no part any more.
            if !change.kind.ends_with("-removed") {
                found.push(Part { step, name, value: value(change) });
            }
        }
    }
    found
}

/// Returns what a part is since a change.
fn value(change: &ChangeRow) -> &str {
    match (&change.after, change.drawn.rsplit_once(" → ")) {
        (None, _) => "",
        (Some(_), Some((_, after))) => after,
        (Some(_), None) => &change.drawn,
    }
}

/// Returns which part of an SLO a change is about.
fn part(change: &ChangeRow) -> String {
    let kind = match change.kind.as_str() {
        "slo-added" => "the rest",
        "slo-renamed" => "name",
        "slo-moved" => "file",
        kind => kind.split('-').next().unwrap_or(kind),
    };
    let rest = change.slo.split_once(['#', ' ']).map(|(_, rest)| rest);
    match rest {
        Some(rest) => format!("{kind} {}", line(rest)),
        None => kind.to_owned(),
    }
}

fn head(history: &History, style: &Style) -> Vec<String> {
    let name = line(&history.slo).into_owned();
    let service = history.service.as_deref().map(|service| format!(" of {}", line(service)));
    vec![format!("{}{}", paint(style, Ink::Strong, &name), service.unwrap_or_default())]
}

fn step_lines(step: &Step, style: &Style) -> Vec<String> {
    let author = line(&step.author);
    let merge = step.merge.as_ref().map(|merge| format!(", merged by {merge}"));
    let facts = format!("{author}{}", merge.unwrap_or_default());
    let mut lines =
        vec![
            format!("{}  {}  {facts}", day(step.at), paint(style, Ink::Code, &line(&step.short)),),
        ];
    let room = style.width.saturating_sub(4);
    lines.push(format!("    {}", paint(style, Ink::Faint, &cut(&line(&step.subject), room))));
    for (key, value) in &step.trailers {
        let text = format!("{}: {}", line(key), line(value));
        let text = wrap(&text, room, room.saturating_sub(2));
        let indents = std::iter::once("    ").chain(std::iter::repeat("      "));
        let text = text.iter().zip(indents);
        lines.extend(
            text.map(|(text, indent)| format!("{indent}{}", paint(style, Ink::Faint, text))),
        );
    }
    if let Some(commit) = &step.unreadable_since {
        let text = format!("it could not be read from {} on", line(commit));
        lines.push(format!("    {}", paint(style, Ink::Faint, &text)));
    }
    let mut told = None;
    for change in &step.changes {
        let text = wrap(&line(&words(change, step)), room, room.saturating_sub(2));
        let indents = std::iter::once("    ").chain(std::iter::repeat("      "));
        lines.extend(text.iter().zip(indents).map(|(text, indent)| format!("{indent}{text}")));
        // A target and a window that change together have one budget.
        if let Some(effect) = change.effect.as_ref().filter(|effect| told != Some(*effect)) {
            let text = cut(&line(effect), style.width.saturating_sub(6));
            lines.push(format!("      {}", paint(style, Ink::Faint, &text)));
            told = Some(effect);
        }
    }
    lines
}

fn write(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    for line in lines {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
