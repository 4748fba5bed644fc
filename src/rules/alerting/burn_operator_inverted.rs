use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Level;
use crate::model::AlertCondition;
use crate::model::AlertPolicy;
use crate::model::Catalog;
use crate::model::Object;
use crate::model::Operator;
use crate::model::Referable;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::source::Span;

use super::is_meant_for_health;

pub(super) const RULE: Rule = Rule {
    name: "burn-operator-inverted",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("burn_operator_inverted.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// Every condition by its place, and whether some policy or it itself says that it is meant so.
type Conditions = BTreeMap<Span, (Arc<AlertCondition>, bool)>;

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let mut conditions = Conditions::new();
    for object in catalog.objects() {
        match object {
            Object::AlertCondition(condition) => note(&mut conditions, None, condition),
            Object::AlertPolicy(policy) => in_policy(catalog, policy, &mut conditions),
            Object::Slo(slo) => {
                for policy in &slo.alert_policies {
                    if let Referable::Inline(policy) = policy {
                        in_policy(catalog, policy, &mut conditions);
                    }
                }
            }
            _ => {}
        }
    }
    for (condition, is_meant) in conditions.values() {
        if !is_meant {
            report(condition, checker);
        }
    }
}

fn in_policy(catalog: &Catalog, policy: &AlertPolicy, conditions: &mut Conditions) {
    for used in &policy.conditions {
        if let Some(condition) = catalog.condition(used).one() {
            note(conditions, Some(policy), condition);
        }
    }
}

fn note(
    conditions: &mut Conditions,
    policy: Option<&AlertPolicy>,
    condition: &Arc<AlertCondition>,
) {
    let known =
        conditions.entry(condition.meta.span).or_insert_with(|| (Arc::clone(condition), false));
    known.1 |= is_meant_for_health(policy, condition);
}

fn report(condition: &AlertCondition, checker: &mut Checker<'_>) {
    let Some(burn) = &condition.burn_rate else {
        return;
    };
    let (upward, words) = match burn.operator.value {
        Operator::Lt => (Operator::Gt, "below"),
        Operator::Lte => (Operator::Gte, "up to"),
        Operator::Gt | Operator::Gte => return,
    };
    let rate = &burn.threshold.value;
    let edit = checker.rewrite(burn.operator.span, upward.name());
    let finding = checker.report(
        burn.operator.span,
        format!("this alert fires at burn rates {words} {rate}, which is while all is well"),
    );
    finding.label(format!("holds while the burn rate is {} {rate}", burn.operator.value.sign()));
    finding
        .note("a notice that too little of the budget is spent says so: `slo/intent: under-burn`");
    let title = format!("write `{}`", upward.name());
    match edit {
        Some(edit) => finding.unsafe_fix(title, vec![edit]),
        None => finding.help(title),
    };
}
