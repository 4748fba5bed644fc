//! Where an error budget stands at an instant.

use jiff::Timestamp;

use crate::model::Catalog;
use crate::model::NoData;
use crate::model::Slo;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;

use super::Burn;
use super::Counts;
use super::Measurement;
use super::Period;
use super::Reason;
use super::Series;
use super::Terms;
use super::TimeWindow;
use super::Undefined;
use super::burn::Obstacle;
use super::burn::Spent;
use super::burn_over;
use super::instant;
use super::moved;

/// The lookbacks of which the first that is known says how fast a budget is being spent now.
///
/// An hour is too restless to tell people when a budget runs out, three days too slow.
const PRESENT: [i64; 2] = [6 * 3_600, 3 * 86_400];

/// The most instants that are searched into the past or the future.
const MAX_INSTANTS: i64 = 50_000;

/// Where an error budget stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BudgetState {
    /// It is known.
    Known(Box<Known>),
    /// There is data, and nothing happened in the window.
    NoTraffic,
    /// There is too little data to tell.
    NoData {
        /// What is missing.
        reason: Reason,
    },
    /// The definition cannot be judged, or the measurement failed.
    Error {
        /// What failed.
        reason: Reason,
    },
}

/// An error budget that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The grid instant that it is judged at.
    pub instant: Timestamp,
    /// The share of good events so far, 0 to 1; nothing in a period that has only begun.
    pub indicator: Option<Ratio>,
    /// Good events, or slices for the slice methods.
    pub good: Ratio,
    /// Valid events, or slices for the slice methods.
    pub valid: Ratio,
    /// The share of the budget that is spent; above 1 when it is overspent.
    pub consumed: Ratio,
    /// The share of the budget that is left; below 0 when it is overspent.
    pub remaining: Ratio,
    /// Events, or slices, that may be bad in the whole window.
    pub allowed: Ratio,
    /// Events, or slices, that may still be bad; below 0 when it is overspent.
    pub left: Ratio,
    /// The burn rate over each lookback that was asked for, shortest first.
    pub burn_rates: Vec<(Duration, Burn)>,
    /// When the budget runs out, or ran out.
    pub exhaustion: Exhaustion,
    /// When a rolling window that has nothing left has something left again.
    pub opening: Option<Opening>,
    /// The share of the window that has data, 0 to 1.
    pub coverage: Ratio,
    /// When the newest data ends.
    pub data_until: Timestamp,
    /// How old the newest data is at `now`, in seconds.
    pub age_seconds: i64,
    /// Whether the number of events in the whole window is an estimate.
    pub estimated: bool,
    /// The period, for a calendar window.
    pub period: Option<Period>,
    /// The share of the budget that the period before spent, for a calendar window.
    pub consumed_before: Option<Ratio>,
}

/// When a budget runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhaustion {
    /// Nothing is left since this instant, or longer where the data begins then.
    Since(Timestamp),
    /// Nothing will be left at this instant, if the present burn rate goes on and no old error
    /// leaves the window before.
    At(Timestamp),
    /// Not at the present burn rate: not in this period, or never for a rolling window.
    NotAtThisRate,
    /// The present burn rate is not known.
    Unknown,
}

/// When something that is closed opens again, as old errors leave the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// If nothing fails any more, at the mean traffic of the window.
    pub without_errors: Option<Timestamp>,
    /// If the present burn rate goes on.
    pub at_present_burn: Option<Timestamp>,
    /// When the row with the most bad events of the window started.
    pub largest: Option<Timestamp>,
}

impl BudgetState {
    /// Returns the word for the state in our output.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Known(_) => "known",
            Self::NoTraffic => "no-traffic",
            Self::NoData { .. } => "no-data",
            Self::Error { .. } => "error",
        }
    }

    /// Returns what is known.
    pub fn known(&self) -> Option<&Known> {
        match self {
            Self::Known(known) => Some(known),
            Self::NoTraffic | Self::NoData { .. } | Self::Error { .. } => None,
        }
    }

    /// Returns why the state is not known.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::NoData { reason } | Self::Error { reason } => Some(reason),
            Self::Known(_) | Self::NoTraffic => None,
        }
    }
}

/// Returns the lookbacks that the alerts of an SLO name, and 1h, 6h and 3d, shortest first.
pub fn alert_lookbacks(catalog: &Catalog, slo: &Slo) -> Vec<Duration> {
    let named = catalog
        .conditions_of(slo)
        .filter_map(|(_, condition)| Some(condition.burn_rate.as_ref()?.lookback.value));
    let usual =
        [Duration::new(1, Unit::Hour), Duration::new(6, Unit::Hour), Duration::new(3, Unit::Day)];
    let mut lookbacks: Vec<Duration> = usual.into_iter().chain(named).collect();
    lookbacks.sort_by_key(|lookback| lookback.nominal_seconds());
    lookbacks.dedup_by_key(|lookback| lookback.nominal_seconds());
    lookbacks
}

