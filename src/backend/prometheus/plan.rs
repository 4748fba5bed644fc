//! From a request to the queries that answer it.

use std::num::NonZeroU32;

use crate::budget::Failure;
use crate::budget::Request;
use crate::model::BudgetingMethod;
use crate::model::Measure;
use crate::model::MetricSource;
use crate::model::Operator;
use crate::model::RatioCounts;
use crate::model::RawType;
use crate::quantity::Ratio;
use crate::query::counts;
use crate::query::counts::CountMethod;
use crate::query::counts::Declared;
use crate::query::counts::NotCountable;
use crate::query::counts::Reason;

use super::fetch::Fetch;
use super::fetch::MOST_SAMPLES;

/// How a request is answered.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The grid of instants.
    pub(super) grid: Grid,
    /// What is asked.
    pub(super) subject: Subject,
    /// How the budget is counted.
    pub(super) judgement: Judgement,
}

/// Equal units of time, their ends on multiples of a row since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// The start of the first unit, in seconds since the epoch.
    pub(super) start: i64,
    /// The seconds of a unit, which one number of events or one slice belongs to.
    pub(super) unit: i64,
    /// How many units there are.
    pub(super) units: i64,
    /// How many units a row has.
    pub(super) units_in_row: i64,
}

/// What is asked of a server.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    /// Good or bad events and valid ones; two of the three are there.
    Events { good: Option<Metric>, bad: Option<Metric>, total: Option<Metric> },
    /// A value that is good while it compares well.
    Threshold { metric: Metric, operator: Operator, value: Ratio },
    /// A share that something else computed.
    Share { metric: Metric, raw_type: RawType },
}

/// How a unit counts.
#[derive(Clone, Debug)]
pub(super) enum Judgement {
    /// By its events.
    Events,
    /// As good or bad, by the share of good events that it needs.
    Slice(Ratio),
    /// By its share of good events.
    Share,
}

/// One query.
#[derive(Clone, Debug)]
pub(super) struct Metric {
    /// The query as it is sent.
    pub(super) query: String,
    /// The seconds between two samples; they divide a unit.
    pub(super) interval: i64,
    /// How events are counted, where events are.
    pub(super) method: Option<CountMethod>,
    text: String,
    declared: Declared,
}

impl Plan {
    /// Plans the queries for a request.
    ///
    /// * `sample`: how often a threshold metric is compared with its objective, in seconds.
    ///
    /// # Errors
    ///
    /// [`Failure::NotCountable`] names the part that leads to no counts, [`Failure::NoCounts`] is for
    /// a ratio where counts are needed.
    pub(super) fn new(request: &Request, sample: i64) -> Result<Self, Failure> {
        let uncountable = |text: &str| Failure::NotCountable(text.to_owned());
        let judgement = match request.terms.method {
            BudgetingMethod::Occurrences => Judgement::Events,
            BudgetingMethod::Timeslices => {
                let target = request.slice_target.clone();
                Judgement::Slice(target.ok_or_else(|| uncountable("`timeSliceTarget` is missing"))?)
            }
            BudgetingMethod::RatioTimeslices => Judgement::Share,
        };
        let slice = match judgement {
            Judgement::Events => None,
            Judgement::Slice(_) | Judgement::Share => request.terms.slice_seconds,
        };
        if !matches!(judgement, Judgement::Events) && slice.is_none() {
            return Err(uncountable("`timeSliceWindow` is missing"));
        }
        let grid = Grid::new(request, slice);
        let indicator = request.indicator.as_ref();
        let indicator = indicator.ok_or_else(|| uncountable("there is no indicator"))?;
        let subject = match &indicator.measure {
            Measure::Unreadable => return Err(uncountable("the indicator cannot be read")),
            Measure::Counts(counts) => events(counts, grid)?,
            Measure::Threshold(source) => threshold(request, source, grid, sample)?,
            Measure::Raw { raw_type, source } => {
                if !matches!(judgement, Judgement::Share) {
                    return Err(Failure::NoCounts);
                }
                Subject::Share { metric: sampled(source, grid.unit, grid)?, raw_type: *raw_type }
            }
        };
        let plan = Self { grid, subject, judgement };
        if plan.metrics().any(|metric| plan.fetch(metric).samples() > MOST_SAMPLES) {
            let text = format!("more than {MOST_SAMPLES} samples would be needed");
            return Err(Failure::NotCountable(text));
        }
        Ok(plan)
    }

