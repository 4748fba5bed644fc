//! How much work a change may ask for.
//!
//! # Why
//!
//! A change of a few kilobytes can name one large file a million times, merge the same old commits
//! again and again, or hold files whose comparison takes forever. What is beyond the limit is not
//! guessed: each question says what it answers then, and always to the disadvantage of the change.

use std::cell::Cell;

/// The work of one question; a piece of it takes one or two microseconds.
const ALL: usize = 2_000_000;

/// Bytes that are read for one piece of work.
const BYTES: usize = 500;

/// What may still be done to answer one question.
pub(super) struct Effort {
    left: Cell<usize>,
}

impl Effort {
    pub(super) fn new() -> Self {
        Effort::of(ALL)
    }

    /// An effort of so many pieces of work.
    pub(super) fn of(pieces: usize) -> Self {
        Effort { left: Cell::new(pieces) }
    }

    /// Takes pieces of work: paths or lines to be compared. `false` when there are not as many left;
    /// then nothing is left.
    pub(super) fn takes(&self, pieces: usize) -> bool {
        let left = self.left.get().checked_sub(pieces);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Takes the work of reading so many bytes.
    pub(super) fn takes_bytes(&self, bytes: u64) -> bool {
        self.takes(usize::try_from(bytes).unwrap_or(usize::MAX) / BYTES + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_effort_leaves_nothing() {
        let effort = Effort::of(10);
        assert!(effort.takes(4) && effort.takes_bytes(1_999));
        assert!(!effort.takes(3));
        assert!(!effort.takes(1));
        assert!(!Effort::new().takes_bytes(u64::MAX));
    }
}
