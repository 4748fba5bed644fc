//! What a finding is known by: where it stands, in words that no edit elsewhere changes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::config::baseline::Key;
use crate::finding::Finding;
use crate::lint::Tree;
use crate::rules;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Span;
use crate::yaml;
use crate::yaml::Node;

/// The most characters of a name or a key that are told apart.
const MAX_PART: usize = 200;

/// The fields that name an item of a list, those before others.
const NAMES: [&str; 2] = ["name", "displayName"];

/// What leads to a place in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    object: Option<String>,
    at: Option<String>,
}

/// Returns what each finding is known by; nothing for one that no baseline holds: that a comment
/// allows, or that speaks of comments or of the baseline itself.
///
/// Files are read again for it: only their text outlives the reading.
pub(super) fn of(tree: &Tree, findings: &[Finding]) -> Vec<Option<Key>> {
    let never: BTreeSet<&str> =
        rules::all().filter(|rule| rule.is_of_acceptance()).map(|rule| rule.name).collect();
    let may_be_held = |finding: &&Finding| !finding.suppressed && !never.contains(finding.rule);
    let mut places: BTreeMap<SourceId, BTreeSet<Span>> = BTreeMap::new();
    for place in findings.iter().filter(may_be_held).flat_map(places_of) {
        places.entry(place.source).or_default().insert(place);
    }
    let read = |(id, places): (SourceId, BTreeSet<Span>)| {
        let ways = ways(id, tree.sources.file(id), &places);
        places.into_iter().zip(ways)
    };
    let ways: BTreeMap<Span, Way> = places.into_par_iter().flat_map_iter(read).collect();
    let key = |finding: &Finding| {
        // Of two places that are equally wrong, it is one and the same whichever of them is shown.
        let known = places_of(finding).map(|place| {
            let path = tree.sources.file(place.source).path.as_str();
            (path, ways.get(&place).cloned().unwrap_or_default())
        });
        let (path, Way { object, at }) = known.max().unwrap_or_default();
        let (rule, message) = (finding.rule.to_owned(), finding.message.to_string());
        Key { path: path.to_owned(), object, at, rule, message }
    };
    findings.iter().map(|finding| may_be_held(&finding).then(|| key(finding))).collect()
}

/// Returns the name of the object that a finding was in; nothing where it has none of its own.
pub(super) fn name(key: &Key) -> Option<&str> {
    key.object.as_deref().filter(|object| object.contains(' '))
}

/// Returns every object of a file by its kind and name.
pub(super) fn objects(id: SourceId, source: &Source) -> BTreeSet<String> {
    let mut objects = BTreeSet::new();
    for root in yaml::parse(id, source).documents.iter().map(yaml::Document::root) {
        match listed(root) {
            Some(items) => objects.extend(items.items().filter_map(kind_and_name)),
            None => objects.extend(kind_and_name(root)),
        }
    }
    objects
}

/// Returns the way to the innermost item with a name that a finding was in.
pub(super) fn item(key: &Key) -> Option<&str> {
    let mut way = key.at.as_deref()?;
    loop {
        way = way.get(..=way.rfind(']')?)?;
        match way.strip_suffix("[]") {
            Some(list) => way = list,
            None => return Some(way),
        }
    }
}

/// Returns the way to the place of a finding without the names of the items that it leads through.
pub(super) fn nameless(at: &str) -> String {
    let parts = at.split('[').enumerate().map(|(index, part)| match part.split_once(']') {
        Some((_, rest)) if index > 0 => format!("[]{rest}"),
        _ => part.to_owned(),
    });
    parts.collect()
}

/// Returns every item of a list in a file: its object, and the way to it.
pub(super) fn items(id: SourceId, source: &Source) -> BTreeSet<(Option<String>, String)> {
    let mut found = BTreeSet::new();
    for root in yaml::parse(id, source).documents.iter().map(yaml::Document::root) {
        let listed = listed(root).into_iter().flat_map(Node::items);
        let own = Some(root).filter(|_| self::listed(root).is_none());
        for object in listed.chain(own) {
            let name = kind_and_name(object);
            let mut open = vec![(object, String::new())];
            while let Some((node, at)) = open.pop() {
                // What an alias or a merge brings stands elsewhere, under its own way.
                for entry in node.entries().filter(|entry| !entry.merged) {
                    let mut at = at.clone();
                    push_key(&mut at, entry.key);
                    open.push((entry.value, at));
                }
                for item in node.items() {
                    let at = format!("{at}[{}]", item_name(item));
                    found.insert((name.clone(), at.clone()));
                    open.push((item, at));
                }
            }
        }
    }
    found
}

