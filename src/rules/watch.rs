//! An alert as it watches an SLO: the arithmetic that rules about burn rates share.
//!
//! # Why
//!
//! A condition is written once and watches many SLOs. What is wrong with its numbers is wrong under
//! some windows and targets and right under others, so every pair is judged, and those that come to
//! the same are told as one: [`gather`] puts them together.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::model::BurnRate;
use crate::model::Meta;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::source::Span;
use crate::source::Spanned;

use super::Alert;
use super::Subject;
use super::alerting::can_fire;
use super::alerting::is_meant_for_health;
use super::alerting::is_upward;
use super::alerting::largest_error_ratio;
use super::percent;
use super::urgency::Urgency;
use super::urgency::severity;

/// A burn-rate alert, and an SLO that it watches.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    /// The SLO.
    pub(super) slo: &'a Subject<'a>,
    /// The condition and its policy.
    pub(super) alert: Alert<'a>,
    /// When it fires; the threshold is above 0.
    pub(super) burn: &'a BurnRate,
    /// The lookback in seconds, above 0.
    pub(super) lookback: u64,
}

/// Returns the alerts of an SLO whose threshold is above 0 and whose lookback has an exact length.
pub(super) fn watches<'a>(slo: &'a Subject<'a>) -> impl Iterator<Item = Watch<'a>> {
    slo.alerts.iter().filter_map(move |&alert| {
        let burn = alert.burn()?;
        let threshold = &burn.threshold.value;
        let is_above = !threshold.is_negative() && !threshold.is_zero();
        let lookback = burn.lookback.value.seconds().filter(|seconds| *seconds > 0)?;
        is_above.then_some(Watch { slo, alert, burn, lookback })
    })
}

impl<'a> Watch<'a> {
    /// Returns whether it tells somebody that the budget burns, and can: it fires at high burn rates,
    /// its policy is not switched off, it is not meant for good health, and it can fire under some
    /// target. What does not is told by other rules.
    ///
    /// It costs more than most judgments, so it comes after them.
    pub(super) fn is_live(self) -> bool {
        is_upward(self.burn) && self.is_meant()
    }

    /// Returns whether it would tell somebody that the budget burns, if it fired at high burn rates.
    pub(super) fn is_meant(self) -> bool {
        let told = self.alert.policy.when_breaching.as_ref();
        told.is_none_or(|told| told.value)
            && !is_meant_for_health(Some(self.alert.policy), self.alert.condition)
            && self.targets().next().is_some()
    }

    /// Returns the targets of the SLO, above 0 and below 1, under which it can fire.
    pub(super) fn targets(self) -> impl Iterator<Item = &'a Spanned<Ratio>> {
        let largest = largest_error_ratio(self.slo);
        targets_of(self.slo).filter(move |target| can_fire(self.burn, &target.value, &largest))
    }

    /// Returns the highest target under which it can fire.
    pub(super) fn strictest(self) -> Option<&'a Spanned<Ratio>> {
        self.targets().max_by(|one, other| one.value.cmp(&other.value))
    }

    /// Returns the window of the SLO, longer than nothing.
    pub(super) fn window(self) -> Option<Spanned<Duration>> {
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
    pub(super) fn spent(self) -> Option<Ratio> {
        let spent = &self.burn.threshold.value * &Ratio::whole(self.lookback);
        spent.checked_div(&Ratio::whole(self.window()?.value.nominal_seconds()))
    }

    /// Returns whether the whole budget is spent when it fires, however long the window's months are,
    /// or it looks at more time than the budget is for.
    pub(super) fn is_too_late(self) -> bool {
        self.window().is_some_and(|window| {
            let longest = longest_seconds(window.value);
            let whole = &self.burn.threshold.value * &Ratio::whole(self.lookback);
            whole >= Ratio::whole(longest) || self.lookback > longest
        })
    }

    /// Returns how many seconds the condition must hold before it fires: `alertAfter`, or 0.
    pub(super) fn wait(self) -> u64 {
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
    pub(super) fn worst_outage(self, target: &Ratio) -> Option<(Ratio, Ratio)> {
        let window = longest_seconds(self.window()?.value);
        let share = target.complement().checked_div(&largest_error_ratio(self.slo))?;
        let seen = &(&self.burn.threshold.value * &share) * &Ratio::whole(self.lookback);
        Some((seen + Ratio::whole(self.wait()), share * Ratio::whole(window)))
    }

    /// Returns whether it fires in the worst outage only when the budget is spent, since it waits.
    pub(super) fn outlasts_budget(self) -> bool {
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
        if wait == 0 || is_early && targets_of(self.slo).all(is_quick) {
            return false;
        }
        let strictest = self.strictest().and_then(|target| self.worst_outage(&target.value));
        strictest.is_some_and(|(told, spent)| told >= spent)
    }

    /// Returns the short window that is declared for the condition, or for its policy: the alert
    /// fires only while the burn rate over that is high as well.
    pub(super) fn short_window(self) -> Option<Spanned<Duration>> {
        short_window(&self.alert.condition.meta, Some(&self.alert.policy.meta))
    }

    /// Returns how soon somebody has to act on it.
    pub(super) fn urgency(self) -> Urgency {
        severity(self.alert.condition)
    }
}

/// Returns what the worst outage of an SLO is: a full one, or what `slo/max-error-ratio` lets fail.
pub(super) fn worst_outage_name(slo: &Subject<'_>) -> String {
    let largest = largest_error_ratio(slo);
    if largest == Ratio::one() {
        return "a full outage".to_owned();
    }
    format!("an outage of {}", percent(&largest))
}

/// Returns the targets of an SLO that leave an error budget, and are above 0.
pub(super) fn targets_of<'a>(
    slo: &'a Subject<'_>,
) -> impl Iterator<Item = &'a Spanned<Ratio>> + use<'a> {
    let targets = slo.slo.objectives.iter().filter_map(|objective| objective.target.as_ref());
    targets.filter(|target| target.value > Ratio::zero() && target.value < Ratio::one())
}

