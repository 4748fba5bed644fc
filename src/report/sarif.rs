//! SARIF 2.1.0, for code scanning and every viewer of static analysis.
//!
//! Columns count Unicode scalar values, which the log declares. Paths are relative references
//! against the root, percent-encoded.
//!
//! # Why
//!
//! Code scanning keeps a finding's history by its fingerprint. Ours holds no line number, so that a
//! line inserted above closes no alert and opens none. Suppressed findings are results too, with
//! their suppression: without them an alert that was open would be closed as fixed. So are those of
//! the baseline, which is kept outside the file that it speaks of: their suppression is external, and
//! where there is one, every result says whether it is new.
//!
//! # Source
//!
//! OASIS, *Static Analysis Results Interchange Format (SARIF) Version 2.1.0*; GitHub Docs, "SARIF
//! support for code scanning", for the limits.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::config::baseline;
use crate::finding::Finding;
use crate::finding::Fix;
use crate::finding::Level;
use crate::report::Report;
use crate::report::RuleView;
use crate::report::escape;
use crate::report::fingerprint::Fingerprints;
use crate::report::page;
use crate::report::place::Place;
use crate::report::place::Places;
use crate::source::SourceId;

/// Where the schema of the format is published.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What paths are relative to.
const ROOT: &str = "SRCROOT";

/// The most results of one run that code scanning accepts.
const MAX_RESULTS: usize = 25_000;

/// The most related places of one result that are written.
const MAX_RELATED: usize = 100;

/// Writes the findings as one SARIF log with one run.
pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(report);
    let rules = rules(report);
    let indexes: BTreeMap<&str, usize> =
        rules.iter().enumerate().map(|(index, rule)| (rule.name, index)).collect();
    let suppressions = report.findings.iter().any(Finding::is_accepted);
    let has_baseline = report.findings.iter().any(|finding| finding.baselined);
    // A fingerprint tells of findings that agree which one it is, so those left out are counted.
    let mut fingerprints = Fingerprints::default();
    let named = report.findings.iter().map(|it| (it, fingerprints.next(it, &places)));
    let mut named: Vec<(&Finding, String)> = named.collect();
    let left_out = named.len().saturating_sub(MAX_RESULTS);
    if left_out > 0 {
        // What is accepted goes first, then the least grave, in the order in which they came.
        named.sort_by_key(|(finding, _)| (finding.is_accepted(), Reverse(finding.level)));
        named.truncate(MAX_RESULTS);
    }
    let mut results = Vec::with_capacity(named.len());
    for (finding, fingerprint) in named {
        let index = indexes.get(finding.rule).copied();
        let mut result = result(finding, index, &fingerprint, &places);
        if suppressions {
            insert(&mut result, "suppressions", accepted(finding));
        }
        if has_baseline {
            let state = if finding.baselined { "unchanged" } else { "new" };
            insert(&mut result, "baselineState", state.into());
        }
        results.push(result);
    }
    let run = run(report, &rules, &results, left_out);
    let log = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] });
    write(&log, out)
}

/// Returns what accepts a finding: nothing for one that is open.
fn accepted(finding: &Finding) -> Value {
    let mut given = Vec::new();
    if finding.suppressed {
        given.push(json!({ "kind": "inSource" }));
    }
    if finding.baselined {
        let justification = format!("{} holds it", baseline::FILE_NAME);
        given.push(json!({ "kind": "external", "justification": justification }));
    }
    given.into()
}

fn write(log: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, log)?;
    writeln!(out)
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(key.to_owned(), value);
    }
}

fn run(report: &Report<'_>, rules: &[RuleView<'_>], results: &[Value], left_out: usize) -> Value {
    let descriptors: Vec<Value> = rules.iter().map(|rule| descriptor(rule, report)).collect();
    let mut invocation = json!({ "executionSuccessful": true });
    if left_out > 0 {
        let text = format!("{left_out} results are left out: a run holds at most {MAX_RESULTS}");
        let notification = json!([{ "level": "warning", "message": { "text": text } }]);
        insert(&mut invocation, "toolExecutionNotifications", notification);
    }
    json!({
        "tool": {
            "driver": {
                "name": "slo",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": descriptors,
            },
        },
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            ROOT: { "description": { "text": "The root of the repository." } },
        },
        "results": results,
    })
}

