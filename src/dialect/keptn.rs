//! Keptn: the quality gates of `slo.yaml`, told by `spec_version`, and the resource `AnalysisDefinition`.
//!
//! They ask for criteria and have no error budget, so nothing of them is lowered: their form is checked, and
//! whether a warning can be reached.
//!
//! # Source
//!
//! Keptn, the specification of `slo.yaml` in version 0.2 and the reference of `AnalysisDefinition`: criteria of
//! one entry hold together, of several entries any is enough, and pass is looked at before warning.

use std::ops::Bound;

use crate::quantity::Ratio;
use crate::yaml::Node;

use super::Problem;
use super::Reading;
use super::fields;
use super::parts;
use super::schema::Schema;

/// The group of the resource.
pub(super) const GROUP: &str = "metrics.keptn.sh";

/// The kind of the resource.
pub(super) const KIND: &str = "AnalysisDefinition";

static GATE: Schema = Schema::new(include_str!("../../schemas/dialects/keptn/slo.json"));

static ANALYSIS: Schema =
    Schema::new(include_str!("../../schemas/dialects/keptn/analysis-definition.json"));

/// Values that a criterion accepts: from one to another.
type Values = (Bound<Ratio>, Bound<Ratio>);

/// The versions of the resource.
pub(super) const VERSIONS: [&str; 3] =
    ["metrics.keptn.sh/v1", "metrics.keptn.sh/v1beta1", "metrics.keptn.sh/v1alpha3"];

/// Returns whether an object is a quality gate: by two of its version, its objectives and what it compares.
pub(super) fn is_gate(node: Node<'_>) -> bool {
    let has = |field: &str| node.given(field).is_some();
    let has_indicator = |item: Node<'_>| item.given("sli").is_some();
    let mut objectives = node.given("objectives").into_iter().flat_map(Node::items);
    let has_objectives = objectives.any(has_indicator);
    let compares = has("total_score") || has("comparison");
    u8::from(has("spec_version")) + u8::from(has_objectives) + u8::from(compares) >= 2
}

/// Returns whether an object has the fields of the resource, whatever its kind says.
pub(super) fn has_score(node: Node<'_>) -> bool {
    node.given("spec").is_some_and(|spec| spec.given("totalScore").is_some())
}

/// Returns whether an object is the resource by its kind and its fields, whatever its version says.
pub(super) fn is_resource(node: Node<'_>) -> bool {
    fields::word(node, "kind").is_some_and(|kind| kind.value == KIND) && has_score(node)
}

/// Checks a quality gate.
pub(super) fn read_gate(node: Node<'_>, reading: &mut Reading) {
    let head = node.given("spec_version").map_or(node.span().head(), Node::span);
    let mut problems = GATE.check(node, head);
    for objective in node.given("objectives").into_iter().flat_map(Node::items) {
        let accepted = |field: &str| criteria(objective.given(field)?);
        if let (Some(pass), Some(warning)) = (accepted("pass"), accepted("warning")) {
            shadowed(objective, ["pass", "warning"], &warning, &pass, &mut problems);
        }
    }
    if let Some(score) = node.given("total_score") {
        scores(score, ["pass", "warning"], &mut problems);
    }
    reading.problems.append(&mut problems);
}

/// Checks a resource.
pub(super) fn read_resource(node: Node<'_>, reading: &mut Reading) {
    let mut problems = ANALYSIS.check(node, node.given("kind").map_or(node.span(), Node::span));
    let Some(spec) = node.given("spec") else {
        reading.problems.append(&mut problems);
        return;
    };
    for objective in spec.given("objectives").into_iter().flat_map(Node::items) {
        let Some(target) = objective.given("target") else { continue };
        for field in ["failure", "warning"] {
            const OPERATORS: [&str; 7] = [
                "lessThan",
                "lessThanOrEqual",
                "greaterThan",
                "greaterThanOrEqual",
                "equalTo",
                "inRange",
                "notInRange",
            ];
            if let Some(entry) = target.entry(field).filter(|entry| entry.value.is_mapping()) {
                parts::exactly_one(entry, &OPERATORS, &mut problems);
            }
        }
        let caught = |field: &str| operator(target.given(field)?);
        if let (Some(failure), Some(warning)) = (caught("failure"), caught("warning")) {
            shadowed(target, ["failure", "warning"], &warning, &failure, &mut problems);
        }
    }
    if let Some(score) = spec.given("totalScore") {
        scores(score, ["passPercentage", "warningPercentage"], &mut problems);
    }
    reading.problems.append(&mut problems);
}

