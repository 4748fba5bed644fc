//! Labels and annotations, which every format has in its own way.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::model::Dialect;
use crate::model::Meta;

use super::ledger::Ledger;

/// The label that holds the service in Pyrra, which has no field for it and hands labels of this prefix on to
/// alerts.
pub(super) const SERVICE: &str = "pyrra.dev/service";

/// Returns labels; of those that cannot be written it is said why.
///
/// * `takes_many`: whether a label may have several values; `refuses`: why there is no such key, if so.
pub(super) fn labels(
    meta: &Meta,
    takes_many: bool,
    refuses: impl Fn(&str) -> Option<&'static str>,
    ledger: &mut Ledger,
) -> Map<String, Value> {
    let mut found = Map::new();
    for (key, _) in meta.labels.clone() {
        // Other formats have a field for it.
        if key == SERVICE && meta.dialect == Dialect::Pyrra {
            continue;
        }
        let values = meta.labels.get(&key);
        let many = (values.len() != 1 && !takes_many).then_some("it has several values");
        if let Some(why) = refuses(&key).or(many) {
            for value in values {
                ledger.drop(value.span, format!("the label `{key}`: {why}"));
            }
            continue;
        }
        let texts: Vec<&str> = values.iter().map(|value| ledger.take(value).as_str()).collect();
        let value = match texts.as_slice() {
            [only] => json!(only),
            texts => json!(texts),
        };
        found.insert(key.to_string(), value);
    }
    found
}

/// Returns annotations by the keys that they have in a format; those that have none there are left.
pub(super) fn annotations(
    meta: &Meta,
    key_of: impl Fn(&str) -> Option<String>,
    ledger: &mut Ledger,
) -> Map<String, Value> {
    let mut found = Map::new();
    for annotation in meta.annotations.iter() {
        if let Some(key) = key_of(&annotation.key.value) {
            let value = json!(ledger.take(&annotation.value));
            found.entry(key).or_insert(value);
        }
    }
    found
}
