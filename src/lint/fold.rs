//! Says once what is the same for every object of a repository.
//!
//! # Why
//!
//! A rule cannot say it once itself: which findings count is known only after levels, paths,
//! comments, the baseline and, in a gate, the comparison with what was there before.

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::finding::Fix;
use crate::source::Edit;

/// What the findings of one class have in common.
struct Class {
    count: usize,
    /// The one that speaks for all: the first of the highest level.
    speaker: usize,
    edits: Vec<Edit>,
}

/// Says once what was reported of one object after another, where that is the same for all of them.
///
/// Of two or more findings that may be said once, and that neither a comment nor the baseline accepts, one stays: the first of
/// the highest level, which says how many they are and fixes all of them. A single one, and those
/// that are accepted, stay as they are.
pub fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut classes: BTreeMap<(&str, &str), Class> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let Some(key) = key(finding) else { continue };
        let new = Class { count: 0, speaker: index, edits: Vec::new() };
        let class = classes.entry(key).or_insert(new);
        class.count += 1;
        let is_higher = |speaker: &Finding| finding.level > speaker.level;
        if findings.get(class.speaker).is_some_and(is_higher) {
            class.speaker = index;
        }
        class.edits.extend(finding.fix.iter().flat_map(|fix| fix.edits.iter().cloned()));
    }
    classes.retain(|_, class| class.count > 1);
    let speak = |(index, finding): (usize, Finding)| {
        let Some(class) = key(&finding).and_then(|key| classes.get_mut(&key)) else {
            return Some(finding);
        };
        let message = finding.once.filter(|_| class.speaker == index)?.into();
        let label = Some(format!("one of {}", class.count).into());
        let mut edits = std::mem::take(&mut class.edits);
        // Several objects may be mended in the one place that they share.
        edits.sort_by(|one, other| {
            one.span.cmp(&other.span).then_with(|| one.text.cmp(&other.text))
        });
        edits.dedup();
        let fix = finding.fix.map(|fix| Fix { edits, ..fix });
        Some(Finding { message, label, labels: Vec::new(), fix, ..finding })
    };
    findings.into_iter().enumerate().filter_map(speak).collect()
}

fn key(finding: &Finding) -> Option<(&'static str, &'static str)> {
    let message = finding.once.filter(|_| !finding.is_accepted())?;
    Some((finding.rule, message))
}
