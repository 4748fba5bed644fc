//! Conditions at one instant after the other.

use std::cell::OnceCell;

use jiff::Timestamp;

use crate::budget::Burn;
use crate::budget::Counts;
use crate::budget::Series;
use crate::budget::Terms;
use crate::budget::burn;
use crate::model::BudgetingMethod;
use crate::model::NoData;
use crate::model::ZeroTraffic;

use super::condition::MAX_DEPTH;
use super::condition::both;
use super::condition::either;
use super::recall::State;
use super::records::Own;
use super::rules::Comparison;
use super::rules::Node;
use super::rules::Reach;
use super::rules::Rules;
use super::whole::Course;
use super::whole::Sum;
use super::whole::Whole;

/// A series as it was measured or as it may go on, in whole numbers where they fit.
pub(super) struct Path<'a> {
    series: &'a Series,
    course: Option<Course<'a>>,
    further: Option<Further<'a>>,
}

/// How a series goes on after an instant.
struct Further<'a> {
    instant: Timestamp,
    until: Timestamp,
    counts: &'a Counts,
    series: OnceCell<Series>,
}

impl<'a> Path<'a> {
    /// Takes what was measured.
    pub(super) fn measured(series: &'a Series, whole: Option<&'a Whole>) -> Self {
        Self { series, course: whole.map(Course::measured), further: None }
    }

    /// Takes what was measured until `instant`, and then rows that hold `counts`.
    pub(super) fn continued(
        series: &'a Series,
        whole: Option<&'a Whole>,
        instant: Timestamp,
        until: Timestamp,
        counts: &'a Counts,
    ) -> Self {
        let course =
            whole.and_then(|whole| Course::continued(whole, series, instant, until, counts));
        let further = Further { instant, until, counts, series: OnceCell::new() };
        Self { series, course, further: Some(further) }
    }

    pub(super) fn series(&self) -> &Series {
        let Some(further) = &self.further else {
            return self.series;
        };
        further
            .series
            .get_or_init(|| self.series.projected(further.instant, further.until, further.counts))
    }
}

/// What a walk goes over.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    /// What is asked.
    pub(super) rules: &'a Rules,
    /// What the objective promises.
    pub(super) terms: &'a Terms,
    /// What is done about what is not known.
    pub(super) no_data: &'a NoData,
    /// How each lookback is added up.
    pub(super) reaches: &'a [Reach],
    /// What people recorded.
    pub(super) records: &'a Own,
    /// How long a tier is remembered, in seconds.
    pub(super) latch_seconds: i64,
}

/// The conditions of a policy, asked at instants that only ever go forward.
///
/// Burn rates are compared as products of whole numbers; those that do not fit, and those of
/// calendar windows, are exact fractions.
pub(super) struct Walk<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) path: &'a Path<'a>,
    min_coverage: Option<(i128, i128)>,
    min_events: Option<(i128, i128)>,
    pub(super) at: Timestamp,
    until: usize,
    lookbacks: Vec<Seen>,
    named: Vec<Progress>,
    /// What is remembered from one instant to the next.
    pub(super) state: State,
    /// How far each tier, each watched condition and each run is at the present instant.
    pub(super) tiers: Vec<Progress>,
    pub(super) looks: Vec<Progress>,
    pub(super) lasting: Vec<Progress>,
}

/// What is known of a lookback.
struct Seen {
    cursor: usize,
    sum: Option<Sum>,
    burn: Option<Burn>,
}

/// How far a named condition, or something else that is found once for each instant, is.
#[derive(Clone, Copy)]
pub(super) enum Progress {
    Untouched,
    Running,
    Done(Option<bool>),
}

/// Whether a comparison holds, nothing where that is not known.
struct Answer(Option<bool>);

impl Answer {
    fn known(holds: bool) -> Self {
        Self(Some(holds))
    }
}

