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
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "timeslice-budget-granularity",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("timeslice_budget_granularity.md"),
    settings: &[],
    check: Check::Slo(check),
};

/// How many events a slice has on average.
struct Traffic {
    /// The declared number of events an hour.
    rate: Spanned<Ratio>,
    /// The events a slice.
    events: Ratio,
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
    for objective in &slo.objectives {
        let Some(slice) = &objective.slice_window else { continue };
        let Some(seconds) = slice.value.seconds().filter(|seconds| *seconds > 0) else { continue };
        let traffic = rate.as_ref().map(|rate| Traffic {
            rate: rate.clone(),
            events: &(&rate.value * &Ratio::whole(seconds)) / 3_600,
        });
        // A share of a slice may be bad, where shares are counted.
        let counts_whole = method == BudgetingMethod::Timeslices;
        if counts_whole && no_bad_slice(objective, slice, slo.window.as_ref(), checker) {
            continue;
        }
        if let Some(traffic) = traffic
            && !(counts_whole && one_event_spoils(objective, slice, &traffic, checker))
        {
            empty_slices(slice, &traffic, checker);
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

/// Says that a slice has so few events that no event of it may be bad; returns whether it did.
fn one_event_spoils(
    objective: &Objective,
    slice: &Spanned<Duration>,
    traffic: &Traffic,
    checker: &mut Checker<'_>,
) -> bool {
    // Who writes that all events of a slice must be good means it.
    let inside =
        |share: &&Spanned<Ratio>| share.value > Ratio::zero() && share.value < Ratio::one();
    let Some(share) = objective.slice_target.as_ref().filter(inside) else { return false };
    let allowed = &traffic.events * &share.value.complement();
    if allowed >= Ratio::one() {
        return false;
    }
    let length = slice.value;
    let events = events_in_words(&traffic.events);
    let message = format!("one bad event spoils a slice of {length}, which holds {events}");
    let finding = checker.report_at(Level::Warning, share.span, message);
    let bad = allowed.significant(3);
    finding.label(match bad.as_str() {
        "1" => "allows less than 1 bad event a slice".to_owned(),
        _ => format!("allows {bad} bad events a slice"),
    });
    finding.also(traffic.rate.span, rate_in_words(traffic));
    if is_often_empty(&traffic.events) {
        finding.note("more than 1 slice in 20 has no event at all");
    }
    finding.help("lengthen the slices, lower `timeSliceTarget`, or count `Occurrences`");
    true
}

/// Says that many slices have no event at all.
fn empty_slices(slice: &Spanned<Duration>, traffic: &Traffic, checker: &mut Checker<'_>) {
    if !is_often_empty(&traffic.events) {
        return;
    }
    let length = slice.value;
    let events = events_in_words(&traffic.events);
    let message = format!("more than 1 slice of {length} in 20 is empty: one holds {events}");
    checker
        .report_at(Level::Warning, slice.span, message)
        .label("an empty slice is good, bad or left out, as each tool decides")
        .also(traffic.rate.span, rate_in_words(traffic))
        .note("of slices with n events on average, the share e^-n is empty: 5 % at n = 2.9957")
        .help("lengthen the slices, or count `Occurrences`");
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

fn rate_in_words(traffic: &Traffic) -> String {
    let count = traffic.events.significant(6);
    format!("{} an hour are {count} a slice", traffic.rate.value)
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
