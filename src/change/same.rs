//! What two trees share, so that nothing of it can differ.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Reference;
use crate::model::Slo;

use super::pair::Pair;

/// Returns whether both sides of a pair are one object in memory, and all that it refers to is on both sides.
pub(super) fn is_shared(before: &Catalog, after: &Catalog, pair: Pair<&Slo>) -> bool {
    let Pair::Both(left, right) = pair else { return false };
    if !std::ptr::eq(left, right) {
        return false;
    }
    let mut names: Vec<(Kind, String)> = Vec::new();
    left.each_reference(&mut |reference| names.push(key(reference)));
    let mut seen = BTreeSet::new();
    while let Some(name) = names.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let mut olds = before.named(name.0, &name.1);
        let mut news = after.named(name.0, &name.1);
        loop {
            match (olds.next(), news.next()) {
                (None, None) => break,
                (Some(old), Some(new)) if is_one(old, new) => {
                    old.each_reference(&mut |reference| names.push(key(reference)));
                }
                _ => return false,
            }
        }
    }
    true
}

fn key(reference: &Reference) -> (Kind, String) {
    (reference.kind, reference.name.value.to_string())
}

fn is_one(old: &Object, new: &Object) -> bool {
    match (old, new) {
        (Object::Slo(old), Object::Slo(new)) => Arc::ptr_eq(old, new),
        (Object::Sli(old), Object::Sli(new)) => Arc::ptr_eq(old, new),
        (Object::AlertPolicy(old), Object::AlertPolicy(new)) => Arc::ptr_eq(old, new),
        (Object::AlertCondition(old), Object::AlertCondition(new)) => Arc::ptr_eq(old, new),
        (Object::AlertNotificationTarget(old), Object::AlertNotificationTarget(new)) => {
            Arc::ptr_eq(old, new)
        }
        (Object::DataSource(old), Object::DataSource(new)) => Arc::ptr_eq(old, new),
        _ => false,
    }
}
