//! Names a finding so that another run knows it again.
//!
//! # Why
//!
//! A line number changes with every line inserted above. A finding is named by its rule, its path,
//! the text of its line without the space around it, and its place among findings that agree in all
//! three.

use std::collections::BTreeMap;

use sha2::Digest;
use sha2::Sha256;

use crate::finding::Finding;
use crate::report::place::Places;

/// Hands out the names of the findings of one report, in their order.
#[derive(Default)]
pub(super) struct Fingerprints {
    seen: BTreeMap<[u8; 32], usize>,
}

impl Fingerprints {
    /// Returns the name of the next finding: 32 hexadecimal digits.
    pub(super) fn next(&mut self, finding: &Finding, places: &Places<'_>) -> String {
        let place = places.of(finding.span);
        let line = places.lines(finding.span.source).line(place.start.line);
        let mut content = Sha256::new();
        for part in [finding.rule, place.path, line.trim()] {
            content.update((part.len() as u64).to_le_bytes());
            content.update(part.as_bytes());
        }
        let content: [u8; 32] = content.finalize().into();
        let occurrence = self.seen.entry(content).or_insert(0);
        let mut name = Sha256::new();
        name.update(content);
        name.update((*occurrence as u64).to_le_bytes());
        *occurrence += 1;
        let digits = name.finalize().into_iter().take(16).flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    }
}
