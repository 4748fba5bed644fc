//! Whether every commit of a change is exempt from a freeze, and by which claim.

use std::collections::BTreeSet;

use crate::globs::Globs;
use crate::model::Catalog;
use crate::model::ChangeClass;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Requirements;
use crate::model::Slo;
use crate::model::Tier;
use crate::proposal::CommitFacts;
use crate::source::Span;
use crate::source::Spanned;

use super::Facts;
use super::Setting;

/// What makes a commit a member of a change class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A trailer of the commit, as written.
    Trailer(String),
    /// A label of the pull request.
    Label(String),
    /// Every path of the commit is one of the class's.
    Paths,
    /// The commit is the exact inverse of an ancestor.
    Revert,
}

/// A commit that is exempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// The class.
    pub class: String,
    /// The short object id of the commit.
    pub commit: String,
    /// Why it is in the class.
    pub claim: Claim,
    /// Who made the claim: the name of the commit's author.
    pub by: String,
}

/// A commit that is not exempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The short object id of the commit.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
    /// How many parents it has.
    pub parents: usize,
    /// What each class that the tier exempts misses.
    pub misses: Vec<(String, Miss)>,
}

/// What a commit misses to be in a change class.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Miss {
    /// Neither trailer nor label nor anything else claims it.
    Evidence,
    /// The paths would be those of the class, and what lies behind a link or a submodule at one of them
    /// may be others.
    Hidden {
        /// Where it stands or stood.
        path: String,
    },
    /// A trailer `Incident: ID`.
    Incident,
    /// A trailer `SLO: NAME` that names the frozen SLO.
    Slo,
    /// Approvals by people of a role who wrote nothing of the change.
    Approvals {
        /// The role.
        role: String,
        /// How many are needed.
        needed: u32,
        /// How many there are.
        found: usize,
    },
    /// The whole change adds and deletes more lines than the class allows.
    TooLarge {
        /// The lines of the change.
        lines: u64,
        /// The most that are allowed.
        allowed: u64,
    },
    /// The class allows so many lines, and nobody knows how many the change has: a link or a submodule
    /// hides some.
    Uncounted {
        /// The most that are allowed.
        allowed: u64,
    },
    /// The policy does not define the class.
    Undefined,
}

/// What must be found out about a change to know whether it is exempt; the rest is not worth its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Which commits are reverts.
    pub reverts: bool,
    /// How many lines the change has.
    pub lines: bool,
}

impl Evidence {
    /// Returns what the exemptions of any freeze ask for.
    pub fn of_policies(trusted: &Catalog) -> Self {
        let mut asked = Self::default();
        for policy in trusted.policies() {
            let freezing = policy.tiers.iter().filter(|tier| tier.gate.value == GateKind::Freeze);
            let classes = freezing.flat_map(|tier| &tier.exempt);
            for class in classes.filter_map(|name| class(policy, &name.value)) {
                asked.reverts |= class.reverts_ancestor;
                asked.lines |= class.max_changed_lines.is_some();
            }
        }
        asked
    }
}

/// Why a change is not exempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NotExempt {
    /// The commits that are not.
    pub(super) refusals: Vec<Refusal>,
    /// The paths of the change that no commit touches.
    pub(super) unexplained: Vec<String>,
}

/// Returns the exemptions when every commit that changes something is exempt from a tier, else what is
/// not.
///
/// A change of which commits are missing or not read, or that has none, is never exempt: then nothing is
/// returned on either side, or only what is known. Neither is one that changes what none of its
/// commits does: however it came about, nobody claims it.
pub(super) fn exempt(
    policy: &ErrorBudgetPolicy,
    tier: &Tier,
    slo: &Slo,
    setting: &Setting<'_>,
) -> Result<Vec<Exemption>, NotExempt> {
    let commits = setting.facts.proposal.commits.at_hand();
    let mut exemptions = Vec::new();
    let mut refusals = Vec::new();
    // What a merge adds beyond its parents is a commit of its own. A plain merge adds nothing, and an
    // empty commit or one outside the judged folder changes nothing.
    let judged = commits.iter().filter(|commit| !commit.paths.is_empty());
    for commit in judged {
        match exemption(policy, tier, slo, commit, setting) {
            Ok(exemption) => exemptions.push(exemption),
            Err(misses) => refusals.push(Refusal {
                commit: commit.short.clone(),
                subject: commit.subject.clone(),
                parents: commit.parents,
                misses,
            }),
        }
    }
    if !setting.facts.proposal.commits.is_complete() {
        return Err(NotExempt { refusals, unexplained: Vec::new() });
    }
    let unexplained = unexplained(setting.facts);
    if refusals.is_empty() && unexplained.is_empty() && !exemptions.is_empty() {
        Ok(exemptions)
    } else {
        Err(NotExempt { refusals, unexplained })
    }
}

