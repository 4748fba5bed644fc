//! Durations as SLO files write them: a number and a unit.

use std::fmt;

use serde::Serialize;
use serde::Serializer;

/// A unit of time.
///
/// Seconds to weeks have one length. Months, quarters and years are units of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`, always 24 hours
    Day,
    /// `w`, always 7 days
    Week,
    /// `M`, 28 to 31 days
    Month,
    /// `Q`, 90 to 92 days
    Quarter,
    /// `Y`, 365 or 366 days
    Year,
}

impl Unit {
    /// Every unit, shortest first.
    pub const ALL: [Self; 8] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
    ];

    /// Returns the letter that stands for the unit.
    pub fn letter(self) -> char {
        match self {
            Self::Second => 's',
            Self::Minute => 'm',
            Self::Hour => 'h',
            Self::Day => 'd',
            Self::Week => 'w',
            Self::Month => 'M',
            Self::Quarter => 'Q',
            Self::Year => 'Y',
        }
    }

    /// Returns the length in seconds; a month counts as 30, a quarter as 90, a year as 365 days.
    pub fn nominal_seconds(self) -> u64 {
        const DAY: u64 = 86_400;
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Month => 30 * DAY,
            Self::Quarter => 90 * DAY,
            Self::Year => 365 * DAY,
        }
    }

    /// Returns whether the length depends on the calendar.
    pub fn is_calendar(self) -> bool {
        self.months().is_some()
    }

    /// Returns how many months a unit of the calendar holds; nothing for a unit of one length.
    fn months(self) -> Option<u8> {
        match self {
            Self::Month => Some(1),
            Self::Quarter => Some(3),
            Self::Year => Some(12),
            _ => None,
        }
    }
}

/// A length of time: a whole number of one unit.
///
/// Two durations are equal when they are written alike; [`Duration::seconds`] compares lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Duration {
    /// How many units, 0 or more.
    pub count: u64,
    /// The unit.
    pub unit: Unit,
}

impl Duration {
    /// The longest duration that is read, in years of 365 days.
    ///
    /// No objective is judged over more than a few years, and no backend keeps more; a longer one is
    /// a slip of the finger, and arithmetic on it would end nowhere.
    pub const LONGEST_YEARS: u64 = 10;

    /// Returns `count` units.
    pub const fn new(count: u64, unit: Unit) -> Self {
        Self { count, unit }
    }

    /// Returns the duration of a whole number of seconds in its largest whole unit up to days.
    pub fn from_seconds(seconds: u64) -> Self {
        let unit = [Unit::Day, Unit::Hour, Unit::Minute]
            .into_iter()
            .find(|unit| seconds > 0 && seconds.is_multiple_of(unit.nominal_seconds()))
            .unwrap_or(Unit::Second);
        Self { count: seconds / unit.nominal_seconds(), unit }
    }

    /// Reads one number and one unit letter, such as `28d` or `1M`; `m` is minutes, `M` months.
    ///
    /// Nothing for anything else, or for a length beyond [`Duration::LONGEST_YEARS`].
    pub fn parse(text: &str) -> Option<Self> {
        let letter = text.chars().next_back()?;
        let unit = Unit::ALL.into_iter().find(|unit| unit.letter() == letter)?;
        let digits = text.get(..text.len() - letter.len_utf8())?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let count: u64 = digits.parse().ok()?;
        let seconds = count.checked_mul(unit.nominal_seconds())?;
        (seconds <= Self::LONGEST_YEARS * Unit::Year.nominal_seconds())
            .then_some(Self { count, unit })
    }

    /// Returns whether the `m` of a window may be a slip of `M`: up to twelve minutes, in which nothing is
    /// promised.
    pub fn may_be_months(self) -> bool {
        self.unit == Unit::Minute && self.count <= 12
    }

    /// Returns the exact length in seconds, or nothing for a unit of the calendar.
    pub fn seconds(self) -> Option<u64> {
        (!self.unit.is_calendar()).then(|| self.nominal_seconds())
    }

    /// Returns the length in seconds, where a month counts as 30, a quarter as 90 and a year as
    /// 365 days.
    pub fn nominal_seconds(self) -> u64 {
        self.count.saturating_mul(self.unit.nominal_seconds())
    }

    /// Returns the fewest and the most days of a length in units of the calendar; nothing for a unit
    /// of one length.
    ///
    /// Four years hold 1461 days; the century without a leap day is left out.
    pub fn calendar_days(self) -> Option<(u64, u64)> {
        let step = self.unit.months()?;
        let months = self.count.saturating_mul(u64::from(step));
        // Quarters and years begin with one of the calendar.
        let starts = (0..CYCLE_MONTHS).step_by(usize::from(step));
        let whole = (months / CYCLE_MONTHS).saturating_mul(CYCLE_DAYS);
        let rest = |start: u64| (start..start + months % CYCLE_MONTHS).map(month_days).sum::<u64>();
        let shortest = starts.clone().map(rest).min()?;
        let longest = starts.map(rest).max()?;
        Some((whole.saturating_add(shortest), whole.saturating_add(longest)))
    }

    /// Returns the length in seconds of the shortest stretch of the calendar that it names, or the
    /// exact length.
    pub fn shortest_seconds(self) -> u64 {
        let days = self.calendar_days().map(|(shortest, _)| shortest);
        days.map_or_else(|| self.nominal_seconds(), days_in_seconds)
    }

