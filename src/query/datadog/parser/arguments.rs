//! Calls and modifiers, and what stands between their parentheses.

use crate::query::Extent;
use crate::query::datadog::cursor::is_name;
use crate::query::datadog::parser::Parser;
use crate::query::datadog::problem::Expected;
use crate::query::datadog::problem::ProblemKind;
use crate::query::datadog::tree::Argument;
use crate::query::datadog::tree::Call;
use crate::query::datadog::tree::Expression;
use crate::query::datadog::tree::ExpressionKind;
use crate::query::datadog::tree::Modifier;
use crate::query::tree::Name;
use crate::query::tree::NameForm;

/// What the arguments of a list can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    /// Queries, numbers and strings.
    Expressions,
    /// Numbers, strings and words.
    Words,
}

impl Parser<'_> {
    pub(super) fn call(&mut self, name: Name) -> Option<Expression> {
        let (arguments, end) = self.arguments(Values::Expressions);
        self.grow(self.height, name.extent)?;
        let extent = name.extent.join(end);
        let kind = ExpressionKind::Call(Box::new(Call { name, arguments }));
        Some(Expression { extent, kind })
    }

    /// Parses any number of modifiers.
    pub(super) fn modifiers(&mut self) -> Vec<Modifier> {
        let mut modifiers = Vec::new();
        while !self.is_stopped {
            let Some(modifier) = self.modifier() else { break };
            modifiers.push(modifier);
        }
        modifiers
    }

    fn modifier(&mut self) -> Option<Modifier> {
        let mut ahead = self.cursor;
        ahead.skip_space();
        let dot = ahead.take(".")?;
        self.cursor = ahead;
        self.cursor.skip_space();
        let name = self.cursor.take_name(|character| is_name(character) && character != '.');
        let name = self.name(name)?;
        if name.text.is_empty() {
            return self.unexpected(Expected::Modifier);
        }
        self.cursor.skip_space();
        if !self.cursor.rest().starts_with('(') {
            return self.unexpected(Expected::OpeningParenthesis);
        }
        let height = self.height;
        let (arguments, end) = self.arguments(Values::Words);
        self.height = height;
        Some(Modifier { extent: dot.join(end), name, arguments })
    }

    /// Parses arguments in parentheses, and returns them with the place of the parentheses.
    fn arguments(&mut self, values: Values) -> (Vec<Argument>, Extent) {
        let start = self.cursor.place();
        let opening = self.cursor.take("(").unwrap_or(start);
        let mut extent = opening;
        let mut arguments = Vec::new();
        let mut height = 0;
        self.cursor.skip_space();
        let mut is_open = self.cursor.take(")").is_none();
        while is_open {
            let Some(argument) = self.argument(opening, values) else { break };
            height = height.max(self.height);
            extent = extent.join(argument.value.extent);
            arguments.push(argument);
            if self.is_stopped {
                break;
            }
            is_open = self.cursor.take(",").is_some();
            if !is_open && self.cursor.take(")").is_none() {
                self.unclosed::<()>(opening, Expected::CommaOrParenthesis);
            }
        }
        self.height = height;
        if !self.is_stopped {
            extent = self.cursor.since(opening);
        }
        (arguments, extent)
    }

    /// Parses an argument and the space behind it.
    fn argument(&mut self, opening: Extent, values: Values) -> Option<Argument> {
        self.cursor.skip_space();
        if self.cursor.is_at_end() {
            return self.unclosed(opening, Expected::Argument);
        }
        self.height = 1;
        let name = self.argument_name();
        let first = self.cursor.first();
        let value = if matches!(first, Some('"' | '\'')) {
            self.text()
        } else if values == Values::Words || name.is_some() {
            self.bare_word()
        } else {
            self.expression()
        }?;
        self.cursor.skip_space();
        Some(Argument { name, value })
    }

    /// Goes past the name of an argument, its `=` and the space around it.
    fn argument_name(&mut self) -> Option<Name> {
        let mut ahead = self.cursor;
        let extent = ahead.take_while(is_name);
        ahead.skip_space();
        if extent.start == extent.end || ahead.take("=").is_none() || ahead.take("=").is_some() {
            return None;
        }
        ahead.skip_space();
        self.cursor = ahead;
        let text = extent.slice(self.cursor.text()).to_owned();
        Some(Name { text, extent, form: NameForm::Bare })
    }

    fn text(&mut self) -> Option<Expression> {
        let Some(extent) = self.cursor.take_quoted() else {
            let mut ahead = self.cursor;
            ahead.advance();
            let quote = ahead.since(self.cursor.place());
            return self.stop(ProblemKind::UnterminatedString, quote);
        };
        let quoted = extent.slice(self.cursor.text());
        let text = quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned();
        Some(Expression { extent, kind: ExpressionKind::Text(text) })
    }

    /// Reads an argument without quotes, as it is written: a number, a word, a placeholder.
    fn bare_word(&mut self) -> Option<Expression> {
        let word = self.cursor.take_tag_word();
        let word = self.name(word)?;
        if word.text.is_empty() {
            return self.unexpected(Expected::Argument);
        }
        let kind = match word.text.parse::<f64>() {
            _ if word.form == NameForm::Placeholder => ExpressionKind::Placeholder(word.text),
            Ok(number) if number.is_finite() => ExpressionKind::Number(number),
            _ => ExpressionKind::Word(word.text),
        };
        Some(Expression { extent: word.extent, kind })
    }
}
