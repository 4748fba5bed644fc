//! Resources of Terraform: which of them are SLOs, and of whom.
//!
//! The reader of files makes a mapping of each resource; see [`crate::yaml`].

use crate::yaml::Node;

use super::Reading;
use super::datadog;
use super::fields;
use super::google;
use super::grafana;

/// Reads a resource.
type Read = fn(Node<'_>, &mut Reading);

/// The types of resources that are read.
const TYPES: [(&str, Read); 3] = [
    ("datadog_service_level_objective", datadog::read_terraform),
    ("google_monitoring_slo", google::read_terraform),
    ("grafana_slo", grafana::read),
];

/// Returns whether a mapping is a resource of Terraform.
pub(super) fn is_resource(node: Node<'_>) -> bool {
    node.given("resource").is_some() && node.given("resource_name").is_some()
}

/// Returns whether a text was meant to hold a resource that is read.
pub(super) fn announces(text: &str) -> bool {
    let is_head = |line: &str| {
        let rest = line.trim_start().strip_prefix("resource");
        rest.is_some_and(|rest| {
            let word = rest.trim_start().trim_start_matches('"');
            TYPES.iter().any(|(name, _)| word.starts_with(name))
        })
    };
    text.lines().any(is_head)
}

/// Reads a resource, if it is an SLO.
pub(super) fn read(node: Node<'_>, reading: &mut Reading) {
    let kind = fields::word(node, "resource").map_or("", |kind| kind.value);
    if let Some((_, read)) = TYPES.iter().find(|(name, _)| *name == kind) {
        read(node, reading);
    }
}
