//! The coverage of journeys and endpoints: its schema, and the lowering of the matrix.

use crate::dialect::Problem;
use crate::dialect::canonical;
use crate::dialect::fields;
use crate::dialect::schema::Schema;
use crate::model::Coverage;
use crate::model::CoverageRow;
use crate::model::Inventory;
use crate::source::Spanned;
use crate::yaml::Entry;
use crate::yaml::Node;

pub(super) const KIND: &str = "JourneyCoverage";

static SCHEMA: Schema = Schema::new(include_str!("../../../schemas/journey-coverage.json"));

/// Checks a coverage and lowers it.
pub(super) fn read(node: Node<'_>) -> (Coverage, Vec<Problem>) {
    let head = node.given("kind").map_or(node.span(), Node::span);
    let problems = SCHEMA.check(node, head);
    let name = node.given("metadata").and_then(|metadata| fields::word(metadata, "name"));
    let spec = node.given("spec");
    let items = |field: &str| {
        spec.and_then(|spec| spec.given(field))
            .into_iter()
            .flat_map(Node::items)
            .collect::<Vec<_>>()
    };
    let matrix = spec.and_then(|spec| spec.given("matrix"));
    let coverage = Coverage {
        name: name.map_or_else(String::new, |name| name.value.to_owned()),
        inventory: items("inventory").into_iter().filter_map(inventory).collect(),
        rows: matrix.into_iter().flat_map(Node::entries).map(row).collect(),
        excluded: items("excluded")
            .into_iter()
            .filter_map(|node| fields::text(node, "endpoint"))
            .collect(),
        span: node.span(),
    };
    (coverage, problems)
}

fn inventory(node: Node<'_>) -> Option<Inventory> {
    let base_path = fields::word(node, "basePath").map(|base| base.value.to_owned());
    Some(Inventory { openapi: fields::text(node, "openapi")?, base_path })
}

fn row(entry: Entry<'_>) -> CoverageRow {
    let endpoints = entry.value.given("endpoints").into_iter().flat_map(Node::items);
    let spanned = |node: Node<'_>| Some(Spanned::new(node.text()?.to_owned(), node.span()));
    CoverageRow {
        feature: entry.key.text().unwrap_or_default().to_owned(),
        endpoints: endpoints.filter_map(spanned).collect(),
        meaning: canonical::text(entry.value),
    }
}
