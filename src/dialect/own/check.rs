//! Error budget policies: what a schema cannot state.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use jiff::civil::Date;

use crate::dialect::Expected;
use crate::dialect::Problem;
use crate::dialect::fields;
use crate::source::Span;
use crate::spelling;
use crate::spelling::Vocabulary;
use crate::yaml::Entry;
use crate::yaml::Node;
use crate::yaml::Value;
use crate::yaml::replace_scalar;

use super::globs;

/// Change classes that need no definition.
const KNOWN_CLASSES: [&str; 3] = ["security", "reliability-fix", "rollback"];

/// The fields of a change class that give evidence, of which it has at least one.
const EVIDENCE: [&str; 4] = ["trailer", "label", "paths", "revertOf"];

/// The fields of a tier that say what an approval needs, of which it has at least one.
const APPROVAL: [&str; 2] = ["approvers", "releaseRate"];

/// The gates, the mildest first.
const GATES: [&str; 4] = ["open", "warn", "approve", "freeze"];

/// An example of a day.
const DAY: &str = "2026-12-31";

/// An example of a condition.
const CONDITION: &str = "{ burn: { lookback: slo, gte: 1 } }";

/// An example of a trailer.
const TRAILER: &str = "Change-Class: security";

/// How many known names a problem lists at most.
const MAX_TOLD: usize = 12;

/// The fields that hold a length of time, wherever they stand.
const LENGTHS: [&str; 12] = [
    "maxLatch",
    "step",
    "holdFor",
    "lookback",
    "for",
    "maxGap",
    "minAge",
    "maxAge",
    "of",
    "maxDuration",
    "window",
    "per",
];

/// The fields whose keys are the user's.
const NOT_OURS: [&str; 2] = ["matchLabels", "approvals"];

/// What conditions and tiers are checked against.
struct Names<'a> {
    /// The names that they may refer to; nothing where they cannot be read.
    conditions: Option<BTreeMap<&'a str, Node<'a>>>,
    classes: Option<BTreeSet<&'a str>>,
    tiers: Option<BTreeSet<&'a str>>,
    unknown: Unknown,
    /// Which problems the schema has with the value at a place.
    told: HashMap<Span, Vec<usize>>,
}

impl Names<'_> {
    /// Says a problem in place of those that the schema has with the same value.
    fn tell(&self, problem: Problem, problems: &mut Vec<Problem>) {
        let Some(told) = self.told.get(&problem.span()) else {
            problems.push(problem);
            return;
        };
        for &index in told {
            if let Some(told) = problems.get_mut(index) {
                *told = problem.clone();
            }
        }
    }
}

/// The keys that the schema does not know, by place, each with the field that was most likely meant.
type Unknown = HashMap<Span, Option<String>>;

/// Checks what the schema cannot state.
pub(super) fn policy(node: Node<'_>, problems: &mut Vec<Problem>) {
    let Some(spec) = node.given("spec").filter(|spec| spec.is_mapping()) else { return };
    let entries = |field: &str| spec.given(field).into_iter().flat_map(Node::entries);
    let defined = entries("conditions").filter_map(|e| Some((e.key.text()?, e.value)));
    let classes = entries("changeClasses").filter_map(|entry| entry.key.text());
    let unknown: Unknown = problems
        .iter()
        .filter_map(|problem| match problem {
            Problem::UnknownField { span, nearest, .. } => Some((*span, nearest.clone())),
            _ => None,
        })
        .collect();
    let is_readable = |field: &str| {
        let given = spec.given(field);
        given.map_or_else(|| !is_misspelled(spec, field, &unknown), Node::is_mapping)
    };
    let defined: BTreeMap<&str, Node<'_>> = defined.collect();
    let mut told: HashMap<Span, Vec<usize>> = HashMap::new();
    for (index, problem) in problems.iter().enumerate() {
        told.entry(problem.span()).or_default().push(index);
    }
    // A tier without a name, or with one that is misspelled, may be the one that is meant.
    let tiers = items(spec, "tiers").map(|tier| word(tier.given("name")?));
    let names = Names {
        tiers: tiers.collect(),
        classes: is_readable("changeClasses").then(|| classes.chain(KNOWN_CLASSES).collect()),
        conditions: is_readable("conditions").then(|| defined.clone()),
        unknown: unknown.clone(),
        told,
    };
    check_forms(spec, problems);
    for entry in entries("conditions") {
        if entry.value.is_null() {
            problems.push(lacks(entry, &fields::FORMS));
        }
        check_condition(entry.value, &names, problems);
    }
    if let Some(recovery) = spec.given("temporaryRecovery") {
        check_condition(recovery, &names, problems);
    }
    check_cycles(&defined, problems);
    check_lengths(spec, &mut names.told.keys().copied().collect(), problems);
    check_tiers(spec, &names, problems);
    globs::check(spec, problems);
    for class in entries("changeClasses") {
        let is_given = |field: &&str| class.value.given(field).is_some();
        let may_have = class.value.is_mapping() || class.value.is_null();
        if may_have && !EVIDENCE.iter().any(is_given) && !explains(class.value, &unknown) {
            problems.push(lacks(class, &EVIDENCE));
        }
    }
}

