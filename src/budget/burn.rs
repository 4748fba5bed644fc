//! The burn rate over a lookback, or why it is not known.

use jiff::Timestamp;

use crate::model::BudgetingMethod;
use crate::model::Lookback;
use crate::model::NoData;
use crate::model::Operator;
use crate::model::ZeroTraffic;
use crate::quantity::Ratio;

use super::Failure;
use super::Period;
use super::Series;
use super::Terms;
use super::TimeWindow;
use super::Totals;
use super::Undefined;
use super::moved;

/// The number of rows from which on a lookback that is no multiple of them is taken to the row.
const ROWS_THAT_FIT: i64 = 12;

/// Why a number is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Too little of the time has data.
    Coverage {
        /// The share of the time that has data, 0 to 1.
        covered: Ratio,
        /// The share that is needed, 0 to 1.
        needed: Ratio,
    },
    /// The rows are too long to tell.
    Resolution {
        /// The lookback, in seconds.
        lookback_seconds: i64,
        /// The length of a row, in seconds.
        row_seconds: i64,
    },
    /// There is data, and nothing happened.
    NoTraffic,
    /// Too little happened to tell.
    TooFewEvents {
        /// The number of valid events.
        events: Ratio,
        /// The number that is needed.
        needed: Ratio,
    },
    /// The definition cannot be judged.
    Undefined(Undefined),
    /// The measurement failed.
    Failed(Failure),
    /// The condition has no name that the policy defines, or names itself.
    Condition(String),
}

impl Reason {
    /// Returns the word for the reason in our output.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Coverage { .. } => "coverage",
            Self::Resolution { .. } => "resolution",
            Self::NoTraffic => "no-traffic",
            Self::TooFewEvents { .. } => "too-few-events",
            Self::Undefined(_) => "undefined",
            Self::Failed(failure) => failure.word(),
            Self::Condition(_) => "condition",
        }
    }
}

/// A burn rate, if it is known.
///
/// 1 spends exactly the whole budget in one window. Dimensionless, 0 or more, no upper bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Burn {
    /// The burn rate.
    Known(Ratio),
    /// It is not known.
    Unknown {
        /// Why.
        reason: Reason,
        /// The least and the most that it can be, where that can be told: for timeslices, with all
        /// that is missing good, and with all of it bad.
        bounds: Option<(Ratio, Ratio)>,
    },
}

impl Burn {
    /// Returns a burn rate of which nothing is known.
    pub fn unknown(reason: Reason) -> Self {
        Self::Unknown { reason, bounds: None }
    }

    /// Returns the burn rate, where it is known.
    pub fn known(&self) -> Option<&Ratio> {
        match self {
            Self::Known(rate) => Some(rate),
            Self::Unknown { .. } => None,
        }
    }

    /// Returns whether the burn rate compares so with a threshold.
    ///
    /// A burn rate that is not known still decides where both of its bounds agree; nothing where
    /// they do not.
    pub fn compares(&self, operator: Operator, threshold: &Ratio) -> Option<bool> {
        match self {
            Self::Known(rate) => Some(operator.holds(rate, threshold)),
            Self::Unknown { bounds: Some((least, most)), .. } => {
                let holds = operator.holds(least, threshold);
                (holds == operator.holds(most, threshold)).then_some(holds)
            }
            Self::Unknown { bounds: None, .. } => None,
        }
    }
}

/// Returns the burn rate over a lookback that ends at an instant.
///
/// # Source
///
/// Google, *The Site Reliability Workbook*, chapter 5, "Alerting on SLOs": the rate is the bad share
/// of the lookback over `1 − target`.
pub fn burn(
    series: &Series,
    terms: &Terms,
    lookback: Lookback,
    instant: Timestamp,
    no_data: &NoData,
) -> Burn {
    match lookback {
        Lookback::For(duration) => {
            let seconds = i64::try_from(duration.nominal_seconds()).unwrap_or(i64::MAX);
            burn_over(series, terms, seconds, instant, no_data)
        }
        Lookback::Slo => match Spent::over_window(series, terms, instant) {
            Ok(spent) => spent.burn(terms, no_data),
            Err(obstacle) => Burn::unknown(obstacle.into()),
        },
    }
}

/// Returns the burn rate over a number of seconds that end at an instant.
pub fn burn_over(
    series: &Series,
    terms: &Terms,
    seconds: i64,
    instant: Timestamp,
    no_data: &NoData,
) -> Burn {
    match Spent::over(series, seconds, instant) {
        Ok(spent) => spent.burn(terms, no_data),
        Err(obstacle) => Burn::unknown(obstacle.into()),
    }
}

