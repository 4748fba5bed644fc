//! The tree of a query: every node with its extent, placeholders as nodes of their own.
//!
//! **Invariant:** the tree keeps what was written. Parentheses, the order of matchers and the two
//! ways of naming a metric are visible; nothing is folded or normalized.

use crate::query::Extent;
use crate::query::functions::Function;
use crate::query::number;

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// The text of the expression, modifiers included, space around it excluded.
    pub extent: Extent,
    /// What the expression is.
    pub kind: ExpressionKind,
}

/// The kinds of expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpressionKind {
    /// A number, or a duration written as one.
    Number(Number),
    /// A quoted string, with its escapes resolved.
    Text(String),
    /// A placeholder in the place of a number, a selector or a whole expression.
    Placeholder(String),
    /// A selector of series.
    Vector(Box<VectorSelector>),
    /// A selector of series with a range of time.
    Range(Box<RangeSelector>),
    /// An expression evaluated at the steps of a range of time.
    Subquery(Box<Subquery>),
    /// An expression in parentheses.
    Parenthesized(Box<Expression>),
    /// A sign in front of an expression.
    Unary(Unary),
    /// Two expressions and an operator between them.
    Binary(Box<Binary>),
    /// An aggregation over series, such as `sum`.
    Aggregation(Box<Aggregation>),
    /// A call of a function.
    Call(Box<Call>),
}

/// A number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// The value as Prometheus computes with it; seconds when a duration is written.
    pub value: f64,
    /// The exact length when a duration is written, as in `5m`.
    pub nanoseconds: Option<i64>,
}

/// How a name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameForm {
    /// As it is: `http_requests_total`.
    Bare,
    /// In quotes, which allow any character: `"http.requests"`.
    Quoted,
    /// Wholly or partly a placeholder: `$metric`, `{{.prefix}}_total`.
    Placeholder,
}

/// A name of a metric, a label or a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name, without quotes and with its escapes resolved.
    pub text: String,
    /// The place, quotes included.
    pub extent: Extent,
    /// How the name is written.
    pub form: NameForm,
}

/// A selector of series: a metric name, label matchers, or both.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorSelector {
    /// The whole selector with its modifiers.
    pub extent: Extent,
    /// The metric name, written before the braces or quoted inside them.
    pub name: Option<Name>,
    /// The braces and what is in them.
    pub braces: Option<Extent>,
    /// The label matchers, in the order of the text.
    pub matchers: Vec<Matcher>,
    /// Placeholders that stand in the braces for whole matchers.
    pub placeholders: Vec<Name>,
    /// `offset`, `@` and the like. Of a selector inside a range, the range has them.
    pub modifiers: Modifiers,
}

/// A condition on the value of one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// The whole condition.
    pub extent: Extent,
    /// The label.
    pub label: Name,
    /// How the value is compared.
    pub operator: MatchOperator,
    /// The place of the operator.
    pub operator_extent: Extent,
    /// The value or regular expression, escapes resolved, placeholders left in it.
    pub value: String,
    /// The place of the value, quotes included.
    pub value_extent: Extent,
}

/// How a label's value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchOperator {
    /// `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `=~`: the whole value matches the regular expression.
    Matches,
    /// `!~`: the whole value does not match the regular expression.
    NotMatches,
}

/// A selector with a range, as in `x[5m]`.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeSelector {
    /// The selector.
    pub selector: VectorSelector,
    /// The length between the brackets.
    pub range: Duration,
    /// What follows the brackets.
    pub modifiers: Modifiers,
}

/// A subquery, as in `max(x)[1h:5m]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Subquery {
    /// What is evaluated.
    pub operand: Expression,
    /// The length before the colon.
    pub range: Duration,
    /// The step after the colon; the server's default when absent.
    pub step: Option<Duration>,
    /// What follows the brackets.
    pub modifiers: Modifiers,
}

/// What moves a selector or a subquery in time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Modifiers {
    /// `offset 1h`.
    pub offset: Option<Offset>,
    /// `@ 1700000000`.
    pub at: Option<At>,
    /// `anchored` or `smoothed`.
    pub edges: Option<Edges>,
}

/// A shift into the past, or into the future when negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Offset {
    /// From `offset` to the end of the duration.
    pub extent: Extent,
    /// How far.
    pub duration: Duration,
}

/// A fixed evaluation time.
#[derive(Debug, Clone, PartialEq)]
pub struct At {
    /// From `@` to the end of the time.
    pub extent: Extent,
    /// When.
    pub time: Timestamp,
}

