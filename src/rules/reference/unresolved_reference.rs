use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;

use crate::finding::Level;
use crate::globs::Globs;
use crate::model::Catalog;
use crate::model::Dialect;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Reference;
use crate::model::Slo;
use crate::model::Speller;
use crate::needs;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Span;
use crate::source::Spanned;
use crate::spelling::is_slip;
use crate::yaml;

use super::is_known;
use super::is_name;
use super::may_become;
use super::with_article;

pub(super) const RULE: Rule = Rule {
    name: "unresolved-reference",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::SlosAndPolicies,
    since: "0.1.0",
    docs: include_str!("unresolved_reference.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// The references of one object to one name: one cause.
type Group<'a> = BTreeMap<(Kind, &'a str), Vec<&'a Reference>>;

/// The most places of one finding that are shown.
const MAX_PLACES: usize = 10;

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let mut speller = Speller::new(catalog);
    for object in catalog.objects() {
        let needed = needs::references(object, checker.sources());
        let (mut group, mut seen) = (Group::new(), HashSet::new());
        let mut follow = |reference| follow(reference, object, checker, &mut seen, &mut group);
        object.each_reference(&mut follow);
        needed.iter().for_each(follow);
        let is_elsewhere = object.meta().dialect == Dialect::Nobl9;
        for ((kind, name), places) in group {
            // What nobody here defines may stand on the server; a slip is a slip.
            if is_elsewhere && speller.nearest(kind, name).is_empty() {
                continue;
            }
            report(catalog, checker, &mut speller, (kind, name), &places);
        }
    }
    for slo in catalog.slos() {
        mistyped_service(catalog, slo, checker);
    }
    selections(catalog, &mut speller, checker);
}

/// Notes a reference that leads nowhere.
fn follow<'a>(
    reference: &'a Reference,
    object: &Object,
    checker: &Checker<'_>,
    seen: &mut HashSet<(Kind, Span)>,
    group: &mut Group<'a>,
) {
    let (kind, name) = (reference.kind, reference.name.value.as_str());
    // Where nothing can have the name, `invalid-object-name` says so.
    let may_be_named = kind == Kind::Slo || may_be_named(object, name);
    if is_known(checker, kind, name) || !may_be_named {
        return;
    }
    // Objectives share the indicator of their SLO.
    if seen.insert((kind, reference.name.span)) {
        group.entry((kind, name)).or_default().push(reference);
    }
}

/// Returns whether the format of an object allows a name: a dot and more than 63 characters are for
/// names of later versions.
fn may_be_named(object: &Object, name: &str) -> bool {
    let is_label = name.len() <= 63 && !name.contains('.');
    let is_early = matches!(object.meta().dialect, Dialect::OpenSloV1 | Dialect::OpenSloV1Alpha);
    is_name(name) && (is_label || !is_early)
}

fn report(
    catalog: &Catalog,
    checker: &mut Checker<'_>,
    speller: &mut Speller<'_>,
    (kind, name): (Kind, &str),
    places: &[&Reference],
) {
    let Some((first, rest)) = places.split_first() else {
        return;
    };
    let near = checker.lost().get(&(kind, name)).cloned();
    let near = near.unwrap_or_else(|| speller.nearest(kind, name));
    if may_become(catalog, kind, name, &near) {
        return;
    }
    let edits = rename(name, &near, places, checker);
    let is_empty = catalog.names(kind).next().is_none();
    let level = match kind {
        Kind::AlertNotificationTarget if is_empty => Level::Warning,
        _ => Level::Error,
    };
    let other = other_kind(catalog, kind, name);
    let message = format!("no {} is named {}", kind.name(), quote(name));
    let finding = checker.report_at(level, first.name.span, message);
    finding.label(format!("`{}` leads nowhere", first.field));
    for reference in rest.iter().take(MAX_PLACES) {
        finding.also(reference.name.span, "and here");
    }
    if let Some(more) = rest.len().checked_sub(MAX_PLACES).filter(|more| *more > 0) {
        finding.note(format!("and in {more} more places of this object"));
    }
    if let Some((other, span)) = other {
        finding.also(span, format!("{} of this name", with_article(other)));
    } else if is_empty {
        finding.note(format!("no file that was read defines any {}", kind.name()));
    }
    match (near.as_slice(), edits) {
        ([only], Some((true, edits))) => {
            finding.safe_fix(format!("write `{only}`"), edits);
        }
        ([only], Some((false, edits))) => {
            finding.unsafe_fix(format!("write `{only}`"), edits);
        }
        ([], _) => {
            finding.help("define it, or list it in `[reference] external` of `slo.toml`");
        }
        (names, _) => {
            finding.help(match names {
                [only] => format!("`{only}` is near"),
                several => format!("{} are equally near", list(several, "and")),
            });
        }
    }
}

