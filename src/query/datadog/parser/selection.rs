//! A metric with its aggregator, its scope, its grouping and its modifiers.

use crate::query::Extent;
use crate::query::datadog::cursor::Cursor;
use crate::query::datadog::cursor::is_name;
use crate::query::datadog::parser;
use crate::query::datadog::parser::Parser;
use crate::query::datadog::problem::Expected;
use crate::query::datadog::problem::ProblemKind;
use crate::query::datadog::tree::Aggregation;
use crate::query::datadog::tree::Aggregator;
use crate::query::datadog::tree::Bound;
use crate::query::datadog::tree::Expression;
use crate::query::datadog::tree::ExpressionKind;
use crate::query::datadog::tree::Grouping;
use crate::query::datadog::tree::Selection;
use crate::query::datadog::tree::Threshold;
use crate::query::tree::Name;
use crate::query::tree::NameForm;

/// What a parenthesis behind a word opens.
pub(super) enum Opening {
    /// A condition on values: `count(v: v<=2.5):`.
    Threshold,
    /// A length of time: `avg(last_5m):`.
    Window,
    /// The arguments of a call.
    Arguments,
}

/// Tells what the parenthesis that comes next opens.
pub(super) fn opening(mut ahead: Cursor<'_>) -> Opening {
    ahead.advance();
    ahead.skip_space();
    let Ok(word) = ahead.take_name(is_name) else { return Opening::Arguments };
    ahead.skip_space();
    let is_threshold = ahead.take(":").is_some();
    if is_threshold {
        skip_condition(&mut ahead);
    }
    let is_closed = ahead.take(")").is_some();
    ahead.skip_space();
    match is_closed && word.extent.start < word.extent.end && ahead.take(":").is_some() {
        true if is_threshold => Opening::Threshold,
        true => Opening::Window,
        false => Opening::Arguments,
    }
}

/// Returns where the last part of a name begins, as that of `a.as_count`.
pub(super) fn dot(name: &Name) -> Option<usize> {
    let dot = name.text.rfind('.')?;
    (dot > name.text.rfind('}').unwrap_or(0)).then_some(dot)
}

/// Goes past what can be in a condition on values.
fn skip_condition(cursor: &mut Cursor<'_>) {
    let is_condition =
        |character| !matches!(character, '(' | ')' | '{' | '}' | ',' | '"' | '\'' | '$' | '%');
    loop {
        cursor.take_while(is_condition);
        if !cursor.take_placeholder().unwrap_or(false) {
            return;
        }
    }
}