    /// Returns every query of the plan.
    pub(super) fn metrics(&self) -> impl Iterator<Item = &Metric> {
        let (first, second, third) = match &self.subject {
            Subject::Events { good, bad, total } => (good.as_ref(), bad.as_ref(), total.as_ref()),
            Subject::Threshold { metric, .. } | Subject::Share { metric, .. } => {
                (Some(metric), None, None)
            }
        };
        [first, second, third].into_iter().flatten()
    }

    /// Returns what is to be fetched for a query.
    pub(super) fn fetch(&self, metric: &Metric) -> Fetch {
        Fetch {
            query: metric.query.clone(),
            first: self.grid.start + metric.interval,
            last: self.grid.end_of(self.grid.units - 1),
            step: metric.interval,
        }
    }

    /// Returns how the counts are made, in a word or two.
    pub(super) fn method(&self) -> String {
        let mut words: Vec<&str> = self
            .metrics()
            .map(|metric| match (metric.method, &self.subject) {
                (Some(CountMethod::Increase), _) => "increase",
                (Some(CountMethod::Integrated), _) => "integrated",
                (None, Subject::Share { .. }) => "ratio",
                (None, _) => "sampled",
            })
            .collect();
        words.sort_unstable();
        words.dedup();
        words.join(", ")
    }

    /// Returns whether everything is counted from the growth of counters.
    pub(super) fn only_increases(&self) -> bool {
        self.metrics().all(|metric| metric.method == Some(CountMethod::Increase))
    }
}

impl Grid {
    /// Lays a grid over the time of a request, by slices where there are.
    fn new(request: &Request, slice: Option<i64>) -> Self {
        let step = request.step_seconds.max(1);
        let unit = slice.unwrap_or(step).max(1);
        let units_in_row = (step / unit).max(1);
        let row = unit.saturating_mul(units_in_row);
        let end = request.end.as_second();
        let end = end - end.rem_euclid(row);
        let length = (end - request.start.as_second()).max(0);
        let rows = length / row + i64::from(length % row != 0);
        Self { start: end - rows * row, unit, units: rows * units_in_row, units_in_row }
    }

    /// Returns the instant at which a unit ends.
    pub(super) fn end_of(&self, unit: i64) -> i64 {
        self.start + (unit + 1) * self.unit
    }
}

impl Metric {
    /// Returns the query for the events of another length of time, ending when it is asked.
    pub(super) fn over(&self, seconds: i64) -> Option<String> {
        let seconds = NonZeroU32::new(u32::try_from(seconds).ok()?)?;
        Some(counts::plan(&self.text, self.declared, seconds).ok()?.expression)
    }
}

fn events(counts: &RatioCounts, grid: Grid) -> Result<Subject, Failure> {
    let declared = if counts.counter == Some(true) { Declared::Counter } else { Declared::Value };
    let counted = |source: &Option<MetricSource>| {
        source.as_ref().map(|source| counted(source, declared, grid)).transpose()
    };
    match (&counts.good, &counts.bad, &counts.total) {
        (Some(_), _, Some(_)) => Ok(Subject::Events {
            good: counted(&counts.good)?,
            bad: None,
            total: counted(&counts.total)?,
        }),
        (None, Some(_), Some(_)) | (Some(_), Some(_), None) => Ok(Subject::Events {
            good: counted(&counts.good)?,
            bad: counted(&counts.bad)?,
            total: counted(&counts.total)?,
        }),
        _ => {
            let text = "two of good, bad and total events are needed".to_owned();
            Err(Failure::NotCountable(text))
        }
    }
}

