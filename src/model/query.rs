//! The text of a query and where its parts stand in a file.
//!
//! # Why
//!
//! A caret stands under the part of a query that is wrong, and a query is written in quotes, with
//! escapes, folded over lines. It may also name a series that a rule of Prometheus records: then what the
//! rule computes is set in, and a part of that stands where the name does.

use std::sync::OnceLock;

use serde::Serialize;

use crate::query::Extent;
use crate::source::Span;

/// The text of a query.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Query {
    /// The text, decoded, without white space around it.
    pub text: String,
    /// The scalar as it is written, quotes and block header included.
    #[serde(skip)]
    pub span: Span,
    #[serde(skip)]
    expanded: Option<Expanded>,
    /// Where its letters stand, once somebody has asked.
    #[serde(skip)]
    letters: OnceLock<Letters>,
}

/// The letters of a text that are written, in order, white space left out.
///
/// # Why
///
/// A query of a thousand thresholds is asked a thousand times where one of its parts stands.
#[derive(Clone, Debug, Default)]
struct Letters {
    /// Where each begins in the text.
    decoded: Vec<u32>,
    /// Where each begins and ends in the scalar as it is written.
    written: Vec<(usize, usize)>,
    /// Where the text goes on with what is not known to be written.
    end: u32,
}

/// A text in which parts of what is written are replaced.
#[derive(Clone, Debug)]
struct Expanded {
    written: String,
    /// Each part in the text with what it replaces, in order.
    parts: Vec<(Extent, Extent)>,
}

/// A text that is set into a query.
#[derive(Clone, Debug)]
pub struct Inset {
    /// What it replaces.
    pub replaced: Extent,
    /// The text.
    pub text: String,
}

impl Query {
    /// Returns a query as it is written.
    pub fn new(text: String, span: Span) -> Self {
        Self { text, span, expanded: None, letters: OnceLock::new() }
    }

    /// Returns this query, as it is written, with other texts in the place of some parts.
    ///
    /// * `insets`: in the order of the text, none within another.
    pub fn with(&self, insets: &[Inset]) -> Self {
        let (mut text, mut parts, mut end) = (String::new(), Vec::new(), 0);
        for inset in insets {
            text.push_str(Extent { start: end, end: inset.replaced.start }.slice(&self.text));
            let start = text.len();
            text.push_str(&inset.text);
            parts.push((Extent::between(start, text.len()), inset.replaced));
            end = inset.replaced.end;
        }
        text.push_str(self.text.get(end as usize..).unwrap_or_default());
        let written = self.text.clone();
        Self {
            text,
            span: self.span,
            expanded: Some(Expanded { written, parts }),
            letters: OnceLock::new(),
        }
    }

    /// Returns where a part of the text stands in the file; the whole scalar where that is not certain.
    ///
    /// * `raw`: the scalar as it is written.
    pub fn place(&self, extent: Extent, raw: &str) -> Span {
        let (text, extent) = match &self.expanded {
            Some(expanded) => (&expanded.written, expanded.written_extent(extent)),
            None => (&self.text, extent),
        };
        let letters = self.letters.get_or_init(|| Letters::of(text, raw));
        let Some((start, end)) = letters.place(extent) else { return self.span };
        let offset = self.span.start as usize;
        Span::new(self.span.source, offset + start, offset + end)
    }
}

impl Letters {
    /// What is decoded differs from what is written by white space and by escapes alone.
    fn of(text: &str, raw: &str) -> Self {
        let Some(first) = raw.chars().next() else { return Self::default() };
        let body = match first {
            // A block of YAML, or a heredoc of Terraform.
            '|' | '>' | '<' => raw.find('\n').unwrap_or(raw.len()),
            '"' | '\'' => 1,
            _ => 0,
        };
        let mut found = Self::default();
        let mut written = letters(raw.get(body..).unwrap_or_default(), first);
        let mut decoded = text.char_indices().filter(|(_, letter)| !letter.is_whitespace());
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        loop {
            let Some((at, letter)) = decoded.next() else {
                found.end = u32::MAX;
                return found;
            };
            match written.next() {
                Some((from, to, same)) if same == letter => {
                    found.decoded.push(narrow(at));
                    found.written.push((body + from, body + to));
                }
                _ => {
                    found.end = narrow(at);
                    return found;
                }
            }
        }
    }

    /// Returns where a part begins and ends in the scalar as it is written; nothing where that is not
    /// certain.
    fn place(&self, extent: Extent) -> Option<(usize, usize)> {
        let first = self.decoded.partition_point(|at| *at < extent.start);
        let behind = self.decoded.partition_point(|at| *at < extent.end);
        let (start, _) = *self.written.get(first).filter(|_| first < behind)?;
        let (_, end) = *self.written.get(behind.checked_sub(1)?)?;
        (extent.end <= self.end).then_some((start, end))
    }
}

