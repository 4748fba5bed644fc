//! Releases: the tags whose commits lie in the history of a branch.

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

impl Repository {
    /// Returns the tags that match a glob, are later than `since` and are reachable from `tip`, by
    /// time, then by name.
    ///
    /// `*` also matches `/`. Tags of other things than commits are passed over, and so are those of
    /// which a shallow clone hides whether they belong here: it hides whole tags as well, so whoever
    /// counts asks [`Repository::is_shallow`].
    ///
    /// # Errors
    ///
    /// [`Error::PatternInvalid`], [`Error::Unreadable`].
    pub fn tags(&self, pattern: &str, since: Timestamp, tip: CommitId) -> Result<Vec<Tag>, Error> {
        let globs = Globs::of_names([pattern])
            .map_err(|source| Error::PatternInvalid { pattern: pattern.to_owned(), source })?;
        let mut found = Vec::new();
        for (name, commit) in self.named_commits()? {
            if !globs.matches(&name) {
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
                Ok(true) => found.push(Tag { name, commit, committer_time }),
                Ok(false) | Err(Error::HistoryMissing { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        found.sort_by(|one, other| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    fn names(tags: &[Tag]) -> Vec<&str> {
        tags.iter().map(|tag| tag.name.as_str()).collect()
    }

    #[test]
    fn releases_are_counted_on_their_branch_and_since_then() {
        let sample = Sample::new();
        sample.commit_file("a", "1\n");
        sample.git(&["tag", "release-1"]);
        let since = sample.git(&["log", "-1", "--format=%ct"]);
        let since = Timestamp::from_second(since.parse().unwrap()).unwrap();
        sample.commit_file("a", "2\n");
        sample.git(&["tag", "--annotate", "-m", "two", "release-2"]);
        sample.git(&["tag", "other"]);
        sample.git(&["switch", "--quiet", "--create", "work"]);
        sample.commit_file("a", "3\n");
        sample.git(&["tag", "release-elsewhere"]);
        let repository = sample.open();
        let tip = sample.id("main");
        let all = repository.tags("release-*", Timestamp::MIN, tip).unwrap();
        assert_eq!(names(&all), ["release-1", "release-2"]);
        assert_eq!(all[1].commit, tip);
        let late = repository.tags("release-*", since, tip).unwrap();
        assert_eq!(names(&late), ["release-2"]);
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_an_error() {
        let sample = Sample::new();
        let tip = sample.commit_file("a", "1\n");
        for pattern in ["[", "", "!release-*", "release\\*"] {
            let error = sample.open().tags(pattern, Timestamp::MIN, tip).unwrap_err();
            assert!(matches!(error, Error::PatternInvalid { .. }), "{pattern}");
        }
    }
}
