use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use crate::change::indicator_meaning;
use crate::finding::Level;
use crate::model::Alert;
use crate::model::Catalog;
use crate::model::Indicator;
use crate::model::IndicatorUse;
use crate::model::Measure;
use crate::model::Objective;
use crate::model::Operator;
use crate::model::Subject;
use crate::quantity::Ratio;
use crate::query;
use crate::query::fingerprint;
use crate::query::tree::Aggregator;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::tree::VectorSelector;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::source::Spanned;
use crate::twins::Terms;
use crate::twins::is_known;

pub(super) const RULE: Rule = Rule {
    name: "latency-ladder-inconsistent",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("latency_ladder_inconsistent.md"),
    settings: &[],
    check: Check::Slos(check),
};

/// What the rungs of one ladder share before their queries are compared: their terms, whether more is
/// good, and the number of a query.
type Likely<'a> = (Terms<'a>, bool, u64);

/// An objective with its threshold.
struct Rung<'a> {
    slo: &'a Subject<'a>,
    target: &'a Spanned<Ratio>,
    threshold: Ratio,
    operator: Operator,
    measured: Measured,
}

/// What an indicator measures.
#[derive(Clone)]
struct Measured {
    /// The indicator, without the bound of its bucket where it counts one.
    indicator: Arc<Indicator>,
    /// That bound.
    bound: Option<Ratio>,
    /// The number of the query that has no threshold.
    number: u64,
}

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let mut likely: HashMap<Likely<'_>, Vec<Rung<'_>>> = HashMap::new();
    let mut last: Option<(&Arc<Indicator>, Option<Measured>)> = None;
    for slo in slos {
        let Some(whole) = Terms::of_slo(slo) else { continue };
        for objective in &slo.objectives {
            let found = checker.catalog().indicator(&objective.indicator).one();
            let Some(indicator) = found else { continue };
            let known = last.take().filter(|(known, _)| Arc::ptr_eq(known, indicator));
            let measured = known.map_or_else(|| measured(indicator), |(_, measured)| measured);
            last = Some((indicator, measured.clone()));
            if let Some(terms) = whole.of_objective(objective)
                && let Some(rung) = measured.and_then(|measured| rung(slo, objective, measured))
            {
                let is_upward = matches!(rung.operator, Operator::Gt | Operator::Gte);
                let key = (terms, is_upward, rung.measured.number);
                likely.entry(key).or_default().push(rung);
            }
        }
    }
    let likely = likely.into_iter().filter(|(_, rungs)| rungs.len() > 1);
    for ((_, is_upward, _), rungs) in likely.collect::<Vec<_>>() {
        for mut rungs in of_one_meaning(rungs, checker.catalog()) {
            rungs.sort_by(|left, right| left.threshold.cmp(&right.threshold));
            if is_upward {
                rungs.reverse();
            }
            climb(&rungs, checker);
        }
    }
}

/// Reads an objective over a threshold metric, or over a bucket of a histogram.
fn rung<'a>(
    slo: &'a Subject<'a>,
    objective: &'a Objective,
    measured: Measured,
) -> Option<Rung<'a>> {
    let target = objective.budgeted()?;
    let (threshold, operator) = match &measured.bound {
        Some(bound) => (bound.clone(), Operator::Lte),
        None => (objective.value.as_ref()?.value.clone(), objective.operator.as_ref()?.value),
    };
    Some(Rung { slo, target, threshold, operator, measured })
}

/// Returns what an indicator measures: a threshold metric, or one bucket of a histogram.
fn measured(indicator: &Arc<Indicator>) -> Option<Measured> {
    if !is_known(&indicator.measure) {
        return None;
    }
    match &indicator.measure {
        Measure::Threshold(source) => {
            let number = fingerprint(&source.query.as_ref()?.text);
            Some(Measured { indicator: Arc::clone(indicator), bound: None, number })
        }
        Measure::Counts(counts) => {
            let (good, total) = (counts.good.as_ref()?, counts.total.as_ref()?);
            let number = fingerprint(&total.query.as_ref()?.text);
            let (text, bound) = without_bound(&good.query.as_ref()?.text)?;
            let mut indicator = Arc::clone(indicator);
            if let Measure::Counts(counts) = &mut Arc::make_mut(&mut indicator).measure {
                counts.good.as_mut()?.query.as_mut()?.text = text;
            }
            Some(Measured { indicator, bound: Some(bound), number })
        }
        Measure::Raw { .. } | Measure::Unreadable => None,
    }
}

/// Returns a query that counts more events the wider its bucket is, without the bound of that bucket,
/// and the bound: a sum of rates of one histogram family, nothing subtracted from anything.
fn without_bound(text: &str) -> Option<(String, Ratio)> {
    if !text.contains("_bucket") {
        return None;
    }
    let (tree, problems) = query::parse(text);
    let mut tree = tree.filter(|_| problems.is_empty())?;
    let bound = take_bound(&mut tree)?;
    Some((tree.to_string(), bound))
}

/// The height of a tree is bounded by the parser, so this ends.
fn take_bound(expression: &mut Expression) -> Option<Ratio> {
    const ADDS: [&str; 3] = ["rate", "increase", "sum_over_time"];
    match &mut expression.kind {
        ExpressionKind::Vector(selector) => take_bound_of(selector),
        ExpressionKind::Range(range) => take_bound_of(&mut range.selector),
        ExpressionKind::Parenthesized(inner) => take_bound(inner),
        ExpressionKind::Aggregation(sum) if sum.aggregator == Aggregator::Sum => {
            take_bound(&mut sum.operand)
        }
        ExpressionKind::Call(call) if ADDS.contains(&call.name.text.as_str()) => {
            call.arguments.iter_mut().find_map(take_bound)
        }
        _ => None,
    }
}

fn take_bound_of(selector: &mut VectorSelector) -> Option<Ratio> {
    let is_bound = |matcher: &mut Matcher| matcher.label.text == "le";
    let mut bounds: Vec<Matcher> = selector.matchers.extract_if(.., is_bound).collect();
    let bound =
        bounds.pop().filter(|bound| bounds.is_empty() && bound.operator == MatchOperator::Equal)?;
    let is_bucket = selector.name.as_ref().is_some_and(|name| name.text.ends_with("_bucket"));
    is_bucket.then(|| Ratio::parse(&bound.value))?
}

/// Returns those of some rungs that measure the same, group by group. What one indicator measures is
/// read once.
fn of_one_meaning<'a>(rungs: Vec<Rung<'a>>, catalog: &Catalog) -> Vec<Vec<Rung<'a>>> {
    let mut ladders: BTreeMap<String, Vec<Rung<'a>>> = BTreeMap::new();
    let mut last: Option<(Arc<Indicator>, String)> = None;
    for rung in rungs {
        let indicator = Arc::clone(&rung.measured.indicator);
        let known = last.take().filter(|(known, _)| Arc::ptr_eq(known, &indicator));
        let read = |indicator| {
            let meaning = indicator_meaning(catalog, &IndicatorUse::Inline(Arc::clone(&indicator)));
            (indicator, meaning.to_string())
        };
        let (indicator, meaning) = known.unwrap_or_else(|| read(indicator));
        ladders.entry(meaning.clone()).or_default().push(rung);
        last = Some((indicator, meaning));
    }
    ladders.into_values().filter(|rungs| rungs.len() > 1).collect()
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
