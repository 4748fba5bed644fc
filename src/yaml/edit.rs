//! Edits that keep comments, layout and quoting.

use std::ops::Range;

use crate::source::Edit;
use crate::source::Span;

use super::Entry;
use super::Node;
use super::Style;

/// Returns the edit that gives a scalar another text, quoted as it was where the quotes allow it.
///
/// Nothing for a collection, a block scalar or text of several lines: those have no single place.
/// Nothing where an alias shares the scalar either: what is wrong here may be right there.
pub fn replace_scalar(node: Node<'_>, text: &str) -> Option<Edit> {
    let scalar = node.scalar().filter(|_| !node.is_shared())?;
    let printable = !text.chars().any(char::is_control);
    let written = match scalar.style {
        Style::SingleQuoted if printable => format!("'{}'", text.replace('\'', "''")),
        Style::Plain if is_plain(text) => text.to_owned(),
        Style::Plain | Style::DoubleQuoted if printable => double_quoted(text),
        _ => return None,
    };
    Some(Edit { span: node.span(), text: written })
}

/// Returns the edit that removes an entry of a mapping, with its line where it has one to itself.
///
/// Every comment stays: one behind the entry becomes a line of its own. Nothing where the edit would
/// need more than that: the entry is the only one of its mapping or comes from a merge, an alias
/// shares the mapping, the entry holds an anchor or a comment, its key is written with `?`, or a
/// comment that allows a finding would come to speak of something else.
pub fn delete_entry(mapping: Node<'_>, key: &str) -> Option<Edit> {
    let entries: Vec<Entry<'_>> = mapping.entries().filter(|entry| !entry.merged).collect();
    let position = entries.iter().position(|entry| is_key(entry, key))?;
    let entry = entries.get(position)?;
    let text = &*mapping.document().text;
    let place = written(entry, text);
    let removed = text.get(place.range())?;
    let is_plain = !removed.contains('&') && !holds_comment(removed);
    if entries.len() < 2 || mapping.is_shared() || !is_plain {
        return None;
    }
    let next = entries.get(position + 1);
    let range = if mapping.is_flow() {
        let before = position.checked_sub(1).and_then(|before| entries.get(before));
        flow_range(text, before, place, next)?
    } else {
        block_range(text, place, next)?
    };
    Some(Edit { span: Span::new(place.source, range.start, range.end), text: String::new() })
}

/// Returns the edit that adds `key: value` behind the entry named `after`.
///
/// `value` is written as given, on one line. Nothing where `after` is not an entry of its own, or
/// more than a comment stands behind it.
pub fn insert_entry(mapping: Node<'_>, after: &str, key: &str, value: &str) -> Option<Edit> {
    let entry = mapping.entries().find(|entry| !entry.merged && is_key(entry, after))?;
    let text = &*mapping.document().text;
    let place = written(&entry, text);
    let (end, source) = (place.end as usize, place.source);
    if mapping.is_flow() {
        return Some(Edit { span: Span::new(source, end, end), text: format!(", {key}: {value}") });
    }
    let (start, at) = (line_start(text, place.start as usize), line_end(text, end));
    let is_alone = is_blank_or_comment(text.get(end..at)?);
    let column = text.get(start..place.start as usize)?;
    if !is_alone || !column.chars().all(|letter| matches!(letter, ' ' | '-')) {
        return None;
    }
    let column = column.chars().count();
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let open = text.get(..at)?.ends_with('\n');
    let (before, behind) = if open { ("", ending) } else { (ending, "") };
    let text = format!("{before}{:column$}{key}: {value}{behind}", "");
    Some(Edit { span: Span::new(source, at, at), text })
}

/// Returns the place of an entry without the blank lines that a block scalar ends with.
fn written(entry: &Entry<'_>, text: &str) -> Span {
    let place = entry.place();
    let kept = text.get(place.range()).unwrap_or_default().trim_end().len();
    Span::new(place.source, place.start as usize, place.start as usize + kept)
}

/// Returns what to remove of a block mapping, where that is certain.
fn block_range(text: &str, place: Span, next: Option<&Entry<'_>>) -> Option<Range<usize>> {
    let (key, end) = (place.start as usize, place.end as usize);
    let (start, stop) = (line_start(text, key), line_end(text, end));
    let (before, behind) = (text.get(start..key)?, text.get(end..stop)?);
    if !is_blank_or_comment(behind) || speaks(behind) {
        return None;
    }
    let comment = behind.find('#').map(|at| end + at);
    if before.trim().is_empty() {
        let above = text.get(..start)?.lines().rev();
        let mut above = above.take_while(|line| is_blank_or_comment(line));
        let is_allowed = above.any(speaks);
        return (!is_allowed).then(|| comment.map_or(start..stop, |comment| key..comment));
    }
    if !before.chars().all(|letter| matches!(letter, ' ' | '\t' | '-')) {
        return None;
    }
    // The first entry of an item, `- key: value`: what comes next moves up to its place.
    let next_key = next?.key.place().start as usize;
    let between = text.get(end..next_key)?;
    let up = next_key - between.trim_start().len();
    let moved = text.get(up..line_end(text, up))?;
    let is_certain = up == next_key || (moved.starts_with('#') && !speaks(moved));
    is_certain.then_some(key..up)
}

