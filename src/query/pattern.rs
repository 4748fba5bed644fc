//! The regular expressions of label matchers, as far as their syntax tells.
//!
//! **Invariant:** nothing is matched here; which label values an expression selects is for
//! [`values`](super::values) to find out. How they may end is told.
//!
//! # Why
//!
//! Prometheus reads the syntax of Go, which differs in corners from the one read here. So only
//! mistakes that both know are reported, and only for what every one of them means an error.

use regex_syntax::ast;
use regex_syntax::ast::Ast;
use regex_syntax::ast::ErrorKind;
use regex_syntax::ast::RepetitionKind;
use regex_syntax::ast::RepetitionRange;
use regex_syntax::ast::parse::Parser;
use regex_syntax::hir::literal::ExtractKind;
use regex_syntax::hir::literal::Extractor;

use crate::query::placeholder::may_hold_placeholders;

/// The most that an expression may repeat, in Go.
const MAX_REPEATS: u32 = 1000;

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
        Ok(ast) if repeats_repetition(&ast) || !may_repeat(&ast, MAX_REPEATS) => {
            return Pattern::Malformed;
        }
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

/// Returns whether a regular expression fits paths of different endpoints: by a list of them, or by a
/// wildcard that runs over `/`. One that ends with the part, such as `[^/]+`, stands for an identifier.
pub fn spans_paths(expression: &str) -> bool {
    let is_open = may_hold_placeholder(expression) || expression.contains(r"\?");
    let parsed = Parser::new().parse(expression);
    !is_open && parsed.is_ok_and(|ast| spans(&ast, expression))
}

fn spans(ast: &Ast, expression: &str) -> bool {
    match ast {
        Ast::Repetition(repetition) => {
            let is_long = !matches!(repetition.op.kind, RepetitionKind::ZeroOrOne);
            is_long && fits_slash(&repetition.ast, expression) || spans(&repetition.ast, expression)
        }
        Ast::Group(group) => spans(&group.ast, expression),
        Ast::Concat(concat) => concat.asts.iter().any(|ast| spans(ast, expression)),
        Ast::Alternation(alternation) => {
            let is_filled = |ast: &&Ast| !matches_empty(ast);
            alternation.asts.iter().filter(is_filled).count() > 1
        }
        _ => false,
    }
}

/// Returns whether one character may be a `/`.
fn fits_slash(ast: &Ast, expression: &str) -> bool {
    match ast {
        Ast::Dot(_) => true,
        Ast::Group(group) => fits_slash(&group.ast, expression),
        Ast::ClassPerl(class) => class.negated,
        Ast::ClassBracketed(class) => {
            let (start, end) = (class.span.start.offset, class.span.end.offset);
            let is_named = expression.get(start..end).is_some_and(|class| class.contains('/'));
            class.negated != is_named
        }
        _ => false,
    }
}

/// Returns whether a text holds what looks like a placeholder of another tool: nobody knows which
/// values are meant then. A `$` alone ends an expression.
pub(super) fn may_hold_placeholder(text: &str) -> bool {
    let begins = |rest: &str| {
        rest.starts_with(|letter: char| letter.is_alphabetic() || "_{".contains(letter))
    };
    text.contains("{{") || text.split('$').skip(1).any(begins)
}

/// Returns a regular expression that means here what the given one means to Prometheus; nothing where
/// that is not certain.
///
/// `\d`, `\s` and `\w` are of ASCII alone there. A `[` within brackets, or `&&`, is plain text there and
/// not here.
pub(super) fn portable(expression: &str) -> Option<String> {
    let ast = Parser::new().parse(expression).ok()?;
    let classes = ast::visit(&ast, Classes::default()).ok()?;
    let (mut text, mut end) = (String::new(), 0);
    for (span, class) in classes.perl {
        text.push_str(expression.get(end..span.start.offset)?);
        text.push_str(class);
        end = span.end.offset;
    }
    text.push_str(expression.get(end..)?);
    Some(text)
}

