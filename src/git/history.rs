//! Ancestry: merge bases, what lies between two commits, and where a cut clone ends.
//!
//! # Why
//!
//! A shallow clone answers wrongly in silence: a merge base that is found may not be the best one,
//! because the better one lies behind the cut. So a shallow clone is walked whole, and an answer
//! that a missing commit could change is an error. A whole clone may hold a million commits; there
//! the library's walk by commit time is used, which stops early.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::BinaryHeap;

use crate::git::Repository;
use crate::git::effort::Effort;
use crate::git::error::Error;
use crate::git::id::CommitId;

/// What the walk needs of a commit.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) tree: gix::ObjectId,
    pub(super) parents: Vec<CommitId>,
    /// Seconds since the Unix epoch; 0 where the commit does not say.
    pub(super) seconds: i64,
}

/// The commits of one side, and whether the clone hides some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Between {
    /// Newest first by committer time, then by id.
    pub(super) commits: Vec<CommitId>,
    pub(super) is_cut: bool,
}

/// How far the clocks of two committers may differ before a walk by time misses an ancestor.
///
/// A missed ancestor shows as a commit too many of the change, never as one too few.
const CLOCK_SLACK_SECONDS: i64 = 24 * 60 * 60;

/// The work of reading one commit of a walk.
const STEP_EFFORT: usize = 3;

const ONE: u8 = 1;
const OTHER: u8 = 2;
const BOTH: u8 = ONE | OTHER;

impl Repository {
    /// Returns the parents of a commit as it names them, also those that the clone does not hold.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`], [`Error::Unreadable`].
    pub fn parents(&self, commit: CommitId) -> Result<Vec<CommitId>, Error> {
        match self.step(commit)? {
            Some(step) => Ok(step.parents),
            None => Err(Error::CommitMissing { id: commit }),
        }
    }

    /// Returns the best common ancestors of two commits, the one with the latest committer time
    /// first; none when they share no history.
    ///
    /// There are several where branches merged each other. None of them is an ancestor of another.
    ///
    /// # Errors
    ///
    /// [`Error::MergeBaseMissing`] when a shallow clone hides one, or could hide a better one;
    /// [`Error::CommitMissing`] when a tip is not at hand.
    pub fn merge_bases(&self, one: CommitId, other: CommitId) -> Result<Vec<CommitId>, Error> {
        self.merge_bases_by(one, other, &Effort::of(usize::MAX))
    }

    /// Returns what [`Repository::merge_bases`] does, and takes the commits that were walked for it.
    pub(super) fn merge_bases_by(
        &self,
        one: CommitId,
        other: CommitId,
        effort: &Effort,
    ) -> Result<Vec<CommitId>, Error> {
        for tip in [one, other] {
            if !self.holds(tip) {
                return Err(Error::CommitMissing { id: tip });
            }
        }
        if one == other {
            return Ok(vec![one]);
        }
        if self.is_shallow()? {
            return self.merge_bases_of_cut_history(one, other, effort);
        }
        let unreadable =
            |source| Error::unreadable(format!("the history of {one} and {other}"), source);
        let cache = self.local.commit_graph_if_enabled().map_err(unreadable)?;
        let mut graph = self.local.revision_graph(cache.as_ref());
        let bases = self.local.merge_bases_many_with_graph(one.0, &[other.0], &mut graph);
        let bases = bases.map_err(unreadable)?;
        effort.takes(graph.detach().len().saturating_mul(STEP_EFFORT));
        let mut found = Vec::new();
        for base in bases {
            let base = CommitId(base.detach());
            found.push((self.step(base)?.map_or(0, |step| step.seconds), base));
        }
        Ok(latest_first(found))
    }

    /// Returns whether `ancestor` is `commit` or is reachable from it.
    ///
    /// # Errors
    ///
    /// [`Error::HistoryMissing`] when a shallow clone ends before the answer.
    pub fn is_ancestor(&self, ancestor: CommitId, commit: CommitId) -> Result<bool, Error> {
        if ancestor == commit {
            return Ok(true);
        }
        if !self.is_shallow()? {
            return match self.merge_bases(ancestor, commit) {
                Ok(bases) => Ok(bases.contains(&ancestor)),
                Err(Error::CommitMissing { id }) if id == ancestor => Ok(false),
                Err(error) => Err(error),
            };
        }
        let mut open = vec![commit];
        let mut seen = BTreeSet::from([commit]);
        let mut is_cut = false;
        while let Some(current) = open.pop() {
            let Some(step) = self.step(current)? else {
                is_cut = true;
                continue;
            };
            for parent in step.parents {
                if parent == ancestor {
                    return Ok(true);
                }
                if seen.insert(parent) {
                    open.push(parent);
                }
            }
        }
        if is_cut {
            return Err(Error::HistoryMissing { id: commit });
        }
        Ok(false)
    }

    /// Returns the commits reachable from `head` and not from `base`.
    pub(super) fn between(&self, base: CommitId, head: CommitId) -> Result<Between, Error> {
        let mut walk = Walk::new(self);
        walk.reach(head, ONE)?;
        walk.reach(base, OTHER)?;
        while walk.has_open_question() && walk.advance()? {}
        let mut commits = Vec::new();
        let mut is_cut = false;
        for (id, node) in &walk.nodes {
            match (&node.step, node.sides) {
                (Some(step), ONE) => commits.push((step.seconds, *id)),
                (None, ONE) => is_cut = true,
                _ => {}
            }
        }
        commits.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        Ok(Between { commits: commits.into_iter().map(|(_, id)| id).collect(), is_cut })
    }

