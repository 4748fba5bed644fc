//! The lines of one file that a finding touches, made fit to be drawn.
//!
//! Every line is shown as it would look, in as many columns as there are: tabs are expanded, active
//! characters escaped, and a line that is too wide is cut around what is marked on it. Marks are
//! carried over from bytes of the file to bytes of what is shown.
//!
//! **Invariant:** marks on one row never overlap, and at most one mark spans several rows.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::report::escape;
use crate::report::layout::char_width;
use crate::report::layout::message;
use crate::report::layout::width;
use crate::report::layout::wrap;
use crate::source::LineIndex;
use crate::source::Span;
use crate::text::is_active;

/// How far apart tab stops are, in columns.
const TAB: usize = 4;

/// A span of many lines is shown whole up to this many lines.
const WHOLE: usize = 4;

/// The fewest columns in which a label is wrapped.
const LABEL: usize = 24;

/// What the gutter of a span over several lines takes, in columns.
const BRACKET: usize = 4;

/// A place to point at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark<'a> {
    /// The place.
    pub(super) span: Span,
    /// What it has to do with the finding.
    pub(super) label: Option<&'a str>,
    /// Whether it is the place of the finding itself.
    pub(super) primary: bool,
}

/// A mark on the canvas.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    /// The bytes of [`Canvas::text`] that are pointed at.
    pub(super) range: Range<usize>,
    /// Lines that say why.
    pub(super) label: Option<String>,
    /// Whether it is the place of the finding itself.
    pub(super) primary: bool,
}

/// The lines to show, and what to point at in them.
#[derive(Clone, Debug, Default)]
pub(super) struct Canvas {
    /// The rows, each ended by a line feed.
    pub(super) text: String,
    /// For each row the number of its line, or nothing where lines are left out.
    pub(super) rows: Vec<Option<usize>>,
    /// What to point at, by where it starts.
    pub(super) marks: Vec<Drawn>,
}

/// A mark as a range of bytes within lines.
#[derive(Clone, Copy, Debug)]
struct Located<'a> {
    first: usize,
    last: usize,
    start: usize,
    end: usize,
    mark: Mark<'a>,
}

impl Canvas {
    /// Draws the lines of `text` that `marks` touch in `room` columns.
    pub(super) fn new(text: &str, lines: &LineIndex<'_>, marks: &[Mark<'_>], room: usize) -> Self {
        let located: Vec<_> = marks.iter().map(|mark| locate(text, lines, *mark)).collect();
        let wide = |(_, mark): &(usize, &Located<'_>)| mark.last > mark.first;
        let bracket = located.iter().enumerate().filter(wide);
        let bracket = bracket.max_by_key(|(_, mark)| mark.mark.primary).map(|(index, _)| index);
        let across = bracket.and_then(|index| located.get(index)).copied();
        let mut touched: BTreeMap<usize, Vec<Located<'_>>> = BTreeMap::new();
        for (index, mut mark) in located.into_iter().enumerate() {
            if Some(index) == bracket {
                continue;
            }
            if mark.last > mark.first {
                mark.last = mark.first;
                mark.end = lines.line(mark.first).len();
            }
            touched.entry(mark.first).or_default().push(mark);
        }
        if let Some(mark) = across {
            let is_short = mark.last - mark.first < WHOLE;
            let shown = mark.first..=if is_short { mark.last } else { mark.first };
            for line in shown.chain([mark.last]) {
                touched.entry(line).or_default();
            }
        }
        let room = room.saturating_sub(if across.is_some() { BRACKET } else { 0 }).max(LABEL);
        Self::drawn(lines, touched, across, room)
    }

    fn drawn(
        lines: &LineIndex<'_>,
        touched: BTreeMap<usize, Vec<Located<'_>>>,
        across: Option<Located<'_>>,
        room: usize,
    ) -> Self {
        let mut canvas = Self::default();
        let mut previous = usize::MAX;
        let mut opened = None;
        for (line, marks) in touched {
            let inside = across.is_some_and(|mark| mark.first <= previous && line <= mark.last);
            if inside && line > previous.saturating_add(1) {
                canvas.rows.push(None);
                canvas.text.push('\n');
            }
            previous = line;
            for (layer, marks) in layers(marks).into_iter().enumerate() {
                let mut focus: Vec<_> = marks.clone();
                focus.extend(across.filter(|mark| layer == 0 && mark.first == line));
                let row = Row::new(lines.line(line), &focus, room);
                let start = canvas.text.len();
                canvas.rows.push(Some(line));
                canvas.text.push_str(&row.text);
                canvas.text.push('\n');
                for mark in marks {
                    canvas.marks.push(row.drawn(&mark, start, room));
                }
                let Some(mark) = across.filter(|_| layer == 0) else {
                    continue;
                };
                if mark.first == line {
                    opened = Some(start + row.at(mark.start));
                }
                if let (true, Some(open)) = (mark.last == line, opened) {
                    let label = mark.mark.label.map(|label| label_text(label, room));
                    let range = open..start + row.at(mark.end);
                    canvas.marks.push(Drawn { range, label, primary: mark.mark.primary });
                }
            }
        }
        canvas.marks.sort_by_key(|mark| mark.range.start);
        canvas
    }
}

fn label_text(label: &str, room: usize) -> String {
    wrap(&escape::line(&message(label)), room, room).join("\n")
}

