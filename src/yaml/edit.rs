//! Edits that keep comments, layout and quoting.

use crate::source::Edit;
use crate::source::Span;

use super::Entry;
use super::Node;
use super::Style;

/// Returns the edit that gives a scalar another text, quoted as it was where the quotes allow it.
///
/// Nothing for a collection, a block scalar or text of several lines: those have no single place.
pub fn replace_scalar(node: Node<'_>, text: &str) -> Option<Edit> {
    let scalar = node.scalar()?;
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
/// A comment on the entry's own line goes with it; comments above it stay. Nothing where the entry
/// is the only one of its mapping, or comes from a merge: removing it would need more than an edit.
pub fn delete_entry(mapping: Node<'_>, key: &str) -> Option<Edit> {
    let entries: Vec<Entry<'_>> = mapping.entries().filter(|entry| !entry.merged).collect();
    let position = entries.iter().position(|entry| is_key(entry, key))?;
    let entry = entries.get(position)?;
    if entries.len() < 2 {
        return None;
    }
    let span = entry.key.span().cover(entry.value.span());
    let text = &*mapping.document().text;
    if mapping.is_flow() {
        let (start, end) = if let Some(next) = entries.get(position + 1) {
            (span.start as usize, next.key.span().start as usize)
        } else {
            let before = entries.get(position.checked_sub(1)?)?;
            (before.key.span().cover(before.value.span()).end as usize, span.end as usize)
        };
        return Some(Edit { span: Span::new(span.source, start, end), text: String::new() });
    }
    let line_start = text.get(..span.start as usize)?.rfind('\n').map_or(0, |at| at + 1);
    let alone = text.get(line_start..span.start as usize)?.trim().is_empty();
    if alone {
        let end = line_end(text, span.end as usize);
        return Some(Edit { span: Span::new(span.source, line_start, end), text: String::new() });
    }
    // The first entry of an item, `- key: value`: the next entry moves up to its place.
    let next = entries.get(position + 1)?;
    let end = next.key.span().start as usize;
    Some(Edit { span: Span::new(span.source, span.start as usize, end), text: String::new() })
}

/// Returns the edit that adds `key: value` behind the entry named `after`.
///
/// `value` is written as given, on one line. Nothing where `after` is not an entry of its own.
pub fn insert_entry(mapping: Node<'_>, after: &str, key: &str, value: &str) -> Option<Edit> {
    let entry = mapping.entries().find(|entry| !entry.merged && is_key(entry, after))?;
    let text = &*mapping.document().text;
    let end = entry.key.span().cover(entry.value.span()).end as usize;
    let source = entry.key.span().source;
    if mapping.is_flow() {
        return Some(Edit { span: Span::new(source, end, end), text: format!(", {key}: {value}") });
    }
    let line_start =
        text.get(..entry.key.span().start as usize)?.rfind('\n').map_or(0, |at| at + 1);
    let column = text.get(line_start..entry.key.span().start as usize)?.chars().count();
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let at = line_end(text, end);
    let open = text.get(..at)?.ends_with('\n');
    let (before, behind) = if open { ("", ending) } else { (ending, "") };
    let text = format!("{before}{:column$}{key}: {value}{behind}", "");
    Some(Edit { span: Span::new(source, at, at), text })
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
        assert_eq!(delete("a: 1\nb: 2 # gone\nc: 3\n").as_deref(), Some("a: 1\nc: 3\n"));
        assert_eq!(delete("a: 1\r\nb: 2\r\n").as_deref(), Some("a: 1\r\n"));
        assert_eq!(delete("{a: 1, b: 2}").as_deref(), Some("{a: 1}"));
        assert_eq!(delete("{b: 2, a: 1}").as_deref(), Some("{a: 1}"));
        assert_eq!(delete("b: 2\n"), None, "an empty mapping would be null");
        let item = |text| edited(text, |root| delete_entry(root.items().next()?, "b"));
        assert_eq!(item("- b: 2\n  a: 1\n").as_deref(), Some("- a: 1\n"));
    }

    #[test]
    fn inserting_keeps_indentation_and_line_ends() {
        let insert = |text| edited(text, |root| insert_entry(root.get("s")?, "a", "b", "2"));
        assert_eq!(insert("s:\r\n  a: 1\r\n").as_deref(), Some("s:\r\n  a: 1\r\n  b: 2\r\n"));
        assert_eq!(insert("s:\n  a: 1").as_deref(), Some("s:\n  a: 1\n  b: 2"));
        assert_eq!(insert("s: {a: 1}\n").as_deref(), Some("s: {a: 1, b: 2}\n"));
    }

    #[test]
    fn the_line_behind_a_block_scalar_stays() {
        let text = "a: |\n  one\n  two\nb: 2\n";
        assert_eq!(edited(text, |root| delete_entry(root, "a")).as_deref(), Some("b: 2\n"));
        let added = edited(text, |root| insert_entry(root, "a", "c", "3"));
        assert_eq!(added.as_deref(), Some("a: |\n  one\n  two\nc: 3\nb: 2\n"));
    }
}
