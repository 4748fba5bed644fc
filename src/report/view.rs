//! What is drawn of budgets, changes and verdicts: plain facts, worded where they were decided.
//!
//! **Invariant:** a number that is not known is absent, never 0.

use std::time::Duration;

use jiff::Timestamp;

use crate::quantity::Ratio;

/// One difference between two commits, in SLO terms.
#[derive(Clone, Debug)]
pub struct ChangeRow {
    /// What kind of change it is: `target-lowered`.
    pub kind: String,
    /// The SLO or the object that changed.
    pub slo: String,
    /// The value before, exact: `0.99`; nothing where there was none.
    pub before: Option<String>,
    /// The value after, exact; nothing where there is none.
    pub after: Option<String>,
    /// The change as a person reads it: `99 % → 98.5 %`.
    pub drawn: String,
    /// What follows from it: `budget 1 % → 1.5 % (+50 %)`.
    pub effect: Option<String>,
    /// The file in which it is written, after the change where there is an after.
    pub path: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// Whether it was written before, and is not any more.
    pub is_gone: bool,
}

/// Where the budgets stand.
#[derive(Clone, Debug, Default)]
pub struct BudgetTable {
    /// One row an objective, services together, in the order in which they are to be read.
    pub rows: Vec<BudgetRow>,
    /// The instant at which the budgets stand as the table says.
    pub measured_at: Option<Timestamp>,
    /// The backends that answered, as people name them: `prod (Prometheus)`.
    pub backends: Vec<String>,
    /// How many queries were sent.
    pub queries: usize,
    /// How long they took; nothing prints no time.
    pub elapsed: Option<Duration>,
}

/// Whether a budget is known, and if not, in which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetState {
    /// Enough was measured.
    Known,
    /// Nothing was asked of the service.
    NoTraffic,
    /// Too little was measured.
    NoData,
    /// The measurement failed.
    Error,
}

impl BudgetState {
    /// Returns the word for the state in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::NoTraffic => "no-traffic",
            Self::NoData => "no-data",
            Self::Error => "error",
        }
    }

    /// Returns the word for the state in prose.
    pub fn words(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::NoTraffic => "no traffic",
            Self::NoData => "no data",
            Self::Error => "error",
        }
    }
}

/// What is left of a budget, in what is counted; negative when overspent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Bad events that may still happen.
    Events(Ratio),
    /// Bad minutes that may still pass.
    Minutes(Ratio),
}

/// One error budget.
#[derive(Clone, Debug)]
pub struct BudgetRow {
    /// The SLO's name, with its objective where it has several.
    pub slo: String,
    /// The service it belongs to.
    pub service: Option<String>,
    /// What makes an event good, where that is a threshold: `< 300 ms`.
    pub condition: Option<String>,
    /// The budgeting method: `occurrences`, `timeslices` or `ratio-timeslices`.
    pub method: String,
    /// The window as written: `28d`.
    pub window: String,
    /// The required share of good events, in `0..=1`.
    pub target: Ratio,
    /// Whether the numbers below are known.
    pub state: BudgetState,
    /// Why they are not, as a word for programs: `no-backend`.
    pub reason: Option<String>,
    /// Why they are not, for people: `62 % of the window has data, 90 % is needed (prod)`.
    pub explanation: Option<String>,
    /// The measured share of good events, in `0..=1`.
    pub indicator: Option<Ratio>,
    /// Good events, or slices.
    pub good: Option<Ratio>,
    /// Valid events, or slices.
    pub valid: Option<Ratio>,
    /// The share of the budget that is spent; above 1 when overspent.
    pub consumed: Option<Ratio>,
    /// The share of the budget that is left; negative when overspent.
    pub remaining: Option<Ratio>,
    /// What is left, in what is counted.
    pub left: Option<Amount>,
    /// Whether the budget is an estimate: of a calendar window nobody knows yet how many events it will
    /// have.
    pub estimated: bool,
    /// Burn rates by lookback, shortest first: `1h`, `6h`, `3d`.
    pub burn_rates: Vec<(String, Option<Ratio>)>,
    /// When the budget ran out, or will at the present burn; nothing when it will not.
    pub exhausted_at: Option<Timestamp>,
    /// The share of the window for which there is data, in `0..=1`.
    pub coverage: Option<Ratio>,
    /// The time of the newest measurement.
    pub observed_at: Option<Timestamp>,
    /// How the counts were made: `recorded`, `increase`, `integrated`.
    pub source: Option<String>,
    /// The burn rate in each of equal steps of [`BudgetRow::history_span`], oldest first; nothing
    /// for a step without data.
    pub history: Vec<Option<Ratio>>,
    /// How far the history reaches back, for people: `28 days`.
    pub history_span: Option<String>,
    /// What a change under review does to this budget: `target 99 % → 98.5 %: +23.9 %`.
    pub with_change: Option<String>,
    /// What the backend warned of, and what is approximate: `the newest data ends at …`.
    pub warnings: Vec<String>,
}

