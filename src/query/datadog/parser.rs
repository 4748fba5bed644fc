//! The grammar of Datadog's metric queries: text to a tree, by precedence climbing.
//!
//! **Invariant:** a part that gives nothing has left a problem and set `is_stopped`; whoever called
//! for it keeps what was read before.

use crate::query::Extent;
use crate::query::MAX_HEIGHT;
use crate::query::MAX_LENGTH;
use crate::query::datadog::cursor::Cursor;
use crate::query::datadog::cursor::Piece;
use crate::query::datadog::cursor::Unterminated;
use crate::query::datadog::cursor::is_name;
use crate::query::datadog::problem::Expected;
use crate::query::datadog::problem::Problem;
use crate::query::datadog::problem::ProblemKind;
use crate::query::datadog::tree::Binary;
use crate::query::datadog::tree::BinaryOperator;
use crate::query::datadog::tree::Expression;
use crate::query::datadog::tree::ExpressionKind;
use crate::query::datadog::tree::Modified;
use crate::query::datadog::tree::Unary;
use crate::query::datadog::tree::Window;
use crate::query::parser::MAX_NESTING;
use crate::query::tree::Name;
use crate::query::tree::NameForm;
use crate::query::tree::Sign;

mod arguments;
mod scope;
mod selection;

/// Parses a query, and keeps what was read before a problem ended the reading.
pub(super) fn parse(text: &str) -> (Option<Expression>, Vec<Problem>) {
    let mut parser = Parser {
        cursor: Cursor::new(text),
        nesting: 0,
        height: 0,
        is_stopped: false,
        problems: Vec::new(),
    };
    let expression = if text.len() > MAX_LENGTH {
        parser.stop(ProblemKind::TooLong, Extent::between(0, text.len()))
    } else {
        parser.whole()
    };
    (expression, parser.problems)
}

struct Parser<'text> {
    cursor: Cursor<'text>,
    /// How many operators and parentheses are open: what bounds the parser's own stack.
    nesting: u32,
    /// The height of the expression that was parsed last.
    height: u32,
    is_stopped: bool,
    problems: Vec<Problem>,
}

/// How tightly `+` and `-` bind; comparisons bind less.
const SUM: u8 = 2;

