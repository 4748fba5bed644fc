//! The formats, and how an object is told to be of one.
//!
//! # Why
//!
//! What is told of a version or a kind that nobody knows, and which formats are meant by it, comes from the same
//! two tables that say who reads what. A format more is a module and a line here.

use crate::yaml::Node;

use super::Reading;
use super::datadog;
use super::fields;
use super::generator;
use super::google;
use super::keptn;
use super::nobl9;
use super::openslo;
use super::own;
use super::pyrra;
use super::sloth;
use super::terraform;

/// A format of which every object names a version and a kind.
pub(super) struct Format {
    /// The `apiVersion`.
    pub(super) version: &'static str,
    /// What people know it by; its versions have one.
    pub(super) family: &'static str,
    /// The kinds that are known.
    pub(super) kinds: &'static [&'static str],
    /// Whether its group has other kinds, which are none of our business.
    pub(super) is_shared: bool,
    /// Returns whether an object has fields that tell it from those of other formats.
    pub(super) has_fields: fn(Node<'_>) -> bool,
    /// Reads an object of a known kind.
    pub(super) read: fn(Node<'_>, &str, &mut Reading),
}

impl Format {
    /// Returns whether an object is of it by its kind and its fields, whatever its version says.
    pub(super) fn claims(&self, node: Node<'_>) -> bool {
        let kind = fields::word(node, "kind");
        kind.is_some_and(|kind| self.kinds.contains(&kind.value)) && (self.has_fields)(node)
    }

    /// Returns the group of the version.
    pub(super) fn group(&self) -> &'static str {
        self.version.split('/').next().unwrap_or_default()
    }
}

/// Returns every format that names its version.
pub(super) fn all() -> impl Iterator<Item = &'static Format> {
    const FORMATS: [&[Format]; 8] = [
        openslo::FORMATS,
        sloth::FORMATS,
        pyrra::FORMATS,
        datadog::FORMATS,
        generator::FORMATS,
        nobl9::FORMATS,
        keptn::FORMATS,
        own::FORMATS,
    ];
    FORMATS.into_iter().flatten()
}

/// Returns the format of a version.
pub(super) fn of(version: &str) -> Option<&'static Format> {
    all().find(|format| format.version == version)
}

/// A format without an `apiVersion`.
pub(super) struct Shape {
    /// What people know it by.
    pub(super) family: &'static str,
    /// Returns whether an object is of it.
    pub(super) fits: fn(Node<'_>) -> bool,
    /// Reads an object.
    pub(super) read: fn(Node<'_>, &mut Reading),
}

/// Returns the format of an object without an `apiVersion`: the first that fits.
pub(super) fn shape(node: Node<'_>) -> Option<&'static Shape> {
    const SHAPES: [&[Shape]; 9] = [
        terraform::SHAPES,
        &[Shape { family: "Sloth", fits: sloth::is_meant, read: sloth::read_file }],
        &[Shape { family: "Datadog", fits: datadog::is_meant, read: datadog::read_api }],
        &[Shape { family: "Keptn", fits: keptn::is_gate, read: keptn::read_gate }],
        &[Shape { family: "Keptn", fits: keptn::is_indicators, read: |_, _| {} }],
        &[Shape { family: "slo-generator", fits: generator::is_first_version, read: |_, _| {} }],
        &[Shape {
            family: "slo-generator",
            fits: generator::is_config,
            read: generator::read_config,
        }],
        &[Shape { family: "Google Cloud", fits: google::is_module, read: google::read_module }],
        &[Shape { family: "Google Cloud", fits: google::is_meant, read: google::read_api }],
    ];
    SHAPES.into_iter().flatten().find(|shape| (shape.fits)(node))
}
