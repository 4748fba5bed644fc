//! Releases: the tags whose commits lie in the history of a branch.

use globset::GlobBuilder;
use jiff::Timestamp;

use crate::git::Repository;
use crate::git::commits;
use crate::git::error::Error;
use crate::git::id::CommitId;

/// A tag and the commit it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The name without `refs/tags/`.
    pub name: String,
    /// The commit, also of an annotated tag.
    pub commit: CommitId,
    /// When the commit was made, by the committer's clock.
    pub committer_time: Timestamp,
}

/// The tags that were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    /// Sorted by time, then by name.
    pub tags: Vec<Tag>,
    /// Whether a shallow clone hides for some tag if it belongs here. Such tags are not listed.
    pub is_cut: bool,
}

impl Repository {
    /// Returns the tags that match a glob, are later than `since` and are reachable from `tip`.
    ///
    /// `*` also matches `/`. Tags of other things than commits are passed over.
    ///
    /// # Errors
    ///
    /// [`Error::PatternInvalid`], [`Error::Unreadable`].
    pub fn tags(&self, pattern: &str, since: Timestamp, tip: CommitId) -> Result<Tags, Error> {
        let glob = GlobBuilder::new(pattern)
            .literal_separator(false)
            .build()
            .map_err(|source| Error::PatternInvalid {
                pattern: pattern.to_owned(),
                source,
            })?
            .compile_matcher();
        let mut found = Tags {
            tags: Vec::new(),
            is_cut: false,
        };
        for (name, commit) in self.named_commits()? {
            if !glob.is_match(&name) {
                continue;
            }
            let Some(step) = self.step(commit)? else {
                continue;
            };
            let committer_time = commits::timestamp(step.seconds);
            if committer_time <= since {
                continue;
            }
            match self.is_ancestor(commit, tip) {
                Ok(true) => found.tags.push(Tag {
                    name,
                    commit,
                    committer_time,
                }),
                Ok(false) => {}
                Err(Error::HistoryMissing { .. }) => found.is_cut = true,
                Err(error) => return Err(error),
            }
        }
        found.tags.sort_by(|one, other| {
            (one.committer_time, &one.name).cmp(&(other.committer_time, &other.name))
        });
        Ok(found)
    }

    fn named_commits(&self) -> Result<Vec<(String, CommitId)>, Error> {
        let unreadable = |source| Error::unreadable("the tags", source);
        let references = self.local.references().map_err(unreadable)?;
        let mut found = Vec::new();
        for reference in references.tags().map_err(unreadable)? {
            let mut reference = reference.map_err(unreadable)?;
            let name = reference.name().shorten().to_string();
            if let Ok(commit) = reference.peel_to_commit() {
                found.push((name, CommitId(commit.id)));
            }
        }
        Ok(found)
    }
}
