use std::sync::Arc;

use crate::finding::Level;
use crate::model::AlertPolicy;
use crate::model::Catalog;
use crate::model::Dialect;
use crate::model::Slo;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::quote;
use crate::source::Spanned;

use super::is_exempt;

pub(super) const RULE: Rule = Rule {
    name: "no-alert",
    level: Level::Error,
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
        slos.iter().copied().filter(|slo| is_silent(catalog, slo)).collect();
    if let [first, _, ..] = silent.as_slice()
        && silent.len() == slos.len()
    {
        let is_critical = silent.iter().any(|slo| catalog.is_critical(slo));
        let message = "no SLO of the repository has an alert";
        checker
            .report_at(level(is_critical), first.meta.place(), message)
            .label(format!("the first of {}", slos.len()))
            .help(HELP);
        return;
    }
    for slo in silent {
        let message = format!("no alert watches the SLO {}", quote(slo.meta.name()));
        let level = level(catalog.is_critical(slo));
        let finding = checker.report_at(level, slo.meta.place(), message);
        let disabled = disabled(catalog, slo);
        for policy in &disabled {
            finding.also(policy.meta.place(), "tells nobody that the budget burns");
        }
        if let Some(span) = slo.alert_policies_span.filter(|_| disabled.is_empty()) {
            finding.also(span, "an empty list");
        }
        finding.help(if disabled.is_empty() { HELP } else { HELP_DISABLED });
    }
}

const HELP: &str = "list alert policies under `alertPolicies`: one that pages on a fast burn, one that files a ticket on a slow one";

const HELP_DISABLED: &str = "set `alertWhenBreaching: true` on a policy";

/// Returns whether an SLO has no alert policy, or none that tells anybody anything.
fn is_silent(catalog: &Catalog, slo: &Slo) -> bool {
    disabled(catalog, slo).len() == slo.alert_policies.len()
}

/// Returns the alert policies of an SLO that are switched off: `alertWhenBreaching` is false, and
/// neither of the other two is true.
fn disabled(catalog: &Catalog, slo: &Slo) -> Vec<Arc<AlertPolicy>> {
    let found = slo.alert_policies.iter().filter_map(|policy| catalog.alert_policy(policy).one());
    let is_true = |flag: &Option<Spanned<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
    let is_off = |policy: &Arc<AlertPolicy>| {
        policy.when_breaching.as_ref().is_some_and(|flag| !flag.value)
            && !is_true(&policy.when_no_data)
            && !is_true(&policy.when_resolved)
    };
    found.filter(is_off).collect()
}

fn level(is_critical: bool) -> Level {
    if is_critical { Level::Error } else { Level::Warning }
}