/// Returns what to remove of a mapping in braces, where that is certain.
fn flow_range(
    text: &str,
    before: Option<&Entry<'_>>,
    place: Span,
    next: Option<&Entry<'_>>,
) -> Option<Range<usize>> {
    let (key, end) = (place.start as usize, place.end as usize);
    let behind = text.get(end..line_end(text, end))?;
    let opens = text.get(..key)?.trim_end().ends_with(['{', ',']);
    if speaks(behind) || !opens {
        return None;
    }
    let is_comma = |from: usize, to: usize| text.get(from..to).is_some_and(|gap| gap.trim() == ",");
    if let Some(next) = next {
        let next = next.key.place().start as usize;
        return is_comma(end, next).then_some(key..next);
    }
    let before = written(before?, text).end as usize;
    is_comma(before, key).then_some(before..end)
}

/// Returns whether text may hold a comment: `#` behind a blank, or at the start of a line.
fn holds_comment(text: &str) -> bool {
    text.match_indices('#').any(|(at, _)| {
        text.get(..at)
            .is_none_or(|before| before.is_empty() || before.ends_with(char::is_whitespace))
    })
}

/// Returns whether the rest of a line is nothing, or a comment.
fn is_blank_or_comment(rest: &str) -> bool {
    let trimmed = rest.trim_start();
    trimmed.is_empty() || trimmed.starts_with('#')
}

/// Returns whether a line may hold a comment that allows a finding.
fn speaks(line: &str) -> bool {
    line.split_once('#').is_some_and(|(_, comment)| comment.contains("slo:"))
}

/// Returns the offset at which the line that holds `offset` starts.
fn line_start(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
}

fn is_key(entry: &Entry<'_>, key: &str) -> bool {
    entry.key.scalar().is_some_and(|scalar| scalar.text == key)
}

/// Returns the offset behind the line that holds `offset`, its line end included.
fn line_end(text: &str, offset: usize) -> usize {
    let ended = offset > 0 && text.as_bytes().get(offset - 1) == Some(&b'\n');
    if ended {
        return offset;
    }
    let rest = text.get(offset..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |at| offset + at + 1)
}

