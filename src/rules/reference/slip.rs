//! What a name that is near another one says about what was meant.

use std::collections::BTreeMap;

use crate::model::Catalog;
use crate::model::Kind;
use crate::spelling;
use crate::spelling::MAX_LENGTH;
use crate::spelling::Vocabulary;

/// How many letters are held against each other in a run: enough for thousands of names that lead
/// nowhere. A tree of more has another trouble than slips of the finger, and gets no guesses.
pub(super) const MAX_LETTERS: usize = 20_000_000;

/// The names of a tree by kind and length, and how many letters may still be compared.
#[derive(Default)]
pub(super) struct Speller<'a> {
    names: BTreeMap<(Kind, usize), Vec<&'a str>>,
    compared: usize,
}

impl<'a> Speller<'a> {
    /// Returns a speller that knows the names of a catalog.
    pub(super) fn new(catalog: &'a Catalog) -> Self {
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
    pub(super) fn nearest(&mut self, kind: Kind, name: &str) -> Vec<&'a str> {
        let (least, most) = (name.len().saturating_sub(2), name.len().saturating_add(2));
        let near = self.names.range((kind, least)..=(kind, most)).flat_map(|(_, names)| names);
        let near: Vec<&str> = near.copied().filter(|near| !near.is_empty()).collect();
        self.compared = self.compared.saturating_add(near.len().saturating_mul(name.len().pow(2)));
        if name.len() > MAX_LENGTH || self.compared > MAX_LETTERS {
            return Vec::new();
        }
        spelling::nearest(name, near, Vocabulary::Names)
    }
}

/// Returns whether two names, one letter apart, differ inside one longer word of letters.
pub(super) fn is_slip(name: &str, known: &str) -> bool {
    let words = |text: &str| text.split(['-', '.', '_']).map(str::to_owned).collect::<Vec<_>>();
    let (name, known) = (words(name), words(known));
    if name.len() != known.len() {
        return true;
    }
    let mut pairs = name.iter().zip(&known).filter(|(left, right)| left != right);
    pairs.all(|(left, right)| {
        let is_other_letter = left.len() == right.len() && sorted(left) != sorted(right);
        // `read` and `head` are two words; `request` and `requests` are one.
        let least = if is_other_letter { 6 } else { 4 };
        let is_long = |word: &str| word.len() >= least && word.chars().all(char::is_alphabetic);
        is_long(left) && is_long(right)
    })
}

fn sorted(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

/// Returns whether a name reads as text where it stands without quotes.
pub(super) fn is_word(name: &str) -> bool {
    name.len() >= 4
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && !["true", "false", "null"].contains(&name)
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter))
}

/// Returns whether an object could have the name.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    name.len() <= MAX_LENGTH
        && name.starts_with(plain)
        && name.ends_with(plain)
        && name.chars().all(|letter| plain(letter) || letter == '-' || letter == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_other_things() {
        for (written, known) in [
            ("checkout-request", "checkout-requests"),
            ("chekcout", "checkout"),
            ("on-call", "oncall"),
            ("payment-latancy", "payment-latency"),
        ] {
            assert!(is_slip(written, known), "{written} is {known}");
        }
        for (written, known) in [
            ("latency-p95", "latency-p99"),
            ("zone-a", "zone-b"),
            ("api-v1", "api-v12"),
            ("read-latency", "head-latency"),
        ] {
            assert!(!is_slip(written, known), "{written} is not {known}");
        }
    }
}
