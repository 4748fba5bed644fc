//! The edit that removes a whole document.

use crate::source::Edit;
use crate::source::Span;

/// A line of a file: where it begins, and its text with its end.
type Line<'a> = (usize, &'a str);

/// Returns the edit that removes a document: from its `---`, or its first line where it has none, up
/// to the empty lines behind it.
///
/// Comments in it go with it. Those behind it stay, since they may speak of the next document. Nothing
/// where the edit would need more than that: `root` is not the whole of a document, a comment or a
/// directive above it may speak of it, it is held by `...`, or something else stands on its last line.
pub fn delete_document(text: &str, root: Span) -> Option<Edit> {
    let start = start(text.get(..root.range().start)?)?;
    let end = end(text, root.range().end)?;
    // A carriage return alone ends a line, too, and no line was cut there.
    if text.get(start..end)?.replace("\r\n", "\n").contains('\r') {
        return None;
    }
    Some(Edit { span: Span::new(root.source, start, end), text: String::new() })
}

/// Returns where a document begins, from the text before its root; nothing where something else
/// stands there than blanks and comments, so that it is a part of a document.
fn start(before: &str) -> Option<usize> {
    // From the root upward, so that the last document of many is found as fast as the first.
    let mut end = before.len();
    let above = before.split_inclusive('\n').rev().map(|line| {
        end -= line.len();
        (end, line)
    });
    let mut above = above.peekable();
    // The root may stand on the line of its marker, or behind blanks.
    let own = above.next_if(|(_, line)| !line.ends_with('\n') && !is_marker(line, "---"));
    let first = own.map_or(before.len(), |(start, _)| start);
    let is_apart = above.peek().is_none_or(|(_, line)| line.trim().is_empty());
    let mut is_plain = own.is_none_or(|(_, line)| is_blank_or_comment(line));
    let mut speaks = false;
    let boundary = above.find(|(_, line)| {
        speaks |= line.to_ascii_lowercase().contains("slo:");
        is_plain &= is_blank_or_comment(line) || is_boundary(line);
        is_boundary(line) || !is_plain
    });
    if !is_plain {
        return None;
    }
    let Some((start, marker)) = boundary else {
        // What stands above the first document is a heading of the file, or of the document.
        return (is_apart && !speaks).then_some(first);
    };
    let behind = marker.strip_prefix("---")?;
    let nearest = above.map(|(_, line)| line.trim()).find(|line| !line.is_empty());
    let is_alone = nearest.is_none_or(|line| !line.starts_with(['#', '%']));
    (is_alone && is_blank_or_comment(behind)).then_some(start)
}

/// Returns where the document behind one begins, or what else stands there.
fn end(text: &str, end: usize) -> Option<usize> {
    let mut behind = lines(text.get(end..)?, end).peekable();
    // The span of a block scalar may end with its last line.
    if !text.get(..end)?.ends_with('\n')
        && let Some((_, rest)) = behind.next()
        && !is_blank_or_comment(rest)
    {
        return None;
    }
    while behind.next_if(|(_, line)| line.trim().is_empty()).is_some() {}
    let end = behind.peek().map_or(text.len(), |(start, _)| *start);
    let next = behind.find(|(_, line)| !is_blank_or_comment(line));
    next.is_none_or(|(_, line)| is_marker(line, "---")).then_some(end)
}

/// Returns the lines of a text that begins at an offset.
fn lines(text: &str, offset: usize) -> impl Iterator<Item = Line<'_>> {
    text.split_inclusive('\n').scan(offset, |start, line| {
        let own = *start;
        *start += line.len();
        Some((own, line))
    })
}

fn is_boundary(line: &str) -> bool {
    is_marker(line, "---") || is_marker(line, "...")
}

fn is_marker(line: &str, marker: &str) -> bool {
    let rest = line.strip_prefix(marker);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn is_blank_or_comment(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Origin;
    use crate::source::Source;
    use crate::source::SourceId;
    use crate::source::apply;
    use crate::yaml;

    /// Removes the document that holds a word, where it can be removed.
    fn without(text: &str, word: &str) -> Option<String> {
        let source = Source::from_text("slo.yaml", text, Origin::Worktree);
        let stream = yaml::parse(SourceId::default(), &source);
        let roots = stream.documents.iter().map(|document| document.root());
        let root = roots.into_iter().find(|root| root.raw().contains(word)).expect("it is there");
        let edit = delete_document(text, root.span())?;
        let after = apply(text, &[edit]).expect("the edit fits");
        let again = Source::from_text("slo.yaml", after.as_str(), Origin::Worktree);
        let left = yaml::parse(SourceId::default(), &again);
        assert!(left.problems.is_empty() && left.broken.is_empty(), "{after}");
        assert_eq!(left.documents.len() + 1, stream.documents.len(), "{after}");
        Some(after)
    }

    #[test]
    fn a_document_goes_with_its_marker_and_its_comments() {
        let text = "a: 1\n---\n# two\nb: 2 # it\n\n---\nc: 3\n";
        assert_eq!(without(text, "b: 2").as_deref(), Some("a: 1\n---\nc: 3\n"));
        assert_eq!(without(text, "c: 3").as_deref(), Some("a: 1\n---\n# two\nb: 2 # it\n\n"));
        assert_eq!(without(text, "a: 1").as_deref(), Some("---\n# two\nb: 2 # it\n\n---\nc: 3\n"));
        let text = "---\na: 1\n--- # two\nb:\n  - |\n    x\n--- {c: 3}\n";
        assert_eq!(without(text, "- |").as_deref(), Some("---\na: 1\n--- {c: 3}\n"));
        assert_eq!(
            without(text, "c: 3").as_deref(),
            Some("---\na: 1\n--- # two\nb:\n  - |\n    x\n")
        );
        let text = "a: 1\r\n---\r\nb: 2\r\n---\r\nc: 3";
        assert_eq!(without(text, "b: 2").as_deref(), Some("a: 1\r\n---\r\nc: 3"));
        assert_eq!(without(text, "c: 3").as_deref(), Some("a: 1\r\n---\r\nb: 2\r\n"));
    }

    #[test]
    fn a_comment_that_may_speak_of_another_document_stays() {
        let text = "# of all\n\na: 1\n# of two\n---\nb: 2\n";
        assert_eq!(without(text, "a: 1").as_deref(), Some("# of all\n\n# of two\n---\nb: 2\n"));
        assert_eq!(without(text, "b: 2"), None);
        for text in [
            "# of one\na: 1\n---\nb: 2\n",
            "# slo: allow(unused-object): x\n\na: 1\n---\nb: 2\n",
            "%YAML 1.2\n---\na: 1\n---\nb: 2\n",
            "a: 1\n...\n---\nb: 2\n",
            "b: 2\n...\na: 1\n",
        ] {
            assert_eq!(without(text, "a: 1"), None, "{text}");
        }
    }

    #[test]
    fn a_part_of_a_document_is_no_document() {
        for (text, part) in [
            ("a: {b: 1}\n", "{b: 1}"),
            ("a:\n  b: 1\n", "b: 1"),
            ("---\n- b: 1\n", "b: 1"),
            ("--- !!map\nb: 1\n", "b: 1"),
            ("--- [{b: 1}]\n", "{b: 1}"),
            ("[\n  {b: 1}\n]\n", "{b: 1}"),
            ("---\nb: 1\nc: 2\n", "b: 1"),
        ] {
            let at = text.find(part).expect("the part is there");
            let span = Span::new(SourceId::default(), at, at + part.len());
            assert_eq!(delete_document(text, span), None, "{text}");
        }
    }
}
