//! Other tools' own cases: which of their mistakes are ours too, where we differ, and why.
//!
//! A page of `tests/fixtures/conformance` belongs to one tool. Its tables are run: a row is a mistake
//! made in a document of the page, a run of the program, a file of the corpus or a measurement. Where
//! the tool and we do not agree, the row gives a reason. The lists of cases that the tools keep stand
//! in the corpus, which `SLO_CORPUS` names; with it at hand, a case without a row fails.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::ToSpan;
use serde_json::Value;
use slo::config::Config;
use slo::config::Files;
use slo::config::owners::CodeOwners;
use slo::finding::Finding;
use slo::lint;
use slo::lint::Choice;
use slo::lint::RuleSet;
use slo::rules::Facts;
use slo::rules::Set;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;
use slo::yaml;

use crate::command::NOW;
use crate::command::slo;
use crate::corpus;
use crate::dialect;
use crate::fixture;
use crate::mutations;
use crate::repository::Repository;

const FOLDER: &str = "tests/fixtures/conformance";
const WHY: &str = "where we differ, and why";

/// The cells of a row by the heads of their columns.
type Row<'a> = BTreeMap<&'a str, &'a str>;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER).join(name);
    fs::read_to_string(path).expect("the page is there")
}

fn pages() -> Vec<(String, String)> {
    let name = |path: PathBuf| path.file_name().and_then(|name| name.to_str()).unwrap().to_owned();
    let names = fixture::markdown_below(FOLDER).into_iter().map(name);
    names.map(|name| (name.clone(), page(&name))).collect()
}

/// Returns the rows of the tables that have a column.
fn rows<'a>(page: &'a str, column: &str) -> Vec<Row<'a>> {
    let (mut rows, mut heads) = (Vec::new(), Vec::new());
    for line in page.lines() {
        let Some(line) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            heads.clear();
            continue;
        };
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if heads.is_empty() {
            heads = cells;
        } else if heads.contains(&column) && !cells[0].starts_with("---") {
            assert_eq!(heads.len(), cells.len(), "{line}");
            rows.push(heads.iter().copied().zip(cells).collect());
        }
    }
    rows
}

/// Returns what stands between backticks.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Says whether the other tool says something, and how the row begins.
fn says(row: &Row<'_>) -> bool {
    let (verdict, _) = row["there"].split_once(':').unwrap_or_default();
    assert!(["accepted", "warned", "refused"].contains(&verdict), "{row:?}");
    verdict != "accepted"
}

/// Returns the streams of documents of a page, by their headings.
fn documents(page: &str) -> BTreeMap<&str, Vec<Value>> {
    let sections = page.split("\n## ").skip(1);
    let documents = sections.filter_map(|section| {
        let (name, rest) = section.split_once('\n')?;
        let (_, rest) = rest.split_once("```yaml\n")?;
        let (text, _) = rest.split_once("```")?;
        let source = Source::from_text("base.yaml", text, Origin::Worktree);
        let stream = yaml::parse(SourceId::default(), &source);
        assert!(stream.broken.is_empty(), "{name}");
        let objects = stream.documents.iter();
        Some((name, objects.map(|document| mutations::json_of(document.root())).collect()))
    });
    documents.collect()
}

/// Makes the changes of a row, each in the object whose kind it begins with, or else in the SLO.
fn changed(documents: &[Value], changes: &str) -> Vec<Value> {
    let mut documents = documents.to_vec();
    let changes = changes.strip_prefix('`').and_then(|changes| changes.strip_suffix('`'));
    for change in changes.unwrap_or_default().split("; ").filter(|change| !change.is_empty()) {
        let (first, rest) = change.split_once('.').unwrap_or(("", change));
        let place = |kind: &str| documents.iter().position(|object| object["kind"] == kind);
        let (place, change) = match place(first) {
            Some(place) => (place, rest),
            None => (place("SLO").unwrap_or_default(), change),
        };
        dialect::change(&mut documents[place], change);
    }
    documents
}

fn text(documents: &[Value]) -> String {
    documents.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n") + "\n"
}

fn findings(sources: Vec<Source>, set: Set) -> Vec<Finding> {
    let config = Config::default();
    let (rules, _) = RuleSet::new(&config.rules, &Choice { set: Some(set), only: Vec::new() });
    let code_owners = CodeOwners::default();
    let facts = Facts::new(&config, &code_owners, NOW.parse().unwrap());
    lint::run(&lint::load(sources, &Files::default()), &rules, &facts)
}

