//! From the counts of each unit of time to rows.

use crate::budget::Counts;
use crate::budget::Failure;
use crate::budget::Row;
use crate::budget::Series;
use crate::quantity::Ratio;

use super::plan::Grid;
use super::plan::Judgement;
use super::tally::Tally;

/// The digits behind the point to which the share of a slice is rounded.
///
/// Sums of thousands of shares with different denominators would otherwise grow to numbers of
/// thousands of digits.
const SHARE_DIGITS: u32 = 24;

/// Judges each unit and adds the units of a row up.
///
/// A row is as long as the time of it that has data, and ends where its time ends, so that the
/// share of time that rows cover is the share that was measured. A unit without traffic is covered
/// and is neither good nor bad.
///
/// # Errors
///
/// [`Failure::Malformed`] when the counts are impossible.
pub(super) fn series(
    grid: Grid,
    judgement: &Judgement,
    units: &[Option<Tally>],
) -> Result<Series, Failure> {
    let length = usize::try_from(grid.units_in_row).unwrap_or(1).max(1);
    let mut rows = Vec::new();
    for (index, units) in (0i64..).zip(units.chunks(length)) {
        let end = grid.end_of((index + 1) * grid.units_in_row - 1);
        let mut counts = Counts { good: Ratio::zero(), valid: Ratio::zero() };
        let mut covered = Ratio::zero();
        for tally in units.iter().flatten() {
            let judged = judge(judgement, tally);
            counts.good = &counts.good + &judged.good;
            counts.valid = &counts.valid + &judged.valid;
            covered = &covered + &tally.covered;
        }
        let seconds = (&covered * &Ratio::whole(grid.unit)).floor().to_i64().unwrap_or(0);
        if seconds > 0 {
            let [start, end] = [end - seconds, end].map(super::at);
            rows.push(Row { start, end, counts: Some(counts) });
        }
    }
    Series::new(rows).map_err(|disorder| Failure::Malformed(format!("{disorder:?}")))
}

fn judge(judgement: &Judgement, tally: &Tally) -> Counts {
    let share = tally.good.checked_div(&tally.valid);
    match (judgement, share) {
        (Judgement::Events, _) => Counts { good: tally.good.clone(), valid: tally.valid.clone() },
        (_, None) => Counts { good: Ratio::zero(), valid: Ratio::zero() },
        (Judgement::Slice(target), Some(share)) => {
            let good = if share >= *target { Ratio::one() } else { Ratio::zero() };
            Counts { good, valid: Ratio::one() }
        }
        (Judgement::Share, Some(share)) => {
            let rounded = Ratio::parse(&share.rounded(SHARE_DIGITS));
            Counts { good: rounded.unwrap_or(share), valid: Ratio::one() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "a slice has a tally or none")]
    fn tally(good: i64, valid: i64) -> Option<Tally> {
        let (good, valid) = (Ratio::whole(good), Ratio::whole(valid));
        Some(Tally { good, valid, covered: Ratio::one() })
    }

    #[test]
    fn slices_are_judged_one_by_one_and_missing_ones_shorten_the_row() {
        let grid = Grid { start: 0, unit: 300, units: 8, units_in_row: 4 };
        let units = [tally(95, 100), tally(94, 100), tally(0, 0), None, None, None, None, None];
        let slice = Judgement::Slice(Ratio::parse("0.95").expect("a decimal"));
        let series = series(grid, &slice, &units).expect("rows in order");
        let [row] = series.rows() else { panic!("{series:?}") };
        assert_eq!((row.start.as_second(), row.end.as_second()), (300, 1200));
        let counts = row.counts.as_ref().expect("it has data");
        assert_eq!((&counts.good, &counts.valid), (&Ratio::one(), &Ratio::whole(2)));
        let shares = super::series(grid, &Judgement::Share, &units).expect("rows in order");
        let counts = shares.rows().first().and_then(|row| row.counts.as_ref());
        assert_eq!(counts.map(|counts| counts.good.to_string()), Some("1.89".to_owned()));
    }

    #[test]
    fn a_share_that_no_decimal_can_write_is_rounded() {
        let third = judge(&Judgement::Share, &tally(1, 3).expect("a tally"));
        assert_eq!(third.good.to_string(), "0.333333333333333333333333");
    }
}