fn double_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Returns whether text may stand without quotes anywhere, flow collections included.
fn is_plain(text: &str) -> bool {
    let safe = |character: char| character.is_ascii_alphanumeric() || "._-+/".contains(character);
    let first = text.chars().next();
    first.is_some_and(|first| first.is_ascii_alphanumeric() || first == '.')
        && text.chars().all(safe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Origin;
    use crate::source::Source;
    use crate::source::SourceId;
    use crate::source::apply;
    use crate::yaml::parse;

    fn edited(text: &str, edit: impl FnOnce(Node<'_>) -> Option<Edit>) -> Option<String> {
        let source = Source::from_text("x.yaml", text, Origin::Worktree);
        let stream = parse(SourceId::default(), &source);
        let edit = edit(stream.documents.first()?.root())?;
        apply(text, &[edit]).ok()
    }

    #[test]
    fn replacing_keeps_quotes_and_comments() {
        let replace = |text| edited(text, |root| replace_scalar(root.get("a")?, "it's"));
        assert_eq!(replace("a: 'x' # why\n").as_deref(), Some("a: 'it''s' # why\n"));
        assert_eq!(replace("a: \"x\"\n").as_deref(), Some("a: \"it's\"\n"));
        assert_eq!(replace("a: x\n").as_deref(), Some("a: \"it's\"\n"));
        assert_eq!(replace("a: |\n  x\n"), None, "a block has no single place");
    }

    #[test]
    fn deleting_takes_the_line_and_leaves_the_rest() {
        let delete = |text| edited(text, |root| delete_entry(root, "b"));
        assert_eq!(delete("a: 1\nb: 2\nc: 3\n").as_deref(), Some("a: 1\nc: 3\n"));
        assert_eq!(delete("a: 1\r\nb: 2\r\n").as_deref(), Some("a: 1\r\n"));
        assert_eq!(delete("{a: 1, b: 2}").as_deref(), Some("{a: 1}"));
        assert_eq!(delete("{b: 2, a: 1}").as_deref(), Some("{a: 1}"));
        assert_eq!(delete("b: 2\n"), None, "an empty mapping would be null");
        let item = |text| edited(text, |root| delete_entry(root.items().next()?, "b"));
        assert_eq!(item("- b: 2\n  a: 1\n").as_deref(), Some("- a: 1\n"));
    }

    #[test]
    fn deleting_keeps_every_comment() {
        let delete = |text| edited(text, |root| delete_entry(root, "b"));
        assert_eq!(delete("a: 1\nb: 2 # why\nc: 3\n").as_deref(), Some("a: 1\n# why\nc: 3\n"));
        assert_eq!(delete("a: 1\n# of b\nb: 2\n").as_deref(), Some("a: 1\n# of b\n"));
        assert_eq!(delete("a: 1\nb: # why\n  2\n"), None);
        assert_eq!(delete("a: 1\nb: 2 # slo: allow(x): y\nc: 3\n"), None);
        assert_eq!(delete("a: 1\n# slo: allow(x): y\n\nb: 2\nc: 3\n"), None);
        assert_eq!(delete("{a: 1, # one\n b: 2}\n"), None);
        assert_eq!(delete("{a: 1,\n b: 2 # two\n}\n").as_deref(), Some("{a: 1 # two\n}\n"));
        let item = |text| edited(text, |root| delete_entry(root.items().next()?, "b"));
        assert_eq!(
            item("- b: 2 # why\n  # next\n  a: 1\n").as_deref(),
            Some("- # why\n  # next\n  a: 1\n")
        );
        assert_eq!(item("- b: 2\n\n  # 次\n  a: 1\n").as_deref(), Some("- # 次\n  a: 1\n"));
        assert_eq!(item("- b: 2\n  # slo: allow(x): y\n  a: 1\n"), None);
    }

    #[test]
    fn an_alias_is_deleted_where_it_stands_and_an_anchor_is_not() {
        let last = |text| edited(text, |root| delete_entry(root.items().last()?, "b"));
        let text = "- {b: &t 1}\n- {b: 2}\n- b: *t\n  a: 1\n";
        assert_eq!(last(text).as_deref(), Some("- {b: &t 1}\n- {b: 2}\n- a: 1\n"));
        let text = "- {b: &t 1}\n- {a: 1, b: *t}\n";
        assert_eq!(last(text).as_deref(), Some("- {b: &t 1}\n- {a: 1}\n"));
        for text in
            ["b: &t 1\na: 1\n", "&k b: 1\na: 1\n", "{a: 1, b: [&t 1]}\n", "a: 1\nb:\n  c: &t 1\n"]
        {
            assert_eq!(edited(text, |root| delete_entry(root, "b")), None, "{text}");
        }
        let text = "- &o {a: 1, b: 2}\n- {<<: *o, b: 3}\n";
        assert_eq!(edited(text, |root| delete_entry(root.items().next()?, "b")), None);
        let shared = edited("a: &t x\nb: *t\n", |root| replace_scalar(root.get("b")?, "y"));
        assert_eq!(shared, None, "`a` would change too");
    }

    #[test]
    fn only_the_entry_goes_whatever_its_form() {
        let delete = |text| edited(text, |root| delete_entry(root, "b"));
        assert_eq!(delete("b: |\n  x\n  y\na: 1\n").as_deref(), Some("a: 1\n"));
        assert_eq!(delete("a: 1\nb: >+\n  x\n\nc: 1\n").as_deref(), Some("a: 1\n\nc: 1\n"));
        assert_eq!(delete("a: 1\nb: |\n  # x\nc: 1\n"), None);
        assert_eq!(delete("? b\n: 2\na: 1\n"), None);
        assert_eq!(delete("{? b : 2, a: 1}\n"), None);
        assert_eq!(delete("a: 1\nb:\n  - 1\n  - 2\nc: 1\n").as_deref(), Some("a: 1\nc: 1\n"));
        assert_eq!(delete("a: 1\nb: x\n  y\nc: 1\n").as_deref(), Some("a: 1\nc: 1\n"));
        assert_eq!(delete("\"b\" : '2'\n名: 1\n").as_deref(), Some("名: 1\n"));
        assert_eq!(delete("{a: 1, b: 2,}\n").as_deref(), Some("{a: 1,}\n"));
        assert_eq!(delete("{b: 2, <<: {c: 1}, a: 1}\n"), None);
        let item = |text| edited(text, |root| delete_entry(root.items().next()?, "b"));
        assert_eq!(item("- b: |\n    x\n  a: 1\n").as_deref(), Some("- a: 1\n"));
        assert_eq!(item("- b: 2\n  ? a\n  : 1\n"), None);
        assert_eq!(item("- b: 2\r\n  a: 1\r\n").as_deref(), Some("- a: 1\r\n"));
    }

    #[test]
    fn inserting_keeps_indentation_and_line_ends() {
        let insert = |text| edited(text, |root| insert_entry(root.get("s")?, "a", "b", "2"));
        assert_eq!(insert("s:\r\n  a: 1\r\n").as_deref(), Some("s:\r\n  a: 1\r\n  b: 2\r\n"));
        assert_eq!(insert("s:\n  a: 1").as_deref(), Some("s:\n  a: 1\n  b: 2"));
        assert_eq!(insert("s: {a: 1}\n").as_deref(), Some("s: {a: 1, b: 2}\n"));
        let text = "t: &t 1\ns:\n  a: *t # why\n";
        assert_eq!(insert(text).as_deref(), Some("t: &t 1\ns:\n  a: *t # why\n  b: 2\n"));
        let text = "s:\n  a: |\n    x\n  c: 1\n";
        assert_eq!(insert(text).as_deref(), Some("s:\n  a: |\n    x\n  b: 2\n  c: 1\n"));
        assert_eq!(insert("s:\n  ? a\n  : 1\n"), None);
    }
}
