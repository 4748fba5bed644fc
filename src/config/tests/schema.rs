//! `schemas/slo-toml.json` and the reader say the same.

use serde_json::Value as Json;

use super::EVERY_KEY;
use super::parse;
use super::problems;
use crate::config::LevelSetting;
use crate::config::backend;
use crate::config::gate;
use crate::config::rules;
use crate::config::tables;

/// Returns the schema of the file.
fn schema() -> Json {
    serde_json::from_str(include_str!("../../../schemas/slo-toml.json"))
        .expect("the schema is JSON")
}

/// Returns every table: how its header is written, its keys, and where the schema describes it.
fn tables() -> Vec<(&'static str, &'static [&'static str], &'static str)> {
    vec![
        ("", tables::KEYS, ""),
        ("[files]", tables::FILES_KEYS, "/properties/files"),
        ("[rules]", rules::KEYS, "/properties/rules"),
        ("[rules.no-alert]", rules::ENTRY_KEYS, "/$defs/rule"),
        ("[backend.x]\ntype = \"x\"", backend::KEYS, "/$defs/backend"),
        ("[response]", tables::RESPONSE_KEYS, "/properties/response"),
        ("[alerting]", tables::ALERTING_KEYS, "/properties/alerting"),
        ("[gate]", gate::KEYS, "/properties/gate"),
        ("[sloth]", tables::SLOTH_KEYS, "/properties/sloth"),
        ("[metrics]", tables::METRICS_KEYS, "/properties/metrics"),
        ("[reference]", tables::REFERENCE_KEYS, "/properties/reference"),
    ]
}

#[test]
fn the_schema_knows_the_keys_that_are_read_and_no_other() {
    let schema = schema();
    for (header, keys, pointer) in tables() {
        let properties = schema.pointer(&format!("{pointer}/properties"));
        let properties =
            properties.and_then(Json::as_object).expect("the schema describes the table");
        let described: Vec<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(described, keys, "{header}");
        for key in keys {
            let header = if *key == "type" { "[backend.x]" } else { header };
            let found = problems(&format!("{header}\n{key} = 2026-01-01\n"));
            assert!(
                found.iter().any(|it| it.starts_with("2026-01-01 | ") && it.contains("expects")),
                "`{key}` of {header:?} is known and not read: {found:?}"
            );
        }
    }
}

#[test]
fn the_schema_accepts_what_is_accepted() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is one");
    let json = |text: &str| {
        let table: toml::Table = toml::from_str(text).expect("the example is TOML");
        serde_json::to_value(table).expect("a table of TOML is JSON")
    };
    let errors: Vec<String> = validator
        .iter_errors(&json(EVERY_KEY))
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, [""; 0]);
    for text in [
        "unknown = 1",
        "[gate]\nfail-on = \"warn\"",
        "[rules]\nno-alert = \"warn\"",
        "[backend.x]\ntype = \"prometheus\"",
        "[backend.x]\ntype = \"recorded\"\npath = \"x\"\nretries = 11",
        "[sloth]\nwindow = \"0d\"",
        "[owners]\nsre = [\"alice\"]",
        "[files]\ninclude = []",
    ] {
        assert!(!validator.is_valid(&json(text)), "{text}");
        assert!(!parse(text).1.is_empty(), "{text}");
    }
}

#[test]
fn the_words_of_the_schema_are_those_that_are_read() {
    let schema = schema();
    let words = |pointer: &str| {
        let list = schema.pointer(pointer).and_then(Json::as_array).cloned();
        let list = list.expect("the schema lists the words");
        list.into_iter().filter_map(|word| word.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let names = |words: &[(&'static str, LevelSetting)]| {
        words.iter().map(|word| word.0).collect::<Vec<_>>()
    };
    assert_eq!(words("/$defs/level/enum"), names(rules::LEVELS));
    let sets: Vec<&str> = rules::SETS.iter().map(|word| word.0).collect();
    assert_eq!(words("/properties/rules/properties/set/enum"), sets);
    let gate = |key: &str| words(&format!("/properties/gate/properties/{key}/enum"));
    for (key, words) in [("fail-on", gate("fail-on")), ("comment", gate("comment"))] {
        for word in words {
            assert_eq!(problems(&format!("[gate]\n{key} = \"{word}\"")), [""; 0]);
        }
    }
}
