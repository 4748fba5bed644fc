//! What differs between the objectives of an SLO before and after.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use serde_json::json;

use crate::model::Catalog;
use crate::model::Objective;
use crate::model::Operator;
use crate::model::Slo;
use crate::quantity::Ratio;
use crate::source::Span;
use crate::source::Spanned;

use super::Change;
use super::ChangeKind;
use super::amount;
use super::indicator;
use super::indicator::Difference;
use super::indicator::Reading;
use super::pair::Pair;
use super::pair::Pairing;
use super::pair::Side;
use super::slo::change;

/// The most comparisons that are made to find the objectives that fit best; with more of them, the
/// position decides.
const MAX_COMPARISONS: usize = 10_000;

/// An SLO of one tree.
type Whole<'a> = (&'a Catalog, &'a Slo);

/// Lists what differs between the objectives of two SLOs.
pub(super) fn compare(before: Whole<'_>, after: Whole<'_>, changes: &mut Vec<Change>) {
    let mut pairs = pairs(before, after);
    pairs.sort_by_key(|pair| match *pair {
        Pair::Before(index) => (index, 0),
        Pair::After(index) | Pair::Both(_, index) => (index, 1),
    });
    let single = before.1.objectives.len().max(after.1.objectives.len()) <= 1;
    let label = |slo: &Slo, index: usize| {
        let name = slo.objectives.get(index).and_then(|objective| objective.name.as_ref());
        let position = (!single).then(|| (index + 1).to_string());
        name.map(|name| name.value.to_string()).or(position)
    };
    let mut indicators = Vec::new();
    let mut kept = 0;
    for pair in pairs {
        let mut template = change(ChangeKind::ObjectiveRemoved, after.1);
        let of = |slo: &Slo, index: usize| slo.objectives.get(index).cloned();
        match pair {
            Pair::Before(index) => {
                template.objective = label(before.1, index);
                let Some(gone) = of(before.1, index) else { continue };
                template.values(gone.target.as_ref().map(percent), None);
                template.places(Some(gone.head), None);
                changes.push(template);
            }
            Pair::After(index) => {
                template.kind = ChangeKind::ObjectiveAdded;
                template.objective = label(after.1, index);
                let Some(new) = of(after.1, index) else { continue };
                template.values(None, new.target.as_ref().map(percent));
                template.places(None, Some(new.head));
                changes.push(template);
            }
            Pair::Both(old, new) => {
                kept += 1;
                template.objective = label(after.1, new);
                let (Some(old), Some(new)) = (of(before.1, old), of(after.1, new)) else {
                    continue;
                };
                compare_targets(&template, (before.1, &old), (after.1, &new), changes);
                compare_slices(&template, &old, &new, changes);
                compare_thresholds(&template, (before.0, &old), (after.0, &new), changes);
                let change = compare_indicators(template, (before.0, &old), (after.0, &new));
                indicators.extend(change);
            }
        }
    }
    changes.extend(once(indicators, kept));
}

/// Returns the objectives of two definitions of an SLO that stand for each other, as positions before
/// and after.
///
/// They are paired by name; by meaning; by position where as many are left on both sides; else those
/// go together that have most in common.
pub fn objective_pairs(before: (&Catalog, &Slo), after: (&Catalog, &Slo)) -> Vec<(usize, usize)> {
    let pairs = pairs(before, after).into_iter().filter_map(|pair| match pair {
        Pair::Both(before, after) => Some((before, after)),
        Pair::Before(_) | Pair::After(_) => None,
    });
    pairs.collect()
}

/// Returns what an objective means: equal values mean the same.
pub(super) fn meaning(catalog: &Catalog, objective: &Objective, reading: Reading) -> Value {
    let indicator = catalog.indicator(&objective.indicator).one();
    json!([
        objective.target,
        objective.comparison(indicator.map(Arc::as_ref)),
        objective.slice_target,
        objective.slice_window,
        objective.composite_weight,
        indicator::describe(catalog, &objective.indicator, reading),
    ])
}

/// Returns a share in percent.
pub(super) fn percent(share: &Spanned<Ratio>) -> String {
    format!("{} %", share.value.percent())
}

