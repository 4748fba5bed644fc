//! Resources of Terraform, written from what they hold.

use std::fmt::Write as _;

use serde_json::Map;
use serde_json::Value;

/// Returns a resource of Terraform: lists of mappings are blocks.
pub(super) fn terraform(object: &Value) -> String {
    fn entries(map: &Map<String, Value>, text: &mut String) {
        for (key, value) in map {
            let blocks = value.as_array().filter(|items| !items.is_empty());
            match blocks.filter(|items| items.iter().all(Value::is_object)) {
                Some(blocks) => {
                    for block in blocks {
                        let _ = writeln!(text, "{key} {{");
                        entries(block.as_object().expect("a mapping"), text);
                        text.push_str("}\n");
                    }
                }
                None => {
                    let _ = writeln!(text, "{key} = {value}");
                }
            }
        }
    }
    let mut map = object.as_object().expect("a mapping").clone();
    let label = |map: &mut Map<String, Value>, key: &str| {
        map.shift_remove(key).expect("a resource has it").to_string()
    };
    let (kind, name) = (label(&mut map, "resource"), label(&mut map, "resource_name"));
    let mut text = format!("resource {kind} {name} {{\n");
    entries(&map, &mut text);
    text + "}\n"
}
