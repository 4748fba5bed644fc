use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Level;
use crate::model::AlertCondition;
use crate::model::Catalog;
use crate::model::Operator;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::source::Span;

use crate::alerts::each_condition;
use crate::alerts::is_meant_for_health;
use crate::alerts::is_upward;

pub(super) const RULE: Rule = Rule {
    name: "burn-operator-inverted",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("burn_operator_inverted.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// The conditions in question by their place, and whether some policy or they themselves say that they
/// are meant so.
type Conditions<'a> = BTreeMap<Span, (&'a Arc<AlertCondition>, bool)>;

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let mut conditions = Conditions::new();
    each_condition(catalog, &mut |policy, condition| {
        if condition.burn_rate.as_ref().is_some_and(|burn| !is_upward(burn)) {
            let known = conditions.entry(condition.meta.span).or_insert((condition, false));
            known.1 |= is_meant_for_health(policy.map(Arc::as_ref), condition);
        }
    });
    for (condition, is_meant) in conditions.values() {
        if !is_meant {
            report(condition, checker);
        }
    }
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