impl Expanded {
    /// Returns what is written where a part of the text stands.
    fn written_extent(&self, extent: Extent) -> Extent {
        let at = |position: u32, is_end: bool| {
            let mut shift = i64::default();
            for (part, replaced) in &self.parts {
                let is_before = if is_end { position <= part.start } else { position < part.start };
                let is_behind = if is_end { position > part.end } else { position >= part.end };
                if is_before {
                    break;
                }
                if !is_behind {
                    return if is_end { replaced.end } else { replaced.start };
                }
                shift = i64::from(replaced.end) - i64::from(part.end);
            }
            u32::try_from(i64::from(position) + shift).unwrap_or_default()
        };
        Extent { start: at(extent.start, false), end: at(extent.end, true) }
    }
}

/// Returns the letters that a scalar stands for, white space left out, each with where it begins and ends;
/// they end where an escape is not known.
///
/// * `quote`: the first letter of the scalar.
fn letters(body: &str, quote: char) -> impl Iterator<Item = (usize, usize, char)> {
    let mut rest = body.char_indices().peekable();
    let decoded = std::iter::from_fn(move || {
        let (from, letter) = rest.next()?;
        let meant = match (quote, letter) {
            ('"', '\\') => match rest.next()?.1 {
                same @ ('"' | '\\' | '/') => same,
                'n' | 't' | 'r' | ' ' | '\n' | '\r' => ' ',
                _ => return None,
            },
            ('\'', '\'') => rest.next_if(|(_, next)| *next == '\'').map(|_| '\'')?,
            _ => letter,
        };
        let to = rest.peek().map_or(body.len(), |(at, _)| *at);
        Some((from, to, meant))
    });
    decoded.filter(|(.., letter)| !letter.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn placed(raw: &str, text: &str, part: &str) -> Option<(usize, String)> {
        let query = Query::new(text.to_owned(), Span::new(SourceId::default(), 100, 999));
        let start = u32::try_from(text.find(part)?).ok()?;
        let extent = Extent { start, end: start + u32::try_from(part.len()).ok()? };
        let span = query.place(extent, raw);
        let range = span.range();
        (span != query.span)
            .then(|| (range.start, raw[range.start - 100..range.end - 100].to_owned()))
    }

    #[test]
    fn a_part_is_found_in_every_style() {
        let found = |raw, text| placed(raw, text, "14.4 * 0.001").map(|(_, found)| found);
        let same = Some("14.4 * 0.001".to_owned());
        assert_eq!(found("a > 14.4 * 0.001", "a > 14.4 * 0.001"), same);
        assert_eq!(found("'a > 14.4 * 0.001'", "a > 14.4 * 0.001"), same);
        assert_eq!(found("|-\n  a\n  > 14.4 * 0.001\n", "a\n> 14.4 * 0.001"), same);
        assert_eq!(found("<<-EOT\n  a\n  > 14.4 * 0.001\nEOT", "a\n> 14.4 * 0.001\n"), same);
        let folded = found("a > 14.4 *\n    0.001", "a > 14.4 * 0.001");
        assert_eq!(folded.as_deref(), Some("14.4 *\n    0.001"));
        assert_eq!(placed("\"名 > 1\"", "名 > 1", "1"), Some((107, "1".to_owned())));
    }

    #[test]
    fn a_part_is_found_behind_escapes() {
        assert_eq!(
            placed("'a{b=\"it''s\"} > 1'", "a{b=\"it's\"} > 1", "1"),
            Some((116, "1".to_owned()))
        );
        let raw = "\"a{b=\\\"c\\\"} \\\n  > 1\"";
        assert_eq!(
            placed(raw, "a{b=\"c\"} > 1", "> 1").map(|(_, found)| found),
            Some("> 1".to_owned())
        );
        let found = placed("\"a{b=\\\"c\\\"} > 1\"", "a{b=\"c\"} > 1", "b=\"c\"");
        assert_eq!(found, Some((103, "b=\\\"c\\\"".to_owned())));
        // Another escape ends what is certain.
        assert_eq!(placed("\"a{b=\\x22c\\x22} > 1\"", "a{b=\"c\"} > 1", "1"), None);
    }

    #[test]
    fn a_part_of_what_is_set_in_stands_where_it_is_named() {
        let span = Span::new(SourceId::default(), 100, 999);
        let find = |text: &str, part: &str| {
            let start = u32::try_from(text.find(part)?).ok()?;
            Some(Extent { start, end: start + u32::try_from(part.len()).ok()? })
        };
        let written = "sum(job:a) / sum(job:b) > 1";
        let query = Query::new(written.to_owned(), span);
        let insets = ["job:a", "job:b"].map(|name| Inset {
            replaced: find(written, name).expect("it is named"),
            text: format!("(rate({}_total[5m]))", &name[4..]),
        });
        let query = query.with(&insets);
        assert_eq!(query.text, "sum((rate(a_total[5m]))) / sum((rate(b_total[5m]))) > 1");
        let placed = |part: &str| {
            let extent = find(&query.text, part).expect("it is there");
            let range = query.place(extent, written).range();
            written[range.start - 100..range.end - 100].to_owned()
        };
        assert_eq!(placed("a_total[5m]"), "job:a");
        assert_eq!(placed("b_total"), "job:b");
        assert_eq!(placed("> 1"), "> 1");
        assert_eq!(placed("sum((rate(b_total[5m])))"), "sum(job:b)");
        assert_eq!(placed("(rate(a_total[5m]))) / sum"), "job:a) / sum");
    }
}
