//! Service level objectives and indicators.

use std::sync::Arc;

use serde::Serialize;

use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::source::Span;
use crate::source::Spanned;

use super::Dialect;
use super::GeneratedAlert;
use super::Meta;
use super::PolicyUse;
use super::Query;
use super::Text;

/// A service level objective: an indicator, one or more targets, a window.
#[derive(Clone, Debug, Serialize)]
pub struct Slo {
    /// Who it is.
    pub meta: Meta,
    /// The service it belongs to.
    pub service: Option<Spanned<Text>>,
    /// How the budget is counted.
    pub budgeting_method: Option<Spanned<BudgetingMethod>>,
    /// The window of the budget.
    pub window: Option<Window>,
    /// The levels to reach.
    pub objectives: Vec<Objective>,
    /// Whether the objectives have indicators of their own and burn one budget together.
    pub composite: bool,
    /// The alert policies that watch it.
    pub alert_policies: Vec<PolicyUse>,
    /// The field that lists them, where there is one.
    #[serde(skip)]
    pub alert_policies_span: Option<Span>,
    /// The alerts that a tool makes of it.
    #[serde(skip)]
    pub generated: Vec<GeneratedAlert>,
}

impl Slo {
    /// Returns the budgeting method, which is `Occurrences` where none is given.
    pub fn method(&self) -> BudgetingMethod {
        self.budgeting_method.as_ref().map_or(BudgetingMethod::Occurrences, |method| method.value)
    }

    /// Returns whether the budgeting method is known; one that is missing where it must be given, or that
    /// could not be read, may be any.
    pub fn knows_method(&self) -> bool {
        let is_optional = !matches!(
            self.meta.dialect,
            Dialect::OpenSloV1
                | Dialect::OpenSloV1Alpha
                | Dialect::OpenSloV2Alpha
                | Dialect::Datadog
                | Dialect::DatadogKubernetes
                | Dialect::DatadogTerraform
                | Dialect::Nobl9
        );
        self.budgeting_method.is_some() || is_optional && !self.meta.misspells("budgetingMethod")
    }

    /// Returns whether a text is its name, or `service/name`.
    pub fn is_called(&self, text: &str) -> bool {
        let name = self.meta.name();
        let below = |service: &Spanned<Text>| {
            let rest = text.strip_prefix(service.value.as_str());
            rest.and_then(|rest| rest.strip_prefix('/')) == Some(name)
        };
        !name.is_empty() && (text == name || self.service.as_ref().is_some_and(below))
    }

    /// Returns whether it is known to count events.
    pub fn counts_events(&self) -> bool {
        self.method() == BudgetingMethod::Occurrences && self.knows_method()
    }

    /// Returns whether it promises what it asks for: it is in force, and more than a hope.
    pub fn is_promise(&self) -> bool {
        !self.is_draft() && !self.is_aspirational()
    }

    /// Returns whether the weights of its objectives are read: those of a composite, unless it counts
    /// slices that are bad as soon as one part is.
    pub fn reads_weights(&self) -> bool {
        self.composite && self.method() != BudgetingMethod::Timeslices
    }

    /// Returns the targets that leave an error budget and ask for something: above 0 and below 1.
    pub fn targets(&self) -> impl Iterator<Item = &Spanned<Ratio>> {
        self.objectives.iter().filter_map(Objective::budgeted)
    }

    /// Returns what its target is, by `slo/relation`; nothing where that word cannot be read.
    ///
    /// One that says nothing is `achievable`, unless its name says otherwise, such as `checkout-sla`.
    pub fn relation(&self) -> Option<Relation> {
        if let Some(declared) = self.meta.declared("slo/relation") {
            return Relation::named(declared.value);
        }
        let mut parts = self.meta.name().split(['-', '.', '_']);
        Some(parts.find_map(Relation::named).unwrap_or(Relation::Achievable))
    }

