//! Lines of files: how many differ, how alike two files are, and whether a merge adds anything.
//!
//! **Invariant:** attributes and configured drivers play no part. A `.gitattributes` of the change
//! could call a file binary and hide its lines from a limit on changed lines.

use std::collections::HashMap;

use gix::diff::blob::Algorithm;
use gix::diff::blob::Diff;
use gix::diff::blob::InternedInput;

/// Bytes at the start of a file that are searched for a zero byte, which marks it as binary.
///
/// # Source
///
/// git, `xdiff-interface.c`, `FIRST_FEW_BYTES`.
const BINARY_PROBE_BYTES: usize = 8000;

/// Lines that two versions of a file do not share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) added: u64,
    pub(super) deleted: u64,
}

/// Returns whether the bytes are taken for something else than text.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(BINARY_PROBE_BYTES).any(|byte| *byte == 0)
}

/// Counts added and deleted lines; a binary side makes both zero.
pub(super) fn count(before: &[u8], after: &[u8]) -> Counts {
    if is_binary(before) || is_binary(after) {
        return Counts::default();
    }
    let input = InternedInput::new(before, after);
    let diff = Diff::compute(Algorithm::Histogram, &input);
    Counts { added: u64::from(diff.count_additions()), deleted: u64::from(diff.count_removals()) }
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
/// `result` needs nothing beside the two changes, not which tool made it.
pub(super) fn merges_to(base: &[u8], ours: &[u8], theirs: &[u8], result: &[u8]) -> bool {
    if [base, ours, theirs].into_iter().any(is_binary) {
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

    #[test]
    fn lines_are_counted_like_a_person_would() {
        let counts = count(b"a\nb\nc\n", b"a\nB\nc\nd\n");
        assert_eq!(counts, Counts { added: 2, deleted: 1 });
    }

    #[test]
    fn a_missing_last_newline_is_a_changed_line() {
        assert_eq!(count(b"a", b"a\n"), Counts { added: 1, deleted: 1 });
    }

    #[test]
    fn a_zero_byte_makes_a_file_binary() {
        assert_eq!(count(b"a\0b\n", b"a\n"), Counts::default());
    }

    #[test]
    fn changes_apart_merge_and_touching_changes_do_not() {
        let base = b"1\n2\n3\n4\n5\n";
        assert!(merges_to(
            base,
            b"one\n2\n3\n4\n5\n",
            b"1\n2\n3\n4\nfive\n",
            b"one\n2\n3\n4\nfive\n"
        ));
        assert!(!merges_to(
            base,
            b"one\n2\n3\n4\n5\n",
            b"1\n2\n3\n4\nfive\n",
            b"one\n2\nthree\n4\nfive\n"
        ));
        assert!(!merges_to(
            base,
            b"1\ntwo\n3\n4\n5\n",
            b"1\n2\nthree\n4\n5\n",
            b"1\ntwo\nthree\n4\n5\n"
        ));
    }

    #[test]
    fn the_same_change_on_both_sides_is_made_once() {
        assert!(merges_to(b"1\n2\n", b"1\ntwo\n", b"1\ntwo\n", b"1\ntwo\n"));
    }

    #[test]
    fn similarity_is_the_share_of_common_lines() {
        let one = LineBag::new(b"aa\nbb\ncc\ndd\n");
        let other = LineBag::new(b"aa\nbb\ncc\nxx\n");
        assert_eq!(one.similarity(&other), 75);
    }
}
