//! What a run found and read, counted in one sentence.

use std::time::Duration;

use crate::finding::Level;
use crate::finding::Safety;
use crate::report::Report;
use crate::report::Style;
use crate::report::Summary;
use crate::report::layout::counted;
use crate::report::paint::Ink;
use crate::report::paint::paint;

/// Returns the last line of a run: what was found, in what, and what can be fixed.
pub(super) fn sentence(report: &Report<'_>, read: &Summary, style: &Style) -> String {
    let mut parts = vec![found(report, read, style)];
    // What is compared with another tree is not mended in one go.
    let is_mended = read.older.is_none();
    let safe = report.fixable(Safety::Safe);
    if safe > 0 && is_mended {
        let noun = if safe == 1 { "safe fix" } else { "safe fixes" };
        parts.push(format!("{safe} {noun} with --fix"));
    }
    let unsafe_fixes = report.fixable(Safety::Unsafe);
    if unsafe_fixes > 0 && is_mended {
        parts.push(format!("{unsafe_fixes} unsafe with --fix=unsafe"));
    }
    if read.baselined > 0 {
        parts.push(format!("{} in the baseline", read.baselined));
    }
    if let Some(older) = read.older.filter(|&older| older > 0) {
        parts.push(counted(older, "older finding"));
    }
    if let Some(templates) = report.templates_passed_over.filter(|&templates| templates > 0) {
        parts.push(format!("{} passed over", counted(templates, "template")));
    }
    parts.extend(read.elapsed.map(elapsed));
    parts.join(" · ")
}

/// Returns what was found in what: `2 errors and 1 warning in 14 SLOs (9 files: OpenSLO, Sloth)`.
pub(super) fn found(report: &Report<'_>, read: &Summary, style: &Style) -> String {
    let slos = counted(read.slos, "SLO");
    let counts = counts(report, style);
    if counts.is_empty() && read.slos == 0 {
        "no SLO found".to_owned()
    } else if counts.is_empty() {
        let what = if read.older.is_some() { "nothing new" } else { "nothing to report" };
        paint(style, Ink::Good, &format!("{slos}, {what}"))
    } else {
        let dialects = read.dialects.join(", ");
        let colon = if dialects.is_empty() { "" } else { ": " };
        let files = counted(read.files, "file");
        format!("{counts} in {slos} ({files}{colon}{dialects})")
    }
}

/// Returns how many findings there are of each level: `2 errors and 1 warning`; empty for none.
pub(super) fn counts(report: &Report<'_>, style: &Style) -> String {
    let nouns = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Info, "remark")];
    let mut counts: Vec<String> = nouns
        .into_iter()
        .map(|(level, noun)| (level, report.count(level), noun))
        .filter(|&(_, count, _)| count > 0)
        .map(|(level, count, noun)| paint(style, Ink::of(level), &counted(count, noun)))
        .collect();
    match (counts.pop(), counts.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} and {last}", counts.join(", ")),
    }
}

/// Returns a length of time for the end of a line: `12 ms`, `0.4 s`.
pub(super) fn elapsed(time: Duration) -> String {
    let milliseconds = time.as_millis();
    match milliseconds {
        0..100 => format!("{milliseconds} ms"),
        100..60_000 => {
            let tenths = (milliseconds + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds / 1000 % 60),
    }
}
