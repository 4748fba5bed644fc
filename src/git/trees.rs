//! Decides which trees the gate compares.
//!
//! The **trusted** tree is the tip of the base branch: what is agreed. The **head** is what is
//! proposed. The **compared** tree is where the change started.
//!
//! # Why
//!
//! Whoever chooses the trusted tree chooses the policy. So a merge commit is taken for the forge's
//! own only with a pull request event that names its second parent as the head; without an event
//! its author chose both parents.

use crate::git::Repository;
use crate::git::error::Error;
use crate::git::fetch;
use crate::git::fetch::Fetching;
use crate::git::id::CommitId;

/// What is known about the change before looking at the repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The base that the user named.
    pub base: Option<String>,
    /// What the forge's event says.
    pub event: Option<EventFacts>,
    /// Whether a change or everything is judged.
    pub scope: Scope,
    /// Whether a missing base may be fetched.
    pub fetching: Fetching,
}

/// The commits that an event of a pull request or a merge queue names, as full object ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFacts {
    /// The tip of the base branch when the event was made.
    pub base_sha: String,
    /// The tip of the proposed branch.
    pub head_sha: String,
    /// The merge commit that the forge says it checked out (`GITHUB_SHA` of a pull request).
    ///
    /// When it is given, no other commit is taken for the forge's merge.
    pub merge_sha: Option<String>,
}

/// What is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// The change between two trees.
    #[default]
    Change,
    /// The whole tree of the head, as one release.
    WholeTree,
}

/// Which trees the gate reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trees {
    /// There is nothing to compare: the head is the trusted tree too.
    Whole {
        /// The commit that is judged.
        head: CommitId,
    },
    /// A change is judged.
    Compared(Compared),
}

/// The three commits whose trees the gate reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The tip of the base branch.
    pub trusted: CommitId,
    /// Where the change started.
    pub compared: CommitId,
    /// What is proposed.
    pub head: CommitId,
    /// How the trusted commit was found.
    pub how: How,
    /// Whether the clone hides where the change started, so that the tip of the base stands for it.
    ///
    /// Then what the base branch gained in the meantime looks as if the change took it away.
    pub merge_base_missing: bool,
}

/// How the trusted commit was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// The user named it.
    BaseOption,
    /// It is the first parent of a merge commit that the forge made.
    ForgeMerge,
    /// It is the base that the event names.
    EventBase,
    /// It is the tip of the default branch of this name.
    DefaultBranch(String),
}

impl Compared {
    /// Returns whether the change is empty: the compared commit is the head.
    pub fn is_empty(&self) -> bool {
        self.compared == self.head
    }
}

/// Decides which trees to compare.
///
/// # Errors
///
/// [`Error::NoCommits`], [`Error::RevisionUnknown`], [`Error::CommitIdInvalid`],
/// [`Error::DefaultBranchMissing`]; [`Error::CommitMissing`] and [`Error::FetchFailed`] when the
/// base cannot be had; [`Error::HistoriesUnrelated`].
pub fn decide(repository: &Repository, request: &Request) -> Result<Trees, Error> {
    let head = repository.head()?;
    if request.scope == Scope::WholeTree {
        return Ok(Trees::Whole { head });
    }
    if let Some(base) = &request.base {
        let trusted = named_base(repository, base, request.fetching)?;
        return from_merge_base(repository, trusted, head, How::BaseOption);
    }
    if let Some(event) = &request.event {
        return from_event(repository, event, head, request.fetching);
    }
    let branch = repository.default_branch()?;
    if branch.tip == head {
        return Ok(Trees::Whole { head });
    }
    let how = How::DefaultBranch(branch.name);
    from_merge_base(repository, branch.tip, head, how)
}

/// Finds the commit of `--base`; a full id that is not at hand is fetched.
fn named_base(
    repository: &Repository,
    base: &str,
    fetching: Fetching,
) -> Result<CommitId, Error> {
    if let Some(id) = CommitId::parse(base) {
        // An annotated tag is named by a full id as well; it needs no fetch.
        if let Ok(commit) = repository.resolve(base) {
            return Ok(commit);
        }
        fetch::ensure(repository, id, fetching)?;
    }
    repository.resolve(base)
}

fn from_event(
    repository: &Repository,
    event: &EventFacts,
    head: CommitId,
    fetching: Fetching,
) -> Result<Trees, Error> {
    let base = full_id(&event.base_sha)?;
    let proposed = full_id(&event.head_sha)?;
    let merge = event.merge_sha.as_deref().map(full_id).transpose()?;
    if let Some(trusted) = forge_merge_base(repository, head, proposed, merge)? {
        fetch::ensure(repository, trusted, fetching)?;
        return Ok(Trees::Compared(Compared {
            trusted,
            compared: trusted,
            head,
            how: How::ForgeMerge,
            merge_base_missing: false,
        }));
    }
    fetch::ensure(repository, base, fetching)?;
    from_merge_base(repository, base, head, How::EventBase)
}

/// Returns the first parent of `head` when `head` is the forge's merge of the proposed commit.
fn forge_merge_base(
    repository: &Repository,
    head: CommitId,
    proposed: CommitId,
    merge: Option<CommitId>,
) -> Result<Option<CommitId>, Error> {
    if head == proposed || merge.is_some_and(|merge| merge != head) {
        return Ok(None);
    }
    match repository.parents(head)?.as_slice() {
        [base, second] if *second == proposed => Ok(Some(*base)),
        _ => Ok(None),
    }
}

fn from_merge_base(
    repository: &Repository,
    trusted: CommitId,
    head: CommitId,
    how: How,
) -> Result<Trees, Error> {
    let (compared, merge_base_missing) = match repository.merge_base(trusted, head) {
        Ok(Some(base)) => (base, false),
        Ok(None) => {
            return Err(Error::HistoriesUnrelated {
                one: trusted,
                other: head,
            });
        }
        Err(Error::MergeBaseMissing { .. }) => (trusted, true),
        Err(error) => return Err(error),
    };
    Ok(Trees::Compared(Compared {
        trusted,
        compared,
        head,
        how,
        merge_base_missing,
    }))
}

fn full_id(text: &str) -> Result<CommitId, Error> {
    CommitId::parse(text).ok_or_else(|| Error::CommitIdInvalid {
        text: text.chars().take(80).collect(),
    })
}
