//! One SLO from tree to tree.

use std::sync::Arc;

use crate::model::Catalog;
use crate::model::Slo;
use crate::source::Span;

use super::Change;
use super::ChangeKind;
use super::Placed;
use super::pair;
use super::pair::Pair;
use super::slo;

/// One SLO of a tree, in another tree.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The SLO that it is there; absent where there is none.
    pub other: Option<Arc<Slo>>,
    /// What differs, that it lies in another file included.
    pub changes: Vec<Change>,
}

/// Returns what an SLO of the later tree was in the earlier one.
///
/// * `slo`: where the SLO's name stands.
pub fn back(before: Placed<'_>, after: Placed<'_>, slo: Span) -> Option<Followed> {
    let is_it = |pair: &Pair<&Slo>| match pair {
        Pair::After(new) | Pair::Both(_, new) => new.meta.place() == slo,
        Pair::Before(_) => false,
    };
    let pair = pair::slos(before, after).into_iter().find(is_it)?;
    let other = match pair {
        Pair::Both(old, _) => shared(before.0, old),
        Pair::Before(_) | Pair::After(_) => None,
    };
    Some(Followed { other, changes: changes(before, after, pair) })
}

/// Returns what an SLO of the earlier tree is in the later one.
///
/// * `slo`: where the SLO's name stood.
pub fn forth(before: Placed<'_>, after: Placed<'_>, slo: Span) -> Option<Followed> {
    let is_it = |pair: &Pair<&Slo>| match pair {
        Pair::Before(old) | Pair::Both(old, _) => old.meta.place() == slo,
        Pair::After(_) => false,
    };
    let pair = pair::slos(before, after).into_iter().find(is_it)?;
    let other = match pair {
        Pair::Both(_, new) => shared(after.0, new),
        Pair::Before(_) | Pair::After(_) => None,
    };
    Some(Followed { other, changes: changes(before, after, pair) })
}

fn shared(catalog: &Catalog, slo: &Slo) -> Option<Arc<Slo>> {
    catalog.slos().find(|other| std::ptr::eq(other.as_ref(), slo)).cloned()
}

fn changes(before: Placed<'_>, after: Placed<'_>, pair: Pair<&Slo>) -> Vec<Change> {
    let mut changes = slo::compare(before.0, after.0, pair);
    changes.extend(move_of(before, after, pair));
    super::sort(&mut changes);
    changes.dedup();
    changes
}

/// Returns that an SLO which means the same lies in another file.
pub(super) fn move_of(before: Placed<'_>, after: Placed<'_>, pair: Pair<&Slo>) -> Option<Change> {
    let Pair::Both(left, right) = pair else { return None };
    let (from, to) = (left.meta.place(), right.meta.place());
    let old = before.1.file(from.source).path.as_str();
    let new = after.1.file(to.source).path.as_str();
    if old == new {
        return None;
    }
    let differences = slo::compare(before.0, after.0, pair);
    if differences.iter().any(|change| change.kind.is_listed_by_default()) {
        return None;
    }
    let mut change = slo::change(ChangeKind::SloMoved, right);
    change.values(Some(old.to_owned()), Some(new.to_owned()));
    change.places(Some(from), Some(to));
    Some(change)
}
