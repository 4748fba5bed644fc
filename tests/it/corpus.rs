//! Real files, collected from public repositories: `SLO_CORPUS` names the folder that holds them.
//!
//! `MANIFEST.tsv` says of each file which dialect it is in and whether the tool that the dialect
//! belongs to accepts it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use slo::config::Config;
use slo::config::Files;
use slo::config::owners::CodeOwners;
use slo::dialect;
use slo::finding::Finding;
use slo::finding::Level;
use slo::finding::Safety;
use slo::lint;
use slo::lint::Choice;
use slo::lint::RuleSet;
use slo::lint::Tree;
use slo::rules;
use slo::rules::Facts;
use slo::rules::Set;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;
use slo::yaml;

use crate::command::NOW;
use crate::fixture;

mod reviewed;

/// Files about which we and the manifest differ, each with the reason.
const DIFFERENCES: &[(&str, &str)] = &[
    ("openslo/v1/examples/alert_policies.yaml", "its condition stands in another file"),
    ("openslo/v2alpha/examples/alert_policies.yaml", "its condition stands in another file"),
    ("openslo/v1/examples/services.yaml", "the example shows one service twice"),
    ("openslo/v2alpha/examples/services.yaml", "the example shows one service twice"),
    ("validate/bad/bad-openslo.yaml", "Sloth refuses any window but 30 days; 28 days are sound"),
    (
        "examples/plugin-k8s-getting-started.yml",
        "a resource has `pageAlert`; Sloth drops `page_alert`",
    ),
    ("test/inputs/dockertest/project.tmpl.yaml", "its braces make it a template"),
    ("validate/good/good-aa.yaml", "a file has `page_alert`; Sloth drops `pageAlert`"),
];

/// The dialects that are read, as the manifest calls them, and the families that they belong to.
const READ: [(&str, &str); 13] = [
    ("keptn", "Keptn"),
    ("nobl9", "Nobl9"),
    ("slo-generator", "slo-generator"),
    ("error-budget-policy", "slo-generator"),
    ("openslo", "OpenSLO"),
    ("sloth", "Sloth"),
    ("pyrra", "Pyrra"),
    ("datadog-json", "Datadog"),
    ("datadog-crd", "Datadog"),
    ("datadog-tf", "Datadog"),
    ("grafana-tf", "Grafana"),
    ("google-tf", "Google Cloud"),
    ("google-slo", "Google Cloud"),
];

/// Files of these dialects that are recognized as something else, each with the reason.
const UNRECOGNIZED: &[(&str, &str)] = &[
    ("crd-reference/analysisdefinition.md.block00.yaml", "a synopsis that is no YAML"),
    ("decode/multiline_double_quoted_description.yaml", "no YAML: a quoted text is not indented"),
    (
        "decode/multiline_double_quoted_description_square_bracket_array.yaml",
        "no YAML: a quoted text is not indented",
    ),
    ("OpenSLO/README.md.block00.yaml", "a synopsis: its kind is all kinds"),
    ("enhancements/v2alpha.md.block02.yaml", "a synopsis that is no YAML"),
    ("Expedia_SampleErrorBudgetPolicy.md", "a text for people"),
    ("fixtures/dummy_slo_config.json", "it has a `version` and no `apiVersion`"),
];

/// A file of the corpus.
pub(crate) struct File {
    pub(crate) path: String,
    dialect: String,
    valid: String,
    pub(crate) bytes: Vec<u8>,
}

/// Returns the folder of the corpus; nothing, with a line that says so, where it is not at hand.
pub(crate) fn root() -> Option<PathBuf> {
    let root = std::env::var_os("SLO_CORPUS").map(PathBuf::from);
    if root.is_none() {
        let mut out = std::io::stdout();
        let _ = std::io::Write::write_all(&mut out, b"skipped: SLO_CORPUS is not set\n");
    }
    root
}

/// Returns the files of the corpus.
pub(crate) fn corpus() -> Option<Vec<File>> {
    let root = root()?;
    let manifest = fs::read_to_string(root.join("MANIFEST.tsv")).unwrap();
    let files = manifest.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [path, dialect, _, _, _, valid, ..] = columns.as_slice() else {
            panic!("a line of the manifest has too few columns: {line}");
        };
        let bytes = fs::read(root.join(path));
        let bytes = bytes.unwrap_or_else(|error| panic!("the manifest names {path}: {error}"));
        let (path, dialect, valid) =
            ((*path).to_owned(), (*dialect).to_owned(), (*valid).to_owned());
        File { path, dialect, valid, bytes }
    });
    Some(files.collect())
}

/// Returns the family that a file should belong to; nothing where none is read.
fn family(file: &File) -> Option<&'static str> {
    let (_, family) = READ.iter().find(|(dialect, _)| *dialect == file.dialect)?;
    Some(family)
}

fn load(path: &str, bytes: &[u8]) -> Tree {
    lint::load(vec![Source::decode(path, bytes.to_vec(), Origin::Worktree)], &Files::default())
}

