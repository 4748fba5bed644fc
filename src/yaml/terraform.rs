//! Terraform to the same documents: each resource is one.
//!
//! A document is a mapping: `resource` is the type, `resource_name` the name, and every other key an argument or a
//! block. Blocks of one name are a list, for they may come again. What cannot be known without running
//! Terraform is a scalar of [`Style::Unknown`], which is given and has no text; why stands in its place.
//!
//! # Why
//!
//! Literals, locals, variables with a default and `jsonencode` of these say what most definitions say.
//! Anything else depends on what is applied where, and is nobody's mistake.

mod comments;

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::expr::Object;
use hcl_edit::expr::ObjectKey;
use hcl_edit::expr::Traversal;
use hcl_edit::expr::TraversalOperator;
use hcl_edit::structure::Block;
use hcl_edit::structure::Body;
use hcl_edit::structure::Structure;
use hcl_edit::template::Element;
use hcl_edit::template::Template;

use crate::source::SourceId;
use crate::source::Span;

use super::Problem;
use super::Stream;
use super::Style;
use super::grow::Sprout;
use super::grow::document;

/// Arguments and blocks that are Terraform's own.
const OWN: [&str; 8] = [
    "count",
    "for_each",
    "depends_on",
    "provider",
    "lifecycle",
    "connection",
    "provisioner",
    "timeouts",
];

/// Why most of what is not known is not.
const COMPUTED: &str = "is known when Terraform runs";

/// How many names may lead to each other.
const MAX_NAMES: usize = 32;

/// The most values that are read of one file, counted wherever a name brings them.
const MAX_VALUES: u32 = 200_000;

/// The most bytes that a value is put together of.
const MAX_TEXT: usize = 1 << 16;

/// Reads the resources of a file.
///
/// * `offset`: where its text begins.
pub(super) fn parse(id: SourceId, text: &Arc<str>, offset: usize) -> Stream {
    let body = text.get(offset..).unwrap_or_default();
    let mut stream = Stream { comments: comments::read(id, text), ..Stream::default() };
    let tree: Body = match body.parse() {
        Ok(tree) => tree,
        Err(error) => {
            let at = place(error.location().line(), error.location().column(), body) + offset;
            let next = text.get(at..).and_then(|rest| rest.chars().next());
            let width = next.filter(|next| !next.is_control()).map_or(0, char::len_utf8);
            let span = Span::new(id, at, at + width);
            let detail = error.message().trim_end_matches([';', ' ']).to_owned();
            stream.problems.push(Problem::Syntax { span, detail });
            stream.broken.push(Span::new(id, 0, text.len()));
            return stream;
        }
    };
    let file = File { id, offset, text: body, names: names(&tree), left: Cell::new(MAX_VALUES) };
    for block in tree.blocks().filter(|block| block.has_ident("resource")) {
        let [kind, label] = block.labels.as_slice() else { continue };
        let scalar = |label: &hcl_edit::structure::BlockLabel| {
            let style = Style::DoubleQuoted;
            Sprout::Scalar(file.span(label.span()), label.as_str().to_owned(), style)
        };
        let mut entries = vec![
            (file.span(kind.span()), "resource".to_owned(), scalar(kind)),
            (file.span(label.span()), "resource_name".to_owned(), scalar(label)),
        ];
        let own = |name: &str| OWN.contains(&name);
        entries.extend(file.body(&block.body).into_iter().filter(|(_, name, _)| !own(name)));
        let sprout = Sprout::Mapping(file.span(block.span()), entries);
        stream.documents.push(document(id, text, &sprout));
    }
    stream
}

/// Returns the byte of a line and a column, both counted from 1.
fn place(line: usize, column: usize, text: &str) -> usize {
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(line.saturating_sub(1)).map(str::len).sum();
    let rest = lines.next().unwrap_or_default();
    let within = rest.char_indices().nth(column.saturating_sub(1));
    before + within.map_or(rest.trim_end().len(), |(at, _)| at)
}

/// Returns what locals are, and what variables are where nobody sets them; null is to be set.
fn names(tree: &Body) -> HashMap<(&'static str, String), &Expression> {
    let mut found = HashMap::new();
    for block in tree.blocks() {
        if block.has_ident("locals") {
            for attribute in block.body.attributes().filter(|given| !given.value.is_null()) {
                found.insert(("local", attribute.key.to_string()), &attribute.value);
            }
        }
        if let (true, [name]) = (block.has_ident("variable"), block.labels.as_slice())
            && let Some(default) = block.body.get_attribute("default")
            && !default.value.is_null()
        {
            found.insert(("var", name.as_str().to_owned()), &default.value);
        }
    }
    found
}

