//! The verdict in words.

use std::collections::BTreeSet;

use crate::budget::Burn;
use crate::budget::Measurement;
use crate::budget::Opening;
use crate::gate;
use crate::gate::ActiveTier;
use crate::gate::Claim;
use crate::gate::Decision;
use crate::gate::Extent;
use crate::gate::Reason;
use crate::gate::ReleaseLimit;
use crate::gate::Verdict;
use crate::model::GateKind;
use crate::model::Lookback;
use crate::model::Operator;
use crate::model::Slo;
use crate::model::Tier;
use crate::policy::Evidence;
use crate::policy::Ruling;
use crate::policy::TierStanding;
use crate::report::Exemption;
use crate::report::Outcome;
use crate::report::Override;
use crate::report::Tier as TierView;
use crate::report::VerdictView;
use crate::source::LineIndex;
use crate::source::Sources;
use crate::source::Span;

use super::measured;
use super::note::notes;
use super::objective_name;
use super::percent;
use super::rate;

/// Returns the verdict in words.
///
/// * `measurements`: what the verdict rests on.
/// * `policies`: the files that the policies were read from: those of the trusted tree.
pub fn verdict_view(
    verdict: &Verdict,
    measurements: &[Measurement],
    policies: &Sources,
) -> VerdictView {
    let mut tiers: Vec<&ActiveTier> = verdict.tiers.iter().collect();
    // The most severe gate governs; a stable sort keeps services and names in order below it.
    tiers.sort_by_key(|tier| std::cmp::Reverse(tier.gate));
    VerdictView {
        outcome: match verdict.answer.outcome {
            gate::Outcome::Pass => Outcome::Pass,
            gate::Outcome::Warn => Outcome::Warn,
            gate::Outcome::Block => Outcome::Block,
        },
        exit_code: verdict.exit_code(),
        reason: verdict.answer.reason.word().to_owned(),
        headline: headline(verdict, measurements),
        tiers: tiers.into_iter().map(|tier| tier_view(tier, policies)).collect(),
        exemptions: exemptions(verdict),
        overrides: verdict.overrides().into_iter().map(override_view).collect(),
        notes: notes(verdict, measurements),
        ways_on: ways_on(verdict),
    }
}

fn override_view(given: &gate::Override) -> Override {
    Override {
        by: given.by.clone(),
        reason: given.reason.clone(),
        until: Some(given.span.1),
        path: given.path.clone(),
    }
}

fn headline(verdict: &Verdict, measurements: &[Measurement]) -> String {
    let decisions: Vec<&Decision> = verdict.deciding().collect();
    let first = decisions.first();
    // Two policies, or both definitions, that say the same of an objective are one thing to say.
    let objectives: BTreeSet<_> = decisions.iter().map(|decision| objective(decision)).collect();
    let others = match objectives.len() {
        0 | 1 => String::new(),
        several => format!(", and {} more", several - 1),
    };
    let spent = || first.map_or_else(String::new, |decision| spent(decision)) + &others;
    match verdict.answer.reason {
        Reason::NotInScope => "the change touches nothing that a policy judges".to_owned(),
        Reason::Open if verdict.decisions.is_empty() => match verdict.extent {
            Extent::Change => "no policy governs this change".to_owned(),
            Extent::WholeTree => "no policy governs an SLO".to_owned(),
        },
        Reason::Open if verdict.extent == Extent::WholeTree => {
            "every error budget is open".to_owned()
        }
        Reason::Open => "every error budget that this change touches is open".to_owned(),
        Reason::Frozen | Reason::Warn | Reason::Borrowed => spent(),
        Reason::RateLimited => format!("{}; {}", spent(), rate_limited(first)),
        Reason::Overridden => format!("{}; an override lets the change pass", spent()),
        Reason::NeedsApproval => format!("{}; the change needs {}", spent(), needed(first)),
        Reason::Approved => format!("{}; {}", spent(), approved(verdict)),
        Reason::Exempt => format!("{}; exempt: {}", spent(), claims(verdict)),
        Reason::Unknown | Reason::BackendError => {
            first.map_or_else(String::new, |decision| unknown(decision, measurements)) + &others
        }
        Reason::Findings => match verdict.blocking_findings {
            1 => "one finding fails the change".to_owned(),
            several => format!("{several} findings fail the change"),
        },
    }
}

