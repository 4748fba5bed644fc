//! Reads files into a tree.
//!
//! # Why
//!
//! Of two trees that are compared, nearly every file is in both. Such a file is read once, and both trees hold the
//! same objects, which tells at once that nothing of them differs. So that a place means the same in both, each path
//! has one name in both.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::config::Files;
use crate::dialect;
use crate::dialect::Reading;
use crate::dialect::Shared;
use crate::model::Api;
use crate::model::Catalog;
use crate::model::Coverage;
use crate::model::Object;
use crate::model::PrometheusRules;
use crate::model::Record;
use crate::rules::Fault;
use crate::rules::FileFacts;
use crate::rules::Suppression;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Sources;
use crate::source::Span;
use crate::yaml;

use super::Tree;
use super::Unknown;
use super::allow;
use super::template;

/// What one file gives.
#[derive(Clone, Default)]
struct Digest {
    facts: FileFacts,
    objects: Vec<Object>,
    records: Vec<Record>,
    coverages: Vec<Coverage>,
    apis: Vec<Api>,
    rules: PrometheusRules,
    shared: Shared,
    suppressions: Vec<Suppression>,
    unknown: Vec<Unknown>,
    unreadable: Vec<String>,
    template: bool,
    broken: bool,
}

impl Digest {
    fn of(reading: Reading, facts: FileFacts) -> Self {
        let Reading { objects, records, coverages, apis, rules, shared, .. } = reading;
        Self { facts, objects, records, coverages, apis, rules, shared, ..Self::default() }
    }
}

/// Reads files into a tree. Files keep their order; those that are templates are passed over.
///
/// * `read`: which folders are sets of definitions of their own. Which files are read is decided
///   before.
pub fn load(files: Vec<Source>, read: &Files) -> Tree {
    let sources = Sources::of(files);
    let files: Vec<(SourceId, &Source)> = sources.iter().collect();
    let digests = files.par_iter().map(|(id, source)| (*id, digest(*id, source, read))).collect();
    assemble(digests, sources, read)
}

/// Reads two trees. What both have at a path is read once, and a path has the same name in both.
///
/// Files stand in the order of their paths.
pub fn load_both(
    (mut before, read_before): (Vec<Source>, &Files),
    (mut after, read_after): (Vec<Source>, &Files),
) -> (Tree, Tree) {
    before.sort_by(|one, other| one.path.cmp(&other.path));
    after.sort_by(|one, other| one.path.cmp(&other.path));
    let slots = slots(before, after);
    let digest_slot = |(index, (old, new)): (usize, &(Option<Source>, Option<Source>))| {
        let id = SourceId::nth(index);
        let first = old.as_ref().map(|old| digest(id, old, read_before));
        let is_same = old.as_ref().zip(new.as_ref()).is_some_and(|(old, new)| {
            let overlays = [read_before, read_after].map(|read| read.overlay(&new.path));
            old.text == new.text && old.unreadable == new.unreadable && overlays[0] == overlays[1]
        });
        let second = match new {
            Some(_) if is_same => first.clone(),
            Some(new) => Some(digest(id, new, read_after)),
            None => None,
        };
        (first.map(|digest| (id, digest)), second.map(|digest| (id, digest)))
    };
    let digests: (Vec<_>, Vec<_>) = slots.par_iter().enumerate().map(digest_slot).unzip();
    let [old, new] = [digests.0, digests.1].map(|digests| digests.into_iter().flatten().collect());
    let (before, after): (Vec<_>, Vec<_>) = slots.into_iter().unzip();
    let (before, after) = (Sources::of_slots(before), Sources::of_slots(after));
    rayon::join(|| assemble(old, before, read_before), || assemble(new, after, read_after))
}

/// Returns the files of two sorted lists side by side, by path.
fn slots(before: Vec<Source>, after: Vec<Source>) -> Vec<(Option<Source>, Option<Source>)> {
    let mut slots = Vec::with_capacity(before.len().max(after.len()));
    let (mut before, mut after) = (before.into_iter().peekable(), after.into_iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some(old), Some(new)) => old.path.cmp(&new.path),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return slots,
        };
        slots.push(match order {
            Ordering::Less => (before.next(), None),
            Ordering::Greater => (None, after.next()),
            Ordering::Equal => (before.next(), after.next()),
        });
    }
}

/// Puts together what files give, in their order.
fn assemble(digests: Vec<(SourceId, Digest)>, sources: Sources, read: &Files) -> Tree {
    let mut tree = Tree::default();
    let count = digests.iter().map(|(_, digest)| digest.objects.len()).sum();
    let (mut objects, mut unreadable) = (Vec::with_capacity(count), Vec::new());
    let (mut rules, mut records) = (PrometheusRules::default(), Vec::new());
    let (mut coverages, mut apis) = (Vec::new(), Vec::new());
    let mut shared = Shared::default();
    for (id, digest) in digests {
        if digest.broken {
            tree.broken.push(sources.file(id).path.clone());
        }
        if digest.template {
            tree.templates.push(sources.file(id).path.clone());
            unreadable.push(sources.file(id).text.to_string());
            continue;
        }
        objects.extend(digest.objects);
        records.extend(digest.records);
        coverages.extend(digest.coverages);
        apis.extend(digest.apis);
        rules.append(digest.rules);
        shared.append(digest.shared);
        unreadable.extend(digest.unreadable);
        tree.unknown.extend(digest.unknown);
        tree.suppressions.extend(digest.suppressions);
        tree.files.push(digest.facts);
    }
    shared.complete(&mut objects, read.sloth_window);
    tree.catalog = Catalog::new(objects, unreadable)
        .with_rules(rules)
        .with_records(records)
        .with_coverages(coverages, apis);
    tree.sources = sources;
    tree
}

