//! Applies the fixes of findings to text.

use std::collections::BTreeMap;

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
/// The edits of one fix are applied all or none, also where they stand in several files. Findings that a
/// comment or the baseline accepts are left alone. What could not be applied because it overlaps is found again by the
/// next run.
///
/// * `may_change`: whether a file can be written; it is asked of the files that fixes touch.
pub fn fix(
    sources: &Sources,
    findings: &[Finding],
    highest: Safety,
    may_change: impl Fn(SourceId) -> bool,
) -> Vec<Fixed> {
    let mut files: BTreeMap<SourceId, Taken> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| !finding.is_accepted()) {
        let Some(fix) = finding.fix.as_ref().filter(|fix| fix.safety <= highest) else {
            continue;
        };
        let free = |edit: &Edit| {
            let taken = files.get(&edit.span.source);
            taken.is_none_or(|taken| taken.touched(edit.span.start, edit.span.end).is_none())
        };
        // Every file is asked about, so that whoever answers can name all that cannot be written.
        let closed = fix.edits.iter().filter(|edit| !may_change(edit.span.source)).count();
        if fix.edits.is_empty() || closed > 0 || !fix.edits.iter().all(free) {
            continue;
        }
        for edit in &fix.edits {
            files.entry(edit.span.source).or_default().take(edit.clone());
        }
        files.entry(finding.span.source).or_default().applied += 1;
    }
    let fixed = files.into_iter().filter(|(_, taken)| !taken.edits.is_empty());
    fixed
        .filter_map(|(source, taken)| {
            let text = apply(&sources.file(source).text, &taken.edits).ok()?;
            Some(Fixed { source, text, applied: taken.applied })
        })
        .collect()
}

/// The edits of one file that are to be applied.
#[derive(Default)]
struct Taken {
    edits: Vec<Edit>,
    /// The bytes that the edits touch, each stretch by its start: no two touch.
    stretches: BTreeMap<u32, u32>,
    /// How many fixes begin in the file.
    applied: usize,
}

impl Taken {
    fn take(&mut self, edit: Edit) {
        let (mut start, mut end) = (edit.span.start, edit.span.end);
        // The edits of one fix may touch each other.
        while let Some((first, last)) = self.touched(start, end) {
            self.stretches.remove(&first);
            (start, end) = (start.min(first), end.max(last));
        }
        self.stretches.insert(start, end);
        self.edits.push(edit);
    }

    /// Returns a stretch that shares a byte with another, or begins where it ends.
    fn touched(&self, start: u32, end: u32) -> Option<(u32, u32)> {
        let before = self.stretches.range(..=end).next_back();
        before.filter(|(_, last)| **last >= start).map(|(first, last)| (*first, *last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use crate::source::Origin;
    use crate::source::Source;
    use crate::source::Span;

    /// Applies fixes, each given by the ranges that it replaces and a letter to write there.
    fn applied(text: &str, list: &[(&[(usize, usize)], &str)]) -> Option<(String, usize)> {
        let mut sources = Sources::new();
        let id = sources.add(Source::from_text("slo.yaml", text, Origin::Worktree));
        let finding = |(ranges, letter): &(&[(usize, usize)], &str)| {
            let edit = |(start, end): &(usize, usize)| Edit {
                span: Span::new(id, *start, *end),
                text: (*letter).to_owned(),
            };
            let edits: Vec<Edit> = ranges.iter().map(edit).collect();
            let mut finding = Finding::new("rule", Level::Error, edits[0].span, "wrong");
            finding.safe_fix("mend it", edits);
            finding
        };
        let findings: Vec<Finding> = list.iter().map(finding).collect();
        let file = fix(&sources, &findings, Safety::Safe, |_| true).pop()?;
        Some((file.text, file.applied))
    }

    #[test]
    fn a_fix_that_touches_an_earlier_one_waits_as_a_whole() {
        let one = applied("abcdefgh", &[(&[(0, 1), (6, 7)], "X"), (&[(3, 4), (7, 8)], "Y")]);
        assert_eq!(one, Some(("XbcdefXh".to_owned(), 1)));
        let apart = applied("abcdefgh", &[(&[(6, 7)], "X"), (&[(2, 3)], "Y"), (&[(4, 5)], "Z")]);
        assert_eq!(apart, Some(("abYdZfXh".to_owned(), 3)));
        let around = applied("abcdefgh", &[(&[(2, 3)], "X"), (&[(5, 6)], "Y"), (&[(1, 8)], "Z")]);
        assert_eq!(around, Some(("abXdeYgh".to_owned(), 2)));
    }

    #[test]
    fn the_edits_of_one_fix_may_stand_side_by_side() {
        let one = applied("abcdefgh", &[(&[(2, 3), (4, 5), (3, 4)], "-"), (&[(5, 6)], "Y")]);
        assert_eq!(one, Some(("ab---fgh".to_owned(), 1)));
    }
}