/// Returns what tells one objective from another.
fn objective(decision: &Decision) -> (Option<&str>, &str, usize) {
    let service = decision.slo.service.as_ref().map(|service| service.value.as_str());
    (service, decision.slo.meta.name(), decision.objective)
}

/// Returns what the deciding tier's numbers say about the budget.
fn spent(decision: &Decision) -> String {
    let name = objective_name(&decision.slo, decision.objective);
    let tier = decision.tier.and_then(|tier| decision.policy.tiers.get(tier));
    let standing = decision.standing.tiers.iter().find(|tier| Some(tier.tier) == decision.tier);
    let evidence = standing.and_then(|standing| strongest(&standing.enter));
    match evidence {
        Some((evidence, burn)) if evidence.lookback == Lookback::Slo => {
            format!("{name} has spent {} of its error budget", percent(burn))
        }
        Some((evidence, burn)) => {
            format!(
                "{name} burns its error budget at {} over {}",
                rate(burn),
                lookback(evidence, &decision.slo)
            )
        }
        None => {
            let tier = tier.map_or("", |tier| tier.name.value.as_str());
            format!("the tier {tier} holds for {name}")
        }
    }
}

/// Returns the known burn rate that a condition rests on, one that holds before one that does not.
fn strongest(evidence: &[Evidence]) -> Option<(&Evidence, &crate::quantity::Ratio)> {
    let known = |evidence: &'_ Evidence| matches!(evidence.burn, Burn::Known(_));
    let holds = evidence.iter().filter(|one| one.holds == Some(true)).find(|one| known(one));
    let one = holds.or_else(|| evidence.iter().find(|one| known(one)))?;
    Some((one, one.burn.known()?))
}

fn lookback(evidence: &Evidence, slo: &Slo) -> String {
    match evidence.lookback {
        Lookback::Slo => slo
            .window
            .as_ref()
            .map_or("the window".to_owned(), |window| window.duration.value.to_string()),
        Lookback::For(duration) => duration.to_string(),
    }
}

/// Returns how many releases pass, and when the next one does.
fn rate_limited(decision: Option<&&Decision>) -> String {
    let rate = decision.and_then(|decision| deciding_tier(decision)?.release_rate.as_ref());
    let limit = match rate {
        Some(rate) if rate.max.value == 1 => format!("one release in {} passes", rate.per.value),
        Some(rate) => format!("{} releases in {} pass", rate.max.value, rate.per.value),
        None => "too many releases lately".to_owned(),
    };
    match decision.and_then(|decision| decision.release_limit) {
        Some(ReleaseLimit::Reached(until)) => format!("{limit}, the next one after {until}"),
        _ => limit,
    }
}

fn unknown(decision: &Decision, measurements: &[Measurement]) -> String {
    let name = objective_name(&decision.slo, decision.objective);
    if decision.release_limit == Some(ReleaseLimit::Hidden) {
        return format!(
            "{}; how often it was released is not known: the clone is shallow or takes no tags",
            spent(decision)
        );
    }
    match &decision.standing.ruling {
        Ruling::Unknown { reason, .. } => {
            let backend = measured::backend(decision, measurements);
            format!("the error budget of {name} is not known: {}", super::reason(reason, backend))
        }
        Ruling::Gate { .. } => format!("the error budget of {name} is not known"),
    }
}

fn needed(decision: Option<&&Decision>) -> String {
    let Some(tier) = decision.and_then(|decision| deciding_tier(decision)) else {
        return "an approval".to_owned();
    };
    let mut roles: Vec<&str> = Vec::new();
    for role in &tier.approvers {
        if !roles.contains(&role.value.as_str()) {
            roles.push(&role.value);
        }
    }
    let count = match tier.approvals {
        1 => "an approval".to_owned(),
        several => format!("{several} approvals"),
    };
    format!("{count} by {}", roles.join(" or "))
}

