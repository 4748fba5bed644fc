//! Edits that keep comments, layout and quoting.

use std::ops::Range;

use crate::source::Edit;
use crate::source::Span;
use crate::spelling;
use crate::spelling::Vocabulary;

use super::Added;
use super::Entry;
use super::Node;
use super::Style;
use super::added::block_entries;
use super::added::double_quoted;
use super::added::flow;
use super::added::flow_entries;
use super::added::is_json;
use super::added::is_plain;
use super::added::scalar;
use super::plain_or_json;

/// Returns the edit that gives a scalar another text, quoted as it was where the quotes allow it; what
/// is JSON stays JSON.
///
/// Nothing for a collection, a block scalar or text of several lines: those have no single place.
/// Nothing where an alias shares the scalar either: what is wrong here may be right there.
pub fn replace_scalar(node: Node<'_>, text: &str) -> Option<Edit> {
    let scalar = node.scalar().filter(|_| !node.is_shared())?;
    let printable = !text.chars().any(char::is_control);
    let written = match scalar.style {
        Style::SingleQuoted if printable => format!("'{}'", text.replace('\'', "''")),
        Style::Plain if is_plain(text) => plain_or_json(&node.document().text, text),
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
/// Every comment stays: one behind an entry becomes a line of its own. Nothing where the edits would
/// need more than that: the mapping has none of the keys or no other, an alias shares it, what goes
/// comes from a merge, holds an anchor or a comment, its key is written with `?`, or a comment that
/// allows a finding would come to speak of something else.
pub fn delete_entries(mapping: Node<'_>, keys: &[&str]) -> Option<Vec<Edit>> {
    let entries: Vec<Entry<'_>> = mapping.entries().filter(|entry| !entry.merged).collect();
    let is_doomed = |entry: &Entry<'_>| keys.iter().any(|key| is_key(entry, key));
    let doomed = entries.iter().filter(|entry| is_doomed(entry)).count();
    if doomed == 0 || doomed == entries.len() || mapping.is_shared() {
        return None;
    }
    let text = &*mapping.document().text;
    let mut edits = Vec::new();
    let mut position = 0;
    while let Some(entry) = entries.get(position) {
        let before = position.checked_sub(1).and_then(|before| entries.get(before));
        position += 1;
        if !is_doomed(entry) {
            continue;
        }
        let mut place = place_of(entry, text);
        // What goes together and has no lines of its own goes in one piece.
        while let Some(next) = entries.get(position).filter(|next| is_doomed(next)) {
            let next = place_of(next, text);
            let gap = text.get(place.end as usize..next.start as usize)?.trim();
            let is_one = if mapping.is_flow() {
                gap == ","
            } else {
                gap.is_empty() && !is_alone(text, place)
            };
            if !is_one {
                break;
            }
            place = place.cover(next);
            position += 1;
        }
        let removed = text.get(place.range())?;
        if removed.contains('&') || holds_comment(removed) {
            return None;
        }
        let next = entries.get(position);
        let range = if mapping.is_flow() {
            flow_range(text, before, place, next)?
        } else {
            block_range(text, place, next)?
        };
        // A carriage return alone ends a line, too, and no line was cut there.
        if text.get(range.clone())?.replace("\r\n", "\n").contains('\r') {
            return None;
        }
        let span = Span::new(place.source, range.start, range.end);
        edits.push(Edit { span, text: String::new() });
    }
    Some(edits)
}

/// Returns the edit that adds entries behind the last one of a mapping: as JSON where that is JSON, in
/// braces where it is in braces, else in lines.
///
/// Nothing where the mapping holds a merge, an alias of the document may stand for it, or a key that is
/// near an added one may be meant to be that: renamed, it would stand there twice.
pub fn append_entries(mapping: Node<'_>, added: &[(&str, Added<'_>)]) -> Option<Edit> {
    let is_contested = || added.iter().any(|(key, _)| holds_near(mapping, key));
    if !mapping.is_mapping() || !is_whole(mapping) || is_contested() {
        return None;
    }
    if mapping.is_flow() { append_flow(mapping, added) } else { append_block(mapping, added) }
}

