//! Lines of files: how many differ, how alike two files are, and whether a merge adds anything.
//!
//! **Invariant:** attributes and configured drivers play no part. A `.gitattributes` of the change
//! could call a file binary and hide its lines from a limit on changed lines.

use std::collections::HashMap;

use gix::diff::blob::Algorithm;
use gix::diff::blob::Diff;
use gix::diff::blob::InternedInput;

use crate::git::effort::Effort;

/// Bytes at the start of a file that are searched for a zero byte, which marks it as binary.
///
/// # Source
///
/// git, `xdiff-interface.c`, `FIRST_FEW_BYTES`.
const BINARY_PROBE_BYTES: usize = 8000;

/// Bytes of a line that count as one line.
const LINE_BYTES: usize = 200;

/// Lines of two versions together, but for those at both ends that they share, up to which the
/// versions are compared.
///
/// A file of one letter or another on each line takes time that grows faster than its length.
const COMPARED_LINES: usize = 20_000;

/// Returns whether the bytes are taken for something else than text.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(BINARY_PROBE_BYTES).any(|byte| *byte == 0)
}

/// Counts the lines that are added and deleted, the bytes of any file taken for text.
///
/// A line counts once for each [`LINE_BYTES`] that it begins: neither a zero byte nor a line without
/// an end makes a change smaller. Versions that are too long to be compared share no line between
/// their common beginning and their common end.
pub(super) fn count(before: &[u8], after: &[u8], effort: &Effort) -> u64 {
    let (before, after) = without_common_ends(before, after);
    let (old, new) = (split(before), split(after));
    if !is_compared(old.len().saturating_add(new.len()), effort) {
        return weight(&old).saturating_add(weight(&new));
    }
    let input = InternedInput::new(before, after);
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let changed = diff.hunks().map(|hunk| {
        let deleted = old.get(hunk.before.start as usize..hunk.before.end as usize);
        let added = new.get(hunk.after.start as usize..hunk.after.end as usize);
        weight(deleted.unwrap_or_default()).saturating_add(weight(added.unwrap_or_default()))
    });
    changed.fold(0, u64::saturating_add)
}

fn is_compared(lines: usize, effort: &Effort) -> bool {
    lines <= COMPARED_LINES && effort.takes(lines)
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

fn weight(lines: &[&[u8]]) -> u64 {
    lines.iter().map(|line| line.len().div_ceil(LINE_BYTES) as u64).sum()
}

/// Takes the lines away that two versions share at their beginning, and then at their end.
fn without_common_ends<'bytes>(
    before: &'bytes [u8],
    after: &'bytes [u8],
) -> (&'bytes [u8], &'bytes [u8]) {
    let (old, new) = (split(before), split(after));
    let shared = |pairs: &mut dyn Iterator<Item = (&&[u8], &&[u8])>| -> usize {
        pairs.take_while(|(old, new)| old == new).map(|(line, _)| line.len()).sum()
    };
    let start = shared(&mut old.iter().zip(&new));
    let old = before.get(start..).unwrap_or_default();
    let new = after.get(start..).unwrap_or_default();
    let end = shared(&mut split(old).iter().rev().zip(split(new).iter().rev()));
    let without_end =
        |bytes: &'bytes [u8]| bytes.get(..bytes.len().saturating_sub(end)).unwrap_or_default();
    (without_end(old), without_end(new))
}

/// The lines of a file, counted, for comparing it with many others.
pub(super) struct LineBag<'bytes> {
    lines: HashMap<&'bytes [u8], u32>,
    bytes: u64,
}

impl<'bytes> LineBag<'bytes> {
    pub(super) fn new(bytes: &'bytes [u8]) -> Self {
        let mut lines = HashMap::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            *lines.entry(line).or_insert(0) += 1;
        }
        LineBag { lines, bytes: bytes.len() as u64 }
    }

    /// Returns how many different lines there are: the cost of one comparison.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns the bytes in shared lines as percent of the larger file, 0 to 100.
    pub(super) fn similarity(&self, other: &LineBag<'_>) -> u64 {
        let larger = self.bytes.max(other.bytes);
        if larger == 0 {
            return 100;
        }
        // A sum, so the order of the map does not show.
        let shared: u64 = self
            .lines
            .iter()
            .filter_map(|(line, count)| {
                let common = count.min(other.lines.get(line)?);
                Some(u64::from(*common) * line.len() as u64)
            })
            .sum();
        shared * 100 / larger
    }
}

/// Returns whether merging both changes of `base` by lines, without a conflict, gives `result`.
///
/// Hunks can be placed in several equally short ways, so each way is tried: the question is whether
/// `result` needs nothing beside the two changes, not which tool made it. What is too long to be
/// compared is no such merge.
pub(super) fn merges_to(
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
    result: &[u8],
    effort: &Effort,
) -> bool {
    if [base, ours, theirs].into_iter().any(is_binary) {
        return false;
    }
    let lines = [ours, theirs].map(|side| {
        let (before, after) = without_common_ends(base, side);
        split(before).len().saturating_add(split(after).len())
    });
    if !lines.into_iter().all(|lines| is_compared(lines, effort)) {
        return false;
    }
    [Algorithm::Histogram, Algorithm::Myers].into_iter().any(|algorithm| {
        merge(base, ours, theirs, algorithm).is_some_and(|merged| merged == result)
    })
}

