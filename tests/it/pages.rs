//! What newcomers read says what the program does.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use slo::rules;

/// Between these lines of the page stand the keys.
const BEGIN: &str =
    "<!-- keys of slo.toml: `UPDATE_FIXTURES=1 cargo test` writes them from slo-toml.json -->\n";
const END: &str = "<!-- end of the keys -->\n";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn schema() -> Value {
    let text = fs::read_to_string(file("schemas/slo-toml.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Returns what a schema says of a key: its description, and the words that it may hold.
fn meaning(of: &Value) -> String {
    let mut text = of["description"].as_str().expect("every key is described").to_owned();
    if let Some(words) = of["enum"].as_array() {
        let words: Vec<String> =
            words.iter().map(|word| word.to_string().replace('"', "`")).collect();
        write!(text, " One of {}.", words.join(", ")).unwrap();
    }
    text
}

/// Draws a table of the configuration: its header, what it is for, and its keys, some of which the
/// schema does not list.
fn draw(header: &str, purpose: &str, table: &Value, more: Vec<(String, String)>) -> String {
    let mut text = format!("\n### `{header}`\n\n{purpose}\n");
    let keys = table["properties"].as_object().into_iter().flatten();
    let keys = keys.map(|(key, of)| (key.clone(), meaning(of)));
    let rows: Vec<_> = keys.chain(more).collect();
    if !rows.is_empty() {
        text.push_str("\n| key | meaning |\n| --- | --- |\n");
    }
    for (key, meaning) in rows {
        assert!(!meaning.contains('|'), "{key}: a bar ends a cell");
        writeln!(text, "| `{key}` | {meaning} |").unwrap();
    }
    text
}

/// Returns what the page says between its marks.
fn keys(schema: &Value) -> String {
    let tables = schema["properties"].as_object().expect("the schema describes tables");
    let mut text = String::new();
    for (name, table) in tables {
        let purpose = meaning(table);
        text.push_str(&match name.as_str() {
            "backend" => {
                let backend = &schema["$defs"]["backend"];
                let purpose = format!("{purpose} {}", meaning(backend));
                draw("[backend.NAME]", &purpose, backend, Vec::new())
            }
            "rules" => draw("[rules]", &purpose, table, rule_keys(schema)),
            _ if table["type"] == "object" => {
                draw(&format!("[{name}]"), &purpose, table, Vec::new())
            }
            _ => draw(name, &purpose, table, Vec::new()),
        });
    }
    text.push('\n');
    text
}

/// Returns what may stand under the name of a rule, the settings of single rules included.
fn rule_keys(schema: &Value) -> Vec<(String, String)> {
    let (level, rule) = (&schema["$defs"]["level"], &schema["$defs"]["rule"]);
    let mut rows = vec![
        ("RULE".to_owned(), meaning(level)),
        ("RULE.level".to_owned(), "The same, in a table of the rule or one of several.".to_owned()),
        ("RULE.paths".to_owned(), meaning(&rule["properties"]["paths"])),
    ];
    for one in rules::all() {
        for setting in one.settings {
            let page = format!("../src/rules/{}/{}.md", one.family(), one.name.replace('-', "_"));
            let key = format!("{}.{}", one.name, setting.name);
            rows.push((key, format!("See [its page]({page}).")));
        }
    }
    rows
}

#[test]
fn the_page_of_the_configuration_names_every_key() {
    let (path, schema) = (file("schemas/README.md"), schema());
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the keys begin");
    let (written, after) = rest.split_once(END).expect("the keys end");
    let keys = keys(&schema);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{keys}{END}{after}")).unwrap();
    } else {
        assert_eq!(written, keys);
    }
    let mut known = BTreeSet::new();
    collect(&schema, &mut known);
    assert!(known.contains("deadline") && known.contains("exports"), "{known:?}");
    for key in known {
        // `level` and `paths` stand under the name of a rule, tables in brackets.
        let ways =
            [format!("`{key}`"), format!(".{key}`"), format!("`[{key}]`"), format!("`[{key}.")];
        assert!(ways.iter().any(|way| keys.contains(way.as_str())), "{key} is not named");
    }
}

/// Collects the names of all properties of a schema.
fn collect(schema: &Value, known: &mut BTreeSet<String>) {
    for (name, value) in schema.as_object().into_iter().flatten() {
        if name == "properties" {
            known.extend(value.as_object().into_iter().flatten().map(|(key, _)| key.clone()));
        }
        collect(value, known);
    }
    for value in schema.as_array().into_iter().flatten() {
        collect(value, known);
    }
}
