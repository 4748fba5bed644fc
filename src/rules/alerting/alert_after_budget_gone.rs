use std::collections::BTreeMap;

use crate::alerts::consumption::statement;
use crate::alerts::urgency::Urgency;
use crate::alerts::watch::Uses;
use crate::alerts::watch::Watch;
use crate::alerts::watch::gather;
use crate::alerts::watch::is_whole;
use crate::alerts::watch::slow_lookback;
use crate::alerts::watch::watches;
use crate::finding::Level;
use crate::model::Subject;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Holds;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Setting;
use crate::rules::words::about;
use crate::rules::words::about_percent;
use crate::rules::words::in_words;
use crate::rules::words::percent_beside;
use crate::rules::words::quote;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    name: "alert-after-budget-gone",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("alert_after_budget_gone.md"),
    settings: &[
        Setting { name: PAGE_CAP, holds: Holds::Number },
        Setting { name: TICKET_CAP, holds: Holds::Number },
    ],
    check: Check::Slos(check),
};

const PAGE_CAP: &str = "page-cap";
const TICKET_CAP: &str = "ticket-cap";

/// What is wrong with an alert under the window of an SLO.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// It looks at more time than the budget is for.
    LongLookback,
    /// The whole budget is spent when it fires.
    Gone,
    /// More of it is spent than people want to lose before they know.
    Late,
}

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let rules = &checker.config().rules;
    let has_caps = rules.entries.iter().any(|entry| entry.rule.value == RULE.name);
    let short: BTreeMap<Span, Vec<Watch<'_>>> = slos.iter().filter_map(short_window).collect();
    let judge = |watch: Watch<'_>| {
        let window = watch.window()?.value;
        // `invalid-duration` asks whether months are meant.
        if window.may_be_months() || !has_caps && is_early(watch, window) {
            return None;
        }
        let fault = fault(watch, window, checker)?;
        let is_told = fault == Fault::LongLookback && short.contains_key(&watch.window()?.span);
        (!is_told && watch.is_live()).then_some((
            fault,
            window.nominal_seconds(),
            window.unit.is_calendar(),
        ))
    };
    for ((_, (fault, ..)), uses) in gather(slos, judge) {
        report(fault, &uses, checker);
    }
    for (span, watches) in short {
        report_window(span, &watches, checker);
    }
}

/// Returns the place of a window that is shorter than what any alert of the SLO looks back on, and these
/// alerts. Of a single one it is not known whether it is wrong, or the window.
fn short_window<'a>(slo: &'a Subject<'a>) -> Option<(Span, Vec<Watch<'a>>)> {
    let window = slo.window.as_ref()?.duration;
    let longest = window.value.longest_seconds();
    let mut all = watches(slo);
    let is_length = window.value.count > 0 && !window.value.may_be_months();
    if !is_length || !all.all(|watch| watch.lookback > longest) {
        return None;
    }
    let live: Vec<Watch<'_>> = watches(slo).filter(|watch| watch.is_live()).collect();
    (live.len() > 1).then_some((window.span, live))
}

