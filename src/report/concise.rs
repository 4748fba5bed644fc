//! One line a finding, for editors, `grep` and eyes in a hurry.
//!
//! Changes, budgets and the verdict take a line each as well.

use std::io;
use std::io::Write;

use crate::report::BudgetRow;
use crate::report::BudgetState;
use crate::report::Report;
use crate::report::escape::line;
use crate::report::layout::message;
use crate::report::place::Places;

/// Writes a report, one line a fact.
pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(report);
    for finding in report.shown() {
        let place = places.of(finding.span);
        writeln!(
            out,
            "{}:{}:{}: {}[{}] {}",
            line(place.path),
            place.start.line,
            place.start.column,
            finding.level.name(),
            finding.rule,
            line(&message(&finding.message)),
        )?;
    }
    for change in report.changes.unwrap_or_default() {
        let at = change.line.map(|line| format!(":{line}")).unwrap_or_default();
        let (path, kind, slo) = (line(&change.path), line(&change.kind), line(&change.slo));
        writeln!(out, "{path}{at}: change[{kind}] {slo}: {}", line(&change.drawn))?;
    }
    for row in report.budgets.iter().flat_map(|table| &table.rows) {
        writeln!(out, "{}", line(&budget(row)))?;
    }
    if let Some(verdict) = report.verdict {
        let (outcome, headline) = (verdict.outcome.words(), line(&verdict.headline));
        writeln!(out, "{outcome}[{}] {headline}", line(&verdict.reason))?;
    }
    Ok(())
}

fn budget(row: &BudgetRow) -> String {
    let service = row.service.as_deref().map(|name| format!("{name}/")).unwrap_or_default();
    let name = format!("{service}{}", row.slo);
    match (row.state, &row.remaining) {
        (BudgetState::Known, Some(remaining)) => {
            let about = if row.estimated { "about " } else { "" };
            let share = remaining.percent().fixed(1);
            format!("{name}: {about}{share} % left over {}", row.window)
        }
        (state, _) => {
            let why = row.explanation.as_deref().or(row.reason.as_deref());
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            format!("{name}: {}{why}", state.words())
        }
    }
}
