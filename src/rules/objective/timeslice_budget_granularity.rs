use std::collections::BTreeMap;

use crate::finding::Level;
use crate::model::BudgetingMethod;
use crate::model::Objective;
use crate::model::Subject;
use crate::model::Window;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "timeslice-budget-granularity",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Slices,
    since: "0.1.0",
    docs: include_str!("timeslice_budget_granularity.md"),
    settings: &[],
    check: Check::Slo(check),
};

/// Slices of one length, which may have few events.
struct Thin<'a> {
    /// The declared number of events an hour.
    rate: &'a Spanned<Ratio>,
    /// The events a slice, on average.
    events: Ratio,
    /// The share of good events from which a slice is good, of each objective that has one.
    shares: Vec<&'a Spanned<Ratio>>,
    /// The length, of each objective.
    slices: Vec<&'a Spanned<Duration>>,
}

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    let method = slo.method();
    if method == BudgetingMethod::Occurrences {
        return;
    }
    if method == BudgetingMethod::Timeslices && single_slice(slo, checker) {
        return;
    }
    // The parts of a composite count different events, and one number says nothing of each.
    let rate = slo.meta.declared_number("slo/events-per-hour").filter(|_| !slo.composite);
    let mut thin: BTreeMap<u64, Thin<'_>> = BTreeMap::new();
    for objective in &slo.objectives {
        let Some(slice) = &objective.slice_window else { continue };
        let Some(seconds) = slice.value.seconds().filter(|seconds| *seconds > 0) else { continue };
        // A share of a slice may be bad, where shares are counted.
        let counts_whole = method == BudgetingMethod::Timeslices;
        if counts_whole && no_bad_slice(objective, slice, slo.window.as_ref(), checker) {
            continue;
        }
        if let Some(rate) = &rate {
            let events = &(&rate.value * &Ratio::whole(seconds)) / 3_600;
            let new = || Thin { rate, events, shares: Vec::new(), slices: Vec::new() };
            let thin = thin.entry(seconds).or_insert_with(new);
            thin.slices.push(slice);
            thin.shares.extend(objective.slice_target.as_ref().filter(|_| counts_whole));
        }
    }
    for thin in thin.values() {
        if !one_event_spoils(thin, checker) {
            empty_slices(thin, checker);
        }
    }
}

/// Says that a window is as long as a slice, which leaves no budget under any target; returns whether
/// it did.
fn single_slice(slo: &Subject<'_>, checker: &mut Checker<'_>) -> bool {
    let Some(window) = &slo.window else { return false };
    let length = window.duration.value;
    let is_as_long = |slice: &&Spanned<Duration>| {
        length
            .seconds()
            .is_some_and(|seconds| seconds > 0 && slice.value.seconds() == Some(seconds))
    };
    let mut slices = slo.objectives.iter().filter_map(|objective| objective.slice_window.as_ref());
    let Some(slice) = slices.find(is_as_long) else { return false };
    let finding = checker
        .report(window.duration.span, format!("a window of {length} holds a single slice"))
        .label("met or broken as a whole, whatever the target")
        .also(slice.span, format!("a slice of {}", slice.value));
    if length.unit == Unit::Minute {
        let months = Duration::new(length.count, Unit::Month);
        finding.help(format!("write `{months}` if months are meant, or shorten the slices"));
    } else {
        finding.help("lengthen the window, or shorten the slices");
    }
    true
}

/// Says that not one slice of the window may be bad; returns whether it did.
fn no_bad_slice(
    objective: &Objective,
    slice: &Spanned<Duration>,
    window: Option<&Window>,
    checker: &mut Checker<'_>,
) -> bool {
    let (Some(target), Some(window)) = (objective.budgeted(), window) else { return false };
    let (length, short) = (window.duration.value, slice.value.nominal_seconds());
    // A window that is no whole number of slices is another rule's concern.
    if short == 0 || !length.nominal_seconds().is_multiple_of(short) {
        return false;
    }
    let shortest = length.shortest_seconds();
    let Some(slices) = Ratio::new(shortest, short) else { return false };
    let allowed = &target.value.complement() * &slices;
    if slices < Ratio::one() || allowed >= Ratio::one() {
        return false;
    }
    let bad = match allowed.significant(3) {
        one if one == "1" => "less than 1 bad slice".to_owned(),
        bad => format!("{bad} bad slices"),
    };
    let share = percent(&target.value);
    let count = slices.significant(6);
    let days = Duration::from_seconds(shortest);
    let held = if length.unit.is_calendar() {
        format!("the shortest {length}, {days}, holds {count} slices of {}", slice.value)
    } else {
        format!("{length} holds {count} slices of {}", slice.value)
    };
    checker
        .report(
            target.span,
            format!("a target of {share} allows {bad} in {length}: the first one breaks it"),
        )
        .also(slice.span, held)
        .help("shorten the slices, lengthen the window, or lower the target");
    true
}

