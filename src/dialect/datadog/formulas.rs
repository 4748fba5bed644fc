//! Formulas: arithmetic with the names of queries that stand beside it.

use std::collections::HashMap;

use crate::model::Inset;
use crate::model::Query;
use crate::query::Extent;
use crate::query::MAX_LENGTH;
use crate::spelling;
use crate::spelling::Vocabulary;
use crate::yaml::Entry;
use crate::yaml::Node;

use super::Expected;
use super::Problem;
use super::faults::Faults;
use super::fields;
use super::form::Form;
use super::form::one;

/// The formulas of a count: of good, bad and valid events.
pub(super) const COUNTS: [&str; 3] =
    ["good_events_formula", "bad_events_formula", "total_events_formula"];

/// Returns what holds formulas and the queries that they name.
pub(super) fn holders<'a>(form: &Form<'a>) -> impl Iterator<Item = Entry<'a>> {
    let slices = form.slices.and_then(|slices| {
        let entry = slices.value.entry("query")?;
        let value = one(slices.value, "query")?;
        value.is_mapping().then_some(Entry { value, ..entry })
    });
    [form.count, slices].into_iter().flatten()
}

/// Returns the formula of slices.
pub(super) fn of_slices(query: Node<'_>) -> Option<Node<'_>> {
    one(query, "formulas").or_else(|| one(query, "formula"))
}

/// Returns the text of a formula.
fn text(written: Node<'_>) -> Option<Node<'_>> {
    match written.text() {
        Some(_) => Some(written),
        None => one(written, "formula").or_else(|| one(written, "formula_expression")),
    }
}

/// Returns the queries beside a formula, by their names.
fn named(holder: Node<'_>) -> HashMap<&str, Node<'_>> {
    let queries = ["queries", "query"].into_iter().filter_map(|field| holder.given(field));
    let queries = queries.flat_map(Node::items);
    let queries = queries.map(|item| one(item, "metric_query").unwrap_or(item));
    queries
        .filter_map(|query| Some((fields::word(query, "name")?.value, query.given("query")?)))
        .collect()
}

/// Returns whether all queries beside a formula are known: of one in Terraform, the name may not be.
fn are_known(holder: Node<'_>) -> bool {
    let lists = ["queries", "query"].into_iter().filter_map(|field| holder.given(field));
    let items = lists.clone().flat_map(Node::items);
    let is_known = |item: Node<'_>| {
        let query = one(item, "metric_query").unwrap_or(item);
        query.is_mapping() && query.given("name").is_some_and(|name| !name.is_unknown())
    };
    lists.into_iter().all(|list| !list.is_unknown()) && items.into_iter().all(is_known)
}

/// Checks that formulas name queries that stand beside them, unless something is said of these.
pub(super) fn check(holder: Entry<'_>, faults: &mut Faults) {
    if faults.are_of(holder) || !are_known(holder.value) {
        return;
    }
    let queries = named(holder.value);
    let counts = COUNTS.into_iter().filter_map(|field| one(holder.value, field));
    for formula in counts.chain(of_slices(holder.value)).filter_map(text) {
        let body = formula.text().unwrap_or_default();
        let unknown = words(body).find(|(_, word)| !queries.contains_key(word));
        let Some((_, word)) = unknown else { continue };
        let mut names: Vec<&str> = queries.keys().copied().collect();
        names.sort_unstable();
        let near = spelling::nearest(word, names.iter().copied(), Vocabulary::Words);
        let nearest = near.first().map(|&name| name.to_owned());
        let known = names.iter().map(|&name| name.to_owned()).collect();
        faults.push(Problem::InvalidValue {
            span: formula.place(),
            field: "formula".to_owned(),
            found: word.to_owned(),
            expected: Expected::Defined { under: "queries", known, nearest },
        });
    }
}

/// Returns the query that a formula is, the queries that it names set in; nothing for one that would be longer
/// than any that is read.
///
/// * `holder`: what holds the queries.
pub(super) fn query(written: Node<'_>, holder: Node<'_>) -> Option<Query> {
    let (formula, queries) = (text(written)?, named(holder));
    let body = formula.text()?;
    if let Some(only) = queries.get(body.trim()) {
        return Some(Query::new(only.text()?.trim().to_owned(), only.span()));
    }
    let (mut insets, mut length) = (Vec::new(), body.len());
    for (at, word) in words(body) {
        let text = queries.get(word)?.text()?.trim();
        length += text.len();
        if length > MAX_LENGTH {
            return None;
        }
        let text = format!("({text})");
        insets.push(Inset { replaced: Extent::between(at, at + word.len()), text });
    }
    Some(Query::new(body.to_owned(), formula.span()).with(&insets))
}

/// Returns the names in a formula, each with where it begins; numbers and functions are none.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let start = at + rest.find(is_part)?;
        let word = text.get(start..)?.split(|letter| !is_part(letter)).next()?;
        at = start + word.len();
        Some((start, word))
    })
    .filter(move |(start, word)| {
        let behind = text.get(start + word.len()..).unwrap_or_default();
        let is_function = behind.trim_start().starts_with('(');
        !is_function && !word.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.')
    })
}
