//! One slip in a sound object is one finding, in its place, that names what would be right.
//!
//! Every field of every schema is broken in every way that its schema can tell: removed, misspelled,
//! of another type, too long, out of range, of a wrong form, off the list. The sound objects stand in
//! `tests/fixtures/dialect/sound`, one file for each schema, and a test holds that they use every
//! field of it, so a field cannot be forgotten.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use slo::config::Config;
use slo::config::Files;
use slo::config::Rules;
use slo::config::owners::CodeOwners;
use slo::dialect;
use slo::finding::Finding;
use slo::lint;
use slo::lint::Choice;
use slo::lint::RuleSet;
use slo::rules::Facts;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;
use slo::source::Span;
use slo::yaml;
use slo::yaml::Kind;
use slo::yaml::Node;

mod map;
mod terraform;

use map::of_map;
use terraform::terraform;

/// Objects that the sound ones refer to, and that stand elsewhere.
const ELSEWHERE: [&str; 6] = ["crossings", "pages", "burns-fast", "crew", "metrics", "ferries"];

/// A schema, by the name of its file, and the sound objects of its kind.
struct Subject {
    name: String,
    /// The name of a file that holds one of them, which says what language it is in.
    file: &'static str,
    schema: Value,
    objects: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Item(usize),
}

type Way = Vec<Step>;

/// Where in the mutated text the finding is to stand.
#[derive(Clone, Debug)]
enum Place {
    /// At the key of the entry.
    Key(Way),
    /// In the value.
    Value(Way),
    /// In the mapping, or at the key that holds it.
    Mapping(Way),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    One,
    AtMostOne,
}

/// A slip: the object with it, and what is expected.
struct Mutation {
    what: String,
    object: Value,
    place: Place,
    count: Count,
    /// Words that the finding must name.
    words: Vec<String>,
}

fn folder(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn subjects() -> Vec<Subject> {
    let entries = |path: &str| {
        let entries = fs::read_dir(folder(path)).expect("the folder is there");
        entries.map(|entry| entry.expect("it can be read").path()).collect::<Vec<_>>()
    };
    let dialects = entries("schemas/dialects");
    let mut paths: Vec<_> =
        dialects.iter().flat_map(|dialect| entries(dialect.to_str().expect("UTF-8"))).collect();
    let own = [
        "error-budget-policy",
        "attestation",
        "budget-override",
        "incident",
        "retirement",
        "journey-coverage",
    ];
    paths.extend(own.iter().map(|name| folder(&format!("schemas/{name}.json"))));
    paths.sort();
    assert!(paths.len() >= 27, "{paths:?}");
    let subject = |path: &std::path::PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8");
        let folder_name = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        let name = match folder_name.expect("UTF-8") {
            "openslo" | "schemas" => stem.to_owned(),
            dialect => format!("{dialect}.{stem}"),
        };
        let text = fs::read_to_string(path).expect("it can be read");
        let file = if folder_name == Some("terraform") { "slo.tf" } else { "slo.yaml" };
        let sound = fs::read_to_string(sound(&name, file));
        let sound = sound.unwrap_or_else(|_| panic!("{name}: no sound object"));
        let source = Source::from_text(file, sound.as_str(), Origin::Worktree);
        let stream = yaml::parse(SourceId::default(), &source);
        let schema = serde_json::from_str(&text).expect("a schema is JSON");
        let objects = stream.documents.iter().map(|document| json_of(document.root())).collect();
        Subject { name, file, schema, objects }
    };
    paths.iter().map(subject).collect()
}

/// Returns the file of the sound objects of a schema.
fn sound(name: &str, file: &str) -> std::path::PathBuf {
    let ending = file.trim_start_matches("slo");
    folder("tests/fixtures/dialect/sound").join(format!("{name}{ending}"))
}

/// Returns an object as the text of a file.
fn text_of(object: &Value, file: &str) -> String {
    if file == "slo.tf" { terraform(object) } else { object.to_string() }
}

