use crate::finding::Level;
use crate::indicators::Role;
use crate::indicators::Side;
use crate::indicators::Sli;
use crate::indicators::User;
use crate::model::Dialect;
use crate::quantity::Ratio;
use crate::query::events::Guard;
use crate::query::events::GuardKind;
use crate::query::events::default_of;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

use super::name;

pub(super) const RULE: Rule = Rule {
    name: "missing-data-masked",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("missing_data_masked.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// The annotation that says what no traffic means.
const ZERO_TRAFFIC: &str = "slo/zero-traffic";

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    if let Some(total) = &sli.total {
        let mut guards = total.events.iter().flat_map(|events| &events.guards);
        let found = guards.find_map(default).filter(|_| !is_decided(&sli.queries.users));
        if let Some((guard, _)) = found {
            let name = name(total, sli);
            let message = format!("{name} has a value where there is no data");
            report(sli, (total, guard), message, "missing data looks like no traffic", checker);
            return;
        }
    }
    if let (Some(share), Some(total)) = (&sli.share, &sli.total) {
        let Some((guard, value)) = share.guards.iter().find_map(default) else { return };
        // A share of bad events is good while it is low.
        let is_of_good = sli.good.is_some() != share.is_complement;
        let looks_good = if is_of_good { value > 0.5 } else { value < 0.5 };
        if looks_good && !is_decided(&sli.queries.users) {
            let message = "the indicator is good where there is no data".to_owned();
            report(sli, (total, guard), message, "missing data looks like success", checker);
        }
        return;
    }
    compared(sli, checker);
}

/// Says that a value which an objective compares is good where there is none.
fn compared(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    for parsed in sli.queries.each.iter().filter(|parsed| parsed.role == Role::Value) {
        let Some((query, tree)) = parsed.counted() else { continue };
        let Some((guard, value)) = default_of(tree) else { continue };
        let Some(value) = Ratio::parse(&value.to_string()) else { continue };
        let is_good = |user: &User<'_>| {
            let objective = user.objective;
            let both = objective.operator.as_ref().zip(objective.value.as_ref());
            both.is_some_and(|(operator, bound)| operator.value.holds(&value, &bound.value))
        };
        let users = &sli.queries.users;
        if users.is_empty() || !users.iter().all(is_good) || is_decided(users) {
            continue;
        }
        let written = quote(guard.extent.slice(&query.text));
        let place = checker.place(query, guard.extent);
        let finding =
            checker.report(place, "the indicator is good where there is no data".to_owned());
        finding.label("missing data looks like success");
        finding.help(advice(sli, &written));
    }
}

/// Returns whether every SLO says what no traffic means.
fn is_decided(users: &[User<'_>]) -> bool {
    let mut slos = users.iter().map(|user| &user.slo.meta);
    !users.is_empty() && slos.all(|meta| meta.declared(ZERO_TRAFFIC).is_some())
}

fn default(guard: &Guard) -> Option<(Guard, f64)> {
    match guard.kind {
        GuardKind::Default(value) => Some((*guard, value)),
        _ => None,
    }
}

fn report(
    sli: &Sli<'_>,
    (side, guard): (&Side<'_>, Guard),
    message: String,
    label: &'static str,
    checker: &mut Checker<'_>,
) {
    let query = side.query;
    let written = quote(guard.extent.slice(&query.text));
    let finding = checker.report(checker.place(query, guard.extent), message);
    finding.label(label);
    finding.help(advice(sli, &written));
}

/// Returns what to do, in the words of the format.
fn advice(sli: &Sli<'_>, written: &str) -> String {
    let mut dialects = sli.queries.users.iter().map(|user| user.slo.meta.dialect);
    let how =
        if dialects.all(Dialect::tells_of_missing_data) { ": `alertWhenNoData: true`" } else { "" };
    format!("leave {written} out, and alert on no data{how}")
}
