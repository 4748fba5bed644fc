//! Which names of a catalog are near to one that nothing has.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::spelling;
use crate::spelling::Known;
use crate::spelling::MAX_DISTANCE;
use crate::spelling::MAX_LENGTH;
use crate::spelling::Vocabulary;
use crate::spelling::length;

use super::Catalog;
use super::Kind;
use super::Object;

/// How many letters are held against each other in a run: enough for thousands of names that lead
/// nowhere. A tree of more has another trouble than slips of the finger, and gets no guesses.
const MAX_LETTERS: usize = 20_000_000;

/// The names of a tree by kind and length (as [`length`] counts it), and how many letters were compared.
pub struct Speller<'a> {
    catalog: &'a Catalog,
    /// Those of the kinds that were asked for.
    names: BTreeMap<Kind, BTreeMap<usize, Vec<Known<'a>>>>,
    /// What was answered: many objects name the same thing that nothing has.
    answered: HashMap<(Kind, String), Vec<&'a str>>,
    compared: usize,
}

impl<'a> Speller<'a> {
    /// Returns a speller that knows the names of a catalog.
    pub fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, names: BTreeMap::new(), answered: HashMap::new(), compared: 0 }
    }

    /// Returns the names of a kind that are nearest in spelling; none when too much was compared.
    pub fn nearest(&mut self, kind: Kind, name: &str) -> Vec<&'a str> {
        let question = (kind, name.to_owned());
        if let Some(answer) = self.answered.get(&question) {
            return answer.clone();
        }
        let own = length(name);
        let (least, most) = (own.saturating_sub(MAX_DISTANCE), own.saturating_add(MAX_DISTANCE));
        let names = self.names.entry(kind).or_insert_with(|| by_length(self.catalog, kind));
        let known = names.range(least..=most).map(|(_, names)| names);
        let count = known.clone().map(Vec::len).sum();
        let near = if is_affordable(&mut self.compared, name, count) {
            spelling::nearest(name, known.flatten().copied(), Vocabulary::Names)
        } else {
            Vec::new()
        };
        self.answered.insert(question, near.clone());
        near
    }

    /// Returns those of some names that are nearest in spelling; none when too much was compared.
    pub fn nearest_of<'b>(&mut self, name: &str, known: &BTreeSet<&'b str>) -> Vec<&'b str> {
        if self.compared.saturating_add(known.len()) > MAX_LETTERS {
            return Vec::new();
        }
        self.compared += known.len();
        let own = length(name);
        let is_near = |known: &&&str| length(known).abs_diff(own) <= MAX_DISTANCE;
        let near: Vec<&str> = known.iter().filter(is_near).copied().collect();
        if !is_affordable(&mut self.compared, name, near.len()) {
            return Vec::new();
        }
        spelling::nearest(name, near, Vocabulary::Names)
    }
}

/// Returns the names of a kind by their lengths.
fn by_length(catalog: &Catalog, kind: Kind) -> BTreeMap<usize, Vec<Known<'_>>> {
    let mut names: BTreeMap<usize, Vec<Known<'_>>> = BTreeMap::new();
    for name in catalog.names(kind).filter(|name| !name.is_empty()) {
        names.entry(length(name)).or_default().push(name.into());
    }
    names
}

/// The names that references give and nothing has, each with those of its kind that are nearest in
/// spelling.
pub type Lost<'a> = HashMap<(Kind, &'a str), Vec<&'a str>>;

/// Returns the names that references give and nothing has.
pub fn lost(catalog: &Catalog) -> Lost<'_> {
    let mut speller = Speller::new(catalog);
    let mut lost = Lost::new();
    for reference in catalog.objects().iter().flat_map(Object::references) {
        let (kind, name) = (reference.kind, reference.name.value.as_str());
        if catalog.named(kind, name).next().is_none() {
            lost.entry((kind, name)).or_insert_with(|| speller.nearest(kind, name));
        }
    }
    lost
}

/// Returns whether a name may still be compared with so many others, and counts it then; one that may
/// not takes nothing from those behind it.
fn is_affordable(compared: &mut usize, name: &str, count: usize) -> bool {
    let letters = count.saturating_mul(name.len().saturating_pow(2));
    let is_affordable = name.len() <= MAX_LENGTH && compared.saturating_add(letters) <= MAX_LETTERS;
    if is_affordable {
        *compared += letters;
    }
    is_affordable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_may_not_be_compared_takes_nothing_from_the_next() {
        let names: Vec<String> =
            (0..2_000).map(|number| format!("slo-number-{number:05}")).collect();
        let known: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let catalog = Catalog::default();
        let mut speller = Speller::new(&catalog);
        for unknown in ["x".repeat(300), "x".repeat(105), format!("y{}", "x".repeat(14))] {
            assert!(speller.nearest_of(&unknown, &known).is_empty(), "{unknown}");
        }
        assert_eq!(speller.nearest_of("slo-numbr-00042", &known), ["slo-number-00042"]);
        // So much is compared in a run and no more.
        let many = (0..100).filter(|_| !speller.nearest_of("slo-numbr-00042", &known).is_empty());
        assert!((1..100).contains(&many.count()));
    }
}
