//! Events to the arena of a document.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry::Occupied;
use std::collections::hash_map::Entry::Vacant;
use std::ops::Range;
use std::sync::Arc;
use std::sync::LazyLock;

use granit_parser::ErrorKind;
use granit_parser::Event;
use granit_parser::Parser;
use granit_parser::StrInput;
use granit_parser::StructureStyle;
use memchr::memmem::Finder;

use crate::source::Source;
use crate::source::SourceId;
use crate::source::Span;

use super::Comment;
use super::Document;
use super::MAX_ALIASED_NODES;
use super::MAX_DEPTH;
use super::Node;
use super::Override;
use super::Problem;
use super::Scalar;
use super::Stream;
use super::Style;
use super::node::Data;
use super::node::Shape;
use super::node::Text;
use super::terraform;

/// Above this number of keys, duplicates are looked up in a hash map.
const FEW_KEYS: usize = 16;

/// About how many bytes of text stand for one node, so that the arena seldom has to grow.
const BYTES_PER_NODE: usize = 16;

/// How deep definitions nest as a rule.
const USUAL_DEPTH: usize = 16;

/// What a comment of interest holds; whoever writes it in capitals hears that it is not read.
static MARKS: LazyLock<[Finder<'static>; 3]> =
    LazyLock::new(|| ["slo:", "SLO:", "Slo:"].map(Finder::new));

/// Reads every document of a file; a bad document is reported and the next one is read.
pub fn parse(id: SourceId, source: &Source) -> Stream {
    if let Some(why) = source.unreadable.clone() {
        let span = Span::new(id, source.text.len(), source.text.len());
        let problems = vec![Problem::Unreadable { span, why }];
        return Stream { problems, ..Stream::default() };
    }
    // The parsers' position of a byte-order mark differs from ours; it is not part of the text.
    let offset = if source.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    if source.is_terraform() {
        return terraform::parse(id, &source.text, offset);
    }
    parse_part(id, &source.text, offset..source.text.len())
}

/// Reads a part of a file as if it were one; all places are those of the file.
pub fn parse_part(id: SourceId, text: &Arc<str>, part: Range<usize>) -> Stream {
    let mut stream = Stream::default();
    let offset = part.start;
    let body = text.get(part).unwrap_or_default();
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        simple_key_max_lookahead: 4096,
    };
    let wants_comments = MARKS.iter().any(|mark| mark.find(body.as_bytes()).is_some());
    options.set_emit_comments(wants_comments);
    if wants_comments {
        options.max_buffered_comment_events =
            memchr::memchr_iter(b'\n', body.as_bytes()).count() + 2;
    }
    let mut parser = Parser::new_from_str_with_options(body, options);
    let file = File { id, text: Arc::clone(text), body, offset };
    while file.document(&mut parser, &mut stream) {}
    stream.problems.sort_by_key(Problem::span);
    stream
}

/// The file that is being read.
struct File<'a> {
    id: SourceId,
    text: Arc<str>,
    body: &'a str,
    offset: usize,
}

/// A collection whose end has not come yet.
struct Open {
    node: u32,
    first: usize,
    flow: bool,
    mapping: bool,
    weight: u32,
}

/// The document that is being read.
struct Builder<'f, 'a> {
    file: &'f File<'a>,
    nodes: Vec<Data>,
    children: Vec<u32>,
    overrides: Vec<Override>,
    problems: Vec<Problem>,
    /// The finished children of the open collections, innermost last.
    pending: Vec<u32>,
    open: Vec<Open>,
    anchors: HashMap<usize, u32>,
    weights: HashMap<u32, u32>,
    /// The nodes that aliases lead to.
    shared: Vec<u32>,
    aliased: u32,
    root: Option<u32>,
}

impl<'a> File<'a> {
    fn span(&self, span: granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        Span::new(self.id, range.start + self.offset, range.end + self.offset)
    }

