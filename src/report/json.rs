//! The documented JSON: one document a run, described by `schemas/report.json`.
//!
//! Within a version fields are added, never renamed or removed. A value that is not known is
//! `null`, never left out; ratios are decimal strings, so that nothing is lost.

use std::io;
use std::io::Write;

use serde::Serialize;
use serde::Serializer;

use crate::finding::Finding;
use crate::finding::Fix;
use crate::finding::Level;
use crate::finding::Safety;
use crate::finding::Words;
use crate::quantity::Ratio;
use crate::report::BudgetRow;
use crate::report::ChangeRow;
use crate::report::Refusal;
use crate::report::Report;
use crate::report::VerdictView;
use crate::report::place::Places;
use crate::source::Position;
use crate::source::Span;

/// The version of the document.
const VERSION: u32 = 1;

/// Writes a report as JSON.
pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(report);
    let rows = report.budgets.iter().flat_map(|table| &table.rows);
    let document = Document {
        version: VERSION,
        findings: Findings { report, places: &places },
        changes: report.changes.unwrap_or_default().iter().map(change_view).collect(),
        budgets: rows.map(budget_view).collect(),
        verdict: report.verdict.map(verdict_view),
        templates_passed_over: report.templates_passed_over,
    };
    write(&document, out)
}

/// Writes why there is no report.
pub(super) fn render_refusal(refusal: Refusal<'_>, out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'a> {
        version: u32,
        error: Error<'a>,
    }
    #[derive(Serialize)]
    struct Error<'a> {
        message: &'a str,
        path: Option<&'a str>,
        line: Option<usize>,
    }
    let Refusal { message, path, line } = refusal;
    write(&Document { version: VERSION, error: Error { message, path, line } }, out)
}

fn write(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

/// The findings, each viewed when it is written: there may be a million.
struct Findings<'r, 'a> {
    report: &'r Report<'a>,
    places: &'r Places<'a>,
}

impl Serialize for Findings<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let findings = self.report.findings.iter();
        serializer
            .collect_seq(findings.map(|finding| finding_view(finding, self.report, self.places)))
    }
}

#[derive(Serialize)]
struct Document<'r, 'a> {
    version: u32,
    findings: Findings<'r, 'a>,
    changes: Vec<ChangeView<'a>>,
    budgets: Vec<BudgetView<'a>>,
    verdict: Option<VerdictDocument<'a>>,
    templates_passed_over: Option<usize>,
}

#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
    byte: u32,
}

#[derive(Serialize)]
struct FindingView<'a> {
    rule: &'a str,
    level: Level,
    message: &'a str,
    path: &'a str,
    start: Point,
    end: Point,
    label: Option<&'a str>,
    labels: Vec<LabelView<'a>>,
    help: Option<&'a str>,
    notes: &'a [Words],
    docs: String,
    fix: Option<FixView<'a>>,
    suppressed: bool,
    baselined: bool,
}

#[derive(Serialize)]
struct LabelView<'a> {
    path: &'a str,
    start: Point,
    end: Point,
    message: &'a str,
}

#[derive(Serialize)]
struct FixView<'a> {
    safety: Safety,
    title: &'a str,
    edits: Vec<EditView<'a>>,
}

#[derive(Serialize)]
struct EditView<'a> {
    path: &'a str,
    start: u32,
    end: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct ChangeView<'a> {
    kind: &'a str,
    slo: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
    path: &'a str,
    line: Option<usize>,
    effect: Option<&'a str>,
}

#[derive(Serialize)]
struct BudgetView<'a> {
    slo: &'a str,
    service: Option<&'a str>,
    method: &'a str,
    window: &'a str,
    target: &'a Ratio,
    state: &'a str,
    reason: Option<&'a str>,
    explanation: Option<&'a str>,
    indicator: Option<&'a Ratio>,
    good: Option<&'a Ratio>,
    valid: Option<&'a Ratio>,
    consumed: Option<&'a Ratio>,
    remaining: Option<&'a Ratio>,
    estimated: bool,
    burn_rates: serde_json::Map<String, serde_json::Value>,
    exhausted_at: Option<String>,
    coverage: Option<&'a Ratio>,
    observed_at: Option<String>,
    source: Option<&'a str>,
    with_change: Option<&'a str>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct VerdictDocument<'a> {
    outcome: &'a str,
    exit_code: u8,
    reason: &'a str,
    headline: &'a str,
    tiers: Vec<TierView<'a>>,
    exemptions: Vec<ExemptionView<'a>>,
    overrides: Vec<OverrideView<'a>>,
    notes: Vec<NoteView<'a>>,
    ways_on: &'a [String],
}

