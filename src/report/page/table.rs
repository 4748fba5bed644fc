//! Tables of a page: columns that align, cells that wrap where there is no room.

use pulldown_cmark::Alignment;

use crate::report::Style;
use crate::report::paint::Ink;
use crate::report::paint::paint;

use super::flow;
use super::flow::Line;
use super::flow::Piece;

/// What stands between two columns.
const GAP: &str = "   ";

/// The width below which no column shrinks while another one can.
const NARROW: usize = 12;

/// Draws a table in at most `room` columns, its head over a line.
pub(super) fn draw(
    alignments: &[Alignment],
    rows: &[Vec<Vec<Piece>>],
    room: usize,
    style: &Style,
) -> Vec<String> {
    let widths = widths(rows, alignments.len(), room);
    let mut lines = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<Vec<Line>> =
            row.iter().zip(&widths).map(|(cell, width)| flow::lines(cell, *width)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            let columns = cells.iter().zip(&widths).zip(alignments);
            let parts = columns
                .map(|((cell, width), alignment)| aligned(cell.get(at), *width, *alignment, style));
            let line = parts.collect::<Vec<_>>().join(GAP);
            lines.push(line.trim_end().to_owned());
        }
        if number == 0 {
            let dash = if style.unicode { "─" } else { "-" };
            let rules: Vec<String> =
                widths.iter().map(|width| paint(style, Ink::Faint, &dash.repeat(*width))).collect();
            lines.push(rules.join(GAP));
        }
    }
    lines
}

/// Returns how wide each column is: as wide as its widest cell where there is room for all.
fn widths(rows: &[Vec<Vec<Piece>>], columns: usize, room: usize) -> Vec<usize> {
    let mut widths = vec![1; columns];
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = flow::width(cell).max(*widest);
        }
    }
    let room = room.saturating_sub(GAP.len() * columns.saturating_sub(1));
    for least in [NARROW, 2] {
        while widths.iter().sum::<usize>() > room {
            let widest = widths.iter_mut().max_by_key(|width| **width);
            let Some(width) = widest.filter(|width| **width > least) else { break };
            *width -= 1;
        }
    }
    widths
}

fn aligned(line: Option<&Line>, width: usize, alignment: Alignment, style: &Style) -> String {
    let (text, used) = line.map_or((String::new(), 0), |line| (line.painted(style), line.width()));
    let free = width.saturating_sub(used);
    let before = match alignment {
        Alignment::Right => free,
        Alignment::Center => free / 2,
        Alignment::Left | Alignment::None => 0,
    };
    format!("{}{text}{}", " ".repeat(before), " ".repeat(free - before))
}
