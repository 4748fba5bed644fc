//! Definitions that stand in a text of another file: the data of a `ConfigMap`, a heredoc of Terraform.
//!
//! A block of text is written line by line as it is, only indented, so it is read where it stands: every place in
//! it is a place in the file.

use std::ops::Range;

use crate::yaml;
use crate::yaml::Document;
use crate::yaml::Node;
use crate::yaml::Stream;
use crate::yaml::Style;

use super::fields;
use super::mark;
use super::terraform;

/// The most parts of one document that are read.
const MAX_PARTS: usize = 1_000;

/// A part of a file that is read on its own.
pub(super) struct Part<'a> {
    pub(super) stream: Stream,
    /// The text that holds it.
    pub(super) text: &'a str,
}

/// Returns the parts of a document that may hold definitions.
pub(super) fn parts(document: &Document) -> Vec<Part<'_>> {
    let root = document.root();
    let mut texts: Vec<Node<'_>> = Vec::new();
    if root.is_sequence() || is_kind(root, "List") {
        let items = root.given("items").unwrap_or(root).items();
        items.for_each(|item| of_config_map(item, &mut texts));
    } else if terraform::is_resource(root) {
        of_resource(root, &mut texts);
    } else {
        of_config_map(root, &mut texts);
    }
    let file = &document.text;
    let mut found = Vec::new();
    for node in texts {
        let text = node.text().unwrap_or_default();
        if !mark::is_worth_parsing(text.as_bytes()) {
            continue;
        }
        for range in documents(file, node.span().range(), terraform::is_resource(root)) {
            if found.len() >= MAX_PARTS {
                return found;
            }
            found.push(Part { stream: yaml::parse_part(document.source, file, range), text });
        }
    }
    found
}

fn is_kind(node: Node<'_>, kind: &str) -> bool {
    fields::word(node, "kind").is_some_and(|given| given.value == kind)
}

fn is_block(node: Node<'_>) -> bool {
    node.scalar().is_some_and(|scalar| scalar.style == Style::Literal) && node.is_own()
}

fn of_config_map<'a>(node: Node<'a>, texts: &mut Vec<Node<'a>>) {
    if is_kind(node, "ConfigMap") {
        let data = node.given("data").into_iter().flat_map(Node::entries);
        texts.extend(data.map(|entry| entry.value).filter(|value| is_block(*value)));
    }
}

/// The nesting is bounded by the reader, so this ends.
fn of_resource<'a>(node: Node<'a>, texts: &mut Vec<Node<'a>>) {
    texts.extend(Some(node).filter(|node| is_block(*node)));
    node.entries().for_each(|entry| of_resource(entry.value, texts));
    node.items().for_each(|item| of_resource(item, texts));
}

/// Returns the documents of a block: what stands between lines of three hyphens, which begin no document
/// where they are indented.
///
/// * `is_heredoc`: whether the last line ends the text and is none of it.
fn documents(file: &str, block: Range<usize>, is_heredoc: bool) -> Vec<Range<usize>> {
    // A block of YAML begins with its first letter, which is indented, or with how it is written.
    let before = file.get(..block.start).unwrap_or_default();
    let indent = before.len() - before.trim_end_matches(' ').len();
    let block = block.start - indent..block.end;
    let text = file.get(block.clone()).unwrap_or_default();
    let has_head = text.trim_start_matches(' ').starts_with(['|', '<']);
    let head = if has_head { text.find('\n').map_or(text.len(), |end| end + 1) } else { 0 };
    let end =
        if is_heredoc { text.trim_end().rfind('\n').map_or(head, |at| at + 1) } else { text.len() };
    let mut found = Vec::new();
    let (mut start, mut at) = (head, head);
    for line in text.get(head..end.max(head)).unwrap_or_default().split_inclusive('\n') {
        if line.trim() == "---" {
            found.push(block.start + start..block.start + at);
            start = at + line.len();
        }
        at += line.len();
    }
    found.push(block.start + start..block.start + at);
    found.retain(|range| file.get(range.clone()).is_some_and(|part| !part.trim().is_empty()));
    found
}
