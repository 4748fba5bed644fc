//! Durations, with the arithmetic that Prometheus 3 allows on them as an experiment.

use super::Parser;
use super::Stopped;
use super::binding;
use crate::query::lexer::TokenKind;
use crate::query::number;
use crate::query::problem::Expected;
use crate::query::problem::ProblemKind;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Duration;
use crate::query::tree::DurationKind;
use crate::query::tree::Sign;

/// How many operators one duration may have.
const MAX_OPERATIONS: u32 = 64;

/// The one placeholder that is a bare word: slo-generator writes `rate(x[window])`.
const WINDOW: &str = "window";

/// Whether a `^` behind a duration belongs to it: in a range it does, in an offset it does not.
#[derive(Debug, Clone, Copy)]
enum Powers {
    Inside,
    Outside,
}

impl Parser<'_> {
    /// Parses the duration of a range or a step, which is longer than zero.
    pub(super) fn positive_duration(&mut self) -> Result<Duration, Stopped> {
        self.operations = 0;
        let duration = self.duration(1)?;
        if duration.nanoseconds().is_some_and(|length| length <= 0) {
            self.report(ProblemKind::DurationNotPositive, duration.extent);
        }
        Ok(duration)
    }

    /// Parses the duration of an offset.
    ///
    /// Arithmetic on it needs parentheses: `x offset 5m + 3` adds 3 to `x offset 5m`. Where it
    /// begins with them, Prometheus takes what follows for more of it.
    pub(super) fn offset_duration(&mut self) -> Result<Duration, Stopped> {
        self.operations = 0;
        match self.kind() {
            TokenKind::OpeningParenthesis => self.duration(1),
            _ => self.signed_duration(Powers::Outside),
        }
    }

    /// Parses a duration whose operators all bind at least as tightly as `precedence`.
    fn duration(&mut self, precedence: u8) -> Result<Duration, Stopped> {
        let mut left = self.signed_duration(Powers::Inside)?;
        while let Some(operator) = self.operator() {
            let binds = binding(operator);
            let is_arithmetic = matches!(
                operator,
                BinaryOperator::Add
                    | BinaryOperator::Subtract
                    | BinaryOperator::Multiply
                    | BinaryOperator::Divide
                    | BinaryOperator::Modulo
                    | BinaryOperator::Power
            );
            if !is_arithmetic || binds < precedence {
                break;
            }
            self.operate()?;
            let operator_extent = self.advance();
            let right = match operator {
                BinaryOperator::Power => self.duration(binds)?,
                _ => self.duration(binds + 1)?,
            };
            let divides = matches!(operator, BinaryOperator::Divide | BinaryOperator::Modulo);
            if divides && right.nanoseconds() == Some(0) {
                self.report(ProblemKind::DurationDividedByZero, operator_extent);
            }
            left = Duration {
                extent: left.extent.join(right.extent),
                kind: DurationKind::Arithmetic(operator, Box::new(left), Box::new(right)),
            };
        }
        Ok(left)
    }

    fn signed_duration(&mut self, powers: Powers) -> Result<Duration, Stopped> {
        let sign = match self.kind() {
            TokenKind::Plus => Sign::Plus,
            TokenKind::Minus => Sign::Minus,
            _ => return self.single_duration(),
        };
        self.operate()?;
        let start = self.advance();
        let inner = match powers {
            Powers::Inside => self.duration(binding(BinaryOperator::Power))?,
            Powers::Outside => self.signed_duration(powers)?,
        };
        let extent = start.join(inner.extent);
        Ok(Duration { extent, kind: DurationKind::Signed(sign, Box::new(inner)) })
    }

    fn single_duration(&mut self) -> Result<Duration, Stopped> {
        let extent = self.extent();
        let kind = match self.kind() {
            TokenKind::Number | TokenKind::Duration => {
                let number = self.number()?;
                if number::seconds_to_nanoseconds(number.value).is_none() {
                    self.report(ProblemKind::DurationOutOfRange, extent);
                }
                DurationKind::Literal(number)
            }
            TokenKind::Placeholder => {
                self.advance();
                DurationKind::Placeholder(extent.slice(self.text).to_owned())
            }
            TokenKind::Word if self.is_word(WINDOW) => {
                self.advance();
                DurationKind::Placeholder(extent.slice(self.text).to_owned())
            }
            TokenKind::OpeningParenthesis => {
                self.operate()?;
                self.advance();
                let inner = self.duration(1)?;
                let end = self.close(TokenKind::ClosingParenthesis, extent)?;
                let kind = DurationKind::Parenthesized(Box::new(inner));
                return Ok(Duration { extent: extent.join(end), kind });
            }
            TokenKind::Word if self.kind_after() == TokenKind::OpeningParenthesis => {
                return self.duration_function();
            }
            _ => return Err(self.unexpected(Expected::Duration)),
        };
        Ok(Duration { extent, kind })
    }

    /// Parses `step()`, `range()`, `min_of(a, b)` or `max_of(a, b)`; Prometheus 3.9 had `min` and `max`.
    fn duration_function(&mut self) -> Result<Duration, Stopped> {
        let is = |word: &str| self.is_word(word);
        let (minimum, maximum) = (is("min_of") || is("min"), is("max_of") || is("max"));
        let whole = match (is("step"), is("range")) {
            (true, _) => Some(DurationKind::Step),
            (_, true) => Some(DurationKind::Range),
            _ => None,
        };
        if whole.is_none() && !minimum && !maximum {
            return Err(self.unexpected(Expected::Duration));
        }
        self.operate()?;
        let start = self.advance();
        let opening = self.advance();
        if let Some(kind) = whole {
            let end = self.close(TokenKind::ClosingParenthesis, opening)?;
            return Ok(Duration { extent: start.join(end), kind });
        }
        let left = Box::new(self.duration(1)?);
        match self.kind() {
            TokenKind::Comma => self.advance(),
            TokenKind::End => return Err(self.unclosed(opening)),
            _ => return Err(self.unexpected(Expected::Comma)),
        };
        let right = Box::new(self.duration(1)?);
        let end = self.close(TokenKind::ClosingParenthesis, opening)?;
        let kind = if minimum {
            DurationKind::Minimum(left, right)
        } else {
            DurationKind::Maximum(left, right)
        };
        Ok(Duration { extent: start.join(end), kind })
    }

    /// Counts one more operator of a duration, which bounds its depth.
    fn operate(&mut self) -> Result<(), Stopped> {
        self.operations += 1;
        let too_many = self.operations > MAX_OPERATIONS;
        if too_many { Err(self.stop(ProblemKind::TooDeep)) } else { Ok(()) }
    }
}