/// Returns the short window that is declared for a condition, or for the policy that holds it.
pub(super) fn short_window(condition: &Meta, policy: Option<&Meta>) -> Option<Spanned<Duration>> {
    const KEY: &str = "slo/short-window";
    let of = |meta: &Meta| meta.declared_length(KEY);
    // One that could not be read is not that of the policy.
    match condition.annotation(KEY) {
        Some(_) => of(condition),
        None => policy.and_then(of),
    }
}

/// The SLOs that a condition watches with the same outcome.
pub(super) struct Uses<'a> {
    /// The condition with the first of them.
    pub(super) first: Watch<'a>,
    /// All of them, each once.
    pub(super) slos: Vec<&'a Subject<'a>>,
}

impl<'a> Uses<'a> {
    /// Returns the condition with each of the SLOs.
    pub(super) fn watches(&self) -> impl Iterator<Item = Watch<'a>> + use<'_, 'a> {
        self.slos.iter().map(|slo| Watch { slo, ..self.first })
    }
}

/// Judges every alert of every SLO, and puts those together that are one condition and one outcome.
pub(super) fn gather<'a, K: Ord>(
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

/// Returns the most seconds that a length can have: a month has up to 31 days.
pub(super) fn longest_seconds(length: Duration) -> u64 {
    bound(length, [31, 92, 366])
}

/// Returns the fewest seconds that a length can have: a month has 28 days or more.
pub(super) fn shortest_seconds(length: Duration) -> u64 {
    bound(length, [28, 90, 365])
}

/// Returns the seconds of a length where a month, a quarter and a year have so many days.
fn bound(length: Duration, [month, quarter, year]: [u64; 3]) -> u64 {
    let days = |days: u64| Duration::new(length.count.saturating_mul(days), Unit::Day);
    let exact = match length.unit {
        Unit::Month => days(month),
        Unit::Quarter => days(quarter),
        Unit::Year => days(year),
        _ => length,
    };
    exact.nominal_seconds()
}

/// Returns how often samples are taken, where it is declared, and where that is: in the declarations
/// of metrics, or for a backend. Of several backends the quickest counts.
pub(super) fn scrape_interval(config: &Config) -> Option<(Duration, &'static str)> {
    let quickest = || {
        let declared = config.backends.values().filter_map(|backend| backend.scrape_interval);
        declared.filter(|every| every.seconds().is_some()).min_by_key(|every| every.seconds())
    };
    let of_metrics = config.metrics.scrape_interval.map(|every| (every, "`scrapeInterval`"));
    of_metrics.or_else(|| quickest().map(|every| (every, "`scrape-interval`")))
}

/// Returns a share as people write it, short where its decimal is long: "2 %", "13.9 %".
pub(super) fn about_percent(share: &Ratio) -> String {
    let percent = share.percent();
    let exact = percent.to_string();
    let text = if exact.len() <= 6 { exact } else { percent.significant(3) };
    format!("{text} %")
}

/// Returns a share like [`about_percent`], with as many digits as tell it from another one.
pub(super) fn percent_beside(share: &Ratio, other: &Ratio) -> String {
    let other = other.percent();
    let percent = share.percent();
    let differs = |digits: &u32| percent.significant(*digits) != other.significant(*digits);
    match (3..12).find(differs) {
        None | Some(3) => about_percent(share),
        Some(digits) => format!("{} %", percent.significant(digits)),
    }
}