fn lacks(entry: Entry<'_>, fields: &[&'static str]) -> Problem {
    let of = entry.key.text().unwrap_or_default().to_owned();
    Problem::MissingOneOf { span: entry.key.span(), fields: fields.to_vec(), of }
}

fn check_tiers(spec: Node<'_>, names: &Names<'_>, problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for tier in items(spec, "tiers").filter(|tier| tier.is_mapping()) {
        if let Some(name) = tier.given("name")
            && let Some(text) = word(name)
            && !seen.insert(text)
        {
            problems.push(invalid(name, "name", Expected::Unique));
        }
        match tier.given("enter") {
            Some(condition) if condition.is_mapping() => {
                check_condition(condition, names, problems);
            }
            Some(other) => {
                // The schema has said that it is no mapping, and not what stands in one.
                names.tell(invalid(other, "enter", Expected::Like(CONDITION)), problems);
            }
            None => {}
        }
        match tier.given("exit") {
            Some(condition) if condition.is_mapping() => {
                check_condition(condition, names, problems);
            }
            Some(word) if word.text() != Some("auto") => {
                // The schema may have said that it is neither text nor a mapping.
                let expected = ["auto", "{ burn: … }"].map(str::to_owned).to_vec();
                names.tell(invalid(word, "exit", Expected::OneOf(expected)), problems);
            }
            _ => {}
        }
        if let Some(relax) = tier.given("relaxWhen") {
            check_relaxed(tier, relax, names, problems);
        }
        for class in items(tier, "exempt") {
            if let Some(name) = word(class)
                && let Some(classes) = &names.classes
                && !classes.contains(name)
            {
                let known = classes.iter().copied();
                problems.push(undefined(class, "exempt", "spec.changeClasses", name, known));
            }
        }
        let gate = fields::word(tier, "gate");
        let approves = gate.is_some_and(|gate| gate.value == "approve");
        let is_given = |field: &&str| {
            tier.given(field).is_some() || is_misspelled(tier, field, &names.unknown)
        };
        if approves && !APPROVAL.iter().any(is_given) {
            let (span, of) = (fields::key_span(tier, "gate"), "tiers".to_owned());
            problems.push(Problem::MissingOneOf { span, fields: APPROVAL.to_vec(), of });
        }
    }
}

/// What is relaxed is milder than it was.
fn check_relaxed(tier: Node<'_>, relax: Node<'_>, names: &Names<'_>, problems: &mut Vec<Problem>) {
    if let Some(when) = relax.given("when") {
        check_condition(when, names, problems);
    }
    let rank = |gate: &str| GATES.iter().position(|known| *known == gate);
    let own = fields::word(tier, "gate").and_then(|gate| rank(gate.value));
    let Some((own, given)) = own.zip(relax.given("gate")) else { return };
    if word(given).and_then(rank).is_some_and(|relaxed| relaxed >= own) {
        let milder = GATES.iter().take(own).map(|gate| (*gate).to_owned()).collect();
        problems.push(invalid(given, "gate", Expected::OneOf(milder)));
    }
}

