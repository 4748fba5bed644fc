//! Since when a file stands on a branch as it stands there now.
//!
//! # Why
//!
//! A record counts from the moment it landed, whatever date it claims. The author chooses the dates
//! of the commits of a branch, not those of the first-parent commit that brought it in.

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

/// When a file landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landed {
    /// This commit brought the file in as it stands, at this committer time.
    By(CommitId, Timestamp),
    /// The file is older than what a shallow clone holds: it stands at least since this time.
    Before(Timestamp),
    /// The file does not stand at the tip.
    Absent,
}

impl Repository {
    /// Returns when each path landed on the branch that ends at `tip`, in the order of `paths`.
    ///
    /// Only first parents are followed. A file that was removed and came back the same landed when
    /// it came back.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`] when the tip is not at hand; [`Error::PathOutside`];
    /// [`Error::Unreadable`].
    pub fn landed(&self, tip: CommitId, paths: &[&str]) -> Result<Vec<Landed>, Error> {
        let Some(mut step) = self.step(tip)? else {
            return Err(Error::CommitMissing { id: tip });
        };
        let mut answers = vec![Landed::Absent; paths.len()];
        let mut tree = self.judged_folder(step.tree)?;
        let mut open = Vec::new();
        for (index, path) in paths.iter().enumerate() {
            let path = clean_path(path)?;
            let found = self.found(tree, &path)?;
            if matches!(found, Found::File(_)) {
                open.push((index, path, found));
            }
        }
        let mut current = tip;
        while !open.is_empty() {
            let time = commits::timestamp(step.seconds);
            let parent = step.parents.first().copied();
            let parent_step = parent.map_or(Ok(None), |parent| self.step(parent))?;
            let here = match (parent, &parent_step) {
                (Some(_), None) => Landed::Before(time),
                _ => Landed::By(current, time),
            };
            let parent_tree = match &parent_step {
                Some(step) => self.judged_folder(step.tree)?,
                None => None,
            };
            if parent_tree.is_none() || parent_tree != tree {
                let mut older = Vec::new();
                for (index, path, found) in open {
                    if self.found(parent_tree, &path)? == found {
                        older.push((index, path, found));
                    } else if let Some(answer) = answers.get_mut(index) {
                        *answer = here;
                    }
                }
                open = older;
            }
            let (Some(parent), Some(parent_step)) = (parent, parent_step) else {
                break;
            };
            (current, step, tree) = (parent, parent_step, parent_tree);
        }
        Ok(answers)
    }

    fn found(&self, tree: Option<gix::ObjectId>, path: &BString) -> Result<Found, Error> {
        entries::find(&self.local, tree, path.as_bstr())
    }
}

#[cfg(test)]
mod tests;
