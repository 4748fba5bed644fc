//! The error budget policy: what happens when an error budget is spent.

use jiff::civil::Date;
use serde::Serialize;

use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::source::Span;
use crate::source::Spanned;

use super::Meta;
use super::Operator;

/// An error budget policy, with the defaults that complete a short one.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorBudgetPolicy {
    /// Who it is.
    pub meta: Meta,
    /// Who owns it.
    pub owner: Option<Spanned<String>>,
    /// The day on which it is to be looked at again.
    #[serde(skip)]
    pub revisit: Option<Spanned<Date>>,
    /// Roles to turn to when people disagree, the first one first.
    #[serde(skip)]
    pub escalation: Vec<Spanned<String>>,
    /// The priorities that SLOs may have, the highest first; empty where the file does not say.
    #[serde(skip)]
    pub priorities: Vec<Spanned<String>>,
    /// Which SLOs it governs; every one where the file does not say.
    pub selector: Selector,
    /// Which changes it judges; every one where the file does not say.
    pub scope: Scope,
    /// How long a tier is remembered after its `enter` was last true.
    pub max_latch: Duration,
    /// Which policy wins where two select one SLO: the highest.
    pub precedence: i64,
    /// How budgets are evaluated.
    pub evaluation: Evaluation,
    /// Conditions that others refer to by name.
    pub conditions: Vec<NamedCondition>,
    /// The tiers, mildest first.
    pub tiers: Vec<Tier>,
    /// When an incident counts as mitigated, and the field that says so; it opens no gate.
    #[serde(skip)]
    pub temporary_recovery: Option<Spanned<Condition>>,
    /// What may be attested, and by whom.
    #[serde(skip)]
    pub attestations: Option<Attestations>,
    /// The folder of the records of incidents.
    #[serde(skip)]
    pub incidents: Option<Spanned<String>>,
    /// Who may lift a gate, and for how long.
    #[serde(skip)]
    pub overrides: Option<Overrides>,
    /// What makes a change exempt, by the name of the class.
    pub change_classes: Vec<ChangeClass>,
    /// Whether everything in it could be read: where something could not, a tier, a condition or an
    /// exemption that seems to be lacking may be there.
    #[serde(skip)]
    pub is_whole: bool,
    /// The first tier or named condition that could not be read, or whose exit could not.
    #[serde(skip)]
    pub unread: Option<Span>,
}

/// Which SLOs a policy governs: those that every given part matches. Names are globs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Selector {
    /// Services, one of which must match.
    pub services: Vec<Spanned<String>>,
    /// SLOs, one of which must match.
    pub slos: Vec<Spanned<String>>,
    /// Labels, all of which must match.
    pub match_labels: Vec<(String, Spanned<String>)>,
    /// The whole selector.
    #[serde(skip)]
    pub span: Option<Span>,
}

/// Which changes a policy judges.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Scope {
    /// Globs of paths, one of which a changed path must match; empty for every path.
    pub paths: Vec<Spanned<String>>,
    /// Globs of target branches; empty for every branch.
    pub branches: Vec<Spanned<String>>,
}

/// How budgets are evaluated.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// The grid: instants are multiples of the step since the Unix epoch, UTC.
    pub step: Duration,
    /// What is done about what is not known.
    pub no_data: NoData,
    /// The field that says so, where there is one.
    #[serde(skip)]
    pub no_data_span: Option<Span>,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self { step: Duration::new(1, Unit::Hour), no_data: NoData::default(), no_data_span: None }
    }
}

/// What is done about what is not known.
#[derive(Clone, Debug, Serialize)]
pub struct NoData {
    /// The share of a lookback that must have data, 0 to 1; below it the burn rate is unknown.
    pub min_coverage: Ratio,
    /// What an unknown gate does.
    pub on_unknown: Spanned<OnUnknown>,
    /// How long the last known gate is held.
    pub hold_for: Duration,
    /// What an unknown gate does when nothing is held any more.
    pub then_on_unknown: OnUnknown,
    /// What a lookback without any event means.
    pub zero_traffic: ZeroTraffic,
    /// The number of events below which a burn rate is unknown.
    pub min_events: Ratio,
    /// What a failed backend does.
    pub on_backend_error: Spanned<OnUnknown>,
    /// Whether the file itself says what an unknown gate does.
    #[serde(skip)]
    pub on_unknown_given: bool,
    /// Whether the file itself says what a failed backend does.
    #[serde(skip)]
    pub on_backend_error_given: bool,
}