/// What the gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Go on.
    Pass,
    /// Go on, with care.
    Warn,
    /// Stop.
    Block,
}

impl Outcome {
    /// Returns the word for the outcome in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }

    /// Returns the word with which a person is told.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pass => "passed",
            Self::Warn => "warned",
            Self::Block => "blocked",
        }
    }
}

/// What the gate decided, and why.
#[derive(Clone, Debug)]
pub struct VerdictView {
    /// Pass, warn or block.
    pub outcome: Outcome,
    /// The exit code of the run.
    pub exit_code: u8,
    /// The reason as a word for programs: `frozen`.
    pub reason: String,
    /// The reason in one clause: `checkout-latency has spent 114 % of its error budget`.
    pub headline: String,
    /// The tiers that are active, the governing one first.
    pub tiers: Vec<Tier>,
    /// The exemptions that were granted.
    pub exemptions: Vec<Exemption>,
    /// The overrides that were applied.
    pub overrides: Vec<Override>,
    /// Other facts that a person must know: why the change is not exempt.
    pub notes: Vec<Note>,
    /// What a person can do now, one clause each.
    pub ways_on: Vec<String>,
}

/// An active tier of an error budget policy.
#[derive(Clone, Debug)]
pub struct Tier {
    /// The policy's name.
    pub policy: String,
    /// The tier's name.
    pub tier: String,
    /// The SLO whose budget put it there.
    pub slo: String,
    /// What the tier does to the gate: `freeze`.
    pub gate: String,
    /// Since when it is active.
    pub since: Option<Timestamp>,
    /// By which number: `burn over 28d is 1.14, the policy freezes at 1`.
    pub because: String,
    /// When it is expected to open.
    pub opens: Option<Timestamp>,
    /// What will open it: `the outage of 10-29 leaves the window`.
    pub opens_because: Option<String>,
    /// Where the policy says so: `slo/policy.yaml:9`.
    pub place: Option<String>,
}

/// An exemption that lets a change through.
#[derive(Clone, Debug)]
pub struct Exemption {
    /// The change class: `security`.
    pub class: String,
    /// The commits it covers, short.
    pub commits: Vec<String>,
    /// Why it applies: `trailer "Change-Class: security"`.
    pub because: String,
}

/// An override that lets a change through.
#[derive(Clone, Debug)]
pub struct Override {
    /// Who gave it.
    pub by: String,
    /// Why it was given.
    pub reason: String,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// The file that records it.
    pub path: String,
}

/// A fact beside the tiers, in three columns.
#[derive(Clone, Debug)]
pub struct Note {
    /// What it is about: `not exempt`.
    pub label: String,
    /// The fact: `2 of 3 commits`.
    pub what: String,
    /// What it rests on: `3f2a91c, 88d01e4`.
    pub why: String,
}