/// Returns where the budget of an objective stands.
///
/// * `terms`: what the objective promises, or why that cannot be told.
/// * `lookbacks`: what burn rates are shown for.
/// * `step_seconds`: the grid; `now` is taken to it, or to the rows where they are longer.
/// * `no_data`: how much data is needed; what it says about idle time and few events holds for the
///   burn rates alone.
pub fn state(
    terms: &Result<Terms, Undefined>,
    measurement: &Measurement,
    lookbacks: &[Duration],
    step_seconds: i64,
    no_data: &NoData,
    now: Timestamp,
) -> BudgetState {
    let terms = match terms {
        Ok(terms) => terms,
        Err(undefined) => {
            let reason = Reason::Undefined(*undefined);
            return BudgetState::Error { reason };
        }
    };
    let series = match &measurement.series {
        Ok(series) => series,
        Err(failure) => {
            let reason = Reason::Failed(failure.clone());
            return if failure.is_absence() {
                BudgetState::NoData { reason }
            } else {
                BudgetState::Error { reason }
            };
        }
    };
    let step_seconds = series.step_seconds(step_seconds);
    let judged =
        Judged { series, terms, no_data, step_seconds, instant: instant(now, step_seconds) };
    judged.state(lookbacks, now)
}

/// How a series may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Every further row, if nothing fails any more.
    pub without_errors: Counts,
    /// Every further row, if the present burn rate goes on; nothing where that is not known.
    pub at_present_burn: Option<Counts>,
    /// When the row with the most bad events of the window started.
    pub largest: Option<Timestamp>,
}

impl Outlook {
    /// Looks ahead from an instant, at the mean traffic of the window before it.
    pub fn new(series: &Series, terms: &Terms, no_data: &NoData, instant: Timestamp) -> Self {
        let after = moved(instant, -terms.window.reach_seconds());
        let mean = mean_row(series, after, instant);
        let with_burn = |burn: &Ratio| {
            let bad = burn * &terms.error_budget();
            let bad = if bad > Ratio::one() { Ratio::one() } else { bad };
            Counts { good: &mean * &bad.complement(), valid: mean.clone() }
        };
        Self {
            without_errors: with_burn(&Ratio::zero()),
            at_present_burn: present_burn(series, terms, no_data, instant)
                .map(|burn| with_burn(&burn)),
            largest: series.worst(after, instant).map(|row| row.start),
        }
    }
}

/// Returns the mean of valid events in a row that has data.
fn mean_row(series: &Series, after: Timestamp, until: Timestamp) -> Ratio {
    let totals = series.totals(after, until);
    let rows = Ratio::new(series.row_seconds(), totals.covered_seconds);
    rows.map_or_else(Ratio::zero, |rows| &totals.valid * &rows)
}

fn present_burn(
    series: &Series,
    terms: &Terms,
    no_data: &NoData,
    instant: Timestamp,
) -> Option<Ratio> {
    PRESENT.into_iter().find_map(|seconds| {
        let burn = burn_over(series, terms, seconds, instant, no_data);
        burn.known().cloned()
    })
}

/// One objective, judged at one instant.
struct Judged<'a> {
    series: &'a Series,
    terms: &'a Terms,
    no_data: &'a NoData,
    step_seconds: i64,
    instant: Timestamp,
}

