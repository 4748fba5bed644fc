//! What can be wrong with a query, as facts without words.
//!
//! **Invariant:** no message lives here; a rule words each kind.

use crate::query::Extent;
use crate::query::functions::ValueType;

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
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The text is longer than [`crate::query::MAX_LENGTH`].
    TooLong,
    /// The query nests deeper than is read.
    TooDeep,
    /// There is no expression, only space or comments.
    Empty,
    /// A character that begins nothing.
    UnexpectedCharacter,
    /// A token that does not fit where it stands.
    Unexpected {
        /// What would have fitted.
        expected: Expected,
    },
    /// An opening parenthesis, brace or bracket that the text never closes.
    Unclosed {
        /// The end of the text, where the closing one is missing.
        end: u32,
    },
    /// A string without its closing quote.
    UnterminatedString,
    /// A placeholder without its closing braces.
    UnterminatedPlaceholder,
    /// An escape sequence that strings do not have.
    InvalidEscape,
    /// A number that is none.
    InvalidNumber,
    /// A duration with an unknown unit, a fraction or units out of order.
    InvalidDuration,
    /// A range or a step of zero or less.
    DurationNotPositive,
    /// A duration longer than 292 years.
    DurationOutOfRange,
    /// A duration divided by zero.
    DurationDividedByZero,
    /// A function that Prometheus does not have.
    UnknownFunction,
    /// A function or an aggregation with too few or too many arguments.
    ArgumentCount {
        /// The fewest arguments allowed.
        minimum: usize,
        /// The most arguments allowed; absent when there is no bound.
        maximum: Option<usize>,
        /// How many there are.
        found: usize,
    },
    /// A comma after the last argument.
    TrailingComma,
    /// A range, as in `[5m]`, after something other than a selector.
    RangeOnNonSelector,
    /// `offset` or `@` in front of a range, where it belongs behind it.
    ModifierBeforeRange,
    /// `offset`, `@`, `anchored` or `smoothed` after something that has no time of its own.
    MisplacedModifier,
    /// The same modifier twice.
    RepeatedModifier,
    /// `anchored` and `smoothed` together.
    ConflictingModifiers,
    /// A time after `@` that is not finite or not representable.
    TimestampOutOfRange,
    /// A value of one type where another is needed.
    Type {
        /// The type that is needed.
        expected: ValueType,
        /// The type that is there.
        found: ValueType,
    },
    /// An operand that is neither a scalar nor an instant vector.
    OperandType {
        /// The type that is there.
        found: ValueType,
    },
    /// `bool` on an operator that does not compare.
    BoolWithoutComparison,
    /// A comparison of two scalars without `bool`.
    ScalarComparisonWithoutBool,
    /// `and`, `or` or `unless` with a scalar.
    SetOperatorOnScalar,
    /// `group_left` or `group_right` on `and`, `or` or `unless`.
    GroupOnSetOperator,
    /// `fill`, `fill_left` or `fill_right` on `and`, `or` or `unless`.
    FillOnSetOperator,
    /// `fill`, `fill_left` or `fill_right` where one side is a scalar.
    FillOnScalar,
    /// `on` or `ignoring` with labels where one side is a scalar.
    MatchingOnScalar,
    /// A label in both `on` and `group_left` or `group_right`.
    LabelInMatchingAndGroup,
    /// A label name that is empty.
    EmptyLabelName,
    /// A regular expression with a parenthesis or bracket that is not closed or not opened, or
    /// with nothing to repeat.
    InvalidPattern,
    /// A selector that could select every series there is.
    EmptySelector,
    /// A metric name given twice.
    MetricNameTwice,
    /// A second argument of `info` that is not a selector of labels alone.
    InfoSelector,
}

/// What would have fitted in a place of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// An expression: a selector, a call, a number, …
    Expression,
    /// A binary operator or the end of what encloses the place.
    OperatorOrEnd,
    /// `(`.
    OpeningParenthesis,
    /// `)`.
    ClosingParenthesis,
    /// `,` or `)`.
    CommaOrParenthesis,
    /// `,` or `}`.
    CommaOrBrace,
    /// `,` between two durations.
    Comma,
    /// `]`.
    ClosingBracket,
    /// `:` or `]`.
    ColonOrBracket,
    /// The name of a label.
    Label,
    /// A label matcher or `}`.
    Matcher,
    /// `=`, `!=`, `=~` or `!~`.
    MatchOperator,
    /// A quoted string.
    String,
    /// A duration or a number of seconds.
    Duration,
    /// A number.
    Number,
    /// A number, `start()` or `end()`.
    Timestamp,
}
