//! Histories of requests whose truth is known, as counters that a server can be filled with.
//!
//! Counts are whole thousandths of an event, so the truth is exact and no two runs differ. A history ends at
//! a fixed instant: nothing here knows what day it is.
//!
//! A sample holds the events up to its own minute included, as if the scrape came late in the minute and
//! bore the time of its begin. An incident therefore reaches one slice further than its length says, which
//! the figures of the tests take into account; counts over whole days are not touched by it.

use std::fmt::Write;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The end of every history, a UTC midnight (2026-03-01), in seconds since 1970.
pub(crate) const END: i64 = 1_772_323_200;

/// Thirty days, in seconds: the window that the figures are about.
pub(crate) const WINDOW: i64 = 30 * DAY;

/// The bad events of the window, asked of a server.
pub(crate) const BAD: &str = r#"sum(increase(http_requests_total{code="500"}[30d]))"#;

/// The valid events of the window, asked of a server.
pub(crate) const VALID: &str = "sum(increase(http_requests_total[30d]))";

/// The error ratio of five minutes, as recording rules have it.
pub(crate) const RATIO: &str =
    r#"(sum(rate(http_requests_total{code="500"}[5m])) / sum(rate(http_requests_total[5m])))"#;

/// What a server is filled with: one minute after the other, up to the one that begins at [`END`].
pub(crate) struct History {
    minutes: Vec<Minute>,
}

/// The events of one minute, in thousandths, and what becomes of the sample that should show them.
#[derive(Clone, Copy)]
struct Minute {
    valid: u64,
    bad: u64,
    sample: Sample,
}

#[derive(Clone, Copy, PartialEq)]
enum Sample {
    Scraped,
    /// The scrape failed; the counter counted on.
    Missed,
    /// The process was restarted before this minute, so the counter began at zero.
    Restarted,
}

/// How many events there were in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Truth {
    pub(crate) valid: f64,
    pub(crate) bad: f64,
}

/// The unit of the timestamps in a text of samples.
#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    Milliseconds,
}

impl History {
    /// Data set A: 90 days of 600 requests a minute, 3 of them bad in every tenth minute, and one incident of
    /// two hours at 50 % errors, ten days before the end.
    pub(crate) fn a() -> Self {
        let incident = -10 * DAY..-10 * DAY + 2 * HOUR;
        Self::of(90, |index, since_end| {
            let bad = match (incident.contains(&since_end), index % 10) {
                (true, _) => 300,
                (false, 0) => 3,
                (false, _) => 0,
            };
            Minute { valid: 600_000, bad: bad * 1000, sample: Sample::Scraped }
        })
    }

    /// Data set B: 31 days of everything that makes methods disagree. 1000 requests a minute from 08 to 20 h,
    /// otherwise 10; 0.02 % errors; a short incident at noon, a long one at night, a night without traffic,
    /// three hours without samples, a restart.
    pub(crate) fn b() -> Self {
        let noon_incident = -15 * DAY + 12 * HOUR..-15 * DAY + 12 * HOUR + 20 * MINUTE;
        let night_incident = -8 * DAY + HOUR..-8 * DAY + 5 * HOUR;
        let idle_night = -5 * DAY + 20 * HOUR..-4 * DAY + 8 * HOUR;
        let missed = -3 * DAY + 14 * HOUR..-3 * DAY + 17 * HOUR;
        let restart = -12 * DAY + 12 * HOUR;
        Self::of(31, |_, since_end| {
            let by_day = (8 * HOUR..20 * HOUR).contains(&since_end.rem_euclid(DAY));
            let requests = match (idle_night.contains(&since_end), by_day) {
                (true, _) => 0,
                (false, true) => 1000,
                (false, false) => 10,
            };
            // Thousandths of one request in a thousand requests are millionths: 0.02 % are 200 of them.
            let millionths = match () {
                () if noon_incident.contains(&since_end) => 100_000,
                () if night_incident.contains(&since_end) => 1_000_000,
                () => 200,
            };
            let sample = match () {
                () if missed.contains(&since_end) => Sample::Missed,
                () if since_end == restart => Sample::Restarted,
                () => Sample::Scraped,
            };
            Minute { valid: requests * 1000, bad: requests * millionths / 1000, sample }
        })
    }