    /// Reads one document; returns whether there may be another.
    fn document(&self, parser: &mut Parser<'a, StrInput<'a>>, stream: &mut Stream) -> bool {
        let mut builder: Option<Builder<'_, 'a>> = None;
        let mut start = None;
        while let Some(event) = parser.next_event() {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    let offset = error.marker().byte_offset().unwrap_or(self.body.len());
                    let at = self.syntax_span(offset);
                    stream.problems.push(match error.kind() {
                        ErrorKind::RecursionLimitExceeded => Problem::TooDeep { span: at },
                        kind => Problem::Syntax { span: at, detail: kind.to_string() },
                    });
                    let begin = start.unwrap_or(at.start as usize);
                    let goes_on = parser.proceed_next_document().unwrap_or(false);
                    let end =
                        if goes_on { self.next_marker(at.start as usize) } else { self.text.len() };
                    stream.broken.push(Span::new(self.id, begin, end));
                    return goes_on;
                }
            };
            let span = self.span(span);
            match event {
                Event::DocumentStart(..) => {
                    start = Some(span.start as usize);
                    builder = Some(Builder::new(self, self.expected_nodes(span)));
                }
                Event::DocumentEnd => {
                    if let Some(builder) = builder.take() {
                        builder.finish(stream, span);
                    }
                    return true;
                }
                Event::StreamEnd => return false,
                Event::Comment(text, _) => stream.comments.push(self.comment(span, &text)),
                event => {
                    if let Some(builder) = &mut builder {
                        builder.event(event, span);
                    }
                }
            }
        }
        false
    }

    /// Returns about how many nodes the document that starts here has, never more than its bytes.
    fn expected_nodes(&self, start: Span) -> usize {
        (self.next_marker(start.start as usize) - start.start as usize) / BYTES_PER_NODE
    }

    /// Returns where the next line starts that may end the document around an offset, or the end.
    ///
    /// Either marker ends the search: a file of a hundred thousand documents is read once, not once
    /// for each.
    fn next_marker(&self, offset: usize) -> usize {
        let rest = self.text.as_bytes().get(offset..).unwrap_or_default();
        let starts = memchr::memchr_iter(b'\n', rest).map(|at| at + 1);
        let is_marker = |at: &usize| {
            let line = rest.get(*at..).unwrap_or_default();
            let is_mark = line.starts_with(b"---") || line.starts_with(b"...");
            is_mark && line.get(3).is_none_or(u8::is_ascii_whitespace)
        };
        offset + starts.into_iter().find(is_marker).unwrap_or(rest.len())
    }

    /// Returns the character at which the parser stopped, or the empty span at a line's end.
    fn syntax_span(&self, offset: usize) -> Span {
        let offset =
            (0..=offset.min(self.body.len())).rev().find(|&at| self.body.is_char_boundary(at));
        let offset = offset.unwrap_or(0);
        let next = self.body.get(offset..).and_then(|rest| rest.chars().next());
        let width = next.filter(|next| !next.is_control()).map_or(0, char::len_utf8);
        Span::new(self.id, offset + self.offset, offset + width + self.offset)
    }

    fn comment(&self, span: Span, text: &str) -> Comment {
        let before = self.text.get(..span.start as usize).unwrap_or_default();
        let line = before.rsplit(['\n', '\r']).next().unwrap_or_default();
        let own_line = line.trim_start_matches('\u{feff}').trim().is_empty();
        Comment { span, text: text.to_owned(), own_line }
    }

    /// Returns the span of a block scalar without the line ends behind it, which the parser counts
    /// to the scalar up to the next token; any other span as it is.
    fn without_blank_end(&self, span: Span, style: Style) -> Span {
        if !matches!(style, Style::Literal | Style::Folded) {
            return span;
        }
        let text = self.text.get(span.range()).unwrap_or_default();
        let start = span.start as usize;
        Span::new(span.source, start, start + text.trim_end().len())
    }

    /// Returns where decoded text stands in the file, if it stands there as it is.
    fn text(&self, text: Cow<'a, str>) -> Text {
        if let Cow::Borrowed(borrowed) = text {
            let start = (borrowed.as_ptr() as usize).wrapping_sub(self.body.as_ptr() as usize);
            let end = start.saturating_add(borrowed.len());
            // The same length at the same place: there is no need to compare the bytes.
            if self.body.get(start..end).is_some_and(|found| std::ptr::eq(found, borrowed)) {
                let span = Span::new(self.id, start + self.offset, end + self.offset);
                return Text::InFile { start: span.start, end: span.end };
            }
        }
        Text::Decoded(text.into())
    }
}