fn locate<'a>(text: &str, lines: &LineIndex<'_>, mark: Mark<'a>) -> Located<'a> {
    let place = |offset: usize| {
        let line = lines.position(offset).line;
        let mark =
            if line == 1 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let byte = offset.saturating_sub(lines.start(line) + mark);
        (line, byte.min(lines.line(line).len()))
    };
    let Range { start, end } = mark.span.range();
    let (first, start_byte) = place(start);
    let (mut last, mut end_byte) = place(end.max(start));
    if last > first && end_byte == 0 {
        // The span takes in a line end: `last` is not part of it.
        last -= 1;
        end_byte = lines.line(last).len();
    }
    Located { first, last, start: start_byte, end: end_byte, mark }
}

/// Divides the marks of one line into rows on which none overlap, and joins marks of one place.
fn layers(mut marks: Vec<Located<'_>>) -> Vec<Vec<Located<'_>>> {
    marks.sort_by_key(|mark| (!mark.mark.primary, mark.start, mark.end));
    let mut layers: Vec<Vec<Located<'_>>> = Vec::new();
    for mark in marks {
        let meets = |other: &Located<'_>| {
            let end = |mark: &Located<'_>| mark.end.max(mark.start + 1);
            mark.start < end(other) && other.start < end(&mark)
        };
        match layers.iter_mut().find(|layer| !layer.iter().any(meets)) {
            Some(layer) => layer.push(mark),
            None => layers.push(vec![mark]),
        }
    }
    for layer in &mut layers {
        layer.sort_by_key(|mark| mark.start);
    }
    if layers.is_empty() {
        layers.push(Vec::new());
    }
    layers
}

/// One line as it is shown.
struct Row {
    text: String,
    /// For characters of the line, in order: their byte in the line, and in `text`.
    stops: Vec<(usize, usize)>,
}

/// One character of a line as it is shown.
struct Cell {
    byte: usize,
    text: String,
    column: usize,
    columns: usize,
}

impl Row {
    fn new(line: &str, marks: &[Located<'_>], room: usize) -> Self {
        let focus = marks.iter().max_by_key(|mark| mark.mark.primary);
        let (start, end) = focus.map_or((0, 0), |mark| {
            (mark.start, if mark.last > mark.first { line.len() } else { mark.end })
        });
        // Only what can be shown is looked at: a line may be as long as a file.
        let reach = room * 8;
        let before = if line.len() > reach { start.saturating_sub(reach / 2) } else { 0 };
        let from = boundary(line, before);
        let to = boundary(line, line.len().min(from + 2 * reach));
        let cells = cells(line.get(from..to).unwrap_or_default(), from);
        let total = cells.last().map_or(0, |cell| cell.column + cell.columns);
        let column = |byte: usize| {
            let next = cells.get(cells.partition_point(|cell| cell.byte < byte));
            next.map_or(total, |cell| cell.column)
        };
        let label = focus.and_then(|mark| mark.mark.label).map_or(0, |label| width(label) + 4);
        let needed = column(start).midpoint(column(end)) + label.min(LABEL);
        let fits = from == 0 && to == line.len() && total <= room;
        let reaches = needed.max(column(end) + usize::from(!fits));
        let first = if from == 0 && reaches <= room {
            0
        } else {
            // As far to the right as the label asks for, but never past the start of the mark.
            (reaches + 1).saturating_sub(room).min(column(start).saturating_sub(room / 3))
        };
        Self::cut(&cells, first, room, from == 0, to == line.len())
    }

    fn cut(cells: &[Cell], first: usize, room: usize, at_start: bool, at_end: bool) -> Self {
        let mut row = Self { text: String::new(), stops: Vec::new() };
        let mut used = 0;
        let mut dotted = false;
        for (index, cell) in cells.iter().enumerate() {
            if cell.column < first || (index == 0 && !at_start) {
                row.stops.push((cell.byte, 0));
                dotted = true;
                continue;
            }
            if dotted && row.text.is_empty() {
                row.text.push('…');
                used = 1;
            }
            let last = index + 1 == cells.len() && at_end;
            if used + cell.columns + usize::from(!last) > room {
                row.stops.push((cell.byte, row.text.len()));
                row.text.push('…');
                return row;
            }
            row.stops.push((cell.byte, row.text.len()));
            row.text.push_str(&cell.text);
            used += cell.columns;
        }
        if !at_end {
            row.text.push('…');
        }
        row
    }

    /// Returns where a byte of the line stands in the text of the row.
    fn at(&self, byte: usize) -> usize {
        let stop = self.stops.get(self.stops.partition_point(|&(at, _)| at < byte));
        stop.map_or(self.text.len(), |&(_, shown)| shown)
    }

    fn drawn(&self, mark: &Located<'_>, start: usize, room: usize) -> Drawn {
        let (from, to) = (self.at(mark.start), self.at(mark.end));
        let columns = |range: Range<usize>| self.text.get(range).map_or(0, width);
        let before = columns(0..from) + columns(from..to.max(from)) / 2;
        let label = mark
            .mark
            .label
            .map(|label| label_text(label, room.saturating_sub(before + 5).max(LABEL - 4)));
        Drawn { range: start + from..start + to.max(from), label, primary: mark.mark.primary }
    }
}

/// Returns the offset, or the nearest one before it between two characters.
fn boundary(text: &str, offset: usize) -> usize {
    (0..=offset).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn cells(text: &str, from: usize) -> Vec<Cell> {
    let mut column = 0;
    let cell = |(byte, character): (usize, char)| {
        let mut shown = String::new();
        match character {
            '\t' => shown.push_str(&" ".repeat(TAB - column % TAB)),
            active if is_active(active) => escape::push(&mut shown, active),
            other => shown.push(other),
        }
        let columns = shown.chars().map(char_width).sum();
        let cell = Cell { byte: from + byte, text: shown, column, columns };
        column += columns;
        cell
    };
    text.char_indices().map(cell).collect()
}
