//! Rules about objects among themselves: names, owners, references, duplicates.

use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Slo;
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
