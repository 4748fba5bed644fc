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
//!
//! An alert that another takes the place of is not gone, whatever that is called: where one of the two notices
//! whatever the other does, no later, and is as urgent, they are one alert that is loosened or tightened. The alerts that a tool makes of an SLO are alerts like those that are written;
//! where only the window of the SLO differs, theirs follow from it, and nothing is said of them.

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
use crate::model::GeneratedAlert;
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

/// An alert: a condition, and the policy that holds it; or one that a tool makes.
#[derive(Clone)]
struct Alert {
    /// The names of the policy and of the condition; empty where they have none.
    names: (String, String),
    severity: Option<Spanned<Text>>,
    burn: Option<BurnRate>,
    /// Each of [`FLAGS`]; usual for one that a tool makes.
    flags: [(bool, Option<Span>); 3],
    /// Who is told: each with its name and channel, in order, each once; not known of one that a tool makes.
    targets: Option<Vec<(String, Option<String>)>>,
    /// The condition, and the policy.
    places: (Span, Span),
    /// How a tool makes it, where one does.
    made: Option<Made>,
    /// What it means, apart from its names.
    meaning: String,
}

/// How a tool makes an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Made {
    tool: &'static str,
    /// Which of those it makes of an SLO, and of how many.
    place: (usize, usize),
    /// The window of the SLO, in seconds.
    window: Option<u64>,
}

impl Alert {
    fn written(
        policy: &AlertPolicy,
        condition: &AlertCondition,
        targets: &[(String, Option<String>)],
    ) -> Self {
        let flags = FLAGS.map(|flag| flag.of(policy));
        let parts = json!([
            condition.severity,
            condition.burn_rate,
            targets,
            flags.map(|(is_set, _)| is_set)
        ]);
        Self {
            names: (policy.meta.name().to_owned(), condition.meta.name().to_owned()),
            severity: condition.severity.clone(),
            burn: condition.burn_rate.clone(),
            flags,
            targets: Some(targets.to_vec()),
            places: (condition.meta.place(), policy.meta.place()),
            made: None,
            meaning: parts.to_string(),
        }
    }

    fn made(slo: &Slo, index: usize, made: &GeneratedAlert) -> Self {
        let place = slo.alert_policies_span.unwrap_or_else(|| slo.meta.place());
        let window = slo.window.as_ref().map(|window| window.duration.value.nominal_seconds());
        let burn = BurnRate {
            operator: Spanned::new(Operator::Gt, place),
            threshold: Spanned::new(made.threshold.clone(), place),
            lookback: Spanned::new(made.long, place),
            alert_after: None,
            span: place,
        };
        let tool = slo.meta.dialect.family();
        Self {
            names: (String::new(), made.severity.to_string()),
            severity: Some(Spanned::new(made.severity.clone(), place)),
            meaning: json!([made.severity, burn, tool]).to_string(),
            burn: Some(burn),
            flags: FLAGS.map(|flag| (flag.usual, None)),
            targets: None,
            places: (place, place),
            made: Some(Made { tool, place: (index, slo.generated.len()), window }),
        }
    }

    /// Returns the name of the condition, or of the policy where it has none.
    fn name(&self) -> Option<String> {
        let (policy, condition) = &self.names;
        [condition, policy].into_iter().find(|name| !name.is_empty()).cloned()
    }

    /// Returns the name of the policy, or of the condition where it has none.
    fn policy_name(&self) -> Option<String> {
        let (policy, condition) = &self.names;
        [policy, condition].into_iter().find(|name| !name.is_empty()).cloned()
    }

    /// Returns whether it notices whatever another notices, no later, and is as urgent.
    fn covers(&self, old: &Self) -> bool {
        let is_urgent = match (urgency(self.severity.as_ref()), urgency(old.severity.as_ref())) {
            (Some(new), Some(old)) => new >= old,
            _ => word(self.severity.as_ref()) == word(old.severity.as_ref()),
        };
        let burns = old.burn.as_ref().zip(self.burn.as_ref());
        is_urgent && burns.is_some_and(|(old, new)| !is_later(old, new))
    }

    /// Returns how much of two burn rates and urgencies differs.
    fn differences(&self, other: &Self) -> usize {
        let parts = |alert: &Self| {
            let burn = alert.burn.as_ref();
            [
                json!(alert.severity),
                json!(burn.map(|burn| &burn.threshold)),
                json!(burn.map(|burn| &burn.lookback)),
                json!(burn.map(|burn| (&burn.operator, &burn.alert_after))),
            ]
        };
        parts(self).iter().zip(parts(other)).filter(|(one, other)| *one != other).count()
    }

    /// Returns whether one tool makes both, for windows that differ.
    fn follows_window_of(&self, old: &Self) -> bool {
        let made = self.made.zip(old.made);
        made.is_some_and(|(new, old)| new.tool == old.tool && new.window != old.window)
    }
}

