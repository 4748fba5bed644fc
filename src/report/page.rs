//! The page of a rule: drawn for a terminal, or as plain Markdown.
//!
//! Pages are Markdown with the marks of tests in it: a block says what it is to a test
//! (`yaml bad`, `diff fix`), and `#~` at the end of a line says what is reported there. A reader sees
//! neither. What a block is is said above it in words, and what is reported is drawn as
//! `slo lint` draws it.
//!
//! **Invariant:** away from a terminal the layout is the same, only without color. So code keeps its
//! backticks in both, as it does in every message.
//!
//! # Why
//!
//! `pulldown-cmark` reads the Markdown: where a fence ends, how a list nests and what is a table are
//! questions with long answers, and a page has to look here as it does on a forge. What it would be
//! shown as in a browser is no concern of a terminal, so that drawing is ours.

use std::io;
use std::io::Write;

use crate::report::Style;
use crate::report::catalog::RuleCard;
use crate::report::escape;

mod block;
mod excerpt;
mod flow;
mod marks;
mod table;

/// The fewest columns that are drawn for.
const MIN_WIDTH: usize = 40;

/// The most columns of a line of prose: an eye that has to travel further loses the line.
const MAX_WIDTH: usize = 100;

/// Draws the page of a rule for people.
///
/// # Errors
///
/// Only those of `out`.
pub fn draw(card: &RuleCard, page: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let style = Style { width: style.width.clamp(MIN_WIDTH, MAX_WIDTH), ..*style };
    for line in block::page(card, page, &style) {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Draws the line that stands between two pages.
///
/// # Errors
///
/// Only those of `out`.
pub fn divide(style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let columns = style.width.clamp(MIN_WIDTH, MAX_WIDTH);
    let line = if style.unicode { "─" } else { "-" }.repeat(columns);
    writeln!(out, "\n{line}\n")
}

/// Returns a page as Markdown that any program shows: without the marks of tests.
pub fn markdown(page: &str) -> String {
    marks::cleaned(page)
}

/// Returns a page as [`markdown`] does, and says below its first sentence when the rule is on.
pub fn markdown_with_facts(card: &RuleCard, page: &str) -> String {
    let text = markdown(page);
    let facts = facts(card);
    match text.split_once("\n## ") {
        Some((head, rest)) => format!("{head}\n*{facts}*\n\n## {rest}"),
        None => format!("{text}\n*{facts}*\n"),
    }
}

/// Returns when a rule is on and how much it weighs: `error · set recommended · …`.
fn facts(card: &RuleCard) -> String {
    let facts = [
        card.level.name().to_owned(),
        format!("set {}", card.set),
        format!("family {}", card.family),
        format!("since {}", card.since),
        format!("for {}", card.formats.join(", ")),
    ];
    escape::line(&facts.join(" · ")).into_owned()
}
