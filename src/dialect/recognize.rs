//! Finds the objects of a document and what each of them is.

use std::collections::HashMap;
use std::hash::Hash;

use crate::source::Span;
use crate::spelling;
use crate::spelling::Vocabulary;
use crate::yaml::Document;
use crate::yaml::Entry;
use crate::yaml::Node;
use crate::yaml::Override;
use crate::yaml::replace_scalar;

use super::Expected;
use super::Problem;
use super::Reading;
use super::fields;
use super::formats;
use super::formats::Format;
use super::own;

/// Fields that decide what an object is; a merge that brings another value for one is reported.
const DECISIVE: [&str; 16] = [
    "apiVersion",
    "kind",
    "name",
    "service",
    "serviceRef",
    "budgetingMethod",
    "duration",
    "target",
    "targetPercent",
    "timeSliceTarget",
    "timeSliceWindow",
    "op",
    "value",
    "threshold",
    "lookbackWindow",
    "metricSourceRef",
];

/// Reads every object of a document: the document itself, the items of a list, or a Kubernetes list.
pub(super) fn document(document: &Document, reading: &mut Reading) {
    let root = document.root();
    let before = reading.objects.len();
    if root.is_sequence() {
        list(root, "", reading);
    } else if is_list(root) {
        if let Some(items) = root.given("items") {
            list(items, "items", reading);
        }
    } else {
        object(root, reading);
    }
    if reading.objects.len() > before {
        let decisive = document.overrides.iter();
        let decisive = decisive.filter(|given| DECISIVE.contains(&given.key.as_str()));
        let mut decisive = decisive.peekable();
        let holders = match decisive.peek() {
            Some(_) => holders(root),
            None => HashMap::new(),
        };
        let is_judged = |given: &&Override| {
            let holder = holders.get(&given.span);
            holder.is_none_or(|holder| !holder.is_free && holder.decides_by(&given.key))
        };
        let decisive = decisive.filter(is_judged);
        reading.problems.extend(decisive.map(|given| Problem::MergeOverride {
            span: given.span,
            merged: given.merged,
            key: given.key.clone(),
        }));
    }
}

/// Where a mapping stands.
#[derive(Clone, Copy)]
struct Holder<'a> {
    /// The key that leads to it.
    field: &'a str,
    /// Whether its keys are free, so that none decides anything.
    is_free: bool,
}

impl<'a> Holder<'a> {
    /// Returns where the value of a key stands.
    fn value_of(self, key: &'a str) -> Self {
        const FREE: [&str; 3] = ["labels", "annotations", "connectionDetails"];
        const METRICS: [&str; 6] =
            ["metricSource", "thresholdMetric", "good", "bad", "total", "raw"];
        let is_of_source = key == "spec" && METRICS.contains(&self.field);
        let is_free_key = is_of_source || FREE.contains(&key) || key.starts_with("x-");
        Self { field: key, is_free: self.is_free || is_free_key }
    }

    /// Returns whether a key decides what an object is: a tier or a condition has a name of its own.
    fn decides_by(self, key: &str) -> bool {
        key != "name" || self.field == "metadata"
    }
}

/// Returns where each key is read, by its place: where it stands, and wherever an alias or a merge
/// brings it. A key that some place reads is not free, whatever the others are.
fn holders(root: Node<'_>) -> HashMap<Span, Holder<'_>> {
    let mut keys = HashMap::new();
    let mut seen = HashMap::new();
    // Aliases of aliases reach deeper than anything that is written.
    let mut open = vec![(root, Holder { field: "", is_free: false })];
    while let Some((node, holder)) = open.pop() {
        if !is_news(&mut seen, node.index(), holder) {
            continue;
        }
        for entry in node.entries() {
            is_news(&mut keys, entry.key.span(), holder);
            let key = entry.key.text().unwrap_or_default();
            open.push((entry.value, holder.value_of(key)));
        }
        open.extend(node.items().map(|item| (item, holder)));
    }
    keys
}

/// Keeps where something is read; returns whether it was known from no place, or from free ones alone.
fn is_news<'a, K: Eq + Hash>(
    known: &mut HashMap<K, Holder<'a>>,
    what: K,
    holder: Holder<'a>,
) -> bool {
    let is_news = known.get(&what).is_none_or(|other| other.is_free && !holder.is_free);
    if is_news {
        known.insert(what, holder);
    }
    is_news
}

/// Returns whether a node is a Kubernetes list; no version of ours has a kind of that name.
fn is_list(node: Node<'_>) -> bool {
    fields::word(node, "kind").is_some_and(|kind| kind.value == "List")
        && !fields::word(node, "apiVersion").is_some_and(|version| is_group(version.value))
}

/// Reads the items of a list; one that is a list itself is no object, whatever stands in it.
fn list(items: Node<'_>, name: &str, reading: &mut Reading) {
    let mut wrong = |node: Node<'_>, field: String, kind: &str| {
        reading.problems.push(Problem::InvalidValue {
            span: node.span(),
            field,
            found: node.raw().to_owned(),
            expected: Expected::Type(vec![kind.to_owned()]),
        });
    };
    if items.is_mapping() && holds_object(items) {
        wrong(items, name.to_owned(), "array");
    }
    for (index, item) in items.items().enumerate() {
        if item.is_sequence() && holds_object(item) {
            wrong(item, format!("{name}[{index}]"), "object");
        }
    }
    items.items().for_each(|item| object(item, reading));
}

