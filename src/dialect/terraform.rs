//! Resources of Terraform: which of them are SLOs, and of whom.
//!
//! The reader of files makes a mapping of each resource; see [`crate::yaml`].

use crate::yaml::Node;

use super::datadog;
use super::fields;
use super::formats::Shape;
use super::google;
use super::grafana;

/// The types of resources that are SLOs.
const TYPES: [&str; 3] =
    ["datadog_service_level_objective", "google_monitoring_slo", "grafana_slo"];

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        family: "Datadog",
        fits: |node| is_of(node, "datadog_service_level_objective"),
        read: datadog::read_terraform,
    },
    Shape {
        family: "Google Cloud",
        fits: |node| is_of(node, "google_monitoring_slo"),
        read: google::read_terraform,
    },
    Shape { family: "Grafana", fits: |node| is_of(node, "grafana_slo"), read: grafana::read },
    // Any other resource is none of our business, whatever its arguments are.
    Shape { family: "", fits: is_resource, read: |_, _| {} },
];

/// Returns whether a mapping is a resource of Terraform.
pub(super) fn is_resource(node: Node<'_>) -> bool {
    node.given("resource").is_some() && node.given("resource_name").is_some()
}

fn is_of(node: Node<'_>, kind: &str) -> bool {
    is_resource(node) && fields::word(node, "resource").is_some_and(|given| given.value == kind)
}

/// Returns whether a text was meant to hold a resource that is read.
pub(super) fn announces(text: &str) -> bool {
    let is_head = |line: &str| {
        let rest = line.trim_start().strip_prefix("resource");
        rest.is_some_and(|rest| {
            let word = rest.trim_start().trim_start_matches('"');
            TYPES.iter().any(|name| word.starts_with(name))
        })
    };
    text.lines().any(is_head)
}
