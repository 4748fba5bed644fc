//! Which records count for a change, and why the others do not.
//!
//! # Why
//!
//! A record opens a gate, so it counts from the moment at which it stood on the branch, whatever it says of itself,
//! and only where whoever signs it may: a member of a role that the policy names, who wrote or approved the commits
//! that brought it, and wrote nothing of the change that is judged. A record that closes a gate needs less: what
//! somebody says of their own outage counts against them as well.
//!
//! What is taken out of the folder is withdrawn from then on. Every edit of a record is a new one, so that nobody
//! makes an old one say more.

use jiff::Timestamp;

use crate::model::Catalog;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Kind;
use crate::model::Record;
use crate::policy::About;
use crate::policy::Attestation;
use crate::policy::Incident;
use crate::policy::Names;
use crate::policy::Records;
use crate::policy::each_judged;
use crate::proposal::Proposal;
use crate::proposal::Roles;
use crate::proposal::is_member;
use crate::quantity::Duration;

/// A record as the history of the trusted tree has it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What it says.
    pub record: Record,
    /// The file that it stands in, or stood.
    pub path: String,
    /// When it came to the branch; absent where the clone is cut before that.
    pub landed: Option<Timestamp>,
    /// When it was taken out; absent where it still stands.
    pub withdrawn: Option<Timestamp>,
    /// The commits that brought it.
    pub brought: Proposal,
}

/// A record that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The file that it stands in.
    pub path: String,
    /// What it is, and about what.
    pub what: String,
    /// Why it does not count.
    pub why: Doubt,
}

/// Why a record does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Something of it cannot be read.
    Unreadable,
    /// Whoever signs it is in none of the roles that may.
    Role,
    /// Whoever signs it neither wrote nor approved the commits that brought it.
    Signature,
    /// Whoever signs it wrote a part of the change.
    Author,
    /// The clone is cut before the commit that brought it.
    Cut,
    /// It does not end, or lasts longer than the policy lets it.
    Lasts,
    /// There are as many as the policy lets be.
    Quota,
    /// No policy has such a tier, or lets anybody lift it.
    Tier,
}

/// The records that count for a change, and the others.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Those that count for where the tiers stand.
    pub records: Records,
    /// Those that lift a gate.
    pub overrides: Vec<Override>,
    /// Those that stand there now and do not.
    pub ignored: Vec<Ignored>,
}

/// A record that lifts the gate of a tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The tier.
    pub tier: String,
    /// What it is about.
    pub about: About,
    /// Globs of the paths that may change; empty for every path.
    pub paths: Vec<String>,
    /// The first instant at which it counts, and the first at which it does not any more.
    pub span: (Timestamp, Timestamp),
    /// The file that it stands in.
    pub path: String,
    /// Who approved it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Returns which records count for a change.
///
/// * `agreed`: the policies that count.
/// * `owners`: the members of each role, from the trusted configuration.
/// * `proposal`: the change.
pub fn counting(
    found: &[Recorded],
    agreed: &Catalog,
    owners: &Roles,
    proposal: &Proposal,
) -> Counted {
    let mut counted = Counted::default();
    for recorded in found {
        match recorded.record.kind {
            Kind::Attestation => attestation(recorded, agreed, owners, proposal, &mut counted),
            Kind::Incident => counted.records.incidents.extend(incident(recorded)),
            Kind::BudgetOverride => {
                let earlier = found.iter().filter(|other| is_before(other, recorded));
                let judge = Judge { agreed, owners, proposal };
                match judge.lifting(recorded, &earlier.collect::<Vec<_>>()) {
                    Ok(lifting) => counted.overrides.extend(lifting),
                    Err(why) => counted.ignored.extend(ignored(recorded, why)),
                }
            }
            _ => {}
        }
    }
    counted
}

/// Returns whether an override came before another; of two that came at once the first by path.
fn is_before(other: &Recorded, recorded: &Recorded) -> bool {
    let rank = |one: &Recorded| (one.landed, one.path.clone(), one.record.span.start);
    other.record.kind == Kind::BudgetOverride && rank(other) < rank(recorded)
}

/// Who judges overrides: policies, roles and the change.
struct Judge<'a> {
    agreed: &'a Catalog,
    owners: &'a Roles,
    proposal: &'a Proposal,
}

