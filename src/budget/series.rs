//! Measured counts over time, added up once so that any lookback is a difference.

use jiff::Timestamp;

use crate::quantity::Ratio;

use super::at;
use super::moved;

/// The most rows that a projection into the future adds.
const MAX_PROJECTED_ROWS: i64 = 50_000;

/// Good and valid events, or slices for the slice methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Good events, 0 or more; for ratio timeslices the sum of the slices' ratios.
    pub good: Ratio,
    /// Valid events, `good` or more; for the slice methods the number of slices that had data.
    pub valid: Ratio,
}

/// What was counted in `start..end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When the row starts.
    pub start: Timestamp,
    /// When it ends; the whole row counts at this instant.
    pub end: Timestamp,
    /// The counts, or nothing when the backend had no data.
    pub counts: Option<Counts>,
}

impl Row {
    /// Returns how long the row is, in seconds.
    pub fn seconds(&self) -> i64 {
        self.end.as_second() - self.start.as_second()
    }
}

/// Why rows are not a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disorder {
    /// Two rows share time; the second one starts at the instant given.
    Overlap(Timestamp),
    /// A row is shorter than one second.
    Empty(Timestamp),
    /// A count is negative, or more events are good than valid.
    Impossible(Timestamp),
}

/// Sums over a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Good events.
    pub good: Ratio,
    /// Valid events.
    pub valid: Ratio,
    /// Seconds of the rows that have data.
    pub covered_seconds: i64,
}

impl Totals {
    /// Returns the bad events.
    pub fn bad(&self) -> Ratio {
        &self.valid - &self.good
    }
}

/// The measured counts of one objective: rows in order that do not overlap.
#[derive(Clone, Debug, Default)]
pub struct Series {
    rows: Vec<Row>,
    ends: Vec<i64>,
    good: Vec<Ratio>,
    valid: Vec<Ratio>,
    covered: Vec<i64>,
    row_seconds: i64,
}

impl Series {
    /// Sorts rows and adds them up.
    ///
    /// # Errors
    ///
    /// [`Disorder`] when rows overlap, a row has no length, or its counts are impossible.
    pub fn new(mut rows: Vec<Row>) -> Result<Self, Disorder> {
        rows.sort_by_key(|row| (row.start, row.end));
        for row in &rows {
            if row.end.as_second() <= row.start.as_second() {
                return Err(Disorder::Empty(row.start));
            }
            let impossible =
                |counts: &Counts| counts.good.is_negative() || counts.good > counts.valid;
            if row.counts.as_ref().is_some_and(impossible) {
                return Err(Disorder::Impossible(row.start));
            }
        }
        let overlap = rows.windows(2).find_map(|pair| match pair {
            [first, second] if second.start < first.end => Some(second.start),
            _ => None,
        });
        match overlap {
            Some(start) => Err(Disorder::Overlap(start)),
            None => Ok(Self::added_up(rows)),
        }
    }

    /// Returns the rows, in order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Returns the length of the longest row, in seconds; 0 when there is no row.
    ///
    /// Nothing can be said about a time shorter than a row.
    pub fn row_seconds(&self) -> i64 {
        self.row_seconds
    }

    /// Returns the step of the grid, in seconds: the one asked for, or a row's length where rows are
    /// longer.
    pub fn step_seconds(&self, asked: i64) -> i64 {
        asked.max(self.row_seconds).max(1)
    }

    /// Returns when the first row that has data starts.
    pub fn first_data(&self) -> Option<Timestamp> {
        let first = self.rows.iter().find(|row| row.counts.is_some())?;
        Some(first.start)
    }

    /// Returns when the last row ends that has data and does not end after `instant`.
    pub fn last_data(&self, instant: Timestamp) -> Option<Timestamp> {
        let rows = self.rows.get(..self.position(instant.as_second()))?;
        let last = rows.iter().rev().find(|row| row.counts.is_some())?;
        Some(last.end)
    }

