//! What the repository and the forge's event know about a change.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;

use jiff::Timestamp;

use crate::forge::event;
use crate::forge::event::Event;
use crate::gate;
use crate::gate::Evidence;
use crate::gate::Extent;
use crate::gate::Facts;
use crate::gate::Releases;
use crate::git;
use crate::git::Repository;
use crate::git::commits::Commit;
use crate::git::commits::Unseen;
use crate::git::id::CommitId;
use crate::git::trees::Compared;
use crate::git::trees::EventFacts;
use crate::git::trees::How;
use crate::git::trees::MergeCommit;
use crate::git::trees::MergeRequestFacts;
use crate::git::trees::Trees;
use crate::model::Catalog;
use crate::proposal::Author;
use crate::proposal::CommitFacts;
use crate::proposal::Commits;
use crate::proposal::Proposal;

use super::arguments::GateOptions;
use super::error::Error;

/// The variable of GitLab that holds the name of the branch that a merge request wants to change.
const TARGET_BRANCH: &str = "CI_MERGE_REQUEST_TARGET_BRANCH_NAME";

/// Reads the event that started the run, from a file or from what the runner says.
pub(super) fn event(file: Option<&Path>) -> Result<Option<Event>, Error> {
    let name = variable("GITHUB_EVENT_NAME");
    let path = file.map(Path::to_owned).or_else(|| {
        let path = env::var_os("GITHUB_EVENT_PATH").filter(|path| !path.is_empty());
        path.filter(|_| name.is_some()).map(Into::into)
    });
    let Some(path) = path else { return Ok(None) };
    let shown = path.display().to_string();
    let bytes =
        fs::read(&path).map_err(|source| Error::Io { action: "read", path: shown, source })?;
    let name = name.unwrap_or_else(|| "pull_request".to_owned());
    Ok(Some(event::read(&name, &bytes)?))
}

/// Returns the commits that an event names.
///
/// Only for `pull_request` does the forge check out a merge of its own; every other merge is its
/// author's.
pub(super) fn event_facts(event: &Event) -> Option<EventFacts> {
    if let Some(request) = &event.pull_request {
        let merge = match variable("GITHUB_SHA") {
            _ if event.kind != event::Kind::PullRequest => MergeCommit::None,
            Some(sha) => MergeCommit::Named(sha),
            None => MergeCommit::Unnamed,
        };
        return Some(EventFacts {
            base_sha: request.base_sha.clone(),
            base_branch: Some(request.base_ref.clone()),
            head_sha: request.head_sha.clone(),
            merge,
        });
    }
    let group = event.merge_group.as_ref()?;
    Some(EventFacts {
        base_sha: group.base_sha.clone(),
        base_branch: group.base_ref.clone(),
        head_sha: group.head_sha.clone(),
        merge: MergeCommit::None,
    })
}

/// Returns what GitLab says of the merge request that the pipeline runs for; nothing where it runs for
/// none.
pub(super) fn merge_request() -> Option<MergeRequestFacts> {
    // In a pipeline of a fork `origin` is the fork, whose branches are the author's.
    let projects = (variable("CI_PROJECT_ID"), variable("CI_MERGE_REQUEST_PROJECT_ID"));
    let is_fork = matches!(&projects, (Some(own), Some(target)) if own != target);
    let facts = MergeRequestFacts {
        target_sha: variable("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"),
        target_branch: variable(TARGET_BRANCH).filter(|_| !is_fork),
        diff_base: variable("CI_MERGE_REQUEST_DIFF_BASE_SHA"),
    };
    (facts != MergeRequestFacts::default()).then_some(facts)
}

/// Refuses a pipeline that does not say what it changes.
///
/// # Errors
///
/// Where a pipeline names no base and there is no event, any branch that it has at hand may be the one
/// that is judged; only the whole tree can be judged without a base.
pub(super) fn check_pipeline(options: &GateOptions) -> Result<(), Error> {
    let is_pipeline = variable("CI").is_some_and(|ci| ci == "1" || ci.eq_ignore_ascii_case("true"));
    if is_pipeline && !options.all {
        let message = "nothing says which branch this pipeline wants to change".to_owned();
        let hint = "give the tip of that branch, as in `--base origin/main`; on that branch itself, \
                    `--all` judges the whole tree";
        return Err(Error::Usage { message, hint: Some(hint.to_owned()) });
    }
    Ok(())
}

