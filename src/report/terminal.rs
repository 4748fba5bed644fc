//! Excerpts with carets, for people.
//!
//! A finding is drawn as the lines that its spans touch, each file in one frame, and under them what
//! each place has to do with it. Away from a terminal the same is written without color.
//!
//! **Invariant:** no byte of a file or a message reaches the terminal unless it is visible; see
//! [`crate::report::escape`].
//!
//! # Why
//!
//! `miette` draws the underlines and labels, and this module alone knows it (`caret`). It is given
//! a text that was made for it (`canvas`): only the lines to show, tabs expanded, active characters
//! escaped, long lines cut around the span. So it never meets what it draws badly. It counts the
//! column of its header in bytes, it prints one frame for each distant line, it sends escape
//! sequences of the source as they are, it shows every line of a long span, and it misplaces
//! underlines that overlap. Frame, header and line numbers are therefore written here.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::io::Write;

use crate::finding::Finding;
use crate::finding::Safety;
use crate::report::Report;
use crate::report::Style;
use crate::report::escape::line;
use crate::report::layout::counted;
use crate::report::layout::message;
use crate::report::layout::pad_start;
use crate::report::layout::wrap;
use crate::report::paint::Ink;
use crate::report::paint::paint;
use crate::report::place::Places;
use crate::report::table;
use crate::report::tally;
use crate::source::SourceId;

use canvas::Canvas;
use canvas::Mark;
use caret::Gutter;

mod canvas;
mod caret;

/// The fewest columns that are drawn for.
const MIN_WIDTH: usize = 40;

/// The same within a page, which has margins.
const MIN_EXAMPLE_WIDTH: usize = 30;

/// The most places beside its own that are drawn for a finding.
const MAX_LABELS: usize = 12;

/// The most findings of one rule that are drawn of one file; what follows is counted.
const MAX_ALIKE: usize = 100;

