//! The commits of a change: who made them, what they say and what they touch.

use gix::bstr::ByteSlice;
use jiff::Timestamp;

use crate::git::Repository;
use crate::git::changes;
use crate::git::effort::Effort;
use crate::git::error::Error;
use crate::git::id::CommitId;
use crate::git::merges::Added;
use crate::git::trailers;
use crate::git::trailers::Trailer;

/// The work of looking at a commit, beside its paths.
const COMMIT_EFFORT: usize = 50;

/// A commit of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub id: CommitId,
    /// Who wrote the change.
    pub author: Person,
    /// Who made the commit; the forge's own address when it was made by a button.
    pub committer: Person,
    /// When the commit was made, by the committer's clock.
    pub committer_time: Timestamp,
    /// The first line of the message.
    pub subject: String,
    /// The whole message; what is not UTF-8 is shown with replacement characters.
    pub message: String,
    /// The parents, first one first, as the commit names them.
    pub parents: Vec<CommitId>,
    /// The trailers of the message, in order.
    pub trailers: Vec<Trailer>,
    /// The paths that it changes from its parent, both of a renamed file; of a merge commit, those of
    /// what it adds beyond its parents.
    pub changed_paths: Result<Vec<String>, Unseen>,
    /// The files of one parent that the merge takes to where the other parent moved them: old and new
    /// path.
    pub moved: Vec<(String, String)>,
}

/// Why nobody knows what a commit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unseen {
    /// The change asks for too much work.
    TooMuchWork,
    /// Too little of the history is at hand.
    Hidden,
}

/// A name and a mail address, as written in a commit. Anybody can write anything there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The mail address.
    pub mail: String,
}

/// The commits between two commits, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commits {
    /// All of them.
    Complete(Vec<Commit>),
    /// Those at hand; a shallow clone hides others.
    Cut(Vec<Commit>),
}

impl Commit {
    /// Returns whether the commit has more than one parent.
    pub fn is_merge(&self) -> bool {
        self.parents.len() > 1
    }

    /// Returns the values of the trailers with a key, without regard to the case of the key.
    pub fn trailer<'commit>(
        &'commit self,
        key: &'commit str,
    ) -> impl Iterator<Item = &'commit str> {
        self.trailers
            .iter()
            .filter(move |trailer| trailer.is(key))
            .map(|trailer| trailer.value.as_str())
    }
}

impl Commits {
    /// Returns the commits that are at hand.
    pub fn at_hand(&self) -> &[Commit] {
        match self {
            Commits::Complete(commits) | Commits::Cut(commits) => commits,
        }
    }
}

impl Repository {
    /// Returns the commits that `head` reaches and `base` does not.
    ///
    /// They stand by committer time, newest first, then by id.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`] when `base` or `head` is not at hand; [`Error::Unreadable`].
    pub fn commits_between(&self, base: CommitId, head: CommitId) -> Result<Commits, Error> {
        for id in [base, head] {
            if !self.holds(id) {
                return Err(Error::CommitMissing { id });
            }
        }
        let between = self.between(base, head)?;
        let effort = Effort::new();
        let commits = between.commits.into_iter().map(|id| self.read_commit(id, &effort));
        let commits = commits.collect::<Result<Vec<_>, _>>()?;
        Ok(if between.is_cut { Commits::Cut(commits) } else { Commits::Complete(commits) })
    }

    /// Returns one commit with what it changes.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`], [`Error::Unreadable`].
    pub fn commit(&self, id: CommitId) -> Result<Commit, Error> {
        self.read_commit(id, &Effort::new())
    }

    fn read_commit(&self, id: CommitId, effort: &Effort) -> Result<Commit, Error> {
        if !self.holds(id) {
            return Err(Error::CommitMissing { id });
        }
        let unreadable = |source| Error::unreadable(format!("commit {id}"), source);
        let object = self.local.find_commit(id.0).map_err(unreadable)?;
        let decoded = object.decode().map_err(unreadable)?;
        let author = decoded.author().map_err(unreadable)?;
        let committer = decoded.committer().map_err(unreadable)?;
        let message = decoded.message.to_str_lossy().into_owned();
        let parents: Vec<CommitId> = decoded.parents().map(CommitId).collect();
        let changes = self.changes_of(id, &parents, effort)?;
        let (changed_paths, moved) = match changes {
            Ok(Added { own, moved }) => (Ok(own), moved),
            Err(unseen) => (Err(unseen), Vec::new()),
        };
        Ok(Commit {
            id,
            author: person(author),
            committer: person(committer),
            committer_time: timestamp(committer.time().map_err(unreadable)?.seconds),
            subject: message.trim_start().lines().next().unwrap_or("").to_owned(),
            trailers: trailers::parse(&message),
            message,
            changed_paths,
            moved,
            parents,
        })
    }

    fn changes_of(
        &self,
        id: CommitId,
        parents: &[CommitId],
        effort: &Effort,
    ) -> Result<Result<Added, Unseen>, Error> {
        if !parents.iter().all(|parent| self.holds(*parent)) {
            return Ok(Err(Unseen::Hidden));
        }
        if !effort.takes(COMMIT_EFFORT) {
            return Ok(Err(Unseen::TooMuchWork));
        }
        let paths = match parents {
            [] => changes::touched(&self.local, None, self.root_tree(id)?)?,
            [parent] => self.touched_paths(*parent, id)?,
            _ => return self.added_by_merge(id, effort),
        };
        let is_known = effort.takes(paths.len());
        Ok(is_known.then(|| Added::of(paths)).ok_or(Unseen::TooMuchWork))
    }
}

/// Returns the instant; one that no calendar reaches becomes the nearest that it does.
pub(super) fn timestamp(seconds: i64) -> Timestamp {
    let nearest = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(nearest)
}

fn person(signature: gix::actor::SignatureRef<'_>) -> Person {
    let signature = signature.trim();
    Person {
        name: signature.name.to_str_lossy().into_owned(),
        mail: signature.email.to_str_lossy().into_owned(),
    }
}

#[cfg(test)]
mod tests;
