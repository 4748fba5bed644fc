//! The paths that a change touches, its renames, and its lines.
//!
//! **Invariant:** folders are never listed, and attributes play no part: a change cannot hide its
//! own lines. A rename that leaves or enters the judged folder is a removal or an addition there.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use gix::bstr::BString;
use gix::bstr::ByteSlice;

use crate::git::Repository;
use crate::git::effort::Effort;
use crate::git::entries;
use crate::git::entries::Difference;
use crate::git::entries::Entry;
use crate::git::error::Error;
use crate::git::id::CommitId;
use crate::git::lines;
use crate::git::renames;
use crate::git::snapshot;
use crate::git::snapshot::FileKind;
use crate::git::trees::Compared;
use crate::git::trees::How;

/// Bytes up to which lines are counted.
const COUNTED_BYTES: u64 = 32 * 1024 * 1024;

/// A path that two trees do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedPath {
    /// The path after the change; of a removed file, the path before.
    pub path: String,
    /// The path before, when the file was renamed.
    pub previous_path: Option<String>,
    /// What happened to it.
    pub kind: PathChange,
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathChange {
    /// The file is new.
    Added,
    /// The file is gone.
    Removed,
    /// The bytes, or what kind of file it is, changed.
    Modified,
    /// The file moved here, perhaps with changes.
    Renamed,
}

impl Repository {
    /// Returns what changed from one commit to another, sorted by path.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`], [`Error::Unreadable`], [`Error::TreeMalformed`],
    /// [`Error::TreeTooLarge`].
    pub fn changed_paths(&self, from: CommitId, to: CommitId) -> Result<Vec<ChangedPath>, Error> {
        let pairs = self.pairs(from, to)?;
        Ok(pairs.iter().map(|(difference, source)| describe(difference, source.as_ref())).collect())
    }

    /// Returns the paths that two commits do not agree on, sorted; a renamed file has two.
    ///
    /// # Errors
    ///
    /// Like [`Repository::changed_paths`].
    pub fn touched_paths(&self, from: CommitId, to: CommitId) -> Result<Vec<String>, Error> {
        let (from, to) = (self.root_tree(from)?, self.root_tree(to)?);
        touched(&self.local, from, to)
    }

    /// Returns the paths that a change touches, sorted; a renamed file has two.
    ///
    /// Where branches merged each other, the change started in several places. Then it touches what
    /// differs from any of them and from the trusted commit.
    ///
    /// # Errors
    ///
    /// Like [`Repository::changed_paths`].
    pub fn proposed_paths(&self, change: &Compared) -> Result<Vec<String>, Error> {
        let paths = self.touched_paths(change.compared, change.head)?;
        if change.other_starts.is_empty() {
            return Ok(paths);
        }
        let mut paths: BTreeSet<String> = paths.into_iter().collect();
        for start in &change.other_starts {
            paths.extend(self.touched_paths(*start, change.head)?);
        }
        let differing = self.touched_paths(change.trusted, change.head)?;
        Ok(differing.into_iter().filter(|path| paths.contains(path)).collect())
    }

    /// Returns the paths of a change at which a link or a submodule stands or stood.
    ///
    /// What a link points at, and what a submodule holds, is not seen here.
    ///
    /// # Errors
    ///
    /// Like [`Repository::changed_paths`].
    pub fn hiding_paths(&self, change: &Compared) -> Result<BTreeSet<String>, Error> {
        let mut found = BTreeSet::new();
        for start in [change.compared].iter().chain(&change.other_starts) {
            let (from, to) = (self.root_tree(*start)?, self.root_tree(change.head)?);
            let mut differences = entries::differences(&self.local, from, to)?;
            differences.retain(|one| hides([one.before, one.after]));
            found.extend(paths(&differences));
        }
        Ok(found)
    }

