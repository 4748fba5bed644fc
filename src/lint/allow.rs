//! Reads the comments that allow findings, and finds out what each speaks of.

use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;

use jiff::civil::Date;

use crate::rules;
use crate::rules::Fault;
use crate::rules::MAX_RULES;
use crate::rules::Suppression;
use crate::source::LineIndex;
use crate::source::Source;
use crate::source::Span;
use crate::source::Spanned;
use crate::yaml::Comment;
use crate::yaml::Document;
use crate::yaml::Node;
use crate::yaml::Stream;

/// Bytes of a key or a name that tell it from others.
const MAX_PART: usize = 200;

/// Returns every comment of a file that speaks to us.
///
/// * `streams`: the file, and the texts in it that are read on their own.
pub(super) fn collect<'a>(
    streams: impl Iterator<Item = &'a Stream>,
    source: &Source,
) -> Vec<Suppression> {
    let spoken = |stream: &'a Stream| {
        let comments = stream.comments.iter();
        comments.filter_map(move |comment| Some((stream, comment, body(&comment.text)?)))
    };
    let mut heard: Vec<(&Stream, &Comment, Result<&str, Fault>)> =
        streams.flat_map(spoken).collect();
    heard.sort_by_key(|(_, comment, _)| comment.span);
    if heard.is_empty() {
        return Vec::new();
    }
    let marks: &[&str] = if source.is_terraform() { &["#", "//"] } else { &["#"] };
    let lines = Lines::new(LineIndex::new(&source.text), marks);
    let read = |(stream, comment, body)| read(comment, body, stream, &lines);
    heard.into_iter().map(read).collect()
}

/// Returns what a comment says to us; nothing where it says nothing.
///
/// Behind other words, or in capitals, it speaks to us only where it names a rule that there is: a
/// comment that explains how to allow a finding allows none, and is no mistake.
fn body(text: &str) -> Option<Result<&str, Fault>> {
    if let Some(body) = text.trim_start().strip_prefix("slo:") {
        return Some(Ok(body));
    }
    let lower = text.to_ascii_lowercase();
    let (before, body) = lower.split_once("slo:")?;
    let names = allowed(body)?.0;
    let is_known = |name: &str| rules::named(name.trim()).is_some();
    let is_meant = names.split(',').any(is_known);
    let is_first = before.trim().is_empty();
    is_meant.then_some(Err(if is_first { Fault::Capitals } else { Fault::Buried }))
}

/// Splits `allow(names) rest` into the names and the rest.
fn allowed(body: &str) -> Option<(&str, &str)> {
    let rest = body.trim_start().strip_prefix("allow")?;
    rest.trim_start().strip_prefix('(')?.split_once(')')
}

/// The lines of a file, and for each the first one from it on that is more than a comment.
struct Lines<'a> {
    index: LineIndex<'a>,
    content: Vec<Option<usize>>,
}

