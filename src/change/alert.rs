//! What differs between the alerts of an SLO before and after.
//!
//! # Why
//!
//! Two burn-rate alerts are compared by when they fire, not field by field: a higher threshold over
//! a shorter lookback may fire sooner. The error rate is taken to jump from none to a constant one,
//! and to stay. At burn rate `b`, an alert with threshold `θ`, lookback `L` and delay `A` then
//! fires after `θ·L/b + A` when `b` reaches `θ`, and never otherwise. *Loosened* means that some
//! rate is noticed later than before or no more; *tightened*, that some rate is noticed sooner or
//! for the first time. Both can be true of one change.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use serde_json::json;

use crate::model::AlertCondition;
use crate::model::AlertPolicy;
use crate::model::BurnRate;
use crate::model::Catalog;
use crate::model::NotificationTarget;
use crate::model::Operator;
use crate::model::Referable;
use crate::model::Slo;
use crate::model::Text;
use crate::quantity::Ratio;
use crate::source::Span;
use crate::source::Spanned;

use super::Change;
use super::ChangeKind;
use super::Effect;
use super::outage;
use super::outage::seconds;
use super::pair::Pair;
use super::pair::Pairing;
use super::slo::change;

/// An alert: a condition, and the policy that holds it.
#[derive(Clone)]
struct Alert {
    policy: Arc<AlertPolicy>,
    condition: Arc<AlertCondition>,
    /// Who is told: each with its name and channel, in order, each once.
    targets: Vec<(String, Option<String>)>,
    /// What it means, apart from its names.
    meaning: String,
}

impl Alert {
    fn names(&self) -> (String, String) {
        (self.policy.meta.name().to_owned(), self.condition.meta.name().to_owned())
    }

    /// Returns the name of the condition, or of the policy where it has none.
    fn name(&self) -> Option<String> {
        let (policy, condition) = self.names();
        [condition, policy].into_iter().find(|name| !name.is_empty())
    }

    /// Returns the name of the policy, or of the condition where it has none.
    fn policy_name(&self) -> Option<String> {
        let (policy, condition) = self.names();
        [policy, condition].into_iter().find(|name| !name.is_empty())
    }
}

/// Lists what differs between the alerts of two SLOs.
pub(super) fn compare(
    before: (&Catalog, &Slo),
    after: (&Catalog, &Slo),
    changes: &mut Vec<Change>,
) {
    let pairs = Pairing::new(alerts(before.0, before.1), alerts(after.0, after.1))
        .by(|alert, _| Some(alert.names()), |alert, _| alert.meaning.clone())
        .by(
            |alert, _| Some(alert.names().1).filter(|name| !name.is_empty()),
            |alert, _| alert.meaning.clone(),
        )
        // Only the names differ: nothing that an alert does.
        .by(|alert, _| Some(alert.meaning.clone()), |alert, _| format!("{:?}", alert.names()))
        .finish();
    for pair in pairs {
        let mut template = change(ChangeKind::AlertRemoved, after.1);
        match pair {
            Pair::Before(alert) => {
                template.alert = alert.name();
                template.values(alert.condition.burn_rate.as_ref().map(burn_text), None);
                template.places(Some(alert.condition.meta.place()), None);
                changes.push(template);
            }
            Pair::After(alert) => {
                template.kind = ChangeKind::AlertAdded;
                template.alert = alert.name();
                template.values(None, alert.condition.burn_rate.as_ref().map(burn_text));
                template.places(None, Some(alert.condition.meta.place()));
                changes.push(template);
            }
            Pair::Both(old, new) if old.meaning != new.meaning => {
                template.alert = new.name();
                compare_burn(&template, (before.1, &old), (after.1, &new), changes);
                compare_severity(&template, &old, &new, changes);
                template.alert = new.policy_name();
                compare_flags(&template, &old, &new, changes);
                compare_targets(&template, &old, &new, changes);
            }
            Pair::Both(..) => {}
        }
    }
}

/// Returns what the alerts of an SLO mean, in an order of their own.
pub(super) fn meaning(catalog: &Catalog, slo: &Slo) -> Value {
    let mut meanings: Vec<String> =
        alerts(catalog, slo).into_iter().map(|alert| alert.meaning).collect();
    meanings.sort();
    json!(meanings)
}

/// Returns the alerts of an SLO, each once.
fn alerts(catalog: &Catalog, slo: &Slo) -> Vec<Alert> {
    let used = slo.alert_policies.iter().filter_map(|used| catalog.alert_policy(used).one());
    let (mut seen, mut found) = (BTreeSet::new(), BTreeMap::new());
    for policy in used.filter(|policy| seen.insert(Arc::as_ptr(policy))) {
        let targets = told(catalog, policy);
        let flags = FLAGS.map(|flag| flag.of(policy).0);
        let used = policy.conditions.iter().filter_map(|used| catalog.condition(used).one());
        for condition in used {
            let parts = json!([condition.severity, condition.burn_rate, targets, flags]);
            let (policy, targets, meaning) =
                (Arc::clone(policy), targets.clone(), parts.to_string());
            let condition = Arc::clone(condition);
            let alert = Alert { policy, condition, targets, meaning };
            found.entry((alert.names(), alert.meaning.clone())).or_insert(alert);
        }
    }
    found.into_values().collect()
}

