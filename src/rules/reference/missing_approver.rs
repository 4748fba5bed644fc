use crate::finding::Level;
use crate::model::Subject;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Holds;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Setting;
use crate::rules::approval::APPROVERS;
use crate::rules::approval::ENGINEERING;
use crate::rules::approval::PRODUCT;
use crate::rules::approval::Side;
use crate::rules::approval::approvers;
use crate::rules::approval::names;
use crate::rules::words::list;
use crate::rules::words::quote;

use super::has_service_elsewhere;

pub(super) const RULE: Rule = Rule {
    name: "missing-approver",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("missing_approver.md"),
    settings: &[
        Setting { name: PRODUCT, holds: Holds::Texts },
        Setting { name: ENGINEERING, holds: Holds::Texts },
    ],
    check: Check::Slos(check),
};

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let is_misspelled = |slo: &Subject<'_>| {
        let metas = slo.service.map(|service| &service.meta).into_iter().chain([&slo.meta]);
        metas.into_iter().any(|meta| meta.misspells(APPROVERS))
    };
    let is_asked = |slo: &&Subject<'_>| {
        let may_lack = || !has_service_elsewhere(slo, checker) && !is_misspelled(slo);
        slo.is_critical && (approvers(slo).is_some() || may_lack())
    };
    let critical = slos.iter().filter(is_asked);
    let (approved, lacking): (Vec<_>, Vec<_>) = critical.partition(|slo| approvers(slo).is_some());
    for slo in &lacking {
        let message = format!(
            "nobody approved the SLO {}, which is of the first priority",
            quote(slo.meta.name())
        );
        let finding = checker.report_at(level(slo), slo.meta.place(), message);
        finding.help(
            "annotate `slo/approvers` with those who agreed to the target: one from product, one from engineering",
        );
        if approved.is_empty() {
            finding.once("nobody approved any SLO of the first priority");
        }
    }
    if !checker.config().owners.is_empty() {
        for slo in approved {
            one_sided(slo, checker);
        }
    }
}

fn level(slo: &Subject<'_>) -> Level {
    if slo.is_draft() { Level::Info } else { Level::Warning }
}

/// Reports an SLO that only one side approved, or neither.
fn one_sided(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    let Some(approvers) = approvers(slo) else { return };
    let config = checker.config();
    let names = names(approvers.value, config);
    let sides = [PRODUCT, ENGINEERING].map(|name| Side::new(name, slo, checker));
    let is_absent = |side: &&Side<'_>| {
        // Where nobody says which roles are of a side, nobody knows who is.
        let is_told = !side.roles.is_empty() || config.owners.keys().any(|role| side.holds(role));
        is_told && !names.iter().any(|name| side.has(name, config))
    };
    let absent: Vec<&Side<'_>> = sides.iter().filter(is_absent).collect();
    let slo_name = quote(slo.meta.name());
    let message = match absent.as_slice() {
        [] => return,
        [only] => format!("nobody from {} approved the SLO {slo_name}", only.name),
        _ => format!("nobody from product or engineering approved the SLO {slo_name}"),
    };
    let roles = config.owners.keys().filter(|role| absent.iter().any(|side| side.holds(role)));
    let roles: Vec<&String> = roles.collect();
    let is_unknown =
        |name: &&str| !config.knows_owner(name) && !sides.iter().any(|side| side.holds(name));
    let unknown: Vec<&str> = names.into_iter().filter(is_unknown).collect();
    let finding = checker.report_at(level(slo), approvers.span, message);
    if !unknown.is_empty() {
        let verb = if unknown.len() == 1 { "is" } else { "are" };
        finding.note(format!("{} {verb} in no role of `[owners]`", list(&unknown, "and")));
    }
    let roles = list(&roles, "or");
    finding.help(match (roles.as_str(), absent.len()) {
        ("", _) => "add an approver of that side, and the role to `[owners]`".to_owned(),
        (_, 1) => format!("add an approver who holds the role {roles}"),
        _ => format!("add an approver of each side: they hold the roles {roles}"),
    });
}
