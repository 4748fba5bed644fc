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

use crate::query::placeholder::may_hold_placeholders;

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
    let error = match Parser::new().parse(expression) {
        Ok(ast) if repeats_repetition(&ast) => return Pattern::Malformed,
        Ok(ast) if matches_empty(&ast) => return Pattern::Empty,
        Ok(_) => return Pattern::Filled,
        Err(error) => error,
    };
    let at = error.span().start.offset;
    let (before, behind) = expression.split_at_checked(at).unwrap_or_default();
    let is_malformed = match error.kind() {
        ErrorKind::ClassUnclosed | ErrorKind::GroupUnclosed | ErrorKind::GroupUnopened => true,
        // Go takes a `{` that begins no repetition for itself, and repeats what stands before `(?i)`.
        ErrorKind::RepetitionMissing => {
            behind.starts_with(['*', '+', '?']) && !before.ends_with(')')
        }
        ErrorKind::ClassRangeInvalid
        | ErrorKind::EscapeUnexpectedEof
        | ErrorKind::FlagUnexpectedEof
        | ErrorKind::FlagUnrecognized
        | ErrorKind::RepetitionCountInvalid
        | ErrorKind::UnsupportedLookAround => {
            // What is still to be filled in may make these whole.
            !may_hold_placeholders(expression)
        }
        _ => false,
    };
    if is_malformed && !nests_brackets(expression) { Pattern::Malformed } else { Pattern::Unknown }
}

/// Tells whether a `[` stands in brackets, where Go takes it for itself unless it begins `[:alpha:]`.
fn nests_brackets(expression: &str) -> bool {
    let mut letters = expression.chars().peekable();
    let mut is_inside = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '[' if is_inside && letters.peek() == Some(&':') => {
                letters.by_ref().take_while(|letter| *letter != ']').for_each(drop);
            }
            '[' if is_inside => return true,
            '[' => {
                is_inside = true;
                letters.next_if_eq(&'^');
                // A `]` that comes first closes nothing.
                letters.next_if_eq(&']');
            }
            ']' => is_inside = false,
            _ => {}
        }
    }
    false
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

/// Tells whether an operator that repeats stands right behind another, as in `a**`, which Go refuses.
fn repeats_repetition(ast: &Ast) -> bool {
    match ast {
        Ast::Repetition(repetition) => {
            matches!(*repetition.ast, Ast::Repetition(_)) || repeats_repetition(&repetition.ast)
        }
        Ast::Group(group) => repeats_repetition(&group.ast),
        Ast::Alternation(alternation) => alternation.asts.iter().any(repeats_repetition),
        Ast::Concat(concat) => concat.asts.iter().any(repeats_repetition),
        _ => false,
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
        for expression in [
            "(", "a)", "[a", "*a", "a|+", "a**", "(x|b++)", "a{2}{3}", "[z-a]", "a{2,1}", r"a\",
            "(?i", "(?z)", "(?=a)",
        ] {
            assert_eq!(read(expression), Pattern::Malformed, "{expression}");
        }
        for expression in [
            r"\Qa.b\E",
            "{{.name}}",
            r"\C",
            r"\12",
            "[${from}-a]",
            "[[a-z]",
            "([[a])]",
            "[]a[a-z]",
            "a(?i)+",
        ] {
            assert_eq!(read(expression), Pattern::Unknown, "{expression}");
        }
        for expression in ["a*?", "(a*)*", "a{2}?", "5..$", "(?i)a"] {
            assert!(matches!(read(expression), Pattern::Empty | Pattern::Filled), "{expression}");
        }
    }
}
