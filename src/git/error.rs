//! What can go wrong between the program and a repository.

use std::path::PathBuf;

use crate::git::id::CommitId;
use crate::globs::Refusal;

/// Why the repository could not answer.
///
/// The message says what was attempted and on what; [`Error::hint`] says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither the folder nor any folder above it is a repository.
    #[error("find a git repository in `{}` or a folder above it", path.display())]
    NotARepository {
        /// The folder where the search began.
        path: PathBuf,
    },
    /// There is a repository, and it cannot be opened.
    #[error("open the git repository of `{}`", path.display())]
    RepositoryUnreadable {
        /// The folder where the search began.
        path: PathBuf,
        /// What the repository's reader says.
        source: Box<gix::Error>,
    },
    /// The repository names its objects by a hash that this program does not read.
    #[error("read the git repository of `{}`: its object format is not SHA-1", path.display())]
    ObjectFormatUnsupported {
        /// The folder where the search began.
        path: PathBuf,
    },
    /// `HEAD` names no commit yet.
    #[error("find the commit of `HEAD`: the repository has no commit on this branch")]
    NoCommits,
    /// A revision names nothing, or more than one thing, or no commit.
    #[error("find the commit that `{revision}` names")]
    RevisionUnknown {
        /// The revision as it was given.
        revision: String,
    },
    /// A revision names several commits.
    #[error("find the one commit that `{revision}` names: it may be {}", meanings.join(" or "))]
    RevisionAmbiguous {
        /// The revision as it was given.
        revision: String,
        /// What it may mean, as it stands in a sentence.
        meanings: Vec<String>,
    },
    /// A commit id that should be whole is not.
    #[error("read `{text}` as a full commit id")]
    CommitIdInvalid {
        /// The text as it was given.
        text: String,
    },
    /// No branch can stand for the default branch.
    #[error("find the default branch: there is no `origin/HEAD`, no `main` and no `master`")]
    DefaultBranchMissing,
    /// The clone holds no branch of the name that the default branch has.
    #[error("find the default branch `{name}`: this clone does not hold it")]
    BranchMissing {
        /// The name.
        name: String,
    },
    /// A commit is named, and the clone does not hold it.
    #[error("read commit {id}: this clone does not hold it")]
    CommitMissing {
        /// The commit.
        id: CommitId,
    },
    /// The commit that is checked out does not hold the one that an event proposes, or the clone is cut
    /// before it could tell.
    #[error("judge the proposed commit {proposed}: `HEAD` is {head}, which does not hold it")]
    HeadNotProposed {
        /// The commit that is checked out.
        head: CommitId,
        /// The commit that the event names as its head.
        proposed: CommitId,
    },
    /// A question about ancestry ends where the clone was cut.
    #[error("follow the history of {id}: this clone is cut before the answer")]
    HistoryMissing {
        /// The commit where the search began.
        id: CommitId,
    },
    /// The place where two branches parted lies behind the end of a shallow clone.
    #[error("find the merge base of {one} and {other}: this clone is cut before it")]
    MergeBaseMissing {
        /// One tip.
        one: CommitId,
        /// The other tip.
        other: CommitId,
    },
    /// Two commits share no ancestor.
    #[error("find the merge base of {one} and {other}: their histories share no commit")]
    HistoriesUnrelated {
        /// One tip.
        one: CommitId,
        /// The other tip.
        other: CommitId,
    },
    /// The one fetch of a missing commit failed.
    #[error("fetch commit {id} from `origin`: {reason}")]
    FetchFailed {
        /// The commit.
        id: CommitId,
        /// The last line that git wrote, without credentials.
        reason: String,
    },
    /// The fetch of a branch failed.
    #[error("fetch the branch `{name}` from `origin`: {reason}")]
    BranchFetchFailed {
        /// The name.
        name: String,
        /// The last line that git wrote, without credentials.
        reason: String,
    },
    /// A tree names itself, a path or a mode that git does not write.
    #[error("read the tree {tree} at `{path}`: it is malformed")]
    TreeMalformed {
        /// The object id of the tree.
        tree: String,
        /// The folder it stands for; empty for the root.
        path: String,
    },
    /// A tree unfolds into more files than any repository holds.
    #[error("read the tree {tree}: it holds more than {limit} entries")]
    TreeTooLarge {
        /// The object id of the tree.
        tree: String,
        /// The number of entries at which reading stops.
        limit: usize,
    },
    /// A path is not a relative path inside the repository.
    #[error("find `{path}` inside the repository")]
    PathOutside {
        /// The path as it was given.
        path: String,
    },
    /// A pattern of tag names cannot be read.
    #[error("read the pattern `{pattern}`")]
    PatternInvalid {
        /// The pattern as it was given.
        pattern: String,
        /// What is wrong with it.
        source: Refusal,
    },
    /// A file or a folder of a commit is not in the clone, although the commit is.
    #[error("read {what}: this clone does not hold it")]
    ObjectMissing {
        /// The thing that was to be read.
        what: String,
    },
    /// An object, a reference or the index cannot be read.
    #[error("read {what}")]
    Unreadable {
        /// The thing that was to be read.
        what: String,
        /// What the repository's reader says.
        source: Box<gix::Error>,
    },
}

