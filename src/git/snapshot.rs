//! The files of one commit or of the index, read without checking anything out.
//!
//! **Invariant:** a snapshot never touches the worktree and never follows a symlink: what a link
//! points at may be outside the repository, and is not what was reviewed.

use std::collections::BTreeMap;
use std::path::Path;

use gix::bstr::BStr;
use gix::bstr::BString;
use gix::bstr::ByteSlice;
use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;

use crate::git::Repository;
use crate::git::clean_path;
use crate::git::entries;
use crate::git::entries::Entry;
use crate::git::entries::Found;
use crate::git::error::Error;
use crate::git::id::BlobId;
use crate::git::id::CommitId;

/// The tree of a commit, or what the next one would be, below the repository's root of what is judged.
pub struct Snapshot<'repository> {
    repository: &'repository Repository,
    commit: Option<CommitId>,
    listing: Listing,
}

/// Where files are listed.
enum Listing {
    /// A tree; no tree means no files.
    Tree(Option<gix::ObjectId>),
    /// The index, by path.
    Index(BTreeMap<BString, Entry>),
}

/// What stands at a path of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A file.
    File,
    /// A file that may be executed.
    Executable,
    /// A symbolic link; its bytes are the path it points at.
    Symlink,
    /// The commit of another repository; there are no bytes.
    Submodule,
}

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFile {
    /// The path, relative to the root of what is judged.
    pub path: String,
    /// The name of its bytes.
    pub blob: BlobId,
    /// What it is.
    pub kind: FileKind,
    /// Whether the path is not UTF-8, so that `path` shows it with replacement characters.
    pub path_is_lossy: bool,
}

/// What reading a path of a snapshot gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The bytes of a file.
    Bytes(Vec<u8>),
    /// A file larger than the caller accepts, with its size in bytes.
    TooLarge(u64),
    /// A symbolic link and what it points at, as far as that is UTF-8; it is not followed.
    Symlink(String),
    /// The commit of another repository.
    Submodule,
    /// A folder.
    Folder,
    /// Nothing stands there.
    Absent,
}

