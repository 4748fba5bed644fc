//! Files as text: where a file came from, byte spans into it, lines and columns, edits.
//!
//! **Invariant:** `source` knows no format. It never opens a file: bytes come in as values.
//!
//! # Why
//!
//! A [`Span`] is three numbers and `Copy`, so every fact in the model can carry one. Lines and
//! columns are computed only where something is reported, from a [`LineIndex`] built then.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

mod edit;
mod lines;

pub use edit::Edit;
pub use edit::Overlap;
pub use edit::apply;
pub use lines::LineIndex;
pub use lines::Position;

/// The largest file that is read, in bytes (8 MiB).
///
/// A hand-written definition is a few kilobytes, and a thousand SLOs in one file are two mebibytes. A
/// larger file is reported and passed over, so that one file can never hold up a run.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Names one file of a [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

impl SourceId {
    /// Returns the name of a place in a list of files.
    pub(crate) fn nth(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// A range of bytes in one file, `start..end`, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last one; equal to `start` for an empty span.
    pub end: u32,
}

impl Span {
    /// Returns the span of `start..end` in `source`.
    ///
    /// Offsets fit 32 bits, because no file above [`MAX_BYTES`] is read.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { source, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// Returns the span as a range of byte offsets.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns the empty span at the start of this one.
    pub fn head(self) -> Self {
        Self { end: self.start, ..self }
    }

    /// Returns the empty span at the end of this one.
    pub fn tail(self) -> Self {
        Self { start: self.end, ..self }
    }

    /// Returns the smallest span that holds both, which must lie in one file.
    pub fn cover(self, other: Self) -> Self {
        Self {
            source: self.source,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Returns whether `other` lies inside this span.
    pub fn contains(self, other: Self) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }
}

/// A value together with the place where it is written.
///
/// It serializes as the value alone: two models that mean the same serialize to the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    #[serde(skip)]
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Returns `value` as written at `span`.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// Returns the result of `change` at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: change(self.value), span: self.span }
    }
}

/// Where the text of a file came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The files as they lie on disk.
    Worktree,
    /// The tree of a commit, by its full object id.
    Commit(String),
    /// What is staged for the next commit.
    Index,
    /// Standard input.
    Stdin,
}

/// Why the bytes of a file are not text that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The file is UTF-16 or UTF-32, by its byte-order mark or by its first characters.
    WideEncoding,
    /// The bytes from `offset` on are not UTF-8.
    NotUtf8 {
        /// The first byte that does not decode.
        offset: usize,
    },
    /// The file could not be opened or read.
    NotReadable {
        /// What the system says about it.
        reason: String,
    },
    /// The file is larger than [`MAX_BYTES`].
    TooLarge {
        /// The size of the file in bytes.
        bytes: u64,
    },
}

/// One file: its path, its text, and where it came from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path from the root, with `/` between its parts on every system.
    pub path: String,
    /// The text; empty when the file could not be decoded.
    pub text: Arc<str>,
    /// Where the text came from.
    pub origin: Origin,
    /// Why there is no text, if there is none.
    pub unreadable: Option<Unreadable>,
}

impl Source {
    /// Decodes the bytes of a file.
    ///
    /// A UTF-8 byte-order mark stays in the text, so that offsets are those of the file.
    pub fn decode(path: impl Into<String>, bytes: Vec<u8>, origin: Origin) -> Self {
        let unreadable = |why| Some(why);
        let (text, unreadable) = if bytes.len() > MAX_BYTES {
            (String::new(), unreadable(Unreadable::TooLarge { bytes: bytes.len() as u64 }))
        } else if is_wide(&bytes) {
            (String::new(), unreadable(Unreadable::WideEncoding))
        } else {
            match String::from_utf8(bytes) {
                Ok(text) => (text, None),
                Err(error) => {
                    let offset = error.utf8_error().valid_up_to();
                    let mut bytes = error.into_bytes();
                    bytes.truncate(offset);
                    let text = String::from_utf8(bytes).unwrap_or_default();
                    (text, unreadable(Unreadable::NotUtf8 { offset }))
                }
            }
        };
        Self { path: path.into(), text: text.into(), origin, unreadable }
    }

    /// Returns a file that was not read because it is too large.
    pub fn too_large(path: impl Into<String>, bytes: u64, origin: Origin) -> Self {
        let unreadable = Some(Unreadable::TooLarge { bytes });
        Self { path: path.into(), text: "".into(), origin, unreadable }
    }

    /// Returns a file that the system does not let us read.
    pub fn not_readable(path: impl Into<String>, reason: String, origin: Origin) -> Self {
        let unreadable = Some(Unreadable::NotReadable { reason });
        Self { path: path.into(), text: "".into(), origin, unreadable }
    }

    /// Returns whether the file is written for Terraform, by its ending.
    pub fn is_terraform(&self) -> bool {
        let start = self.path.len().saturating_sub(3);
        self.path.as_bytes().get(start..).is_some_and(|end| end.eq_ignore_ascii_case(b".tf"))
    }

