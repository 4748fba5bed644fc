//! What differs between the tiers of a policy.
//!
//! # Why
//!
//! A tier is active from when its `enter` is true until its `exit` is, and the most severe active
//! gate counts. So a tier blocks more when `enter` holds in more cases and `exit` in fewer, and the
//! order of tiers decides nothing.
//!
//! One thing breaks this: a freeze with exemptions hides an approval. A change that is exempt passes
//! the freeze without the approval that a milder tier would ask for. Where a policy has both, how
//! often such a freeze is active has no direction.

use serde_json::json;

use crate::model::Condition;
use crate::model::GateKind;
use crate::model::Lasting;
use crate::model::Lookback;
use crate::model::ReleaseRate;
use crate::model::Tier;
use crate::quantity::Duration;

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
        let (rate, relax) = (&tier.release_rate, &tier.relax_when);
        json!([enter, exit, gate, approvers, approvals, rate, exempt, priority, relax]).to_string()
    };
    let pairs = Pairing::new(left.tiers.iter().collect(), right.tiers.iter().collect())
        .by(|tier, _| Some(tier.name.value.clone()), |tier, _| content(tier))
        .by(|tier, _| Some(content(tier)), |tier, _| tier.name.value.clone())
        .finish();
    let hides = hides(found);
    let mut formulas = [Formulas::of(left), Formulas::of(right)];
    for pair in pairs {
        match pair {
            Pair::Before(tier) => {
                let direction = presence(tier, hides).reversed();
                let texts = [Some(tier.gate.value.name().to_owned()), None];
                found.push(path(tier, ""), direction, texts, [Some(tier.name.span), None]);
            }
            Pair::After(tier) => {
                let texts = [None, Some(tier.gate.value.name().to_owned())];
                let direction = presence(tier, hides);
                found.push(path(tier, ""), direction, texts, [None, Some(tier.name.span)]);
            }
            Pair::Both(old, new) => {
                let activity = Activity::of(old, new, hides);
                fields(found, old, new, activity);
                conditions(found, &mut formulas, old, new, activity);
            }
        }
    }
}

/// Returns whether a freeze with exemptions may hide an approval, before or after.
pub(super) fn hides(found: &Differences<'_>) -> bool {
    let tiers = || found.left.tiers.iter().chain(&found.right.tiers);
    tiers().any(|tier| tier.gate.value == GateKind::Approve) && tiers().any(exempts)
}

fn exempts(tier: &Tier) -> bool {
    tier.gate.value == GateKind::Freeze && !tier.exempt.is_empty()
}

/// What follows when a tier is active more often.
#[derive(Clone, Copy)]
enum Activity {
    /// Nothing: its gate is open.
    Idle,
    /// More is blocked.
    Blocks,
    /// An approval may be hidden.
    Hides,
}

impl Activity {
    fn of(old: &Tier, new: &Tier, hides: bool) -> Self {
        if old.gate.value == GateKind::Open && new.gate.value == GateKind::Open {
            Self::Idle
        } else if hides && (exempts(old) || exempts(new)) {
            Self::Hides
        } else {
            Self::Blocks
        }
    }

    /// Returns the direction of a difference that points so for a tier that blocks.
    fn direction(self, direction: Direction) -> Direction {
        match (self, direction) {
            (Self::Idle, _) | (_, Direction::Neutral) => Direction::Neutral,
            (Self::Blocks, direction) => direction,
            (Self::Hides, _) => Direction::Unclear,
        }
    }
}

/// Returns the direction of a tier that is there: an open one does nothing.
fn presence(tier: &Tier, hides: bool) -> Direction {
    match tier.gate.value {
        GateKind::Open => Direction::Neutral,
        GateKind::Freeze if hides && exempts(tier) => Direction::Unclear,
        GateKind::Warn | GateKind::Approve | GateKind::Freeze => Direction::Tightened,
    }
}

fn path(tier: &Tier, field: &str) -> String {
    let dot = if field.is_empty() { "" } else { "." };
    format!("tiers.{}{dot}{field}", tier.name.value)
}

