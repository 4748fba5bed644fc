//! Reads a tree, chooses rules, runs them, honors what comments allow, sorts.
//!
//! # Why
//!
//! Files are read in parallel and their trees of nodes dropped at once: what stays is the text, the
//! model and the facts that rules word. The order of findings is total (path, place, rule, message),
//! so the same input gives the same bytes on every machine.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::change::Placed;
use crate::config::Files;
use crate::dialect;
use crate::dialect::Reading;
use crate::dialect::Shared;
use crate::model::Catalog;
use crate::model::PrometheusRules;
use crate::rules::Fault;
use crate::rules::FileFacts;
use crate::rules::Suppression;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Sources;
use crate::source::Span;
use crate::yaml;

mod allow;
pub mod baseline;
mod differences;
mod fix;
mod fold;
mod ruleset;
mod run;
mod settings;
mod template;
mod turn;

pub use differences::Differences;
pub use fix::Fixed;
pub use fix::fix;
pub use fold::fold;
pub use ruleset::Choice;
pub use ruleset::Chosen;
pub use ruleset::RuleSet;
pub use ruleset::SetBy;
pub use ruleset::WrongChoice;
pub use run::run;
pub use run::run_allowing;
pub use turn::turn;

/// A tree that was read: its files, objects, and what could not be digested.
#[derive(Debug, Default)]
pub struct Tree {
    /// The files that hold, or may hold, objects.
    pub sources: Sources,
    /// The objects.
    pub catalog: Catalog,
    /// What could not be digested, file by file.
    pub files: Vec<FileFacts>,
    /// The comments that allow something.
    pub suppressions: Vec<Suppression>,
    /// What of an object is written and not known, such as an argument of Terraform that is computed.
    pub unknown: Vec<Unknown>,
    /// The paths of files that are templates and were passed over.
    pub templates: Vec<String>,
    /// The paths of files of which some document could not be read.
    pub broken: Vec<String>,
}

impl Tree {
    /// Returns the objects with the files that they stand in, as [`crate::change::between`] compares them.
    pub fn placed(&self) -> Placed<'_> {
        (&self.catalog, &self.sources)
    }
}

/// A value that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Where it is written.
    pub span: Span,
    /// Why, as the end of a sentence about what is written.
    pub why: String,
}

/// What the reading of one file gives.
#[derive(Default)]
struct FileReading {
    facts: FileFacts,
    reading: Reading,
    suppressions: Vec<Suppression>,
    unknown: Vec<Unknown>,
    unreadable: Vec<String>,
    template: bool,
    broken: bool,
}

/// Reads files into a tree. Files keep their order; those that are templates are passed over.
///
/// * `read`: which folders are sets of definitions of their own. Which files are read is decided
///   before.
pub fn load(files: Vec<Source>, read: &Files) -> Tree {
    let sources = Sources::of(files);
    let ids: Vec<SourceId> = sources.iter().map(|(id, _)| id).collect();
    let readings: Vec<FileReading> =
        ids.par_iter().map(|&id| read_file(id, sources.file(id), read)).collect();
    let mut tree = Tree::default();
    let count = readings.iter().map(|reading| reading.reading.objects.len()).sum();
    let (mut objects, mut unreadable) = (Vec::with_capacity(count), Vec::new());
    let (mut rules, mut records) = (PrometheusRules::default(), Vec::new());
    let (mut coverages, mut apis) = (Vec::new(), Vec::new());
    let mut shared = Shared::default();
    for (reading, id) in readings.into_iter().zip(ids) {
        if reading.broken {
            tree.broken.push(sources.file(id).path.clone());
        }
        if reading.template {
            tree.templates.push(sources.file(id).path.clone());
            unreadable.push(sources.file(id).text.to_string());
            continue;
        }
        objects.extend(reading.reading.objects);
        records.extend(reading.reading.records);
        coverages.extend(reading.reading.coverages);
        apis.extend(reading.reading.apis);
        rules.append(reading.reading.rules);
        shared.append(reading.reading.shared);
        unreadable.extend(reading.unreadable);
        tree.unknown.extend(reading.unknown);
        tree.suppressions.extend(reading.suppressions);
        tree.files.push(reading.facts);
    }
    shared.complete(&mut objects, read.sloth_window);
    tree.catalog = Catalog::new(objects, unreadable)
        .with_rules(rules)
        .with_records(records)
        .with_coverages(coverages, apis);
    tree.sources = sources;
    tree
}

fn read_file(id: SourceId, source: &Source, read: &Files) -> FileReading {
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
        return FileReading { facts, reading, suppressions, broken, ..FileReading::default() };
    }
    if template {
        return FileReading { template, ..FileReading::default() };
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
    FileReading { facts, reading, suppressions, unknown, unreadable, template: false, broken }
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