/// The time of an `@` modifier.
#[derive(Debug, Clone, PartialEq)]
pub enum Timestamp {
    /// Seconds since 1970.
    Seconds(f64),
    /// The start of the evaluated range: `start()`.
    Start,
    /// The end of the evaluated range: `end()`.
    End,
    /// A placeholder.
    Placeholder(String),
}

/// An experimental treatment of the edges of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edges {
    /// The word.
    pub extent: Extent,
    /// Which treatment.
    pub kind: EdgesKind,
}

/// The experimental treatments of the edges of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgesKind {
    /// `anchored`.
    Anchored,
    /// `smoothed`.
    Smoothed,
}

/// A duration and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Duration {
    /// The text of the duration, space around it excluded.
    pub extent: Extent,
    /// What the duration is.
    pub kind: DurationKind,
}

/// The kinds of duration.
#[derive(Debug, Clone, PartialEq)]
pub enum DurationKind {
    /// `5m`, or `300` for as many seconds; never more than 292 years.
    Literal(Number),
    /// A placeholder.
    Placeholder(String),
    /// `step()`: the step of the evaluated range.
    Step,
    /// `range()`: the length of the evaluated range.
    Range,
    /// A duration in parentheses.
    Parenthesized(Box<Duration>),
    /// A sign in front of a duration.
    Signed(Sign, Box<Duration>),
    /// Arithmetic on durations.
    Arithmetic(BinaryOperator, Box<Duration>, Box<Duration>),
    /// `min_of(1h, 5m)`, or `min(1h, 5m)` as early versions had it.
    Minimum(Box<Duration>, Box<Duration>),
    /// `max_of(1h, 5m)`, or `max(1h, 5m)` as early versions had it.
    Maximum(Box<Duration>, Box<Duration>),
}

/// A sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// `+`.
    Plus,
    /// `-`.
    Minus,
}

/// A sign in front of an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Unary {
    /// The sign.
    pub sign: Sign,
    /// The place of the sign.
    pub sign_extent: Extent,
    /// What it stands in front of.
    pub operand: Box<Expression>,
}

/// Two expressions and an operator between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    /// The operator.
    pub operator: BinaryOperator,
    /// The place of the operator.
    pub operator_extent: Extent,
    /// The place of `bool`, where it is written.
    pub bool_extent: Option<Extent>,
    /// `on` or `ignoring`, with `group_left` or `group_right`.
    pub matching: Option<Matching>,
    /// `fill`, `fill_left` or `fill_right`, which is experimental.
    pub fill: Option<Fill>,
    /// The expression before the operator.
    pub left: Expression,
    /// The expression after the operator.
    pub right: Expression,
}

/// The binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Modulo,
    /// `^`.
    Power,
    /// `atan2`.
    ArcTangent,
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `</`: drops the observations of a histogram above a threshold.
    TrimUpper,
    /// `>/`: drops the observations of a histogram below a threshold.
    TrimLower,
    /// `and`.
    And,
    /// `or`.
    Or,
    /// `unless`.
    Unless,
}

/// How the series of two operands are paired.
#[derive(Debug, Clone, PartialEq)]
pub struct Matching {
    /// From `on` or `ignoring` to the end of the last list of labels.
    pub extent: Extent,
    /// Whether the labels are those compared or those passed over.
    pub kind: MatchingKind,
    /// The labels.
    pub labels: Vec<Name>,
    /// `group_left` or `group_right`.
    pub group: Option<Group>,
}

/// Which labels pair the series of two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchingKind {
    /// The labels named.
    On,
    /// All but the labels named.
    Ignoring,
}

/// Which side of a pairing may have several series for one of the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The word and its labels.
    pub extent: Extent,
    /// The side with several series.
    pub side: Side,
    /// Labels taken over from the other side.
    pub labels: Vec<Name>,
}

/// The values that stand in for series that the other operand has and this one lacks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fill {
    /// From the first word to the last closing parenthesis.
    pub extent: Extent,
    /// The value on the left; absent when nothing is filled in there.
    pub left: Option<f64>,
    /// The value on the right; absent when nothing is filled in there.
    pub right: Option<f64>,
}

/// A side of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Before the operator.
    Left,
    /// After the operator.
    Right,
}

/// An aggregation over series.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// The operation.
    pub aggregator: Aggregator,
    /// The place of its name.
    pub aggregator_extent: Extent,
    /// `by` or `without`, before or after the parentheses.
    pub grouping: Option<Grouping>,
    /// The first of two arguments, as the 5 of `topk(5, x)`.
    pub parameter: Option<Expression>,
    /// What is aggregated.
    pub operand: Expression,
}

