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

use super::Reading;
use super::faults;
use super::faults::Faults;
use super::fields;
use super::formats::Format;
use super::parts;
use super::schema::Schema;

mod alerts;
mod check;
mod lower;

/// The kind of the resource.
pub(super) const KIND: &str = "ServiceLevelObjective";

pub(super) const FORMATS: &[Format] = &[Format {
    version: "pyrra.dev/v1alpha1",
    family: "Pyrra",
    kinds: &[KIND],
    is_shared: false,
    has_fields: |node| fields::in_spec(node, "indicator") && fields::in_spec(node, "target"),
    read,
}];

static SCHEMA: Schema = Schema::new(include_str!("../../schemas/dialects/pyrra/v1alpha1.json"));

/// Checks a resource and lowers it.
fn read(node: Node<'_>, _: &str, reading: &mut Reading) {
    let head = node.given("kind").map_or(node.span(), Node::span);
    let mut faults = Faults::new(SCHEMA.check(node, head));
    if let Some(spec) = node.given("spec").filter(|spec| spec.is_mapping()) {
        check::spec(spec, &mut faults);
        reading.objects.push(lower::slo(node, spec, &faults));
    }
    reading.problems.append(&mut faults.into_problems());
}
