use crate::finding::Level;
use crate::indicators::Sli;
use crate::model::Query;
use crate::query::events::metric;
use crate::query::placeholder::may_hold_placeholders;
use crate::query::tree::VectorSelector;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Holds;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Setting;
use crate::rules::words::list;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "unscoped-selector",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("unscoped_selector.md"),
    settings: &[Setting { name: LABELS, holds: Holds::Texts }],
    check: Check::Indicator(check),
};

/// The setting that names the labels of which one has to be asked for.
const LABELS: &str = "labels";

/// Those labels, where the setting names none.
const SCOPES: [&str; 8] =
    ["env", "environment", "cluster", "namespace", "service", "service_name", "app", "job"];

/// The annotation of a data source that serves a single team.
const SCOPED: &str = "slo/scoped";

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some(first) = sli.queries.each.first() else { return };
    let given = checker.texts(LABELS, checker.path(first.query.span.source));
    let labels = if given.is_empty() { SCOPES.to_vec() } else { given };
    let mut found: Vec<(&Query, &VectorSelector)> = Vec::new();
    for parsed in &sli.queries.each {
        let source = checker.catalog().data_source(parsed.source).one();
        let is_scoped = source.is_some_and(|source| source.meta.annotation(SCOPED).is_some());
        let Some((query, tree)) = parsed.counted() else { return };
        for selector in tree.selectors() {
            // Where only some of them say it, `mismatched-scope` and `good-not-proper-subset` speak.
            if is_scoped || !is_open(selector, &labels) {
                return;
            }
            found.push((query, selector));
        }
    }
    let Some(((query, selector), others)) = found.split_first() else { return };
    let name = quote(metric(selector).unwrap_or_default());
    let place = checker.place(query, selector.extent);
    let others: Vec<_> =
        others.iter().map(|(query, selector)| checker.place(query, selector.extent)).collect();
    let finding = checker.report(place, format!("{name} is asked for wherever it comes from"));
    finding.label("counts events of every service and environment that has this metric");
    for other in others {
        finding.also(other, "and here");
    }
    finding.help(format!("ask for one of {}", list(&labels, "or")));
}

/// Returns whether a selector asks for none of some labels, as far as it is written out.
fn is_open(selector: &VectorSelector, labels: &[&str]) -> bool {
    let is_whole = selector.placeholders.is_empty()
        && metric(selector).is_some_and(|name| !name.contains(':') && !may_hold_placeholders(name));
    let mut matchers = selector.matchers.iter();
    is_whole && !matchers.any(|matcher| labels.contains(&matcher.label.text.as_str()))
}
