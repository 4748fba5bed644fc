use crate::finding::Level;
use crate::indicators::Parsed;
use crate::indicators::Sli;
use crate::indicators::User;
use crate::indicators::datadog::mean_of_datadog;
use crate::indicators::direction;
use crate::indicators::latency::compared;
use crate::indicators::latency::mean_behind;
use crate::indicators::latency::unit;
use crate::model::Operator;
use crate::query::Extent;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "mean-latency",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("mean_latency.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    // What has to last long is no latency, unless its name says so: then the comparison is wrong.
    let is_to_be_long = |user: &User<'_>| {
        let operator = user.objective.operator.as_ref();
        operator.is_some_and(|it| matches!(it.value, Operator::Gt | Operator::Gte))
    };
    let users = &sli.queries.users;
    let is_long = !users.is_empty() && users.iter().all(is_to_be_long);
    let is_slow = |metric: &str, checker: &Checker<'_>| {
        is_latency(metric, checker) && (!is_long || direction::is_latency(metric, true))
    };
    for parsed in &sli.queries.each {
        let text = parsed.query.text.as_str();
        let mut seen: Vec<Extent> = Vec::new();
        for expression in compared(parsed) {
            let Some(mean) = mean_behind(expression, text) else { continue };
            if !is_slow(mean.family, checker) || seen.contains(&mean.extent) {
                continue;
            }
            seen.push(mean.extent);
            let help = "count the requests up to a threshold by a bucket, such as `le=\"0.3\"`, \
                        out of all requests";
            report(parsed, mean.extent, mean.family, help, checker);
        }
        if let Some(selection) = mean_of_datadog(parsed)
            && is_slow(&selection.metric.text, checker)
        {
            let help = "count the requests below a threshold out of all of them, such as \
                        `count(v: v<=0.3):` of a distribution";
            report(parsed, selection.extent, &selection.metric.text, help, checker);
        }
    }
}

fn report(
    parsed: &Parsed<'_>,
    extent: Extent,
    metric: &str,
    help: &'static str,
    checker: &mut Checker<'_>,
) {
    let name = quote(metric);
    let place = checker.place(parsed.query, extent);
    let finding = checker.report(place, format!("the mean of {name} hides slow requests"));
    finding.label("one number for the fast and the slow together");
    finding.note("99 requests of 0.1 s and one of 10 s have a mean of 0.2 s");
    finding.help(help);
}

/// Returns whether a metric measures how long something took, not how old something is.
fn is_latency(metric: &str, checker: &Checker<'_>) -> bool {
    const TOOK: [&str; 6] = ["duration", "elapsed", "latencies", "latency", "rtt", "time"];
    const AGES: [&str; 5] = ["age", "delay", "freshness", "lag", "staleness"];
    let has = |words: &[&str]| metric.split(['_', ':', '.']).any(|word| words.contains(&word));
    !has(&AGES) && (has(&TOOK) || unit(metric, &checker.config().metrics).is_some())
}
