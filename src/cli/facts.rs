//! What the repository and the forge's event know about a change.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;

use jiff::Timestamp;

use crate::forge::event;
use crate::forge::event::Event;
use crate::gate::Author;
use crate::gate::ChangedPath;
use crate::gate::CommitFacts;
use crate::gate::Commits;
use crate::gate::Extent;
use crate::gate::Facts;
use crate::gate::Releases;
use crate::git;
use crate::git::Repository;
use crate::git::commits::Commit;
use crate::git::id::CommitId;
use crate::git::trees::Compared;
use crate::git::trees::EventFacts;
use crate::git::trees::Trees;

use super::error::Error;

/// Reads the event that started the run, from a file or from what the runner says.
pub(super) fn event(file: Option<&Path>) -> Result<Option<Event>, Error> {
    let name = env::var("GITHUB_EVENT_NAME").ok().filter(|name| !name.is_empty());
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
pub(super) fn event_facts(event: &Event) -> Option<EventFacts> {
    if let Some(request) = &event.pull_request {
        let is_merge = event.kind == event::Kind::PullRequest;
        let merge_sha = env::var("GITHUB_SHA").ok().filter(|sha| is_merge && !sha.is_empty());
        return Some(EventFacts {
            base_sha: request.base_sha.clone(),
            head_sha: request.head_sha.clone(),
            merge_sha,
        });
    }
    let group = event.merge_group.as_ref()?;
    Some(EventFacts {
        base_sha: group.base_sha.clone(),
        head_sha: group.head_sha.clone(),
        merge_sha: None,
    })
}

/// Returns the base that GitLab names for a merge request.
pub(super) fn gitlab_base() -> Option<String> {
    env::var("CI_MERGE_REQUEST_DIFF_BASE_SHA").ok().filter(|sha| !sha.is_empty())
}

/// Collects what is known about the change between two trees.
pub(super) fn collect(
    repository: &Repository,
    trees: &Trees,
    event: Option<&Event>,
    labels: &[String],
    release_tags: &BTreeMap<&str, Timestamp>,
) -> Result<Facts, Error> {
    let mut labels = labels.to_vec();
    let request = event.and_then(|event| event.pull_request.as_ref());
    labels.extend(request.iter().flat_map(|request| request.labels.iter().cloned()));
    let target_branch = request.map(|request| request.base_ref.clone());
    let author = request.and_then(|request| request.author.clone());
    let compared = match trees {
        Trees::Whole { head } => {
            let releases = releases(repository, release_tags, *head)?;
            let extent = Extent::WholeTree;
            return Ok(Facts { extent, labels, releases, ..Facts::default() });
        }
        Trees::Compared(compared) => compared,
    };
    Ok(Facts {
        extent: Extent::Change,
        commits: commits(repository, compared)?,
        changed: changed(repository, compared)?,
        labels,
        author,
        target_branch,
        releases: releases(repository, release_tags, compared.trusted)?,
    })
}

/// Returns the releases that the branch with the given tip holds.
///
/// A shallow clone has the tags that somebody asked for, and tells of no others.
fn releases(
    repository: &Repository,
    release_tags: &BTreeMap<&str, Timestamp>,
    tip: CommitId,
) -> Result<BTreeMap<String, Releases>, Error> {
    let mut found = BTreeMap::new();
    for (tags, since) in release_tags {
        let listed = repository.tags(tags, *since, tip)?.tags;
        let at = listed.iter().map(|tag| tag.committer_time).collect();
        let is_cut = repository.is_shallow()?;
        found.insert((*tags).to_owned(), Releases { at, is_cut });
    }
    Ok(found)
}

/// A renamed file touches the place it leaves as well as the one it comes to.
fn changed(repository: &Repository, compared: &Compared) -> Result<Vec<ChangedPath>, Error> {
    let mut found = Vec::new();
    for change in repository.changed_paths(compared.compared, compared.head)? {
        if let Some(path) = change.previous_path {
            found.push(ChangedPath { path, hides_files: change.hides_files, added: 0, deleted: 0 });
        }
        let (added, deleted) = (change.added_lines, change.deleted_lines);
        let hides_files = change.hides_files;
        found.push(ChangedPath { path: change.path, hides_files, added, deleted });
    }
    Ok(found)
}

fn commits(repository: &Repository, compared: &Compared) -> Result<Commits, Error> {
    let found = repository.commits_between(compared.trusted, compared.head)?;
    let is_cut = matches!(found, git::commits::Commits::Cut(_)) || compared.merge_base_missing;
    let mut all = Vec::new();
    let mut unseen = false;
    for commit in found.at_hand() {
        unseen |= commit.changed_paths.is_none();
        all.push(facts(repository, commit, compared.trusted)?);
    }
    Ok(if is_cut || unseen { Commits::Cut(all) } else { Commits::Complete(all) })
}

fn facts(repository: &Repository, commit: &Commit, base: CommitId) -> Result<CommitFacts, Error> {
    let changed = commit.changed_paths.as_deref().unwrap_or_default();
    let mut paths = Vec::new();
    for change in changed {
        paths.extend(change.previous_path.clone());
        paths.push(change.path.clone());
    }
    Ok(CommitFacts {
        id: commit.id.to_string(),
        short: commit.id.short(),
        subject: commit.subject.clone(),
        author: Author { name: commit.author.name.clone(), mail: commit.author.mail.clone() },
        trailers: commit
            .trailers
            .iter()
            .map(|trailer| (trailer.key.clone(), trailer.value.clone()))
            .collect(),
        paths,
        is_merge: commit.is_merge(),
        reverts_ancestor: repository.reverts(commit.id, base)?.is_some(),
        added: changed.iter().map(|change| change.added_lines).sum(),
        deleted: changed.iter().map(|change| change.deleted_lines).sum(),
    })
}