fn digest(id: SourceId, source: &Source, read: &Files) -> Digest {
    let mut stream = yaml::parse(id, source);
    let mut reading = dialect::read(&stream);
    if let Some(overlay) = read.overlay(&source.path) {
        reading.objects.iter_mut().for_each(|object| object.put_into(overlay));
    }
    let is_empty = |reading: &Reading| {
        let is_nothing = reading.objects.is_empty()
            && reading.records.is_empty()
            && reading.coverages.is_empty();
        is_nothing && reading.problems.is_empty() && reading.broken.is_empty()
    };
    let is_read = !is_empty(&reading) || !reading.rules.is_empty();
    let template = template::is_template(&source.text, &stream, is_read);
    if template {
        reading = Reading::default();
    }
    let broken = !stream.problems.is_empty();
    let is_sound = !template && !broken;
    let is_meant = is_sound || dialect::is_meant(&source.text);
    if is_empty(&reading) && source.unreadable.is_none() && (is_sound || !is_meant) {
        // A file of another tool, in which nothing is ours, be it YAML or not.
        let facts = FileFacts { source: id, ..FileFacts::default() };
        let suppressions = of_rules(&reading, &stream, source);
        return Digest { suppressions, broken, ..Digest::of(reading, facts) };
    }
    if template {
        return Digest { template, ..Digest::default() };
    }
    let slice = |span: &Span| source.text.get(span.range()).unwrap_or_default().to_owned();
    let streams = || std::iter::once(&stream).chain(&reading.parts);
    let broken_parts = streams().flat_map(|stream| &stream.broken);
    let mut unreadable: Vec<String> = broken_parts.map(slice).collect();
    unreadable.extend(without_object(&stream, &reading).map(|span| slice(&span)));
    let suppressions = allow::collect(streams(), source);
    let problems = std::mem::take(&mut stream.problems);
    let is_bytes = |problem: &yaml::Problem| matches!(problem, yaml::Problem::Unreadable { .. });
    let facts = FileFacts {
        source: id,
        yaml: problems
            .into_iter()
            .filter(|problem| is_meant || is_bytes(problem))
            .chain(std::mem::take(&mut reading.broken))
            .collect(),
        dialect: std::mem::take(&mut reading.problems),
    };
    let unknown = if source.is_terraform() { unknown(&stream, &reading) } else { Vec::new() };
    Digest { suppressions, unknown, unreadable, broken, ..Digest::of(reading, facts) }
}

/// Returns what of the objects of a file is not known.
fn unknown(stream: &yaml::Stream, reading: &Reading) -> Vec<Unknown> {
    let mut found = Vec::new();
    let objects: BTreeSet<Span> = reading.objects.iter().map(|object| object.meta().span).collect();
    let mut open: Vec<yaml::Node<'_>> = stream.documents.iter().map(yaml::Document::root).collect();
    open.retain(|root| objects.contains(&root.span()));
    while let Some(node) = open.pop() {
        let unknown = |why: &str| Unknown { span: node.span(), why: why.to_owned() };
        found.extend(node.why_unknown().map(unknown));
        open.extend(node.entries().map(|entry| entry.value).chain(node.items()));
    }
    found.sort_by_key(|unknown| unknown.span);
    found
}

/// Returns the comments that allow something among rules of another tool; there `slo:` may begin the
/// name of a series as well.
fn of_rules(reading: &Reading, stream: &yaml::Stream, source: &Source) -> Vec<Suppression> {
    if reading.rules.is_empty() {
        return Vec::new();
    }
    let mut found = allow::collect(std::iter::once(stream).chain(&reading.parts), source);
    found.retain(|suppression| suppression.fault != Some(Fault::Unclear));
    found
}

/// Returns the documents of which some part is reported and not lowered to any object, such as one
/// of an unknown kind: a name that stands there is not one that nothing has.
fn without_object(stream: &yaml::Stream, reading: &Reading) -> impl Iterator<Item = Span> {
    // Objects and problems stand in the order of the file, so each is found by halving.
    let is_lost = |problem: &&dialect::Problem| {
        let place = problem.span();
        let next =
            reading.objects.partition_point(|object| object.meta().span.start <= place.start);
        let around = next.checked_sub(1).and_then(|index| reading.objects.get(index));
        !around.is_some_and(|object| object.meta().span.contains(place))
    };
    let lost: Vec<Span> =
        reading.problems.iter().filter(is_lost).map(dialect::Problem::span).collect();
    let documents = stream.documents.iter().map(|document| document.root().span());
    documents.filter(move |span| {
        let next = lost.partition_point(|problem| problem.start < span.start);
        lost.get(next).is_some_and(|problem| span.contains(*problem))
    })
}
