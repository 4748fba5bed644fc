use std::sync::Arc;

use super::*;
use crate::budget::Definition;
use crate::budget::Failure;
use crate::budget::Row;
use crate::budget::at;
use crate::budget::burn;
use crate::budget::series::tests::hourly;
use crate::budget::terms::tests::rolling;
use crate::model::BudgetingMethod;
use crate::model::Lookback;

const HOUR: i64 = 3_600;

fn ratio(text: &str) -> Ratio {
    Ratio::parse(text).expect("a decimal")
}

fn measured(series: Result<Series, Failure>) -> Measurement {
    Measurement {
        slo: "checkout".into(),
        service: None,
        objective: 0,
        definition: Definition::Trusted,
        series: series.map(Arc::new),
        backend: "prod".into(),
        source: "recorded".into(),
        method: None,
        observed_at: at(0),
        warnings: Vec::new(),
    }
}

fn judge(terms: Terms, series: Series, now: i64) -> BudgetState {
    let lookbacks = [Duration::new(1, Unit::Hour)];
    let measurement = measured(Ok(series));
    state(&Ok(terms), &measurement, &lookbacks, HOUR, &NoData::default(), at(now))
}

fn known(terms: Terms, series: Series, now: i64) -> Known {
    let state = judge(terms, series, now);
    state.known().cloned().unwrap_or_else(|| panic!("{state:?}"))
}

/// One row over thirty days.
fn whole(good: &str, valid: &str) -> Series {
    let counts = Counts { good: ratio(good), valid: ratio(valid) };
    let row = Row { start: at(0), end: at(30 * 86_400), counts: Some(counts) };
    Series::new(vec![row]).expect("one row")
}

#[test]
fn the_worked_cases_come_out_as_published() {
    let day = known(rolling("0.999", 30), whole("21800042.72", "21808800"), 30 * 86_400);
    assert_eq!(day.remaining.percent().fixed(1), "59.8");
    let case = known(rolling("0.999", 30), whole("25871076", "25920000"), 30 * 86_400);
    assert_eq!(case.indicator, Some(ratio("0.9981125")));
    assert_eq!(case.remaining, ratio("-0.8875"));
    assert_eq!(case.allowed, ratio("25920"));
    assert_eq!(case.left, ratio("-23004"));
    let mut slices = rolling("0.999", 30);
    slices.method = BudgetingMethod::Timeslices;
    let slices = known(slices, whole("9937.4", "10000"), 30 * 86_400);
    assert_eq!(slices.remaining, ratio("-5.26"));
}

#[test]
fn a_budget_of_forty_percent_at_a_burn_rate_of_six_lasts_two_days() {
    // 720 hours at 99 %: 7200 events may fail. 3960 failed at once, 360 in the last six hours.
    let mut rows = vec![Some((0, 1_000)); 714];
    rows.extend([Some((60, 1_000)); 6]);
    for row in rows.iter_mut().skip(400).take(4) {
        *row = Some((990, 1_000));
    }
    let now = known(rolling("0.99", 30), hourly(&rows), 720 * HOUR);
    assert_eq!(now.remaining, ratio("0.4"));
    assert_eq!(now.exhaustion, Exhaustion::At(at((720 + 48) * HOUR)));
    assert_eq!(now.opening, None);
}

#[test]
fn a_spent_budget_says_since_when_and_when_it_opens() {
    // An outage of one hour at 60 % spends 1.2 of seven days at 99.7 %.
    let mut rows = vec![Some((0, 1_000)); 168 + 40];
    rows[180] = Some((605, 1_000));
    let now = known(rolling("0.997", 7), hourly(&rows), 208 * HOUR);
    assert!(now.remaining.is_negative());
    assert_eq!(now.exhaustion, Exhaustion::Since(at(181 * HOUR)));
    let opening = now.opening.expect("a rolling window opens");
    assert_eq!(opening.without_errors, Some(at((181 + 168) * HOUR)));
    assert_eq!(opening.at_present_burn, Some(at((181 + 168) * HOUR)));
    assert_eq!(opening.largest, Some(at(180 * HOUR)));
}

#[test]
fn exactly_all_of_the_budget_is_spent_and_nothing_less() {
    let spent = known(rolling("0.9", 30), whole("900", "1000"), 30 * 86_400);
    assert_eq!((spent.consumed, spent.left), (Ratio::one(), Ratio::zero()));
    assert!(matches!(spent.exhaustion, Exhaustion::Since(_)));
    let nearly = known(rolling("0.9", 30), whole("900.0001", "1000"), 30 * 86_400);
    assert!(!matches!(nearly.exhaustion, Exhaustion::Since(_)));
}

