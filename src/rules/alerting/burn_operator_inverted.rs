use crate::finding::Level;
use crate::model::BurnRate;
use crate::model::Catalog;
use crate::model::Operator;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

use crate::alerts::is_upward;
use crate::alerts::telling;

pub(super) const RULE: Rule = Rule {
    name: "burn-operator-inverted",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("burn_operator_inverted.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    for burn in telling(catalog, |burn| !is_upward(burn)) {
        report(burn, checker);
    }
}

fn report(burn: &BurnRate, checker: &mut Checker<'_>) {
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