/// Returns the rules that ran, and those of findings whose rule is not among them.
fn rules<'a>(report: &Report<'a>) -> Vec<RuleView<'a>> {
    let mut rules: Vec<RuleView<'a>> = report.rules.to_vec();
    for finding in report.findings {
        if !rules.iter().any(|rule| rule.name == finding.rule) {
            let (name, level) = (finding.rule, finding.level);
            rules.push(RuleView { name, level, summary: "", page: "" });
        }
    }
    rules
}

fn descriptor(rule: &RuleView<'_>, report: &Report<'_>) -> Value {
    let summary = if rule.summary.is_empty() { rule.name } else { rule.summary };
    let mut descriptor = json!({
        "id": rule.name,
        "name": pascal_case(rule.name),
        "shortDescription": { "text": summary },
        "helpUri": (report.docs)(rule.name),
        "defaultConfiguration": { "level": level(rule.level) },
    });
    if !rule.page.is_empty() {
        let help = json!({ "text": summary, "markdown": page::markdown(rule.page) });
        insert(&mut descriptor, "help", help);
    }
    descriptor
}

fn pascal_case(name: &str) -> String {
    let word = |word: &str| {
        let mut characters = word.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).collect::<String>()
    };
    name.split('-').map(word).collect()
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "note",
    }
}

fn result(finding: &Finding, rule: Option<usize>, fingerprint: &str, places: &Places<'_>) -> Value {
    let mut text = escape::line(&finding.message).into_owned();
    if let Some(advice) = finding.advice() {
        text.push_str("\nhelp: ");
        text.push_str(&escape::line(advice));
    }
    let mut primary = location(places.of(finding.span));
    if let Some(label) = &finding.label {
        annotate(&mut primary, label);
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.level),
        "message": { "text": text },
        "locations": [primary],
        "partialFingerprints": { "slo/v1": fingerprint },
    });
    if let Some(index) = rule {
        insert(&mut result, "ruleIndex", index.into());
    }
    let related: Vec<Value> = finding
        .labels
        .iter()
        .take(MAX_RELATED)
        .enumerate()
        .map(|(id, label)| {
            let mut location = location(places.of(label.span));
            insert(&mut location, "id", id.into());
            insert(&mut location, "message", json!({ "text": escape::line(&label.message) }));
            location
        })
        .collect();
    if !related.is_empty() {
        insert(&mut result, "relatedLocations", related.into());
    }
    if let Some(fix) = &finding.fix {
        insert(&mut result, "fixes", json!([fixed(fix, places)]));
    }
    result
}

/// Says what the place of a finding has to do with it, where viewers show it beside the code.
fn annotate(location: &mut Value, label: &str) {
    let region = location.pointer("/physicalLocation/region").cloned();
    if let Some(mut region) = region {
        insert(&mut region, "message", json!({ "text": escape::line(label) }));
        insert(location, "annotations", json!([region]));
    }
}

fn location(place: Place<'_>) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": artifact(place.path),
            "region": region(place),
        },
    })
}

fn artifact(path: &str) -> Value {
    json!({ "uri": escape::uri(path), "uriBaseId": ROOT })
}

fn region(place: Place<'_>) -> Value {
    json!({
        "startLine": place.start.line,
        "startColumn": place.start.column,
        "endLine": place.end.line,
        "endColumn": place.end.column,
    })
}

fn fixed(fix: &Fix, places: &Places<'_>) -> Value {
    let mut files: BTreeMap<SourceId, (&str, Vec<Value>)> = BTreeMap::new();
    for edit in &fix.edits {
        let place = places.of(edit.span);
        let replacement = json!({
            "deletedRegion": region(place),
            "insertedContent": { "text": edit.text },
        });
        files.entry(edit.span.source).or_insert((place.path, Vec::new())).1.push(replacement);
    }
    let changes = files
        .into_values()
        .map(|(path, edits)| json!({ "artifactLocation": artifact(path), "replacements": edits }));
    let description = format!("{} ({} fix)", fix.title, fix.safety.name());
    json!({
        "description": { "text": escape::line(&description) },
        "artifactChanges": changes.collect::<Vec<_>>(),
    })
}
