//! What can be wrong with a query of Datadog, as facts without words.
//!
//! **Invariant:** no message lives here; a rule words each kind.

use crate::query::Extent;

/// One thing that is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The part of the text that it is wrong about; empty at the end of the text when something
    /// is missing there.
    pub extent: Extent,
}

/// The ways in which a query can be wrong.
///
/// After [`Self::MissingScope`] and [`Self::MixedFilters`] the reading goes on; any other kind
/// ends it, for what follows would be guesswork.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The text is longer than [`crate::query::MAX_LENGTH`].
    TooLong,
    /// The query nests deeper than is read.
    TooDeep,
    /// There is no query, only space.
    Empty,
    /// Something that does not fit where it stands.
    Unexpected {
        /// What would have fitted.
        expected: Expected,
    },
    /// An opening parenthesis or brace that the text never closes.
    Unclosed {
        /// The end of the text, where the closing one is missing.
        end: u32,
    },
    /// A string without its closing quote.
    UnterminatedString,
    /// A placeholder without its closing braces.
    UnterminatedPlaceholder,
    /// A number that is none, as `5xx`.
    InvalidNumber,
    /// A metric without braces behind its name; all its series are `{*}`.
    ///
    /// A word that is meant as a string, but stands without quotes, is read as a metric as well;
    /// and a metric name ends at a character that names do not have, such as `-`.
    ///
    /// # Source
    ///
    /// The server's answer to `avg:kubernetes.cpu.user.total`, and to `basic` without quotes in
    /// `anomalies(avg:a{*}, basic, 2)`: its rule for a scope did not match.
    MissingScope,
    /// Commas or `!` in one pair of braces with `AND`, `OR`, `NOT` or `IN`. The extent is the
    /// first sign or word that is not of the same kind as those before it.
    ///
    /// # Source
    ///
    /// Datadog documentation, "Advanced Filtering": the two may not be combined. The server says
    /// so of `{service:test AND !host:123}`.
    MixedFilters,
}

/// What would have fitted in a place of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// An expression: a metric, a call, a number, …
    Expression,
    /// An operator or the end of the query.
    OperatorOrEnd,
    /// A metric name behind an aggregator.
    Metric,
    /// `,` or `)`.
    CommaOrParenthesis,
    /// `)`.
    ClosingParenthesis,
    /// `(` behind the name of a modifier.
    OpeningParenthesis,
    /// The name of a modifier behind a dot.
    Modifier,
    /// An argument of a modifier.
    Argument,
    /// A tag, or another filter in braces.
    Filter,
    /// `,`, `AND`, `OR` or what closes the filters.
    SeparatorOrEnd,
    /// `(` behind `IN`.
    List,
    /// `{` behind `by`.
    OpeningBrace,
    /// `,` or `}`.
    CommaOrBrace,
}