/// The nesting is bounded by the reader of YAML, so this ends.
fn check_condition(node: Node<'_>, names: &Names<'_>, problems: &mut Vec<Problem>) {
    if !node.is_mapping() {
        return;
    }
    exactly_one(node, &fields::FORMS, "conditions", &names.unknown, problems);
    check_reference(node, names, problems);
    if let Some(within) = node.given("within").filter(|within| within.is_mapping()) {
        check_reference(within, names, problems);
    }
    if let Some(sustained) = node.given("sustained").filter(|sustained| sustained.is_mapping()) {
        exactly_one(sustained, &fields::LASTING, "sustained", &names.unknown, problems);
        check_reference(sustained, names, problems);
        check_tier_name(sustained, names, problems);
    }
    if let Some(burn) = node.given("burn").filter(|burn| burn.is_mapping()) {
        exactly_one(burn, &fields::COMPARISONS, "burn", &names.unknown, problems);
        check_lookback(burn, names, problems);
    }
    let parts = items(node, "all").chain(items(node, "any")).chain(node.given("not"));
    parts.for_each(|part| check_condition(part, names, problems));
}

/// A condition is named under `spec.conditions`.
fn check_reference(node: Node<'_>, names: &Names<'_>, problems: &mut Vec<Problem>) {
    if let Some(given) = node.given("condition")
        && let Some(name) = word(given)
        && let Some(conditions) = &names.conditions
        && !conditions.contains_key(name)
    {
        let known = conditions.keys().copied();
        problems.push(undefined(given, "condition", "spec.conditions", name, known));
    }
}

/// A tier is named under `spec.tiers`.
fn check_tier_name(sustained: Node<'_>, names: &Names<'_>, problems: &mut Vec<Problem>) {
    if let Some(given) = sustained.given("tier")
        && let Some(name) = word(given)
        && let Some(tiers) = &names.tiers
        && !tiers.contains(name)
    {
        problems.push(undefined(given, "tier", "spec.tiers", name, tiers.iter().copied()));
    }
}

/// Says which form a text has, where the schema can only say that it does not have it.
fn check_forms(spec: Node<'_>, problems: &mut Vec<Problem>) {
    for problem in problems.iter_mut() {
        let Problem::InvalidValue { field, expected, .. } = problem else { continue };
        match (field.as_str(), &expected) {
            ("revisit", Expected::Pattern) => *expected = Expected::Like(DAY),
            ("trailer", Expected::Pattern) => *expected = Expected::Like(TRAILER),
            _ => {}
        }
    }
    if let Some(revisit) = spec.given("revisit")
        && word(revisit).is_some_and(|day| day.parse::<Date>().is_err())
        && !problems.iter().any(|problem| revisit.place().contains(problem.span()))
    {
        problems.push(invalid(revisit, "revisit", Expected::Like(DAY)));
    }
}

/// A length of time that is not read would be taken for one that is not given.
///
/// The nesting is bounded by the reader of YAML, so this ends.
fn check_lengths(node: Node<'_>, told: &mut BTreeSet<Span>, problems: &mut Vec<Problem>) {
    for entry in node.entries() {
        let key = entry.key.text().unwrap_or_default();
        if NOT_OURS.contains(&key) || key.starts_with("x-") {
            continue;
        }
        if LENGTHS.contains(&key) && entry.value.scalar().is_some() {
            let problem = fields::too_long(node, key);
            problems.extend(problem.filter(|problem| told.insert(problem.span())));
        }
        check_lengths(entry.value, told, problems);
    }
    node.items().for_each(|item| check_lengths(item, told, problems));
}

/// A lookback that is no length of time is told how to be one.
fn check_lookback(burn: Node<'_>, names: &Names<'_>, problems: &mut Vec<Problem>) {
    let Some(lookback) = burn.given("lookback").filter(|node| node.scalar().is_some()) else {
        return;
    };
    let span = lookback.place();
    if !names.told.contains_key(&span) {
        return;
    }
    let text = lookback.text().unwrap_or_else(|| lookback.raw()).to_owned();
    let problem = if text.contains(|letter: char| letter.is_ascii_digit()) {
        let (field, units) = ("lookback".to_owned(), "mhdw".to_owned());
        let lowercase = replace_scalar(lookback, &text.to_ascii_lowercase());
        Problem::InvalidDuration { span, text, field, units, zero: false, bare: false, lowercase }
    } else {
        invalid(lookback, "lookback", Expected::OneOf(["slo", "28d"].map(str::to_owned).to_vec()))
    };
    names.tell(problem, problems);
}

/// Returns text that says something; the schema speaks of what is empty or no text.
fn word(node: Node<'_>) -> Option<&str> {
    let scalar = node.scalar().filter(|scalar| scalar.value() == Value::String)?;
    Some(scalar.text).filter(|text| !text.is_empty())
}