impl Comparison {
    /// Returns whether the burn rate of some bad and valid events, the latter above 0, compares so;
    /// nothing where 128 bits are too few.
    fn holds(&self, bad: i128, valid: i128) -> Option<bool> {
        let (for_bad, for_valid) = self.factors?;
        let (bad, valid) = (bad.checked_mul(for_bad)?, valid.checked_mul(for_valid)?);
        Some(self.operator.holds(&bad, &valid))
    }
}

impl<'a> Walk<'a> {
    /// Returns what is remembered before the first instant.
    pub(super) fn first_state(ground: Ground<'a>) -> State {
        let Rules { tiers, watched, runs, .. } = ground.rules;
        State::new(tiers.len(), watched.len(), runs.len(), ground.records.attestations.len())
    }

    /// Starts at an instant, with what is remembered from the one before.
    pub(super) fn new(ground: Ground<'a>, path: &'a Path<'a>, at: Timestamp, state: State) -> Self {
        let cursor = |second: i64| path.course.as_ref().map_or(0, |course| course.cursor(second));
        let seen = |reach: &Reach| Seen {
            cursor: match reach {
                Reach::Seconds(seconds) => cursor(at.as_second().saturating_sub(*seconds)),
                Reach::TooShort | Reach::Fractions => 0,
            },
            sum: None,
            burn: None,
        };
        Self {
            ground,
            path,
            min_coverage: ground.rules.min_coverage.to_parts(),
            min_events: ground.rules.min_events.to_parts(),
            at,
            until: cursor(at.as_second()),
            lookbacks: ground.reaches.iter().map(seen).collect(),
            named: vec![Progress::Untouched; ground.rules.named.len()],
            tiers: vec![Progress::Untouched; ground.rules.tiers.len()],
            looks: vec![Progress::Untouched; ground.rules.watched.len()],
            lasting: vec![Progress::Untouched; ground.rules.runs.len()],
            state,
        }
    }

    /// Goes on to an instant that is not before the present one, and takes every step there.
    pub(super) fn go(&mut self, at: Timestamp) {
        self.at = at;
        for progress in [&mut self.named, &mut self.tiers, &mut self.looks, &mut self.lasting] {
            progress.fill(Progress::Untouched);
        }
        for seen in &mut self.lookbacks {
            seen.sum = None;
            seen.burn = None;
        }
        self.settle();
    }