/// Returns the paths of a change that none of its commits touches.
fn unexplained(facts: &Facts) -> Vec<String> {
    let commits = facts.proposal.commits.at_hand().iter();
    let touched: BTreeSet<&String> = commits.flat_map(|commit| &commit.paths).collect();
    facts.changed.iter().filter(|path| !touched.contains(path)).cloned().collect()
}

fn exemption(
    policy: &ErrorBudgetPolicy,
    tier: &Tier,
    slo: &Slo,
    commit: &CommitFacts,
    setting: &Setting<'_>,
) -> Result<Exemption, Vec<(String, Miss)>> {
    let mut misses = Vec::new();
    for name in &tier.exempt {
        let claimed = match class(policy, &name.value) {
            Some(class) => claim(&class, slo, commit, setting),
            None => Err(Miss::Undefined),
        };
        match claimed {
            Ok(claim) => {
                return Ok(Exemption {
                    class: name.value.clone(),
                    commit: commit.short.clone(),
                    claim,
                    by: commit.author.name.clone(),
                });
            }
            Err(miss) => misses.push((name.value.clone(), miss)),
        }
    }
    Err(misses)
}

/// Returns a class of the policy, or one of the three that every policy has.
///
/// `security` and `reliability-fix` are claimed by a trailer or a label, `rollback` by the inverse of
/// an ancestor. They need no approval: an honor system, whose claims are shown with their author.
fn class(policy: &ErrorBudgetPolicy, name: &str) -> Option<ChangeClass> {
    let mut defined = policy.change_classes.iter();
    if let Some(class) = defined.find(|class| class.name.value == name) {
        return Some(class.clone());
    }
    let (trailer, label) = match name {
        "security" => (Some("Change-Class: security"), Some("security")),
        "reliability-fix" => (Some("Change-Class: reliability"), Some("reliability")),
        "rollback" => (None, None),
        _ => return None,
    };
    let spanned = |text: &str| Spanned::new(text.to_owned(), Span::default());
    Some(ChangeClass {
        name: spanned(name),
        trailer: trailer.map(spanned),
        label: label.map(spanned),
        paths: Vec::new(),
        reverts_ancestor: name == "rollback",
        requires: Requirements::default(),
        max_changed_lines: None,
    })
}

fn claim(
    class: &ChangeClass,
    slo: &Slo,
    commit: &CommitFacts,
    setting: &Setting<'_>,
) -> Result<Claim, Miss> {
    let claim = evidence(class, commit, setting.facts)?;
    let requires = &class.requires;
    if requires.incident && !commit.trailers("Incident").any(|id| !id.is_empty()) {
        return Err(Miss::Incident);
    }
    if requires.slo && !commit.trailers("SLO").any(|name| names(name, slo)) {
        return Err(Miss::Slo);
    }
    for (role, needed) in &requires.approvals {
        let roles = std::iter::once(role.as_str());
        let found = setting.facts.proposal.approvals(roles, setting.owners).len();
        if u64::from(*needed) > found as u64 {
            return Err(Miss::Approvals { role: role.clone(), needed: *needed, found });
        }
    }
    match (class.max_changed_lines, setting.facts.changed_lines) {
        // What nobody counted is no small change.
        (Some(allowed), None) => Err(Miss::Uncounted { allowed }),
        (Some(allowed), Some(lines)) if lines > allowed => Err(Miss::TooLarge { lines, allowed }),
        _ => Ok(claim),
    }
}

fn evidence(class: &ChangeClass, commit: &CommitFacts, facts: &Facts) -> Result<Claim, Miss> {
    if let Some(trailer) = &class.trailer {
        let (key, value) = trailer.value.split_once(':').unwrap_or_default();
        let mut given = commit.trailers(key.trim());
        if !key.is_empty() && given.any(|other| other == value.trim()) {
            return Ok(Claim::Trailer(trailer.value.clone()));
        }
    }
    if let Some(label) = &class.label
        && facts.labels.contains(&label.value)
    {
        return Ok(Claim::Label(label.value.clone()));
    }
    if class.reverts_ancestor && commit.reverts_ancestor {
        return Ok(Claim::Revert);
    }
    let globs = Globs::of_paths(class.paths.iter().map(|glob| glob.value.as_str()));
    // What cannot be read exempts nothing.
    let Ok(globs) = globs else { return Err(Miss::Evidence) };
    if commit.paths.is_empty() || !commit.paths.iter().all(|path| globs.matches(path)) {
        return Err(Miss::Evidence);
    }
    let is_hidden = |path: &&String| facts.hiding.contains(*path) && !globs.matches_all_below(path);
    match commit.paths.iter().find(is_hidden) {
        Some(path) => Err(Miss::Hidden { path: path.clone() }),
        None => Ok(Claim::Paths),
    }
}

/// Returns whether a text names an SLO, by `name` or `service/name`.
fn names(text: &str, slo: &Slo) -> bool {
    let name = slo.meta.name();
    let full = slo.service.as_ref();
    let full = full.map(|service| format!("{}/{name}", service.value));
    !name.is_empty() && (text == name || full.as_deref() == Some(text))
}
