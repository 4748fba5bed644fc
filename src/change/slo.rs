//! What differs between an SLO before and after.

use serde_json::json;

use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Meta;
use crate::model::Service;
use crate::model::Slo;
use crate::model::Window;
use crate::model::WindowKind;
use crate::source::Span;
use crate::source::Spanned;

use super::Change;
use super::ChangeKind;
use super::alert;
use super::amount;
use super::indicator::Reading;
use super::objective;
use super::pair::Pair;
use super::pair::qualified;

/// Labels that name an owner, where the annotation is missing.
const OWNER_LABELS: [&str; 2] = ["owner", "team"];

/// Returns what differs between two SLOs, or that one is gone or new.
pub(super) fn compare(before: &Catalog, after: &Catalog, pair: Pair<&Slo>) -> Vec<Change> {
    let mut changes = Vec::new();
    match pair {
        Pair::Before(slo) => {
            let mut gone = change(ChangeKind::SloRemoved, slo);
            gone.places(Some(slo.meta.place()), None);
            changes.push(gone);
        }
        Pair::After(slo) => {
            let mut new = change(ChangeKind::SloAdded, slo);
            new.places(None, Some(slo.meta.place()));
            changes.push(new);
        }
        Pair::Both(left, right) => {
            compare_names(left, right, &mut changes);
            compare_status(left, right, &mut changes);
            compare_window(left, right, &mut changes);
            compare_method(left, right, &mut changes);
            objective::compare((before, left), (after, right), &mut changes);
            alert::compare((before, left), (after, right), &mut changes);
        }
    }
    changes
}

/// Lists what differs between two services.
pub(super) fn compare_services(pair: Pair<&Service>, changes: &mut Vec<Change>) {
    if let Pair::Both(left, right) = pair {
        let mut template = Change::new(ChangeKind::OwnerChanged, Kind::Service, &right.meta);
        template.service = Some(right.meta.name().to_owned());
        compare_owner(template, owner(&left.meta), owner(&right.meta), changes);
    }
}

/// Returns a change of an SLO, without values and places.
pub(super) fn change(kind: ChangeKind, slo: &Slo) -> Change {
    let mut change = Change::new(kind, Kind::Slo, &slo.meta);
    change.service = slo.service.as_ref().map(|service| service.value.to_string());
    change
}

/// Returns what an SLO means, apart from its name and namespace: equal texts mean the same.
pub(super) fn meaning(catalog: &Catalog, slo: &Slo) -> String {
    let objectives = slo.objectives.iter();
    let objectives: Vec<_> = objectives
        .map(|objective| objective::meaning(catalog, objective, Reading::Meaning))
        .collect();
    let parts = json!([
        slo.service,
        slo.method(),
        slo.window,
        slo.composite,
        objectives,
        alert::meaning(catalog, slo),
        slo.meta.labels,
        slo.meta.annotations,
    ]);
    parts.to_string()
}

/// Pushes `owner-changed` where the owners differ.
pub(super) fn compare_owner(
    mut template: Change,
    before: Option<Spanned<&str>>,
    after: Option<Spanned<&str>>,
    changes: &mut Vec<Change>,
) {
    let value = |owner: Option<Spanned<&str>>| owner.map(|owner| owner.value.to_owned());
    if value(before) != value(after) {
        template.values(value(before), value(after));
        template.places(before.map(|owner| owner.span), after.map(|owner| owner.span));
        changes.push(template);
    }
}

fn owner(meta: &Meta) -> Option<Spanned<&str>> {
    let label = || OWNER_LABELS.iter().find_map(|label| meta.label(label));
    let owner = meta.annotation("slo/owner").or_else(label)?;
    Some(Spanned::new(&owner.value, owner.span))
}

fn compare_names(left: &Slo, right: &Slo, changes: &mut Vec<Change>) {
    let names = (left.meta.name(), right.meta.name());
    // A namespace is what a format takes for one.
    let is_moved = left.meta.namespace != right.meta.namespace && family(left) == family(right);
    if names.0 != names.1 || is_moved {
        let mut renamed = change(ChangeKind::SloRenamed, right);
        if names.0 == names.1 {
            renamed.values(Some(qualified(&left.meta)), Some(qualified(&right.meta)));
        } else {
            renamed.values(Some(names.0.to_owned()), Some(names.1.to_owned()));
        }
        renamed.places(Some(left.meta.place()), Some(right.meta.place()));
        changes.push(renamed);
    }
    let service = |slo: &Slo| slo.service.as_ref().map(|service| service.value.to_string());
    if service(left) != service(right) {
        let mut moved = change(ChangeKind::ServiceChanged, right);
        moved.values(service(left), service(right));
        let place = |slo: &Slo| slo.service.as_ref().map(|service| service.span);
        moved.places(place(left), place(right));
        changes.push(moved);
    }
    let template = change(ChangeKind::OwnerChanged, right);
    compare_owner(template, owner(&left.meta), owner(&right.meta), changes);
}

