//! Adds entries beside a known one, by the text alone.
//!
//! # Why
//!
//! Only the model outlives the reading of a file. To read a file again for each fix that may be
//! offered costs more than all rules together, and most definitions are plain blocks, in which the
//! lines around an entry say all that has to be known.

use memchr::memchr_iter;

use crate::source::Edit;
use crate::source::Span;

/// Returns the edit that adds lines below an entry, to the same mapping; nothing where the lines around
/// it leave a doubt: flow style, anchors, a value of several lines, tabs.
///
/// * `file`: the text that holds it.
/// * `value`: the value of the entry, a scalar.
/// * `lines`: what is added, each with how much deeper than the entry it stands, in columns.
pub fn add_below(file: &str, value: Span, lines: &[(usize, String)]) -> Option<Edit> {
    let (before, after) = (file.get(..value.range().start)?, file.get(value.range().end..)?);
    let written = file.get(value.range())?;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let (above, head) = before.split_at_checked(start)?;
    let column = column(head)?;
    let end = after.find('\n').unwrap_or(after.len());
    let rest = after.get(..end)?;
    // An anchor may bring the mapping to other places, too.
    let is_plain = !written.contains('\n') && !may_hold_anchor(file) && is_comment(rest);
    if !is_plain || !is_block(above, head, column) {
        return None;
    }
    let (rest, line_end) = match rest.strip_suffix('\r') {
        Some(rest) => (rest, "\r\n"),
        None => (rest, "\n"),
    };
    let at = value.range().end + rest.len();
    let text = lines.iter().map(|(deeper, line)| {
        let indent = " ".repeat(column + deeper);
        format!("{line_end}{indent}{line}")
    });
    Some(Edit { span: Span::new(value.source, at, at), text: text.collect() })
}

/// Returns whether a text may hold an anchor: an `&` inside a word, as in an address, is none.
pub fn may_hold_anchor(file: &str) -> bool {
    let is_inside = |at: usize| {
        let before = file.get(..at).and_then(|before| before.chars().next_back());
        before.is_some_and(|letter| !letter.is_whitespace() && !"[{,:".contains(letter))
    };
    memchr_iter(b'&', file.as_bytes()).any(|at| !is_inside(at))
}

/// Returns the column of a plain key, where nothing but it stands before its value.
fn column(head: &str) -> Option<usize> {
    let inner = head.trim_start_matches([' ', '-']);
    let dashes = head.get(..head.len() - inner.len())?;
    let is_indent = dashes.trim_start_matches(' ').split("- ").all(|part| part.trim().is_empty());
    let key = inner.trim_end_matches(' ').strip_suffix(':')?;
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    let is_key = !key.is_empty() && key.chars().all(is_letter) && inner.ends_with(' ');
    (is_key && is_indent).then_some(dashes.len())
}

/// Returns whether nothing but a comment stands on the rest of a line.
fn is_comment(rest: &str) -> bool {
    rest.trim().is_empty() || (rest.starts_with(' ') && rest.trim_start().starts_with('#'))
}

/// Returns whether the mapping at a column is a block: what it stands in ends with a colon, is an item of a
/// list, or begins the document.
fn is_block(above: &str, head: &str, column: usize) -> bool {
    if head.trim_start_matches(' ').starts_with('-') {
        return true;
    }
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let is_text = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let mut lines = above.lines().rev().filter(is_text);
    let Some(holder) = lines.find(|line| indent(line) < column) else { return column == 0 };
    let bare = holder.split(" #").next().unwrap_or(holder).trim();
    let inner = holder.trim_start_matches([' ', '-']);
    let is_item = bare.starts_with('-') && holder.len() - inner.len() == column;
    is_item || (bare.ends_with(':') && !bare.contains(['{', '[', '"', '\'', '|', '>']))
}

#[cfg(test)]
mod tests;
