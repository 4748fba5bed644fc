//! Recognizes the objects of a file and lowers them to the model.
//!
//! **Invariant:** `dialect` words nothing. What it cannot digest is a [`Problem`], with the place
//! and the facts; a rule of family `document` says it to people.
//!
//! A dialect is a table of kinds, a schema for each, the few checks that a schema cannot state, and
//! the lowering to [`crate::model`]. Fields that are wrong are reported and left out of the model;
//! everything else of the object is still lowered, so one bad field hides nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::Api;
use crate::model::Coverage;
use crate::model::Object;
use crate::model::PrometheusRules;
use crate::model::Record;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::source::Edit;
use crate::source::Span;
use crate::yaml;
use crate::yaml::Stream;

mod announce;
mod canonical;
mod datadog;
mod declared;
mod embedded;
mod faults;
mod fields;
mod formats;
mod generator;
mod google;
mod grafana;
mod keptn;
mod mark;
mod nobl9;
mod openapi;
mod openslo;
mod own;
mod parts;
mod prometheus;
mod pyrra;
mod recognize;
mod schema;
mod sloth;
mod terraform;
mod tree;

use generator::Policy;
use sloth::AlertWindows;

pub use mark::is_worth_parsing;
pub use mark::may_hold_objects;

/// What one file means: its objects, and what could not be digested.
#[derive(Debug, Default)]
pub struct Reading {
    /// The objects, in file order.
    pub objects: Vec<Object>,
    /// The formats that the file holds objects of, be they lowered or not.
    pub families: BTreeSet<&'static str>,
    /// What could not be digested, in order of place.
    pub problems: Vec<Problem>,
    /// Which endpoints are to be covered.
    pub coverages: Vec<Coverage>,
    /// Which operations APIs have.
    pub apis: Vec<Api>,
    /// What people decided about objects.
    pub records: Vec<Record>,
    /// What is no object and speaks of one; nothing about its form is a problem.
    pub rules: PrometheusRules,
    /// What is no YAML in a text that stands in the file and was meant to hold an object.
    pub(crate) broken: Vec<yaml::Problem>,
    /// The texts that stand in the file and are read on their own.
    pub parts: Vec<Stream>,
    /// Whether what is read now stands in such a text.
    is_in_part: bool,
    /// What the file says of SLOs that stand in any file.
    pub(crate) shared: Shared,
}

/// What holds for SLOs wherever they stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    /// The windows of the alerts that Sloth makes.
    windows: Vec<AlertWindows>,
    /// The policies of slo-generator.
    policies: Vec<Policy>,
}

impl Shared {
    /// Takes in what another file says.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.windows.append(&mut other.windows);
        self.policies.append(&mut other.policies);
    }

    /// Gives SLOs the windows and alerts that they do not name themselves.
    ///
    /// * `sloth_window`: the window of all SLOs of Sloth.
    pub(crate) fn complete(&self, objects: &mut [Object], sloth_window: Duration) {
        sloth::complete(objects, &self.windows, sloth_window);
        generator::complete(objects, &self.policies);
    }
}

/// Lowers every object of a file to the model.
pub fn read(stream: &Stream) -> Reading {
    let mut reading = Reading::default();
    for document in &stream.documents {
        recognize::document(document, &mut reading);
        prometheus::read(document.root(), &mut reading.rules);
        reading.apis.extend(openapi::read(document.root().span().source, document.root()));
        for mut part in embedded::parts(document) {
            reading.is_in_part = true;
            for document in &part.stream.documents {
                recognize::document(document, &mut reading);
                prometheus::read(document.root(), &mut reading.rules);
            }
            reading.is_in_part = false;
            if is_meant(part.text) {
                reading.broken.append(&mut part.stream.problems);
            }
            reading.parts.push(part.stream);
        }
    }
    reading.families.remove("");
    for object in &reading.objects {
        declared::check(object, &mut reading.problems);
    }
    reading.problems.sort_by_key(Problem::span);
    reading.problems.dedup();
    reading
}

/// Returns whether text that is no YAML was meant to hold an object that is read: what is wrong with a
/// file that never was is nobody's business.
pub fn is_meant(text: &str) -> bool {
    announce::announces(text) || terraform::announces(text)
}

