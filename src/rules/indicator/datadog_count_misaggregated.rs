use crate::finding::Level;
use crate::indicators::Language;
use crate::indicators::Sli;
use crate::indicators::datadog;
use crate::indicators::datadog::Counted;
use crate::model::Measure;
use crate::query::datadog::tree::Aggregator;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "datadog-count-misaggregated",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::DatadogQueries,
    since: "0.1.0",
    docs: include_str!("datadog_count_misaggregated.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// The modifiers that say how values become counts over time.
const OVER_TIME: [&str; 3] = ["as_count", "as_rate", "rollup"];

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    fine_targets(sli, checker);
    let Measure::Counts(counts) = &sli.queries.indicator.measure else { return };
    let counted = datadog::counted(sli);
    for one in &counted {
        aggregated(one, counts.counter == Some(false), checker);
    }
    mixed(&counted, checker);
    for one in &counted {
        unsummed(one, &counted, checker);
    }
}

/// Says that the values of several series become one by something else than adding them up.
fn aggregated(one: &Counted<'_, '_>, is_gauge: bool, checker: &mut Checker<'_>) {
    let Some(aggregation) = &one.selection.aggregation else { return };
    let written = quote(&aggregation.name.text);
    let metric = quote(&one.selection.metric.text);
    let is_counter = declared(one, checker).map_or(!is_gauge, |kind| kind == "counter");
    let (message, help) = match aggregation.aggregator {
        Some(Aggregator::Average | Aggregator::Minimum | Aggregator::Maximum) if is_counter => {
            (format!("{written} of {metric} is no number of events"), "add the series up: `sum:`")
        }
        Some(Aggregator::Percentile(_)) => (
            format!("the percentile {written} of {metric} is no number of events"),
            "count the values below a limit, such as `count(v: v<=0.5):`",
        ),
        _ => return,
    };
    let place = checker.place(one.parsed.query, aggregation.name.extent);
    let finding = checker.report(place, message);
    finding.label("makes one value of several series");
    finding.help(help);
}

/// Says that one number is a count and another one a rate.
fn mixed(counted: &[Counted<'_, '_>], checker: &mut Checker<'_>) {
    let find = |name| counted.iter().find_map(|one| Some((one, one.modifier(name)?)));
    let (Some((count, as_count)), Some((rate, as_rate))) = (find("as_count"), find("as_rate"))
    else {
        return;
    };
    let there = checker.place(count.parsed.query, as_count.extent);
    let place = checker.place(rate.parsed.query, as_rate.extent);
    let finding = checker.report(place, "events per second meet numbers of events");
    finding.label("gives events per second");
    finding.also(there, "gives numbers of events");
    finding.help("write `.as_count()` in all of them");
}

/// Says that counts are averaged over time for want of `.as_count()`.
fn unsummed(one: &Counted<'_, '_>, all: &[Counted<'_, '_>], checker: &mut Checker<'_>) {
    let aggregator = one.selection.aggregation.as_ref().and_then(|it| it.aggregator);
    let is_said = OVER_TIME.iter().any(|name| one.modifier(name).is_some());
    if aggregator != Some(Aggregator::Sum) || is_said {
        return;
    }
    let kind = declared(one, checker);
    let beside = all.iter().find_map(|other| Some((other, other.modifier("as_count")?)));
    let is_counter = kind == Some("counter");
    if !is_counter && (kind.is_some() || beside.is_none()) {
        return;
    }
    let query = one.parsed.query;
    let extent = one.selection.extent;
    let text = format!("{}.as_count()", extent.slice(&query.text));
    let edit = checker.rewrite_part(query, extent, &text);
    let there = beside.map(|(other, found)| checker.place(other.parsed.query, found.extent));
    let metric = quote(&one.selection.metric.text);
    let place = checker.place(query, extent);
    let finding = checker.report(place, format!("{metric} is averaged over time, not counted"));
    finding.label("without `.as_count()`, points are averaged");
    if let Some(there) = there {
        finding.also(there, "is counted");
    }
    let help = "append `.as_count()`";
    match edit {
        Some(edit) => finding.unsafe_fix(help, vec![edit]),
        None => finding.help(help),
    };
}

/// Says that a target has more decimals than Datadog keeps.
fn fine_targets(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let is_datadog = |language: Language| language == Language::Datadog;
    if !sli.queries.each.iter().any(|parsed| is_datadog(parsed.language)) {
        return;
    }
    for user in &sli.queries.users {
        let Some(target) = &user.objective.target else { continue };
        let percent = target.value.percent();
        if percent.rounded(3) != percent.to_string() {
            let message = format!("Datadog keeps three decimals of a target, not {percent} %");
            let finding = checker.report_at(Level::Warning, target.span, message);
            // Rounded up, a target may leave no error budget.
            let rounded = percent.rounded(3);
            let near = if rounded == "100" { "99.999" } else { &rounded };
            finding.help(format!("write {near} %, or another target that fits"));
        }
    }
}

/// Returns the type that `metrics.yaml` declares.
fn declared<'c>(one: &Counted<'_, '_>, checker: &Checker<'c>) -> Option<&'c str> {
    checker.config().metrics.types.get(&one.selection.metric.text).map(String::as_str)
}
