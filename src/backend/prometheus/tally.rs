//! From samples to the counts of each unit of time.

use crate::budget::Failure;
use crate::model::RawType;
use crate::quantity::Ratio;

use super::answer::Value;
use super::fetch::Fetched;
use super::fetch::Samples;
use super::plan::Grid;
use super::plan::Metric;
use super::plan::Plan;
use super::plan::Subject;

/// The events of one unit of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    /// Good events.
    pub(super) good: Ratio,
    /// Valid events, `good` or more; 0 where nothing happened.
    pub(super) valid: Ratio,
    /// The share of the unit that has samples, above 0, 1 at most.
    pub(super) covered: Ratio,
}

/// The events of every unit, nothing where there is no data, and what is worth a warning.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    pub(super) units: Vec<Option<Tally>>,
    pub(super) warnings: Vec<String>,
}

/// Adds up what was fetched for a plan.
///
/// # Errors
///
/// The [`Failure`] of the first query that failed, or what is wrong with the numbers.
pub(super) fn tally(plan: &Plan, fetched: &Fetched) -> Result<Tallies, Failure> {
    let samples = |metric: &Metric| match fetched.get(&plan.fetch(metric)) {
        Some(Ok(samples)) => Ok(samples),
        Some(Err(failure)) => Err(failure.clone()),
        None => Err(Failure::Unreachable("nothing was asked".to_owned())),
    };
    let mut warnings: Vec<String> = Vec::new();
    for metric in plan.metrics() {
        for warning in &samples(metric)?.warnings {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
    }
    let mut tallies = match &plan.subject {
        Subject::Events { good, bad, total } => {
            let folded = |metric: &Option<Metric>| -> Result<Option<Vec<Folded>>, Failure> {
                let Some(metric) = metric else { return Ok(None) };
                fold(samples(metric)?, metric.interval, plan.grid).map(Some)
            };
            let [good, bad, total] = [folded(good)?, folded(bad)?, folded(total)?];
            events(good.as_deref(), bad.as_deref(), total.as_deref())?
        }
        Subject::Threshold { metric, operator, value } => {
            let is_good = |sample: &Value| match sample {
                Value::Number(sample) => Some(operator.holds(sample, value)),
                Value::Infinity => Some(operator.holds(&Ratio::one(), &Ratio::zero())),
                Value::MinusInfinity => Some(operator.holds(&Ratio::zero(), &Ratio::one())),
                Value::NotANumber => None,
            };
            compared(samples(metric)?, metric.interval, plan.grid, &is_good)
        }
        Subject::Share { metric, raw_type } => shares(samples(metric)?, plan.grid, *raw_type)?,
    };
    warnings.append(&mut tallies.warnings);
    if tallies.units.iter().all(Option::is_none) {
        let is_empty = |metric: &Metric| samples(metric).is_ok_and(|it| it.values.is_empty());
        warnings.push(nothing(&plan.subject, &is_empty));
    }
    Ok(Tallies { units: tallies.units, warnings })
}

/// Says why nothing is known in all the time asked for.
fn nothing(subject: &Subject, is_empty: &dyn Fn(&Metric) -> bool) -> String {
    let (metrics, total) = match subject {
        Subject::Events { good, bad, total } => {
            ([good, bad, total].map(Option::as_ref), total.as_ref())
        }
        Subject::Threshold { metric, .. } | Subject::Share { metric, .. } => {
            ([Some(metric), None, None], None)
        }
    };
    if metrics.into_iter().flatten().all(is_empty) {
        return "the server has no data in all the time asked for".to_owned();
    }
    if total.is_some_and(is_empty) {
        let rest = "found nothing in all the time asked for, so nothing is known";
        return format!("the query of the total events {rest}");
    }
    "no sample can be counted in all the time asked for".to_owned()
}

/// The samples of one query in one unit.
#[derive(Clone, Debug)]
struct Folded {
    /// Their sum; nothing where none of them is a number. One below zero counts as none.
    sum: Option<Ratio>,
    /// How far those below zero are below it, together.
    below: Ratio,
    /// The lowest of them.
    lowest: Option<Ratio>,
    /// How many there are, those that are no number too.
    present: i64,
    /// How many there would be without gaps.
    expected: i64,
}

impl Default for Folded {
    fn default() -> Self {
        Self { sum: None, below: Ratio::zero(), lowest: None, present: 0, expected: 0 }
    }
}

impl Folded {
    fn add(&mut self, number: &Ratio) {
        let counted = if number.is_negative() {
            self.below = &self.below + &number.abs();
            self.lowest = self
                .lowest
                .take()
                .map_or(Some(number.clone()), |lowest| Some(lowest.min(number.clone())));
            Ratio::zero()
        } else {
            number.clone()
        };
        self.sum = Some(match &self.sum {
            Some(sum) => sum + &counted,
            None => counted,
        });
    }

    fn covered(&self) -> Ratio {
        Ratio::new(self.present, self.expected).unwrap_or_else(Ratio::zero)
    }
}

/// Returns the samples of each unit.
fn by_unit(samples: &Samples, grid: Grid) -> impl Iterator<Item = impl Iterator<Item = &Value>> {
    (0..grid.units).map(move |unit| {
        let end = grid.end_of(unit);
        samples.values.range(end - grid.unit + 1..=end).map(|(_, value)| value)
    })
}

fn fold(samples: &Samples, interval: i64, grid: Grid) -> Result<Vec<Folded>, Failure> {
    let expected = grid.unit / interval;
    let fold = |values: &mut dyn Iterator<Item = &Value>| {
        let mut folded = Folded { expected, ..Folded::default() };
        for value in values {
            folded.present += 1;
            match value {
                Value::Number(number) => folded.add(number),
                Value::NotANumber => {}
                Value::Infinity | Value::MinusInfinity => {
                    return Err(Failure::Malformed("a count of infinitely many events".to_owned()));
                }
            }
        }
        Ok(folded)
    };
    by_unit(samples, grid).map(|mut values| fold(&mut values)).collect()
}

fn events(
    good: Option<&[Folded]>,
    bad: Option<&[Folded]>,
    total: Option<&[Folded]>,
) -> Result<Tallies, Failure> {
    let mut tallies = Tallies::default();
    let units = [good, bad, total].into_iter().flatten().map(<[Folded]>::len).max().unwrap_or(0);
    let mut excess = Excess::default();
    for unit in 0..units {
        let at = |folded: Option<&[Folded]>| Some(folded?.get(unit)?.clone());
        let (good, bad) = (at(good), at(bad));
        let tally = match at(total) {
            Some(total) => of_total(good, bad, &total, &mut excess),
            None => of_both(good.unwrap_or_default(), bad.unwrap_or_default()),
        };
        tallies.units.push(tally);
    }
    let folded = [good, bad, total].into_iter().flatten().flatten();
    judge_below(&folded.collect::<Vec<_>>(), &mut tallies)?;
    excess.judge(&mut tallies)?;
    for (name, folded) in [("good", good), ("bad", bad)] {
        let is_empty = folded.is_some_and(|all| all.iter().all(|it| it.present == 0));
        let has_traffic = tallies.units.iter().flatten().any(|tally| !tally.valid.is_zero());
        if is_empty && has_traffic {
            let text = "in all the time asked for, so none is counted";
            tallies.warnings.push(format!("the query of the {name} events found nothing {text}"));
        }
    }
    Ok(tallies)
}

/// Counts a unit from the valid events, and the good ones or the bad ones.
fn of_total(
    good: Option<Folded>,
    bad: Option<Folded>,
    total: &Folded,
    excess: &mut Excess,
) -> Option<Tally> {
    if total.present == 0 {
        return None;
    }
    let covered = total.covered();
    let Some(valid) = total.sum.clone().filter(|sum| !sum.is_zero()) else {
        return Some(Tally { good: Ratio::zero(), valid: Ratio::zero(), covered });
    };
    let is_good = good.is_some();
    let part = good.or(bad)?;
    // Where there is traffic, no series means no event; no number means that nobody knows.
    let part = if part.present == 0 { Ratio::zero() } else { part.sum? };
    excess.valid = &excess.valid + &valid;
    let part = if part > valid {
        excess.units += 1;
        excess.events = &excess.events + &(&part - &valid);
        valid.clone()
    } else {
        part
    };
    let good = if is_good { part } else { &valid - &part };
    Some(Tally { good, valid, covered })
}

/// Counts a unit from good and bad events.
fn of_both(good: Folded, bad: Folded) -> Option<Tally> {
    let widest = if good.present >= bad.present { &good } else { &bad };
    if widest.present == 0 {
        return None;
    }
    let covered = widest.covered();
    let unknown = |folded: &Folded| folded.present > 0 && folded.sum.is_none();
    if unknown(&good) != unknown(&bad) && good.present > 0 && bad.present > 0 {
        return None;
    }
    let good = good.sum.unwrap_or_else(Ratio::zero);
    let valid = &good + &bad.sum.unwrap_or_else(Ratio::zero);
    Some(Tally { good, valid, covered })
}

/// Events that are good or bad and yet not valid.
struct Excess {
    events: Ratio,
    valid: Ratio,
    units: usize,
}

impl Default for Excess {
    fn default() -> Self {
        Self { events: Ratio::zero(), valid: Ratio::zero(), units: 0 }
    }
}

impl Excess {
    /// Lets the noise of floats pass, warns of what counters read at different times explain, and
    /// refuses more than that: one in a hundred events.
    fn judge(&self, tallies: &mut Tallies) -> Result<(), Failure> {
        let Some(share) = self.events.checked_div(&self.valid) else {
            return Ok(());
        };
        if share > most_explained() {
            let text = "more good or bad events than valid ones";
            return Err(Failure::Malformed(text.to_owned()));
        }
        if share > noise() {
            let units = self.units;
            let text = "more good or bad events than valid ones, and count as if all were valid";
            tallies.warnings.push(format!("{units} steps have {text}"));
        }
        Ok(())
    }
}

/// The share of events that the noise of floats may add or take away.
fn noise() -> Ratio {
    Ratio::new(1, 1_000_000_000).expect("the divisor is not 0")
}

/// The share of events that counters read at different times may add or take away.
fn most_explained() -> Ratio {
    Ratio::new(1, 100).expect("the divisor is not 0")
}

/// Judges counts below zero as [`Excess`] judges those above the valid events: a query that subtracts
/// ends a little below zero for the same reasons.
fn judge_below(folded: &[&Folded], tallies: &mut Tallies) -> Result<(), Failure> {
    let below = folded.iter().fold(Ratio::zero(), |sum, folded| &sum + &folded.below);
    let Some(lowest) = folded.iter().filter_map(|folded| folded.lowest.as_ref()).min() else {
        return Ok(());
    };
    let valid = tallies.units.iter().flatten().fold(Ratio::zero(), |sum, it| &sum + &it.valid);
    // Where nothing happened at all, noise is measured in events.
    let share = below.checked_div(&valid);
    if share.as_ref().map_or(below > noise(), |share| *share > most_explained()) {
        return Err(Failure::Malformed(format!("a count of {lowest} events")));
    }
    if share.is_some_and(|share| share > noise()) {
        let units = folded.iter().filter(|folded| folded.lowest.is_some()).count();
        let text = format!("{units} steps have a count below zero, and count as if it were zero");
        tallies.warnings.push(text);
    }
    Ok(())
}

/// Counts samples, and those that compare well.
fn compared(
    samples: &Samples,
    interval: i64,
    grid: Grid,
    is_good: &dyn Fn(&Value) -> Option<bool>,
) -> Tallies {
    let units = by_unit(samples, grid).map(|values| {
        let (mut present, mut good, mut valid) = (0i64, 0i64, 0i64);
        for value in values {
            present += 1;
            if let Some(is_good) = is_good(value) {
                valid += 1;
                good += i64::from(is_good);
            }
        }
        let covered = Ratio::new(present, grid.unit / interval)?;
        let tally = Tally { good: Ratio::whole(good), valid: Ratio::whole(valid), covered };
        (present > 0).then_some(tally)
    });
    Tallies { units: units.collect(), warnings: Vec::new() }
}

/// Takes each sample as the share of good events of its slice.
fn shares(samples: &Samples, grid: Grid, raw_type: RawType) -> Result<Tallies, Failure> {
    let one = Ratio::one;
    let is_off =
        |share: &Ratio| share.is_negative() && share.abs() > noise() || *share > &one() + &noise();
    let share = |value: &Value| {
        let (good, valid) = match value {
            Value::Number(share) if !is_off(share) => {
                let share = share.clone().max(Ratio::zero()).min(one());
                match raw_type {
                    RawType::Success => (share, one()),
                    RawType::Failure => (share.complement(), one()),
                }
            }
            Value::NotANumber => (Ratio::zero(), Ratio::zero()),
            Value::Number(share) => {
                return Err(Failure::Malformed(format!("a ratio of {share}, not from 0 to 1")));
            }
            Value::Infinity | Value::MinusInfinity => {
                return Err(Failure::Malformed("a ratio that is infinite".to_owned()));
            }
        };
        Ok(Tally { good, valid, covered: one() })
    };
    let units = by_unit(samples, grid);
    let units = units.map(|mut values| values.next().map(share).transpose());
    Ok(Tallies { units: units.collect::<Result<_, _>>()?, warnings: Vec::new() })
}