fn fields(found: &mut Differences<'_>, old: &Tier, new: &Tier, activity: Activity) {
    let gates = [old.gate.value, new.gate.value];
    let is = |gate: GateKind| gates.contains(&gate);
    if gates[0] != gates[1] {
        let places = [Some(old.gate.span), Some(new.gate.span)];
        let texts = gates.map(|gate| Some(gate.name().to_owned()));
        let direction = activity.direction(Direction::of(gates[1].cmp(&gates[0])));
        found.push(path(new, "gate"), direction, texts, places);
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
    release_rate(found, old, new, approves);
    relax_when(found, old, new);
    // An SLO without a priority is unknown to a tier that asks for one, and may be refused for that.
    let asks = old.priority.is_empty() == new.priority.is_empty();
    let more = if asks { Direction::Tightened } else { Direction::Unclear };
    let more = activity.direction(more);
    found.globs(&path(new, "priority"), [&old.priority, &new.priority], more);
    if old.name.value != new.name.value {
        // An override names the tier that it lifts.
        let texts = [Some(old.name.value.clone()), Some(new.name.value.clone())];
        let places = [Some(old.name.span), Some(new.name.span)];
        found.push(path(new, "name"), Direction::Unclear, texts, places);
    }
}

/// Compares when a milder gate counts: to relax at all loosens, and of two conditions nobody knows.
fn relax_when(found: &mut Differences<'_>, old: &Tier, new: &Tier) {
    if json!(old.relax_when) == json!(new.relax_when) {
        return;
    }
    let direction = match (&old.relax_when, &new.relax_when) {
        (None, _) => Direction::Loosened,
        (_, None) => Direction::Tightened,
        _ => Direction::Unclear,
    };
    let sides = [&old.relax_when, &new.relax_when].map(Option::as_ref);
    let texts = sides.map(|relax| relax.map(|relax| relax.gate.value.name().to_owned()));
    let places = sides.map(|relax| relax.map(|relax| relax.gate.span));
    found.push(path(new, "relaxWhen"), direction, texts, places);
}

/// Compares how many releases pass.
fn release_rate(found: &mut Differences<'_>, old: &Tier, new: &Tier, approves: bool) {
    let when = |direction: Direction| if approves { direction } else { Direction::Neutral };
    let field = path(new, "releaseRate");
    let (before, after) = match (&old.release_rate, &new.release_rate) {
        (None, None) => return,
        (Some(before), Some(after)) => (before, after),
        (before, after) => {
            let direction =
                if after.is_some() { Direction::Tightened } else { Direction::Loosened };
            let texts = [before, after].map(|rate| rate.as_ref().map(rate_text));
            let places = [before, after].map(|rate| rate.as_ref().map(|rate| rate.max.span));
            return found.push(field, when(direction), texts, places);
        }
    };
    let text = |value: &u32| value.to_string();
    let counts = [before.max.value, after.max.value];
    found.values(&format!("{field}.max"), &counts, text, |before, after| {
        when(Direction::of(before.cmp(after)))
    });
    let times = [before.per.value, after.per.value];
    let longer = times[1].nominal_seconds().cmp(&times[0].nominal_seconds());
    if longer.is_ne() {
        found.values(&format!("{field}.per"), &times, Duration::to_string, |_, _| {
            when(Direction::of(longer))
        });
    }
    let tags = [&before.tags.value, &after.tags.value];
    let text = |tags: &&String| (*tags).clone();
    found.values(&format!("{field}.tags"), &tags, text, |_, _| when(Direction::Unclear));
}

fn rate_text(rate: &ReleaseRate) -> String {
    format!("{} in {}", rate.max.value, rate.per.value)
}

/// Compares when a tier begins and ends.
fn conditions(
    found: &mut Differences<'_>,
    formulas: &mut [Formulas<'_>; 2],
    old: &Tier,
    new: &Tier,
    activity: Activity,
) {
    let places = [Some(old.span), Some(new.span)];
    let [left, right] = formulas;
    let enters = [left.formula(&old.enter, true), right.formula(&new.enter, true)];
    if let Some(direction) = compare_formulas(&enters) {
        let texts = [Some(text(&old.enter)), Some(text(&new.enter))];
        found.push(path(new, "enter"), activity.direction(direction), texts, places);
    }
    let exits = [exit(left, old), exit(right, new)];
    let both_follow = old.exit.is_none() && new.exit.is_none();
    if let Some(direction) = compare_formulas(&exits).filter(|_| !both_follow) {
        let texts = [old, new].map(|tier| match &tier.exit {
            Some(exit) => Some(text(exit)),
            None => Some("auto".to_owned()),
        });
        found.push(path(new, "exit"), activity.direction(direction.reversed()), texts, places);
    }
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

/// Returns a short text of a condition.
fn text(condition: &Condition) -> String {
    match condition {
        Condition::Burn(burn) => {
            let lookback = match burn.lookback.value {
                Lookback::Slo => "slo".to_owned(),
                Lookback::For(duration) => duration.to_string(),
            };
            let (sign, threshold) = (burn.operator.sign(), &burn.threshold.value);
            format!("burn {sign} {threshold} over {lookback}")
        }
        Condition::Named(name) => name.value.clone(),
        Condition::All(parts) => format!("all of {}", parts.len()),
        Condition::Any(parts) => format!("any of {}", parts.len()),
        Condition::Not(part) => match part.as_ref() {
            // One *not* is spelled out; more of them would need a bound.
            Condition::Not(_) => "not".to_owned(),
            part => format!("not {}", text(part)),
        },
        Condition::Within { name, time } => format!("{} within {}", name.value, time.value),
        Condition::Sustained { what, time, .. } => {
            let (Lasting::Tier(name) | Lasting::Condition(name)) = what;
            format!("{} for {}", name.value, time.value)
        }
        Condition::Attested(attested) => format!("{} attested", attested.id.value),
        Condition::Incident { share, of, .. } => {
            format!("an incident of {} % of {of}", share.value.percent())
        }
    }
}
