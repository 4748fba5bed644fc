//! Formats that programs read: SARIF, workflow commands, code quality, JUnit.

use slo::finding::Finding;
use slo::finding::Level;
use slo::report::Format;
use slo::report::Report;
use slo::source::Origin;
use slo::source::Source;
use slo::source::Sources;
use slo::source::Span;

use super::assert_valid;
use super::sample::Sample;
use super::sample::docs;
use super::sample::find;
use super::schema;
use super::text;

/// A file with a strange name and a strange finding.
fn strange() -> (Sources, Vec<Finding>) {
    let mut sources = Sources::new();
    let path = "slo/a b,c:名%\n.yaml";
    let file = sources.add(Source::from_text(path, "x: \u{1F600}z\ny: |\n  a\n", Origin::Worktree));
    let span = find(&sources, file, "z\ny");
    let mut finding = Finding::new(
        "some-rule",
        Level::Error,
        span,
        "100 % <b> \"&\" 'x'\r\n\x1b[31m\u{0}\u{ffff}",
    );
    finding.help("one\ntwo::three");
    (sources, vec![finding])
}

/// Returns the schema of the standard.
///
/// Its pattern for languages has a bracket too many and is no regular expression; nothing here
/// writes a language.
fn oasis() -> jsonschema::Validator {
    let text = include_str!("../../sarif/sarif-schema-2.1.0.json");
    let broken = "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$";
    assert!(text.contains(broken), "the workaround can go");
    schema(&text.replace(broken, "^[a-zA-Z]{2}"))
}

#[test]
fn sarif_is_what_oasis_says() {
    let validator = oasis();
    let sample = Sample::new();
    let log: serde_json::Value =
        serde_json::from_str(&text(Format::Sarif, &sample.report())).unwrap();
    assert_valid(&validator, &log);
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 4, "the rules that ran, and those of the other findings");
    assert_eq!(rules[0]["helpUri"], "https://example.com/rules/alert-can-never-fire");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startLine"], &region["startColumn"]), (&31.into(), &20.into()));
    assert_eq!(results[0]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 12);
    let replacement = &results[1]["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "code!~\"5..\"");
    assert_eq!(results[0]["suppressions"], serde_json::json!([]));
    assert_eq!(results[3]["suppressions"][0]["kind"], "inSource");
}

#[test]
fn sarif_counts_characters_and_encodes_paths() {
    let validator = oasis();
    let (sources, findings) = strange();
    let report = Report::of_findings(&sources, &findings, docs);
    let log: serde_json::Value = serde_json::from_str(&text(Format::Sarif, &report)).unwrap();
    assert_valid(&validator, &log);
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "slo/a%20b%2Cc%3A%E5%90%8D%25%0A.yaml");
    assert_eq!(place["region"]["startColumn"], 5, "an emoji is one character");
    assert_eq!(place["region"]["endLine"], 2);
    assert!(log["runs"][0]["results"][0].get("suppressions").is_none());
}

/// Returns the fingerprints of findings on each `- x` of a file.
fn fingerprints(file: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let id = sources.add(Source::from_text("a.yaml", file, Origin::Worktree));
    let finding = |(at, _)| Finding::new("r", Level::Error, Span::new(id, at, at + 3), "m");
    let findings: Vec<_> = file.match_indices("- x").map(finding).collect();
    let report = Report::of_findings(&sources, &findings, docs);
    let issues: serde_json::Value =
        serde_json::from_str(&text(Format::Gitlab, &report)).expect("it is JSON");
    let issues = issues.as_array().expect("it is a list").iter();
    issues.map(|issue| issue["fingerprint"].as_str().expect("it is text").to_owned()).collect()
}

#[test]
fn a_finding_keeps_its_fingerprint_when_lines_move() {
    let before = fingerprints("- x\n- x\n");
    assert_eq!(before.len(), 2);
    assert_ne!(before[0], before[1], "two findings on equal lines are two");
    assert_eq!(before, fingerprints("# new\n\n  - x\n# more\n  - x\n"));
    assert_ne!(before[0], fingerprints("- x2\n")[0]);
}

#[test]
fn workflow_commands_cannot_be_broken_out_of() {
    let (sources, findings) = strange();
    let report = Report::of_findings(&sources, &findings, docs);
    assert_eq!(
        text(Format::Github, &report),
        "::error file=slo/a b%2Cc%3A名%25%0A.yaml,line=1,endLine=2,title=some-rule::\
         100 %25 <b> \"&\" 'x'%0A\\u{1b}[31m\\u{0}\u{ffff}%0Ahelp: one%0Atwo::three\n"
    );
}

#[test]
fn ten_annotations_of_a_level_are_kept_and_the_last_counts_the_rest() {
    let mut sources = Sources::new();
    let id = sources.add(Source::from_text("a.yaml", "a: 1\n", Origin::Worktree));
    let finding = |level| Finding::new("r", level, Span::new(id, 0, 1), "m");
    let mut findings = vec![finding(Level::Info)];
    findings.extend((0..13).map(|_| finding(Level::Warning)));
    findings.push(finding(Level::Error));
    let written = text(Format::Github, &Report::of_findings(&sources, &findings, docs));
    let lines: Vec<_> = written.lines().collect();
    assert_eq!(lines.len(), 12);
    assert!(lines[0].starts_with("::error file=a.yaml,line=1,endLine=1,col=1,endColumn=2,"));
    assert!(lines[10].ends_with("::m%0A… and 3 more warnings"), "{}", lines[10]);
    assert!(lines[11].starts_with("::notice "));
}

#[test]
fn junit_is_well_formed_whatever_is_in_it() {
    let (sources, findings) = strange();
    let report = Report::of_findings(&sources, &findings, docs);
    let written = text(Format::Junit, &report);
    assert!(written.contains("message=\"100 % &lt;b&gt; &quot;&amp;&quot; &apos;x&apos;"));
    assert!(written.contains("tests=\"1\" failures=\"1\""));
    assert_well_formed(&written);
    let sample = Sample::new();
    assert_well_formed(&text(Format::Junit, &sample.report()));
    let empty = text(Format::Junit, &Report::of_findings(&sources, &[], docs));
    assert!(empty.contains("tests=\"1\" failures=\"0\""));
    assert_well_formed(&empty);
}

/// Checks that tags nest, that text holds no bare `<` or `&`, and that every character is one of XML.
fn assert_well_formed(text: &str) {
    let forbidden = |character: char| {
        character.is_control() && !"\n\r\t".contains(character)
            || "\u{fffe}\u{ffff}".contains(character)
    };
    assert!(!text.contains(forbidden), "{text}");
    let mut open: Vec<&str> = Vec::new();
    for part in text.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').expect("a tag ends");
        for reference in rest.split('&').skip(1).chain(tag.split('&').skip(1)) {
            let (name, _) = reference.split_once(';').expect("a reference ends");
            assert!(["amp", "lt", "gt", "quot", "apos"].contains(&name), "{name}");
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{text}");
        } else if !tag.ends_with(['/', '?']) {
            open.push(tag.split(' ').next().unwrap_or_default());
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
