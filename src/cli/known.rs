//! What a head has in common with an earlier tree: findings, and comments that allow some.
//!
//! # Why
//!
//! A file that is moved, or an SLO that is renamed, brings no new finding, so both are called as they
//! were before. A copy is new, and so is what turns up at another objective of the same SLO: an
//! allowance is for one place.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::change;
use crate::change::ChangeKind;
use crate::finding::Finding;
use crate::lint::Tree;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Slo;
use crate::rules::Suppression;
use crate::source::SourceId;
use crate::source::Span;

/// An earlier tree and the head, and what the head calls otherwise.
pub(super) struct Known<'a> {
    before: &'a Tree,
    head: &'a Tree,
    /// The old path of each file that moved.
    paths: BTreeMap<&'a str, &'a str>,
    /// The old name of each SLO that is renamed, by its place in the head.
    names: BTreeMap<Place, String>,
    /// The earlier positions of objectives by those in the head, for each SLO that was asked for.
    objectives: RefCell<BTreeMap<Place, BTreeMap<usize, usize>>>,
}

/// Where an object begins.
type Place = (SourceId, u32);

/// A file and an object of it, as the earlier tree calls them.
type Owner = (String, Option<(Kind, String)>);

/// What makes a suppression the same in two trees: its owner, what it speaks of, and its text.
type SuppressionKey<'a> = (Owner, u64, &'a str);

/// What makes a finding the same in two trees: its owner, its objective, its rule and its message.
type FindingKey = (Owner, Position, String);

/// The objective that holds something, by its position in the earlier tree.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Position {
    Outside,
    At(usize),
    New(usize),
}

impl<'a> Known<'a> {
    /// Compares two trees.
    ///
    /// * `moved`: the files that moved, each with its old path.
    pub(super) fn new(
        before: &'a Tree,
        head: &'a Tree,
        moved: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let objectives = RefCell::default();
        Self { before, head, paths: moved.collect(), names: renamed(before, head), objectives }
    }

    /// Returns which suppressions of the head are those of the earlier tree.
    ///
    /// Where the head has one more often than the earlier tree, none of them is.
    pub(super) fn agreed(&self) -> impl Fn(&Suppression) -> bool {
        let of = |tree: &'a Tree| {
            counted(tree.suppressions.iter().map(|one| self.suppression_key(tree, one)))
        };
        let (agreed, wished) = (of(self.before), of(self.head));
        move |one| {
            let key = self.suppression_key(self.head, one);
            agreed.get(&key) >= wished.get(&key)
        }
    }

    /// Removes from the findings of the head those that the earlier tree has, each as often, and
    /// returns them.
    pub(super) fn remove_from(&self, findings: &mut Vec<Finding>, old: &[Finding]) -> Vec<Finding> {
        let mut known = counted(old.iter().map(|one| self.finding_key(self.before, one)));
        let is_known = |one: &mut Finding| match known.get_mut(&self.finding_key(self.head, one)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        };
        findings.extract_if(.., is_known).collect()
    }

    fn suppression_key(&self, tree: &'a Tree, one: &Suppression) -> SuppressionKey<'a> {
        let owner = self.owner(tree, one.span.source, object_at(tree, one.scope));
        (owner, one.covers, tree.sources.slice(one.span))
    }

    fn finding_key(&self, tree: &Tree, one: &Finding) -> FindingKey {
        let object = object_at(tree, one.span);
        let owner = self.owner(tree, one.span.source, object);
        let mut said = format!("{} {}", one.rule, one.message);
        if let (Some(object), Some((_, old))) = (object, &owner.1)
            && old != object.meta().name()
        {
            said = said.replace(&format!("`{}`", object.meta().name()), &format!("`{old}`"));
        }
        let position = match object {
            Some(Object::Slo(slo)) => self.position(tree, slo, one.span),
            _ => Position::Outside,
        };
        (owner, position, said)
    }

    fn owner(&self, tree: &Tree, source: SourceId, object: Option<&Object>) -> Owner {
        let path = tree.sources.file(source).path.as_str();
        let is_head = std::ptr::eq(tree, self.head);
        let old_path = self.paths.get(path).filter(|_| is_head);
        let object = object.map(|object| {
            let old_name = self.names.get(&place(object.meta().span)).filter(|_| is_head);
            let name = old_name.map_or_else(|| object.meta().name(), String::as_str);
            (object.kind(), name.to_owned())
        });
        (old_path.map_or(path, |old| *old).to_owned(), object)
    }

    fn position(&self, tree: &Tree, slo: &Slo, span: Span) -> Position {
        let mut objectives = slo.objectives.iter();
        let Some(at) = objectives.position(|objective| objective.span.contains(span)) else {
            return Position::Outside;
        };
        if !std::ptr::eq(tree, self.head) {
            return Position::At(at);
        }
        let mut known = self.objectives.borrow_mut();
        let place = place(slo.meta.span);
        let pairs = known.entry(place).or_insert_with(|| self.objective_pairs(slo));
        pairs.get(&at).map_or(Position::New(at), |old| Position::At(*old))
    }

    fn objective_pairs(&self, slo: &Slo) -> BTreeMap<usize, usize> {
        let old_name = self.names.get(&place(slo.meta.span));
        let name = old_name.map_or_else(|| slo.meta.name(), String::as_str);
        let same_name = || {
            self.before.catalog.named(Kind::Slo, name).filter_map(|object| match object {
                Object::Slo(old) => Some(old),
                _ => None,
            })
        };
        let old = same_name().find(|old| old.meta.namespace == slo.meta.namespace);
        let Some(old) = old.or_else(|| same_name().next()) else { return BTreeMap::new() };
        let (before, after) = ((&self.before.catalog, &**old), (&self.head.catalog, slo));
        let pairs = change::objective_pairs(before, after).into_iter();
        pairs.map(|(old, new)| (new, old)).collect()
    }
}

/// Returns the old names of the SLOs of which nothing but the name differs.
fn renamed(before: &Tree, head: &Tree) -> BTreeMap<Place, String> {
    let lacks =
        |tree: &Tree, slo: &Slo| tree.catalog.named(Kind::Slo, slo.meta.name()).next().is_none();
    let new = head.catalog.slos().filter(|slo| lacks(before, slo));
    let new: BTreeMap<(Option<&str>, &str), Place> = new
        .map(|slo| ((slo.meta.namespace.as_deref(), slo.meta.name()), place(slo.meta.span)))
        .collect();
    // Most changes rename nothing, and then the trees need not be compared.
    if new.is_empty() || !before.catalog.slos().any(|slo| lacks(head, slo)) {
        return BTreeMap::new();
    }
    let changes = change::between(before.placed(), head.placed()).into_iter();
    let renamed = changes.filter(|change| change.kind == ChangeKind::SloRenamed);
    let renamed = renamed.filter_map(|change| {
        let place = new.get(&(change.namespace.as_deref(), change.name.as_str()))?;
        Some((*place, change.before?))
    });
    renamed.collect()
}

/// Returns how often each key occurs.
fn counted<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// Returns the object that holds a span, or that a span holds.
fn object_at(tree: &Tree, place: Span) -> Option<&Object> {
    tree.catalog.objects_of(place.source).find(|object| {
        let span = object.meta().span;
        span.contains(place) || place.contains(span)
    })
}

fn place(span: Span) -> Place {
    (span.source, span.start)
}