/// Writes a report for people: findings, changes, budgets, the verdict, one line of summary.
pub(super) fn render(report: &Report<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let style = &Style { width: style.width.max(MIN_WIDTH), ..*style };
    let places = Places::new(report);
    let mut explained = BTreeSet::new();
    let mut alike: BTreeMap<(SourceId, &str), usize> = BTreeMap::new();
    for finding in report.shown() {
        let count = alike.entry((finding.span.source, finding.rule)).or_default();
        *count += 1;
        if *count > MAX_ALIKE {
            continue;
        }
        heading(finding, style, out)?;
        excerpt(finding, report, &places, style, out)?;
        advice(finding, explained.insert(finding.rule), style, out)?;
        writeln!(out)?;
    }
    let many: Vec<String> =
        alike.iter().filter_map(|(at, count)| more(*at, *count, report)).collect();
    let mut blocks: Vec<Vec<String>> = vec![many];
    blocks.extend(report.changes.map(|changes| table::changes(changes, style)));
    // The notes of a verdict say what the backends warn of.
    let warnings = report.verdict.is_none();
    blocks.extend(report.budgets.map(|budgets| table::budgets(budgets, style, warnings)));
    blocks.extend(report.verdict.map(|verdict| table::verdict(verdict, style)));
    blocks.extend(report.summary.as_ref().map(|read| vec![tally::sentence(report, read, style)]));
    for (index, block) in blocks.iter().filter(|block| !block.is_empty()).enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        for line in block {
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

/// Returns how many findings of a rule in a file are not drawn, where there are any.
fn more(at: (SourceId, &str), count: usize, report: &Report<'_>) -> Option<String> {
    let (source, rule) = at;
    let left_out = count.checked_sub(MAX_ALIKE).filter(|&left_out| left_out > 0)?;
    let path = line(&report.sources.file(source).path);
    Some(format!("… and {} of {rule} in {path}", counted(left_out, "more finding")))
}

/// Writes findings within a page that explains their rule.
pub(super) fn examples(report: &Report<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let style = &Style { width: style.width.max(MIN_EXAMPLE_WIDTH), ..*style };
    let places = Places::new(report);
    for (index, finding) in report.shown().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        heading(finding, style, out)?;
        excerpt(finding, report, &places, style, out)?;
        advice(finding, false, style, out)?;
    }
    Ok(())
}

fn heading(finding: &Finding, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let name = format!("{}[{}]", finding.level.name(), finding.rule);
    let text = message(&finding.message);
    let text = line(&text);
    let first = style.width.saturating_sub(name.len() + 2);
    let mut lines = wrap(&text, first, style.width - 2).into_iter();
    let head = lines.next().unwrap_or_default();
    let painted = paint(style, Ink::of(finding.level), &name);
    writeln!(out, "{painted}: {}", paint(style, Ink::Strong, &head))?;
    for line in lines {
        writeln!(out, "  {}", paint(style, Ink::Strong, &line))?;
    }
    Ok(())
}

/// Returns the files of a finding with the places in them, the file of the finding first.
fn marks(finding: &Finding) -> Vec<(SourceId, Vec<Mark<'_>>)> {
    let primary = Mark { span: finding.span, label: finding.label.as_deref(), primary: true };
    let mut files = vec![(finding.span.source, vec![primary])];
    for label in finding.labels.iter().take(MAX_LABELS) {
        let mark = Mark { span: label.span, label: Some(&label.message), primary: false };
        match files.iter_mut().find(|(source, _)| *source == label.span.source) {
            Some((_, marks)) => marks.push(mark),
            None => files.push((label.span.source, vec![mark])),
        }
    }
    files
}

fn excerpt(
    finding: &Finding,
    report: &Report<'_>,
    places: &Places<'_>,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let files = marks(finding);
    let spans = files.iter().flat_map(|(_, marks)| marks.iter().map(|mark| mark.span));
    let digits = spans.map(|span| places.of(span).end.line.to_string().len()).max().unwrap_or(1);
    let room = style.width.saturating_sub(digits + 4);
    let (top, joint, bottom) =
        if style.unicode { ("╭─", "├─", "╰────") } else { (",-", "|-", "`----") };
    let bar = if style.unicode { '│' } else { '|' };
    let faint = |text: &str| paint(style, Ink::Faint, text);
    let margin = " ".repeat(digits + 2);
    for (index, (source, marks)) in files.iter().enumerate() {
        let place = places.of(marks.first().map_or(finding.span, |mark| mark.span));
        let corner = if index == 0 { top } else { joint };
        let (path, start) = (line(place.path), place.start);
        writeln!(
            out,
            "{margin}{}{path}:{}:{}{}",
            faint(&format!("{corner}[")),
            start.line,
            start.column,
            faint("]"),
        )?;
        let text = &report.sources.file(*source).text;
        if text.is_empty() {
            continue;
        }
        let canvas = Canvas::new(text, places.lines(*source), marks, room);
        for (gutter, text) in caret::draw(&canvas, finding.level, style) {
            let (number, edge) = match gutter {
                Gutter::Line(number) => (number.to_string(), bar),
                Gutter::Gap => (String::new(), if style.unicode { '⋮' } else { ':' }),
                Gutter::Under => (String::new(), if style.unicode { '·' } else { ':' }),
            };
            let number = pad_start(&number, digits);
            let drawn = format!("{} {text}", faint(&format!(" {number} {edge}")));
            writeln!(out, "{}", drawn.trim_end())?;
        }
    }
    writeln!(out, "{margin}{}", faint(bottom))
}

fn advice(finding: &Finding, explain: bool, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut say = |word: &str, text: &str| -> io::Result<()> {
        let room = style.width.saturating_sub(8);
        for (index, part) in wrap(&line(&message(text)), room, room).iter().enumerate() {
            let word = if index == 0 { format!("{word}: ") } else { " ".repeat(6) };
            writeln!(out, "  {}{part}", paint(style, Ink::Calm, &word))?;
        }
        Ok(())
    };
    if let Some(help) = &finding.help {
        say("help", help)?;
    }
    if let Some(fix) = &finding.fix {
        let safety = match fix.safety {
            Safety::Safe => "safe fix",
            Safety::Unsafe => "unsafe fix: it may change what is meant",
        };
        say("help", &format!("{} ({safety})", fix.title))?;
    }
    let left_out = finding.labels.len().saturating_sub(MAX_LABELS);
    if left_out > 0 {
        say("note", &format!("{} not shown", counted(left_out, "more place")))?;
    }
    for note in &finding.notes {
        say("note", note)?;
    }
    if explain {
        say("more", &format!("slo explain {}", finding.rule))?;
    }
    Ok(())
}