    /// Returns what the walk needs of a commit; `None` when the clone does not hold it.
    pub(super) fn step(&self, id: CommitId) -> Result<Option<Step>, Error> {
        let unreadable = |source| Error::unreadable(format!("commit {id}"), source);
        let Some(object) = self.local.try_find_object(id.0).map_err(unreadable)? else {
            return Ok(None);
        };
        let commit = object.try_into_commit().map_err(unreadable)?;
        let decoded = commit.decode().map_err(unreadable)?;
        Ok(Some(Step {
            tree: decoded.tree(),
            parents: decoded.parents().map(CommitId).collect(),
            seconds: decoded.time().map_or(0, |time| time.seconds),
        }))
    }

    /// Returns every commit that `tip` reaches, itself among them, as far as the clone holds them.
    pub(super) fn ancestors(&self, tip: CommitId) -> Result<BTreeSet<CommitId>, Error> {
        let mut found = BTreeSet::new();
        let mut open = vec![tip];
        while let Some(id) = open.pop() {
            if let Some(step) = self.step(id)?
                && found.insert(id)
            {
                open.extend(step.parents.into_iter().filter(|parent| !found.contains(parent)));
            }
        }
        Ok(found)
    }

    fn merge_bases_of_cut_history(
        &self,
        one: CommitId,
        other: CommitId,
        effort: &Effort,
    ) -> Result<Vec<CommitId>, Error> {
        let mut walk = Walk::new(self);
        walk.reach(one, ONE)?;
        walk.reach(other, OTHER)?;
        while walk.advance()? {}
        effort.takes(walk.nodes.len().saturating_mul(STEP_EFFORT));
        // A tip that is an ancestor of the other tip is above every other common ancestor.
        for tip in [one, other] {
            if walk.nodes.get(&tip).is_some_and(|node| node.sides == BOTH) {
                return Ok(vec![tip]);
            }
        }
        let mut below_common = BTreeSet::new();
        for node in walk.nodes.values().filter(|node| node.sides == BOTH) {
            below_common.extend(node.step.iter().flat_map(|step| step.parents.iter().copied()));
        }
        let mut found = Vec::new();
        for (id, node) in &walk.nodes {
            match &node.step {
                Some(step) if node.sides == BOTH && !below_common.contains(id) => {
                    found.push((step.seconds, *id));
                }
                None if !below_common.contains(id) => {
                    return Err(Error::MergeBaseMissing { one, other });
                }
                _ => {}
            }
        }
        Ok(latest_first(found))
    }
}

fn latest_first(mut commits: Vec<(i64, CommitId)>) -> Vec<CommitId> {
    commits.sort_unstable();
    commits.into_iter().rev().map(|(_, id)| id).collect()
}

/// A commit that the walk has met.
struct Node {
    /// `None` when the clone does not hold the commit.
    step: Option<Step>,
    sides: u8,
}

/// A walk from two tips towards the roots, by commit time, that marks what each side reaches.
struct Walk<'repository> {
    repository: &'repository Repository,
    nodes: BTreeMap<CommitId, Node>,
    open: BinaryHeap<(i64, CommitId)>,
    /// Commits in `open` that only `ONE` reaches.
    undecided: BTreeSet<CommitId>,
    /// The earliest time of a commit that `ONE` reached first.
    oldest: Option<i64>,
    /// Commits that only `ONE` reaches and that the clone does not hold.
    missing: BTreeSet<CommitId>,
}

impl<'repository> Walk<'repository> {
    fn new(repository: &'repository Repository) -> Self {
        Walk {
            repository,
            nodes: BTreeMap::new(),
            open: BinaryHeap::new(),
            undecided: BTreeSet::new(),
            oldest: None,
            missing: BTreeSet::new(),
        }
    }

    /// Returns whether walking on could still change what only `ONE` reaches.
    ///
    /// A child is newer than its parent, but for clocks that are wrong by less than the slack.
    fn has_open_question(&self) -> bool {
        let newest = self.open.peek().map(|(seconds, _)| *seconds);
        let may_be_child = newest
            .zip(self.oldest)
            .is_some_and(|(newest, oldest)| newest.saturating_add(CLOCK_SLACK_SECONDS) >= oldest);
        !self.undecided.is_empty() || !self.missing.is_empty() || may_be_child
    }

    /// Marks a commit as reached by `sides` and queues it when that is news.
    fn reach(&mut self, id: CommitId, sides: u8) -> Result<(), Error> {
        if !self.nodes.contains_key(&id) {
            let step = self.repository.step(id)?;
            self.nodes.insert(id, Node { step, sides: 0 });
        }
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        let merged = node.sides | sides;
        if merged == node.sides {
            return Ok(());
        }
        node.sides = merged;
        match &node.step {
            Some(step) => {
                self.open.push((step.seconds, id));
                if merged == ONE {
                    self.undecided.insert(id);
                    let oldest = self.oldest.unwrap_or(step.seconds);
                    self.oldest = Some(oldest.min(step.seconds));
                } else {
                    self.undecided.remove(&id);
                }
            }
            None if merged == ONE => {
                self.missing.insert(id);
            }
            None => {
                self.missing.remove(&id);
            }
        }
        Ok(())
    }

    /// Takes the newest open commit and reaches its parents; `false` when none is open.
    fn advance(&mut self) -> Result<bool, Error> {
        let Some((_, id)) = self.open.pop() else {
            return Ok(false);
        };
        self.undecided.remove(&id);
        let Some(node) = self.nodes.get(&id) else {
            return Ok(true);
        };
        let sides = node.sides;
        let parents = node.step.as_ref().map(|step| step.parents.clone()).unwrap_or_default();
        for parent in parents {
            self.reach(parent, sides)?;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
