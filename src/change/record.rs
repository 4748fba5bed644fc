//! What differs between the records of two trees.
//!
//! # Why
//!
//! A record has no name of its own: it is the same while it says the same thing about the same SLOs, so one of
//! which only the end or the reason differs has changed, and one for another tier is another. What has an id is
//! what it is called, whatever it says.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

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
        let (kind, record, texts, places) = match pair {
            Pair::Before(old) => {
                (ChangeKind::RecordRemoved, old, [Some(summary(old)), None], [Some(old.head), None])
            }
            Pair::After(new) => {
                (ChangeKind::RecordAdded, new, [None, Some(summary(new))], [None, Some(new.head)])
            }
            Pair::Both(old, new) if text(old) != text(new) => {
                let texts = differing(old, new).map(Some);
                (ChangeKind::RecordChanged, new, texts, [Some(old.head), Some(new.head)])
            }
            Pair::Both(..) => continue,
        };
        changes.push(change(kind, record, texts, places));
    }
}

fn change(
    kind: ChangeKind,
    record: &Record,
    [before, after]: [Option<String>; 2],
    [before_span, after_span]: [Option<Span>; 2],
) -> Change {
    Change {
        kind,
        object: record.kind,
        name: name(record),
        namespace: None,
        service: None,
        objective: None,
        alert: None,
        before,
        after,
        before_span,
        after_span,
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
        None if slos.is_empty() => record.kind.name().to_owned(),
        None => slos.join(", "),
    }
}

/// Returns what a record is and how long it holds, in short.
fn summary(record: &Record) -> String {
    let told = facts(record).into_iter();
    let told = told.filter(|(field, _)| ["from", "until", "date", "by"].contains(field));
    let parts: Vec<String> = told.map(|(field, value)| format!("{field} {value}")).collect();
    format!("{} {}", record.kind.name(), parts.join(", ")).trim_end().to_owned()
}

/// Returns what of two records differs, before and after.
fn differing(old: &Record, new: &Record) -> [String; 2] {
    let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (facts(old).into_iter().collect(), facts(new).into_iter().collect());
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let fields: BTreeSet<&&str> = old.keys().chain(new.keys()).collect();
    for field in fields {
        if old.get(*field) != new.get(*field) {
            let told = |value: Option<&String>| {
                value.map_or_else(|| format!("no {field}"), |value| format!("{field} {value}"))
            };
            before.push(told(old.get(*field)));
            after.push(told(new.get(*field)));
        }
    }
    [before, after].map(|parts| parts.join(", "))
}

/// Returns everything that a record says beside its kind: field and text.
fn facts(record: &Record) -> Vec<(&str, String)> {
    let texts = |texts: &[Spanned<String>]| {
        let texts: Vec<&str> = texts.iter().map(|text| text.value.as_str()).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    };
    let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    let instant = |at: &Option<Spanned<_>>| at.as_ref().map(|at| format!("{}", at.value));
    let known = [
        ("id", text(&record.id)),
        ("policy", text(&record.policy)),
        ("tier", text(&record.tier)),
        ("slos", texts(&record.slos)),
        ("paths", texts(&record.paths)),
        ("from", instant(&record.from)),
        ("until", instant(&record.until)),
        ("date", record.date.as_ref().map(|date| date.value.to_string())),
        ("by", text(&record.by)),
        ("reason", text(&record.reason)),
        ("evidence", texts(&record.evidence)),
    ];
    let known = known.into_iter().filter_map(|(field, value)| Some((field, value?)));
    known.chain(record.rest.iter().map(|(field, value)| (field.as_str(), value.clone()))).collect()
}

fn identity(record: &Record) -> impl Ord + use<> {
    let value = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    let is_called = record.id.is_some();
    let mut slos: Vec<String> = record.slos.iter().map(|slo| slo.value.clone()).collect();
    slos.retain(|_| !is_called);
    let from = record.from.as_ref().map(|from| from.value).filter(|_| !is_called);
    (record.kind, value(&record.id), value(&record.policy), value(&record.tier), slos, from)
}

fn text(record: &Record) -> String {
    serde_json::to_string(record).unwrap_or_default()
}
