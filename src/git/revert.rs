//! Recognizes the revert of an earlier commit by its content.
//!
//! # Why
//!
//! "This reverts commit …" is a claim. It is believed when the commit does what `git revert` would
//! do: path by path, it takes back the earlier change and nothing else. The claim only says where
//! to look, so that a wrong one costs one comparison.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use gix::bstr::BString;

use crate::git::Repository;
use crate::git::entries;
use crate::git::entries::Difference;
use crate::git::entries::Entry;
use crate::git::error::Error;
use crate::git::id::CommitId;
use crate::git::merges;
use crate::git::snapshot::FileKind;

/// First-parent ancestors with the same paths that are compared when no commit is named.
const CANDIDATES: usize = 200;

/// First-parent ancestors that are looked at to find them.
const EXAMINED: usize = 2000;

/// How `git revert` begins the line that names the commit.
const CLAIM: &str = "This reverts commit ";

impl Repository {
    /// Returns the commit in the history of `base` that `commit` takes back exactly.
    ///
    /// When the message names a commit, only that one is compared; else the first-parent ancestors
    /// of `base`, the latest first, that touch the same paths. A merge commit never is a revert; a
    /// merge commit can be reverted, by its change to its first parent.
    ///
    /// `None` also means that the clone is cut before the answer.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`] when `commit` or `base` is not at hand; [`Error::Unreadable`].
    pub fn reverts(&self, commit: CommitId, base: CommitId) -> Result<Option<CommitId>, Error> {
        if self.parents(commit)?.len() != 1 {
            return Ok(None);
        }
        let Some(patch) = self.patch(commit)?.filter(|patch| !patch.is_empty()) else {
            return Ok(None);
        };
        if let Some(claim) = self.claimed(commit)? {
            let Ok(named) = self.resolve(&claim) else {
                return Ok(None);
            };
            return match self.is_ancestor(named, base) {
                Ok(true) if self.takes_back(&patch, named)? => Ok(Some(named)),
                Ok(_) | Err(Error::HistoryMissing { .. }) => Ok(None),
                Err(error) => Err(error),
            };
        }
        self.search(&patch, base)
    }

    fn search(
        &self,
        patch: &BTreeMap<BString, Difference>,
        base: CommitId,
    ) -> Result<Option<CommitId>, Error> {
        let mut current = Some(base);
        let mut compared = 0;
        for _ in 0..EXAMINED {
            let Some(id) = current.filter(|id| self.holds(*id)) else {
                return Ok(None);
            };
            let Some(earlier) = self.patch(id)? else {
                return Ok(None);
            };
            if earlier.keys().eq(patch.keys()) {
                if self.is_inverse(patch, &earlier)? {
                    return Ok(Some(id));
                }
                compared += 1;
                if compared == CANDIDATES {
                    return Ok(None);
                }
            }
            current = self.parents(id)?.first().copied();
        }
        Ok(None)
    }

    /// Returns the id that the message claims to revert: at least seven hexadecimal digits.
    fn claimed(&self, commit: CommitId) -> Result<Option<String>, Error> {
        let unreadable = |source| Error::unreadable(format!("commit {commit}"), source);
        let object = self.local.find_commit(commit.0).map_err(unreadable)?;
        let message = object.message_raw().map_err(unreadable)?.to_string();
        Ok(message.split_once(CLAIM).and_then(|(_, rest)| {
            let digits: String =
                rest.chars().take_while(char::is_ascii_hexdigit).take(64).collect();
            (digits.len() >= 7).then_some(digits)
        }))
    }

    fn takes_back(
        &self,
        patch: &BTreeMap<BString, Difference>,
        named: CommitId,
    ) -> Result<bool, Error> {
        match self.patch(named)? {
            Some(earlier) => self.is_inverse(patch, &earlier),
            None => Ok(false),
        }
    }