fn findings(tree: &Tree, set: Set) -> Vec<Finding> {
    let config = Config::default();
    let choice = Choice { set: Some(set), only: Vec::new() };
    let (rules, _) = RuleSet::new(&config.rules, &choice);
    let code_owners = CodeOwners::default();
    let facts = Facts::new(&config, &code_owners, NOW.parse().unwrap());
    lint::run(tree, &rules, &facts)
}

fn is_structural(finding: &Finding) -> bool {
    let family = rules::named(finding.rule).map_or("", rules::Rule::family);
    finding.level == Level::Error && matches!(family, "document" | "reference")
}

#[test]
fn what_the_makers_accept_has_no_error_of_structure_and_what_they_refuse_has_a_finding() {
    let Some(files) = corpus() else { return };
    let mut differences = Vec::new();
    let mut counts: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for file in files.iter().filter(|file| family(file).is_some()) {
        let tree = load(&file.path, &file.bytes);
        let mut found = findings(&tree, Set::Recommended);
        // The examples of Nobl9 show one object in many ways, under one name.
        let shows_variants = file.path.contains("nobl9-go/manifest/v1alpha/");
        found.retain(|finding| !shows_variants || finding.rule != "duplicate-object-name");
        let explained = DIFFERENCES.iter().any(|(path, _)| file.path.ends_with(path));
        let differs = match file.valid.as_str() {
            "yes" => found
                .iter()
                .find(|finding| is_structural(finding))
                .map(|finding| format!("{}: {}: {}", file.path, finding.rule, finding.message)),
            "no" if found.is_empty() => Some(format!("{}: nothing is found", file.path)),
            _ => None,
        };
        let [read, agreed, reasoned, unexplained] = counts.entry(&file.dialect).or_default();
        *read += 1;
        match (differs, explained) {
            (Some(difference), false) => {
                *unexplained += 1;
                differences.push(difference);
            }
            (None, true) => differences.push(format!("{}: differs no more", file.path)),
            (Some(_), true) => *reasoned += 1,
            (None, false) if ["yes", "no"].contains(&file.valid.as_str()) => *agreed += 1,
            (None, false) => {}
        }
    }
    let mut table = format!(
        "{:14} {:>6} {:>8} {:>9} {:>12}\n",
        "", "read", "agreed", "reasoned", "unexplained"
    );
    for (dialect, [read, agreed, reasoned, unexplained]) in &counts {
        let _ =
            writeln!(table, "{dialect:14} {read:>6} {agreed:>8} {reasoned:>9} {unexplained:>12}");
    }
    std::io::Write::write_all(&mut std::io::stdout(), table.as_bytes()).unwrap();
    let seen: usize = counts.values().map(|[read, ..]| read).sum();
    assert!(seen > 500, "the corpus holds {seen} files that are read");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_file_of_every_dialect_is_read_without_a_panic() {
    let Some(files) = corpus() else { return };
    for file in &files {
        let tree = load(&file.path, &file.bytes);
        let once = findings(&tree, Set::All);
        assert_eq!(once, findings(&tree, Set::All), "{}", file.path);
        let is_ours = file.dialect.contains("openslo") || file.dialect.contains("go-sdk");
        let is_silent = !dialect::is_worth_parsing(&file.bytes);
        if !is_ours && is_silent {
            assert_eq!(tree.catalog.objects().len(), 0, "{}", file.path);
        }
    }
}

#[test]
fn every_file_is_recognized_as_the_dialect_that_the_manifest_says() {
    let Some(files) = corpus() else { return };
    let (mut count, mut wrong) = (0, String::new());
    for file in files.iter().filter(|file| file.path.starts_with("files/")) {
        let source = Source::decode(&file.path, file.bytes.clone(), Origin::Worktree);
        let stream = yaml::parse(SourceId::default(), &source);
        let found = dialect::read(&stream).families;
        let meant: BTreeSet<&str> = family(file).into_iter().collect();
        let reason = UNRECOGNIZED.iter().find(|(path, _)| file.path.ends_with(path));
        if (found == meant) == reason.is_some() {
            let _ = writeln!(wrong, "{}: {meant:?} is {found:?}", file.path);
        }
        count += usize::from(found == meant);
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 600, "{count} files of the corpus are recognized");
}

#[test]
fn files_of_other_dialects_are_passed_over_without_a_word() {
    let Some(files) = corpus() else { return };
    let is_other = |file: &&File| family(file).is_none() && !file.dialect.starts_with("vectors:");
    let mut worth_parsing = 0;
    for file in files.iter().filter(is_other) {
        worth_parsing += usize::from(dialect::is_worth_parsing(&file.bytes));
        let tree = load(&file.path, &file.bytes);
        let found = findings(&tree, Set::All);
        assert!(found.is_empty() && tree.templates.is_empty(), "{}: {found:?}", file.path);
    }
    assert!(worth_parsing > 40, "rules of Prometheus are parsed; {worth_parsing} files are");
}

#[test]
fn rules_of_prometheus_are_read_and_nothing_is_said_about_their_form() {
    let Some(files) = corpus() else { return };
    let (mut alerts, mut records) = (0, 0);
    for file in files.iter().filter(|file| file.dialect == "prom-rules") {
        let tree = load(&file.path, &file.bytes);
        let rules = tree.catalog.rules();
        let is_read = dialect::is_worth_parsing(&file.bytes);
        assert!(is_read || rules.is_empty(), "{} holds rules and is passed over", file.path);
        alerts += rules.alerts.len();
        records += rules.records.len();
    }
    assert!(alerts > 100 && records > 300, "{alerts} alerts and {records} records");
}

/// What Sloth generates from its own examples fits them, and is found once where the target differs.
#[test]
fn what_sloth_generates_fits_the_target_it_was_generated_from() {
    let Some(files) = corpus() else { return };
    let path = "slok+sloth/examples/_gen/getting-started.yml";
    let rules = files.iter().find(|file| file.path.ends_with(path));
    let rules = rules.unwrap_or_else(|| panic!("the corpus lacks {path}"));
    for (target, expected) in [("0.999", 0), ("0.995", 1)] {
        let slo = format!(
            "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{ name: requests-availability }}\n\
             spec: {{ service: myservice, objectives: [{{ target: {target} }}] }}\n"
        );
        let tree = lint::load(
            vec![
                Source::from_text("slo.yaml", slo.as_str(), Origin::Worktree),
                Source::decode(rules.path.as_str(), rules.bytes.clone(), Origin::Worktree),
            ],
            &Files::default(),
        );
        let found = findings(&tree, Set::All);
        let drifts = found.iter().filter(|finding| finding.rule == "rule-constant-drift").count();
        assert_eq!(drifts, expected, "{target}");
    }
}

#[test]
fn a_fix_changes_the_bytes_of_its_spans_alone_and_leaves_a_file_that_parses() {
    let Some(files) = corpus() else { return };
    let mut fixed_files = 0;
    for file in &files {
        let tree = load(&file.path, &file.bytes);
        let found = findings(&tree, Set::All);
        for finding in found.iter().filter(|finding| finding.fix.is_some()) {
            let alone =
                lint::fix(&tree.sources, std::slice::from_ref(finding), Safety::Unsafe, |_| true);
            let [fixed] = alone.as_slice() else { panic!("{}: {finding:?}", file.path) };
            only_spans_differ(&tree, finding, &fixed.text, &file.path);
            parses(&fixed.text, &file.path);
            let again = load(&file.path, fixed.text.as_bytes());
            let same = |other: &&Finding| other.rule == finding.rule;
            let before = found.iter().filter(same).count();
            let remaining = findings(&again, Set::All);
            let after = remaining.iter().filter(same).count();
            assert!(after < before, "{}: the fix removes the finding: {finding:?}", file.path);
            adds_none(&found, &remaining, fixture::rule_changes_reading(finding.rule), &file.path);
        }
        let all = lint::fix(&tree.sources, &found, Safety::Unsafe, |_| true);
        fixed_files += all.len();
        for fixed in &all {
            parses(&fixed.text, &file.path);
            let remaining = findings(&load(&file.path, fixed.text.as_bytes()), Set::All);
            let mended = found.iter().filter(|finding| finding.fix.is_some());
            let mut rules = mended.map(|finding| finding.rule);
            adds_none(&found, &remaining, rules.any(fixture::rule_changes_reading), &file.path);
        }
    }
    println!("{fixed_files} files of the corpus have fixes");
}

/// Asserts that a fix adds no finding. What is read for the first time may be wrong in ways that
/// only its meaning shows.
fn adds_none(before: &[Finding], after: &[Finding], reads_more: bool, path: &str) {
    for added in after {
        let same = |other: &&Finding| other.rule == added.rule && other.message == added.message;
        let family = rules::named(added.rule).map_or("", rules::Rule::family);
        let is_new = after.iter().filter(same).count() > before.iter().filter(same).count();
        let is_meaning = reads_more && family != "document";
        assert!(!is_new || is_meaning, "{path}: a fix adds {}: {}", added.rule, added.message);
    }
}

/// Asserts that the text between the edits of a fix, and around them, is as it was.
fn only_spans_differ(tree: &Tree, finding: &Finding, fixed: &str, path: &str) {
    let before = &tree.sources.file(finding.span.source).text;
    let mut edits = finding.fix.as_ref().map(|fix| fix.edits.clone()).unwrap_or_default();
    edits.sort_by_key(|edit| edit.span.start);
    let (mut old, mut new) = (0, 0);
    for edit in &edits {
        let range = edit.span.range();
        let kept = range.start - old;
        assert_eq!(before[old..range.start], fixed[new..new + kept], "{path}: {finding:?}");
        new += kept;
        assert_eq!(fixed[new..new + edit.text.len()], edit.text, "{path}: {finding:?}");
        new += edit.text.len();
        old = range.end;
    }
    assert_eq!(before[old..], fixed[new..], "{path}: {finding:?}");
}

fn parses(text: &str, path: &str) {
    let source = Source::from_text(path, text, Origin::Worktree);
    let stream = yaml::parse(SourceId::default(), &source);
    let broken = stream.broken.is_empty();
    assert!(broken, "{path}: a fix breaks the file");
}
