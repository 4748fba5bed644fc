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
            return Err(Error::HistoriesUnrelated { one: trusted, other: head });
        }
        Err(Error::MergeBaseMissing { .. }) => (trusted, true),
        Err(error) => return Err(error),
    };
    Ok(Trees::Compared(Compared { trusted, compared, head, how, merge_base_missing }))
}

fn full_id(text: &str) -> Result<CommitId, Error> {
    CommitId::parse(text)
        .ok_or_else(|| Error::CommitIdInvalid { text: text.chars().take(80).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    /// `main` with two commits; `work` with one, started at the first; `HEAD` is on `work`.
    fn branched() -> (Sample, [CommitId; 3]) {
        let sample = Sample::new();
        let start = sample.commit_file("a.yaml", "a: 1\n");
        sample.git(&["switch", "--quiet", "--create", "work"]);
        let work = sample.commit_file("b.yaml", "b: 1\n");
        sample.git(&["switch", "--quiet", "main"]);
        let main = sample.commit_file("c.yaml", "c: 1\n");
        sample.git(&["switch", "--quiet", "work"]);
        (sample, [start, main, work])
    }

    /// Like [`branched`], with `HEAD` on a merge of `work` into `main`, as a forge makes it.
    fn merged() -> (Sample, [CommitId; 3]) {
        let (sample, commits) = branched();
        sample.git(&["switch", "--quiet", "--create", "merge", "main"]);
        sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work", "work"]);
        (sample, commits)
    }

    fn event(base: CommitId, head: CommitId) -> Request {
        Request {
            event: Some(EventFacts {
                base_sha: base.to_string(),
                head_sha: head.to_string(),
                merge_sha: None,
            }),
            fetching: Fetching::Forbidden,
            ..Request::default()
        }
    }

    fn compared(trees: Trees) -> Compared {
        match trees {
            Trees::Compared(compared) => compared,
            Trees::Whole { head } => panic!("nothing to compare at {head}"),
        }
    }

    fn decided(sample: &Sample, request: &Request) -> Compared {
        compared(decide(&sample.open(), request).unwrap())
    }

    #[test]
    fn a_local_branch_is_compared_with_where_it_left_the_default_branch() {
        let (sample, [start, main, work]) = branched();
        let found = decided(&sample, &Request::default());
        assert_eq!(
            found,
            Compared {
                trusted: main,
                compared: start,
                head: work,
                how: How::DefaultBranch("main".to_owned()),
                merge_base_missing: false,
            }
        );
    }

    #[test]
    fn the_default_branch_has_nothing_to_compare() {
        let (sample, [_, main, _]) = branched();
        sample.git(&["switch", "--quiet", "main"]);
        let trees = decide(&sample.open(), &Request::default()).unwrap();
        assert_eq!(trees, Trees::Whole { head: main });
    }

    #[test]
    fn the_whole_tree_is_judged_when_it_is_asked_for() {
        let (sample, [_, _, work]) = branched();
        let request = Request {
            scope: Scope::WholeTree,
            base: Some("main".to_owned()),
            ..Request::default()
        };
        let trees = decide(&sample.open(), &request).unwrap();
        assert_eq!(trees, Trees::Whole { head: work });
    }

    #[test]
    fn a_named_base_wins_over_the_event() {
        let (sample, [start, _, work]) = branched();
        let request = Request { base: Some(start.to_string()), ..event(work, work) };
        let found = decided(&sample, &request);
        assert_eq!((found.trusted, found.how), (start, How::BaseOption));
    }

    #[test]
    fn a_base_equal_to_the_head_is_an_empty_change() {
        let (sample, [_, _, work]) = branched();
        let request = Request { base: Some("HEAD".to_owned()), ..Request::default() };
        let found = decided(&sample, &request);
        assert!(found.is_empty());
        assert_eq!(found.trusted, work);
    }

    #[test]
    fn the_forges_merge_is_compared_with_its_first_parent() {
        let (sample, [start, main, work]) = merged();
        // The event is older than the merge: its base is not the first parent.
        let found = decided(&sample, &event(start, work));
        assert_eq!((found.trusted, found.compared), (main, main));
        assert_eq!(found.how, How::ForgeMerge);
    }

    #[test]
    fn a_merge_without_an_event_is_its_authors() {
        let (sample, [_, main, work]) = branched();
        sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge main", "main"]);
        let merge = sample.head();
        let found = decided(&sample, &Request::default());
        assert_eq!((found.trusted, found.compared), (main, main));
        assert_eq!(found.how, How::DefaultBranch("main".to_owned()));
        // Also with an event: here the merge commit is the proposed head itself.
        let found = decided(&sample, &event(main, merge));
        assert_eq!(found.how, How::EventBase);
        assert_eq!(found.head, merge);
        assert_ne!(found.head, work);
    }

    #[test]
    fn a_merge_of_something_else_than_the_head_is_not_the_forges() {
        let (sample, [start, main, work]) = branched();
        sample.git(&["switch", "--quiet", "--create", "other", "main"]);
        sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", "work"]);
        // The proposed commit is the first parent, not the second.
        let found = decided(&sample, &event(start, main));
        assert_eq!((found.trusted, found.how), (start, How::EventBase));
        assert_ne!(found.head, work);
    }

    #[test]
    fn a_merge_that_the_forge_did_not_check_out_is_its_authors() {
        let (sample, [_, main, work]) = branched();
        // The author pushes a merge whose first parent is a commit of their own.
        sample.git(&["switch", "--quiet", "--create", "evil", "main"]);
        sample.commit_file("policy.yaml", "gate: open\n");
        sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", "work"]);
        let mut request = event(main, work);
        if let Some(event) = &mut request.event {
            event.merge_sha = Some(work.to_string());
        }
        let found = decided(&sample, &request);
        assert_eq!((found.trusted, found.how), (main, How::EventBase));
    }

    #[test]
    fn a_clone_of_depth_two_holds_all_that_the_forges_merge_needs() {
        let (sample, [start, main, work]) = merged();
        let clone = sample.clone(&["--depth=2", "--branch=merge"]);
        let found = decided(&clone, &event(start, work));
        assert_eq!((found.trusted, found.compared), (main, main));
        assert!(!found.merge_base_missing);
        let changed = clone.open().changed_paths(main, found.head).unwrap();
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].path, "b.yaml");
    }

    #[test]
    fn a_named_base_needs_no_merge_base_below_a_merge_of_it() {
        let (sample, [_, main, _]) = branched();
        // The branch goes back further than the clone.
        sample.commit_file("d.yaml", "d: 1\n");
        sample.git(&["switch", "--quiet", "--create", "merge", "main"]);
        sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work", "work"]);
        let clone = sample.clone(&["--depth=2", "--branch=merge"]);
        let request = Request { base: Some("HEAD^1".to_owned()), ..Request::default() };
        let found = decided(&clone, &request);
        assert_eq!((found.trusted, found.compared), (main, main));
        assert!(!found.merge_base_missing);
    }

    #[test]
    fn a_clone_of_depth_one_fetches_the_base_once() {
        let (sample, [start, main, work]) = merged();
        let clone = sample.clone(&["--depth=1", "--branch=merge"]);
        let mut request = event(start, work);
        let error = decide(&clone.open(), &request).unwrap_err();
        assert!(matches!(error, Error::CommitMissing { id } if id == main));
        assert!(error.hint().unwrap().contains("`fetch-depth: 2`"));
        sample.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        request.fetching = Fetching::Allowed;
        let repository = clone.open();
        let found = compared(decide(&repository, &request).unwrap());
        assert_eq!(found.trusted, main);
        let changed = repository.changed_paths(main, found.head).unwrap();
        assert_eq!(changed.len(), 1);
    }

    #[test]
    fn a_cut_history_is_compared_with_the_tip_and_says_so() {
        let (sample, [_, main, work]) = branched();
        let clone = sample.clone(&["--depth=1", "--no-single-branch", "--branch=work"]);
        let found = decided(&clone, &event(main, work));
        assert!(found.merge_base_missing);
        assert_eq!((found.trusted, found.compared), (main, main));
    }

    #[test]
    fn a_whole_clone_stays_whole_after_a_fetch() {
        let (sample, [start, _, work]) = branched();
        let clone = sample.clone(&["--single-branch", "--branch=work"]);
        sample.git(&["switch", "--quiet", "main"]);
        let newer = sample.commit_file("d.yaml", "d: 1\n");
        let request = Request { fetching: Fetching::Allowed, ..event(newer, work) };
        let found = decided(&clone, &request);
        assert_eq!((found.trusted, found.compared), (newer, start));
        assert!(!clone.open().is_shallow().unwrap());
    }

    #[test]
    fn a_failed_fetch_says_what_git_said() {
        let (sample, [_, main, work]) = branched();
        let clone = sample.clone(&["--depth=1", "--branch=work"]);
        clone.git(&["remote", "set-url", "origin", "file:///nowhere/at/all"]);
        let request = Request { fetching: Fetching::Allowed, ..event(main, work) };
        let error = decide(&clone.open(), &request).unwrap_err();
        let Error::FetchFailed { reason, .. } = &error else {
            panic!("{error}");
        };
        assert!(reason.starts_with("fatal:"), "{reason}");
    }

    #[test]
    fn an_abbreviated_id_of_an_event_is_refused() {
        let (sample, [_, main, work]) = branched();
        let mut request = event(main, work);
        if let Some(event) = &mut request.event {
            event.base_sha = "--upload-pack=x".to_owned();
        }
        let error = decide(&sample.open(), &request).unwrap_err();
        assert!(matches!(error, Error::CommitIdInvalid { .. }));
    }

    #[test]
    fn histories_without_a_common_commit_are_not_compared() {
        let (sample, _) = branched();
        sample.git(&["switch", "--quiet", "--orphan", "island"]);
        sample.commit_file("z.yaml", "z: 1\n");
        let error = decide(&sample.open(), &Request::default()).unwrap_err();
        assert!(matches!(error, Error::HistoriesUnrelated { .. }));
    }

    #[test]
    fn an_unknown_base_is_an_error_with_a_hint() {
        let (sample, _) = branched();
        let request = Request { base: Some("no-such-branch".to_owned()), ..Request::default() };
        let error = decide(&sample.open(), &request).unwrap_err();
        assert!(matches!(error, Error::RevisionUnknown { .. }));
        assert!(error.hint().is_some());
    }
}