fn report_window(span: Span, watches: &[Watch<'_>], checker: &mut Checker<'_>) {
    let Some((watch, window)) = watches.first().and_then(|watch| Some((watch, watch.window()?)))
    else {
        return;
    };
    let (name, length) = (quote(watch.slo.meta.name()), window.value);
    let message = format!("every alert of {name} looks back further than its window of {length}");
    let finding = checker.report(span, message);
    finding.label(format!("a budget for {length}"));
    for watch in watches {
        let lookback = watch.burn.lookback;
        finding.also(lookback.span, format!("looks back {}", lookback.value));
    }
    finding.help("take a window of weeks, such as 28d, or look back over a part of this one");
}

/// Returns whether a fifth of the budget is spent at most: nearly always, and within the usual caps.
fn is_early(watch: Watch<'_>, window: Duration) -> bool {
    let most = i64::try_from(window.nominal_seconds() / watch.lookback / 5);
    most.is_ok_and(|most| watch.burn.threshold.value.compare_whole(most).is_le())
}

/// Returns whether so much of the budget is spent when an alert fires that it is told here, if it can fire.
pub(super) fn spends_too_much(watch: Watch<'_>, checker: &Checker<'_>) -> bool {
    let window = watch.window().filter(|window| !window.value.may_be_months());
    window.is_some_and(|window| fault(watch, window.value, checker).is_some())
}

fn fault(watch: Watch<'_>, window: Duration, checker: &Checker<'_>) -> Option<Fault> {
    let longest = window.longest_seconds();
    if watch.lookback > longest {
        return Some(Fault::LongLookback);
    }
    let spent = watch.spent()?;
    let is_gone = watch.is_too_late();
    if !is_gone && spent <= cap(watch, checker) {
        return None;
    }
    let is_whole = is_whole(watch.burn.lookback.value, window);
    if is_whole && checker.urgency(watch.alert.condition) != Urgency::Page && is_told_before(watch)
    {
        return None;
    }
    if is_gone {
        return Some(Fault::Gone);
    }
    // Who says how much it spends has thought about it.
    statement(watch).is_none().then_some(Fault::Late)
}

/// Returns whether another alert of the SLO fires before the budget is spent, over a shorter lookback.
fn is_told_before(watch: Watch<'_>) -> bool {
    watches(watch.slo)
        .any(|other| other.lookback < watch.lookback && !other.is_too_late() && other.is_live())
}

/// Returns the largest share of the budget that may be spent when an alert fires.
fn cap(watch: Watch<'_>, checker: &Checker<'_>) -> Ratio {
    let path = checker.path(watch.burn.span.source);
    let given = |name: &str| checker.number_of(&RULE, name, path);
    let percent = |percent: u32| &Ratio::whole(percent) / 100;
    match checker.urgency(watch.alert.condition) {
        Urgency::Page => given(PAGE_CAP).unwrap_or_else(|| percent(20)),
        Urgency::Ticket | Urgency::Unknown => given(TICKET_CAP).unwrap_or_else(|| percent(45)),
    }
}

fn report(fault: Fault, uses: &Uses<'_>, checker: &mut Checker<'_>) {
    let watch = uses.first;
    let (Some(window), Some(spent)) = (watch.window(), watch.spent()) else { return };
    let (threshold, lookback) = (&watch.burn.threshold, watch.burn.lookback);
    let about = about(window.value);
    let (what, whom, name) = match checker.urgency(watch.alert.condition) {
        Urgency::Page => ("page", "a page", PAGE_CAP),
        Urgency::Ticket => ("ticket", "a ticket", TICKET_CAP),
        Urgency::Unknown => ("alert", "an alert that is no page", TICKET_CAP),
    };
    let cap = cap(watch, checker);
    let share = format!("{about}{}", percent_beside(&spent, &cap));
    let (level, span, message) = match fault {
        Fault::LongLookback => {
            let (long, short) = (lookback.value, window.value);
            let message = format!("a lookback of {long} is longer than the window of {short}");
            (Level::Error, lookback.span, message)
        }
        Fault::Gone => {
            let message = format!("this {what} fires when {share} of the error budget is spent");
            (Level::Error, threshold.span, message)
        }
        Fault::Late => {
            let message = format!("this {what} waits until {share} of the error budget is spent");
            (Level::Warning, threshold.span, message)
        }
    };
    let finding = checker.report_at(level, span, message);
    if fault == Fault::LongLookback {
        finding.label("counts errors that are no part of this budget");
        let most = in_words(&Ratio::whole(slow_lookback(window.value)));
        finding.help(format!("look back over a part of the window: {most} at most"));
    } else {
        let burned = in_words(&(&threshold.value * &Ratio::whole(watch.lookback)));
        finding.label(format!("over {} this is {burned} of budget", lookback.value));
        finding.help("lower the burn rate or shorten the lookback");
    }
    if fault == Fault::Late {
        finding.note(format!("at most {} for {whom}: `{name}`", about_percent(&cap)));
    }
    for slo in &uses.slos {
        if let Some(window) = &slo.window {
            let (name, length) = (quote(slo.meta.name()), window.duration.value);
            finding.also(window.duration.span, format!("{name} has a budget for {length}"));
        }
    }
}
