//! GitLab's code quality report: what a merge request shows beside its changes.
//!
//! # Source
//!
//! GitLab Docs, "Code Quality", "Code Quality report format": the path is relative without `./`, and
//! the fingerprint names a finding across runs.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::finding::Finding;
use crate::finding::Level;
use crate::report::Report;
use crate::report::escape::line;
use crate::report::fingerprint::Fingerprints;
use crate::report::place::Places;

/// Writes the findings as a code quality report.
pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(report);
    let mut fingerprints = Fingerprints::default();
    let issues = report.shown().map(|finding| issue(finding, &mut fingerprints, &places));
    serde_json::to_writer_pretty(&mut *out, &issues.collect::<Vec<_>>())?;
    writeln!(out)
}

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

fn issue<'a>(
    finding: &'a Finding,
    fingerprints: &mut Fingerprints,
    places: &Places<'a>,
) -> Issue<'a> {
    let place = places.of(finding.span);
    let severity = match finding.level {
        Level::Error => "major",
        Level::Warning => "minor",
        Level::Info => "info",
    };
    // The widget of a merge request shows one line of each.
    let advice = finding.advice().map(|advice| format!("; {}", line(advice))).unwrap_or_default();
    let description = format!("{}{advice}", line(&finding.message));
    Issue {
        description,
        check_name: finding.rule,
        fingerprint: fingerprints.next(finding, places),
        severity,
        location: Location {
            path: place.path,
            lines: Lines { begin: place.start.line, end: place.end.line },
        },
    }
}