impl Judge<'_> {
    /// Returns what an override lifts, under each policy; one that is taken out lifts nothing any more.
    fn lifting(&self, recorded: &Recorded, earlier: &[&Recorded]) -> Result<Vec<Override>, Doubt> {
        let record = &recorded.record;
        let (Some(tier), Some(from), Some(by)) = (&record.tier, &record.from, &record.by) else {
            return Err(Doubt::Unreadable);
        };
        if !record.is_whole {
            return Err(Doubt::Unreadable);
        }
        let Some(until) = &record.until else { return Err(Doubt::Lasts) };
        let is_meant = |policy: &&ErrorBudgetPolicy| {
            record.policy.as_ref().is_none_or(|named| named.value == policy.meta.name())
                && policy.tiers.iter().any(|own| own.name.value == tier.value)
        };
        let mut found = Vec::new();
        let mut doubt = Doubt::Tier;
        for policy in self.agreed.policies().map(AsRef::as_ref).filter(is_meant) {
            let Some(overrides) = &policy.overrides else { continue };
            let Some(landed) = recorded.landed else { return Err(Doubt::Cut) };
            let roles = overrides.approvers.iter().map(|role| role.value.as_str());
            if let Err(why) = self.signed(&by.value, &roles.collect::<Vec<_>>(), &recorded.brought)
            {
                doubt = why;
                continue;
            }
            let lasts = until.value.as_second() - from.value.as_second();
            let longest = overrides.max_duration.as_ref().map(|longest| seconds(longest.value));
            if longest.is_some_and(|longest| lasts > longest) {
                doubt = Doubt::Lasts;
                continue;
            }
            if overrides.max_per.is_some_and(|quota| is_spent(quota, policy, landed, earlier)) {
                doubt = Doubt::Quota;
                continue;
            }
            let end = recorded.withdrawn.map_or(until.value, |gone| gone.min(until.value));
            found.push(Override {
                tier: tier.value.clone(),
                about: About { policy: Some(policy.meta.name().to_owned()), slos: slos(record) },
                paths: record.paths.iter().map(|path| path.value.clone()).collect(),
                span: (from.value.max(landed), end),
                path: recorded.path.clone(),
                by: by.value.clone(),
                reason: record.reason.as_ref().map(|why| why.value.clone()).unwrap_or_default(),
            });
        }
        if found.is_empty() { Err(doubt) } else { Ok(found) }
    }

    /// Returns whether somebody of some roles signed what commits brought, and wrote nothing of the change. A role
    /// may be named instead of one of its people.
    fn signed(&self, by: &str, roles: &[&str], brought: &Proposal) -> Result<(), Doubt> {
        let mut people: Vec<&str> = Vec::new();
        if is_member(by, roles.iter().copied(), self.owners) {
            people.push(by);
        }
        for role in roles.iter().filter(|role| role.eq_ignore_ascii_case(by.trim())) {
            people.extend(self.owners.get(*role).into_iter().flatten().map(String::as_str));
        }
        if people.is_empty() {
            return Err(Doubt::Role);
        }
        people.retain(|person| brought.is_signed_by(person));
        if people.is_empty() {
            return Err(Doubt::Signature);
        }
        people.retain(|person| !self.proposal.is_author(person));
        if people.is_empty() { Err(Doubt::Author) } else { Ok(()) }
    }
}

/// Returns whether as many overrides of a policy came in the time before one as there may be, deleted ones
/// included.
fn is_spent(
    (most, window): (u32, Duration),
    policy: &ErrorBudgetPolicy,
    landed: Timestamp,
    earlier: &[&Recorded],
) -> bool {
    let counts = |other: &&&Recorded| {
        let record = &other.record;
        let is_recent = other
            .landed
            .is_some_and(|then| landed.as_second() - then.as_second() < seconds(window));
        let is_meant = record.policy.as_ref().is_none_or(|named| named.value == policy.meta.name());
        let tier = record.tier.as_ref();
        let has_tier =
            policy.tiers.iter().any(|own| tier.is_some_and(|tier| tier.value == own.name.value));
        is_recent && is_meant && has_tier
    };
    earlier.iter().filter(counts).count() as u64 >= u64::from(most)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.nominal_seconds()).unwrap_or(i64::MAX)
}

