//! Applies fixes until nothing is left to fix, then replaces each changed file as a whole.

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::finding::Safety;
use crate::lint;
use crate::lint::Tree;
use crate::source::Source;

use super::error::Error;
use super::project::Project;
use super::replace;
use super::replace::Replaced;

/// The most rounds of fixes: one fix may uncover another, but none may chase its own tail.
const MAX_ROUNDS: usize = 10;

/// A tree after its fixes, how many there were, and what could not be written.
pub(super) struct Mended {
    pub(super) tree: Tree,
    pub(super) findings: Vec<Finding>,
    pub(super) applied: usize,
    pub(super) unwritten: Option<Error>,
}

/// Fixes what may be fixed in memory, then writes what has changed.
///
/// Where a file cannot be written its old text is judged, which is what it holds.
pub(super) fn apply(
    project: &Project,
    tree: Tree,
    run: impl Fn(&Tree) -> Vec<Finding>,
    reported: impl Fn(&Finding, &Tree) -> bool,
    highest: Safety,
) -> Mended {
    let before: Vec<Source> = tree.sources.iter().map(|(_, source)| source.clone()).collect();
    let mut tree = tree;
    let mut applied: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..MAX_ROUNDS {
        let mut findings = run(&tree);
        findings.retain(|finding| reported(finding, &tree));
        let fixed = lint::fix(&tree.sources, &findings, highest);
        if fixed.is_empty() {
            break;
        }
        for fixed in &fixed {
            let path = &tree.sources.file(fixed.source).path;
            *applied.entry(path.clone()).or_default() += fixed.applied;
        }
        let sources = tree.sources.iter().map(|(id, source)| {
            match fixed.iter().find(|fixed| fixed.source == id) {
                Some(fixed) => Source { text: fixed.text.as_str().into(), ..source.clone() },
                None => source.clone(),
            }
        });
        tree = lint::load(sources.collect());
    }
    let pairs = before.iter().zip(tree.sources.iter());
    let changes: Vec<(&Source, &str)> = pairs
        .filter(|(old, (_, new))| old.text != new.text)
        .map(|(old, (_, new))| (old, &*new.text))
        .collect();
    let replaced = replace::all(&project.root, &changes);
    let unwritten = unwritten(&replaced);
    if unwritten.is_some() {
        let sources = before.iter().zip(tree.sources.iter()).map(|(old, (_, new))| {
            let is_written = replaced.written.contains(&old.path);
            if is_written { new.clone() } else { old.clone() }
        });
        tree = lint::load(sources.collect());
    }
    let written = replaced.written.iter().filter_map(|path| applied.get(path));
    let applied = written.sum();
    Mended { findings: run(&tree), tree, applied, unwritten }
}

/// Returns the error that names what was left and what was written.
fn unwritten(replaced: &Replaced) -> Option<Error> {
    let left = replaced.left.iter().map(|(path, why)| format!("{path} ({why})"));
    let left: Vec<String> = left.collect();
    if left.is_empty() {
        return None;
    }
    let written = match replaced.written.as_slice() {
        [] => "no file was written".to_owned(),
        written => format!("written: {}", written.join(", ")),
    };
    Some(Error::Unwritten { left: left.join(", "), written })
}
