//! Which object before is which object after.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;

use crate::model::ErrorBudgetPolicy;
use crate::model::Meta;
use crate::model::Object;
use crate::model::Service;
use crate::model::Slo;

use super::Placed;
use super::slo;

/// An object before, after, or on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pair<T> {
    /// It is gone.
    Before(T),
    /// It is new.
    After(T),
    /// It is there before and after.
    Both(T, T),
}

/// What tells apart two that have the same key.
type Tie<'f, T> = &'f dyn Fn(&T, Side) -> String;

/// What is paired so far, and what is left on either side.
#[derive(Debug)]
pub(super) struct Pairing<T> {
    pub(super) both: Vec<(T, T)>,
    pub(super) before: Vec<T>,
    pub(super) after: Vec<T>,
}

impl<T> Pairing<T> {
    /// Begins with nothing paired.
    pub(super) fn new(before: Vec<T>, after: Vec<T>) -> Self {
        Self { both: Vec::new(), before, after }
    }

    /// Pairs what is left by a key, where there is one. Where several have the same, equal `tie`s
    /// go together, and the rest in their order.
    pub(super) fn by<K: Ord>(
        self,
        key: impl Fn(&T, Side) -> Option<K>,
        tie: impl Fn(&T, Side) -> String,
    ) -> Self {
        self.by_ties(key, &[&tie])
    }

    /// Like [`Self::by`]; of equal ties, those of one file go together first.
    pub(super) fn by_and_path<'a, K: Ord>(
        self,
        key: impl Fn(&T, Side) -> Option<K>,
        tie: impl Fn(&T, Side) -> String,
        path: impl Fn(&T, Side) -> &'a str,
    ) -> Self {
        let both = |item: &T, side| format!("{}\0{}", path(item, side), tie(item, side));
        self.by_ties(key, &[&both, &tie])
    }

    fn by_ties<K: Ord>(mut self, key: impl Fn(&T, Side) -> Option<K>, ties: &[Tie<'_, T>]) -> Self {
        let mut groups: BTreeMap<K, (Vec<T>, Vec<T>)> = BTreeMap::new();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for item in std::mem::take(&mut self.before) {
            match key(&item, Side::Before) {
                Some(key) => groups.entry(key).or_default().0.push(item),
                None => before.push(item),
            }
        }
        for item in std::mem::take(&mut self.after) {
            match key(&item, Side::After) {
                Some(key) => groups.entry(key).or_default().1.push(item),
                None => after.push(item),
            }
        }
        for (mut left, mut right) in groups.into_values() {
            for tie in ties {
                if !left.is_empty() && !right.is_empty() && left.len() + right.len() > 2 {
                    (left, right) = self.untie(left, right, tie);
                }
            }
            let count = left.len().min(right.len());
            before.extend(left.split_off(count));
            after.extend(right.split_off(count));
            self.both.extend(left.into_iter().zip(right));
        }
        (self.before, self.after) = (before, after);
        self
    }

    /// Pairs those with equal ties; returns the rest in the order of their ties.
    fn untie(
        &mut self,
        left: Vec<T>,
        right: Vec<T>,
        tie: impl Fn(&T, Side) -> String,
    ) -> (Vec<T>, Vec<T>) {
        let mut groups: BTreeMap<String, (Vec<T>, Vec<T>)> = BTreeMap::new();
        for item in left {
            groups.entry(tie(&item, Side::Before)).or_default().0.push(item);
        }
        for item in right {
            groups.entry(tie(&item, Side::After)).or_default().1.push(item);
        }
        let (mut left_rest, mut right_rest) = (Vec::new(), Vec::new());
        for (mut left, mut right) in groups.into_values() {
            let count = left.len().min(right.len());
            left_rest.extend(left.split_off(count));
            right_rest.extend(right.split_off(count));
            self.both.extend(left.into_iter().zip(right));
        }
        (left_rest, right_rest)
    }

    /// Returns the pairs, and what is left as gone or new.
    pub(super) fn finish(self) -> Vec<Pair<T>> {
        let both = self.both.into_iter().map(|(before, after)| Pair::Both(before, after));
        let before = self.before.into_iter().map(Pair::Before);
        both.chain(before).chain(self.after.into_iter().map(Pair::After)).collect()
    }
}

