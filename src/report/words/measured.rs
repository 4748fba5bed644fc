//! Who measured, and what is to be known about it.

use crate::budget::Definition;
use crate::budget::Measurement;
use crate::gate::Decision;
use crate::report::Note;

/// The most SLOs that are named one by one.
const MOST_NAMES: usize = 5;

/// Returns the name of the backend that a decision rests on.
///
/// What the head does not change is measured once, by the trusted definition.
pub(super) fn backend<'a>(decision: &Decision, measurements: &'a [Measurement]) -> &'a str {
    let service = decision.slo.service.as_ref().map(|service| service.value.as_str());
    let of = |definition: Definition| {
        measurements.iter().find(|one| {
            one.slo == decision.slo.meta.name()
                && one.service.as_deref() == service
                && one.objective == decision.objective
                && one.definition == definition
        })
    };
    let measurement = of(decision.definition).or_else(|| of(Definition::Trusted));
    let name = measurement.map(|one| one.backend.as_str()).filter(|name| !name.is_empty());
    name.unwrap_or("the backend")
}

/// Returns a note for each warning of a backend, with the SLOs that it came with.
pub(super) fn notes(measurements: &[Measurement]) -> Vec<Note> {
    let mut found: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for one in measurements {
        for warning in &one.warnings {
            let known = found.iter_mut().find(|(text, backend, _)| {
                *text == warning.as_str() && *backend == one.backend.as_str()
            });
            match known {
                Some((_, _, names)) if names.contains(&one.slo.as_str()) => {}
                Some((_, _, names)) => names.push(&one.slo),
                None => found.push((warning, &one.backend, vec![&one.slo])),
            }
        }
    }
    let note = |(warning, backend, names): (&str, &str, Vec<&str>)| {
        let more = names.len().saturating_sub(MOST_NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = names.into_iter().take(MOST_NAMES).collect::<Vec<_>>().join(", ");
        let what = format!("{named}{more} by {backend}");
        Note { label: "measured".to_owned(), what, why: warning.to_owned() }
    };
    found.into_iter().map(note).collect()
}
