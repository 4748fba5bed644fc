//! Who proposes a change, in which commits, and who approved it.
//!
//! **Invariant:** nothing here is found out: it is handed in, by whoever opened the repository and asked the forge.
//!
//! # Why
//!
//! The gate and the rules about changes ask one question: did somebody who may agree to this, and wrote nothing
//! of it? Anybody can write anything into a commit, so a trailer is a claim that the pull request shows; a review
//! was given on the forge, by whoever was signed in there.

use std::collections::BTreeMap;

mod approvals;

pub use approvals::Approval;
pub use approvals::Means;
pub use approvals::is_member;

/// What is known of those who propose a change.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// The commits of the change.
    pub commits: Commits,
    /// The login of whoever proposes the change, where that is known.
    pub author: Option<String>,
    /// The reviews that approve the change as it is now.
    pub reviews: Vec<Review>,
}

/// A review on the forge that approves a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The login of who reviewed.
    pub login: String,
    /// The commit that was reviewed, as short as people write it.
    pub commit: String,
}

/// The members of each role, from `[owners]` of the configuration that counts.
pub type Roles = BTreeMap<String, Vec<String>>;

impl Proposal {
    /// Returns the values of a trailer in all commits at hand, whose key is matched without regard to case;
    /// those without a value say nothing.
    pub fn trailers<'a>(
        &'a self,
        key: &'a str,
    ) -> impl Iterator<Item = (&'a CommitFacts, &'a str)> {
        let commits = self.commits.at_hand().iter();
        let each =
            commits.flat_map(move |commit| commit.trailers(key).map(move |value| (commit, value)));
        each.filter(|(_, value)| !value.is_empty())
    }
}

/// The commits of a change.
#[derive(Clone, Debug)]
pub enum Commits {
    /// Every commit is at hand.
    Complete(Vec<CommitFacts>),
    /// Every commit is at hand, and it takes too much work to tell what some of them change.
    Unread(Vec<CommitFacts>),
    /// The history is cut off; these are at hand, and others are missing.
    Cut(Vec<CommitFacts>),
}

impl Default for Commits {
    fn default() -> Self {
        Self::Complete(Vec::new())
    }
}

impl Commits {
    /// Returns the commits that are at hand.
    pub fn at_hand(&self) -> &[CommitFacts] {
        match self {
            Self::Complete(commits) | Self::Unread(commits) | Self::Cut(commits) => commits,
        }
    }

    /// Returns whether every commit is at hand, with what it changes.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete(_))
    }

    /// Returns whether commits are missing.
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::Cut(_))
    }
}

/// One commit of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitFacts {
    /// The full object id.
    pub id: String,
    /// The object id, as short as people write it.
    pub short: String,
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: Author,
    /// The trailers of its message: key and value.
    pub trailers: Vec<(String, String)>,
    /// The paths that it changes; for a merge, what it adds beyond its parents.
    pub paths: Vec<String>,
    /// How many parents it has; of a merge of more than two, whatever differs from any of them is its own.
    pub parents: usize,
    /// Whether it is the exact inverse of one of its ancestors; `false` unless [`crate::gate::Evidence`] asks
    /// for it.
    pub reverts_ancestor: bool,
}

/// Who wrote a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The mail address.
    pub mail: String,
}

impl CommitFacts {
    /// Returns the values of a trailer, whose key is matched without regard to case.
    pub fn trailers<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let trailers = self.trailers.iter();
        let named = trailers.filter(move |(other, _)| other.eq_ignore_ascii_case(key));
        named.map(|(_, value)| value.trim())
    }
}
