//! The kinds of this tool, `apiVersion: slo/v1`.

use std::sync::Arc;

use crate::model::Object;
use crate::yaml::Node;

use super::Problem;
use super::Reading;
use super::formats::Format;
use super::schema::Schema;

mod check;
mod globs;
mod policy;
mod record;

/// The kind that is read.
pub(super) const KIND: &str = "ErrorBudgetPolicy";

/// The kinds: the policy, and the records that stand beside it.
const KINDS: [&str; 5] = [KIND, "Attestation", "BudgetOverride", "Incident", "Retirement"];

pub(super) const FORMATS: &[Format] = &[Format {
    version: "slo/v1",
    family: "slo",
    kinds: &KINDS,
    is_shared: false,
    has_fields: record::has_fields,
    read,
}];

static POLICY: Schema = Schema::new(include_str!("../../schemas/error-budget-policy.json"));

/// Checks a policy or a record, and lowers it.
fn read(node: Node<'_>, kind: &str, reading: &mut Reading) {
    if kind != KIND {
        if let Some((record, mut problems)) = record::read(node, kind) {
            reading.problems.append(&mut problems);
            reading.records.push(record);
        }
        return;
    }
    let head = node.given("kind").map_or(node.span(), Node::span);
    let mut problems: Vec<Problem> = POLICY.check(node, head);
    check::policy(node, &mut problems);
    let mut policy = policy::lower(node);
    let metadata = node.given("metadata").map(Node::span);
    let is_apart =
        |problem: &Problem| metadata.is_some_and(|metadata| metadata.contains(problem.span()));
    policy.is_whole &= problems.iter().all(is_apart);
    reading.problems.append(&mut problems);
    reading.objects.push(Object::ErrorBudgetPolicy(Arc::new(policy)));
}