fn of_text(text: &str, set: Set) -> Vec<Finding> {
    findings(vec![Source::from_text("slo.yaml", text, Origin::Worktree)], set)
}

/// Compares what a row expects with what is found; says what is wrong.
fn compare(row: &Row<'_>, recommended: &[Finding], strict: impl Fn() -> Vec<Finding>) -> String {
    let mut found: Vec<&str> = recommended.iter().map(|finding| finding.rule).collect();
    found.sort_unstable();
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    let expected = row["reported"];
    let strictly = expected.strip_prefix("strict: ");
    let is_right = match strictly {
        Some(rule) => found == "nothing" && strict().iter().any(|finding| finding.rule == rule),
        None => found == expected,
    };
    let mut wrong = String::new();
    if !is_right {
        let _ = write!(wrong, "\n{}: {found}, not {expected}", row["there"]);
        for finding in recommended {
            let _ = write!(wrong, "\n    {}: {}", finding.rule, finding.message);
        }
    }
    wrong
}

/// Says which row lacks a reason: we are silent and the other tool is not, or the other way round.
fn unexplained(row: &Row<'_>) -> String {
    let reported = row["reported"];
    let differs = match reported {
        "not here" => true,
        "nothing" => says(row),
        _ => !says(row),
    };
    if differs && row[WHY].is_empty() {
        return format!("\n{}: {reported}: a reason is missing", row["there"]);
    }
    String::new()
}

