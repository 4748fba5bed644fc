//! Whether a grammatical query makes sense: types of operands and arguments, matching, selectors.
//!
//! **Invariant:** a placeholder fits everywhere; a query is not refused for what is not known yet.
//!
//! # Source
//!
//! Prometheus documentation, "Operators" and "Querying basics".

use std::collections::BTreeSet;

use crate::query::Extent;
use crate::query::functions::ValueType;
use crate::query::pattern;
use crate::query::pattern::Pattern;
use crate::query::problem::Problem;
use crate::query::problem::ProblemKind;
use crate::query::tree::Aggregation;
use crate::query::tree::Aggregator;
use crate::query::tree::Binary;
use crate::query::tree::Call;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::tree::MatchingKind;
use crate::query::tree::Name;
use crate::query::tree::NameForm;
use crate::query::tree::VectorSelector;

/// Returns what is wrong with the meaning of a query, in the order of a walk from the leaves up.
pub(super) fn problems(expression: &Expression) -> Vec<Problem> {
    let mut checker = Checker { problems: Vec::new() };
    checker.check(expression);
    checker.problems
}

/// Returns the type of the value of an expression, problems or not.
pub(super) fn value_type(expression: &Expression) -> ValueType {
    Checker { problems: Vec::new() }.check(expression)
}

struct Checker {
    problems: Vec<Problem>,
}

impl Checker {
    fn report(&mut self, kind: ProblemKind, extent: Extent) {
        self.problems.push(Problem { kind, extent });
    }

    /// Checks an expression and returns its type.
    fn check(&mut self, expression: &Expression) -> ValueType {
        match &expression.kind {
            ExpressionKind::Number(_) => ValueType::Scalar,
            ExpressionKind::Text(_) => ValueType::Text,
            ExpressionKind::Placeholder(_) => ValueType::Unknown,
            ExpressionKind::Vector(selector) => {
                self.check_selector(selector);
                ValueType::Instant
            }
            ExpressionKind::Range(range) => {
                self.check_selector(&range.selector);
                ValueType::Range
            }
            ExpressionKind::Subquery(subquery) => {
                self.expect(&subquery.operand, ValueType::Instant);
                ValueType::Range
            }
            ExpressionKind::Parenthesized(inner) => self.check(inner),
            ExpressionKind::Unary(unary) => {
                let found = self.check(&unary.operand);
                self.check_operand(&unary.operand, found);
                found
            }
            ExpressionKind::Binary(binary) => self.check_binary(expression.extent, binary),
            ExpressionKind::Aggregation(aggregation) => {
                self.check_aggregation(aggregation);
                ValueType::Instant
            }
            ExpressionKind::Call(call) => self.check_call(expression.extent, call),
        }
    }

    fn expect(&mut self, expression: &Expression, expected: ValueType) {
        let found = self.check(expression);
        if found != expected && found != ValueType::Unknown {
            self.report(ProblemKind::Type { expected, found }, expression.extent);
        }
    }

    fn check_operand(&mut self, operand: &Expression, found: ValueType) {
        if matches!(found, ValueType::Text | ValueType::Range) {
            self.report(ProblemKind::OperandType { found }, operand.extent);
        }
    }

    fn check_binary(&mut self, extent: Extent, binary: &Binary) -> ValueType {
        let left = self.check(&binary.left);
        let right = self.check(&binary.right);
        self.check_operand(&binary.left, left);
        self.check_operand(&binary.right, right);
        let operator = binary.operator;
        if let Some(bool_extent) = binary.bool_extent.filter(|_| !operator.is_comparison()) {
            self.report(ProblemKind::BoolWithoutComparison, bool_extent);
        }
        let both = [left, right];
        let scalars = both.iter().filter(|found| **found == ValueType::Scalar).count();
        if operator.is_comparison() && scalars == 2 && binary.bool_extent.is_none() {
            self.report(ProblemKind::ScalarComparisonWithoutBool, binary.operator_extent);
        }
        if operator.is_set() && scalars > 0 {
            self.report(ProblemKind::SetOperatorOnScalar, extent);
        }
        if let Some(fill) = &binary.fill {
            if scalars > 0 {
                self.report(ProblemKind::FillOnScalar, fill.extent);
            } else if operator.is_set() {
                self.report(ProblemKind::FillOnSetOperator, fill.extent);
            }
        }
        if let Some(matching) = &binary.matching {
            if scalars > 0 && !matching.labels.is_empty() {
                self.report(ProblemKind::MatchingOnScalar, matching.extent);
            }
            if let Some(group) = &matching.group {
                if scalars == 0 && operator.is_set() {
                    self.report(ProblemKind::GroupOnSetOperator, group.extent);
                }
                let on: BTreeSet<&str> = match matching.kind {
                    MatchingKind::On => matching.labels.iter().map(|l| l.text.as_str()).collect(),
                    MatchingKind::Ignoring => BTreeSet::new(),
                };
                for label in group.labels.iter().filter(|label| on.contains(label.text.as_str())) {
                    self.report(ProblemKind::LabelInMatchingAndGroup, label.extent);
                }
            }
        }
        if both.contains(&ValueType::Instant) {
            ValueType::Instant
        } else if both.contains(&ValueType::Unknown) {
            ValueType::Unknown
        } else if scalars == 2 {
            ValueType::Scalar
        } else {
            ValueType::Instant
        }
    }

