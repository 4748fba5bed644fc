//! What a query counts: the series of metrics by the values of their labels, over ranges of time.
//!
//! [`reduce`] gives the selections whose growth a query adds up, [`share`] the two sides of a query that
//! divides one count by another.
//!
//! **Invariant:** a query is reduced only where that is certain. Joins, set operators and functions that
//! pick, bend or forget series give nothing, and no rule speaks of what gives nothing.
//!
//! # Why
//!
//! Two queries are compared by what they count, not by how they are written. Scaling by a constant, sums
//! of sums, sorting and labels that are added do not change which events are counted; a bound that is put
//! on the value, or a value for no data, does not either, and is kept beside them for those who ask.

use super::Extent;
use super::counts::is_window;
use super::tree::Aggregation;
use super::tree::Aggregator;
use super::tree::Binary;
use super::tree::BinaryOperator;
use super::tree::Call;
use super::tree::Duration;
use super::tree::DurationKind;
use super::tree::Expression;
use super::tree::ExpressionKind;
use super::tree::Grouping;
use super::tree::GroupingKind;
use super::tree::MatchOperator;
use super::tree::Matcher;
use super::tree::MatchingKind;
use super::tree::Modifiers;
use super::tree::Name;
use super::tree::NameForm;
use super::tree::VectorSelector;

/// The events that a query counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Events<'t> {
    /// What is added up, or taken away, in the order of the text; at least one.
    pub sets: Vec<EventSet<'t>>,
    /// What is done to the value beside that.
    pub guards: Vec<Guard>,
}

/// The growth of the series that a selector selects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventSet<'t> {
    /// The selector.
    pub selector: &'t VectorSelector,
    /// The name of the metric.
    pub metric: &'t str,
    /// How its samples become a count.
    pub reading: Reading,
    /// The range, where there is one.
    pub range: Option<&'t Duration>,
    /// `offset` and `@`.
    pub modifiers: &'t Modifiers,
    /// Into which series the events are gathered.
    pub groups: Groups<'t>,
    /// Whether they are taken away from the others.
    pub is_taken: bool,
    /// From the function, or from the selector where there is none.
    pub extent: Extent,
}

/// How the samples of a counter become a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reading {
    /// `rate`: events per second.
    Rate,
    /// `irate`: events per second between the last two samples.
    InstantRate,
    /// `increase`: events in the range.
    Increase,
    /// `sum_over_time`: samples that are counts themselves.
    Sum,
    /// No function: the value as it is.
    Value,
}

/// Into which series events are gathered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Groups<'t> {
    /// As they are.
    Each,
    /// Into a single one.
    One,
    /// By labels, or without some.
    Some(&'t Grouping),
}

/// Something that is done to a count without changing which events are counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guard {
    /// What is done.
    pub kind: GuardKind,
    /// From the operator, or the name of the function, to the end.
    pub extent: Extent,
}

/// The kinds of [`Guard`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GuardKind {
    /// `or vector(0)`: this value where there is no data.
    Default(f64),
    /// `clamp_min(x, 1)`: never less than this value.
    AtLeast(f64),
    /// `clamp_max(x, 1)`: never more than this value.
    AtMost(f64),
    /// `x > 0`: no value where that does not hold.
    Only,
    /// `x * 60`: the value is that of other units.
    Scaled,
}

/// A count divided by another.
#[derive(Debug, Clone, PartialEq)]
pub struct Share<'t> {
    /// Before the operator.
    pub part: &'t Expression,
    /// After it.
    pub whole: &'t Expression,
    /// The division.
    pub division: &'t Binary,
    /// Whether it is what this leaves of the whole that is told: `1 - a / b`.
    pub is_complement: bool,
    /// What is done to the share.
    pub guards: Vec<Guard>,
}

impl Share<'_> {
    /// Returns whether a label pairs the series of both sides: what one side asks of it, the division asks
    /// of the other. Of joins, all labels may.
    pub fn pairs(&self, label: &str, part: Groups<'_>, whole: Groups<'_>) -> bool {
        let names = |labels: &[Name]| labels.iter().any(|name| name.text == label);
        match &self.division.matching {
            None => [part, whole].iter().all(|groups| match groups {
                Groups::Each => true,
                Groups::One => false,
                Groups::Some(grouping) => {
                    (grouping.kind == GroupingKind::By) == names(&grouping.labels)
                }
            }),
            Some(matching) if matching.group.is_some() => true,
            Some(matching) => (matching.kind == MatchingKind::On) == names(&matching.labels),
        }
    }
}

