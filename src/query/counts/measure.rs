//! What a query measures: events per second, events per range, a counter's value, or none of it.

use crate::query::Extent;
use crate::query::counts::Declared;
use crate::query::counts::NotCountable;
use crate::query::counts::Reason;
use crate::query::pattern;
use crate::query::tree::Aggregation;
use crate::query::tree::Aggregator;
use crate::query::tree::Binary;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Call;
use crate::query::tree::Duration;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::Modifiers;
use crate::query::tree::NameForm;
use crate::query::tree::VectorSelector;

/// The unit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A constant number.
    Constant,
    /// Events per second.
    PerSecond,
    /// Events per range, as of `increase(x[5m])`.
    PerRange,
    /// Events since some start: a counter's value.
    Cumulative,
    /// What a recorded or gauge-like series holds; taken for events per second.
    Unknown,
    /// No number of events, and possibly a factor of one, such as a share or a switch of 0 and 1.
    NotEvents,
    /// No number of events and no factor of one, such as a time or a quantile.
    OtherQuantity,
}

/// What a part of a query measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Measure {
    pub(super) unit: Unit,
    /// Whether the value over a long time is the sum of the values over its pieces, once the
    /// counters in it are read over these times.
    pub(super) linear: bool,
    /// Whether the value is 0 wherever there is one.
    zero: bool,
    /// Why the value is no number of events, where it is none.
    pub(super) reason: Reason,
    /// The part of the text that gave the value its unit.
    pub(super) extent: Extent,
}

/// A walk over a query that finds what it measures and what would have to be edited.
pub(super) struct Survey {
    declared: Declared,
    /// Every range of a selector or a subquery.
    pub(super) ranges: Vec<Duration>,
    /// The names of the `rate` calls that become `increase`.
    pub(super) rates: Vec<Extent>,
    /// The bare selectors of a declared counter.
    pub(super) cumulative: Vec<Extent>,
    /// The first bare selector that looks like a counter and is not declared one.
    pub(super) counter: Option<Extent>,
}

impl Survey {
    pub(super) fn new(declared: Declared) -> Self {
        let (ranges, rates, cumulative) = (Vec::new(), Vec::new(), Vec::new());
        Self { declared, ranges, rates, cumulative, counter: None }
    }

    /// Returns what an expression measures and remembers its ranges, rates and counters.
    ///
    /// # Errors
    ///
    /// [`NotCountable`] at the first part that no count can have.
    pub(super) fn measure(&mut self, expression: &Expression) -> Result<Measure, NotCountable> {
        let extent = expression.extent;
        match &expression.kind {
            ExpressionKind::Number(number) => {
                let zero = number.value == 0.0;
                Ok(Measure { zero, ..measure(Unit::Constant, zero, extent) })
            }
            ExpressionKind::Text(_) => Ok(measure(Unit::Constant, false, extent)),
            ExpressionKind::Placeholder(_) => Err(refuse(Reason::Placeholder, extent)),
            ExpressionKind::Vector(selector) => self.selector(selector),
            ExpressionKind::Range(range) => {
                refuse_names(&range.selector)?;
                refuse_modifiers(&range.modifiers)?;
                self.ranges.push(range.range.clone());
                let counter = self.declared == Declared::Counter;
                Ok(measure(if counter { Unit::Cumulative } else { Unit::Unknown }, false, extent))
            }
            ExpressionKind::Subquery(subquery) => {
                refuse_modifiers(&subquery.modifiers)?;
                let step = subquery.step.as_ref();
                if let Some(step) = step.filter(|step| step.nanoseconds().is_none()) {
                    return Err(refuse(Reason::ComputedRange, step.extent));
                }
                let inner = self.measure(&subquery.operand)?;
                self.ranges.push(subquery.range.clone());
                Ok(Measure { linear: false, zero: false, ..inner })
            }
            ExpressionKind::Parenthesized(inner) => self.measure(inner),
            ExpressionKind::Unary(unary) => self.measure(&unary.operand),
            ExpressionKind::Binary(binary) => self.binary(binary, extent),
            ExpressionKind::Aggregation(aggregation) => self.aggregation(aggregation, extent),
            ExpressionKind::Call(call) => self.call(call, extent),
        }
    }

