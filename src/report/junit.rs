//! JUnit XML: one test case a finding, for CI systems that read nothing else.
//!
//! # Why
//!
//! Readers of JUnit refuse or hide a file without test cases, so a run without findings has one that
//! passes. An error or a warning is a failure; what is worth knowing is the output of a passing case.

use std::io;
use std::io::Write;

use crate::finding::Finding;
use crate::finding::Level;
use crate::report::Outcome;
use crate::report::Report;
use crate::report::VerdictView;
use crate::report::escape;
use crate::report::place::Place;
use crate::report::place::Places;

/// Writes a report as JUnit XML.
pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(report);
    let findings: Vec<&Finding> = report.shown().collect();
    let blocked = report.verdict.is_some_and(|verdict| verdict.outcome == Outcome::Block);
    let failures = report.count(Level::Error) + report.count(Level::Warning);
    let failures = failures + usize::from(blocked);
    let verdicts = usize::from(report.verdict.is_some());
    let tests = (findings.len() + verdicts).max(1);
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\"");
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"slo\" {counts}>")?;
    writeln!(out, "  <testsuite name=\"slo\" {counts}>")?;
    for finding in &findings {
        case(finding, places.of(finding.span), out)?;
    }
    if let Some(verdict) = report.verdict {
        verdict_case(verdict, out)?;
    }
    if findings.is_empty() && report.verdict.is_none() {
        writeln!(out, "    <testcase classname=\"slo\" name=\"nothing to report\"/>")?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn case(finding: &Finding, place: Place<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (path, message) = (xml(place.path), xml(&finding.message));
    let (line, column) = (place.start.line, place.start.column);
    let rule = xml(finding.rule);
    writeln!(
        out,
        "    <testcase classname=\"{path}\" name=\"{rule} at {line}:{column}\" file=\"{path}\" line=\"{line}\">"
    )?;
    let mut text = format!("{path}:{line}:{column}: {message}");
    if let Some(advice) = finding.advice() {
        text.push_str("\nhelp: ");
        text.push_str(&xml(advice));
    }
    match finding.level {
        Level::Info => writeln!(out, "      <system-out>{text}</system-out>")?,
        level => writeln!(
            out,
            "      <failure type=\"{}\" message=\"{message}\">{text}</failure>",
            level.name()
        )?,
    }
    writeln!(out, "    </testcase>")
}

fn verdict_case(verdict: &VerdictView, out: &mut dyn Write) -> io::Result<()> {
    let (headline, reason) = (xml(&verdict.headline), xml(&verdict.reason));
    writeln!(out, "    <testcase classname=\"slo\" name=\"gate\">")?;
    if verdict.outcome == Outcome::Block {
        writeln!(
            out,
            "      <failure type=\"{reason}\" message=\"{headline}\">{headline}</failure>"
        )?;
    } else {
        let words = verdict.outcome.words();
        writeln!(out, "      <system-out>{words}: {headline}</system-out>")?;
    }
    writeln!(out, "    </testcase>")
}

/// Escapes text for XML, in an attribute or between tags.
///
/// What is active is shown; the two characters that XML 1.0 has no way to write are dropped.
///
/// # Source
///
/// W3C, *Extensible Markup Language (XML) 1.0*, section 2.2, "Characters".
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in escape::line(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {}
            other => escaped.push(other),
        }
    }
    escaped
}
