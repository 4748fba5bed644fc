//! Releases: the tags whose commits lie in the history of a branch.

use gix::bstr::ByteSlice;
use jiff::Timestamp;

use crate::git::Repository;
use crate::git::commits;
use crate::git::error::Error;
use crate::git::id::CommitId;
use crate::globs::Globs;

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
    /// Whether any tag at hand matches, however old it is and wherever it lies.
    pub has_match: bool,
}

impl Repository {
    /// Returns the tags that match a glob, are later than `since` and are reachable from `tip`.
    ///
    /// `*` also matches `/`. Tags of other things than commits are passed over, and so are those of
    /// which a shallow clone hides whether they belong here: it hides whole tags as well, so whoever
    /// counts asks [`Repository::hides_tags`].
    ///
    /// # Errors
    ///
    /// [`Error::PatternInvalid`], [`Error::Unreadable`].
    pub fn tags(&self, pattern: &str, since: Timestamp, tip: CommitId) -> Result<Tags, Error> {
        let globs = Globs::of_names([pattern])
            .map_err(|source| Error::PatternInvalid { pattern: pattern.to_owned(), source })?;
        let mut found = Tags { tags: Vec::new(), has_match: false };
        for (name, commit) in self.named_commits()? {
            if !globs.matches(&name) {
                continue;
            }
            found.has_match = true;
            let Some(step) = self.step(commit)? else {
                continue;
            };
            let committer_time = commits::timestamp(step.seconds);
            if committer_time <= since {
                continue;
            }
            match self.is_ancestor(commit, tip) {
                Ok(true) => found.tags.push(Tag { name, commit, committer_time }),
                Ok(false) | Err(Error::HistoryMissing { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        found.tags.sort_by(|one, other| {
            (one.committer_time, &one.name).cmp(&(other.committer_time, &other.name))
        });
        Ok(found)
    }

    /// Returns whether the clone may lack tags that `origin` has: it is shallow, or takes none from some
    /// remote (`tagOpt = --no-tags`).
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`].
    pub fn hides_tags(&self) -> Result<bool, Error> {
        if self.is_shallow()? {
            return Ok(true);
        }
        let config = self.local.config_snapshot();
        let remotes = config.sections_by_name("remote").into_iter().flatten();
        let mut names = remotes.filter_map(|remote| remote.header().subsection_name());
        Ok(names.any(|name| {
            let option = config.string(&format!("remote.{name}.tagOpt"));
            option.is_some_and(|option| option.trim() == b"--no-tags")
        }))
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

#[cfg(test)]
mod tests;
