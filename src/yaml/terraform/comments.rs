//! The comments of Terraform that may speak to us.
//!
//! # Why
//!
//! The parser keeps no comments of a file that it cannot read, and one may allow just that.

use memchr::memmem;

use crate::source::SourceId;
use crate::source::Span;
use crate::yaml::Comment;

/// What the text is in the middle of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// A text in quotes.
    Quotes,
    /// What is filled in to such a text, or braces within that.
    Braces,
}

/// Returns the comments of a file that hold `slo:`, in order.
pub(super) fn read(id: SourceId, text: &str) -> Vec<Comment> {
    let mut found = Vec::new();
    let mut open: Vec<Within> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if open.last() == Some(&Within::Quotes) {
            at += in_quotes(rest, &mut open);
            continue;
        }
        let mark = ["#", "//"].into_iter().find(|mark| rest.starts_with(mark));
        if let Some(mark) = mark {
            let line = rest.lines().next().unwrap_or_default();
            found.extend(comment(id, text, at, mark, line));
            at += line.len().max(1);
        } else if rest.starts_with("/*") {
            at += end_of(rest, "*/");
        } else if let Some(length) = heredoc(rest) {
            at += length;
        } else {
            match rest.bytes().next() {
                Some(b'"') => open.push(Within::Quotes),
                Some(b'{') if !open.is_empty() => open.push(Within::Braces),
                Some(b'}') => drop(open.pop()),
                _ => {}
            }
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// Returns how many bytes of a text in quotes are read next.
fn in_quotes(rest: &str, open: &mut Vec<Within>) -> usize {
    const WHOLE: [&str; 2] = ["$${", "%%{"];
    if WHOLE.into_iter().any(|whole| rest.starts_with(whole)) {
        return 3;
    }
    if rest.starts_with("${") || rest.starts_with("%{") {
        open.push(Within::Braces);
        return 2;
    }
    let mut letters = rest.chars();
    match letters.next() {
        Some('\\') => return 1 + letters.next().map_or(0, char::len_utf8),
        // A text in quotes ends with its line, whatever is wrong with it.
        Some('\n') => open.clear(),
        Some('"') => drop(open.pop()),
        _ => {}
    }
    rest.chars().next().map_or(1, char::len_utf8)
}

fn comment(id: SourceId, text: &str, at: usize, mark: &str, line: &str) -> Option<Comment> {
    let line = line.trim_end();
    let body = line.get(mark.len()..)?;
    memmem::find(body.to_ascii_lowercase().as_bytes(), b"slo:")?;
    let before = text.get(..at)?.rsplit('\n').next().unwrap_or_default();
    Some(Comment {
        span: Span::new(id, at, at + line.len()),
        text: body.to_owned(),
        own_line: before.trim_start_matches('\u{feff}').trim().is_empty(),
    })
}

/// Returns the length of a heredoc that begins here.
fn heredoc(rest: &str) -> Option<usize> {
    let head = rest.strip_prefix("<<")?.lines().next()?;
    let name = head.strip_prefix('-').unwrap_or(head).trim_end();
    let is_letter = |letter: char| letter.is_alphanumeric() || "_-".contains(letter);
    if name.is_empty() || !name.chars().all(is_letter) {
        return None;
    }
    let mut length = 0;
    for (index, line) in rest.split_inclusive('\n').enumerate() {
        length += line.len();
        if index > 0 && line.trim() == name {
            break;
        }
    }
    Some(length)
}

/// Returns the length of a text up to the end of a mark, or of all of it.
fn end_of(text: &str, mark: &str) -> usize {
    memmem::find(text.as_bytes(), mark.as_bytes()).map_or(text.len(), |at| at + mark.len())
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::source::SourceId;

    fn found(text: &str) -> Vec<String> {
        let comments = read(SourceId::default(), text);
        comments.into_iter().map(|comment| comment.text).collect()
    }

    #[test]
    fn comments_begin_with_either_mark_outside_of_texts() {
        let text =
            "a = \"# slo: no\" # slo: one\nb = \"\\\"# slo: no\" // slo: two\n/* # slo: no */\n";
        assert_eq!(found(text), [" slo: one", " slo: two"]);
    }

    #[test]
    fn heredocs_and_what_is_filled_in_hold_none() {
        let text =
            "a = <<-EOT\n  # slo: no\n  EOT\nb = \"${c(\"# slo: no\", { d = 1 })} # slo: no\"\n";
        assert_eq!(found(&format!("{text}# slo: one\r\n")), [" slo: one"]);
    }

    #[test]
    fn a_quote_that_is_not_closed_ends_with_its_line() {
        assert_eq!(found("a = \"b\n# slo: one"), [" slo: one"]);
    }

    #[test]
    fn a_line_of_marks_is_read_once() {
        let text = format!("a = \"{}\n# slo: one", "#".repeat(400_000));
        assert_eq!(found(&text), [" slo: one"]);
    }
}
