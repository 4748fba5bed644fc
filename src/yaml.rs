//! YAML, and Terraform, to documents whose every node knows its bytes, and edits that keep comments and
//! layout.
//!
//! **Invariant:** `yaml` knows no dialect, and words nothing: what it cannot digest is a
//! [`Problem`].
//!
//! # Why
//!
//! A linter needs the very bytes of every scalar, the comments, and the raw text of plain scalars
//! (`99.9%`, `on`, `014`), and it has to go on after a bad document. The archived `serde_yaml` gives
//! none of these and hangs on malformed streams, so `granit-parser`'s events are built into a tree
//! of our own. The tree is an arena: nodes are numbers, an alias is a number, and no hostile file
//! can make it larger than its text.

use std::sync::Arc;

use crate::source::SourceId;
use crate::source::Span;
use crate::source::Unreadable;

mod added;
mod beside;
mod build;
mod document;
mod edit;
mod grow;
mod node;
mod scalar;
mod terraform;

pub use added::Added;
pub use added::plain_or_json;
pub use beside::add_below;
pub use beside::may_hold_anchor;
pub use build::parse;
pub use build::parse_part;
pub use document::delete_document;
pub use edit::append_entries;
pub use edit::append_items;
pub use edit::delete_entries;
pub use edit::delete_entry;
pub use edit::replace_empty;
pub use edit::replace_scalar;
pub use node::Entries;
pub use node::Entry;
pub use node::Items;
pub use node::Kind;
pub use node::Node;
pub use scalar::Scalar;
pub use scalar::Style;
pub use scalar::Value;
pub use scalar::ValueType;
pub use scalar::is_text;
pub use scalar::octal;

/// The deepest nesting of collections that is read.
pub const MAX_DEPTH: usize = 200;

/// The most nodes that aliases of one document may stand for, counted as if they were copied.
pub const MAX_ALIASED_NODES: u32 = 100_000;

/// What one file holds: its sound documents, its comments, and what could not be digested.
#[derive(Debug, Default)]
pub struct Stream {
    /// The documents, in order; one that could not be read is left out.
    pub documents: Vec<Document>,
    /// What could not be digested, in order of place.
    pub problems: Vec<Problem>,
    /// The comments; empty unless the text holds `slo:`, in capitals or not, as one of interest does.
    pub comments: Vec<Comment>,
    /// The spans of documents that could not be read.
    pub broken: Vec<Span>,
    /// Those of them that are a tree all the same, such as one in which a key stands twice.
    pub unsound: Vec<Document>,
}

/// A comment, from its mark, such as `#`, to the end of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The comment with its mark.
    pub span: Span,
    /// The text behind the mark, up to the end of the span.
    pub text: String,
    /// Whether nothing but blanks stands before it on its line.
    pub own_line: bool,
}

/// One document of a file: a tree of nodes.
#[derive(Debug)]
pub struct Document {
    /// The file.
    pub source: SourceId,
    /// The text of the file.
    pub text: Arc<str>,
    /// The keys that are given both by a mapping itself and, differently, by a merge (`<<`) in it.
    pub overrides: Vec<Override>,
    nodes: Vec<node::Data>,
    children: Vec<u32>,
    /// The nodes that aliases lead to, in order.
    shared: Vec<u32>,
    root: u32,
    has_aliases: bool,
}

/// A key that a mapping sets itself although a merge (`<<`) brings another value for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The mapping, by its [`Node::index`].
    pub mapping: u32,
    /// The key.
    pub key: String,
    /// The key as the mapping itself writes it.
    pub span: Span,
    /// The value that the merge brings.
    pub merged: Span,
}

/// What could not be digested, as a fact; a rule words it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The bytes are not text.
    Unreadable {
        /// Where decoding stopped.
        span: Span,
        /// Why.
        why: Unreadable,
    },
    /// The text is not YAML.
    Syntax {
        /// Where the parser stopped.
        span: Span,
        /// What the parser says about it.
        detail: String,
    },
    /// A mapping holds one key twice.
    DuplicateKey {
        /// The later key.
        span: Span,
        /// The earlier key.
        first: Span,
        /// The key.
        key: String,
    },
    /// An alias names an anchor that is not defined before it.
    UnknownAlias {
        /// The alias.
        span: Span,
        /// Its name, without `*`.
        name: String,
    },
    /// An alias stands inside the node that its anchor names.
    RecursiveAlias {
        /// The alias.
        span: Span,
    },
    /// The aliases of a document stand for more than [`MAX_ALIASED_NODES`] nodes.
    TooManyAliases {
        /// The alias that passed the limit.
        span: Span,
    },
    /// Collections nest deeper than [`MAX_DEPTH`].
    TooDeep {
        /// Where the limit was passed.
        span: Span,
    },
    /// A merge (`<<`) brings something that is not a mapping.
    MergeNotMapping {
        /// What it brings.
        span: Span,
    },
}

impl Problem {
    /// Returns the place of the problem.
    pub fn span(&self) -> Span {
        match self {
            Self::Unreadable { span, .. }
            | Self::Syntax { span, .. }
            | Self::DuplicateKey { span, .. }
            | Self::UnknownAlias { span, .. }
            | Self::RecursiveAlias { span }
            | Self::TooManyAliases { span }
            | Self::TooDeep { span }
            | Self::MergeNotMapping { span } => *span,
        }
    }
}

impl Stream {
    /// Returns the mapping that is written at a span, which a list of nothing else shares.
    pub fn mapping(&self, span: Span) -> Option<Node<'_>> {
        let next =
            self.documents.partition_point(|document| document.root().span().start <= span.start);
        let document = self.documents.get(next.checked_sub(1)?)?;
        // Nodes are numbered in the order in which they begin.
        let first = document.nodes.partition_point(|data| data.start < span.start);
        let begun = document.nodes.iter().enumerate().skip(first);
        let mut begun = begun.take_while(|(_, data)| data.start == span.start);
        begun.find_map(|(index, data)| {
            let node = Node::new(document, u32::try_from(index).ok()?);
            let is_it = data.end == span.end && node.is_mapping();
            (is_it && node.span() == span).then_some(node)
        })
    }
}

impl Document {
    /// Returns the root node.
    pub fn root(&self) -> Node<'_> {
        Node::new(self, self.root)
    }

    /// Returns whether an alias stands for some node, so that one edit may change two places.
    pub fn has_aliases(&self) -> bool {
        self.has_aliases
    }
}
