use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// Collects the properties of a schema that hold a length of time.
fn collect(schema: &Value, found: &mut BTreeSet<String>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let definition = property.get("$ref").and_then(Value::as_str).unwrap_or_default();
        if ["duration", "durationOrZero", "lookback"].iter().any(|end| definition.ends_with(end)) {
            found.insert(name.clone());
        }
    }
    match schema {
        Value::Object(parts) => parts.values().for_each(|part| collect(part, found)),
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, found)),
        _ => {}
    }
}

#[test]
fn every_length_of_time_of_the_schema_is_looked_at() {
    let schema = include_str!("../../../../schemas/error-budget-policy.json");
    let schema: Value = serde_json::from_str(schema).expect("a schema");
    let mut found = BTreeSet::new();
    collect(&schema, &mut found);
    assert_eq!(found, LENGTHS.map(str::to_owned).into());
}
