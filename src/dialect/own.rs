//! The kinds of this tool, `apiVersion: slo/v1`.

use crate::model::Kind;
use crate::model::Object;
use crate::yaml::Node;

use super::Problem;
use super::Reading;
use super::schema::Schema;

mod check;
mod globs;
mod policy;

/// The kinds that are read.
pub(super) const KINDS: &[(&str, Kind)] = &[("ErrorBudgetPolicy", Kind::ErrorBudgetPolicy)];

/// The kinds of records that stand beside a policy; nothing reads them yet, and they are passed over.
pub(super) const RECORDS: [&str; 4] = ["Attestation", "BudgetOverride", "Incident", "Retirement"];

static POLICY: Schema = Schema::new(include_str!("../../schemas/error-budget-policy.json"));

/// Checks an object of a known kind and lowers it.
pub(super) fn read(node: Node<'_>, kind: Kind, reading: &mut Reading) {
    let head = node.given("kind").map_or(node.span(), Node::span);
    if kind == Kind::ErrorBudgetPolicy {
        let mut problems: Vec<Problem> = POLICY.check(node, head);
        check::policy(node, &mut problems);
        let mut policy = policy::lower(node);
        let metadata = node.given("metadata").map(Node::span);
        policy.is_whole &= problems
            .iter()
            .all(|problem| metadata.is_some_and(|metadata| metadata.contains(problem.span())));
        reading.problems.append(&mut problems);
        reading.objects.push(Object::ErrorBudgetPolicy(std::sync::Arc::new(policy)));
    }
}
