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
/// See [`delete_entries`], of which this is the case of one key.
pub fn delete_entry(mapping: Node<'_>, key: &str) -> Option<Edit> {
    match delete_entries(mapping, &[key])?.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// Returns the edits that remove entries of a mapping, with their lines where they have them to
/// themselves.
///
/// A comment on an entry's own line goes with it; comments on lines of their own stay. Nothing where
/// the mapping has none of the keys or no other, or where removing them would need more than edits:
/// it holds a merge, an alias of the document may stand for what is removed, or a comment in braces
/// would go too.
pub fn delete_entries(mapping: Node<'_>, keys: &[&str]) -> Option<Vec<Edit>> {
    let entries: Vec<Entry<'_>> = mapping.entries().collect();
    let is_doomed = |entry: &Entry<'_>| keys.iter().any(|key| is_key(entry, key));
    let doomed = entries.iter().filter(|entry| is_doomed(entry)).count();
    if doomed == 0 || doomed == entries.len() || !is_whole(mapping) {
        return None;
    }
    let places: Vec<Place> = entries
        .iter()
        .map(|entry| {
            let start = entry.key.span().start as usize;
            Place { start, end: end_of(entry), doomed: is_doomed(entry) }
        })
        .collect();
    let text = &*mapping.document().text;
    let ranges = if mapping.is_flow() { in_flow(text, &places)? } else { in_block(text, &places)? };
    let source = mapping.span().source;
    let edit = |range: Range<usize>| Edit {
        span: Span::new(source, range.start, range.end),
        text: String::new(),
    };
    Some(ranges.into_iter().map(edit).collect())
}

/// The bytes of an entry, and whether it is to go.
struct Place {
    start: usize,
    end: usize,
    doomed: bool,
}

/// Returns what is cut out of braces: entries with the comma behind them, or before the last one.
fn in_flow(text: &str, places: &[Place]) -> Option<Vec<Range<usize>>> {
    let mut ranges = Vec::new();
    let mut kept_end = None;
    let mut places = places.iter().peekable();
    while let Some(first) = places.next() {
        if !first.doomed {
            kept_end = Some(first.end);
            continue;
        }
        let (mut end, mut gaps) = (first.end, kept_end.unwrap_or(first.start)..first.start);
        let mut has_comment = text.get(gaps.clone())?.contains('#');
        while let Some(next) = places.next_if(|next| next.doomed) {
            has_comment |= text.get(end..next.start)?.contains('#');
            end = next.end;
        }
        let range = match (places.peek(), kept_end) {
            (Some(next), _) => {
                gaps = end..next.start;
                first.start..next.start
            }
            (None, Some(kept)) => kept..end,
            (None, None) => return None,
        };
        if has_comment || text.get(gaps)?.contains('#') {
            return None;
        }
        ranges.push(range);
    }
    Some(ranges)
}

/// Returns what is cut out of a block: whole lines; what follows the dash of an item moves up to it.
fn in_block(text: &str, places: &[Place]) -> Option<Vec<Range<usize>>> {
    let mut ranges = Vec::new();
    let mut places = places.iter().enumerate().filter(|(_, place)| place.doomed).peekable();
    while let Some((position, place)) = places.next() {
        let line = line_start(text, place.start);
        let before = text.get(line..place.start)?;
        let range = if before.trim().is_empty() {
            line..line_end(text, place.end)
        } else if position == 0 && before.trim_matches(['-', ' ', '\t']).is_empty() {
            let mut end = behind_line(text, place.end);
            while let Some((_, next)) = places.next_if(|(_, next)| next.start == end) {
                end = behind_line(text, next.end);
            }
            place.start..end
        } else {
            return None;
        };
        // A carriage return alone ends a line, too, and no line was cut there.
        let cut = text.get(range.clone())?;
        if cut.replace("\r\n", "\n").contains('\r') {
            return None;
        }
        ranges.push(range);
    }
    Some(ranges)
}

/// Returns the edit that adds entries, each a key and a value, behind the last one of a mapping.
///
/// Keys and values are written as given; each further line of a value is indented below its key, which
/// braces have no place for. Nothing where the mapping holds a merge, or an alias of the document may
/// stand for it.
pub fn append_entries(mapping: Node<'_>, added: &[(&str, &str)]) -> Option<Edit> {
    if !mapping.is_mapping() || !is_whole(mapping) {
        return None;
    }
    let text = &*mapping.document().text;
    let (source, last) = (mapping.span().source, mapping.entries().last());
    if mapping.is_flow() {
        let written: Vec<String> =
            added.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        let written = written.join(", ");
        let (span, written) = match last {
            Some(last) => {
                let end = end_of(&last);
                (Span::new(source, end, end), format!(", {written}"))
            }
            None if mapping.raw().contains('#') => return None,
            None => (mapping.span(), format!("{{{written}}}")),
        };
        return (!written.contains('\n')).then_some(Edit { span, text: written });
    }
    let last = last?;
    let (start, end) = (last.key.span().start as usize, end_of(&last));
    let indentation = text.get(line_start(text, start)..start)?;
    let at = line_end(text, end);
    let line = text.get(..at)?;
    let is_plain = indentation.trim_matches(['-', ' ']).is_empty();
    if !is_plain || text.get(end.min(at)..at)?.trim_end_matches("\r\n").contains('\r') {
        return None;
    }
    let column = indentation.chars().count();
    let ending = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
    let mut written = String::new();
    for (key, value) in added {
        let space = if value.starts_with('\n') { "" } else { " " };
        let value = value.replace('\n', &format!("{ending}{:column$}", ""));
        written.push_str(&format!("{:column$}{key}:{space}{value}{ending}", ""));
    }
    if !line.ends_with('\n') {
        written = format!("{ending}{}", written.trim_end_matches(ending));
    }
    Some(Edit { span: Span::new(source, at, at), text: written })
}

/// Returns text as a scalar on one line; nothing where it holds a control character.
pub fn written(text: &str) -> Option<String> {
    if is_plain(text) {
        return Some(text.to_owned());
    }
    (!text.chars().any(char::is_control)).then(|| double_quoted(text))
}

/// Returns whether a mapping holds what is written in it, and is written for itself alone.
fn is_whole(mapping: Node<'_>) -> bool {
    !mapping.document().has_aliases() && !mapping.entries().any(|entry| entry.merged)
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

/// Returns the offset behind an entry; a value of nothing stands nowhere.
fn end_of(entry: &Entry<'_>) -> usize {
    let (key, value) = (entry.key.span(), entry.value.span());
    if value.start == value.end { key.end as usize } else { key.cover(value).end as usize }
}

/// Returns the offset at which the line that holds `offset` starts.
fn line_start(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or_default();
    before.rfind(['\n', '\r']).map_or(0, |at| at + 1)
}

/// Returns the offset of what stands next below the line that holds `offset`.
fn behind_line(text: &str, offset: usize) -> usize {
    let end = line_end(text, offset);
    let rest = text.get(end..).unwrap_or_default();
    end + rest.len() - rest.trim_start().len()
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
    fn several_entries_go_together() {
        let delete = |text| {
            let source = Source::from_text("x.yaml", text, Origin::Worktree);
            let stream = parse(SourceId::default(), &source);
            let root = stream.documents.first()?.root();
            let mapping = root.items().next().unwrap_or(root);
            apply(text, &delete_entries(mapping, &["b", "c"])?).ok()
        };
        assert_eq!(delete("- b: 1\n  c: 2 # gone\n  a: 3\n").as_deref(), Some("- a: 3\n"));
        assert_eq!(delete("- a: 1\r\n  b: 2\r\n  c: 3\r\n").as_deref(), Some("- a: 1\r\n"));
        assert_eq!(delete("b: 1\n# why\na: 2\nc: 3").as_deref(), Some("# why\na: 2\n"));
        let commented = "- b: 1\n  # one\n  c: 2\n  # two\n  a: 3\n";
        assert_eq!(delete(commented).as_deref(), Some("- # one\n  # two\n  a: 3\n"));
        assert_eq!(delete("{a: 1, b: 2, c: 3}").as_deref(), Some("{a: 1}"));
        assert_eq!(delete("{b: 1, c: 2, a: 3}").as_deref(), Some("{a: 3}"));
        assert_eq!(delete("{b: 1, a: 2, c: 3, }").as_deref(), Some("{a: 2, }"));
        assert_eq!(delete("{a: 1, d: 2, b: 3, e: 4}").as_deref(), Some("{a: 1, d: 2, e: 4}"));
        for (text, why) in [
            ("{b: 1, c: 2}", "an empty mapping is another thing"),
            ("{a: 1, # why\n b: 2}", "the comment would go"),
            ("{b: 1, # why\n a: 2}", "the comment would go"),
            ("a: 1\n? b\n: 2\n", "a key with a mark of its own"),
            ("- &x b: 1\n  a: 2\n", "the anchor would name another key"),
            ("a: &x 1\nb: *x\n", "an alias may stand for it"),
            ("{b: 1, <<: {d: 1}, a: 2}", "the merge would go"),
            ("a: 1\rb: 2\r", "the line ends where none is cut"),
        ] {
            assert_eq!(delete(text), None, "{why}: {text}");
        }
    }

    #[test]
    fn what_is_added_keeps_indentation_and_line_ends() {
        let append = |text, added| {
            edited(text, |root| append_entries(root.get("s")?, added)).filter(|after| {
                let source = Source::from_text("x.yaml", after.as_str(), Origin::Worktree);
                parse(SourceId::default(), &source).problems.is_empty()
            })
        };
        let one = |text| append(text, &[("b", "2")]);
        assert_eq!(one("s:\r\n  a: 1\r\n").as_deref(), Some("s:\r\n  a: 1\r\n  b: 2\r\n"));
        assert_eq!(one("s:\n  a: 1").as_deref(), Some("s:\n  a: 1\n  b: 2"));
        assert_eq!(one("s: {a: 1}\n").as_deref(), Some("s: {a: 1, b: 2}\n"));
        assert_eq!(one("s: {}\n").as_deref(), Some("s: {b: 2}\n"));
        assert_eq!(one("s:\n  a:\nt: 1\n").as_deref(), Some("s:\n  a:\n  b: 2\nt: 1\n"));
        assert_eq!(one("s:\n  ? a\n  : 1\n"), None, "a key with a mark of its own");
        assert_eq!(one("s: &s\n  a: 1\nt: *s\n"), None, "the alias would have it, too");
        assert_eq!(one("s: {\n # why\n}\n"), None, "the comment would go");
        let lines = |text| append(text, &[("b", "\n  - 1\n  - 2"), ("c", "3")]);
        let after = "s:\r\n  a: |\r\n    x\r\n  b:\r\n    - 1\r\n    - 2\r\n  c: 3\r\nt: 1\r\n";
        assert_eq!(lines("s:\r\n  a: |\r\n    x\r\nt: 1\r\n").as_deref(), Some(after));
        assert_eq!(lines("s: {a: 1}\n"), None, "braces hold no lines");
    }

    #[test]
    fn text_is_quoted_where_it_has_to_be() {
        assert_eq!(written("fast-burn").as_deref(), Some("fast-burn"));
        assert_eq!(written("@shop/sre").as_deref(), Some("\"@shop/sre\""));
        assert_eq!(written("a\nb"), None);
    }

    #[test]
    fn the_line_behind_a_block_scalar_stays() {
        let text = "a: |\n  one\n  two\nb: 2\n";
        assert_eq!(edited(text, |root| delete_entry(root, "a")).as_deref(), Some("b: 2\n"));
        let added = edited(text, |root| append_entries(root, &[("c", "3")]));
        assert_eq!(added.as_deref(), Some("a: |\n  one\n  two\nb: 2\nc: 3\n"));
    }
}
