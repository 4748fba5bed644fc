//! Trees that are read from something else than YAML, as documents.

use std::sync::Arc;

use crate::source::SourceId;
use crate::source::Span;

use super::Document;
use super::Style;
use super::node::Data;
use super::node::Shape;
use super::node::Text;

/// A tree that becomes a document.
#[derive(Clone, Debug)]
pub(super) enum Sprout {
    /// A scalar: where it stands, what it says, and how it is written.
    Scalar(Span, String, Style),
    /// Items.
    Sequence(Span, Vec<Sprout>),
    /// Keys, each with its place, and values.
    Mapping(Span, Vec<(Span, String, Sprout)>),
    /// A name that stands for something that is written elsewhere.
    Named(Span, Box<Sprout>),
}

impl Sprout {
    /// Returns the place of what it is, wherever it is named.
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Scalar(span, ..) | Self::Sequence(span, _) | Self::Mapping(span, _) => *span,
            Self::Named(_, what) => what.span(),
        }
    }
}

/// Returns a document of a tree.
pub(super) fn document(source: SourceId, text: &Arc<str>, sprout: &Sprout) -> Document {
    let mut document = Document {
        source,
        text: Arc::clone(text),
        overrides: Vec::new(),
        nodes: Vec::new(),
        children: Vec::new(),
        shared: Vec::new(),
        root: 0,
        has_aliases: false,
    };
    document.root = grow(sprout, &mut document);
    document.shared.sort_unstable();
    document
}

/// The nesting is bounded by the reader, so this ends.
fn grow(sprout: &Sprout, document: &mut Document) -> u32 {
    match sprout {
        Sprout::Scalar(span, text, style) => {
            let is_null = *style == Style::Plain && text == "null";
            let text = Text::Decoded(text.as_str().into());
            let shape = Shape::Scalar { style: *style, text, is_string: false, is_null };
            push(*span, shape, document)
        }
        Sprout::Sequence(span, items) => {
            let node = push(*span, Shape::nothing(), document);
            let items: Vec<u32> = items.iter().map(|item| grow(item, document)).collect();
            let (first, length) = keep(&items, document);
            set(node, Shape::Sequence { first, length, flow: false }, document);
            node
        }
        Sprout::Mapping(span, entries) => {
            let node = push(*span, Shape::nothing(), document);
            let mut pairs = Vec::with_capacity(2 * entries.len());
            for (place, key, value) in entries {
                let is_quoted =
                    document.text.get(place.range()).is_some_and(|raw| raw.starts_with('"'));
                let style = if is_quoted { Style::DoubleQuoted } else { Style::Plain };
                let key = Sprout::Scalar(*place, key.clone(), style);
                pairs.push(grow(&key, document));
                pairs.push(grow(value, document));
            }
            let (first, length) = keep(&pairs, document);
            let (own, all) = (length / 2, length / 2);
            set(node, Shape::Mapping { first, own, all, flow: false }, document);
            node
        }
        Sprout::Named(place, what) => {
            let target = grow(what, document);
            document.shared.push(target);
            document.has_aliases = true;
            push(*place, Shape::Alias { target }, document)
        }
    }
}

fn push(span: Span, shape: Shape, document: &mut Document) -> u32 {
    let index = u32::try_from(document.nodes.len()).unwrap_or(u32::MAX);
    document.nodes.push(Data { start: span.start, end: span.end, shape });
    index
}

fn set(node: u32, shape: Shape, document: &mut Document) {
    if let Some(data) = document.nodes.get_mut(node as usize) {
        data.shape = shape;
    }
}

fn keep(children: &[u32], document: &mut Document) -> (u32, u32) {
    let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let first = narrow(document.children.len());
    document.children.extend(children);
    (first, narrow(children.len()))
}