#[derive(Serialize)]
struct NoteView<'a> {
    label: &'a str,
    what: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct TierView<'a> {
    policy: &'a str,
    tier: &'a str,
    slo: &'a str,
    gate: &'a str,
    since: Option<String>,
    because: &'a str,
    opens: Option<String>,
    opens_because: Option<&'a str>,
}

#[derive(Serialize)]
struct ExemptionView<'a> {
    class: &'a str,
    commits: &'a [String],
    because: &'a str,
}

#[derive(Serialize)]
struct OverrideView<'a> {
    by: &'a str,
    reason: &'a str,
    until: Option<String>,
    path: &'a str,
}

fn instant(time: Option<jiff::Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}

fn points<'a>(span: Span, places: &Places<'a>) -> (&'a str, Point, Point) {
    let place = places.of(span);
    let point =
        |position: Position, byte| Point { line: position.line, column: position.column, byte };
    (place.path, point(place.start, span.start), point(place.end, span.end))
}

fn finding_view<'a>(
    finding: &'a Finding,
    report: &Report<'a>,
    places: &Places<'a>,
) -> FindingView<'a> {
    let (path, start, end) = points(finding.span, places);
    let labels = finding.labels.iter().map(|label| {
        let (path, start, end) = points(label.span, places);
        LabelView { path, start, end, message: &label.message }
    });
    FindingView {
        rule: finding.rule,
        level: finding.level,
        message: &finding.message,
        path,
        start,
        end,
        label: finding.label.as_deref(),
        labels: labels.collect(),
        help: finding.help.as_deref(),
        notes: &finding.notes,
        docs: (report.docs)(finding.rule),
        fix: finding.fix.as_ref().map(|fix| fix_view(fix, report)),
        suppressed: finding.suppressed,
        baselined: finding.baselined,
    }
}

fn fix_view<'a>(fix: &'a Fix, report: &Report<'a>) -> FixView<'a> {
    let edits = fix.edits.iter().map(|edit| EditView {
        path: &report.sources.file(edit.span.source).path,
        start: edit.span.start,
        end: edit.span.end,
        text: &edit.text,
    });
    FixView { safety: fix.safety, title: &fix.title, edits: edits.collect() }
}

fn change_view(change: &ChangeRow) -> ChangeView<'_> {
    ChangeView {
        kind: &change.kind,
        slo: &change.slo,
        before: change.before.as_deref(),
        after: change.after.as_deref(),
        path: &change.path,
        line: change.line,
        effect: change.effect.as_deref(),
    }
}

fn budget_view(row: &BudgetRow) -> BudgetView<'_> {
    let rates = row.burn_rates.iter().map(|(lookback, rate)| {
        let rate = rate.as_ref().map(ToString::to_string);
        (lookback.clone(), rate.into())
    });
    BudgetView {
        slo: &row.slo,
        service: row.service.as_deref(),
        method: &row.method,
        window: &row.window,
        target: &row.target,
        state: row.state.name(),
        reason: row.reason.as_deref(),
        explanation: row.explanation.as_deref(),
        indicator: row.indicator.as_ref(),
        good: row.good.as_ref(),
        valid: row.valid.as_ref(),
        consumed: row.consumed.as_ref(),
        remaining: row.remaining.as_ref(),
        estimated: row.estimated,
        burn_rates: rates.collect(),
        exhausted_at: instant(row.exhausted_at),
        coverage: row.coverage.as_ref(),
        observed_at: instant(row.observed_at),
        source: row.source.as_deref(),
        with_change: row.with_change.as_deref(),
        warnings: &row.warnings,
    }
}

fn verdict_view(verdict: &VerdictView) -> VerdictDocument<'_> {
    let tiers = verdict.tiers.iter().map(|tier| TierView {
        policy: &tier.policy,
        tier: &tier.tier,
        slo: &tier.slo,
        gate: &tier.gate,
        since: instant(tier.since),
        because: &tier.because,
        opens: instant(tier.opens),
        opens_because: tier.opens_because.as_deref(),
    });
    let exemptions = verdict.exemptions.iter().map(|exemption| ExemptionView {
        class: &exemption.class,
        commits: &exemption.commits,
        because: &exemption.because,
    });
    let overrides = verdict.overrides.iter().map(|given| OverrideView {
        by: &given.by,
        reason: &given.reason,
        until: instant(given.until),
        path: &given.path,
    });
    let notes = verdict.notes.iter();
    let notes = notes.map(|note| NoteView { label: &note.label, what: &note.what, why: &note.why });
    VerdictDocument {
        outcome: verdict.outcome.name(),
        exit_code: verdict.exit_code,
        reason: &verdict.reason,
        headline: &verdict.headline,
        tiers: tiers.collect(),
        exemptions: exemptions.collect(),
        overrides: overrides.collect(),
        notes: notes.collect(),
        ways_on: &verdict.ways_on,
    }
}