    fn check_aggregation(&mut self, aggregation: &Aggregation) {
        self.expect(&aggregation.operand, ValueType::Instant);
        if let Some(parameter) = &aggregation.parameter {
            let expected = match aggregation.aggregator {
                Aggregator::CountValues => ValueType::Text,
                _ => ValueType::Scalar,
            };
            self.expect(parameter, expected);
        }
    }

    fn check_call(&mut self, extent: Extent, call: &Call) -> ValueType {
        let Some(function) = call.function else {
            for argument in &call.arguments {
                self.check(argument);
            }
            return ValueType::Unknown;
        };
        let (minimum, maximum) = (function.minimum, function.maximum);
        let found = call.arguments.len();
        if found < minimum || maximum.is_some_and(|maximum| found > maximum) {
            self.report(ProblemKind::ArgumentCount { minimum, maximum, found }, extent);
        }
        let last = function.arguments.last();
        for (index, argument) in call.arguments.iter().enumerate() {
            let Some(expected) = function.arguments.get(index).or(last) else {
                continue;
            };
            if function.name == "info" && index == 1 {
                self.check_info(argument);
            } else {
                self.expect(argument, *expected);
            }
        }
        function.returns
    }

    /// Checks the second argument of `info`: label matchers without a metric name, which may all
    /// match the empty string.
    fn check_info(&mut self, argument: &Expression) {
        match &argument.kind {
            ExpressionKind::Vector(selector) if outside_name(selector).is_none() => {}
            ExpressionKind::Placeholder(_) => {}
            _ => self.report(ProblemKind::InfoSelector, argument.extent),
        }
    }

    fn check_selector(&mut self, selector: &VectorSelector) {
        for matcher in &selector.matchers {
            let operator = matcher.operator;
            let is_pattern = matches!(operator, MatchOperator::Matches | MatchOperator::NotMatches);
            if is_pattern && pattern::read(&matcher.value) == Pattern::Malformed {
                self.report(ProblemKind::InvalidPattern, matcher.value_extent);
            }
        }
        if outside_name(selector).is_some() {
            for matcher in &selector.matchers {
                if matcher.label.text == "__name__" {
                    self.report(ProblemKind::MetricNameTwice, matcher.extent);
                }
            }
            return;
        }
        let named = selector.name.as_ref().is_some_and(|name| !name.text.is_empty());
        let bounded = named || selector.matchers.iter().any(refuses_empty);
        if !bounded && selector.placeholders.is_empty() {
            self.report(ProblemKind::EmptySelector, selector.braces.unwrap_or(selector.extent));
        }
    }
}

/// Returns the metric name that stands before the braces of a selector.
fn outside_name(selector: &VectorSelector) -> Option<&Name> {
    selector.name.as_ref().filter(|name| name.form != NameForm::Quoted)
}

/// Tells whether a matcher refuses series without the label, in doubt that it does.
fn refuses_empty(matcher: &Matcher) -> bool {
    let value = matcher.value.as_str();
    match matcher.operator {
        MatchOperator::Equal => !value.is_empty(),
        MatchOperator::NotEqual => value.is_empty(),
        MatchOperator::Matches => pattern::read(value) != Pattern::Empty,
        MatchOperator::NotMatches => pattern::read(value) != Pattern::Filled,
    }
}