/// Returns what a sound document holds.
pub(crate) fn json_of(node: Node<'_>) -> Value {
    match node.kind() {
        Kind::Mapping => {
            let entries = node.entries();
            let pair = |entry: yaml::Entry<'_>| {
                (entry.key.text().expect("keys are text").to_owned(), json_of(entry.value))
            };
            Value::Object(entries.map(pair).collect())
        }
        Kind::Sequence => node.items().map(json_of).collect(),
        Kind::Scalar(scalar) => match scalar.value() {
            yaml::Value::String => Value::from(scalar.text),
            _ => serde_json::from_str(scalar.text).expect("other scalars are written as in JSON"),
        },
    }
}

/// Runs the recommended rules on a file, if the program would read it at all.
pub(crate) fn findings(text: &str) -> Vec<Finding> {
    findings_in("slo.yaml", text)
}

/// The same, of a file of a name.
fn findings_in(file: &str, text: &str) -> Vec<Finding> {
    if !dialect::is_worth_parsing(text.as_bytes()) {
        return Vec::new();
    }
    let tree = lint::load(vec![Source::from_text(file, text, Origin::Worktree)], &Files::default());
    let (rules, _) = RuleSet::new(&Rules::default(), &Choice::default());
    let config = Config { external: ELSEWHERE.map(str::to_owned).to_vec(), ..Config::default() };
    let now = "2026-11-22T09:00:00Z".parse().expect("an instant");
    let code_owners = CodeOwners::default();
    let facts = Facts::new(&config, &code_owners, now);
    lint::run(&tree, &rules, &facts)
}

fn words(finding: &Finding) -> String {
    let parts = [finding.label.as_ref(), finding.help.as_ref()];
    let fix = finding.fix.as_ref().map(|fix| &fix.title);
    let all = parts.into_iter().flatten().chain(&finding.notes).chain(fix);
    all.fold(finding.message.to_string(), |text, part| text + "\n" + part)
}

/// Follows `$ref`.
fn resolved<'a>(schema: &'a Value, mut part: &'a Value) -> &'a Value {
    while let Some(reference) = part.get("$ref").and_then(Value::as_str) {
        part = schema.pointer(&reference[1..]).expect("a reference leads somewhere");
    }
    part
}

fn at<'a>(object: &'a Value, way: &[Step]) -> &'a Value {
    way.iter().fold(object, |value, step| match step {
        Step::Key(key) => &value[key.as_str()],
        Step::Item(index) => &value[*index],
    })
}

fn at_mut<'a>(object: &'a mut Value, way: &[Step]) -> &'a mut Value {
    way.iter().fold(object, |value, step| match step {
        Step::Key(key) => &mut value[key.as_str()],
        Step::Item(index) => &mut value[*index],
    })
}

fn below(way: &[Step], step: Step) -> Way {
    let mut way = way.to_vec();
    way.push(step);
    way
}

