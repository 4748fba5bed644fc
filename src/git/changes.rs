//! The paths that a change touches, with renames and counted lines.
//!
//! **Invariant:** folders are never listed, and attributes play no part: a change cannot hide its
//! own lines. A rename that leaves or enters the judged folder is a removal or an addition there.

use std::collections::BTreeSet;

use gix::bstr::BString;
use gix::bstr::ByteSlice;

use crate::git::Repository;
use crate::git::entries;
use crate::git::entries::Difference;
use crate::git::entries::Entry;
use crate::git::error::Error;
use crate::git::id::CommitId;
use crate::git::lines;
use crate::git::lines::Counts;
use crate::git::renames;
use crate::git::snapshot;
use crate::git::snapshot::FileKind;

/// Bytes up to which lines are compared.
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
    /// Whether a link or a submodule stands or stood there, so that what lies below it is not seen.
    pub hides_files: bool,
    /// Lines that are new; 0 for binary files. Above 32 MiB every byte counts as a line.
    pub added_lines: u64,
    /// Lines that are gone; counted like `added_lines`.
    pub deleted_lines: u64,
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
        changed(&self.local, self.root_tree(from)?, self.root_tree(to)?)
    }
}

/// Returns what changed from one tree to another, sorted by path.
pub(super) fn changed(
    repository: &gix::Repository,
    from: Option<gix::ObjectId>,
    to: Option<gix::ObjectId>,
) -> Result<Vec<ChangedPath>, Error> {
    let differences = entries::differences(repository, from, to)?;
    let mut renames = renames::find(repository, &differences)?;
    let moved_away: BTreeSet<BString> = renames.values().map(|old| old.path.clone()).collect();
    let mut found = Vec::new();
    for difference in differences {
        let source = renames.remove(&difference.path);
        if source.is_none() && difference.after.is_none() && moved_away.contains(&difference.path) {
            continue;
        }
        found.push(describe(repository, &difference, source.as_ref())?);
    }
    Ok(found)
}

/// Describes a difference; `source` is the removed file that it is a rename of.
pub(super) fn describe(
    repository: &gix::Repository,
    difference: &Difference,
    source: Option<&Difference>,
) -> Result<ChangedPath, Error> {
    let before = source.map_or(difference.before, |source| source.before);
    let kind = match (difference.before, difference.after, source) {
        (_, _, Some(_)) => PathChange::Renamed,
        (None, _, None) => PathChange::Added,
        (Some(_), None, None) => PathChange::Removed,
        (Some(_), Some(_), None) => PathChange::Modified,
    };
    let sides = [before, difference.before, difference.after];
    let hides = |entry: &Entry| matches!(entry.kind, FileKind::Symlink | FileKind::Submodule);
    let counts = counted(repository, before, difference.after)?;
    Ok(ChangedPath {
        path: difference.path.to_str_lossy().into_owned(),
        previous_path: source.map(|source| source.path.to_str_lossy().into_owned()),
        kind,
        hides_files: sides.iter().flatten().any(hides),
        added_lines: counts.added,
        deleted_lines: counts.deleted,
    })
}

fn counted(
    repository: &gix::Repository,
    before: Option<Entry>,
    after: Option<Entry>,
) -> Result<Counts, Error> {
    if before.map(|entry| entry.id) == after.map(|entry| entry.id) {
        return Ok(Counts::default());
    }
    let old = text(repository, before)?;
    let new = text(repository, after)?;
    match (old, new) {
        (Text::Bytes(old), Text::Bytes(new)) => Ok(lines::count(&old, &new)),
        (old, new) => Ok(Counts { added: new.most_lines(), deleted: old.most_lines() }),
    }
}

/// The bytes of a side, or how many there are.
enum Text {
    Bytes(Vec<u8>),
    TooLarge(u64),
}

impl Text {
    fn most_lines(&self) -> u64 {
        match self {
            Text::Bytes(bytes) if lines::is_binary(bytes) => 0,
            Text::Bytes(bytes) => lines::count(&[], bytes).added,
            Text::TooLarge(size) => *size,
        }
    }
}

fn text(repository: &gix::Repository, entry: Option<Entry>) -> Result<Text, Error> {
    let Some(entry) = entry else {
        return Ok(Text::Bytes(Vec::new()));
    };
    if entry.kind == FileKind::Submodule {
        return Ok(Text::Bytes(format!("{}\n", entry.id).into_bytes()));
    }
    let unreadable = |source| Error::unreadable(format!("blob {}", entry.id), source);
    match snapshot::blob(repository, entry.id, COUNTED_BYTES).map_err(unreadable)? {
        Some(bytes) => Ok(Text::Bytes(bytes)),
        None => repository
            .find_header(entry.id)
            .map(|header| Text::TooLarge(header.size()))
            .map_err(unreadable),
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

    fn changed(path: &str, kind: PathChange, added: u64, deleted: u64) -> ChangedPath {
        ChangedPath {
            path: path.to_owned(),
            previous_path: None,
            kind,
            hides_files: false,
            added_lines: added,
            deleted_lines: deleted,
        }
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
                changed("x/same.yaml", PathChange::Modified, 2, 1),
                changed("x/y/old.yaml", PathChange::Removed, 0, 2),
                changed("z/new.yaml", PathChange::Added, 1, 0),
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
            ..changed("b/slo.yaml", PathChange::Renamed, 1, 1)
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
            [changed("a", PathChange::Removed, 0, 1), changed("a/b", PathChange::Added, 1, 0)]
        );
    }

    #[test]
    fn binary_files_have_no_lines_and_attributes_make_none_binary() {
        let sample = Sample::new();
        sample.write(".gitattributes", "*.yaml -diff\n");
        sample.write("image", "\0one\n");
        sample.commit_file("a.yaml", "1\n");
        sample.write("image", "\0two\n");
        sample.commit_file("a.yaml", "2\n");
        assert_eq!(
            last_change(&sample),
            [
                changed("a.yaml", PathChange::Modified, 1, 1),
                changed("image", PathChange::Modified, 0, 0),
            ]
        );
    }

    #[test]
    fn a_rename_out_of_the_judged_folder_removes_there() {
        let sample = Sample::new();
        sample.commit_file("team/a.yaml", "1\n2\n3\n");
        sample.git(&["mv", "team/a.yaml", "a.yaml"]);
        sample.commit("move");
        let repository = sample.open().at_root("team").unwrap();
        let changes = repository.changed_paths(sample.id("HEAD~1"), sample.head());
        assert_eq!(changes.unwrap(), [changed("a.yaml", PathChange::Removed, 0, 3)]);
    }

    #[test]
    fn the_counts_are_those_of_git() {
        let sample = Sample::new();
        let lines: Vec<String> = (0..40).map(|line| format!("line {line}\n")).collect();
        let text = lines.concat();
        sample.commit_file("a", &text);
        let text = text.replace("line 7\n", "").replace("line 20\n", "x\ny\n");
        sample.commit_file("a", &text);
        let printed = sample.git(&["diff", "--numstat", "HEAD~1", "HEAD"]);
        let change = &last_change(&sample)[0];
        let ours = format!("{}\t{}\ta", change.added_lines, change.deleted_lines);
        assert_eq!(ours, printed);
    }
}
