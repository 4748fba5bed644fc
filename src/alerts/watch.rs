//! An alert as it watches an SLO: the arithmetic that rules about burn rates share.
//!
//! # Why
//!
//! A condition is written once and watches many SLOs. What is wrong with its numbers is wrong under
//! some windows and targets and right under others, so every pair is judged, and those that come to
//! the same are told as one: [`gather`] puts them together.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::model::Alert;
use crate::model::BurnRate;
use crate::model::Meta;
use crate::model::Subject;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::source::Span;
use crate::source::Spanned;

use super::can_fire;
use super::is_meant;
use super::is_upward;
use super::largest_error_ratio;
use super::longest_slice;
use super::tells_of_breaches;

/// A burn-rate alert, and an SLO that it watches.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// The SLO.
    pub slo: &'a Subject<'a>,
    /// The condition and its policy.
    pub alert: Alert<'a>,
    /// When it fires; the threshold is above 0.
    pub burn: &'a BurnRate,
    /// The lookback in seconds, above 0.
    pub lookback: u64,
}

/// Returns the alerts of an SLO whose threshold is above 0 and whose lookback has an exact length.
pub fn watches<'a>(slo: &'a Subject<'a>) -> impl Iterator<Item = Watch<'a>> {
    slo.alerts.iter().filter_map(|&alert| Watch::of(slo, alert))
}

impl<'a> Watch<'a> {
    /// Returns an alert beside an SLO; nothing where its threshold is not above 0, or its lookback has
    /// no exact length.
    pub fn of(slo: &'a Subject<'a>, alert: Alert<'a>) -> Option<Self> {
        let burn = alert.burn()?;
        let threshold = &burn.threshold.value;
        let is_above = !threshold.is_negative() && !threshold.is_zero();
        let lookback = burn.lookback.value.seconds().filter(|seconds| *seconds > 0)?;
        is_above.then_some(Self { slo, alert, burn, lookback })
    }

    /// Returns whether it tells somebody that the budget burns, and can: it fires at high burn rates,
    /// its policy is not switched off, it is not meant for good health, and it can fire under some
    /// target. What does not is told by other rules.
    ///
    /// It costs more than most judgments, so it comes after them.
    pub fn is_live(self) -> bool {
        is_upward(self.burn) && self.is_meant()
    }

    /// Returns whether it would tell somebody that the budget burns, if it fired at high burn rates.
    pub fn is_meant(self) -> bool {
        is_meant(self.slo, self.alert, self.burn)
    }

    /// Returns the targets of the SLO, above 0 and below 1, under which it can fire.
    pub fn targets(self) -> impl Iterator<Item = &'a Spanned<Ratio>> {
        let largest = largest_error_ratio(self.slo);
        self.slo.targets().filter(move |target| can_fire(self.burn, &target.value, &largest))
    }

    /// Returns the highest target under which it can fire.
    pub fn strictest(self) -> Option<&'a Spanned<Ratio>> {
        self.targets().max_by(|one, other| one.value.cmp(&other.value))
    }

    /// Returns the window of the SLO, longer than nothing.
    pub fn window(self) -> Option<Spanned<Duration>> {
        let window = self.slo.window.as_ref()?.duration;
        (window.value.count > 0).then_some(window)
    }

    /// Returns the share of the error budget that is spent when the alert fires, at any steady burn
    /// rate above its threshold: 1 is all of it.
    ///
    /// A calendar window counts its nominal length.
    ///
    /// # Source
    ///
    /// Google, *The Site Reliability Workbook*, chapter 5: budget consumed = burn rate × alerting
    /// window ÷ period.
    pub fn spent(self) -> Option<Ratio> {
        let spent = &self.burn.threshold.value * &Ratio::whole(self.lookback);
        spent.checked_div(&Ratio::whole(self.window()?.value.nominal_seconds()))
    }

    /// Returns whether the whole budget is spent when it fires, however long the window's months are,
    /// or it looks at more time than the budget is for.
    pub fn is_too_late(self) -> bool {
        self.window().is_some_and(|window| {
            let longest = window.value.longest_seconds();
            let whole = &self.burn.threshold.value * &Ratio::whole(self.lookback);
            whole >= Ratio::whole(longest) || self.lookback > longest
        })
    }

    /// Returns how many seconds the condition must hold before it fires: `alertAfter`, or 0.
    pub fn wait(self) -> u64 {
        let wait = self.burn.alert_after.and_then(|wait| wait.value.seconds());
        wait.unwrap_or_default()
    }

    /// Returns after how many seconds of the worst outage it fires, and after how many the budget is
    /// spent, both from the start of the outage.
    ///
    /// The worst outage is a full one, or as large as `slo/max-error-ratio` lets it be. Traffic is
    /// taken to be steady, and a month to have 31 days.
    ///
    /// * `target`: below 1.
    ///
    /// # Source
    ///
    /// Google, *The Site Reliability Workbook*, chapter 5: detection time = (1 − SLO) ÷ error ratio ×
    /// alerting window × burn rate.
    pub fn worst_outage(self, target: &Ratio) -> Option<(Ratio, Ratio)> {
        let window = self.window()?.value.longest_seconds();
        let share = self.share(target)?;
        Some((self.seen(&share) + Ratio::whole(self.wait()), share * Ratio::whole(window)))
    }

    /// Returns for how many seconds the worst outage goes on until its burn rate over the lookback is
    /// high enough; `alertAfter` comes on top.
    ///
    /// * `target`: below 1.
    pub fn outage_seen(self, target: &Ratio) -> Option<Ratio> {
        Some(self.seen(&self.share(target)?))
    }

    /// Returns for which share of the window the worst outage goes on until the budget is spent.
    fn share(self, target: &Ratio) -> Option<Ratio> {
        target.complement().checked_div(&largest_error_ratio(self.slo))
    }

    fn seen(self, share: &Ratio) -> Ratio {
        &(&self.burn.threshold.value * share) * &Ratio::whole(self.lookback)
    }

    /// Returns whether it fires in the worst outage only when the budget is spent, since it waits.
    pub fn outlasts_budget(self) -> bool {
        let (wait, Some(window)) = (self.wait(), self.window()) else { return false };
        let rate = &self.burn.threshold.value;
        let half = window.value.nominal_seconds() / 2;
        let is_quick = |target: &Spanned<Ratio>| {
            let least = Ratio::new(wait, half);
            least.is_some_and(|least| target.value.complement() > least)
        };
        // Nearly every alert spends less than half of the budget, and waits for less than that.
        let is_early = i64::try_from(half / self.lookback);
        let is_early = is_early.is_ok_and(|most| rate.compare_whole(most).is_le());
        if wait == 0 || is_early && self.slo.targets().all(is_quick) {
            return false;
        }
        let strictest = self.strictest().and_then(|target| self.worst_outage(&target.value));
        strictest.is_some_and(|(told, spent)| told >= spent)
    }

    /// Returns whether it tells of breaches and looks back on less than two slices: it sees one at most.
    pub fn sees_one_slice(self) -> bool {
        let two = longest_slice(self.slo).map(|(seconds, _)| seconds.saturating_mul(2));
        let is_short = two.is_some_and(|two| self.lookback < two);
        is_short && is_upward(self.burn) && tells_of_breaches(self.alert.policy)
    }

    /// Returns the short window that is declared for the condition, or for its policy: the alert
    /// fires only while the burn rate over that is high as well.
    pub fn short_window(self) -> Option<Spanned<Duration>> {
        short_window(&self.alert.condition.meta, Some(&self.alert.policy.meta))
    }
}

