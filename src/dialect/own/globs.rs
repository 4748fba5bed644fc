//! Globs of a policy that cannot be read.

use globset::GlobBuilder;

use crate::dialect::Expected;
use crate::dialect::Problem;
use crate::yaml::Node;
use crate::yaml::Value;

/// An example of a glob of paths.
const PATHS: &str = "src/**";
/// An example of a glob of names.
const NAMES: &str = "release-*";

/// Checks every glob of a policy's `spec`.
pub(super) fn check(spec: Node<'_>, problems: &mut Vec<Problem>) {
    let under = |field: &str| spec.given(field).into_iter();
    for (parent, field, example) in [
        ("selector", "services", NAMES),
        ("selector", "slos", NAMES),
        ("scope", "paths", PATHS),
        ("scope", "branches", NAMES),
    ] {
        for node in under(parent).filter_map(|node| node.given(field)).flat_map(Node::items) {
            check_one(node, field, example, problems);
        }
    }
    let labels = under("selector").filter_map(|node| node.given("matchLabels"));
    for entry in labels.flat_map(Node::entries) {
        check_one(entry.value, "matchLabels", NAMES, problems);
    }
    for tier in under("tiers").flat_map(Node::items) {
        if let Some(tags) = tier.given("releaseRate").and_then(|rate| rate.given("tags")) {
            check_one(tags, "tags", NAMES, problems);
        }
    }
    for class in under("changeClasses").flat_map(Node::entries) {
        for node in class.value.given("paths").into_iter().flat_map(Node::items) {
            check_one(node, "paths", PATHS, problems);
        }
    }
}

fn check_one(
    node: Node<'_>,
    field: &'static str,
    example: &'static str,
    problems: &mut Vec<Problem>,
) {
    let text = node.scalar().filter(|scalar| scalar.value() == Value::String);
    if text.is_some_and(|scalar| GlobBuilder::new(scalar.text).build().is_err()) {
        problems.push(Problem::InvalidValue {
            span: node.span(),
            field: field.to_owned(),
            found: node.raw().to_owned(),
            expected: Expected::Like(example),
        });
    }
}
