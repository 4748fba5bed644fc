//! Budgets, changes and the verdict as tables for a terminal.
//!
//! Numbers align on the decimal point. On a narrow terminal columns go from the right, the share
//! that is left last of all; a value never loses its unit. What is not known says so, in words.

use jiff::SignedDuration;
use jiff::Timestamp;

use crate::report::BudgetTable;
use crate::report::ChangeRow;
use crate::report::Outcome;
use crate::report::Style;
use crate::report::VerdictView;
use crate::report::escape::line;
use crate::report::layout::counted;
use crate::report::layout::pad_end;
use crate::report::layout::width;
use crate::report::layout::wrap;
use crate::report::paint::Ink;
use crate::report::paint::paint;
use crate::report::tally::elapsed;

mod budget;
mod number;

pub(super) use budget::burn_names;
pub(super) use number::day;
pub(super) use number::decimal;
pub(super) use number::share_left;

/// Returns the table of changes; what follows from each stands beside it, or below where there is
/// no room for all.
pub(super) fn changes(changes: &[ChangeRow], style: &Style) -> Vec<String> {
    let rows: Vec<[String; 4]> = changes
        .iter()
        .map(|change| {
            let at = change.line.map(|line| format!(":{line}")).unwrap_or_default();
            [
                format!("{}{at}", line(&change.path)),
                line(&change.slo).into_owned(),
                line(&change.kind).replace('-', " "),
                line(&change.drawn).into_owned(),
            ]
        })
        .collect();
    let widths = widths(&rows);
    let effects: Vec<_> = changes
        .iter()
        .map(|change| change.effect.as_deref().map(line).unwrap_or_default())
        .collect();
    let head = widths.iter().sum::<usize>() + 3 * widths.len();
    let beside = effects.iter().all(|effect| head + width(effect) <= style.width);
    let mut lines = Vec::new();
    for (effect, row) in effects.iter().zip(&rows) {
        let cells = row.iter().zip(&widths).map(|(cell, &columns)| pad_end(cell, columns));
        let head = cells.collect::<Vec<_>>().join("   ");
        if beside || effect.is_empty() {
            lines.push(format!("{head}   {effect}").trim_end().to_owned());
            continue;
        }
        lines.push(head.trim_end().to_owned());
        let room = style.width.saturating_sub(4);
        lines.extend(wrap(effect, room, room).iter().map(|part| format!("    {part}")));
    }
    lines
}

/// Returns the table of budgets and where its numbers come from.
///
/// * `warnings`: whether the warnings of the backends stand under it.
pub(super) fn budgets(table: &BudgetTable, style: &Style, warnings: bool) -> Vec<String> {
    let mut lines = budget::rows(table, style);
    lines.extend(budget::remarks(table, style, warnings));
    let mut parts = Vec::new();
    if let Some(at) = table.measured_at {
        parts.push(format!("measured {}", minute(at)));
    }
    if let Some(at) = stale(table) {
        parts.push(format!("data until {}", minute(at)));
    }
    if table.rows.iter().any(|row| row.estimated) {
        parts.push(format!("{} estimated", number::about(style.unicode)));
    }
    parts.extend(table.backends.iter().map(|name| line(name).into_owned()));
    if table.queries > 0 {
        let queries = counted(table.queries, "query").replace("querys", "queries");
        let time = table.elapsed.map(|time| format!(", {}", elapsed(time)));
        parts.push(format!("{queries}{}", time.unwrap_or_default()));
    }
    if !parts.is_empty() {
        lines.push(String::new());
        let parts = wrap(&parts.join(" · "), style.width, style.width);
        lines.extend(parts.iter().map(|part| paint(style, Ink::Faint, part)));
    }
    lines
}

/// Returns the time of the oldest newest measurement, where it is more than a few minutes old.
fn stale(table: &BudgetTable) -> Option<Timestamp> {
    const FRESH: SignedDuration = SignedDuration::from_mins(5);
    let oldest = table.rows.iter().filter_map(|row| row.observed_at).min()?;
    let age = table.measured_at?.duration_since(oldest);
    (age > FRESH).then_some(oldest)
}

