//! Whether events of one selection are all events of another.

use crate::quantity::Ratio;
use crate::query::events::EventSet;
use crate::query::events::Events;
use crate::query::events::GuardKind;
use crate::query::events::are_as_long;
use crate::query::tree::MatchOperator;
use crate::query::values::Automata;
use crate::query::values::Containment;
use crate::query::values::Values;

use super::statuses::codes_of_label;

/// The label that holds the upper bound of a bucket.
pub const BOUND: &str = "le";

/// Where one set of events does not lie within another of its family, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Nobody knows.
    Possible,
    /// It counts values above the bound of the other's bucket.
    Bound,
    /// By the values of a label.
    Label {
        /// The label.
        label: String,
        /// A value that only the first lets through; empty for series without the label.
        witness: String,
    },
}

/// The upper bound of the values that a set counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// All are counted, whatever their value.
    None,
    /// Up to this.
    At(Ratio),
    /// Nobody knows.
    Unknown,
}

/// Returns the name of a metric without what tells the parts of a histogram apart.
pub fn family<'t>(set: &EventSet<'t>) -> &'t str {
    let mut parts = ["_bucket", "_count"].iter();
    parts.find_map(|part| set.metric.strip_suffix(part)).unwrap_or(set.metric)
}

/// Returns the upper bound of the values that a set counts: that of its bucket.
///
/// # Source
///
/// Prometheus documentation, "Histograms and summaries": buckets are cumulative, and the one up to
/// `+Inf` counts all values, as `_count` does.
pub fn bound(set: &EventSet<'_>) -> Bound {
    if !set.metric.ends_with("_bucket") {
        return Bound::None;
    }
    let mut matchers = set.matchers(BOUND);
    let (Some(only), None) = (matchers.next(), matchers.next()) else { return Bound::Unknown };
    match (only.operator, only.value.trim_start_matches('+')) {
        (MatchOperator::Equal, "Inf") => Bound::None,
        (MatchOperator::Equal, value) => Ratio::parse(value).map_or(Bound::Unknown, Bound::At),
        _ => Bound::Unknown,
    }
}

/// Returns where a set of events does not lie within another of its family; nothing where it does.
pub fn gap(set: &EventSet<'_>, whole: &EventSet<'_>, automata: &Automata) -> Option<Gap> {
    let mut found = match (bound(set), bound(whole)) {
        (Bound::Unknown, _) | (_, Bound::Unknown) => Some(Gap::Possible),
        (Bound::None, Bound::At(_)) => return Some(Gap::Bound),
        (Bound::At(own), Bound::At(most)) if own > most => return Some(Gap::Bound),
        _ => None,
    };
    let is_histogram = [set, whole].iter().any(|set| set.metric.ends_with("_bucket"));
    for label in whole.labels() {
        if is_histogram && label == BOUND {
            continue;
        }
        let values = |set: &EventSet<'_>| Values::of(set.matchers(label), automata);
        match values(set).within(&values(whole)) {
            Containment::Inside => {}
            // Codes are few, and all that is not among them is no status.
            Containment::Outside(_) if are_codes_within(set, whole, label, automata) => {}
            Containment::Outside(witness) => {
                return Some(Gap::Label { label: label.to_owned(), witness });
            }
            Containment::Unknown => found = Some(Gap::Possible),
        }
    }
    found
}

/// Returns whether all codes that a set asks for by a label are among those of another.
fn are_codes_within(
    set: &EventSet<'_>,
    whole: &EventSet<'_>,
    label: &str,
    automata: &Automata,
) -> bool {
    let codes = |set: &EventSet<'_>| codes_of_label(set, label, automata);
    let both = codes(set).zip(codes(whole));
    both.is_some_and(|(own, all)| !own.is_empty() && own.without(&all).is_empty())
}

/// Returns whether two queries certainly count the same events in the same way, whatever their spelling.
pub fn are_equal(one: &Events<'_>, other: &Events<'_>, automata: &Automata) -> bool {
    let is_bent = |events: &Events<'_>| {
        events.guards.iter().any(|guard| !matches!(guard.kind, GuardKind::Default(_)))
    };
    let is_one = |one: &EventSet<'_>, other: &EventSet<'_>| {
        family(one) == family(other)
            && one.reading == other.reading
            && one.is_taken == other.is_taken
            && are_as_long(one.range, other.range)
            && one.modifiers.offset.is_none()
            && other.modifiers.offset.is_none()
            && one.modifiers.at.is_none()
            && other.modifiers.at.is_none()
            && gap(one, other, automata).is_none()
            && gap(other, one, automata).is_none()
    };
    let within = |some: &[EventSet<'_>], others: &[EventSet<'_>]| {
        some.iter().all(|one| others.iter().any(|other| is_one(one, other)))
    };
    one.sets.len() == other.sets.len()
        && !is_bent(one)
        && !is_bent(other)
        && within(&one.sets, &other.sets)
        && within(&other.sets, &one.sets)
}
