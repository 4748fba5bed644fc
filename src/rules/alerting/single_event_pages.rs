use crate::alerts::urgency::Urgency;
use crate::alerts::watch::Uses;
use crate::alerts::watch::Watch;
use crate::alerts::watch::gather;
use crate::finding::Level;
use crate::model::Operator;
use crate::model::Subject;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "single-event-pages",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("single_event_pages.md"),
    settings: &[],
    check: Check::Slos(check),
};

/// How many bad events page somebody at least, where few do.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Few {
    /// So many over the lookback.
    Bad(Ratio),
    /// More, but the short window holds less than one event, good or bad.
    ShortWindow,
}

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let judge = |watch: Watch<'_>| {
        let rate = events_an_hour(watch.slo)?;
        if checker.urgency(watch.alert.condition) != Urgency::Page {
            return None;
        }
        let target = watch.strictest().filter(|_| watch.is_live())?;
        let few = few(watch, &rate.value, &target.value)?;
        Some((few, rate.value, target.value.clone()))
    };
    for ((_, (few, ..)), uses) in gather(slos, judge) {
        report(&few, &uses, checker);
    }
}

/// Returns the events of an hour, where they are declared and a few of them are too few.
fn events_an_hour(slo: &Subject<'_>) -> Option<Spanned<Ratio>> {
    if slo.meta.annotations.is_empty() || !slo.counts_events() {
        return None;
    }
    let rate = slo.meta.declared_number("slo/events-per-hour")?;
    // One-off requests of high value: each is worth somebody's night.
    (!slo.meta.declares("slo/every-event-matters", "true")).then_some(rate)
}

/// Returns the events of so many seconds.
fn events(rate: &Ratio, seconds: u64) -> Ratio {
    &(rate * &Ratio::whole(seconds)) / 3_600
}

/// Returns the bad events over the lookback that are exactly the burn rate.
fn needed(watch: Watch<'_>, rate: &Ratio, target: &Ratio) -> Ratio {
    let share = &watch.burn.threshold.value * &target.complement();
    share * events(rate, watch.lookback)
}

fn few(watch: Watch<'_>, rate: &Ratio, target: &Ratio) -> Option<Few> {
    let window = watch.window()?.value.nominal_seconds();
    // The budget itself is less than one event: told of the target.
    if target.complement() * events(rate, window) < Ratio::one() {
        return None;
    }
    let needed = needed(watch, rate, target);
    let below = needed.floor();
    let is_met = watch.burn.operator.value == Operator::Gte && below == needed;
    let least = if is_met { below } else { below + Ratio::one() };
    if least.compare_whole(5).is_lt() {
        return Some(Few::Bad(least.max(Ratio::one())));
    }
    let short = watch.short_window()?.value.seconds()?;
    (events(rate, short) < Ratio::one()).then_some(Few::ShortWindow)
}

fn report(few: &Few, uses: &Uses<'_>, checker: &mut Checker<'_>) {
    let watch = uses.first;
    let (Some(rate), Some(target)) = (events_an_hour(watch.slo), watch.strictest()) else { return };
    let (threshold, lookback) = (&watch.burn.threshold, watch.burn.lookback.value);
    let count = events(&rate.value, watch.lookback).significant(3);
    let share = percent(&(&threshold.value * &target.value.complement()));
    let finding = match few {
        Few::Bad(least) => {
            let is_one = least.compare_whole(1).is_le();
            let (level, message) = if is_one {
                (Level::Error, "a single bad event pages somebody".to_owned())
            } else {
                (Level::Warning, format!("{least} bad events in {lookback} page somebody"))
            };
            let needed = needed(watch, &rate.value, &target.value).significant(3);
            let more = if watch.burn.operator.value == Operator::Gt { "more than " } else { "" };
            let noun = if count == "1" { "event" } else { "events" };
            checker
                .report_at(level, threshold.span, message)
                .label(format!("{more}{share} of {count} {noun} in {lookback}, which is {needed}"))
        }
        Few::ShortWindow => {
            let Some(short) = watch.short_window() else { return };
            let held = short.value.seconds().map(|seconds| events(&rate.value, seconds));
            let held = held.map_or_else(String::new, |held| held.significant(3));
            let message = format!("a short window of {} holds {held} events", short.value);
            checker
                .report_at(Level::Warning, short.span, message)
                .label("mostly empty, so the alert stops while the failure goes on")
        }
    };
    for slo in &uses.slos {
        if let Some(rate) = events_an_hour(slo) {
            let name = quote(slo.meta.name());
            finding.also(rate.span, format!("{name} has {} events an hour", rate.value));
        }
    }
    finding.help(match few {
        Few::Bad(_) => {
            "lengthen the lookback, file a ticket instead, merge it with like traffic, or probe it"
        }
        Few::ShortWindow => "lengthen the short window and the lookback",
    });
}
