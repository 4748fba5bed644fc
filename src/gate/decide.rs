//! The decision table, applied to every objective that gates a change.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::budget::Definition;
use crate::budget::Failure;
use crate::budget::Measurement;
use crate::budget::Series;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::OnUnknown;
use crate::model::Slo;
use crate::model::Tier;
use crate::policy::Governance;
use crate::policy::Held;
use crate::policy::Ruling;
use crate::policy::Standing;
use crate::policy::evaluate_all;
use crate::proposal::Commits;

use super::ActiveTier;
use super::Answer;
use super::Decision;
use super::Note;
use super::Outcome;
use super::Override;
use super::Reason;
use super::ReleaseLimit;
use super::Setting;
use super::Verdict;
use super::exempt::exempt;
use super::plan::Gated;
use super::plan::covers;
use super::plan::gated;
use super::proposed::measured;
use super::releases::release_limit;

/// Decides about a change.
///
/// Every objective that gates it is judged alone, by each policy that governs it and in both of its
/// definitions; the most severe answer counts. A known fact is more severe than what is not known,
/// so that a failed backend of one SLO never hides the freeze of another.
///
/// * `measurements`: the answers to what [`super::plan`] asks for; what is missing is not known.
/// * `blocking_findings`: the number of findings at or above the level that fails.
pub fn decide(
    setting: &Setting<'_>,
    measurements: &[Measurement],
    blocking_findings: usize,
) -> Verdict {
    let mut notes = Vec::new();
    let mut decisions: Vec<Decision> = Vec::new();
    let gated = gated(setting);
    // Each objective is judged alone; what they say is put together in their order.
    let judged = gated.par_iter().map(|one| {
        let counts = counts(one, &gated, measurements);
        judged(one, &counts, setting)
    });
    for (said, decided) in judged.collect::<Vec<_>>() {
        notes.extend(said);
        decisions.extend(decided);
    }
    let wants_commits = decisions.iter().any(|decision| {
        let reason = decision.answer.reason;
        matches!(reason, Reason::Frozen | Reason::NeedsApproval)
    });
    match setting.facts.proposal.commits {
        Commits::Cut(_) if wants_commits => notes.push(Note::HistoryCut),
        Commits::Unread(_) if wants_commits => notes.push(Note::HistoryUnread),
        _ => {}
    }
    notes.extend(unreleased(&decisions, setting));
    let services = setting.facts.services_without_files.iter();
    notes.extend(services.map(|service| Note::NoPathOfService { service: service.clone() }));
    notes.extend(warnings(&decisions));
    notes.extend(setting.facts.ignored_records.iter().cloned().map(Note::RecordIgnored));
    let mut answer = decisions.iter().map(|decision| decision.answer);
    let mut answer = match answer.next() {
        Some(first) => answer.fold(first, most_severe),
        None => nothing_gates(setting, &mut notes),
    };
    if blocking_findings > 0 {
        answer = most_severe(answer, Answer::new(Outcome::Block, Reason::Findings));
    }
    Verdict {
        answer,
        extent: setting.facts.extent,
        blocking_findings,
        tiers: active_tiers(&decisions),
        decisions,
        notes,
    }
}

/// Returns what is to be said about an objective, and what each of its policies decides.
fn judged(
    one: &Gated,
    counts: &Result<Arc<Series>, Failure>,
    setting: &Setting<'_>,
) -> (Option<Note>, Vec<Decision>) {
    if let (Definition::Head, Err(failure)) = (one.definition, counts)
        && *failure == Failure::DefinitionChanged
    {
        let note = Note::HeadNotJudged {
            slo: Arc::clone(&one.slo),
            objective: one.objective,
            failure: failure.clone(),
        };
        return (Some(note), Vec::new());
    }
    let note = match (one.objective, one.definition, one.policies.as_slice()) {
        (0, Definition::Trusted, [_, _, ..]) => Some(Note::EqualPrecedence {
            slo: Arc::clone(&one.slo),
            policies: one.policies.clone(),
        }),
        _ => None,
    };
    let (records, now) = (&setting.facts.records, setting.now);
    let standings = evaluate_all(&one.policies, &one.slo, one.objective, counts, records, now);
    let decisions = one.policies.iter().zip(standings);
    (note, decisions.map(|(policy, standing)| decision(one, policy, standing, setting)).collect())
}

