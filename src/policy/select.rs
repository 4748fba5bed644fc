//! Which policy governs which SLO, and how much history it needs.

use std::sync::Arc;

use globset::GlobBuilder;

use crate::budget::Terms;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lookback;
use crate::model::Slo;
use crate::model::Tier;
use crate::source::Spanned;

use super::lookbacks;

/// The annotation that holds the priority of an SLO.
const PRIORITY: &str = "slo/priority";

/// Returns whether a glob matches a name or a path; `*` does not cross a `/`, `**` does.
///
/// A glob that cannot be read matches everything: a mistake must not exempt anything.
pub fn glob_matches(glob: &str, text: &str) -> bool {
    let glob = GlobBuilder::new(glob).literal_separator(true).build();
    glob.map_or(true, |glob| glob.compile_matcher().is_match(text))
}

/// Returns whether a policy governs an SLO: every part of its selector that is given matches.
///
/// Labels are those of the SLO itself; the globs of services, names and label values match whole
/// texts, in which `/` is a letter like any other.
pub fn selects(policy: &ErrorBudgetPolicy, slo: &Slo) -> bool {
    let selector = &policy.selector;
    let service = slo.service.as_ref().map_or("", |service| &service.value);
    let one_of = |globs: &[Spanned<String>], text: &str| {
        globs.is_empty() || globs.iter().any(|glob| name_matches(&glob.value, text))
    };
    let labeled = |(key, glob): &(String, Spanned<String>)| {
        let values = slo.meta.labels.get(key);
        let mut values = values.into_iter().flatten();
        values.any(|value| name_matches(&glob.value, &value.value))
    };
    one_of(&selector.services, service)
        && one_of(&selector.slos, slo.meta.name())
        && selector.match_labels.iter().all(labeled)
}

fn name_matches(glob: &str, name: &str) -> bool {
    let glob = GlobBuilder::new(glob).build();
    glob.map_or(true, |glob| glob.compile_matcher().is_match(name))
}

/// Returns the policies that govern an SLO: of those that select it, the ones with the highest
/// precedence.
///
/// Two of equal precedence both govern, and the stricter verdict counts: a mistake in a selector
/// must not open a gate.
pub fn governing<'a>(catalog: &'a Catalog, slo: &Slo) -> Vec<&'a Arc<ErrorBudgetPolicy>> {
    let selecting: Vec<_> = catalog.policies().filter(|policy| selects(policy, slo)).collect();
    let highest = selecting.iter().map(|policy| policy.precedence).max();
    selecting.into_iter().filter(|policy| Some(policy.precedence) == highest).collect()
}

/// Returns whether a tier holds for an SLO, by its priority; nothing when the tier asks for one and
/// the SLO has none.
pub fn applies(tier: &Tier, slo: &Slo) -> Option<bool> {
    if tier.priority.is_empty() {
        return Some(true);
    }
    let priority = slo.meta.annotation(PRIORITY)?.value.trim();
    let is_it = |other: &Spanned<String>| other.value.eq_ignore_ascii_case(priority);
    Some(tier.priority.iter().any(is_it))
}

/// Returns how far back measurements are needed to judge an objective by a policy, in seconds: the
/// longest lookback, and the time for which a tier is remembered.
pub fn horizon_seconds(policy: &ErrorBudgetPolicy, terms: &Terms) -> i64 {
    let latch = i64::try_from(policy.max_latch.nominal_seconds()).unwrap_or(i64::MAX);
    longest_seconds(policy, terms).saturating_add(latch)
}

/// Returns the longest lookback of a policy, in seconds.
pub(super) fn longest_seconds(policy: &ErrorBudgetPolicy, terms: &Terms) -> i64 {
    let seconds = |lookback: Lookback| match lookback {
        Lookback::Slo => terms.window.reach_seconds(),
        Lookback::For(duration) => i64::try_from(duration.nominal_seconds()).unwrap_or(i64::MAX),
    };
    lookbacks(policy).into_iter().map(seconds).max().unwrap_or(0)
}
