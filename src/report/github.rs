//! Workflow commands: annotations on the lines of a pull request, without a token.
//!
//! # Why
//!
//! A runner keeps ten errors, ten warnings and ten notices of a step and drops the rest without a
//! word. So the tenth of each says how many more there are.
//!
//! # Source
//!
//! GitHub Docs, "Workflow commands for GitHub Actions"; the escapes are those of the `actions/toolkit`
//! command writer.

use std::io;
use std::io::Write;

use crate::finding::Finding;
use crate::finding::Level;
use crate::report::Outcome;
use crate::report::Report;
use crate::report::escape;
use crate::report::layout::counted;
use crate::report::layout::message;
use crate::report::place::Places;

/// How many annotations of one kind a step may have.
const PER_KIND: usize = 10;

/// Writes a report as workflow commands, errors first.
pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(report);
    let verdict = report.verdict.filter(|verdict| verdict.outcome != Outcome::Pass);
    for level in [Level::Error, Level::Warning, Level::Info] {
        let mut room = PER_KIND;
        if let Some(verdict) = verdict.filter(|verdict| level_of(verdict.outcome) == level) {
            let text = format!("{}: {}", verdict.outcome.words(), verdict.headline);
            writeln!(out, "::{} title=slo gate::{}", command(level), data(&text))?;
            room -= 1;
        }
        let findings: Vec<_> = report.shown().filter(|finding| finding.level == level).collect();
        let more = findings.len().saturating_sub(room);
        for (index, finding) in findings.iter().take(room).enumerate() {
            let more = if index + 1 == room { more } else { 0 };
            annotate(finding, more, &places, out)?;
        }
    }
    Ok(())
}

fn level_of(outcome: Outcome) -> Level {
    match outcome {
        Outcome::Block => Level::Error,
        Outcome::Warn => Level::Warning,
        Outcome::Pass => Level::Info,
    }
}

fn command(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "notice",
    }
}

fn annotate(
    finding: &Finding,
    more: usize,
    places: &Places<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let place = places.of(finding.span);
    let (start, end) = (place.start, place.end);
    // Columns mean something to GitHub only where a span stays on its line.
    let columns = if start.line == end.line {
        format!(",col={},endColumn={}", start.column, end.column.max(start.column))
    } else {
        String::new()
    };
    let mut text = message(&finding.message).into_owned();
    if let Some(advice) = finding.advice() {
        text.push_str("\nhelp: ");
        text.push_str(&message(advice));
    }
    if more > 0 {
        text.push_str("\n… and ");
        text.push_str(&counted(more, &format!("more {}", finding.level.name())));
    }
    writeln!(
        out,
        "::{} file={},line={},endLine={}{columns},title={}::{}",
        command(finding.level),
        property(place.path),
        start.line,
        end.line,
        property(finding.rule),
        data(&text),
    )
}

/// Escapes the text of a command; line ends stay line ends, what else is active is shown.
fn data(text: &str) -> String {
    let lines: Vec<_> = escape::lines(text).collect();
    lines.join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