/// Returns who a policy tells: each with its name and channel, in order, each once.
fn told(catalog: &Catalog, policy: &AlertPolicy) -> Vec<(String, Option<String>)> {
    let target = |used: &Referable<NotificationTarget>| match (catalog.target(used).one(), used) {
        (Some(target), _) => {
            let channel = target.target.as_ref().map(|channel| channel.value.to_string());
            Some((target.meta.name().to_owned(), channel))
        }
        (None, Referable::Named(reference)) => Some((reference.name.value.to_string(), None)),
        (None, Referable::Inline(_) | Referable::Missing) => None,
    };
    let targets: BTreeSet<_> = policy.targets.iter().filter_map(target).collect();
    targets.into_iter().collect()
}

fn compare_burn(
    template: &Change,
    before: (&Slo, &Alert),
    after: (&Slo, &Alert),
    changes: &mut Vec<Change>,
) {
    let old = before.1.condition.burn_rate.as_ref();
    let new = after.1.condition.burn_rate.as_ref();
    let (later, sooner) = match (old, new) {
        (None, None) => return,
        (Some(_), None) => (true, false),
        (None, Some(_)) => (false, true),
        (Some(old), Some(new)) => (is_later(old, new), is_later(new, old)),
    };
    let texts = match (old, new) {
        (Some(old), Some(new)) if only_threshold(old, new) => {
            [old, new].map(|burn| Some(format!("burn {}", burn.threshold.value)))
        }
        _ => [old, new].map(|burn| burn.map(burn_text)),
    };
    let place = |burn: Option<&BurnRate>, other: Option<&BurnRate>, alert: &Alert| match burn {
        Some(burn) => differing(burn, other),
        None => alert.condition.meta.place(),
    };
    let effect = Effect::Outage {
        before: old.and_then(|burn| outage::full(before.0, burn)),
        after: new.and_then(|burn| outage::full(after.0, burn)),
    };
    for (holds, kind) in [(later, ChangeKind::AlertLoosened), (sooner, ChangeKind::AlertTightened)]
    {
        if holds {
            let mut change = Change { kind, ..template.clone() };
            let [old_text, new_text] = texts.clone();
            change.values(old_text, new_text);
            change.places(Some(place(old, new, before.1)), Some(place(new, old, after.1)));
            change.effect = Some(effect.clone());
            changes.push(change);
        }
    }
}

/// Returns whether some constant burn rate is noticed later by `new` than by `old`, or no more.
///
/// With `m` the higher threshold, both fire for every rate from `m` on, and the difference of
/// their times, `(θ₂L₂ − θ₁L₁)/b + (A₂ − A₁)`, moves one way as `b` grows: it is positive
/// somewhere when it is at `m` or in the end.
fn is_later(old: &BurnRate, new: &BurnRate) -> bool {
    let rises = |burn: &BurnRate| matches!(burn.operator.value, Operator::Gt | Operator::Gte);
    if !rises(old) || !rises(new) {
        // An alert on a low burn rate is a mistake; any difference counts both ways.
        return json!(old) != json!(new);
    }
    let (low, high) = (&old.threshold.value, &new.threshold.value);
    let loses = match high.cmp(low) {
        Ordering::Greater => true,
        Ordering::Equal => {
            old.operator.value == Operator::Gte && new.operator.value == Operator::Gt
        }
        Ordering::Less => false,
    };
    let reach = |burn: &BurnRate| &burn.threshold.value * &seconds(burn.lookback.value);
    let held = |burn: &BurnRate| {
        burn.alert_after.as_ref().map_or_else(Ratio::zero, |held| seconds(held.value))
    };
    let (reach, held) = (&reach(new) - &reach(old), &held(new) - &held(old));
    let zero = Ratio::zero();
    let least = low.max(high);
    // Times the positive `m`, which keeps the sign; from a threshold of 0 on, the first part decides.
    let at_least = if *least > zero { &reach + &(&held * least) } else { reach.clone() };
    let in_the_end = held > zero || (held.is_zero() && reach > zero);
    loses || at_least > zero || in_the_end
}

fn only_threshold(old: &BurnRate, new: &BurnRate) -> bool {
    let rest = |burn: &BurnRate| json!([burn.operator, burn.lookback, burn.alert_after]);
    rest(old) == rest(new)
}