/// Returns the seconds that are added up for a lookback: whole rows; nothing where the rows are too
/// long to tell.
///
/// * `row_seconds`: the length of a row, or 0 when there is none.
pub fn fitted_seconds(seconds: i64, row_seconds: i64) -> Option<i64> {
    if row_seconds <= 0 || seconds % row_seconds == 0 {
        return Some(seconds);
    }
    let rows = seconds / row_seconds;
    (rows >= ROWS_THAT_FIT).then_some(rows * row_seconds)
}

/// Why nothing can be added up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Obstacle {
    /// The rows are too long to tell.
    Resolution {
        /// The lookback, in seconds.
        lookback_seconds: i64,
        /// The length of a row, in seconds.
        row_seconds: i64,
    },
    /// The definition cannot be judged.
    Undefined(Undefined),
}

impl From<Obstacle> for Reason {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::Resolution { lookback_seconds, row_seconds } => {
                Self::Resolution { lookback_seconds, row_seconds }
            }
            Obstacle::Undefined(undefined) => Self::Undefined(undefined),
        }
    }
}

/// What was counted over a stretch of time, and what is expected of it in whole.
#[derive(Clone, Debug)]
pub(super) struct Spent {
    /// The counts so far.
    pub(super) totals: Totals,
    /// The length of the time so far, in seconds.
    pub(super) seconds: i64,
    /// Valid events expected in the whole time; those so far for a rolling window.
    pub(super) expected: Ratio,
    /// Whether `expected` is estimated.
    pub(super) estimated: bool,
    /// The period, for a calendar window.
    pub(super) period: Option<Period>,
}

impl Spent {
    /// Adds up a lookback.
    pub(super) fn over(
        series: &Series,
        seconds: i64,
        instant: Timestamp,
    ) -> Result<Self, Obstacle> {
        let row_seconds = series.row_seconds();
        let Some(length) = fitted_seconds(seconds, row_seconds) else {
            return Err(Obstacle::Resolution { lookback_seconds: seconds, row_seconds });
        };
        let totals = series.totals(moved(instant, -length), instant);
        Ok(Self {
            expected: totals.valid.clone(),
            totals,
            seconds: length,
            estimated: false,
            period: None,
        })
    }

    /// Adds up the window of an objective.
    pub(super) fn over_window(
        series: &Series,
        terms: &Terms,
        instant: Timestamp,
    ) -> Result<Self, Obstacle> {
        if let TimeWindow::Rolling { seconds } = terms.window {
            return Self::over(series, seconds, instant);
        }
        let period = terms.window.period(instant);
        let period = period.ok_or(Obstacle::Undefined(Undefined("window")))?;
        let totals = series.totals(period.start, instant);
        let seconds = instant.as_second() - period.start.as_second();
        let known = match terms.method {
            BudgetingMethod::Occurrences => None,
            BudgetingMethod::Timeslices | BudgetingMethod::RatioTimeslices => {
                terms.slices(period.seconds())
            }
        };
        let estimated = known.is_none();
        let expected = known.unwrap_or_else(|| {
            let before = terms.window.period_before(period);
            expected_events(series, period, before, &totals, seconds)
        });
        Ok(Self { totals, seconds, expected, estimated, period: Some(period) })
    }

    /// Returns the share of the time that has data, 0 to 1; 1 where no time has passed.
    pub(super) fn coverage(&self) -> Ratio {
        let covered = self.totals.covered_seconds.min(self.seconds);
        Ratio::new(covered, self.seconds).unwrap_or_else(Ratio::one)
    }

    /// Returns bad events over those that may be bad; nothing where none are expected.
    pub(super) fn consumed(&self, terms: &Terms) -> Option<Ratio> {
        let allowed = &self.expected * &terms.error_budget();
        self.totals.bad().checked_div(&allowed)
    }

    fn burn(&self, terms: &Terms, no_data: &NoData) -> Burn {
        let covered = self.coverage();
        if covered < no_data.min_coverage {
            return Burn::Unknown {
                reason: Reason::Coverage { covered, needed: no_data.min_coverage.clone() },
                bounds: self.bounds(terms),
            };
        }
        let valid = &self.totals.valid;
        // A period that has only begun has spent nothing, and that is known.
        let begun = self.seconds > 0 || self.expected.is_zero();
        if valid.is_zero() && begun {
            // Silence is not health: idle time was measured, missing time was not.
            let idle = self.totals.covered_seconds > 0;
            return match no_data.zero_traffic {
                ZeroTraffic::Good if idle => Burn::Known(Ratio::zero()),
                ZeroTraffic::Good | ZeroTraffic::Unknown => Burn::unknown(Reason::NoTraffic),
            };
        }
        if *valid < no_data.min_events && begun {
            return Burn::unknown(Reason::TooFewEvents {
                events: valid.clone(),
                needed: no_data.min_events.clone(),
            });
        }
        match self.consumed(terms) {
            Some(rate) => Burn::Known(rate),
            None => Burn::unknown(Reason::NoTraffic),
        }
    }

