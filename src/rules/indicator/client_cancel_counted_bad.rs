use crate::finding::Level;
use crate::indicators::Sli;
use crate::indicators::cancels;
use crate::indicators::cancels::Counted;
use crate::indicators::protocol;
use crate::indicators::statuses;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

use super::name;

pub(super) const RULE: Rule = Rule {
    name: "client-cancel-counted-bad",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("client_cancel_counted_bad.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some(counted) = cancels::counted_bad(sli, checker.automata()) else { return };
    let is_said = ["slo/valid-events", "slo/good-status"].iter().any(|key| {
        let mut said = protocol::owners(sli).filter_map(|meta| meta.declared(key));
        said.any(|text| speaks_of_cancels(text.value))
    });
    let is_good_status = sli.queries.users.iter().any(|user| {
        statuses::declared_good(&user.slo.slo.meta)
            .is_some_and(|codes| codes.contain(cancels::STATUS))
    });
    if is_said || is_good_status || !is_sent(&counted, checker) {
        return;
    }
    let what = if counted.is_grpc { "code `Canceled`" } else { "status 499" };
    let own = name(counted.side, sli);
    let place = checker.place(counted.side.query, counted.matcher.extent);
    let message = format!("calls that their clients gave up count as bad: {what}");
    let finding = checker.report(place, message);
    finding.label(if sli.good.is_some() {
        let whole = sli.total.as_ref().map_or("`total`", |total| name(total, sli));
        format!("{own} leaves them out, and {whole} does not")
    } else {
        format!("{own} asks for them")
    });
    finding.help("leave them out, or say in `slo/valid-events` how cancelled calls count");
}

/// Returns whether a text speaks of calls that were given up.
fn speaks_of_cancels(text: &str) -> bool {
    text.contains("499") || text.to_lowercase().contains("cancel")
}

/// Returns whether the metric may have such events: where `metrics.yaml` lists the values of the label, one
/// of them has to be 499.
fn is_sent(counted: &Counted<'_, '_>, checker: &Checker<'_>) -> bool {
    let label = counted.matcher.label.text.as_str();
    let values = checker.config().metrics.values_of(counted.metric, label);
    let is_one = |value: &String| *value == cancels::STATUS.to_string();
    counted.is_grpc || values.is_none_or(|values| values.iter().any(is_one))
}
