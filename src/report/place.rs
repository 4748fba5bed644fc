//! Spans to paths, lines and columns.

use std::collections::BTreeMap;

use crate::report::Report;
use crate::source::LineIndex;
use crate::source::Position;
use crate::source::SourceId;
use crate::source::Sources;
use crate::source::Span;

/// A span as people name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The path from the root.
    pub(super) path: &'a str,
    /// Where it starts.
    pub(super) start: Position,
    /// Where it ends: the position behind its last character.
    pub(super) end: Position,
}

/// The lines of every file that a report points into, found once.
pub(super) struct Places<'a> {
    sources: &'a Sources,
    lines: BTreeMap<SourceId, LineIndex<'a>>,
}

impl<'a> Places<'a> {
    /// Finds the lines of the files that the findings of a report name.
    pub(super) fn new(report: &Report<'a>) -> Self {
        let mut lines = BTreeMap::new();
        let mut add = |span: Span| {
            lines
                .entry(span.source)
                .or_insert_with(|| LineIndex::new(&report.sources.file(span.source).text));
        };
        for finding in report.findings {
            add(finding.span);
            finding.labels.iter().for_each(|label| add(label.span));
            let edits = finding.fix.iter().flat_map(|fix| &fix.edits);
            edits.for_each(|edit| add(edit.span));
        }
        Self { sources: report.sources, lines }
    }

    /// Returns path, lines and columns of a span of the report.
    pub(super) fn of(&self, span: Span) -> Place<'a> {
        let lines = self.lines(span.source);
        Place {
            path: &self.sources.file(span.source).path,
            start: lines.position(span.start as usize),
            end: lines.position(span.end as usize),
        }
    }

    /// Returns the lines of a file that the report names.
    pub(super) fn lines(&self, source: SourceId) -> &LineIndex<'a> {
        self.lines.get(&source).expect("every file that a finding names was indexed")
    }
}