/// Returns the place of the one field that differs, or of the whole condition.
fn differing(burn: &BurnRate, other: Option<&BurnRate>) -> Span {
    let Some(other) = other else { return burn.span };
    let fields = |burn: &BurnRate| {
        let after = burn.alert_after.as_ref();
        [
            (json!(burn.operator), burn.operator.span),
            (json!(burn.threshold), burn.threshold.span),
            (json!(burn.lookback), burn.lookback.span),
            (json!(after), after.map_or(burn.span, |after| after.span)),
        ]
    };
    let pairs = fields(burn).into_iter().zip(fields(other));
    let mut places = pairs.filter(|(own, other)| own.0 != other.0).map(|(own, _)| own.1);
    match (places.next(), places.next()) {
        (Some(place), None) => place,
        _ => burn.span,
    }
}

fn burn_text(burn: &BurnRate) -> String {
    let held = burn.alert_after.as_ref().map(|held| format!(" for {}", held.value));
    let (sign, threshold) = (burn.operator.value.sign(), &burn.threshold.value);
    let lookback = burn.lookback.value;
    format!("burn {sign} {threshold} over {lookback}{}", held.unwrap_or_default())
}

/// From a ticket to a page is tighter; between words of a team's own, only that it differs is known.
fn compare_severity(template: &Change, old: &Alert, new: &Alert, changes: &mut Vec<Change>) {
    let (before, after) = (old.condition.severity.as_ref(), new.condition.severity.as_ref());
    let word = |severity: Option<&Spanned<Text>>| severity.map(|given| given.value.clone());
    if word(before) == word(after) {
        return;
    }
    let rank = |severity: Option<&Spanned<Text>>| {
        let lower = severity?.value.to_lowercase();
        ["ticket", "page"].iter().position(|word| *word == lower)
    };
    let kind = match rank(before).zip(rank(after)).map(|(old, new)| new.cmp(&old)) {
        Some(Ordering::Less) => ChangeKind::AlertLoosened,
        Some(Ordering::Greater) => ChangeKind::AlertTightened,
        Some(Ordering::Equal) | None => ChangeKind::AlertRerouted,
    };
    let mut change = Change { kind, ..template.clone() };
    let text = |severity| word(severity).map(|word| format!("severity {word}"));
    change.values(text(before), text(after));
    let place = |severity: Option<&Spanned<Text>>, alert: &Alert| {
        severity.map_or(alert.condition.meta.place(), |given| given.span)
    };
    change.places(Some(place(before, old)), Some(place(after, new)));
    changes.push(change);
}

/// A switch of an alert policy that decides whether people are told.
#[derive(Clone, Copy)]
struct Flag {
    field: &'static str,
    given: fn(&AlertPolicy) -> Option<&Spanned<bool>>,
    usual: bool,
}

/// That a breach is told goes without saying; the other two are asked for.
const FLAGS: [Flag; 3] = [
    Flag { field: "alertWhenBreaching", given: |of| of.when_breaching.as_ref(), usual: true },
    Flag { field: "alertWhenNoData", given: |of| of.when_no_data.as_ref(), usual: false },
    Flag { field: "alertWhenResolved", given: |of| of.when_resolved.as_ref(), usual: false },
];

impl Flag {
    /// Returns whether the flag is set, and where it is written.
    fn of(self, policy: &AlertPolicy) -> (bool, Option<Span>) {
        let given = (self.given)(policy);
        (given.map_or(self.usual, |given| given.value), given.map(|given| given.span))
    }
}

fn compare_flags(template: &Change, old: &Alert, new: &Alert, changes: &mut Vec<Change>) {
    for flag in FLAGS {
        let (before, old_place) = flag.of(&old.policy);
        let (after, new_place) = flag.of(&new.policy);
        if before == after {
            continue;
        }
        let kind = if after { ChangeKind::AlertTightened } else { ChangeKind::AlertLoosened };
        let mut change = Change { kind, ..template.clone() };
        let text = |value: bool| Some(format!("{} {value}", flag.field));
        change.values(text(before), text(after));
        let places = [(old_place, old), (new_place, new)]
            .map(|(place, alert)| place.or(Some(alert.policy.meta.place())));
        change.places(places[0], places[1]);
        changes.push(change);
    }
}

fn compare_targets(template: &Change, old: &Alert, new: &Alert, changes: &mut Vec<Change>) {
    if old.targets == new.targets {
        return;
    }
    let kind = match (old.targets.is_empty(), new.targets.is_empty()) {
        (false, true) => ChangeKind::AlertLoosened,
        (true, false) => ChangeKind::AlertTightened,
        _ => ChangeKind::AlertRerouted,
    };
    let text = |alert: &Alert| {
        let names = alert.targets.iter().map(|(name, channel)| match channel {
            Some(channel) if !name.is_empty() => format!("{name} ({channel})"),
            Some(channel) => channel.clone(),
            None => name.clone(),
        });
        let names: Vec<String> = names.collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let mut change = Change { kind, ..template.clone() };
    change.values(text(old), text(new));
    change.places(Some(old.policy.meta.place()), Some(new.policy.meta.place()));
    changes.push(change);
}