impl Parser<'_> {
    /// Parses what follows the name of an aggregator, from the colon on.
    pub(super) fn aggregated(
        &mut self,
        name: Name,
        threshold: Option<Threshold>,
    ) -> Option<Expression> {
        let extent = name.extent.join(self.cursor.take(":")?);
        self.cursor.skip_space();
        let metric = self.cursor.take_name(is_name);
        let metric = self.name(metric)?;
        if metric.text.is_empty() {
            return self.unexpected(Expected::Metric);
        }
        let aggregator = Aggregator::find(&name.text);
        self.selection(Some(Aggregation { extent, name, aggregator, threshold }), metric)
    }

    /// Parses what follows the name of a metric.
    pub(super) fn selection(
        &mut self,
        aggregation: Option<Aggregation>,
        mut metric: Name,
    ) -> Option<Expression> {
        let mut ahead = self.cursor;
        ahead.skip_space();
        let mut scope = None;
        if ahead.rest().starts_with('{') {
            self.cursor = ahead;
            scope = Some(self.scope()?);
        } else {
            if ahead.rest().starts_with('(') {
                self.step_back_to_modifier(&mut metric);
            }
            if metric.form != NameForm::Placeholder {
                self.report(ProblemKind::MissingScope, metric.extent);
            }
        }
        let start = aggregation.as_ref().map_or(metric.extent, |written| written.extent);
        let mut extent = start.join(scope.as_ref().map_or(metric.extent, |scope| scope.extent));
        let mut modifiers = self.modifiers();
        let grouping = if self.is_stopped { None } else { self.grouping() };
        if grouping.is_some() {
            modifiers.append(&mut self.modifiers());
        }
        for end in
            modifiers.iter().map(|one| one.extent).chain(grouping.as_ref().map(|one| one.extent))
        {
            extent = extent.join(end);
        }
        self.height = 1;
        let selection = Selection { extent, aggregation, metric, scope, grouping, modifiers };
        Some(Expression { extent, kind: ExpressionKind::Selection(Box::new(selection)) })
    }

    /// Gives what is behind the last dot of a name back, where a parenthesis follows:
    /// `sum:a.as_count()` is a metric without a scope and a modifier.
    fn step_back_to_modifier(&mut self, metric: &mut Name) {
        let Some(dot) = dot(metric) else { return };
        metric.text.truncate(dot);
        let start = metric.extent.start as usize;
        metric.extent = Extent::between(start, start + dot);
        self.cursor.go_behind(metric.extent);
    }

    fn grouping(&mut self) -> Option<Grouping> {
        let mut ahead = self.cursor;
        ahead.skip_space();
        let by = ahead.take_keyword("by")?;
        self.cursor = ahead;
        self.cursor.skip_space();
        let Some(opening) = self.cursor.take("{") else {
            return self.unexpected(Expected::OpeningBrace);
        };
        let mut extent = by.join(opening);
        let mut tags = Vec::new();
        loop {
            self.cursor.skip_space();
            let tag = self.cursor.take_tag_word();
            let Some(tag) = self.name(tag) else { break };
            if !tag.text.is_empty() {
                extent = extent.join(tag.extent);
                tags.push(tag);
            }
            self.cursor.skip_space();
            if self.cursor.take(",").is_some() {
                continue;
            }
            if let Some(closing) = self.cursor.take("}") {
                extent = extent.join(closing);
            } else {
                self.unclosed::<()>(opening, Expected::CommaOrBrace);
            }
            break;
        }
        Some(Grouping { extent, tags })
    }

    /// Parses a condition on values, from its parenthesis on; that it is closed is known.
    pub(super) fn threshold(&mut self) -> Option<Threshold> {
        self.cursor.take("(")?;
        self.cursor.skip_space();
        let start = self.cursor.place();
        let variable = self.cursor.take_name(is_name);
        let variable = self.name(variable)?;
        self.cursor.skip_space();
        self.cursor.take(":")?;
        let comparison = self.bound(&variable);
        skip_condition(&mut self.cursor);
        let inside = self.cursor.since(start);
        let text = inside.slice(self.cursor.text());
        let end = inside.start as usize + text.trim_end().len();
        self.cursor.take(")")?;
        self.cursor.skip_space();
        Some(Threshold { extent: Extent::between(inside.start as usize, end), comparison })
    }

    /// Reads a comparison, if that is all there is in a condition.
    fn bound(&self, variable: &Name) -> Option<Bound> {
        let mut ahead = self.cursor;
        ahead.skip_space();
        ahead.take(&variable.text)?;
        ahead.skip_space();
        let (operator, sign, _) = parser::operator(ahead.rest())?;
        let operator_extent = ahead.take(sign)?;
        ahead.skip_space();
        let start = ahead.place();
        let value_extent = if ahead.take_placeholder().ok()? {
            ahead.since(start)
        } else {
            let _sign = ahead.take("-");
            parser::number(&mut ahead);
            ahead.since(start)
        };
        ahead.skip_space();
        let value = value_extent.slice(ahead.text()).parse().ok();
        let is_whole = ahead.rest().starts_with(')') && value_extent.start < value_extent.end;
        is_whole.then_some(Bound { operator, operator_extent, value, value_extent })
    }
}
