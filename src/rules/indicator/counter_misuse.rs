use crate::finding::Level;
use crate::indicators::Parsed;
use crate::indicators::Side;
use crate::indicators::Sli;
use crate::indicators::counters::Misuse;
use crate::indicators::counters::misuses;
use crate::model::Measure;
use crate::quantity::Duration;
use crate::query::events::Groups;
use crate::query::events::Reading;
use crate::query::events::metric;
use crate::query::tree::Call;
use crate::query::tree::Grouping;
use crate::query::tree::GroupingKind;
use crate::query::tree::RangeSelector;
use crate::query::tree::VectorSelector;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    name: "counter-misuse",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("counter_misuse.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// The range that people take where they have no reason for another.
const RANGE: &str = "5m";

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    // Whoever reads a metric that is declared a counter takes its growth. What could not be read may
    // declare it.
    let is_declared = matches!(&sli.queries.indicator.measure, Measure::Counts(counts)
        if counts.counter.unwrap_or(counts.counter_span.is_some()));
    let metrics = &checker.config().metrics;
    let mut bare: Vec<(&Parsed<'_>, &VectorSelector)> = Vec::new();
    for parsed in &sli.queries.each {
        let Some(tree) = parsed.sound() else { continue };
        for misuse in misuses(tree, metrics) {
            match misuse {
                Misuse::Bare(_) if is_declared => {}
                Misuse::Bare(selector) => bare.push((parsed, selector)),
                Misuse::OfGauge(call, selector) => {
                    let name = quote(metric(selector).unwrap_or_default());
                    let message = format!("`{}` of {name}, which is no counter", call.name.text);
                    let place = checker.place(parsed.query, call.name.extent);
                    let other = checker.place(parsed.query, selector.extent);
                    let finding = checker.report(place, message);
                    finding.label("takes every fall for the start of a new process");
                    finding.also(other, "goes up and down");
                    finding.help("use `delta`, or a function such as `avg_over_time`");
                }
                Misuse::OfSum(call, subquery) => {
                    let message = format!("`{}` of a sum of counters", call.name.text);
                    let place = checker.place(parsed.query, call.name.extent);
                    let other = checker.place(parsed.query, subquery.operand.extent);
                    let finding = checker.report(place, message);
                    finding.label("takes the sum for one counter");
                    finding.also(other, "falls when one of the processes starts anew");
                    finding.help("take the growth first and the sum then: `sum(rate(…))`");
                }
                Misuse::Range(call, range) => short(parsed, call, range, checker),
            }
        }
    }
    report_bare(&bare, sli, checker);
    for side in sli.sides() {
        buckets(side, checker);
    }
}

/// Says that all buckets of a histogram are added up.
fn buckets(side: &Side<'_>, checker: &mut Checker<'_>) {
    const BOUND: &str = "le";
    let query = side.query;
    for set in side.events.iter().flat_map(|events| &events.sets) {
        let is_asked = set.matchers(BOUND).next().is_some();
        let is_added = match set.groups {
            Groups::One => true,
            Groups::Some(Grouping { kind, labels, .. }) => {
                let is_named = labels.iter().any(|label| label.text == BOUND);
                (*kind == GroupingKind::Without) == is_named
            }
            Groups::Each => false,
        };
        let kind = checker.config().metrics.types.get(set.metric);
        let is_other = kind.is_some_and(|kind| kind != "histogram");
        if is_other || !set.metric.ends_with("_bucket") || is_asked || !is_added {
            continue;
        }
        let place = checker.place(query, set.selector.extent);
        let finding =
            checker.report(place, format!("all buckets of {} are added up", quote(set.metric)));
        finding.label("counts an event once for each bucket that holds it");
        finding.note("buckets are cumulative: each holds what the ones before it hold");
        finding.help("ask for one bucket, such as `le=\"0.5\"`; `le=\"+Inf\"` holds every event");
    }
}

/// Says that a range holds fewer than two samples.
fn short(parsed: &Parsed<'_>, call: &Call, range: &RangeSelector, checker: &mut Checker<'_>) {
    let interval = checker.config().metrics.scrape_interval;
    let Some(seconds) = interval.and_then(Duration::seconds) else { return };
    let length = range.range.nanoseconds().and_then(|length| u64::try_from(length).ok());
    let is_short = length
        .is_some_and(|length| length < seconds.saturating_mul(2).saturating_mul(1_000_000_000));
    if !is_short {
        return;
    }
    let written = quote(range.range.extent.slice(&parsed.query.text));
    let every = Duration::from_seconds(seconds);
    let message =
        format!("a range of {written} may hold fewer than two samples, taken every {every}");
    let finding = checker.report(checker.place(parsed.query, range.range.extent), message);
    finding.label(format!("`{}` needs two of them", call.name.text));
    finding.note("`scrapeInterval` says how often samples are taken");
    let four = Duration::from_seconds(seconds.saturating_mul(4));
    finding.help(format!("write at least `{four}`, so that a sample may be missed"));
}

fn report_bare(bare: &[(&Parsed<'_>, &VectorSelector)], sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some(((parsed, first), rest)) = bare.split_first() else { return };
    let (function, range) = growth_of(sli);
    let edit = |(parsed, selector): &(&Parsed<'_>, &VectorSelector)| -> Option<Edit> {
        // A range stands before what moves a selector in time.
        let modifiers = &selector.modifiers;
        let is_moved =
            modifiers.offset.is_some() || modifiers.at.is_some() || modifiers.edges.is_some();
        let text = format!("{function}({}[{range}])", selector.extent.slice(&parsed.query.text));
        (!is_moved).then(|| checker.rewrite_part(parsed.query, selector.extent, &text))?
    };
    let edits: Option<Vec<Edit>> = bare.iter().map(edit).collect();
    let name = quote(metric(first).unwrap_or_default());
    let places: Vec<Span> =
        rest.iter().map(|(parsed, one)| checker.place(parsed.query, one.extent)).collect();
    let finding = checker.report(
        checker.place(parsed.query, first.extent),
        format!("the counter {name} is read without `rate` or `increase`"),
    );
    finding.label("counts everything since the process started");
    for place in places {
        finding.also(place, "and here");
    }
    finding.note("its value falls to 0 whenever a process starts anew");
    match edits {
        Some(edits) => finding.unsafe_fix(format!("take its growth over `{range}`"), edits),
        None => finding.help(format!("take its growth: `{function}(…[{range}])`")),
    };
}

/// Returns the function and the range of another selection of the indicator.
fn growth_of<'s>(sli: &'s Sli<'_>) -> (&'static str, &'s str) {
    let mut found = sli.sides().filter_map(|side| {
        let set = side.events.as_ref()?.sets.iter().find(|set| set.range.is_some())?;
        let function = if set.reading == Reading::Increase { "increase" } else { "rate" };
        Some((function, set.range?.extent.slice(&side.query.text)))
    });
    found.next().unwrap_or(("rate", RANGE))
}
