//! Reads a repository: trees at a commit, what a change touched, who made it, and since when.
//!
//! The gate asks three questions of git: which trees to compare ([`trees`]), what stands in them
//! ([`snapshot`]), and what the commits between them are ([`commits`], [`changes`], [`revert`]).
//!
//! **Invariant:** this door knows paths, bytes, commits and times. It knows no SLO, no policy, no
//! forge, and never reads a file of the worktree: what is not committed is not judged.
//!
//! # Why
//!
//! The repository is read in this process, with the trust that a stranger's repository would get:
//! only its own configuration, none of its filters, hooks or drivers, no environment variable.
//! Calling `git` would be shorter, and would run whatever the repository configures. Therefore a
//! folder that belongs to somebody else (`safe.directory`, as in a container job) is read too. The
//! one call of `git` fetches one missing commit, with the user's own credentials ([`fetch`]).
//! Replacement references are ignored: a commit is what its id says.

pub mod changes;
pub mod commits;
mod effort;
mod entries;
pub mod error;
pub mod fetch;
pub mod follow;
mod history;
pub mod id;
pub mod landed;
mod lines;
mod merges;
mod renames;
pub mod revert;
#[cfg(test)]
mod sample;
pub mod snapshot;
pub mod tags;
#[cfg(test)]
mod tests;
pub mod trailers;
pub mod trees;
mod worktree;

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use gix::bstr::BStr;
use gix::bstr::BString;
use gix::bstr::ByteSlice;
use gix::sec::Trust;

use crate::git::error::Error;
use crate::git::id::CommitId;

/// Bytes of decoded objects that are kept at hand, since walks read the same trees again and again.
const OBJECT_CACHE_BYTES: usize = 32 * 1024 * 1024;

/// Where the default branch is looked for when nobody names it, the best place first.
const DEFAULT_BRANCHES: [&str; 5] = [
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/heads/main",
    "refs/remotes/origin/master",
    "refs/heads/master",
];

/// An opened repository and the folder inside it that is judged.
///
/// Paths that go in and come out are relative to [`Repository::root`] and use `/`.
pub struct Repository {
    shared: gix::ThreadSafeRepository,
    local: gix::Repository,
    worktree: Option<PathBuf>,
    root: BString,
}

/// A branch and the commit at its tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The short name, as `main` or `origin/main`.
    pub name: String,
    /// The commit at the tip.
    pub tip: CommitId,
}

impl Repository {
    /// Opens the repository that holds `path`, searching upwards.
    ///
    /// The whole repository is judged until [`Repository::at_root`] says otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::NotARepository`], [`Error::ObjectFormatUnsupported`], and
    /// [`Error::RepositoryUnreadable`] for damage and missing permissions.
    pub fn discover(path: &Path) -> Result<Repository, Error> {
        let search = gix::discover::upwards::Options {
            trust: gix::discover::upwards::TrustPolicy::Assume(Trust::Reduced),
            ..Default::default()
        };
        let options = gix::open::Options::isolated().config_overrides([
            "core.useReplaceRefs=false",
            // Every reading asks for the size first and has a limit of its own; the one that comes
            // with reduced trust would end the run for a large file that nobody reads.
            "gitoxide.objects.allocLimit=268435456",
        ]);
        let by_trust = gix::sec::trust::Mapping { full: options.clone(), reduced: options };
        let shared = gix::ThreadSafeRepository::discover_opts(path, search, by_trust)
            .map_err(|source| opening_error(path, source))?;
        let mut local = shared.to_thread_local();
        local.object_cache_size_if_unset(OBJECT_CACHE_BYTES);
        let worktree = local.workdir().map(Path::to_path_buf);
        Ok(Repository { shared, local, worktree, root: BString::default() })
    }

    /// Makes `folder`, relative to the repository, the root of what is judged.
    ///
    /// The empty path is the repository itself. The folder need not exist in every commit: where it
    /// does not, there are no files.
    ///
    /// # Errors
    ///
    /// [`Error::PathOutside`] for an absolute path and for one with `..`.
    pub fn at_root(mut self, folder: &str) -> Result<Repository, Error> {
        self.root = clean_path(folder)?;
        Ok(self)
    }

