//! What differs between the records of two trees.
//!
//! # Why
//!
//! A record has no name of its own: it is the same while it says the same thing about the same SLOs, so one of
//! which only the end or the reason differs has changed, and one for another tier is another.

use crate::model::Record;
use crate::source::Span;
use crate::source::Spanned;

use super::Change;
use super::ChangeKind;
use super::Placed;
use super::pair::Pair;
use super::pair::Pairing;
use super::pair::Side;

/// Lists records that came, went or changed.
pub(super) fn compare(before: Placed<'_>, after: Placed<'_>, changes: &mut Vec<Change>) {
    let old: Vec<&Record> = before.0.records().iter().collect();
    let new: Vec<&Record> = after.0.records().iter().collect();
    if old.is_empty() && new.is_empty() {
        return;
    }
    let path = |record: &&Record, side: Side| {
        let (_, sources) = if side == Side::Before { before } else { after };
        sources.file(record.span.source).path.as_str()
    };
    let pairs = Pairing::new(old, new)
        .by_and_path(|record, _| Some(identity(record)), |record, _| text(record), path)
        .finish();
    for pair in pairs {
        let (kind, record, places) = match pair {
            Pair::Before(old) => (ChangeKind::RecordRemoved, old, [Some(old.head), None]),
            Pair::After(new) => (ChangeKind::RecordAdded, new, [None, Some(new.head)]),
            Pair::Both(old, new) if text(old) != text(new) => {
                (ChangeKind::RecordChanged, new, [Some(old.head), Some(new.head)])
            }
            Pair::Both(..) => continue,
        };
        changes.push(change(kind, record, places));
    }
}

fn change(kind: ChangeKind, record: &Record, [before, after]: [Option<Span>; 2]) -> Change {
    Change {
        kind,
        object: record.kind,
        name: name(record),
        namespace: None,
        service: None,
        objective: None,
        alert: None,
        before: before.map(|_| record.kind.name().to_owned()),
        after: after.map(|_| record.kind.name().to_owned()),
        before_span: before,
        after_span: after,
        effect: None,
    }
}

/// Returns what a record is about, in short.
fn name(record: &Record) -> String {
    let what = record.id.as_ref().or(record.tier.as_ref());
    let slos: Vec<&str> = record.slos.iter().map(|slo| slo.value.as_str()).collect();
    match what {
        Some(what) if slos.is_empty() => what.value.clone(),
        Some(what) => format!("{} of {}", what.value, slos.join(", ")),
        None => slos.join(", "),
    }
}

fn identity(record: &Record) -> impl Ord + use<> {
    let value = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    let slos: Vec<String> = record.slos.iter().map(|slo| slo.value.clone()).collect();
    let from = record.from.as_ref().map(|from| from.value);
    (record.kind, value(&record.id), value(&record.policy), value(&record.tier), slos, from)
}

fn text(record: &Record) -> String {
    serde_json::to_string(record).unwrap_or_default()
}
