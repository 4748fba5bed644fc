//! What differs between the tiers of a policy.
//!
//! # Why
//!
//! A tier is active from when its `enter` is true until its `exit` is, and the most severe active
//! gate counts. So a tier blocks more when `enter` holds in more cases and `exit` in fewer, and the
//! order of tiers decides nothing.

use serde_json::json;

use crate::model::Condition;
use crate::model::GateKind;
use crate::model::Tier;

use super::Differences;
use super::Direction;
use crate::change::implication::Formula;
use crate::change::implication::Formulas;
use crate::change::implication::implies;
use crate::change::pair::Pair;
use crate::change::pair::Pairing;

/// Finds what differs between the tiers.
pub(super) fn compare(found: &mut Differences<'_>) {
    let (left, right) = (found.left, found.right);
    let content = |tier: &&Tier| {
        let Tier { enter, exit, gate, approvers, approvals, exempt, priority, .. } = tier;
        json!([enter, exit, gate, approvers, approvals, exempt, priority]).to_string()
    };
    let pairs = Pairing::new(left.tiers.iter().collect(), right.tiers.iter().collect())
        .by(|tier, _| Some(tier.name.value.clone()), |tier, _| content(tier))
        .by(|tier, _| Some(content(tier)), |tier, _| tier.name.value.clone())
        .finish();
    let mut formulas = [Formulas::of(left), Formulas::of(right)];
    for pair in pairs {
        match pair {
            Pair::Before(tier) => {
                let direction = presence(tier).reversed();
                let texts = [Some(tier.gate.value.name().to_owned()), None];
                found.push(path(tier, ""), direction, texts, [Some(tier.name.span), None]);
            }
            Pair::After(tier) => {
                let texts = [None, Some(tier.gate.value.name().to_owned())];
                found.push(path(tier, ""), presence(tier), texts, [None, Some(tier.name.span)]);
            }
            Pair::Both(old, new) => {
                fields(found, old, new);
                conditions(found, &mut formulas, old, new);
            }
        }
    }
}

/// Returns the direction of a tier that is there: an open one does nothing.
fn presence(tier: &Tier) -> Direction {
    match tier.gate.value {
        GateKind::Open => Direction::Neutral,
        GateKind::Warn | GateKind::Approve | GateKind::Freeze => Direction::Tightened,
    }
}

fn path(tier: &Tier, field: &str) -> String {
    let dot = if field.is_empty() { "" } else { "." };
    format!("tiers.{}{dot}{field}", tier.name.value)
}

fn fields(found: &mut Differences<'_>, old: &Tier, new: &Tier) {
    let gates = [old.gate.value, new.gate.value];
    let is = |gate: GateKind| gates.contains(&gate);
    if gates[0] != gates[1] {
        let places = [Some(old.gate.span), Some(new.gate.span)];
        let texts = gates.map(|gate| Some(gate.name().to_owned()));
        found.push(path(new, "gate"), severity(old, new), texts, places);
    }
    // A field that the gates do not read decides nothing.
    let when = |read: bool, direction: Direction| if read { direction } else { Direction::Neutral };
    let approves = is(GateKind::Approve);
    let more = when(is(GateKind::Freeze), Direction::Loosened);
    found.members(&path(new, "exempt"), [&old.exempt, &new.exempt], more);
    // An empty list stands for nobody here and is a mistake; its direction is not relied on.
    let given = !old.approvers.is_empty() && !new.approvers.is_empty();
    let more = if given { Direction::Loosened } else { Direction::Unclear };
    found.members(&path(new, "approvers"), [&old.approvers, &new.approvers], when(approves, more));
    let counts = [old.approvals, new.approvals];
    found.values(&path(new, "approvals"), &counts, u32::to_string, |before, after| {
        when(approves, Direction::of(after.cmp(before)))
    });
    let acts = !gates.iter().all(|gate| *gate == GateKind::Open);
    // An SLO without a priority is unknown to a tier that asks for one, and may be refused for that.
    let asks = old.priority.is_empty() == new.priority.is_empty();
    let more = when(acts, if asks { Direction::Tightened } else { Direction::Unclear });
    found.globs(&path(new, "priority"), [&old.priority, &new.priority], more);
    if old.name.value != new.name.value {
        // An override names the tier that it lifts.
        let texts = [Some(old.name.value.clone()), Some(new.name.value.clone())];
        let places = [Some(old.name.span), Some(new.name.span)];
        found.push(path(new, "name"), Direction::Unclear, texts, places);
    }
}

/// Compares when a tier begins and ends.
fn conditions(
    found: &mut Differences<'_>,
    formulas: &mut [Formulas<'_>; 2],
    old: &Tier,
    new: &Tier,
) {
    let places = [Some(old.span), Some(new.span)];
    let acts = [old, new].iter().any(|tier| tier.gate.value != GateKind::Open);
    let when = |direction: Direction| if acts { direction } else { Direction::Neutral };
    let [left, right] = formulas;
    let enters = [left.formula(&old.enter, true), right.formula(&new.enter, true)];
    if let Some(direction) = compare_formulas(&enters) {
        let texts = [text(&old.enter), text(&new.enter)];
        found.push(path(new, "enter"), when(direction), texts, places);
    }
    let exits = [exit(left, old), exit(right, new)];
    let both_follow = old.exit.is_none() && new.exit.is_none();
    if let Some(direction) = compare_formulas(&exits).filter(|_| !both_follow) {
        let texts = [old, new].map(|tier| match &tier.exit {
            Some(exit) => text(exit),
            None => Some("auto".to_owned()),
        });
        found.push(path(new, "exit"), when(direction.reversed()), texts, places);
    }
}

/// Exemptions pass a freeze and no other gate, so a freeze with some is not stricter than approval.
fn severity(old: &Tier, new: &Tier) -> Direction {
    let exempting = |tier: &Tier| tier.gate.value == GateKind::Freeze && !tier.exempt.is_empty();
    let approves = |tier: &Tier| tier.gate.value == GateKind::Approve;
    if (exempting(old) && approves(new)) || (approves(old) && exempting(new)) {
        return Direction::Unclear;
    }
    Direction::of(new.gate.value.cmp(&old.gate.value))
}

fn exit(formulas: &mut Formulas<'_>, tier: &Tier) -> Option<Formula> {
    match &tier.exit {
        Some(exit) => formulas.formula(exit, true),
        None => formulas.formula(&tier.enter, false),
    }
}

/// Returns the direction in which a condition that means "blocked" changed; nothing where both hold
/// in the same cases.
fn compare_formulas(formulas: &[Option<Formula>; 2]) -> Option<Direction> {
    let [Some(before), Some(after)] = formulas else {
        return Some(Direction::Unclear);
    };
    match (implies(before, after), implies(after, before)) {
        (true, true) => None,
        (true, false) => Some(Direction::Tightened),
        (false, true) => Some(Direction::Loosened),
        (false, false) => Some(Direction::Unclear),
    }
}

/// Returns a short text of a condition, where it has one.
fn text(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Burn(burn) => {
            let lookback = match burn.lookback.value {
                crate::model::Lookback::Slo => "slo".to_owned(),
                crate::model::Lookback::For(duration) => duration.to_string(),
            };
            let (sign, threshold) = (burn.operator.sign(), &burn.threshold.value);
            Some(format!("burn {sign} {threshold} over {lookback}"))
        }
        Condition::Named(name) => Some(name.value.clone()),
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) => None,
    }
}
