//! The paths that a change touches, its renames, and its lines.
//!
//! **Invariant:** folders are never listed, and attributes play no part: a change cannot hide its
//! own lines. A rename that leaves or enters the judged folder is a removal or an addition there.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use gix::bstr::BString;
use gix::bstr::ByteSlice;

use crate::git::Repository;
use crate::git::effort::Effort;
use crate::git::entries;
use crate::git::entries::Difference;
use crate::git::entries::Entry;
use crate::git::error::Error;
use crate::git::id::CommitId;
use crate::git::lines;
use crate::git::renames;
use crate::git::snapshot;
use crate::git::snapshot::FileKind;
use crate::git::trees::Compared;
use crate::git::trees::How;

/// Bytes up to which lines are counted.
const COUNTED_BYTES: u64 = 32 * 1024 * 1024;

/// A path that two trees do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedPath {
    /// The path after the change; of a removed file, the path before.
    pub path: String,
    /// The path before, when the file was renamed.
    pub previous_path: Option<String>,
    /// What happened to it.
    pub kind: PathChange,
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathChange {
    /// The file is new.
    Added,
    /// The file is gone.
    Removed,
    /// The bytes, or what kind of file it is, changed.
    Modified,
    /// The file moved here, perhaps with changes.
    Renamed,
}

impl Repository {
    /// Returns what changed from one commit to another, sorted by path.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`], [`Error::Unreadable`], [`Error::TreeMalformed`],
    /// [`Error::TreeTooLarge`].
    pub fn changed_paths(&self, from: CommitId, to: CommitId) -> Result<Vec<ChangedPath>, Error> {
        let pairs = self.pairs(from, to)?;
        Ok(pairs.iter().map(|(difference, source)| describe(difference, source.as_ref())).collect())
    }

    /// Returns the paths that two commits do not agree on, sorted; a renamed file has two.
    ///
    /// # Errors
    ///
    /// Like [`Repository::changed_paths`].
    pub fn touched_paths(&self, from: CommitId, to: CommitId) -> Result<Vec<String>, Error> {
        let (from, to) = (self.root_tree(from)?, self.root_tree(to)?);
        touched(&self.local, from, to)
    }

    /// Returns the paths that a change touches, sorted; a renamed file has two.
    ///
    /// Where branches merged each other, the change started in several places. Then it touches what
    /// differs from any of them and from the trusted commit.
    ///
    /// # Errors
    ///
    /// Like [`Repository::changed_paths`].
    pub fn proposed_paths(&self, change: &Compared) -> Result<Vec<String>, Error> {
        let paths = self.touched_paths(change.compared, change.head)?;
        if change.other_starts.is_empty() {
            return Ok(paths);
        }
        let mut paths: BTreeSet<String> = paths.into_iter().collect();
        for start in &change.other_starts {
            paths.extend(self.touched_paths(*start, change.head)?);
        }
        let differing = self.touched_paths(change.trusted, change.head)?;
        Ok(differing.into_iter().filter(|path| paths.contains(path)).collect())
    }

    /// Returns the paths of a change at which a link or a submodule stands or stood.
    ///
    /// What a link points at, and what a submodule holds, is not seen here.
    ///
    /// # Errors
    ///
    /// Like [`Repository::changed_paths`].
    pub fn hiding_paths(&self, change: &Compared) -> Result<BTreeSet<String>, Error> {
        let mut found = BTreeSet::new();
        for start in [change.compared].iter().chain(&change.other_starts) {
            let (from, to) = (self.root_tree(*start)?, self.root_tree(change.head)?);
            let mut differences = entries::differences(&self.local, from, to)?;
            differences.retain(|one| hides([one.before, one.after]));
            found.extend(paths(&differences));
        }
        Ok(found)
    }

    /// Returns how many lines a change adds and deletes; of several places where it started, the one
    /// from which there are most. Nothing where a link or a submodule stands or stood at a path of the
    /// change: the lines behind it are not seen.
    ///
    /// A line counts once for each 200 bytes that it begins, also in files that are no text. A file
    /// that moves counts by what changes in it. What is too long to be compared counts whole; above
    /// 32 MiB, and where a change asks for too much work, every byte counts as a line.
    ///
    /// # Errors
    ///
    /// Like [`Repository::changed_paths`].
    pub fn proposed_lines(&self, change: &Compared) -> Result<Option<u64>, Error> {
        let effort = Effort::new();
        let mut most = 0;
        for start in [change.compared].iter().chain(&change.other_starts) {
            let mut lines: u64 = 0;
            for (difference, source) in self.pairs(*start, change.head)? {
                let before = source.map_or(difference.before, |source| source.before);
                if hides([before, difference.after]) {
                    return Ok(None);
                }
                let counted = counted(&self.local, before, difference.after, &effort)?;
                lines = lines.saturating_add(counted);
            }
            most = most.max(lines);
        }
        Ok(Some(most))
    }

