use std::sync::Arc;

use crate::change::Formula;
use crate::change::Formulas;
use crate::change::implies;
use crate::finding::Level;
use crate::model::Burn;
use crate::model::Catalog;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Lookback;
use crate::model::Operator;
use crate::model::Slo;
use crate::model::WindowKind;
use crate::policy::Names;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Spanned;
use crate::yaml::Added;
use crate::yaml::Node;
use crate::yaml::append_entries;

use super::whole;

pub(super) const RULE: Rule = Rule {
    name: "recovery-equals-slo",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("recovery_equals_slo.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let governance = checker.governance();
    for policy in whole(checker) {
        let Some(recovery) = &policy.temporary_recovery else {
            unsaid(policy, checker);
            continue;
        };
        let mut formulas = Formulas::within(policy, None);
        let Some(formula) = formulas.formula(&recovery.value, true) else { continue };
        let burns = asked(policy, recovery, &formula, &mut formulas);
        let slos = || governance.governed(policy, catalog.slos());
        if let Some(burn) = burns.iter().find(|burn| is_window(burn.lookback.value, slos())) {
            waits_for_the_window(burn, recovery, checker);
        } else if burns.iter().any(|burn| is_of_days(burn)) {
            equals_an_exit(policy, recovery, &formula, &mut formulas, checker);
        }
    }
}

fn unsaid(policy: &ErrorBudgetPolicy, checker: &mut Checker<'_>) {
    let edit = checker.mend(policy.meta.span, insert);
    let name = quote(policy.meta.name());
    let message =
        format!("the error budget policy {name} does not say when an incident counts as mitigated");
    let finding = checker.report(policy.meta.place(), message);
    finding.help("add `temporaryRecovery` under `spec`, with burn rates over hours");
    if let Some(edit) = edit {
        finding.unsafe_fix("ask for a burn rate below 1 over 1h and over 6h", vec![edit]);
    }
}

/// Returns the edit that writes a criterion over hours.
fn insert(policy: Node<'_>) -> Option<Edit> {
    let burn = |lookback| {
        let burn = vec![("lookback", Added::Text(lookback)), ("lt", Added::Number(1))];
        Added::Mapping(vec![("burn", Added::Mapping(burn))])
    };
    let criterion = Added::Mapping(vec![("all", Added::Sequence(vec![burn("1h"), burn("6h")]))]);
    append_entries(policy.given("spec")?, &[("temporaryRecovery", criterion)])
}

/// Returns the burn rates of at most 1 without which a criterion is not met.
fn asked<'a>(
    policy: &'a ErrorBudgetPolicy,
    recovery: &'a Spanned<Condition>,
    formula: &Formula,
    formulas: &mut Formulas<'a>,
) -> Vec<&'a Burn> {
    let mut found = Vec::new();
    Names::of(policy).each_part([&recovery.value], &mut |part, holds| {
        if let Condition::Burn(burn) = part
            && burn.threshold.value <= Ratio::one()
        {
            found.push((part, holds, burn));
        }
    });
    found.retain(|(part, holds, _)| {
        let asked = formulas.formula(part, *holds);
        asked.is_some_and(|asked| is_downward(&asked) && implies(formula, &asked))
    });
    found.into_iter().map(|(.., burn)| burn).collect()
}

fn is_downward(formula: &Formula) -> bool {
    matches!(formula, Formula::Burn { operator: Operator::Lt | Operator::Lte, .. })
}

/// Returns whether a lookback is as long as the window of every SLO, or longer.
fn is_window<'a>(lookback: Lookback, mut slos: impl Iterator<Item = &'a Arc<Slo>>) -> bool {
    let Lookback::For(length) = lookback else { return true };
    let is_as_long = |slo: &Arc<Slo>| {
        slo.window.as_ref().is_some_and(|window| {
            let is_rolling = matches!(window.kind, WindowKind::Rolling);
            is_rolling && length.nominal_seconds() >= window.duration.value.nominal_seconds()
        })
    };
    slos.next().is_some_and(|first| is_as_long(first) && slos.all(is_as_long))
}

/// Returns whether a burn rate looks back on a day or longer: what lasts that long is not provisional.
fn is_of_days(burn: &Burn) -> bool {
    let day = Duration::new(1, Unit::Day);
    match burn.lookback.value {
        Lookback::Slo => true,
        Lookback::For(length) => length.nominal_seconds() >= day.nominal_seconds(),
    }
}

fn waits_for_the_window(burn: &Burn, recovery: &Spanned<Condition>, checker: &mut Checker<'_>) {
    let window = match burn.lookback.value {
        Lookback::Slo => "the window of the SLO".to_owned(),
        Lookback::For(length) => format!("{length}, no less than the window of the SLO,"),
    };
    let message =
        format!("an incident counts as mitigated only once the burn rate over {window} is low");
    let finding = checker.report(burn.lookback.span, message);
    finding.label("an outage stays in it to its end");
    if !recovery.span.contains(burn.span) {
        finding.also(recovery.span, "names this condition");
    }
    finding
        .note("an outage that spends the whole budget leaves its incident open for all that time")
        .help("ask for a burn rate below 1 over an hour or a few");
}

/// Speaks of a criterion that is met exactly when a gate opens.
fn equals_an_exit<'a>(
    policy: &'a ErrorBudgetPolicy,
    recovery: &Spanned<Condition>,
    formula: &Formula,
    formulas: &mut Formulas<'a>,
    checker: &mut Checker<'_>,
) {
    let mut blocking = policy.tiers.iter().filter(|tier| tier.gate.value >= GateKind::Approve);
    let tier = blocking.find(|tier| {
        let exit = match &tier.exit {
            Some(exit) => formulas.formula(exit, true),
            None => formulas.formula(&tier.enter, false),
        };
        exit.is_some_and(|exit| implies(&exit, formula) && implies(formula, &exit))
    });
    let Some(tier) = tier else { return };
    let name = quote(&tier.name.value);
    checker
        .report(recovery.span, format!("an incident counts as mitigated when the tier {name} ends"))
        .label("holds in the same cases")
        .also(tier.exit_span.unwrap_or(tier.name.span), "ends the tier")
        .help("ask for a burn rate below 1 over an hour or a few");
}
