//! The comment on a pull request, and the job summary: readable in ten seconds, details folded.
//!
//! Headline, table, what opens the gate, what the change does to the objectives, then findings and
//! charts, folded, then where all of it comes from.
//!
//! # Why
//!
//! A comment has a limit, and a repository may have thousands of SLOs. Each part may take a share of
//! what the parts before it left, and says how much it leaves out; the headline always stands.

use std::io;
use std::io::Write;

use crate::finding::Finding;
use crate::finding::Level;
use crate::report::ChangeRow;
use crate::report::Outcome;
use crate::report::Report;
use crate::report::Style;
use crate::report::escape::uri;
use crate::report::layout::counted;
use crate::report::place::Places;
use crate::report::tally;

use budget::table;
use budget::warnings;
use chart::charts;
pub(super) use escape::code;
use escape::escape;
pub(super) use escape::prose;
use reasons::reasons;

mod budget;
mod chart;
mod escape;
mod reasons;

/// How text that is shared with the terminal is drawn here.
const PLAIN: Style = Style { color: false, width: usize::MAX, unicode: true };

/// The most characters of a report that nobody has given a limit: a job summary takes a mebibyte, and a
/// character has at most four bytes.
const LONGEST: usize = 1024 * 1024 / 4;

/// Writes a report as Markdown, within the limit of its comment.
pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let marker = report.comment.marker.map(|marker| format!("{marker}\n")).unwrap_or_default();
    let head = format!("{marker}### {}\n", headline(report));
    let footer = footer(report);
    let limit = report.comment.limit.unwrap_or(LONGEST);
    let mut room = Room(limit.saturating_sub(length(&head) + length(&footer)));
    let mut body = String::new();
    if let Some(budgets) = report.budgets {
        body.push_str(&table(budgets, report, &mut room));
        if report.verdict.is_none() {
            body.push_str(&warnings(budgets, &mut room));
        }
    }
    if let Some(verdict) = report.verdict {
        body.push_str(&reasons(verdict, &mut room));
    }
    if let Some(changes) = report.changes {
        body.push_str(&changed(changes, report, &mut room));
    }
    body.push_str(&findings(report, &mut room));
    if let Some(budgets) = report.budgets {
        body.push_str(&charts(budgets, &mut room));
    }
    write!(out, "{head}{body}{footer}")
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// How many characters may still be written.
pub(super) struct Room(usize);

impl Room {
    /// Returns the lines that fit into a share of the room, and says how many do not.
    ///
    /// `share` is what part of the room may be taken: 2 for a half.
    fn take(&mut self, lines: Vec<String>, share: usize, more: &dyn Fn(usize) -> String) -> String {
        let last = length(&more(lines.len())) + 1;
        let mut room = (self.0 / share).saturating_sub(last);
        let count = lines.len();
        let mut taken = String::new();
        for (index, line) in lines.into_iter().enumerate() {
            let needed = length(&line) + 1;
            if needed > room {
                taken.push_str(&more(count - index));
                taken.push('\n');
                break;
            }
            room -= needed;
            taken.push_str(&line);
            taken.push('\n');
        }
        self.0 = self.0.saturating_sub(length(&taken));
        taken
    }

    /// Returns the text when it fits, else nothing.
    fn whole(&mut self, text: String) -> String {
        let needed = length(&text);
        if needed > self.0 {
            return String::new();
        }
        self.0 -= needed;
        text
    }
}

fn headline(report: &Report<'_>) -> String {
    if let Some(verdict) = report.verdict {
        let (mark, word) = match verdict.outcome {
            Outcome::Pass => ("✅", "Passed"),
            Outcome::Warn => ("⚠️", "Warning"),
            Outcome::Block => ("⛔", "Blocked"),
        };
        return format!("{mark} {word}: {}", prose(&verdict.headline));
    }
    let mark = if report.count(Level::Error) > 0 {
        "⛔ "
    } else if report.count(Level::Warning) > 0 {
        "⚠️ "
    } else {
        "✅ "
    };
    let counts = tally::counts(report, &PLAIN);
    match &report.summary {
        Some(read) => format!("{mark}{}", tally::found(report, read, &PLAIN)),
        None if !counts.is_empty() => format!("{mark}{counts}"),
        None if report.budgets.is_some() => "Error budgets".to_owned(),
        None if report.changes.is_some_and(<[_]>::is_empty) => {
            "No change to the objectives".to_owned()
        }
        None if report.changes.is_some() => "Changes to the objectives".to_owned(),
        None => format!("{mark}nothing to report"),
    }
}

/// Returns a place as code, linked where the comment knows an address; what is gone has none.
fn linked(path: &str, line: Option<usize>, is_gone: bool, report: &Report<'_>) -> String {
    let at = line.map(|line| format!(":{line}")).unwrap_or_default();
    let text = code(&format!("{path}{at}"));
    match report.comment.blob {
        Some(blob) if !is_gone => {
            let line = line.map(|line| format!("#L{line}")).unwrap_or_default();
            format!("[{text}]({blob}{}{line})", uri(path))
        }
        _ => text,
    }
}

fn changed(changes: &[ChangeRow], report: &Report<'_>, room: &mut Room) -> String {
    if changes.is_empty() {
        return String::new();
    }
    // Alone they stand below a headline that says so.
    let is_part = report.verdict.is_some() || report.budgets.is_some();
    let head = if is_part { "\n**This change to the objectives.**\n" } else { "" };
    let mut lines = vec![head.to_owned()];
    lines.extend(changes.iter().map(|change| {
        let place = linked(&change.path, change.line, change.is_gone, report);
        let effect = change.effect.as_deref().map(|effect| format!("<br>{}", prose(effect)));
        let mut what = escape(&change.kind.replace('-', " "));
        if !change.drawn.is_empty() {
            what = format!("{what}, {}", prose(&change.drawn));
        }
        format!("- {}: {what} ({place}){}", code(&change.slo), effect.unwrap_or_default())
    }));
    room.take(lines, 2, &|count| format!("- … and {}", counted(count, "more change")))
}

fn findings(report: &Report<'_>, room: &mut Room) -> String {
    let places = Places::new(report);
    let mut shown: Vec<&Finding> = report.shown().collect();
    if shown.is_empty() {
        return String::new();
    }
    shown.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let count = counted(shown.len(), "finding");
    let head = format!("\n<details><summary>{count}</summary>\n\n");
    let tail = "\n</details>\n";
    let lines = shown.iter().map(|finding| {
        let place = places.of(finding.span);
        let is_gone = report.sources.is_earlier(finding.span.source);
        let at = linked(place.path, Some(place.start.line), is_gone, report);
        let rule = format!("[{}]({})", code(finding.rule), (report.docs)(finding.rule));
        let help = finding.advice().map(|help| format!("<br>{}", prose(help))).unwrap_or_default();
        let (level, message) = (finding.level.name(), prose(&finding.message));
        format!("- **{level}** {rule} at {at}: {message}{help}")
    });
    let frame = length(&head) + length(tail);
    if room.0 < frame + 100 {
        return String::new();
    }
    room.0 -= frame;
    let lines = room.take(lines.collect(), 1, &|count| format!("- … and {count} more"));
    format!("{head}{lines}{tail}")
}

fn footer(report: &Report<'_>) -> String {
    let parts: Vec<String> = report.comment.footer.iter().map(|part| prose(part)).collect();
    if parts.is_empty() { String::new() } else { format!("\n<sub>{}</sub>\n", parts.join(" · ")) }
}
