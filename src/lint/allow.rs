//! Reads the comments that allow findings, and finds out what each speaks of.

use jiff::civil::Date;

use crate::rules::Suppression;
use crate::source::LineIndex;
use crate::source::Source;
use crate::source::Span;
use crate::source::Spanned;
use crate::yaml::Comment;
use crate::yaml::Node;
use crate::yaml::Stream;

/// Returns every comment of a file that speaks to us.
pub(super) fn collect(stream: &Stream, source: &Source) -> Vec<Suppression> {
    if stream.comments.is_empty() {
        return Vec::new();
    }
    let lines = LineIndex::new(&source.text);
    let comments = stream.comments.iter();
    comments.filter_map(|comment| read(comment, stream, &lines)).collect()
}

fn read(comment: &Comment, stream: &Stream, lines: &LineIndex<'_>) -> Option<Suppression> {
    let text = comment.text.as_str();
    let body = text.trim_start().strip_prefix("slo:")?;
    let offset = comment.span.start as usize + 1 + (text.len() - body.len());
    let place = |part: &str| {
        let from = offset + (part.as_ptr() as usize - body.as_ptr() as usize);
        Span::new(comment.span.source, from, from + part.len())
    };
    let mut suppression = Suppression {
        span: comment.span,
        rules: Vec::new(),
        until: None,
        bad_date: None,
        reason: None,
        scope: scope(comment, stream, lines),
        malformed: true,
    };
    let Some((names, rest)) = body
        .trim_start()
        .strip_prefix("allow")
        .and_then(|rest| rest.trim_start().strip_prefix('('))
        .and_then(|rest| rest.split_once(')'))
    else {
        return Some(suppression);
    };
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    suppression.rules = names.map(|name| Spanned::new(name.to_owned(), place(name))).collect();
    suppression.malformed = suppression.rules.is_empty();
    let (head, reason) = rest.split_once(':').unwrap_or((rest, ""));
    let reason = reason.trim();
    suppression.reason = (!reason.is_empty()).then(|| reason.to_owned());
    let head = head.trim();
    if let Some(date) = head.strip_prefix("until").map(str::trim) {
        match date.parse::<Date>() {
            Ok(day) => suppression.until = Some(Spanned::new(day, place(date))),
            Err(_) => suppression.bad_date = Some(Spanned::new(date.to_owned(), place(date))),
        }
    } else if !head.is_empty() {
        suppression.bad_date = Some(Spanned::new(head.to_owned(), place(head)));
    }
    Some(suppression)
}

/// Returns the bytes that a comment speaks of: its line, or the key or object below it.
fn scope(comment: &Comment, stream: &Stream, lines: &LineIndex<'_>) -> Span {
    let source = comment.span.source;
    let line = lines.position(comment.span.start as usize).line;
    if !comment.own_line {
        return Span::new(source, lines.start(line), lines.start(line + 1));
    }
    let is_content = |text: &str| {
        let text = text.trim();
        !text.is_empty() && !text.starts_with('#') && text != "---"
    };
    let Some(below) = (line + 1..=lines.len()).find(|&line| is_content(lines.line(line))) else {
        return comment.span;
    };
    let row = Span::new(source, lines.start(below), lines.start(below + 1));
    let mut roots = stream.documents.iter().map(|document| document.root());
    roots.find_map(|root| largest_from(root, row, true)).unwrap_or(row)
}

/// Returns the largest node that begins in a row: an item, an entry, or a whole object.
fn largest_from(node: Node<'_>, row: Span, whole: bool) -> Option<Span> {
    let begins = |span: Span| row.start <= span.start && span.start < row.end;
    let span = node.span();
    if whole && begins(span) && !node.is_empty() && !node.is_sequence() {
        return Some(span);
    }
    if span.end <= row.start || span.start >= row.end {
        return None;
    }
    for item in node.items() {
        // An item begins with its dash, which stands before its first key on the same line.
        if let Some(found) = largest_from(item, row, true) {
            return Some(found);
        }
        if begins(item.span()) {
            return Some(item.span());
        }
    }
    for entry in node.entries().filter(|entry| !entry.merged) {
        if begins(entry.key.span()) {
            return Some(entry.key.span().cover(entry.value.span()));
        }
        if let Some(found) = largest_from(entry.value, row, false) {
            return Some(found);
        }
    }
    None
}