fn counted(source: &MetricSource, declared: Declared, grid: Grid) -> Result<Metric, Failure> {
    let text = text(source)?.to_owned();
    let seconds = u32::try_from(grid.unit).ok().and_then(NonZeroU32::new);
    let seconds = seconds.ok_or_else(|| Failure::NotCountable("a step of years".to_owned()))?;
    let plan = counts::plan(&text, declared, seconds).map_err(|why| not_countable(&text, &why))?;
    let (query, interval) = match plan.samples {
        Some(samples) => (samples.query, i64::from(samples.seconds)),
        None => (plan.expression, grid.unit),
    };
    Ok(Metric { query, interval, method: Some(plan.method), text, declared })
}

fn threshold(
    request: &Request,
    source: &MetricSource,
    grid: Grid,
    sample: i64,
) -> Result<Subject, Failure> {
    let objective = request.slo.objectives.get(request.objective);
    let operator = objective.and_then(|objective| objective.operator.as_ref());
    let value = objective.and_then(|objective| objective.value.as_ref());
    let (Some(operator), Some(value)) = (operator, value) else {
        let text = "`op` and `value` of the objective are needed".to_owned();
        return Err(Failure::NotCountable(text));
    };
    // Every unit has equally many samples.
    let interval = (1..=sample.min(grid.unit)).rev().find(|it| grid.unit % it == 0).unwrap_or(1);
    let metric = sampled(source, interval, grid)?;
    Ok(Subject::Threshold { metric, operator: operator.value, value: value.value.clone() })
}

/// Plans a query whose own value is wanted.
fn sampled(source: &MetricSource, interval: i64, grid: Grid) -> Result<Metric, Failure> {
    let text = text(source)?.to_owned();
    let query = with_window(&text, grid.unit);
    Ok(Metric { query, interval, method: None, text, declared: Declared::Value })
}

fn text(source: &MetricSource) -> Result<&str, Failure> {
    let query = source.query.as_ref().map(|query| query.text.as_str());
    let missing = || Failure::NotCountable("a metric source has no query".to_owned());
    query.filter(|text| !text.is_empty()).ok_or_else(missing)
}

/// Replaces `{{.window}}`, with or without spaces, by a length of time.
fn with_window(text: &str, seconds: i64) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let inside = behind.split_once("}}");
        let window = inside.filter(|(name, _)| {
            let name = name.trim_matches('-').trim();
            name.strip_prefix('.').unwrap_or(name).eq_ignore_ascii_case("window")
        });
        result.push_str(before);
        let filled = format!("{seconds}s");
        let (put, left) = window.map_or(("{{", behind), |(_, after)| (filled.as_str(), after));
        result.push_str(put);
        rest = left;
    }
    result + rest
}

/// Words why events cannot be counted, with the part of the query that is to blame.
fn not_countable(text: &str, why: &NotCountable) -> Failure {
    let reason = match why.reason {
        Reason::DifferentRanges => "a range that differs from the first one",
        Reason::Offset => "`offset` looks at another time",
        Reason::At => "`@` looks at a fixed time",
        Reason::Placeholder => "a placeholder whose value is not known",
        Reason::ComputedRange => "a range that is computed",
        Reason::MixedUnits => "a value per second together with a count",
        Reason::Ratio => "a ratio, not a count",
        Reason::NotEvents => "a value that is no number of events",
        Reason::UndeclaredCounter => "a counter without `rate` that is not declared one",
        Reason::CounterNotSummed => "a counter in something other than a sum",
        Reason::NotInstant => "a range or a string",
        _ => "not a query that is understood",
    };
    let part = why.extent.slice(text).split_whitespace().collect::<Vec<_>>().join(" ");
    Failure::NotCountable(format!("`{part}`: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_filled_in_wherever_it_stands() {
        assert_eq!(with_window("rate(x[{{.window}}])", 300), "rate(x[300s])");
        assert_eq!(with_window("{{ .Window }}{{- window -}}", 60), "60s60s");
        assert_eq!(with_window("a{b=\"{{x}}\"} {{ {{.window}}", 60), "a{b=\"{{x}}\"} {{ 60s");
    }
}
