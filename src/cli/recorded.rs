//! The records of the trusted tree, with what its history says of each: when it came, who brought it, when it went.
//!
//! # Why
//!
//! Nothing that a record says of its own age is believed. The walk goes back along first parents and stops only where
//! the folders of the records differ; a record is known by all that it says, so that a file may be renamed, and an
//! edit makes a new one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use jiff::Timestamp;

use crate::budget::moved;
use crate::config::Files;
use crate::gate::Recorded;
use crate::git::Repository;
use crate::git::follow::Reached;
use crate::git::id::BlobId;
use crate::git::id::CommitId;
use crate::git::snapshot::Content;
use crate::git::snapshot::FileKind;
use crate::git::snapshot::SnapshotFile;
use crate::lint;
use crate::model::Catalog;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Record;
use crate::policy::each_judged;
use crate::proposal::CommitFacts;
use crate::proposal::Commits;
use crate::proposal::Proposal;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;

use super::discover;
use super::error::Error;
use super::facts;

/// The folders of records where a policy names none.
const ATTESTATIONS: &str = "slo/attestations";
const INCIDENTS: &str = "slo/incidents";
const OVERRIDES: &str = "slo/overrides";

/// How long it matters that a record was taken out: longer than any tier is remembered.
const REMEMBERED_SECONDS: i64 = 800 * 24 * 3_600;

/// Returns every record that stands in the folders of some policies, or stood there.
///
/// * `now`: the clock; what was taken out long before is of no interest any more.
pub(super) fn of(
    repository: &Repository,
    agreed: &Catalog,
    tip: CommitId,
    now: Timestamp,
) -> Result<Vec<Recorded>, Error> {
    let folders: BTreeSet<String> = agreed.policies().flat_map(|policy| folders(policy)).collect();
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let mut history = History { repository, folders, known: BTreeMap::new(), found: Vec::new() };
    history.walk(tip, moved(now, -REMEMBERED_SECONDS))?;
    Ok(history.found)
}

/// Returns the folders of the records that a policy asks for.
fn folders(policy: &ErrorBudgetPolicy) -> Vec<String> {
    let (mut attests, mut tells) = (false, false);
    each_judged(policy, &mut |part| {
        attests |= matches!(part, Condition::Attested(_));
        tells |= matches!(part, Condition::Incident { .. });
    });
    let given = |dir: Option<&String>, usual: &str| {
        let dir = dir.map_or(usual, String::as_str);
        dir.trim_start_matches("./").trim_end_matches('/').to_owned()
    };
    let attestations = policy.attestations.as_ref().and_then(|it| it.dir.as_ref());
    let overrides = policy.overrides.as_ref().and_then(|it| it.dir.as_ref());
    let folders = [
        (attests, given(attestations.map(|dir| &dir.value), ATTESTATIONS)),
        (tells, given(policy.incidents.as_ref().map(|dir| &dir.value), INCIDENTS)),
        (policy.overrides.is_some(), given(overrides.map(|dir| &dir.value), OVERRIDES)),
    ];
    folders.into_iter().filter(|(asked, _)| *asked).map(|(_, folder)| folder).collect()
}

struct History<'r> {
    repository: &'r Repository,
    folders: BTreeSet<String>,
    /// The records of each file that was read.
    known: BTreeMap<BlobId, Vec<Record>>,
    found: Vec<Recorded>,
}

/// The records of a commit by all that they say, each with its file.
type Standing = BTreeMap<String, (Record, String)>;

impl History<'_> {
    fn walk(&mut self, tip: CommitId, since: Timestamp) -> Result<(), Error> {
        let mut standing = self.standing(tip)?;
        // When what stands was taken out; absent for what stands at the tip.
        let mut gone: BTreeMap<String, Timestamp> = BTreeMap::new();
        let mut at = tip;
        loop {
            let is_over = self.repository.commit(at)?.committer_time < since;
            if is_over && standing.keys().all(|key| gone.contains_key(key)) {
                return Ok(());
            }
            let reached =
                self.repository.last_change(at, self.folders.iter().map(String::as_str))?;
            let (commit, parent) = match reached {
                Reached::Change { commit, parent } => (commit, Some(parent)),
                Reached::Root(commit) => (commit, None),
                Reached::Cut(_) => {
                    for (key, (record, path)) in standing {
                        let withdrawn = gone.get(&key).copied();
                        let brought = Proposal::default();
                        self.found.push(Recorded {
                            record,
                            path,
                            landed: None,
                            withdrawn,
                            brought,
                        });
                    }
                    return Ok(());
                }
            };
            let time = self.repository.commit(commit)?.committer_time;
            let older = parent.map(|parent| self.standing(parent)).transpose()?.unwrap_or_default();
            let (kept, came): (Standing, Standing) =
                standing.into_iter().partition(|(key, _)| older.contains_key(key));
            if !came.is_empty() {
                let brought = self.brought(commit, parent)?;
                for (key, (record, path)) in came {
                    let withdrawn = gone.remove(&key);
                    let (landed, brought) = (Some(time), touching(&brought, &path, commit));
                    self.found.push(Recorded { record, path, landed, withdrawn, brought });
                }
            }
            for key in older.keys().filter(|key| !kept.contains_key(*key)) {
                gone.insert(key.clone(), time);
            }
            let Some(parent) = parent else { return Ok(()) };
            (standing, at) = (older, parent);
        }
    }

    /// Returns the records that stand at a commit.
    fn standing(&mut self, commit: CommitId) -> Result<Standing, Error> {
        let snapshot = self.repository.snapshot(commit)?;
        let mut files: Vec<SnapshotFile> = Vec::new();
        for folder in &self.folders {
            files.extend(snapshot.files_below(folder, discover::is_candidate)?);
        }
        files.retain(|file| matches!(file.kind, FileKind::File | FileKind::Executable));
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files.dedup_by(|one, other| one.path == other.path);
        let mut standing = Standing::new();
        for file in files {
            let records = match self.known.entry(file.blob) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(match snapshot.read(&file.path, MAX_BYTES as u64)? {
                        Content::Bytes(bytes) => read(&file.path, bytes, commit),
                        _ => Vec::new(),
                    })
                }
            };
            for record in records.iter() {
                let key = serde_json::to_string(record).unwrap_or_default();
                standing.insert(key, (record.clone(), file.path.clone()));
            }
        }
        Ok(standing)
    }

    /// Returns the commits that brought what a commit of the branch brings.
    fn brought(&self, commit: CommitId, parent: Option<CommitId>) -> Result<Proposal, Error> {
        match parent {
            Some(parent) => facts::proposal(self.repository, parent, commit),
            None => facts::alone(self.repository, commit),
        }
    }
}

/// Returns those of some commits that touch a file, and the one that brought them to the branch.
fn touching(brought: &Proposal, path: &str, landing: CommitId) -> Proposal {
    let landing = landing.to_string();
    let is_it = |commit: &&CommitFacts| {
        commit.id == landing || commit.paths.iter().any(|touched| touched == path)
    };
    let all = brought.commits.at_hand().iter().filter(is_it).cloned().collect();
    let commits = if brought.commits.is_cut() { Commits::Cut(all) } else { Commits::Complete(all) };
    Proposal { commits, ..Proposal::default() }
}

fn read(path: &str, bytes: Vec<u8>, commit: CommitId) -> Vec<Record> {
    let source = Source::decode(path, bytes, Origin::Commit(commit.to_string()));
    lint::load(vec![source], &Files::default()).catalog.records().to_vec()
}
