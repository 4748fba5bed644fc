use crate::finding::Level;
use crate::indicators::Parsed;
use crate::indicators::Sli;
use crate::model::Query;
use crate::query::Extent;
use crate::query::events::metric;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "cause-metric-as-sli",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Queries,
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

/// A metric that a query selects.
#[derive(Clone, Copy)]
struct Asked<'s> {
    query: &'s Query,
    metric: &'s str,
    extent: Extent,
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
    let mut first: Option<(Cause, Asked<'_>)> = None;
    for parsed in &sli.queries.each {
        let Some(asked) = asked(parsed) else { return };
        for one in asked {
            // One metric about users is enough.
            let Some(cause) = cause(one.metric) else { return };
            first.get_or_insert((cause, one));
        }
    }
    let Some((cause, asked)) = first else { return };
    let name = quote(asked.metric);
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
    let finding = checker.report(checker.place(asked.query, asked.extent), message);
    finding.label(label);
    finding.help("measure what users get: requests that succeed, and how long they take");
}

/// Returns the metrics of a query; nothing where one of them is not known.
fn asked<'s>(parsed: &'s Parsed<'_>) -> Option<Vec<Asked<'s>>> {
    if let Some(tree) = parsed.sound_datadog() {
        let selections = tree.selectors().into_iter().map(|selection| Asked {
            query: parsed.query,
            metric: selection.metric.text.as_str(),
            extent: selection.extent,
        });
        return Some(selections.collect());
    }
    let (query, tree) = parsed.counted()?;
    let selectors = tree.selectors().into_iter();
    selectors.map(|it| Some(Asked { query, metric: metric(it)?, extent: it.extent })).collect()
}

fn cause(metric: &str) -> Option<Cause> {
    if WATCHERS.contains(&metric)
        || ["scrape_", "datadog."].iter().any(|begin| metric.starts_with(begin))
    {
        return Some(Cause::Watcher);
    }
    let is_cause = metric.split(['_', ':', '.']).any(|word| CAUSES.contains(&word));
    is_cause.then_some(Cause::Means)
}