fn deciding_tier(decision: &Decision) -> Option<&Tier> {
    decision.policy.tiers.get(decision.tier?)
}

/// A tier without approvers asks nobody; its rate lets the change pass.
fn approved(verdict: &Verdict) -> String {
    let approvals = verdict.approvals();
    if approvals.is_empty() {
        return "its rate lets another release pass".to_owned();
    }
    let named = approvals.iter().map(|one| format!("{} as {}", one.member, one.role));
    format!("approved by {}", named.collect::<Vec<_>>().join(", "))
}

/// Classes that need no approval rest on honor, so the claim and who made it are named.
fn claims(verdict: &Verdict) -> String {
    let mut named: Vec<String> = Vec::new();
    for exemption in verdict.exemptions() {
        let claim = format!("{} claimed by {}", exemption.class, exemption.by);
        if !named.contains(&claim) {
            named.push(claim);
        }
    }
    named.join(", ")
}

fn tier_view(active: &ActiveTier, policies: &Sources) -> TierView {
    let tier = active.policy.tiers.get(active.tier);
    let opens = active.standing.opens;
    TierView {
        policy: active.policy.meta.name().to_owned(),
        tier: tier.map_or_else(String::new, |tier| tier.name.value.clone()),
        slo: objective_name(&active.slo, active.objective),
        gate: active.gate.name().to_owned(),
        since: Some(active.since),
        because: relaxed(active, tier),
        opens: opens.and_then(|opens| opens.at_present_burn.or(opens.without_errors)),
        opens_because: opens.map(|opens| opens_because(&opens)),
        place: tier.map(|tier| place(tier.span, policies)),
    }
}

/// Returns why a tier is active, and that it is milder than usual where it is.
fn relaxed(active: &ActiveTier, tier: Option<&Tier>) -> String {
    let usual = tier.map_or(active.gate, |tier| tier.gate.value);
    let because = because(usual, &active.standing, &active.slo);
    if usual == active.gate {
        return because;
    }
    format!("{because}, relaxed to {}", active.gate.name())
}

/// Returns the number that keeps a tier active: the one it was entered by, or the one it ends by.
fn because(gate: GateKind, standing: &TierStanding, slo: &Slo) -> String {
    let does = match gate {
        GateKind::Open => "notes",
        GateKind::Warn => "warns",
        GateKind::Approve => "asks for approval",
        GateKind::Freeze => "freezes",
    };
    let entered = standing.enter.iter().any(|one| one.holds == Some(true));
    if let Some((evidence, burn)) = strongest(&standing.enter)
        && (entered || standing.exit.is_empty())
    {
        let (over, burn) = (lookback(evidence, slo), rate(burn));
        let at = bound(evidence);
        return format!("burn over {over} is {burn}, the policy {does} {at}");
    }
    match strongest(&standing.exit) {
        Some((evidence, burn)) => {
            let (over, burn) = (lookback(evidence, slo), rate(burn));
            format!("burn over {over} is {burn}, the tier ends {}", bound(evidence))
        }
        None => "its condition holds".to_owned(),
    }
}

fn bound(evidence: &Evidence) -> String {
    let threshold = &evidence.threshold;
    match evidence.operator {
        Operator::Gte => format!("at {threshold}"),
        Operator::Gt => format!("above {threshold}"),
        Operator::Lte => format!("at {threshold} or below"),
        Operator::Lt => format!("below {threshold}"),
    }
}

fn opens_because(opens: &Opening) -> String {
    let how = match (opens.at_present_burn, opens.without_errors) {
        (Some(_), _) => "at the present burn",
        (None, Some(_)) => "if nothing fails any more; not at the present burn",
        (None, None) => return "not within this window at the present burn".to_owned(),
    };
    match opens.largest {
        Some(largest) => {
            let day = largest.to_zoned(jiff::tz::TimeZone::UTC).strftime("%m-%d");
            format!("when the outage of {day} leaves the window, {how}")
        }
        None => format!("as old errors leave the window, {how}"),
    }
}