/// Returns whether a node is an object of ours, or lists one at any depth.
fn holds_object(node: Node<'_>) -> bool {
    let mut reading = Reading::default();
    object(node, &mut reading);
    let is_object = !reading.objects.is_empty() || !reading.problems.is_empty();
    is_object || node.items().any(holds_object)
}

fn object(node: Node<'_>, reading: &mut Reading) {
    // An error budget policy binds only where it is a file of its own, and so does a record.
    if !node.is_mapping() || (reading.is_in_part && is_of_ours_alone(node)) {
        return;
    }
    let Some(version) = fields::word(node, "apiVersion") else {
        match formats::shape(node) {
            Some(shape) => {
                reading.families.insert(shape.family);
                (shape.read)(node, reading);
            }
            None => reading.problems.extend(without_version(node)),
        }
        return;
    };
    match formats::of(version.value) {
        Some(format) => with_version(node, format, reading),
        None => reading.problems.extend(unknown_version(node, version.value)),
    }
}

fn with_version(node: Node<'_>, format: &Format, reading: &mut Reading) {
    let is_meant = !format.is_shared || (format.has_fields)(node);
    let Some(entry) = node.entry("kind").filter(|entry| !entry.value.is_null()) else {
        reading.problems.extend(is_meant.then(|| without_kind(node)));
        return;
    };
    let found = entry.value.text().unwrap_or_else(|| entry.value.raw());
    if format.kinds.contains(&found) {
        reading.families.insert(format.family);
        (format.read)(node, found, reading);
        return;
    }
    // The other kinds of a shared group are none of our business.
    let is_near = |kind: &&str| spelling::is_certain(found, kind);
    let is_wrong = match entry.value.text() {
        Some(_) => !format.is_shared || format.kinds.iter().any(is_near),
        None => is_meant,
    };
    if is_wrong {
        reading.problems.push(unknown_kind(entry.value, "kind", found, format.kinds));
    }
}

fn unknown_kind(node: Node<'_>, field: &'static str, found: &str, known: &[&str]) -> Problem {
    let candidates: Vec<&str> = spelling::nearest(found, known.iter().copied(), Vocabulary::Words);
    // `openslo/v2` is one edit from `openslo/v1` and no misspelling of it.
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let rename = match candidates.as_slice() {
        [only] if digits(only) == digits(found) => replace_scalar(node, only),
        _ => None,
    };
    Problem::UnknownKind {
        span: node.span(),
        field,
        found: found.to_owned(),
        known: known.iter().map(|&name| name.to_owned()).collect(),
        nearest: candidates.first().map(|&name| name.to_owned()),
        rename,
    }
}

/// Speaks of a version only where its group is ours, or nearly: a Deployment is none of our business.
fn unknown_version(node: Node<'_>, version: &str) -> Option<Problem> {
    if let Some(problem) = list_of_slos(node) {
        return Some(problem);
    }
    let known = versions_for(node, version);
    let value = node.given("apiVersion")?;
    let is_claimed = || !version.contains('/') && claims(node);
    let is_meant = is_ours(version) || is_named(node) || is_claimed();
    is_meant.then(|| unknown_kind(value, "apiVersion", version, &known))
}

/// The kinds that SLOs have in the formats that are read.
const SLOS: [&str; 4] = ["SLO", "ServiceLevelObjective", "PrometheusServiceLevel", "DatadogSLO"];

/// Returns whether an object calls itself an SLO, in a version of no format.
fn claims(node: Node<'_>) -> bool {
    fields::word(node, "kind").is_some_and(|kind| SLOS.contains(&kind.value))
}

/// Speaks of a list of SLOs, which no format has under that kind.
fn list_of_slos(node: Node<'_>) -> Option<Problem> {
    let kind = fields::word(node, "kind")?;
    let version = fields::word(node, "apiVersion").map_or("", |version| version.value);
    let is_of_others = version.contains('/') && !is_ours(version);
    let is_list = kind.value.eq_ignore_ascii_case("SLOList");
    (is_list && !is_of_others)
        .then(|| node.given("kind"))?
        .map(|given| unknown_kind(given, "kind", kind.value, &SLOS))
}