fn most_severe(left: Answer, right: Answer) -> Answer {
    if right.severity() > left.severity() { right } else { left }
}

/// Returns the answer where no objective gates the change, and says why none does.
fn nothing_gates(setting: &Setting<'_>, notes: &mut Vec<Note>) -> Answer {
    let open = Answer::new(Outcome::Pass, Reason::Open);
    if setting.trusted.policies().next().is_none() {
        notes.push(if setting.names_policies { Note::NamedPolicyMissing } else { Note::NoPolicy });
        // Somebody meant the gate to be held by a policy, and it is not.
        return if setting.names_policies {
            Answer::new(Outcome::Warn, Reason::Open)
        } else {
            open
        };
    }
    let governance = Governance::new(setting.trusted);
    let mut slos = setting.trusted.slos();
    if !slos.any(|slo| !governance.governing(slo).is_empty()) {
        notes.push(Note::NothingGoverned);
        return open;
    }
    Answer::new(Outcome::Pass, Reason::NotInScope)
}

/// Returns the counts of an objective.
///
/// A head that changes only target or window is answered by what was measured for the trusted
/// definition.
fn counts(
    one: &Gated,
    all: &[Gated],
    measurements: &[Measurement],
) -> Result<Arc<Series>, Failure> {
    let answer = |gated: &Gated| {
        let service = gated.slo.service.as_ref();
        let service = service.map(|service| service.value.as_str());
        measurements.iter().find(|measurement| {
            measurement.slo == gated.slo.meta.name()
                && measurement.service.as_deref() == service
                && measurement.objective == gated.objective
                && measurement.definition == gated.definition
        })
    };
    let twin = || {
        let twin = all.iter().find(|other| {
            other.definition == Definition::Trusted
                && other.slo.meta.name() == one.slo.meta.name()
                && other.objective == one.objective
                && measured(other) == measured(one)
        });
        twin.and_then(answer)
    };
    match answer(one).or_else(twin) {
        Some(measurement) => measurement.series.clone(),
        None => Err(Failure::NotMeasured),
    }
}

fn decision(
    one: &Gated,
    policy: &Arc<ErrorBudgetPolicy>,
    standing: Standing,
    setting: &Setting<'_>,
) -> Decision {
    let ruling = standing.ruling.clone();
    let mut decision = Decision {
        policy: Arc::clone(policy),
        slo: Arc::clone(&one.slo),
        objective: one.objective,
        definition: one.definition,
        standing,
        answer: Answer::new(Outcome::Pass, Reason::Open),
        tier: None,
        exemptions: Vec::new(),
        refusals: Vec::new(),
        unexplained: Vec::new(),
        overrides: Vec::new(),
        approvals: Vec::new(),
        release_limit: None,
    };
    match ruling {
        Ruling::Gate { held, .. } => decision.answer = pass_through(&mut decision, held, setting),
        Ruling::Unknown { answer, failed, known, .. } => {
            let known = pass_through(&mut decision, known, setting);
            let unknown = unknown(answer, failed);
            decision.answer = most_severe(unknown, known);
            if decision.answer == unknown {
                decision.tier = None;
            }
        }
    }
    decision
}

/// Returns what the policy does about a gate that is not known.
fn unknown(answer: OnUnknown, failed: bool) -> Answer {
    let reason = if failed { Reason::BackendError } else { Reason::Unknown };
    let outcome = match answer {
        OnUnknown::Deny | OnUnknown::Hold => Outcome::Block,
        OnUnknown::Warn => Outcome::Warn,
        OnUnknown::Allow => Outcome::Pass,
    };
    Answer::new(outcome, reason)
}

