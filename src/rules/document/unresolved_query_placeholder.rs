use crate::finding::Level;
use crate::model::Catalog;
use crate::model::MetricSource;
use crate::model::Query;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::source::Span;

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
    let is_prometheus = kind.is_none_or(|kind| kind.to_ascii_lowercase().contains("prom"));
    for found in placeholders(&query.text) {
        let is_window = found.starts_with("{{") && found.contains(".window");
        if is_window && is_prometheus {
            continue;
        }
        let span = place(query, found, checker);
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
fn place(query: &Query, found: &str, checker: &Checker<'_>) -> Span {
    let raw = checker.text(query.span);
    raw.find(found).map_or(query.span, |offset| {
        let start = query.span.start as usize + offset;
        Span::new(query.span.source, start, start + found.len())
    })
}

/// Returns the placeholders of a query, each once, in order.
fn placeholders(query: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(at) = rest.find(['$', '{']) {
        let tail = rest.get(at..).unwrap_or_default();
        let length = length(tail);
        if let Some(text) = length.and_then(|length| tail.get(..length))
            && !found.contains(&text)
        {
            found.push(text);
        }
        rest = tail.get(length.unwrap_or(1)..).unwrap_or_default();
    }
    found
}

/// Returns the length of the placeholder that text begins with.
///
/// A `$` without a name behind it ends a regular expression, as in `code=~"5..$"`.
fn length(text: &str) -> Option<usize> {
    if text.starts_with("${") {
        return text.find('}').map(|end| end + 1);
    }
    if text.starts_with("{{") {
        return text.find("}}").map(|end| end + 2);
    }
    let name = text.strip_prefix('$')?;
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let length = name.find(|letter| !is_name(letter)).unwrap_or(name.len());
    let begins = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    name.starts_with(begins).then_some(1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_labels_and_anchors() {
        let query = "sum(rate(x{job=\"$job\",code=~\"5..$\",env=\"${ENV}\"}[$__rate_interval]))";
        assert_eq!(placeholders(query), ["$job", "${ENV}", "$__rate_interval"]);
        assert_eq!(placeholders("x[{{.window}}] / x[{{.window}}]"), ["{{.window}}"]);
        assert!(placeholders("avg:x{host:*} by {env}").is_empty());
        assert!(placeholders("a{{").is_empty());
    }
}
