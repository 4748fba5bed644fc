//! What must be measured, and what the answer was.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::Indicator;
use crate::model::Slo;
use crate::quantity::Ratio;

use super::Series;
use super::Terms;

/// Which tree a definition comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Definition {
    /// The tip of the base branch, which the author of a change cannot choose.
    Trusted,
    /// What the change proposes.
    Head,
}

/// One objective that must be measured, and over what time.
#[derive(Clone, Debug)]
pub struct Request {
    /// The SLO.
    pub slo: Arc<Slo>,
    /// The objective, counted from 0.
    pub objective: usize,
    /// The indicator, where the definition leads to one.
    pub indicator: Option<Arc<Indicator>>,
    /// Target, window, method and slice.
    pub terms: Terms,
    /// The share of good events from which a slice is good, for timeslices.
    pub slice_target: Option<Ratio>,
    /// The tree that the definition comes from.
    pub definition: Definition,
    /// From when on counts are needed.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// How long one row of counts is, in seconds.
    pub step_seconds: i64,
    /// The lookbacks that something asks for, in seconds, shortest first.
    pub lookbacks: Vec<i64>,
}

impl Request {
    /// Returns the name of the SLO.
    pub fn name(&self) -> &str {
        self.slo.meta.name()
    }

    /// Returns the service of the SLO, where it has one.
    pub fn service(&self) -> Option<&str> {
        Some(&self.slo.service.as_ref()?.value)
    }
}

/// Why there are no counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// No backend answers the indicator's source.
    NoBackend,
    /// The indicator cannot be turned into counts; the text names the part.
    NotCountable(String),
    /// The indicator is a ratio, and the method needs counts.
    NoCounts,
    /// The answer has more than one series: the query is not aggregated.
    NotAggregated,
    /// Nobody measured it.
    NotMeasured,
    /// The counts belong to another definition of the SLO.
    DefinitionChanged,
    /// The backend could not be reached or did not answer in time.
    Unreachable(String),
    /// The backend refused the query.
    Refused(String),
    /// The backend answered without a part of its data.
    Partial(String),
    /// The answer, or the file of recorded answers, could not be read.
    Malformed(String),
}

impl Failure {
    /// Returns the word for the failure in our output.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoBackend => "no-backend",
            Self::NotCountable(_) => "not-countable",
            Self::NoCounts => "no-counts",
            Self::NotAggregated => "not-aggregated",
            Self::NotMeasured => "not-measured",
            Self::DefinitionChanged => "definition-changed",
            Self::Unreachable(_) => "unreachable",
            Self::Refused(_) => "refused",
            Self::Partial(_) => "partial",
            Self::Malformed(_) => "malformed",
        }
    }

    /// Returns what is known about it beyond the word.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::NotCountable(text)
            | Self::Unreachable(text)
            | Self::Refused(text)
            | Self::Partial(text)
            | Self::Malformed(text) => Some(text),
            Self::NoBackend
            | Self::NoCounts
            | Self::NotAggregated
            | Self::NotMeasured
            | Self::DefinitionChanged => None,
        }
    }

    /// Returns whether the backend failed, and may answer the next time; else it is the definition or
    /// the configuration that has to change.
    pub fn is_of_backend(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Refused(_) | Self::Partial(_) | Self::Malformed(_) => true,
            Self::NoBackend
            | Self::NotCountable(_)
            | Self::NoCounts
            | Self::NotAggregated
            | Self::NotMeasured
            | Self::DefinitionChanged => false,
        }
    }

    /// Returns whether the counts are merely absent, while nothing failed.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::NotMeasured | Self::DefinitionChanged)
    }
}

/// The answer to a [`Request`].
#[derive(Clone, Debug)]
pub struct Measurement {
    /// The name of the SLO.
    pub slo: String,
    /// The service of the SLO, where it has one.
    pub service: Option<String>,
    /// The objective, counted from 0.
    pub objective: usize,
    /// The definition that was measured.
    pub definition: Definition,
    /// The counts, or why there are none.
    pub series: Result<Arc<Series>, Failure>,
    /// The name of the backend in the configuration.
    pub backend: String,
    /// The kind of the backend, such as `prometheus` or `recorded`.
    pub source: String,
    /// How the counts were made, such as `increase`, where that is worth telling.
    pub method: Option<String>,
    /// When it was measured.
    pub observed_at: Timestamp,
    /// What the backend warned of, and what is approximate.
    pub warnings: Vec<String>,
}

impl Measurement {
    /// Returns whether this answers the request.
    pub fn answers(&self, request: &Request) -> bool {
        self.slo == request.name()
            && self.service.as_deref() == request.service()
            && self.objective == request.objective
            && self.definition == request.definition
    }
}
