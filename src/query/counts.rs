//! From a query to one that counts the events of a step.
//!
//! A definition says how many events there are by a rate, by a counter or by a recorded value.
//! To keep a budget one needs counts: so many events in this hour. [`plan`] rewrites the query so
//! that its value, at the end of a step, is the number of events in that step.
//!
//! 1. *Increase.* Where every part is `rate(sel[r])`, `increase(sel[r])`, `sum_over_time(sel[r])`
//!    or `count_over_time(sel[r])`, all with one range, and the parts are combined only in ways
//!    that commute with summing over time, each range becomes the step and `rate` becomes
//!    `increase`. The combinations are: `sum` with any grouping, `+`, `-`, a sign, `*` and `/` by
//!    a constant, `or` with a right side that is zero (`vector(0)`, `0 * …`), functions that
//!    change only labels or order, `histogram_count` and `histogram_sum`.
//! 2. *Increase*, where the metric is declared a counter and stands without a range: the same,
//!    with the selector wrapped in `increase(…[step])`.
//! 3. *Integrated.* Any other value per second is sampled every `r` and summed:
//!    `sum_over_time((q)[step:r]) * r`. A value per range, such as the larger of two increases,
//!    is summed in the same way and divided by the range.
//! 4. Everything else is [`NotCountable`], with the part that is to blame.
//!
//! In 3, `r` is the one range of the query. A query of several ranges is refused; without a
//! range, `r` is a minute, the usual interval of scrapes and rules. Where `r` does not divide
//! the step, it is the largest shorter interval that does, so that every step has equally many
//! samples; where it is longer than the step, it is the step.
//!
//! `{{.window}}`, or `window` in brackets, is the step. Other placeholders have no value here: as the one range of a query
//! that is rewritten they vanish, elsewhere they refuse the query. `offset` and `@` do too, since
//! the events of a step are not those of another time.
//!
//! # Why
//!
//! The text is edited where it has to change and kept elsewhere, instead of being printed anew:
//! comments, quoting and layout stay those that the user knows, and a label value that looks like
//! a range is never touched.
//!
//! A constant factor stays: `rate(x[5m]) * 60` becomes sixty times the events. The good and the
//! valid events of one indicator have the same unit, so their share is right all the same.
//!
//! Rates and increases are not mixed, although both would be rewritten: their sum is no quantity,
//! and scaling one part of it would change what the query means. A bare `…_total`,
//! `…_count`, `…_sum` or `…_bucket` that is not declared a counter is refused, not integrated: a
//! counter's value is no rate, and the result would be a number that looks right.

use std::num::NonZeroU32;

use crate::query::Extent;
use crate::query::check;
use crate::query::counts::measure::Measure;
use crate::query::counts::measure::Survey;
use crate::query::counts::measure::Unit;
use crate::query::functions::ValueType;
use crate::query::number;
use crate::query::parse;
use crate::query::problem::ProblemKind;
use crate::query::tree::Duration;
use crate::query::tree::DurationKind;

mod measure;

/// What a definition says about the values of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// They only grow: `counter: true`.
    Counter,
    /// Nothing, or that they go up and down.
    Value,
}

/// How events are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountMethod {
    /// From the growth of counters, which loses nothing between samples.
    Increase,
    /// From sampled values, which assumes that they hold from one sample to the next.
    Integrated,
}

/// A query that counts the events of one step, ending at the time of evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountPlan {
    /// The query to run with the step it was planned for.
    pub expression: String,
    /// How events are counted.
    pub method: CountMethod,
    /// The range that the given query has, in seconds rounded down; absent when it has none or
    /// the range is a placeholder.
    pub range_seconds: Option<u64>,
    /// How the value is sampled; absent when the method is [`CountMethod::Increase`].
    pub samples: Option<Samples>,
}

/// The samples that an integrated count rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples {
    /// A query for the events from one sample to the next, to be asked at every sample.
    ///
    /// Its values over a step add up to the count, wherever the step's edges count.
    pub query: String,
    /// A query for how many samples there were in the step.
    pub expression: String,
    /// The time between samples, in seconds; it divides the step.
    pub seconds: u32,
    /// How many samples a step without gaps has.
    pub expected: u32,
}

/// Why events cannot be counted, and which part of the query is to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCountable {
    /// Why.
    pub reason: Reason,
    /// The part of the query text.
    pub extent: Extent,
}