    fn selector(&mut self, selector: &VectorSelector) -> Result<Measure, NotCountable> {
        refuse_names(selector)?;
        refuse_modifiers(&selector.modifiers)?;
        let extent = selector.extent;
        if self.declared == Declared::Counter {
            self.cumulative.push(extent);
            return Ok(measure(Unit::Cumulative, true, extent));
        }
        self.suspect(selector);
        Ok(measure(Unit::Unknown, false, extent))
    }

    /// Remembers a selector whose name says that it is, or may be, a counter.
    ///
    /// # Source
    ///
    /// OpenMetrics 1.0, "Counter", "Histogram" and "Summary": the suffixes of their samples.
    fn suspect(&mut self, selector: &VectorSelector) {
        let of_counter = |name: &str| COUNTERS.iter().any(|suffix| name.ends_with(suffix));
        let name = selector.name.as_ref().map_or("", |name| name.text.as_str());
        let names = selector.matchers.iter().filter(|matcher| matcher.label.text == "__name__");
        let mut matched = names.map(|matcher| match matcher.operator {
            MatchOperator::Equal => of_counter(&matcher.value),
            MatchOperator::Matches => pattern::may_end_with(&matcher.value, &COUNTERS),
            MatchOperator::NotEqual | MatchOperator::NotMatches => false,
        });
        if of_counter(name) || matched.any(|of_counter| of_counter) {
            self.counter.get_or_insert(selector.extent);
        }
    }

    fn aggregation(
        &mut self,
        aggregation: &Aggregation,
        extent: Extent,
    ) -> Result<Measure, NotCountable> {
        if let Some(parameter) = &aggregation.parameter {
            self.measure(parameter)?;
        }
        let inner = self.measure(&aggregation.operand)?;
        match aggregation.aggregator {
            Aggregator::Sum => Ok(inner),
            Aggregator::Count | Aggregator::Group => Ok(measure(Unit::NotEvents, false, extent)),
            Aggregator::CountValues
            | Aggregator::Quantile
            | Aggregator::StandardDeviation
            | Aggregator::StandardVariance => Ok(measure(Unit::OtherQuantity, false, extent)),
            _ => bend(inner, aggregation.aggregator_extent),
        }
    }

