//! Recognizes the revert of an earlier commit by its content.
//!
//! # Why
//!
//! "This reverts commit …" is a claim. It is believed when the commit does what `git revert` would
//! do: path by path, it takes back the earlier change and nothing else. The claim only says where
//! to look first. A revert that was picked from another branch names a commit that this one never
//! held, and takes back the copy that it did.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;

use gix::bstr::BString;

use crate::git::Repository;
use crate::git::effort::Effort;
use crate::git::entries;
use crate::git::entries::Difference;
use crate::git::entries::Entry;
use crate::git::error::Error;
use crate::git::id::CommitId;
use crate::git::merges;
use crate::git::snapshot;
use crate::git::snapshot::FileKind;

/// First-parent ancestors with the same paths that are compared when no commit is named.
const CANDIDATES: usize = 200;

/// First-parent ancestors that are looked at to find them.
const EXAMINED: usize = 2000;

/// The work of making a patch, beside its paths.
const PATCH_EFFORT: usize = 50;

/// How `git revert` begins the line that names the commit.
const CLAIM: &str = "This reverts commit ";

/// The reverts of what a branch holds.
///
/// What is found out about the branch is kept, so that many commits are compared with it quickly.
pub struct Reverts<'repository> {
    repository: &'repository Repository,
    base: CommitId,
    /// Every commit that can be named, once one is.
    ancestors: OnceCell<BTreeSet<CommitId>>,
    /// First-parent ancestors, the latest first, with the digest of the paths that they touch.
    examined: OnceCell<Vec<(CommitId, u64)>>,
    effort: Effort,
}

/// What a commit changes, by path.
type Patch = BTreeMap<BString, Difference>;

impl Repository {
    /// Returns the reverts of what `base` holds.
    pub fn reverts(&self, base: CommitId) -> Reverts<'_> {
        let (ancestors, examined) = (OnceCell::new(), OnceCell::new());
        Reverts { repository: self, base, ancestors, examined, effort: Effort::new() }
    }
}

