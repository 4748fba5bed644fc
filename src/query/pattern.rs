//! The regular expressions of label matchers, as far as their syntax tells.
//!
//! **Invariant:** nothing is matched here; which label values an expression selects is for others
//! to find out.
//!
//! # Why
//!
//! Prometheus reads the syntax of Go, which differs in corners from the one read here. So only
//! mistakes that both know are reported, and only for what every one of them means an error.

use regex_syntax::ast::Ast;
use regex_syntax::ast::ErrorKind;
use regex_syntax::ast::RepetitionKind;
use regex_syntax::ast::RepetitionRange;
use regex_syntax::ast::parse::Parser;

/// What the syntax of a regular expression tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    /// It can match the empty string.
    Empty,
    /// It matches at least one character.
    Filled,
    /// It is malformed.
    Malformed,
    /// Nothing, for it may be Go's own syntax.
    Unknown,
}

/// Reads the syntax of a regular expression.
pub(super) fn read(expression: &str) -> Pattern {
    match Parser::new().parse(expression) {
        Ok(ast) if matches_empty(&ast) => Pattern::Empty,
        Ok(_) => Pattern::Filled,
        Err(error) => match error.kind() {
            ErrorKind::ClassUnclosed | ErrorKind::GroupUnclosed | ErrorKind::GroupUnopened => {
                Pattern::Malformed
            }
            ErrorKind::RepetitionMissing => {
                let rest = expression.get(error.span().start.offset..).unwrap_or_default();
                // Go takes a `{` that begins no repetition for itself.
                if rest.starts_with(['*', '+', '?']) {
                    Pattern::Malformed
                } else {
                    Pattern::Unknown
                }
            }
            _ => Pattern::Unknown,
        },
    }
}

fn matches_empty(ast: &Ast) -> bool {
    match ast {
        Ast::Empty(_) | Ast::Flags(_) | Ast::Assertion(_) => true,
        Ast::Repetition(repetition) => {
            let optional = match &repetition.op.kind {
                RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => true,
                RepetitionKind::OneOrMore => false,
                RepetitionKind::Range(
                    RepetitionRange::Exactly(least)
                    | RepetitionRange::AtLeast(least)
                    | RepetitionRange::Bounded(least, _),
                ) => *least == 0,
            };
            optional || matches_empty(&repetition.ast)
        }
        Ast::Group(group) => matches_empty(&group.ast),
        Ast::Alternation(alternation) => alternation.asts.iter().any(matches_empty),
        Ast::Concat(concat) => concat.asts.iter().all(matches_empty),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_tells_what_matches_the_empty_string() {
        for expression in ["", ".*", "a|", "(a|b)?", "x{0,3}", "^$", "(?i)"] {
            assert_eq!(read(expression), Pattern::Empty, "{expression}");
        }
        for expression in [".+", "5..", "api-.*", "(5..|429)", "[^a]", "x{2}"] {
            assert_eq!(read(expression), Pattern::Filled, "{expression}");
        }
    }

    #[test]
    fn only_mistakes_in_both_syntaxes_are_mistakes() {
        for expression in ["(", "a)", "[a", "*a", "a|+"] {
            assert_eq!(read(expression), Pattern::Malformed, "{expression}");
        }
        for expression in [r"\Qa.b\E", "{{.name}}", r"\C"] {
            assert_eq!(read(expression), Pattern::Unknown, "{expression}");
        }
    }
}
