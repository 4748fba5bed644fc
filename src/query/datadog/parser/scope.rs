//! The filters in the braces behind a metric.

use crate::query::Extent;
use crate::query::datadog::cursor;
use crate::query::datadog::parser::Parser;
use crate::query::datadog::problem::Expected;
use crate::query::datadog::problem::ProblemKind;
use crate::query::datadog::tree::Condition;
use crate::query::datadog::tree::ConditionOperator;
use crate::query::datadog::tree::Filter;
use crate::query::datadog::tree::FilterKind;
use crate::query::datadog::tree::Negation;
use crate::query::datadog::tree::NegationForm;
use crate::query::datadog::tree::Scope;
use crate::query::tree::Name;
use crate::query::tree::NameForm;

/// The two ways in which filters are combined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `,` and `!`.
    Signs,
    /// `AND`, `OR`, `NOT` and `IN`.
    Words,
}

/// What is known of the braces that are being read.
#[derive(Default)]
struct Braces {
    /// The way in which the filters are combined, as far as that is seen.
    style: Option<Style>,
    /// Whether the two ways were mixed, which is said once.
    is_mixed: bool,
}

/// Words that are no tags where they stand for themselves.
const KEYWORDS: [&str; 4] = ["and", "or", "not", "in"];

impl Parser<'_> {
    /// Parses the braces behind a metric; nothing where no brace is.
    pub(super) fn scope(&mut self) -> Option<Scope> {
        let opening = self.cursor.take("{")?;
        let mut braces = Braces::default();
        let filter = self.alternatives(&mut braces);
        if !self.is_stopped && self.cursor.take("}").is_none() {
            self.unclosed::<()>(opening, Expected::SeparatorOrEnd);
        }
        let extent = match &filter {
            _ if !self.is_stopped => self.cursor.since(opening),
            Some(filter) => opening.join(filter.extent),
            None => opening,
        };
        if let Some(problem) = self.problems.last_mut().filter(|_| self.is_stopped)
            && matches!(problem.kind, ProblemKind::Unexpected { .. })
            && !self.cursor.rest().contains('}')
        {
            // Whatever stands there, the missing brace is why it is read as a filter.
            let end = Extent::between(0, self.cursor.text().len()).end;
            problem.kind = ProblemKind::Unclosed { end };
            problem.extent = opening;
        }
        Some(Scope { extent, filter })
    }

    /// Parses filters with `OR` between them, and the space behind; nothing where there are none.
    fn alternatives(&mut self, braces: &mut Braces) -> Option<Filter> {
        let mut filters: Vec<Filter> = self.conjunction(braces).into_iter().collect();
        while !self.is_stopped {
            let Some(word) = self.cursor.take_keyword("or") else { break };
            self.see(braces, Style::Words, word);
            if filters.is_empty() {
                return self.stop(UNEXPECTED_FILTER, word);
            }
            match self.conjunction(braces) {
                Some(filter) => filters.push(filter),
                None => return self.no_filter().or(joined(filters, FilterKind::Any)),
            }
        }
        joined(filters, FilterKind::Any)
    }

    /// Parses filters with `AND` or commas between them, and the space behind. Between commas
    /// there may be nothing.
    fn conjunction(&mut self, braces: &mut Braces) -> Option<Filter> {
        let mut filters = Vec::new();
        let mut needs_filter = false;
        while !self.is_stopped {
            self.cursor.skip_space();
            let filter = self.filter(braces);
            if filter.is_none() && !self.is_stopped && needs_filter {
                self.unexpected::<()>(Expected::Filter);
            }
            let is_missing = filter.is_none();
            filters.extend(filter);
            self.cursor.skip_space();
            if self.is_stopped {
                break;
            } else if let Some(comma) = self.cursor.take(",") {
                self.see(braces, Style::Signs, comma);
                needs_filter = false;
            } else if let Some(word) = self.cursor.take_keyword("and") {
                self.see(braces, Style::Words, word);
                if is_missing {
                    self.stop::<()>(UNEXPECTED_FILTER, word);
                }
                needs_filter = true;
            } else {
                break;
            }
        }
        joined(filters, FilterKind::All)
    }

    /// Parses one filter; nothing where none begins.
    fn filter(&mut self, braces: &mut Braces) -> Option<Filter> {
        if let Some(opening) = self.cursor.take("(") {
            return self.parenthesized_filter(opening, braces);
        }
        let (form, form_extent) = if let Some(extent) = self.cursor.take("!") {
            self.see(braces, Style::Signs, extent);
            (NegationForm::Exclamation, extent)
        } else if let Some(extent) = self.cursor.take("-") {
            (NegationForm::Minus, extent)
        } else if let Some(extent) = self.cursor.take_keyword("not") {
            self.see(braces, Style::Words, extent);
            (NegationForm::Word, extent)
        } else {
            return self.condition(braces);
        };
        self.descend()?;
        self.cursor.skip_space();
        let operand = self.filter(braces).or_else(|| self.no_filter());
        let operand = Box::new(operand?);
        self.nesting -= 1;
        let extent = form_extent.join(operand.extent);
        let kind = FilterKind::Not(Negation { form, form_extent, operand });
        Some(Filter { extent, kind })
    }

    fn no_filter<T>(&mut self) -> Option<T> {
        self.unexpected(Expected::Filter)
    }

    fn parenthesized_filter(&mut self, opening: Extent, braces: &mut Braces) -> Option<Filter> {
        self.descend()?;
        let inner = self.alternatives(braces).or_else(|| self.no_filter())?;
        self.nesting -= 1;
        let mut extent = opening.join(inner.extent);
        if !self.is_stopped {
            if let Some(closing) = self.cursor.take(")") {
                extent = extent.join(closing);
            } else {
                self.unclosed::<()>(opening, Expected::SeparatorOrEnd);
            }
        }
        Some(Filter { extent, kind: FilterKind::Parenthesized(Box::new(inner)) })
    }

    /// Parses `*` or a condition on tags.
    fn condition(&mut self, braces: &mut Braces) -> Option<Filter> {
        let phrase = self.phrase()?;
        let colon = cursor::colon(&phrase.text);
        let mut condition = Condition {
            extent: phrase.extent,
            key: None,
            operator: ConditionOperator::Has,
            operator_extent: None,
            values: Vec::new(),
        };
        if let Some(colon) = colon {
            let start = phrase.extent.start as usize;
            let sign = Extent::between(start + colon, start + colon + 1);
            condition.operator = ConditionOperator::Is;
            condition.operator_extent = Some(sign);
            condition.key = Some(part(&phrase, 0, colon));
            let value = part(&phrase, colon + 1, phrase.text.len());
            if !value.text.is_empty() {
                condition.values.push(value);
            } else if self.cursor.rest().starts_with('(') {
                self.values(&mut condition);
            }
        } else if let Some((operator, extent)) = self.membership() {
            self.see(braces, Style::Words, extent);
            condition.operator = operator;
            condition.operator_extent = Some(extent);
            condition.extent = condition.extent.join(extent);
            condition.key = Some(phrase);
            self.cursor.skip_space();
            if self.cursor.rest().starts_with('(') {
                self.values(&mut condition);
            } else {
                self.list_placeholder(&mut condition);
            }
        } else if phrase.text == "*" {
            return Some(Filter { extent: phrase.extent, kind: FilterKind::Everything });
        } else {
            condition.values.push(part(&phrase, 0, phrase.text.len()));
        }
        Some(Filter { extent: condition.extent, kind: FilterKind::Condition(condition) })
    }

    /// Reads a placeholder behind `IN`, in the place of a list.
    fn list_placeholder(&mut self, condition: &mut Condition) {
        match self.phrase() {
            Some(list) if list.form == NameForm::Placeholder => {
                condition.extent = condition.extent.join(list.extent);
                condition.values.push(list);
            }
            Some(other) => {
                self.stop::<()>(ProblemKind::Unexpected { expected: Expected::List }, other.extent);
            }
            None => {
                self.unexpected::<()>(Expected::List);
            }
        }
    }

    /// Goes past `IN` or `NOT IN`.
    fn membership(&mut self) -> Option<(ConditionOperator, Extent)> {
        let mut ahead = self.cursor;
        let not = ahead.take_keyword("not");
        ahead.skip_space();
        let word = ahead.take_keyword("in")?;
        self.cursor = ahead;
        Some(match not {
            Some(not) => (ConditionOperator::NotIn, not.join(word)),
            None => (ConditionOperator::In, word),
        })
    }

    /// Parses values in parentheses, with commas or `OR` between them.
    fn values(&mut self, condition: &mut Condition) {
        let Some(opening) = self.cursor.take("(") else { return };
        condition.extent = condition.extent.join(opening);
        loop {
            self.cursor.skip_space();
            if let Some(value) = self.phrase() {
                condition.extent = condition.extent.join(value.extent);
                condition.values.push(part(&value, 0, value.text.len()));
            }
            if self.is_stopped {
                return;
            }
            if self.cursor.take(",").is_some() || self.cursor.take_keyword("or").is_some() {
                continue;
            }
            if let Some(closing) = self.cursor.take(")") {
                condition.extent = condition.extent.join(closing);
            } else {
                self.unclosed::<()>(opening, Expected::CommaOrParenthesis);
            }
            return;
        }
    }

    /// Reads words up to a separator or keyword, and the space behind; nothing where none is.
    fn phrase(&mut self) -> Option<Name> {
        let start = self.cursor.place();
        let mut extent = start;
        let mut form = NameForm::Bare;
        loop {
            let mut ahead = self.cursor;
            if KEYWORDS.iter().any(|keyword| ahead.take_keyword(keyword).is_some()) {
                break;
            }
            let word = self.cursor.take_tag_word();
            let word = self.name(word)?;
            if word.text.is_empty() {
                break;
            }
            extent = extent.join(word.extent);
            if word.form == NameForm::Placeholder {
                form = NameForm::Placeholder;
            }
            self.cursor.skip_space();
        }
        let text = extent.slice(self.cursor.text()).to_owned();
        (!text.is_empty()).then_some(Name { text, extent, form })
    }

    /// Notes how filters are combined, and reports the first place where that changes.
    fn see(&mut self, braces: &mut Braces, style: Style, extent: Extent) {
        if *braces.style.get_or_insert(style) != style && !braces.is_mixed {
            braces.is_mixed = true;
            self.report(ProblemKind::MixedFilters, extent);
        }
    }
}

