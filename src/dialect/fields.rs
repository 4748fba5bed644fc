//! Reads fields of a mapping, leaving out what a schema has already called wrong.

use crate::model::Annotation;
use crate::model::Annotations;
use crate::model::Dialect;
use crate::model::LabelValues;
use crate::model::Labels;
use crate::model::Meta;
use crate::model::Operator;
use crate::model::Setting;
use crate::model::Text;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::source::Edit;
use crate::source::Span;
use crate::source::Spanned;
use crate::spelling;
use crate::spelling::Vocabulary;
use crate::yaml::Entry;
use crate::yaml::Node;
use crate::yaml::Value;
use crate::yaml::replace_scalar;

use super::Problem;

/// The longest duration that is read, in minutes: what a number without a unit counts.
const LONGEST_MINUTES: u64 = Duration::LONGEST_YEARS * 365 * 24 * 60;

/// Returns the text of a field.
pub(super) fn text<'a, T: From<&'a str>>(mapping: Node<'a>, key: &str) -> Option<Spanned<T>> {
    Some(word(mapping, key)?.map(T::from))
}

/// Returns the text of a field as it stands in the document, where it is only looked at.
pub(super) fn word<'a>(mapping: Node<'a>, key: &str) -> Option<Spanned<&'a str>> {
    let node = mapping.given(key)?;
    Some(Spanned::new(node.text()?, node.span()))
}

/// Returns the text of a field that holds text, and not a number or a truth value.
pub(super) fn string(mapping: Node<'_>, key: &str) -> Option<Spanned<Text>> {
    let scalar = mapping.given(key)?.scalar()?;
    (scalar.value() == Value::String).then(|| text(mapping, key))?
}

/// Returns the truth of a field.
pub(super) fn truth(mapping: Node<'_>, key: &str) -> Option<Spanned<bool>> {
    let node = mapping.given(key)?;
    match node.scalar()?.value() {
        Value::Bool(value) => Some(Spanned::new(value, node.span())),
        _ => None,
    }
}

/// Returns the number of a field, which may stand in quotes.
pub(super) fn number(mapping: Node<'_>, key: &str) -> Option<Spanned<Ratio>> {
    number_of(mapping.given(key)?)
}

/// Returns whether the `spec` of an object has a field.
pub(super) fn in_spec(object: Node<'_>, field: &str) -> bool {
    object.given("spec").is_some_and(|spec| spec.given(field).is_some())
}

/// Returns the number of a value, which may stand in quotes.
pub(super) fn number_of(node: Node<'_>) -> Option<Spanned<Ratio>> {
    let scalar = node.scalar()?;
    let value = match scalar.value() {
        Value::Number(value) => value,
        Value::String => Ratio::parse(scalar.text)?,
        _ => return None,
    };
    Some(Spanned::new(value, node.span()))
}

/// Returns the duration of a field.
pub(super) fn duration(mapping: Node<'_>, key: &str) -> Option<Spanned<Duration>> {
    let text = word(mapping, key)?;
    Some(Spanned::new(Duration::parse(text.value)?, text.span))
}

/// Reports a field that is written as a duration and is longer than any that is read.
pub(super) fn too_long(mapping: Node<'_>, field: &str) -> Option<Problem> {
    let node = mapping.given(field)?;
    let scalar = node.scalar()?;
    if Duration::parse(scalar.text).is_some() {
        return None;
    }
    let is_long = if let Value::Number(minutes) = scalar.value() {
        minutes > Ratio::whole(LONGEST_MINUTES)
    } else {
        let is_unit = |letter| Unit::ALL.iter().any(|unit| unit.letter() == letter);
        let count = scalar.text.strip_suffix(is_unit).unwrap_or_default();
        !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (field, text) = (field.to_owned(), scalar.text.to_owned());
    is_long.then(|| Problem::LongDuration { span: node.place(), text, field })
}

/// The fields of a condition of a policy, of which it has exactly one.
pub(super) const FORMS: [&str; 9] =
    ["all", "any", "not", "condition", "burn", "within", "sustained", "attested", "incident"];

/// What may last, of which exactly one is named.
pub(super) const LASTING: [&str; 2] = ["tier", "condition"];

/// The comparisons of a burn rate, of which it has exactly one.
pub(super) const COMPARISONS: [&str; 4] = ["gt", "gte", "lt", "lte"];

/// Fields of which an object may have only one, in any of the dialects.
const EXCLUSIVE: [&[&str]; 21] = [
    &["target", "targetPercent"],
    &["indicator", "indicatorRef", "ratioMetrics"],
    &["sli", "sliRef"],
    &["service", "serviceRef"],
    &["thresholdMetric", "ratioMetric"],
    &["good", "bad", "raw"],
    &["total", "raw"],
    &["isRolling", "calendar"],
    &["dataSourceRef", "dataSourceSpec"],
    &["alertPolicyRef", "spec"],
    &["alertPolicyRef", "metadata"],
    &["alertPolicyRef", "kind"],
    &["conditionRef", "spec"],
    &["conditionRef", "metadata"],
    &["conditionRef", "kind"],
    &["targetRef", "spec"],
    &["targetRef", "metadata"],
    &["targetRef", "kind"],
    &FORMS,
    &LASTING,
    &COMPARISONS,
];

/// Returns the fields that an object cannot have beside this one.
pub(super) fn excluded_by(field: &str) -> impl Iterator<Item = &'static str> {
    let groups = EXCLUSIVE.iter().filter(move |group| group.contains(&field));
    groups.flat_map(|group| group.iter().copied()).filter(move |other| *other != field)
}

