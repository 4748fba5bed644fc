//! Sets the findings of a run off against the baseline.
//!
//! # Why
//!
//! An entry stands for as many findings as it counts and no more, so that the same mistake made once
//! more in the same place is new. It is looked for where it was, then where its object has gone, then
//! under the name that its item has got, and last, where another version of this program wrote the
//! file, by what its message names: neither an object that is moved nor an objective that is renamed
//! nor a sentence that is worded better makes an old finding new.
//!
//! What a run cannot see, because a rule is off, a path was not asked about or a file cannot be read,
//! it cannot call mended.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::config::baseline::Baseline;
use crate::config::baseline::Entry;
use crate::config::baseline::Key;
use crate::finding::Finding;
use crate::rules;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Context;
use crate::rules::Facts;
use crate::rules::Shared;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Span;

use super::RuleSet;
use super::Tree;
use super::run::leveled;
use super::run::sort;

mod key;

/// A baseline while findings are set off against it.
#[derive(Clone, Debug)]
pub struct Matching<'a> {
    baseline: &'a Baseline,
    /// How many more findings each entry stands for.
    left: Vec<u32>,
}

impl<'a> Matching<'a> {
    /// Returns a baseline that nothing has been set off against.
    pub fn new(baseline: &'a Baseline) -> Self {
        let left = baseline.entries.iter().map(|entry| entry.count).collect();
        Self { baseline, left }
    }

    /// Marks the findings of a tree that the baseline holds, each as often as is left of its entry.
    ///
    /// Returns for each finding the number of the entry that stands for it. What was marked before
    /// stays used up, so findings that have more right to an entry go first.
    pub fn mark(
        &mut self,
        tree: &Tree,
        unseen: &Unseen,
        findings: &mut [Finding],
    ) -> Vec<Option<usize>> {
        let keys = key::of(tree, findings);
        let mut held = vec![None; findings.len()];
        self.pair(&keys, &mut held, Some, Some);
        self.pair_moved(tree, unseen, &keys, &mut held);
        self.pair_renamed(tree, unseen, &keys, &mut held);
        if self.baseline.written_by != env!("CARGO_PKG_VERSION") {
            self.pair(&keys, &mut held, wordless, wordless);
        }
        for (finding, held) in findings.iter_mut().zip(&held) {
            finding.baselined = held.is_some();
        }
        held
    }

    /// Marks the findings of objects that the baseline knows in a file where they are no more.
    ///
    /// It is for findings of which it is known that their own file did not have them before: what the
    /// baseline holds in the same file is then not the same, however alike the two may be.
    pub fn mark_moved(&mut self, tree: &Tree, unseen: &Unseen, findings: &mut [Finding]) {
        let keys = key::of(tree, findings);
        let mut held = vec![None; findings.len()];
        self.pair_moved(tree, unseen, &keys, &mut held);
        for (finding, held) in findings.iter_mut().zip(&held) {
            finding.baselined = held.is_some();
        }
    }

    /// Returns what the baseline is to hold after a run, and marks the findings that go in.
    ///
    /// What the run cannot judge stays as it is, and a finding that is not taken keeps its entry.
    ///
    /// * `held`: what [`Self::mark`] returned of the findings.
    /// * `scope`: which entries the run judges.
    /// * `is_taken`: whether a finding may go in.
    pub fn renew(
        &self,
        tree: &Tree,
        findings: &mut [Finding],
        held: &[Option<usize>],
        scope: &Scope<'_>,
        is_taken: impl Fn(&Finding) -> bool,
    ) -> BTreeMap<Key, u32> {
        let entries = &self.baseline.entries;
        let judged: Vec<bool> = entries.iter().map(|entry| scope.holds(entry)).collect();
        let stays = |(entry, judged): (&Entry, &bool)| if *judged { 0 } else { entry.count };
        let mut counts: Vec<u32> = entries.iter().zip(&judged).map(stays).collect();
        let mut renewed: BTreeMap<Key, u32> = BTreeMap::new();
        let keys = key::of(tree, findings);
        for ((finding, key), held) in findings.iter_mut().zip(keys).zip(held) {
            let is_taken = key.is_some() && is_taken(finding);
            let is_judged = held.and_then(|held| judged.get(held)).is_some_and(|judged| *judged);
            if let Some(count) = held.and_then(|held| counts.get_mut(held)) {
                match (is_taken, is_judged) {
                    (true, false) => *count = count.saturating_sub(1),
                    (false, true) => *count = count.saturating_add(1),
                    _ => {}
                }
            }
            if let Some(key) = key.filter(|_| is_taken) {
                finding.baselined = true;
                add(&mut renewed, key, 1);
            }
        }
        for (entry, count) in entries.iter().zip(counts).filter(|(_, count)| *count > 0) {
            add(&mut renewed, entry.key.clone(), count);
        }
        renewed
    }

