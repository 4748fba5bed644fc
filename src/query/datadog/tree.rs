//! The tree of a query of Datadog: every node with its extent, placeholders among them.
//!
//! **Invariant:** the tree keeps what was written. Parentheses and the order of filters and
//! modifiers are visible; nothing is folded or normalized. [`crate::query::MAX_HEIGHT`] bounds the height of every
//! expression, a list of them left aside, so a walk may recurse.

use crate::query::Extent;
use crate::query::tree::Name;
use crate::query::tree::Sign;

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
    /// A number.
    Number(f64),
    /// A quoted string, without its quotes; only an argument.
    Text(String),
    /// A word without quotes, as `avg` in `.rollup(avg, 60)`; only an argument.
    Word(String),
    /// A placeholder in the place of a whole expression.
    Placeholder(String),
    /// The series of a metric.
    Selection(Box<Selection>),
    /// A call of a function, as `default_zero(…)`.
    Call(Box<Call>),
    /// An expression in parentheses.
    Parenthesized(Box<Expression>),
    /// A sign in front of an expression.
    Unary(Unary),
    /// Two expressions and an operator between them.
    Binary(Box<Binary>),
    /// Modifiers behind a call or parentheses.
    Modified(Box<Modified>),
    /// The time over which a monitor looks, as `avg(last_5m):`, and what it looks at.
    Window(Box<Window>),
    /// Several queries with commas between them.
    List(Vec<Expression>),
}

/// The series of a metric that a scope lets through, aggregated.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// From the aggregator to the last modifier.
    pub extent: Extent,
    /// How the series are aggregated over space, as `sum:`; Datadog's default when absent.
    pub aggregation: Option<Aggregation>,
    /// The metric.
    pub metric: Name,
    /// The filters in braces; absent only beside a problem, or where a placeholder in the name
    /// may hold them.
    pub scope: Option<Scope>,
    /// `by {env}`.
    pub grouping: Option<Grouping>,
    /// What follows, as `.as_count()`, in the order of the text.
    pub modifiers: Vec<Modifier>,
}

/// How series are aggregated over space.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// From the name to the colon.
    pub extent: Extent,
    /// The name as written.
    pub name: Name,
    /// Which one; absent when it is unknown or a placeholder.
    pub aggregator: Option<Aggregator>,
    /// Which values are counted, as in `count(v: v<=2.5):`.
    pub threshold: Option<Threshold>,
}

/// The aggregators over space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregator {
    /// `avg`.
    Average,
    /// `sum`.
    Sum,
    /// `min`.
    Minimum,
    /// `max`.
    Maximum,
    /// `count`.
    Count,
    /// `p99.9` and the like, in percent, between 0 and 100.
    Percentile(f64),
}

/// A condition on the values that are counted, which distributions have.
///
/// # Source
///
/// Datadog documentation, "Distributions", threshold queries: the aggregator that its editor calls
/// "count values"; the form in text is what the editor makes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// What is between the parentheses, space around it excluded.
    pub extent: Extent,
    /// The comparison; absent when it is not a name, an operator and a number or placeholder.
    pub comparison: Option<Bound>,
}

/// An operator and what a value is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The operator.
    pub operator: BinaryOperator,
    /// The place of the operator.
    pub operator_extent: Extent,
    /// The number, in the unit of the metric; absent when it is a placeholder.
    pub value: Option<f64>,
    /// The place of the number or placeholder.
    pub value_extent: Extent,
}

/// The braces behind a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// The braces and what is in them.
    pub extent: Extent,
    /// The filters; absent when there are none.
    pub filter: Option<Filter>,
}

/// A filter of series and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The text of the filter, space around it excluded.
    pub extent: Extent,
    /// What the filter is.
    pub kind: FilterKind,
}

/// The kinds of filter.
#[derive(Debug, Clone, PartialEq)]
pub enum FilterKind {
    /// `*`: every series.
    Everything,
    /// A condition on tags.
    Condition(Condition),
    /// A filter in parentheses.
    Parenthesized(Box<Filter>),
    /// What a filter lets through is left out.
    Not(Negation),
    /// Filters of which all must hold, with commas or `AND` between them.
    All(Vec<Filter>),
    /// Filters of which one must hold, with `OR` between them.
    Any(Vec<Filter>),
}

/// A filter turned round.
#[derive(Debug, Clone, PartialEq)]
pub struct Negation {
    /// How it is written.
    pub form: NegationForm,
    /// The place of the sign or word.
    pub form_extent: Extent,
    /// What is turned round.
    pub operand: Box<Filter>,
}

/// The ways of turning a filter round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NegationForm {
    /// `!`.
    Exclamation,
    /// `-`.
    Minus,
    /// `NOT`.
    Word,
}

/// A condition on the tags of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The whole condition.
    pub extent: Extent,
    /// What is before the first colon or `IN`; absent when the tag has none, as `$env`.
    pub key: Option<Name>,
    /// How the key and the values are compared.
    pub operator: ConditionOperator,
    /// The place of `:`, `IN` or `NOT IN`; absent without a key.
    pub operator_extent: Option<Extent>,
    /// The values, in which `*` stands for any text. One, or those of a list; none where there
    /// is only a colon.
    pub values: Vec<Name>,
}

