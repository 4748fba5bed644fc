//! The tokens of a query, with placeholders as tokens of their own.
//!
//! **Invariant:** the lexer knows no grammar but one thing: between brackets a colon is a token,
//! elsewhere it is part of a name.

use crate::query::Extent;
use crate::query::number;
use crate::query::number::Scanned;
use crate::query::problem::ProblemKind;
use crate::query::quoted;

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) extent: Extent,
}

/// The kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name or a keyword, colons included.
    Word,
    /// A placeholder, or a name with one in it.
    Placeholder,
    Number,
    Duration,
    String,
    OpeningParenthesis,
    ClosingParenthesis,
    OpeningBrace,
    ClosingBrace,
    OpeningBracket,
    ClosingBracket,
    Comma,
    Colon,
    At,
    Assign,
    Equal,
    NotEqual,
    Matches,
    NotMatches,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    TrimUpper,
    TrimLower,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Caret,
    /// What cannot be read; it is the last token.
    Faulty,
    /// The end of the text; it is the last token.
    End,
}

/// Splits a query into tokens; the last is [`TokenKind::End`] or [`TokenKind::Faulty`], the
/// latter with what is wrong.
pub(super) fn tokens(text: &str) -> (Vec<Token>, Option<ProblemKind>) {
    let mut lexer = Lexer { text, at: 0, in_brackets: false };
    let mut tokens: Vec<Token> = Vec::new();
    loop {
        // Prometheus reads no comment between `[` and a range.
        let opens = tokens.last().is_some_and(|token| token.kind == TokenKind::OpeningBracket);
        lexer.skip_space(if opens { Comments::Kept } else { Comments::Skipped });
        let start = lexer.at;
        let (kind, fault) = match lexer.next() {
            Ok(kind) => (kind, None),
            Err(problem) => (TokenKind::Faulty, Some(problem)),
        };
        let (start, end) = match &fault {
            Some(fault) => (start + fault.start, start + fault.end),
            None => (start, lexer.at),
        };
        tokens.push(Token { kind, extent: Extent::between(start, end) });
        if matches!(kind, TokenKind::End | TokenKind::Faulty) {
            return (tokens, fault.map(|fault| fault.kind));
        }
    }
}

/// Something that is no token, and at which bytes from its start.
type Fault = quoted::Fault;

/// Whether comments count as space.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comments {
    Skipped,
    Kept,
}

struct Lexer<'text> {
    text: &'text str,
    at: usize,
    in_brackets: bool,
}

impl<'text> Lexer<'text> {
    fn rest(&self) -> &'text str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips spaces, and comments, which run to the end of their line.
    fn skip_space(&mut self, comments: Comments) {
        loop {
            let rest = self.rest().trim_start_matches([' ', '\t', '\n', '\r']);
            self.at = self.text.len() - rest.len();
            if comments == Comments::Kept || !rest.starts_with('#') {
                return;
            }
            self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
        }
    }

    fn next(&mut self) -> Result<TokenKind, Fault> {
        let rest = self.rest();
        let mut characters = rest.chars();
        let Some(first) = characters.next() else {
            return Ok(TokenKind::End);
        };
        let second = characters.next();
        let opens_placeholder =
            first == '$' || (rest.starts_with("{{") && !rest.starts_with("{{{"));
        match first {
            '"' | '\'' | '`' => {
                self.at += quoted::read(rest)?.length;
                Ok(TokenKind::String)
            }
            '0'..='9' => self.number(),
            '.' if second.is_some_and(|second| second.is_ascii_digit()) => self.number(),
            _ if opens_placeholder || is_name(first, self.in_brackets) => self.word(),
            _ => self.symbol(first, second),
        }
    }

    fn number(&mut self) -> Result<TokenKind, Fault> {
        let (kind, length) = match number::scan(self.rest()) {
            Scanned::Number(length) => (TokenKind::Number, length),
            Scanned::Duration(length) => (TokenKind::Duration, length),
            Scanned::Nothing(_) => {
                let rest = self.rest();
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
                    .unwrap_or(rest.len());
                return Err(Fault { kind: ProblemKind::InvalidNumber, start: 0, end });
            }
        };
        self.at += length;
        Ok(kind)
    }

