//! The grammar of PromQL: tokens to a tree, by precedence climbing.
//!
//! **Invariant:** the parser checks shape, never types; `check` does that on a whole tree.
//!
//! # Why
//!
//! A grammatical mistake ends the reading: what follows it is guesswork, and one precise caret is
//! worth more than five that follow from it. A mistake of meaning, such as an unknown function,
//! does not.

use crate::query::Extent;
use crate::query::MAX_HEIGHT;
use crate::query::MAX_LENGTH;
use crate::query::functions;
use crate::query::lexer;
use crate::query::lexer::Token;
use crate::query::lexer::TokenKind;
use crate::query::number;
use crate::query::problem::Expected;
use crate::query::problem::Problem;
use crate::query::problem::ProblemKind;
use crate::query::quoted;
use crate::query::tree::Aggregation;
use crate::query::tree::Aggregator;
use crate::query::tree::Binary;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Call;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Name;
use crate::query::tree::NameForm;
use crate::query::tree::Number;
use crate::query::tree::Sign;
use crate::query::tree::Unary;

mod duration;
mod grouping;
mod selector;

/// Parses a query as far as its grammar goes; the tree is absent when the grammar is violated.
pub(super) fn parse(text: &str) -> (Option<Expression>, Vec<Problem>) {
    if text.len() > MAX_LENGTH {
        let extent = Extent::between(0, text.len());
        return (None, vec![Problem { kind: ProblemKind::TooLong, extent }]);
    }
    let (tokens, fault) = lexer::tokens(text);
    let mut parser = Parser {
        text,
        tokens,
        fault,
        position: 0,
        nesting: 0,
        height: 0,
        operations: 0,
        problems: Vec::new(),
    };
    let expression = parser.whole().ok();
    (expression, parser.problems)
}

/// How many operators may be open at once: what bounds the parser's own stack.
pub(super) const MAX_NESTING: u32 = 128;

/// The mark of a grammatical mistake, which is among the problems already.
struct Stopped;

struct Parser<'text> {
    text: &'text str,
    tokens: Vec<Token>,
    fault: Option<ProblemKind>,
    position: usize,
    nesting: u32,
    /// The height of the expression that was parsed last.
    height: u32,
    /// How many operators the duration being parsed has.
    operations: u32,
    problems: Vec<Problem>,
}