impl GuardKind {
    /// Returns what it does to what a value leaves of a whole.
    fn taken_from(self, whole: f64) -> Self {
        match self {
            Self::Default(value) => Self::Default(whole - value),
            Self::AtLeast(least) => Self::AtMost(whole - least),
            Self::AtMost(most) => Self::AtLeast(whole - most),
            Self::Only | Self::Scaled => self,
        }
    }
}

impl EventSet<'_> {
    /// Returns the matchers of a label, in the order of the text.
    pub fn matchers<'s>(&'s self, label: &'s str) -> impl Iterator<Item = &'s Matcher> {
        self.selector.matchers.iter().filter(move |matcher| matcher.label.text == label)
    }

    /// Returns the labels that are asked for, each once, in the order of the text; the name of the metric
    /// is none of them.
    pub fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = Vec::new();
        for matcher in &self.selector.matchers {
            let label = matcher.label.text.as_str();
            if label != NAME && !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels
    }
}

/// Returns whether two ranges certainly are of one length: by what is written, or by what fills them in.
pub fn are_as_long(one: Option<&Duration>, other: Option<&Duration>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return one.is_none() && other.is_none() };
    match (&one.kind, &other.kind) {
        (DurationKind::Placeholder(one), DurationKind::Placeholder(other)) => {
            is_window(one) && is_window(other) || one == other
        }
        _ => one.nanoseconds().is_some_and(|length| other.nanoseconds() == Some(length)),
    }
}

/// The length of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// In nanoseconds.
    Exact(i64),
    /// That of the window of the indicator, which takes many lengths.
    Window,
}

/// Returns the length of a range; nothing where something else fills it in.
pub fn length(range: &Duration) -> Option<Length> {
    match &range.kind {
        DurationKind::Placeholder(text) => is_window(text).then_some(Length::Window),
        _ => range.nanoseconds().map(Length::Exact),
    }
}

const NAME: &str = "__name__";

/// Functions that change the order or the labels of series.
pub(super) const KEEP: [&str; 6] =
    ["label_join", "label_replace", "sort", "sort_by_label", "sort_by_label_desc", "sort_desc"];

/// Returns what a query counts; nothing where that is not certain.
pub fn reduce(expression: &Expression) -> Option<Events<'_>> {
    match &expression.kind {
        ExpressionKind::Parenthesized(inner) => reduce(inner),
        ExpressionKind::Vector(selector) => {
            let extent = selector.extent;
            one(selector, Reading::Value, None, &selector.modifiers, extent)
        }
        ExpressionKind::Aggregation(aggregation) => summed(aggregation),
        ExpressionKind::Call(call) => called(call, expression.extent),
        ExpressionKind::Binary(binary) => combined(binary),
        _ => None,
    }
}

/// Returns the two sides of a query that divides one count by another.
///
/// A percentage is a share too, and so is what a share leaves of the whole.
pub fn share(expression: &Expression) -> Option<Share<'_>> {
    match &expression.kind {
        ExpressionKind::Parenthesized(inner) => share(inner),
        ExpressionKind::Binary(binary) => {
            let numbers = [&binary.left, &binary.right].map(constant);
            match (binary.operator, numbers) {
                (BinaryOperator::Divide, [None, None]) => Some(Share {
                    part: binary.left.bare(),
                    whole: binary.right.bare(),
                    division: binary,
                    is_complement: false,
                    guards: Vec::new(),
                }),
                (BinaryOperator::Multiply | BinaryOperator::Divide, [None, Some(_)]) => {
                    share(&binary.left)
                }
                (BinaryOperator::Multiply, [Some(_), None]) => share(&binary.right),
                (BinaryOperator::Subtract, [Some(whole), None]) if is_whole(whole) => {
                    let mut inner = share(&binary.right)?;
                    for guard in &mut inner.guards {
                        guard.kind = guard.kind.taken_from(whole);
                    }
                    Some(Share { is_complement: !inner.is_complement, ..inner })
                }
                _ => {
                    let (inner, guard) = guarded(binary)?;
                    let mut share = share(inner)?;
                    share.guards.push(guard);
                    Some(share)
                }
            }
        }
        ExpressionKind::Call(call) => {
            let (inner, guard) = clamped(call, expression.extent)?;
            let mut share = share(inner)?;
            share.guards.extend(guard);
            Some(share)
        }
        _ => None,
    }
}