impl Default for NoData {
    /// What a policy does not say about the unknown is refused.
    fn default() -> Self {
        Self {
            min_coverage: Ratio::new(9, 10).unwrap_or_else(Ratio::one),
            on_unknown: Spanned::new(OnUnknown::Deny, Span::default()),
            hold_for: Duration::new(0, Unit::Hour),
            then_on_unknown: OnUnknown::Deny,
            zero_traffic: ZeroTraffic::Unknown,
            min_events: Ratio::zero(),
            on_backend_error: Spanned::new(OnUnknown::Deny, Span::default()),
            on_unknown_given: false,
            on_backend_error_given: false,
        }
    }
}

/// What an unknown gate does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnUnknown {
    /// The last known gate holds for a while.
    Hold,
    /// The change is blocked.
    Deny,
    /// The change passes with a warning.
    Warn,
    /// The change passes.
    Allow,
}

/// What a lookback without any event means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZeroTraffic {
    /// The burn rate is unknown.
    Unknown,
    /// The burn rate is 0.
    Good,
}

/// A condition with a name.
#[derive(Clone, Debug, Serialize)]
pub struct NamedCondition {
    /// The name.
    pub name: Spanned<String>,
    /// The condition.
    pub condition: Condition,
}

/// A predicate over an instant.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Every part is true.
    All(Vec<Condition>),
    /// Some part is true.
    Any(Vec<Condition>),
    /// The part is false.
    Not(Box<Condition>),
    /// A condition by its name.
    Named(Spanned<String>),
    /// The burn rate over a lookback compares with a threshold.
    Burn(Burn),
    /// A condition was true at some instant of a time.
    Within {
        /// The condition, by its name.
        name: Spanned<String>,
        /// The time.
        time: Spanned<Duration>,
    },
    /// A tier or a condition was true at every instant of a time.
    Sustained {
        /// What was true.
        what: Lasting,
        /// The time.
        time: Spanned<Duration>,
        /// How long it may be false in between; nothing for not at all.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_gap: Option<Duration>,
    },
    /// Somebody attests something in a record.
    Attested(Attested),
    /// Recorded incidents took more than a share of an error budget.
    Incident {
        /// The share.
        share: Spanned<Ratio>,
        /// The time whose budget it is a share of.
        of: Duration,
        /// Whether incidents of one class count together.
        by_class: bool,
    },
}

impl Condition {
    /// Shows the condition and every condition written inside it; a name is not followed.
    pub fn each<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        // The nesting is bounded by the reader of YAML, so this ends.
        see(self);
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each(see)),
            Self::Not(part) => part.each(see),
            _ => {}
        }
    }
}

/// What is true for some time: a tier or a condition, by its name.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lasting {
    /// A tier.
    Tier(Spanned<String>),
    /// A condition.
    Condition(Spanned<String>),
}

/// What somebody attests in a record.
#[derive(Clone, Debug, Serialize)]
pub struct Attested {
    /// What is attested.
    pub id: Spanned<String>,
    /// How old the record must be.
    pub min_age: Option<Duration>,
    /// How old the record may be.
    pub max_age: Option<Duration>,
    /// What holds without a record.
    pub default: bool,
    /// Whether every incident needs a record of its own.
    pub per_incident: bool,
    /// Whether every class of incidents needs a record of its own.
    pub per_class: bool,
}

/// What may be attested, and by whom.
#[derive(Clone, Debug)]
pub struct Attestations {
    /// The folder of the records.
    pub dir: Option<Spanned<String>>,
    /// What may be attested, each with the roles that may.
    pub authority: Vec<(Spanned<String>, Vec<Spanned<String>>)>,
    /// The field that says so.
    pub span: Span,
}

/// Who may lift a gate, and for how long.
#[derive(Clone, Debug)]
pub struct Overrides {
    /// The folder of the records.
    pub dir: Option<Spanned<String>>,
    /// The roles that may.
    pub approvers: Vec<Spanned<String>>,
    /// How long a gate stays lifted at most.
    pub max_duration: Option<Spanned<Duration>>,
    /// How many there may be in a time.
    pub max_per: Option<(u32, Duration)>,
    /// The field that says so.
    pub span: Span,
}