/// Returns the branch that a change goes to, where the event or the merge request says it.
fn target_branch(event: Option<&Event>) -> Option<String> {
    let Some(event) = event else { return variable(TARGET_BRANCH) };
    if let Some(request) = &event.pull_request {
        return Some(request.base_ref.clone());
    }
    let group = event.merge_group.as_ref().and_then(|group| group.base_ref.clone());
    group.or_else(|| event.pushed_branch.clone())
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Collects what is known about the change between two trees.
///
/// * `agreed`: the policies that count; what none of them asks for is not found out.
pub(super) fn collect(
    repository: &Repository,
    trees: &Trees,
    event: Option<&Event>,
    labels: &[String],
    agreed: &Catalog,
    now: Timestamp,
) -> Result<Facts, Error> {
    let mut labels = labels.to_vec();
    let request = event.and_then(|event| event.pull_request.as_ref());
    labels.extend(request.iter().flat_map(|request| request.labels.iter().cloned()));
    let target_branch = target_branch(event);
    let author = request.and_then(|request| request.author.clone());
    let tags = gate::release_tags(agreed, now);
    let compared = match trees {
        Trees::Whole { trusted, .. } => {
            let releases = releases(repository, &tags, *trusted)?;
            let extent = Extent::WholeTree;
            return Ok(Facts { extent, labels, target_branch, releases, ..Facts::default() });
        }
        Trees::Compared(compared) => compared,
    };
    let asked = Evidence::of_policies(agreed);
    let changed = repository.proposed_paths(compared)?;
    let lines = if asked.lines { repository.proposed_lines(compared)? } else { None };
    Ok(Facts {
        extent: Extent::Change,
        proposal: Proposal {
            commits: commits(repository, compared, &changed, asked)?,
            author,
            reviews: Vec::new(),
        },
        changed,
        hiding: repository.hiding_paths(compared)?,
        changed_lines: lines,
        labels,
        target_branch,
        releases: releases(repository, &tags, compared.trusted)?,
        ..Facts::default()
    })
}

/// Returns the releases that the branch with the given tip holds.
///
/// A shallow clone, and one that takes no tags, has those that somebody asked for, and tells of no
/// others.
fn releases(
    repository: &Repository,
    release_tags: &BTreeMap<&str, Timestamp>,
    tip: CommitId,
) -> Result<BTreeMap<String, Releases>, Error> {
    let mut found = BTreeMap::new();
    for (tags, since) in release_tags {
        let known = repository.tags(tags, *since, tip)?;
        let at = known.tags.iter().map(|tag| tag.committer_time).collect();
        let (is_cut, has_match) = (repository.hides_tags()?, known.has_match);
        found.insert((*tags).to_owned(), Releases { at, is_cut, has_match });
    }
    Ok(found)
}

/// Returns the commits of a change; a merge that the forge made is nobody's commit.
///
/// That merge, and any other, takes what a commit changes to where the other side has moved it, so the
/// commit touches both places.
fn commits(
    repository: &Repository,
    compared: &Compared,
    changed: &[String],
    asked: Evidence,
) -> Result<Commits, Error> {
    let found = repository.commits_between(compared.trusted, compared.head)?;
    let is_cut = matches!(found, git::commits::Commits::Cut(_)) || compared.merge_base_missing;
    let reverts = repository.reverts(compared.trusted);
    let mut moved = repository.moved_by_base(compared)?;
    moved.extend(found.at_hand().iter().flat_map(|commit| commit.moved.iter().cloned()));
    let changed: BTreeSet<&String> = changed.iter().collect();
    moved.retain(|_, path| changed.contains(path));
    let mut all = Vec::new();
    let mut unseen = None;
    for commit in found.at_hand() {
        if compared.how == How::ForgeMerge && commit.id == compared.head {
            continue;
        }
        unseen = unseen.max(commit.changed_paths.as_ref().err());
        let mut facts = facts(commit);
        let followed: Vec<_> = facts.paths.iter().filter_map(|path| moved.get(path)).collect();
        facts.paths.extend(followed.into_iter().cloned());
        facts.reverts_ancestor = asked.reverts && reverts.reverted_by(commit.id)?.is_some();
        all.push(facts);
    }
    Ok(match unseen {
        _ if is_cut => Commits::Cut(all),
        None => Commits::Complete(all),
        Some(Unseen::Hidden) => Commits::Cut(all),
        Some(Unseen::TooMuchWork) => Commits::Unread(all),
    })
}

/// Returns who proposes what lies between two commits, as far as these say it.
pub(super) fn proposal(
    repository: &Repository,
    start: CommitId,
    head: CommitId,
) -> Result<Proposal, Error> {
    let found = repository.commits_between(start, head)?;
    let all: Vec<CommitFacts> = found.at_hand().iter().map(facts).collect();
    let commits = match found {
        git::commits::Commits::Complete(_) => Commits::Complete(all),
        git::commits::Commits::Cut(_) => Commits::Cut(all),
    };
    Ok(Proposal { commits, ..Proposal::default() })
}

/// Returns who made one commit.
pub(super) fn alone(repository: &Repository, commit: CommitId) -> Result<Proposal, Error> {
    let commits = Commits::Complete(vec![facts(&repository.commit(commit)?)]);
    Ok(Proposal { commits, ..Proposal::default() })
}

fn facts(commit: &Commit) -> CommitFacts {
    let trailers = commit.trailers.iter();
    CommitFacts {
        id: commit.id.to_string(),
        short: commit.id.short(),
        subject: commit.subject.clone(),
        author: Author { name: commit.author.name.clone(), mail: commit.author.mail.clone() },
        trailers: trailers.map(|trailer| (trailer.key.clone(), trailer.value.clone())).collect(),
        paths: commit.changed_paths.clone().unwrap_or_default(),
        parents: commit.parents.len(),
        reverts_ancestor: false,
    }
}