impl<'a> Lines<'a> {
    fn new(index: LineIndex<'a>, marks: &[&str]) -> Self {
        let is_comment = |line: &str| marks.iter().any(|mark| line.starts_with(mark));
        let is_content = |text: &str| {
            let line = text.trim();
            !line.is_empty() && !is_comment(line) && !text.starts_with('%') && !is_start(line)
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

/// Returns whether a line starts a document and holds nothing of it, such as `--- # web`.
fn is_start(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("---") else { return false };
    let is_separate = rest.is_empty() || rest.starts_with(char::is_whitespace);
    let mut words = rest.split_whitespace().take_while(|word| !word.starts_with('#'));
    is_separate && words.all(|word| word.starts_with(['!', '&']))
}

fn read(
    comment: &Comment,
    body: Result<&str, Fault>,
    stream: &Stream,
    lines: &Lines<'_>,
) -> Suppression {
    let (scope, unreadable) = scope(comment, stream, lines);
    let covers = covers(scope, stream, lines);
    let mut suppression = Suppression {
        span: comment.span,
        rules: Vec::new(),
        until: None,
        bad_date: None,
        reason: None,
        scope,
        covers,
        fault: body.err().or(Some(Fault::Unclear)),
        surplus: None,
        unreadable,
    };
    let Ok(body) = body else { return suppression };
    let offset = comment.span.end as usize - body.len();
    let place = |part: &str| {
        let from = offset + (part.as_ptr() as usize - body.as_ptr() as usize);
        Span::new(comment.span.source, from, from + part.len())
    };
    let Some((names, rest)) = allowed(body) else { return suppression };
    let mut names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    let read = names.by_ref().take(MAX_RULES);
    suppression.rules = read.map(|name| Spanned::new(name.to_owned(), place(name))).collect();
    suppression.surplus = names.next().map(place);
    suppression.fault = suppression.rules.is_empty().then_some(Fault::Unclear);
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
    suppression
}

/// Returns the bytes that a comment speaks of, its line, or the key or object below it, and whether
/// they are of a document that could not be read.
fn scope(comment: &Comment, stream: &Stream, lines: &Lines<'_>) -> (Span, bool) {
    let source = comment.span.source;
    let Lines { index: lines, content } = lines;
    let line = lines.position(comment.span.start as usize).line;
    let row = |line: usize| Span::new(source, lines.start(line), lines.start(line + 1));
    let text = lines.line(line);
    if !comment.own_line && !is_start(text) && !text.starts_with('%') {
        return (row(line), broken(stream, row(line)).is_some());
    }
    let Some(below) = content.get(line + 1).copied().flatten() else {
        return (comment.span, false);
    };
    let row = row(below);
    if let Some(broken) = broken(stream, row) {
        // Above its first line, the comment speaks of the whole document.
        let start = lines.position(broken.start as usize).line;
        let first = if is_start(lines.line(start)) { start + 1 } else { start };
        let is_above = content.get(first).copied().flatten() == Some(below);
        return (if is_above { row.cover(broken) } else { row }, true);
    }
    let next = stream.documents.partition_point(|one| one.root().span().end <= row.start);
    let root = stream.documents.get(next).map(Document::root);
    (root.and_then(|root| largest_from(root, row, true)).unwrap_or(row), false)
}

/// Returns the digest of what leads to a scope: its keys, and its items by their name or their number.
///
/// The scope is a node, or the line of a comment, which stands for the largest node that begins in it.
/// Where nothing does, such as in a document that could not be read, the text of the line leads there.
fn covers(scope: Span, stream: &Stream, lines: &Lines<'_>) -> u64 {
    let mut digest = DefaultHasher::new();
    let next = stream.documents.partition_point(|one| one.root().span().end <= scope.start);
    let root = stream.documents.get(next).map(Document::root);
    let largest = root.and_then(|root| Some((root, largest_from(root, scope, true)?)));
    let Some((root, covered)) = largest else {
        let line = lines.index.position(scope.start as usize).line;
        lines.index.line(line).trim().hash(&mut digest);
        return digest.finish();
    };
    let mut node = root;
    loop {
        let mut entries = node.own_entries_behind(covered.start);
        if node.place() == covered {
            break;
        }
        if let Some(entry) = entries.next().filter(|entry| entry.place().contains(covered)) {
            part(entry.key).hash(&mut digest);
            if entry.place() == covered {
                break;
            }
            node = entry.value;
            continue;
        }
        let mut items = node.items_behind(covered.start);
        let number = node.len() - items.len();
        let Some(item) = items.next().filter(|item| item.place().contains(covered)) else {
            break;
        };
        match ["displayName", "name"].into_iter().find_map(|key| item.given(key)) {
            Some(name) => part(name).hash(&mut digest),
            None => number.hash(&mut digest),
        }
        node = item;
    }
    digest.finish()
}

/// Returns the length and the beginning of a text; a long one is not read for every comment.
fn part(node: Node<'_>) -> (usize, &[u8]) {
    let text = node.text().unwrap_or_default().as_bytes();
    (text.len(), text.get(..MAX_PART).unwrap_or(text))
}

/// Returns the document that could not be read and of which a row is a part.
fn broken(stream: &Stream, row: Span) -> Option<Span> {
    let next = stream.broken.partition_point(|broken| broken.end <= row.start);
    stream.broken.get(next).copied().filter(|broken| broken.start < row.end)
}

/// Returns the largest node that begins in a row: an item, an entry, or a whole object.
///
/// Children stand in the order of the file, so those before the row are passed over at once.
fn largest_from(node: Node<'_>, row: Span, whole: bool) -> Option<Span> {
    let begins = |span: Span| row.start <= span.start && span.start < row.end;
    let span = node.place();
    if whole && begins(span) && !node.is_empty() && !node.is_sequence() {
        return Some(span);
    }
    if span.end <= row.start || span.start >= row.end {
        return None;
    }
    for item in node.items_behind(row.start).take_while(|item| item.place().start < row.end) {
        // An item begins with its dash, which stands before its first key on the same line.
        if let Some(found) = largest_from(item, row, true) {
            return Some(found);
        }
        if begins(item.place()) {
            return Some(item.place());
        }
    }
    let entries = node.own_entries_behind(row.start);
    for entry in entries.take_while(|entry| entry.place().start < row.end) {
        if begins(entry.key.place()) {
            return Some(entry.place());
        }
        if let Some(found) = largest_from(entry.value, row, false) {
            return Some(found);
        }
    }
    None
}