impl<'f, 'a> Builder<'f, 'a> {
    fn new(file: &'f File<'a>, expected_nodes: usize) -> Self {
        Self {
            file,
            nodes: Vec::with_capacity(expected_nodes),
            children: Vec::with_capacity(expected_nodes),
            overrides: Vec::new(),
            problems: Vec::new(),
            pending: Vec::with_capacity(expected_nodes / 4),
            open: Vec::with_capacity(expected_nodes.min(USUAL_DEPTH)),
            anchors: HashMap::new(),
            weights: HashMap::new(),
            shared: Vec::new(),
            aliased: 0,
            root: None,
        }
    }

    fn event(&mut self, event: Event<'a>, span: Span) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let style = Style::of(style);
                let span = self.file.without_blank_end(span, style);
                let is_string = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let is_null = Scalar { text: &text, style, is_string }.is_null();
                let is_nothing = style == Style::Plain && span.start == span.end;
                let text = if is_nothing { Text::Decoded("".into()) } else { self.file.text(text) };
                let node = self.push(span, Shape::Scalar { style, text, is_string, is_null });
                self.anchor(anchor, node, 1);
                self.attach(node, 1);
            }
            Event::SequenceStart(style, anchor, _) => self.begin(span, style, anchor, false),
            Event::MappingStart(style, anchor, _) => self.begin(span, style, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => {
                self.problems.push(Problem::UnknownAlias { span, name: name.into_owned() });
                let node = self.push(span, Shape::nothing());
                self.attach(node, 1);
            }
            _ => {}
        }
    }

    fn push(&mut self, span: Span, shape: Shape) -> u32 {
        let index = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Data { start: span.start, end: span.end, shape });
        index
    }

    fn anchor(&mut self, anchor: usize, node: u32, weight: u32) {
        if anchor != 0 {
            self.anchors.insert(anchor, node);
            self.weights.insert(node, weight);
        }
    }

    fn begin(&mut self, span: Span, style: StructureStyle, anchor: usize, mapping: bool) {
        let flow = style == StructureStyle::Flow;
        let node = self.push(span, Shape::Sequence { first: 0, length: 0, flow });
        self.anchor(anchor, node, 0);
        self.open.push(Open { node, first: self.pending.len(), flow, mapping, weight: 1 });
    }

    fn alias(&mut self, anchor: usize, span: Span) {
        let target = self.anchors.get(&anchor).copied().unwrap_or(u32::MAX);
        let is_open = self.open.iter().any(|open| open.node == target);
        let weight = self.weights.get(&target).copied().unwrap_or(1);
        let is_few = self.count_copies(weight, span);
        let shape = if is_open {
            self.problems.push(Problem::RecursiveAlias { span });
            None
        } else if is_few {
            self.shared.push(target);
            Some(Shape::Alias { target })
        } else {
            None
        };
        let node = self.push(span, shape.unwrap_or_else(Shape::nothing));
        self.attach(node, weight);
    }

    /// Counts nodes that are read in another place too; returns whether they are few enough.
    fn count_copies(&mut self, weight: u32, span: Span) -> bool {
        let before = self.aliased;
        self.aliased = self.aliased.saturating_add(weight);
        let is_few = self.aliased <= MAX_ALIASED_NODES;
        if !is_few && before <= MAX_ALIASED_NODES {
            self.problems.push(Problem::TooManyAliases { span });
        }
        is_few
    }

    /// Hands a finished node to the collection around it.
    fn attach(&mut self, node: u32, weight: u32) {
        match self.open.last_mut() {
            Some(open) => {
                open.weight = open.weight.saturating_add(weight);
                self.pending.push(node);
            }
            None => self.root = Some(node),
        }
    }

    fn end(&mut self, span: Span) {
        let Some(open) = self.open.pop() else { return };
        let mut pending = std::mem::take(&mut self.pending);
        let children = pending.get(open.first..).unwrap_or_default();
        let first = u32::try_from(self.children.len()).unwrap_or(u32::MAX);
        let last =
            children.last().and_then(|&child| self.nodes.get(child as usize)).map(|data| data.end);
        let start = self.nodes.get(open.node as usize).map_or(0, |data| data.start);
        let end = if open.flow { span.end } else { last.unwrap_or(start) };
        let flow = open.flow;
        let shape = if open.mapping {
            let (own, all) = self.close_mapping(open.node, children);
            Shape::Mapping { first, own, all, flow }
        } else {
            let length = u32::try_from(children.len()).unwrap_or(u32::MAX);
            self.children.extend_from_slice(children);
            Shape::Sequence { first, length, flow }
        };
        pending.truncate(open.first);
        self.pending = pending;
        if let Some(data) = self.nodes.get_mut(open.node as usize) {
            data.end = end.max(start);
            data.shape = shape;
        }
        if let Some(weight) = self.weights.get_mut(&open.node) {
            *weight = open.weight;
        }
        self.attach(open.node, open.weight);
    }

    /// Stores the entries of a mapping; returns how many are its own and how many there are.
    fn close_mapping(&mut self, mapping: u32, children: &[u32]) -> (u32, u32) {
        self.find_duplicates(children);
        let mut merges = Vec::new();
        let mut own = 0;
        for pair in children.chunks_exact(2) {
            let &[key, value] = pair else { continue };
            if self.is_merge(key) {
                merges.push(value);
            } else {
                self.children.extend([key, value]);
                own += 1;
            }
        }
        let brought = self.merge(mapping, own, &merges);
        (own, own + brought)
    }

    /// Adds the pairs that merges bring, unless the mapping has the key already; returns how many.
    fn merge(&mut self, mapping: u32, own: u32, values: &[u32]) -> u32 {
        if values.is_empty() {
            return 0;
        }
        let from = self.children.len() - 2 * own as usize;
        let pairs = self.children.get(from..).unwrap_or_default().chunks_exact(2);
        let mut known: HashMap<Option<String>, (bool, u32, u32)> = HashMap::new();
        for pair in pairs {
            if let &[key, value] = pair {
                let name = self.scalar_text(key).map(str::to_owned);
                known.entry(name).or_insert((true, key, value));
            }
        }
        let mut brought = 0;
        for &brought_by in values {
            let pairs = self.merged_pairs(brought_by);
            // What an alias brings was counted there; a merge in place can be nested as well.
            let weight = u32::try_from(pairs.len()).unwrap_or(u32::MAX);
            if self.follow(brought_by) == brought_by
                && !self.count_copies(weight, self.node_span(brought_by))
            {
                return brought;
            }
            for (key, value) in pairs {
                let name = self.scalar_text(key).map(str::to_owned);
                match known.entry(name) {
                    Vacant(free) => {
                        free.insert((false, key, value));
                        self.children.extend([key, value]);
                        brought += 1;
                    }
                    Occupied(taken) => {
                        let (name, &(is_own, other, given)) = (taken.key().clone(), taken.get());
                        if is_own && self.scalar_text(given) != self.scalar_text(value) {
                            let (span, merged) = (self.node_span(other), self.node_span(value));
                            let key = name.unwrap_or_default();
                            self.overrides.push(Override { mapping, key, span, merged });
                        }
                    }
                }
            }
        }
        brought
    }

    /// Returns the pairs that a merge value brings: those of a mapping, or of each of a list.
    fn merged_pairs(&mut self, value: u32) -> Vec<(u32, u32)> {
        let target = self.follow(value);
        match self.nodes.get(target as usize).map(|data| &data.shape) {
            Some(&Shape::Mapping { first, all, .. }) => {
                let range = first as usize..first as usize + 2 * all as usize;
                let children = self.children.get(range).unwrap_or_default();
                let pairs = children.chunks_exact(2);
                pairs.filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect()
            }
            Some(&Shape::Sequence { first, length, .. }) => {
                let range = first as usize..(first + length) as usize;
                let items = self.children.get(range).unwrap_or_default().to_vec();
                let nested = |data: &Data| matches!(data.shape, Shape::Sequence { .. });
                let items = items.into_iter().filter(|&item| {
                    !self.nodes.get(self.follow(item) as usize).is_some_and(nested)
                });
                items
                    .collect::<Vec<_>>()
                    .into_iter()
                    .flat_map(|item| self.merged_pairs(item))
                    .collect()
            }
            _ => {
                let span = self.node_span(value);
                // An alias that was refused brings nothing, and its own problem says why.
                let written = self.file.text.get(span.range()).unwrap_or_default();
                if target != value || !written.starts_with('*') {
                    self.problems.push(Problem::MergeNotMapping { span });
                }
                Vec::new()
            }
        }
    }

    fn follow(&self, index: u32) -> u32 {
        let mut index = index;
        while let Some(Data { shape: Shape::Alias { target }, .. }) = self.nodes.get(index as usize)
        {
            index = *target;
        }
        index
    }

    fn node_span(&self, index: u32) -> Span {
        let place = self.nodes.get(index as usize).map_or((0, 0), |data| (data.start, data.end));
        Span { source: self.file.id, start: place.0, end: place.1 }
    }

    fn is_merge(&self, key: u32) -> bool {
        let plain = |data: &Data| matches!(data.shape, Shape::Scalar { style: Style::Plain, .. });
        self.nodes.get(key as usize).is_some_and(plain) && self.scalar_text(key) == Some("<<")
    }

    fn scalar_text(&self, index: u32) -> Option<&str> {
        match &self.nodes.get(self.follow(index) as usize)?.shape {
            Shape::Scalar { text: Text::Decoded(text), .. } => Some(text),
            Shape::Scalar { text: Text::InFile { start, end }, .. } => {
                self.file.text.get(*start as usize..*end as usize)
            }
            _ => None,
        }
    }

    fn find_duplicates(&mut self, children: &[u32]) {
        let mut found = Vec::new();
        let keys = children.iter().step_by(2);
        let keys = keys.filter_map(|&key| Some((key, self.scalar_text(key)?)));
        if children.len() <= 2 * FEW_KEYS {
            let mut seen = [(0, ""); FEW_KEYS];
            for (position, (key, name)) in keys.enumerate() {
                let (before, free) = seen.split_at_mut(position);
                let earlier = before.iter().find(|(_, other)| *other == name);
                found.extend(earlier.map(|&(first, _)| (key, first, name.to_owned())));
                if let Some(free) = free.first_mut() {
                    *free = (key, name);
                }
            }
        } else {
            let mut seen: HashMap<&str, u32> = HashMap::with_capacity(children.len() / 2);
            for (key, name) in keys {
                match seen.get(name) {
                    Some(&first) => found.push((key, first, name.to_owned())),
                    None => drop(seen.insert(name, key)),
                }
            }
        }
        for (key, first, name) in found {
            let (span, first) = (self.node_span(key), self.node_span(first));
            self.problems.push(Problem::DuplicateKey { span, first, key: name });
        }
    }

    fn finish(mut self, stream: &mut Stream, end: Span) {
        let sound = self.problems.is_empty();
        self.shared.sort_unstable();
        self.shared.dedup();
        stream.problems.extend(self.problems);
        let Some(root) = self.root else { return };
        let document = Document {
            source: self.file.id,
            text: Arc::clone(&self.file.text),
            overrides: self.overrides,
            nodes: self.nodes,
            children: self.children,
            shared: self.shared,
            root,
            has_aliases: self.aliased > 0,
        };
        if sound {
            stream.documents.push(document);
        } else {
            let span = Node::new(&document, root).span();
            stream.broken.push(Span { end: span.end.max(end.end), ..span });
            stream.unsound.push(document);
        }
    }
}