/// Returns the value that a query has where there is no data, with what gives it: `x or vector(0)`.
pub fn default_of(expression: &Expression) -> Option<(Guard, f64)> {
    let ExpressionKind::Binary(binary) = &expression.bare().kind else { return None };
    let (_, guard) = guarded(binary)?;
    match guard.kind {
        GuardKind::Default(value) => Some((guard, value)),
        _ => None,
    }
}

/// Returns whether a number is the whole of a share: 1, or 100 of a percentage.
pub fn is_whole(number: f64) -> bool {
    [1.0, 100.0].iter().any(|whole| (number - whole).abs() < f64::EPSILON)
}

fn one<'t>(
    selector: &'t VectorSelector,
    reading: Reading,
    range: Option<&'t Duration>,
    modifiers: &'t Modifiers,
    extent: Extent,
) -> Option<Events<'t>> {
    let is_plain = selector.placeholders.is_empty()
        && selector.matchers.iter().all(|matcher| matcher.label.form != NameForm::Placeholder);
    let metric = metric(selector).filter(|_| is_plain)?;
    let groups = Groups::Each;
    let set =
        EventSet { selector, metric, reading, range, modifiers, groups, is_taken: false, extent };
    Some(Events { sets: vec![set], guards: Vec::new() })
}

/// Returns the name of the one metric that a selector selects.
pub fn metric(selector: &VectorSelector) -> Option<&str> {
    match &selector.name {
        Some(name) if name.form == NameForm::Placeholder => None,
        Some(name) => Some(&name.text),
        None => {
            let is_name = |matcher: &&Matcher| matcher.label.text == NAME;
            let mut names = selector.matchers.iter().filter(is_name);
            let (only, None) = (names.next()?, names.next()) else { return None };
            (only.operator == MatchOperator::Equal).then_some(only.value.as_str())
        }
    }
}

fn summed(aggregation: &Aggregation) -> Option<Events<'_>> {
    if aggregation.aggregator != Aggregator::Sum {
        return None;
    }
    let mut events = reduce(&aggregation.operand)?;
    for set in &mut events.sets {
        set.groups = aggregation.grouping.as_ref().map_or(Groups::One, Groups::Some);
    }
    Some(events)
}

fn called(call: &Call, extent: Extent) -> Option<Events<'_>> {
    let reading = match call.name.text.as_str() {
        "rate" => Reading::Rate,
        "irate" => Reading::InstantRate,
        "increase" => Reading::Increase,
        "sum_over_time" => Reading::Sum,
        name if KEEP.contains(&name) => return reduce(call.arguments.first()?),
        _ => {
            let (inner, guard) = clamped(call, extent)?;
            let mut events = reduce(inner)?;
            events.guards.extend(guard);
            return Some(events);
        }
    };
    let ExpressionKind::Range(range) = &call.arguments.first()?.bare().kind else { return None };
    one(&range.selector, reading, Some(&range.range), &range.modifiers, extent)
}