/// A file that is being read.
struct File<'a> {
    id: SourceId,
    offset: usize,
    text: &'a str,
    names: HashMap<(&'static str, String), &'a Expression>,
    /// How many more values are read.
    left: Cell<u32>,
}

impl<'a> File<'a> {
    fn span(&self, range: Option<std::ops::Range<usize>>) -> Span {
        let range = range.unwrap_or_default();
        Span::new(self.id, range.start + self.offset, range.end + self.offset)
    }

    /// Returns the arguments of a block in order, and its blocks, those of one name together.
    fn body(&self, body: &'a Body) -> Vec<(Span, String, Sprout)> {
        let mut entries: Vec<(Span, String, Sprout)> = Vec::new();
        let mut lists: HashMap<String, usize> = HashMap::new();
        for structure in body {
            let (place, name, value) = match structure {
                Structure::Attribute(argument) => {
                    let name = argument.key.to_string();
                    (argument.key.span(), name, self.value(&argument.value, 0))
                }
                Structure::Block(block) if block.has_ident("dynamic") => {
                    let Some(label) = block.labels.first() else { continue };
                    (
                        label.span(),
                        label.as_str().to_owned(),
                        unknown(self.span(block.span()), COMPUTED),
                    )
                }
                Structure::Block(block) => {
                    let name = block.ident.to_string();
                    (block.ident.span(), name, self.block(block))
                }
            };
            let is_block = structure.is_block();
            let known = lists.get(&name).and_then(|index| entries.get_mut(*index));
            match known {
                Some((.., Sprout::Sequence(span, items))) if !is_unknown(&value) => {
                    *span = span.cover(value.span());
                    items.push(value);
                }
                // Blocks of which nobody knows how many there are leave nothing known.
                Some((.., other)) => *other = value,
                None => {
                    let is_list = is_block && !is_unknown(&value);
                    let value =
                        if is_list { Sprout::Sequence(value.span(), vec![value]) } else { value };
                    if is_block {
                        lists.insert(name.clone(), entries.len());
                    }
                    entries.push((self.span(place), name, value));
                }
            }
        }
        entries
    }

    fn block(&self, block: &'a Block) -> Sprout {
        Sprout::Mapping(self.span(block.span()), self.body(&block.body))
    }

    /// Returns the value of an expression.
    ///
    /// * `names`: how many names led here.
    fn value(&self, expression: &'a Expression, names: usize) -> Sprout {
        let range = expression.span();
        let span = self.span(range.clone());
        if self.left.get() == 0 {
            return unknown(span, "stands behind more values than are read of one file");
        }
        self.left.set(self.left.get() - 1);
        match expression {
            Expression::Null(_) => Sprout::Scalar(span, "null".to_owned(), Style::Plain),
            Expression::Bool(value) => {
                Sprout::Scalar(span, value.value().to_string(), Style::Plain)
            }
            Expression::Number(_) => {
                let written = range.and_then(|range| self.text.get(range)).unwrap_or_default();
                Sprout::Scalar(span, written.to_owned(), Style::Plain)
            }
            Expression::String(value) => {
                Sprout::Scalar(span, value.value().clone(), Style::DoubleQuoted)
            }
            Expression::StringTemplate(template) => match self.text(template, names) {
                Some(text) => Sprout::Scalar(span, text, Style::DoubleQuoted),
                None => unknown(span, COMPUTED),
            },
            Expression::HeredocTemplate(heredoc) => {
                let mut heredoc = heredoc.clone();
                heredoc.dedent();
                match literal(&heredoc.template) {
                    Some(text) => Sprout::Scalar(span, text, Style::Literal),
                    None => unknown(span, COMPUTED),
                }
            }
            Expression::Parenthesis(inner) => self.value(inner.inner(), names),
            Expression::Array(items) => {
                let items = items.iter().map(|item| self.value(item, names)).collect();
                Sprout::Sequence(span, items)
            }
            Expression::Object(object) => self.object(object, span, names),
            Expression::UnaryOp(operation) => match self.value(&operation.expr, names) {
                Sprout::Scalar(_, text, Style::Plain)
                    if operation.operator.value().as_str() == "-" =>
                {
                    Sprout::Scalar(span, format!("-{text}"), Style::Plain)
                }
                _ => unknown(span, COMPUTED),
            },
            Expression::Traversal(traversal) => self.named(traversal, span, names),
            Expression::FuncCall(call) if call.name.name.as_str() == "jsonencode" => {
                let value =
                    call.args.iter().next().and_then(|value| json(&self.value(value, names)));
                match value.map(|value| value.to_string()).filter(|text| text.len() <= MAX_TEXT) {
                    Some(text) => Sprout::Scalar(span, text, Style::DoubleQuoted),
                    None => unknown(span, COMPUTED),
                }
            }
            _ => unknown(span, COMPUTED),
        }
    }

