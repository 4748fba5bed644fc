//! JSON Schemas, checked in place on the span tree.
//!
//! # Why
//!
//! What a field may hold stands once, in `schemas/`, where editors read it too. A violation is
//! sorted by the *name* of the definition it violates (`$defs/duration`, `$defs/fraction`), so a
//! schema and the rules share one vocabulary and no list of paths has to be kept beside it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::OnceLock;

use jsonschema::PatternOptions;
use jsonschema::ValidationError;
use jsonschema::Validator;
use jsonschema::error::TypeKind;
use jsonschema::error::ValidationErrorKind as Violation;
use jsonschema::paths::LocationSegment;
use serde_json::Value;

use crate::source::Edit;
use crate::source::Span;
use crate::spelling;
use crate::spelling::Vocabulary;
use crate::yaml::Entry;
use crate::yaml::Node;
use crate::yaml::replace_scalar;

use super::Expected;
use super::Problem;
use super::fields;
use super::tree::Tree;
use super::tree::TreeNode;

/// A schema: its text, compiled when it is first needed.
pub(super) struct Schema {
    text: &'static str,
    compiled: OnceLock<Compiled>,
}

/// A compiled schema, and its document, which knows the names of the fields.
struct Compiled {
    validator: Validator<Tree>,
    document: Value,
    /// The names of all fields.
    fields: HashSet<String>,
}

/// A value that violates the schema, and where it stands.
struct Site<'a> {
    /// The entry that holds the value, or the list around it.
    entry: Option<Entry<'a>>,
    /// The mapping that holds that entry.
    holder: Node<'a>,
    /// The value.
    node: Node<'a>,
    /// The last key on the way, such as `target`.
    field: String,
    /// Whether that key is the value's own, not that of a list around it.
    direct: bool,
    /// Where the object around the value begins to speak of itself.
    head: Span,
    /// Whether objectives may be given in percent.
    knows_percent: bool,
}

/// The entries of large mappings by key, so that a thousand wrong ones are not looked for one by one.
#[derive(Default)]
struct Keys<'a> {
    of: HashMap<u32, HashMap<&'a str, Entry<'a>>>,
    /// The values that aliases bring, by the places of the aliases.
    aliased: HashMap<Span, Span>,
}

/// Above this number of entries, those of a mapping are looked up in a hash map.
const FEW_ENTRIES: usize = 64;

impl<'a> Keys<'a> {
    fn entry(&mut self, mapping: Node<'a>, key: &str) -> Option<Entry<'a>> {
        if mapping.len() <= FEW_ENTRIES {
            return mapping.entry(key);
        }
        let known = self.of.entry(mapping.index()).or_insert_with(|| by_key(mapping));
        known.get(key).copied()
    }
}

fn by_key(mapping: Node<'_>) -> HashMap<&str, Entry<'_>> {
    let mut found = HashMap::with_capacity(mapping.len());
    for entry in mapping.entries() {
        if let Some(key) = entry.key.scalar() {
            found.entry(key.text).or_insert(entry);
        }
    }
    found
}

impl Schema {
    /// Returns a schema that compiles on first use.
    pub(super) const fn new(text: &'static str) -> Self {
        Self { text, compiled: OnceLock::new() }
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| {
            let document: Value =
                serde_json::from_str(self.text).expect("schemas are checked by a test");
            let options =
                jsonschema::options_for::<Tree>().with_pattern_options(PatternOptions::regex());
            let validator = options.offline().build(&document);
            let validator = validator.expect("schemas are checked by a test");
            let mut fields = HashSet::new();
            fields_of(&document, &mut fields);
            Compiled { validator, document, fields }
        })
    }

    /// Returns whether the object, or some object in it, may have a field of this name.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.compiled().fields.contains(name)
    }

    /// Checks an object; returns nothing but problems that stand in it.
    pub(super) fn check(&self, object: Node<'_>, head: Span) -> Vec<Problem> {
        let compiled = self.compiled();
        if compiled.validator.is_valid(TreeNode::Node(object)) {
            return Vec::new();
        }
        let (mut problems, mut keys) = (Vec::new(), Keys::default());
        for error in compiled.validator.iter_errors(TreeNode::Node(object)) {
            compiled.collect(object, head, &error, &mut keys, &mut problems);
        }
        let problems = one_for_each_value(problems);
        join_missing(without_copies(problems, &keys.aliased))
    }
}

