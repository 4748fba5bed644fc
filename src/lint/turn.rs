//! Lets a finding speak at the one of its two places that somebody looks at.
//!
//! # Why
//!
//! Of two objects of one name neither is the wrong one, and a rule, which sees the whole tree, names
//! the later. Whoever asks about one file, or brings it, has to hear of it there.

use crate::finding::Finding;
use crate::source::Span;

use super::Tree;
use super::run::sort;

/// Turns each finding whose two places are equally wrong to the second of them, where only the
/// file of that one is looked at; keeps the findings sorted.
///
/// * `is_seen`: whether the file of a path is looked at.
pub fn turn(tree: &Tree, findings: &mut Vec<Finding>, is_seen: impl Fn(&str) -> bool) {
    let is_seen = |span: Span| is_seen(&tree.sources.file(span.source).path);
    let mut is_turned = false;
    for finding in findings.iter_mut() {
        if finding.other_place().is_some_and(&is_seen) && !is_seen(finding.span) {
            finding.turn();
            is_turned = true;
        }
    }
    if is_turned {
        sort(tree, findings);
    }
}