impl Parser<'_> {
    fn whole(&mut self) -> Option<Expression> {
        self.cursor.skip_space();
        if self.cursor.is_at_end() {
            return self.stop(ProblemKind::Empty, self.cursor.place());
        }
        let first = self.expression()?;
        let mut extent = first.extent;
        let mut list = vec![first];
        while !self.is_stopped && self.cursor.take(",").is_some() {
            let Some(next) = self.expression() else { break };
            extent = extent.join(next.extent);
            list.push(next);
        }
        if !self.is_stopped && !self.cursor.is_at_end() {
            self.unexpected::<()>(Expected::OperatorOrEnd);
        }
        if list.len() == 1 {
            return list.pop();
        }
        Some(Expression { extent, kind: ExpressionKind::List(list) })
    }

    fn expression(&mut self) -> Option<Expression> {
        self.operation(1)
    }

    /// Parses an expression whose operators all bind at least as tightly as `precedence`, and
    /// the space behind it.
    fn operation(&mut self, precedence: u8) -> Option<Expression> {
        self.cursor.skip_space();
        self.descend()?;
        let mut left = self.signed()?;
        self.cursor.skip_space();
        while !self.is_stopped {
            let Some((operator, sign, binds)) = operator(self.cursor.rest()) else { break };
            if binds < precedence {
                break;
            }
            let height = self.height;
            let Some(operator_extent) = self.cursor.take(sign) else { break };
            let Some(right) = self.operation(binds + 1) else { break };
            if self.grow(height.max(self.height), operator_extent).is_none() {
                break;
            }
            let extent = left.extent.join(right.extent);
            let binary = Binary { operator, operator_extent, left, right };
            left = Expression { extent, kind: ExpressionKind::Binary(Box::new(binary)) };
        }
        self.nesting -= 1;
        Some(left)
    }

    fn signed(&mut self) -> Option<Expression> {
        let (sign, sign_extent) = if let Some(extent) = self.cursor.take("-") {
            (Sign::Minus, extent)
        } else if let Some(extent) = self.cursor.take("+") {
            (Sign::Plus, extent)
        } else {
            return self.modified();
        };
        self.cursor.skip_space();
        self.descend()?;
        let operand = Box::new(self.signed()?);
        self.nesting -= 1;
        let extent = sign_extent.join(operand.extent);
        self.grow(self.height, sign_extent)?;
        Some(Expression {
            extent,
            kind: ExpressionKind::Unary(Unary { sign, sign_extent, operand }),
        })
    }

    /// Parses an expression without operators, and the modifiers behind it.
    fn modified(&mut self) -> Option<Expression> {
        let operand = self.primary()?;
        let modifiers = self.modifiers();
        let Some(last) = modifiers.last() else { return Some(operand) };
        let extent = operand.extent.join(last.extent);
        self.grow(self.height, extent)?;
        let modified = Modified { operand, modifiers };
        Some(Expression { extent, kind: ExpressionKind::Modified(Box::new(modified)) })
    }

    fn primary(&mut self) -> Option<Expression> {
        self.height = 1;
        let mut characters = self.cursor.rest().chars();
        match (characters.next(), characters.next()) {
            (Some('('), _) => self.parenthesized(),
            (Some('0'..='9'), _) | (Some('.'), Some('0'..='9')) => self.number(),
            _ => self.word(),
        }
    }

    fn parenthesized(&mut self) -> Option<Expression> {
        let opening = self.cursor.take("(")?;
        let inner = self.expression()?;
        self.grow(self.height, opening)?;
        if !self.is_stopped && self.cursor.take(")").is_none() {
            self.unclosed::<()>(opening, Expected::ClosingParenthesis);
        }
        let extent = opening.join(if self.is_stopped { inner.extent } else { self.cursor.place() });
        Some(Expression { extent, kind: ExpressionKind::Parenthesized(Box::new(inner)) })
    }

    fn number(&mut self) -> Option<Expression> {
        let extent = number(&mut self.cursor);
        let value = extent.slice(self.cursor.text()).parse();
        let behind = self.cursor.take_while(is_name);
        match value {
            Ok(value) if behind.start == behind.end => {
                Some(Expression { extent, kind: ExpressionKind::Number(value) })
            }
            _ => self.stop(ProblemKind::InvalidNumber, extent.join(behind)),
        }
    }

    /// Parses what begins with a word: a metric, with or without an aggregator, or a call.
    fn word(&mut self) -> Option<Expression> {
        let name = self.cursor.take_name(is_name);
        let name = self.name(name)?;
        if name.text.is_empty() {
            return self.unexpected(Expected::Expression);
        }
        self.cursor.skip_space();
        match self.cursor.first() {
            Some(':') => self.aggregated(name, None),
            Some('(') => match selection::opening(self.cursor) {
                selection::Opening::Threshold => {
                    let threshold = self.threshold()?;
                    self.aggregated(name, Some(threshold))
                }
                selection::Opening::Window => self.window(name),
                selection::Opening::Arguments if selection::dot(&name).is_some() => {
                    self.selection(None, name)
                }
                selection::Opening::Arguments => self.call(name),
            },
            _ if name.form == NameForm::Placeholder && !self.cursor.rest().starts_with('{') => {
                Some(Expression {
                    extent: name.extent,
                    kind: ExpressionKind::Placeholder(name.text),
                })
            }
            _ => self.selection(None, name),
        }
    }

    fn window(&mut self, aggregator: Name) -> Option<Expression> {
        self.cursor.take("(")?;
        self.cursor.skip_space();
        let length = self.cursor.take_name(is_name);
        let length = self.name(length)?;
        self.cursor.skip_space();
        self.cursor.take(")")?;
        self.cursor.skip_space();
        let colon = self.cursor.take(":")?;
        let operand = self.operation(SUM)?;
        self.grow(self.height, colon)?;
        Some(Expression {
            extent: aggregator.extent.join(operand.extent),
            kind: ExpressionKind::Window(Box::new(Window { aggregator, length, operand })),
        })
    }

    /// Turns a piece of the text into a name; nothing where a placeholder in it has no end.
    fn name(&mut self, piece: Result<Piece, Unterminated>) -> Option<Name> {
        match piece {
            Ok(piece) => Some(Name {
                text: piece.extent.slice(self.cursor.text()).to_owned(),
                extent: piece.extent,
                form: if piece.has_placeholder { NameForm::Placeholder } else { NameForm::Bare },
            }),
            Err(Unterminated(opening)) => self.stop(ProblemKind::UnterminatedPlaceholder, opening),
        }
    }

    /// Counts one more open operator; each caller gives it back with `nesting -= 1` on success.
    fn descend(&mut self) -> Option<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return self.unfit(ProblemKind::TooDeep);
        }
        Some(())
    }

    /// Sets the height of an expression whose parts are at most `inner` high.
    fn grow(&mut self, inner: u32, extent: Extent) -> Option<()> {
        self.height = inner + 1;
        if self.height > MAX_HEIGHT {
            return self.stop(ProblemKind::TooDeep, extent);
        }
        Some(())
    }

    fn report(&mut self, kind: ProblemKind, extent: Extent) {
        self.problems.push(Problem { kind, extent });
    }

    /// Ends the reading.
    fn stop<T>(&mut self, kind: ProblemKind, extent: Extent) -> Option<T> {
        if !self.is_stopped {
            self.report(kind, extent);
        }
        self.is_stopped = true;
        None
    }

    /// Ends the reading at the word or character that comes next.
    fn unfit<T>(&mut self, kind: ProblemKind) -> Option<T> {
        let mut ahead = self.cursor;
        let mut extent = ahead.take_while(is_name);
        if extent.start == extent.end {
            ahead.advance();
            extent = ahead.since(extent);
        }
        self.stop(kind, extent)
    }

    fn unexpected<T>(&mut self, expected: Expected) -> Option<T> {
        self.unfit(ProblemKind::Unexpected { expected })
    }

    /// Ends the reading where `opening` should be closed: at what stands there instead, or at
    /// the opening when the text ends.
    fn unclosed<T>(&mut self, opening: Extent, expected: Expected) -> Option<T> {
        if !self.cursor.is_at_end() {
            return self.unexpected(expected);
        }
        let end = self.cursor.place().end;
        self.stop(ProblemKind::Unclosed { end }, opening)
    }
}