impl Compiled {
    fn collect<'a>(
        &self,
        object: Node<'a>,
        head: Span,
        error: &ValidationError<'_>,
        keys: &mut Keys<'a>,
        problems: &mut Vec<Problem>,
    ) {
        let mut site = walk(object, head, error.instance_path().segments(), keys);
        if site.node.is_unknown() {
            return;
        }
        let percent = "/$defs/objective/properties/targetPercent";
        site.knows_percent = self.document.pointer(percent).is_some();
        let schema_path = error.schema_path().as_str();
        let definition = definition(schema_path);
        if site.node.place() != site.node.span() {
            keys.aliased.insert(site.node.place(), site.node.span());
        }
        match error.kind() {
            Violation::AdditionalProperties { unexpected } => {
                let known = self.properties(schema_path);
                problems.extend(unknown_keys(&site, unexpected, definition, &known));
            }
            Violation::PropertyNames { error } => {
                let key = error.instance().as_str().unwrap_or_default().to_owned();
                if let Some(entry) = keys.entry(site.node, &key) {
                    let span = entry.key.span();
                    problems.push(Problem::InvalidKey { span, key, map: site.field });
                }
            }
            Violation::Required { property } => {
                problems.push(missing(site, property.as_str().unwrap_or_default()));
            }
            Violation::MinLength { .. } | Violation::Pattern { .. }
                if site.direct && site.node.text() == Some("") =>
            {
                problems.push(Problem::MissingFields {
                    span: site.key(),
                    object: site.node.span(),
                    fields: vec![site.field.clone()],
                    of: site.field,
                    weak: false,
                });
            }
            kind => problems.push(invalid_value(&site, definition, kind)),
        }
    }

    /// Returns the names of the fields beside an `additionalProperties` keyword.
    fn properties(&self, schema_path: &str) -> Vec<String> {
        let parent = schema_path.strip_suffix("/additionalProperties").unwrap_or(schema_path);
        let properties = self.document.pointer(parent).and_then(|schema| schema.get("properties"));
        let properties = properties.and_then(Value::as_object);
        properties.map(|map| map.keys().cloned().collect()).unwrap_or_default()
    }
}

impl Site<'_> {
    /// Returns where a field that is missing in this object is to be reported.
    fn parent(&self) -> Span {
        match &self.entry {
            Some(entry) if self.direct => entry.key.span(),
            Some(_) if self.node.is_empty() => self.node.place(),
            None if self.node.is_empty() => self.head,
            _ => fields::first_key(self.node),
        }
    }

    /// Returns the edit that renames the key of a target to the field of the other unit.
    fn other_target(&self, percent: bool) -> Option<Edit> {
        let other = if percent { "target" } else { "targetPercent" };
        let entry = self.entry.filter(|_| self.knows_percent)?;
        fields::rename(self.holder, entry, other)
    }

    fn key(&self) -> Span {
        self.entry.map_or(self.node.span(), |entry| entry.key.span())
    }
}

/// Follows a path of keys and indices through the tree.
fn walk<'a, 's>(
    object: Node<'a>,
    head: Span,
    segments: impl Iterator<Item = LocationSegment<'s>>,
    keys: &mut Keys<'a>,
) -> Site<'a> {
    let mut site = Site {
        entry: None,
        holder: object,
        node: object,
        field: String::new(),
        direct: false,
        head,
        knows_percent: false,
    };
    for segment in segments {
        match segment {
            LocationSegment::Property(key) => {
                let Some(entry) = keys.entry(site.node, &key) else {
                    return site;
                };
                site.holder = site.node;
                site.node = entry.value;
                site.entry = Some(entry);
                site.field = key.into_owned();
                site.direct = true;
            }
            LocationSegment::Index(index) => {
                let Some(item) = site.node.items().nth(index) else {
                    return site;
                };
                site.node = item;
                site.direct = false;
            }
        }
    }
    site
}