/// A burn rate compared with a threshold.
#[derive(Clone, Debug, Serialize)]
pub struct Burn {
    /// How long is looked back.
    pub lookback: Spanned<Lookback>,
    /// How the burn rate compares.
    pub operator: Operator,
    /// The threshold.
    pub threshold: Spanned<Ratio>,
    /// The whole condition.
    #[serde(skip)]
    pub span: Span,
}

/// How long a burn condition looks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lookback {
    /// The window of the SLO.
    Slo,
    /// A fixed time.
    For(Duration),
}

impl Lookback {
    /// Returns whether both are one length of time, however they are written: `7d` and `1w` are.
    pub fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Slo, Self::Slo) => true,
            (Self::For(one), Self::For(other)) => one.nominal_seconds() == other.nominal_seconds(),
            _ => false,
        }
    }
}

/// One step of the escalation.
#[derive(Clone, Debug, Serialize)]
pub struct Tier {
    /// The name.
    pub name: Spanned<String>,
    /// When it begins.
    pub enter: Condition,
    /// When it ends; absent for as soon as `enter` is false.
    pub exit: Option<Condition>,
    /// What says when it ends, be it `auto` or a condition.
    #[serde(skip)]
    pub exit_span: Option<Span>,
    /// What it does to a change.
    pub gate: Spanned<GateKind>,
    /// Roles that may approve a change.
    pub approvers: Vec<Spanned<String>>,
    /// How many approvals are needed.
    pub approvals: u32,
    /// How many releases an approval lets pass; no limit where it is absent.
    pub release_rate: Option<ReleaseRate>,
    /// Change classes that pass a freeze.
    pub exempt: Vec<Spanned<String>>,
    /// When a milder gate counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relax_when: Option<RelaxWhen>,
    /// Which priorities of SLOs it holds for; empty for all.
    pub priority: Vec<Spanned<String>>,
    /// Whether it stands outside the ladder.
    pub parallel: bool,
    /// What people are asked to do; the tool does none of it.
    pub actions: Vec<String>,
    /// Who is to be told; the tool tells nobody.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<String>,
    /// The whole tier.
    #[serde(skip)]
    pub span: Span,
}

/// A milder gate for as long as a condition holds.
#[derive(Clone, Debug, Serialize)]
pub struct RelaxWhen {
    /// The condition.
    pub when: Condition,
    /// The gate that counts then.
    pub gate: Spanned<GateKind>,
}

/// How many releases a service may have in a time.
#[derive(Clone, Debug, Serialize)]
pub struct ReleaseRate {
    /// The most releases, at least 1.
    pub max: Spanned<u32>,
    /// The time in which they are counted.
    pub per: Spanned<Duration>,
    /// A glob of the names of the tags that are releases.
    pub tags: Spanned<String>,
}

/// What a tier does to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateKind {
    /// Nothing.
    Open,
    /// It passes with a warning.
    Warn,
    /// It needs approval.
    Approve,
    /// It is blocked unless it is exempt.
    Freeze,
}

impl GateKind {
    /// Returns the word for the gate.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Warn => "warn",
            Self::Approve => "approve",
            Self::Freeze => "freeze",
        }
    }
}

/// What makes a change exempt from a freeze. Any of the given kinds of evidence is enough.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeClass {
    /// The name that tiers refer to.
    pub name: Spanned<String>,
    /// A trailer that every commit must carry, such as `Change-Class: security`.
    pub trailer: Option<Spanned<String>>,
    /// A label of the pull request.
    pub label: Option<Spanned<String>>,
    /// Globs that every changed path must match.
    pub paths: Vec<Spanned<String>>,
    /// Whether every commit must be the exact revert of an ancestor.
    pub reverts_ancestor: bool,
    /// What must come with the evidence.
    pub requires: Requirements,
    /// The most lines that the whole change may add and delete; a line counts once for each 200 bytes
    /// that it begins, also in files that are no text. A change of a link or a submodule is never small.
    pub max_changed_lines: Option<u64>,
}

/// What must come with the evidence for a change class.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Requirements {
    /// A trailer `Incident: ID`.
    pub incident: bool,
    /// A trailer `SLO: NAME` that names the frozen SLO.
    pub slo: bool,
    /// Approvals by people of roles, other than the author.
    pub approvals: Vec<(String, u32)>,
}
