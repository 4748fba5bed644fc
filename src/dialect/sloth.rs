//! Sloth: files of `version: prometheus/v1`, the resources `PrometheusServiceLevel` of
//! `sloth.slok.dev/v1`, and the `AlertWindows` by which alerts are generated.
//!
//! A file holds the SLOs of one service, and each becomes an SLO of its own. The window is not in the
//! file: [`complete`] adds it once all files are read, with the alerts that Sloth makes for it.
//!
//! # Source
//!
//! Sloth, `pkg/prometheus/api/v1`, `pkg/kubernetes/api/sloth/v1` and the definition of its resource;
//! `internal/alert/windows` for the windows.

use crate::model::Dialect;
use crate::yaml::Node;

use super::Expected;
use super::Reading;
use super::faults;
use super::faults::Faults;
use super::fields;
use super::formats::Format;
use super::parts;
use super::schema::Schema;

mod check;
mod lower;
mod windows;

pub(crate) use windows::AlertWindows;
pub(super) use windows::complete;

/// The kinds of resources.
pub(super) const KINDS: [&str; 2] = ["PrometheusServiceLevel", "AlertWindows"];

pub(super) const FORMATS: &[Format] = &[Format {
    version: "sloth.slok.dev/v1",
    family: "Sloth",
    kinds: &KINDS,
    is_shared: false,
    has_fields: |node| fields::in_spec(node, "slos") || fields::in_spec(node, "sloPeriod"),
    read: read_resource,
}];

static FILE: Schema = Schema::new(include_str!("../../schemas/dialects/sloth/v1.json"));

static RESOURCE: Schema =
    Schema::new(include_str!("../../schemas/dialects/sloth/prometheus-service-level.json"));

static WINDOWS: Schema =
    Schema::new(include_str!("../../schemas/dialects/sloth/alert-windows.json"));

/// What the two forms call a field.
struct Names {
    dialect: Dialect,
    error_query: &'static str,
    total_query: &'static str,
    error_ratio_query: &'static str,
    page_alert: &'static str,
    ticket_alert: &'static str,
}

static OF_FILE: Names = Names {
    dialect: Dialect::Sloth,
    error_query: "error_query",
    total_query: "total_query",
    error_ratio_query: "error_ratio_query",
    page_alert: "page_alert",
    ticket_alert: "ticket_alert",
};

static OF_RESOURCE: Names = Names {
    dialect: Dialect::SlothKubernetes,
    error_query: "errorQuery",
    total_query: "totalQuery",
    error_ratio_query: "errorRatioQuery",
    page_alert: "pageAlert",
    ticket_alert: "ticketAlert",
};

/// Returns whether a document without an `apiVersion` is meant for Sloth, by its version or its fields.
pub(super) fn is_meant(node: Node<'_>) -> bool {
    let version = fields::word(node, "version");
    let has_version = version.is_some_and(|version| version.value.starts_with("prometheus/"));
    let is_slo = |slo: Node<'_>| slo.given("sli").is_some() && slo.given("objective").is_some();
    let has_slos = || {
        let mut slos = node.given("slos").into_iter().flat_map(Node::items);
        node.given("service").is_some() && slos.any(is_slo)
    };
    has_version || has_slos()
}

/// Checks a file of Sloth and lowers it.
pub(super) fn read_file(node: Node<'_>, reading: &mut Reading) {
    let head = node.given("version").map_or(node.span(), Node::span);
    read(node, node, Faults::new(FILE.check(node, head)), &OF_FILE, reading);
}

/// Checks a resource of Sloth and lowers it.
fn read_resource(node: Node<'_>, kind: &str, reading: &mut Reading) {
    let head = node.given("kind").map_or(node.span(), Node::span);
    if kind == "AlertWindows" {
        let mut problems = WINDOWS.check(node, head);
        if problems.is_empty() {
            reading.shared.windows.extend(windows::lower(node));
        }
        reading.problems.append(&mut problems);
        return;
    }
    let faults = Faults::new(RESOURCE.check(node, head));
    let spec = node.given("spec").unwrap_or(node);
    read(node, spec, faults, &OF_RESOURCE, reading);
}

fn read(node: Node<'_>, spec: Node<'_>, mut faults: Faults, names: &Names, reading: &mut Reading) {
    check::service(spec, names, &mut faults);
    reading.objects.extend(lower::slos(node, spec, names, &faults));
    reading.problems.append(&mut faults.into_problems());
}
