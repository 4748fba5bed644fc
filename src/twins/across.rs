//! The same SLO in two formats.
//!
//! # Why
//!
//! Formats write one indicator in many ways: a query or a selector, this range or one that a tool fills in.
//! What two of them have in common is which events count, so that is what is compared: the metric, its labels
//! and how they are gathered, on both sides of the share.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::model::BudgetingMethod;
use crate::model::Catalog;
use crate::model::Dialect;
use crate::model::Indicator;
use crate::model::Measure;
use crate::model::MetricSource;
use crate::model::RawType;
use crate::model::Relation;
use crate::model::Slo;
use crate::model::Subject;
use crate::model::WindowKind;
use crate::model::answers_promql;
use crate::query;
use crate::query::events;
use crate::query::events::Groups;
use crate::query::events::Reading;
use crate::query::tree::Expression;
use crate::query::tree::GroupingKind;
use crate::query::tree::Modifiers;

use super::Environment;
use super::Length;
use super::Twin;
use super::length;

/// What objectives in two formats have in common that judge the same.
#[derive(PartialEq, Eq, Hash)]
struct Asked<'a> {
    overlay: Option<&'a str>,
    environment: Environment<'a>,
    relation: Relation,
    window: Length,
    counted: String,
}

/// Returns pairs of objectives that judge the same in two formats: the first of each.
pub(super) fn pairs<'a>(slos: &'a [Subject<'a>], catalog: &'a Catalog) -> Vec<[Twin<'a>; 2]> {
    let family = |slo: &Subject<'_>| slo.meta.dialect.family();
    let mut families = slos.iter().map(family);
    let first = families.next();
    if families.all(|other| Some(other) == first) {
        return Vec::new();
    }
    let mut known: HashMap<Asked<'a>, Vec<Twin<'a>>> = HashMap::new();
    let mut found = Vec::new();
    for (index, slo) in slos.iter().enumerate() {
        let is_counted = slo.method() == BudgetingMethod::Occurrences && slo.knows_method();
        let Some(window) = slo.window.as_ref().filter(|_| !slo.composite && is_counted) else {
            continue;
        };
        let Some(relation) = slo.relation().filter(|_| !slo.is_draft()) else { continue };
        if !matches!(window.kind, WindowKind::Rolling) {
            continue;
        }
        for objective in &slo.objectives {
            let Some(target) = objective.budgeted() else { continue };
            let Some(indicator) = catalog.indicator(&objective.indicator).one() else { continue };
            let Some(counted) = counted(indicator, catalog) else { continue };
            let asked = Asked {
                overlay: slo.meta.overlay.as_deref(),
                environment: Environment(&slo.meta.labels),
                relation,
                window: length(&window.duration),
                counted,
            };
            let twin = Twin { index, slo, objective, target };
            let others = known.entry(asked).or_default();
            if others.iter().any(|other| family(other.slo) == family(slo)) {
                continue;
            }
            let mut others_here = others.iter().filter(|other| may_share_place(other.slo, slo));
            found.extend(others_here.next().map(|other| [*other, twin]));
            others.push(twin);
        }
    }
    found
}

/// Returns whether no namespaces of Kubernetes keep two SLOs apart.
fn may_share_place(one: &Slo, other: &Slo) -> bool {
    match (namespace(one), namespace(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// Returns the namespace of Kubernetes that an SLO is in, where it says so.
fn namespace(slo: &Slo) -> Option<&str> {
    let home = slo.meta.namespace.as_deref()?;
    match slo.meta.dialect {
        // A name is unique in its service.
        Dialect::SlothKubernetes => home.split_once('/').map(|(namespace, _)| namespace),
        Dialect::Pyrra | Dialect::DatadogKubernetes | Dialect::OpenSloOperator => Some(home),
        _ => None,
    }
}

/// Returns which events are good or bad, and which are valid; nothing where that is not certain.
fn counted(indicator: &Indicator, catalog: &Catalog) -> Option<String> {
    match &indicator.measure {
        Measure::Counts(counts) => {
            let is_counter = counts.counter == Some(true);
            let (side, part) = match (&counts.good, &counts.bad) {
                (Some(good), None) => ("good", good),
                (None, Some(bad)) => ("bad", bad),
                _ => return None,
            };
            let of = |source: &MetricSource| events_of(&tree(source, catalog)?, is_counter);
            Some(format!("{side} {} of {}", of(part)?, of(counts.total.as_ref()?)?))
        }
        Measure::Raw { raw_type, source } => {
            let tree = tree(source, catalog)?;
            let share = events::share(&tree).filter(|share| share.guards.is_empty())?;
            let is_good = (*raw_type == RawType::Success) != share.is_complement;
            let side = if is_good { "good" } else { "bad" };
            let of = |side: &Expression| events_of(side, false);
            Some(format!("{side} {} of {}", of(share.part)?, of(share.whole)?))
        }
        Measure::Threshold(_) | Measure::Unreadable => None,
    }
}

/// Returns a query as PromQL, where it is that or can be said in it.
fn tree(source: &MetricSource, catalog: &Catalog) -> Option<Expression> {
    let text = &source.query.as_ref()?.text;
    let kind = catalog.source_type(source)?;
    if kind.to_lowercase().contains("datadog") {
        let (tree, problems) = query::datadog::parse(text);
        return query::datadog::lower::lower(&tree.filter(|_| problems.is_empty())?);
    }
    let (tree, problems) = query::parse(text);
    tree.filter(|_| problems.is_empty() && answers_promql(kind))
}

/// Returns the only set of events that a query counts, whatever the range.
fn events_of(expression: &Expression, is_counter: bool) -> Option<String> {
    let events = events::reduce(expression).filter(|events| events.guards.is_empty())?;
    let [set] = events.sets.as_slice() else { return None };
    let is_growth = match set.reading {
        Reading::Rate | Reading::Increase => true,
        Reading::Value => is_counter,
        Reading::InstantRate | Reading::Sum => false,
    };
    let is_plain = *set.modifiers == Modifiers::default() && set.selector.placeholders.is_empty();
    if !is_growth || !is_plain {
        return None;
    }
    let matchers = set.selector.matchers.iter().filter(|matcher| matcher.label.text != "__name__");
    let mut matchers: Vec<String> = matchers
        .map(|matcher| format!("{} {:?} {:?}", matcher.label.text, matcher.operator, matcher.value))
        .collect();
    matchers.sort_unstable();
    let mut text = format!("{}{{{}}}", set.metric, matchers.join(", "));
    if let Groups::Some(grouping) = set.groups {
        let mut labels: Vec<&str> =
            grouping.labels.iter().map(|label| label.text.as_str()).collect();
        labels.sort_unstable();
        let word = if grouping.kind == GroupingKind::By { "by" } else { "without" };
        let _ = write!(text, " {word} {}", labels.join(", "));
    }
    Some(text)
}