#[test]
fn mistakes_that_other_tools_know_are_found_or_explained() {
    let (mut wrong, mut seen) = (String::new(), 0);
    for (name, page) in pages() {
        let documents = documents(&page);
        for (document, objects) in &documents {
            for finding in of_text(&text(objects), Set::Recommended) {
                let _ = write!(wrong, "\n{name}: {document} is not sound: {}", finding.message);
            }
        }
        for row in rows(&page, "change") {
            seen += 1;
            let mut faults = unexplained(&row);
            let is_run = row["reported"] != "not here";
            assert_eq!(is_run, row["document"] != "-", "{name}: {row:?}");
            if is_run {
                let text = text(&changed(&documents[row["document"]], row["change"]));
                let strict = || of_text(&text, Set::Strict);
                faults += &compare(&row, &of_text(&text, Set::Recommended), strict);
            }
            if !faults.is_empty() {
                let _ = write!(wrong, "\n{name}: {}: {}{faults}", row["no."], row["change"]);
            }
        }
    }
    assert!(seen > 150, "{seen} rows");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn cases_below_the_tables_hold() {
    fixture::check_files(&fixture::markdown_below(FOLDER));
}

#[test]
fn what_sloth_is_run_on_ends_as_it_does_or_is_explained() {
    let page = page("sloth.md");
    let documents = documents(&page);
    let folder = Repository::folder();
    for (name, document, target, twice) in [
        ("aa", "events", "`spec.objectives.0.target = 1.01`", "openslo"),
        ("ab", "own", "`slos.0.objective = 101`", "prom"),
        ("ba", "resource", "`spec.slos.0.objective = 101`", "k8s"),
    ] {
        let sound = &documents[document];
        folder.write(&format!("good/good-{name}.yaml"), text(sound));
        folder.write(&format!("bad/bad-{name}.yaml"), text(&changed(sound, target)));
        folder.write(&format!("twice/{twice}/one.yaml"), text(sound));
        folder.write(&format!("twice/{twice}/two.yaml"), text(sound));
    }
    let own = &documents["own"];
    folder.write("twice-in-one.yaml", text(&[own.as_slice(), own].concat()));
    let mut seen = 0;
    for row in rows(&page, "slo.toml") {
        seen += 1;
        let (code_there, cell) = (i32::from(says(&row)), row["exit code"]);
        let config = code(row["slo.toml"]).collect::<String>().replace("] ", "]\n");
        folder.write("slo.toml", config);
        let paths = code(row["arguments"]).flat_map(str::split_whitespace);
        let arguments: Vec<&str> = ["lint"].into_iter().chain(paths).collect();
        let ended = slo(folder.path(), &arguments);
        assert_eq!(ended.code.unwrap().to_string(), cell, "{row:?}\n{}{}", ended.out, ended.err);
        let is_explained = code_there.to_string() == cell || !row[WHY].is_empty();
        assert!(is_explained, "{row:?}");
    }
    assert_eq!(seen, 13);
}

#[test]
fn a_report_without_data_is_a_budget_without_data() {
    let page = page("slo-generator.md");
    let folder = Repository::folder();
    folder.write("slo.yaml", text(&documents(&page)["slo"]));
    folder.write("slo.toml", "[backend.recorded]\ntype = \"recorded\"\npath = \"recorded.csv\"\n");
    let mut seen = 0;
    for row in rows(&page, "state") {
        seen += 1;
        let mut recorded = "slo,start,seconds,good,valid\n".to_owned();
        let (good, valid) = (row["good"], row["valid"]);
        for hour in (0..28 * 24).filter(|_| good != "-") {
            let start = "2026-10-25T09:00:00Z".parse::<Timestamp>().unwrap() + hour.hours();
            let (good, valid) = if hour == 0 { (good, valid) } else { ("0", "0") };
            let _ = writeln!(recorded, "pilots,{start},3600,{good},{valid}");
        }
        folder.write("recorded.csv", recorded);
        let ended = slo(folder.path(), &["budget", "--now", NOW, "--format", "json"]);
        let state = match ended.code {
            Some(0) => ended.json()["budgets"][0]["state"].clone(),
            _ => Value::from("-"),
        };
        assert_eq!(state, row["state"], "{row:?}\n{}{}", ended.out, ended.err);
        let is_explained = says(&row) != (state == "known") || !row[WHY].is_empty();
        assert!(is_explained, "{row:?}");
    }
    assert!(seen > 10, "{seen} rows");
}

/// Returns the folder of a tool in the corpus, where that is at hand.
fn corpus(tool: &str) -> Option<PathBuf> {
    Some(corpus::root()?.join("vectors").join(tool))
}

/// Asserts that the rows of a table are the cases of a list, each by its number.
///
/// What stands between backticks in a row stands in its case, so a list with other cases, or with
/// the same in another order, is noticed.
fn each_case_has_a_row(page: &str, column: &str, cases: &[Value], is_refused: fn(&Value) -> bool) {
    let mut numbers = BTreeSet::new();
    for row in rows(page, column) {
        let Ok(number) = row["no."].parse::<usize>() else { continue };
        let case = cases.get(number - 1).unwrap_or_else(|| panic!("{number} is no case: {row:?}"));
        let (verdict, _) = row["there"].split_once(':').unwrap();
        assert_eq!(is_refused(case), verdict == "refused", "{row:?}: {case}");
        let said = case.to_string().replace("\\\\", "\\").replace("\\\"", "\"");
        for word in code(row["there"]) {
            assert!(said.contains(word), "{number}: `{word}` is not of {said}");
        }
        numbers.insert(number);
    }
    let missing: Vec<usize> = (1..=cases.len()).filter(|one| !numbers.contains(one)).collect();
    assert!(missing.is_empty(), "cases without a row: {missing:?}");
}

fn cases(folder: &Path, file: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn each_case_of_each_list_has_a_row() {
    let list = |tool: &str, file: &str| Some(cases(&corpus(tool)?, file));
    let fails = |case: &Value| !case["expected_error"].is_null();
    for (tool, name) in [("sloth", "sloth.md"), ("pyrra", "pyrra.md")] {
        let Some(listed) = list(tool, "validation_expected.json") else { return };
        each_case_has_a_row(&page(name), "change", &listed, fails);
    }
    let Some(listed) = list("sloth", "validate_cli_expected.json") else { return };
    each_case_has_a_row(&page("sloth.md"), "slo.toml", &listed, |case| case["error"] == true);
    let Some(listed) = list("slo-generator", "report_expected.json") else { return };
    let is_invalid = |case: &Value| case["asserts"].to_string().contains("assertFalse");
    each_case_has_a_row(&page("slo-generator.md"), "state", &listed, is_invalid);
}

#[test]
fn each_file_that_sloth_generates_from_has_a_row() {
    let Some(sloth) = corpus("sloth") else { return };
    let page = page("sloth.md");
    let files = rows(&page, "file");
    for case in cases(&sloth, "generate_cli_expected.json") {
        let arguments = case["args"].as_str().unwrap();
        let input = arguments.split_whitespace().find_map(|word| word.strip_prefix("./testdata/"));
        let input = input.unwrap_or_else(|| panic!("{arguments} names no file"));
        let row = files.iter().find(|row| row["file"] == input);
        let row = row.unwrap_or_else(|| panic!("{input} has no row"));
        assert_eq!(case["error"] == true, says(row), "{case}: {row:?}");
    }
}

/// Returns the files below a folder, or the file that it is, in order.
fn files_below(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| files_below(path)).collect()
}

/// Lints the files that the rows of a page name, and asserts that no file is forgotten.
fn each_file_has_a_row(page: &str, root: &Path) {
    let (mut wrong, mut named) = (String::new(), BTreeSet::new());
    for row in rows(page, "file") {
        let paths = files_below(&root.join(row["file"]));
        wrong += &unexplained(&row);
        named.extend(paths.iter().cloned());
        let source = |path: &PathBuf| {
            let bytes = fs::read(path).unwrap_or_else(|_| panic!("{} is gone", path.display()));
            Source::decode(path.display().to_string(), bytes, Origin::Worktree)
        };
        let sources: Vec<Source> = paths.iter().map(source).collect();
        let strict = || findings(sources.clone(), Set::Strict);
        let faults = compare(&row, &findings(sources.clone(), Set::Recommended), strict);
        if !faults.is_empty() {
            let _ = write!(wrong, "\n{}{faults}", row["file"]);
        }
    }
    let is_input = |path: &PathBuf| path.extension().is_some_and(|end| end != "tpl");
    for path in files_below(root).into_iter().filter(is_input) {
        if !named.contains(&path) {
            let _ = write!(wrong, "\n{} has no row", path.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn each_file_that_a_tool_is_tested_with_has_a_row() {
    let (Some(sloth), Some(sloctl)) = (corpus("sloth"), corpus("sloctl")) else { return };
    let data = sloth.join("test/integration/prometheus/testdata");
    each_file_has_a_row(&page("sloth.md"), &data);
    each_file_has_a_row(&page("sloctl.md"), &sloctl.join("test/inputs"));
}

#[test]
fn each_script_of_pint_has_a_row() {
    let page = page("pint.md");
    let mut numbers = BTreeSet::new();
    for row in rows(&page, "scripts") {
        let case = row["case below"];
        let is_there = case == "-" || page.contains(&format!("\n## {case}\n"));
        assert!(is_there, "{row:?}");
        assert!(case != "-" || !row[WHY].is_empty(), "{row:?}");
        for range in row["scripts"].split_whitespace() {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last) = (first.parse::<u32>().unwrap(), last.parse::<u32>().unwrap());
            for number in first..=last {
                assert!(numbers.insert(number), "{number} stands in two rows");
            }
        }
    }
    let Some(pint) = corpus("pint") else { return };
    let number = |path: PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap();
        name.split('_').next().unwrap().parse::<u32>().unwrap()
    };
    let scripts: BTreeSet<u32> = files_below(&pint).into_iter().map(number).collect();
    let missing: Vec<&u32> = scripts.difference(&numbers).collect();
    assert!(missing.is_empty(), "scripts without a row: {missing:?}");
    let invented: Vec<&u32> = numbers.difference(&scripts).collect();
    assert!(invented.is_empty(), "rows without a script: {invented:?}");
}

#[test]
fn text_that_is_no_utf_8_is_a_finding_wherever_it_stands() {
    for text in ["labels: {crew: \"?\"}", "labels: {\"?\": x}", "annotations: {a: \"?\"}"] {
        let text = format!(
            "apiVersion: openslo/v1\nkind: Service\nmetadata: {{name: quay, {text}}}\nspec: {{}}\n"
        );
        let bytes = text.into_bytes();
        let broken = bytes.iter().flat_map(|byte| match byte {
            b'?' => vec![0xc3, 0x28],
            other => vec![*other],
        });
        let source = Source::decode("slo.yaml", broken.collect(), Origin::Worktree);
        let found = findings(vec![source], Set::Recommended);
        let rules: Vec<&str> = found.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, ["yaml-parse-error"]);
    }
}
