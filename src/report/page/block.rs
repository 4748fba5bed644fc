//! The blocks of a page, from its Markdown to lines of a terminal.
//!
//! A page hangs from its headings as a manual does: title and headings on the left, what belongs to
//! them further in. So a reader sees where a part begins without any color.

use std::iter::Peekable;

use pulldown_cmark::CodeBlockKind;
use pulldown_cmark::Event;
use pulldown_cmark::HeadingLevel;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;
use pulldown_cmark::TagEnd;

use crate::report::Style;
use crate::report::catalog::RuleCard;
use crate::report::escape;
use crate::report::paint::Ink;
use crate::report::paint::paint;

use super::excerpt;
use super::flow;
use super::flow::Piece;
use super::marks;
use super::marks::Info;
use super::marks::Role;
use super::table;

/// The column at which a heading below the second level begins.
const SUBHEADING: usize = 2;

/// The column at which everything but headings begins.
const BODY: usize = 4;

/// How far code and excerpts stand behind what is said about them.
const CODE: usize = 2;

/// Draws a page, line by line.
pub(super) fn page(card: &RuleCard, page: &str, style: &Style) -> Vec<String> {
    let events = Parser::new_ext(page, marks::options()).peekable();
    let mut reader = Reader { events, card, style, code: None };
    let mut blocks = reader.blocks(style.width.saturating_sub(BODY));
    let facts = super::facts(card);
    let facts = flow::lines(&[Piece::new(&facts, Some(Ink::Faint))], style.width - BODY);
    let facts = Block::new(facts.iter().map(|line| line.painted(style)).collect());
    // Below the first sentence, above what is said at length.
    let at = blocks.iter().position(|block| block.is_heading(HeadingLevel::H2));
    blocks.insert(at.unwrap_or(blocks.len()), facts);
    joined(blocks, |block| match block.heading {
        Some(HeadingLevel::H1 | HeadingLevel::H2) => 0,
        Some(_) => SUBHEADING,
        None => BODY,
    })
}

/// A paragraph, a list, a table, a heading: what stands between two empty lines.
#[derive(Clone, Debug, Default)]
struct Block {
    lines: Vec<String>,
    /// The level, for a heading.
    heading: Option<HeadingLevel>,
    /// Whether what follows stands directly below.
    is_tight: bool,
}

impl Block {
    fn new(lines: Vec<String>) -> Self {
        Self { lines, heading: None, is_tight: false }
    }

    fn is_heading(&self, level: HeadingLevel) -> bool {
        self.heading == Some(level)
    }
}

/// Returns the lines of blocks, each behind the margin that it is given.
fn joined(blocks: Vec<Block>, margin: impl Fn(&Block) -> usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut is_tight = true;
    for block in blocks.into_iter().filter(|block| !block.lines.is_empty()) {
        if !is_tight {
            lines.push(String::new());
        }
        let margin = margin(&block);
        is_tight = block.is_tight;
        lines.extend(indented(block.lines, margin));
    }
    lines
}

fn indented(lines: Vec<String>, columns: usize) -> impl Iterator<Item = String> {
    let margin = " ".repeat(columns);
    lines
        .into_iter()
        .map(move |line| if line.is_empty() { line } else { format!("{margin}{line}") })
}

/// Reads the events of a page and draws what they say.
struct Reader<'a> {
    events: Peekable<Parser<'a>>,
    card: &'a RuleCard,
    style: &'a Style,
    /// What the block above says of itself, where it is one of code.
    code: Option<Info>,
}

