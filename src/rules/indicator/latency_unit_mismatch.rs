use crate::finding::Level;
use crate::indicators::Sli;
use crate::indicators::User;
use crate::indicators::latency::Place;
use crate::indicators::latency::Threshold;
use crate::indicators::latency::Unit;
use crate::indicators::latency::buckets;
use crate::indicators::latency::family_of;
use crate::indicators::latency::thresholds;
use crate::indicators::latency::unit;
use crate::indicators::stated::Stated;
use crate::indicators::stated::stated;
use crate::model::Text;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Span;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "latency-unit-mismatch",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("latency_unit_mismatch.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// The longest time, in seconds, that somebody waits for a request.
const LONGEST: i64 = 300;

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let mut seen: Vec<Span> = Vec::new();
    for threshold in thresholds(sli.queries) {
        let metrics = &checker.config().metrics;
        let Some(unit) = unit(threshold.metric, metrics) else { continue };
        if threshold.value <= Ratio::zero() {
            continue;
        }
        let seconds = &threshold.value * &unit.seconds();
        let names = names(&threshold, sli);
        let lengths: Vec<(&Spanned<Text>, Stated<'_>)> = names
            .iter()
            .flat_map(|name| stated(&name.value).into_iter().map(move |length| (*name, length)))
            .collect();
        if lengths.iter().any(|(_, length)| length.seconds == seconds) {
            continue;
        }
        let place = place(&threshold, checker);
        if seen.contains(&place) {
            continue;
        }
        seen.push(place);
        if let Some(found) = lengths.iter().find(|(_, length)| is_slip(&seconds, &length.seconds)) {
            report(&threshold, unit, found, place, checker);
        } else if !is_bulk(sli) && !is_declared(&threshold, checker) {
            report_odd(&threshold, unit, &seconds, place, checker);
        }
    }
}

/// Returns whether one length is the other in another unit: a thousand times it, or a million times.
fn is_slip(one: &Ratio, other: &Ratio) -> bool {
    let times = one.checked_div(other).into_iter().chain(other.checked_div(one));
    times
        .into_iter()
        .any(|times| [1_000, 1_000_000].iter().any(|power| times.compare_whole(*power).is_eq()))
}

fn is_bulk(sli: &Sli<'_>) -> bool {
    let mut users = sli.queries.users.iter();
    users.any(|user| user.slo.meta.declares("slo/interaction", "bulk"))
}

/// Returns whether a declared bucket ends there: then the histogram goes that far.
fn is_declared(threshold: &Threshold<'_, '_>, checker: &Checker<'_>) -> bool {
    let bounds = buckets(threshold.metric, &checker.config().metrics);
    bounds.is_some_and(|bounds| bounds.contains(&threshold.value))
}

/// Returns the names of what a threshold is for: SLOs, objectives, and the indicator.
fn names<'s>(threshold: &'s Threshold<'_, '_>, sli: &'s Sli<'_>) -> Vec<&'s Spanned<Text>> {
    let of = |user: &'s User<'_>| [user.slo.meta.name.as_ref(), user.objective.name.as_ref()];
    let own = sli.queries.indicator.meta.name.as_ref();
    let users: Vec<Option<&Spanned<Text>>> = match threshold.place {
        Place::Objective(user) => of(user).into_iter().collect(),
        _ => sli.queries.users.iter().flat_map(of).collect(),
    };
    users.into_iter().chain([own]).flatten().collect()
}

fn place(threshold: &Threshold<'_, '_>, checker: &Checker<'_>) -> Span {
    match threshold.place {
        Place::Bucket(parsed, matcher) => checker.place(parsed.query, matcher.extent),
        Place::Constant(parsed, extent) => checker.place(parsed.query, extent),
        Place::Objective(user) => {
            user.objective.value.as_ref().map_or(user.objective.head, |value| value.span)
        }
    }
}

fn report(
    threshold: &Threshold<'_, '_>,
    unit: Unit,
    (name, length): &(&Spanned<Text>, Stated<'_>),
    place: Span,
    checker: &mut Checker<'_>,
) {
    let (metric, wanted) = (quote(family_of(threshold.metric)), quote(length.text));
    let message = format!(
        "the threshold is {} {}, while the name says {wanted}",
        threshold.value,
        unit.name()
    );
    let right = length.seconds.checked_div(&unit.seconds());
    let edit = right.as_ref().and_then(|right| mended(threshold, right, checker));
    let finding = checker.report(place, message);
    finding.label(format!("{metric} is in {}", unit.name()));
    finding.also(name.span, "states the threshold");
    match (edit, right) {
        (Some(edit), _) => {
            let label = if matches!(threshold.place, Place::Bucket(..)) { "le=" } else { "" };
            let title = format!("write {}", quote(&format!("{label}{}", edit.text)));
            finding.unsafe_fix(title, vec![edit])
        }
        (None, Some(right)) => finding.help(format!("compare with {right} {}", unit.name())),
        (None, None) => finding,
    };
}

/// Returns the edit that writes a threshold anew, where nothing scales it.
fn mended(threshold: &Threshold<'_, '_>, right: &Ratio, checker: &Checker<'_>) -> Option<Edit> {
    match threshold.place {
        Place::Bucket(parsed, matcher) => {
            let quote = matcher.value_extent.slice(&parsed.query.text).chars().next()?;
            let text = format!("{quote}{right}{quote}");
            checker.rewrite_part(parsed.query, matcher.value_extent, &text)
        }
        Place::Objective(user) => {
            let value = user.objective.value.as_ref()?;
            // The query may scale what it measures.
            let factor = value.value.checked_div(&threshold.value)?;
            checker.rewrite(value.span, &(right * &factor).to_string())
        }
        Place::Constant(..) => None,
    }
}

/// Says that a threshold is no time that a request takes.
fn report_odd(
    threshold: &Threshold<'_, '_>,
    unit: Unit,
    seconds: &Ratio,
    place: Span,
    checker: &mut Checker<'_>,
) {
    const REQUESTS: [&str; 7] = ["grpc", "http", "page", "request", "requests", "response", "rpc"];
    let family = family_of(threshold.metric);
    let is_request = family.split(['_', ':', '.']).any(|word| REQUESTS.contains(&word));
    let least = match unit {
        Unit::Seconds => 0,
        Unit::Milliseconds => 1,
        Unit::Microseconds => 10,
    };
    let (is_long, is_short) =
        (seconds.compare_whole(LONGEST).is_gt(), threshold.value.compare_whole(least).is_lt());
    if !is_request || !is_long && !is_short {
        return;
    }
    let than = if is_long { "longer than anybody waits for" } else { "shorter than" };
    let message = format!("a threshold of {} {} is {than} a request", threshold.value, unit.name());
    let finding = checker.report_at(Level::Warning, place, message);
    finding.label(format!("{} is in {}", quote(family), unit.name()));
    finding.help(format!("write the threshold in {}", unit.name()));
}