    /// Reads a name, in which placeholders may stand: `slo:{{.service}}:$kind`.
    fn word(&mut self) -> Result<TokenKind, Fault> {
        let start = self.at;
        let mut kind = TokenKind::Word;
        loop {
            let in_brackets = self.in_brackets;
            let rest = self.rest();
            let name = rest.trim_start_matches(|c| is_name(c, in_brackets) || c.is_ascii_digit());
            let length = rest.len() - name.len();
            let placeholder = placeholder(name).map_err(|length| Fault {
                kind: ProblemKind::UnterminatedPlaceholder,
                start: self.at - start + rest.len() - name.len(),
                end: self.at - start + rest.len() - name.len() + length,
            })?;
            self.at += length + placeholder;
            if placeholder > 0 {
                kind = TokenKind::Placeholder;
            } else if self.at == start {
                // A `$` or `{{` that begins no placeholder.
                return Err(Fault { kind: ProblemKind::UnexpectedCharacter, start: 0, end: 1 });
            } else {
                return Ok(kind);
            }
        }
    }

    fn symbol(&mut self, first: char, second: Option<char>) -> Result<TokenKind, Fault> {
        let (kind, length) = match (first, second) {
            ('=', Some('=')) => (TokenKind::Equal, 2),
            ('=', Some('~')) => (TokenKind::Matches, 2),
            ('=', _) => (TokenKind::Assign, 1),
            ('!', Some('=')) => (TokenKind::NotEqual, 2),
            ('!', Some('~')) => (TokenKind::NotMatches, 2),
            ('<', Some('=')) => (TokenKind::LessOrEqual, 2),
            ('<', Some('/')) => (TokenKind::TrimUpper, 2),
            ('<', _) => (TokenKind::Less, 1),
            ('>', Some('=')) => (TokenKind::GreaterOrEqual, 2),
            ('>', Some('/')) => (TokenKind::TrimLower, 2),
            ('>', _) => (TokenKind::Greater, 1),
            ('+', _) => (TokenKind::Plus, 1),
            ('-', _) => (TokenKind::Minus, 1),
            ('*', _) => (TokenKind::Star, 1),
            ('/', _) => (TokenKind::Slash, 1),
            ('%', _) => (TokenKind::Percent, 1),
            ('^', _) => (TokenKind::Caret, 1),
            (',', _) => (TokenKind::Comma, 1),
            (':', _) => (TokenKind::Colon, 1),
            ('@', _) => (TokenKind::At, 1),
            ('(', _) => (TokenKind::OpeningParenthesis, 1),
            (')', _) => (TokenKind::ClosingParenthesis, 1),
            ('{', _) => (TokenKind::OpeningBrace, 1),
            ('}', _) => (TokenKind::ClosingBrace, 1),
            ('[', _) => (TokenKind::OpeningBracket, 1),
            (']', _) => (TokenKind::ClosingBracket, 1),
            _ => {
                let end = first.len_utf8();
                return Err(Fault { kind: ProblemKind::UnexpectedCharacter, start: 0, end });
            }
        };
        match kind {
            TokenKind::OpeningBracket => self.in_brackets = true,
            TokenKind::ClosingBracket => self.in_brackets = false,
            _ => {}
        }
        self.at += length;
        Ok(kind)
    }
}

/// Tells whether a character can begin a name.
fn is_name(character: char, in_brackets: bool) -> bool {
    character.is_ascii_alphabetic() || character == '_' || (character == ':' && !in_brackets)
}

/// Returns the length of the placeholder that begins the text, 0 when none does.
///
/// Known forms: [`template`], `$name` and `${name}` of Grafana and shells. An error is the length
/// of the opening that is never closed.
fn placeholder(text: &str) -> Result<usize, usize> {
    if text.starts_with("{{{") {
        return Ok(0);
    }
    if text.starts_with("{{") {
        let is_closed = text.contains("}}");
        return template(text).map_or(if is_closed { Ok(0) } else { Err(2) }, Ok);
    }
    if let Some(inner) = text.strip_prefix("${") {
        let behind = inner.trim_start_matches(|c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-')
        });
        let name = inner.len() - behind.len();
        return if name > 0 && behind.starts_with('}') { Ok(name + 3) } else { Err(2) };
    }
    let Some(inner) = text.strip_prefix('$') else {
        return Ok(0);
    };
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return Ok(0);
    }
    let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    Ok(end.unwrap_or(inner.len()) + 1)
}