fn combined(binary: &Binary) -> Option<Events<'_>> {
    let numbers = [&binary.left, &binary.right].map(constant);
    match (binary.operator, numbers) {
        (BinaryOperator::Multiply | BinaryOperator::Divide, [None, Some(_)]) => {
            let extent = binary.operator_extent.join(binary.right.extent);
            scaled(&binary.left, extent)
        }
        (BinaryOperator::Multiply, [Some(_), None]) => {
            let extent = binary.left.extent.join(binary.operator_extent);
            scaled(&binary.right, extent)
        }
        (BinaryOperator::Add | BinaryOperator::Subtract, [None, None]) => {
            let (mut events, mut others) = (reduce(&binary.left)?, reduce(&binary.right)?);
            if binary.operator == BinaryOperator::Subtract {
                others.sets.iter_mut().for_each(|set| set.is_taken = !set.is_taken);
            }
            // Without data on one side there is no sum, whatever the other is then.
            let has_default = |events: &Events<'_>| {
                events.guards.iter().any(|guard| matches!(guard.kind, GuardKind::Default(_)))
            };
            if !(has_default(&events) && has_default(&others)) {
                for one in [&mut events, &mut others] {
                    one.guards.retain(|guard| !matches!(guard.kind, GuardKind::Default(_)));
                }
            }
            events.sets.append(&mut others.sets);
            events.guards.append(&mut others.guards);
            Some(events)
        }
        _ => {
            let (inner, guard) = guarded(binary)?;
            let mut events = reduce(inner)?;
            if guard.kind == GuardKind::Only {
                // A comparison takes away what does not hold, be it a value for no data.
                events.guards.retain(|inner| match inner.kind {
                    GuardKind::Default(value) => holds(binary, value),
                    _ => true,
                });
            }
            events.guards.push(guard);
            Some(events)
        }
    }
}

/// Returns whether a value passes a comparison with a constant.
fn holds(binary: &Binary, value: f64) -> bool {
    let Some(bound) = constant(&binary.right) else { return true };
    match binary.operator {
        BinaryOperator::Greater => value > bound,
        BinaryOperator::GreaterOrEqual => value >= bound,
        BinaryOperator::Less => value < bound,
        BinaryOperator::LessOrEqual => value <= bound,
        BinaryOperator::Equal => (value - bound).abs() < f64::EPSILON,
        BinaryOperator::NotEqual => (value - bound).abs() >= f64::EPSILON,
        _ => true,
    }
}

fn scaled(expression: &Expression, extent: Extent) -> Option<Events<'_>> {
    let mut events = reduce(expression)?;
    events.guards.push(Guard { kind: GuardKind::Scaled, extent });
    Some(events)
}

/// Returns what is guarded by `or vector(0)` or by a comparison with a constant.
pub(super) fn guarded(binary: &Binary) -> Option<(&Expression, Guard)> {
    let extent = binary.operator_extent.join(binary.right.extent);
    let kind = match binary.operator {
        BinaryOperator::Or => GuardKind::Default(of_vector(&binary.right)?),
        operator if operator.is_comparison() && binary.bool_extent.is_none() => {
            constant(&binary.right)?;
            GuardKind::Only
        }
        _ => return None,
    };
    Some((&binary.left, Guard { kind, extent }))
}

/// Returns what is clamped; with what that does, where a bound is a number.
pub(super) fn clamped(call: &Call, extent: Extent) -> Option<(&Expression, Vec<Guard>)> {
    let (inner, rest) = call.arguments.split_first()?;
    let bounds: Vec<f64> = rest.iter().map(constant).collect::<Option<_>>()?;
    let kinds = match (call.name.text.as_str(), bounds.as_slice()) {
        ("clamp_min", [least]) => vec![GuardKind::AtLeast(*least)],
        ("clamp_max", [most]) => vec![GuardKind::AtMost(*most)],
        ("clamp", [least, most]) => vec![GuardKind::AtLeast(*least), GuardKind::AtMost(*most)],
        _ => return None,
    };
    Some((inner, kinds.into_iter().map(|kind| Guard { kind, extent }).collect()))
}

/// Returns the number that an expression is wherever it is asked: a number, or a sign in front of one.
pub fn constant(expression: &Expression) -> Option<f64> {
    match &expression.bare().kind {
        ExpressionKind::Number(number) => Some(number.value),
        ExpressionKind::Unary(unary) => {
            let number = constant(&unary.operand)?;
            Some(if unary.sign == super::tree::Sign::Minus { -number } else { number })
        }
        _ => None,
    }
}

/// Returns the number of `vector(0)`.
fn of_vector(expression: &Expression) -> Option<f64> {
    match &expression.bare().kind {
        ExpressionKind::Call(call) if call.name.text == "vector" => {
            constant(call.arguments.first()?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