    fn is_inverse(
        &self,
        patch: &BTreeMap<BString, Difference>,
        earlier: &BTreeMap<BString, Difference>,
    ) -> Result<bool, Error> {
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
                || !merges::is_line_merge(&self.local, [changed, from, original, to])?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns what a commit changes from its first parent, by path, in the whole repository.
    ///
    /// `None` when the parent is not at hand.
    fn patch(&self, id: CommitId) -> Result<Option<BTreeMap<BString, Difference>>, Error> {
        let parent = match self.parents(id)?.first() {
            None => None,
            Some(parent) if self.holds(*parent) => Some(self.whole_tree(*parent)?),
            Some(_) => return Ok(None),
        };
        let differences = entries::differences(&self.local, parent, Some(self.whole_tree(id)?))?;
        Ok(Some(
            differences
                .into_iter()
                .map(|difference| (difference.path.clone(), difference))
                .collect(),
        ))
    }
}

fn is_text(entry: Entry) -> bool {
    matches!(entry.kind, FileKind::File | FileKind::Executable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

    /// `main` gains a bad commit and a later good one in the same file; on the branch `work`.
    fn broken() -> (Sample, CommitId) {
        let sample = Sample::new();
        sample.commit_file("a", LINES);
        let bad = sample.commit_file("a", &LINES.replace('2', "bad"));
        sample.commit_file("a", &LINES.replace('2', "bad").replace('9', "good"));
        sample.git(&["switch", "--quiet", "--create", "work"]);
        (sample, bad)
    }

    fn reverted(sample: &Sample) -> Option<CommitId> {
        let base = sample.id("main");
        sample.open().reverts(sample.head(), base).unwrap()
    }

    #[test]
    fn a_revert_made_by_git_is_recognized() {
        let (sample, bad) = broken();
        sample.git(&["revert", "--no-edit", &bad.to_string()]);
        assert_eq!(reverted(&sample), Some(bad));
    }

    #[test]
    fn a_revert_is_recognized_without_its_message() {
        let (sample, bad) = broken();
        sample.git(&["revert", "--no-edit", &bad.to_string()]);
        sample.git(&["commit", "--quiet", "--amend", "-m", "back"]);
        assert_eq!(reverted(&sample), Some(bad));
    }

    #[test]
    fn the_message_alone_makes_no_revert() {
        let (sample, bad) = broken();
        sample.write("a", &LINES.replace('9', "good").replace('5', "more"));
        sample.commit(&format!("Revert\n\nThis reverts commit {bad}."));
        assert_eq!(reverted(&sample), None);
    }

    #[test]
    fn a_revert_with_an_addition_is_none() {
        let (sample, bad) = broken();
        sample.git(&["revert", "--no-commit", &bad.to_string()]);
        sample.write("b", "more\n");
        sample.commit(&format!("Revert\n\nThis reverts commit {bad}."));
        assert_eq!(reverted(&sample), None);
    }

    #[test]
    fn taking_back_a_later_change_too_is_no_revert() {
        let (sample, bad) = broken();
        sample.write("a", LINES);
        sample.commit(&format!("Revert\n\nThis reverts commit {bad}."));
        assert_eq!(reverted(&sample), None);
    }

    #[test]
    fn a_revert_that_makes_a_file_executable_is_none() {
        let (sample, bad) = broken();
        sample.git(&["revert", "--no-edit", &bad.to_string()]);
        sample.git(&["update-index", "--chmod=+x", "a"]);
        sample.git(&["commit", "--quiet", "--amend", "--no-edit"]);
        assert_eq!(reverted(&sample), None);
    }

    #[test]
    fn the_same_lines_in_another_place_are_no_revert() {
        let sample = Sample::new();
        let twice = "x: 1\na\nb\nc\nd\ne\nf\nx: 1\n";
        sample.commit_file("a", twice);
        let bad = sample.commit_file("a", "x: 2\na\nb\nc\nd\ne\nf\nx: 1\n");
        sample.commit_file("a", "x: 2\na\nb\nc\nd\ne\nf\nx: 2\n");
        sample.git(&["switch", "--quiet", "--create", "work"]);
        // Takes back the second place and claims the first.
        sample.write("a", "x: 2\na\nb\nc\nd\ne\nf\nx: 1\n");
        sample.commit(&format!("Revert\n\nThis reverts commit {bad}."));
        assert_eq!(reverted(&sample), None);
    }

    #[test]
    fn only_what_the_base_holds_can_be_reverted() {
        let (sample, _) = broken();
        let own = sample.commit_file("b", "1\n");
        sample.git(&["revert", "--no-edit", &own.to_string()]);
        assert_eq!(reverted(&sample), None);
    }

    #[test]
    fn a_merge_can_be_reverted() {
        let sample = Sample::new();
        sample.commit_file("a", "1\n");
        sample.git(&["switch", "--quiet", "--create", "feature"]);
        sample.commit_file("b", "1\n");
        sample.commit_file("c", "1\n");
        sample.git(&["switch", "--quiet", "main"]);
        sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", "feature"]);
        let merge = sample.head();
        sample.git(&["switch", "--quiet", "--create", "work"]);
        sample.git(&["revert", "--no-edit", "-m", "1", "HEAD"]);
        assert_eq!(reverted(&sample), Some(merge));
    }

    #[test]
    fn an_empty_commit_reverts_nothing() {
        let (sample, bad) = broken();
        sample.commit(&format!("Revert\n\nThis reverts commit {bad}."));
        assert_eq!(reverted(&sample), None);
    }

    #[test]
    fn a_cut_clone_does_not_know_a_revert() {
        let (sample, bad) = broken();
        sample.git(&["revert", "--no-edit", &bad.to_string()]);
        let clone = sample.clone(&["--depth=2", "--branch=work"]);
        let base = clone.id("HEAD~1");
        assert_eq!(clone.open().reverts(clone.head(), base).unwrap(), None);
    }
}
