use crate::finding::Level;
use crate::model::Catalog;
use crate::model::MetricSource;
use crate::model::Query;
use crate::model::answers_promql;
use crate::query::Extent;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::source::Span;

use super::placeholder::Language;
use super::placeholder::placeholders;

pub(super) const RULE: Rule = Rule {
    name: "unresolved-query-placeholder",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("unresolved_query_placeholder.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    for source in catalog.metric_sources() {
        if let Some(query) = &source.query {
            report(query, source, checker);
        }
    }
}

fn report(query: &Query, source: &MetricSource, checker: &mut Checker<'_>) {
    let kind = checker.catalog().source_type(source);
    let language = match kind.as_deref().map(answers_promql) {
        Some(true) => Language::Promql,
        Some(false) => Language::Other,
        None => Language::Unknown,
    };
    for extent in placeholders(&query.text, language) {
        let found = extent.slice(&query.text);
        let is_window = found.starts_with("{{") && found.contains(".window");
        if is_window && language != Language::Other {
            continue;
        }
        let span = place(query, extent, checker);
        let finding = checker.report(span, format!("nothing fills in `{found}` in a query"));
        if found.starts_with("$__") {
            finding.label("only a dashboard knows this variable");
            finding.help("write a range such as `[5m]`");
        } else if is_window {
            finding.label("the placeholder of Sloth, on a data source that is not Prometheus");
            finding.help("write the range that is meant");
        } else {
            finding.help("write the value that is meant");
        }
    }
}

/// Returns where a placeholder stands in the file; quoting never changes its characters.
fn place(query: &Query, extent: Extent, checker: &Checker<'_>) -> Span {
    let found = extent.slice(&query.text);
    let before = query.text.get(..extent.start as usize).unwrap_or_default();
    let earlier = before.matches(found).count();
    let raw = checker.text(query.span);
    raw.match_indices(found).nth(earlier).map_or(query.span, |(offset, _)| {
        let start = query.span.start as usize + offset;
        Span::new(query.span.source, start, start + found.len())
    })
}
