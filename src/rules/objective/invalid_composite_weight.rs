use std::collections::BTreeSet;

use crate::dialect::Problem;
use crate::finding::Level;
use crate::model::IndicatorUse;
use crate::model::Object;
use crate::model::Objective;
use crate::model::Slo;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Span;
use crate::source::Spanned;
use crate::yaml::delete_entries;

use super::knows_indicators;
use super::weight;

pub(super) const RULE: Rule = Rule {
    name: "invalid-composite-weight",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::OpenSlo,
    since: "0.1.0",
    docs: include_str!("invalid_composite_weight.md"),
    settings: &[],
    check: Check::File(check),
};

/// The field that holds a weight.
const FIELD: &str = "compositeWeight";

/// A part with a larger share of all weight, in percent, decides alone.
const LARGEST_SHARE: i64 = 90;

/// A part with a smaller share of all weight, in percent, hardly counts.
const SMALLEST_SHARE: i64 = 1;

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    let slos = checker.catalog().objects_of(file.source).filter_map(|object| match object {
        // Where there are no composites, ratios stand in the objectives.
        Object::Slo(slo) if slo.meta.dialect.has_composites() => Some(slo),
        _ => None,
    });
    let (read, unread): (Vec<_>, Vec<_>) = slos.partition(|slo| reads_weights(slo));
    let places = unread.iter().flat_map(|slo| weights(slo)).map(|weight| weight.span);
    let places: BTreeSet<Span> = places.collect();
    for problem in &file.dialect {
        if let Problem::WeightRange { span, text } = problem
            && !places.contains(span)
        {
            report_range(*span, text, checker);
        }
    }
    for slo in &read {
        check_text(slo, file, checker);
    }
    for slo in read.into_iter().chain(unread) {
        check_slo(slo, checker);
    }
}

/// Returns whether weights of an SLO are read, or may be: an indicator that could not be found or read
/// may make it a composite, or none, and so may other parts beside a single one.
fn reads_weights(slo: &Slo) -> bool {
    slo.reads_weights() || !knows_indicators(slo) || single_part(slo).is_some()
}

fn weights(slo: &Slo) -> impl Iterator<Item = &Spanned<Ratio>> {
    slo.objectives.iter().filter_map(|part| part.composite_weight.as_ref())
}

/// A number in quotes is none to the schema.
fn check_text(slo: &Slo, file: &FileFacts, checker: &mut Checker<'_>) {
    for weight in weights(slo) {
        let is_told = || file.dialect.binary_search_by_key(&weight.span, Problem::span).is_ok();
        if weight.value <= Ratio::zero() && !is_told() {
            report_range(weight.span, checker.text(weight.span), checker);
        }
    }
}

fn report_range(span: Span, text: &str, checker: &mut Checker<'_>) {
    checker
        .report(span, format!("a weight of {} is not above 0", quote(text)))
        .label("the burn rate of this part is multiplied by it")
        .help(format!("write a number above 0, or delete `{FIELD}`, which means 1"));
}

fn check_slo(slo: &Slo, checker: &mut Checker<'_>) {
    if let Some(place) = single_part(slo) {
        checker
            .report_at(Level::Warning, place, "a composite SLO has a single part")
            .label("the only objective has an indicator of its own")
            .help("give the indicator to the SLO itself, or add the other parts");
        return;
    }
    if weights(slo).next().is_none() || !knows_indicators(slo) {
        return;
    }
    if slo.reads_weights() {
        check_shares(slo, checker);
        return;
    }
    let is_meant = |weight: &&Spanned<Ratio>| weight.value != Ratio::one();
    let mut weights = weights(slo).filter(is_meant);
    if let Some(first) = weights.next() {
        report_unread(slo, first, weights, checker);
    }
}