/// The reasons why events cannot be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The query is not valid.
    Invalid(ProblemKind),
    /// The query has a range other than its first one.
    DifferentRanges,
    /// The query looks at another time with `offset`.
    Offset,
    /// The query looks at a fixed time with `@`.
    At,
    /// A placeholder whose value is needed.
    Placeholder,
    /// A range that is computed, not written.
    ComputedRange,
    /// A value per second together with a count or a counter.
    MixedUnits,
    /// One number of events divided by another: a share, not a count.
    Ratio,
    /// A value that is no number of events, such as a quantile, or events times such a value.
    NotEvents,
    /// A counter without `rate` or `increase` that is not declared one.
    UndeclaredCounter,
    /// A declared counter in something other than a sum.
    CounterNotSummed,
    /// A range or a string, which has no value at one time.
    NotInstant,
}

/// Plans how to count the events of one step with a query.
///
/// * `declared`: what the definition says of the query's bare selectors.
/// * `step_seconds`: the length of a step.
///
/// # Errors
///
/// [`NotCountable`] when no sound way is known.
pub fn plan(
    text: &str,
    declared: Declared,
    step_seconds: NonZeroU32,
) -> Result<CountPlan, NotCountable> {
    let (expression, problems) = parse(text);
    let first = problems.into_iter().next();
    let (Some(expression), None) = (expression, first.clone()) else {
        let whole = Extent::between(0, text.len());
        let (kind, extent) =
            first.map_or((ProblemKind::Empty, whole), |problem| (problem.kind, problem.extent));
        return Err(NotCountable { reason: Reason::Invalid(kind), extent });
    };
    let value_type = check::value_type(&expression);
    if matches!(value_type, ValueType::Range | ValueType::Text) {
        return Err(NotCountable { reason: Reason::NotInstant, extent: expression.extent });
    }
    let mut survey = Survey::new(declared);
    let measure = survey.measure(&expression)?;
    let range = only_range(&survey.ranges)?;
    let step = Step { text, seconds: step_seconds };
    let events = matches!(measure.unit, Unit::PerSecond | Unit::PerRange | Unit::Cumulative);
    if measure.linear && events {
        return Ok(step.increase(&survey, range));
    }
    match (measure.unit, survey.counter) {
        (Unit::NotEvents | Unit::OtherQuantity, _) => {
            Err(NotCountable { reason: measure.reason, extent: measure.extent })
        }
        (Unit::Unknown, Some(extent)) => {
            Err(NotCountable { reason: Reason::UndeclaredCounter, extent })
        }
        _ => step.integrate(&survey, &measure, range, expression.extent, value_type),
    }
}

/// The range of a query, as far as it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Range {
    /// A written length, in nanoseconds.
    Written(i64),
    /// `{{.window}}`, which is the step.
    Window,
    /// Another placeholder, without the space in it.
    Placeholder(String),
}

/// Returns the range that all the given places have.
fn only_range(ranges: &[Duration]) -> Result<Option<(Range, Extent)>, NotCountable> {
    let mut only: Option<(Range, Extent)> = None;
    for duration in ranges {
        let extent = duration.extent;
        let range = match (&duration.kind, duration.nanoseconds()) {
            (_, Some(length)) => Range::Written(length),
            (DurationKind::Placeholder(text), _) if is_window(text) => Range::Window,
            (DurationKind::Placeholder(text), _) => {
                Range::Placeholder(text.split_whitespace().collect())
            }
            _ => {
                return Err(NotCountable { reason: Reason::ComputedRange, extent });
            }
        };
        match &only {
            None => only = Some((range, extent)),
            Some((first, _)) if *first == range => {}
            Some(_) => {
                return Err(NotCountable { reason: Reason::DifferentRanges, extent });
            }
        }
    }
    Ok(only)
}

/// Returns whether a placeholder is the window of an indicator: `{{.window}}` as Sloth and OpenSLO
/// write it, `window` as slo-generator does.
pub fn is_window(text: &str) -> bool {
    let inner = text.strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
    let inner = inner.unwrap_or(text).trim_matches('-').trim();
    inner.strip_prefix('.').unwrap_or(inner).eq_ignore_ascii_case("window")
}

/// The step to count in, and the query that is rewritten for it.
struct Step<'text> {
    text: &'text str,
    seconds: NonZeroU32,
}