    /// Returns where the base branch moved files in the meantime, from the old path to the new.
    ///
    /// A forge that merges takes the change of a file to the place where the base moved it. For any
    /// other change there are none.
    ///
    /// # Errors
    ///
    /// Like [`Repository::changed_paths`].
    pub fn moved_by_base(&self, change: &Compared) -> Result<BTreeMap<String, String>, Error> {
        let mut moved = BTreeMap::new();
        let parents = self.parents(change.head)?;
        let (How::ForgeMerge, [_, proposed]) = (&change.how, parents.as_slice()) else {
            return Ok(moved);
        };
        let starts = match self.merge_bases(change.trusted, *proposed) {
            // Then the forge's change of a file that moved stays unexplained.
            Err(Error::MergeBaseMissing { .. } | Error::CommitMissing { .. }) => return Ok(moved),
            starts => starts?,
        };
        for start in starts {
            let changes = self.changed_paths(start, change.trusted)?;
            moved.extend(
                changes.into_iter().filter_map(|it| it.previous_path.map(|old| (old, it.path))),
            );
        }
        Ok(moved)
    }

    /// Returns what differs between two commits, each with the removal that it is a rename of.
    fn pairs(
        &self,
        from: CommitId,
        to: CommitId,
    ) -> Result<Vec<(Difference, Option<Difference>)>, Error> {
        let (from, to) = (self.root_tree(from)?, self.root_tree(to)?);
        let differences = entries::differences(&self.local, from, to)?;
        let mut renames = renames::find(&self.local, &differences)?;
        let moved_away: BTreeSet<BString> = renames.values().map(|old| old.path.clone()).collect();
        let mut found = Vec::new();
        for difference in differences {
            let source = renames.remove(&difference.path);
            let is_source = difference.after.is_none() && moved_away.contains(&difference.path);
            if source.is_some() || !is_source {
                found.push((difference, source));
            }
        }
        Ok(found)
    }
}

/// Returns the paths that two trees do not agree on, sorted.
pub(super) fn touched(
    repository: &gix::Repository,
    from: Option<gix::ObjectId>,
    to: Option<gix::ObjectId>,
) -> Result<Vec<String>, Error> {
    Ok(paths(&entries::differences(repository, from, to)?))
}

/// Returns the paths of differences.
pub(super) fn paths(differences: &[Difference]) -> Vec<String> {
    let paths = differences.iter().map(|difference| difference.path.to_str_lossy().into_owned());
    paths.collect()
}

/// Returns whether a link or a submodule stands on one of the sides of a difference.
fn hides(sides: [Option<Entry>; 2]) -> bool {
    let hides = |entry: &Entry| matches!(entry.kind, FileKind::Symlink | FileKind::Submodule);
    sides.iter().flatten().any(hides)
}

/// Describes a difference; `source` is the removed file that it is a rename of.
fn describe(difference: &Difference, source: Option<&Difference>) -> ChangedPath {
    let kind = match (difference.before, difference.after, source) {
        (_, _, Some(_)) => PathChange::Renamed,
        (None, _, None) => PathChange::Added,
        (Some(_), None, None) => PathChange::Removed,
        (Some(_), Some(_), None) => PathChange::Modified,
    };
    ChangedPath {
        path: difference.path.to_str_lossy().into_owned(),
        previous_path: source.map(|source| source.path.to_str_lossy().into_owned()),
        kind,
    }
}

fn counted(
    repository: &gix::Repository,
    before: Option<Entry>,
    after: Option<Entry>,
    effort: &Effort,
) -> Result<u64, Error> {
    if before.map(|entry| entry.id) == after.map(|entry| entry.id) {
        return Ok(0);
    }
    let sizes = [size(repository, before)?, size(repository, after)?];
    let is_read = sizes.into_iter().all(|size| size <= COUNTED_BYTES && effort.takes_bytes(size));
    if !is_read {
        return Ok(sizes.into_iter().fold(0, u64::saturating_add));
    }
    Ok(lines::count(&text(repository, before)?, &text(repository, after)?, effort))
}

/// Returns the bytes of a side, which is no submodule.
fn text(repository: &gix::Repository, entry: Option<Entry>) -> Result<Vec<u8>, Error> {
    match entry {
        None => Ok(Vec::new()),
        Some(entry) => snapshot::blob(repository, entry.id, COUNTED_BYTES)
            .map(Option::unwrap_or_default)
            .map_err(|source| Error::unreadable(format!("blob {}", entry.id), source)),
    }
}

fn size(repository: &gix::Repository, entry: Option<Entry>) -> Result<u64, Error> {
    match entry {
        None => Ok(0),
        Some(entry) => snapshot::size(repository, entry.id)
            .map_err(|source| Error::unreadable(format!("blob {}", entry.id), source)),
    }
}

#[cfg(test)]
mod tests;