    /// Returns how many lines a change adds and deletes; of several places where it started, the one
    /// from which there are most. Nothing where a link or a submodule stands or stood at a path of the
    /// change: the lines behind it are not seen.
    ///
    /// A line counts once for each 200 bytes that it begins, also in files that are no text. A file
    /// that moves counts by what changes in it. What is too long to be compared counts whole; above
    /// 32 MiB, and where a change asks for too much work, every byte counts as a line.
    ///
    /// # Errors
    ///
    /// Like [`Repository::changed_paths`].
    pub fn proposed_lines(&self, change: &Compared) -> Result<Option<u64>, Error> {
        let effort = Effort::new();
        let mut most = 0;
        for start in [change.compared].iter().chain(&change.other_starts) {
            let mut lines: u64 = 0;
            for (difference, source) in self.pairs(*start, change.head)? {
                let before = source.map_or(difference.before, |source| source.before);
                if hides([before, difference.after]) {
                    return Ok(None);
                }
                let counted = counted(&self.local, before, difference.after, &effort)?;
                lines = lines.saturating_add(counted);
            }
            most = most.max(lines);
        }
        Ok(Some(most))
    }

    /// Returns where the base branch moved files in the meantime, from the old path to the new.
    ///
    /// A forge that merges takes the change of a file to the place where the base moved it. For any
    /// other change there are none.
    ///
    /// # Errors
    ///
    /// Like [`Repository::changed_paths`].
    pub fn moved_by_base(&self, change: &Compared) -> Result<BTreeMap<String, String>, Error> {
        let mut moved = BTreeMap::new();
        let parents = self.parents(change.head)?;
        let (How::ForgeMerge, [_, proposed]) = (&change.how, parents.as_slice()) else {
            return Ok(moved);
        };
        let starts = match self.merge_bases(change.trusted, *proposed) {
            // Then the forge's change of a file that moved stays unexplained.
            Err(Error::MergeBaseMissing { .. } | Error::CommitMissing { .. }) => return Ok(moved),
            starts => starts?,
        };
        for start in starts {
            let changes = self.changed_paths(start, change.trusted)?;
            moved.extend(
                changes.into_iter().filter_map(|it| it.previous_path.map(|old| (old, it.path))),
            );
        }
        Ok(moved)
    }

    /// Returns what differs between two commits, each with the removal that it is a rename of.
    fn pairs(
        &self,
        from: CommitId,
        to: CommitId,
    ) -> Result<Vec<(Difference, Option<Difference>)>, Error> {
        let (from, to) = (self.root_tree(from)?, self.root_tree(to)?);
        let differences = entries::differences(&self.local, from, to)?;
        let mut renames = renames::find(&self.local, &differences)?;
        let moved_away: BTreeSet<BString> = renames.values().map(|old| old.path.clone()).collect();
        let mut found = Vec::new();
        for difference in differences {
            let source = renames.remove(&difference.path);
            let is_source = difference.after.is_none() && moved_away.contains(&difference.path);
            if source.is_some() || !is_source {
                found.push((difference, source));
            }
        }
        Ok(found)
    }
}

/// Returns the paths that two trees do not agree on, sorted.
pub(super) fn touched(
    repository: &gix::Repository,
    from: Option<gix::ObjectId>,
    to: Option<gix::ObjectId>,
) -> Result<Vec<String>, Error> {
    Ok(paths(&entries::differences(repository, from, to)?))
}

/// Returns the paths of differences.
pub(super) fn paths(differences: &[Difference]) -> Vec<String> {
    let paths = differences.iter().map(|difference| difference.path.to_str_lossy().into_owned());
    paths.collect()
}

/// Returns whether a link or a submodule stands on one of the sides of a difference.
fn hides(sides: [Option<Entry>; 2]) -> bool {
    let hides = |entry: &Entry| matches!(entry.kind, FileKind::Symlink | FileKind::Submodule);
    sides.iter().flatten().any(hides)
}