fn attestation(
    recorded: &Recorded,
    agreed: &Catalog,
    owners: &Roles,
    proposal: &Proposal,
    counted: &mut Counted,
) {
    let record = &recorded.record;
    let whole = Some(record).filter(|record| record.is_whole);
    let (Some(id), Some(since), Some(by), Some(_)) = (&record.id, &record.from, &record.by, whole)
    else {
        counted.ignored.extend(ignored(recorded, Doubt::Unreadable));
        return;
    };
    let named = |policy: &&ErrorBudgetPolicy| {
        record.policy.as_ref().is_none_or(|named| named.value == policy.meta.name())
            && asks(policy, &id.value)
    };
    let mut doubt = None;
    for policy in agreed.policies().map(AsRef::as_ref).filter(named) {
        let uses = Uses::of(policy, &id.value);
        let roles = policy.attestations.iter().flat_map(|attestations| &attestations.authority);
        let roles = roles.filter(|(of, _)| of.value == id.value).flat_map(|(_, roles)| roles);
        let roles: Vec<&str> = roles.map(|role| role.value.as_str()).collect();
        let judge = Judge { agreed, owners, proposal };
        let signed = judge.signed(&by.value, &roles, &recorded.brought);
        let found = match (recorded.landed, signed) {
            (_, Err(Doubt::Role)) => Err(Doubt::Role),
            // Who brought it is not known either, and what closes a gate counts all the same.
            (None, _) if uses.opens => Err(Doubt::Cut),
            (None, _) => Ok(since.value),
            (Some(landed), Err(Doubt::Author)) if uses.closes => Ok(landed.max(since.value)),
            (Some(landed), signed) => signed.map(|()| landed.max(since.value)),
        };
        match found {
            Ok(from) => counted.records.attestations.push(Attestation {
                id: id.value.clone(),
                about: About { policy: Some(policy.meta.name().to_owned()), slos: slos(record) },
                span: (from, earliest(recorded)),
                holds: rest(record, "holds").as_deref() != Some("false"),
                incident: rest(record, "incident"),
                class: rest(record, "class"),
            }),
            Err(why) => doubt = Some(why),
        }
    }
    counted.ignored.extend(doubt.and_then(|why| ignored(recorded, why)));
}

/// An incident counts from when it stands on the branch; where the clone is cut, it is older.
fn incident(recorded: &Recorded) -> Option<Incident> {
    let record = &recorded.record;
    let start = record.from.as_ref()?.value;
    Some(Incident {
        id: record.id.as_ref()?.value.clone(),
        about: About { policy: None, slos: slos(record) },
        class: rest(record, "class"),
        time: (start, record.until.as_ref().map(|until| until.value)),
        span: (recorded.landed.unwrap_or(start), recorded.withdrawn),
    })
}

fn slos(record: &Record) -> Vec<String> {
    record.slos.iter().map(|slo| slo.value.clone()).collect()
}

fn rest(record: &Record, field: &str) -> Option<String> {
    record.rest.iter().find(|(key, _)| key == field).map(|(_, value)| value.clone())
}

/// Returns the first instant at which a record does not hold any more.
fn earliest(recorded: &Recorded) -> Option<Timestamp> {
    let until = recorded.record.until.as_ref().map(|until| until.value);
    [until, recorded.withdrawn].into_iter().flatten().min()
}

/// Returns a record that does not count; of one that was taken out nobody has to know.
fn ignored(recorded: &Recorded, why: Doubt) -> Option<Ignored> {
    let record = &recorded.record;
    let id = record.id.as_ref().or(record.tier.as_ref());
    let what = id.map_or_else(|| record.kind.name().to_owned(), |id| id.value.clone());
    recorded.withdrawn.is_none().then(|| Ignored { path: recorded.path.clone(), what, why })
}

fn asks(policy: &ErrorBudgetPolicy, id: &str) -> bool {
    let mut found = false;
    each_judged(policy, &mut |part| {
        found |= matches!(part, Condition::Attested(attested) if attested.id.value == id);
    });
    found
}

/// What it does to a gate that something is attested.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    opens: bool,
    closes: bool,
}

impl Uses {
    fn of(policy: &ErrorBudgetPolicy, id: &str) -> Self {
        let mut uses = Self::default();
        let names = Names::of(policy);
        let mut look = |conditions: Vec<&Condition>, is_exit: bool| {
            names.each_part(conditions, &mut |part, holds| {
                if matches!(part, Condition::Attested(attested) if attested.id.value == id) {
                    uses.opens |= holds == is_exit;
                    uses.closes |= holds != is_exit;
                }
            });
        };
        look(policy.tiers.iter().map(|tier| &tier.enter).collect(), false);
        let exits = policy.tiers.iter().filter_map(|tier| tier.exit.as_ref());
        let relaxes = policy.tiers.iter().filter_map(|tier| tier.relax_when.as_ref());
        look(exits.chain(relaxes.map(|relax| &relax.when)).collect(), true);
        uses
    }
}
