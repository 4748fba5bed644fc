use std::sync::Arc;

use crate::finding::Level;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::NoData;
use crate::model::OnUnknown;
use crate::model::Slo;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Span;
use crate::yaml::Added;
use crate::yaml::Node;
use crate::yaml::append_entries;

pub(super) const RULE: Rule = Rule {
    name: "no-data-unspecified",
    level: Level::Error,
    set: Set::Strict,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("no_data_unspecified.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let policies = checker.policies();
    let governance = checker.governance();
    let critical: Vec<(&Arc<Slo>, Vec<&Arc<ErrorBudgetPolicy>>)> = catalog
        .slos()
        .filter(|slo| catalog.is_critical(slo))
        .map(|slo| (slo, governance.governing(slo)))
        .collect();
    for policy in policies {
        unspecified(policy, checker);
        let governs = |policies: &[&Arc<ErrorBudgetPolicy>]| {
            policies.iter().any(|other| Arc::ptr_eq(other, policy))
        };
        if let Some((slo, _)) = critical.iter().find(|(_, policies)| governs(policies)) {
            allowed(policy, slo, checker);
        }
    }
}

fn unspecified(policy: &ErrorBudgetPolicy, checker: &mut Checker<'_>) {
    let NoData { on_unknown_given, on_backend_error_given, .. } = policy.evaluation.no_data;
    let lacking: &[&str] = match (on_unknown_given, on_backend_error_given) {
        (true, true) => return,
        (false, true) => &["onUnknown"],
        (true, false) => &["onBackendError"],
        (false, false) => &["onUnknown", "onBackendError"],
    };
    let what = match lacking {
        ["onUnknown"] => "when data is missing",
        ["onBackendError"] => "when the backend fails",
        _ => "when data is missing or the backend fails",
    };
    let fields = list(lacking, "and");
    let edit = checker.mend(policy.meta.span, |policy| refuse(policy, lacking));
    let name = quote(policy.meta.name());
    let message = format!("the error budget policy {name} does not say what happens {what}");
    let span = policy.evaluation.no_data_span;
    let finding = checker.report(span.unwrap_or_else(|| policy.meta.place()), message);
    match span {
        Some(_) => finding.label(format!("lacks {fields}")).help(format!("add {fields}")),
        None => finding.help(format!("add {fields} under `spec.evaluation.noData`")),
    };
    finding.note("what is not said is `deny`: the change is blocked, with exit code 3");
    if let Some(edit) = edit {
        let title = format!("write `deny` for {fields}, as it is judged already");
        finding.unsafe_fix(title, vec![edit]);
    }
}

/// Returns the edit that writes `deny` for the fields that a policy lacks.
fn refuse(policy: Node<'_>, lacking: &[&str]) -> Option<Edit> {
    let spec = policy.given("spec")?;
    let denied: Vec<_> = lacking.iter().map(|field| (*field, Added::Text("deny"))).collect();
    let Some(evaluation) = spec.entry("evaluation") else {
        let no_data = vec![("noData", Added::Mapping(denied))];
        return append_entries(spec, &[("evaluation", Added::Mapping(no_data))]);
    };
    match evaluation.value.entry("noData") {
        None => append_entries(evaluation.value, &[("noData", Added::Mapping(denied))]),
        Some(given) => append_entries(given.value, &denied),
    }
}

/// Speaks of a policy that lets changes to a critical SLO pass while nobody knows its budget.
fn allowed(policy: &ErrorBudgetPolicy, slo: &Slo, checker: &mut Checker<'_>) {
    let no_data = &policy.evaluation.no_data;
    let (unknown, failed) = (&no_data.on_unknown, &no_data.on_backend_error);
    match unknown.value {
        OnUnknown::Allow => report(unknown.span, "data is missing", slo, checker),
        OnUnknown::Hold if no_data.then_on_unknown == OnUnknown::Allow => {
            let when = format!("data is missing for longer than `{}`", no_data.hold_for);
            report(unknown.span, &when, slo, checker);
        }
        _ => {}
    }
    if failed.value == OnUnknown::Allow {
        report(failed.span, "the backend fails", slo, checker);
    }
}

fn report(span: Span, when: &str, slo: &Slo, checker: &mut Checker<'_>) {
    let message = format!("when {when}, every change passes");
    checker
        .report_at(Level::Warning, span, message)
        .also(slo.meta.place(), "an SLO of the first priority that the policy governs")
        .help("write `deny`, or `warn` to let the change pass with a remark");
}