impl Repository {
    /// Returns the tree of a commit.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`] when the clone does not hold the commit.
    pub fn snapshot(&self, commit: CommitId) -> Result<Snapshot<'_>, Error> {
        let listing = Listing::Tree(self.root_tree(commit)?);
        Ok(Snapshot { repository: self, commit: Some(commit), listing })
    }

    /// Returns what is staged: the tree that a commit would have.
    ///
    /// A file in conflict is that of the branch that is checked out.
    ///
    /// * `index`: the file that is read in the place of the repository's own index.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] for a damaged index.
    pub fn staged(&self, index: Option<&Path>) -> Result<Snapshot<'_>, Error> {
        let files = self.staged_files(index)?.into_iter();
        let inside = files
            .filter_map(|(path, entry)| Some((self.inside(path.as_bstr())?.to_owned(), entry)));
        Ok(Snapshot { repository: self, commit: None, listing: Listing::Index(inside.collect()) })
    }

    /// Returns what is staged from the top of the repository, whatever folder is judged.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] for a damaged index.
    pub fn whole_staged(&self, index: Option<&Path>) -> Result<Snapshot<'_>, Error> {
        let listing = Listing::Index(self.staged_files(index)?);
        Ok(Snapshot { repository: self, commit: None, listing })
    }

    /// Returns whether nothing but folders stands at the judged folder and above it at a commit; also
    /// where there is nothing at all.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`], [`Error::Unreadable`].
    pub fn root_is_plain(&self, commit: CommitId) -> Result<bool, Error> {
        let whole = self.whole_tree(commit)?;
        let ends = self.root.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for end in ends.map(|(end, _)| end).chain([self.root.len()]) {
            let folder = self.root.get(..end).unwrap_or_default().as_bstr();
            if let Found::File(_) = entries::find(&self.local, Some(whole), folder)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns the tree of a commit from the top of the repository, whatever folder is judged.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`] when the clone does not hold the commit.
    pub fn whole_snapshot(&self, commit: CommitId) -> Result<Snapshot<'_>, Error> {
        let listing = Listing::Tree(Some(self.whole_tree(commit)?));
        Ok(Snapshot { repository: self, commit: Some(commit), listing })
    }

    /// Returns the tree of the judged folder at a commit; `None` when the folder does not exist.
    pub(super) fn root_tree(&self, commit: CommitId) -> Result<Option<gix::ObjectId>, Error> {
        let whole = self.whole_tree(commit)?;
        self.judged_folder(whole)
    }

    /// Returns the tree of the judged folder inside the tree of the whole repository.
    pub(super) fn judged_folder(
        &self,
        whole: gix::ObjectId,
    ) -> Result<Option<gix::ObjectId>, Error> {
        match entries::find(&self.local, Some(whole), self.root.as_bstr())? {
            Found::Folder(tree) => Ok(Some(tree)),
            Found::File(_) | Found::Absent => Ok(None),
        }
    }

    /// Returns the tree of the whole repository at a commit.
    pub(super) fn whole_tree(&self, commit: CommitId) -> Result<gix::ObjectId, Error> {
        match self.step(commit)? {
            Some(step) => Ok(step.tree),
            None => Err(Error::CommitMissing { id: commit }),
        }
    }
}

impl Snapshot<'_> {
    /// Returns the commit whose tree this is; nothing for the index.
    pub fn commit(&self) -> Option<CommitId> {
        self.commit
    }

    /// Returns the files whose path `keep` accepts, sorted by path.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`], [`Error::TreeMalformed`] and [`Error::TreeTooLarge`].
    pub fn files(&self, mut keep: impl FnMut(&str) -> bool) -> Result<Vec<SnapshotFile>, Error> {
        let mut found = Vec::new();
        let listed = match &self.listing {
            Listing::Tree(tree) => entries::files(&self.repository.local, *tree)?,
            Listing::Index(files) => {
                files.iter().map(|(path, entry)| (path.clone(), *entry)).collect()
            }
        };
        for (raw_path, entry) in listed {
            let path = raw_path.to_str_lossy();
            if keep(&path) {
                found.push(SnapshotFile {
                    path_is_lossy: raw_path.to_str().is_err(),
                    path: path.into_owned(),
                    blob: BlobId(entry.id),
                    kind: entry.kind,
                });
            }
        }
        Ok(found)
    }

    /// Returns the files of one folder whose path `keep` accepts, by path; none where it is no folder.
    ///
    /// # Errors
    ///
    /// [`Error::PathOutside`], [`Error::Unreadable`], [`Error::TreeMalformed`] and [`Error::TreeTooLarge`].
    pub fn files_below(
        &self,
        folder: &str,
        keep: impl Fn(&str) -> bool,
    ) -> Result<Vec<SnapshotFile>, Error> {
        let clean = clean_path(folder)?;
        let Listing::Tree(tree) = &self.listing else {
            let below = format!("{folder}/");
            return self.files(|path| path.starts_with(&below) && keep(path));
        };
        let Found::Folder(tree) = entries::find(&self.repository.local, *tree, clean.as_bstr())?
        else {
            return Ok(Vec::new());
        };
        let files = entries::files(&self.repository.local, Some(tree))?.into_iter();
        let below = files.filter_map(|(path, entry)| {
            let path = format!("{clean}/{}", path.to_str().ok()?);
            let kind = entry.kind;
            let is_kept = keep(&path);
            let file = SnapshotFile { path, blob: BlobId(entry.id), kind, path_is_lossy: false };
            is_kept.then_some(file)
        });
        Ok(below.collect())
    }

    /// Reads the file at `path`, up to `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::PathOutside`] for an absolute path or one with `..`; [`Error::Unreadable`].
    pub fn read(&self, path: &str, limit: u64) -> Result<Content, Error> {
        let clean = clean_path(path)?;
        let found = match &self.listing {
            Listing::Tree(tree) => entries::find(&self.repository.local, *tree, clean.as_bstr())?,
            Listing::Index(files) => return self.read_staged(files, &clean, limit),
        };
        match found {
            Found::Absent => Ok(Content::Absent),
            Found::Folder(_) => Ok(Content::Folder),
            Found::File(entry) => content(&self.repository.local, entry, clean.as_bstr(), limit),
        }
    }

    fn read_staged(
        &self,
        files: &BTreeMap<BString, Entry>,
        path: &BString,
        limit: u64,
    ) -> Result<Content, Error> {
        if let Some(entry) = files.get(path) {
            return content(&self.repository.local, *entry, path.as_bstr(), limit);
        }
        let mut folder = path.clone();
        if !folder.is_empty() {
            folder.push(b'/');
        }
        let is_below = |(below, _): (&BString, &Entry)| below.starts_with(&folder);
        let has_files = files.range(folder.clone()..).next().is_some_and(is_below);
        Ok(if has_files { Content::Folder } else { Content::Absent })
    }

    /// Reads many files on all processors; the answers stand in the order of `files`.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] for the first file in order that cannot be read.
    pub fn read_all(&self, files: &[SnapshotFile], limit: u64) -> Result<Vec<Content>, Error> {
        let shared = &self.repository.shared;
        let read: Vec<Result<Content, Error>> = files
            .par_iter()
            .map_init(
                || shared.to_thread_local(),
                |local, file| {
                    let entry = Entry { id: file.blob.0, kind: file.kind };
                    content(local, entry, BStr::new(&file.path), limit)
                },
            )
            .collect();
        read.into_iter().collect()
    }
}

/// Reads the bytes of an entry, asking for the size before unpacking.
fn content(
    repository: &gix::Repository,
    entry: Entry,
    path: &BStr,
    limit: u64,
) -> Result<Content, Error> {
    if entry.kind == FileKind::Submodule {
        return Ok(Content::Submodule);
    }
    let Some(bytes) = blob(repository, entry.id, limit)
        .map_err(|source| Error::unreadable(format!("`{path}` (blob {})", entry.id), source))?
    else {
        let size = repository.find_header(entry.id).map_or(0, |it| it.size());
        return Ok(Content::TooLarge(size));
    };
    if entry.kind == FileKind::Symlink {
        return Ok(Content::Symlink(bytes.to_str_lossy().into_owned()));
    }
    Ok(Content::Bytes(bytes))
}

/// Returns how many bytes a blob has, without reading them.
pub(super) fn size(repository: &gix::Repository, id: gix::ObjectId) -> Result<u64, gix::Error> {
    Ok(repository.find_header(id)?.size())
}

/// Returns the bytes of a blob, or `None` when there are more than `limit`.
pub(super) fn blob(
    repository: &gix::Repository,
    id: gix::ObjectId,
    limit: u64,
) -> Result<Option<Vec<u8>>, gix::Error> {
    if size(repository, id)? > limit {
        return Ok(None);
    }
    let mut blob = repository.find_object(id)?.try_into_blob()?;
    Ok(Some(blob.take_data()))
}

#[cfg(test)]
mod tests;
