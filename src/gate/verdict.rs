//! The gate's answer, as data.

use std::sync::Arc;

use jiff::Timestamp;

use crate::budget::Definition;
use crate::budget::Failure;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Slo;
use crate::policy::Standing;
use crate::policy::TierStanding;
use crate::policy::Warning;
use crate::proposal::Approval;

use super::Exemption;
use super::Extent;
use super::Ignored;
use super::Override;
use super::Refusal;

/// What the gate does to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It passes.
    Pass,
    /// It passes, and somebody should know something.
    Warn,
    /// It is blocked.
    Block,
}

impl Outcome {
    /// Returns the word for the outcome in our output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }
}

/// Why the gate does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The change touches nothing that a policy judges.
    NotInScope,
    /// No gate is closed.
    Open,
    /// A tier warns.
    Warn,
    /// Somebody overrode the tier.
    Overridden,
    /// Enough people approved.
    Approved,
    /// Too few people approved.
    NeedsApproval,
    /// Too many releases lately.
    RateLimited,
    /// A freeze is lifted early, and the budget is borrowed.
    Borrowed,
    /// Every commit is exempt from the freeze.
    Exempt,
    /// A tier freezes.
    Frozen,
    /// A gate is not known.
    Unknown,
    /// A backend failed.
    BackendError,
    /// There are findings at or above the level that fails.
    Findings,
}

impl Reason {
    /// Returns the word for the reason in our output.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotInScope => "not-in-scope",
            Self::Open => "open",
            Self::Warn => "warn",
            Self::Overridden => "overridden",
            Self::Approved => "approved",
            Self::NeedsApproval => "needs-approval",
            Self::RateLimited => "rate-limited",
            Self::Borrowed => "borrowed",
            Self::Exempt => "exempt",
            Self::Frozen => "frozen",
            Self::Unknown => "unknown",
            Self::BackendError => "backend-error",
            Self::Findings => "findings",
        }
    }
}

/// An outcome and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the gate does.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
}

impl Answer {
    /// Returns an answer.
    pub fn new(outcome: Outcome, reason: Reason) -> Self {
        Self { outcome, reason }
    }

    /// Returns the exit code: 0 unless blocked, 3 when blocked by what is not known, else 1.
    pub fn exit_code(self) -> u8 {
        match (self.outcome, self.reason) {
            (Outcome::Pass | Outcome::Warn, _) => 0,
            (Outcome::Block, Reason::Unknown | Reason::BackendError) => 3,
            (Outcome::Block, _) => 1,
        }
    }

    /// Returns how severe the answer is: blocked by a known fact, then blocked by what is not known,
    /// then a warning, then what was closed and passes, then what was open.
    pub(super) fn severity(self) -> u8 {
        match (self.outcome, self.reason) {
            (Outcome::Block, Reason::Frozen) => 15,
            (Outcome::Block, Reason::NeedsApproval) => 14,
            (Outcome::Block, Reason::RateLimited) => 13,
            (Outcome::Block, Reason::BackendError) => 11,
            (Outcome::Block, Reason::Unknown) => 10,
            (Outcome::Block, _) => 12,
            (Outcome::Warn, Reason::BackendError) => 9,
            (Outcome::Warn, Reason::Unknown) => 8,
            (Outcome::Warn, _) => 7,
            (Outcome::Pass, Reason::Overridden) => 6,
            (Outcome::Pass, Reason::Borrowed) => 5,
            (Outcome::Pass, Reason::Exempt) => 4,
            (Outcome::Pass, Reason::Approved) => 3,
            (Outcome::Pass, Reason::Unknown | Reason::BackendError) => 2,
            (Outcome::Pass, Reason::NotInScope) => 0,
            (Outcome::Pass, _) => 1,
        }
    }
}

/// What one policy says about one objective in one of its definitions.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The policy.
    pub policy: Arc<ErrorBudgetPolicy>,
    /// The SLO.
    pub slo: Arc<Slo>,
    /// The objective, counted from 0.
    pub objective: usize,
    /// The definition that was judged.
    pub definition: Definition,
    /// Where the tiers stand, with every number that they were judged by.
    pub standing: Standing,
    /// What follows.
    pub answer: Answer,
    /// The tier that decides, counted from 0; nothing when none is active, or when it is not known.
    pub tier: Option<usize>,
    /// The commits that are exempt from the freeze, when all are.
    pub exemptions: Vec<Exemption>,
    /// The commits that are not, when not all are.
    pub refusals: Vec<Refusal>,
    /// The paths of the change that no commit touches, when not all are exempt.
    pub unexplained: Vec<String>,
    /// The overrides that lift tiers, each with the tier, counted from 0.
    pub overrides: Vec<(usize, Override)>,
    /// The approvals that count.
    pub approvals: Vec<Approval>,
    /// Why no release passes at present, approved or not.
    pub release_limit: Option<ReleaseLimit>,
}