/// Returns the length of the Go template that begins the text, such as `{{.window}}`.
///
/// A chart of Helm writes its braces so that they outlast Helm's own: `{{ "{{" }}.window{{ "}}" }}`, or whole in
/// backticks. Braces with a `=` in them are matchers in doubled braces, no template.
pub(super) fn template(text: &str) -> Option<usize> {
    let (opening, inside) = action(text)?;
    if unquoted(inside) != Some("{{") {
        return Some(opening);
    }
    let rest = text.get(opening..)?;
    let name = rest.find("{{")?;
    let (closing, inside) = action(rest.get(name..)?)?;
    (unquoted(inside) == Some("}}")).then_some(opening + name + closing)
}

/// Returns the length of one pair of doubled braces at the start of a text, and what is in them; braces in quotes
/// are no braces.
fn action(text: &str) -> Option<(usize, &str)> {
    let inner = text.strip_prefix("{{")?;
    let mut at = 0;
    loop {
        let rest = inner.get(at..)?;
        at += rest.find(['"', '`', '=', '{', '}'])?;
        let rest = inner.get(at..)?;
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '`'));
        if let Some(quote) = quote {
            at += 1 + rest.get(1..)?.find(quote)? + 1;
        } else if rest.starts_with("}}") {
            let inside = inner.get(..at)?;
            return (!inside.trim().is_empty()).then_some((at + 4, inside));
        } else {
            return None;
        }
    }
}

/// Returns what stands in quotes when nothing else does, but for marks that trim space.
fn unquoted(inside: &str) -> Option<&str> {
    let text = inside.trim_matches(['-', ' ', '\t', '\n', '\r']);
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(TokenKind, &str)> {
        let (tokens, _) = tokens(text);
        tokens.into_iter().map(|token| (token.kind, token.extent.slice(text))).collect()
    }

    #[test]
    fn placeholders_are_tokens_and_join_names() {
        use TokenKind::End;
        use TokenKind::Placeholder;
        for text in ["{{.window}}", "{{ .window }}", "$__range", "${VAR}", "slo_{{.a}}:$b", "${a}m"]
        {
            assert_eq!(words(text), [(Placeholder, text), (End, "")]);
        }
        for text in [
            r#"{{ "{{" }}.window{{ "}}" }}"#,
            "{{`{{`}}.window{{`}}`}}",
            "{{- `{{.window}}` -}}",
            r#"{{ "{{ .window }}" }}"#,
            r#"{{ .Values.range | default "a=b" }}"#,
        ] {
            assert_eq!(words(text), [(Placeholder, text), (End, "")]);
        }
        let brackets = words("x[$__range:$step]");
        assert_eq!(brackets[2].1, "$__range", "a colon in brackets is not part of a name");
        let doubled = words(r#"x{{a="b"}}"#);
        assert_eq!(doubled[1], (TokenKind::Faulty, "{"), "doubled braces are no placeholder");
        let inner = words("x{{{.m}}}");
        assert_eq!(inner[1].1, "{");
        assert_eq!(inner[2], (Placeholder, "{{.m}}"));
    }

    #[test]
    fn comments_and_every_kind_of_space_are_skipped() {
        use TokenKind::End;
        use TokenKind::Plus;
        use TokenKind::Word;
        let text = "a # one\r\n#two\n\t+ b#";
        assert_eq!(words(text), [(Word, "a"), (Plus, "+"), (Word, "b"), (End, "")]);
    }

    #[test]
    fn what_cannot_be_read_is_the_last_token() {
        for (text, faulty) in [
            ("a ü", "ü"),
            ("5hx + 1", "5hx"),
            ("\"abc", "\"abc"),
            ("x[{{.a", "{{"),
            ("a $ b", "$"),
            ("a ! b", "!"),
            ("a[ #b\n5m]", "#"),
        ] {
            let words = words(text);
            assert_eq!(words.last(), Some(&(TokenKind::Faulty, faulty)), "{text}");
        }
    }
}
