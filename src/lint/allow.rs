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
    let speaks = |comment: &&Comment| comment.text.trim_start().starts_with("slo:");
    let comments: Vec<&Comment> = stream.comments.iter().filter(speaks).collect();
    if comments.is_empty() {
        return Vec::new();
    }
    let lines = Lines::new(LineIndex::new(&source.text));
    comments.into_iter().filter_map(|comment| read(comment, stream, &lines)).collect()
}

/// The lines of a file, and for each the first one from it on that is more than a comment.
struct Lines<'a> {
    index: LineIndex<'a>,
    content: Vec<Option<usize>>,
}

impl<'a> Lines<'a> {
    fn new(index: LineIndex<'a>) -> Self {
        let is_content = |text: &str| {
            let text = text.trim();
            !text.is_empty() && !text.starts_with('#') && text != "---"
        };
        let mut content = vec![None; index.len() + 2];
        let mut next = None;
        for line in (1..=index.len()).rev() {
            next = if is_content(index.line(line)) { Some(line) } else { next };
            if let Some(place) = content.get_mut(line) {
                *place = next;
            }
        }
        Self { index, content }
    }
}

fn read(comment: &Comment, stream: &Stream, lines: &Lines<'_>) -> Option<Suppression> {
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
fn scope(comment: &Comment, stream: &Stream, lines: &Lines<'_>) -> Span {
    let source = comment.span.source;
    let Lines { index: lines, content } = lines;
    let line = lines.position(comment.span.start as usize).line;
    if !comment.own_line {
        return Span::new(source, lines.start(line), lines.start(line + 1));
    }
    let Some(below) = content.get(line + 1).copied().flatten() else {
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
