//! The next commit, going back, that changes any of some files.
//!
//! # Why
//!
//! A history of ten thousand commits is walked to find the few that touch a handful of files. Most commits leave
//! the folders of these files alone, and then one look into each folder on the way tells.

use gix::bstr::BString;
use gix::bstr::ByteSlice;
use jiff::Timestamp;

use crate::git::Repository;
use crate::git::clean_path;
use crate::git::commits;
use crate::git::entries;
use crate::git::entries::Found;
use crate::git::error::Error;
use crate::git::id::CommitId;

/// Where a walk back along first parents ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// This commit changes one of the files from what its first parent has.
    Change {
        /// The commit.
        commit: CommitId,
        /// Its first parent.
        parent: CommitId,
    },
    /// This commit has no parent.
    Root(CommitId),
    /// The clone holds no parent of this commit.
    Cut(CommitId),
}

impl Repository {
    /// Goes back along first parents, from a commit on, to the first one that changes any of some files.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`], [`Error::PathOutside`], [`Error::Unreadable`].
    pub fn last_change<'p>(
        &self,
        from: CommitId,
        paths: impl Iterator<Item = &'p str>,
    ) -> Result<Reached, Error> {
        let paths: Vec<BString> = paths.map(clean_path).collect::<Result<_, _>>()?;
        let Some(mut step) = self.step(from)? else {
            return Err(Error::CommitMissing { id: from });
        };
        let mut tree = self.judged_folder(step.tree)?;
        let mut current = from;
        let found = |tree| -> Result<Vec<Found>, Error> {
            paths.iter().map(|path| entries::find(&self.local, tree, path.as_bstr())).collect()
        };
        let here = found(tree)?;
        loop {
            let Some(parent) = step.parents.first().copied() else {
                return Ok(Reached::Root(current));
            };
            let Some(parent_step) = self.step(parent)? else {
                return Ok(Reached::Cut(current));
            };
            let parent_tree = self.judged_folder(parent_step.tree)?;
            if parent_tree != tree && found(parent_tree)? != here {
                return Ok(Reached::Change { commit: current, parent });
            }
            (current, step, tree) = (parent, parent_step, parent_tree);
        }
    }
}

impl Repository {
    /// Returns the newest commit along first parents, from a commit on, that was made at an instant or before;
    /// nothing where there is none, or the clone does not hold it.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`], [`Error::Unreadable`].
    pub fn last_before(&self, from: CommitId, limit: Timestamp) -> Result<Option<CommitId>, Error> {
        let Some(mut step) = self.step(from)? else {
            return Err(Error::CommitMissing { id: from });
        };
        let mut current = from;
        while commits::timestamp(step.seconds) > limit {
            let Some(parent) = step.parents.first().copied() else { return Ok(None) };
            let Some(parent_step) = self.step(parent)? else { return Ok(None) };
            (current, step) = (parent, parent_step);
        }
        Ok(Some(current))
    }
}

#[cfg(test)]
mod tests;
