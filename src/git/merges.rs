//! What a merge commit adds beyond its parents.
//!
//! # Why
//!
//! A merge commit can hold anything: its author resolves the conflicts, and may edit what never
//! conflicted, or drop one side. A path whose bytes differ from all parents is not yet such a
//! change, since both sides may have changed different lines of it. So the merge of two parents is
//! repeated by path, and by line where both sides changed a file; what cannot be repeated is the
//! commit's own. The test errs on one side only: a file that one side renamed and the other changed
//! counts as the commit's own.

use std::collections::BTreeMap;

use gix::bstr::BString;

use crate::git::Repository;
use crate::git::changes;
use crate::git::changes::ChangedPath;
use crate::git::entries;
use crate::git::entries::Difference;
use crate::git::entries::Entry;
use crate::git::error::Error;
use crate::git::id::CommitId;
use crate::git::lines;
use crate::git::snapshot;
use crate::git::snapshot::FileKind;

/// Bytes up to which a merge of one file is repeated; a larger file counts as the commit's own.
pub(super) const MERGED_BYTES: u64 = 4 * 1024 * 1024;

impl Repository {
    /// Returns what a merge commit adds beyond its parents, sorted by path.
    ///
    /// A commit with one parent or none adds nothing in this sense.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`] when a parent is not at hand; [`Error::Unreadable`].
    pub fn added_by_merge(&self, commit: CommitId) -> Result<Vec<ChangedPath>, Error> {
        let parents = self.parents(commit)?;
        let [first, others @ ..] = parents.as_slice() else {
            return Ok(Vec::new());
        };
        if others.is_empty() {
            return Ok(Vec::new());
        }
        let result = self.root_tree(commit)?;
        let from_first = entries::differences(&self.local, self.root_tree(*first)?, result)?;
        let mut own = unlike_all_parents(self, &from_first, others, result)?;
        if let [second] = others {
            own = self.not_repeated(*first, *second, result, own)?;
        }
        own.iter().map(|difference| changes::describe(&self.local, difference, None)).collect()
    }

    /// Returns the paths that repeating the merge of two parents does not give.
    ///
    /// Where the clone hides the merge base, the merge cannot be repeated; then `unlike` it is.
    fn not_repeated(
        &self,
        first: CommitId,
        second: CommitId,
        result: Option<gix::ObjectId>,
        unlike: Vec<Difference>,
    ) -> Result<Vec<Difference>, Error> {
        let base = match self.merge_base(first, second) {
            Ok(Some(base)) => base,
            Ok(None) | Err(Error::MergeBaseMissing { .. }) => return Ok(unlike),
            Err(error) => return Err(error),
        };
        let base = self.root_tree(base)?;
        let ours = by_path(self, base, self.root_tree(first)?)?;
        let theirs = by_path(self, base, self.root_tree(second)?)?;
        let made = by_path(self, base, result)?;
        let mut paths: Vec<&BString> = ours.keys().chain(theirs.keys()).collect();
        paths.extend(made.keys());
        paths.sort();
        paths.dedup();
        let mut own = Vec::new();
        for path in paths {
            let changes = [ours.get(path), theirs.get(path), made.get(path)];
            let Some(before) = changes.into_iter().flatten().next().map(|it| it.before) else {
                continue;
            };
            let [our, their, made] = changes.map(|it| it.map_or(before, |it| it.after));
            if !is_repeated(self, before, our, their, made)? {
                own.push(Difference { path: path.clone(), before: our, after: made });
            }
        }
        Ok(own)
    }
}

/// Returns the differences from the first parent that are differences from all others too.
fn unlike_all_parents(
    repository: &Repository,
    from_first: &[Difference],
    others: &[CommitId],
    result: Option<gix::ObjectId>,
) -> Result<Vec<Difference>, Error> {
    let mut own = from_first.to_vec();
    for parent in others {
        let tree = repository.root_tree(*parent)?;
        let changed = by_path(repository, tree, result)?;
        own.retain(|difference| changed.contains_key(&difference.path));
    }
    Ok(own)
}

fn by_path(
    repository: &Repository,
    from: Option<gix::ObjectId>,
    to: Option<gix::ObjectId>,
) -> Result<BTreeMap<BString, Difference>, Error> {
    let differences = entries::differences(&repository.local, from, to)?;
    Ok(differences.into_iter().map(|difference| (difference.path.clone(), difference)).collect())
}

/// Returns whether `made` is what merging `our` and `their` change of `base` gives.
fn is_repeated(
    repository: &Repository,
    base: Option<Entry>,
    our: Option<Entry>,
    their: Option<Entry>,
    made: Option<Entry>,
) -> Result<bool, Error> {
    if our == their || their == base {
        return Ok(made == our);
    }
    if our == base {
        return Ok(made == their);
    }
    let (Some(base), Some(our), Some(their), Some(made)) = (base, our, their, made) else {
        return Ok(false);
    };
    let expected_kind = if our.kind == base.kind { their.kind } else { our.kind };
    let kinds = [base.kind, our.kind, their.kind];
    if made.kind != expected_kind || kinds.into_iter().any(is_no_text) {
        return Ok(false);
    }
    is_line_merge(&repository.local, [base, our, their, made])
}

