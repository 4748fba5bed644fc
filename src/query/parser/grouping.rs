//! Lists of labels: of aggregations, and of the pairing of operands.

use super::Parser;
use super::Stopped;
use crate::query::Extent;
use crate::query::lexer::TokenKind;
use crate::query::problem::Expected;
use crate::query::problem::ProblemKind;
use crate::query::tree::Fill;
use crate::query::tree::Group;
use crate::query::tree::Grouping;
use crate::query::tree::GroupingKind;
use crate::query::tree::Matching;
use crate::query::tree::MatchingKind;
use crate::query::tree::Name;
use crate::query::tree::NameForm;
use crate::query::tree::Side;

impl Parser<'_> {
    /// Parses `by` or `without` with its labels, where one stands.
    pub(super) fn grouping(&mut self) -> Result<Option<Grouping>, Stopped> {
        let extent = self.extent();
        let kind = match self.kind() {
            TokenKind::Word => kind(extent.slice(self.text)),
            _ => None,
        };
        let Some(kind) = kind else { return Ok(None) };
        self.advance();
        let (labels, end) = self.labels()?;
        Ok(Some(Grouping { extent: extent.join(end), kind, labels }))
    }

    /// Parses `on` or `ignoring` with all that follows, where one stands.
    pub(super) fn matching(&mut self) -> Result<Option<Matching>, Stopped> {
        let (kind, start) = if let Some(extent) = self.take_word("on") {
            (MatchingKind::On, extent)
        } else if let Some(extent) = self.take_word("ignoring") {
            (MatchingKind::Ignoring, extent)
        } else {
            return Ok(None);
        };
        let (labels, end) = self.labels()?;
        let mut extent = start.join(end);
        let mut group = None;
        for (word, side) in [("group_left", Side::Left), ("group_right", Side::Right)] {
            let Some(start) = self.take_word(word) else {
                continue;
            };
            let (labels, end) = match self.kind() {
                TokenKind::OpeningParenthesis => self.labels()?,
                _ => (Vec::new(), start),
            };
            extent = extent.join(end);
            group = Some(Group { extent: start.join(end), side, labels });
            break;
        }
        Ok(Some(Matching { extent, kind, labels, group }))
    }

    /// Parses `fill`, or `fill_left` and `fill_right` in any order, where they stand with their values.
    ///
    /// Without parentheses they are metrics, for queries that are older than they.
    pub(super) fn fill(&mut self) -> Result<Option<Fill>, Stopped> {
        let mut fill: Option<Fill> = None;
        while self.kind_after() == TokenKind::OpeningParenthesis {
            let [both, left, right] =
                ["fill", "fill_left", "fill_right"].map(|word| self.is_word(word));
            let is_filled = fill.as_ref().is_some_and(|fill| {
                both || (left && fill.left.is_some()) || (right && fill.right.is_some())
            });
            if is_filled || !(both || left || right) {
                break;
            }
            let start = self.advance();
            let (value, end) = self.fill_value()?;
            let extent = start.join(end);
            let old = fill.unwrap_or(Fill { extent, left: None, right: None });
            fill = Some(Fill {
                extent: old.extent.join(extent),
                left: if right { old.left } else { Some(value) },
                right: if left { old.right } else { Some(value) },
            });
        }
        Ok(fill)
    }

    /// Parses a number in parentheses and returns it with the place of the closing one.
    fn fill_value(&mut self) -> Result<(f64, Extent), Stopped> {
        let opening = self.advance();
        let sign = self.sign();
        if !self.is_number() {
            return Err(self.unexpected(Expected::Number));
        }
        let value = self.number()?.value * sign.unwrap_or(1.0);
        Ok((value, self.close(TokenKind::ClosingParenthesis, opening)?))
    }

    /// Parses names of labels in parentheses and returns them with the place of the parentheses.
    fn labels(&mut self) -> Result<(Vec<Name>, Extent), Stopped> {
        if self.kind() != TokenKind::OpeningParenthesis {
            return Err(self.unexpected(Expected::OpeningParenthesis));
        }
        let opening = self.advance();
        let mut labels = Vec::new();
        while self.kind() != TokenKind::ClosingParenthesis {
            let form = match self.kind() {
                TokenKind::Word if !NO_LABELS.iter().any(|word| self.is_word(word)) => {
                    NameForm::Bare
                }
                TokenKind::String => NameForm::Quoted,
                TokenKind::Placeholder => NameForm::Placeholder,
                TokenKind::End => return Err(self.unclosed(opening)),
                _ => return Err(self.unexpected(Expected::Label)),
            };
            let name = self.name(form);
            if name.text.is_empty() {
                self.report(ProblemKind::EmptyLabelName, name.extent);
            }
            labels.push(name);
            match self.kind() {
                TokenKind::Comma => {
                    self.advance();
                }
                TokenKind::ClosingParenthesis => {}
                TokenKind::End => return Err(self.unclosed(opening)),
                _ => return Err(self.unexpected(Expected::CommaOrParenthesis)),
            }
        }
        Ok((labels, opening.join(self.advance())))
    }
}

/// Returns the kind of grouping that a word begins, if it begins one.
pub(super) fn kind(word: &str) -> Option<GroupingKind> {
    if word.eq_ignore_ascii_case("by") {
        Some(GroupingKind::By)
    } else if word.eq_ignore_ascii_case("without") {
        Some(GroupingKind::Without)
    } else {
        None
    }
}

/// Words that no label in `by (…)` can be called without quotes.
const NO_LABELS: [&str; 3] = ["without", "inf", "nan"];