/// Returns the versions of the same format by its group, or else those that have the kind of an object; or
/// else all.
fn versions_for(node: Node<'_>, version: &str) -> Vec<&'static str> {
    let is_of_group = |format: &&Format| domain(format.version) == domain(version);
    let is_claimed = |format: &&Format| format.is_shared && format.claims(node);
    let by_fields = || formats::all().find(is_claimed);
    let family = formats::all().find(is_of_group).or_else(by_fields).map(|format| format.family);
    let kind = fields::word(node, "kind").map_or("", |kind| kind.value);
    let has_kind = |format: &Format| format.kinds.contains(&kind);
    let is_kind_known = formats::all().any(has_kind);
    let is_meant = |format: &&Format| match family {
        Some(family) => format.family == family,
        None => !is_kind_known || has_kind(format),
    };
    formats::all().filter(is_meant).map(|format| format.version).collect()
}

/// Returns the last two words of the group of a version, such as `slok.dev` of `sloth.slok.dev/v1`.
fn domain(version: &str) -> String {
    let group = version.split('/').next().unwrap_or_default().to_lowercase();
    let mut words = group.rsplitn(3, '.');
    match (words.next(), words.next()) {
        (Some(last), Some(before)) => format!("{before}.{last}"),
        _ => group,
    }
}

/// Returns whether the group of a version is one of ours, or nearly.
pub(super) fn is_ours(version: &str) -> bool {
    let group = version.split('/').next().unwrap_or_default();
    let known = formats::all().map(|format| format.version);
    let is_near =
        || group.len() >= 6 && !spelling::nearest(version, known, Vocabulary::Words).is_empty();
    is_group(version) || is_near()
}

/// Returns whether a version is of a group that is ours alone, in whatever case.
fn is_group(version: &str) -> bool {
    let group = version.split('/').next().unwrap_or_default();
    let mut own = formats::all().filter(|format| !format.is_shared);
    own.any(|format| format.group().eq_ignore_ascii_case(group)) || domain(version) == "slok.dev"
}

fn without_kind(node: Node<'_>) -> Problem {
    misspelled(node, "kind").unwrap_or_else(|| Problem::MissingFields {
        span: fields::first_key(node),
        object: node.span(),
        fields: vec!["kind".to_owned()],
        of: String::new(),
        weak: false,
    })
}

/// Speaks of an object without a version only where its other fields are those of OpenSLO, or ours, or
/// a version of ours stands under a misspelled key.
fn without_version(node: Node<'_>) -> Option<Problem> {
    let misspelled = misspelled(node, "apiVersion").filter(|_| node.given("apiVersion").is_none());
    let is_versioned = || {
        let entry = near_entry(node, "apiVersion");
        entry.and_then(|entry| entry.value.text()).is_some_and(is_ours)
    };
    let is_meant = is_named(node) || misspelled.is_some() && is_versioned();
    if !is_meant {
        return list_of_slos(node);
    }
    if let Some(given) = node.given("apiVersion") {
        return Some(unknown_kind(
            given,
            "apiVersion",
            given.raw(),
            &versions_for(node, given.raw()),
        ));
    }
    Some(misspelled.unwrap_or_else(|| Problem::MissingFields {
        span: node.given("kind").map_or_else(|| fields::first_key(node), Node::span),
        object: node.span(),
        fields: vec!["apiVersion".to_owned()],
        of: String::new(),
        weak: false,
    }))
}

/// Returns whether an object says by its kind and its fields what it is.
fn is_named(node: Node<'_>) -> bool {
    is_own(node) || formats::all().any(|format| format.claims(node))
}

/// Returns whether an object is of this tool alone, by its version or its kind.
fn is_of_ours_alone(node: Node<'_>) -> bool {
    let version = fields::word(node, "apiVersion");
    is_own(node) || version.is_some_and(|version| version.value.starts_with("slo/"))
}

/// Returns whether an object is of a kind of ours, or nearly, whatever its version says.
fn is_own(node: Node<'_>) -> bool {
    let near = || node.entries().find(|entry| entry.key.text().is_some_and(is_near_kind));
    let kind = node.given("kind").or_else(|| Some(near()?.value));
    kind.and_then(Node::text).is_some_and(is_own_kind)
}

fn is_near_kind(key: &str) -> bool {
    key.len() <= 2 * "kind".len() && spelling::is_certain(key, "kind")
}

/// Returns whether a word is a kind of ours, or nearly, in whatever case.
pub(super) fn is_own_kind(word: &str) -> bool {
    !spelling::nearest(word, [own::KIND], Vocabulary::Words).is_empty()
}

/// Returns the entry whose key was most likely meant to be `field`.
fn near_entry<'a>(node: Node<'a>, field: &str) -> Option<Entry<'a>> {
    let near =
        |key: &str| key != field && !spelling::nearest(key, [field], Vocabulary::Words).is_empty();
    node.entries().find(|entry| entry.key.text().is_some_and(near))
}

/// Returns the key that has no value, or the one that was most likely meant to be `field`.
fn misspelled(node: Node<'_>, field: &'static str) -> Option<Problem> {
    if let Some(entry) = node.entry(field) {
        let (span, of) = (entry.key.span(), field.to_owned());
        let fields = vec![of.clone()];
        return Some(Problem::MissingFields { span, object: span, fields, of, weak: false });
    }
    let entry = near_entry(node, field)?;
    Some(Problem::UnknownField {
        span: entry.key.span(),
        key: entry.key.text().unwrap_or_default().to_owned(),
        of: String::new(),
        known: ["apiVersion", "kind", "metadata", "spec"].map(str::to_owned).into(),
        nearest: Some(field.to_owned()),
        rename: replace_scalar(entry.key, field),
        version: None,
    })
}
