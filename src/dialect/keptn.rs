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
use super::faults::Faults;
use super::fields;
use super::formats::Format;
use super::schema::Schema;

const fn format(version: &'static str) -> Format {
    Format {
        version,
        family: "Keptn",
        kinds: &["AnalysisDefinition"],
        is_shared: true,
        has_fields: |node| fields::in_spec(node, "totalScore"),
        read: read_resource,
    }
}

/// The versions of the resource.
pub(super) const FORMATS: &[Format] = &[
    format("metrics.keptn.sh/v1"),
    format("metrics.keptn.sh/v1beta1"),
    format("metrics.keptn.sh/v1alpha3"),
];

static GATE: Schema = Schema::new(include_str!("../../schemas/dialects/keptn/slo.json"));

static ANALYSIS: Schema =
    Schema::new(include_str!("../../schemas/dialects/keptn/analysis-definition.json"));

/// Values that a criterion accepts: from one to another.
type Values = (Bound<Ratio>, Bound<Ratio>);

/// Returns whether an object is a quality gate: by two of its version, its objectives and what it compares.
pub(super) fn is_gate(node: Node<'_>) -> bool {
    let has = |field: &str| node.given(field).is_some();
    let has_indicator = |item: Node<'_>| item.given("sli").is_some();
    let mut objectives = node.given("objectives").into_iter().flat_map(Node::items);
    let has_objectives = objectives.any(has_indicator);
    let compares = has("total_score") || has("comparison");
    u8::from(has("spec_version")) + u8::from(has_objectives) + u8::from(compares) >= 2
}

/// Returns whether an object names the indicators of a quality gate, of which nothing is checked.
pub(super) fn is_indicators(node: Node<'_>) -> bool {
    node.given("spec_version").is_some() && node.given("indicators").is_some_and(Node::is_mapping)
}

/// Checks a quality gate.
pub(super) fn read_gate(node: Node<'_>, reading: &mut Reading) {
    let head = node.given("spec_version").map_or(node.span().head(), Node::span);
    let mut faults = Faults::new(GATE.check(node, head));
    for objective in node.given("objectives").into_iter().flat_map(Node::items) {
        shadowed(objective, ["pass", "warning"], criteria, &mut faults);
    }
    if let Some(score) = node.given("total_score") {
        scores(score, ["pass", "warning"], &mut faults);
    }
    reading.problems.append(&mut faults.into_problems());
}

/// The operators of a target, of which it has exactly one.
const OPERATORS: [&str; 7] = [
    "lessThan",
    "lessThanOrEqual",
    "greaterThan",
    "greaterThanOrEqual",
    "equalTo",
    "inRange",
    "notInRange",
];

/// Checks a resource.
fn read_resource(node: Node<'_>, _: &str, reading: &mut Reading) {
    let head = node.given("kind").map_or(node.span(), Node::span);
    let mut faults = Faults::new(ANALYSIS.check(node, head));
    let spec = node.given("spec");
    let objectives = spec.and_then(|spec| spec.given("objectives"));
    for objective in objectives.into_iter().flat_map(Node::items) {
        let Some(target) = objective.given("target") else { continue };
        for field in ["failure", "warning"] {
            if let Some(entry) = target.entry(field) {
                faults.exactly_one(entry.value, entry.key.span(), field, &OPERATORS);
            }
        }
        shadowed(target, ["failure", "warning"], operator, &mut faults);
    }
    if let Some(score) = spec.and_then(|spec| spec.given("totalScore")) {
        scores(score, ["passPercentage", "warningPercentage"], &mut faults);
    }
    reading.problems.append(&mut faults.into_problems());
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
/// * `names`: what decides, and what warns; `values`: those that one of them speaks of.
fn shadowed(
    holder: Node<'_>,
    names: [&'static str; 2],
    values: fn(Node<'_>) -> Option<Values>,
    faults: &mut Faults,
) {
    let [decided, warning] = names;
    let (Some(other), Some(entry)) = (holder.entry(decided), holder.entry(warning)) else {
        return;
    };
    let (Some(before), Some(warned)) = (values(other.value), values(entry.value)) else { return };
    if is_within(&warned, &before) && !faults.are_in(holder.span()) {
        let (span, other) = (entry.key.span(), other.key.span());
        faults.push(Problem::DeadWarning { span, other, decided });
    }
}

/// A score that warns is below one that passes.
fn scores(score: Node<'_>, names: [&'static str; 2], faults: &mut Faults) {
    let [decided, warning] = names;
    let (Some(first), Some(second)) = (score.entry(decided), score.entry(warning)) else { return };
    let number = |node: Node<'_>| Ratio::parse(node.text()?.trim().trim_end_matches('%').trim());
    let (Some(enough), Some(less)) = (number(first.value), number(second.value)) else { return };
    if less >= enough && !faults.are_in(score.span()) {
        let (span, other) = (second.key.span(), first.key.span());
        faults.push(Problem::DeadWarning { span, other, decided });
    }
}
