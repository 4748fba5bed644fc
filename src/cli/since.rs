//! What a change brings: the findings that an earlier tree does not have.
//!
//! # Why
//!
//! References, duplicates and policies are about the whole tree, so both trees are judged whole, and what both
//! have is nobody's who changes something else. What a change touches and leaves as wrong as it was is no news
//! either; a finding that says something else about it is.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::change;
use crate::change::ChangeKind;
use crate::finding::Finding;
use crate::git::Repository;
use crate::git::error::Error as GitError;
use crate::git::id::CommitId;
use crate::lint;
use crate::lint::Tree;
use crate::model::Kind;
use crate::source::SourceId;

use super::error::Error;
use super::known::Known;

/// Returns the commit with which something is compared: where a head left the one that is named.
pub(super) fn start(
    repository: &Repository,
    revision: &str,
    head: CommitId,
) -> Result<CommitId, Error> {
    let named = repository.resolve(revision)?;
    match repository.merge_bases(named, head) {
        Ok(starts) => Ok(starts.first().copied().unwrap_or(named)),
        // A shallow clone hides it.
        Err(GitError::MergeBaseMissing { .. }) => Ok(named),
        Err(error) => Err(error.into()),
    }
}

/// Keeps the findings that an earlier tree does not have; returns how many others would be reported.
///
/// * `old`: what is found there.
pub(super) fn keep_new(
    before: &Tree,
    head: &Tree,
    findings: &mut Vec<Finding>,
    old: &[Finding],
) -> usize {
    let moved = moved(before, head);
    let older = Known::new(before, head, moved.into_iter()).remove_from(findings, old);
    let texts = texts(before);
    let changed: BTreeSet<&str> = head
        .sources
        .iter()
        .filter(|(_, source)| texts.get(source.path.as_str()) != Some(&&*source.text))
        .map(|(_, source)| source.path.as_str())
        .collect();
    lint::turn(head, findings, |path| changed.contains(path));
    older.iter().filter(|finding| !finding.is_accepted()).count()
}

fn texts(tree: &Tree) -> BTreeMap<&str, &str> {
    tree.sources.iter().map(|(_, source)| (source.path.as_str(), &*source.text)).collect()
}

/// Returns the files that moved, each with its old path: those that hold most objects of one that is gone.
fn moved<'a>(before: &'a Tree, head: &'a Tree) -> Vec<(&'a str, &'a str)> {
    let (old, new) = (texts(before), texts(head));
    let is_gone = |path: &str| !new.contains_key(path);
    let is_new = |path: &str| !old.contains_key(path);
    if !old.keys().any(|path| is_gone(path)) || !new.keys().any(|path| is_new(path)) {
        return Vec::new();
    }
    let path = |tree: &'a Tree, id: SourceId| tree.sources.file(id).path.as_str();
    let mut places: BTreeMap<(Kind, &str), &str> = BTreeMap::new();
    for object in before.catalog.objects() {
        let at = path(before, object.meta().span.source);
        if is_gone(at) {
            places.insert((object.kind(), object.meta().name()), at);
        }
    }
    let mut common: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for object in head.catalog.objects() {
        let at = path(head, object.meta().span.source);
        let from = places.get(&(object.kind(), object.meta().name())).filter(|_| is_new(at));
        if let Some(from) = from {
            *common.entry((at, from)).or_default() += 1;
        }
    }
    let changes = change::between(before.placed(), head.placed()).into_iter();
    for renamed in changes.filter(|change| change.kind == ChangeKind::SloRenamed) {
        if let (Some(from), Some(to)) = (renamed.before_span, renamed.after_span) {
            let (from, to) = (path(before, from.source), path(head, to.source));
            if is_gone(from) && is_new(to) {
                *common.entry((to, from)).or_default() += 1;
            }
        }
    }
    let mut pairs: Vec<_> = common.into_iter().collect();
    pairs.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let (mut taken, mut left) = (BTreeSet::new(), BTreeSet::new());
    let is_free = |((to, from), _): &((&'a str, &'a str), usize)| {
        let is_free = !taken.contains(to) && !left.contains(from);
        is_free && taken.insert(*to) && left.insert(*from)
    };
    pairs.into_iter().filter(is_free).map(|(pair, _)| pair).collect()
}