/// Returns the edit that renames the key of an entry to the field that excludes it.
///
/// Nothing where that one is given, where another key may be meant to be one of the two, or where a
/// merge or an alias brings the entry to more than one object.
pub(super) fn rename(mapping: Node<'_>, entry: Entry<'_>, to: &str) -> Option<Edit> {
    let from = entry.key.text()?;
    let is_other = |key: &&str| {
        *key != from && !spelling::nearest(key, [from, to], Vocabulary::Words).is_empty()
    };
    let is_contested =
        || mapping.entries().filter_map(|entry| entry.key.text()).any(|k| is_other(&k));
    let is_alone = !entry.merged && !mapping.is_shared() && !is_contested();
    is_alone.then(|| replace_scalar(entry.key, to))?
}

/// Returns the comparison of a field.
pub(super) fn operator(mapping: Node<'_>, key: &str) -> Option<Spanned<Operator>> {
    let text = word(mapping, key)?;
    let operator = Operator::ALL.into_iter().find(|operator| operator.name() == text.value)?;
    Some(Spanned::new(operator, text.span))
}

/// Returns the metadata of an object. A misspelled key is told, and takes no name from the object.
pub(super) fn metadata(object: Node<'_>) -> Option<Node<'_>> {
    object.given("metadata").or_else(|| Some(misspelled(object, "metadata")?.value))
}

/// Returns who an object is that has this metadata.
pub(super) fn meta(object: Node<'_>, metadata: Option<Node<'_>>, dialect: Dialect) -> Meta {
    let first = object.entries().next().map_or(object.span().head(), |entry| entry.key.span());
    let head = object.given("kind").map_or(first, Node::span);
    let span = object.span();
    let Some(metadata) = metadata else {
        return Meta { dialect, span, head, ..Meta::default() };
    };
    Meta {
        name: text(metadata, "name"),
        namespace: text(metadata, "namespace").map(|namespace| namespace.value),
        overlay: None,
        labels: metadata.given("labels").map(labels).unwrap_or_default(),
        annotations: metadata.given("annotations").map(annotations).unwrap_or_default(),
        misspelled: Vec::new(),
        dialect,
        span,
        head,
    }
}

fn labels(map: Node<'_>) -> Labels {
    let values = |value: Node<'_>| match spanned(value) {
        Some(value) => LabelValues::One(value),
        None => LabelValues::Many(value.items().filter_map(spanned).collect()),
    };
    let labels = map.entries();
    labels.filter_map(|entry| Some((Text::from(entry.key.text()?), values(entry.value)))).collect()
}

fn annotations(map: Node<'_>) -> Annotations {
    let annotation = |entry: Entry<'_>| {
        Some(Annotation { key: spanned(entry.key)?, value: spanned(entry.value)? })
    };
    map.entries().filter_map(annotation).collect()
}

fn spanned(node: Node<'_>) -> Option<Spanned<Text>> {
    Some(Spanned::new(Text::from(node.text()?), node.span()))
}

/// Returns every scalar below a node, except the fields in `without` of the node itself.
pub(super) fn settings(node: Node<'_>, without: &[&str]) -> Vec<Setting> {
    let mut found = Vec::new();
    for entry in node.entries() {
        let key = entry.key.scalar().map_or("", |scalar| scalar.text);
        if !without.contains(&key) {
            collect(entry.value, key, key, &mut found);
        }
    }
    for item in node.items() {
        collect(item, "", "", &mut found);
    }
    found
}

/// The nesting is bounded by the reader of YAML, so this ends.
fn collect(node: Node<'_>, path: &str, key: &str, found: &mut Vec<Setting>) {
    if let Some(text) = node.text() {
        let value = Spanned::new(Text::from(text), node.span());
        found.push(Setting { path: path.into(), key: key.into(), value });
    }
    for entry in node.entries() {
        let key = entry.key.scalar().map_or("", |scalar| scalar.text);
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        collect(entry.value, &path, key, found);
    }
    for item in node.items() {
        collect(item, path, key, found);
    }
}

/// Returns the place of a field, or of a key that was most likely meant to be it.
pub(super) fn place(mapping: Node<'_>, field: &str) -> Option<Span> {
    let given = mapping.given(field).map(Node::span);
    given.or_else(|| misspelled(mapping, field).map(|entry| entry.key.span()))
}

/// Returns the first entry with a value whose key was most likely meant to be a field.
fn misspelled<'a>(mapping: Node<'a>, field: &str) -> Option<Entry<'a>> {
    let near =
        |key: &str| !spelling::nearest(key, std::iter::once(field), Vocabulary::Words).is_empty();
    let mut entries = mapping.entries().filter(|entry| !entry.value.is_null());
    entries.find(|entry| entry.key.text().is_some_and(near))
}

/// Returns the key of an entry of a mapping, or the mapping's place where it has none.
pub(super) fn key_span(mapping: Node<'_>, key: &str) -> Span {
    mapping.entry(key).map_or(mapping.span(), |entry| entry.key.span())
}

/// Returns the first key of a mapping, or its place where it has none.
pub(super) fn first_key(mapping: Node<'_>) -> Span {
    mapping.entries().next().map_or(mapping.span(), |entry| entry.key.span())
}