/// Returns where the only objective has an indicator of its own, and does not share that of the SLO.
fn single_part(slo: &Slo) -> Option<Span> {
    let [objective] = slo.objectives.as_slice() else { return None };
    let (whole, place) = match &objective.indicator {
        IndicatorUse::Missing => return None,
        IndicatorUse::Inline(indicator) => (indicator.meta.span, indicator.meta.place()),
        IndicatorUse::Named(reference) => (reference.name.span, reference.name.span),
    };
    objective.span.contains(whole).then_some(place)
}

fn report_unread<'a>(
    slo: &Slo,
    first: &Spanned<Ratio>,
    others: impl Iterator<Item = &'a Spanned<Ratio>>,
    checker: &mut Checker<'_>,
) {
    let edits = without_weights(slo, checker);
    let (message, label, help) = if slo.composite {
        (
            "`Timeslices` has no use for weights",
            "a slice is bad as soon as it is bad for one part, whatever that weighs",
            "delete the weights, or count by `RatioTimeslices`",
        )
    } else {
        (
            "an SLO that is no composite has no use for weights",
            "all objectives share one indicator, and each has a budget of its own",
            "delete the weights, or give each objective an indicator of its own",
        )
    };
    let finding = checker.report_at(Level::Warning, first.span, message);
    finding.label(label);
    for weight in others {
        finding.also(weight.span, "not read either");
    }
    match edits {
        Some(edits) => finding.safe_fix("delete the weights", edits),
        None => finding.help(help),
    };
}

/// Returns the edits that delete every weight of an SLO.
fn without_weights(slo: &Slo, checker: &Checker<'_>) -> Option<Vec<Edit>> {
    let given = slo.objectives.iter().filter(|part| part.weight_span.is_some());
    let edits = given.map(|part| checker.mend(part.span, |part| delete_entries(part, &[FIELD])));
    Some(edits.collect::<Option<Vec<_>>>()?.concat())
}

/// Of three parts and more, one that outweighs all others leaves no composite.
fn check_shares(slo: &Slo, checker: &mut Checker<'_>) {
    let parts = slo.objectives.iter().map(|part| Some((part, weight(part)?)));
    let Some(parts) = parts.collect::<Option<Vec<_>>>().filter(|parts| parts.len() >= 3) else {
        return;
    };
    let total: Ratio = parts.iter().map(|(_, weight)| weight.clone()).sum();
    let is_above =
        |weight: &Ratio, percent: i64| weight.percent() > &total * &Ratio::whole(percent);
    let is_below =
        |weight: &Ratio, percent: i64| weight.percent() < &total * &Ratio::whole(percent);
    let place = |part: &Objective| part.composite_weight.as_ref().map_or(part.head, |at| at.span);
    let share = |weight: &Ratio| {
        let share = weight.checked_div(&total).unwrap_or_else(Ratio::zero);
        format!("{} %", share.percent().significant(3))
    };
    if let Some((part, weight)) = parts.iter().find(|(_, weight)| is_above(weight, LARGEST_SHARE)) {
        let message = format!("one part has {} of the weight of a composite", share(weight));
        checker
            .report_at(Level::Warning, place(part), message)
            .label(format!("{weight} of {total}: the other {} hardly count", parts.len() - 1))
            .help("write the SLO of this part alone, or bring the weights nearer together")
            .note("a weight multiplies what a part burns; it is 1 where none is given");
        return;
    }
    let mut light = parts.iter().filter(|(_, weight)| is_below(weight, SMALLEST_SHARE));
    if let Some((part, weight)) = light.next() {
        let message = format!("a part has {} of the weight of a composite", share(weight));
        let finding = checker.report_at(Level::Warning, place(part), message);
        finding
            .label(format!("{weight} of {total}: it hardly counts"))
            .help("leave the part out, or bring the weights nearer together")
            .note("a weight multiplies what a part burns; it is 1 where none is given");
        for (part, weight) in light {
            finding.also(place(part), format!("so does this one, with {}", share(weight)));
        }
    }
}