/// Returns whether an unknown key of the mapping was most likely meant to be a field.
fn is_misspelled(node: Node<'_>, field: &str, unknown: &Unknown) -> bool {
    let meant = |key: Span| unknown.get(&key).and_then(Option::as_deref);
    !unknown.is_empty() && node.entries().any(|entry| meant(entry.key.span()) == Some(field))
}

/// Returns whether an unknown key of the mapping is what the lacking field was meant to be.
fn explains(node: Node<'_>, unknown: &Unknown) -> bool {
    !unknown.is_empty() && node.entries().any(|entry| unknown.contains_key(&entry.key.span()))
}

fn exactly_one(
    node: Node<'_>,
    fields: &[&'static str],
    of: &str,
    unknown: &Unknown,
    problems: &mut Vec<Problem>,
) {
    let mut given: Vec<&'static str> =
        fields.iter().copied().filter(|field| node.given(field).is_some()).collect();
    given.sort_by_key(|field| fields::key_span(node, field));
    match given.as_slice() {
        [_] => {}
        [] if explains(node, unknown) => {}
        [] => {
            let span = if node.is_empty() { node.span() } else { fields::first_key(node) };
            let (fields, of) = (fields.to_vec(), of.to_owned());
            problems.push(Problem::MissingOneOf { span, fields, of });
        }
        [first, second, ..] => problems.push(Problem::Conflict {
            span: fields::key_span(node, second),
            field: second,
            other: fields::key_span(node, first),
            other_field: first,
            across: false,
            redundant: None,
        }),
    }
}

/// A condition that leads back to itself has no meaning; every way back is reported once.
fn check_cycles(conditions: &BTreeMap<&str, Node<'_>>, problems: &mut Vec<Problem>) {
    // A condition is open while it is walked, and done when all that it leads to is.
    let mut done: BTreeMap<&str, bool> = BTreeMap::new();
    for &name in conditions.keys() {
        let mut walked = vec![Step::Enter(name, None)];
        while let Some(step) = walked.pop() {
            match step {
                Step::Leave(name) => {
                    done.insert(name, true);
                }
                Step::Enter(name, reference) => match (done.get(name), reference) {
                    (Some(false), Some(reference)) => {
                        problems.push(invalid(reference, "condition", Expected::NoCycle));
                    }
                    (Some(true), _) | (Some(false), None) => {}
                    (None, _) => {
                        let Some(&condition) = conditions.get(name) else { continue };
                        done.insert(name, false);
                        walked.push(Step::Leave(name));
                        walked.extend(references(condition));
                    }
                },
            }
        }
    }
}

/// A step of the walk along references.
enum Step<'a> {
    /// To a condition, by the reference to it.
    Enter(&'a str, Option<Node<'a>>),
    /// Back from a condition.
    Leave(&'a str),
}

/// Returns the conditions that one refers to.
fn references(condition: Node<'_>) -> Vec<Step<'_>> {
    let (mut found, mut open) = (Vec::new(), vec![condition]);
    while let Some(node) = open.pop() {
        open.extend(items(node, "all").chain(items(node, "any")).chain(node.given("not")));
        let lasting = ["within", "sustained"].into_iter().filter_map(|form| node.given(form));
        for holder in std::iter::once(node).chain(lasting) {
            if let Some(reference) = holder.given("condition")
                && let Some(name) = reference.text()
            {
                found.push(Step::Enter(name, Some(reference)));
            }
        }
    }
    found
}

fn invalid(node: Node<'_>, field: &str, expected: Expected) -> Problem {
    let (field, found) = (field.to_owned(), node.raw().to_owned());
    Problem::InvalidValue { span: node.place(), field, found, expected }
}

fn undefined<'a>(
    node: Node<'_>,
    field: &str,
    under: &'static str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Problem {
    let near = spelling::nearest(name, known.clone(), Vocabulary::Names);
    let nearest = near.first().map(|&name| name.to_owned());
    // What is told of a long list is its beginning.
    let known = known.take(MAX_TOLD).map(str::to_owned).collect();
    invalid(node, field, Expected::Defined { under, known, nearest })
}

fn items<'a>(node: Node<'a>, field: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    node.given(field).into_iter().flat_map(Node::items)
}

#[cfg(test)]
mod tests;
