//! Windows as stretches of time: rolling ones by length, calendar ones by period.

use jiff::Timestamp;
use jiff::Zoned;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::civil::date;
use jiff::tz::TimeZone;

use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Unit;

/// The mean lengths of a month in the Gregorian calendar, in seconds.
const MEAN_MONTH_SECONDS: i64 = 2_629_746;

/// The time over which an objective is judged, ready for arithmetic.
#[derive(Clone, Debug)]
pub enum TimeWindow {
    /// It ends now.
    Rolling {
        /// Its length; a month counts as 30, a quarter as 90, a year as 365 days.
        seconds: i64,
    },
    /// It starts at fixed dates.
    Calendar {
        /// A date at which one period starts, on the wall of the zone.
        anchor: DateTime,
        /// The zone of the calendar.
        zone: TimeZone,
        /// The length of a period.
        duration: Duration,
    },
}

/// One period of a calendar window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// When it starts.
    pub start: Timestamp,
    /// When the next one starts.
    pub end: Timestamp,
}

impl Period {
    /// Returns the length in seconds; with daylight saving a day has 23 to 25 hours.
    pub fn seconds(self) -> i64 {
        self.end.as_second() - self.start.as_second()
    }
}

impl TimeWindow {
    /// Reads a window; nothing when its length is 0, or its date or zone cannot be read.
    ///
    /// A calendar window without a date starts with the year 2001, which began on a Monday, so that
    /// days, weeks, months, quarters and years all start where people expect. Without a zone it is
    /// in UTC.
    pub fn new(window: &Window) -> Option<Self> {
        let duration = window.duration.value;
        let seconds = i64::try_from(duration.nominal_seconds()).ok()?;
        if seconds == 0 {
            return None;
        }
        let WindowKind::Calendar { start, zone } = &window.kind else {
            return Some(Self::Rolling { seconds });
        };
        let zone = match zone {
            Some(zone) => TimeZone::get(zone.value.trim()).ok()?,
            None => TimeZone::UTC,
        };
        let anchor = match start {
            Some(start) => anchor(&start.value, &zone)?,
            None => date(2001, 1, 1).at(0, 0, 0, 0),
        };
        Some(Self::Calendar { anchor, zone, duration })
    }

    /// Returns how far back measurements are needed to judge the window at one instant, in seconds:
    /// the window, and for a calendar window the period before it too.
    pub fn reach_seconds(&self) -> i64 {
        match self {
            Self::Rolling { seconds } => *seconds,
            Self::Calendar { duration, .. } => {
                const SLACK_DAYS: i64 = 4;
                let nominal = i64::try_from(duration.nominal_seconds()).unwrap_or(i64::MAX / 4);
                nominal.saturating_mul(2).saturating_add(SLACK_DAYS * 86_400)
            }
        }
    }

    /// Returns the period that holds an instant; the instant at which a period starts is its own.
    ///
    /// Nothing for a rolling window, or beyond the years that can be told.
    pub fn period(&self, instant: Timestamp) -> Option<Period> {
        let Self::Calendar { anchor, zone, duration } = self else {
            return None;
        };
        let start = |index: i64| period_start(*anchor, zone, *duration, index);
        let origin = start(0)?;
        let length = mean_seconds(*duration).max(1);
        let mut index = (instant.as_second() - origin.as_second()).div_euclid(length);
        // The mean length is never off by more than a few days, which is at most a few periods of a
        // day; sixteen steps are plenty.
        for _ in 0..16 {
            let (this, next) = (start(index)?, start(index.checked_add(1)?)?);
            if instant < this {
                index -= 1;
            } else if instant >= next {
                index += 1;
            } else {
                return Some(Period { start: this, end: next });
            }
        }
        None
    }

    /// Returns the period before the one given.
    pub fn period_before(&self, period: Period) -> Option<Period> {
        self.period(super::moved(period.start, -1))
    }
}

/// Reads a date with an optional time; an offset in the text overrules the zone.
fn anchor(text: &str, zone: &TimeZone) -> Option<DateTime> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.to_zoned(zone.clone()).datetime());
    }
    let midnight = |date: Date| date.at(0, 0, 0, 0);
    let civil = text.parse::<DateTime>().ok();
    civil.or_else(|| text.parse::<Date>().ok().map(midnight))
}

fn period_start(
    anchor: DateTime,
    zone: &TimeZone,
    duration: Duration,
    index: i64,
) -> Option<Timestamp> {
    let count = i64::try_from(duration.count).ok()?.checked_mul(index)?;
    let span = jiff::Span::new();
    let zoned = |datetime: DateTime| -> Option<Zoned> { datetime.to_zoned(zone.clone()).ok() };
    let span = match duration.unit {
        Unit::Year => span.try_years(count),
        Unit::Quarter => span.try_months(count.checked_mul(3)?),
        Unit::Month => span.try_months(count),
        Unit::Week => span.try_weeks(count),
        Unit::Day => span.try_days(count),
        Unit::Hour | Unit::Minute | Unit::Second => {
            let length = i64::try_from(duration.unit.nominal_seconds()).ok()?;
            let start = zoned(anchor)?.timestamp().as_second();
            let moved = start.checked_add(count.checked_mul(length)?)?;
            return Timestamp::from_second(moved).ok();
        }
    };
    let datetime = anchor.checked_add(span.ok()?).ok()?;
    Some(zoned(datetime)?.timestamp())
}