/// Returns the edits that write the one name one letter away, and whether it can only be meant.
///
/// `latency-p95` and `latency-p99`, or `zone-a` and `zone-b`, are one letter apart and two things:
/// a difference in a digit or in a short word is no slip of the finger for certain.
fn rename(
    name: &str,
    near: &[&str],
    places: &[&Reference],
    checker: &Checker<'_>,
) -> Option<(bool, Vec<Edit>)> {
    let [only] = near else { return None };
    let is_near = strsim::damerau_levenshtein(name, only) == 1 && may_be_written(only);
    // A name of an annotation is a part of its text.
    if !is_near || places.iter().any(|place| place.kind == Kind::Slo) {
        return None;
    }
    let edits = places
        .iter()
        .map(|place| checker.rewrite(place.name.span, only))
        .collect::<Option<Vec<_>>>()?;
    Some((is_slip(name, only), edits))
}

/// Returns whether a fix may write a name. A short one is near too many.
fn may_be_written(name: &str) -> bool {
    name.len() >= 4 && yaml::is_text(name)
}

/// An SLO and its SLI often share a name; that says nothing about a reference to a policy.
fn other_kind(catalog: &Catalog, kind: Kind, name: &str) -> Option<(Kind, Span)> {
    let near: &[Kind] = match kind {
        Kind::Slo => &[Kind::Service, Kind::Sli],
        _ => &[Kind::AlertPolicy, Kind::AlertCondition, Kind::AlertNotificationTarget, Kind::Sli],
    };
    let mut others = near.iter().copied().filter(|other| *other != kind);
    let object = others.find_map(|other| catalog.named(other, name).next())?;
    Some((object.kind(), object.meta().place()))
}

/// A service needs no object of its own. Only a slip of the finger beside one that exists is told.
fn mistyped_service(catalog: &Catalog, slo: &Slo, checker: &mut Checker<'_>) {
    let Some(service) = &slo.service else { return };
    let Some(only) = checker.mistyped_services().get(&service.span) else { return };
    let defined = catalog.named(Kind::Service, only).next();
    let edit = checker.rewrite(service.span, only).filter(|_| may_be_written(only));
    let message = format!("no Service is named {}", quote(&service.value));
    let finding = checker.report_at(Level::Warning, service.span, message);
    finding.label("no other SLO names it");
    if let Some(defined) = defined {
        finding.also(defined.meta().place(), "one letter away");
    }
    if let Some(edit) = edit {
        finding.unsafe_fix(format!("write `{only}`"), vec![edit]);
    }
}

/// Says which names and globs of a selector fit nothing. One that fits nothing governs nothing.
///
/// A repository without any SLO may keep policies for others, so nothing is said there.
fn selections(catalog: &Catalog, speller: &mut Speller<'_>, checker: &mut Checker<'_>) {
    if catalog.slos().next().is_none() || catalog.policies().next().is_none() {
        return;
    }
    let slos: BTreeSet<&str> = catalog.names(Kind::Slo).collect();
    let services = catalog.slos().filter_map(|slo| slo.service.as_ref());
    let services = services.map(|service| service.value.as_str());
    let services: BTreeSet<&str> = services.chain(catalog.names(Kind::Service)).collect();
    for policy in catalog.policies() {
        for entry in &policy.selector.slos {
            selected(entry, &slos, "no SLO is named", catalog, speller, checker);
        }
        for entry in &policy.selector.services {
            selected(entry, &services, "no SLO belongs to a service", catalog, speller, checker);
        }
    }
}

fn selected(
    entry: &Spanned<String>,
    known: &BTreeSet<&str>,
    lack: &str,
    catalog: &Catalog,
    speller: &mut Speller<'_>,
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
    let near = speller.nearest_of(name, known);
    let only = match near.as_slice() {
        [only] if may_be_written(only) => Some(*only),
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
