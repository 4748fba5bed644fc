//! What people and programs learn about rules: their pages, and which of them are on.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use slo::config::LevelSetting;
use slo::report::Style;
use slo::report::catalog;
use slo::report::catalog::EntryRow;
use slo::report::catalog::Place;
use slo::report::catalog::RuleCard;
use slo::report::catalog::RuleRow;
use slo::report::catalog::Setter;
use slo::report::page;
use slo::rules;
use slo::rules::Rule;

use crate::command::Run;
use crate::command::slo;
use crate::report::assert_valid;
use crate::report::schema;
use crate::repository::Repository;

/// A configuration that speaks of rules in every way.
const CONFIG: &str = "\
[rules]
set = \"strict\"
target-100 = \"off\"

[[rules.no-alert]]
level = \"info\"

[[rules.no-alert]]
level = \"error\"
paths = [\"slo/tier1/**\", \"slo/決済/**\", \"teams/payments/platform/definitions/production/**\"]
alert-defaults = [\"fast-burn\"]

[[rules.unstable-version]]
level = \"warning\"
paths = [\"next/**\"]
";

fn folder() -> Repository {
    let folder = Repository::folder();
    folder.write("slo.toml", CONFIG);
    folder
}

fn card(rule: &'static Rule) -> RuleCard {
    RuleCard {
        name: rule.name,
        family: rule.family(),
        level: rule.level,
        set: rule.set.name(),
        formats: rule.judges.formats(),
        since: rule.since,
        summary: rule.summary(),
        settings: Vec::new(),
        docs: String::new(),
    }
}

fn drawn(rule: &'static Rule, width: usize, color: bool) -> String {
    let style = Style { color, width, unicode: true };
    let mut text = Vec::new();
    page::draw(&card(rule), rule.docs, &style, &mut text).expect("memory takes every byte");
    String::from_utf8(text).expect("a page is UTF-8")
}

/// Compares what is printed with a file, which `UPDATE_FIXTURES=1` rewrites.
#[track_caller]
fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cli").join(name);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(&path, text).expect("the file can be written");
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap_or_default(), "run with UPDATE_FIXTURES=1");
}

/// Returns the lines of code of a page, as they are shown.
fn code(page: &str) -> BTreeSet<&str> {
    let mut is_code = false;
    let mut lines = BTreeSet::new();
    for line in page.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if is_code {
            lines.insert(line.split("#~ ").next().unwrap_or_default().trim());
        }
    }
    lines
}

/// How wide an excerpt of a file is at least, with the deepest label of any page.
const LEAST_EXCERPT: usize = 72;

#[test]
fn every_page_is_drawn_without_its_marks_and_within_its_columns() {
    for rule in rules::all() {
        let code = code(rule.docs);
        for width in [40, 60, 80, 100, 160] {
            let text = drawn(rule, width, false);
            let mut prose = String::new();
            for line in text.lines().filter(|line| !code.contains(line.trim())) {
                let columns = unicode_width::UnicodeWidthStr::width(line);
                // An excerpt has its least width; a terminal that is narrower wraps it.
                let is_drawn = ["│", "·", "╰", "╭─[", "]: "].iter().any(|mark| line.contains(mark));
                let fits = columns <= width.min(100) || (is_drawn && columns <= LEAST_EXCERPT);
                assert!(fits, "{} in {width}: {line}", rule.name);
                prose.push_str(line);
                prose.push(' ');
            }
            for raw in ["#~", "```", "~~~", "file=", "\u{1b}"] {
                assert!(!text.contains(raw), "{}: {raw} in\n{text}", rule.name);
            }
            let words: String = prose.split('`').step_by(2).collect();
            for raw in ["**", "](", "\n#", "|--", "| --"] {
                assert!(!words.contains(raw), "{}: {raw} in\n{words}", rule.name);
            }
            assert!(text.contains("╭─["), "{}: the finding is drawn\n{text}", rule.name);
        }
    }
}

