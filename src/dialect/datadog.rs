//! Datadog: the SLOs of its API as JSON, the resource `DatadogSLO` of its operator, and that of its provider
//! for Terraform, which has the fields of the API.
//!
//! An SLO may have a target for each of several timeframes, and an error budget for each: it becomes an SLO
//! of the model for every timeframe. The timeframe that is shown first has the name alone, the others have
//! theirs behind it, such as `checkout (7d)`.
//!
//! # Source
//!
//! Datadog, the reference of its API, "Service Level Objectives"; the definition of the operator's resource.

use crate::model::Dialect;
use crate::yaml::Node;

use super::Expected;
use super::Problem;
use super::Reading;
use super::faults;
use super::faults::Faults;
use super::fields;
use super::formats::Format;
use super::parts;
use super::schema::Schema;

mod check;
mod form;
mod formulas;
mod lower;

/// The kind of the resource.
pub(super) const KIND: &str = "DatadogSLO";

/// What every SLO is: its types.
const TYPES: [&str; 3] = ["metric", "monitor", "time_slice"];

pub(super) const FORMATS: &[Format] = &[Format {
    version: "datadoghq.com/v1alpha1",
    family: "Datadog",
    kinds: &[KIND],
    is_shared: true,
    has_fields: |_| true,
    read: read_resource,
}];

static API: Schema = Schema::new(include_str!("../../schemas/dialects/datadog/api.json"));

static RESOURCE: Schema = Schema::new(include_str!("../../schemas/dialects/datadog/v1alpha1.json"));

static TERRAFORM: Schema = Schema::new(include_str!(
    "../../schemas/dialects/terraform/datadog_service_level_objective.json"
));

/// Returns whether an object without an `apiVersion` is an SLO of the API: by two of its type, its measure
/// and its targets.
pub(super) fn is_meant(node: Node<'_>) -> bool {
    let is_typed = fields::word(node, "type").is_some_and(|word| TYPES.contains(&word.value));
    let has = |holder: Node<'_>, field: &str| holder.given(field).is_some();
    let is_ratio = |query: Node<'_>| has(query, "numerator") || has(query, "denominator");
    let has_measure = node.given("query").is_some_and(is_ratio)
        || has(node, "monitor_ids")
        || has(node, "sli_specification");
    let is_target = |item: Node<'_>| has(item, "timeframe") || has(item, "target");
    let mut targets = node.given("thresholds").into_iter().flat_map(Node::items);
    let has_targets = targets.any(is_target);
    u8::from(is_typed) + u8::from(has_measure) + u8::from(has_targets) >= 2
}

/// Checks an SLO of the API and lowers it.
pub(super) fn read_api(node: Node<'_>, reading: &mut Reading) {
    let head = node.given("name").map_or(node.span().head(), Node::span);
    let faults = Faults::new(API.check(node, head));
    finish(&form::api(node, Dialect::Datadog), faults, reading);
}

/// Checks a resource and lowers it.
fn read_resource(node: Node<'_>, _: &str, reading: &mut Reading) {
    let head = node.given("kind").map_or(node.span(), Node::span);
    let faults = Faults::new(RESOURCE.check(node, head));
    match node.given("spec").filter(|spec| spec.is_mapping()) {
        Some(spec) => finish(&form::resource(node, spec), faults, reading),
        None => reading.problems.append(&mut faults.into_problems()),
    }
}

/// Checks a resource of Terraform and lowers it.
pub(super) fn read_terraform(node: Node<'_>, reading: &mut Reading) {
    let faults = Faults::new(TERRAFORM.check(node, fields::key_span(node, "resource")));
    finish(&form::api(node, Dialect::DatadogTerraform), faults, reading);
}

fn finish(form: &form::Form<'_>, mut faults: Faults, reading: &mut Reading) {
    check::form(form, &mut faults);
    reading.objects.extend(lower::slos(form, &faults));
    reading.problems.append(&mut faults.into_problems());
}