    /// Adds up the rows that end in `(after, until]`.
    pub fn totals(&self, after: Timestamp, until: Timestamp) -> Totals {
        let from = self.position(after.as_second());
        let to = self.position(until.as_second()).max(from);
        let difference = |sums: &[Ratio]| match (sums.get(to), sums.get(from)) {
            (Some(end), Some(start)) => end - start,
            _ => Ratio::zero(),
        };
        let covered = |index: usize| self.covered.get(index).copied().unwrap_or(0);
        Totals {
            good: difference(&self.good),
            valid: difference(&self.valid),
            covered_seconds: covered(to) - covered(from),
        }
    }

    /// Returns the share of bad events in each of `count` equal parts of `(after, until]`, for
    /// drawing; nothing where a part has no events.
    pub fn buckets(&self, after: Timestamp, until: Timestamp, count: u16) -> Vec<Option<Ratio>> {
        let start = after.as_second();
        let length = until.as_second().saturating_sub(start).max(0);
        let edge = |index: u16| {
            let part = i128::from(length) * i128::from(index) / i128::from(count.max(1));
            at(start.saturating_add(i64::try_from(part).unwrap_or(length)))
        };
        let share = |index: u16| {
            let totals = self.totals(edge(index), edge(index + 1));
            totals.bad().checked_div(&totals.valid)
        };
        (0..count.min(u16::MAX - 1)).map(share).collect()
    }

    /// Returns the row with the most bad events that ends in `(after, until]`.
    pub fn worst(&self, after: Timestamp, until: Timestamp) -> Option<&Row> {
        let rows = self.rows.get(self.position(after.as_second())..)?;
        let within = rows.iter().take_while(|row| row.end <= until);
        let bad = |row: &Row| {
            let counts = row.counts.as_ref();
            counts.map_or_else(Ratio::zero, |counts| &counts.valid - &counts.good)
        };
        within.max_by_key(|row| bad(row))
    }

    /// Returns the series up to `instant`, followed by rows that each hold `counts` and reach
    /// `until`.
    ///
    /// The projection ends early where it would need more than fifty thousand rows.
    pub fn projected(&self, instant: Timestamp, until: Timestamp, counts: &Counts) -> Self {
        let kept = self.position(instant.as_second());
        let mut series = Self {
            rows: self.rows.iter().take(kept).cloned().collect(),
            ends: self.ends.iter().take(kept).copied().collect(),
            good: self.good.iter().take(kept + 1).cloned().collect(),
            valid: self.valid.iter().take(kept + 1).cloned().collect(),
            covered: self.covered.iter().take(kept + 1).copied().collect(),
            row_seconds: 0,
        };
        let lengths = series.rows.iter().map(Row::seconds);
        series.row_seconds = lengths.max().unwrap_or(0);
        let length = self.row_seconds.max(1);
        for index in 0..self.projected_rows(instant, until) {
            series.push(Row {
                start: moved(instant, index * length),
                end: moved(instant, (index + 1) * length),
                counts: Some(counts.clone()),
            });
        }
        series
    }

    /// Returns how many rows [`Series::projected`] adds, each of [`Series::row_seconds`], at least
    /// a second.
    pub fn projected_rows(&self, instant: Timestamp, until: Timestamp) -> i64 {
        let reach = until.as_second().saturating_sub(instant.as_second());
        (reach / self.row_seconds.max(1)).clamp(0, MAX_PROJECTED_ROWS)
    }

    /// Returns how many rows end at or before the second given.
    fn position(&self, second: i64) -> usize {
        self.ends.partition_point(|&end| end <= second)
    }

    fn added_up(rows: Vec<Row>) -> Self {
        let mut series = Self::default();
        for row in rows {
            series.push(row);
        }
        series
    }

