//! What a conversion has written, and what it has not.

use crate::model::Object;
use crate::model::Slo;
use crate::model::Text;
use crate::source::Span;
use crate::source::Spanned;
use crate::yaml::Node;

use super::Note;
use super::NoteKind;

/// Keys that say what an object is, and nothing about an SLO.
const HEADS: [&str; 5] = ["apiVersion", "kind", "version", "resource", "resource_name"];

/// What is written, by where it stood.
#[derive(Debug)]
pub(super) struct Ledger {
    carried: Vec<Span>,
    /// Whether those are in order, none within another.
    is_sorted: bool,
    notes: Vec<Note>,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { carried: Vec::new(), is_sorted: true, notes: Vec::new() }
    }

    /// Notes that what stands in a place is written.
    pub(super) fn carry(&mut self, place: Span) {
        self.carried.push(place);
        self.is_sorted = false;
    }

    /// Takes in what another has noted.
    pub(super) fn absorb(&mut self, mut other: Self) {
        self.carried.append(&mut other.carried);
        self.notes.append(&mut other.notes);
        self.is_sorted = false;
    }

    /// Notes that a value is written, and returns it.
    pub(super) fn take<'v, T>(&mut self, value: &'v Spanned<T>) -> &'v T {
        self.carry(value.span);
        &value.value
    }

    /// Says that something is written in another way.
    pub(super) fn change(&mut self, span: Span, text: String) {
        self.notes.push(Note { span, kind: NoteKind::Changed, text });
    }

    /// Says that an SLO is not written, and why.
    pub(super) fn refuse(&mut self, slo: &Slo, why: &str) {
        self.carry(slo.meta.span);
        let text = format!("`{}`: {why}", slo.meta.name());
        self.notes.push(Note { span: slo.meta.place(), kind: NoteKind::Refused, text });
    }

    /// Says that an object that is no SLO is not written.
    pub(super) fn leave_out(&mut self, object: &Object) {
        let meta = object.meta();
        self.carry(meta.span);
        let text = format!("`{}` `{}`", object.kind().name(), meta.name());
        self.notes.push(Note { span: meta.place(), kind: NoteKind::Dropped, text });
    }

    /// Says that a value cannot be written, and why.
    pub(super) fn drop(&mut self, span: Span, text: String) {
        self.carry(span);
        self.notes.push(Note { span, kind: NoteKind::Dropped, text });
    }

    /// Returns whether something in a place is written.
    pub(super) fn carries_part(&mut self, place: Span) -> bool {
        self.sort();
        let is_before =
            |carried: &Span| (carried.source, carried.end) <= (place.source, place.start);
        let next = self.carried.partition_point(is_before);
        let found = self.carried.get(next).filter(|carried| carried.source == place.source);
        found.is_some_and(|carried| carried.start < place.end)
    }

    /// Says what of a document is not written.
    ///
    /// * `documents`: all that are read, those within another before it.
    pub(super) fn account(&mut self, root: Node<'_>, documents: &[Span]) {
        self.sort();
        let mut dropped = Vec::new();
        self.visit(root, documents, &mut Vec::new(), &mut dropped);
        for (span, path) in dropped {
            let text = format!("`{path}` has no counterpart that is written");
            self.notes.push(Note { span, kind: NoteKind::Dropped, text });
        }
    }

    /// Returns what was noted, in the order of the file.
    pub(super) fn into_notes(mut self) -> Vec<Note> {
        self.notes.sort();
        self.notes.dedup();
        self.notes
    }

    /// Collects what of a node is not written; returns whether any of it is.
    ///
    /// * `path`: what leads there.
    fn visit(
        &self,
        node: Node<'_>,
        documents: &[Span],
        path: &mut Vec<String>,
        dropped: &mut Vec<(Span, String)>,
    ) -> bool {
        // What an alias brings is visited where it is written.
        if node.is_null() || !node.is_own() || self.is_carried(node.span()) {
            return true;
        }
        if node.scalar().is_some() {
            return holds_document(node.span(), documents);
        }
        let before = dropped.len();
        let (mut any, mut all) = (false, true);
        let entries = node.own_entries_behind(0).filter(|entry| {
            let key = entry.key.text().unwrap_or_default();
            !(path.is_empty() && HEADS.contains(&key))
        });
        let entries: Vec<(String, Node<'_>, Span)> = entries
            .map(|entry| {
                let key = entry.key.text().unwrap_or_default().to_owned();
                (key, entry.value, entry.key.span())
            })
            .collect();
        let items = node.items().enumerate();
        let items = items.map(|(index, item)| (format!("[{index}]"), item, item.place()));
        for (step, child, place) in entries.into_iter().chain(items) {
            path.push(step);
            if self.visit(child, documents, path, dropped) {
                any = true;
            } else {
                all = false;
                dropped.push((place, shown(path)));
            }
            path.pop();
        }
        // What is dropped whole is said once.
        if !any && !all {
            dropped.truncate(before);
        }
        any || all
    }

    fn is_carried(&self, place: Span) -> bool {
        let is_before = |carried: &Span| (carried.source, carried.end) < (place.source, place.end);
        let next = self.carried.partition_point(is_before);
        self.carried.get(next).is_some_and(|carried| carried.contains(place))
    }

    /// Brings the places into order, one for those that overlap.
    fn sort(&mut self) {
        if self.is_sorted {
            return;
        }
        self.carried.sort_unstable();
        let mut joined: Vec<Span> = Vec::with_capacity(self.carried.len());
        for span in &self.carried {
            match joined.last_mut() {
                Some(last) if last.source == span.source && span.start < last.end => {
                    *last = last.cover(*span);
                }
                _ => joined.push(*span),
            }
        }
        self.carried = joined;
        self.is_sorted = true;
    }
}

/// Returns whether a document stands in a text, and speaks for itself.
fn holds_document(text: Span, documents: &[Span]) -> bool {
    let first = documents.partition_point(|document| document.end <= text.start);
    documents.get(first).is_some_and(|document| text.contains(*document))
}

/// Returns the keys that lead to a value, such as `spec.objectives[0].op`.
fn shown(path: &[String]) -> String {
    let mut text = String::new();
    for step in path {
        if !text.is_empty() && !step.starts_with('[') {
            text.push('.');
        }
        text.push_str(step);
    }
    text
}

/// Returns the text of a field that the model does not know, such as a description.
pub(super) fn unmodeled<'a>(node: Option<Node<'a>>, paths: &[&[&str]]) -> Option<Spanned<Text>> {
    let found = |path: &&[&str]| {
        let mut at: Node<'a> = node?;
        for key in *path {
            at = at.given(key)?;
        }
        Some(Spanned::new(Text::from(at.text()?), at.span()))
    };
    paths.iter().find_map(found)
}