    /// Reports the entries that count more findings than there are, as far as the run judges them.
    ///
    /// * `file`: the baseline's own file, as the tree calls it.
    pub fn report_unused(
        &self,
        tree: &Tree,
        file: SourceId,
        scope: &Scope<'_>,
        facts: &Facts<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let (sources, catalog) = (&tree.sources, &tree.catalog);
        let shared = Shared::default();
        let context = Context { sources, catalog, subjects: &[], facts: *facts, shared: &shared };
        let left = self.baseline.entries.iter().zip(&self.left);
        let unused = left.filter(|(entry, left)| **left > 0 && scope.holds(entry));
        let unused: Vec<(Entry, u32)> = unused
            .map(|(entry, left)| {
                let span = Span { source: file, ..entry.span };
                (Entry { span, ..entry.clone() }, entry.count.saturating_sub(*left))
            })
            .collect();
        for rule in scope.rules.chosen() {
            let Check::Baseline(check) = rule.check else { continue };
            let mut checker = Checker::new(rule, &context);
            for (entry, found) in &unused {
                check(entry, *found, &mut checker);
            }
            findings.extend(leveled(rule, checker, tree, scope.rules));
        }
        sort(tree, findings);
    }

    /// Pairs findings with what is left of entries, in their order, by a part of their keys.
    ///
    /// * `of_entry`: what an entry is known by here; nothing where it may not be taken.
    /// * `of_finding`: the same of a finding.
    fn pair<'k, K: Ord>(
        &mut self,
        keys: &'k [Option<Key>],
        held: &mut [Option<usize>],
        of_entry: impl Fn(&'k Key) -> Option<K>,
        of_finding: impl Fn(&'k Key) -> Option<K>,
    ) where
        'a: 'k,
    {
        let mut known: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        let entries = self.baseline.entries.iter().zip(&self.left).enumerate().rev();
        for (index, (entry, _)) in entries.filter(|(_, (_, left))| **left > 0) {
            if let Some(key) = of_entry(&entry.key) {
                known.entry(key).or_default().push(index);
            }
        }
        if known.is_empty() {
            return;
        }
        for (key, held) in keys.iter().zip(held).filter(|(_, held)| held.is_none()) {
            let known = key.as_ref().and_then(&of_finding).and_then(|key| known.get_mut(&key));
            let Some(entries) = known else { continue };
            let Some(&index) = entries.last() else { continue };
            let Some(left) = self.left.get_mut(index) else { continue };
            *held = Some(index);
            *left -= 1;
            if *left == 0 {
                entries.pop();
            }
        }
    }

    /// Pairs the findings of objects that stand in another file than they did.
    ///
    /// An object has gone where its file has none of its name any more, and has come where the
    /// baseline knows nothing of it yet.
    fn pair_moved(
        &mut self,
        tree: &Tree,
        unseen: &Unseen,
        keys: &[Option<Key>],
        held: &mut [Option<usize>],
    ) {
        if !keys.iter().zip(&*held).any(is_open) {
            return;
        }
        let baseline = self.baseline;
        let standing = self.standing(tree, |_| true, key::objects);
        let has_gone = |key: &Key, object: &str| {
            let objects = standing.get(key.path.as_str());
            !unseen.0.contains(&key.path) && objects.is_none_or(|objects| !objects.contains(object))
        };
        let known: BTreeSet<(&str, &str)> = baseline
            .entries
            .iter()
            .filter_map(|entry| Some((entry.key.path.as_str(), key::name(&entry.key)?)))
            .collect();
        self.pair(
            keys,
            held,
            |key| key::name(key).filter(|name| has_gone(key, name)).map(|_| elsewhere(key)),
            |key| {
                let name = key::name(key)?;
                (!known.contains(&(key.path.as_str(), name))).then(|| elsewhere(key))
            },
        );
    }

    /// Pairs the findings of items of lists that have another name than they had.
    ///
    /// As an object that moves, an item has gone where its object has none of its name any more, and
    /// has come where the baseline knows nothing of it yet.
    fn pair_renamed(
        &mut self,
        tree: &Tree,
        unseen: &Unseen,
        keys: &[Option<Key>],
        held: &mut [Option<usize>],
    ) {
        let is_named = |key: &Key| key::item(key).is_some();
        let is_open_item = |(key, held): (&Option<Key>, &Option<usize>)| {
            is_open((key, held)) && key.as_ref().is_some_and(is_named)
        };
        if !keys.iter().zip(&*held).any(is_open_item) {
            return;
        }
        let standing = self.standing(tree, is_named, key::items);
        let has_gone = |key: &Key, item: &str| {
            let items = standing.get(key.path.as_str());
            !unseen.0.contains(&key.path)
                && items.is_none_or(|items| !items.contains(&(key.object.clone(), item.to_owned())))
        };
        let of_item = |key| Some((place(key), key::item(key)?));
        let known: BTreeSet<_> =
            self.baseline.entries.iter().filter_map(|entry| of_item(&entry.key)).collect();
        let renamed = |key| {
            let (path, object) = place(key);
            let at = key.at.as_deref().map(key::nameless);
            (path, object, at, key.rule.as_str(), key.message.as_str())
        };
        self.pair(
            keys,
            held,
            |key| key::item(key).filter(|item| has_gone(key, item)).map(|_| renamed(key)),
            |key| of_item(key).filter(|item| !known.contains(item)).map(|_| renamed(key)),
        );
    }

    /// Returns what stands in the files of which entries are left over.
    ///
    /// * `is_asked`: which entries count.
    /// * `read`: what to look for in a file.
    fn standing<'t, T>(
        &self,
        tree: &'t Tree,
        is_asked: impl Fn(&Key) -> bool,
        read: impl Fn(SourceId, &Source) -> T,
    ) -> BTreeMap<&'t str, T> {
        let left = self.baseline.entries.iter().zip(&self.left).filter(|(_, left)| **left > 0);
        let left = left.map(|(entry, _)| &entry.key).filter(|key| is_asked(key));
        let paths: BTreeSet<&str> = left.map(|key| key.path.as_str()).collect();
        let files = tree.sources.iter().filter(|(_, file)| paths.contains(file.path.as_str()));
        files.map(|(id, file)| (file.path.as_str(), read(id, file))).collect()
    }
}