/// The operations that aggregate over series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the PromQL operator of the same name")]
pub enum Aggregator {
    Sum,
    Average,
    Count,
    Minimum,
    Maximum,
    Group,
    StandardDeviation,
    StandardVariance,
    TopK,
    BottomK,
    CountValues,
    Quantile,
    LimitK,
    LimitRatio,
}

/// Which labels an aggregation keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    /// The word and its labels.
    pub extent: Extent,
    /// Whether the labels are kept or dropped.
    pub kind: GroupingKind,
    /// The labels.
    pub labels: Vec<Name>,
}

/// Whether the labels of a grouping are kept or dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupingKind {
    /// `by`: the labels are kept, all others dropped.
    By,
    /// `without`: the labels are dropped, all others kept.
    Without,
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The name as written.
    pub name: Name,
    /// The function; absent when it is unknown or a placeholder.
    pub function: Option<&'static Function>,
    /// The arguments.
    pub arguments: Vec<Expression>,
}

impl Expression {
    /// Returns the expressions directly inside this one, in the order of the text.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExpressionKind::Number(_)
            | ExpressionKind::Text(_)
            | ExpressionKind::Placeholder(_)
            | ExpressionKind::Vector(_)
            | ExpressionKind::Range(_) => Vec::new(),
            ExpressionKind::Subquery(subquery) => vec![&subquery.operand],
            ExpressionKind::Parenthesized(inner) => vec![inner],
            ExpressionKind::Unary(unary) => vec![&unary.operand],
            ExpressionKind::Binary(binary) => vec![&binary.left, &binary.right],
            ExpressionKind::Aggregation(aggregation) => {
                aggregation.parameter.iter().chain(std::iter::once(&aggregation.operand)).collect()
            }
            ExpressionKind::Call(call) => call.arguments.iter().collect(),
        }
    }

    /// Returns every selector in this expression, in the order of the text.
    pub fn selectors(&self) -> Vec<&VectorSelector> {
        match &self.kind {
            ExpressionKind::Vector(selector) => vec![selector],
            ExpressionKind::Range(range) => vec![&range.selector],
            _ => self.children().into_iter().flat_map(Self::selectors).collect(),
        }
    }

    /// Returns the expression inside any number of parentheses around this one.
    pub fn bare(&self) -> &Self {
        let mut expression = self;
        while let ExpressionKind::Parenthesized(inner) = &expression.kind {
            expression = inner;
        }
        expression
    }
}

impl Duration {
    /// Returns the length in nanoseconds when it is written out: a literal, signed or in
    /// parentheses.
    pub fn nanoseconds(&self) -> Option<i64> {
        match &self.kind {
            DurationKind::Literal(number) => {
                number.nanoseconds.or_else(|| number::seconds_to_nanoseconds(number.value))
            }
            DurationKind::Parenthesized(inner) | DurationKind::Signed(Sign::Plus, inner) => {
                inner.nanoseconds()
            }
            DurationKind::Signed(Sign::Minus, inner) => inner.nanoseconds()?.checked_neg(),
            _ => None,
        }
    }
}

impl MatchOperator {
    /// Tells whether the operator asks for values, and does not refuse some: `=`, `=~`.
    pub fn is_positive(self) -> bool {
        matches!(self, Self::Equal | Self::Matches)
    }
}

impl BinaryOperator {
    /// Tells whether the operator compares: `==`, `!=`, `<`, `<=`, `>`, `>=`.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
        )
    }

    /// Tells whether the operator works on sets of series: `and`, `or`, `unless`.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

impl Aggregator {
    /// Every aggregator with its name in PromQL.
    pub const ALL: &[(&str, Self)] = &[
        ("sum", Self::Sum),
        ("avg", Self::Average),
        ("count", Self::Count),
        ("min", Self::Minimum),
        ("max", Self::Maximum),
        ("group", Self::Group),
        ("stddev", Self::StandardDeviation),
        ("stdvar", Self::StandardVariance),
        ("topk", Self::TopK),
        ("bottomk", Self::BottomK),
        ("count_values", Self::CountValues),
        ("quantile", Self::Quantile),
        ("limitk", Self::LimitK),
        ("limit_ratio", Self::LimitRatio),
    ];

    /// Returns the aggregator of this name, in whatever case it is written.
    pub fn find(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, aggregator)| *aggregator)
    }

    /// Tells whether the aggregation takes a parameter before what it aggregates.
    pub fn takes_parameter(self) -> bool {
        matches!(
            self,
            Self::TopK
                | Self::BottomK
                | Self::CountValues
                | Self::Quantile
                | Self::LimitK
                | Self::LimitRatio
        )
    }
}