    /// Returns the burn rate with every missing slice good, and with every one bad.
    fn bounds(&self, terms: &Terms) -> Option<(Ratio, Ratio)> {
        if terms.method != BudgetingMethod::Timeslices {
            return None;
        }
        let missing = (self.seconds - self.totals.covered_seconds).max(0);
        let missing = terms.slices(missing)?;
        let slices = match self.period {
            Some(_) => self.expected.clone(),
            None => &self.totals.valid + &missing,
        };
        let allowed = slices * terms.error_budget();
        let bad = self.totals.bad();
        let least = bad.checked_div(&allowed)?;
        let most = (bad + missing).checked_div(&allowed)?;
        Some((least, most))
    }
}

/// Returns the events expected in a period: those of the measured time of the period before, scaled
/// to this one's length, or those so far when they are more.
///
/// Without a period before, those so far are scaled to the whole length.
fn expected_events(
    series: &Series,
    period: Period,
    before: Option<Period>,
    so_far: &Totals,
    seconds: i64,
) -> Ratio {
    let scaled = |events: &Ratio, to: i64, from: i64| {
        let factor = Ratio::new(to, from)?;
        Some(events * &factor)
    };
    let previous = before.and_then(|before| {
        let totals = series.totals(before.start, before.end);
        let measured = totals.covered_seconds.min(before.seconds());
        scaled(&totals.valid, period.seconds(), measured).filter(|events| !events.is_zero())
    });
    let estimate = previous.or_else(|| scaled(&so_far.valid, period.seconds(), seconds));
    match estimate {
        Some(estimate) if estimate > so_far.valid => estimate,
        _ => so_far.valid.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::at;
    use crate::budget::series::tests::hourly;
    use crate::budget::terms::tests::rolling;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600;
    const DAY: i64 = 86_400;

    fn ratio(text: &str) -> Ratio {
        Ratio::parse(text).expect("a decimal")
    }

    fn at_hour(series: &Series, seconds: i64, hour: i64, no_data: &NoData) -> Burn {
        burn_over(series, &rolling("0.999", 30), seconds, at(hour * HOUR), no_data)
    }

    #[test]
    fn a_burn_rate_of_one_is_one_exactly() {
        // A background of 0.05 %, then 0.15 %: over seven days the mean is 0.1 % after 84 hours.
        let rows: Vec<_> =
            (0..168 + 100).map(|hour| Some((if hour < 168 { 5 } else { 15 }, 10_000))).collect();
        let series = hourly(&rows);
        let burn = |hours: i64| at_hour(&series, 7 * DAY, 168 + hours, &NoData::default());
        assert_eq!(burn(84), Burn::Known(Ratio::one()));
        assert!(burn(83).known() < Some(&Ratio::one()));
        assert_eq!(burn(84).compares(Operator::Gte, &Ratio::one()), Some(true));
        assert_eq!(burn(84).compares(Operator::Gt, &Ratio::one()), Some(false));
    }

    #[test]
    fn too_little_data_is_not_a_number() {
        let mut rows = vec![Some((0, 100)); 10];
        rows[3] = None;
        let series = hourly(&rows);
        let no_data = NoData::default();
        let nine_tenths = at_hour(&series, 10 * HOUR, 10, &no_data);
        assert_eq!(nine_tenths, Burn::Known(Ratio::zero()), "0.9 of the time is enough");
        let reason = Reason::Coverage { covered: ratio("0.8"), needed: ratio("0.9") };
        assert_eq!(at_hour(&series, 5 * HOUR, 5, &no_data), Burn::unknown(reason));
        let empty = at_hour(&Series::default(), HOUR, 5, &no_data);
        assert!(matches!(empty, Burn::Unknown { reason: Reason::Coverage { .. }, .. }));
    }

    #[test]
    fn idle_time_is_what_the_policy_says_and_missing_time_never_is() {
        let series = hourly(&[Some((0, 0)), Some((0, 3))]);
        let mut no_data = NoData::default();
        assert_eq!(at_hour(&series, HOUR, 1, &no_data), Burn::unknown(Reason::NoTraffic));
        no_data.zero_traffic = ZeroTraffic::Good;
        no_data.min_events = ratio("5");
        assert_eq!(at_hour(&series, HOUR, 1, &no_data), Burn::Known(Ratio::zero()));
        let few = Reason::TooFewEvents { events: ratio("3"), needed: ratio("5") };
        assert_eq!(at_hour(&series, HOUR, 2, &no_data), Burn::unknown(few));
        no_data.min_coverage = Ratio::zero();
        let missing = at_hour(&series, HOUR, 100, &no_data);
        assert_eq!(missing, Burn::unknown(Reason::NoTraffic));
    }

    #[test]
    fn a_lookback_between_the_rows_needs_twelve_of_them() {
        let series = hourly(&[Some((1, 100)); 30]);
        let burn = |minutes: i64| at_hour(&series, minutes * 60, 30, &NoData::default());
        assert_eq!(burn(60), Burn::Known(ratio("10")));
        let short = Reason::Resolution { lookback_seconds: 90 * 60, row_seconds: HOUR };
        assert_eq!(burn(90), Burn::unknown(short));
        assert!(matches!(burn(5), Burn::Unknown { reason: Reason::Resolution { .. }, .. }));
        assert_eq!(burn(12 * 60 + 30), Burn::Known(ratio("10")));
        assert!(burn(11 * 60 + 30).known().is_none());
    }

    #[test]
    fn missing_slices_decide_nothing_unless_both_extremes_agree() {
        let mut terms = rolling("0.9", 30);
        terms.method = BudgetingMethod::Timeslices;
        terms.slice_seconds = Some(HOUR);
        // Eight slices of ten are known, one of them bad.
        let mut rows = vec![Some((0, 1)); 10];
        rows[0] = Some((1, 1));
        rows[4] = None;
        rows[5] = None;
        let burn = burn_over(&hourly(&rows), &terms, 10 * HOUR, at(10 * HOUR), &NoData::default());
        assert!(burn.known().is_none());
        assert_eq!(burn.compares(Operator::Gte, &ratio("1")), Some(true));
        assert_eq!(burn.compares(Operator::Gt, &ratio("1")), None, "between 1 and 3");
        assert_eq!(burn.compares(Operator::Gt, &ratio("3")), Some(false));
        terms.method = BudgetingMethod::Occurrences;
        let burn = burn_over(&hourly(&rows), &terms, 10 * HOUR, at(10 * HOUR), &NoData::default());
        assert_eq!(burn.compares(Operator::Gte, &ratio("1")), None);
    }

    proptest! {
        #[test]
        fn more_traffic_of_the_same_quality_burns_alike(
            rows in prop::collection::vec((0i64..50, 50i64..1000), 1..40),
            factor in 1i64..1000,
        ) {
            let length = i64::try_from(rows.len()).expect("a small number");
            let scaled = |factor: i64| {
                let rows = rows.iter().map(|(bad, valid)| Some((bad * factor, valid * factor)));
                hourly(&rows.collect::<Vec<_>>())
            };
            let burn = |series: &Series| at_hour(series, length * HOUR, length, &NoData::default());
            prop_assert_eq!(burn(&scaled(1)), burn(&scaled(factor)));
        }

        #[test]
        fn what_the_bounds_decide_no_missing_slice_can_change(
            rows in prop::collection::vec((any::<bool>(), any::<bool>()), 2..40),
            threshold in 0i64..12,
        ) {
            let mut terms = rolling("0.9", 30);
            terms.method = BudgetingMethod::Timeslices;
            terms.slice_seconds = Some(HOUR);
            let length = i64::try_from(rows.len()).expect("a small number");
            let judge = |rows: &[Option<(i64, i64)>]| {
                let no_data = NoData::default();
                burn_over(&hourly(rows), &terms, length * HOUR, at(length * HOUR), &no_data)
            };
            let slice = |bad: bool| Some((i64::from(bad), 1));
            let gaps: Vec<_> = rows
                .iter()
                .map(|(bad, missing)| if *missing { None } else { slice(*bad) })
                .collect();
            let whole: Vec<_> = rows.iter().map(|(bad, _)| slice(*bad)).collect();
            let threshold = Ratio::whole(threshold);
            let decided = judge(&gaps);
            let enough = decided.known().is_none();
            if let (true, Some(holds)) = (enough, decided.compares(Operator::Gte, &threshold)) {
                let really = judge(&whole).compares(Operator::Gte, &threshold);
                prop_assert_eq!(really, Some(holds));
            }
        }

        #[test]
        fn a_burn_rate_is_the_plain_quotient(
            rows in prop::collection::vec((0i64..50, 50i64..1000), 1..40),
        ) {
            let length = i64::try_from(rows.len()).expect("a small number");
            let bad: i64 = rows.iter().map(|(bad, _)| bad).sum();
            let valid: i64 = rows.iter().map(|(_, valid)| valid).sum();
            let rows: Vec<_> = rows.into_iter().map(Some).collect();
            let burn = at_hour(&hourly(&rows), length * HOUR, length, &NoData::default());
            prop_assert_eq!(burn, Burn::Known(Ratio::new(bad * 1000, valid).expect("events")));
        }
    }
}
