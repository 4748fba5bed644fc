//! What the queries of an indicator ask of labels, wherever in them.

use crate::query::events;
use crate::query::tree::Matcher;

use super::Parsed;
use super::Sli;

/// A matcher of a metric, and the query that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'s, 'a> {
    /// The query.
    pub parsed: &'s Parsed<'a>,
    /// The name of the metric.
    pub metric: &'s str,
    /// The matcher.
    pub matcher: &'s Matcher,
}

/// Returns every matcher of the queries, in the order of the text, where the metric is known.
pub fn matchers<'s, 'a>(sli: &'s Sli<'a>) -> Vec<Asked<'s, 'a>> {
    let selectors = sli.queries.each.iter().flat_map(|parsed| {
        let selectors = parsed.sound().map(|tree| tree.selectors()).unwrap_or_default();
        selectors.into_iter().map(move |selector| (parsed, selector))
    });
    let matchers = selectors.filter_map(|(parsed, selector)| {
        let metric = events::metric(selector)?;
        Some(selector.matchers.iter().map(move |matcher| Asked { parsed, metric, matcher }))
    });
    matchers.flatten().collect()
}
