//! A number that queries share which may mean the same.

use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;

use crate::query::MAX_LENGTH;
use crate::query::lexer;
use crate::query::lexer::TokenKind;
use crate::query::quoted;

/// Returns a number that is the same for queries that mean the same: of their names and texts, whatever
/// their order.
///
/// Layout, comments, quotes, numbers and lengths of time say nothing here. Queries with one number may
/// still mean different things; to tell them apart they have to be parsed. What is no query of this
/// language means what is written.
pub fn fingerprint(text: &str) -> u64 {
    let tokens = (text.len() <= MAX_LENGTH).then(|| lexer::tokens(text));
    let Some((tokens, None)) = tokens else { return number(text.trim()) };
    let word = |token: &lexer::Token| {
        let written = token.extent.slice(text);
        match token.kind {
            TokenKind::Word | TokenKind::Placeholder => Some(number(&written.to_lowercase())),
            TokenKind::String => Some(number(&quoted::decode(written).to_lowercase())),
            _ => None,
        }
    };
    tokens.iter().filter_map(word).fold(0, u64::wrapping_add)
}

fn number(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same_has_one_number() {
        for (left, right) in [
            (
                "sum by (a, b) (rate(x{job='api',code=~\"2..\"}[1h]))",
                "SUM(rate(x{code=~\"2..\", job=\"api\"}[60m])) by (b, a)",
            ),
            ("x{path=~\"/a\\\\d\"} > 1e3", "x{path=~`/a\\d`} > 1000"),
            ("rate(\n  x[5m] # good\n)", "rate(x[5m])"),
            ("x{a=\"#1\\\"\", b='c'} # d", "x{b='c', a='#1\"'} # e"),
            ("{\"x\", a='b'}", "x{a='b'}"),
            (" sum:web.hits{*} ", "sum:web.hits{*}"),
        ] {
            assert_eq!(fingerprint(left), fingerprint(right), "{left}");
        }
    }

    #[test]
    fn what_differs_in_a_word_has_another_number() {
        for (left, right) in [
            ("x{job=\"api\"}", "x{job=\"app\"}"),
            ("x{job=\"api\"}", "x{task=\"api\"}"),
            ("rate(x[5m])", "irate(x[5m])"),
            ("x + x", "x"),
            ("決済", "返品"),
            ("x{a=\"#b\"}", "x{a=\"#c\"}"),
            ("sum:web.hits{*}", "sum:web.errors{*}"),
        ] {
            assert_ne!(fingerprint(left), fingerprint(right), "{left}");
        }
    }
}