/// Returns whether text, be it YAML or not, was meant to hold an error budget policy, by a `kind` of
/// that name or nearly.
pub fn is_meant_for_policy(text: &str) -> bool {
    announce::announces_policy(text)
}

/// What a value should have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// One of these words.
    OneOf(Vec<String>),
    /// A value of one of these JSON types.
    Type(Vec<String>),
    /// Text of at most so many characters.
    AtMostCharacters(u64),
    /// At least so many items.
    AtLeastItems(u64),
    /// At most so many items.
    AtMostItems(u64),
    /// A number that is not below this one.
    AtLeast(String),
    /// A number above this one.
    Above(String),
    /// A number that is not above this one.
    AtMost(String),
    /// Text of a certain form, which the field's documentation gives.
    Pattern,
    /// Text of a certain form, of which this is an example.
    Like(&'static str),
    /// Text that holds the placeholder which the tool fills in.
    Holding(&'static str),
    /// A text that no other item of the list has.
    Unique,
    /// A name that does not lead back to where it stands.
    NoCycle,
    /// The name of something that the file defines.
    Defined {
        /// The field that defines it.
        under: &'static str,
        /// What is known: defined there, or without a definition.
        known: Vec<String>,
        /// The one that was most likely meant.
        nearest: Option<String>,
    },
    /// Something else.
    Other,
}

/// A fact that could not be digested.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The pair of `apiVersion` and `kind` is not one that this program knows.
    UnknownKind {
        /// The wrong one of the two.
        span: Span,
        /// Which field it is: `apiVersion` or `kind`.
        field: &'static str,
        /// What it holds.
        found: String,
        /// What it may hold.
        known: Vec<String>,
        /// The one that was most likely meant.
        nearest: Option<String>,
        /// The edit that writes it.
        rename: Option<Edit>,
    },
    /// A merge (`<<`) brings a field that the object gives differently itself.
    MergeOverride {
        /// The object's own key.
        span: Span,
        /// The value that the merge brings.
        merged: Span,
        /// The key.
        key: String,
    },
    /// A key is not one of the fields of its object.
    UnknownField {
        /// The key.
        span: Span,
        /// The key.
        key: String,
        /// The field that holds the object; empty for the outermost one.
        of: String,
        /// The fields that the object may have.
        known: Arc<[String]>,
        /// The one that was most likely meant, where it is not given yet.
        nearest: Option<String>,
        /// The edit that writes it, where only one is near.
        rename: Option<Edit>,
        /// Another version of the format in which the kind has a field of this name.
        version: Option<&'static str>,
    },
    /// The fields of an object are not those of its version or kind, and all are those of another one,
    /// as which it is read.
    OtherVersion {
        /// The version, or the kind.
        span: Span,
        /// The version, or the kind.
        found: &'static str,
        /// The one whose fields the object has.
        meant: &'static str,
        /// The edit that writes it.
        rename: Option<Edit>,
    },
    /// An object lacks fields that it must have.
    MissingFields {
        /// The key of the object, or its first one.
        span: Span,
        /// The whole object.
        object: Span,
        /// The fields.
        fields: Vec<String>,
        /// The field that holds the object; empty for the outermost one.
        of: String,
        /// Whether the format allows it, although it leaves the meaning open.
        weak: bool,
    },
    /// An object must have one of several fields and has none.
    MissingOneOf {
        /// The key of the object, or its first one.
        span: Span,
        /// The fields.
        fields: Vec<&'static str>,
        /// The field that holds the object; empty for the outermost one.
        of: String,
    },
    /// An object has fields of which it may have only one.
    Conflict {
        /// The later one's key.
        span: Span,
        /// The later one.
        field: &'static str,
        /// The earlier one's key.
        other: Span,
        /// The earlier one.
        other_field: &'static str,
        /// Whether the one stands on an objective and the other on its SLO.
        across: bool,
        /// The edit that deletes the superfluous one, where both say the same.
        redundant: Option<Edit>,
    },
    /// A name does not have the form that names have.
    InvalidName {
        /// The name.
        span: Span,
        /// The name.
        name: String,
        /// The field that holds it.
        field: String,
        /// Whether it names another object.
        is_reference: bool,
        /// Whether the format allows dots in it.
        dotted: bool,
    },
    /// A key of labels or annotations does not have the form that such keys have.
    InvalidKey {
        /// The key.
        span: Span,
        /// The key.
        key: String,
        /// `labels` or `annotations`.
        map: String,
    },
    /// A duration is not a whole number and a unit.
    InvalidDuration {
        /// The duration.
        span: Span,
        /// What is written.
        text: String,
        /// The field that holds it.
        field: String,
        /// The letters of the units that are allowed.
        units: String,
        /// Whether it may be zero.
        zero: bool,
        /// Whether a number without a unit counts minutes.
        bare: bool,
        /// The edit that writes it in lowercase.
        lowercase: Option<Edit>,
    },
    /// A duration is longer than any that is read.
    LongDuration {
        /// The duration, or its count.
        span: Span,
        /// What is written.
        text: String,
        /// The field that holds it.
        field: String,
    },
    /// A target is not a share of the whole, or a percentage.
    TargetRange {
        /// The target.
        span: Span,
        /// What is written.
        text: String,
        /// The number that this is.
        value: Ratio,
        /// Whether the field is in percent.
        percent: bool,
        /// The edit that gives the field of the other unit its name, where there is one and it is
        /// not given.
        other_field: Option<Edit>,
    },
    /// A weight of a composite is not above 0.
    WeightRange {
        /// The weight.
        span: Span,
        /// What is written.
        text: String,
    },
    /// A budgeting method is not one of the known ones.
    UnknownMethod {
        /// The method.
        span: Span,
        /// What is written.
        found: String,
        /// The known ones.
        known: Vec<String>,
        /// The one that was most likely meant.
        nearest: Option<String>,
        /// The edit that corrects the case of its letters.
        case: Option<Edit>,
    },
    /// A field holds a value that it may not hold.
    InvalidValue {
        /// The value.
        span: Span,
        /// The field.
        field: String,
        /// What is written.
        found: String,
        /// What should be.
        expected: Expected,
    },
    /// A warning of a quality gate asks for what is decided before it.
    DeadWarning {
        /// The warning.
        span: Span,
        /// What decides before.
        other: Span,
        /// The field that decides: one that passes, or `failure`.
        decided: &'static str,
    },
    /// A target is so low that it is most likely mistyped.
    LowTarget {
        /// The target.
        span: Span,
        /// What is written.
        text: String,
    },
    /// What an objective says about slices does not go with its budgeting method.
    SliceFields {
        /// The method, the objective or the superfluous field.
        span: Span,
        /// The method as written.
        method: String,
        /// The fields that the method needs and the objective lacks.
        lacks: Vec<&'static str>,
        /// The field that the method has no use for.
        unused: Option<&'static str>,
        /// The edit that deletes it.
        delete: Option<Edit>,
    },
    /// A window is not a whole number of slices.
    SliceLength {
        /// The slice.
        span: Span,
        /// The length of the slice, as written.
        slice: String,
        /// The length of the window, as written.
        window: String,
        /// The window.
        window_span: Span,
        /// Whether the slice is longer than the window.
        longer: bool,
    },
}

impl Problem {
    /// Returns the place of the problem.
    pub fn span(&self) -> Span {
        match self {
            Self::UnknownKind { span, .. }
            | Self::MergeOverride { span, .. }
            | Self::UnknownField { span, .. }
            | Self::OtherVersion { span, .. }
            | Self::MissingFields { span, .. }
            | Self::MissingOneOf { span, .. }
            | Self::Conflict { span, .. }
            | Self::InvalidName { span, .. }
            | Self::InvalidKey { span, .. }
            | Self::InvalidDuration { span, .. }
            | Self::LongDuration { span, .. }
            | Self::TargetRange { span, .. }
            | Self::WeightRange { span, .. }
            | Self::UnknownMethod { span, .. }
            | Self::InvalidValue { span, .. }
            | Self::LowTarget { span, .. }
            | Self::DeadWarning { span, .. }
            | Self::SliceFields { span, .. }
            | Self::SliceLength { span, .. } => *span,
        }
    }
}
