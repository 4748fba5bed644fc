//! How often a service is released while an approval is needed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::budget::moved;
use crate::model::Catalog;
use crate::model::ReleaseRate;

use super::Setting;
use super::verdict::ReleaseLimit;

/// Returns the globs of the tags that the policies count, each with the instant since when.
pub fn release_tags(trusted: &Catalog, now: Timestamp) -> BTreeMap<&str, Timestamp> {
    let mut found = BTreeMap::new();
    let tiers = trusted.policies().flat_map(|policy| &policy.tiers);
    for rate in tiers.filter_map(|tier| tier.release_rate.as_ref()) {
        let begin = begin(rate, now);
        let since = found.entry(rate.tags.value.as_str()).or_insert(begin);
        *since = begin.min(*since);
    }
    found
}

fn seconds(rate: &ReleaseRate) -> i64 {
    i64::try_from(rate.per.value.nominal_seconds()).unwrap_or(i64::MAX)
}

fn begin(rate: &ReleaseRate, now: Timestamp) -> Timestamp {
    moved(now, seconds(rate).saturating_neg())
}

/// Returns why a tier lets no release pass at present.
///
/// Counted are the tags of commits that were made less than `per` before now.
///
/// # Why
///
/// A tag of this hour counts at once, and not at the next instant of the grid: between the two, a
/// second release would pass. One that claims to be made in the future counts too.
pub(super) fn release_limit(rate: &ReleaseRate, setting: &Setting<'_>) -> Option<ReleaseLimit> {
    let Some(releases) = setting.facts.releases.get(&rate.tags.value) else {
        return Some(ReleaseLimit::Hidden);
    };
    let since = begin(rate, setting.now);
    let mut counted: Vec<Timestamp> =
        releases.at.iter().copied().filter(|at| *at > since).collect();
    counted.sort_unstable();
    let max = usize::try_from(rate.max.value).unwrap_or(usize::MAX);
    // The next release passes when only `max - 1` of them are left.
    match counted.len().checked_sub(max).and_then(|index| counted.get(index)) {
        Some(at) => Some(ReleaseLimit::Reached(moved(*at, seconds(rate)))),
        None if releases.is_cut => Some(ReleaseLimit::Hidden),
        None => None,
    }
}