/// Returns the place of a finding, and the one that is as wrong.
fn places_of(finding: &Finding) -> impl Iterator<Item = Span> {
    [Some(finding.span), finding.other_place()].into_iter().flatten()
}

/// Returns what leads to each of some places of a file.
fn ways(id: SourceId, source: &Source, places: &BTreeSet<Span>) -> Vec<Way> {
    let yaml::Stream { mut documents, unsound, .. } = yaml::parse(id, source);
    documents.extend(unsound);
    documents.sort_by_key(|document| document.root().span());
    let mut names = Names::default();
    let way = |place: &Span| {
        let next = documents.partition_point(|one| one.root().span().end <= place.start);
        let root = documents.get(next).map(yaml::Document::root);
        let root = root.filter(|root| root.span().contains(*place) || place.contains(root.span()));
        root.map(|root| names.way(next, root, *place)).unwrap_or_default()
    };
    places.iter().map(way).collect()
}

/// The nodes that lead somewhere, and their names, each looked up once: one may lead to many places.
#[derive(Default)]
struct Names<'a> {
    lists: BTreeMap<usize, Option<Node<'a>>>,
    objects: BTreeMap<(usize, u32), Option<String>>,
    items: BTreeMap<(usize, u32), String>,
}

impl<'a> Names<'a> {
    /// Returns what leads to a place in a document.
    fn way(&mut self, document: usize, root: Node<'a>, place: Span) -> Way {
        let list = *self.lists.entry(document).or_insert_with(|| listed(root));
        let listed = list.and_then(|items| item_at(items, place));
        let object = listed.unwrap_or(root);
        let known = self.objects.entry((document, object.index()));
        let name = known.or_insert_with(|| kind_and_name(object)).clone();
        let mut at = String::new();
        let mut node = object;
        loop {
            let entry = node.own_entries_behind(place.start).next();
            let entry = entry.filter(|entry| entry.place().contains(place));
            if let Some(entry) = entry {
                // A field that is wrong as such is named by the message; the first field of a mapping
                // stands for the mapping, and another may come before it.
                if entry.key.place().contains(place) {
                    break;
                }
                push_key(&mut at, entry.key);
                node = entry.value;
            } else if let Some(item) = item_at(node, place) {
                let known = self.items.entry((document, item.index()));
                at.push_str(known.or_insert_with(|| format!("[{}]", item_name(item))));
                node = item;
            } else {
                break;
            }
        }
        Way { object: name, at: (!at.is_empty()).then_some(at) }
    }
}

/// Makes a way lead on through a key.
fn push_key(at: &mut String, key: Node<'_>) {
    if !at.is_empty() {
        at.push('.');
    }
    at.push_str(&short(key.text().unwrap_or_else(|| key.raw())));
}

/// Returns the item of a list that holds a place.
fn item_at(list: Node<'_>, place: Span) -> Option<Node<'_>> {
    list.items_behind(place.start).next().filter(|item| item.place().contains(place))
}

/// Returns the list of objects that a document is, if it is one.
fn listed(root: Node<'_>) -> Option<Node<'_>> {
    if root.is_sequence() {
        return Some(root);
    }
    let is_list = root.given("kind").and_then(Node::text) == Some("List");
    root.given("items").filter(|items| is_list && items.is_sequence())
}

/// Returns who an object is: `SLO shop/checkout`, `SLO checkout`, or `SLO` where it has no name.
fn kind_and_name(object: Node<'_>) -> Option<String> {
    let kind = object.given("kind").and_then(Node::text).filter(|kind| !kind.is_empty());
    let mut text = short(kind?);
    let metadata = object.given("metadata");
    let given = |key| metadata.and_then(|metadata| metadata.given(key)).and_then(Node::text);
    if let Some(name) = given("name") {
        text.push(' ');
        if let Some(namespace) = given("namespace") {
            text.push_str(&short(namespace));
            text.push('/');
        }
        text.push_str(&short(name));
    }
    Some(text)
}

/// Returns the name of an item of a list, or nothing: its number changes when another comes before it.
fn item_name(item: Node<'_>) -> String {
    let own = NAMES.into_iter().find_map(|key| item.given(key)?.text());
    let metadata = || item.given("metadata")?.given("name")?.text();
    // Brackets stand around the name.
    let name = own.or_else(metadata).map(short).unwrap_or_default();
    name.replace('[', "(").replace(']', ")")
}

/// Returns the beginning of a text.
fn short(text: &str) -> String {
    text.chars().take(MAX_PART).collect()
}
