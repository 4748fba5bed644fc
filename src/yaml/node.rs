//! Nodes of a document, as cheap handles into its arena.

use crate::source::Span;

use super::Document;
use super::Scalar;
use super::Style;
use super::scalar;

/// One node in the arena.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) shape: Shape,
}

/// What a node in the arena is.
#[derive(Debug)]
pub(super) enum Shape {
    Scalar {
        style: Style,
        text: Text,
        is_string: bool,
        /// Whether it is null, which is asked of most scalars.
        is_null: bool,
    },
    /// Children at `first..first + length`.
    Sequence { first: u32, length: u32, flow: bool },
    /// Keys and values in turn: `own` pairs at `first`, then the pairs that merges bring.
    Mapping { first: u32, own: u32, all: u32, flow: bool },
    /// Another node, defined before this one.
    Alias { target: u32 },
}

impl Shape {
    /// Returns a scalar that is not written at all.
    pub(super) fn nothing() -> Self {
        let text = Text::Decoded("".into());
        Self::Scalar { style: Style::Plain, text, is_string: false, is_null: true }
    }
}

/// The decoded text of a scalar: a range of the file where it is written out, else a copy.
#[derive(Debug)]
pub(super) enum Text {
    InFile { start: u32, end: u32 },
    Decoded(Box<str>),
}

/// A node of a document. Aliases are followed: a node is never an alias, but knows the place of the
/// one that led to it.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    document: &'a Document,
    index: u32,
    /// The node as its parent holds it: an alias, or the node itself.
    held: u32,
}

/// What a node is.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'a> {
    /// A scalar.
    Scalar(Scalar<'a>),
    /// A sequence.
    Sequence,
    /// A mapping.
    Mapping,
}

/// A key and its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The key.
    pub key: Node<'a>,
    /// The value.
    pub value: Node<'a>,
    /// Whether a merge (`<<`) brings the entry.
    pub merged: bool,
}

/// The items of a sequence.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    document: &'a Document,
    children: std::slice::Iter<'a, u32>,
}

/// The entries of a mapping.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    document: &'a Document,
    pairs: std::slice::ChunksExact<'a, u32>,
    /// How many of the entries that are left are the mapping's own.
    own: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let &child = self.children.next()?;
        Some(Node::new(self.document, child))
    }

    fn nth(&mut self, index: usize) -> Option<Node<'a>> {
        let &child = self.children.nth(index)?;
        Some(Node::new(self.document, child))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.children.size_hint()
    }
}

impl ExactSizeIterator for Items<'_> {}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let &[key, value] = self.pairs.next()? else { return None };
        let (key, value) = (Node::new(self.document, key), Node::new(self.document, value));
        let merged = self.own == 0;
        self.own = self.own.saturating_sub(1);
        Some(Entry { key, value, merged })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.pairs.size_hint()
    }
}

impl<'a> Node<'a> {
    pub(super) fn new(document: &'a Document, held: u32) -> Self {
        let mut index = held;
        // An alias points backwards, so this ends.
        while let Some(Data { shape: Shape::Alias { target }, .. }) =
            document.nodes.get(index as usize)
        {
            index = *target;
        }
        Self { document, index, held }
    }

