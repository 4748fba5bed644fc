//! The names of commits and blobs.
//!
//! **Invariant:** outside this door nobody sees a type of the library that reads the repository.

use std::fmt;

/// The name of a commit: a full object id.
///
/// Its text form is the whole id in lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub(super) gix::ObjectId);

/// The name of a blob: equal ids mean equal bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub(super) gix::ObjectId);

impl CommitId {
    /// Parses a full object id; abbreviations and names of branches give `None`.
    pub fn parse(text: &str) -> Option<CommitId> {
        gix::ObjectId::from_hex(text.as_bytes()).ok().map(CommitId)
    }

    /// Returns the first seven digits, enough for a person to recognize the commit.
    pub fn short(&self) -> String {
        self.0.to_hex_with_len(7).to_string()
    }
}

impl BlobId {
    /// Returns whether a file of some bytes has this name.
    pub fn names(&self, bytes: &[u8]) -> bool {
        let name = gix::objs::compute_hash(self.0.kind(), gix::objs::Kind::Blob, bytes);
        name.is_ok_and(|name| name == self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.to_hex())
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CommitId({})", self.0.to_hex())
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.to_hex())
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BlobId({})", self.0.to_hex())
    }
}
