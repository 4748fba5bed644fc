use std::collections::BTreeMap;

use crate::finding::Level;
use crate::model::Alert;
use crate::model::BudgetingMethod;
use crate::model::Catalog;
use crate::model::Measure;
use crate::model::MetricSource;
use crate::model::Objective;
use crate::model::Operator;
use crate::model::Subject;
use crate::model::Text;
use crate::model::WindowKind;
use crate::quantity::Ratio;
use crate::query;
use crate::query::tree::Aggregator;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::tree::VectorSelector;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "latency-ladder-inconsistent",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("latency_ladder_inconsistent.md"),
    settings: &[],
    check: Check::Slos(check),
};

/// What the rungs of one ladder share: the measure without its threshold, and how it is judged.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Ladder<'a> {
    measure: Vec<&'a str>,
    /// Whether more is good, and not less.
    is_upward: bool,
    method: BudgetingMethod,
    slice: (Option<u64>, Option<Ratio>),
    window: (u64, bool, [&'a str; 3]),
    relation: &'a str,
}

/// An objective with its threshold.
struct Rung<'a> {
    slo: &'a Subject<'a>,
    target: &'a Spanned<Ratio>,
    threshold: Ratio,
    operator: Operator,
    /// The query that counts what is good, where the threshold is a bucket of a histogram.
    buckets: Option<&'a str>,
}

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let mut ladders: BTreeMap<Ladder<'_>, Vec<Rung<'_>>> = BTreeMap::new();
    for slo in slos {
        for objective in &slo.objectives {
            if let Some((ladder, rung)) = read(slo, objective, checker.catalog()) {
                ladders.entry(ladder).or_default().push(rung);
            }
        }
    }
    for (ladder, mut rungs) in ladders.into_iter().filter(|(_, rungs)| rungs.len() > 1) {
        rungs.sort_by(|left, right| left.threshold.cmp(&right.threshold));
        if ladder.is_upward {
            rungs.reverse();
        }
        climb(&rungs, checker);
    }
}

/// Reads an objective over a threshold metric, or over a bucket of a histogram.
fn read<'a>(
    slo: &'a Subject<'a>,
    objective: &'a Objective,
    catalog: &'a Catalog,
) -> Option<(Ladder<'a>, Rung<'a>)> {
    let target = objective.budgeted()?;
    let indicator = catalog.indicator(&objective.indicator).one()?;
    let mut measure = Vec::new();
    let (threshold, operator, buckets) = match &indicator.measure {
        Measure::Threshold(source) => {
            let (operator, value) = (objective.operator.as_ref()?, objective.value.as_ref()?);
            let query = source.query.as_ref()?;
            measure.push(query.text.as_str());
            describe(source, &mut measure);
            (value.value.clone(), operator.value, None)
        }
        Measure::Counts(counts) => {
            let (good, total) = (counts.good.as_ref()?, counts.total.as_ref()?);
            let query = good.query.as_ref()?;
            let (before, bucket, after) = bucket(&query.text)?;
            measure.extend([before, after, total.query.as_ref()?.text.as_str()]);
            describe(good, &mut measure);
            describe(total, &mut measure);
            (bucket, Operator::Lte, Some(query.text.as_str()))
        }
        Measure::Raw { .. } | Measure::Unreadable => return None,
    };
    let window = slo.window.as_ref()?;
    let length = window.duration.value;
    let (start, zone) = match &window.kind {
        WindowKind::Rolling => (None, None),
        WindowKind::Calendar { start, zone } => (start.as_ref(), zone.as_ref()),
    };
    let kind = if matches!(window.kind, WindowKind::Rolling) { "rolling" } else { "calendar" };
    let text =
        |text: Option<&'a Spanned<_>>| text.map_or("", |text: &Spanned<Text>| text.value.as_str());
    let ladder = Ladder {
        measure,
        is_upward: matches!(operator, Operator::Gt | Operator::Gte),
        method: slo.method(),
        slice: (
            objective.slice_window.as_ref().map(|slice| slice.value.nominal_seconds()),
            objective.slice_target.as_ref().map(|share| share.value.clone()),
        ),
        window: (
            length.nominal_seconds(),
            length.unit.is_calendar(),
            [kind, text(start), text(zone)],
        ),
        relation: slo.meta.declared("slo/relation").map_or("", |relation| relation.value),
    };
    Some((ladder, Rung { slo, target, threshold, operator, buckets }))
}

/// Adds who answers a query, and how it is asked.
fn describe<'a>(source: &'a MetricSource, measure: &mut Vec<&'a str>) {
    let reference = source.reference.as_ref().map_or("", |reference| &reference.name.value);
    let source_type = source.source_type.as_ref().map_or("", |given| &given.value);
    measure.extend([reference, source_type]);
    for setting in &source.settings {
        measure.extend([setting.path.as_str(), setting.value.value.as_str()]);
    }
    measure.push("");
}