impl Step<'_> {
    /// Returns the step as a duration.
    fn written(&self) -> String {
        seconds_text(self.seconds.get())
    }

    fn increase(&self, survey: &Survey, range: Option<(Range, Extent)>) -> CountPlan {
        let step = self.written();
        let mut edits = Vec::new();
        for duration in &survey.ranges {
            edits.push((duration.extent, step.clone()));
        }
        for rate in &survey.rates {
            edits.push((*rate, "increase".to_owned()));
        }
        for selector in &survey.cumulative {
            let start = Extent { end: selector.start, ..*selector };
            let end = Extent { start: selector.end, ..*selector };
            edits.push((start, "increase(".to_owned()));
            edits.push((end, format!("[{step}])")));
        }
        CountPlan {
            expression: edited(self.text, edits),
            method: CountMethod::Increase,
            range_seconds: range.and_then(|(range, _)| whole_seconds(&range)),
            samples: None,
        }
    }

    fn integrate(
        &self,
        survey: &Survey,
        measure: &Measure,
        range: Option<(Range, Extent)>,
        extent: Extent,
        value_type: ValueType,
    ) -> Result<CountPlan, NotCountable> {
        let step = self.seconds.get();
        let wanted = match &range {
            None => DEFAULT_INTERVAL_SECONDS,
            Some((Range::Window, _)) => u64::from(step),
            Some((Range::Written(length), _)) => seconds(*length),
            Some((Range::Placeholder(_), extent)) => {
                return Err(NotCountable { reason: Reason::Placeholder, extent: *extent });
            }
        };
        let interval = largest_divisor(self.seconds, wanted);
        let windows = survey.ranges.iter().filter(|duration| duration.nanoseconds().is_none());
        let edits = windows.map(|duration| (duration.extent, self.written())).collect();
        let query = edited(self.text, edits);
        // A comment at the end would swallow what is put behind it.
        let behind = self.text.get(extent.end as usize..).unwrap_or_default();
        let end = if behind.contains('#') { "\n" } else { "" };
        let open = if value_type == ValueType::Scalar { "(vector(" } else { "(" };
        let close = if value_type == ValueType::Scalar { "))" } else { ")" };
        let sample = format!("{open}{}{end}{close}", query.trim());
        let sampled = format!("{sample}[{}:{}]", self.written(), seconds_text(interval));
        let scale = match measure.unit {
            Unit::PerRange if wanted == u64::from(interval) => String::new(),
            Unit::PerRange => format!(" * {interval} / {wanted}"),
            _ => format!(" * {interval}"),
        };
        Ok(CountPlan {
            expression: format!("sum_over_time({sampled}){scale}"),
            method: CountMethod::Integrated,
            range_seconds: range.and_then(|(range, _)| whole_seconds(&range)),
            samples: Some(Samples {
                query: format!("{sample}{scale}"),
                expression: format!("count_over_time({sampled})"),
                seconds: interval,
                expected: step / interval,
            }),
        })
    }
}

/// How often a value without a range is sampled.
///
/// # Source
///
/// Prometheus documentation, "Configuration": `scrape_interval` and `evaluation_interval` are a
/// minute unless configured.
const DEFAULT_INTERVAL_SECONDS: u64 = 60;

const NANOSECONDS: i64 = 1_000_000_000;

fn whole_seconds(range: &Range) -> Option<u64> {
    match range {
        Range::Written(length) => Some(seconds(*length)),
        Range::Window | Range::Placeholder(_) => None,
    }
}

fn seconds(nanoseconds: i64) -> u64 {
    u64::try_from(nanoseconds / NANOSECONDS).unwrap_or_default()
}

fn seconds_text(seconds: u32) -> String {
    number::duration_text(i64::from(seconds) * NANOSECONDS)
}

/// Returns the largest divisor of `step` that is at most `wanted`, and at least 1.
fn largest_divisor(step: NonZeroU32, wanted: u64) -> u32 {
    let step = step.get();
    let fits = |divisor: &u32| u64::from(*divisor) <= wanted;
    (1..=step)
        .take_while(|small: &u32| u64::from(*small) * u64::from(*small) <= u64::from(step))
        .filter(|small| step.is_multiple_of(*small))
        .flat_map(|small| [small, step / small])
        .filter(fits)
        .max()
        .unwrap_or(1)
}

/// Returns the text with parts of it replaced; the parts do not overlap.
fn edited(text: &str, mut edits: Vec<(Extent, String)>) -> String {
    edits.sort_by_key(|(extent, _)| *extent);
    let mut result = String::new();
    let mut end = 0;
    for (extent, replacement) in edits {
        result.push_str(Extent { start: end, end: extent.start }.slice(text));
        result.push_str(&replacement);
        end = extent.end;
    }
    result.push_str(text.get(end as usize..).unwrap_or_default());
    result
}

#[cfg(test)]
mod tests;
