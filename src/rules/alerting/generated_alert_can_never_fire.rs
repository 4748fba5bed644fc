use crate::alerts::generated::Dead;
use crate::alerts::generated::dead;
use crate::finding::Level;
use crate::model::Dialect;
use crate::model::Subject;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::percent;
use crate::rules::words::percent_beside;

pub(super) const RULE: Rule = Rule {
    name: "generated-alert-can-never-fire",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::GeneratedAlerts,
    since: "0.1.0",
    docs: include_str!("generated_alert_can_never_fire.md"),
    settings: &[],
    check: Check::Slo(check),
};

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    if let Some(dead) = dead(slo) {
        report(&dead, slo.meta.dialect, checker);
    }
}

/// Nobody wrote the alerts, so what is dead of them is said at once.
fn report(dead: &Dead<'_>, dialect: Dialect, checker: &mut Checker<'_>) {
    let Dead { target, alerts, is_every, largest } = dead;
    let budget = target.value.complement();
    let of = percent(&target.value);
    let (level, message) = if *is_every {
        (Level::Error, format!("no alert that is made for a target of {of} can ever fire"))
    } else {
        let windows: Vec<String> = alerts.iter().map(|alert| alert.long.to_string()).collect();
        let windows = list(&windows, "and");
        let noun = if alerts.len() == 1 { "alert" } else { "alerts" };
        let message =
            format!("the {noun} over {windows}, made for a target of {of}, can never fire");
        (Level::Warning, message)
    };
    let finding = checker.report_at(level, target.span, message);
    finding.label(format!("leaves an error budget of {}", percent(&budget)));
    for alert in alerts {
        let needed = percent_beside(&(&alert.threshold * &budget), largest);
        let (severity, rate) = (&alert.severity, alert.threshold.significant(4));
        finding.note(format!(
            "the {severity} alert over `{}` needs more than {needed} errors: a burn rate above {rate}",
            alert.long
        ));
    }
    finding.help(match dialect {
        Dialect::Pyrra => {
            "raise the target, or write alerts of your own and set `burnrates: false`"
        }
        Dialect::Generator => "raise the target, or lower the `burn_rate_threshold` of the step",
        _ => "raise the target, or give Sloth `AlertWindows` that spend less of the budget",
    });
}