    fn object(&self, object: &'a Object, span: Span, names: usize) -> Sprout {
        let mut entries = Vec::new();
        for (key, value) in object {
            let Some(name) = key_of(key) else { return unknown(span, COMPUTED) };
            let place = self.span(key.span());
            entries.push((place, name.to_owned(), self.value(value.expr(), names)));
        }
        Sprout::Mapping(span, entries)
    }

    /// Returns what a name stands for, where the file says it.
    fn named(&self, traversal: &'a Traversal, span: Span, names: usize) -> Sprout {
        let scope = traversal.expr.as_variable().map(hcl_edit::Ident::as_str);
        let scope = ["local", "var"].into_iter().find(|known| scope == Some(*known));
        let (Some(scope), [operator]) = (scope, traversal.operators.as_slice()) else {
            return unknown(span, COMPUTED);
        };
        let TraversalOperator::GetAttr(name) = operator.value() else {
            return unknown(span, COMPUTED);
        };
        let Some(value) = self.names.get(&(scope, name.as_str().to_owned())) else {
            let why = if scope == "var" {
                "has no default in this file"
            } else {
                "is not set in this file"
            };
            return unknown(span, why);
        };
        if names >= MAX_NAMES {
            return unknown(span, "stands behind more names than are followed");
        }
        match self.value(value, names + 1) {
            Sprout::Scalar(_, why, Style::Unknown) => Sprout::Scalar(span, why, Style::Unknown),
            value => Sprout::Named(span, Box::new(value)),
        }
    }

    /// Returns the text of a template of which every part is known.
    fn text(&self, template: &'a Template, names: usize) -> Option<String> {
        let mut text = String::new();
        for element in template {
            match element {
                Element::Literal(literal) => text.push_str(literal.as_str()),
                Element::Interpolation(part) => match self.value(&part.expr, names) {
                    Sprout::Scalar(_, part, style) if style != Style::Unknown => {
                        text.push_str(&part);
                    }
                    Sprout::Named(_, what) => match *what {
                        Sprout::Scalar(_, part, _) => text.push_str(&part),
                        _ => return None,
                    },
                    _ => return None,
                },
                Element::Directive(_) => return None,
            }
            if text.len() > MAX_TEXT {
                return None;
            }
        }
        Some(text)
    }
}

/// Returns the text of a template that has no parts to fill in.
fn literal(template: &Template) -> Option<String> {
    let parts = template.iter().map(|element| element.as_literal().map(|text| text.as_str()));
    parts.collect()
}

/// * `why`: what is said of the expression.
fn unknown(span: Span, why: &str) -> Sprout {
    Sprout::Scalar(span, why.to_owned(), Style::Unknown)
}

fn is_unknown(sprout: &Sprout) -> bool {
    matches!(sprout, Sprout::Scalar(_, _, Style::Unknown))
}

fn key_of(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Ident(name) => Some(name.as_str()),
        ObjectKey::Expression(expression) => expression.as_str(),
    }
}

/// Returns a value as JSON; nothing where a part of it is not known.
fn json(sprout: &Sprout) -> Option<serde_json::Value> {
    match sprout {
        Sprout::Scalar(_, _, Style::Unknown) => None,
        Sprout::Scalar(_, text, Style::Plain) => serde_json::from_str(text).ok(),
        Sprout::Scalar(_, text, _) => Some(serde_json::Value::from(text.as_str())),
        Sprout::Sequence(_, items) => items.iter().map(json).collect(),
        Sprout::Mapping(_, entries) => {
            let entries = entries.iter().map(|(_, key, value)| Some((key.clone(), json(value)?)));
            entries.collect::<Option<serde_json::Map<_, _>>>().map(serde_json::Value::Object)
        }
        Sprout::Named(_, what) => json(what),
    }
}