    /// Returns whether it states a hope, which nothing has to reach yet.
    pub fn is_aspirational(&self) -> bool {
        self.relation() == Some(Relation::Aspirational)
    }

    /// Returns whether it states what is promised to customers.
    pub fn is_agreement(&self) -> bool {
        self.relation() == Some(Relation::Agreement)
    }

    /// Returns whether it is not in force yet: `slo/status: draft`.
    pub fn is_draft(&self) -> bool {
        self.meta.declares("slo/status", "draft")
    }
}

/// What a target is to those who are held to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// It is to be reached.
    Achievable,
    /// It is hoped for.
    Aspirational,
    /// It is promised to customers.
    Agreement,
}

impl Relation {
    /// Every word for a relation.
    pub const WORDS: [&str; 3] = ["achievable", "aspirational", "sla"];

    /// Returns the relation of a word, in whatever case.
    fn named(word: &str) -> Option<Self> {
        let relations = [Self::Achievable, Self::Aspirational, Self::Agreement];
        let mut words = Self::WORDS.into_iter().zip(relations);
        words.find_map(|(known, relation)| known.eq_ignore_ascii_case(word).then_some(relation))
    }
}

/// How an error budget is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BudgetingMethod {
    /// The share of good events.
    Occurrences,
    /// The share of good time slices.
    Timeslices,
    /// The mean of the slices' shares of good events.
    RatioTimeslices,
}

impl BudgetingMethod {
    /// Returns the word for the method in our output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Occurrences => "occurrences",
            Self::Timeslices => "timeslices",
            Self::RatioTimeslices => "ratio-timeslices",
        }
    }
}

/// One level to reach.
#[derive(Clone, Debug, Serialize)]
pub struct Objective {
    /// The name for people.
    #[serde(skip)]
    pub name: Option<Spanned<Text>>,
    /// The required share of good events; 0 to 1 where the file is right.
    pub target: Option<Spanned<Ratio>>,
    /// How a threshold metric compares with `value` while it is good.
    pub operator: Option<Spanned<Operator>>,
    /// The value that a threshold metric is compared with.
    pub value: Option<Spanned<Ratio>>,
    /// The share of good events from which a slice is good.
    pub slice_target: Option<Spanned<Ratio>>,
    /// The length of a slice.
    pub slice_window: Option<Spanned<Duration>>,
    /// The weight in a composite objective.
    pub composite_weight: Option<Spanned<Ratio>>,
    /// What is measured.
    pub indicator: IndicatorUse,
    /// The whole objective.
    #[serde(skip)]
    pub span: Span,
    /// Its first key.
    #[serde(skip)]
    pub head: Span,
    /// The field that holds the weight, even where it could not be read.
    #[serde(skip)]
    pub weight_span: Option<Span>,
    /// The field that holds the operator, even where it could not be read or its key is misspelled.
    #[serde(skip)]
    pub operator_span: Option<Span>,
    /// The field that holds the value, even where it could not be read or its key is misspelled.
    #[serde(skip)]
    pub value_span: Option<Span>,
}

/// The operator and the value that a threshold metric is compared with, as far as they are given.
pub type Comparison<'a> = (Option<&'a Spanned<Operator>>, Option<&'a Spanned<Ratio>>);

impl Objective {
    /// Returns the target, where it leaves an error budget and asks for something: above 0 and below 1.
    pub fn budgeted(&self) -> Option<&Spanned<Ratio>> {
        self.target.as_ref().filter(|target| target.value.is_part())
    }

    /// Returns what the indicator is compared with; nothing over a ratio, where nothing reads it.
    ///
    /// An indicator that could not be found or read may be anything.
    pub fn comparison(&self, indicator: Option<&Indicator>) -> Option<Comparison<'_>> {
        let is_ratio = indicator.is_some_and(|indicator| {
            matches!(indicator.measure, Measure::Counts(_) | Measure::Raw { .. })
        });
        (!is_ratio).then_some((self.operator.as_ref(), self.value.as_ref()))
    }
}