impl Judged<'_> {
    fn state(&self, lookbacks: &[Duration], now: Timestamp) -> BudgetState {
        let spent = match Spent::over_window(self.series, self.terms, self.instant) {
            Ok(spent) => spent,
            Err(obstacle @ Obstacle::Undefined(_)) => {
                let reason = obstacle.into();
                return BudgetState::Error { reason };
            }
            Err(obstacle) => {
                let reason = obstacle.into();
                return BudgetState::NoData { reason };
            }
        };
        let coverage = spent.coverage();
        let data_until = self.series.last_data(self.instant);
        let (Some(data_until), true) = (data_until, coverage >= self.no_data.min_coverage) else {
            let reason =
                Reason::Coverage { covered: coverage, needed: self.no_data.min_coverage.clone() };
            return BudgetState::NoData { reason };
        };
        let indicator = spent.totals.good.checked_div(&spent.totals.valid);
        // As for a burn rate: a period that has only begun has spent nothing, and that is known.
        let is_idle = indicator.is_none() && spent.seconds > 0;
        let consumed = spent.consumed(self.terms).filter(|_| !is_idle);
        let Some(consumed) = consumed else { return BudgetState::NoTraffic };
        let allowed = &spent.expected * &self.terms.error_budget();
        let burn_rate = |lookback: &Duration| {
            let seconds = i64::try_from(lookback.nominal_seconds()).unwrap_or(i64::MAX);
            let burn = burn_over(self.series, self.terms, seconds, self.instant, self.no_data);
            (*lookback, burn)
        };
        let is_spent = consumed >= Ratio::one();
        let opens = is_spent && spent.period.is_none();
        BudgetState::Known(Box::new(Known {
            instant: self.instant,
            indicator,
            good: spent.totals.good.clone(),
            valid: spent.totals.valid.clone(),
            remaining: consumed.complement(),
            left: &allowed - &spent.totals.bad(),
            allowed,
            burn_rates: lookbacks.iter().map(burn_rate).collect(),
            exhaustion: self.exhaustion(&consumed, spent.period),
            opening: opens.then(|| self.opening()),
            consumed,
            coverage,
            data_until,
            age_seconds: (now.as_second() - data_until.as_second()).max(0),
            estimated: spent.estimated,
            period: spent.period,
            consumed_before: spent.period.and_then(|period| self.consumed_before(period)),
        }))
    }

    fn is_spent(&self, series: &Series, instant: Timestamp) -> Option<bool> {
        let spent = Spent::over_window(series, self.terms, instant).ok()?;
        if spent.coverage() < self.no_data.min_coverage {
            return None;
        }
        Some(spent.consumed(self.terms)? >= Ratio::one())
    }

    fn exhaustion(&self, consumed: &Ratio, period: Option<Period>) -> Exhaustion {
        if *consumed >= Ratio::one() {
            let earlier = (1..MAX_INSTANTS)
                .map(|index| moved(self.instant, -index * self.step_seconds))
                .take_while(|&at| period.is_none_or(|period| at > period.start))
                .take_while(|&at| self.is_spent(self.series, at) == Some(true));
            return Exhaustion::Since(earlier.last().unwrap_or(self.instant));
        }
        let burn = present_burn(self.series, self.terms, self.no_data, self.instant);
        let Some(burn) = burn else {
            return Exhaustion::Unknown;
        };
        let rolls = matches!(self.terms.window, TimeWindow::Rolling { .. });
        let length = match (&self.terms.window, period) {
            (TimeWindow::Rolling { seconds }, _) => *seconds,
            (TimeWindow::Calendar { .. }, Some(period)) => period.seconds(),
            (TimeWindow::Calendar { .. }, None) => return Exhaustion::Unknown,
        };
        if burn.is_zero() || rolls && burn <= Ratio::one() {
            return Exhaustion::NotAtThisRate;
        }
        let seconds = (consumed.complement() * Ratio::whole(length)).checked_div(&burn);
        let at = seconds
            .and_then(|seconds| seconds.floor().to_i64())
            .map(|seconds| moved(self.instant, seconds));
        match at {
            Some(at) if period.is_none_or(|period| at < period.end) => Exhaustion::At(at),
            _ => Exhaustion::NotAtThisRate,
        }
    }

    fn opening(&self) -> Opening {
        let steps = self.terms.window.reach_seconds() / self.step_seconds + 2;
        let steps = steps.min(MAX_INSTANTS);
        let until = moved(self.instant, steps * self.step_seconds);
        let find = |counts: &Counts| {
            let series = self.series.projected(self.instant, until, counts);
            (1..=steps)
                .map(|index| moved(self.instant, index * self.step_seconds))
                .find(|&at| self.is_spent(&series, at) == Some(false))
        };
        let outlook = Outlook::new(self.series, self.terms, self.no_data, self.instant);
        Opening {
            without_errors: find(&outlook.without_errors),
            at_present_burn: outlook.at_present_burn.as_ref().and_then(find),
            largest: outlook.largest,
        }
    }

    fn consumed_before(&self, period: Period) -> Option<Ratio> {
        let before = self.terms.window.period_before(period)?;
        let totals = self.series.totals(before.start, before.end);
        let covered = Ratio::new(totals.covered_seconds, before.seconds())?;
        let allowed = &totals.valid * &self.terms.error_budget();
        let consumed = totals.bad().checked_div(&allowed)?;
        (covered >= self.no_data.min_coverage).then_some(consumed)
    }
}

#[cfg(test)]
mod tests;