/// Visits every mapping of an object that has a schema with fields.
fn visit(
    schema: &Value,
    part: &Value,
    object: &Value,
    way: &[Step],
    seen: &mut dyn FnMut(&Value, &[Step]),
) {
    let part = resolved(schema, part);
    match object {
        Value::Object(map) => {
            seen(part, way);
            for (key, value) in map {
                let field = part.pointer("/properties").and_then(|fields| fields.get(key));
                let free = part.get("additionalProperties").filter(|schema| schema.is_object());
                if let Some(field) = field.or(free) {
                    visit(schema, field, value, &below(way, Step::Key(key.clone())), seen);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(field) = part.get("items") {
                    visit(schema, field, item, &below(way, Step::Item(index)), seen);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn sound_objects_are_sound() {
    for Subject { name, file, objects, .. } in subjects() {
        let text = fs::read_to_string(sound(&name, file)).expect("it was just read");
        let loud = findings_in(file, &text);
        assert!(loud.is_empty(), "{name}: {loud:#?}");
        for object in objects {
            let loud = findings_in(file, &text_of(&object, file));
            assert!(loud.is_empty(), "{name}, each alone: {loud:#?}");
        }
    }
}

#[test]
fn sound_objects_use_every_field_of_their_schema() {
    for Subject { name, schema, objects, .. } in subjects() {
        let mut used = BTreeSet::new();
        for object in &objects {
            visit(&schema, &schema, object, &[], &mut |part, way| {
                let fields = part.get("properties").and_then(Value::as_object);
                for field in fields.into_iter().flat_map(Map::keys) {
                    if at(object, way).get(field).is_some() {
                        used.insert((std::ptr::from_ref(part) as usize, field.clone()));
                    }
                }
            });
        }
        let mut unused = Vec::new();
        let mut open = vec![(String::new(), &schema)];
        while let Some((place, part)) = open.pop() {
            let nested = part.as_object().into_iter().flatten();
            open.extend(nested.map(|(key, part)| (format!("{place}/{key}"), part)));
            let fields = part.get("properties").filter(|_| part.get("type").is_some());
            for field in fields.and_then(Value::as_object).into_iter().flat_map(Map::keys) {
                if !used.contains(&(std::ptr::from_ref(part) as usize, field.clone())) {
                    unused.push(format!("{place}/{field}"));
                }
            }
        }
        assert!(unused.is_empty(), "{name}: no sound object has {unused:#?}");
    }
}

/// Returns the object with another value in one place.
fn with(object: &Value, way: &[Step], value: Value) -> Value {
    let mut changed = object.clone();
    *at_mut(&mut changed, way) = value;
    changed
}

/// Returns the object with a key renamed, in its place among the others.
fn renamed(object: &Value, way: &[Step], key: &str, to: &str) -> Value {
    let map = at(object, way).as_object().expect("a mapping");
    let rename = |name: &String| if name == key { to.to_owned() } else { name.clone() };
    let map: Map<String, Value> =
        map.iter().map(|(name, value)| (rename(name), value.clone())).collect();
    with(object, way, Value::Object(map))
}

fn removed(object: &Value, way: &[Step], key: &str) -> Value {
    let mut changed = object.clone();
    at_mut(&mut changed, way).as_object_mut().expect("a mapping").shift_remove(key);
    changed
}

/// Returns slips of the finger: a letter dropped, two swapped.
fn misspellings(word: &str) -> Vec<String> {
    if word.len() < 2 {
        return Vec::new();
    }
    let middle = word.len() / 2;
    let mut dropped = word.to_owned();
    dropped.remove(middle);
    let mut letters: Vec<char> = word.chars().collect();
    letters.swap(middle - 1, middle);
    let swapped: String = letters.into_iter().collect();
    [dropped, swapped].into_iter().filter(|other| other != word).collect()
}

/// Returns every slip of one field.
fn of_field(
    subject: &Subject,
    object: &Value,
    part: &Value,
    way: &[Step],
    key: &str,
) -> Vec<Mutation> {
    let fields = part["properties"].as_object().expect("it has fields");
    let is_required = part
        .get("required")
        .and_then(Value::as_array)
        .is_some_and(|all| all.iter().any(|name| name == key));
    let count = if is_required { Count::One } else { Count::AtMostOne };
    let is_closed = part.get("additionalProperties") == Some(&Value::Bool(false));
    let mut found = vec![Mutation {
        what: format!("`{key}` removed"),
        object: removed(object, way, key),
        place: Place::Mapping(way.to_vec()),
        count,
        words: vec![key.to_owned()],
    }];
    let here = below(way, Step::Key(key.to_owned()));
    found.push(Mutation {
        what: format!("`{key}` without a value"),
        object: with(object, &here, Value::Null),
        place: Place::Mapping(way.to_vec()),
        count,
        words: vec![key.to_owned()],
    });
    for other in misspellings(key).into_iter().filter(|other| !fields.contains_key(other)) {
        found.push(Mutation {
            what: format!("`{key}` misspelled `{other}`"),
            object: renamed(object, way, key, &other),
            place: if is_closed {
                Place::Key(below(way, Step::Key(other)))
            } else {
                Place::Mapping(way.to_vec())
            },
            count: if is_closed { Count::One } else { count },
            words: vec![key.to_owned()],
        });
    }
    let field = resolved(&subject.schema, &fields[key]);
    for (what, value, words) in wrong_values(field, at(object, &here)) {
        found.push(Mutation {
            object: with(object, &here, value),
            place: if what == "empty" {
                Place::Key(here.clone())
            } else {
                Place::Value(here.clone())
            },
            what: format!("`{key}` {what}"),
            count: Count::One,
            words,
        });
    }
    found
}

/// A value that a schema does not allow: what is wrong, the value, what a finding must name.
type Wrong = (String, Value, Vec<String>);

/// Returns values that a schema does not allow, each wrong in one way.
fn wrong_values(field: &Value, sound: &Value) -> Vec<Wrong> {
    let options: Vec<String> = match (&field["enum"], &field["const"]) {
        (Value::Array(options), _) => {
            options.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        (_, Value::String(only)) => vec![only.clone()],
        _ => Vec::new(),
    };
    let mut found = of_another_type(field, &options);
    if let Some(word) = sound.as_str().filter(|_| !options.is_empty()) {
        let others = misspellings(word).into_iter().filter(|other| !options.contains(other));
        let wrong = |other| (format!("misspelled `{other}`"), Value::from(other), options.clone());
        found.extend(others.map(wrong));
    }
    found.extend(out_of_limits(field, sound));
    found
}

/// Returns the types that a schema allows.
fn types(field: &Value) -> Vec<&str> {
    match &field["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn of_another_type(field: &Value, options: &[String]) -> Vec<Wrong> {
    let kinds = types(field);
    let takes = |kind: &str| kinds.contains(&kind);
    let wrong = |what: &str, value: Value| (what.to_owned(), value, options.to_vec());
    if kinds.is_empty() && options.is_empty() {
        return Vec::new();
    }
    if takes("object") || takes("array") {
        let other = if takes("object") { json!([]) } else { json!({}) };
        return vec![wrong("text", json!("text")), wrong("another collection", other)];
    }
    let mut found = vec![wrong("a list", json!(["a list"]))];
    if takes("string") && !takes("integer") && !takes("boolean") {
        found.push(wrong("a truth value", json!(true)));
    } else if !takes("string") && !kinds.is_empty() {
        found.push(wrong("text", json!("text")));
    }
    found
}

/// Returns values that are too long, too short, too large, too small, too many, or of a wrong form.
fn out_of_limits(field: &Value, sound: &Value) -> Vec<Wrong> {
    let mut found: Vec<Wrong> = Vec::new();
    let mut wrong = |what: &str, value: Value| found.push((what.to_owned(), value, Vec::new()));
    if field.get("minLength").is_some() {
        wrong("empty", json!(""));
    }
    if field.get("pattern").is_some() {
        wrong("empty", json!(""));
        wrong("of a wrong form", json!("Not So!"));
    }
    for (keyword, step) in [("minimum", -1.0), ("exclusiveMinimum", 0.0), ("maximum", 1.0)] {
        let Some(limit) = field[keyword].as_f64() else { continue };
        #[expect(clippy::cast_possible_truncation, reason = "limits of schemas are small")]
        let whole = json!((limit + step) as i64);
        let value = if types(field).contains(&"integer") { whole } else { json!(limit + step) };
        wrong("out of range", value);
    }
    if let (Some(limit), Some(items)) = (field["maxItems"].as_u64(), sound.as_array()) {
        let many: Vec<Value> = (0..=limit).filter_map(|_| items.first().cloned()).collect();
        wrong("too many", Value::Array(many));
    }
    if field.get("minItems").is_some() {
        wrong("too few", json!([]));
    }
    if let Some(limit) = field["maxLength"].as_u64() {
        let long = "a".repeat(usize::try_from(limit).expect("a length") + 1);
        found.push(("too long".to_owned(), Value::from(long), vec![limit.to_string()]));
    }
    found
}

/// In how many places of the sound objects one field of a definition is broken.
const PLACES: usize = 4;

fn mutations(subject: &Subject) -> Vec<Mutation> {
    let mut found = Vec::new();
    let mut places: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for object in &subject.objects {
        visit(&subject.schema, &subject.schema, object, &[], &mut |part, way| {
            found.extend(of_map(&subject.schema, object, part, way));
            let fields = part.get("properties").and_then(Value::as_object);
            for key in fields.into_iter().flat_map(Map::keys) {
                // The labels of a resource are what makes it one.
                let is_label = ["resource", "resource_name"].contains(&key.as_str());
                if at(object, way).get(key).is_none() || is_label {
                    continue;
                }
                let place = places.entry((std::ptr::from_ref(part) as usize, key.clone()));
                let count = place.or_default();
                *count += 1;
                if *count <= PLACES {
                    found.extend(of_field(subject, object, part, way, key));
                }
            }
            // Labels and annotations are reached as fields; their own keys have no schema each.
            for (key, field) in fields.into_iter().flatten() {
                let field = resolved(&subject.schema, field);
                if at(object, way).get(key).is_some_and(Value::is_object) {
                    let here = below(way, Step::Key(key.clone()));
                    found.extend(of_map(&subject.schema, object, field, &here));
                }
            }
        });
    }
    found
}

/// Returns the bytes in which a finding may begin.
fn region(file: &str, text: &str, place: &Place) -> Span {
    let source = Source::from_text(file, text, Origin::Worktree);
    let stream = yaml::parse(SourceId::default(), &source);
    let root = stream.documents.first().expect("a document").root();
    let (Place::Key(way) | Place::Value(way) | Place::Mapping(way)) = place;
    let (mut node, mut span) = (root, root.span());
    for step in way {
        match step {
            Step::Key(key) => {
                let entry = node.entry(key).expect("the way leads somewhere");
                node = entry.value;
                span = match place {
                    Place::Key(_) => entry.key.span(),
                    Place::Value(_) => node.span(),
                    Place::Mapping(_) => entry.key.span().cover(node.span()),
                };
            }
            Step::Item(index) => {
                node = node.items().nth(*index).expect("the way leads somewhere");
                span = node.span();
            }
        }
    }
    span
}

/// Returns what is wrong with the findings of a slip.
fn fault(mutation: &Mutation, file: &str) -> Option<String> {
    let text = text_of(&mutation.object, file);
    let findings = findings_in(file, &text);
    let enough = match mutation.count {
        Count::One => findings.len() == 1,
        Count::AtMostOne => findings.len() <= 1,
    };
    if !enough {
        let mut told = format!("{} findings:", findings.len());
        for finding in &findings {
            let _ = write!(told, "\n      {}: {}", finding.rule, finding.message);
        }
        return Some(told);
    }
    let finding = findings.first()?;
    let region = region(file, &text, &mutation.place);
    if !region.contains(finding.span) {
        let (there, here) = (&text[finding.span.range()], &text[region.range()]);
        return Some(format!("{}: stands at `{there}`, not in `{here}`", finding.message));
    }
    let said = words(finding);
    let lacks = mutation.words.iter().find(|word| !said.contains(word.as_str()))?;
    Some(format!("{}: does not name `{lacks}`", finding.message))
}

#[test]
fn one_slip_is_one_finding_in_its_place() {
    let mut faults = BTreeSet::new();
    let mut tried = 0;
    for subject in subjects() {
        let slips = mutations(&subject);
        tried += slips.len();
        let told = |slip: &Mutation| {
            let fault = fault(slip, subject.file)?;
            Some(format!("{}: {}: {fault}", subject.name, slip.what))
        };
        faults.extend(slips.par_iter().filter_map(told).collect::<Vec<String>>());
    }
    assert!(tried > 3000, "only {tried} slips were tried");
    let list = faults.iter().fold(String::new(), |list, fault| list + "\n  " + fault);
    assert!(faults.is_empty(), "{} of {tried} slips:{list}", faults.len());
}
