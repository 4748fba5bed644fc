use crate::finding::Level;
use crate::indicators::Parsed;
use crate::indicators::Role;
use crate::indicators::Sli;
use crate::indicators::User;
use crate::indicators::latency::compared;
use crate::indicators::percentiles::Percentile;
use crate::indicators::percentiles::percentile;
use crate::query::origin::source;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

use super::percentile_name;

pub(super) const RULE: Rule = Rule {
    name: "quantile-as-event-ratio",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("quantile_as_event_ratio.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let mut users = sli.queries.users.iter();
    let Some(user) = users.find(|user| user.slo.counts_events()) else { return };
    for parsed in &sli.queries.each {
        let text = parsed.query.text.as_str();
        let found = compared(parsed)
            .into_iter()
            .find_map(|expression| percentile(source(expression, text).expression, text));
        if let Some(found) = found {
            return report(parsed, &found, user, checker);
        }
    }
}

fn report(parsed: &Parsed<'_>, found: &Percentile<'_>, user: &User<'_>, checker: &mut Checker<'_>) {
    let which = percentile_name(found.share.as_ref());
    let message = format!("a {which} is judged at each moment, while the objective counts events");
    let place = checker.place(parsed.query, found.extent);
    let method = user.slo.budgeting_method.as_ref().map(|method| method.span);
    let finding = checker.report(place, message);
    finding.label(match parsed.role {
        Role::Value => "each evaluation is one good or bad event, whatever the traffic",
        _ => "1 or 0 at each evaluation, whatever the traffic",
    });
    if let Some(method) = method {
        finding.also(method, "counts events");
    }
    if let (Some(share), Some(target)) = (&found.share, &user.objective.target) {
        finding.note(format!(
            "the target of {} is a share of moments; that of requests is {} and stands in the query",
            quote(&target.value.to_string()),
            quote(&share.to_string())
        ));
    }
    finding.help("count requests by a bucket out of all, or write `budgetingMethod: Timeslices`");
}