/// Returns whether the last of four blobs is the merge by lines of the second and the third.
pub(super) fn is_line_merge(
    repository: &gix::Repository,
    entries: [Entry; 4],
) -> Result<bool, Error> {
    let mut texts = Vec::with_capacity(entries.len());
    for entry in entries {
        let bytes = snapshot::blob(repository, entry.id, MERGED_BYTES)
            .map_err(|source| Error::unreadable(format!("blob {}", entry.id), source))?;
        match bytes {
            Some(bytes) => texts.push(bytes),
            None => return Ok(false),
        }
    }
    Ok(match texts.as_slice() {
        [base, our, their, made] => lines::merges_to(base, our, their, made),
        _ => false,
    })
}

fn is_no_text(kind: FileKind) -> bool {
    matches!(kind, FileKind::Symlink | FileKind::Submodule)
}

#[cfg(test)]
mod tests {
    use crate::git::sample::Sample;

    const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

    /// `work` and `main` change different lines of `a`; each adds a file of its own; on `work`.
    fn diverged() -> Sample {
        let sample = Sample::new();
        sample.commit_file("a", LINES);
        sample.git(&["switch", "--quiet", "--create", "work"]);
        sample.write("b", "1\n");
        sample.commit_file("a", &LINES.replace('1', "one"));
        sample.git(&["switch", "--quiet", "main"]);
        sample.write("c", "1\n");
        sample.commit_file("a", &LINES.replace('9', "nine"));
        sample.git(&["switch", "--quiet", "work"]);
        sample
    }

    fn added(sample: &Sample) -> Vec<String> {
        let changes = sample.open().added_by_merge(sample.head()).unwrap();
        changes.into_iter().map(|change| change.path).collect()
    }

    #[test]
    fn a_clean_merge_of_one_file_adds_nothing() {
        let sample = diverged();
        sample.git(&["merge", "--quiet", "-m", "Merge", "main"]);
        assert_eq!(added(&sample), Vec::<String>::new());
    }

    #[test]
    fn what_only_the_merge_holds_is_its_own() {
        let sample = diverged();
        sample.git(&["merge", "--quiet", "--no-commit", "main"]);
        sample.write("d", "evil\n");
        let merged = LINES.replace('1', "one").replace('9', "nine");
        sample.write("a", &merged.replace('5', "evil"));
        sample.commit("Merge");
        assert_eq!(added(&sample), ["a", "d"]);
    }

    #[test]
    fn a_merge_that_makes_a_file_executable_is_seen() {
        let sample = diverged();
        sample.git(&["merge", "--quiet", "-m", "Merge", "main"]);
        sample.git(&["update-index", "--chmod=+x", "a"]);
        sample.git(&["commit", "--quiet", "--amend", "--no-edit"]);
        assert_eq!(added(&sample), ["a"]);
    }

    #[test]
    fn a_merge_that_drops_one_side_is_seen() {
        let sample = diverged();
        sample.git(&["merge", "--quiet", "-s", "ours", "-m", "Merge", "main"]);
        assert_eq!(added(&sample), ["a", "c"]);
    }

    #[test]
    fn a_resolved_conflict_is_the_merges_own() {
        let sample = Sample::new();
        sample.commit_file("a", "1\n");
        sample.git(&["switch", "--quiet", "--create", "work"]);
        sample.commit_file("a", "2\n");
        sample.git(&["switch", "--quiet", "main"]);
        sample.commit_file("a", "3\n");
        let (succeeded, _) = sample.try_git(&["merge", "--quiet", "work"]);
        assert!(!succeeded);
        sample.write("a", "4\n");
        sample.commit("Merge");
        assert_eq!(added(&sample), ["a"]);
    }

    #[test]
    fn a_commit_with_one_parent_adds_nothing_beyond_it() {
        let sample = Sample::new();
        sample.commit_file("a", "1\n");
        sample.commit_file("a", "2\n");
        assert_eq!(added(&sample), Vec::<String>::new());
    }

    #[test]
    fn a_merge_of_three_parents_owns_what_none_of_them_has() {
        let sample = diverged();
        sample.git(&["switch", "--quiet", "--create", "third", "main~1"]);
        sample.commit_file("e", "1\n");
        sample.git(&["switch", "--quiet", "work"]);
        sample.git(&["merge", "--quiet", "--no-commit", "-s", "ours", "main", "third"]);
        sample.write("d", "evil\n");
        sample.commit("Merge");
        assert_eq!(added(&sample), ["d"]);
    }
}
