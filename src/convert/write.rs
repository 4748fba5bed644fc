//! Values as YAML.

use serde_json::Map;
use serde_json::Number;
use serde_json::Value;

use crate::quantity::Ratio;
use crate::yaml::Entry;
use crate::yaml::Node;

/// Returns documents as YAML.
pub(super) fn yaml(documents: &[Value]) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false, yaml_12: false };
    let mut text = String::new();
    for document in documents {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        // What is written to a text cannot fail, and every value of JSON has a form in YAML.
        let _ = serde_saphyr::to_fmt_writer_with_options(&mut text, document, options.clone());
    }
    text
}

/// Returns a mapping of the fields that have a value.
pub(super) fn mapping<'k>(fields: impl IntoIterator<Item = (&'k str, Option<Value>)>) -> Value {
    let given = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(given.collect())
}

/// Returns what is written in a file as it is; the nesting is bounded by its reader.
pub(super) fn json(node: Node<'_>) -> Value {
    if node.is_mapping() {
        let entries = node.entries();
        let field = |entry: Entry<'_>| Some((entry.key.text()?.to_owned(), json(entry.value)));
        return Value::Object(entries.filter_map(field).collect());
    }
    if node.is_sequence() {
        return Value::Array(node.items().map(json).collect());
    }
    let Some(scalar) = node.scalar() else { return Value::Null };
    match scalar.value() {
        crate::yaml::Value::Bool(value) => Value::Bool(value),
        crate::yaml::Value::Number(value) => number(&value),
        crate::yaml::Value::Null => Value::Null,
        crate::yaml::Value::String => Value::String(scalar.text.to_owned()),
    }
}

/// Returns a value, unless it is an empty mapping.
pub(super) fn filled(fields: Map<String, Value>) -> Option<Value> {
    (!fields.is_empty()).then_some(Value::Object(fields))
}

/// Returns a number; as a text where a reader would round it.
pub(super) fn number(value: &Ratio) -> Value {
    let text = value.to_string();
    let number = text.parse::<f64>().ok().and_then(|number| {
        let is_same = Ratio::parse(&number.to_string()).as_ref() == Some(value);
        is_same
            .then(|| whole(number).map_or_else(|| Number::from_f64(number), |n| Some(n.into())))?
    });
    number.map_or(Value::String(text), Value::Number)
}

/// Returns a number without a fraction as one that is written so.
fn whole(number: f64) -> Option<i64> {
    format!("{number}").parse().ok()
}