const UNEXPECTED_FILTER: ProblemKind = ProblemKind::Unexpected { expected: Expected::Filter };

/// Returns the only filter, or all of them as one; nothing where there is none.
fn joined(mut filters: Vec<Filter>, kind: fn(Vec<Filter>) -> FilterKind) -> Option<Filter> {
    let last = filters.pop()?;
    let Some(first) = filters.first() else { return Some(last) };
    let extent = first.extent.join(last.extent);
    filters.push(last);
    Some(Filter { extent, kind: kind(filters) })
}

/// Returns a part of a name, without the space at its ends and the quotes around it.
fn part(whole: &Name, start: usize, end: usize) -> Name {
    let text = whole.text.get(start..end).unwrap_or_default();
    let bare = text.trim();
    let first = whole.extent.start as usize + start + text.len() - text.trim_start().len();
    let extent = Extent::between(first, first + bare.len());
    let has_placeholder = whole.form == NameForm::Placeholder && bare.contains(['$', '{']);
    let inner = ['"', '\''].into_iter().find_map(|quote| {
        let inner = bare.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inner)
    });
    let form = match inner {
        _ if has_placeholder => NameForm::Placeholder,
        Some(_) => NameForm::Quoted,
        None => NameForm::Bare,
    };
    Name { text: inner.unwrap_or(bare).to_owned(), extent, form }
}