    fn push(&mut self, row: Row) {
        if self.good.is_empty() {
            self.good.push(Ratio::zero());
            self.valid.push(Ratio::zero());
            self.covered.push(0);
        }
        let seconds = row.seconds();
        let sum = |sums: &[Ratio], count: fn(&Counts) -> &Ratio| {
            let sum = sums.last().cloned().unwrap_or_else(Ratio::zero);
            row.counts.as_ref().map_or_else(|| sum.clone(), |counts| &sum + count(counts))
        };
        let good = sum(&self.good, |counts| &counts.good);
        let valid = sum(&self.valid, |counts| &counts.valid);
        let covered = self.covered.last().copied().unwrap_or(0);
        self.good.push(good);
        self.valid.push(valid);
        self.covered.push(if row.counts.is_some() { covered + seconds } else { covered });
        self.ends.push(row.end.as_second());
        self.row_seconds = self.row_seconds.max(seconds);
        self.rows.push(row);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hourly rows from the epoch on, each `(bad, valid)`; nothing for a row without data.
    pub(in crate::budget) fn hourly(rows: &[Option<(i64, i64)>]) -> Series {
        let row = |(index, counts): (usize, &Option<(i64, i64)>)| {
            let start = i64::try_from(index).expect("a small index") * 3_600;
            Row {
                start: at(start),
                end: at(start + 3_600),
                counts: counts.map(|(bad, valid)| Counts {
                    good: Ratio::whole(valid - bad),
                    valid: Ratio::whole(valid),
                }),
            }
        };
        Series::new(rows.iter().enumerate().map(row).collect()).expect("rows in order")
    }

    fn row(start: i64, end: i64, good: &str, valid: &str) -> Row {
        let ratio = |text| Ratio::parse(text).expect("a decimal");
        let counts = Some(Counts { good: ratio(good), valid: ratio(valid) });
        Row { start: at(start), end: at(end), counts }
    }

    #[test]
    fn rows_may_come_in_any_order_but_never_overlap() {
        let series = Series::new(vec![row(3600, 7200, "1", "2"), row(0, 3600, "5", "5.5")]);
        let series = series.expect("rows that touch do not overlap");
        assert_eq!(series.rows().first().map(|row| row.start), Some(at(0)));
        let totals = series.totals(at(0), at(7200));
        assert_eq!(totals.valid, Ratio::parse("7.5").expect("a decimal"));
        let overlap = Series::new(vec![row(0, 3601, "1", "1"), row(3600, 7200, "1", "1")]);
        assert_eq!(overlap.err(), Some(Disorder::Overlap(at(3600))));
        let negative = Series::new(vec![row(0, 60, "-1", "1")]);
        assert_eq!(negative.err(), Some(Disorder::Impossible(at(0))));
        let more_good = Series::new(vec![row(0, 60, "2", "1")]);
        assert_eq!(more_good.err(), Some(Disorder::Impossible(at(0))));
        let empty = Series::new(vec![row(60, 60, "1", "1")]);
        assert_eq!(empty.err(), Some(Disorder::Empty(at(60))));
    }

    #[test]
    fn a_row_counts_whole_at_its_end() {
        let series = hourly(&[Some((1, 10)), Some((2, 10)), None, Some((4, 10))]);
        let bad = |after, until| series.totals(at(after), at(until)).bad();
        assert_eq!(bad(0, 3599), Ratio::zero());
        assert_eq!(bad(0, 3600), Ratio::whole(1));
        assert_eq!(bad(3600, 7200), Ratio::whole(2), "half-open at the start");
        assert_eq!(bad(3599, 7200), Ratio::whole(3));
        assert_eq!(series.totals(at(0), at(14_400)).covered_seconds, 10_800);
        assert_eq!(series.last_data(at(14_399)), Some(at(7_200)));
        assert_eq!(series.step_seconds(60), 3_600, "long rows raise the step");
    }

    #[test]
    fn nothing_measured_is_zero_events_and_zero_coverage() {
        let empty = Series::default();
        let totals = empty.totals(at(0), at(3_600));
        assert_eq!((totals.valid, totals.covered_seconds), (Ratio::zero(), 0));
        assert_eq!(empty.buckets(at(0), at(10), 3), vec![None, None, None]);
        assert!(empty.first_data().is_none());
        assert!(empty.worst(at(0), at(10)).is_none());
    }

    proptest! {
        #[test]
        fn prefix_sums_equal_plain_sums(
            rows in prop::collection::vec(prop::option::of((0i64..50, 50i64..1000)), 1..60),
            from in 0i64..60,
            length in 0i64..60,
        ) {
            let series = hourly(&rows);
            let (after, until) = (at(from * 3600), at((from + length) * 3600));
            let inside = series.rows().iter().filter(|row| row.end > after && row.end <= until);
            let plain: Ratio = inside.filter_map(|row| row.counts.clone())
                .map(|counts| counts.valid - counts.good)
                .sum();
            prop_assert_eq!(series.totals(after, until).bad(), plain);
        }
    }
}
