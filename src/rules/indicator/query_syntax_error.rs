use crate::finding::Level;
use crate::indicators::Language;
use crate::indicators::Parsed;
use crate::indicators::Sli;
use crate::query::Extent;
use crate::query::MAX_HEIGHT;
use crate::query::functions::FUNCTIONS;
use crate::query::functions::ValueType;
use crate::query::problem::Expected;
use crate::query::problem::Problem;
use crate::query::problem::ProblemKind;
use crate::query::value_type;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::datadog;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::spelling;
use crate::spelling::Vocabulary;

pub(super) const RULE: Rule = Rule {
    name: "query-syntax-error",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("query_syntax_error.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    // Where there is no query, `missing-field` says so.
    let of_prometheus = |parsed: &&Parsed<'_>| {
        parsed.language == Language::Prometheus && !parsed.query.text.is_empty()
    };
    for parsed in sli.queries.each.iter().filter(of_prometheus) {
        let mut told: Vec<Extent> = Vec::new();
        for problem in &parsed.problems {
            // What is wrong with a call as a whole confuses its arguments as well.
            if !told.iter().any(|told| told.contains(problem.extent)) {
                report(parsed, problem, checker);
                told.push(problem.extent);
            }
        }
        let Some(tree) = parsed.sound() else { continue };
        let found = value_type(tree);
        if matches!(found, ValueType::Range | ValueType::Text) {
            let place = checker.place(parsed.query, tree.extent);
            let message = format!("the query gives {}, where numbers are needed", type_name(found));
            let finding = checker.report(place, message);
            finding.help("write a function such as `rate` around it");
        }
    }
    for parsed in sli.queries.each.iter().filter(|parsed| !parsed.query.text.is_empty()) {
        report_datadog(parsed, checker);
    }
}

fn report_datadog(parsed: &Parsed<'_>, checker: &mut Checker<'_>) {
    for problem in &parsed.datadog_problems {
        let (fault, help) = datadog::words(&problem.kind, problem.extent.slice(&parsed.query.text));
        let place = checker.place(parsed.query, problem.extent);
        let finding = checker.report(place, format!("the query is no Datadog query: {fault}"));
        if let Some(help) = help {
            finding.help(help);
        }
    }
}

fn report(parsed: &Parsed<'_>, problem: &Problem, checker: &mut Checker<'_>) {
    let written = problem.extent.slice(&parsed.query.text);
    let place = checker.place(parsed.query, problem.extent);
    let (fault, help) = words(&problem.kind, written);
    let near = match problem.kind {
        ProblemKind::UnknownFunction => {
            let names = FUNCTIONS.iter().map(|function| function.name);
            spelling::nearest(written, names, Vocabulary::Words)
        }
        _ => Vec::new(),
    };
    let edit = match near.as_slice() {
        [only] => checker.rewrite_part(parsed.query, problem.extent, only),
        _ => None,
    };
    let finding = checker.report(place, format!("the query is no PromQL: {fault}"));
    match (edit, help) {
        (Some(edit), _) => {
            finding.unsafe_fix(format!("write `{}`", edit.text), vec![edit]);
        }
        (None, Some(help)) => {
            finding.help(help);
        }
        (None, None) if !near.is_empty() => {
            finding.help(format!("write {}", list(&near, "or")));
        }
        _ => {}
    }
}

/// Returns what is wrong, and what to do where that does not follow from it.
fn words(kind: &ProblemKind, written: &str) -> (String, Option<&'static str>) {
    let quoted = quote(written);
    let fault = match kind {
        ProblemKind::Unexpected { expected } if written.is_empty() => {
            format!("it ends where {} is expected", expected_name(*expected))
        }
        ProblemKind::Unexpected { expected } => {
            format!("expected {}, found {quoted}", expected_name(*expected))
        }
        ProblemKind::Unclosed { .. } => format!("{quoted} is never closed"),
        ProblemKind::ArgumentCount { minimum, maximum, found } => {
            let wanted = arguments(*minimum, *maximum);
            return (format!("{wanted} expected, not {found}"), None);
        }
        ProblemKind::Type { expected, found } => {
            let (wanted, given) = (type_name(*expected), type_name(*found));
            return (
                format!("{wanted} is expected, and this is {given}"),
                type_help(*expected, *found),
            );
        }
        ProblemKind::OperandType { found } => {
            return (
                format!("no operator takes {}", type_name(*found)),
                type_help(ValueType::Instant, *found),
            );
        }
        other => return plain_words(other, &quoted),
    };
    (fault, None)
}