/// Why no release passes at present; what is known for longest is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReleaseLimit {
    /// The clone may hide releases: it is shallow, or takes no tags.
    Hidden,
    /// There were as many as the tier lets pass; the next one passes after this instant.
    Reached(Timestamp),
}

/// A tier that is active, or held on.
#[derive(Clone, Debug)]
pub struct ActiveTier {
    /// The policy.
    pub policy: Arc<ErrorBudgetPolicy>,
    /// The tier, counted from 0.
    pub tier: usize,
    /// The SLO.
    pub slo: Arc<Slo>,
    /// The objective, counted from 0.
    pub objective: usize,
    /// The definition under which it is active; the trusted one where it is under both.
    pub definition: Definition,
    /// What it does.
    pub gate: GateKind,
    /// Its first active grid instant.
    pub since: Timestamp,
    /// Its numbers, and when it opens.
    pub standing: TierStanding,
}

/// What people should know beside the verdict.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Note {
    /// The trusted tree has no policy.
    NoPolicy,
    /// The trusted configuration says which files hold the policies, and none of them does.
    NamedPolicyMissing,
    /// No policy of the trusted tree selects an SLO.
    NothingGoverned,
    /// Commits of a blocked change are not at hand, so nothing is exempt and, since who wrote them is
    /// not known, nobody approves; `fetch-depth: 0` fetches them.
    HistoryCut,
    /// The commits of a blocked change are too many or too large to be read, so nothing is exempt.
    HistoryUnread,
    /// A tier counts releases by tags of which there is none: nothing was released yet, or the glob is
    /// wrong.
    NoReleaseTag {
        /// The glob.
        tags: String,
    },
    /// The trusted configuration gives a service paths of which the change's trees hold none: what
    /// belongs to it is judged nowhere.
    NoPathOfService {
        /// The service.
        service: String,
    },
    /// A record of the trusted tree does not count.
    RecordIgnored(Ignored),
    /// The head's definition could not be judged; the trusted one stands.
    HeadNotJudged {
        /// The SLO.
        slo: Arc<Slo>,
        /// The objective, counted from 0.
        objective: usize,
        /// Why.
        failure: Failure,
    },
    /// Two or more policies of equal precedence govern an SLO, and the stricter verdict counts.
    EqualPrecedence {
        /// The SLO.
        slo: Arc<Slo>,
        /// The policies.
        policies: Vec<Arc<ErrorBudgetPolicy>>,
    },
    /// The evaluation warns.
    Evaluation {
        /// The SLO.
        slo: Arc<Slo>,
        /// The policy.
        policy: Arc<ErrorBudgetPolicy>,
        /// Of what.
        warning: Warning,
    },
}

/// The gate's answer to a change.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What the gate does, and why.
    pub answer: Answer,
    /// How much was judged: a change may still be exempt, a whole tree may not.
    pub extent: Extent,
    /// How many findings block; 0 unless they were counted.
    pub blocking_findings: usize,
    /// What each policy says about each objective, in order of service, name, objective, definition.
    pub decisions: Vec<Decision>,
    /// Every tier that is active, open ones too.
    pub tiers: Vec<ActiveTier>,
    /// What people should know beside it.
    pub notes: Vec<Note>,
}

impl Verdict {
    /// Returns the exit code: 0 for pass and warn, 1 when a known fact blocks, 3 when something
    /// unknown does.
    pub fn exit_code(&self) -> u8 {
        self.answer.exit_code()
    }

    /// Returns the decisions that are as severe as the verdict.
    pub fn deciding(&self) -> impl Iterator<Item = &Decision> {
        let answer = self.answer;
        self.decisions.iter().filter(move |decision| decision.answer == answer)
    }

    /// Returns every exemption that lets the change pass, each once.
    pub fn exemptions(&self) -> Vec<&Exemption> {
        let mut found: Vec<&Exemption> = Vec::new();
        let all = self.decisions.iter();
        for exemption in all.flat_map(|decision| &decision.exemptions) {
            if !found.contains(&exemption) {
                found.push(exemption);
            }
        }
        found
    }

    /// Returns every override that lifts a tier, each once.
    pub fn overrides(&self) -> Vec<&Override> {
        let mut found: Vec<&Override> = Vec::new();
        let all = self.decisions.iter().flat_map(|decision| &decision.overrides);
        for (_, lifting) in all {
            if !found.contains(&lifting) {
                found.push(lifting);
            }
        }
        found
    }

    /// Returns every approval that counts, each once.
    pub fn approvals(&self) -> Vec<&Approval> {
        let mut found: Vec<&Approval> = Vec::new();
        let all = self.decisions.iter();
        for approval in all.flat_map(|decision| &decision.approvals) {
            if !found.contains(&approval) {
                found.push(approval);
            }
        }
        found
    }
}