/// Lists what differs between the alerts of two SLOs.
pub(super) fn compare(
    before: (&Catalog, &Slo),
    after: (&Catalog, &Slo),
    changes: &mut Vec<Change>,
) {
    let mut pairing = Pairing::new(alerts(before.0, before.1), alerts(after.0, after.1))
        .by(|alert, _| alert.made.map(|made| (made.tool, made.place)), |_, _| String::new())
        .by(|alert, _| Some(alert.names.clone()), |alert, _| alert.meaning.clone())
        .by(
            |alert, _| Some(alert.names.1.clone()).filter(|name| !name.is_empty()),
            |alert, _| alert.meaning.clone(),
        )
        // Only the names differ: nothing that an alert does.
        .by(|alert, _| Some(alert.meaning.clone()), |alert, _| format!("{:?}", alert.names));
    pair_comparable(&mut pairing);
    for pair in pairing.finish() {
        let mut template = change(ChangeKind::AlertRemoved, after.1);
        match pair {
            Pair::Before(alert) => {
                template.alert = alert.name();
                template.values(alert.burn.as_ref().map(burn_text), None);
                template.places(Some(alert.places.0), None);
                changes.push(template);
            }
            Pair::After(alert) => {
                template.kind = ChangeKind::AlertAdded;
                template.alert = alert.name();
                template.values(None, alert.burn.as_ref().map(burn_text));
                template.places(None, Some(alert.places.0));
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

/// Pairs alerts of which one covers the other, those that have most in common first.
fn pair_comparable(pairing: &mut Pairing<Alert>) {
    let mut candidates = Vec::new();
    for (left, old) in pairing.before.iter().enumerate() {
        for (right, new) in pairing.after.iter().enumerate() {
            if new.covers(old) || old.covers(new) {
                let mut meanings = [&old.meaning, &new.meaning];
                // The same read backwards.
                meanings.sort();
                candidates.push((old.differences(new), meanings, left, right));
            }
        }
    }
    candidates.sort();
    let pairs: Vec<(usize, usize)> =
        candidates.into_iter().map(|(.., left, right)| (left, right)).collect();
    let optional = |alerts: &mut Vec<Alert>| -> Vec<Option<Alert>> {
        std::mem::take(alerts).into_iter().map(Some).collect()
    };
    let (mut olds, mut news) = (optional(&mut pairing.before), optional(&mut pairing.after));
    for (left, right) in pairs {
        let (Some(old), Some(new)) = (olds.get_mut(left), news.get_mut(right)) else { continue };
        if old.is_some() && new.is_some() {
            pairing.both.extend(old.take().zip(new.take()));
        }
    }
    pairing.before = olds.into_iter().flatten().collect();
    pairing.after = news.into_iter().flatten().collect();
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
        let used = policy.conditions.iter().filter_map(|used| catalog.condition(used).one());
        for condition in used {
            let alert = Alert::written(policy, condition, &targets);
            found.entry((alert.names.clone(), alert.meaning.clone())).or_insert(alert);
        }
    }
    for (index, made) in slo.generated.iter().enumerate() {
        let alert = Alert::made(slo, index, made);
        found.entry((alert.names.clone(), alert.meaning.clone())).or_insert(alert);
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
    if after.1.follows_window_of(before.1) {
        return;
    }
    let (old, new) = (before.1.burn.as_ref(), after.1.burn.as_ref());
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
        None => alert.places.0,
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

/// The words for urgency that the field knows, and those of tools, from the least to the most.
const URGENCIES: [[&str; 2]; 2] = [["ticket", "warning"], ["page", "critical"]];

/// Returns how urgent a severity is; nothing for a word of a team's own.
fn urgency(severity: Option<&Spanned<Text>>) -> Option<usize> {
    let lower = severity?.value.to_lowercase();
    URGENCIES.iter().position(|words| words.contains(&lower.as_str()))
}

fn word(severity: Option<&Spanned<Text>>) -> Option<Text> {
    severity.map(|given| given.value.clone())
}

/// From a ticket to a page is tighter; between words of a team's own, only that it differs is known.
fn compare_severity(template: &Change, old: &Alert, new: &Alert, changes: &mut Vec<Change>) {
    let (before, after) = (old.severity.as_ref(), new.severity.as_ref());
    if word(before) == word(after) {
        return;
    }
    let kind = match urgency(before).zip(urgency(after)).map(|(old, new)| new.cmp(&old)) {
        Some(Ordering::Less) => ChangeKind::AlertLoosened,
        Some(Ordering::Greater) => ChangeKind::AlertTightened,
        Some(Ordering::Equal) | None => ChangeKind::AlertRerouted,
    };
    let mut change = Change { kind, ..template.clone() };
    let text = |severity| word(severity).map(|word| format!("severity {word}"));
    change.values(text(before), text(after));
    let place = |severity: Option<&Spanned<Text>>, alert: &Alert| {
        severity.map_or(alert.places.0, |given| given.span)
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
    let states = old.flags.into_iter().zip(new.flags);
    for (flag, ((before, old_place), (after, new_place))) in FLAGS.into_iter().zip(states) {
        if before == after {
            continue;
        }
        let kind = if after { ChangeKind::AlertTightened } else { ChangeKind::AlertLoosened };
        let mut change = Change { kind, ..template.clone() };
        let text = |value: bool| Some(format!("{} {value}", flag.field));
        change.values(text(before), text(after));
        let places = [(old_place, old), (new_place, new)]
            .map(|(place, alert)| place.or(Some(alert.places.1)));
        change.places(places[0], places[1]);
        changes.push(change);
    }
}

fn compare_targets(template: &Change, old: &Alert, new: &Alert, changes: &mut Vec<Change>) {
    let (Some(before), Some(after)) = (&old.targets, &new.targets) else { return };
    if before == after {
        return;
    }
    let kind = match (before.is_empty(), after.is_empty()) {
        (false, true) => ChangeKind::AlertLoosened,
        (true, false) => ChangeKind::AlertTightened,
        _ => ChangeKind::AlertRerouted,
    };
    let text = |targets: &[(String, Option<String>)]| {
        let names = targets.iter().map(|(name, channel)| match channel {
            Some(channel) if !name.is_empty() => format!("{name} ({channel})"),
            Some(channel) => channel.clone(),
            None => name.clone(),
        });
        let names: Vec<String> = names.collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let mut change = Change { kind, ..template.clone() };
    change.values(text(before), text(after));
    change.places(Some(old.places.1), Some(new.places.1));
    changes.push(change);
}
