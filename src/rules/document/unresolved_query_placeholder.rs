use std::collections::HashSet;

use crate::finding::Level;
use crate::model::Catalog;
use crate::model::MetricSource;
use crate::model::Query;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Holds;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Setting;
use crate::rules::quote;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    name: "unresolved-query-placeholder",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("unresolved_query_placeholder.md"),
    settings: &[Setting { name: VARIABLES, holds: Holds::Texts }],
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
    let found = placeholders(&query.text);
    if found.is_empty() {
        return;
    }
    let variables = checker.texts(VARIABLES, checker.path(query.span.source));
    let variables: HashSet<&str> = variables.into_iter().collect();
    let has_window = found.iter().any(|placeholder| is_window(placeholder));
    let reads_window = has_window && is_prometheus(source, checker);
    let places = places(query, &found, checker);
    for (placeholder, span) in found.into_iter().zip(places) {
        if variables.contains(name(placeholder)) || (reads_window && is_window(placeholder)) {
            continue;
        }
        let message = format!("nothing fills in {} in a query", quote(placeholder));
        let finding = checker.report(span, message);
        if placeholder.starts_with("$__") {
            finding.label("only a dashboard knows this variable");
            finding.help("write a range such as `[5m]`");
        } else if is_window(placeholder) {
            finding.label("the placeholder of Sloth, on a data source that is not Prometheus");
            finding.help("write the range that is meant");
        } else {
            finding.help("write the value that is meant");
        }
    }
}

/// The setting that names variables which another step fills in.
const VARIABLES: &str = "variables";

fn is_window(placeholder: &str) -> bool {
    placeholder.starts_with("{{") && placeholder.contains(".window")
}

fn is_prometheus(source: &MetricSource, checker: &Checker<'_>) -> bool {
    let kind = checker.catalog().source_type(source);
    kind.is_none_or(|kind| kind.to_ascii_lowercase().contains("prom"))
}

/// Returns the variable of a placeholder: `env` of `$env`, `${env:regex}` and `{{ .env }}`.
fn name(placeholder: &str) -> &str {
    let inner = placeholder.trim_start_matches(['$', '{']).trim_end_matches('}').trim();
    let inner = inner.strip_prefix('.').unwrap_or(inner);
    inner.split_once(':').map_or(inner, |(name, _)| name)
}

/// Returns where placeholders, given in their order, stand in the file.
///
/// Quoting never changes the characters of one; where a line break or an escape does, it and those
/// behind it are said to stand in the query.
fn places(query: &Query, found: &[&str], checker: &Checker<'_>) -> Vec<Span> {
    let raw = checker.text(query.span);
    let mut rest = Some(0);
    let place = |placeholder: &&str| {
        let from = rest?;
        rest = raw.get(from..)?.find(placeholder).map(|at| from + at + placeholder.len());
        let end = query.span.start as usize + rest?;
        Some(Span::new(query.span.source, end - placeholder.len(), end))
    };
    let places: Vec<Option<Span>> = found.iter().map(place).collect();
    places.into_iter().map(|place| place.unwrap_or(query.span)).collect()
}

/// Returns the placeholders of a query, each once, in order.
fn placeholders(query: &str) -> Vec<&str> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let (last_brace, last_braces) = (query.rfind('}'), query.rfind("}}"));
    let mut at = 0;
    while let Some(next) = query.get(at..).and_then(|rest| rest.find(['$', '{'])) {
        at += next;
        let rest = query.get(at..).unwrap_or_default();
        // What no brace can close is not searched for one, again and again.
        let is_open = |close: Option<usize>| close.is_none_or(|close| close < at);
        let is_broken = rest.starts_with("${") && is_open(last_brace)
            || rest.starts_with("{{") && is_open(last_braces);
        let length = if is_broken { None } else { length(rest) };
        if let Some(text) = length.and_then(|length| rest.get(..length))
            && seen.insert(text)
        {
            found.push(text);
        }
        at += length.unwrap_or(1);
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
        assert_eq!(placeholders("${a} ${b {{c}} ${d"), ["${a}", "${b {{c}"]);
    }

    #[test]
    fn a_variable_is_named_without_its_marks() {
        for placeholder in ["$env", "${env}", "${env:regex}", "{{.env}}", "{{ env }}"] {
            assert_eq!(name(placeholder), "env", "{placeholder}");
        }
        assert_eq!(name("$__range"), "__range");
    }
}