fn is_open((key, held): (&Option<Key>, &Option<usize>)) -> bool {
    key.is_some() && held.is_none()
}

/// The paths of files that are there and were not read, or not as a whole.
///
/// What nobody sees is neither mended nor gone.
#[derive(Clone, Debug, Default)]
pub struct Unseen(BTreeSet<String>);

impl Unseen {
    /// Returns the paths that a tree could not read, and those that it was not given.
    pub fn new(tree: &Tree, left_out: impl IntoIterator<Item = String>) -> Self {
        let of_tree = tree.templates.iter().chain(&tree.broken).cloned();
        Self(of_tree.chain(left_out).collect())
    }
}

/// Which entries a run judges.
pub struct Scope<'a> {
    rules: &'a RuleSet,
    unseen: &'a Unseen,
    is_asked: &'a dyn Fn(&str) -> bool,
}

impl<'a> Scope<'a> {
    /// Returns the scope of a run.
    ///
    /// * `is_asked`: whether the run is about the file of a path.
    pub fn new(rules: &'a RuleSet, unseen: &'a Unseen, is_asked: &'a dyn Fn(&str) -> bool) -> Self {
        Self { rules, unseen, is_asked }
    }

    /// Returns whether the run would find again what an entry stands for.
    pub fn holds(&self, entry: &Entry) -> bool {
        let Key { path, rule, .. } = &entry.key;
        let is_on = rules::named(rule).is_none_or(|rule| {
            rule.is_of_acceptance() || self.rules.is_on_at(rule.name, path) == Some(true)
        });
        is_on && (self.is_asked)(path) && !self.unseen.0.contains(path)
    }
}

fn add(findings: &mut BTreeMap<Key, u32>, key: Key, count: u32) {
    let known = findings.entry(key).or_default();
    *known = known.saturating_add(count);
}

/// Returns the file and the object of a finding.
fn place(key: &Key) -> (&str, Option<&str>) {
    (&key.path, key.object.as_deref())
}

/// Returns what a finding of a named object is known by in whatever file.
fn elsewhere(key: &Key) -> (Option<&str>, Option<&str>, &str, &str) {
    (key.object.as_deref(), key.at.as_deref(), &key.rule, &key.message)
}

/// What a finding is known by however its message is worded.
type Wordless<'k> = (&'k str, Option<&'k str>, Option<&'k str>, &'k str, Vec<&'k str>);

/// Returns what a finding is known by however its message is worded: the code and the numbers in it.
///
/// Nothing where the message has none, since then its words are all that tells it from others.
fn wordless(key: &Key) -> Option<Wordless<'_>> {
    let mut values = Vec::new();
    for (index, part) in key.message.split('`').enumerate() {
        if index % 2 == 1 {
            values.push(part);
            continue;
        }
        let words =
            part.split_whitespace().map(|word| word.trim_matches([',', ';', ':', '(', ')']));
        values.extend(words.filter(|word| word.contains(|letter: char| letter.is_ascii_digit())));
    }
    let (object, at) = (key.object.as_deref(), key.at.as_deref());
    (!values.is_empty()).then_some((&key.path, object, at, &key.rule, values))
}

#[cfg(test)]
mod tests;