    /// Builds a history of so many days from what happens in the minute of an index, which begins so many
    /// seconds (negative) before the end.
    fn of(days: i64, minute: impl Fn(i64, i64) -> Minute) -> Self {
        let count = days * DAY / MINUTE;
        Self { minutes: (0..=count).map(|index| minute(index, (index - count) * MINUTE)).collect() }
    }

    /// Returns what really happened in the last seconds of the history.
    pub(crate) fn truth(&self, seconds: i64) -> Truth {
        let minutes = usize::try_from(seconds / MINUTE).expect("a stretch of time is not negative");
        let begin = self.minutes.len().checked_sub(minutes).expect("the history is long enough");
        let sum = |of: fn(&Minute) -> u64| -> f64 {
            let thousandths: u64 = self.minutes[begin..].iter().map(of).sum();
            f64::from(u32::try_from(thousandths / 1000).expect("a few million events"))
                + f64::from(u32::try_from(thousandths % 1000).expect("below 1000")) / 1000.0
        };
        Truth { valid: sum(|minute| minute.valid), bad: sum(|minute| minute.bad) }
    }

    /// Returns the history as OpenMetrics text, timestamps in seconds.
    pub(crate) fn openmetrics(&self) -> String {
        format!("# TYPE http_requests counter\n{}# EOF\n", self.samples(Unit::Seconds))
    }

    /// Returns the history in the text format of Prometheus, timestamps in milliseconds.
    pub(crate) fn prometheus_text(&self) -> String {
        self.samples(Unit::Milliseconds)
    }

    fn samples(&self, unit: Unit) -> String {
        let good = self.counter("200", |minute| minute.valid - minute.bad, unit);
        good + &self.counter("500", |minute| minute.bad, unit)
    }

    fn counter(&self, code: &str, events: fn(&Minute) -> u64, unit: Unit) -> String {
        let zeros = match unit {
            Unit::Seconds => "",
            Unit::Milliseconds => "000",
        };
        let mut text = String::new();
        let mut sample = |time: i64, count: u64| {
            let (whole, thousandths) = (count / 1000, count % 1000);
            writeln!(
                text,
                "http_requests_total{{job=\"shop\",code=\"{code}\"}} {whole}.{thousandths:03} {time}{zeros}"
            )
            .expect("a String takes all text");
        };
        let mut time = END - i64::try_from(self.minutes.len()).expect("a few months") * MINUTE;
        let mut count = 0;
        for minute in &self.minutes {
            time += MINUTE;
            if minute.sample == Sample::Restarted {
                count = 0;
            }
            count += events(minute);
            if minute.sample != Sample::Missed {
                sample(time, count);
            }
        }
        text
    }
}

#[test]
fn the_truth_of_both_data_sets_is_what_they_are_described_by() {
    assert_eq!(History::a().truth(WINDOW), Truth { valid: 25_920_000.0, bad: 48_924.0 });
    assert_eq!(History::b().truth(WINDOW), Truth { valid: 21_808_800.0, bad: 8_757.28 });
}

#[test]
fn a_history_is_a_counter_with_a_gap_and_a_restart() {
    let text = History::b().openmetrics();
    let samples = 31 * 24 * 60 + 1 - 3 * 60;
    assert_eq!(text.lines().count(), 2 * samples + 2);
    let values: Vec<f64> = text
        .lines()
        .filter(|line| line.contains("code=\"200\""))
        .map(|line| line.split(' ').nth(1).and_then(|value| value.parse().ok()).expect("a number"))
        .collect();
    assert_eq!(values.windows(2).filter(|pair| pair[1] < pair[0]).count(), 1);
    assert!(text.ends_with(&format!(" {END}\n# EOF\n")));
}