/// Returns the objectives in pairs: by name; by meaning; by position where as many are left on both
/// sides; else those that have most in common.
fn pairs(before: Whole<'_>, after: Whole<'_>) -> Vec<Pair<usize>> {
    if before.1.objectives.len() == 1 && after.1.objectives.len() == 1 {
        return vec![Pair::Both(0, 0)];
    }
    let objective = |index: usize, side: Side| {
        let (catalog, slo) = match side {
            Side::Before => before,
            Side::After => after,
        };
        Some((catalog, slo.objectives.get(index)?))
    };
    let said = |index: usize, side: Side, reading: Reading| {
        let (catalog, objective) = objective(index, side)?;
        Some(meaning(catalog, objective, reading).to_string())
    };
    let name =
        |index: &usize, side: Side| Some(objective(*index, side)?.1.name.as_ref()?.value.clone());
    let meant = |index: &usize, side: Side| said(*index, side, Reading::Meaning);
    let indices = |slo: &Slo| (0..slo.objectives.len()).collect();
    let mut pairing = Pairing::new(indices(before.1), indices(after.1))
        .by(name, |index, side| meant(index, side).unwrap_or_default())
        // Equal texts first, for they cost no parse.
        .by(|index, side| said(*index, side, Reading::Text), |_, _| String::new())
        .by(meant, |_, _| String::new());
    pairing.before.sort_unstable();
    pairing.after.sort_unstable();
    let (left, right) = (pairing.before.len(), pairing.after.len());
    if left != right && left * right <= MAX_COMPARISONS {
        pair_best(&mut pairing, before, after);
    } else {
        let count = left.min(right);
        let (old, new) = (pairing.before.split_off(count), pairing.after.split_off(count));
        let old = std::mem::replace(&mut pairing.before, old);
        let new = std::mem::replace(&mut pairing.after, new);
        pairing.both.extend(old.into_iter().zip(new));
    }
    pairing.finish()
}

/// Pairs those that have most in common first; nearness of position decides between equals.
fn pair_best(pairing: &mut Pairing<usize>, before: Whole<'_>, after: Whole<'_>) {
    let features = |whole: Whole<'_>, index: usize| {
        let (catalog, slo) = whole;
        slo.objectives.get(index).map(|objective| {
            [
                indicator::describe(catalog, &objective.indicator, Reading::Meaning),
                json!([objective.operator, objective.value]),
                json!(objective.target),
                json!([objective.slice_target, objective.slice_window]),
            ]
        })
    };
    let left: Vec<_> =
        pairing.before.iter().map(|&index| (index, features(before, index))).collect();
    let right: Vec<_> =
        pairing.after.iter().map(|&index| (index, features(after, index))).collect();
    let mut candidates = Vec::with_capacity(left.len() * right.len());
    for (old, one) in &left {
        for (new, other) in &right {
            let common = one.iter().flatten().zip(other.iter().flatten());
            let different = common.filter(|(one, other)| one != other).count();
            candidates.push((different, old.abs_diff(*new), old + new, *old, *new));
        }
    }
    candidates.sort_unstable();
    let (mut olds, mut news): (BTreeSet<_>, BTreeSet<_>) =
        (pairing.before.iter().copied().collect(), pairing.after.iter().copied().collect());
    for (.., old, new) in candidates {
        if olds.contains(&old) && news.contains(&new) {
            olds.remove(&old);
            news.remove(&new);
            pairing.both.push((old, new));
        }
    }
    pairing.before = olds.into_iter().collect();
    pairing.after = news.into_iter().collect();
}

/// Returns the order of two values, where what is not given counts as the least.
fn order<T: Ord>(before: Option<&Spanned<T>>, after: Option<&Spanned<T>>) -> Ordering {
    let (before, after) = (before.map(|old| &old.value), after.map(|new| &new.value));
    after.cmp(&before)
}

fn compare_targets(
    template: &Change,
    (old_slo, old): (&Slo, &Objective),
    (new_slo, new): (&Slo, &Objective),
    changes: &mut Vec<Change>,
) {
    let (before, after) = (old.target.as_ref(), new.target.as_ref());
    let kind = match order(before, after) {
        Ordering::Equal => return,
        Ordering::Less => ChangeKind::TargetLowered,
        Ordering::Greater => ChangeKind::TargetRaised,
    };
    let mut change = Change { kind, ..template.clone() };
    change.values(before.map(percent), after.map(percent));
    change.places(Some(place(before, old)), Some(place(after, new)));
    change.effect = amount::effect((old_slo, old), (new_slo, new));
    changes.push(change);
}

fn compare_slices(template: &Change, old: &Objective, new: &Objective, changes: &mut Vec<Change>) {
    let (before, after) = (old.slice_target.as_ref(), new.slice_target.as_ref());
    let kind = match order(before, after) {
        Ordering::Equal => None,
        Ordering::Less => Some(ChangeKind::ThresholdLoosened),
        Ordering::Greater => Some(ChangeKind::ThresholdTightened),
    };
    if let Some(kind) = kind {
        let mut change = Change { kind, ..template.clone() };
        change.values(before.map(percent), after.map(percent));
        change.places(Some(place(before, old)), Some(place(after, new)));
        changes.push(change);
    }
    let (before, after) = (old.slice_window.as_ref(), new.slice_window.as_ref());
    if json!(before) != json!(after) {
        let mut change = Change { kind: ChangeKind::MethodChanged, ..template.clone() };
        let text = |slice: &Spanned<_>| format!("slices of {}", slice.value);
        change.values(before.map(text), after.map(text));
        change.places(Some(place(before, old)), Some(place(after, new)));
        changes.push(change);
    }
    let (before, after) = (old.composite_weight.as_ref(), new.composite_weight.as_ref());
    if order(before, after).is_ne() {
        let mut change = Change { kind: ChangeKind::MethodChanged, ..template.clone() };
        let text = |weight: &Spanned<Ratio>| format!("weight {}", weight.value);
        change.values(before.map(text), after.map(text));
        change.places(Some(place(before, old)), Some(place(after, new)));
        changes.push(change);
    }
}

