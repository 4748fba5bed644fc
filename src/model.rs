//! The normalized objects that every dialect is lowered to, each field with its place.
//!
//! **Invariant:** `model` knows no dialect's spelling, and every value that a person wrote carries
//! the span where it is written. Objects serialize without spans, so what differs in spelling alone
//! serializes to the same bytes; "equal in meaning" is defined as that equality of
//! [`Catalog::meaning`], which leaves out what nothing reads.
//!
//! # Why
//!
//! Rules speak about SLOs, not about formats. A rule written once against [`Slo`] holds for OpenSLO
//! in four versions, and for every dialect that is lowered later.

mod alert;
mod catalog;
mod coverage;
mod declared;
mod dialect;
mod object;
mod policy;
mod prometheus;
mod query;
mod record;
mod slo;
mod speller;
mod subject;
pub mod zone;

pub use alert::AlertCondition;
pub use alert::AlertPolicy;
pub use alert::BurnRate;
pub use alert::ConditionUse;
pub use alert::GeneratedAlert;
pub use alert::NotificationTarget;
pub use alert::PolicyUse;
pub use alert::Referable;
pub use catalog::Catalog;
pub use catalog::Found;
pub use catalog::names_in;
pub use coverage::Api;
pub use coverage::Coverage;
pub use coverage::CoverageRow;
pub use coverage::Inventory;
pub use coverage::Operation;
pub use declared::Agreement;
pub use declared::DECLARATIONS;
pub use declared::Dependency;
pub use declared::Form;
pub use declared::PREFIX;
pub use declared::PRIORITY;
pub use declared::RampStep;
pub use declared::meant;
pub use dialect::Dialect;
pub use object::Annotation;
pub use object::Annotations;
pub use object::DataSource;
pub use object::Home;
pub use object::Kind;
pub use object::LabelValues;
pub use object::Labels;
pub use object::Meta;
pub use object::Object;
pub use object::Reference;
pub use object::Service;
pub use object::Setting;
pub use object::Text;
pub use object::answers_promql;
pub use policy::Attestations;
pub use policy::Attested;
pub use policy::Burn;
pub use policy::ChangeClass;
pub use policy::Condition;
pub use policy::ErrorBudgetPolicy;
pub use policy::Evaluation;
pub use policy::GateKind;
pub use policy::Lasting;
pub use policy::Lookback;
pub use policy::NamedCondition;
pub use policy::NoData;
pub use policy::OnUnknown;
pub use policy::Overrides;
pub use policy::RelaxWhen;
pub use policy::ReleaseRate;
pub use policy::Requirements;
pub use policy::Scope;
pub use policy::Selector;
pub use policy::Tier;
pub use policy::ZeroTraffic;
pub use prometheus::AlertRule;
pub use prometheus::PrometheusRules;
pub use prometheus::RecordingRule;
pub use query::Inset;
pub use query::Query;
pub use record::EVERY_SLO;
pub use record::Record;
pub use slo::BudgetingMethod;
pub use slo::Comparison;
pub use slo::Indicator;
pub use slo::IndicatorUse;
pub use slo::Measure;
pub use slo::MetricSource;
pub use slo::Objective;
pub use slo::Operator;
pub use slo::RatioCounts;
pub use slo::RawType;
pub use slo::Relation;
pub use slo::Slo;
pub use slo::Window;
pub use slo::WindowKind;
pub use speller::Lost;
pub use speller::Speller;
pub use speller::lost;
pub use subject::Alert;
pub use subject::Subject;
