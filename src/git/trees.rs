//! Decides which trees the gate compares.
//!
//! The **trusted** tree is the tip of the base branch: what is agreed. The **head** is what is
//! proposed. The **compared** tree is where the change started.
//!
//! # Why
//!
//! Whoever chooses the trusted tree chooses the policy. So a merge commit is taken for the forge's
//! own only with a pull request event that names its second parent as the head, and only when the
//! forge names the merge too, or its first parent is of the base branch; else its author chose both
//! parents.

use crate::git::Repository;
use crate::git::error::Error;
use crate::git::fetch;
use crate::git::fetch::Fetching;
use crate::git::id::CommitId;
use crate::git::merges::STARTS;

/// What is known about the change before looking at the repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The base that the user named.
    pub base: Option<String>,
    /// What the forge's event says.
    pub event: Option<EventFacts>,
    /// What GitLab says of its merge request.
    pub merge_request: Option<MergeRequestFacts>,
    /// The name of the default branch, where the forge says it.
    pub default_branch: Option<String>,
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
    /// The name of the base branch.
    pub base_branch: Option<String>,
    /// The tip of the proposed branch.
    pub head_sha: String,
    /// Which commit is the forge's merge of the two.
    pub merge: MergeCommit,
}

/// What GitLab says of a merge request; commits are full object ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MergeRequestFacts {
    /// The tip of the target branch; said only where the pipeline runs for a merge of the two.
    pub target_sha: Option<String>,
    /// The name of the target branch.
    pub target_branch: Option<String>,
    /// Where the change started, as GitLab saw it.
    pub diff_base: Option<String>,
}

