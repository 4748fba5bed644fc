//! The targets of an SLO over time, as steps of a line.

use jiff::Timestamp;

use crate::quantity::Ratio;
use crate::report::Style;
use crate::report::escape::line;
use crate::report::layout::cut;
use crate::report::layout::pad_start;
use crate::report::layout::width;
use crate::report::paint::Ink;
use crate::report::paint::paint;

use super::History;
use super::Line;
use super::day;
use super::percent;

/// The most columns of a line: what is wider says no more.
const WIDEST: usize = 60;

/// The fewest columns in which a line says anything.
const NARROWEST: usize = 16;

/// The most levels that are drawn; more are told commit by commit alone.
const MOST_LEVELS: usize = 12;

/// Returns a plot for each objective whose target changed, and a line for each other one.
pub(super) fn lines(history: &History, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for Line { name, points } in &history.targets {
        let title = match name.as_str() {
            "" => "target".to_owned(),
            name => format!("target of {}", line(name)),
        };
        let Some((since, last)) = points.last() else { continue };
        let room = style.width.min(100);
        let drawn = if points.len() > 1 { plot(points, history.end, room, style) } else { None };
        lines.push(String::new());
        let title = match last {
            Some(_) => title,
            None => format!("{title}, until {}", day(*since)),
        };
        if let Some(plot) = drawn {
            lines.push(title);
            lines.extend(plot);
            continue;
        }
        let held = points.iter().rev().find_map(|(since, target)| Some((since, target.as_ref()?)));
        let Some((since, target)) = held else { continue };
        let text = if last.is_some() {
            let earlier = if history.is_cut { " or before" } else { "" };
            format!("{title} {} since {}{earlier}", percent(target), day(*since))
        } else {
            format!("{title} {}", percent(target))
        };
        lines.push(cut(&text, style.width));
    }
    lines
}

/// Returns the steps of one line; nothing where there is no room for it, or there are too many levels.
fn plot(
    points: &[(Timestamp, Option<Ratio>)],
    end: Timestamp,
    room: usize,
    style: &Style,
) -> Option<Vec<String>> {
    let mut levels: Vec<&Ratio> = points.iter().filter_map(|(_, target)| target.as_ref()).collect();
    levels.sort();
    levels.dedup();
    levels.reverse();
    let labels: Vec<String> = levels.iter().map(|level| percent(level)).collect();
    let margin = labels.iter().map(|label| width(label)).max().unwrap_or(0);
    let columns = room.saturating_sub(margin + 5).min(WIDEST);
    if columns < NARROWEST || levels.len() > MOST_LEVELS {
        return None;
    }
    let start = points.first()?.0;
    let marks: Vec<Option<usize>> =
        (0..columns).map(|column| held(points, &levels, start, end, column, columns)).collect();
    let (flat, rise, fall, bar, axis) =
        if style.unicode { ("─", "╯", "╰", "│", "┤") } else { ("-", "'", "`", "|", "|") };
    let (above, below) = if style.unicode { ("╭", "╮") } else { (".", ".") };
    let mut lines = Vec::new();
    for (row, label) in labels.iter().enumerate() {
        let mut text = String::new();
        for column in 0..columns {
            let (here, before) = (marks.get(column)?, marks.get(column.max(1) - 1)?);
            let piece = match (*before, *here) {
                // It begins here, or goes on.
                (before, Some(here)) if here == row && before.is_none_or(|old| old == row) => flat,
                // It arrives here: from below it turns right at the top, from above at the bottom.
                (Some(before), Some(here)) if here == row => {
                    if before > here {
                        above
                    } else {
                        fall
                    }
                }
                (Some(before), Some(here)) if before == row => {
                    if here < before {
                        rise
                    } else {
                        below
                    }
                }
                (Some(before), Some(here)) if row > here.min(before) && row < here.max(before) => {
                    bar
                }
                _ => " ",
            };
            text.push_str(piece);
        }
        let label = pad_start(label, margin);
        lines.push(format!(
            "  {label} {}{}",
            paint(style, Ink::Faint, axis),
            paint(style, Ink::Code, text.trim_end())
        ));
    }
    let (from, to) = (day(start).to_string(), day(end).to_string());
    let gap = columns.saturating_sub(width(&from) + width(&to)).max(1);
    let days = format!("{}{from}{}{to}", " ".repeat(margin + 4), " ".repeat(gap));
    lines.push(paint(style, Ink::Faint, &days));
    Some(lines)
}

/// Returns the row of the target that held at the end of a column's share of the time; nothing where there was none.
fn held(
    points: &[(Timestamp, Option<Ratio>)],
    levels: &[&Ratio],
    start: Timestamp,
    end: Timestamp,
    column: usize,
    columns: usize,
) -> Option<usize> {
    let span = end.as_second().saturating_sub(start.as_second()).max(1);
    let part = |column: usize| {
        let share = i64::try_from(column).unwrap_or(0);
        let whole = i64::try_from(columns).unwrap_or(1);
        start.as_second().saturating_add(span.saturating_mul(share) / whole)
    };
    let until = part(column + 1);
    // The last column shows what holds at the end.
    let is_last = column + 1 == columns;
    let mut held = points.iter().take_while(|(at, _)| is_last || at.as_second() < until);
    let mut target = points.first().and_then(|(_, target)| target.as_ref());
    for (_, next) in held.by_ref() {
        target = next.as_ref();
    }
    levels.iter().position(|level| Some(*level) == target)
}