    fn call(&mut self, call: &Call, extent: Extent) -> Result<Measure, NotCountable> {
        let name = call.name.text.as_str();
        let before = (self.ranges.len(), self.cumulative.len());
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            arguments.push(self.measure(argument)?);
        }
        let of_range = call
            .arguments
            .first()
            .is_some_and(|argument| matches!(argument.bare().kind, ExpressionKind::Range(_)));
        if READ_COUNTERS.contains(&name) {
            // The counters of a subquery are read by the function around it.
            self.cumulative.truncate(before.1);
        }
        let zero = arguments.iter().all(|argument| argument.zero);
        let first = arguments.into_iter().find(|argument| argument.unit != Unit::Constant);
        match name {
            "rate" => {
                if of_range {
                    self.rates.push(call.name.extent);
                }
                Ok(measure(Unit::PerSecond, of_range, extent))
            }
            "irate" | "deriv" => Ok(measure(Unit::PerSecond, false, extent)),
            "increase" | "sum_over_time" | "count_over_time" => {
                Ok(measure(Unit::PerRange, of_range, extent))
            }
            "delta" | "changes" | "resets" => Ok(measure(Unit::PerRange, false, extent)),
            "pi" => Ok(measure(Unit::Constant, false, extent)),
            "vector" if first.is_none() => {
                Ok(Measure { zero, ..measure(Unit::Constant, zero, extent) })
            }
            _ if KEEP.contains(&name) => {
                Ok(first.unwrap_or(measure(Unit::Constant, false, extent)))
            }
            _ if BEND.contains(&name) => {
                for argument in &call.arguments {
                    if let ExpressionKind::Range(range) = &argument.bare().kind {
                        self.suspect(&range.selector);
                    }
                }
                bend(first.unwrap_or(measure(Unit::Constant, false, extent)), call.name.extent)
            }
            _ if OTHER_QUANTITIES.contains(&name) => {
                Ok(measure(Unit::OtherQuantity, false, extent))
            }
            _ => Ok(measure(Unit::NotEvents, false, extent)),
        }
    }

    fn binary(&mut self, binary: &Binary, extent: Extent) -> Result<Measure, NotCountable> {
        let left = self.measure(&binary.left)?;
        let right = self.measure(&binary.right)?;
        let operator = binary.operator;
        let constants = left.unit == Unit::Constant && right.unit == Unit::Constant;
        match operator {
            BinaryOperator::Add | BinaryOperator::Subtract => add(left, right, extent),
            BinaryOperator::Multiply => multiply(left, right, extent),
            BinaryOperator::Divide => divide(left, &right, extent),
            BinaryOperator::Or if right.zero => Ok(left),
            BinaryOperator::Or => bend(add(left, right, extent)?, binary.operator_extent),
            BinaryOperator::And | BinaryOperator::Unless => bend(left, binary.operator_extent),
            _ if constants => Ok(measure(Unit::Constant, false, extent)),
            _ if operator.is_comparison() && binary.bool_extent.is_none() => {
                // A comparison keeps the values of its vector, which may stand on either side.
                let kept = if left.unit == Unit::Constant { right } else { left };
                bend(kept, binary.operator_extent)
            }
            _ => Ok(measure(Unit::NotEvents, false, extent)),
        }
    }
}

/// The suffixes of metrics that are counters.
const COUNTERS: [&str; 4] = ["_total", "_count", "_sum", "_bucket"];

/// Functions that change labels, order or representation, not what is added up.
const KEEP: [&str; 8] = [
    "histogram_count",
    "histogram_sum",
    "label_join",
    "label_replace",
    "sort",
    "sort_by_label",
    "sort_by_label_desc",
    "sort_desc",
];

/// Functions whose value has the unit of their argument without being additive.
const BEND: [&str; 15] = [
    "abs",
    "avg_over_time",
    "ceil",
    "clamp",
    "clamp_max",
    "clamp_min",
    "first_over_time",
    "floor",
    "info",
    "last_over_time",
    "max_over_time",
    "min_over_time",
    "round",
    "scalar",
    "vector",
];

/// Functions whose value is neither a number of events nor a share of one, whatever they are given.
const OTHER_QUANTITIES: [&str; 9] = [
    "histogram_avg",
    "histogram_quantile",
    "histogram_stddev",
    "histogram_stdvar",
    "quantile_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "time",
    "timestamp",
];

/// Functions that read counters, so that what they read may be a bare selector in a subquery.
const READ_COUNTERS: [&str; 5] = ["rate", "irate", "increase", "resets", "changes"];

fn measure(unit: Unit, linear: bool, extent: Extent) -> Measure {
    Measure { unit, linear, zero: false, reason: Reason::NotEvents, extent }
}

fn refuse(reason: Reason, extent: Extent) -> NotCountable {
    NotCountable { reason, extent }
}

/// Refuses a selector with a placeholder for a name or a matcher.
fn refuse_names(selector: &VectorSelector) -> Result<(), NotCountable> {
    refuse_modifiers(&selector.modifiers)?;
    let labels = selector.matchers.iter().map(|matcher| &matcher.label);
    let names = selector.name.iter().chain(labels);
    let mut unknown =
        names.filter(|name| name.form == NameForm::Placeholder).chain(&selector.placeholders);
    unknown.next().map_or(Ok(()), |name| Err(refuse(Reason::Placeholder, name.extent)))
}