/// Takes the bound of the first bucket out of a query; returns what stands around it.
fn bucket(query: &str) -> Option<(&str, Ratio, &str)> {
    const MATCHERS: [&str; 2] = ["le=\"", "le='"];
    // The label `title` ends with the same letters.
    let is_whole =
        |at: usize| query.get(..at).is_some_and(|before| before.trim_end().ends_with(['{', ',']));
    let start = |matcher: &str| {
        let (at, _) = query.match_indices(matcher).find(|(at, _)| is_whole(*at))?;
        Some(at + matcher.len())
    };
    let start = MATCHERS.into_iter().find_map(start)?;
    let (before, rest) = query.split_at_checked(start)?;
    let end = rest.find(['"', '\''])?;
    let (bound, after) = rest.split_at_checked(end)?;
    Some((before, Ratio::parse(bound)?, after))
}

/// Compares each threshold with the next looser one.
fn climb(rungs: &[Rung<'_>], checker: &mut Checker<'_>) {
    let mut tighter: Option<&Rung<'_>> = None;
    for same in rungs.chunk_by(|left, right| left.threshold == right.threshold) {
        let Some((rung, others)) = same.split_first() else { continue };
        // Two targets for one threshold contradict each other, and nobody knows which is meant.
        if others.iter().any(|other| other.target.value != rung.target.value) {
            continue;
        }
        if let Some(tighter) = tighter.replace(rung)
            && rung.target.value <= tighter.target.value
            && !warns_of_more(rung.slo, tighter.slo)
            && [tighter, rung].iter().all(|rung| rung.buckets.is_none_or(grows_with_its_bucket))
        {
            report(tighter, rung, checker);
        }
    }
}

/// Returns whether an SLO has, or may have, an alert of a severity that the other has none of: a page
/// for what is very slow beside a ticket for what is slow.
fn warns_of_more(slo: &Subject<'_>, other: &Subject<'_>) -> bool {
    let severity = |alert: &Alert<'_>| {
        alert.condition.severity.as_ref().map(|severity| severity.value.to_lowercase())
    };
    let known: Vec<_> = other.alerts.iter().map(severity).collect();
    !slo.knows_alerts || slo.alerts.iter().any(|alert| !known.contains(&severity(alert)))
}

fn report(tighter: &Rung<'_>, looser: &Rung<'_>, checker: &mut Checker<'_>) {
    let (low, high) = (percent(&looser.target.value), percent(&tighter.target.value));
    let (wide, narrow) = (in_words(looser), in_words(tighter));
    let message = format!(
        "a target of {low} for values {wide} follows from one of {high} for values {narrow}"
    );
    let is_same = std::ptr::eq(tighter.slo, looser.slo);
    let finding = checker.report(looser.target.span, message);
    finding.label("never the first to break");
    finding.also(
        tighter.target.span,
        if is_same {
            "asks for as much or more, at a tighter threshold".to_owned()
        } else {
            let name = quote(tighter.slo.meta.name());
            format!("{name} asks for as much or more, at a tighter threshold")
        },
    );
    finding.note(format!("every value {narrow} is {wide} too"));
    if low == high {
        finding.help("give the looser threshold a higher target, or leave it out");
    } else {
        finding.help(format!(
            "give the looser threshold the higher target: {low} {narrow} and {high} {wide}"
        ));
    }
}

/// Returns a threshold as people say it.
fn in_words(rung: &Rung<'_>) -> String {
    let threshold = &rung.threshold;
    match rung.operator {
        Operator::Lt => format!("below {threshold}"),
        Operator::Lte => format!("up to {threshold}"),
        Operator::Gt => format!("above {threshold}"),
        Operator::Gte => format!("from {threshold} up"),
    }
}

/// Returns whether a query counts more events the wider its bucket is: a sum of rates of one histogram
/// family, nothing subtracted from anything.
fn grows_with_its_bucket(text: &str) -> bool {
    let (tree, problems) = query::parse(text);
    problems.is_empty() && tree.is_some_and(|tree| is_growing(&tree))
}

/// The height of a tree is bounded by the parser, so this ends.
fn is_growing(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Vector(selector) => is_bucket(selector),
        ExpressionKind::Range(range) => is_bucket(&range.selector),
        ExpressionKind::Parenthesized(inner) => is_growing(inner),
        ExpressionKind::Aggregation(aggregation) => {
            aggregation.aggregator == Aggregator::Sum && is_growing(&aggregation.operand)
        }
        ExpressionKind::Call(call) => {
            let adds = ["rate", "increase", "sum_over_time"];
            adds.contains(&call.name.text.as_str()) && call.arguments.iter().all(is_growing)
        }
        _ => false,
    }
}

fn is_bucket(selector: &VectorSelector) -> bool {
    let is_bound = |matcher: &&Matcher| matcher.label.text == "le";
    let mut bounds = selector.matchers.iter().filter(is_bound);
    let name = selector.name.as_ref().map_or("", |name| name.text.as_str());
    name.ends_with("_bucket")
        && bounds.next().is_some_and(|bound| bound.operator == MatchOperator::Equal)
        && bounds.next().is_none()
}
