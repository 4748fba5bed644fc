//! One row of the difference.

use std::collections::HashMap;

use crate::change::Amount;
use crate::change::Change;
use crate::change::ChangeKind;
use crate::change::Effect;
use crate::quantity::Ratio;
use crate::report::ChangeRow;
use crate::source::LineIndex;
use crate::source::SourceId;
use crate::source::Sources;
use crate::source::Span;

use super::percent;

/// Returns the rows of changes; each points at the place after the change, where there is one.
pub fn change_rows<'a>(
    changes: impl Iterator<Item = &'a Change>,
    before: &Sources,
    after: &Sources,
) -> Vec<ChangeRow> {
    let (mut before, mut after) = (Places::new(before), Places::new(after));
    changes.map(|change| change_row(change, &mut before, &mut after)).collect()
}

/// The lines of files, found once for each file: a change may touch thousands of SLOs in one.
struct Places<'a> {
    sources: &'a Sources,
    lines: HashMap<SourceId, LineIndex<'a>>,
}

impl<'a> Places<'a> {
    fn new(sources: &'a Sources) -> Self {
        Self { sources, lines: HashMap::new() }
    }

    fn of(&mut self, span: Span) -> (String, usize) {
        let file = self.sources.file(span.source);
        let lines = self.lines.entry(span.source).or_insert_with(|| LineIndex::new(&file.text));
        (file.path.clone(), lines.position(span.start as usize).line)
    }
}

fn change_row(change: &Change, before: &mut Places<'_>, after: &mut Places<'_>) -> ChangeRow {
    let place = match (change.after_span, change.before_span) {
        (Some(span), _) => Some(after.of(span)),
        (None, Some(span)) => Some(before.of(span)),
        (None, None) => None,
    };
    let (path, line) = place.map_or((String::new(), None), |(path, line)| (path, Some(line)));
    let subject = match (&change.objective, &change.alert) {
        (Some(objective), _) => format!("{}#{objective}", change.name),
        (None, Some(alert)) => format!("{} {alert}", change.name),
        (None, None) => change.name.clone(),
    };
    ChangeRow {
        kind: change.kind.name().to_owned(),
        slo: subject,
        before: change.before.clone(),
        after: change.after.clone(),
        drawn: drawn(change),
        effect: change.effect.as_ref().and_then(effect),
        path,
        line,
        is_gone: change.after_span.is_none(),
    }
}

/// Returns a change as a person reads it: `99 % → 98.5 %`.
fn drawn(change: &Change) -> String {
    let is_share = matches!(change.kind, ChangeKind::TargetRaised | ChangeKind::TargetLowered);
    let none = if is_share { "unreadable" } else { "none" };
    let value = |text: &String| match Ratio::parse(text) {
        Some(share) if is_share => percent_exactly(&share),
        _ => text.clone(),
    };
    match (change.before.as_ref().map(value), change.after.as_ref().map(value)) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (None, Some(after)) if change.kind.is_one_sided() => after,
        (Some(before), None) if change.kind.is_one_sided() => before,
        (None, Some(after)) => format!("{none} → {after}"),
        (Some(before), None) => format!("{before} → {none}"),
        (None, None) => String::new(),
    }
}

fn percent_exactly(share: &Ratio) -> String {
    format!("{} %", share.percent())
}

fn effect(effect: &Effect) -> Option<String> {
    match effect {
        Effect::Budget { before, after, ratio } => {
            let more = ratio.as_ref().map(|ratio| {
                let more = &(ratio - &Ratio::one()).percent();
                let sign = if more.is_negative() { "" } else { "+" };
                format!(" ({sign}{} %)", more.rounded(0))
            });
            let shares = (before.share != after.share).then(|| {
                let (before, after) = (percent(&before.share), percent(&after.share));
                format!("budget {before} → {after}{}", more.unwrap_or_default())
            });
            let parts = [shares, amounts(before, after)];
            Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
        Effect::Outage { .. } => None,
        Effect::Policy(differences) => {
            let fields: Vec<&str> = differences.iter().map(|one| one.field.as_str()).collect();
            (!fields.is_empty()).then(|| fields.join(", "))
        }
    }
}

/// Returns the budgets of a window in events, or else in minutes: `40.3 → 201.6 minutes of outage in 28d`.
fn amounts(before: &Amount, after: &Amount) -> Option<String> {
    let (old, new, unit) = match (&before.events, &after.events, &before.minutes, &after.minutes) {
        (Some(old), Some(new), ..) => (old, new, "bad events"),
        (.., Some(old), Some(new)) => (old, new, "minutes of outage"),
        _ => return None,
    };
    let [old, new] = [old, new].map(|amount| amount.rounded(1));
    let (from, to) = (before.window.as_ref()?, after.window.as_ref()?);
    Some(if from == to {
        format!("{old} → {new} {unit} in {to}")
    } else {
        format!("{old} {unit} in {from} → {new} in {to}")
    })
}