/// How a tag and values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionOperator {
    /// The series has this tag, which has no key.
    Has,
    /// `:`: the tag has one of the values.
    Is,
    /// `IN`: the tag has one of the values.
    In,
    /// `NOT IN`: the tag has none of the values.
    NotIn,
}

/// A condition of a conjunction, and which side of it is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term<'tree> {
    /// The condition with what turns it round.
    pub extent: Extent,
    /// The condition as written.
    pub condition: &'tree Condition,
    /// Whether the series with one of the values are left out, and not all others.
    pub is_excluded: bool,
}

/// Tags by which series are grouped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// From `by` to the closing brace.
    pub extent: Extent,
    /// The keys, or `*`.
    pub tags: Vec<Name>,
}

/// A change of what is before it, as `.rollup(sum, 60)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Modifier {
    /// From the dot to the closing parenthesis.
    pub extent: Extent,
    /// The name, without the dot.
    pub name: Name,
    /// The arguments: numbers, strings, words and placeholders.
    pub arguments: Vec<Argument>,
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The name as written; every name is read.
    pub name: Name,
    /// The arguments.
    pub arguments: Vec<Argument>,
}

/// An argument of a call or a modifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// The name in front of `=`, as in `direction='both'`.
    pub name: Option<Name>,
    /// The value.
    pub value: Expression,
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
    /// The expression before the operator.
    pub left: Expression,
    /// The expression after the operator.
    pub right: Expression,
}

/// The binary operators; only monitors compare.
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
}

/// An expression with modifiers behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Modified {
    /// What is modified.
    pub operand: Expression,
    /// The modifiers, in the order of the text; one at least.
    pub modifiers: Vec<Modifier>,
}

/// The time over which a monitor looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// How the values of that time are aggregated.
    pub aggregator: Name,
    /// The time, as `last_5m`.
    pub length: Name,
    /// What the monitor looks at.
    pub operand: Expression,
}

impl Expression {
    /// Returns the expressions directly inside this one, in the order of the text; the arguments
    /// of calls are among them, those of modifiers are not.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExpressionKind::Number(_)
            | ExpressionKind::Text(_)
            | ExpressionKind::Word(_)
            | ExpressionKind::Placeholder(_)
            | ExpressionKind::Selection(_) => Vec::new(),
            ExpressionKind::Call(call) => call.arguments.iter().map(|one| &one.value).collect(),
            ExpressionKind::Parenthesized(inner) => vec![inner],
            ExpressionKind::Unary(unary) => vec![&unary.operand],
            ExpressionKind::Binary(binary) => vec![&binary.left, &binary.right],
            ExpressionKind::Modified(modified) => vec![&modified.operand],
            ExpressionKind::Window(window) => vec![&window.operand],
            ExpressionKind::List(list) => list.iter().collect(),
        }
    }

    /// Returns every selection in this expression, in the order of the text.
    pub fn selectors(&self) -> Vec<&Selection> {
        match &self.kind {
            ExpressionKind::Selection(selection) => vec![selection],
            _ => self.children().into_iter().flat_map(Self::selectors).collect(),
        }
    }
}

impl Scope {
    /// Returns the conditions that a series must all meet, in the order of the text; empty when
    /// every series does.
    ///
    /// Nothing when the filters are more than a plain conjunction: an `OR`, or a negation of
    /// several conditions together.
    pub fn conjunction(&self) -> Option<Vec<Term<'_>>> {
        let mut terms = Vec::new();
        match &self.filter {
            Some(filter) => filter.add_terms(None, false, &mut terms).then_some(terms),
            None => Some(terms),
        }
    }
}

impl Filter {
    /// Adds the conditions of this filter; tells whether it is a plain conjunction.
    ///
    /// * `turned`: the filter that turns this one round.
    fn add_terms<'tree>(
        &'tree self,
        turned: Option<Extent>,
        is_excluded: bool,
        terms: &mut Vec<Term<'tree>>,
    ) -> bool {
        match &self.kind {
            FilterKind::Everything => !is_excluded,
            FilterKind::Condition(condition) => {
                let is_reversed = condition.operator == ConditionOperator::NotIn;
                let is_excluded = is_excluded != is_reversed;
                let extent = turned.unwrap_or(condition.extent);
                terms.push(Term { extent, condition, is_excluded });
                true
            }
            FilterKind::Parenthesized(inner) => inner.add_terms(turned, is_excluded, terms),
            FilterKind::Not(negation) => {
                let turned = turned.or(Some(self.extent));
                negation.operand.add_terms(turned, !is_excluded, terms)
            }
            FilterKind::All(filters) => {
                let mut filters = filters.iter();
                !is_excluded && filters.all(|filter| filter.add_terms(None, false, terms))
            }
            FilterKind::Any(_) => false,
        }
    }
}

impl Aggregator {
    /// Returns the aggregator of this name.
    ///
    /// # Source
    ///
    /// Datadog documentation, "Distributions": percentiles of any rank, with decimals.
    pub fn find(name: &str) -> Option<Self> {
        Some(match name {
            "avg" => Self::Average,
            "sum" => Self::Sum,
            "min" => Self::Minimum,
            "max" => Self::Maximum,
            "count" => Self::Count,
            _ => {
                let rank = name.strip_prefix('p')?;
                let is_plain = rank.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                let rank = rank.parse().ok().filter(|rank| is_plain && *rank <= 100.0)?;
                Self::Percentile(rank)
            }
        })
    }
}
