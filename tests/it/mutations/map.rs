//! Slips in maps whose keys are free.

use serde_json::Value;
use serde_json::json;

use super::Count;
use super::Mutation;
use super::Place;
use super::Step;
use super::at;
use super::below;
use super::renamed;
use super::with;

/// Returns slips of a map with free keys: a key of a wrong form, a value of a wrong type.
///
/// * `schema`: the whole of it.
pub(super) fn of_map(schema: &Value, object: &Value, part: &Value, way: &[Step]) -> Vec<Mutation> {
    let has_own = part.get("properties").is_some();
    let is_map = part.get("patternProperties").is_some() || part.get("propertyNames").is_some();
    let Some(key) = at(object, way).as_object().and_then(|map| map.keys().next()) else {
        return Vec::new();
    };
    if has_own || !is_map {
        return Vec::new();
    }
    let here = below(way, Step::Key(key.clone()));
    let names = part["propertyNames"]["$ref"]
        .as_str()
        .and_then(|path| schema.pointer(path.trim_start_matches('#')));
    let wrong = names.and_then(|names| names["not"]["const"].as_str()).unwrap_or("not so!");
    vec![
        Mutation {
            what: format!("key `{key}` of a wrong form"),
            object: renamed(object, way, key, wrong),
            place: Place::Key(below(way, Step::Key(wrong.to_owned()))),
            count: Count::One,
            words: if wrong == "not so!" {
                vec!["63".to_owned()]
            } else {
                vec!["metric".to_owned()]
            },
        },
        Mutation {
            what: format!("value of `{key}` of another type"),
            object: with(object, &here, json!({"a": "mapping"})),
            place: Place::Value(here),
            count: Count::One,
            words: Vec::new(),
        },
    ]
}
