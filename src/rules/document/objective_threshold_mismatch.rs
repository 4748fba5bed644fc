use crate::finding::Level;
use crate::model::Dialect;
use crate::model::Measure;
use crate::model::Objective;
use crate::model::Subject;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::yaml::delete_entries;

pub(super) const RULE: Rule = Rule {
    name: "objective-threshold-mismatch",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::OpenSlo,
    since: "0.1.0",
    docs: include_str!("objective_threshold_mismatch.md"),
    settings: &[],
    check: Check::Slo(check),
};

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    let mut thresholds = 0;
    for objective in &slo.objectives {
        let Some(indicator) = checker.catalog().indicator(&objective.indicator).one() else {
            continue;
        };
        match indicator.measure {
            Measure::Threshold(_) => {
                thresholds += 1;
                lacks(objective, checker);
                if thresholds == 2 && slo.meta.dialect == Dialect::OpenSloV1 && !slo.composite {
                    checker
                        .report(objective.head, "an SLO over a threshold metric has one objective")
                        .label("the second one")
                        .help("write an SLO of its own for each threshold");
                }
            }
            Measure::Counts(_) | Measure::Raw { .. } => unused(objective, checker),
            Measure::Unreadable => {}
        }
    }
}

/// A threshold metric is good while it compares well with a value.
fn lacks(objective: &Objective, checker: &mut Checker<'_>) {
    let missing = match (objective.operator_span, objective.value_span) {
        (None, None) => "`op` and `value`",
        (None, Some(_)) => "`op`",
        (Some(_), None) => "`value`",
        (Some(_), Some(_)) => return,
    };
    checker
        .report(objective.head, format!("an objective over a threshold metric needs {missing}"))
        .help("write `op: lte` and `value: 300` for a metric that is good up to 300");
}

/// A ratio of counts is compared with the target alone.
fn unused(objective: &Objective, checker: &mut Checker<'_>) {
    let value = objective.value.as_ref().map(|value| value.span);
    let operator = objective.operator.as_ref().map(|operator| operator.span);
    let Some(span) = operator.or(value) else {
        return;
    };
    let (names, fields): (_, &[&str]) = match (operator, value) {
        (Some(_), Some(_)) => ("`op` and `value`", &["op", "value"]),
        (Some(_), None) => ("`op`", &["op"]),
        _ => ("`value`", &["value"]),
    };
    let edits = checker.mend(objective.span, |objective| delete_entries(objective, fields));
    let message = format!("an objective over a ratio of events has no use for {names}");
    let finding = checker.report_at(Level::Warning, span, message);
    finding.label("nothing is compared with it");
    match edits {
        Some(edits) => finding.safe_fix(format!("delete {names}"), edits),
        None => finding.help(format!("delete {names}, or measure a threshold metric")),
    };
}
