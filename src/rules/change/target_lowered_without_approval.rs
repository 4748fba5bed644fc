use crate::change::Change;
use crate::change::ChangeKind;
use crate::finding::Level;
use crate::model::Catalog;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Comparison;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

use super::ENGINEERING;
use super::PRODUCT;
use super::lacks;
use super::remedy;
use super::report_lack;

pub(super) const RULE: Rule = Rule {
    name: "target-lowered-without-approval",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("target_lowered_without_approval.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// What asks less of a service.
const LOWERS: &[ChangeKind] = &[
    ChangeKind::TargetLowered,
    ChangeKind::ThresholdLoosened,
    ChangeKind::ObjectiveRemoved,
    ChangeKind::StatusChanged,
];

/// What an SLO may be, from the least that it asks to the most.
const STATUSES: [&str; 3] = ["draft", "aspirational", "in force"];

/// Who has to agree.
const SIDES: [&str; 2] = [PRODUCT, ENGINEERING];

fn check(_: &Catalog, checker: &mut Checker<'_>) {
    let Some(comparison) = checker.comparison() else { return };
    for change in comparison.of(LOWERS) {
        judge(change, comparison, checker);
    }
}

fn judge(change: &Change, comparison: Comparison<'_>, checker: &mut Checker<'_>) {
    let is_removed = change.kind == ChangeKind::ObjectiveRemoved;
    // What can no longer be read is told by the rules about reading.
    if change.after.is_none() && !is_removed || super::was_draft(change, comparison) {
        return;
    }
    if change.kind == ChangeKind::StatusChanged && !is_weaker(change) {
        return;
    }
    let Some(place) = comparison.place(change) else { return };
    let path = checker.path(place.source);
    let Some(lack) = lacks(&SIDES, path, comparison, checker) else { return };
    let subject = match &change.objective {
        Some(objective) => {
            format!("the objective {} of the SLO {}", quote(objective), quote(&change.name))
        }
        None => format!("the SLO {}", quote(&change.name)),
    };
    let what = match change.kind {
        ChangeKind::ObjectiveRemoved => format!("{subject} is removed"),
        ChangeKind::TargetLowered => format!("the target of {subject} is lowered"),
        ChangeKind::StatusChanged => {
            format!("{subject} is made {}", change.after.as_deref().map_or("a draft", as_words))
        }
        _ => format!("a threshold of {subject} is loosened"),
    };
    let help = remedy(&lack, &SIDES);
    let finding = report_lack(&lack, &what, place, checker);
    if let Some(before) = &change.before {
        finding.label(format!("was {before}"));
    }
    finding.help(help);
}

/// Returns whether an SLO is less than it was.
fn is_weaker(change: &Change) -> bool {
    let rank = |status: &Option<String>| {
        STATUSES.iter().position(|known| Some(*known) == status.as_deref())
    };
    rank(&change.after) < rank(&change.before)
}

fn as_words(status: &str) -> &'static str {
    if status == "aspirational" { "a hope" } else { "a draft" }
}