/// Compares the sets of values that are good. Sets of which neither holds the other, as below 1 and
/// above 1, are another indicator.
fn compare_thresholds(
    template: &Change,
    before: (&Catalog, &Objective),
    after: (&Catalog, &Objective),
    changes: &mut Vec<Change>,
) {
    let (old, new) = (before.1, after.1);
    let is_compared = |catalog: &Catalog, objective: &Objective| {
        let indicator = catalog.indicator(&objective.indicator).one();
        objective.comparison(indicator.map(Arc::as_ref)).is_some()
    };
    let counts = is_compared(before.0, old) || is_compared(after.0, new);
    let same = json!([old.operator, old.value]) == json!([new.operator, new.value]);
    if !counts || same {
        return;
    }
    let pair = |objective: &Objective| {
        let operator = objective.operator.as_ref()?.value;
        Some((operator, objective.value.as_ref()?.value.clone()))
    };
    let kind = match (pair(old), pair(new)) {
        (Some(old), Some(new)) if holds(&old, &new) => ChangeKind::ThresholdTightened,
        (Some(old), Some(new)) if holds(&new, &old) => ChangeKind::ThresholdLoosened,
        _ => ChangeKind::IndicatorChanged,
    };
    let text = |objective: &Objective| {
        let sign = objective.operator.as_ref().map(|operator| operator.value.sign().to_owned());
        let value = objective.value.as_ref().map(|value| value.value.to_string());
        let parts: Vec<String> = sign.into_iter().chain(value).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    let only_operator = json!(old.value) == json!(new.value);
    let spot = |objective: &Objective| {
        let value = objective.value.as_ref().map(|value| value.span);
        let operator = objective.operator.as_ref().map(|operator| operator.span);
        if only_operator { operator.or(value) } else { value.or(operator) }
    };
    let mut change = Change { kind, ..template.clone() };
    change.values(text(old), text(new));
    change.places(spot(old).or(Some(old.head)), spot(new).or(Some(new.head)));
    changes.push(change);
}

/// Returns whether the first threshold calls good whatever the second does.
fn holds(outer: &(Operator, Ratio), inner: &(Operator, Ratio)) -> bool {
    use Operator::Gt;
    use Operator::Gte;
    use Operator::Lt;
    use Operator::Lte;
    let wider = match (outer.0, inner.0) {
        (Lt | Lte, Lt | Lte) => outer.1.cmp(&inner.1),
        (Gt | Gte, Gt | Gte) => inner.1.cmp(&outer.1),
        _ => return false,
    };
    let closed = |operator: Operator| matches!(operator, Lte | Gte);
    wider.is_gt() || (wider.is_eq() && (closed(outer.0) || !closed(inner.0)))
}

fn compare_indicators(
    mut template: Change,
    before: (&Catalog, &Objective),
    after: (&Catalog, &Objective),
) -> Option<Change> {
    let old = (before.0, &before.1.indicator);
    let new = (after.0, &after.1.indicator);
    template.kind = match indicator::difference(old, new)? {
        Difference::Meaning => ChangeKind::IndicatorChanged,
        Difference::Wording => ChangeKind::IndicatorReworded,
    };
    let [(old_text, old_place), (new_text, new_place)] = indicator::shown(old, new);
    template.values(old_text, new_text);
    template.places(old_place.or(Some(before.1.head)), new_place.or(Some(after.1.head)));
    Some(template)
}

/// Says once what is the same for every objective: an indicator that they share.
fn once(changes: Vec<Change>, objectives: usize) -> Vec<Change> {
    let mut all = changes.iter().map(|change| Change { objective: None, ..change.clone() });
    let first = all.next().filter(|first| all.all(|other| other == *first));
    match first {
        Some(first) if changes.len() == objectives && objectives > 1 => vec![first],
        _ => changes,
    }
}

/// Returns the place of a value, or of its objective where it is not given.
fn place<T>(value: Option<&Spanned<T>>, objective: &Objective) -> Span {
    value.map_or(objective.head, |value| value.span)
}