#[test]
fn color_changes_no_layout() {
    for rule in rules::all() {
        let colored = drawn(rule, 80, true);
        let mut parts = colored.split('\u{1b}');
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            plain.push_str(part.split_once('m').expect("only colors are sent").1);
        }
        let trimmed: Vec<&str> = plain.lines().map(str::trim_end).collect();
        let expected = drawn(rule, 80, false);
        assert_eq!(trimmed.join("\n"), expected.trim_end(), "{}", rule.name);
    }
}

#[test]
fn every_page_is_markdown_that_tests_no_more() {
    for rule in rules::all() {
        let text = page::markdown(rule.docs);
        assert!(!text.contains("#~ "), "{text}");
        for line in text.lines().filter(|line| line.starts_with("```")) {
            assert!(!line.contains(' ') && line != "```findings", "{}: {line}", rule.name);
        }
        let lines = |text: &str| text.lines().filter(|line| line.starts_with("```")).count();
        assert_eq!(lines(&text), lines(rule.docs), "{}", rule.name);
        assert_eq!(page::markdown(&text), text, "{}", rule.name);
    }
}

#[test]
fn a_page_is_drawn_for_80_columns_where_no_terminal_is() {
    let folder = Repository::folder();
    let one = slo(folder.path(), &["explain", "target-100"]).expect(0);
    assert_golden("explain.txt", &one.out);
    for rule in rules::all() {
        let ended = slo(folder.path(), &["explain", rule.name]).expect(0);
        assert_eq!((ended.out, ended.err), (drawn(rule, 80, false), String::new()));
    }
    let wide = Run::new(folder.path()).arguments(&["explain", "target-100"]);
    assert_eq!(wide.environment("COLUMNS", "160").end(), one, "no terminal, no columns");
    let colored = slo(folder.path(), &["explain", "target-100", "--color", "always"]).expect(0);
    assert_eq!(colored.out, drawn(rules::named("target-100").unwrap(), 80, true));
}

#[test]
fn several_rules_are_divided_and_a_family_is_told_in_short() {
    let folder = Repository::folder();
    let out =
        |arguments: &[&str]| slo(folder.path(), &[&["explain"], arguments].concat()).expect(0).out;
    let (first, second) = (out(&["target-100"]), out(&["no-alert"]));
    let line = "─".repeat(80);
    assert_eq!(out(&["target-100", "no-alert"]), format!("{first}\n{line}\n\n{second}"));
    let family = out(&["alerting"]);
    assert!(family.starts_with("alerting: "), "{family}");
    assert!(!family.contains("Why it matters"), "{family}");
    let family = family.split_whitespace().collect::<Vec<_>>().join(" ");
    for rule in rules::all() {
        assert_eq!(family.contains(rule.summary()), rule.family() == "alerting", "{}", rule.name);
    }
    let pages = out(&["alerting", "no-alert", "--format", "markdown"]);
    let titles = pages.lines().filter(|line| line.starts_with("# ")).count();
    assert_eq!(titles, rules::all().filter(|rule| rule.family() == "alerting").count());
}

#[test]
fn a_page_for_a_wiki_says_when_the_rule_is_on() {
    let folder = Repository::folder();
    let ended = slo(folder.path(), &["explain", "no-alert", "--format", "markdown"]).expect(0);
    let head = "# no-alert\n\nNo alert watches an SLO.\n\n*warning · set strict · family alerting · since 0.1.0 · for OpenSLO, Sloth, Pyrra, Grafana, Nobl9*\n\n## Why it matters\n";
    assert!(ended.out.starts_with(head), "{}", ended.out);
    assert!(ended.out.contains("\nBad, `slo/checkout.yaml`:\n\n```yaml\n"), "{}", ended.out);
    assert!(ended.out.contains("\nAnd `slo/alerts.yaml`:\n\n```yaml\n"), "{}", ended.out);
    assert!(ended.out.ends_with('\n') && !ended.out.ends_with("\n\n"));
}

