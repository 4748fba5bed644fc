use crate::finding::Level;
use crate::indicators::Sli;
use crate::query::events::metric;
use crate::query::tree::Expression;
use crate::query::tree::VectorSelector;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "cause-metric-as-sli",
    level: Level::Warning,
    set: Set::Strict,
    since: "0.1.0",
    docs: include_str!("cause_metric_as_sli.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// The annotation that says whom an SLO serves.
const LAYER: &str = "slo/layer";

/// Words in the name of a metric about the means by which a service works.
const CAUSES: [&str; 12] = [
    "cpu",
    "memory",
    "mem",
    "heap",
    "disk",
    "filesystem",
    "load1",
    "load5",
    "load15",
    "restarts",
    "goroutines",
    "replicas",
];

/// Words in the name of a metric about the monitoring system itself.
const WATCHERS: [&str; 4] = ["ALERTS", "ALERTS_FOR_STATE", "up", "scrape_duration_seconds"];

/// What an indicator measures in the place of what users see.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// What a service uses up.
    Means,
    /// Whether a monitoring system reached it.
    Watcher,
}

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let is_platform = |value: &str| value.trim().eq_ignore_ascii_case("platform");
    let users = &sli.queries.users;
    let declared = users
        .iter()
        .any(|user| user.slo.meta.annotation(LAYER).is_some_and(|layer| is_platform(&layer.value)));
    if declared {
        return;
    }
    let mut first: Option<(Cause, &VectorSelector)> = None;
    for parsed in &sli.queries.each {
        let Some(tree) = parsed.sound() else { return };
        for selector in Expression::selectors(tree) {
            // One metric about users is enough.
            let Some(cause) = metric(selector).and_then(cause) else { return };
            first.get_or_insert((cause, selector));
        }
    }
    let (Some((cause, selector)), Some(parsed)) = (first, sli.queries.each.first()) else { return };
    let name = quote(metric(selector).unwrap_or_default());
    let (message, label) = match cause {
        Cause::Means => (
            format!("the indicator measures {name}, which no user sees"),
            "may be high while all is well, and low in an outage",
        ),
        Cause::Watcher => (
            format!("the indicator measures {name}, which is about the monitoring system"),
            "says whether the target was reached by it, not by users",
        ),
    };
    let finding = checker.report(checker.place(parsed.query, selector.extent), message);
    finding.label(label);
    finding.help("measure what users get: requests that succeed, and how long they take");
}

fn cause(metric: &str) -> Option<Cause> {
    if WATCHERS.contains(&metric) || metric.starts_with("scrape_") {
        return Some(Cause::Watcher);
    }
    let is_cause = metric.split(['_', ':', '.']).any(|word| CAUSES.contains(&word));
    is_cause.then_some(Cause::Means)
}
