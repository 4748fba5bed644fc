//! Names as formats take them, and no two alike.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::model::Objective;
use crate::model::Slo;
use crate::model::Text;
use crate::source::Span;
use crate::source::Spanned;

use super::labels::SERVICE;
use super::ledger::Ledger;

/// The longest name of an object of Kubernetes, and of one of OpenSLO.
pub(super) const LONGEST: usize = 63;

/// The names that are taken.
///
/// **Invariant:** a name is asked for in a time that does not depend on how many are taken.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<(String, String)>,
    /// The last number behind a name.
    numbers: HashMap<(String, String), usize>,
}

impl Names {
    /// Returns a name that nothing else has, and notes where it is another than the usual one.
    ///
    /// * `scope`: within which names have to differ; `own`: how the format writes `name`.
    pub(super) fn take(
        &mut self,
        scope: &str,
        name: &str,
        own: String,
        place: Span,
        ledger: &mut Ledger,
    ) -> String {
        let found = self.free(scope, own);
        if found != name {
            ledger.change(place, format!("`{name}` is named `{found}`"));
        }
        found
    }

    fn free(&mut self, scope: &str, own: String) -> String {
        let key = (scope.to_owned(), own);
        if self.taken.insert(key.clone()) {
            return key.1;
        }
        let number = self.numbers.entry(key.clone()).or_insert(1);
        loop {
            *number += 1;
            let end = format!("-{number}");
            let start: String = key.1.chars().take(LONGEST.saturating_sub(end.len())).collect();
            let next = start.trim_end_matches('-').to_owned() + &end;
            if self.taken.insert((key.0.clone(), next.clone())) {
                return next;
            }
        }
    }
}

/// Returns the service of an SLO, if it names one.
pub(super) fn service(slo: &Slo) -> Option<&Spanned<Text>> {
    slo.service.as_ref().or_else(|| slo.meta.label(SERVICE))
}

/// Returns the names of the SLOs that are made of one, one for each objective.
pub(super) fn parts(slo: &Slo) -> Vec<String> {
    if slo.objectives.len() == 1 {
        return vec![slo.meta.name().to_owned()];
    }
    let part = |(index, objective): (usize, &Objective)| {
        let number = || (index + 1).to_string();
        let part = objective.name.as_ref().map_or_else(number, |name| slug(&name.value));
        format!("{}-{part}", slo.meta.name())
    };
    slo.objectives.iter().enumerate().map(part).collect()
}

/// Returns a text as a name: at most 63 lowercase letters, digits and hyphens.
pub(super) fn slug(text: &str) -> String {
    let mut name = String::new();
    for letter in text.to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            name.push(letter);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(LONGEST);
    let name = name.trim_end_matches('-');
    if name.is_empty() { "slo".to_owned() } else { name.to_owned() }
}

/// Returns whether a text is letters and digits, with hyphens, dots and lines between them.
pub(super) fn is_name(text: &str, longest: usize) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    let ends = [text.chars().next(), text.chars().next_back()];
    let has_ends = ends.iter().all(|end| end.is_some_and(|end| end.is_ascii_alphanumeric()));
    has_ends && text.len() <= longest && text.chars().all(is_letter)
}
