//! Selectors, matchers, ranges and what moves them in time.

use super::Parser;
use super::Stopped;
use crate::query::Extent;
use crate::query::lexer::TokenKind;
use crate::query::problem::Expected;
use crate::query::problem::ProblemKind;
use crate::query::quoted;
use crate::query::tree::At;
use crate::query::tree::Edges;
use crate::query::tree::EdgesKind;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::tree::Modifiers;
use crate::query::tree::Name;
use crate::query::tree::NameForm;
use crate::query::tree::Offset;
use crate::query::tree::RangeSelector;
use crate::query::tree::Subquery;
use crate::query::tree::Timestamp;
use crate::query::tree::VectorSelector;

impl Parser<'_> {
    /// Parses an expression with everything that may follow it: ranges, `offset`, `@`.
    pub(super) fn postfixed(&mut self) -> Result<Expression, Stopped> {
        let mut expression = self.primary()?;
        loop {
            if self.kind() == TokenKind::OpeningBracket {
                expression = self.brackets(expression)?;
            } else if self.kind() == TokenKind::At {
                let at = self.at()?;
                self.attach(&mut expression, Modifier::At(at));
            } else if self.is_word("offset") {
                let start = self.advance();
                let duration = self.offset_duration()?;
                let extent = start.join(duration.extent);
                self.attach(&mut expression, Modifier::Offset(Offset { extent, duration }));
            } else if let Some(extent) = self.take_word("anchored") {
                let kind = EdgesKind::Anchored;
                self.attach(&mut expression, Modifier::Edges(Edges { extent, kind }));
            } else if let Some(extent) = self.take_word("smoothed") {
                let kind = EdgesKind::Smoothed;
                self.attach(&mut expression, Modifier::Edges(Edges { extent, kind }));
            } else {
                return Ok(expression);
            }
        }
    }

    /// Parses the braces of a selector whose name, if any, was read already.
    pub(super) fn vector_selector(&mut self, name: Option<Name>) -> Result<Expression, Stopped> {
        let opening = self.extent();
        let mut selector = VectorSelector {
            extent: name.as_ref().map_or(opening, |name| name.extent),
            name,
            braces: None,
            matchers: Vec::new(),
            placeholders: Vec::new(),
            modifiers: Modifiers::default(),
        };
        if self.kind() == TokenKind::OpeningBrace {
            self.advance();
            while self.kind() != TokenKind::ClosingBrace {
                self.matcher(&mut selector, opening)?;
                match self.kind() {
                    TokenKind::Comma => {
                        self.advance();
                    }
                    TokenKind::ClosingBrace => {}
                    TokenKind::End => return Err(self.unclosed(opening)),
                    _ => return Err(self.unexpected(Expected::CommaOrBrace)),
                }
            }
            let braces = opening.join(self.advance());
            selector.braces = Some(braces);
            selector.extent = selector.extent.join(braces);
        }
        self.height = 1;
        Ok(Expression { extent: selector.extent, kind: ExpressionKind::Vector(Box::new(selector)) })
    }

    /// Parses one part of a selector's braces: a matcher, a quoted metric name or a placeholder.
    fn matcher(&mut self, selector: &mut VectorSelector, opening: Extent) -> Result<(), Stopped> {
        let form = match self.kind() {
            TokenKind::Word if !self.extent().slice(self.text).contains(':') => NameForm::Bare,
            TokenKind::String => NameForm::Quoted,
            TokenKind::Placeholder => NameForm::Placeholder,
            TokenKind::End => return Err(self.unclosed(opening)),
            _ => return Err(self.unexpected(Expected::Matcher)),
        };
        let label = self.name(form);
        let operator = match self.kind() {
            TokenKind::Assign => MatchOperator::Equal,
            TokenKind::NotEqual => MatchOperator::NotEqual,
            TokenKind::Matches => MatchOperator::Matches,
            TokenKind::NotMatches => MatchOperator::NotMatches,
            _ if form == NameForm::Placeholder => {
                selector.placeholders.push(label);
                return Ok(());
            }
            _ if form == NameForm::Quoted => {
                name_in_braces(selector, label);
                return Ok(());
            }
            TokenKind::End => return Err(self.unclosed(opening)),
            _ => return Err(self.unexpected(Expected::MatchOperator)),
        };
        let operator_extent = self.advance();
        if self.kind() != TokenKind::String {
            return Err(self.unexpected(Expected::String));
        }
        let value_extent = self.advance();
        selector.matchers.push(Matcher {
            extent: label.extent.join(value_extent),
            label,
            operator,
            operator_extent,
            value: quoted::decode(value_extent.slice(self.text)),
            value_extent,
        });
        Ok(())
    }

    /// Parses `[range]` or `[range:step]` after an expression.
    fn brackets(&mut self, operand: Expression) -> Result<Expression, Stopped> {
        let opening = self.advance();
        let range = self.positive_duration()?;
        let subquery = self.kind() == TokenKind::Colon;
        let mut step = None;
        if subquery {
            self.advance();
            if self.kind() != TokenKind::ClosingBracket {
                step = Some(self.positive_duration()?);
            }
        } else if !matches!(self.kind(), TokenKind::ClosingBracket | TokenKind::End) {
            return Err(self.unexpected(Expected::ColonOrBracket));
        }
        let brackets = opening.join(self.close(TokenKind::ClosingBracket, opening)?);
        let extent = operand.extent.join(brackets);
        self.grow(self.height, brackets)?;
        if subquery {
            let modifiers = Modifiers::default();
            let subquery = Subquery { operand, range, step, modifiers };
            return Ok(Expression { extent, kind: ExpressionKind::Subquery(Box::new(subquery)) });
        }
        let ExpressionKind::Vector(selector) = operand.kind else {
            return Err(self.stop_at(ProblemKind::RangeOnNonSelector, brackets));
        };
        let modifiers = &selector.modifiers;
        let offset = modifiers.offset.as_ref().filter(|offset| shifts(offset));
        let offset = offset.map(|offset| offset.extent);
        // Prometheus 3.9 lets `@ start()` and `@ end()` pass here.
        let at = modifiers.at.as_ref().filter(|at| matches!(at.time, Timestamp::Seconds(_)));
        let misplaced = offset.or(at.map(|at| at.extent));
        if let Some(misplaced) = misplaced {
            self.report(ProblemKind::ModifierBeforeRange, misplaced);
        }
        let modifiers = Modifiers::default();
        let range = RangeSelector { selector: *selector, range, modifiers };
        Ok(Expression { extent, kind: ExpressionKind::Range(Box::new(range)) })
    }

    /// Parses `@` and the time after it.
    fn at(&mut self) -> Result<At, Stopped> {
        let start = self.advance();
        let sign = self.sign();
        let first = self.extent();
        if self.is_number() {
            let seconds = self.number()?.value * sign.unwrap_or(1.0);
            let extent = start.join(first);
            // The bound is 64 bits of seconds, as in Prometheus.
            if seconds.is_nan() || seconds.abs() >= 9_223_372_036_854_775_807.0 {
                self.report(ProblemKind::TimestampOutOfRange, extent);
            }
            return Ok(At { extent, time: Timestamp::Seconds(seconds) });
        }
        if sign.is_some() {
            return Err(self.unexpected(Expected::Timestamp));
        }
        if self.kind() == TokenKind::Placeholder {
            self.advance();
            let text = first.slice(self.text).to_owned();
            return Ok(At { extent: start.join(first), time: Timestamp::Placeholder(text) });
        }
        let time = if self.is_word("start") {
            Timestamp::Start
        } else if self.is_word("end") {
            Timestamp::End
        } else {
            return Err(self.unexpected(Expected::Timestamp));
        };
        self.advance();
        if self.kind() != TokenKind::OpeningParenthesis {
            return Err(self.unexpected(Expected::OpeningParenthesis));
        }
        let opening = self.advance();
        let end = self.close(TokenKind::ClosingParenthesis, opening)?;
        Ok(At { extent: start.join(end), time })
    }

    /// Gives a modifier to the selector or subquery in front of it.
    fn attach(&mut self, expression: &mut Expression, modifier: Modifier) {
        let extent = modifier.extent();
        let modifiers = match &mut expression.kind {
            ExpressionKind::Vector(selector) => {
                selector.extent = selector.extent.join(extent);
                &mut selector.modifiers
            }
            ExpressionKind::Range(range) => &mut range.modifiers,
            ExpressionKind::Subquery(subquery) if !matches!(modifier, Modifier::Edges(_)) => {
                &mut subquery.modifiers
            }
            _ => {
                expression.extent = expression.extent.join(extent);
                self.report(ProblemKind::MisplacedModifier, extent);
                return;
            }
        };
        expression.extent = expression.extent.join(extent);
        let (repeated, conflict) = match modifier {
            Modifier::Offset(offset) => {
                (modifiers.offset.replace(offset).is_some_and(|old| shifts(&old)), false)
            }
            Modifier::At(at) => (modifiers.at.replace(at).is_some(), false),
            Modifier::Edges(edges) => {
                let kind = edges.kind;
                let old = modifiers.edges.replace(edges);
                (false, old.is_some_and(|old| old.kind != kind))
            }
        };
        if repeated {
            self.report(ProblemKind::RepeatedModifier, extent);
        }
        if conflict {
            self.report(ProblemKind::ConflictingModifiers, extent);
        }
    }
}

/// A modifier on its way to what it modifies.
enum Modifier {
    Offset(Offset),
    At(At),
    Edges(Edges),
}

impl Modifier {
    fn extent(&self) -> Extent {
        match self {
            Self::Offset(offset) => offset.extent,
            Self::At(at) => at.extent,
            Self::Edges(edges) => edges.extent,
        }
    }
}

/// Tells whether an offset shifts anything; Prometheus takes one of zero for none.
fn shifts(offset: &Offset) -> bool {
    offset.duration.nanoseconds() != Some(0)
}

/// Takes a quoted name in braces as the metric's name, or as one more condition on it.
fn name_in_braces(selector: &mut VectorSelector, name: Name) {
    if selector.name.is_none() {
        selector.name = Some(name);
        return;
    }
    let label = Name {
        text: "__name__".to_owned(),
        extent: Extent { end: name.extent.start, ..name.extent },
        form: NameForm::Bare,
    };
    selector.matchers.push(Matcher {
        extent: name.extent,
        operator: MatchOperator::Equal,
        operator_extent: label.extent,
        label,
        value: name.text,
        value_extent: name.extent,
    });
}