impl Reverts<'_> {
    /// Returns the commit in the history of the base that `commit` takes back exactly.
    ///
    /// When the message names a commit, that one is compared first; then the first-parent ancestors
    /// of the base, the latest first, that touch the same paths. A merge commit never is a revert; a
    /// merge commit can be reverted, by its change to its first parent.
    ///
    /// `None` also means that the clone is cut before the answer, or that it takes too much work.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`] when `commit` or the base is not at hand; [`Error::Unreadable`].
    pub fn reverted_by(&self, commit: CommitId) -> Result<Option<CommitId>, Error> {
        if self.repository.parents(commit)?.len() != 1 {
            return Ok(None);
        }
        if !self.effort.takes(PATCH_EFFORT) {
            return Ok(None);
        }
        let patch = self.patch(commit)?.filter(|patch| !patch.is_empty());
        let Some(patch) = patch.filter(|patch| self.effort.takes(work(patch))) else {
            return Ok(None);
        };
        if let Some(claim) = self.claimed(commit)?
            && let Ok(named) = self.repository.resolve(&claim)
            && self.ancestors()?.contains(&named)
            && self.takes_back(&patch, named)?
        {
            return Ok(Some(named));
        }
        self.search(&patch)
    }

    fn search(&self, patch: &Patch) -> Result<Option<CommitId>, Error> {
        let digest = digest(patch);
        let same_paths = self.examined()?.iter().filter(|(_, other)| *other == digest);
        for (id, _) in same_paths.take(CANDIDATES) {
            let earlier = self.patch(*id)?;
            let Some(earlier) = earlier.filter(|earlier| self.effort.takes(work(earlier))) else {
                return Ok(None);
            };
            if self.takes_as_much(patch, &earlier)? && self.is_inverse(patch, &earlier)? {
                return Ok(Some(*id));
            }
        }
        Ok(None)
    }

    fn ancestors(&self) -> Result<&BTreeSet<CommitId>, Error> {
        if self.ancestors.get().is_none() {
            let _ = self.ancestors.set(self.repository.ancestors(self.base)?);
        }
        Ok(self.ancestors.get_or_init(BTreeSet::new))
    }

    fn examined(&self) -> Result<&[(CommitId, u64)], Error> {
        if self.examined.get().is_none() {
            let mut found = Vec::new();
            let mut current = Some(self.base);
            while let Some(id) = current.filter(|id| self.repository.holds(*id)) {
                let Some(patch) = self.patch(id)?.filter(|_| found.len() < EXAMINED) else {
                    break;
                };
                found.push((id, digest(&patch)));
                current = self.repository.parents(id)?.first().copied();
            }
            let _ = self.examined.set(found);
        }
        Ok(self.examined.get_or_init(Vec::new))
    }

    /// Returns the id that the message claims to revert: at least seven hexadecimal digits.
    fn claimed(&self, commit: CommitId) -> Result<Option<String>, Error> {
        let unreadable = |source| Error::unreadable(format!("commit {commit}"), source);
        let object = self.repository.local.find_commit(commit.0).map_err(unreadable)?;
        let message = object.message_raw().map_err(unreadable)?.to_string();
        Ok(message.split_once(CLAIM).and_then(|(_, rest)| {
            let digits: String =
                rest.chars().take_while(char::is_ascii_hexdigit).take(64).collect();
            (digits.len() >= 7).then_some(digits)
        }))
    }

    /// Returns whether every file grows by what it shrank, without reading any.
    fn takes_as_much(&self, patch: &Patch, earlier: &Patch) -> Result<bool, Error> {
        for (path, new) in patch {
            let Some(old) = earlier.get(path) else { return Ok(false) };
            let grown = self.bytes(new.after)? - self.bytes(new.before)?;
            let shrunk = self.bytes(old.after)? - self.bytes(old.before)?;
            if grown != -shrunk {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn bytes(&self, entry: Option<Entry>) -> Result<i128, Error> {
        let Some(entry) = entry.filter(|entry| entry.kind != FileKind::Submodule) else {
            return Ok(0);
        };
        let size = snapshot::size(&self.repository.local, entry.id);
        let unreadable = |source| Error::unreadable(format!("blob {}", entry.id), source);
        size.map(i128::from).map_err(unreadable)
    }

    fn takes_back(&self, patch: &Patch, named: CommitId) -> Result<bool, Error> {
        match self.patch(named)? {
            Some(earlier) => self.is_inverse(patch, &earlier),
            None => Ok(false),
        }
    }

    fn is_inverse(&self, patch: &Patch, earlier: &Patch) -> Result<bool, Error> {
        let paths: BTreeSet<&BString> = patch.keys().chain(earlier.keys()).collect();
        for path in paths {
            let (Some(new), Some(old)) = (patch.get(path), earlier.get(path)) else {
                return Ok(false);
            };
            if new.before == old.after && new.after == old.before {
                continue;
            }
            let sides = (new.before, new.after, old.before, old.after);
            let (Some(from), Some(to), Some(original), Some(changed)) = sides else {
                return Ok(false);
            };
            let kinds_swap = from.kind == changed.kind && to.kind == original.kind;
            // What `git revert` does: merge the way back from the earlier change into what there is.
            if !kinds_swap
                || !is_text(from)
                || !is_text(to)
                || !merges::is_line_merge(
                    &self.repository.local,
                    [changed, from, original, to],
                    &self.effort,
                )?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns what a commit changes from its first parent, by path, in the whole repository.
    ///
    /// `None` when the parent is not at hand.
    fn patch(&self, id: CommitId) -> Result<Option<Patch>, Error> {
        let repository = self.repository;
        let parent = match repository.parents(id)?.first() {
            None => None,
            Some(parent) if repository.holds(*parent) => Some(repository.whole_tree(*parent)?),
            Some(_) => return Ok(None),
        };
        let tree = Some(repository.whole_tree(id)?);
        let differences = entries::differences(&repository.local, parent, tree)?;
        let by_path = differences.into_iter().map(|it| (it.path.clone(), it));
        Ok(Some(by_path.collect()))
    }
}

/// Returns the work of making and comparing a patch.
fn work(patch: &Patch) -> usize {
    patch.len().saturating_add(PATCH_EFFORT)
}

/// Returns a number that two patches of the same paths share; others rarely do.
fn digest(patch: &Patch) -> u64 {
    let mut hasher = DefaultHasher::new();
    for path in patch.keys() {
        path.hash(&mut hasher);
    }
    hasher.finish()
}

fn is_text(entry: Entry) -> bool {
    matches!(entry.kind, FileKind::File | FileKind::Executable)
}

#[cfg(test)]
mod tests;
