//! Burn-rate alerts: policies, conditions, and who is told.

use std::sync::Arc;

use serde::Serialize;

use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::source::Span;
use crate::source::Spanned;

use super::Meta;
use super::Operator;
use super::Reference;
use super::Text;

/// An object in place, by name, or none that can be read.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Referable<T> {
    /// None is given, or it could not be read: a finding says so.
    Missing,
    /// Written in place.
    Inline(Arc<T>),
    /// Named.
    Named(Reference),
}

/// An alert policy of an SLO.
pub type PolicyUse = Referable<AlertPolicy>;

/// A condition of an alert policy.
pub type ConditionUse = Referable<AlertCondition>;

/// Conditions, and who is told when one holds.
#[derive(Clone, Debug, Serialize)]
pub struct AlertPolicy {
    /// Who it is.
    pub meta: Meta,
    /// When it fires.
    pub conditions: Vec<ConditionUse>,
    /// Who is told.
    pub targets: Vec<Referable<NotificationTarget>>,
    /// Whether somebody is told that data is missing.
    pub when_no_data: Option<Spanned<bool>>,
    /// Whether somebody is told that it is over.
    pub when_resolved: Option<Spanned<bool>>,
    /// Whether somebody is told that it began.
    pub when_breaching: Option<Spanned<bool>>,
}

/// When an alert fires.
#[derive(Clone, Debug, Serialize)]
pub struct AlertCondition {
    /// Who it is.
    pub meta: Meta,
    /// How urgent it is, such as `page` or `ticket`.
    pub severity: Option<Spanned<Text>>,
    /// The burn rate that fires it; absent where it could not be read.
    pub burn_rate: Option<BurnRate>,
}

/// A burn rate that fires an alert.
#[derive(Clone, Debug, Serialize)]
pub struct BurnRate {
    /// How the burn rate compares with the threshold while the alert fires.
    pub operator: Spanned<Operator>,
    /// The threshold; 1 empties the budget in one window.
    pub threshold: Spanned<Ratio>,
    /// The time over which the burn rate is measured.
    pub lookback: Spanned<Duration>,
    /// How long the condition must hold.
    pub alert_after: Option<Spanned<Duration>>,
    /// The whole condition.
    #[serde(skip)]
    pub span: Span,
}

/// A burn-rate alert that a tool makes of an SLO: it fires while the burn rate is above the threshold over
/// both windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedAlert {
    /// How urgent it is, such as `page` or `warning`.
    pub severity: Text,
    /// The threshold; 1 empties the budget in one window of the SLO.
    pub threshold: Ratio,
    /// The long window.
    pub long: Duration,
    /// The short window.
    pub short: Duration,
}

/// Who is told.
#[derive(Clone, Debug, Serialize)]
pub struct NotificationTarget {
    /// Who it is.
    pub meta: Meta,
    /// The channel, such as `slack`.
    pub target: Option<Spanned<Text>>,
}