    fn data(self) -> &'a Data {
        self.document.nodes.get(self.index as usize).expect("a node is made by its document")
    }

    /// Returns the document that holds the node.
    pub fn document(self) -> &'a Document {
        self.document
    }

    /// Returns a number that no other node of the document has.
    pub fn index(self) -> u32 {
        self.index
    }

    /// Returns the bytes of the node; those of a block collection end with its last child.
    pub fn span(self) -> Span {
        let data = self.data();
        Span { source: self.document.source, start: data.start, end: data.end }
    }

    /// Returns the bytes that stand for the node where it was found: those of the alias that led to
    /// it, or its own.
    pub fn place(self) -> Span {
        let held = self.document.nodes.get(self.held as usize).unwrap_or(self.data());
        Span { source: self.document.source, start: held.start, end: held.end }
    }

    /// Returns whether the node stands where it was found: no alias led to it.
    pub fn is_own(self) -> bool {
        self.index == self.held
    }

    /// Returns whether an alias leads to the node, so that it is read in more than one place.
    pub fn is_shared(self) -> bool {
        self.document.shared.binary_search(&self.index).is_ok()
    }

    /// Returns the bytes of the node as they stand in the file.
    pub fn raw(self) -> &'a str {
        self.document.text.get(self.span().range()).unwrap_or_default()
    }

    /// Returns what the node is.
    pub fn kind(self) -> Kind<'a> {
        match &self.data().shape {
            Shape::Sequence { .. } => Kind::Sequence,
            Shape::Mapping { .. } => Kind::Mapping,
            Shape::Scalar { style, text, is_string, .. } => {
                let text = match text {
                    Text::InFile { start, end } => {
                        let range = *start as usize..*end as usize;
                        self.document.text.get(range).unwrap_or_default()
                    }
                    Text::Decoded(text) => text,
                };
                Kind::Scalar(Scalar { text, style: *style, is_string: *is_string })
            }
            // `new` follows aliases, so this arm never answers for a node.
            Shape::Alias { .. } => {
                Kind::Scalar(Scalar { text: "", style: Style::Plain, is_string: false })
            }
        }
    }

    /// Returns the scalar, if the node is one.
    pub fn scalar(self) -> Option<Scalar<'a>> {
        match self.kind() {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Returns the decoded text of a scalar, whatever its type; nothing for a collection or null.
    pub fn text(self) -> Option<&'a str> {
        let scalar = self.scalar()?;
        (!self.is_null() && scalar.style != Style::Unknown).then_some(scalar.text)
    }

    /// Returns whether what the node is depends on something that is not in the file.
    pub fn is_unknown(self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.style == Style::Unknown)
    }

    /// Returns why it is not known what the node is, where that depends on something else: the end of a sentence
    /// about it.
    pub fn why_unknown(self) -> Option<&'a str> {
        self.scalar().filter(|scalar| scalar.style == Style::Unknown).map(|scalar| scalar.text)
    }

    /// Returns whether the node is null: `~`, `null`, or nothing at all.
    pub fn is_null(self) -> bool {
        matches!(self.data().shape, Shape::Scalar { is_null: true, .. })
    }

    /// Returns whether the node is a mapping.
    pub fn is_mapping(self) -> bool {
        matches!(self.data().shape, Shape::Mapping { .. })
    }

    /// Returns whether the node is a sequence.
    pub fn is_sequence(self) -> bool {
        matches!(self.data().shape, Shape::Sequence { .. })
    }

    /// Returns whether the node is a collection in brackets or braces.
    pub fn is_flow(self) -> bool {
        matches!(
            self.data().shape,
            Shape::Sequence { flow: true, .. } | Shape::Mapping { flow: true, .. }
        )
    }

    /// Returns the number of items or entries; 0 for a scalar.
    pub fn len(self) -> usize {
        match self.data().shape {
            Shape::Sequence { length, .. } => length as usize,
            Shape::Mapping { all, .. } => all as usize,
            _ => 0,
        }
    }

    /// Returns whether there is no item and no entry.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    fn children(self, from: u32, length: u32) -> &'a [u32] {
        let range = from as usize..from as usize + length as usize;
        self.document.children.get(range).unwrap_or_default()
    }

    /// Returns the items of a sequence; none for anything else.
    pub fn items(self) -> Items<'a> {
        let children = match self.data().shape {
            Shape::Sequence { first, length, .. } => self.children(first, length),
            _ => &[],
        };
        Items { document: self.document, children: children.iter() }
    }

    /// Returns the items of a sequence that end behind an offset.
    pub fn items_behind(self, offset: u32) -> Items<'a> {
        let Items { document, children } = self.items();
        let children = children.as_slice();
        let first = children.partition_point(|&child| document.end_of(child) <= offset);
        Items { document, children: children.get(first..).unwrap_or_default().iter() }
    }

    /// Returns the own entries of a mapping that end behind an offset.
    pub fn own_entries_behind(self, offset: u32) -> Entries<'a> {
        let (pairs, own) = match self.data().shape {
            Shape::Mapping { first, own, .. } => (self.children(first, 2 * own), own),
            _ => (&[][..], 0),
        };
        let (pairs, _) = pairs.as_chunks::<2>();
        let document = self.document;
        let first = pairs.partition_point(|&[_, value]| document.end_of(value) <= offset);
        let rest = pairs.get(first..).unwrap_or_default().as_flattened();
        Entries { document, pairs: rest.chunks_exact(2), own }
    }

    /// Returns the entries of a mapping, its own in file order, then those that merges bring; none
    /// for anything else.
    pub fn entries(self) -> Entries<'a> {
        let (children, own) = match self.data().shape {
            Shape::Mapping { first, own, all, .. } => (self.children(first, 2 * all), own),
            _ => (&[][..], 0),
        };
        Entries { document: self.document, pairs: children.chunks_exact(2), own }
    }

    /// Returns the entry of a key.
    pub fn entry(self, key: &str) -> Option<Entry<'a>> {
        let Entries { document, pairs, own } = self.entries();
        let (position, &[name, value]) = pairs.enumerate().find_map(|(position, pair)| {
            let pair: &[u32; 2] = pair.try_into().ok()?;
            Node::new(document, pair[0]).is_written(key).then_some((position, pair))
        })?;
        let (key, value) = (Node::new(document, name), Node::new(document, value));
        Some(Entry { key, value, merged: position >= own as usize })
    }

    /// Returns whether the node is a scalar of this text; most are told apart by their length.
    fn is_written(self, word: &str) -> bool {
        match &self.data().shape {
            Shape::Scalar { text: Text::InFile { start, end }, .. } => {
                let range = *start as usize..*end as usize;
                range.len() == word.len()
                    && self.document.text.as_bytes().get(range) == Some(word.as_bytes())
            }
            Shape::Scalar { text: Text::Decoded(text), .. } => **text == *word,
            _ => false,
        }
    }

    /// Returns the value of a key; a null value counts as one.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.entry(key).map(|entry| entry.value)
    }

    /// Returns the value of a key, unless it is null.
    pub fn given(self, key: &str) -> Option<Node<'a>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// Returns the deepest key or value that holds the span, with the entry it belongs to, from the
    /// outside in.
    pub fn enclosing(self, span: Span) -> Vec<Entry<'a>> {
        let mut path = Vec::new();
        let mut node = self;
        'descend: loop {
            for entry in node.entries().filter(|entry| !entry.merged) {
                if entry.place().contains(span) {
                    path.push(entry);
                    node = entry.value;
                    continue 'descend;
                }
            }
            match node.items().find(|item| item.span().contains(span)) {
                Some(item) => node = item,
                None => return path,
            }
        }
    }
}

impl Entry<'_> {
    /// Returns the bytes of the entry where it stands, from its key to the end of its value.
    pub fn place(&self) -> Span {
        self.key.place().cover(self.value.place())
    }
}

impl Document {
    /// Returns where a node or an alias ends.
    fn end_of(&self, held: u32) -> u32 {
        self.nodes.get(held as usize).map_or(0, |data| data.end)
    }
}

impl scalar::Style {
    pub(super) fn of(style: granit_parser::ScalarStyle) -> Self {
        match style {
            granit_parser::ScalarStyle::Plain => Self::Plain,
            granit_parser::ScalarStyle::SingleQuoted => Self::SingleQuoted,
            granit_parser::ScalarStyle::DoubleQuoted => Self::DoubleQuoted,
            granit_parser::ScalarStyle::Literal => Self::Literal,
            granit_parser::ScalarStyle::Folded => Self::Folded,
        }
    }
}