fn plain_words(kind: &ProblemKind, quoted: &str) -> (String, Option<&'static str>) {
    let (fault, help): (&str, Option<&str>) = match kind {
        ProblemKind::TooLong => ("it is longer than 1 MiB", None),
        ProblemKind::TooDeep => {
            return (format!("it nests more than {MAX_HEIGHT} levels deep"), None);
        }
        ProblemKind::Empty => ("it holds nothing but space or comments", None),
        ProblemKind::UnexpectedCharacter => return (format!("{quoted} begins nothing"), None),
        ProblemKind::UnterminatedString => ("this string has no closing quote", None),
        ProblemKind::UnterminatedPlaceholder => ("this placeholder has no closing braces", None),
        ProblemKind::InvalidEscape => {
            ("strings have no such escape", Some("write two backslashes for one"))
        }
        ProblemKind::InvalidNumber => return (format!("{quoted} is no number"), None),
        ProblemKind::UnknownFunction => {
            return (format!("Prometheus has no function {quoted}"), None);
        }
        ProblemKind::TrailingComma => ("a comma stands behind the last argument", None),
        ProblemKind::BoolWithoutComparison => ("`bool` goes with comparisons alone", None),
        ProblemKind::ScalarComparisonWithoutBool => {
            ("two numbers are compared without `bool`", Some("write `bool` behind the operator"))
        }
        ProblemKind::SetOperatorOnScalar => ("`and`, `or` and `unless` take no numbers", None),
        ProblemKind::GroupOnSetOperator | ProblemKind::FillOnSetOperator => {
            ("`and`, `or` and `unless` pair series by themselves", None)
        }
        ProblemKind::MatchingOnScalar | ProblemKind::FillOnScalar => {
            ("a number has no labels to pair by", None)
        }
        ProblemKind::LabelInMatchingAndGroup => {
            ("this label is already one of those in `on`", None)
        }
        ProblemKind::EmptyLabelName => ("a label has no name", None),
        ProblemKind::InvalidPattern => {
            return (
                format!("{quoted} is no regular expression"),
                Some("close what is open, and repeat something"),
            );
        }
        ProblemKind::EmptySelector => (
            "this would select every series there is",
            Some("name a metric, or ask for a label that is not empty"),
        ),
        ProblemKind::MetricNameTwice => ("the metric is named twice", None),
        ProblemKind::InfoSelector => ("the second argument of `info` is matchers alone", None),
        other => return words_of_time(other, quoted),
    };
    (fault.to_owned(), help)
}

/// Returns what is wrong with ranges, durations and other times.
fn words_of_time(kind: &ProblemKind, quoted: &str) -> (String, Option<&'static str>) {
    let (fault, help): (&str, Option<&str>) = match kind {
        ProblemKind::InvalidDuration => {
            return (
                format!("{quoted} is no duration"),
                Some("write whole numbers with units, the largest first: `1h30m`"),
            );
        }
        ProblemKind::DurationNotPositive => ("a range or a step is longer than nothing", None),
        ProblemKind::DurationOutOfRange => ("durations end at 292 years", None),
        ProblemKind::DurationDividedByZero => ("a duration is divided by zero", None),
        ProblemKind::ModifierBeforeRange => {
            ("the range has to come first", Some("put `offset` or `@` behind the range"))
        }
        ProblemKind::MisplacedModifier => {
            ("it stands behind something that has no time of its own", None)
        }
        ProblemKind::RepeatedModifier => ("it stands there twice", None),
        ProblemKind::ConflictingModifiers => ("`anchored` and `smoothed` exclude each other", None),
        ProblemKind::TimestampOutOfRange => ("no time is so far away", None),
        ProblemKind::RangeOnNonSelector => (
            "only a selector has a range",
            Some("put the range behind the selector, or write a subquery such as `[1h:5m]`"),
        ),
        _ => ("it cannot be read", None),
    };
    (fault.to_owned(), help)
}

fn arguments(minimum: usize, maximum: Option<usize>) -> String {
    match maximum {
        Some(1) if minimum == 1 => "one argument is".to_owned(),
        Some(maximum) if maximum == minimum => format!("{minimum} arguments are"),
        Some(maximum) => format!("{minimum} to {maximum} arguments are"),
        None => format!("{minimum} or more arguments are"),
    }
}

fn type_name(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Scalar => "a number",
        ValueType::Text => "a string",
        ValueType::Instant => "an instant vector",
        ValueType::Range => "a range vector",
        ValueType::Unknown => "a value of unknown type",
    }
}

fn type_help(expected: ValueType, found: ValueType) -> Option<&'static str> {
    match (expected, found) {
        (ValueType::Range, ValueType::Instant) => Some("add a range, such as `[5m]`"),
        (ValueType::Instant, ValueType::Range) => Some("write a function such as `rate` around it"),
        (ValueType::Instant, ValueType::Scalar) => Some("`vector(…)` makes a vector of a number"),
        _ => None,
    }
}

fn expected_name(expected: Expected) -> &'static str {
    match expected {
        Expected::Expression => "an expression",
        Expected::OperatorOrEnd => "an operator or the end",
        Expected::OpeningParenthesis => "`(`",
        Expected::ClosingParenthesis => "`)`",
        Expected::CommaOrParenthesis => "`,` or `)`",
        Expected::CommaOrBrace => "`,` or `}`",
        Expected::Comma => "`,`",
        Expected::ClosingBracket => "`]`",
        Expected::ColonOrBracket => "`:` or `]`",
        Expected::Label => "a label",
        Expected::Matcher => "a label matcher or `}`",
        Expected::MatchOperator => "`=`, `!=`, `=~` or `!~`",
        Expected::String => "a string",
        Expected::Duration => "a duration",
        Expected::Timestamp => "a time",
        Expected::Number => "a number",
    }
}