/// A run of lines of the base, and the bytes that a side puts in their place.
#[derive(PartialEq, Eq)]
struct Replacement {
    start: usize,
    end: usize,
    bytes: Vec<u8>,
}

/// Merges by lines; `None` where the two changes touch.
fn merge(base: &[u8], ours: &[u8], theirs: &[u8], algorithm: Algorithm) -> Option<Vec<u8>> {
    let base_lines: Vec<&[u8]> = base.split_inclusive(|byte| *byte == b'\n').collect();
    let mut left = replacements(base, ours, algorithm).into_iter().peekable();
    let mut right = replacements(base, theirs, algorithm).into_iter().peekable();
    let mut merged = Vec::with_capacity(ours.len().max(theirs.len()));
    let mut position = 0;
    loop {
        let next = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(one), Some(other)) if one == other => {
                right.next();
                left.next()
            }
            (Some(one), Some(other)) if one.end < other.start => left.next(),
            (Some(one), Some(other)) if other.end < one.start => right.next(),
            (Some(_), Some(_)) => return None,
            (Some(_), None) => left.next(),
            (None, Some(_)) => right.next(),
        };
        let next = next?;
        merged.extend(base_lines.get(position..next.start)?.concat());
        merged.extend(next.bytes);
        position = next.end;
    }
    merged.extend(base_lines.get(position..)?.concat());
    Some(merged)
}

fn replacements(base: &[u8], side: &[u8], algorithm: Algorithm) -> Vec<Replacement> {
    let input = InternedInput::new(base, side);
    let mut diff = Diff::compute(algorithm, &input);
    diff.postprocess_no_heuristic(&input);
    let side_lines: Vec<&[u8]> = side.split_inclusive(|byte| *byte == b'\n').collect();
    diff.hunks()
        .map(|hunk| Replacement {
            start: hunk.before.start as usize,
            end: hunk.before.end as usize,
            bytes: side_lines
                .get(hunk.after.start as usize..hunk.after.end as usize)
                .unwrap_or_default()
                .concat(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(before: &[u8], after: &[u8]) -> u64 {
        count(before, after, &Effort::new())
    }

    fn merged(base: &[u8], ours: &[u8], theirs: &[u8], result: &[u8]) -> bool {
        merges_to(base, ours, theirs, result, &Effort::new())
    }

    #[test]
    fn lines_are_counted_like_a_person_would() {
        assert_eq!(counted(b"a\nb\nc\n", b"a\nB\nc\nd\n"), 3);
        assert_eq!(counted(b"a\nb\n", b"a\nb\n"), 0);
        assert_eq!(counted(b"a\na\n", b"a\n"), 1, "common ends do not overlap");
    }

    #[test]
    fn a_missing_last_newline_is_a_changed_line() {
        assert_eq!(counted(b"a", b"a\n"), 2);
    }

    #[test]
    fn a_zero_byte_and_a_line_without_end_hide_nothing() {
        assert_eq!(counted(b"", b"\0\na\nb\n"), 3);
        assert_eq!(counted(b"a\nb\n", b"a\0\nb\n"), 2);
        assert_eq!(counted(b"", &[b'a'; 200]), 1);
        assert_eq!(counted(b"", &vec![b'a'; 200_000]), 1_000);
    }

    #[test]
    fn what_is_too_long_to_be_compared_shares_only_its_ends() {
        let lines =
            |middle: &str| format!("{}{middle}{}", "a\n".repeat(30_000), "b\n".repeat(30_000));
        assert_eq!(counted(lines("x\n").as_bytes(), lines("y\n").as_bytes()), 2);
        let scattered = |other: &str| format!("{other}{}{other}", "a\n".repeat(COMPARED_LINES));
        let all = (COMPARED_LINES as u64 + 2) * 2;
        assert_eq!(counted(scattered("x\n").as_bytes(), scattered("y\n").as_bytes()), all);
        let effort = Effort::of(3);
        assert_eq!(count(b"x\na\nx\n", b"y\na\ny\n", &effort), 6, "nor what is beyond the effort");
    }

    #[test]
    fn changes_apart_merge_and_touching_changes_do_not() {
        let base = b"1\n2\n3\n4\n5\n";
        assert!(merged(base, b"one\n2\n3\n4\n5\n", b"1\n2\n3\n4\nfive\n", b"one\n2\n3\n4\nfive\n"));
        assert!(!merged(
            base,
            b"one\n2\n3\n4\n5\n",
            b"1\n2\n3\n4\nfive\n",
            b"one\n2\nthree\n4\nfive\n"
        ));
        assert!(!merged(
            base,
            b"1\ntwo\n3\n4\n5\n",
            b"1\n2\nthree\n4\n5\n",
            b"1\ntwo\nthree\n4\n5\n"
        ));
    }

    #[test]
    fn the_same_change_on_both_sides_is_made_once() {
        assert!(merged(b"1\n2\n", b"1\ntwo\n", b"1\ntwo\n", b"1\ntwo\n"));
    }

    #[test]
    fn similarity_is_the_share_of_common_lines() {
        let one = LineBag::new(b"aa\nbb\ncc\ndd\n");
        let other = LineBag::new(b"aa\nbb\ncc\nxx\n");
        assert_eq!(one.similarity(&other), 75);
    }
}