/// Says that slices have so few events that no event of one may be bad; returns whether it did.
fn one_event_spoils(thin: &Thin<'_>, checker: &mut Checker<'_>) -> bool {
    let allowed = |share: &Spanned<Ratio>| &thin.events * &share.value.complement();
    // Who writes that all events of a slice must be good means it.
    let is_spoiled =
        |share: &&&Spanned<Ratio>| share.value.is_part() && allowed(share) < Ratio::one();
    let mut shares = thin.shares.iter().filter(is_spoiled);
    let (Some(first), [slice, ..]) = (shares.next(), thin.slices.as_slice()) else { return false };
    let events = events_in_words(&thin.events);
    let message = format!("one bad event spoils a slice of {}, which holds {events}", slice.value);
    let label = |share| match allowed(share).significant(3).as_str() {
        "1" => "allows less than 1 bad event a slice".to_owned(),
        bad => format!("allows {bad} bad events a slice"),
    };
    let finding = checker.report_at(Level::Warning, first.span, message);
    finding.label(label(first)).also(thin.rate.span, rate_in_words(thin));
    for share in shares {
        finding.also(share.span, label(share));
    }
    if is_often_empty(&thin.events) {
        finding.note("more than 1 slice in 20 has no event at all");
    }
    finding.help("lengthen the slices, lower `timeSliceTarget`, or count `Occurrences`");
    true
}

/// Says that many slices have no event at all.
fn empty_slices(thin: &Thin<'_>, checker: &mut Checker<'_>) {
    let [slice, others @ ..] = thin.slices.as_slice() else { return };
    if !is_often_empty(&thin.events) {
        return;
    }
    let length = slice.value;
    let events = events_in_words(&thin.events);
    let message = format!("more than 1 slice of {length} in 20 is empty: one holds {events}");
    let finding = checker.report_at(Level::Warning, slice.span, message);
    finding.label("an empty slice is good, bad or left out, as each tool decides");
    finding.also(thin.rate.span, rate_in_words(thin));
    for other in others {
        finding.also(other.span, "the same length");
    }
    finding.note("of slices with n events on average, the share e^-n is empty: 5 % at n = 2.9957");
    finding.help("lengthen the slices, or count `Occurrences`");
}

/// Returns whether more than 5 % of slices with so many events on average have none.
///
/// Events that come independently of each other leave the share e^−n of slices empty, which is above
/// 0.05 where n is below ln 20 = 2.995732273553990993… That number is no fraction, so its first 18
/// decimals, which are a little less, decide alike for every n that has no more of them.
///
/// # Source
///
/// The Poisson distribution: the probability of no event is e^−n.
fn is_often_empty(events: &Ratio) -> bool {
    const LN_20: i128 = 2_995_732_273_553_990_993;
    const ONE: i128 = 1_000_000_000_000_000_000;
    Ratio::new(LN_20, ONE).is_some_and(|limit| *events <= limit)
}

fn events_in_words(events: &Ratio) -> String {
    match events.significant(5) {
        one if one == "1" => "1 event on average".to_owned(),
        count => format!("{count} events on average"),
    }
}

fn rate_in_words(thin: &Thin<'_>) -> String {
    let count = thin.events.significant(6);
    format!("{} an hour are {count} a slice", thin.rate.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_empty_slices_is_the_logarithm_of_20() {
        let often = |text: &str| Ratio::parse(text).is_some_and(|events| is_often_empty(&events));
        assert!(often("0.001") && often("2.9957") && often("2.99573227355399099"));
        assert!(!often("2.995732273553991") && !often("2.9958") && !often("3"));
        // e^x by its series, far enough: 20 lies between e^limit and the next 18-digit number's.
        let exp = |text: &str| {
            let x = Ratio::parse(text).expect("a decimal");
            let mut term = Ratio::one();
            let mut sum = Ratio::one();
            for step in 1..60 {
                term = &(&term * &x) / step;
                sum = &sum + &term;
            }
            sum
        };
        assert!(exp("2.995732273553990993") < Ratio::whole(20));
        assert!(exp("2.995732273553990994") > Ratio::whole(20));
    }
}
