//! What the rows of an objective may be called.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::budget::Request;
use crate::model::Catalog;
use crate::model::Slo;

/// The services in which each name of an SLO occurs.
pub(super) struct Services<'a>(BTreeMap<&'a str, BTreeSet<Option<&'a str>>>);

impl<'a> Services<'a> {
    /// Collects the names of a catalog.
    pub(super) fn new(catalog: &'a Catalog) -> Self {
        let mut services: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for slo in catalog.slos() {
            services.entry(slo.meta.name()).or_default().insert(service(slo));
        }
        Self(services)
    }

    /// Returns whether a name without its service can mean nothing but this SLO.
    fn is_unique(&self, slo: &Slo) -> bool {
        let others = self.0.get(slo.meta.name());
        others.is_none_or(|others| others.iter().all(|other| *other == service(slo)))
    }
}

/// Returns every name that the rows for a request may have.
pub(super) fn of(request: &Request, services: &Services<'_>) -> Vec<String> {
    let short = services.is_unique(&request.slo);
    names(&request.slo, request.objective, short)
}

/// Returns how many objectives each name means.
pub(super) fn meanings<'a>(slos: impl Iterator<Item = &'a Slo>) -> BTreeMap<String, usize> {
    let mut seen = BTreeSet::new();
    let mut meanings: BTreeMap<String, usize> = BTreeMap::new();
    for slo in slos {
        for objective in 0..slo.objectives.len() {
            // The trusted and the head's definition of one SLO are one.
            if seen.insert((slo.meta.name(), service(slo), objective)) {
                for name in names(slo, objective, true) {
                    *meanings.entry(name).or_default() += 1;
                }
            }
        }
        if slo.objectives.len() > 1 {
            for base in bases(slo, true) {
                *meanings.entry(base).or_default() += 2;
            }
        }
    }
    meanings
}

fn service(slo: &Slo) -> Option<&str> {
    Some(slo.service.as_ref()?.value.as_str())
}

fn names(slo: &Slo, objective: usize, short: bool) -> Vec<String> {
    let mut names = Vec::new();
    for base in bases(slo, short) {
        names.push(format!("{base}#{objective}"));
        if let Some(own) = own_name(slo, objective) {
            names.push(format!("{base}#{own}"));
        }
        if slo.objectives.len() == 1 {
            names.push(base);
        }
    }
    names
}

fn bases(slo: &Slo, short: bool) -> Vec<String> {
    let name = slo.meta.name();
    let long = service(slo).map(|service| format!("{service}/{name}"));
    let short = (short || long.is_none()).then(|| name.to_owned());
    long.into_iter().chain(short).collect()
}

/// Returns the name of an objective, unless another one has it too or it reads as an index.
fn own_name(slo: &Slo, objective: usize) -> Option<&str> {
    let name = |objective: &crate::model::Objective| Some(objective.name.as_ref()?.value.clone());
    let own = slo.objectives.get(objective)?.name.as_ref()?.value.as_str();
    let same = slo.objectives.iter().filter(|other| name(other).as_deref() == Some(own)).count();
    (same == 1 && own.parse::<usize>().is_err()).then_some(own)
}
