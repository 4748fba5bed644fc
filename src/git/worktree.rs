//! The index and the worktree: which files are tracked, and what is not committed.

use gix::bstr::BStr;
use gix::bstr::ByteSlice;
use gix::status::Item;
use gix::status::UntrackedFiles;
use gix::status::index_worktree::Item as ChangeItem;
use gix::status::plumbing::index_as_worktree::Change;
use gix::status::plumbing::index_as_worktree::EntryStatus;

use crate::git::Repository;
use crate::git::error::Error;

impl Repository {
    /// Returns the tracked paths below the root of what is judged, sorted.
    ///
    /// They are those of the index, whatever an ignore file or a flag of the index says about them;
    /// submodules are left out. Without an index there are none.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] for a damaged index.
    pub fn tracked_paths(&self) -> Result<Vec<String>, Error> {
        let index =
            self.local.index_or_empty().map_err(|source| Error::unreadable("the index", source))?;
        let mut paths: Vec<String> = index
            .entries()
            .iter()
            .filter(|entry| !entry.mode.is_submodule() && !entry.mode.is_sparse())
            .filter_map(|entry| self.below_root(entry.path(&index)))
            .collect();
        paths.sort();
        // A file in conflict stands there once for each side.
        paths.dedup();
        Ok(paths)
    }

    /// Returns the paths below the root whose worktree or index differ from `HEAD`, sorted.
    ///
    /// Files that git neither tracks nor ignores are among them; submodules are not, nor files whose
    /// permission to be executed alone differs, since some mounted folders invent it. A bare
    /// repository has none. Ignore files outside the repository are not read.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`].
    pub fn uncommitted_paths(&self) -> Result<Vec<String>, Error> {
        if self.worktree.is_none() {
            return Ok(Vec::new());
        }
        let unreadable = |source| Error::unreadable("the state of the worktree", source);
        let items = self
            .local
            .status(gix::progress::Discard)
            .map_err(unreadable)?
            .untracked_files(UntrackedFiles::Files)
            .index_worktree_submodules(None)
            .into_iter(None)
            .map_err(unreadable)?;
        let mut paths = Vec::new();
        for item in items {
            let item = item.map_err(unreadable)?;
            if is_change(&item) {
                paths.extend(self.below_root(item.location()));
            }
        }
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    /// Returns whether anything below the root is not committed.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`].
    pub fn has_uncommitted_changes(&self) -> Result<bool, Error> {
        Ok(!self.uncommitted_paths()?.is_empty())
    }

    /// Returns the path relative to the root of what is judged; `None` when it is not below it.
    fn below_root(&self, path: &BStr) -> Option<String> {
        let inside = if self.root.is_empty() {
            path
        } else {
            let rest = path.strip_prefix(self.root.as_slice())?;
            rest.strip_prefix(b"/")?.as_bstr()
        };
        Some(inside.to_str_lossy().into_owned())
    }
}

/// Returns whether an item of the status is more than a stale time or an invented permission.
fn is_change(item: &Item) -> bool {
    let Item::IndexWorktree(change) = item else {
        return true;
    };
    let only_permission = matches!(
        change,
        ChangeItem::Modification {
            status: EntryStatus::Change(Change::Modification { content_change: None, .. }),
            ..
        }
    );
    change.summary().is_some() && !only_permission
}

#[cfg(test)]
mod tests {
    use crate::git::sample::Sample;

    #[test]
    fn tracked_files_are_those_of_the_index_also_when_ignored() {
        let sample = Sample::new();
        sample.write(".gitignore", "ignored/\n");
        sample.write("ignored/slo.yaml", "a: 1\n");
        sample.write("plain.yaml", "a: 1\n");
        sample.git(&["add", "--force", "ignored/slo.yaml"]);
        sample.commit("files");
        sample.git(&["update-index", "--assume-unchanged", "plain.yaml"]);
        sample.write("ignored/other.yaml", "");
        let repository = sample.open();
        assert_eq!(
            repository.tracked_paths().unwrap(),
            [".gitignore", "ignored/slo.yaml", "plain.yaml"]
        );
        let inside = repository.at_root("ignored").unwrap();
        assert_eq!(inside.tracked_paths().unwrap(), ["slo.yaml"]);
    }

    #[test]
    fn a_clean_worktree_has_nothing_uncommitted() {
        let sample = Sample::new();
        sample.write(".gitignore", "out\n");
        sample.commit_file("a", "1\n");
        sample.write("out", "ignored\n");
        assert!(!sample.open().has_uncommitted_changes().unwrap());
        // Written again with the same bytes: only the clock of the file differs.
        sample.write("a", "1\n");
        assert!(!sample.open().has_uncommitted_changes().unwrap());
    }

    #[test]
    fn changed_staged_new_and_removed_files_are_uncommitted() {
        let sample = Sample::new();
        sample.write("team/changed", "1\n");
        sample.write("staged", "1\n");
        sample.write("removed", "1\n");
        sample.commit("files");
        sample.write("team/changed", "two\n");
        sample.write("staged", "two\n");
        sample.git(&["add", "staged"]);
        sample.git(&["rm", "--quiet", "--cached", "removed"]);
        sample.write("folder/new", "1\n");
        let repository = sample.open();
        assert_eq!(
            repository.uncommitted_paths().unwrap(),
            ["folder/new", "removed", "staged", "team/changed"]
        );
        let inside = repository.at_root("team").unwrap();
        assert_eq!(inside.uncommitted_paths().unwrap(), ["changed"]);
    }

    #[cfg(unix)]
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the sample is a folder of its own")]
    fn a_permission_alone_is_no_change() {
        use std::os::unix::fs::PermissionsExt;
        let sample = Sample::new();
        sample.commit_file("a", "1\n");
        let path = sample.path().join("a");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(!sample.open().has_uncommitted_changes().unwrap());
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the sample is a folder of its own")]
    fn a_configured_filter_is_never_run() {
        let sample = Sample::new();
        let mark = sample.path().join("ran");
        let command = format!("touch {}; cat", mark.display());
        sample.write(".gitignore", "ran\n");
        sample.write(".gitattributes", "*.yaml filter=evil diff=evil\n");
        sample.commit_file("a.yaml", "1\n");
        sample.git(&["config", "filter.evil.clean", &command]);
        sample.git(&["config", "filter.evil.smudge", &command]);
        sample.git(&["config", "diff.evil.textconv", &command]);
        sample.git(&["config", "core.fsmonitor", &command]);
        // As long as before, so that only reading the file can tell.
        sample.write("a.yaml", "2\n");
        let repository = sample.open();
        assert_eq!(repository.uncommitted_paths().unwrap(), ["a.yaml"]);
        let head = repository.head().unwrap();
        repository.commit(head).unwrap();
        assert!(!mark.exists());
    }
}
