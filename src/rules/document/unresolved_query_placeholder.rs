use std::collections::HashSet;

use crate::finding::Level;
use crate::model::Dialect;
use crate::model::MetricSource;
use crate::model::Object;
use crate::model::Query;
use crate::model::answers_promql;
use crate::query::Extent;
use crate::query::placeholder::Language;
use crate::query::placeholder::may_hold_placeholders;
use crate::query::placeholder::placeholders;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Holds;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Setting;
use crate::rules::words::quote;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    name: "unresolved-query-placeholder",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("unresolved_query_placeholder.md"),
    settings: &[Setting { name: VARIABLES, holds: Holds::Texts }],
    check: Check::Object(check),
};

fn check(object: &Object, checker: &mut Checker<'_>) {
    let filled = match object.meta().dialect {
        // Grafana fills in its own variables, slo-generator those of its environment.
        Dialect::Grafana => "$__",
        Dialect::Generator => "${",
        _ => "",
    };
    for source in object.metric_sources() {
        if let Some(query) = &source.query {
            report(query, source, filled, checker);
        }
    }
}

fn report(query: &Query, source: &MetricSource, filled: &str, checker: &mut Checker<'_>) {
    if !may_hold_placeholders(&query.text) {
        return;
    }
    let kind = checker.catalog().source_type(source);
    let language = match kind.map(answers_promql) {
        Some(true) => Language::Promql,
        Some(false) => Language::Other,
        None => Language::Unknown,
    };
    let variables = checker.texts(VARIABLES, checker.path(query.span.source));
    let variables: HashSet<&str> = variables.into_iter().collect();
    let found = placeholders(&query.text, language);
    let places = places(query, &found, checker);
    for (extent, span) in found.into_iter().zip(places) {
        let placeholder = extent.slice(&query.text);
        let is_window = placeholder.starts_with("{{") && placeholder.contains(".window");
        let is_read = is_window && language != Language::Other
            || !filled.is_empty() && placeholder.starts_with(filled);
        if is_read || variables.contains(name(placeholder)) {
            continue;
        }
        let message = format!("nothing fills in {} in a query", quote(placeholder));
        let finding = checker.report(span, message);
        if placeholder.starts_with("$__") {
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

/// The setting that names variables which another step fills in.
const VARIABLES: &str = "variables";

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
fn places(query: &Query, found: &[Extent], checker: &Checker<'_>) -> Vec<Span> {
    let raw = checker.text(query.span);
    let (mut read, mut rest) = (0, Some(0));
    let place = |extent: &Extent| {
        let placeholder = extent.slice(&query.text);
        let between = query.text.get(read..extent.start as usize)?;
        read = extent.end as usize;
        // The same text may stand before it where it is no placeholder, such as in a comment.
        for _ in 0..=between.matches(placeholder).count() {
            let from = rest?;
            rest = raw.get(from..)?.find(placeholder).map(|at| from + at + placeholder.len());
        }
        let end = query.span.start as usize + rest?;
        Some(Span::new(query.span.source, end - placeholder.len(), end))
    };
    let places: Vec<Option<Span>> = found.iter().map(place).collect();
    places.into_iter().map(|place| place.unwrap_or(query.span)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_named_without_its_marks() {
        for placeholder in ["$env", "${env}", "${env:regex}", "{{.env}}", "{{ env }}"] {
            assert_eq!(name(placeholder), "env", "{placeholder}");
        }
        assert_eq!(name("$__range"), "__range");
    }
}