/// Describes a difference; `source` is the removed file that it is a rename of.
fn describe(difference: &Difference, source: Option<&Difference>) -> ChangedPath {
    let kind = match (difference.before, difference.after, source) {
        (_, _, Some(_)) => PathChange::Renamed,
        (None, _, None) => PathChange::Added,
        (Some(_), None, None) => PathChange::Removed,
        (Some(_), Some(_), None) => PathChange::Modified,
    };
    ChangedPath {
        path: difference.path.to_str_lossy().into_owned(),
        previous_path: source.map(|source| source.path.to_str_lossy().into_owned()),
        kind,
    }
}

fn counted(
    repository: &gix::Repository,
    before: Option<Entry>,
    after: Option<Entry>,
    effort: &Effort,
) -> Result<u64, Error> {
    if before.map(|entry| entry.id) == after.map(|entry| entry.id) {
        return Ok(0);
    }
    let sizes = [size(repository, before)?, size(repository, after)?];
    let is_read = sizes.into_iter().all(|size| size <= COUNTED_BYTES && effort.takes_bytes(size));
    if !is_read {
        return Ok(sizes.into_iter().fold(0, u64::saturating_add));
    }
    Ok(lines::count(&text(repository, before)?, &text(repository, after)?, effort))
}

/// Returns the bytes of a side, which is no submodule.
fn text(repository: &gix::Repository, entry: Option<Entry>) -> Result<Vec<u8>, Error> {
    match entry {
        None => Ok(Vec::new()),
        Some(entry) => snapshot::blob(repository, entry.id, COUNTED_BYTES)
            .map(Option::unwrap_or_default)
            .map_err(|source| Error::unreadable(format!("blob {}", entry.id), source)),
    }
}

