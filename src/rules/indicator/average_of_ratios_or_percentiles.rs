use crate::finding::Level;
use crate::indicators::Parsed;
use crate::indicators::Queries;
use crate::indicators::Sli;
use crate::indicators::averages::Average;
use crate::indicators::averages::Over;
use crate::indicators::averages::Parts;
use crate::indicators::averages::averages;
use crate::indicators::datadog::rank_of_hosts;
use crate::indicators::percentiles::Kind;
use crate::indicators::percentiles::Percentile;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

use super::percentile_name;

pub(super) const RULE: Rule = Rule {
    name: "average-of-ratios-or-percentiles",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("average_of_ratios_or_percentiles.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    for parsed in &sli.queries.each {
        of_hosts(parsed, checker);
        let Some(tree) = parsed.sound() else { continue };
        for average in averages(tree, &parsed.query.text) {
            match &average.of {
                Parts::Percentiles(percentile) => {
                    of_percentiles(parsed, &average, percentile, checker);
                }
                Parts::Shares(share) if is_wrong(&average, sli.queries) => {
                    let text = parsed.query.text.as_str();
                    let name = quote(average.name.slice(text));
                    let extent = share.part.extent.join(share.whole.extent);
                    let (message, label, help) = match average.over {
                        Over::Series if average.is_sum => (
                            format!("{name} of a ratio for each of several series"),
                            "two series at 90 % make 180 %",
                            "add up first, and divide then: `sum(…) / sum(…)`",
                        ),
                        Over::Series => (
                            format!("{name} of a ratio for each of several series"),
                            "a series with one event weighs as much as one with a million",
                            "add up first, and divide then: `sum(…) / sum(…)`",
                        ),
                        Over::Time => (
                            format!("{name} of a ratio, while the objective counts events"),
                            "a moment with one event weighs as much as one with a million",
                            "take the ratio of `increase` over the whole time, or budget by `RatioTimeslices`",
                        ),
                    };
                    let place = checker.place(parsed.query, average.name);
                    let other = checker.place(parsed.query, extent);
                    let finding = checker.report(place, message);
                    finding.label(label);
                    finding.also(other, "all of them weigh the same");
                    finding.help(help);
                }
                Parts::Shares(_) => {}
            }
        }
    }
}

/// A mean of shares may be what is wanted: of regions that count alike, or of slices of time.
fn is_wrong(average: &Average<'_>, queries: &Queries<'_>) -> bool {
    let mut users = queries.users.iter();
    match average.over {
        Over::Series => !users.any(|user| user.slo.meta.declared("slo/aggregation").is_some()),
        Over::Time => users.len() > 0 && users.all(|user| user.slo.counts_events()),
    }
}

fn of_percentiles(
    parsed: &Parsed<'_>,
    average: &Average<'_>,
    percentile: &Percentile<'_>,
    checker: &mut Checker<'_>,
) {
    let text = parsed.query.text.as_str();
    let (name, which) =
        (quote(average.name.slice(text)), percentile_name(percentile.share.as_ref()));
    let message = format!("{name} of {which}s is no percentile of anything");
    let place = checker.place(parsed.query, average.name);
    let other = checker.place(parsed.query, percentile.extent);
    let finding = checker.report(place, message);
    finding.label(match average.over {
        Over::Series => "puts several series together",
        Over::Time => "puts several moments together",
    });
    finding.also(other, "all of them weigh the same");
    finding.help(match percentile.kind {
        Kind::OfHistogram => {
            "add up the buckets first: `histogram_quantile(…, sum by (le) (rate(…)))`"
        }
        _ => "count the requests below a threshold by a bucket of a histogram, out of all requests",
    });
}

/// Says that percentiles of hosts are put together at Datadog.
fn of_hosts(parsed: &Parsed<'_>, checker: &mut Checker<'_>) {
    let selections = parsed.sound_datadog().map(|tree| tree.selectors()).unwrap_or_default();
    for selection in selections {
        let Some(rank) = rank_of_hosts(selection) else { continue };
        let aggregation = selection.aggregation.as_ref();
        let name = aggregation.map_or("avg", |it| it.name.text.as_str());
        let which = percentile_name(Some(&rank));
        let message = format!("{} of {which}s is no percentile of anything", quote(name));
        let place = checker.place(parsed.query, selection.extent);
        let finding = checker.report(place, message);
        finding.label("each host has taken its own");
        finding.help("send a distribution, whose percentiles are of all requests, such as `p95:`");
    }
}
