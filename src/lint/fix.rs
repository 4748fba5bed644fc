//! Applies the fixes of findings to text.

use crate::finding::Finding;
use crate::finding::Safety;
use crate::source::Edit;
use crate::source::SourceId;
use crate::source::Sources;
use crate::source::apply;

/// A file with fixes applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The file.
    pub source: SourceId,
    /// Its new text.
    pub text: String,
    /// How many fixes were applied, counted in the file where each begins.
    pub applied: usize,
}

/// Applies every fix that is safe enough and does not touch the bytes of one before it.
///
/// The edits of one fix are applied all or none. Findings that a comment allows are left alone. What
/// could not be applied because it overlaps is found again by the next run.
pub fn fix(sources: &Sources, findings: &[Finding], highest: Safety) -> Vec<Fixed> {
    let mut taken: Vec<Edit> = Vec::new();
    let mut counts: Vec<SourceId> = Vec::new();
    for finding in findings.iter().filter(|finding| !finding.suppressed) {
        let Some(fix) = finding.fix.as_ref().filter(|fix| fix.safety <= highest) else {
            continue;
        };
        let free = |edit: &Edit| !taken.iter().any(|other| touches(edit, other));
        if fix.edits.is_empty() || !fix.edits.iter().all(free) {
            continue;
        }
        taken.extend(fix.edits.iter().cloned());
        counts.push(finding.span.source);
    }
    let touched = sources.iter().map(|(id, _)| id);
    touched
        .filter_map(|id| {
            let edits: Vec<Edit> =
                taken.iter().filter(|edit| edit.span.source == id).cloned().collect();
            if edits.is_empty() {
                return None;
            }
            let text = apply(&sources.file(id).text, &edits).ok()?;
            let applied = counts.iter().filter(|source| **source == id).count();
            Some(Fixed { source: id, text, applied })
        })
        .collect()
}

fn touches(left: &Edit, right: &Edit) -> bool {
    left.span.source == right.span.source
        && left.span.start <= right.span.end
        && right.span.start <= left.span.end
}
