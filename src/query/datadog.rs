//! Metric queries of Datadog to a tree with a byte extent on every node.
//!
//! ```text
//! sum:trace.http.request.hits{service:shop,!status:5*} by {env}.as_count()
//! ```
//!
//! [`parse`] gives the tree of [`tree`] and the [`problem`]s found on the way.
//!
//! **Invariant:** as in [`crate::query`], nothing is worded here, and an [`crate::query::Extent`]
//! counts bytes from the start of the query text. A query that Datadog takes has no problem here.
//!
//! # Why
//!
//! Datadog publishes no grammar. What its pages show and what people write is read; what its
//! server is known to refuse is a problem; what nobody has said either way is read as well. So an
//! unknown aggregator or function is no problem, an empty list is none, and a tag may hold any
//! character but white space at its ends, commas, parentheses and braces.
//!
//! Queries of monitors are read too, with the time in front and the comparison behind, but not
//! those that alert on a change; and so are several queries with commas between them. An indicator
//! takes neither, but they are no mistakes of syntax.
//!
//! Placeholders are those of dashboards (`$env`, `$env.value`), of Terraform (`${var.env}`,
//! `%{ if … }`) and of Go templates and their kin (`{{ .Env }}`). What is in them is not read.
//!
//! # Source
//!
//! Datadog documentation: "Metrics", anatomy of a query; "Advanced Filtering"; "Functions" and
//! "Rollup"; "Distributions", threshold queries; "Metric-based SLOs"; "Template Variables".

use crate::query::datadog::problem::Problem;
use crate::query::datadog::tree::Expression;

pub mod lower;
pub mod problem;
pub mod tree;

mod cursor;
mod parser;

/// Parses a metric query.
///
/// * First part: what was understood, as far as the text was read; absent when that is nothing.
/// * Second part: what is wrong, in the order of the text but for an opening sign that is never
///   closed. Empty means that the query is valid, and then the first part is there and whole.
pub fn parse(text: &str) -> (Option<Expression>, Vec<Problem>) {
    parser::parse(text)
}

#[cfg(test)]
mod tests;
