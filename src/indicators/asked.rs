//! What the queries of an indicator ask of labels, wherever in them.

use crate::model::Query;
use crate::query::events;
use crate::query::tree::Matcher;

use super::Parsed;
use super::Sli;

/// Labels that say whose events these are.
pub const SCOPES: [&str; 9] = [
    "app",
    "cluster",
    "env",
    "environment",
    "job",
    "namespace",
    "region",
    "service",
    "service_name",
];

/// A matcher of a metric, and the query that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'s, 'a> {
    /// The query.
    pub parsed: &'s Parsed<'a>,
    /// The text that the matcher stands in: that of the query, in full.
    pub query: &'s Query,
    /// The name of the metric.
    pub metric: &'s str,
    /// The matcher.
    pub matcher: &'s Matcher,
}

/// Returns every matcher of the queries, in the order of the text, where the metric is known.
pub fn matchers<'s, 'a>(sli: &'s Sli<'a>) -> Vec<Asked<'s, 'a>> {
    let selectors = sli.queries.each.iter().flat_map(|parsed| {
        let selectors = parsed.counted().map(|(query, tree)| {
            tree.selectors().into_iter().map(move |selector| (parsed, query, selector))
        });
        selectors.into_iter().flatten()
    });
    let matchers = selectors.filter_map(|(parsed, query, selector)| {
        let metric = events::metric(selector)?;
        let asked = move |matcher| Asked { parsed, query, metric, matcher };
        Some(selector.matchers.iter().map(asked))
    });
    matchers.flatten().collect()
}