    /// Returns the root of what is judged, relative to the repository; empty for the whole.
    pub fn root(&self) -> String {
        self.root.to_str_lossy().into_owned()
    }

    /// Returns the folder of the checked out files; a bare repository has none.
    pub fn worktree(&self) -> Option<&Path> {
        self.worktree.as_deref()
    }

    /// Returns `folder` relative to the repository, in the form that [`Repository::at_root`] takes.
    ///
    /// # Errors
    ///
    /// [`Error::PathOutside`] when the folder is not inside the worktree.
    pub fn relative(&self, folder: &Path) -> Result<String, Error> {
        let outside = || Error::PathOutside { path: folder.display().to_string() };
        let worktree = self.worktree.as_deref().ok_or_else(outside)?;
        let worktree = worktree.canonicalize().map_err(|_| outside())?;
        let folder = folder.canonicalize().map_err(|_| outside())?;
        let inside = folder.strip_prefix(&worktree).map_err(|_| outside())?;
        let names: Vec<&str> = inside
            .iter()
            .map(|name| name.to_str().ok_or_else(outside))
            .collect::<Result<_, _>>()?;
        Ok(names.join("/"))
    }

    /// Returns whether the clone was cut at some depth, so that history is missing.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] when the list of cut commits cannot be found.
    pub fn is_shallow(&self) -> Result<bool, Error> {
        self.local
            .is_shallow()
            .map_err(|source| Error::unreadable("the list of cut commits", source))
    }

    /// Returns the commit that is checked out.
    ///
    /// # Errors
    ///
    /// [`Error::NoCommits`] on a branch without commits.
    pub fn head(&self) -> Result<CommitId, Error> {
        let head = self.local.head().map_err(|source| Error::unreadable("`HEAD`", source))?;
        if head.is_unborn() {
            return Err(Error::NoCommits);
        }
        let id = head.into_peeled_id().map_err(|source| Error::unreadable("`HEAD`", source))?;
        Ok(CommitId(id.detach()))
    }

