//! What the selector of an error budget policy names.

use std::collections::BTreeSet;

use crate::globs::Globs;
use crate::model::Catalog;
use crate::model::Kind;
use crate::rules::Checker;
use crate::rules::quote;
use crate::source::Spanned;
use crate::spelling;
use crate::spelling::Vocabulary;

use super::slip::MAX_LETTERS;
use super::slip::is_word;

/// Says which names and globs of a selector fit nothing. One that fits nothing governs nothing.
///
/// A repository without any SLO may keep policies for others, so nothing is said there.
pub(super) fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    if catalog.slos().next().is_none() || catalog.policies().next().is_none() {
        return;
    }
    let slos: BTreeSet<&str> = catalog.names(Kind::Slo).collect();
    let services = catalog.slos().filter_map(|slo| slo.service.as_ref());
    let services = services.map(|service| service.value.as_str());
    let services: BTreeSet<&str> = services.chain(catalog.names(Kind::Service)).collect();
    let mut compared = 0;
    for policy in catalog.policies() {
        for entry in &policy.selector.slos {
            one(entry, &slos, "no SLO is named", catalog, &mut compared, checker);
        }
        for entry in &policy.selector.services {
            one(entry, &services, "no SLO belongs to a service", catalog, &mut compared, checker);
        }
    }
}

fn one(
    entry: &Spanned<String>,
    known: &BTreeSet<&str>,
    lack: &str,
    catalog: &Catalog,
    compared: &mut usize,
    checker: &mut Checker<'_>,
) {
    let name = entry.value.as_str();
    // A name without a wildcard is looked up, so that as many policies as SLOs take no long time.
    let is_glob = name.contains(['*', '?', '[', '{']);
    if known.contains(name) || (!is_glob && catalog.may_hold(name)) {
        return;
    }
    // What is no glob is a finding of its own.
    let Ok(glob) = Globs::of_names([name]) else { return };
    let is_elsewhere = checker.external().iter().any(|name| glob.matches(name));
    if is_elsewhere
        || (is_glob && known.iter().any(|name| glob.matches(name)))
        || (is_glob && catalog.may_hold_any(|word| glob.matches(word)))
    {
        return;
    }
    *compared = compared.saturating_add(known.len().saturating_mul(name.len().pow(2)));
    let near = if *compared > MAX_LETTERS {
        Vec::new()
    } else {
        spelling::nearest(name, known.iter().copied(), Vocabulary::Names)
    };
    let only = match near.as_slice() {
        [only] if is_word(only) => Some(*only),
        _ => None,
    };
    let edit = only.and_then(|only| checker.rewrite(entry.span, only));
    let finding = checker.report(entry.span, format!("{lack} {}", quote(&entry.value)));
    finding.label("the policy governs nothing by it");
    match (only, edit) {
        (Some(only), Some(edit)) => {
            finding.unsafe_fix(format!("write `{only}`"), vec![edit]);
        }
        _ => {
            finding.help("correct it, or list the name in `[reference] external` of `slo.toml`");
        }
    }
}