/// Returns the binary operator that begins the text, how it is written and how tightly it binds.
fn operator(text: &str) -> Option<(BinaryOperator, &'static str, u8)> {
    let found = OPERATORS.iter().find(|(_, sign, _)| text.starts_with(sign));
    found.copied()
}

/// The binary operators; of two that begin alike, the longer first.
const OPERATORS: [(BinaryOperator, &str, u8); 10] = [
    (BinaryOperator::Add, "+", SUM),
    (BinaryOperator::Subtract, "-", SUM),
    (BinaryOperator::Multiply, "*", SUM + 1),
    (BinaryOperator::Divide, "/", SUM + 1),
    (BinaryOperator::Equal, "==", 1),
    (BinaryOperator::NotEqual, "!=", 1),
    (BinaryOperator::LessOrEqual, "<=", 1),
    (BinaryOperator::Less, "<", 1),
    (BinaryOperator::GreaterOrEqual, ">=", 1),
    (BinaryOperator::Greater, ">", 1),
];

/// Goes past the digits, the fraction and the exponent of a number.
fn number(cursor: &mut Cursor<'_>) -> Extent {
    let start = cursor.place();
    let digits = |cursor: &mut Cursor<'_>| cursor.take_while(|digit| digit.is_ascii_digit());
    digits(cursor);
    if cursor.take(".").is_some() {
        digits(cursor);
    }
    let mut ahead = *cursor;
    if ahead.take("e").or_else(|| ahead.take("E")).is_some() {
        let _sign = ahead.take("-").or_else(|| ahead.take("+"));
        let exponent = digits(&mut ahead);
        if exponent.start < exponent.end {
            *cursor = ahead;
        }
    }
    cursor.since(start)
}