fn size(repository: &gix::Repository, entry: Option<Entry>) -> Result<u64, Error> {
    match entry {
        None => Ok(0),
        Some(entry) => snapshot::size(repository, entry.id)
            .map_err(|source| Error::unreadable(format!("blob {}", entry.id), source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    fn last_change(sample: &Sample) -> Vec<ChangedPath> {
        let repository = sample.open();
        let (from, to) = (sample.id("HEAD~1"), sample.head());
        repository.changed_paths(from, to).unwrap()
    }

    fn changed(path: &str, kind: PathChange) -> ChangedPath {
        ChangedPath { path: path.to_owned(), previous_path: None, kind }
    }

    /// A change from `from` to `HEAD`.
    fn change(sample: &Sample, from: CommitId) -> Compared {
        Compared {
            trusted: from,
            compared: from,
            other_starts: Vec::new(),
            head: sample.head(),
            how: How::BaseOption,
            merge_base_missing: false,
        }
    }

    fn seen_lines(sample: &Sample) -> Option<u64> {
        sample.open().proposed_lines(&change(sample, sample.id("HEAD~1"))).unwrap()
    }

    fn lines(sample: &Sample) -> u64 {
        seen_lines(sample).expect("nothing hides lines")
    }

    #[test]
    fn added_modified_and_removed_files_are_listed_without_their_folders() {
        let sample = Sample::new();
        sample.write("x/y/old.yaml", "1\n2\n");
        sample.commit_file("x/same.yaml", "a\nb\nc\n");
        sample.git(&["rm", "--quiet", "x/y/old.yaml"]);
        sample.write("z/new.yaml", "other\n");
        sample.commit_file("x/same.yaml", "a\nB\nc\nd\n");
        assert_eq!(
            last_change(&sample),
            [
                changed("x/same.yaml", PathChange::Modified),
                changed("x/y/old.yaml", PathChange::Removed),
                changed("z/new.yaml", PathChange::Added),
            ]
        );
    }

    #[test]
    fn a_file_that_moves_with_a_change_is_renamed() {
        let sample = Sample::new();
        sample.commit_file("a/slo.yaml", "one\ntwo\nthree\nfour\n");
        sample.git(&["rm", "--quiet", "a/slo.yaml"]);
        sample.commit_file("b/slo.yaml", "one\ntwo\nthree\nFOUR\n");
        let expected = ChangedPath {
            previous_path: Some("a/slo.yaml".to_owned()),
            ..changed("b/slo.yaml", PathChange::Renamed)
        };
        assert_eq!(last_change(&sample), [expected]);
    }

    #[test]
    fn equal_files_are_paired_by_name() {
        let sample = Sample::new();
        sample.write("a/one.yaml", "same\n");
        sample.commit_file("x/two.yaml", "same\n");
        sample.git(&["mv", "a", "z"]);
        sample.git(&["mv", "x", "b"]);
        sample.commit("move");
        let sources: Vec<_> = last_change(&sample)
            .into_iter()
            .map(|change| (change.path, change.previous_path.unwrap()))
            .collect();
        let pair = |to: &str, from: &str| (to.to_owned(), from.to_owned());
        assert_eq!(sources, [pair("b/two.yaml", "x/two.yaml"), pair("z/one.yaml", "a/one.yaml")]);
    }

    #[test]
    fn too_many_files_are_renamed_only_when_they_are_equal() {
        let sample = Sample::new();
        for number in 0..1001 {
            sample.write(&format!("a/{number}"), &format!("a\nb\nc\n{number}\n"));
        }
        sample.commit("before");
        sample.git(&["mv", "a", "b"]);
        for number in 0..1001 {
            sample.write(&format!("b/{number}"), &format!("a\nb\nx\n{number}\n"));
        }
        sample.write("b/equal", "a\nb\nc\n7\n");
        sample.commit("after");
        let renamed: Vec<_> =
            last_change(&sample).into_iter().filter_map(|change| change.previous_path).collect();
        assert_eq!(renamed, ["a/7"]);
    }

    #[test]
    fn a_file_may_become_a_folder() {
        let sample = Sample::new();
        sample.commit_file("a", "1\n");
        sample.git(&["rm", "--quiet", "a"]);
        sample.commit_file("a/b", "2\n");
        assert_eq!(
            last_change(&sample),
            [changed("a", PathChange::Removed), changed("a/b", PathChange::Added)]
        );
    }

    #[test]
    fn a_file_has_lines_whatever_it_holds_and_attributes_say() {
        let sample = Sample::new();
        sample.write(".gitattributes", "*.yaml -diff\n");
        sample.write("image", "\0one\n");
        sample.commit_file("a.yaml", "1\n");
        sample.write("image", "\0two\n");
        sample.commit_file("a.yaml", "2\n");
        assert_eq!(lines(&sample), 4);
        sample.write_bytes("image", &[0; 2000]);
        sample.commit("draw");
        assert_eq!(lines(&sample), 11);
    }

    #[test]
    fn a_file_that_moves_counts_by_what_changes_in_it() {
        let sample = Sample::new();
        sample.commit_file("a/slo.yaml", "one\ntwo\nthree\nfour\n");
        sample.git(&["rm", "--quiet", "a/slo.yaml"]);
        sample.commit_file("b/slo.yaml", "one\ntwo\nthree\nFOUR\n");
        assert_eq!(lines(&sample), 2);
        let touched = sample.open().touched_paths(sample.id("HEAD~1"), sample.head()).unwrap();
        assert_eq!(touched, ["a/slo.yaml", "b/slo.yaml"]);
        sample.git(&["rm", "--quiet", "b/slo.yaml"]);
        sample.commit("remove");
        assert_eq!(lines(&sample), 4);
    }

    #[test]
    fn the_lines_behind_a_link_or_a_submodule_are_not_seen() {
        let sample = Sample::new();
        let commit = sample.commit_file("b", "other");
        let link = sample.git(&["rev-parse", "HEAD:b"]);
        let stage = |mode: &str, id: &str| {
            let entry = format!("{mode},{id},a");
            sample.git(&["update-index", "--add", "--cacheinfo", &entry]);
            sample.git(&["commit", "--quiet", "-m", "put it there"]);
            seen_lines(&sample)
        };
        assert_eq!(stage("160000", &commit.to_string()), None, "a new submodule");
        assert_eq!(stage("100644", &link), None, "a submodule that goes");
        assert_eq!(stage("120000", &link), None, "a file that becomes a link of the same bytes");
        sample.git(&["mv", "b", "c"]);
        sample.git(&["commit", "--quiet", "-m", "move"]);
        assert_eq!(seen_lines(&sample), Some(0), "nothing is hidden in what did not change");
    }

    #[test]
    fn where_branches_merged_each_other_what_one_of_them_had_is_not_lost() {
        let sample = Sample::new();
        let start = sample.commit_file("a", "old\n");
        sample.git(&["switch", "--quiet", "--create", "side"]);
        let side = sample.commit_file("a", "fixed\n");
        sample.git(&["switch", "--quiet", "main"]);
        let late = sample.commit_file("b", "1\n");
        sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge side", "side"]);
        let trusted = sample.head();
        // The author merges both, and takes the file as it was before it was fixed.
        let late_tree = format!("{late}^{{tree}}");
        let (one, other) = (late.to_string(), side.to_string());
        let commit = sample.git(&["commit-tree", &late_tree, "-m", "x", "-p", &one, "-p", &other]);
        sample.git(&["reset", "--quiet", "--hard", &commit]);
        let other_starts = vec![side];
        let change = Compared { trusted, compared: late, other_starts, ..change(&sample, start) };
        let repository = sample.open();
        assert_eq!(repository.touched_paths(late, change.head).unwrap(), Vec::<String>::new());
        assert_eq!(repository.proposed_paths(&change).unwrap(), ["a"]);
        assert_eq!(repository.proposed_lines(&change).unwrap(), Some(3));
    }

    #[test]
    fn the_forge_takes_a_change_to_where_the_base_moved_the_file() {
        let sample = Sample::new();
        sample.commit_file("a", "1\n2\n3\n4\n");
        sample.git(&["switch", "--quiet", "--create", "work"]);
        sample.commit_file("a", "1\n2\n3\nfour\n");
        sample.git(&["switch", "--quiet", "main"]);
        sample.git(&["mv", "a", "b"]);
        let trusted = sample.commit("move");
        sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work", "work"]);
        let change = Compared { how: How::ForgeMerge, ..change(&sample, trusted) };
        let repository = sample.open();
        assert_eq!(repository.proposed_paths(&change).unwrap(), ["b"]);
        let moved = repository.moved_by_base(&change).unwrap();
        assert_eq!(moved, [("a".to_owned(), "b".to_owned())].into());
        let change = Compared { how: How::EventBase, ..change };
        assert!(repository.moved_by_base(&change).unwrap().is_empty());
    }

    #[test]
    fn a_rename_out_of_the_judged_folder_removes_there() {
        let sample = Sample::new();
        sample.commit_file("team/a.yaml", "1\n2\n3\n");
        sample.git(&["mv", "team/a.yaml", "a.yaml"]);
        sample.commit("move");
        let repository = sample.open().at_root("team").unwrap();
        let changes = repository.changed_paths(sample.id("HEAD~1"), sample.head());
        assert_eq!(changes.unwrap(), [changed("a.yaml", PathChange::Removed)]);
    }

    #[test]
    fn the_counts_are_those_of_git() {
        let sample = Sample::new();
        let text = (0..40).map(|line| format!("line {line}\n")).collect::<Vec<_>>().concat();
        sample.commit_file("a", &text);
        let text = text.replace("line 7\n", "").replace("line 20\n", "x\ny\n");
        sample.commit_file("a", &text);
        let printed = sample.git(&["diff", "--numstat", "HEAD~1", "HEAD"]);
        assert_eq!(printed, "2\t2\ta");
        assert_eq!(lines(&sample), 4);
    }
}