/// Returns what the gate decided, the facts it rests on, and the ways on.
pub(super) fn verdict(verdict: &VerdictView, style: &Style) -> Vec<String> {
    let ink = match verdict.outcome {
        Outcome::Pass => Ink::Good,
        Outcome::Warn => Ink::Careful,
        Outcome::Block => Ink::Bad,
    };
    let outcome = verdict.outcome.words();
    let room = style.width.saturating_sub(outcome.len() + 2);
    let headline = wrap(&line(&verdict.headline), room, style.width - 2);
    let mut lines = vec![format!("{}: {}", paint(style, ink, outcome), headline.join("\n  "))];
    let facts = facts(verdict);
    if !facts.is_empty() {
        lines.push(String::new());
        lines.extend(columns(&facts, style));
    }
    if !verdict.ways_on.is_empty() {
        let ways: Vec<_> = verdict.ways_on.iter().map(|way| line(way)).collect();
        let ways = format!("ways on: {}", ways.join(" · "));
        lines.push(String::new());
        let room = style.width.saturating_sub(11);
        let parts = wrap(&ways, room + 9, room);
        lines.extend(parts.iter().enumerate().map(|(index, part)| {
            let indent = if index == 0 { 2 } else { 11 };
            format!("{}{part}", " ".repeat(indent))
        }));
    }
    lines
}

/// Returns the facts of a verdict: what it is about, the fact, what it rests on, where it is written.
fn facts(verdict: &VerdictView) -> Vec<[String; 4]> {
    let mut facts = Vec::new();
    for tier in &verdict.tiers {
        let since = tier.since.map(|since| format!("since {}", moment(since)));
        let place = tier.place.as_deref().map(line).unwrap_or_default().into_owned();
        let because = line(&tier.because).into_owned();
        facts.push([line(&tier.tier).into_owned(), since.unwrap_or_default(), because, place]);
        if tier.opens.is_some() || tier.opens_because.is_some() {
            let when = tier.opens.map(|opens| format!("about {}", moment(opens)));
            let why = tier.opens_because.as_deref().map(line).unwrap_or_default().into_owned();
            facts.push(["opens".into(), when.unwrap_or_default(), why, String::new()]);
        }
    }
    for exemption in &verdict.exemptions {
        let commits: Vec<_> = exemption.commits.iter().map(|commit| line(commit)).collect();
        facts.push([
            "exempt".into(),
            line(&exemption.class).into_owned(),
            format!("{}; {}", commits.join(", "), line(&exemption.because)),
            String::new(),
        ]);
    }
    for given in &verdict.overrides {
        let until = given.until.map(|until| format!(" until {}", moment(until)));
        let fact = format!("by {}{}", line(&given.by), until.unwrap_or_default());
        let (reason, path) = (line(&given.reason).into_owned(), line(&given.path).into_owned());
        facts.push(["overridden".into(), fact, reason, path]);
    }
    for note in &verdict.notes {
        let text = |text: &str| line(text).into_owned();
        facts.push([text(&note.label), text(&note.what), text(&note.why), String::new()]);
    }
    facts
}

/// Returns how wide each column is.
fn widths<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> [usize; COLUMNS] {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = width(cell).max(*widest);
        }
    }
    widths
}

/// Returns facts in columns; what a fact rests on wraps in its own column, or goes below.
fn columns(facts: &[[String; 4]], style: &Style) -> Vec<String> {
    let [label, fact, why, _] = widths(facts);
    let beside = 2 + label + 3 + fact + 4;
    let below = 2 + label + 3;
    let left = if beside + 30 <= style.width { beside } else { below };
    let room = style.width.saturating_sub(left).max(20);
    let mut lines = Vec::new();
    for [name, what, reason, place] in facts {
        let head = format!("  {}   {}", pad_end(name, label), pad_end(what, fact));
        let aligned = format!("{}    {place}", pad_end(reason, why));
        let texts = if place.is_empty() || width(&aligned) > room {
            let mut texts = wrap(reason, room, room);
            texts.extend((!place.is_empty()).then(|| place.clone()));
            texts
        } else {
            vec![aligned]
        };
        let mut texts = texts.into_iter();
        if left == beside {
            lines.push(format!("{head}    {}", texts.next().unwrap_or_default()));
        } else {
            let mut whats = wrap(what, room, room).into_iter();
            let first = whats.next().unwrap_or_default();
            lines.push(format!("  {}   {first}", pad_end(name, label)));
            lines.extend(whats.map(|what| format!("{}{what}", " ".repeat(left))));
        }
        lines.extend(texts.map(|text| format!("{}{text}", " ".repeat(left))));
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Returns `2026-11-22 09:00 UTC`.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Returns `Tue 2026-11-17 14:00 UTC`.
fn moment(at: Timestamp) -> String {
    at.strftime("%a %Y-%m-%d %H:%M UTC").to_string()
}
