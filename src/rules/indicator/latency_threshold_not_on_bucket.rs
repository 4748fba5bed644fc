use crate::finding::Level;
use crate::indicators::Parsed;
use crate::indicators::Sli;
use crate::indicators::latency::Place;
use crate::indicators::latency::Threshold;
use crate::indicators::latency::buckets;
use crate::indicators::latency::family_of;
use crate::indicators::latency::thresholds;
use crate::quantity::Ratio;
use crate::query::tree::Matcher;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "latency-threshold-not-on-bucket",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("latency_threshold_not_on_bucket.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    for threshold in thresholds(sli.queries) {
        let Place::Bucket(parsed, matcher) = threshold.place else { continue };
        let Some(bounds) = buckets(threshold.metric, &checker.config().metrics) else { continue };
        if !bounds.contains(&threshold.value) {
            report(&threshold, (parsed, matcher), bounds, checker);
        }
    }
}

fn report(
    threshold: &Threshold<'_, '_>,
    (parsed, matcher): (&Parsed<'_>, &Matcher),
    bounds: &[Ratio],
    checker: &mut Checker<'_>,
) {
    let value = &threshold.value;
    let below = bounds.iter().rfind(|bound| *bound < value);
    let above = bounds.iter().find(|bound| *bound > value);
    let nearest = match (below, above) {
        (Some(below), Some(above)) if above - value < value - below => Some(above),
        (below, above) => below.or(above),
    };
    let edit = nearest.and_then(|bound| {
        let text = as_written(bound, matcher, &parsed.query.text)?;
        checker.rewrite_part(parsed.query, matcher.value_extent, &text)
    });
    let name = quote(family_of(threshold.metric));
    let message = format!("no bucket of {name} ends at {value}: the query finds nothing");
    let place = checker.place(parsed.query, matcher.extent);
    let finding = checker.report(place, message);
    finding.label(match (below, above) {
        (Some(below), Some(above)) => {
            format!("between the buckets up to {below} and up to {above}")
        }
        (Some(below), None) => format!("above the last bucket, up to {below}"),
        (None, Some(above)) => format!("below the first bucket, up to {above}"),
        (None, None) => "no bucket has this bound".to_owned(),
    });
    finding.note("the bounds stand below `buckets` in the declarations of metrics");
    match edit {
        Some(edit) => finding.unsafe_fix(format!("ask for `le={}`", edit.text), vec![edit]),
        None => finding
            .help("ask for a bound that is there, or give the histogram a bucket up to this one"),
    };
}

/// Returns a bound in the quotes of a matcher, with the `.0` that its value has.
fn as_written(bound: &Ratio, matcher: &Matcher, text: &str) -> Option<String> {
    let quote = matcher.value_extent.slice(text).chars().next()?;
    let end = if matcher.value.ends_with(".0") && bound.is_whole() { ".0" } else { "" };
    Some(format!("{quote}{bound}{end}{quote}"))
}
