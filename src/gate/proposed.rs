//! What the head makes of a definition that is agreed.

use std::sync::Arc;

use crate::budget::Definition;
use crate::change;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Slo;

use super::Setting;
use super::plan::Gated;
use super::plan::objectives;

/// Returns the head's definitions of an SLO's objectives that differ from the trusted ones.
///
/// An objective that the head adds gates nothing before it is agreed; one that it removes is judged
/// by its trusted definition alone.
pub(super) fn proposed(
    slo: &Arc<Slo>,
    setting: &Setting<'_>,
    policies: &[Arc<ErrorBudgetPolicy>],
) -> Vec<Gated> {
    let Some(head) = counterpart(slo, setting.head) else {
        return Vec::new();
    };
    let (aligned, kept) = aligned(slo, head, setting);
    let all = objectives(&aligned, Definition::Head, setting.head, policies);
    let proposed = all.filter(|one| aligned.objectives.is_empty() || kept.contains(&one.objective));
    proposed.filter(|one| !is_unchanged(one, slo, setting.trusted)).collect()
}

/// Returns the head's definition with its objectives where their trusted counterparts stand, and
/// the positions that the head still has.
fn aligned(slo: &Slo, head: &Arc<Slo>, setting: &Setting<'_>) -> (Arc<Slo>, Vec<usize>) {
    let pairs = change::objective_pairs((setting.trusted, slo), (setting.head, head));
    if pairs.iter().all(|(before, after)| before == after)
        && slo.objectives.len() == head.objectives.len()
    {
        return (Arc::clone(head), pairs.into_iter().map(|(before, _)| before).collect());
    }
    if head.objectives.is_empty() {
        return (Arc::clone(head), Vec::new());
    }
    let mut aligned = Slo::clone(head);
    // What the head removes is not judged by it; the trusted one keeps its place.
    aligned.objectives.clone_from(&slo.objectives);
    let mut kept = Vec::new();
    for (before, after) in pairs {
        let proposed = head.objectives.get(after);
        if let (Some(place), Some(proposed)) = (aligned.objectives.get_mut(before), proposed) {
            place.clone_from(proposed);
            kept.push(before);
        }
    }
    (Arc::new(aligned), kept)
}

/// Returns the head's definition of an SLO: the one of its name and service, else the only one of
/// its name.
fn counterpart<'a>(slo: &Slo, head: &'a Catalog) -> Option<&'a Arc<Slo>> {
    let named = head.named(Kind::Slo, slo.meta.name());
    let named: Vec<&Arc<Slo>> = named
        .filter_map(|object| match object {
            Object::Slo(slo) => Some(slo),
            _ => None,
        })
        .collect();
    let service = |slo: &Slo| slo.service.as_ref().map(|service| service.value.clone());
    let same = named.iter().find(|other| service(other) == service(slo));
    match (same, named.as_slice()) {
        (Some(same), _) => Some(same),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// Returns whether the head's objective means what the trusted one of its place means.
fn is_unchanged(proposed: &Gated, trusted: &Arc<Slo>, catalog: &Catalog) -> bool {
    let trusted = objectives(trusted, Definition::Trusted, catalog, &[])
        .find(|trusted| trusted.objective == proposed.objective);
    trusted.is_some_and(|trusted| {
        promise(&trusted) == promise(proposed) && measured(&trusted) == measured(proposed)
    })
}

fn promise(gated: &Gated) -> Option<String> {
    let objective = gated.slo.objectives.get(gated.objective)?;
    let target = objective.target.as_ref().map(|target| &target.value);
    serde_json::to_string(&(target, &gated.slo.window)).ok()
}

/// Returns all that the counts of an objective depend on, as text; two that are equal are answered
/// by the same measurement.
pub(super) fn measured(gated: &Gated) -> Option<String> {
    let objective = gated.slo.objectives.get(gated.objective)?;
    let of_counts = (
        gated.slo.method(),
        objective.comparison(gated.indicator.as_deref()),
        &objective.slice_target,
        &objective.slice_window,
        &gated.indicator,
    );
    serde_json::to_string(&of_counts).ok()
}