#[test]
fn the_rules_stand_in_columns() {
    let folder = folder();
    let names = ["unstable-version", "missing-owner", "target-100", "no-alert"];
    let mut text = String::new();
    for more in [&[][..], &["--set", "recommended"], &["--rule", "target-100"]] {
        let arguments = [&["rules"], &names[..], more].concat();
        let ended = slo(folder.path(), &arguments).expect(0);
        assert_eq!(ended.err, "");
        text.push_str(&format!("$ slo {}\n{}\n", arguments.join(" "), ended.out));
    }
    assert_golden("rules.txt", &text);
    let all = slo(folder.path(), &["rules"]).expect(0).out;
    let last = all.lines().last().unwrap_or_default();
    let count = rules::all().count();
    assert!(last.ends_with(&format!("of {count} rules are on")), "{last}");
    for rule in rules::all() {
        assert!(all.contains(&format!("\n  {}", rule.name)), "{}", rule.name);
    }
    let family = slo(folder.path(), &["rules", "policy"]).expect(0).out;
    assert!(family.contains("no-data-unspecified") && !family.contains("target-100"), "{family}");
    assert_eq!(slo(folder.path(), &["rules", "--family", "policy"]).expect(0).out, family);
}

#[test]
fn columns_go_from_the_right_and_nothing_is_too_wide() {
    let place = |line| Place { path: "teams/決済/slo.toml".to_owned(), line };
    let entry = EntryRow {
        level: Some(LevelSetting::Off),
        paths: vec![
            "a/**".to_owned(),
            "teams/決済サービス/definitions/**/production/*.yaml".to_owned(),
        ],
        settings: Vec::new(),
        place: place(112),
    };
    let row = |rule: &'static Rule| RuleRow {
        card: card(rule),
        is_on: true,
        level: Some(rule.level),
        set_by: Setter::Set(place(7)),
        entries: vec![entry.clone()],
    };
    let rows: Vec<RuleRow> = rules::all().map(row).collect();
    let listed = |width: usize| {
        let mut text = Vec::new();
        let style = Style { color: false, width, unicode: true };
        catalog::list(&rows, &style, &mut text).expect("memory takes every byte");
        let text = String::from_utf8(text).expect("a list is UTF-8");
        for line in text.lines() {
            let columns = unicode_width::UnicodeWidthStr::width(line);
            // The names of rules are never cut.
            assert!(columns <= width.max(48), "{width}: {line}");
        }
        let head = text.lines().next().unwrap_or_default().split("  ");
        head.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(listed(180), ["rule", "level", "formats", "set by", "set", "reports"]);
    assert_eq!(listed(100), ["rule", "level", "formats", "set by", "set"]);
    assert_eq!(listed(80), ["rule", "level", "formats", "set by"]);
    assert_eq!(listed(60), ["rule", "level", "formats"]);
    assert_eq!(listed(40), ["rule", "level"]);
}

#[test]
fn what_is_off_is_faint() {
    let ended = slo(folder().path(), &["rules", "target-100", "--color", "always"]).expect(0);
    assert!(ended.out.contains("\u{1b}[2mtarget-100\u{1b}[0m"), "{}", ended.out);
    let on = slo(folder().path(), &["rules", "missing-owner", "--color", "always"]).expect(0);
    assert!(on.out.contains("  missing-owner  \u{1b}[1;31merror\u{1b}[0m"), "{}", on.out);
}

/// Returns the names of the fields that a definition of the schema describes, and those of a value.
fn fields(schema: &Value, definition: &str, value: &Value) -> [BTreeSet<String>; 2] {
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect();
    [keys(&schema["$defs"][definition]["properties"]), keys(value)]
}

