//! The kinds of this tool, `apiVersion: slo/v1`.

use std::sync::Arc;

use crate::model::Object;
use crate::yaml::Node;

use super::Problem;
use super::Reading;
use super::fields;
use super::formats::Format;
use super::schema::Schema;

mod check;
mod coverage;
mod globs;
mod policy;
mod record;

/// The kind that is read.
pub(super) const KIND: &str = "ErrorBudgetPolicy";

/// The kinds: the policy, the records that stand beside it, and what is to be covered.
const KINDS: [&str; 6] =
    [KIND, "Attestation", "BudgetOverride", "Incident", "Retirement", coverage::KIND];

pub(super) const FORMATS: &[Format] = &[Format {
    version: "slo/v1",
    family: "slo",
    kinds: &KINDS,
    is_shared: false,
    has_fields: |node| {
        fields::word(node, "kind").is_some_and(|kind| kind.value == coverage::KIND)
            || record::has_fields(node)
    },
    read,
}];

static POLICY: Schema = Schema::new(include_str!("../../schemas/error-budget-policy.json"));

/// Checks a policy or a record, and lowers it.
fn read(node: Node<'_>, kind: &str, reading: &mut Reading) {
    if kind == coverage::KIND {
        let (coverage, mut problems) = coverage::read(node);
        reading.problems.append(&mut problems);
        reading.coverages.push(coverage);
        return;
    }
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
