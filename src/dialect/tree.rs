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

use crate::quantity::Ratio;
use crate::yaml::Entry;
use crate::yaml::Kind;
use crate::yaml::Node;
use crate::yaml::Value;

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

/// The items of a sequence.
pub(super) struct Items<'a>(Node<'a>);

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
fn number(value: &Ratio) -> Number {
    let whole = value.to_i64().map(Number::from);
    whole.or_else(|| Number::from_f64(value.to_f64())).unwrap_or_else(|| Number::from(i64::MAX))
}

impl TreeNode<'_> {
    fn value(&self) -> Option<Value> {
        match self {
            Self::Node(node) => node.scalar().map(|scalar| scalar.value()),
            Self::Name(_) => Some(Value::String),
        }
    }
}

impl<'a> JsonNode<'a, Tree> for TreeNode<'a> {
    type Object = Members<'a>;
    type Array = Items<'a>;
    type Number = Decimal;

    fn as_object(&self) -> Option<Members<'a>> {
        match self {
            Self::Node(node) if node.is_mapping() => Some(Members(*node)),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<Items<'a>> {
        match self {
            Self::Node(node) if node.is_sequence() => Some(Items(*node)),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Name(name) => Some(Cow::Borrowed(name)),
            Self::Node(node) => {
                let scalar = node.scalar()?;
                (scalar.value() == Value::String).then_some(Cow::Borrowed(scalar.text))
            }
        }
    }

    fn as_number(&self) -> Option<Decimal> {
        match self.value()? {
            Value::Number(value) => Some(Decimal(number(&value))),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.value()? {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.value() == Some(Value::Null)
    }

    fn json_type(&self) -> JsonType {
        match self {
            Self::Node(node) if node.is_mapping() => JsonType::Object,
            Self::Node(node) if node.is_sequence() => JsonType::Array,
            _ => match self.value() {
                Some(Value::Null) | None => JsonType::Null,
                Some(Value::Bool(_)) => JsonType::Boolean,
                Some(Value::Number(_)) => JsonType::Number,
                Some(Value::String) => JsonType::String,
            },
        }
    }

    /// Returns a scalar's value; what stands inside a collection is never shown in a message.
    fn to_value(&self) -> Cow<'a, JsonValue> {
        Cow::Owned(match self {
            Self::Name(name) => JsonValue::from(*name),
            Self::Node(node) => match node.kind() {
                Kind::Mapping => JsonValue::Object(serde_json::Map::new()),
                Kind::Sequence => JsonValue::Array(Vec::new()),
                Kind::Scalar(scalar) => match scalar.value() {
                    Value::Null => JsonValue::Null,
                    Value::Bool(value) => JsonValue::from(value),
                    Value::Number(value) => JsonValue::Number(number(&value)),
                    Value::String => JsonValue::from(scalar.text),
                },
            },
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

impl<'a> Members<'a> {
    fn given(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.0.entries().filter(|entry| !entry.value.is_null())
    }
}

impl<'a> Object<'a, Tree> for Members<'a> {
    type Node = TreeNode<'a>;
    type MemberName = &'a str;
    type MembersIter = std::vec::IntoIter<(&'a str, TreeNode<'a>)>;

    fn len(&self) -> usize {
        self.given().count()
    }

    fn get(&self, key: &String) -> Option<TreeNode<'a>> {
        self.0.given(key).map(TreeNode::Node)
    }

    fn members(&self) -> Self::MembersIter {
        let named = self.given().map(|entry| {
            let name = entry.key.scalar().map_or("", |scalar| scalar.text);
            (name, TreeNode::Node(entry.value))
        });
        named.collect::<Vec<_>>().into_iter()
    }
}

impl<'a> Array<'a, Tree> for Items<'a> {
    type Node = TreeNode<'a>;
    type ElementsIter = std::vec::IntoIter<TreeNode<'a>>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> Self::ElementsIter {
        self.0.items().map(TreeNode::Node).collect::<Vec<_>>().into_iter()
    }
}