#[test]
fn json_is_what_its_schema_says() {
    let described = include_str!("../../schemas/rules.json");
    let validator = schema(described);
    let described: Value = serde_json::from_str(described).unwrap();
    let folder = folder();
    let json = |arguments: &[&str], code| {
        let arguments = [arguments, &["--format", "json"]].concat();
        let document = slo(folder.path(), &arguments).expect(code).json();
        assert_valid(&validator, &document);
        document
    };
    let one = json(&["explain", "no-alert"], 0);
    let [known, written] = fields(&described, "page", &one["rule"]);
    assert_eq!(known, written);
    let rule = rules::named("no-alert").unwrap();
    assert_eq!(one["rule"]["page"], page::markdown(rule.docs));
    assert_eq!(one["rule"]["settings"], serde_json::json!(["alert-defaults"]));
    assert!(one["rule"]["docs"].as_str().unwrap().ends_with("/src/rules/alerting/no_alert.md"));
    let several = json(&["explain", "target-100", "alerting", "target-100"], 0);
    let names = several["rules"].as_array().unwrap().iter().map(|rule| &rule["name"]);
    let mut expected: Vec<&str> = vec!["target-100"];
    expected.extend(rules::all().filter(|rule| rule.family() == "alerting").map(|rule| rule.name));
    assert!(names.eq(expected), "{several}");

    let list = json(&["rules"], 0);
    let rows = list["rules"].as_array().unwrap();
    assert_eq!(rows.len(), rules::all().count());
    let [known, written] = fields(&described, "row", &rows[0]);
    assert_eq!(known, written);
    let row = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    let at = |line: u32| serde_json::json!({ "kind": "entry", "path": "slo.toml", "line": line });
    assert_eq!((&row("target-100")["on"], &row("target-100")["set_by"]), (&false.into(), &at(3)));
    assert_eq!(row("target-100")["effective_level"], Value::Null);
    assert_eq!(row("no-alert")["entries"][1]["settings"], serde_json::json!(["alert-defaults"]));
    assert_eq!(row("no-alert")["entries"][1]["paths"][1], "slo/決済/**");
    assert_eq!(row("missing-owner")["set_by"]["kind"], "set");
    let elsewhere = row("unstable-version");
    assert_eq!((&elsewhere["on"], &elsewhere["effective_level"]), (&true.into(), &Value::Null));
    let refused = json(&["explain", "no-alrt"], 2);
    assert_eq!(refused["error"]["message"], "there is no rule `no-alrt`");
    folder.write("slo.toml", "[rules]\nno-alrt = \"off\"\n");
    assert_eq!(json(&["rules"], 2)["error"]["line"], 2);
}

#[test]
fn a_report_for_code_scanning_shows_pages_without_marks() {
    let folder = Repository::folder();
    folder.write("slo/a.yaml", crate::command::SLO);
    let report = slo(folder.path(), &["lint", "--format", "sarif"]).expect(1).json();
    let rules = report["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(!rules.is_empty());
    for rule in rules {
        let page = rule["help"]["markdown"].as_str().unwrap();
        assert!(!page.contains("#~ ") && !page.contains("```yaml bad"), "{page}");
    }
}

#[test]
fn shells_complete_the_names_of_rules() {
    let folder = Repository::folder();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = slo(folder.path(), &["completions", shell]).expect(0).out;
        assert!(script.contains("markdown"), "{shell} completes what `--format` takes");
        // What PowerShell and Elvish are told holds no values.
        for rule in rules::all().filter(|_| ["bash", "zsh", "fish"].contains(&shell)) {
            assert!(script.contains(rule.name), "{shell}: {}", rule.name);
        }
    }
    let script = slo(folder.path(), &["completions", "bash"]).expect(0).out;
    let complete = "
COMP_WORDS=(slo explain target-1); COMP_CWORD=2; _slo slo target-1 explain; echo \"${COMPREPLY[*]}\"
COMP_WORDS=(slo lint --rule no-al); COMP_CWORD=3; _slo slo no-al --rule; echo \"${COMPREPLY[*]}\"
COMP_WORDS=(slo rules alertin); COMP_CWORD=2; _slo slo alertin rules; echo \"${COMPREPLY[*]}\"
";
    let arguments = ["-c", &format!("{script}{complete}")];
    let bash = std::process::Command::new("bash").args(arguments).output();
    let bash = bash.expect("bash completes what it is told");
    assert_eq!(String::from_utf8_lossy(&bash.stdout), "target-100\nno-alert\nalerting\n");
}