/// The classes of an expression that are written `\d` and the like, in order, with what they mean.
#[derive(Default)]
struct Classes {
    perl: Vec<(ast::Span, &'static str)>,
}

impl Classes {
    fn note(&mut self, class: &ast::ClassPerl) {
        let meaning = match (&class.kind, class.negated) {
            (ast::ClassPerlKind::Digit, false) => "[0-9]",
            (ast::ClassPerlKind::Digit, true) => "[^0-9]",
            (ast::ClassPerlKind::Space, false) => r"[\t\n\x0C\r ]",
            (ast::ClassPerlKind::Space, true) => r"[^\t\n\x0C\r ]",
            (ast::ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
            (ast::ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
        };
        self.perl.push((class.span, meaning));
    }
}

/// What the two readers of an expression do not agree on.
struct Foreign;

impl ast::Visitor for Classes {
    type Output = Self;
    type Err = Foreign;

    fn finish(self) -> Result<Self, Foreign> {
        Ok(self)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Foreign> {
        match ast {
            Ast::ClassPerl(class) => self.note(class),
            Ast::Assertion(assertion) if !is_edge(&assertion.kind) => return Err(Foreign),
            // Names of classes are those of the tables that each reader has.
            Ast::ClassUnicode(_) => return Err(Foreign),
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ast::ClassSetItem) -> Result<(), Foreign> {
        match item {
            ast::ClassSetItem::Perl(class) => self.note(class),
            ast::ClassSetItem::Bracketed(_) | ast::ClassSetItem::Unicode(_) => return Err(Foreign),
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ast::ClassSetBinaryOp) -> Result<(), Foreign> {
        Err(Foreign)
    }
}

/// Returns whether an assertion is one of the edges of a text or a line.
fn is_edge(kind: &ast::AssertionKind) -> bool {
    matches!(
        kind,
        ast::AssertionKind::StartLine
            | ast::AssertionKind::EndLine
            | ast::AssertionKind::StartText
            | ast::AssertionKind::EndText
    )
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

/// Returns whether Go lets an expression repeat as often as it does: what stands in repetitions of each
/// other is multiplied.
///
/// # Source
///
/// Go, `regexp/syntax`: "the maximum repetition count is 1000", nested ones together.
fn may_repeat(ast: &Ast, most: u32) -> bool {
    match ast {
        Ast::Repetition(repetition) => {
            let count = match &repetition.op.kind {
                RepetitionKind::Range(
                    RepetitionRange::Exactly(count)
                    | RepetitionRange::AtLeast(count)
                    | RepetitionRange::Bounded(_, count),
                ) => *count,
                _ => 0,
            };
            count <= most && may_repeat(&repetition.ast, most / count.max(1))
        }
        Ast::Group(group) => may_repeat(&group.ast, most),
        Ast::Alternation(alternation) => alternation.asts.iter().all(|ast| may_repeat(ast, most)),
        Ast::Concat(concat) => concat.asts.iter().all(|ast| may_repeat(ast, most)),
        _ => true,
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
    fn what_two_readers_take_differently_is_no_expression_of_both() {
        assert_eq!(portable(r"a\d[\w.-]+").as_deref(), Some(r"a[0-9][[0-9A-Za-z_].-]+"));
        assert_eq!(portable("5..|[^4]x{2}$").as_deref(), Some("5..|[^4]x{2}$"));
        for expression in ["[a[b]", "[a&&b]", r"\bx", r"\pL", "{{.name}}", "("] {
            assert_eq!(portable(expression), None, "{expression}");
        }
        for text in ["$code", "a-${b}", "{{ .x }}", "$名"] {
            assert!(may_hold_placeholder(text), "{text}");
        }
        for text in ["5..$", "^a$|b", "x{2}"] {
            assert!(!may_hold_placeholder(text), "{text}");
        }
    }

    #[test]
    fn a_wildcard_over_parts_of_a_path_fits_several_endpoints() {
        for expression in ["/a/.*", "/a.+", "/(a|b)", "/a|/b", "/a/[^?]*", r"/a/\S+", "post_/.*"] {
            assert!(spans_paths(expression), "{expression}");
        }
        for expression in [
            "/a",
            "/a/[^/]+",
            r"/a/\d+/b",
            "/a/?",
            "(|/)a",
            "/a/[0-9a-f-]+",
            "/a.",
            "$x.*",
            r"/a(\?.*)?",
            "(",
        ] {
            assert!(!spans_paths(expression), "{expression}");
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
            "(",
            "a)",
            "[a",
            "*a",
            "a|+",
            "a**",
            "(x|b++)",
            "a{2}{3}",
            "[z-a]",
            "a{2,1}",
            r"a\",
            "(?i",
            "(?z)",
            "(?=a)",
            "a{1001}",
            "(a{100}){11}",
            "((a{1000}){1000}){1000}",
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
        for expression in ["a*?", "(a*)*", "a{2}?", "5..$", "(?i)a", "(a{100}){10}", "a{1000}"] {
            assert!(matches!(read(expression), Pattern::Empty | Pattern::Filled), "{expression}");
        }
    }
}