/// Returns whether a lookback may be the whole window: over it a burn rate is the share of the budget
/// that is spent. Thirty days and a month are that to each other.
pub fn is_whole(lookback: Duration, window: Duration) -> bool {
    let is_shorter = lookback.longest_seconds() < window.shortest_seconds();
    !is_shorter && lookback.shortest_seconds() <= window.longest_seconds()
}

/// Returns for how many seconds a slow alert looks back: three days, or a quarter of a window that is
/// shorter than a week, for most of which three days would be.
pub fn slow_lookback(window: Duration) -> u64 {
    let day = Unit::Day.nominal_seconds();
    let window = window.nominal_seconds();
    if window >= 7 * day { 3 * day } else { window / 4 }
}

/// Returns the short window that is declared for a condition, or for the policy that holds it.
pub fn short_window(condition: &Meta, policy: Option<&Meta>) -> Option<Spanned<Duration>> {
    const KEY: &str = "slo/short-window";
    let of = |meta: &Meta| meta.declared_length(KEY);
    // One that could not be read is not that of the policy.
    match condition.annotation(KEY) {
        Some(_) => of(condition),
        None => policy.and_then(of),
    }
}

/// The SLOs that a condition watches with the same outcome.
pub struct Uses<'a> {
    /// The condition with the first of them.
    pub first: Watch<'a>,
    /// All of them, each once.
    pub slos: Vec<&'a Subject<'a>>,
}

impl<'a> Uses<'a> {
    /// Returns the condition with each of the SLOs.
    pub fn watches(&self) -> impl Iterator<Item = Watch<'a>> + use<'_, 'a> {
        self.slos.iter().map(|slo| Watch { slo, ..self.first })
    }
}

/// Judges every alert of every SLO, and puts those together that are one condition and one outcome.
pub fn gather<'a, K: Ord>(
    slos: &'a [Subject<'a>],
    mut judge: impl FnMut(Watch<'a>) -> Option<K>,
) -> BTreeMap<(Span, K), Uses<'a>> {
    let mut found: BTreeMap<(Span, K), Uses<'a>> = BTreeMap::new();
    for slo in slos {
        for watch in watches(slo) {
            let Some(outcome) = judge(watch) else { continue };
            let uses = found.entry((watch.burn.span, outcome));
            let uses = uses.or_insert_with(|| Uses { first: watch, slos: Vec::new() });
            // Two policies of one SLO may hold the condition.
            let is_known = uses.slos.last().is_some_and(|last| std::ptr::eq(*last, slo));
            if !is_known {
                uses.slos.push(slo);
            }
        }
    }
    found
}

/// Returns how often samples are taken, where it is declared, and where that is: in the declarations
/// of metrics, or for a backend. Of several backends the quickest counts.
pub fn scrape_interval(config: &Config) -> Option<(Duration, &'static str)> {
    let quickest = || {
        let declared = config.backends.values().filter_map(|backend| backend.scrape_interval);
        declared.filter(|every| every.seconds().is_some()).min_by_key(|every| every.seconds())
    };
    let of_metrics = config.metrics.scrape_interval.map(|every| (every, "`scrapeInterval`"));
    of_metrics.or_else(|| quickest().map(|every| (every, "`scrape-interval`")))
}