/// Returns the answer of a gate that is known, and notes down what it rests on.
fn pass_through(decision: &mut Decision, held: Held, setting: &Setting<'_>) -> Answer {
    let held = lifted(decision, held, setting);
    decision.tier = held.tier;
    let policy = Arc::clone(&decision.policy);
    let tiers = closing(&policy, decision, held);
    match held.gate {
        GateKind::Open | GateKind::Warn if !decision.overrides.is_empty() => {
            // What is lifted is what people want to know of.
            decision.tier = decision.overrides.last().map(|(tier, _)| *tier);
            Answer::new(Outcome::Pass, Reason::Overridden)
        }
        GateKind::Open => Answer::new(Outcome::Pass, Reason::Open),
        GateKind::Warn => Answer::new(Outcome::Warn, Reason::Warn),
        GateKind::Approve => approved(decision, &tiers, setting),
        GateKind::Freeze => {
            let mut all_exempt = !tiers.is_empty();
            for tier in tiers {
                match exempt(&policy, tier, &decision.slo, setting) {
                    Ok(exemptions) => decision.exemptions.extend(exemptions),
                    Err(not_exempt) => {
                        all_exempt = false;
                        decision.refusals.extend(not_exempt.refusals);
                        decision.unexplained = not_exempt.unexplained;
                    }
                }
            }
            if all_exempt {
                Answer::new(Outcome::Pass, Reason::Exempt)
            } else {
                decision.exemptions.clear();
                Answer::new(Outcome::Block, Reason::Frozen)
            }
        }
    }
}

/// Returns whether enough people approve, and whether a release is due.
///
/// A tier without approvers asks nobody: its release rate alone decides.
fn approved(decision: &mut Decision, tiers: &[&Tier], setting: &Setting<'_>) -> Answer {
    let mut enough = !tiers.is_empty();
    for tier in tiers {
        let roles = tier.approvers.iter().map(|role| role.value.as_str());
        let found = setting.facts.proposal.approvals(roles, setting.owners);
        let rate_decides = tier.approvers.is_empty() && tier.release_rate.is_some();
        enough &= rate_decides || found.len() as u64 >= u64::from(tier.approvals);
        decision.approvals.extend(found);
        let limit = tier.release_rate.as_ref().and_then(|rate| release_limit(rate, setting));
        decision.release_limit = decision.release_limit.max(limit);
    }
    match decision.release_limit {
        _ if !enough => Answer::new(Outcome::Block, Reason::NeedsApproval),
        Some(ReleaseLimit::Reached(_)) => Answer::new(Outcome::Block, Reason::RateLimited),
        Some(ReleaseLimit::Hidden) => Answer::new(Outcome::Block, Reason::Unknown),
        None => Answer::new(Outcome::Pass, Reason::Approved),
    }
}

/// Returns the tiers that are active, counted from 0.
fn active(standing: &Standing, held: Held) -> Vec<usize> {
    let active = standing.active().map(|(tier, _)| tier.tier);
    let mut indexes: Vec<usize> = active.chain(held.tier).collect();
    indexes.sort_unstable();
    indexes.dedup();
    indexes
}

/// Returns what a tier does to a change now.
fn gate_of(standing: &Standing, tier: usize) -> Option<GateKind> {
    standing.tiers.iter().find(|one| one.tier == tier).map(|one| one.gate)
}

