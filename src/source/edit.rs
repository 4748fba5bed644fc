//! Text edits: replace the bytes of a span.

use super::Span;

/// A replacement of the text of one span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; an empty span inserts.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// Two edits touch the same bytes, or one lies outside the text or inside a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two edits overlap, or an edit lies outside the text")]
pub struct Overlap;

/// Applies edits of one file to its text; every byte outside their spans stays as it is.
///
/// Edits may come in any order. Insertions at one place keep the order in which they are given.
///
/// # Errors
///
/// [`Overlap`] when two edits share a byte, or a span is not made of whole characters of the text.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, Overlap> {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for edit in ordered {
        let range = edit.span.range();
        result.push_str(text.get(done..range.start).ok_or(Overlap)?);
        text.get(range.clone()).ok_or(Overlap)?;
        result.push_str(&edit.text);
        done = range.end;
    }
    result.push_str(text.get(done..).ok_or(Overlap)?);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span::new(SourceId::default(), start, end), text: text.to_owned() }
    }

    #[test]
    fn edits_apply_in_any_order_and_never_overlap() {
        let text = "a: 1\nb: 2\n";
        assert_eq!(apply(text, &[edit(8, 9, "20"), edit(3, 4, "10")]), Ok("a: 10\nb: 20\n".into()));
        assert_eq!(apply(text, &[edit(3, 4, "x"), edit(3, 5, "y")]), Err(Overlap));
        assert_eq!(apply(text, &[edit(9, 99, "x")]), Err(Overlap));
        assert_eq!(apply("名", &[edit(1, 2, "x")]), Err(Overlap), "inside a character");
    }
}