fn mean_seconds(duration: Duration) -> i64 {
    let unit = match duration.unit {
        Unit::Year => 12 * MEAN_MONTH_SECONDS,
        Unit::Quarter => 3 * MEAN_MONTH_SECONDS,
        Unit::Month => MEAN_MONTH_SECONDS,
        unit => i64::try_from(unit.nominal_seconds()).unwrap_or(1),
    };
    let count = i64::try_from(duration.count).unwrap_or(i64::MAX);
    unit.saturating_mul(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;
    use crate::source::Spanned;

    fn calendar(duration: &str, start: Option<&str>, zone: Option<&str>) -> Option<TimeWindow> {
        of_length(Duration::parse(duration).expect("a duration"), start, zone)
    }

    fn of_length(
        duration: Duration,
        start: Option<&str>,
        zone: Option<&str>,
    ) -> Option<TimeWindow> {
        let spanned = |text: &str| Spanned::new(text.into(), Span::default());
        TimeWindow::new(&Window {
            duration: Spanned::new(duration, Span::default()),
            kind: WindowKind::Calendar { start: start.map(spanned), zone: zone.map(spanned) },
            span: Span::default(),
        })
    }

    fn period(window: &TimeWindow, at: &str) -> (String, String) {
        let period = window.period(at.parse().expect("an instant"));
        let period = period.expect("a period");
        (period.start.to_string(), period.end.to_string())
    }

    #[test]
    fn months_have_their_own_lengths() {
        let window = calendar("1M", Some("2026-01-01 00:00:00"), Some("Asia/Tokyo"));
        let window = window.expect("a window");
        let february = ("2026-01-31T15:00:00Z".into(), "2026-02-28T15:00:00Z".into());
        assert_eq!(period(&window, "2026-02-10T00:00:00Z"), february);
        assert_eq!(period(&window, "2026-01-31T15:00:00Z"), february);
        assert_ne!(period(&window, "2026-01-31T14:59:59Z"), february);
        let long_ago = period(&window, "1826-02-10T00:00:00Z");
        assert!(long_ago.0.starts_with("1826-01-31"), "{long_ago:?}");
    }

    #[test]
    fn a_month_that_starts_on_the_31st_never_drifts() {
        let window = calendar("1M", Some("2026-01-31"), None).expect("a window");
        let march = ("2026-02-28T00:00:00Z".into(), "2026-03-31T00:00:00Z".into());
        assert_eq!(period(&window, "2026-03-15T00:00:00Z"), march);
    }

    #[test]
    fn days_follow_the_wall_through_daylight_saving() {
        let window = calendar("1d", Some("2026-01-01"), Some("Europe/Berlin"));
        let window = window.expect("a window");
        let hours = |at: &str| {
            let period = window.period(at.parse().expect("an instant"));
            period.map(|period| period.seconds() / 3_600)
        };
        assert_eq!(hours("2026-03-29T10:00:00Z"), Some(23));
        assert_eq!(hours("2026-10-25T10:00:00Z"), Some(25));
        assert_eq!(hours("2026-07-01T10:00:00Z"), Some(24));
    }

    #[test]
    fn quarters_years_and_weeks_start_where_people_expect() {
        let start = |duration| {
            let window = calendar(duration, None, None).expect("a window");
            period(&window, "2026-11-22T09:00:00Z").0
        };
        assert_eq!(start("1Q"), "2026-10-01T00:00:00Z");
        assert_eq!(start("1Y"), "2026-01-01T00:00:00Z");
        assert_eq!(start("1w"), "2026-11-16T00:00:00Z");
        assert_eq!(start("12h"), "2026-11-22T00:00:00Z");
    }

    #[test]
    fn the_period_before_ends_where_this_one_starts() {
        let window = calendar("1Q", None, Some("America/New_York")).expect("a window");
        let this = window.period("2026-11-22T09:00:00Z".parse().expect("an instant"));
        let this = this.expect("a period");
        let before = window.period_before(this).expect("a period");
        assert_eq!(before.end, this.start);
        assert_eq!(before.seconds() / 86_400, 92);
    }

    #[test]
    fn what_cannot_be_read_is_no_window() {
        assert!(calendar("1M", Some("soon"), None).is_none());
        assert!(calendar("1M", None, Some("Mars/Olympus")).is_none());
        assert!(calendar("0d", None, None).is_none());
        let vast = of_length(Duration::new(9_999, Unit::Year), None, None).expect("a window");
        assert!(vast.period("2026-11-22T09:00:00Z".parse().expect("an instant")).is_none());
    }
}