/// Which tree something stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// Returns the SLOs in pairs: by namespace and name; by name and service, where only the namespace
/// differs; by meaning and service, where only the name differs; by name, where the format differs and one of
/// them has no service. Of several that mean the same, those of one file go together.
pub(super) fn slos<'a>(before: Placed<'a>, after: Placed<'a>) -> Vec<Pair<&'a Slo>> {
    let meaning = |slo: &&'a Slo, side: Side| match side {
        Side::Before => slo::meaning(before.0, slo),
        Side::After => slo::meaning(after.0, slo),
    };
    let path = |slo: &&'a Slo, side: Side| path_of(&slo.meta, side, before, after);
    let service = |slo: &'a Slo| slo.service.as_ref().map(|service| service.value.as_str());
    let all = |placed: Placed<'a>| placed.0.slos().map(Arc::as_ref).collect();
    let mut pairing = Pairing::new(all(before), all(after))
        .by_and_path(|slo, _| Some(identity(&slo.meta)), meaning, path)
        .by_and_path(|slo, _| Some((service(slo), slo.meta.name())), meaning, path)
        .by(|slo, side| Some((service(slo), meaning(slo, side))), |slo, _| qualified(&slo.meta));
    pair_converted(&mut pairing);
    pairing.finish()
}

/// Pairs SLOs that are written in another format, which has no service for one of them or another way to say it.
fn pair_converted<'a>(pairing: &mut Pairing<&'a Slo>) {
    let mut named: BTreeMap<&str, (Vec<&'a Slo>, Vec<&'a Slo>)> = BTreeMap::new();
    for slo in &pairing.before {
        named.entry(slo.meta.name()).or_default().0.push(slo);
    }
    for slo in &pairing.after {
        named.entry(slo.meta.name()).or_default().1.push(slo);
    }
    let mut found = Vec::new();
    for (left, right) in named.into_values() {
        let ([old], [new]) = (left.as_slice(), right.as_slice()) else { continue };
        let is_nowhere = old.service.is_none() || new.service.is_none();
        if is_nowhere && slo::family(old) != slo::family(new) {
            found.push((*old, *new));
        }
    }
    let (old, new): (HashSet<_>, HashSet<_>) =
        found.iter().map(|(old, new)| (std::ptr::from_ref(*old), std::ptr::from_ref(*new))).unzip();
    pairing.before.retain(|slo| !old.contains(&std::ptr::from_ref(*slo)));
    pairing.after.retain(|slo| !new.contains(&std::ptr::from_ref(*slo)));
    pairing.both.append(&mut found);
}

/// Returns the services in pairs, by namespace and name; of several that are equal, those of one file.
pub(super) fn services<'a>(before: Placed<'a>, after: Placed<'a>) -> Vec<Pair<&'a Service>> {
    let all = |placed: Placed<'a>| {
        let objects = placed.0.objects().iter();
        objects
            .filter_map(|object| match object {
                Object::Service(service) => Some(service.as_ref()),
                _ => None,
            })
            .collect()
    };
    let path = |service: &&'a Service, side: Side| path_of(&service.meta, side, before, after);
    Pairing::new(all(before), all(after))
        .by_and_path(|service, _| Some(identity(&service.meta)), |service, _| text(*service), path)
        .finish()
}

/// Returns the error budget policies in pairs, by namespace and name; of several that are equal, those
/// of one file.
pub(super) fn policies<'a>(
    before: Placed<'a>,
    after: Placed<'a>,
) -> Vec<Pair<&'a ErrorBudgetPolicy>> {
    let all = |placed: Placed<'a>| placed.0.policies().map(Arc::as_ref).collect();
    let path =
        |policy: &&'a ErrorBudgetPolicy, side: Side| path_of(&policy.meta, side, before, after);
    Pairing::new(all(before), all(after))
        .by_and_path(|policy, _| Some(identity(&policy.meta)), |policy, _| text(*policy), path)
        .finish()
}

fn path_of<'a>(meta: &Meta, side: Side, before: Placed<'a>, after: Placed<'a>) -> &'a str {
    let sources = match side {
        Side::Before => before.1,
        Side::After => after.1,
    };
    &sources.file(meta.span.source).path
}

/// Returns the name with its namespace.
pub(super) fn qualified(meta: &Meta) -> String {
    match &meta.namespace {
        Some(namespace) => format!("{namespace}/{}", meta.name()),
        None => meta.name().to_owned(),
    }
}

fn identity(meta: &Meta) -> (Option<&str>, &str) {
    (meta.namespace.as_deref(), meta.name())
}

fn text(object: impl serde::Serialize) -> String {
    serde_json::to_string(&object).unwrap_or_default()
}