#[test]
fn a_window_that_data_covers_too_little_is_not_known() {
    let rows: Vec<_> = (0..168).map(|hour| (hour >= 64).then_some((0, 10))).collect();
    let state = judge(rolling("0.995", 7), hourly(&rows), 168 * HOUR);
    let reason =
        Reason::Coverage { covered: Ratio::new(104, 168).expect("hours"), needed: ratio("0.9") };
    assert_eq!(state, BudgetState::NoData { reason });
    let idle = judge(rolling("0.995", 7), hourly(&[Some((0, 0)); 168]), 168 * HOUR);
    assert_eq!(idle, BudgetState::NoTraffic);
}

#[test]
fn a_failure_is_an_error_and_another_definition_is_no_data() {
    let judge = |failure: Failure| {
        let measurement = measured(Err(failure));
        let terms = Ok(rolling("0.9", 7));
        state(&terms, &measurement, &[], HOUR, &NoData::default(), at(0)).word()
    };
    assert_eq!(judge(Failure::Unreachable("connection refused".into())), "error");
    assert_eq!(judge(Failure::DefinitionChanged), "no-data");
    let terms = Err(Undefined("target"));
    let measurement = measured(Ok(Series::default()));
    let undefined = state(&terms, &measurement, &[], HOUR, &NoData::default(), at(0));
    assert_eq!(undefined.word(), "error");
}

#[test]
fn a_calendar_window_expects_the_events_of_the_period_before() {
    let mut terms = rolling("0.99", 1);
    terms.window = TimeWindow::Calendar {
        anchor: jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0),
        zone: jiff::tz::TimeZone::UTC,
        duration: Duration::new(1, Unit::Day),
    };
    let mut rows = vec![Some((2, 100)); 24];
    rows.extend([Some((10, 100)), Some((2, 100))]);
    let now = known(terms.clone(), hourly(&rows), 26 * HOUR);
    assert_eq!(now.allowed, ratio("24"), "1 % of 24 hours of 100");
    assert_eq!((now.consumed, now.estimated), (ratio("0.5"), true));
    assert_eq!(now.indicator, Some(ratio("0.94")), "over the events so far");
    assert_eq!(now.consumed_before, Some(ratio("2")));
    rows[24] = Some((10, 5_000));
    let busy = known(terms.clone(), hourly(&rows), 26 * HOUR);
    assert_eq!(busy.allowed, ratio("51"), "already more than the day before");
    terms.method = BudgetingMethod::Timeslices;
    terms.slice_seconds = Some(60);
    let slices: Vec<_> = (0..26).map(|_| Some((1, 60))).collect();
    let slices = known(terms, hourly(&slices), 26 * HOUR);
    assert_eq!((slices.allowed, slices.estimated), (ratio("14.4"), false));
}

#[test]
fn a_period_that_has_only_begun_has_spent_nothing() {
    let mut terms = rolling("0.99", 1);
    terms.window = TimeWindow::Calendar {
        anchor: jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0),
        zone: jiff::tz::TimeZone::UTC,
        duration: Duration::new(1, Unit::Day),
    };
    let series = || hourly(&[Some((2, 100)); 24]);
    let begun = known(terms.clone(), series(), 24 * HOUR);
    assert_eq!((begun.consumed, begun.remaining), (Ratio::zero(), Ratio::one()));
    assert_eq!((begun.indicator, begun.left), (None, ratio("24")));
    assert_eq!(begun.consumed_before, Some(ratio("2")));
    let no_data = NoData::default();
    let at_start = burn(&series(), &terms, Lookback::Slo, at(24 * HOUR), &no_data);
    assert_eq!(at_start, Burn::Known(Ratio::zero()), "as the gate says");
    // An hour without a request is one, and so is a day after one.
    let idle: Vec<_> = (0..25).map(|hour| Some((0, if hour < 24 { 100 } else { 0 }))).collect();
    assert_eq!(judge(terms.clone(), hourly(&idle), 25 * HOUR), BudgetState::NoTraffic);
    assert_eq!(judge(terms, hourly(&[Some((0, 0)); 24]), 24 * HOUR), BudgetState::NoTraffic);
}

#[test]
fn a_calendar_budget_runs_out_in_its_period_or_not_at_all() {
    let mut terms = rolling("0.9", 1);
    terms.window = TimeWindow::Calendar {
        anchor: jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0),
        zone: jiff::tz::TimeZone::UTC,
        duration: Duration::new(1, Unit::Day),
    };
    let day = |bad| {
        let mut rows = vec![Some((0, 100)); 24];
        rows.extend(vec![Some((bad, 100)); 12]);
        known(terms.clone(), hourly(&rows), 36 * HOUR).exhaustion
    };
    assert_eq!(day(10), Exhaustion::NotAtThisRate, "exactly at the end of the day");
    assert_eq!(day(15), Exhaustion::At(at(40 * HOUR)));
    assert!(matches!(day(20), Exhaustion::Since(_)));
}