/// Returns the format that a tool reads.
pub(super) fn family(slo: &Slo) -> &'static str {
    slo.meta.dialect.family()
}

/// A draft binds nobody, and a hope nobody yet: both are ways out of what is in force.
fn compare_status(left: &Slo, right: &Slo, changes: &mut Vec<Change>) {
    let status = |slo: &Slo| {
        let at = |key: &str| slo.meta.declared(key).map(|declared| declared.span);
        if slo.is_draft() {
            ("draft", at("slo/status"))
        } else if slo.is_aspirational() {
            ("aspirational", at("slo/relation"))
        } else {
            ("in force", at("slo/status").or_else(|| at("slo/relation")))
        }
    };
    let ((old, was), (new, is)) = (status(left), status(right));
    if old != new {
        let mut other = change(ChangeKind::StatusChanged, right);
        other.values(Some(old.to_owned()), Some(new.to_owned()));
        let places = [(was, left), (is, right)];
        let [before, after] = places.map(|(place, slo)| place.or(Some(slo.meta.place())));
        other.places(before, after);
        changes.push(other);
    }
}

fn compare_window(left: &Slo, right: &Slo, changes: &mut Vec<Change>) {
    let mut push = |kind: ChangeKind, values: [Option<String>; 2], places: [Option<Span>; 2]| {
        let [before, after] = values;
        let mut change = change(kind, right);
        // What becomes of several budgets is no one number.
        if let ([old], [new]) = (left.objectives.as_slice(), right.objectives.as_slice()) {
            change.effect = amount::effect((left, old), (right, new));
        }
        change.values(before, after).places(places[0], places[1]);
        changes.push(change);
    };
    let (Some(before), Some(after)) = (&left.window, &right.window) else {
        if left.window.is_some() != right.window.is_some() {
            let windows = [&left.window, &right.window];
            let texts = windows.map(|window| window.as_ref().map(window_text));
            let places = windows.map(|window| window.as_ref().map(|window| window.span));
            push(ChangeKind::WindowKindChanged, texts, places);
        }
        return;
    };
    let (old, new) = (before.duration.value, after.duration.value);
    let longer = new.nominal_seconds().cmp(&old.nominal_seconds());
    let other_unit = old.unit != new.unit && (old.unit.is_calendar() || new.unit.is_calendar());
    let is_other_unit = other_unit && longer.is_eq();
    if motion(before) != motion(after) || is_other_unit {
        let texts = [Some(window_text(before)), Some(window_text(after))];
        push(ChangeKind::WindowKindChanged, texts, [Some(before.span), Some(after.span)]);
    }
    let kind = match longer {
        std::cmp::Ordering::Less => ChangeKind::WindowShortened,
        std::cmp::Ordering::Greater => ChangeKind::WindowLengthened,
        std::cmp::Ordering::Equal => return,
    };
    let places = [Some(before.duration.span), Some(after.duration.span)];
    push(kind, [Some(old.to_string()), Some(new.to_string())], places);
}

/// Returns how a window moves: nothing when it is rolling, else its start and its zone.
fn motion(window: &Window) -> Option<[Option<&str>; 2]> {
    match &window.kind {
        WindowKind::Rolling => None,
        WindowKind::Calendar { start, zone } => {
            Some([start, zone].map(|part| part.as_ref().map(|part| part.value.as_str())))
        }
    }
}

fn window_text(window: &Window) -> String {
    let duration = window.duration.value;
    match motion(window) {
        None => format!("{duration} rolling"),
        Some(parts) => {
            let parts: Vec<&str> = parts.into_iter().flatten().collect();
            format!("{duration} from {}", parts.join(" "))
        }
    }
}

fn compare_method(left: &Slo, right: &Slo, changes: &mut Vec<Change>) {
    let place = |slo: &Slo| slo.budgeting_method.as_ref().map(|method| method.span);
    if left.method() != right.method() {
        let mut other = change(ChangeKind::MethodChanged, right);
        let (old, new) = (left.method().name(), right.method().name());
        other.values(Some(old.to_owned()), Some(new.to_owned()));
        other.places(place(left), place(right));
        changes.push(other);
    }
    // An SLO with one objective is no composite; that a second one came is listed by itself.
    let several = left.objectives.len() > 1 && right.objectives.len() > 1;
    if several && left.composite != right.composite {
        let word = |slo: &Slo| if slo.composite { "composite" } else { "separate objectives" };
        let mut other = change(ChangeKind::MethodChanged, right);
        other.values(Some(word(left).to_owned()), Some(word(right).to_owned()));
        other.places(Some(left.meta.place()), Some(right.meta.place()));
        changes.push(other);
    }
}
