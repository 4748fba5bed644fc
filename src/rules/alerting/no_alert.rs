use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::finding::Level;
use crate::model::Kind;
use crate::model::Slo;
use crate::model::Subject;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Holds;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Setting;
use crate::rules::words::level;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::yaml::Added;
use crate::yaml::Node;
use crate::yaml::append_entries;
use crate::yaml::replace_empty;

use crate::alerts::is_exempt;

pub(super) const RULE: Rule = Rule {
    name: "no-alert",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::AnyAlerts,
    since: "0.1.0",
    docs: include_str!("no_alert.md"),
    settings: &[Setting { name: DEFAULTS, holds: Holds::Texts }],
    check: Check::Slos(check),
};

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    // `openslo/v1alpha` has no field for alerts, and those of Datadog and Google stand elsewhere.
    let expected = |slo: &&Subject<'_>| slo.meta.dialect.names_alerts() && !is_exempt(slo);
    let slos = slos.iter().filter(expected).filter(|slo| !slo.meta.misspells("alertPolicies"));
    let is_silent = |slo: &&Subject<'_>| {
        slo.alert_policies.is_empty()
            && slo.generated.is_empty()
            && !checker.watched().contains(&slo.meta.span)
    };
    let silent: Vec<_> = slos.clone().filter(is_silent).collect();
    let has_none = silent.len() == slos.count();
    for slo in silent {
        let usual = Usual::of(slo, checker);
        let message = format!("no alert watches the SLO {}", quote(slo.meta.name()));
        let level = level(slo.is_critical);
        let finding = checker.report_at(level, slo.meta.place(), message);
        let is_made = slo.meta.dialect.makes_alerts();
        if let Some(span) = slo.alert_policies_span {
            finding.also(span, if is_made { "disables them" } else { "an empty list" });
        }
        finding.help(if is_made { HELP_MADE } else { HELP });
        if has_none {
            finding.once("no SLO of the repository has an alert");
        }
        offer(usual, finding);
    }
}

/// The setting that names the alert policies that an SLO usually has.
const DEFAULTS: &str = "alert-defaults";

const HELP: &str = "list alert policies under `alertPolicies`: one that pages on a fast burn, one that files a ticket on a slow one";

const HELP_MADE: &str = "let the tool make them: enable them under `alerting`";

/// The alert policies that `slo.toml` names for the path of an SLO.
#[derive(Default)]
struct Usual<'a> {
    /// The edit that lists them; nothing where there is no place for them, or none is named.
    edit: Option<Edit>,
    /// The first name that no policy has.
    unknown: Option<&'a str>,
}

impl<'a> Usual<'a> {
    fn of(slo: &Slo, checker: &Checker<'a>) -> Self {
        let mut names = checker.texts(DEFAULTS, checker.path(slo.meta.span.source));
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(*name));
        let is_defined = |name: &str| {
            checker.catalog().named(Kind::AlertPolicy, name).next().is_some()
                || checker.external().iter().any(|external| external == name)
        };
        if let Some(unknown) = names.iter().find(|name| !is_defined(name)) {
            return Self { edit: None, unknown: Some(unknown) };
        }
        if names.is_empty() {
            return Self::default();
        }
        let edit = checker.mend(slo.meta.span, |slo| list(slo.given("spec")?, &names));
        Self { edit, unknown: None }
    }
}

/// Returns the edit that lists alert policies in the `spec` of an SLO.
fn list(spec: Node<'_>, names: &[&str]) -> Option<Edit> {
    const FIELD: &str = "alertPolicies";
    let items =
        names.iter().map(|name| Added::Mapping(vec![("alertPolicyRef", Added::Text(name))]));
    let items = Added::Sequence(items.collect());
    match spec.entry(FIELD) {
        Some(given) => replace_empty(given.value, &items),
        None => append_entries(spec, &[(FIELD, items)]),
    }
}

/// Offers the usual alert policies as a fix, or says which of them nobody defines.
fn offer(usual: Usual<'_>, finding: &mut Finding) {
    if let Some(unknown) = usual.unknown {
        let unknown = quote(unknown);
        finding.note(format!(
            "`{DEFAULTS}` of `slo.toml` names {unknown}, and no AlertPolicy that was read has that name"
        ));
    }
    if let Some(edit) = usual.edit {
        finding.unsafe_fix(format!("list the policies of `{DEFAULTS}`"), vec![edit]);
    }
}
