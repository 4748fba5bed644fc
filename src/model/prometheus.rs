//! Rules of Prometheus that stand beside the definitions.
//!
//! # Why
//!
//! Alerts that a tool generates from definitions, and alerts that people wrote before there were any,
//! lie in the same repository. They are no objects of ours: nothing refers to them, nothing compares
//! or measures them, and what is wrong about their form is for Prometheus to say. They are read for
//! what they say about an SLO.

use crate::source::Span;
use crate::source::Spanned;

use super::Labels;
use super::Query;
use super::Text;

/// The rules of Prometheus in a tree.
#[derive(Clone, Debug, Default)]
pub struct PrometheusRules {
    /// The alerting rules, in order.
    pub alerts: Vec<AlertRule>,
    /// The recording rules, in order.
    pub records: Vec<RecordingRule>,
}

/// A rule that fires while its expression has a value.
#[derive(Clone, Debug)]
pub struct AlertRule {
    /// The name of the alert.
    pub name: Spanned<Text>,
    /// What is compared.
    pub expression: Query,
    /// How long it must hold, in seconds; 0 where nothing is said, and nothing where it could not be
    /// read.
    pub held_for: Option<u64>,
    /// The labels that it adds.
    pub labels: Labels,
    /// The whole rule.
    pub span: Span,
}

/// A rule that keeps the value of an expression as a series.
#[derive(Clone, Debug)]
pub struct RecordingRule {
    /// The name of the series.
    pub name: Text,
    /// What is computed.
    pub expression: Query,
    /// The labels that it adds.
    pub labels: Labels,
}

impl PrometheusRules {
    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty() && self.records.is_empty()
    }

    /// Takes the rules of another file, which come after these.
    pub fn append(&mut self, mut others: Self) {
        self.alerts.append(&mut others.alerts);
        self.records.append(&mut others.records);
    }
}