fn place(span: Span, policies: &Sources) -> String {
    let file = policies.file(span.source);
    let line = LineIndex::new(&file.text).position(span.start as usize).line;
    format!("{}:{line}", file.path)
}

fn exemptions(verdict: &Verdict) -> Vec<Exemption> {
    let mut found: Vec<Exemption> = Vec::new();
    for one in verdict.exemptions() {
        let because = match &one.claim {
            Claim::Trailer(trailer) => format!("trailer \"{trailer}\", claimed by {}", one.by),
            Claim::Label(label) => format!("label \"{label}\" on the pull request"),
            Claim::Paths => "every path is one of the class".to_owned(),
            Claim::Revert => "the exact revert of an ancestor".to_owned(),
        };
        let same = |other: &&mut Exemption| other.class == one.class && other.because == because;
        match found.iter_mut().find(same) {
            Some(other) => other.commits.push(one.commit.clone()),
            None => found.push(Exemption {
                class: one.class.clone(),
                commits: vec![one.commit.clone()],
                because,
            }),
        }
    }
    found
}

fn hides_releases(decision: Option<&Decision>) -> bool {
    decision.is_some_and(|decision| decision.release_limit == Some(ReleaseLimit::Hidden))
}

/// Returns what a person can do about a verdict that blocks.
fn ways_on(verdict: &Verdict) -> Vec<String> {
    let mut ways = Vec::new();
    if verdict.answer.outcome != gate::Outcome::Block {
        return ways;
    }
    let first = verdict.deciding().next();
    match verdict.answer.reason {
        Reason::Frozen => {
            let tier = first.and_then(|decision| deciding_tier(decision));
            // No commit is judged where a whole tree is, and so none is exempt there.
            let of = match verdict.extent {
                Extent::Change => "commits",
                Extent::WholeTree => "a change of commits",
            };
            for class in tier.iter().flat_map(|tier| &tier.exempt) {
                let defined = first.and_then(|decision| {
                    let classes = &decision.policy.change_classes;
                    classes.iter().find(|one| one.name.value == class.value)
                });
                let trailer = match (defined, class.value.as_str()) {
                    (Some(defined), _) => {
                        defined.trailer.as_ref().map(|trailer| trailer.value.clone())
                    }
                    (None, "security") => Some("Change-Class: security".to_owned()),
                    (None, "reliability-fix") => Some("Change-Class: reliability".to_owned()),
                    (None, _) => None,
                };
                ways.push(match trailer {
                    Some(trailer) => format!("{of} with the trailer `{trailer}`"),
                    None => format!("{of} of the class `{}`", class.value),
                });
            }
            ways.push("wait".to_owned());
        }
        Reason::NeedsApproval if verdict.extent == Extent::WholeTree => ways.push("wait".to_owned()),
        Reason::NeedsApproval => {
            ways.push(format!("{} as a trailer `Approved-by:`", needed(first.as_ref())));
        }
        Reason::RateLimited => ways.push("wait".to_owned()),
        Reason::Unknown if hides_releases(first) => {
            ways.push(
                "fetch with `fetch-depth: 0`, which fetches the tags too; where the clone was made \
                 with `--no-tags`, unset `remote.origin.tagOpt` and fetch the tags"
                    .to_owned(),
            );
        }
        Reason::Unknown => ways.push(
            "mend the measurement; `spec.evaluation.noData.onUnknown` of the policy says what the \
             unknown does"
                .to_owned(),
        ),
        Reason::BackendError => ways.push(
            "mend the backend; `spec.evaluation.noData.onBackendError` of the policy says what its \
             failure does"
                .to_owned(),
        ),
        Reason::Findings => ways.push("mend the findings, or allow them with a reason".to_owned()),
        _ => {}
    }
    ways
}