    /// Returns a file from text that is known to be UTF-8.
    pub fn from_text(path: impl Into<String>, text: impl Into<Arc<str>>, origin: Origin) -> Self {
        Self { path: path.into(), text: text.into(), origin, unreadable: None }
    }
}

/// Returns whether bytes start with a byte-order mark of UTF-16 or UTF-32.
pub fn has_wide_mark(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF])
}

/// Returns whether bytes are UTF-16 or UTF-32: by a byte-order mark, or because the first character
/// of a document is ASCII and takes more than one byte.
///
/// # Source
///
/// YAML 1.2.2, section 5.2, "Character Encodings".
pub fn is_wide(bytes: &[u8]) -> bool {
    let by_character = match bytes {
        [0, 0, 0, fourth, ..] => *fourth != 0,
        [first, second, ..] => (*first == 0) != (*second == 0),
        _ => false,
    };
    has_wide_mark(bytes) || by_character
}

/// The files of one run, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// None where a tree that is compared with this one has a file, and this one has not.
    files: Vec<Option<Source>>,
    /// Files of an earlier tree, which are none of this one's, named from the last name downwards.
    earlier: Vec<Source>,
}

/// Under which names the files of an earlier tree are shown beside those of a later one.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    names: BTreeMap<SourceId, SourceId>,
}

impl Earlier {
    /// Returns where a place of the earlier tree is shown; nothing where its file is not.
    pub fn place(&self, span: Span) -> Option<Span> {
        Some(Span { source: *self.names.get(&span.source)?, ..span })
    }
}

impl Sources {
    /// Returns an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the set of these files.
    pub fn of(files: Vec<Source>) -> Self {
        Self::of_slots(files.into_iter().map(Some).collect())
    }

    /// Returns a set in which each file has the name of its place in a list, so that two sets can give the same
    /// names to the same paths.
    pub fn of_slots(files: Vec<Option<Source>>) -> Self {
        Self { files, earlier: Vec::new() }
    }

    /// Adds a file and returns its name in this set.
    pub fn add(&mut self, source: Source) -> SourceId {
        let id = SourceId::nth(self.files.len());
        self.files.push(Some(source));
        id
    }

    /// Takes files of an earlier tree, so that what is gone can be shown. They are none of this set's, and
    /// [`Self::iter`] passes over them.
    ///
    /// * `which`: the files, by their names in the earlier set.
    pub fn show(&mut self, earlier: &Self, which: &BTreeSet<SourceId>) -> Earlier {
        let mut names = BTreeMap::new();
        for old in which {
            let count = u32::try_from(self.earlier.len()).unwrap_or(u32::MAX);
            names.insert(*old, SourceId(u32::MAX - count));
            self.earlier.push(earlier.file(*old).clone());
        }
        Earlier { names }
    }

    /// Returns a file of this set, or one of an earlier tree that it shows.
    ///
    /// # Panics
    ///
    /// When `id` was made by another set.
    pub fn file(&self, id: SourceId) -> &Source {
        let own = || self.files.get(id.0 as usize)?.as_ref();
        let shown = || self.earlier.get((u32::MAX - id.0) as usize);
        own().or_else(shown).expect("a source id is made by the set that holds the file")
    }

    /// Returns the text of a span, empty when the span does not lie in the file.
    pub fn slice(&self, span: Span) -> &str {
        self.file(span.source).text.get(span.range()).unwrap_or_default()
    }

    /// Returns every file with its name.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        let slots = self.files.iter().enumerate();
        slots.filter_map(|(index, file)| Some((SourceId::nth(index), file.as_ref()?)))
    }

    /// Returns whether a file is one of an earlier tree.
    pub fn is_earlier(&self, id: SourceId) -> bool {
        self.files.get(id.0 as usize).is_none()
    }

    /// Returns every file with its name, and those of an earlier tree that are shown.
    pub fn shown(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        let name = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let earlier = self.earlier.iter().enumerate();
        self.iter()
            .chain(earlier.map(move |(index, file)| (SourceId(u32::MAX - name(index)), file)))
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Returns whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_text_are_named() {
        let decode = |bytes: &[u8]| Source::decode("x.yaml", bytes.to_vec(), Origin::Worktree);
        assert_eq!(decode(b"\xFF\xFEa\0").unreadable, Some(Unreadable::WideEncoding));
        let broken = decode(b"name: caf\xE9\n");
        assert_eq!(broken.unreadable, Some(Unreadable::NotUtf8 { offset: 9 }));
        assert_eq!(&*broken.text, "name: caf");
        assert_eq!(decode("名: 値".as_bytes()).unreadable, None);
        for wide in [b"a\0:\0", b"\0a\0:", b"\0\0\0a", b"a\0\0\0"] {
            assert_eq!(decode(wide).unreadable, Some(Unreadable::WideEncoding), "{wide:?}");
        }
        assert_eq!(decode(b"").unreadable, None);
        assert_eq!(decode(b"a: \0").unreadable, None);
    }
}
