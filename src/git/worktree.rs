//! The index and the worktree: which files are tracked, and what is not committed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use gix::bstr::BStr;
use gix::bstr::BString;
use gix::bstr::ByteSlice;
use gix::index::File;
use gix::index::decode::Options;
use gix::index::entry::Flags;
use gix::index::entry::Mode;
use gix::index::entry::Stage;
use gix::status::Item;
use gix::status::UntrackedFiles;
use gix::status::index_worktree::Item as ChangeItem;
use gix::status::plumbing::index_as_worktree::Change;
use gix::status::plumbing::index_as_worktree::EntryStatus;

use crate::git::Repository;
use crate::git::entries;
use crate::git::entries::Entry;
use crate::git::error::Error;
use crate::git::id::BlobId;
use crate::git::snapshot::FileKind;
use crate::git::snapshot::SnapshotFile;

impl Repository {
    /// Returns those of the tracked paths below the root of what is judged that `keep` accepts, sorted.
    ///
    /// They are those of the index, whatever an ignore file or a flag of the index says about them;
    /// submodules are left out. Without an index there are none.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] for a damaged index.
    pub fn tracked_paths(&self, keep: impl Fn(&str) -> bool) -> Result<Vec<String>, Error> {
        let index =
            self.local.index_or_empty().map_err(|source| Error::unreadable("the index", source))?;
        let mut paths: Vec<String> = index
            .entries()
            .iter()
            .filter(|entry| !entry.mode.is_submodule() && !entry.mode.is_sparse())
            .filter_map(|entry| Some(self.inside(entry.path(&index))?.to_str_lossy()))
            .filter(|path| keep(path))
            .map(Cow::into_owned)
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

    /// Returns the staged files of the whole repository, by path.
    ///
    /// Of a file in conflict our side counts; one that is only meant to be added is not staged.
    ///
    /// * `index`: the file that is read in the place of the repository's own index.
    pub(super) fn staged_files(
        &self,
        index: Option<&Path>,
    ) -> Result<BTreeMap<BString, Entry>, Error> {
        let unreadable = |source| Error::unreadable("the index", source);
        let own;
        let other;
        let index: &gix::index::State = match index {
            None => {
                own = self.local.index_or_empty().map_err(unreadable)?;
                &own
            }
            Some(path) => {
                let (hash, options) = (self.local.object_hash(), Options::default());
                other = File::at_or_default(path, hash, false, options).map_err(unreadable)?;
                &other
            }
        };
        let mut files = BTreeMap::new();
        for entry in index.entries() {
            if entry.mode.is_sparse() {
                files.extend(self.folded(entry.path(index), entry.id)?);
                continue;
            }
            let is_ours = matches!(entry.stage(), Stage::Unconflicted | Stage::Ours);
            let kind = match entry.mode {
                Mode::FILE => FileKind::File,
                Mode::FILE_EXECUTABLE => FileKind::Executable,
                Mode::SYMLINK => FileKind::Symlink,
                Mode::COMMIT => FileKind::Submodule,
                _ => continue,
            };
            if is_ours && !entry.flags.contains(Flags::INTENT_TO_ADD) {
                files.insert(entry.path(index).to_owned(), Entry { id: entry.id, kind });
            }
        }
        Ok(files)
    }

    /// Returns the files below the root that a sparse checkout leaves out, by path.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] for a damaged index.
    pub fn left_out_of_checkout(&self) -> Result<Vec<SnapshotFile>, Error> {
        let index =
            self.local.index_or_empty().map_err(|source| Error::unreadable("the index", source))?;
        let is_left_out = |entry: &&gix::index::Entry| {
            entry.mode.is_sparse() || entry.flags.contains(Flags::SKIP_WORKTREE)
        };
        if !index.entries().iter().any(|entry| is_left_out(&entry)) {
            return Ok(Vec::new());
        }
        let shown: BTreeSet<&BStr> = index
            .entries()
            .iter()
            .filter(|entry| !is_left_out(entry))
            .map(|entry| entry.path(&index))
            .collect();
        let all = self.staged_files(None)?.into_iter();
        let left_out = all.filter(|(path, _)| !shown.contains(path.as_bstr()));
        let files = left_out.filter_map(|(path, entry)| {
            let inside = self.inside(path.as_bstr())?;
            Some(SnapshotFile {
                path: inside.to_str_lossy().into_owned(),
                blob: BlobId(entry.id),
                kind: entry.kind,
                path_is_lossy: inside.to_str().is_err(),
            })
        });
        Ok(files.collect())
    }

    /// Returns the files of a folder that the index holds as a whole, since a sparse checkout leaves it out.
    fn folded(&self, folder: &BStr, tree: gix::ObjectId) -> Result<Vec<(BString, Entry)>, Error> {
        let files = entries::files(&self.local, Some(tree))?.into_iter();
        let below = |path: BString| {
            let mut full = folder.to_owned();
            if !full.ends_with(b"/") {
                full.push(b'/');
            }
            full.extend_from_slice(&path);
            full
        };
        Ok(files.map(|(path, entry)| (below(path), entry)).collect())
    }

    /// Returns the path relative to the root of what is judged; `None` when it is not below it.
    fn below_root(&self, path: &BStr) -> Option<String> {
        Some(self.inside(path)?.to_str_lossy().into_owned())
    }

    pub(super) fn inside<'p>(&self, path: &'p BStr) -> Option<&'p BStr> {
        if self.root.is_empty() {
            return Some(path);
        }
        let rest = path.strip_prefix(self.root.as_slice())?;
        Some(rest.strip_prefix(b"/")?.as_bstr())
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
mod tests;