    /// Returns the commit that a revision names, as `git rev-parse REV^{commit}` would, unless that
    /// is a choice between several.
    ///
    /// # Errors
    ///
    /// [`Error::RevisionUnknown`] when it names nothing, a range or no commit;
    /// [`Error::RevisionAmbiguous`] when several commits have the name: git would take a tag before a
    /// branch, and whoever may push a tag `origin/main` is not who decides what is agreed.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, Error> {
        let unknown = || Error::RevisionUnknown { revision: revision.to_owned() };
        let meanings = self.meanings(revision);
        let commits: BTreeSet<CommitId> = meanings.iter().map(|(_, commit)| *commit).collect();
        if commits.len() > 1 {
            let meanings = meanings.into_iter().map(|(name, _)| name).collect();
            return Err(Error::RevisionAmbiguous { revision: revision.to_owned(), meanings });
        }
        let id = self.local.rev_parse_single(BStr::new(revision)).map_err(|_| unknown())?;
        let object = id.object().map_err(|_| unknown())?;
        let commit = object.peel_to_commit().map_err(|_| unknown())?;
        Ok(CommitId(commit.id))
    }

    /// Returns everything that the name in a revision may mean, with its commit.
    fn meanings(&self, revision: &str) -> Vec<(String, CommitId)> {
        let name = revision.split(['~', '^', ':']).next().unwrap_or_default();
        let name = name.split("@{").next().unwrap_or_default();
        if name.is_empty() || name == "HEAD" || name.starts_with("refs/") {
            return Vec::new();
        }
        let named = [
            format!("refs/tags/{name}"),
            format!("refs/heads/{name}"),
            format!("refs/remotes/{name}"),
            format!("refs/remotes/{name}/HEAD"),
        ];
        let mut found: Vec<(String, CommitId)> = Vec::new();
        for full_name in named {
            if let Ok(Some(branch)) = self.branch(&full_name) {
                found.push((format!("`{full_name}`"), branch.tip));
            }
        }
        let id = gix::hash::Prefix::from_hex(name).ok();
        let id = id.and_then(|prefix| self.local.objects.lookup_prefix(prefix, None).ok()??.ok());
        let commit = id.and_then(|id| self.local.find_object(id).ok()?.peel_to_commit().ok());
        found.extend(commit.map(|commit| (format!("commit {}", commit.id), CommitId(commit.id))));
        found
    }

    /// Returns the default branch: the one of this name where the forge says it, else what
    /// `origin/HEAD` points at, else `main`, else `master`.
    ///
    /// A name is looked up as a branch of `origin` first, then as a local branch, since whoever is
    /// judged may have named a local one. A name that the forge says is no local branch where there
    /// is an `origin`.
    ///
    /// # Errors
    ///
    /// [`Error::DefaultBranchMissing`] when none exists, [`Error::BranchMissing`] when the named one
    /// does not.
    pub fn default_branch(&self, named: Option<&str>) -> Result<Branch, Error> {
        if let Some(name) = named {
            let branch = match self.branch_of_origin(name)? {
                None if !self.has_origin() => self.branch(&format!("refs/heads/{name}"))?,
                known => known,
            };
            return branch.ok_or_else(|| Error::BranchMissing { name: name.to_owned() });
        }
        for candidate in DEFAULT_BRANCHES {
            if let Some(branch) = self.branch(candidate)? {
                return Ok(branch);
            }
        }
        Err(Error::DefaultBranchMissing)
    }

    fn has_origin(&self) -> bool {
        self.local.config_snapshot().string("remote.origin.url").is_some()
    }

    /// Returns the branch of a name as `origin` had it when it was last fetched.
    fn branch_of_origin(&self, name: &str) -> Result<Option<Branch>, Error> {
        self.branch(&format!("refs/remotes/origin/{name}"))
    }

    /// Returns whether the clone holds the commit.
    pub fn holds(&self, id: CommitId) -> bool {
        self.local
            .try_find_header(id.0)
            .is_ok_and(|header| header.is_some_and(|header| header.kind().is_commit()))
    }

    /// Returns the branch of a full reference name, following one symbolic step.
    fn branch(&self, full_name: &str) -> Result<Option<Branch>, Error> {
        if gix::validate::reference::name(full_name.into()).is_err() {
            return Ok(None);
        }
        let unreadable = |source| Error::unreadable(format!("`{full_name}`"), source);
        let found = self.local.try_find_reference(full_name).map_err(unreadable)?;
        // The search goes on in other places when there is nothing of this very name.
        let Some(mut reference) = found.filter(|it| it.name().as_bstr() == full_name) else {
            return Ok(None);
        };
        if let Some(target) = reference.follow() {
            match target {
                Ok(target) => reference = target,
                // A symbolic reference to a branch that is gone: the next candidate decides.
                Err(_) => return Ok(None),
            }
        }
        let name = reference.name().shorten().to_str_lossy().into_owned();
        let commit = reference.peel_to_commit().map_err(unreadable)?;
        Ok(Some(Branch { name, tip: CommitId(commit.id) }))
    }
}

/// Returns a relative path without `.` and doubled or trailing slashes.
fn clean_path(path: &str) -> Result<BString, Error> {
    let outside = || Error::PathOutside { path: path.to_owned() };
    if path.starts_with('/') {
        return Err(outside());
    }
    let mut clean = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => return Err(outside()),
            name => clean.push(name),
        }
    }
    Ok(BString::from(clean.join("/")))
}

/// Sorts a failure to open by what the user can do about it.
fn opening_error(path: &Path, source: gix::Error) -> Error {
    let path = path.to_path_buf();
    let missing = source.downcast_any_ref::<gix::discover::upwards::Error>().is_some();
    if missing {
        return Error::NotARepository { path };
    }
    if source.is_unsupported() {
        return Error::ObjectFormatUnsupported { path };
    }
    Error::RepositoryUnreadable { path, source: Box::new(source) }
}
