use std::sync::Arc;

use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Dialect;
use crate::model::Meta;
use crate::model::Slo;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::spelling;
use crate::spelling::Vocabulary;
use crate::yaml::Added;
use crate::yaml::append_entries;
use crate::yaml::replace_scalar;

use super::has_service_elsewhere;

pub(super) const RULE: Rule = Rule {
    name: "missing-owner",
    level: Level::Error,
    set: Set::Strict,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("missing_owner.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let slos: Vec<&Arc<Slo>> = catalog.slos().collect();
    let lacking: Vec<&Arc<Slo>> =
        slos.iter().copied().filter(|slo| !has_owner(catalog, slo, checker)).collect();
    let has_none = lacking.len() == slos.len();
    for slo in lacking {
        let edit = appoint(slo, checker);
        let message = format!("nobody owns the SLO {}", quote(slo.meta.name()));
        let finding = checker.report(slo.meta.place(), message);
        if let Some(service) = catalog.service(slo) {
            finding.also(service.meta.place(), "its Service has no owner either");
        }
        finding.help(match slo.meta.dialect {
            Dialect::Datadog | Dialect::DatadogKubernetes | Dialect::DatadogTerraform => HELP_TAGS,
            Dialect::Grafana | Dialect::Google => HELP_LABELS,
            _ => HELP,
        });
        if let Some(edit) = edit {
            finding.unsafe_fix(TITLE, vec![edit]);
        }
        if has_none {
            finding.once("no SLO of the repository has an owner");
        }
    }
    unknown_owners(catalog, checker);
}

/// The annotation that names the owner of an SLO.
const OWNER: &str = "slo/owner";

const HELP: &str =
    "add a label `team`, an annotation `slo/owner`, or a line for the path to CODEOWNERS";

const HELP_TAGS: &str = "add a tag such as `team:shop`, or a line for the path to CODEOWNERS";

const HELP_LABELS: &str = "add a label `team`, or a line for the path to CODEOWNERS";

const TITLE: &str = "annotate it with the owners that CODEOWNERS names for every path";

/// Returns the edit that names the owners of every path as those of an SLO.
fn appoint(slo: &Slo, checker: &Checker<'_>) -> Option<Edit> {
    let config = checker.config();
    let (owners, _) = checker.owners_of(slo.meta.span.source)?;
    let is_known = |owner: &&String| config.owners.is_empty() || config.knows_owner(owner);
    let known: Vec<&str> = owners.iter().filter(is_known).map(String::as_str).collect();
    let owner = known.join(", ");
    if owner.is_empty() {
        return None;
    }
    checker.mend(slo.meta.span, |object| {
        let metadata = object.given("metadata")?;
        let Some(annotations) = metadata.entry("annotations") else {
            let annotations = Added::Mapping(vec![(OWNER, Added::Text(&owner))]);
            return append_entries(metadata, &[("annotations", annotations)]);
        };
        match annotations.value.entry(OWNER) {
            Some(empty) if empty.value.raw().is_empty() => None,
            Some(empty) => replace_scalar(empty.value, &owner),
            None => append_entries(annotations.value, &[(OWNER, Added::Text(&owner))]),
        }
    })
}

/// Returns whether an SLO has an owner, or may have one.
fn has_owner(catalog: &Catalog, slo: &Slo, checker: &Checker<'_>) -> bool {
    let is_owned = |meta: &Meta| {
        let by_path = || checker.owners_of(meta.span.source);
        !meta.owners().is_empty()
            || meta.misspells(OWNER)
            || by_path().is_some_and(|(_, is_catch_all)| !is_catch_all)
    };
    is_owned(&slo.meta)
        || catalog.service(slo).is_some_and(|service| is_owned(&service.meta))
        || has_service_elsewhere(slo, checker)
}

/// Owners are compared with `[owners]` where a repository keeps that table.
fn unknown_owners(catalog: &Catalog, checker: &mut Checker<'_>) {
    let config = checker.config();
    if config.owners.is_empty() {
        return;
    }
    let services = catalog.slos().filter_map(|slo| catalog.service(slo));
    let services: Vec<&Meta> = services.map(|service| &service.meta).collect();
    let metas = catalog.slos().map(|slo| &slo.meta).chain(services);
    for owner in metas.flat_map(Meta::owners) {
        for name in owner.value.split(',').map(str::trim) {
            if name.is_empty() || config.knows_owner(name) {
                continue;
            }
            let message = format!("the owner {} is not in `[owners]`", quote(name));
            let roles = config.owners.keys().map(String::as_str);
            let near = spelling::nearest(name, roles, Vocabulary::Names);
            let finding = checker.report_at(Level::Warning, owner.span, message);
            match near.first() {
                Some(role) => finding.help(format!("`{role}` is near")),
                None => finding.help("add it to a role in `[owners]` of `slo.toml`"),
            };
        }
    }
}