/// Returns the gate of the tiers that no override lifts, and notes down which are lifted.
fn lifted(decision: &mut Decision, held: Held, setting: &Setting<'_>) -> Held {
    if held.gate < GateKind::Approve || setting.facts.overrides.is_empty() {
        return held;
    }
    let policy = Arc::clone(&decision.policy);
    let mut rest = Held { gate: GateKind::Open, tier: None };
    for index in active(&decision.standing, held) {
        let gate = gate_of(&decision.standing, index).filter(|gate| *gate <= held.gate);
        let Some((tier, gate)) = policy.tiers.get(index).zip(gate) else { continue };
        let closes = gate >= GateKind::Approve;
        let lifting = |over: &&Override| {
            over.tier == tier.name.value && lifts(over, &policy, &decision.slo, setting)
        };
        let found = setting.facts.overrides.iter().find(lifting).filter(|_| closes);
        if let Some(over) = found {
            decision.overrides.push((index, over.clone()));
        } else if gate >= rest.gate {
            rest = Held { gate, tier: Some(index) };
        }
    }
    if decision.overrides.is_empty() { held } else { rest }
}

/// Returns whether an override counts now, for an SLO, and covers every path of the change that is gated.
fn lifts(over: &Override, policy: &ErrorBudgetPolicy, slo: &Slo, setting: &Setting<'_>) -> bool {
    let (from, until) = over.span;
    let counts = from <= setting.now && setting.now < until;
    counts && over.about.holds(policy.meta.name(), slo) && covers(over, policy, slo, setting)
}

/// Returns the active tiers that close the gate as far as it is closed; each must be satisfied.
fn closing<'a>(policy: &'a ErrorBudgetPolicy, decision: &Decision, held: Held) -> Vec<&'a Tier> {
    let is_lifted = |tier: &usize| decision.overrides.iter().any(|(lifted, _)| lifted == tier);
    active(&decision.standing, held)
        .into_iter()
        .filter(|tier| !is_lifted(tier))
        .filter(|tier| gate_of(&decision.standing, *tier) == Some(held.gate))
        .filter_map(|index| policy.tiers.get(index))
        .collect()
}

fn active_tiers(decisions: &[Decision]) -> Vec<ActiveTier> {
    let mut found: Vec<ActiveTier> = Vec::new();
    let mut listed = BTreeSet::new();
    for decision in decisions {
        let service = decision.slo.service.as_ref().map(|service| service.value.as_str());
        for (standing, since) in decision.standing.active() {
            let policy = Arc::as_ptr(&decision.policy);
            let name = decision.slo.meta.name();
            // Decisions come trusted first, so the trusted definition is the one that stays.
            if listed.insert((name, service, decision.objective, policy, standing.tier)) {
                found.push(ActiveTier {
                    policy: Arc::clone(&decision.policy),
                    tier: standing.tier,
                    slo: Arc::clone(&decision.slo),
                    objective: decision.objective,
                    definition: decision.definition,
                    gate: standing.gate,
                    since,
                    standing: standing.clone(),
                });
            }
        }
    }
    found
}

/// Returns the tags by which a tier counts releases and of which there is none.
///
/// # Why
///
/// A repository that never released anything must not be blocked for ever, so this blocks nothing. It
/// is said, because a glob with a misspelling looks the same.
fn unreleased(decisions: &[Decision], setting: &Setting<'_>) -> Vec<Note> {
    let tiers = decisions.iter().filter_map(|decision| decision.policy.tiers.get(decision.tier?));
    let tags = tiers.filter_map(|tier| Some(&tier.release_rate.as_ref()?.tags.value));
    let lacks = |tags: &&String| {
        let releases = setting.facts.releases.get(*tags);
        releases.is_some_and(|releases| !releases.has_match && !releases.is_cut)
    };
    tags.filter(lacks).map(|tags| Note::NoReleaseTag { tags: tags.clone() }).collect()
}

fn warnings(decisions: &[Decision]) -> Vec<Note> {
    let trusted = decisions.iter().filter(|decision| decision.definition == Definition::Trusted);
    let warnings = trusted.flat_map(|decision| {
        let warnings = decision.standing.warnings.iter();
        warnings.map(|warning| Note::Evaluation {
            slo: Arc::clone(&decision.slo),
            policy: Arc::clone(&decision.policy),
            warning: warning.clone(),
        })
    });
    warnings.collect()
}
