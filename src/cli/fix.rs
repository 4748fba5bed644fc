//! Applies fixes until nothing is left to fix, then replaces each changed file as a whole.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::finding::Safety;
use crate::lint;
use crate::lint::Tree;
use crate::source::Source;
use crate::source::SourceId;

use super::error::Error;
use super::project::Project;
use super::replace;
use super::replace::Replaced;

/// The most rounds of fixes: one fix may uncover another, but none may chase its own tail.
const MAX_ROUNDS: usize = 10;

/// The most files that a message names.
const MAX_NAMED: usize = 10;

/// A tree after its fixes, how many there were, and what could not be written.
pub(super) struct Mended {
    pub(super) tree: Tree,
    pub(super) findings: Vec<Finding>,
    pub(super) applied: usize,
    pub(super) unwritten: Option<Error>,
}

/// Fixes what may be fixed in memory, then writes what has changed.
///
/// A fix that touches a file which cannot be written is left out as a whole, and so are all where a file
/// changes while they are written. Then the old text is judged, which is what the file holds.
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
    let asked: RefCell<BTreeMap<SourceId, Result<(), String>>> = RefCell::default();
    let originals: BTreeMap<SourceId, &Source> =
        tree.sources.iter().map(|(id, _)| id).zip(&before).collect();
    let may_change = |id: SourceId| {
        let ask = || originals.get(&id).map_or(Ok(()), |old| replace::check(&project.root, old));
        asked.borrow_mut().entry(id).or_insert_with(ask).is_ok()
    };
    for _ in 0..MAX_ROUNDS {
        let mut findings = run(&tree);
        findings.retain(|finding| reported(finding, &tree));
        let fixed = lint::fix(&tree.sources, &findings, highest, may_change);
        if fixed.is_empty() {
            break;
        }
        for fixed in &fixed {
            let path = &tree.sources.file(fixed.source).path;
            *applied.entry(path.clone()).or_default() += fixed.applied;
        }
        let texts: BTreeMap<SourceId, String> =
            fixed.into_iter().map(|fixed| (fixed.source, fixed.text)).collect();
        let sources = tree.sources.iter().map(|(id, source)| match texts.get(&id) {
            Some(text) => Source { text: text.as_str().into(), ..source.clone() },
            None => source.clone(),
        });
        tree = lint::load(sources.collect(), &project.config.files);
    }
    let pairs = before.iter().zip(tree.sources.iter());
    let changes: Vec<(&Source, &str)> = pairs
        .filter(|(old, (_, new))| old.text != new.text)
        .map(|(old, (_, new))| (old, &*new.text))
        .collect();
    let mut replaced = replace::all(&project.root, &changes);
    let closed = asked
        .borrow()
        .iter()
        .filter_map(|(id, answer)| Some((originals.get(id)?.path.clone(), answer.clone().err()?)))
        .collect::<Vec<_>>();
    replaced.left.extend(closed);
    let unwritten = unwritten(&replaced);
    if unwritten.is_some() {
        let written: BTreeSet<&String> = replaced.written.iter().collect();
        let sources = before.iter().zip(tree.sources.iter()).map(|(old, (_, new))| {
            let is_written = written.contains(&old.path);
            if is_written { new.clone() } else { old.clone() }
        });
        tree = lint::load(sources.collect(), &project.config.files);
    }
    let written = replaced.written.iter().filter_map(|path| applied.get(path));
    let applied = written.sum();
    Mended { findings: run(&tree), tree, applied, unwritten }
}

/// Returns the error that names what was left and what was written.
fn unwritten(replaced: &Replaced) -> Option<Error> {
    if replaced.left.is_empty() {
        return None;
    }
    let left = listed(&replaced.left, |(path, why)| format!("{path} ({why})"));
    let written = match replaced.written.as_slice() {
        [] => "no file was written".to_owned(),
        written => format!("written: {}", listed(written, String::clone)),
    };
    Some(Error::Unwritten { left, written })
}

/// Returns the first of some things by name, and how many more there are.
fn listed<T>(things: &[T], name: impl Fn(&T) -> String) -> String {
    let mut names: Vec<String> = things.iter().take(MAX_NAMED).map(name).collect();
    if let Some(more) = things.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_some_files_and_counts_the_rest() {
        let paths = |count: usize| (0..count).map(|at| format!("{at}.yaml")).collect::<Vec<_>>();
        let left = |count| paths(count).into_iter().map(|path| (path, "gone".to_owned())).collect();
        let text = |written, count| {
            let replaced = Replaced { written: paths(written), left: left(count) };
            unwritten(&replaced).map(|error| error.to_string())
        };
        assert_eq!(text(0, 0), None);
        let one = "left as it was: 0.yaml (gone); written: 0.yaml, 1.yaml";
        assert_eq!(text(2, 1).as_deref(), Some(one));
        let many = text(10, 1_200).expect("files were left");
        assert!(many.contains("9.yaml (gone), and 1190 more; written: 0.yaml"), "{many}");
        assert!(many.ends_with("8.yaml, 9.yaml"), "{many}");
    }
}