/// Returns the edit that adds words behind the last item of a list: in brackets where that is in
/// brackets, else in lines.
///
/// Nothing where the list is empty, or an alias of the document may stand for it.
pub fn append_items(list: Node<'_>, added: &[&str]) -> Option<Edit> {
    let document = list.document();
    let place = list.items().last().filter(|_| !document.has_aliases())?.place();
    if list.is_flow() {
        let words = added.iter().map(|word| format!(", {}", plain_or_json(&document.text, word)));
        return Some(Edit { span: place.tail(), text: words.collect() });
    }
    append_lines(list, place.start as usize, place.end as usize, |before| {
        let is_alone = before.trim() == "-";
        let column = before.chars().take_while(|letter| *letter == ' ').count();
        let words: Option<Vec<String>> = added.iter().map(|word| scalar(word, false)).collect();
        is_alone.then(|| {
            words?.iter().map(|word| Some(format!("\n{:column$}- {word}", ""))).collect()
        })?
    })
}

/// Returns the edit that writes a value in place of an empty collection, `[]` or `{}`.
///
/// Nothing where the collection is not empty, or an alias of the document may stand for it.
pub fn replace_empty(node: Node<'_>, value: &Added<'_>) -> Option<Edit> {
    let is_empty = matches!(node.raw(), "[]" | "{}") && !node.document().has_aliases();
    let text = is_empty.then(|| flow(value, is_json(&node.document().text)))??;
    Some(Edit { span: node.span(), text })
}

fn append_flow(mapping: Node<'_>, added: &[(&str, Added<'_>)]) -> Option<Edit> {
    let (source, last) = (mapping.span().source, mapping.entries().last());
    let key = last.as_ref().and_then(|last| last.key.scalar());
    let is_quoted = key.is_some_and(|key| key.style == Style::DoubleQuoted);
    let written = flow_entries(added, is_quoted || is_json(&mapping.document().text))?;
    let (span, text) = match last {
        Some(last) => {
            let end = end_of(&last);
            (Span::new(source, end, end), format!(", {written}"))
        }
        None if mapping.raw().contains('#') => return None,
        None => (mapping.span(), format!("{{{written}}}")),
    };
    Some(Edit { span, text })
}

fn append_block(mapping: Node<'_>, added: &[(&str, Added<'_>)]) -> Option<Edit> {
    let last = mapping.entries().last()?;
    let (start, end) = (last.key.span().start as usize, end_of(&last));
    append_lines(mapping, start, end, |before| {
        let is_plain = before.trim_matches(['-', ' ']).is_empty();
        is_plain.then(|| block_entries(added, before.chars().count()))?
    })
}

/// Returns the edit that adds lines behind the one on which the last part of a collection ends.
///
/// * `lines`: given what stands on its line before the last part, lines that each begin with a line end.
fn append_lines(
    collection: Node<'_>,
    start: usize,
    end: usize,
    lines: impl Fn(&str) -> Option<String>,
) -> Option<Edit> {
    let text = &*collection.document().text;
    let lines = lines(text.get(line_start(text, start)..start)?)?;
    let at = line_end(text, end);
    let before = text.get(..at)?;
    if text.get(end.min(at)..at)?.trim_end_matches("\r\n").contains('\r') {
        return None;
    }
    // The last line of a file may have no end of its own.
    let (above, is_ended) = (before.trim_end_matches('\n'), before.ends_with('\n'));
    let above =
        if is_ended { Some(above) } else { before.rsplit_once('\n').map(|(above, _)| above) };
    let is_windows = above.is_some_and(|above| above.ends_with('\r'));
    let mut written =
        if is_ended { format!("{}\n", lines.trim_start_matches('\n')) } else { lines };
    if is_windows {
        written = written.replace('\n', "\r\n");
    }
    Some(Edit { span: Span::new(collection.span().source, at, at), text: written })
}

