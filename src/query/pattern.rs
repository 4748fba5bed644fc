//! The regular expressions of label matchers, as far as their syntax tells.
//!
//! **Invariant:** nothing is matched here; which label values an expression selects is for others
//! to find out. How they may end is told.
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
use regex_syntax::hir::literal::ExtractKind;
use regex_syntax::hir::literal::Extractor;

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

/// Returns whether what a regular expression matches may end with one of some texts.
///
/// An expression that ends in anything at all, such as `.*`, is not said to.
pub(super) fn may_end_with(expression: &str, endings: &[&str]) -> bool {
    let tree =
        regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(expression);
    let Ok(tree) = tree else {
        let plain = expression.trim_end_matches(['$', ')']);
        return endings.iter().any(|ending| plain.ends_with(ending));
    };
    let found = Extractor::new().kind(ExtractKind::Suffix).extract(&tree);
    let mut literals = found.literals().into_iter().flatten();
    literals.any(|literal| endings.iter().any(|end| literal.as_bytes().ends_with(end.as_bytes())))
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
    fn the_ending_of_what_matches_is_told() {
        for expression in ["a_total", ".+_total", "^(a|b_total)$", "x_(sum|total)", "(?:.*)_total$"]
        {
            assert!(may_end_with(expression, &["_total"]), "{expression}");
        }
        // Go's own syntax is read as text.
        assert!(may_end_with(r"\Qa.b\E.*_total$", &["_total"]));
        for expression in ["a", "job:.*:rate5m", ".*", "", "_total_.*", "x_(sum|count)"] {
            assert!(!may_end_with(expression, &["_total"]), "{expression}");
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
