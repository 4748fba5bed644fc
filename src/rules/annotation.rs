//! The edit that adds an annotation to an object.

use crate::model::Meta;
use crate::source::Edit;
use crate::yaml::Added;
use crate::yaml::Node;
use crate::yaml::append_entries;

use super::Checker;

const FIELD: &str = "annotations";

/// Returns the edit that adds an annotation to an object that has none of that key; nothing where the text
/// leaves a doubt, or the format has no annotations.
pub(super) fn annotate(meta: &Meta, key: &str, value: &str, checker: &Checker<'_>) -> Option<Edit> {
    if !meta.dialect.has_annotations() {
        return None;
    }
    beside(meta, key, value, checker)
        .or_else(|| checker.mend(meta.span, |object| declare(object, key, value)))
}

/// Returns how an SLO of a format writes the key of an annotation.
pub(super) fn spelled(meta: &Meta, key: &str) -> String {
    if meta.dialect.has_annotations() { key.to_owned() } else { key.replace(['/', '-'], "_") }
}

/// Returns the edit that adds it below the name, or below the last annotation.
fn beside(meta: &Meta, key: &str, value: &str, checker: &Checker<'_>) -> Option<Edit> {
    let line = format!("{key}: {value}");
    if let Some(last) = meta.annotations.last() {
        return checker.add_below(last.value.span, meta.span, key, &[(0, line)]);
    }
    let lines = [(0, format!("{FIELD}:")), (2, line)];
    checker.add_below(meta.name.as_ref()?.span, meta.span, FIELD, &lines)
}

/// Returns the edit that adds it to an object; nothing where that has no metadata, which would need a name
/// as well.
fn declare(object: Node<'_>, key: &str, value: &str) -> Option<Edit> {
    let metadata = object.given("metadata")?;
    let value = Added::Text(value);
    match metadata.given(FIELD) {
        Some(annotations) if annotations.is_empty() => None,
        Some(annotations) => append_entries(annotations, &[(key, value)]),
        None => append_entries(metadata, &[(FIELD, Added::Mapping(vec![(key, value)]))]),
    }
}
