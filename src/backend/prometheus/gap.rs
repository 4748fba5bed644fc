//! Events of the time in which nobody looked at a counter.
//!
//! # Why
//!
//! While scrapes fail, a counter counts on, and the first sample afterwards shows it. Steps without
//! samples have no rows, so the sum over the steps would lose those events, although the server knows
//! them. One query over the time from before the gap to after it tells how many there were. They
//! count in the last step of the gap, which is the one in which they were seen; the other steps stay
//! missing, and coverage tells so.

use crate::budget::Counts;
use crate::budget::Failure;
use crate::quantity::Ratio;

use super::answer::Value;
use super::fetch::Fetch;
use super::fetch::Fetched;
use super::plan::Grid;
use super::plan::Metric;
use super::plan::Plan;
use super::plan::Subject;
use super::tally::Tally;

/// The most gaps of one objective that are asked about; the newest ones are.
const MOST_GAPS: usize = 20;

/// Steps without data between two that have some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// The last step before, by its place in the grid.
    before: usize,
    /// The first step after.
    after: usize,
}

/// Finds the gaps that counters can tell about, newest first.
pub(super) fn find(plan: &Plan, units: &[Option<Tally>]) -> Vec<Gap> {
    if !plan.only_increases() || plan.grid.units_in_row != 1 {
        return Vec::new();
    }
    let known: Vec<usize> =
        (0..units.len()).filter(|&unit| units.get(unit).is_some_and(Option::is_some)).collect();
    let gaps = known.windows(2).rev().filter_map(|pair| match *pair {
        [before, after] if after > before + 1 => Some(Gap { before, after }),
        _ => None,
    });
    gaps.take(MOST_GAPS).collect()
}

/// Returns the queries that tell about a gap.
pub(super) fn fetches(plan: &Plan, gap: Gap) -> Vec<Fetch> {
    plan.metrics().filter_map(|metric| fetch(plan.grid, metric, gap)).collect()
}

/// Puts the events of a gap into its last step; returns whether there were any.
///
/// A difference of less than a thousandth of what was counted around it is no event, but the way in
/// which `increase` stretches what it sees to the ends of its range.
pub(super) fn fill(plan: &Plan, gap: Gap, fetched: &Fetched, units: &mut [Option<Tally>]) -> bool {
    let Some(whole) = whole(plan, gap, fetched) else {
        return false;
    };
    let around = [gap.before, gap.after].map(|unit| units.get(unit).cloned().flatten());
    let [Some(before), Some(after)] = around else {
        return false;
    };
    let valid = &(&whole.valid - &before.valid) - &after.valid;
    let good = &(&whole.good - &before.good) - &after.good;
    if valid.is_negative() || &valid * &Ratio::whole(1000) <= whole.valid {
        return false;
    }
    let good = good.max(Ratio::zero()).min(valid.clone());
    match units.get_mut(gap.after - 1) {
        Some(unit) => *unit = Some(Tally { good, valid, covered: Ratio::one() }),
        None => return false,
    }
    true
}

/// Returns why the events of a gap are not known, where a query failed.
pub(super) fn failure<'a>(plan: &Plan, gap: Gap, fetched: &'a Fetched) -> Option<&'a Failure> {
    fetches(plan, gap).iter().find_map(|fetch| fetched.get(fetch)?.as_ref().err())
}

/// Returns the instants at which a gap starts and ends, in seconds since the epoch.
pub(super) fn instants(grid: Grid, gap: Gap) -> [i64; 2] {
    let unit = |index: usize| i64::try_from(index).unwrap_or(i64::MAX / 2);
    [grid.end_of(unit(gap.before)), grid.end_of(unit(gap.after) - 1)]
}

/// Returns the events from the step before a gap to the step after it, both included.
fn whole(plan: &Plan, gap: Gap, fetched: &Fetched) -> Option<Counts> {
    let Subject::Events { good, bad, total } = &plan.subject else {
        return None;
    };
    let events = |metric: &Metric| {
        let fetch = fetch(plan.grid, metric, gap)?;
        let samples = fetched.get(&fetch)?.as_ref().ok()?;
        match samples.values.get(&fetch.last) {
            Some(Value::Number(number)) => Some(number.clone()),
            None => Some(Ratio::zero()),
            Some(_) => None,
        }
    };
    match (good, bad, total) {
        (Some(good), _, Some(total)) => Some(Counts { good: events(good)?, valid: events(total)? }),
        (None, Some(bad), Some(total)) => {
            let valid = events(total)?;
            Some(Counts { good: &valid - &events(bad)?, valid })
        }
        (Some(good), Some(bad), None) => {
            let good = events(good)?;
            Some(Counts { valid: &good + &events(bad)?, good })
        }
        _ => None,
    }
}

fn fetch(grid: Grid, metric: &Metric, gap: Gap) -> Option<Fetch> {
    let steps = i64::try_from(gap.after - gap.before + 1).ok()?;
    let end = grid.end_of(i64::try_from(gap.after).ok()?);
    let query = metric.over(steps.checked_mul(grid.unit)?)?;
    Some(Fetch { query, first: end, last: end, step: grid.unit })
}
