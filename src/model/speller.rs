//! Which names of a catalog are near to one that nothing has.

use std::collections::BTreeMap;

use crate::spelling;
use crate::spelling::MAX_LENGTH;
use crate::spelling::Vocabulary;

use super::Catalog;
use super::Kind;

/// How many letters are held against each other in a run: enough for thousands of names that lead
/// nowhere. A tree of more has another trouble than slips of the finger, and gets no guesses.
const MAX_LETTERS: usize = 20_000_000;

/// The names of a tree by kind and length, and how many letters may still be compared.
#[derive(Default)]
pub struct Speller<'a> {
    names: BTreeMap<(Kind, usize), Vec<&'a str>>,
    compared: usize,
}

impl<'a> Speller<'a> {
    /// Returns a speller that knows the names of a catalog.
    pub fn new(catalog: &'a Catalog) -> Self {
        let mut speller = Self::default();
        for object in catalog.objects() {
            let (kind, name) = (object.kind(), object.meta().name());
            speller.names.entry((kind, name.len())).or_default().push(name);
        }
        for names in speller.names.values_mut() {
            names.sort_unstable();
            names.dedup();
        }
        speller
    }

    /// Returns the names of a kind that are nearest in spelling; none when too much was compared.
    pub fn nearest(&mut self, kind: Kind, name: &str) -> Vec<&'a str> {
        let (least, most) = (name.len().saturating_sub(2), name.len().saturating_add(2));
        let near = self.names.range((kind, least)..=(kind, most)).flat_map(|(_, names)| names);
        let near: Vec<&str> = near.copied().filter(|near| !near.is_empty()).collect();
        self.nearest_of(name, near)
    }

    /// Returns those of some names that are nearest in spelling; none when too much was compared.
    pub fn nearest_of<'b>(&mut self, name: &str, known: Vec<&'b str>) -> Vec<&'b str> {
        let letters = known.len().saturating_mul(name.len().saturating_pow(2));
        self.compared = self.compared.saturating_add(letters);
        if name.len() > MAX_LENGTH || self.compared > MAX_LETTERS {
            return Vec::new();
        }
        spelling::nearest(name, known, Vocabulary::Names)
    }
}