/// Which commit is the forge's merge of a base and a proposed branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeCommit {
    /// The forge made none for this event: every merge is its author's.
    None,
    /// This one, as the forge says (`GITHUB_SHA` of a pull request).
    Named(String),
    /// The forge does not say. A merge is its own when its first parent is the base of the event, or
    /// a later commit of that branch of `origin`.
    Unnamed,
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
    /// The whole tree of the head is judged.
    Whole {
        /// What is agreed: the tip of the base branch where one is named or the head lies behind the
        /// default branch, else the head itself.
        trusted: CommitId,
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
    /// Where it started as well, when branches merged each other; of very many, the trusted commit.
    pub other_starts: Vec<CommitId>,
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
    /// It is the base that the event or the merge request names.
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
/// [`Error::DefaultBranchMissing`]; [`Error::HeadNotProposed`] when something else is checked out
/// than what the event proposes; [`Error::CommitMissing`] and [`Error::FetchFailed`] when the
/// base cannot be had; [`Error::HistoriesUnrelated`].
pub fn decide(repository: &Repository, request: &Request) -> Result<Trees, Error> {
    let head = repository.head()?;
    if let Some(event) = &request.event {
        check_head(repository, head, full_id(&event.head_sha)?)?;
    }
    let is_whole = request.scope == Scope::WholeTree;
    let (trusted, how) = if let Some(base) = &request.base {
        (named_base(repository, base, request.fetching)?, How::BaseOption)
    } else if let Some(event) = &request.event {
        from_event(repository, event, head, request.fetching)?
    } else if let Some(change) = &request.merge_request {
        (target(repository, change, request.fetching)?, How::EventBase)
    } else if is_whole {
        return Ok(Trees::Whole { trusted: head, head });
    } else {
        let branch = repository.default_branch(request.default_branch.as_deref())?;
        if branch.tip == head {
            return Ok(Trees::Whole { trusted: head, head });
        }
        (branch.tip, How::DefaultBranch(branch.name))
    };
    if is_whole {
        return Ok(Trees::Whole { trusted, head });
    }
    if how == How::ForgeMerge {
        let (compared, other_starts) = (trusted, Vec::new());
        let merge_base_missing = false;
        let change = Compared { trusted, compared, other_starts, head, how, merge_base_missing };
        return Ok(Trees::Compared(change));
    }
    let change = from_merge_base(repository, trusted, head, how)?;
    // A commit of the default branch changes nothing of it, also when it is not the tip any more: a run
    // that somebody starts again is about what is released.
    if change.is_empty() && matches!(change.how, How::DefaultBranch(_)) {
        return Ok(Trees::Whole { trusted, head });
    }
    from_diff_base(repository, change, request)
}

/// Finds the commit of `--base`; a full id that is not at hand is fetched.
fn named_base(repository: &Repository, base: &str, fetching: Fetching) -> Result<CommitId, Error> {
    if let Some(id) = CommitId::parse(base) {
        // An annotated tag is named by a full id as well; it needs no fetch.
        if let Ok(commit) = repository.resolve(base) {
            return Ok(commit);
        }
        fetch::ensure(repository, id, fetching)?;
    }
    repository.resolve(base)
}

/// Refuses a head that does not hold what the event proposes: a verdict about it says nothing of the
/// change.
fn check_head(repository: &Repository, head: CommitId, proposed: CommitId) -> Result<(), Error> {
    let holds = match repository.is_ancestor(proposed, head) {
        Err(Error::HistoryMissing { .. }) => false,
        known => known?,
    };
    if holds { Ok(()) } else { Err(Error::HeadNotProposed { head, proposed }) }
}

/// Finds the trusted commit of an event.
fn from_event(
    repository: &Repository,
    event: &EventFacts,
    head: CommitId,
    fetching: Fetching,
) -> Result<(CommitId, How), Error> {
    let base = full_id(&event.base_sha)?;
    let proposed = full_id(&event.head_sha)?;
    let (trusted, how) = match repository.parents(head)?.as_slice() {
        [first, second]
            if head != proposed
                && *second == proposed
                && is_forges(repository, event, base, head, *first)? =>
        {
            (*first, How::ForgeMerge)
        }
        _ => (base, How::EventBase),
    };
    fetch::ensure(repository, trusted, fetching)?;
    Ok((trusted, how))
}

/// Returns whether a merge of the proposed commit is the forge's own.
fn is_forges(
    repository: &Repository,
    event: &EventFacts,
    base: CommitId,
    merge: CommitId,
    first: CommitId,
) -> Result<bool, Error> {
    match &event.merge {
        MergeCommit::None => Ok(false),
        MergeCommit::Named(named) => Ok(full_id(named)? == merge),
        MergeCommit::Unnamed if first == base => Ok(true),
        MergeCommit::Unnamed => {
            let Some(branch) = &event.base_branch else { return Ok(false) };
            let Some(branch) = repository.branch_of_origin(branch)? else { return Ok(false) };
            let is_between = repository
                .is_ancestor(base, first)
                .and_then(|is_later| Ok(is_later && repository.is_ancestor(first, branch.tip)?));
            match is_between {
                Err(Error::HistoryMissing { .. } | Error::CommitMissing { .. }) => Ok(false),
                known => known,
            }
        }
    }
}

fn from_merge_base(
    repository: &Repository,
    trusted: CommitId,
    head: CommitId,
    how: How,
) -> Result<Compared, Error> {
    let (starts, merge_base_missing) = match repository.merge_bases(trusted, head) {
        Ok(starts) => (starts, false),
        Err(Error::MergeBaseMissing { .. }) => (vec![trusted], true),
        Err(error) => return Err(error),
    };
    let Some((compared, others)) = starts.split_first() else {
        return Err(Error::HistoriesUnrelated { one: trusted, other: head });
    };
    let others = if others.len() < STARTS { others.to_vec() } else { vec![trusted] };
    let (compared, other_starts) = (*compared, others);
    Ok(Compared { trusted, compared, other_starts, head, how, merge_base_missing })
}

/// Compares with where GitLab saw the change start, when the clone hides that.
fn from_diff_base(
    repository: &Repository,
    mut change: Compared,
    request: &Request,
) -> Result<Trees, Error> {
    let facts = request.merge_request.as_ref().filter(|_| change.how == How::EventBase);
    if let Some(start) = facts.and_then(|facts| facts.diff_base.as_deref())
        && change.merge_base_missing
    {
        let start = full_id(start)?;
        if fetch::ensure(repository, start, request.fetching).is_ok() {
            (change.compared, change.merge_base_missing) = (start, false);
        }
    }
    Ok(Trees::Compared(change))
}

/// Finds the tip of the target branch of a merge request, which is fetched where that is allowed: a
/// runner keeps its clone, and what it fetched for an older pipeline is not agreed any more.
///
/// Only where neither tip nor branch can be had the start of the change stands for it.
fn target(
    repository: &Repository,
    change: &MergeRequestFacts,
    fetching: Fetching,
) -> Result<CommitId, Error> {
    if let Some(tip) = &change.target_sha {
        let tip = full_id(tip)?;
        fetch::ensure(repository, tip, fetching)?;
        return Ok(tip);
    }
    if let Some(name) = &change.target_branch {
        if fetching == Fetching::Allowed && repository.has_origin() {
            fetch::branch(repository, name)?;
        }
        if let Some(branch) = repository.branch_of_origin(name)? {
            return Ok(branch.tip);
        }
    }
    match (&change.diff_base, &change.target_branch) {
        (Some(start), _) => {
            let start = full_id(start)?;
            fetch::ensure(repository, start, fetching)?;
            Ok(start)
        }
        (None, Some(name)) => Err(Error::BranchMissing { name: name.clone() }),
        (None, None) => Err(Error::DefaultBranchMissing),
    }
}

fn full_id(text: &str) -> Result<CommitId, Error> {
    CommitId::parse(text)
        .ok_or_else(|| Error::CommitIdInvalid { text: text.chars().take(80).collect() })
}

#[cfg(test)]
mod tests;
