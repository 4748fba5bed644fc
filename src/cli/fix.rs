//! Applies fixes until nothing is left to fix, then writes each changed file as a whole.

use crate::finding::Finding;
use crate::finding::Safety;
use crate::lint;
use crate::lint::Tree;
use crate::source::Source;

use super::error::Error;
use super::output;
use super::project::Project;

/// The most rounds of fixes: one fix may uncover another, but none may chase its own tail.
const MAX_ROUNDS: usize = 10;

/// A tree after its fixes, and how many there were.
pub(super) struct Mended {
    pub(super) tree: Tree,
    pub(super) findings: Vec<Finding>,
    pub(super) applied: usize,
}

/// Fixes what may be fixed in memory, then writes what has changed.
pub(super) fn apply(
    project: &Project,
    tree: Tree,
    run: impl Fn(&Tree) -> Vec<Finding>,
    reported: impl Fn(&Finding, &Tree) -> bool,
    highest: Safety,
) -> Result<Mended, Error> {
    let before: Vec<Source> = tree.sources.iter().map(|(_, source)| source.clone()).collect();
    let (mut tree, mut applied) = (tree, 0);
    for _ in 0..MAX_ROUNDS {
        let mut findings = run(&tree);
        findings.retain(|finding| reported(finding, &tree));
        let fixed = lint::fix(&tree.sources, &findings, highest);
        if fixed.is_empty() {
            break;
        }
        applied += fixed.iter().map(|fixed| fixed.applied).sum::<usize>();
        let sources = tree.sources.iter().map(|(id, source)| {
            match fixed.iter().find(|fixed| fixed.source == id) {
                Some(fixed) => Source { text: fixed.text.as_str().into(), ..source.clone() },
                None => source.clone(),
            }
        });
        tree = lint::load(sources.collect());
    }
    for (old, (_, new)) in before.iter().zip(tree.sources.iter()) {
        if old.text != new.text {
            output::write_file(&project.root.join(&new.path), new.text.as_bytes())?;
        }
    }
    let findings = run(&tree);
    Ok(Mended { tree, findings, applied })
}