impl Error {
    /// Returns what to do next, where there is something to do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::NotARepository { .. } => Some(
                "run this inside a clone of the repository; `slo lint` works without git; what compares commits does not",
            ),
            Error::ObjectFormatUnsupported { .. } => {
                Some("repositories made with `git init --object-format=sha256` are not supported")
            }
            Error::NoCommits => Some("commit the files first"),
            Error::RevisionUnknown { .. } => Some(
                "give a branch, a tag or a commit that `git rev-parse` knows; in a shallow clone, fetch it first",
            ),
            Error::RevisionAmbiguous { .. } => {
                Some("give the full name, such as `refs/remotes/origin/main`")
            }
            Error::DefaultBranchMissing => Some(
                "name the base (`slo gate --base REF`, `slo diff REF`), or run `git remote set-head origin --auto` once",
            ),
            Error::BranchMissing { .. } | Error::BranchFetchFailed { .. } => Some(
                "fetch it with `git fetch origin`, or name the base: `slo gate --base REF`, `slo diff REF`",
            ),
            Error::CommitMissing { .. }
            | Error::HistoryMissing { .. }
            | Error::MergeBaseMissing { .. }
            | Error::FetchFailed { .. } => Some(
                "fetch more history: `actions/checkout` needs `fetch-depth: 2`, and 0 where it has that: in merge queues that take several \
                 commits at once, and where exemptions are checked commit by commit",
            ),
            Error::HeadNotProposed { .. } => Some(
                "check out the head of the pull request: `actions/checkout` does in `pull_request` and `merge_group` without a `ref`, \
                 elsewhere with `ref: ${{ github.event.pull_request.head.sha }}`; of a later commit, `fetch-depth: 0` shows that it holds it",
            ),
            Error::HistoriesUnrelated { .. } => Some(
                "name a base from which the branch was started: `slo gate --base REF`, `slo diff REF`",
            ),
            Error::ObjectMissing { .. } => Some(
                "this is a partial clone: clone without `--filter`, or drop `filter` from `actions/checkout`",
            ),
            Error::Unreadable { .. } | Error::RepositoryUnreadable { .. } => {
                Some("check the repository with `git fsck`, or clone it again")
            }
            _ => None,
        }
    }

    /// Wraps what the reader says about `what`.
    pub(super) fn unreadable(what: impl Into<String>, source: gix::Error) -> Error {
        let what = what.into();
        if source.is_not_found() {
            return Error::ObjectMissing { what };
        }
        Error::Unreadable { what, source: Box::new(source) }
    }
}