/// Collects the names of the fields that a schema defines anywhere.
fn fields_of(schema: &Value, found: &mut HashSet<String>) {
    let members = schema.as_object().into_iter().flatten();
    for (keyword, below) in members {
        if let Some(properties) = below.as_object().filter(|_| keyword == "properties") {
            found.extend(properties.keys().cloned());
            properties.values().for_each(|field| fields_of(field, found));
        } else {
            fields_of(below, found);
        }
    }
    schema.as_array().into_iter().flatten().for_each(|item| fields_of(item, found));
}

/// Returns the name of the definition that holds a keyword: `duration` of `/$defs/duration/pattern`.
fn definition(schema_path: &str) -> &str {
    let rest = schema_path.strip_prefix("/$defs/").unwrap_or_default();
    rest.split('/').next().unwrap_or_default()
}

/// Returns the keys that the schema does not know, each with the field that was most likely meant.
///
/// The mapping is walked once, however many they are: a hostile one may have thousands.
fn unknown_keys(
    site: &Site<'_>,
    unexpected: &[String],
    definition: &str,
    known: &[String],
) -> Vec<Problem> {
    let keys = by_key(site.node);
    let entries = unexpected.iter().filter_map(|key| keys.get(key.as_str()));
    if matches!(definition, "labels" | "annotations") {
        let invalid = |entry: &Entry<'_>| {
            let (span, key) = (entry.key.span(), entry.key.scalar()?.text.to_owned());
            Some(Problem::InvalidKey { span, key, map: site.field.clone() })
        };
        return entries.filter_map(invalid).collect();
    }
    let is_free = |name: &&str| !keys.contains_key(name);
    let free: Vec<&str> = known.iter().map(String::as_str).filter(is_free).collect();
    let near = |entry: &Entry<'_>| {
        let key = entry.key.scalar().map_or("", |scalar| scalar.text);
        spelling::nearest(key, free.iter().copied(), Vocabulary::Words)
    };
    let by_beginning = |entry: &Entry<'_>| {
        let key = entry.key.scalar().map_or("", |scalar| scalar.text);
        spelling::by_beginning(key, free.iter().copied())
    };
    let found: Vec<(&Entry<'_>, Vec<&str>)> = entries.map(|entry| (entry, near(entry))).collect();
    let mut meant: HashMap<&str, usize> = HashMap::new();
    for name in found.iter().flat_map(|(_, candidates)| candidates) {
        *meant.entry(name).or_default() += 1;
    }
    // Another key may be meant to be the same field, or one that excludes it.
    let is_certain = |name: &str| {
        let is_there = |other: &str| site.node.given(other).is_some() || meant.contains_key(other);
        meant.get(name) == Some(&1) && !fields::excluded_by(name).any(is_there)
    };
    let all: Arc<[String]> = known.into();
    let problem = |(entry, candidates): (&Entry<'_>, Vec<&str>)| Problem::UnknownField {
        span: entry.key.span(),
        key: entry.key.scalar().map_or("", |scalar| scalar.text).to_owned(),
        of: site.field.clone(),
        known: Arc::clone(&all),
        nearest: candidates.first().copied().or_else(|| by_beginning(entry)).map(str::to_owned),
        rename: match candidates.as_slice() {
            [only]
                if !entry.merged
                    && !site.node.is_shared()
                    && is_certain(only)
                    && spelling::is_certain(entry.key.text().unwrap_or_default(), only) =>
            {
                replace_scalar(entry.key, only)
            }
            _ => None,
        },
        version: None,
    };
    found.into_iter().map(problem).collect()
}

/// A field that stands there without a value is reported in its place, each on its own.
fn missing(site: Site<'_>, field: &str) -> Problem {
    let fields = vec![field.to_owned()];
    match site.node.entry(field) {
        Some(entry) => Problem::MissingFields {
            span: entry.key.span(),
            object: entry.key.span(),
            fields,
            of: field.to_owned(),
            weak: false,
        },
        None => Problem::MissingFields {
            span: site.parent(),
            object: site.node.span(),
            fields,
            of: site.field,
            weak: false,
        },
    }
}

