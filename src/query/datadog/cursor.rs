//! A place in the text of a query, and what can be read from there.
//!
//! **Invariant:** a cursor stands between two characters of its text or at an end of it.
//!
//! # Why
//!
//! No tokens: a `-` is part of a tag and ends the name of a metric, so what the next piece is
//! depends on where it stands.

use crate::query::Extent;

/// The opening of a placeholder that is never closed.
#[derive(Clone, Copy)]
pub(super) struct Unterminated(pub(super) Extent);

/// A piece of the text.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    /// Where it stands.
    pub(super) extent: Extent,
    /// Whether a placeholder is in it.
    pub(super) has_placeholder: bool,
}

/// A place in the text of a query.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'text> {
    text: &'text str,
    at: usize,
}

impl<'text> Cursor<'text> {
    pub(super) fn new(text: &'text str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn text(&self) -> &'text str {
        self.text
    }

    pub(super) fn rest(&self) -> &'text str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn first(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Returns the empty extent of this place.
    pub(super) fn place(&self) -> Extent {
        Extent::between(self.at, self.at)
    }

    /// Goes to the end of a part of the text.
    pub(super) fn go_behind(&mut self, part: Extent) {
        self.at = part.end as usize;
    }

    /// Returns the extent from an earlier place to this one.
    pub(super) fn since(&self, start: Extent) -> Extent {
        start.join(self.place())
    }

    pub(super) fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Goes past `expected`, where it comes next.
    pub(super) fn take(&mut self, expected: &str) -> Option<Extent> {
        let start = self.place();
        self.at += self.rest().strip_prefix(expected).map(|_| expected.len())?;
        Some(self.since(start))
    }

    /// Goes past a keyword, where it comes next as a whole word, in whatever case.
    pub(super) fn take_keyword(&mut self, keyword: &str) -> Option<Extent> {
        let word = self.rest().get(..keyword.len())?;
        let behind = self.rest().get(keyword.len()..).and_then(|rest| rest.chars().next());
        let is_whole = behind.is_none_or(ends_word);
        if !is_whole || !word.eq_ignore_ascii_case(keyword) {
            return None;
        }
        let start = self.place();
        self.at += keyword.len();
        Some(self.since(start))
    }

    /// Goes past the characters that fit.
    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> Extent {
        let start = self.place();
        self.at = self.text.len() - self.rest().trim_start_matches(fits).len();
        self.since(start)
    }

    /// Goes past one character.
    pub(super) fn advance(&mut self) {
        self.at += self.first().map_or(0, char::len_utf8);
    }

    /// Goes past the placeholder that comes next, if one does.
    pub(super) fn take_placeholder(&mut self) -> Result<bool, Unterminated> {
        let length = placeholder(self.rest())
            .map_err(|opening| Unterminated(Extent::between(self.at, self.at + opening)))?;
        self.at += length;
        Ok(length > 0)
    }

    /// Goes past a name of characters that fit, and of placeholders.
    pub(super) fn take_name(&mut self, fits: impl Fn(char) -> bool) -> Result<Piece, Unterminated> {
        let start = self.place();
        let mut has_placeholder = false;
        loop {
            self.take_while(&fits);
            if !self.take_placeholder()? {
                return Ok(Piece { extent: self.since(start), has_placeholder });
            }
            has_placeholder = true;
        }
    }

    /// Goes past a string; nothing comes of it where its closing quote is missing.
    pub(super) fn take_quoted(&mut self) -> Option<Extent> {
        let start = self.place();
        let quote = self.first().filter(|first| matches!(first, '"' | '\''))?;
        let mut is_escaped = false;
        let closing = self.rest().char_indices().skip(1).find(|(_, character)| {
            let closes = *character == quote && !is_escaped;
            is_escaped = *character == '\\' && !is_escaped;
            closes
        });
        self.at += closing.map(|(position, _)| position + 1)?;
        Some(self.since(start))
    }

    /// Goes past one word of a tag: up to white space, a comma, a parenthesis or a brace that is
    /// not of a placeholder. A quoted part may hold these.
    pub(super) fn take_tag_word(&mut self) -> Result<Piece, Unterminated> {
        let start = self.place();
        let (mut has_placeholder, mut may_quote) = (false, true);
        while let Some(first) = self.first() {
            if self.take_placeholder()? {
                has_placeholder = true;
                may_quote = false;
            } else if may_quote && self.take_quoted().is_some() {
                may_quote = false;
            } else if ends_word(first) {
                break;
            } else {
                may_quote = first == ':';
                self.advance();
            }
        }
        Ok(Piece { extent: self.since(start), has_placeholder })
    }
}

/// Returns where the colon behind the key of a tag is.
pub(super) fn colon(tag: &str) -> Option<usize> {
    let mut cursor = Cursor::new(tag);
    let _quoted = cursor.take_quoted();
    while cursor.first().is_some_and(|first| first != ':') {
        if !cursor.take_placeholder().unwrap_or(false) {
            cursor.advance();
        }
    }
    (!cursor.is_at_end()).then_some(cursor.at)
}

/// Tells whether a character can be in the name of a metric, a function or an aggregator.
///
/// # Source
///
/// Datadog documentation, "Custom Metrics", naming: ASCII letters, digits, `_` and `.`; others are
/// replaced on arrival, so they do no harm here.
pub(super) fn is_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.')
}

/// Tells whether a character ends a word in braces.
fn ends_word(character: char) -> bool {
    character.is_whitespace() || matches!(character, ',' | '(' | ')' | '{' | '}')
}

/// Returns the length of the placeholder that begins the text, 0 when none does.
///
/// An error is the length of the opening that is never closed.
fn placeholder(text: &str) -> Result<usize, usize> {
    if text.starts_with("{{") && !text.starts_with("{{{") {
        return text.find("}}").map(|end| end + 2).ok_or(2);
    }
    if text.starts_with("${") || text.starts_with("%{") {
        let mut depth = 0_usize;
        for (position, byte) in text.bytes().enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' if depth == 1 => return Ok(position + 1),
                b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        return Err(2);
    }
    let name = text.strip_prefix('$').unwrap_or_default();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        return Ok(0);
    }
    let end = name.find(|other: char| !(other.is_ascii_alphanumeric() || other == '_'));
    Ok(1 + end.unwrap_or(name.len()))
}