impl Parser<'_> {
    fn whole(&mut self) -> Result<Expression, Stopped> {
        if self.kind() == TokenKind::End {
            return Err(self.stop(ProblemKind::Empty));
        }
        let expression = self.expression()?;
        match self.kind() {
            TokenKind::End => Ok(expression),
            _ => Err(self.unexpected(Expected::OperatorOrEnd)),
        }
    }

    fn expression(&mut self) -> Result<Expression, Stopped> {
        self.operation(1)
    }

    /// Parses an expression whose operators all bind at least as tightly as `precedence`.
    fn operation(&mut self, precedence: u8) -> Result<Expression, Stopped> {
        self.descend()?;
        let mut left = self.signed()?;
        while let Some(operator) = self.operator() {
            let binds = binding(operator);
            if binds < precedence {
                break;
            }
            let height = self.height;
            let operator_extent = self.advance();
            let bool_extent = self.take_word("bool");
            let matching = self.matching()?;
            let fill = self.fill()?;
            let right = match operator {
                BinaryOperator::Power => self.operation(binds)?,
                _ => self.operation(binds + 1)?,
            };
            self.grow(height.max(self.height), operator_extent)?;
            left = Expression {
                extent: left.extent.join(right.extent),
                kind: ExpressionKind::Binary(Box::new(Binary {
                    operator,
                    operator_extent,
                    bool_extent,
                    matching,
                    fill,
                    left,
                    right,
                })),
            };
        }
        self.nesting -= 1;
        Ok(left)
    }

    /// Parses an expression with signs in front; `-a ^ b` is `-(a ^ b)`, `-a * b` is `(-a) * b`.
    fn signed(&mut self) -> Result<Expression, Stopped> {
        let sign = match self.kind() {
            TokenKind::Plus => Sign::Plus,
            TokenKind::Minus => Sign::Minus,
            _ => return self.postfixed(),
        };
        let sign_extent = self.advance();
        let operand = Box::new(self.operation(binding(BinaryOperator::Power))?);
        self.grow(self.height, sign_extent)?;
        Ok(Expression {
            extent: sign_extent.join(operand.extent),
            kind: ExpressionKind::Unary(Unary { sign, sign_extent, operand }),
        })
    }

    fn primary(&mut self) -> Result<Expression, Stopped> {
        self.height = 1;
        let extent = self.extent();
        let kind = match self.kind() {
            TokenKind::Number | TokenKind::Duration => ExpressionKind::Number(self.number()?),
            TokenKind::String => {
                self.advance();
                ExpressionKind::Text(quoted::decode(extent.slice(self.text)))
            }
            TokenKind::OpeningParenthesis => return self.parenthesized(),
            TokenKind::OpeningBrace => return self.vector_selector(None),
            TokenKind::Placeholder => return self.placeholder(),
            TokenKind::Word => return self.word(),
            _ => return Err(self.unexpected(Expected::Expression)),
        };
        Ok(Expression { extent, kind })
    }

    fn parenthesized(&mut self) -> Result<Expression, Stopped> {
        let opening = self.advance();
        let inner = Box::new(self.expression()?);
        self.grow(self.height, opening)?;
        let end = self.close(TokenKind::ClosingParenthesis, opening)?;
        let kind = ExpressionKind::Parenthesized(inner);
        Ok(Expression { extent: opening.join(end), kind })
    }

    fn number(&mut self) -> Result<Number, Stopped> {
        let token = self.kind();
        let extent = self.advance();
        let text = extent.slice(self.text);
        if token != TokenKind::Duration {
            let value = number::value(text);
            let value = value.ok_or_else(|| self.stop_at(ProblemKind::InvalidNumber, extent))?;
            return Ok(Number { value, nanoseconds: None });
        }
        let length = number::nanoseconds(text).map_err(|kind| self.stop_at(kind, extent))?;
        let value = std::time::Duration::from_nanos(length.unsigned_abs()).as_secs_f64();
        Ok(Number { value, nanoseconds: Some(length) })
    }

    /// Goes past a sign, where one stands, and returns it as a factor.
    fn sign(&mut self) -> Option<f64> {
        let sign = match self.kind() {
            TokenKind::Plus => 1.0,
            TokenKind::Minus => -1.0,
            _ => return None,
        };
        self.advance();
        Some(sign)
    }

    fn is_number(&self) -> bool {
        matches!(self.kind(), TokenKind::Number | TokenKind::Duration)
            || self.is_word("inf")
            || self.is_word("nan")
    }

    /// Parses what begins with a placeholder: a call, a selector, or the placeholder alone.
    fn placeholder(&mut self) -> Result<Expression, Stopped> {
        let name = self.name(NameForm::Placeholder);
        let selects = matches!(
            self.kind(),
            TokenKind::OpeningBrace | TokenKind::OpeningBracket | TokenKind::At
        ) || self.is_word("offset");
        match self.kind() {
            TokenKind::OpeningParenthesis => self.call(name),
            _ if selects => self.vector_selector(Some(name)),
            _ => {
                Ok(Expression { extent: name.extent, kind: ExpressionKind::Placeholder(name.text) })
            }
        }
    }

    /// Parses what begins with a word: an aggregation, a number, a call or a selector.
    ///
    /// Keywords are metric names where nothing else can be meant: `sum` alone, `by{a="b"}`.
    fn word(&mut self) -> Result<Expression, Stopped> {
        let extent = self.extent();
        let word = extent.slice(self.text).to_ascii_lowercase();
        let opens = self.kind_after() == TokenKind::OpeningParenthesis;
        if let Some(aggregator) = Aggregator::find(&word) {
            let next = self.tokens.get(self.position + 1).map_or("", |t| t.extent.slice(self.text));
            if opens || grouping::kind(next).is_some() {
                return self.aggregation(aggregator);
            }
        }
        if matches!(word.as_str(), "inf" | "nan") {
            let kind = ExpressionKind::Number(self.number()?);
            return Ok(Expression { extent, kind });
        }
        if NO_METRICS.contains(&word.as_str()) {
            return Err(self.unexpected(Expected::Expression));
        }
        let is_function = !KEYWORDS.contains(&word.as_str()) && !word.contains(':');
        let name = self.name(NameForm::Bare);
        if opens && is_function { self.call(name) } else { self.vector_selector(Some(name)) }
    }

    fn call(&mut self, name: Name) -> Result<Expression, Stopped> {
        let function = functions::find(&name.text);
        if function.is_none() && name.form != NameForm::Placeholder {
            self.report(ProblemKind::UnknownFunction, name.extent);
        }
        let (arguments, end) = self.arguments()?;
        self.grow(self.height, name.extent)?;
        let extent = name.extent.join(end);
        Ok(Expression {
            extent,
            kind: ExpressionKind::Call(Box::new(Call { name, function, arguments })),
        })
    }

    fn aggregation(&mut self, aggregator: Aggregator) -> Result<Expression, Stopped> {
        let aggregator_extent = self.advance();
        let before = self.grouping()?;
        if self.kind() != TokenKind::OpeningParenthesis {
            return Err(self.unexpected(Expected::OpeningParenthesis));
        }
        let (mut arguments, end) = self.arguments()?;
        self.grow(self.height, aggregator_extent)?;
        let grouping = match before {
            Some(grouping) => Some(grouping),
            None => self.grouping()?,
        };
        let end = grouping.as_ref().map_or(end, |grouping| end.join(grouping.extent));
        let extent = aggregator_extent.join(end);
        let wanted = if aggregator.takes_parameter() { 2 } else { 1 };
        let found = arguments.len();
        if found != wanted {
            let kind = ProblemKind::ArgumentCount { minimum: wanted, maximum: Some(wanted), found };
            self.report(kind, extent);
        }
        let Some(operand) = arguments.pop() else {
            return Err(Stopped);
        };
        let parameter = arguments.pop().filter(|_| wanted == 2);
        Ok(Expression {
            extent,
            kind: ExpressionKind::Aggregation(Box::new(Aggregation {
                aggregator,
                aggregator_extent,
                grouping,
                parameter,
                operand,
            })),
        })
    }

    /// Parses arguments in parentheses and returns them with the place of the parentheses.
    fn arguments(&mut self) -> Result<(Vec<Expression>, Extent), Stopped> {
        let opening = self.advance();
        let mut arguments = Vec::new();
        let mut height = 0;
        let mut comma = None;
        while self.kind() != TokenKind::ClosingParenthesis {
            if self.kind() == TokenKind::End {
                return Err(self.unclosed(opening));
            }
            arguments.push(self.expression()?);
            height = height.max(self.height);
            comma = None;
            match self.kind() {
                TokenKind::Comma => comma = Some(self.advance()),
                TokenKind::ClosingParenthesis => {}
                TokenKind::End => return Err(self.unclosed(opening)),
                _ => return Err(self.unexpected(Expected::CommaOrParenthesis)),
            }
        }
        if let Some(comma) = comma {
            self.report(ProblemKind::TrailingComma, comma);
        }
        self.height = height;
        Ok((arguments, opening.join(self.advance())))
    }

    /// Reads the token at hand as a name.
    fn name(&mut self, form: NameForm) -> Name {
        let extent = self.advance();
        let text = extent.slice(self.text);
        let text = match form {
            NameForm::Quoted => quoted::decode(text),
            NameForm::Bare | NameForm::Placeholder => text.to_owned(),
        };
        Name { text, extent, form }
    }

    /// Returns the binary operator at hand, if there is one.
    fn operator(&self) -> Option<BinaryOperator> {
        Some(match self.kind() {
            TokenKind::Plus => BinaryOperator::Add,
            TokenKind::Minus => BinaryOperator::Subtract,
            TokenKind::Star => BinaryOperator::Multiply,
            TokenKind::Slash => BinaryOperator::Divide,
            TokenKind::Percent => BinaryOperator::Modulo,
            TokenKind::Caret => BinaryOperator::Power,
            TokenKind::Equal => BinaryOperator::Equal,
            TokenKind::NotEqual => BinaryOperator::NotEqual,
            TokenKind::Less => BinaryOperator::Less,
            TokenKind::LessOrEqual => BinaryOperator::LessOrEqual,
            TokenKind::Greater => BinaryOperator::Greater,
            TokenKind::GreaterOrEqual => BinaryOperator::GreaterOrEqual,
            TokenKind::TrimUpper => BinaryOperator::TrimUpper,
            TokenKind::TrimLower => BinaryOperator::TrimLower,
            TokenKind::Word if self.is_word("and") => BinaryOperator::And,
            TokenKind::Word if self.is_word("or") => BinaryOperator::Or,
            TokenKind::Word if self.is_word("unless") => BinaryOperator::Unless,
            TokenKind::Word if self.is_word("atan2") => BinaryOperator::ArcTangent,
            _ => return None,
        })
    }

    fn kind(&self) -> TokenKind {
        self.tokens.get(self.position).map_or(TokenKind::End, |token| token.kind)
    }

    fn kind_after(&self) -> TokenKind {
        self.tokens.get(self.position + 1).map_or(TokenKind::End, |token| token.kind)
    }

    fn extent(&self) -> Extent {
        let end = Extent::between(self.text.len(), self.text.len());
        self.tokens.get(self.position).map_or(end, |token| token.extent)
    }

    /// Goes past the token at hand, unless it is the last, and returns its place.
    fn advance(&mut self) -> Extent {
        let extent = self.extent();
        if self.position + 1 < self.tokens.len() {
            self.position += 1;
        }
        extent
    }

    fn is_word(&self, word: &str) -> bool {
        self.kind() == TokenKind::Word && self.extent().slice(self.text).eq_ignore_ascii_case(word)
    }

    fn take_word(&mut self, word: &str) -> Option<Extent> {
        self.is_word(word).then(|| self.advance())
    }

    /// Goes past the closing token of what `opening` began and returns its place.
    fn close(&mut self, closing: TokenKind, opening: Extent) -> Result<Extent, Stopped> {
        match self.kind() {
            kind if kind == closing => Ok(self.advance()),
            TokenKind::End => Err(self.unclosed(opening)),
            _ => Err(self.unexpected(match closing {
                TokenKind::ClosingBracket => Expected::ClosingBracket,
                _ => Expected::ClosingParenthesis,
            })),
        }
    }

    /// Counts one more open operator; each caller gives it back with `nesting -= 1` on success.
    fn descend(&mut self) -> Result<(), Stopped> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING { Err(self.stop(ProblemKind::TooDeep)) } else { Ok(()) }
    }

    /// Sets the height of an expression whose parts are at most `inner` high.
    fn grow(&mut self, inner: u32, extent: Extent) -> Result<(), Stopped> {
        self.height = inner + 1;
        if self.height > MAX_HEIGHT {
            return Err(self.stop_at(ProblemKind::TooDeep, extent));
        }
        Ok(())
    }

    fn report(&mut self, kind: ProblemKind, extent: Extent) {
        self.problems.push(Problem { kind, extent });
    }

    fn stop_at(&mut self, kind: ProblemKind, extent: Extent) -> Stopped {
        self.report(kind, extent);
        Stopped
    }

    fn stop(&mut self, kind: ProblemKind) -> Stopped {
        self.stop_at(kind, self.extent())
    }

    fn unclosed(&mut self, opening: Extent) -> Stopped {
        let end = self.extent().end;
        self.stop_at(ProblemKind::Unclosed { end }, opening)
    }

    /// Stops at the token at hand, which is either unreadable or not what was expected.
    fn unexpected(&mut self, expected: Expected) -> Stopped {
        let fault = self.fault.take().filter(|_| self.kind() == TokenKind::Faulty);
        self.stop(fault.unwrap_or(ProblemKind::Unexpected { expected }))
    }
}

/// Words that no metric can be called without quotes.
const NO_METRICS: [&str; 6] = ["bool", "on", "ignoring", "group_left", "group_right", "atan2"];

/// Words that can be metrics and are not functions, whatever follows.
const KEYWORDS: [&str; 8] =
    ["and", "or", "unless", "offset", "by", "without", "anchored", "smoothed"];

/// Returns how tightly an operator binds.
fn binding(operator: BinaryOperator) -> u8 {
    match operator {
        BinaryOperator::Or => 1,
        BinaryOperator::And | BinaryOperator::Unless => 2,
        BinaryOperator::Equal
        | BinaryOperator::NotEqual
        | BinaryOperator::Less
        | BinaryOperator::LessOrEqual
        | BinaryOperator::Greater
        | BinaryOperator::GreaterOrEqual
        | BinaryOperator::TrimUpper
        | BinaryOperator::TrimLower => 3,
        BinaryOperator::Add | BinaryOperator::Subtract => 4,
        BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Modulo
        | BinaryOperator::ArcTangent => 5,
        BinaryOperator::Power => 6,
    }
}
