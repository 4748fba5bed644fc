//! A tree back to text, in one canonical layout.

use std::fmt;

use crate::query::number;
use crate::query::quoted;
use crate::query::tree::Aggregation;
use crate::query::tree::Aggregator;
use crate::query::tree::Binary;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Duration;
use crate::query::tree::DurationKind;
use crate::query::tree::EdgesKind;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Fill;
use crate::query::tree::GroupingKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::tree::Matching;
use crate::query::tree::MatchingKind;
use crate::query::tree::Modifiers;
use crate::query::tree::Name;
use crate::query::tree::NameForm;
use crate::query::tree::Number;
use crate::query::tree::Side;
use crate::query::tree::Sign;
use crate::query::tree::Timestamp;
use crate::query::tree::VectorSelector;

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExpressionKind::Number(number) => write!(f, "{number}"),
            ExpressionKind::Text(text) => f.write_str(&quoted::encode(text)),
            ExpressionKind::Placeholder(text) => f.write_str(text),
            ExpressionKind::Vector(selector) => write!(f, "{selector}"),
            ExpressionKind::Range(range) => {
                write!(f, "{}[{}]{}", range.selector, range.range, range.modifiers)
            }
            ExpressionKind::Subquery(subquery) => {
                write!(f, "{}[{}:", subquery.operand, subquery.range)?;
                if let Some(step) = &subquery.step {
                    write!(f, "{step}")?;
                }
                write!(f, "]{}", subquery.modifiers)
            }
            ExpressionKind::Parenthesized(inner) => write!(f, "({inner})"),
            ExpressionKind::Unary(unary) => write!(f, "{}{}", unary.sign, unary.operand),
            ExpressionKind::Binary(binary) => write!(f, "{binary}"),
            ExpressionKind::Aggregation(aggregation) => write!(f, "{aggregation}"),
            ExpressionKind::Call(call) => {
                write!(f, "{}(", call.name)?;
                list(f, &call.arguments)?;
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nanoseconds {
            Some(length) => f.write_str(&number::duration_text(length)),
            None if self.value.is_infinite() => f.write_str("Inf"),
            None => write!(f, "{}", self.value),
        }
    }
}

impl fmt::Display for VectorSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |name: &&Name| name.form == NameForm::Quoted;
        if let Some(name) = self.name.as_ref().filter(|name| !quoted(name)) {
            write!(f, "{name}")?;
        }
        let inside = self.name.iter().filter(quoted).map(ToString::to_string);
        let matchers = self.matchers.iter().map(ToString::to_string);
        let placeholders = self.placeholders.iter().map(|name| format!(" {name} "));
        let parts: Vec<String> = inside.chain(matchers).chain(placeholders).collect();
        if !parts.is_empty() || self.name.is_none() {
            write!(f, "{{{}}}", parts.join(", "))?;
        }
        write!(f, "{}", self.modifiers)
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = quoted::encode(&self.value);
        if self.label.extent.start == self.label.extent.end {
            return f.write_str(&value);
        }
        write!(f, "{}{}{value}", self.label, self.operator)
    }
}

impl fmt::Display for MatchOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            NameForm::Quoted => f.write_str(&quoted::encode(&self.text)),
            NameForm::Bare | NameForm::Placeholder => f.write_str(&self.text),
        }
    }
}

impl fmt::Display for Modifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.edges.as_ref().map(|edges| edges.kind) {
            Some(EdgesKind::Anchored) => f.write_str(" anchored")?,
            Some(EdgesKind::Smoothed) => f.write_str(" smoothed")?,
            None => {}
        }
        if let Some(at) = &self.at {
            write!(f, " @ {}", at.time)?;
        }
        if let Some(offset) = &self.offset {
            write!(f, " offset {}", offset.duration)?;
        }
        Ok(())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(f, "{seconds}"),
            Self::Start => f.write_str("start()"),
            Self::End => f.write_str("end()"),
            Self::Placeholder(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            DurationKind::Literal(number) => write!(f, "{number}"),
            DurationKind::Placeholder(text) => f.write_str(text),
            DurationKind::Step => f.write_str("step()"),
            DurationKind::Range => f.write_str("range()"),
            DurationKind::Parenthesized(inner) => write!(f, "({inner})"),
            DurationKind::Signed(sign, inner) => write!(f, "{sign}{inner}"),
            DurationKind::Arithmetic(operator, left, right) => {
                write!(f, "{left} {operator} {right}")
            }
            DurationKind::Minimum(left, right) => write!(f, "min({left}, {right})"),
            DurationKind::Maximum(left, right) => write!(f, "max({left}, {right})"),
        }
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plus => "+",
            Self::Minus => "-",
        })
    }
}

impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.left, self.operator)?;
        if self.bool_extent.is_some() {
            f.write_str(" bool")?;
        }
        if let Some(matching) = &self.matching {
            write!(f, " {matching}")?;
        }
        if let Some(fill) = &self.fill {
            write!(f, "{fill}")?;
        }
        write!(f, " {}", self.right)
    }
}

impl fmt::Display for BinaryOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::ArcTangent => "atan2",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::TrimUpper => "</",
            Self::TrimLower => ">/",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        })
    }
}

impl fmt::Display for Matching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.kind {
            MatchingKind::On => "on",
            MatchingKind::Ignoring => "ignoring",
        };
        write!(f, "{word} (")?;
        list(f, &self.labels)?;
        f.write_str(")")?;
        if let Some(group) = &self.group {
            let word = match group.side {
                Side::Left => "group_left",
                Side::Right => "group_right",
            };
            write!(f, " {word} (")?;
            list(f, &group.labels)?;
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.left, self.right) {
            (Some(left), Some(right)) if left.to_bits() == right.to_bits() => {
                write!(f, " fill ({left})")
            }
            (left, right) => {
                left.map_or(Ok(()), |value| write!(f, " fill_left ({value})"))?;
                right.map_or(Ok(()), |value| write!(f, " fill_right ({value})"))
            }
        }
    }
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.aggregator)?;
        if let Some(grouping) = &self.grouping {
            let word = match grouping.kind {
                GroupingKind::By => "by",
                GroupingKind::Without => "without",
            };
            write!(f, " {word} (")?;
            list(f, &grouping.labels)?;
            f.write_str(") ")?;
        }
        match &self.parameter {
            Some(parameter) => write!(f, "({parameter}, {})", self.operand),
            None => write!(f, "({})", self.operand),
        }
    }
}

impl fmt::Display for Aggregator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::ALL.iter().find(|(_, aggregator)| aggregator == self);
        f.write_str(named.map_or("", |(name, _)| name))
    }
}

/// Writes values with commas between them.
fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, values: &[T]) -> fmt::Result {
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{value}")?;
    }
    Ok(())
}
