//! Pyrra: the resource `ServiceLevelObjective` of `pyrra.dev/v1alpha1`.
//!
//! A metric is a selector, and Pyrra asks for its growth: the model holds the query that Pyrra makes of it,
//! with every part of the selector in its place. The window may be any length; the alerts scale with it.
//!
//! # Source
//!
//! Pyrra, `kubernetes/api/v1alpha1/servicelevelobjective_types.go` for the fields and their checks,
//! `slo/rules.go` for the queries and the alerts.

use crate::yaml::Node;

use super::Problem;
use super::Reading;
use super::fields;
use super::parts;
use super::schema::Schema;

mod alerts;
mod check;
mod lower;

/// The kind of the resource.
pub(super) const KIND: &str = "ServiceLevelObjective";

static SCHEMA: Schema = Schema::new(include_str!("../../schemas/dialects/pyrra/v1alpha1.json"));

/// Returns whether an object is a resource of Pyrra by its kind and its fields, whatever its version says.
pub(super) fn is_resource(node: Node<'_>) -> bool {
    let is_kind = fields::word(node, "kind").is_some_and(|kind| kind.value == KIND);
    let has = |field: &str| node.given("spec").is_some_and(|spec| spec.given(field).is_some());
    is_kind && has("indicator") && has("target")
}

/// Checks a resource and lowers it.
pub(super) fn read(node: Node<'_>, reading: &mut Reading) {
    let head = node.given("kind").map_or(node.span(), Node::span);
    let mut problems = SCHEMA.check(node, head);
    if let Some(spec) = node.given("spec").filter(|spec| spec.is_mapping()) {
        check::spec(spec, &mut problems);
        reading.objects.push(lower::slo(node, spec, &problems));
    }
    reading.problems.append(&mut problems);
}
