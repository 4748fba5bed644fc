//! Globs of a policy that cannot be read.

use crate::dialect::Expected;
use crate::dialect::Problem;
use crate::globs::Globs;
use crate::globs::MAX_GLOBS;
use crate::globs::Refusal;
use crate::yaml::Node;
use crate::yaml::Value;

/// How the globs of a field are read.
#[derive(Clone, Copy)]
struct Reading {
    example: &'static str,
    read: fn(&str) -> Result<Globs, Refusal>,
    /// Whether it is compared with the short names of branches or tags.
    short: bool,
}

const PATHS: Reading =
    Reading { example: "src/**", read: |glob| Globs::of_paths([glob]), short: false };
const NAMES: Reading =
    Reading { example: "release-*", read: |glob| Globs::of_names([glob]), short: false };
const BRANCHES: Reading = Reading { example: "release/*", short: true, ..PATHS };
const TAGS: Reading = Reading { short: true, ..NAMES };

/// Checks every glob of a policy's `spec`.
pub(super) fn check(spec: Node<'_>, problems: &mut Vec<Problem>) {
    let under = |field: &str| spec.given(field).into_iter();
    for (parent, field, reading) in [
        ("selector", "services", NAMES),
        ("selector", "slos", NAMES),
        ("scope", "paths", PATHS),
        ("scope", "branches", BRANCHES),
    ] {
        for list in under(parent).filter_map(|node| node.given(field)) {
            check_list(list, field, reading, problems);
        }
    }
    let labels = under("selector").filter_map(|node| node.given("matchLabels"));
    for entry in labels.flat_map(Node::entries) {
        check_one(entry.value, "matchLabels", NAMES, problems);
    }
    for tier in under("tiers").flat_map(Node::items) {
        if let Some(tags) = tier.given("releaseRate").and_then(|rate| rate.given("tags")) {
            check_one(tags, "tags", TAGS, problems);
        }
    }
    for class in under("changeClasses").flat_map(Node::entries) {
        if let Some(list) = class.value.given("paths") {
            check_list(list, "paths", PATHS, problems);
        }
    }
}

fn check_list(list: Node<'_>, field: &'static str, reading: Reading, problems: &mut Vec<Problem>) {
    for node in list.items().take(MAX_GLOBS) {
        check_one(node, field, reading, problems);
    }
}

fn check_one(node: Node<'_>, field: &'static str, reading: Reading, problems: &mut Vec<Problem>) {
    let text = node.scalar().filter(|scalar| scalar.value() == Value::String);
    // That a text is empty is what the schema says.
    let text = text.filter(|scalar| !scalar.text.is_empty());
    // `refs/heads/main` would be compared with `main`, and fit nothing for ever.
    let is_full = |name: &str| reading.short && name.starts_with("refs/");
    if text.is_some_and(|scalar| is_full(scalar.text) || (reading.read)(scalar.text).is_err()) {
        problems.push(Problem::InvalidValue {
            span: node.place(),
            field: field.to_owned(),
            found: node.raw().to_owned(),
            expected: Expected::Like(reading.example),
        });
    }
}
