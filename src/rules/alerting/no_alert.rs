use std::sync::Arc;

use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Dialect;
use crate::model::Slo;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::quote;

use super::is_exempt;

pub(super) const RULE: Rule = Rule {
    name: "no-alert",
    level: Level::Warning,
    set: Set::Strict,
    since: "0.1.0",
    docs: include_str!("no_alert.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    // `openslo/v1alpha` has no field for alerts.
    let expected = |slo: &&Arc<Slo>| slo.meta.dialect != Dialect::OpenSloV1Alpha && !is_exempt(slo);
    let slos: Vec<&Arc<Slo>> = catalog.slos().filter(expected).collect();
    let silent: Vec<&Arc<Slo>> =
        slos.iter().copied().filter(|slo| slo.alert_policies.is_empty()).collect();
    let has_none = silent.len() == slos.len();
    for slo in silent {
        let message = format!("no alert watches the SLO {}", quote(slo.meta.name()));
        let level = level(catalog.is_critical(slo));
        let finding = checker.report_at(level, slo.meta.place(), message);
        if let Some(span) = slo.alert_policies_span {
            finding.also(span, "an empty list");
        }
        finding.help(HELP);
        if has_none {
            finding.once("no SLO of the repository has an alert");
        }
    }
}

const HELP: &str = "list alert policies under `alertPolicies`: one that pages on a fast burn, one that files a ticket on a slow one";

fn level(is_critical: bool) -> Level {
    if is_critical { Level::Error } else { Level::Warning }
}