/// Says what is wrong with a value, where it is read: an alias may bring one that is right elsewhere.
fn invalid_value(site: &Site<'_>, definition: &str, kind: &Violation) -> Problem {
    let span = site.node.place();
    let (field, found) = (site.field.clone(), site.node.raw().to_owned());
    let text = site.node.text().map_or_else(|| found.clone(), str::to_owned);
    match (definition, kind) {
        ("objectName" | "reference", Violation::Pattern { .. } | Violation::MaxLength { .. }) => {
            let is_reference = definition == "reference";
            let dotted = matches!(kind, Violation::Pattern { pattern } if pattern.contains("\\."))
                || matches!(kind, Violation::MaxLength { limit } if *limit > 63);
            Problem::InvalidName { span, name: text, field, is_reference, dotted }
        }
        (
            "duration" | "windowDuration" | "durationOrZero" | "timeSliceDuration",
            Violation::Pattern { .. } | Violation::Type { .. } | Violation::Minimum { .. },
        ) if site.node.scalar().is_some() => {
            let units = match kind {
                Violation::Pattern { pattern } => units(pattern),
                _ => "mhdwMQY".to_owned(),
            };
            let zero = definition == "durationOrZero";
            let bare = definition == "timeSliceDuration";
            let lowercase = replace_scalar(site.node, &text.to_ascii_lowercase());
            Problem::InvalidDuration { span, text, field, units, zero, bare, lowercase }
        }
        (
            "fraction" | "percent",
            kind @ (Violation::Minimum { .. } | Violation::Maximum { .. }),
        ) => {
            let percent = definition == "percent";
            let other_field = site.other_target(percent);
            match fields::number_of(site.node).map(|number| number.value) {
                Some(value) => Problem::TargetRange { span, text, value, percent, other_field },
                None => Problem::InvalidValue { span, field, found, expected: expected(kind) },
            }
        }
        ("compositeWeight", Violation::ExclusiveMinimum { .. }) => {
            Problem::WeightRange { span, text }
        }
        ("budgetingMethod", _) => unknown_method(site.node, text, options(kind)),
        // A scalar that becomes what is asked for, as in Terraform.
        (
            "number" | "integer" | "boolean" | "string",
            Violation::Pattern { .. } | Violation::Type { .. },
        ) => {
            let expected = Expected::Type(vec![definition.to_owned()]);
            Problem::InvalidValue { span, field, found, expected }
        }
        (_, Violation::MaxItems { limit }) => {
            let first = usize::try_from(*limit).unwrap_or(usize::MAX);
            let surplus = site.node.items().nth(first);
            Problem::InvalidValue {
                span: surplus.map_or(span, Node::place),
                field,
                found,
                expected: Expected::AtMostItems(*limit),
            }
        }
        (_, kind) => Problem::InvalidValue { span, field, found, expected: expected(kind) },
    }
}

fn unknown_method(node: Node<'_>, found: String, known: Vec<String>) -> Problem {
    let same = |name: &&String| name.eq_ignore_ascii_case(&found);
    let case = known.iter().find(same).and_then(|name| replace_scalar(node, name));
    let words = known.iter().map(String::as_str);
    let nearest = spelling::nearest(&found, words, Vocabulary::Words);
    let nearest = nearest.first().map(|&name| name.to_owned());
    Problem::UnknownMethod { span: node.place(), found, known, nearest, case }
}

/// Returns the unit letters that a duration's pattern allows: those of its last class.
fn units(pattern: &str) -> String {
    let class = pattern.rsplit_once('[').map_or("", |(_, rest)| rest);
    class.chars().take_while(char::is_ascii_alphabetic).collect()
}

fn options(kind: &Violation) -> Vec<String> {
    let words = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match kind {
        Violation::Enum { options } => {
            options.as_array().map(|all| all.iter().map(words).collect()).unwrap_or_default()
        }
        Violation::Constant { expected_value } => vec![words(expected_value)],
        _ => Vec::new(),
    }
}

