//! Counts as whole numbers of one small unit: what is replayed over months needs no fractions.

use jiff::Timestamp;
use num_integer::Integer;

use crate::budget::Counts;
use crate::budget::Series;

/// The measured counts of a series in whole units, added up row by row.
#[derive(Debug)]
pub(super) struct Whole {
    /// How many units one event is.
    per_event: i128,
    ends: Vec<i64>,
    /// The sums before each row, and after the last one.
    sums: Vec<Sum>,
}

/// What was counted over a stretch of time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    /// Bad events, in units.
    pub(super) bad: i128,
    /// Valid events, in units; never less than `bad`.
    pub(super) valid: i128,
    /// Seconds of the rows that have data.
    pub(super) covered: i64,
}

/// Whole counts as they were measured, or followed by equal rows.
#[derive(Debug)]
pub(super) struct Course<'a> {
    whole: &'a Whole,
    /// How many units one event is here.
    pub(super) per_event: i128,
    /// How many units here one unit of `whole` is.
    factor: i128,
    kept: usize,
    further: Option<Further>,
}

/// Equal rows that follow what was measured.
#[derive(Debug)]
struct Further {
    from: i64,
    row_seconds: i64,
    rows: i64,
    bad: i128,
    valid: i128,
}

impl Whole {
    /// Finds the smallest unit and adds the rows up; nothing without rows, or where 128 bits are
    /// too few.
    pub(super) fn new(series: &Series) -> Option<Self> {
        if series.rows().is_empty() {
            return None;
        }
        let mut parts = Vec::with_capacity(series.rows().len());
        let mut per_event = 1;
        for row in series.rows() {
            let counts = row.counts.as_ref();
            let counts =
                counts.map(|counts| Some((counts.good.to_parts()?, counts.valid.to_parts()?)));
            let counts = match counts {
                Some(counts) => Some(counts?),
                None => None,
            };
            if let Some(((_, good), (_, valid))) = counts {
                per_event = common(common(per_event, good)?, valid)?;
            }
            parts.push((row.end.as_second(), row.seconds(), counts));
        }
        let mut sum = Sum::default();
        let mut whole = Self { per_event, ends: Vec::new(), sums: vec![sum] };
        for (end, seconds, counts) in parts {
            if let Some((good, valid)) = counts {
                let (good, valid) = (in_units(good, per_event)?, in_units(valid, per_event)?);
                sum.valid = sum.valid.checked_add(valid)?;
                sum.bad += valid - good;
                sum.covered += seconds;
            }
            whole.ends.push(end);
            whole.sums.push(sum);
        }
        Some(whole)
    }
}

impl<'a> Course<'a> {
    /// Takes what was measured.
    pub(super) fn measured(whole: &'a Whole) -> Self {
        let kept = whole.ends.len();
        Self { whole, per_event: whole.per_event, factor: 1, kept, further: None }
    }

    /// Takes what was measured until `instant`, and then equal rows like [`Series::projected`];
    /// nothing where 128 bits are too few.
    pub(super) fn continued(
        whole: &'a Whole,
        series: &Series,
        instant: Timestamp,
        until: Timestamp,
        counts: &Counts,
    ) -> Option<Self> {
        let from = instant.as_second();
        let (good, valid) = (counts.good.to_parts()?, counts.valid.to_parts()?);
        let per_event = common(common(whole.per_event, good.1)?, valid.1)?;
        let factor = per_event / whole.per_event;
        let valid = in_units(valid, per_event)?;
        let bad = valid.checked_sub(in_units(good, per_event)?)?;
        let rows = series.projected_rows(instant, until);
        let kept = whole.ends.partition_point(|&end| end <= from);
        // No sum is above this one, so that none of them overflows.
        let before = whole.sums.get(kept)?.valid.checked_mul(factor)?;
        valid.checked_mul(i128::from(rows))?.checked_add(before)?;
        let row_seconds = series.row_seconds().max(1);
        let further = Further { from, row_seconds, rows, bad, valid };
        Some(Self { whole, per_event, factor, kept, further: Some(further) })
    }

    /// Returns the sums of all rows that end at or before a second.
    ///
    /// * `cursor`: where the last search ended; it only ever moves forward, and so must the second.
    pub(super) fn sum_until(&self, second: i64, cursor: &mut usize) -> Sum {
        let ends = self.whole.ends.get(..self.kept).unwrap_or_default();
        while ends.get(*cursor).is_some_and(|&end| end <= second) {
            *cursor += 1;
        }
        let sum = self.whole.sums.get(*cursor).copied().unwrap_or_default();
        let mut sum = Sum {
            bad: sum.bad * self.factor,
            valid: sum.valid * self.factor,
            covered: sum.covered,
        };
        if let Some(further) = self.further.as_ref().filter(|further| second > further.from) {
            let rows = ((second - further.from) / further.row_seconds).min(further.rows);
            sum.bad += further.bad * i128::from(rows);
            sum.valid += further.valid * i128::from(rows);
            sum.covered += further.row_seconds * rows;
        }
        sum
    }

    /// Returns a cursor for seconds from this one on.
    pub(super) fn cursor(&self, second: i64) -> usize {
        let ends = self.whole.ends.get(..self.kept).unwrap_or_default();
        ends.partition_point(|&end| end <= second)
    }
}

/// Returns the least common multiple.
fn common(left: i128, right: i128) -> Option<i128> {
    if left % right == 0 { Some(left) } else { (left / left.gcd(&right)).checked_mul(right) }
}

fn in_units((numerator, denominator): (i128, i128), per_event: i128) -> Option<i128> {
    numerator.checked_mul(per_event / denominator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Row;
    use crate::policy::example::hour;
    use crate::policy::example::ratio;
    use crate::quantity::Ratio;

    fn series(rows: &[(&str, &str)]) -> Series {
        let rows = (0..).zip(rows).map(|(index, (good, valid))| Row {
            start: hour(index),
            end: hour(index + 1),
            counts: Some(Counts { good: ratio(good), valid: ratio(valid) }),
        });
        Series::new(rows.collect()).expect("rows in order")
    }

    #[test]
    fn counts_are_whole_in_their_smallest_unit() {
        let series = series(&[("1.5", "2"), ("0.25", "1.125")]);
        let whole = Whole::new(&series).expect("small numbers");
        let course = Course::measured(&whole);
        let sum = course.sum_until(hour(2).as_second(), &mut 0);
        assert_eq!((course.per_event, sum.bad, sum.valid), (8, 11, 25));
        let third = Ratio::new(1, 3).expect("a third");
        let counts = Counts { good: Ratio::zero(), valid: third };
        let (now, until) = (hour(1), hour(4));
        let further = Course::continued(&whole, &series, now, until, &counts).expect("fits");
        let sum = further.sum_until(hour(3).as_second(), &mut 0);
        assert_eq!((further.per_event, sum.bad, sum.valid), (24, 12 + 16, 48 + 16));
        assert_eq!(sum.covered, 3 * 3_600);
    }

    #[test]
    fn what_does_not_fit_is_left_to_fractions() {
        assert!(Whole::new(&Series::default()).is_none());
        assert!(Whole::new(&series(&[("1e30", "1e30"), ("0", "1e-30")])).is_none());
    }
}
