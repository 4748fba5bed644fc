use std::collections::BTreeMap;

use crate::finding::Level;
use crate::model::Attestations;
use crate::model::Catalog;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::policy::each_condition;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::source::Span;
use crate::spelling;
use crate::spelling::Vocabulary;

use super::whole;

pub(super) const RULE: Rule = Rule {
    name: "attestation-unbacked",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("attestation_unbacked.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// What the conditions of a policy rest on: each attested id with its places, and incidents.
#[derive(Default)]
struct Records<'a> {
    attested: BTreeMap<&'a str, Vec<Span>>,
    incidents: Vec<Span>,
}

impl Records<'_> {
    /// Returns what is attested, as a message names it.
    fn ids(&self) -> String {
        let ids: Vec<&str> = self.attested.keys().copied().collect();
        list(&ids, "and")
    }
}

fn check(_: &Catalog, checker: &mut Checker<'_>) {
    for policy in whole(checker) {
        let mut records = Records::default();
        each_condition(policy, &mut |part| match part {
            Condition::Attested(attested) => {
                records.attested.entry(&attested.id.value).or_default().push(attested.id.span);
            }
            Condition::Incident { share, .. } => records.incidents.push(share.span),
            _ => {}
        });
        match &policy.attestations {
            None => no_records(policy, &records, checker),
            Some(attestations) if attestations.authority.is_empty() => {
                no_authority(attestations, &records, checker);
            }
            Some(attestations) => {
                nobody(attestations, &records, checker);
                strangers(attestations, checker);
            }
        }
        no_incidents(policy, &records, checker);
    }
}

/// Nothing says where attestations are kept, nor who may make them.
fn no_records(policy: &ErrorBudgetPolicy, records: &Records<'_>, checker: &mut Checker<'_>) {
    let Some(first) = records.attested.values().flatten().min() else { return };
    let (ids, name) = (records.ids(), quote(policy.meta.name()));
    checker
        .report(*first, format!("nobody can attest {ids}: the policy {name} has no `attestations`"))
        .label("rests on a record that has no place")
        .help(
            "add `attestations` under `spec`: the folder of the records, and who may attest what",
        );
}

/// There is a folder, and nobody may put anything into it.
fn no_authority(attestations: &Attestations, records: &Records<'_>, checker: &mut Checker<'_>) {
    let Some(first) = records.attested.values().flatten().min() else { return };
    let message = format!("nobody may attest {}", records.ids());
    checker
        .report(attestations.span, message)
        .label("lacks `authority`")
        .also(*first, "rests on a record")
        .help("name the roles that may, under `attestations.authority`");
}

/// An id without a role that may attest it.
fn nobody(attestations: &Attestations, records: &Records<'_>, checker: &mut Checker<'_>) {
    let named = || attestations.authority.iter().map(|(id, _)| id.value.as_str());
    for (id, places) in &records.attested {
        let Some(place) = places.iter().min().filter(|_| !named().any(|named| named == *id)) else {
            continue;
        };
        // One that conditions use is another one, however near.
        let free = named().filter(|named| !records.attested.contains_key(named));
        let near = spelling::nearest(id, free, Vocabulary::Names);
        let finding = checker.report(*place, format!("nobody may attest {}", quote(id)));
        let near = attestations
            .authority
            .iter()
            .find(|(named, _)| near.first() == Some(&named.value.as_str()));
        match near {
            Some((near, _)) => finding
                .also(near.span, "no condition asks for this")
                .help(format!("write `{}`", near.value)),
            None => finding
                .also(attestations.span, "names nobody for it")
                .help("name the roles that may, under `attestations.authority`"),
        };
    }
}

/// A role that `[owners]` does not know is nobody.
fn strangers(attestations: &Attestations, checker: &mut Checker<'_>) {
    let config = checker.config();
    if config.owners.is_empty() {
        return;
    }
    let mut unknown: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for role in attestations.authority.iter().flat_map(|(_, roles)| roles) {
        if !config.knows_owner(&role.value) {
            unknown.entry(&role.value).or_default().push(role.span);
        }
    }
    for (role, places) in unknown {
        let Some(place) = places.iter().min() else { continue };
        let known = config.owners.keys().map(String::as_str);
        let near = spelling::nearest(role, known, Vocabulary::Names);
        let message = if role.contains('@') {
            format!("no role of `[owners]` has {}", quote(role))
        } else {
            format!("the role {} is not in `[owners]`", quote(role))
        };
        let finding = checker.report(*place, message);
        finding.label("nobody attests in its name");
        match near.first() {
            Some(near) => finding.help(format!("write `{near}`")),
            None if role.contains('<') => finding.help("write the address alone"),
            None if role.contains('@') => {
                finding.help("add it to the people of a role in `[owners]` of `slo.toml`")
            }
            None => finding.help("add it to `[owners]` of `slo.toml`"),
        };
    }
}

fn no_incidents(policy: &ErrorBudgetPolicy, records: &Records<'_>, checker: &mut Checker<'_>) {
    let Some(first) = records.incidents.iter().min().filter(|_| policy.incidents.is_none()) else {
        return;
    };
    let name = quote(policy.meta.name());
    checker
        .report(
            *first,
            format!("no incident is ever counted: the policy {name} has no `incidents`"),
        )
        .label("a share of what recorded incidents took")
        .help("add `incidents` under `spec`: the folder of the records");
}