/// Returns whether a key of a mapping may be meant to be another one.
fn holds_near(mapping: Node<'_>, key: &str) -> bool {
    let is_near = |given: &str| !spelling::nearest(given, [key], Vocabulary::Words).is_empty();
    mapping.entries().filter_map(|entry| entry.key.text()).any(is_near)
}

/// Returns whether a mapping holds what is written in it, and is written for itself alone.
fn is_whole(mapping: Node<'_>) -> bool {
    !mapping.document().has_aliases() && !mapping.entries().any(|entry| entry.merged)
}

/// Returns whether an entry of a block begins its line.
fn is_alone(text: &str, place: Span) -> bool {
    let key = place.start as usize;
    text.get(line_start(text, key)..key).is_some_and(|before| before.trim().is_empty())
}

/// Returns the place of an entry without the blank lines that a block scalar ends with.
fn place_of(entry: &Entry<'_>, text: &str) -> Span {
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
    let before = place_of(before?, text).end as usize;
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

/// Returns the offset behind an entry; a value of nothing stands nowhere.
fn end_of(entry: &Entry<'_>) -> usize {
    let (key, value) = (entry.key.span(), entry.value.span());
    if value.start == value.end { key.end as usize } else { key.cover(value).end as usize }
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
    fn several_entries_go_together() {
        let delete = |text| {
            let source = Source::from_text("x.yaml", text, Origin::Worktree);
            let stream = parse(SourceId::default(), &source);
            let root = stream.documents.first()?.root();
            let mapping = root.items().next().unwrap_or(root);
            apply(text, &delete_entries(mapping, &["b", "c"])?).ok()
        };
        assert_eq!(delete("- b: 1\n  c: 2 # why\n  a: 3\n").as_deref(), Some("- # why\n  a: 3\n"));
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
            ("- &o {a: 1, b: 2}\n- {<<: *o}\n", "the alias would lose it, too"),
            ("{b: 1, <<: {d: 1}, a: 2}", "the merge would go"),
            ("a: 1\rb: 2\r", "the line ends where none is cut"),
        ] {
            assert_eq!(delete(text), None, "{why}: {text}");
        }
    }

    fn appended(text: &str, added: &[(&str, Added<'_>)]) -> Option<String> {
        edited(text, |root| append_entries(root.get("s")?, added)).filter(|after| {
            let source = Source::from_text("x.yaml", after.as_str(), Origin::Worktree);
            parse(SourceId::default(), &source).problems.is_empty()
        })
    }

    #[test]
    fn what_is_added_keeps_indentation_and_line_ends() {
        let one = |text| appended(text, &[("bee", Added::Text("it"))]);
        assert_eq!(one("s:\r\n  a: 1\r\n").as_deref(), Some("s:\r\n  a: 1\r\n  bee: it\r\n"));
        assert_eq!(one("s:\n  a: 1").as_deref(), Some("s:\n  a: 1\n  bee: it"));
        assert_eq!(one("s:\r\n  a: 1").as_deref(), Some("s:\r\n  a: 1\r\n  bee: it"));
        assert_eq!(one("s: {a: 1}\n").as_deref(), Some("s: {a: 1, bee: it}\n"));
        assert_eq!(one("s: {}\n").as_deref(), Some("s: {bee: it}\n"));
        assert_eq!(one("s:\n  a:\nt: 1\n").as_deref(), Some("s:\n  a:\n  bee: it\nt: 1\n"));
        assert_eq!(one("s:\n  ? a\n  : 1\n"), None, "a key with a mark of its own");
        assert_eq!(one("s: &s\n  a: 1\nt: *s\n"), None, "the alias would have it, too");
        assert_eq!(one("s: {\n # why\n}\n"), None, "the comment would go");
        let items = Added::Sequence(vec![
            Added::Text("1"),
            Added::Mapping(vec![("x", Added::Text("why")), ("z", Added::Text("@a"))]),
        ]);
        let both = |text| appended(text, &[("bee", items.clone()), ("c", Added::Text("it"))]);
        let after = "s:\r\n  a: |\r\n    x\r\n  bee:\r\n    - \"1\"\r\n    - x: why\r\n      z: \"@a\"\r\n  c: it\r\nt: 1\r\n";
        assert_eq!(both("s:\r\n  a: |\r\n    x\r\nt: 1\r\n").as_deref(), Some(after));
        let after = "s: {a: 1, bee: [\"1\", {x: why, z: \"@a\"}], c: it}\n";
        assert_eq!(both("s: {a: 1}\n").as_deref(), Some(after));
    }

    #[test]
    fn json_stays_json() {
        let inner = Added::Mapping(vec![("x", Added::Text("a \"b\" \\"))]);
        let added = [("bee", Added::Sequence(vec![inner])), ("c", Added::Text("it"))];
        for text in ["{\"s\": {}}", "{\"s\":{\"a\":1}}", "\n{\n \"s\": {\n  \"a\": [1]\n}}\n"] {
            let after = appended(text, &added).expect("it has a place");
            let value: serde_json::Value = serde_json::from_str(after.trim()).expect("it is JSON");
            let added = &value["s"];
            assert_eq!((&added["bee"][0]["x"], &added["c"]), (&"a \"b\" \\".into(), &"it".into()));
        }
        let quoted = appended("s: {\"a\": 1}\n", &[("c", Added::Text("it"))]);
        assert_eq!(quoted.as_deref(), Some("s: {\"a\": 1, \"c\": \"it\"}\n"));
        let replace = |text, to| edited(text, |root| replace_scalar(root.get("a")?, to));
        assert_eq!(replace("{\"a\": 30}", "30m").as_deref(), Some("{\"a\": \"30m\"}"));
        assert_eq!(replace("{\"a\": 30}", "0.99").as_deref(), Some("{\"a\": 0.99}"));
        assert_eq!(replace("{a: 30}", "30m").as_deref(), Some("{a: 30m}"));
        let fill = |text| edited(text, |root| replace_empty(root.get("a")?, &added[0].1));
        let after = "{\"a\": [{\"x\": \"a \\\"b\\\" \\\\\"}]}";
        assert_eq!(fill("{\"a\": []}").as_deref(), Some(after));
        assert_eq!(fill("{\"a\": [1]}"), None, "it is not empty");
    }

    #[test]
    fn a_key_that_another_may_be_meant_to_be_is_not_added() {
        let one = |text| appended(text, &[("noData", Added::Text("deny"))]);
        assert_eq!(one("s:\n  noDta: 1\n"), None);
        assert_eq!(one("s: {no_data: 1}\n"), None);
        assert_eq!(one("s: {noData: }\n"), None);
        assert_eq!(one("s: {step: 1}\n").as_deref(), Some("s: {step: 1, noData: deny}\n"));
    }

    #[test]
    fn text_is_quoted_where_it_has_to_be() {
        assert_eq!(scalar("fast-burn", false).as_deref(), Some("fast-burn"));
        assert_eq!(scalar("fast-burn", true).as_deref(), Some("\"fast-burn\""));
        assert_eq!(scalar("@shop/sre", false).as_deref(), Some("\"@shop/sre\""));
        assert_eq!(scalar("7", false).as_deref(), Some("\"7\""), "a number is no text");
        assert_eq!(scalar("a\nb", false), None);
    }

    #[test]
    fn the_line_behind_a_block_scalar_stays() {
        let text = "a: |\n  one\n  two\nb: 2\n";
        assert_eq!(edited(text, |root| delete_entry(root, "a")).as_deref(), Some("b: 2\n"));
        let added = edited(text, |root| append_entries(root, &[("c", Added::Text("it"))]));
        assert_eq!(added.as_deref(), Some("a: |\n  one\n  two\nb: 2\nc: it\n"));
    }
}
