//! Reports: one run, eight formats, each as its readers expect it.

use slo::report::Format;
use slo::report::Refusal;
use slo::report::Report;
use slo::report::Style;
use slo::report::render;
use slo::report::render_refusal;

mod machine;
mod markdown;
mod sample;
mod terminal;

use sample::Sample;
use sample::docs;

fn text(format: Format, report: &Report<'_>) -> String {
    let mut out = Vec::new();
    render(format, report, &Style::default(), &mut out).expect("memory takes every byte");
    String::from_utf8(out).expect("a report is UTF-8")
}

pub(crate) fn schema(text: &str) -> jsonschema::Validator {
    let schema = serde_json::from_str(text).expect("a schema is JSON");
    jsonschema::validator_for(&schema).expect("a schema compiles")
}

pub(crate) fn assert_valid(validator: &jsonschema::Validator, document: &serde_json::Value) {
    let errors: Vec<_> = validator
        .iter_errors(document)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
}

#[test]
fn json_is_what_its_schema_says() {
    let validator = schema(include_str!("../../schemas/report.json"));
    let sample = Sample::new();
    let written = text(Format::Json, &sample.report());
    assert!(written.ends_with("}\n"));
    let document: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_valid(&validator, &document);
    let finding = &document["findings"][0];
    assert_eq!(finding["rule"], "alert-can-never-fire");
    assert_eq!(finding["start"]["line"], 31);
    assert_eq!(finding["start"]["column"], 20);
    assert!(finding.get("fix").is_some_and(serde_json::Value::is_null));
    assert_eq!(document["budgets"][0]["remaining"], "0.31");
    assert_eq!(document["verdict"]["tiers"][0]["since"], "2026-11-17T14:00:00Z");
    let keys: Vec<_> = finding.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "rule",
            "level",
            "message",
            "path",
            "start",
            "end",
            "label",
            "labels",
            "help",
            "notes",
            "docs",
            "fix",
            "suppressed",
            "baselined"
        ]
    );
    let empty = Report::of_findings(&sample.sources, &[], docs);
    assert_valid(&validator, &serde_json::from_str(&text(Format::Json, &empty)).unwrap());
    let mut refused = Vec::new();
    let refusal = Refusal { message: "read `x`", path: None, line: None };
    render_refusal(refusal, &mut refused).unwrap();
    assert_valid(&validator, &serde_json::from_slice(&refused).unwrap());
}

#[test]
fn concise_is_one_line_a_finding_and_sends_nothing_active() {
    let sample = Sample::new();
    let mut findings = sample.findings.clone();
    findings[0].message = "a \x1b[2J\nb".into();
    let report = Report::of_findings(&sample.sources, &findings, docs);
    let written = text(Format::Concise, &report);
    assert_eq!(
        written.lines().next(),
        Some("slo/search.yaml:31:20: error[alert-can-never-fire] a \\u{1b}[2J\\nb")
    );
    assert_eq!(
        written.lines().count(),
        findings.iter().filter(|finding| !finding.is_accepted()).count()
    );
}