/// An indicator in place, by name, or none that can be read.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndicatorUse {
    /// None is given, or it could not be read: a finding says so.
    Missing,
    /// Written in place.
    Inline(Arc<Indicator>),
    /// Named.
    Named(super::Reference),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// Less than.
    Lt,
    /// Less than or equal.
    Lte,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Gte,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 4] = [Self::Lt, Self::Lte, Self::Gt, Self::Gte];

    /// Returns the word for the operator.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Gt => "gt",
            Self::Gte => "gte",
        }
    }

    /// Returns the mathematical sign.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Lt => "<",
            Self::Lte => "≤",
            Self::Gt => ">",
            Self::Gte => "≥",
        }
    }

    /// Returns whether `left` compares so with `right`.
    pub fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Lt => left < right,
            Self::Lte => left <= right,
            Self::Gt => left > right,
            Self::Gte => left >= right,
        }
    }
}

/// The time over which an objective is judged.
#[derive(Clone, Debug, Serialize)]
pub struct Window {
    /// How long.
    pub duration: Spanned<Duration>,
    /// Rolling, or aligned to a calendar.
    pub kind: WindowKind,
    /// The whole window.
    #[serde(skip)]
    pub span: Span,
}

/// How a window moves.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowKind {
    /// It ends now.
    Rolling,
    /// It starts at fixed dates.
    Calendar {
        /// A date and time at which one period starts, as written.
        start: Option<Spanned<Text>>,
        /// The time zone of that date, as written.
        zone: Option<Spanned<Text>>,
    },
}

/// What is measured.
#[derive(Clone, Debug, Serialize)]
pub struct Indicator {
    /// Who it is; an indicator in place may have no name of its own.
    #[serde(skip)]
    pub meta: Meta,
    /// The measure.
    pub measure: Measure,
}

/// How an indicator is measured.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// It could not be read: a finding says so.
    Unreadable,
    /// A metric that is good while it compares well with an objective's value.
    Threshold(MetricSource),
    /// Good or bad events out of valid ones.
    Counts(Box<RatioCounts>),
    /// A ratio that something else computed.
    Raw {
        /// What the ratio is a share of.
        raw_type: RawType,
        /// Where it comes from.
        source: MetricSource,
    },
}

impl Measure {
    /// Returns every metric source of the measure.
    pub fn sources(&self) -> impl Iterator<Item = &MetricSource> {
        let sources = match self {
            Self::Unreadable => [None, None, None],
            Self::Threshold(source) | Self::Raw { source, .. } => [Some(source), None, None],
            Self::Counts(counts) => {
                [counts.good.as_ref(), counts.bad.as_ref(), counts.total.as_ref()]
            }
        };
        sources.into_iter().flatten()
    }
}

/// Good or bad events, and valid ones.
#[derive(Clone, Debug, Serialize)]
pub struct RatioCounts {
    /// Whether the metrics are counters that only grow; absent where the file does not say.
    pub counter: Option<bool>,
    /// The field that says so, even where it could not be read or its key is misspelled.
    #[serde(skip)]
    pub counter_span: Option<Span>,
    /// Good events.
    pub good: Option<MetricSource>,
    /// Bad events.
    pub bad: Option<MetricSource>,
    /// Valid events.
    pub total: Option<MetricSource>,
}

/// What a raw ratio is a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RawType {
    /// Good over valid.
    Success,
    /// Bad over valid.
    Failure,
}

/// A query and who answers it.
#[derive(Clone, Debug, Serialize)]
pub struct MetricSource {
    /// The data source that is referred to.
    pub reference: Option<super::Reference>,
    /// The kind of data source, where it is said in place.
    pub source_type: Option<Spanned<Text>>,
    /// The query, where there is a single one.
    pub query: Option<Query>,
    /// Every other setting of the source.
    pub settings: Vec<super::Setting>,
    /// The whole source.
    #[serde(skip)]
    pub span: Span,
}
