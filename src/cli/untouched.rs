//! Which objects nobody has changed for long.
//!
//! # Why
//!
//! Two trees tell: that of today, and that of the last commit which is old enough. What means the same in both was
//! not looked at in between, as far as anybody wrote down; of a file that no commit changed nothing has to be read
//! again. An object that was changed and changed back counts as untouched.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::Timestamp;

use crate::config::Config;
use crate::git::Repository;
use crate::git::id::CommitId;
use crate::git::snapshot::Content;
use crate::lint;
use crate::lint::Tree;
use crate::model::Kind;
use crate::model::Object;
use crate::rules::UNTOUCHED_DAYS;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;
use crate::source::Span;

use super::error::Error;

/// Returns the objects of a tree that no commit of the last [`UNTOUCHED_DAYS`] days changed, by their places;
/// nothing where the history is not as old, or not at hand.
///
/// * `head`: the commit that the tree is of, or lies above.
pub(super) fn since_long(
    repository: &Repository,
    config: &Config,
    tree: &Tree,
    head: CommitId,
    now: Timestamp,
) -> Result<Option<BTreeSet<Span>>, Error> {
    let days = SignedDuration::from_hours(24 * i64::from(UNTOUCHED_DAYS));
    let Ok(limit) = now.checked_sub(days) else { return Ok(None) };
    let Some(old) = repository.last_before(head, limit)? else { return Ok(None) };
    let then = repository.snapshot(old)?;
    let paths: BTreeSet<&str> =
        tree.sources.iter().map(|(_, source)| source.path.as_str()).collect();
    let tracked = then.files(|path| paths.contains(path))?;
    let mut same: BTreeSet<String> = tracked.into_iter().map(|file| file.path).collect();
    let mut changed = BTreeSet::new();
    for path in repository.changed_paths(old, head)? {
        same.remove(&path.path);
        changed.extend([Some(path.path), path.previous_path].into_iter().flatten());
    }
    let before = read(&then, &changed, config)?;
    let meanings: BTreeMap<Key<'_>, String> =
        before.catalog.objects().iter().map(|object| (key(object), meaning(object))).collect();
    let is_untouched = |object: &&Object| {
        let path = &tree.sources.file(object.meta().span.source).path;
        same.contains(path) || meanings.get(&key(object)) == Some(&meaning(object))
    };
    let objects = tree.catalog.objects().iter().filter(is_untouched);
    Ok(Some(objects.map(|object| object.meta().span).collect()))
}

type Key<'a> = (Kind, Option<&'a str>, &'a str);

fn key(object: &Object) -> Key<'_> {
    (object.kind(), object.meta().namespace.as_deref(), object.meta().name())
}

fn meaning(object: &Object) -> String {
    serde_json::to_string(object).unwrap_or_default()
}

fn read(
    then: &crate::git::snapshot::Snapshot<'_>,
    paths: &BTreeSet<String>,
    config: &Config,
) -> Result<Tree, Error> {
    let mut sources = Vec::new();
    for path in paths.iter().filter(|path| super::discover::is_candidate(path)) {
        if let Content::Bytes(bytes) = then.read(path, MAX_BYTES as u64)? {
            sources.push(Source::decode(path.as_str(), bytes, Origin::Worktree));
        }
    }
    Ok(lint::load(sources, &config.files))
}
