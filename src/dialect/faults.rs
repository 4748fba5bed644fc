//! What is wrong with an object, as far as it was looked at.
//!
//! # Why
//!
//! One cause is one finding: before anything is said of a place, it is asked whether something is said of it
//! already, and what is called wrong is not lowered. A file may have a hundred thousand of both.

use std::collections::BTreeSet;

use crate::source::Span;
use crate::yaml::Entry;
use crate::yaml::Node;

use super::Expected;
use super::Problem;

/// The problems of an object, and where they begin.
#[derive(Debug, Default)]
pub(super) struct Faults {
    problems: Vec<Problem>,
    starts: BTreeSet<u32>,
}

impl Faults {
    /// Returns what a schema says.
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        let starts = problems.iter().map(|problem| problem.span().start).collect();
        Self { problems, starts }
    }

    /// Adds a problem. A value that is merely unusual is still read.
    pub(super) fn push(&mut self, problem: Problem) {
        if !matches!(problem, Problem::LowTarget { .. }) {
            self.starts.insert(problem.span().start);
        }
        self.problems.push(problem);
    }

    /// Returns whether something that begins in a place is called wrong.
    pub(super) fn are_in(&self, place: Span) -> bool {
        self.starts.range(place.start..place.end.max(place.start + 1)).next().is_some()
    }

    /// Returns whether something of an entry is called wrong, its key included.
    pub(super) fn are_of(&self, entry: Entry<'_>) -> bool {
        self.are_in(entry.key.span().cover(entry.value.place())) || self.are_in(entry.value.span())
    }

    /// Returns whether something is said of a field of a mapping, or a key is most likely meant to be it.
    pub(super) fn explain(&self, mapping: Node<'_>, field: &str) -> bool {
        let is_meant = |problem: &Problem| match problem {
            Problem::UnknownField { span, nearest: Some(nearest), .. } => {
                nearest == field && mapping.span().contains(*span)
            }
            _ => false,
        };
        mapping.entry(field).is_some_and(|entry| self.are_of(entry))
            || self.problems.iter().any(is_meant)
    }

    /// Says that a value should be like another one, unless something is said of it, or nobody knows it.
    pub(super) fn unlike(&mut self, entry: Entry<'_>, like: &'static str) {
        self.wrong(entry, Expected::Like(like));
    }

    /// Says that a value is not what is expected, unless something is said of it, or nobody knows it.
    pub(super) fn wrong(&mut self, entry: Entry<'_>, expected: Expected) {
        let Entry { key, value, .. } = entry;
        if value.is_unknown() || value.text() == Some("") || self.are_of(entry) {
            return;
        }
        self.push(Problem::InvalidValue {
            span: value.place(),
            field: key.text().unwrap_or_default().to_owned(),
            found: value.text().unwrap_or_else(|| value.raw()).to_owned(),
            expected,
        });
    }

    /// Says that a field is missing.
    ///
    /// * `span`: where to say so; `of`: the field that holds the object, empty for the outermost one.
    pub(super) fn missing(&mut self, span: Span, object: Node<'_>, field: &str, of: &str) {
        self.push(Problem::MissingFields {
            span,
            object: object.span(),
            fields: vec![field.to_owned()],
            of: of.to_owned(),
            weak: false,
        });
    }

    /// Checks that a mapping has exactly one of several fields; where something is said of it, one that is
    /// missing may be meant.
    ///
    /// * `span`: where to say that none is given; `of`: the field that holds the mapping.
    pub(super) fn exactly_one(
        &mut self,
        mapping: Node<'_>,
        span: Span,
        of: &str,
        names: &[&'static str],
    ) {
        let given = names.iter().filter_map(|name| {
            let entry = mapping.entry(name).filter(|entry| !entry.value.is_null())?;
            Some((*name, entry.key.span()))
        });
        let mut given: Vec<(&'static str, Span)> = given.collect();
        given.sort_by_key(|(_, span)| *span);
        match given.as_slice() {
            [] if mapping.is_mapping() && !self.are_in(mapping.span()) => {
                let (fields, of) = (names.to_vec(), of.to_owned());
                self.push(Problem::MissingOneOf { span, fields, of });
            }
            [(other_field, other), (field, span), ..] => self.push(Problem::Conflict {
                span: *span,
                field,
                other: *other,
                other_field,
                across: false,
                redundant: None,
            }),
            _ => {}
        }
    }

    /// Returns all of them.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}
