//! The span tree as JSON, so that a schema is checked in place.
//!
//! A key whose value is null counts as left out, as the readers of these formats have it.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::Array;
use jsonschema::json::Json;
use jsonschema::json::JsonNumber;
use jsonschema::json::Node as JsonNode;
use jsonschema::json::NodeIdentity;
use jsonschema::json::Object;
use serde_json::Number;
use serde_json::Value as JsonValue;

use crate::yaml::Entries;
use crate::yaml::Items;
use crate::yaml::Node;
use crate::yaml::Scalar;
use crate::yaml::Style;
use crate::yaml::Value;
use crate::yaml::ValueType;

/// The span tree as a representation of JSON.
pub(super) struct Tree;

/// A value of the tree: a node, or the name of a property while it is checked on its own.
#[derive(Clone)]
pub(super) enum TreeNode<'a> {
    Node(Node<'a>),
    Name(&'a str),
}

/// The entries of a mapping that have a value.
pub(super) struct Members<'a>(Node<'a>);

/// The entries of a mapping that have a value, each with its name.
pub(super) struct MembersIter<'a>(Entries<'a>);

/// The items of a sequence.
pub(super) struct Elements<'a>(Node<'a>);

/// The items of a sequence, one after the other.
pub(super) struct ElementsIter<'a>(Items<'a>);

/// A number of the tree.
pub(super) struct Decimal(Number);

impl Json for Tree {
    type Node<'a> = TreeNode<'a>;
    type PreparedKey = String;
    type StringBuffer = ();

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(TreeNode<'_>) -> T) -> T {
        f(TreeNode::Name(string))
    }
}

impl JsonNumber for Decimal {
    fn as_u64(&self) -> Option<u64> {
        self.0.as_u64()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.as_i64()
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.0.to_string())
    }

    fn to_number(&self) -> Cow<'_, Number> {
        Cow::Borrowed(&self.0)
    }
}

/// Returns the nearest JSON number; a range is checked exactly by rules, so nearest is enough here.
fn number(scalar: Scalar<'_>) -> Option<Number> {
    if scalar.value_type() != ValueType::Number {
        return None;
    }
    if let Ok(whole) = scalar.text.parse::<i64>() {
        return Some(Number::from(whole));
    }
    if let Ok(value) = scalar.text.parse::<f64>()
        && value.fract() != 0.0
    {
        return Number::from_f64(value);
    }
    // `1e3`, `5.0` and `0x1f` are whole too, and say so only when they are computed.
    let Value::Number(value) = scalar.value() else {
        return None;
    };
    let whole = value.to_i64().map(Number::from);
    whole.or_else(|| Number::from_f64(value.to_f64())).or_else(|| Some(Number::from(i64::MAX)))
}

impl<'a> TreeNode<'a> {
    fn scalar(&self) -> Option<Scalar<'a>> {
        match self {
            Self::Node(node) => node.scalar(),
            Self::Name(name) => {
                Some(Scalar { text: name, style: Style::DoubleQuoted, is_string: true })
            }
        }
    }
}

impl<'a> JsonNode<'a, Tree> for TreeNode<'a> {
    type Object = Members<'a>;
    type Array = Elements<'a>;
    type Number = Decimal;

    fn as_object(&self) -> Option<Members<'a>> {
        match self {
            Self::Node(node) if node.is_mapping() => Some(Members(*node)),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<Elements<'a>> {
        match self {
            Self::Node(node) if node.is_sequence() => Some(Elements(*node)),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        let scalar = self.scalar()?;
        (scalar.value_type() == ValueType::String).then_some(Cow::Borrowed(scalar.text))
    }

    fn as_number(&self) -> Option<Decimal> {
        number(self.scalar()?).map(Decimal)
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.scalar()?.value() {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Node(node) if node.is_null())
    }

    fn json_type(&self) -> JsonType {
        let Some(scalar) = self.scalar() else {
            let is_mapping = matches!(self, Self::Node(node) if node.is_mapping());
            return if is_mapping { JsonType::Object } else { JsonType::Array };
        };
        match scalar.value_type() {
            ValueType::Null => JsonType::Null,
            ValueType::Bool => JsonType::Boolean,
            ValueType::Number => JsonType::Number,
            ValueType::String => JsonType::String,
        }
    }

    /// Returns a scalar's value; what stands inside a collection is never shown in a message.
    fn to_value(&self) -> Cow<'a, JsonValue> {
        let Some(scalar) = self.scalar() else {
            let is_mapping = matches!(self, Self::Node(node) if node.is_mapping());
            let object = || JsonValue::Object(serde_json::Map::new());
            return Cow::Owned(if is_mapping { object() } else { JsonValue::Array(Vec::new()) });
        };
        Cow::Owned(match scalar.value() {
            Value::Null => JsonValue::Null,
            Value::Bool(value) => JsonValue::from(value),
            Value::Number(_) => number(scalar).map_or(JsonValue::Null, JsonValue::Number),
            Value::String => JsonValue::from(scalar.text),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        match self {
            Self::Name(_) => None,
            Self::Node(node) => {
                let document = std::ptr::from_ref(node.document()) as usize;
                Some(NodeIdentity::tagged(document, node.index()))
            }
        }
    }
}

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, TreeNode<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.0.find(|entry| !entry.value.is_null())?;
        let name = entry.key.scalar().map_or("", |scalar| scalar.text);
        Some((name, TreeNode::Node(entry.value)))
    }
}

impl<'a> Object<'a, Tree> for Members<'a> {
    type Node = TreeNode<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        self.members().count()
    }

    fn get(&self, key: &String) -> Option<TreeNode<'a>> {
        self.0.given(key).map(TreeNode::Node)
    }

    fn members(&self) -> Self::MembersIter {
        MembersIter(self.0.entries())
    }
}

impl<'a> Iterator for ElementsIter<'a> {
    type Item = TreeNode<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(TreeNode::Node)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for ElementsIter<'_> {}

impl<'a> Array<'a, Tree> for Elements<'a> {
    type Node = TreeNode<'a>;
    type ElementsIter = ElementsIter<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> Self::ElementsIter {
        ElementsIter(self.0.items())
    }
}