fn expected(kind: &Violation) -> Expected {
    match kind {
        Violation::Enum { .. } | Violation::Constant { .. } => Expected::OneOf(options(kind)),
        Violation::Type { kind: TypeKind::Single(kind) } => Expected::Type(vec![kind.to_string()]),
        Violation::Type { kind: TypeKind::Multiple(kinds) } => {
            Expected::Type(kinds.iter().map(|kind| kind.to_string()).collect())
        }
        Violation::MaxLength { limit } => Expected::AtMostCharacters(*limit),
        Violation::MinItems { limit } => Expected::AtLeastItems(*limit),
        Violation::MaxItems { limit } => Expected::AtMostItems(*limit),
        Violation::Minimum { limit } => Expected::AtLeast(limit.to_string()),
        Violation::ExclusiveMinimum { limit } => Expected::Above(limit.to_string()),
        Violation::Maximum { limit } => Expected::AtMost(limit.to_string()),
        Violation::Pattern { .. } => Expected::Pattern,
        _ => Expected::Other,
    }
}

/// Leaves out what aliases repeat: a value that is wrong where it is written is one cause, however
/// often an alias brings it.
fn without_copies(mut problems: Vec<Problem>, aliased: &HashMap<Span, Span>) -> Vec<Problem> {
    if !aliased.is_empty() {
        let told: HashSet<Span> = problems.iter().map(Problem::span).collect();
        let is_told = |place: Span| aliased.get(&place).is_some_and(|value| told.contains(value));
        problems.retain(|problem| !is_told(problem.span()));
    }
    problems
}

/// Keeps one problem of each value: `0.5` is no whole number, and need not be called below 1 too.
fn one_for_each_value(problems: Vec<Problem>) -> Vec<Problem> {
    let mut kept: Vec<Problem> = Vec::new();
    let mut places: HashMap<Span, usize> = HashMap::new();
    for problem in problems {
        let weight_of_new = weight(&problem);
        if weight_of_new == 0 {
            kept.push(problem);
            continue;
        }
        let index = *places.entry(problem.span()).or_insert(kept.len());
        match kept.get_mut(index) {
            Some(other) if weight(other) < weight_of_new => *other = problem,
            Some(_) => {}
            None => kept.push(problem),
        }
    }
    kept
}

/// Returns how much a problem says about a value; zero where it is not about one.
fn weight(problem: &Problem) -> u8 {
    match problem {
        Problem::InvalidValue { expected: Expected::OneOf(_), .. } => 3,
        Problem::UnknownMethod { known, .. } => {
            if known.is_empty() {
                2
            } else {
                3
            }
        }
        Problem::InvalidValue { expected: Expected::Type(_), .. } => 2,
        Problem::InvalidValue { .. }
        | Problem::InvalidName { .. }
        | Problem::InvalidDuration { .. }
        | Problem::TargetRange { .. }
        | Problem::WeightRange { .. } => 1,
        _ => 0,
    }
}

/// Joins the fields that one object lacks, and drops those that an unknown key near them explains.
fn join_missing(problems: Vec<Problem>) -> Vec<Problem> {
    let mut misspelled: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for problem in &problems {
        if let Problem::UnknownField { span, nearest: Some(nearest), .. } = problem {
            misspelled.entry(nearest.clone()).or_default().push(*span);
        }
    }
    for places in misspelled.values_mut() {
        places.sort_unstable();
    }
    let explained = |name: &String, object: Span| {
        let places = misspelled.get(name).map_or(&[][..], Vec::as_slice);
        let first = places.partition_point(|place| place.start < object.start);
        places.get(first).is_some_and(|place| object.contains(*place))
    };
    let mut joined: Vec<Problem> = Vec::new();
    let mut of_object: HashMap<Span, usize> = HashMap::new();
    for problem in problems {
        let Problem::MissingFields { object, fields, .. } = &problem else {
            joined.push(problem);
            continue;
        };
        if fields.iter().any(|name| explained(name, *object)) {
            continue;
        }
        let index = *of_object.entry(*object).or_insert(joined.len());
        match joined.get_mut(index) {
            Some(Problem::MissingFields { fields: earlier, .. }) => {
                earlier.extend(fields.iter().cloned());
            }
            _ => joined.push(problem),
        }
    }
    joined
}
