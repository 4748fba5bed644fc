//! Rules about objects among themselves: names, owners, references, duplicates.

use std::collections::BTreeMap;
use std::collections::HashSet;

use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Slo;
use crate::model::Speller;
use crate::source::Span;
use crate::spelling;
use crate::spelling::MAX_LENGTH;

use super::Checker;
use super::Rule;

mod conflicting_slo;
mod duplicate_object_name;
mod duplicate_slo;
mod missing_approver;
mod missing_owner;
mod missing_rationale;
mod missing_runbook;
mod review_overdue;
mod unresolved_reference;
mod unused_object;

pub(super) const RULES: &[&Rule] = &[
    &unresolved_reference::RULE,
    &duplicate_object_name::RULE,
    &unused_object::RULE,
    &missing_owner::RULE,
    &missing_rationale::RULE,
    &missing_approver::RULE,
    &review_overdue::RULE,
    &duplicate_slo::RULE,
    &conflicting_slo::RULE,
    &missing_runbook::RULE,
];

/// Returns the roles of a side at a path: a setting of `missing-approver`.
pub(super) fn roles<'a>(side: &str, path: &str, checker: &Checker<'a>) -> Vec<&'a str> {
    checker.texts_of(&missing_approver::RULE, side, path)
}

/// Returns whether the service of an SLO is defined where it cannot be read: in a template, in a
/// broken document, or in another repository. It may say what the SLO does not.
fn has_service_elsewhere(slo: &Slo, checker: &Checker<'_>) -> bool {
    let Some(service) = &slo.service else { return false };
    let catalog = checker.catalog();
    let is_external = || checker.external().iter().any(|name| *name == service.value);
    catalog.service(slo).is_none() && (catalog.may_hold(&service.value) || is_external())
}

/// Returns whether an object has the name, may have it, or lives elsewhere: a reference that gives it
/// leads somewhere.
fn is_known(checker: &Checker<'_>, kind: Kind, name: &str) -> bool {
    let catalog = checker.catalog();
    let is_external = || checker.external().iter().any(|known| known == name);
    let has_backend = || {
        let mut sources = checker.config().backends.values().flat_map(|backend| &backend.sources);
        sources.any(|source| source == name)
    };
    let is_computed = name.trim().is_empty() || name.contains(['$', '{']);
    let is_connected =
        || kind == Kind::DataSource && (catalog.names(kind).next().is_none() || has_backend());
    catalog.named(kind, name).next().is_some()
        || is_computed
        || is_connected()
        || catalog.may_hold(name)
        || is_external()
}

/// Returns the kinds of references that lead nowhere, with the folders where they stand.
fn lost_in_folders<'a>(checker: &Checker<'a>) -> HashSet<(Kind, &'a str)> {
    let mut found = HashSet::new();
    let lost = checker.lost();
    for reference in checker.catalog().objects().iter().flat_map(Object::references) {
        let (kind, name) = (reference.kind, reference.name.value.as_str());
        if lost.contains_key(&(kind, name)) && !is_known(checker, kind, name) {
            found.insert((kind, folder(checker.path(reference.name.span.source))));
        }
    }
    found
}

/// Returns the folder of a file.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns the services of SLOs that are slips of one that is defined, by their places, with its name.
///
/// A service needs no object of its own, so only what one SLO alone names can be one.
pub(super) fn mistyped_services<'a>(checker: &Checker<'a>) -> BTreeMap<Span, &'a str> {
    let catalog = checker.catalog();
    let mut users: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for service in catalog.slos().filter_map(|slo| slo.service.as_ref()) {
        users.entry(service.value.as_str()).or_default().push(service.span);
    }
    let mut speller = Speller::new(catalog);
    let slip = |(name, places): (&str, Vec<Span>)| {
        let [place] = places.as_slice() else { return None };
        if is_known(checker, Kind::Service, name) {
            return None;
        }
        let near = speller.nearest(Kind::Service, name);
        let [only] = near.as_slice() else { return None };
        let is_near = strsim::damerau_levenshtein(name, only) == 1;
        (is_near && spelling::is_slip(name, only)).then_some((*place, *only))
    };
    users.into_iter().filter_map(slip).collect()
}

/// Returns whether an object could have the name.
fn is_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    name.len() <= MAX_LENGTH
        && name.starts_with(plain)
        && name.ends_with(plain)
        && name.chars().all(|letter| plain(letter) || letter == '-' || letter == '.')
}

/// Returns whether an object would have the name if its own were mended: one without a name, or one of
/// those whose names are `near` that has it in letters that no name has.
fn may_become(catalog: &Catalog, kind: Kind, name: &str, near: &[&str]) -> bool {
    let is_it = |near: &&str| !is_name(near) && spelling::is_same(near, name);
    catalog.has_nameless(kind) || near.iter().any(is_it)
}

/// Returns the name of a kind with its article.
fn with_article(kind: Kind) -> String {
    let article = match kind {
        Kind::Service | Kind::DataSource => "a",
        _ => "an",
    };
    format!("{article} {}", kind.name())
}