/// Returns the values that criteria accept, where they are one comparison with a value.
fn criteria(list: Node<'_>) -> Option<Values> {
    let mut groups = list.items();
    let group = groups.next().filter(|_| groups.next().is_none())?;
    let mut all = group.given("criteria")?.items();
    let only = all.next().filter(|_| all.next().is_none())?.text()?.trim();
    let end = only.find(|letter: char| !"<>=".contains(letter))?;
    let (sign, value) = only.split_at(end);
    let value = value.trim();
    // A sign makes a value relative to earlier results.
    let is_relative = value.starts_with(['+', '-']) || value.ends_with('%');
    let value = Ratio::parse(value).filter(|_| !is_relative)?;
    compared(sign, value)
}

/// Returns the values that an operator catches, where it compares with a value.
fn operator(node: Node<'_>) -> Option<Values> {
    let mut entries = node.entries();
    let entry = entries.next().filter(|_| entries.next().is_none())?;
    let number = |field: &str| Some(fields::number(entry.value, field)?.value);
    match entry.key.text()? {
        "lessThan" => compared("<", number("fixedValue")?),
        "lessThanOrEqual" => compared("<=", number("fixedValue")?),
        "greaterThan" => compared(">", number("fixedValue")?),
        "greaterThanOrEqual" => compared(">=", number("fixedValue")?),
        "equalTo" => compared("=", number("fixedValue")?),
        "inRange" => {
            Some((Bound::Excluded(number("lowBound")?), Bound::Excluded(number("highBound")?)))
        }
        _ => None,
    }
}

fn compared(sign: &str, value: Ratio) -> Option<Values> {
    Some(match sign {
        "<" => (Bound::Unbounded, Bound::Excluded(value)),
        "<=" => (Bound::Unbounded, Bound::Included(value)),
        ">" => (Bound::Excluded(value), Bound::Unbounded),
        ">=" => (Bound::Included(value), Bound::Unbounded),
        "=" => (Bound::Included(value.clone()), Bound::Included(value)),
        _ => return None,
    })
}

/// Returns whether all values of the first are values of the second.
fn is_within(inner: &Values, outer: &Values) -> bool {
    let is_above = match (&inner.0, &outer.0) {
        (_, Bound::Unbounded) => true,
        (Bound::Unbounded, _) => false,
        (Bound::Included(own), Bound::Excluded(other)) => own > other,
        (
            Bound::Included(own) | Bound::Excluded(own),
            Bound::Included(other) | Bound::Excluded(other),
        ) => own >= other,
    };
    let is_below = match (&inner.1, &outer.1) {
        (_, Bound::Unbounded) => true,
        (Bound::Unbounded, _) => false,
        (Bound::Included(own), Bound::Excluded(other)) => own < other,
        (
            Bound::Included(own) | Bound::Excluded(own),
            Bound::Included(other) | Bound::Excluded(other),
        ) => own <= other,
    };
    is_above && is_below
}

/// Reports a warning of which every value is decided before it.
///
/// * `names`: what decides, and what warns.
fn shadowed(
    holder: Node<'_>,
    names: [&'static str; 2],
    warning: &Values,
    before: &Values,
    problems: &mut Vec<Problem>,
) {
    let [first, second] = names;
    let (Some(other), Some(entry)) = (holder.entry(first), holder.entry(second)) else { return };
    let whole = holder.span();
    let is_told = problems.iter().any(|problem| whole.contains(problem.span()));
    if is_within(warning, before) && !is_told {
        problems.push(Problem::DeadWarning {
            span: entry.key.span(),
            other: other.key.span(),
            decided: first,
        });
    }
}

/// A score that warns is below one that passes.
fn scores(score: Node<'_>, names: [&'static str; 2], problems: &mut Vec<Problem>) {
    let [pass, warning] = names;
    let (Some(first), Some(second)) = (score.entry(pass), score.entry(warning)) else { return };
    let number = |node: Node<'_>| Ratio::parse(node.text()?.trim().trim_end_matches('%').trim());
    let is_told = problems.iter().any(|problem| score.span().contains(problem.span()));
    if let (Some(enough), Some(less)) = (number(first.value), number(second.value))
        && less >= enough
        && !is_told
    {
        problems.push(Problem::DeadWarning {
            span: second.key.span(),
            other: first.key.span(),
            decided: pass,
        });
    }
}