impl<'a> Reader<'a> {
    /// Returns the blocks up to the end of what holds them.
    fn blocks(&mut self, room: usize) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some(event) = self.events.next() {
            let above = self.code.take();
            let lines = match event {
                Event::End(_) => break,
                Event::Start(Tag::Heading { level, .. }) => {
                    let pieces = self.inline(None, Some(Ink::Strong));
                    let lines = self.painted(&pieces, room);
                    blocks.push(Block { lines, heading: Some(level), is_tight: true });
                    continue;
                }
                Event::Start(Tag::Paragraph) => {
                    let pieces = self.inline(None, None);
                    self.painted(&pieces, room)
                }
                Event::Start(Tag::List(start)) => self.list(start, room),
                Event::Start(Tag::BlockQuote(_)) => self.quote(room),
                Event::Start(Tag::CodeBlock(kind)) => self.code_block(&kind, above.as_ref(), room),
                Event::Start(Tag::Table(alignments)) => {
                    let rows = self.rows();
                    table::draw(&alignments, &rows, room, self.style)
                }
                Event::Start(Tag::HtmlBlock) => {
                    let text = self.text();
                    escape::lines(text.trim_end()).map(std::borrow::Cow::into_owned).collect()
                }
                Event::Rule => vec![if self.style.unicode { "─" } else { "-" }.repeat(room)],
                // An item of a list that has no paragraphs holds its words directly.
                word => {
                    let pieces = self.inline(Some(word), None);
                    self.painted(&pieces, room)
                }
            };
            blocks.push(Block::new(lines));
        }
        blocks
    }

    fn painted(&self, pieces: &[Piece], room: usize) -> Vec<String> {
        flow::lines(pieces, room).iter().map(|line| line.painted(self.style)).collect()
    }

    /// Returns words up to the end of what holds them, which is left where others have to see it.
    ///
    /// * `first`: the first of them, where it is read already.
    /// * `ink`: the ink of what has no other.
    fn inline(&mut self, first: Option<Event<'a>>, ink: Option<Ink>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut inks: Vec<Ink> = ink.into_iter().collect();
        let mut next = first;
        while let Some(event) =
            next.take().or_else(|| self.events.next_if(|event| !ends_words(event)))
        {
            self.push(&event, &mut inks, &mut pieces);
        }
        let own = |event: &Event<'_>| {
            matches!(event, Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::TableCell))
        };
        self.events.next_if(own);
        pieces
    }

    /// Appends what an event adds to the words.
    fn push(&mut self, event: &Event<'_>, inks: &mut Vec<Ink>, pieces: &mut Vec<Piece>) {
        let ink = inks.last().copied();
        match event {
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                pieces.push(Piece::new(text, ink));
            }
            Event::Code(code) => pieces.push(Piece::code(code, Some(Ink::Code))),
            Event::SoftBreak => pieces.push(Piece::new(" ", ink)),
            Event::HardBreak => pieces.push(Piece::line_end()),
            Event::Start(Tag::Strong) => inks.push(Ink::Strong),
            Event::Start(Tag::Emphasis) => inks.push(Ink::Title),
            Event::Start(Tag::Link { dest_url, .. }) => {
                let text = self.link();
                let is_address = dest_url.contains("://") && **dest_url != *text;
                pieces.push(Piece::new(&text, Some(Ink::Link)));
                if is_address {
                    pieces.push(Piece::new(&format!(" ({dest_url})"), ink));
                }
            }
            Event::End(TagEnd::Strong | TagEnd::Emphasis) => {
                inks.pop();
            }
            _ => {}
        }
    }

    /// Returns the words of a link, up to its end.
    fn link(&mut self) -> String {
        let mut text = String::new();
        for event in self.events.by_ref() {
            match event {
                Event::End(TagEnd::Link) => break,
                Event::Code(code) => text.push_str(&format!("`{code}`")),
                Event::Text(words) => text.push_str(&words),
                Event::SoftBreak | Event::HardBreak => text.push(' '),
                _ => {}
            }
        }
        text
    }

    /// Returns the text up to the end of what holds it, as it is written.
    fn text(&mut self) -> String {
        let mut text = String::new();
        for event in self.events.by_ref() {
            match event {
                Event::End(_) => break,
                Event::Text(part) | Event::Html(part) => text.push_str(&part),
                _ => {}
            }
        }
        text
    }

    fn list(&mut self, start: Option<u64>, room: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let mut number = start;
        while let Some(Event::Start(Tag::Item)) = self.events.next() {
            let is_loose = matches!(self.events.peek(), Some(Event::Start(Tag::Paragraph)));
            let mark = match &mut number {
                Some(number) => {
                    let mark = format!("{number}. ");
                    *number = number.saturating_add(1);
                    mark
                }
                None if self.style.unicode => "• ".to_owned(),
                None => "- ".to_owned(),
            };
            let columns = mark.chars().count();
            let mut blocks = self.blocks(room.saturating_sub(columns));
            for block in &mut blocks {
                block.is_tight |= !is_loose;
            }
            if is_loose && !lines.is_empty() {
                lines.push(String::new());
            }
            let mut mark = Some(mark);
            lines.extend(joined(blocks, |_| 0).into_iter().map(|line| match mark.take() {
                Some(mark) => format!("{mark}{line}"),
                None if line.is_empty() => line,
                None => format!("{}{line}", " ".repeat(columns)),
            }));
        }
        lines
    }

    fn quote(&mut self, room: usize) -> Vec<String> {
        let bar = paint(self.style, Ink::Faint, if self.style.unicode { "│" } else { "|" });
        let lines = joined(self.blocks(room.saturating_sub(2)), |_| 0);
        lines.into_iter().map(|line| format!("{bar} {line}").trim_end().to_owned()).collect()
    }

    /// Returns the cells of a table, row by row, the head first.
    fn rows(&mut self) -> Vec<Vec<Vec<Piece>>> {
        let mut rows: Vec<Vec<Vec<Piece>>> = Vec::new();
        while let Some(event) = self.events.next() {
            match event {
                Event::End(TagEnd::Table) => break,
                Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
                Event::Start(Tag::TableCell) => {
                    let ink = (rows.len() == 1).then_some(Ink::Strong);
                    let cell = self.inline(None, ink);
                    rows.extend(rows.is_empty().then(Vec::new));
                    rows.last_mut().into_iter().for_each(|row| row.push(cell.clone()));
                }
                _ => {}
            }
        }
        rows
    }

    fn code_block(
        &mut self,
        kind: &CodeBlockKind<'_>,
        above: Option<&Info>,
        room: usize,
    ) -> Vec<String> {
        let info = match kind {
            CodeBlockKind::Fenced(info) => Info::of(info),
            CodeBlockKind::Indented => Info::of(""),
        };
        let text = self.text();
        let lead = info.lead(above);
        let ink = match info.role {
            Role::Bad => Some(Ink::Bad),
            Role::Good => Some(Ink::Good),
            _ => Some(Ink::Strong),
        };
        let lead = lead.map(|lead| self.painted(&[Piece::new(&lead, ink)], room));
        let room = room.saturating_sub(CODE);
        let drawn = match info.role {
            Role::Findings => excerpt::draw(self.card.name, &text, room, self.style),
            _ => None,
        };
        let drawn = drawn.unwrap_or_else(|| self.code(&text, &info));
        self.code = Some(info);
        lead.into_iter().flatten().chain(indented(drawn, CODE)).collect()
    }

    /// Returns the lines of code: what is reported in the color of its level, and a difference in
    /// those of its sides.
    fn code(&self, text: &str, info: &Info) -> Vec<String> {
        let mut lines = Vec::new();
        for line in text.lines() {
            let (line, level) = marks::unmarked(line);
            let line = line.replace('\t', "    ");
            let line = escape::line(&line);
            let ink = match line.chars().next() {
                Some('+') if info.language == "diff" => Some(Ink::Good),
                Some('-') if info.language == "diff" => Some(Ink::Removed),
                _ => level.map(Ink::of),
            };
            let code = line.trim_start();
            let margin = line.get(..line.len() - code.len()).unwrap_or_default();
            lines.push(match ink {
                Some(ink) => format!("{margin}{}", paint(self.style, ink, code)),
                None => line.into_owned(),
            });
        }
        lines
    }
}

/// Returns whether an event is none of words: the end of what holds them, or a block among them.
fn ends_words(event: &Event<'_>) -> bool {
    match event {
        Event::Start(tag) => !matches!(
            tag,
            Tag::Strong | Tag::Emphasis | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. }
        ),
        Event::End(tag) => !matches!(
            tag,
            TagEnd::Strong
                | TagEnd::Emphasis
                | TagEnd::Strikethrough
                | TagEnd::Link
                | TagEnd::Image
        ),
        Event::Rule => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
