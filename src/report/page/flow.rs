//! Prose of several inks, broken into lines.
//!
//! A line breaks at spaces, and between letters that take two columns, as Japanese is written without
//! spaces; a closing mark of punctuation never begins a line and an opening one never ends it.

use crate::report::Style;
use crate::report::escape;
use crate::report::layout::char_width;
use crate::report::paint::Ink;
use crate::report::paint::paint;

/// What stands before a mark that ends a line on purpose.
const BREAK: char = '\n';

/// What joins two characters into one.
const JOINER: char = '\u{200d}';

/// Text in one ink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    text: String,
    ink: Option<Ink>,
    /// Whether it stays on one line, spaces and all, where that leaves no line half empty.
    is_code: bool,
}

impl Piece {
    /// Returns a piece of text of one line, in which nothing is active.
    pub(super) fn new(text: &str, ink: Option<Ink>) -> Self {
        Self { text: escape::line(text).into_owned(), ink, is_code: false }
    }

    /// Returns code, which stays on one line where it is short.
    pub(super) fn code(text: &str, ink: Option<Ink>) -> Self {
        Self { is_code: true, ..Self::new(&format!("`{text}`"), ink) }
    }

    /// Returns the end of a line.
    pub(super) fn line_end() -> Self {
        Self { text: BREAK.to_string(), ink: None, is_code: false }
    }
}

/// A character and its ink.
#[derive(Clone, Copy, Debug)]
struct Cell {
    character: char,
    ink: Option<Ink>,
    /// Whether no line ends here.
    is_inside: bool,
}

impl Cell {
    fn width(self) -> usize {
        char_width(self.character)
    }
}

/// One line of prose.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    cells: Vec<Cell>,
}

impl Line {
    /// Returns how many columns the line takes.
    pub(super) fn width(&self) -> usize {
        self.cells.iter().map(|cell| cell.width()).sum()
    }

    /// Returns the line, in color where the style has colors.
    pub(super) fn painted(&self, style: &Style) -> String {
        let mut text = String::new();
        for run in self.cells.chunk_by(|one, next| one.ink == next.ink) {
            let part: String = run.iter().map(|cell| cell.character).collect();
            match run.first().and_then(|cell| cell.ink) {
                Some(ink) => text.push_str(&paint(style, ink, &part)),
                None => text.push_str(&part),
            }
        }
        text
    }
}

/// What is never broken but where it is wider than a line.
#[derive(Clone, Debug, Default)]
struct Word {
    cells: Vec<Cell>,
    end: End,
}

/// What stands behind a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    /// The next word, as in a language without spaces.
    #[default]
    Nothing,
    /// A space, which goes where the line ends.
    Space,
    /// The end of a line that the page asks for.
    Line,
}

/// Returns how many columns the pieces take on one line.
pub(super) fn width(pieces: &[Piece]) -> usize {
    pieces.iter().flat_map(|piece| piece.text.chars()).map(char_width).sum()
}

/// Breaks prose into lines of at most `room` columns; there is always a line.
pub(super) fn lines(pieces: &[Piece], room: usize) -> Vec<Line> {
    let room = room.max(2);
    let mut lines = Vec::new();
    let mut line = Line::default();
    let mut used = 0;
    let mut before = End::Nothing;
    for word in words(pieces, room / 2) {
        let width: usize = word.cells.iter().map(|cell| cell.width()).sum();
        let gap = usize::from(before == End::Space && used > 0);
        if before == End::Line || (used > 0 && used + gap + width > room) {
            lines.push(std::mem::take(&mut line));
            used = 0;
        } else if gap > 0 {
            let (last, next) = (line.cells.last(), word.cells.first());
            let ink = last.and_then(|cell| cell.ink);
            let is_inside = next.is_some_and(|cell| cell.ink == ink);
            line.cells.push(Cell { character: ' ', ink: ink.filter(|_| is_inside), is_inside });
            used += 1;
        }
        for cell in word.cells {
            if used > 0 && used + cell.width() > room {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            used += cell.width();
            line.cells.push(cell);
        }
        before = word.end;
    }
    lines.push(line);
    lines
}

/// Returns the words of prose.
///
/// * `short`: how wide code may be to count as one word.
fn words(pieces: &[Piece], short: usize) -> Vec<Word> {
    let cells = pieces.iter().flat_map(|piece| {
        let is_inside = piece.is_code && width(std::slice::from_ref(piece)) <= short;
        let ink = piece.ink;
        piece.text.chars().map(move |character| Cell { character, ink, is_inside })
    });
    let mut cells = cells.peekable();
    let mut words = Vec::new();
    let mut word = Word::default();
    while let Some(cell) = cells.next() {
        let next = cells.peek().map(|cell| cell.character);
        let end = match cell.character {
            BREAK => Some(End::Line),
            // A unit stays with its number.
            ' ' if next != Some('%') && !cell.is_inside => Some(End::Space),
            character => {
                word.cells.push(cell);
                let may_break = next.is_some_and(|next| may_break(character, next));
                may_break.then_some(End::Nothing)
            }
        };
        let Some(end) = end else { continue };
        if word.cells.is_empty() && end == End::Space {
            continue;
        }
        words.push(Word { end, ..std::mem::take(&mut word) });
    }
    if !word.cells.is_empty() {
        words.push(word);
    }
    words
}

/// Returns whether a line may end between two characters that no space divides.
fn may_break(before: char, after: char) -> bool {
    const OPENING: &str = "「『（【〔〈《［｛“‘";
    const CLOSING: &str = "」』）】〕〉》］｝”’、。，．・：；？！ー…‥々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ%,.:;?!)]}";
    let is_wide = char_width(before) == 2 || char_width(after) == 2;
    let is_joined = char_width(after) == 0 || before == JOINER;
    let is_space = [before, after].iter().any(|character| character.is_whitespace());
    is_wide && !is_joined && !is_space && !OPENING.contains(before) && !CLOSING.contains(after)
}

#[cfg(test)]
mod tests;