    /// Returns the length in seconds of the longest stretch of the calendar that it names, or the
    /// exact length.
    pub fn longest_seconds(self) -> u64 {
        let days = self.calendar_days().map(|(_, longest)| longest);
        days.map_or_else(|| self.nominal_seconds(), days_in_seconds)
    }

    /// Returns whether a length is always a whole number of these, one or more.
    ///
    /// Months go into years, and days into none of them: a part of several days goes into a length of
    /// the calendar only where all of that name hold as many days.
    pub fn fills(self, whole: Self) -> bool {
        if let (Some(part), Some(months)) = (self.unit.months(), whole.unit.months()) {
            let part = self.count.saturating_mul(u64::from(part));
            return whole.count.saturating_mul(u64::from(months)).is_multiple_of(part);
        }
        let has_one_length = |length: Self| length.shortest_seconds() == length.longest_seconds();
        let part = self.shortest_seconds();
        let of_whole = match whole.calendar_days() {
            Some((shortest, longest)) if shortest != longest => Unit::Day.nominal_seconds(),
            _ => whole.shortest_seconds(),
        };
        has_one_length(self) && of_whole.is_multiple_of(part)
    }
}

/// The months after which the days of months come again, but for some centuries.
const CYCLE_MONTHS: u64 = 48;

/// The days of those months.
const CYCLE_DAYS: u64 = 1_461;

fn days_in_seconds(days: u64) -> u64 {
    days.saturating_mul(Unit::Day.nominal_seconds())
}

/// Returns the days of a month, counted from a January before a leap year by three years.
fn month_days(index: u64) -> u64 {
    match (index % 12, index / 12 % 4) {
        (1, 3) => 29,
        (1, _) => 28,
        (3 | 5 | 8 | 10, _) => 30,
        _ => 31,
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{}{}", self.count, self.unit.letter()))
    }
}

impl Serialize for Duration {
    /// Writes the exact length in seconds, or the calendar length as written, so that `1w` and `7d`
    /// mean the same.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.seconds() {
            Some(seconds) => serializer.collect_str(&format_args!("{seconds}s")),
            None => serializer.collect_str(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn minutes_and_months_differ_by_case() {
        assert_eq!(Duration::parse("5m").and_then(Duration::seconds), Some(300));
        assert_eq!(Duration::parse("5M").and_then(Duration::seconds), None);
        assert_eq!(Duration::parse("1w").map(Duration::nominal_seconds), Some(604_800));
        assert!(Duration::parse("10Y").is_some() && Duration::parse("120M").is_some());
        assert_eq!(Duration::parse("3651d"), None, "longer than ten years");
        for text in
            ["", "m", "1.5h", "1H", "5min", "-1d", "1d ", "99999999999999999999d", "１d", "1日"]
        {
            assert_eq!(Duration::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn calendar_units_are_as_long_as_the_calendar_says() {
        let of = |text: &str| Duration::parse(text).and_then(Duration::calendar_days);
        assert_eq!(of("1M"), Some((28, 31)));
        assert_eq!(of("2M"), Some((59, 62)));
        assert_eq!(of("3M"), Some((89, 92)));
        assert_eq!(of("1Q"), Some((90, 92)));
        assert_eq!(of("12M"), Some((365, 366)));
        assert_eq!(of("4Y"), Some((1461, 1461)));
        assert_eq!(of("4w"), None);
        let month = Duration::new(1, Unit::Month);
        assert_eq!((month.shortest_seconds(), month.longest_seconds()), (2_419_200, 2_678_400));
        let week = Duration::new(1, Unit::Week);
        assert_eq!((week.shortest_seconds(), week.longest_seconds()), (604_800, 604_800));
    }

    #[test]
    fn months_fill_years_and_days_fill_no_month() {
        let fills = |part: &str, whole: &str| {
            let read = |text: &str| Duration::parse(text).expect("a duration");
            read(part).fills(read(whole))
        };
        for (part, whole) in
            [("1M", "1Y"), ("2Q", "18M"), ("1d", "1M"), ("7h", "7d"), ("3d", "4Y"), ("4Y", "8Y")]
        {
            assert!(fills(part, whole), "{part} {whole}");
        }
        for (part, whole) in [
            ("5M", "1Y"),
            ("5d", "1M"),
            ("3d", "4M"),
            ("2d", "1d"),
            ("1M", "30d"),
            ("1M", "28d"),
            ("0m", "1d"),
        ] {
            assert!(!fills(part, whole), "{part} {whole}");
        }
    }

    #[test]
    fn seconds_become_the_largest_whole_unit() {
        let written = |seconds| Duration::from_seconds(seconds).to_string();
        assert_eq!(written(0), "0s");
        assert_eq!(written(90), "90s");
        assert_eq!(written(5_400), "90m");
        assert_eq!(written(604_800), "7d");
    }

    proptest! {
        #[test]
        fn printed_and_read_again_is_the_same(count in 0u64..=10, unit in 0usize..8) {
            let duration = Duration::new(count, Unit::ALL[unit]);
            prop_assert_eq!(Duration::parse(&duration.to_string()), Some(duration));
        }
    }
}