fn refuse_modifiers(modifiers: &Modifiers) -> Result<(), NotCountable> {
    if let Some(offset) = &modifiers.offset {
        return Err(refuse(Reason::Offset, offset.extent));
    }
    let at = modifiers.at.as_ref();
    at.map_or(Ok(()), |at| Err(refuse(Reason::At, at.extent)))
}

/// Returns the measure of something that keeps the unit but not the additivity.
fn bend(measure: Measure, blame: Extent) -> Result<Measure, NotCountable> {
    if measure.unit == Unit::Cumulative {
        return Err(refuse(Reason::CounterNotSummed, blame));
    }
    Ok(Measure { linear: false, zero: false, ..measure })
}

fn add(left: Measure, right: Measure, extent: Extent) -> Result<Measure, NotCountable> {
    if left.zero && left.unit == Unit::Constant {
        return Ok(right);
    }
    if right.zero && right.unit == Unit::Constant {
        return Ok(left);
    }
    let linear = left.linear && right.linear;
    let zero = left.zero && right.zero;
    match (left.unit, right.unit) {
        (Unit::OtherQuantity | Unit::NotEvents, _) => Ok(left),
        (_, Unit::OtherQuantity | Unit::NotEvents) => Ok(right),
        (one, other) if one == other => Ok(Measure { linear, zero, extent, ..left }),
        (Unit::Constant, _) => bend(right, left.extent),
        (_, Unit::Constant) => bend(left, right.extent),
        (Unit::PerSecond, Unit::Unknown) => bend(left, extent),
        (Unit::Unknown, Unit::PerSecond) => bend(right, extent),
        _ => Err(refuse(Reason::MixedUnits, extent)),
    }
}

fn multiply(left: Measure, right: Measure, extent: Extent) -> Result<Measure, NotCountable> {
    let constant = [&left, &right].map(|factor| factor.unit == Unit::Constant);
    if constant != [false, false] {
        let product = if constant[0] { right.clone() } else { left.clone() };
        if !(left.zero || right.zero) {
            let linear = product.linear && constant != [true, true];
            return Ok(Measure { linear, ..product });
        }
        // Zero times something additive is zero wherever that has a value; zero times anything
        // else is zero too, but nobody knows when.
        let additive = |factor: &Measure| factor.linear || factor.unit == Unit::Constant;
        let zero = additive(&left) && additive(&right);
        if zero {
            return Ok(Measure { linear: true, zero, ..product });
        }
        return Ok(measure(Unit::Constant, false, extent));
    }
    // What is no number of events is a factor, such as a share or a switch of 0 and 1; so is a
    // series of unknown meaning beside a known one.
    match (left.unit, right.unit) {
        (Unit::OtherQuantity, _) | (Unit::NotEvents, Unit::NotEvents) => Ok(left),
        (_, Unit::OtherQuantity) => Ok(right),
        (Unit::NotEvents | Unit::Unknown, _) => bend(right, extent),
        (_, Unit::NotEvents | Unit::Unknown) => bend(left, extent),
        _ => Ok(measure(Unit::NotEvents, false, extent)),
    }
}

fn divide(left: Measure, right: &Measure, extent: Extent) -> Result<Measure, NotCountable> {
    match (left.unit, right.unit) {
        (_, Unit::Constant) | (Unit::NotEvents | Unit::OtherQuantity, _) => Ok(left),
        (
            Unit::Constant | Unit::PerSecond | Unit::PerRange | Unit::Unknown,
            Unit::OtherQuantity,
        ) => Ok(right.clone()),
        (Unit::Constant, _) => Ok(measure(Unit::NotEvents, false, extent)),
        (_, Unit::NotEvents) => bend(left, extent),
        _ => Ok(Measure { reason: Reason::Ratio, ..measure(Unit::NotEvents, false, extent) }),
    }
}