    /// Returns whether a condition holds; nothing where that is not known.
    ///
    /// A condition that names itself, by whatever way, is not known.
    pub(super) fn holds_at(&mut self, node: &'a Node, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        match node {
            Node::All(parts) => {
                let mut all = Some(true);
                for part in parts {
                    all = both(all, self.holds_at(part, depth + 1));
                }
                all
            }
            Node::Any(parts) => {
                let mut any = Some(false);
                for part in parts {
                    any = either(any, self.holds_at(part, depth + 1));
                }
                any
            }
            Node::Not(part) => self.holds_at(part, depth + 1).map(|holds| !holds),
            Node::Named(index) => self.holds_named(*index, depth),
            Node::Burn(comparison) => match self.compares(comparison) {
                Some(Answer(holds)) => holds,
                None => self.compares_exactly(comparison),
            },
            Node::Within(watched, seconds) => self.within(*watched, *seconds, depth),
            Node::Sustained(run, seconds) => self.sustained(*run, *seconds, depth),
            Node::Attested(rule) => self.attested(*rule),
            Node::Incident(share) => self.incident(*share),
            Node::Never => Some(false),
            Node::Unknown => None,
        }
    }

    pub(super) fn holds_named(&mut self, index: usize, depth: usize) -> Option<bool> {
        let rules = self.ground.rules;
        let named = rules.named.get(index)?;
        match self.named.get(index)? {
            Progress::Done(holds) => *holds,
            Progress::Running => None,
            Progress::Untouched => {
                self.mark(index, Progress::Running);
                let holds = self.holds_at(named, depth + 1);
                self.mark(index, Progress::Done(holds));
                holds
            }
        }
    }

    fn mark(&mut self, index: usize, progress: Progress) {
        if let Some(slot) = self.named.get_mut(index) {
            *slot = progress;
        }
    }

    fn compares_exactly(&mut self, comparison: &Comparison) -> Option<bool> {
        let lookback = *self.ground.rules.lookbacks.get(comparison.lookback)?;
        let seen = self.lookbacks.get_mut(comparison.lookback)?;
        let rate = seen.burn.get_or_insert_with(|| {
            burn(self.path.series(), self.ground.terms, lookback, self.at, self.ground.no_data)
        });
        rate.compares(comparison.operator, &comparison.threshold)
    }

    /// Compares in whole numbers; nothing where they do not fit. It says the same as
    /// [`crate::budget::burn`] and [`Burn::compares`].
    fn compares(&mut self, comparison: &Comparison) -> Option<Answer> {
        let seconds = match self.ground.reaches.get(comparison.lookback)? {
            Reach::Seconds(seconds) => *seconds,
            Reach::TooShort => return Some(Answer(None)),
            Reach::Fractions => return None,
        };
        let sum = self.sum(comparison.lookback, seconds)?;
        let per_event = self.path.course.as_ref()?.per_event;
        let covered = i128::from(sum.covered.min(seconds));
        if is_below(covered, i128::from(seconds), self.min_coverage?)? {
            let missing = (i128::from(seconds) - covered).checked_mul(per_event)?;
            return self.compares_bounds(comparison, sum, missing);
        }
        if sum.valid == 0 {
            // Silence is not health: idle time was measured, missing time was not.
            let idle = self.ground.rules.zero_traffic == ZeroTraffic::Good && sum.covered > 0;
            return if idle {
                comparison.holds(0, 1).map(Answer::known)
            } else {
                Some(Answer(None))
            };
        }
        if is_below(sum.valid, per_event, self.min_events?)? {
            return Some(Answer(None));
        }
        comparison.holds(sum.bad, sum.valid).map(Answer::known)
    }

    /// Compares where data is missing: what it says counts where it would say so with every missing
    /// slice good, and with every one bad.
    ///
    /// * `missing`: the missing seconds, times the units of an event.
    fn compares_bounds(&self, comparison: &Comparison, sum: Sum, missing: i128) -> Option<Answer> {
        let timeslices = self.ground.terms.method == BudgetingMethod::Timeslices;
        let Some(slice) = self.ground.terms.slice_seconds.filter(|_| timeslices) else {
            return Some(Answer(None));
        };
        let slice = i128::from(slice);
        let bad = sum.bad.checked_mul(slice)?;
        let slices = sum.valid.checked_mul(slice)?.checked_add(missing)?;
        if slices == 0 {
            return Some(Answer(None));
        }
        let least = comparison.holds(bad, slices)?;
        let most = comparison.holds(bad.checked_add(missing)?, slices)?;
        Some(Answer((least == most).then_some(least)))
    }

    fn sum(&mut self, lookback: usize, seconds: i64) -> Option<Sum> {
        let course = self.path.course.as_ref()?;
        let seen = self.lookbacks.get_mut(lookback)?;
        if let Some(sum) = seen.sum {
            return Some(sum);
        }
        let until = self.at.as_second();
        let end = course.sum_until(until, &mut self.until);
        let start = course.sum_until(until.saturating_sub(seconds), &mut seen.cursor);
        let sum = Sum {
            bad: end.bad - start.bad,
            valid: end.valid - start.valid,
            covered: end.covered - start.covered,
        };
        seen.sum = Some(sum);
        Some(sum)
    }
}

/// Returns whether `count / of` is below a ratio, given as its parts; nothing where 128 bits are too
/// few.
fn is_below(count: i128, of: i128, (top, low): (i128, i128)) -> Option<bool> {
    Some(count.checked_mul(low)? < top.checked_mul(of)?)
}
