//! How rules say what is wrong with queries of Datadog.

use crate::query::MAX_HEIGHT;
use crate::query::datadog::problem::Expected;
use crate::query::datadog::problem::ProblemKind;

use super::words::quote;

/// Returns what is wrong, and what to do where that does not follow from it.
pub(super) fn words(kind: &ProblemKind, written: &str) -> (String, Option<&'static str>) {
    let quoted = quote(written);
    let fault = match kind {
        ProblemKind::TooLong => "it is longer than 1 MiB".to_owned(),
        ProblemKind::TooDeep => format!("it nests more than {MAX_HEIGHT} levels deep"),
        ProblemKind::Empty => "it holds nothing but space".to_owned(),
        ProblemKind::Unexpected { expected } if written.is_empty() => {
            format!("it ends where {} is expected", name(*expected))
        }
        ProblemKind::Unexpected { expected } => {
            format!("expected {}, found {quoted}", name(*expected))
        }
        ProblemKind::Unclosed { .. } => format!("{quoted} is never closed"),
        ProblemKind::UnterminatedString => "this string has no closing quote".to_owned(),
        ProblemKind::UnterminatedPlaceholder => "this placeholder has no closing braces".to_owned(),
        ProblemKind::InvalidNumber => format!("{quoted} is no number"),
        ProblemKind::MissingScope => {
            let help = "write `{*}` behind it for all its series, or quote it if it is a string";
            return (format!("the metric {quoted} has no braces"), Some(help));
        }
        ProblemKind::MixedFilters => {
            let help = "write `AND` and `NOT` throughout, or commas and `!`";
            return (format!("{quoted} is of another kind than the filters before it"), Some(help));
        }
    };
    (fault, None)
}

fn name(expected: Expected) -> &'static str {
    match expected {
        Expected::Expression => "an expression",
        Expected::OperatorOrEnd => "an operator or the end",
        Expected::Metric => "a metric",
        Expected::CommaOrParenthesis => "`,` or `)`",
        Expected::ClosingParenthesis => "`)`",
        Expected::OpeningParenthesis | Expected::List => "`(`",
        Expected::Modifier => "a modifier such as `as_count`",
        Expected::Argument => "an argument",
        Expected::Filter => "a tag",
        Expected::SeparatorOrEnd => "`,`, `AND`, `OR` or `}`",
        Expected::OpeningBrace => "`{`",
        Expected::CommaOrBrace => "`,` or `}`",
    }
}
