//! Lowers the SLOs of a service to the model.

use std::sync::Arc;

use crate::model::Annotation;
use crate::model::Annotations;
use crate::model::IndicatorUse;
use crate::model::LabelValues;
use crate::model::Labels;
use crate::model::Measure;
use crate::model::Meta;
use crate::model::Object;
use crate::model::Query;
use crate::model::RatioCounts;
use crate::model::RawType;
use crate::model::Slo;
use crate::model::Text;
use crate::source::Spanned;
use crate::yaml::Node;

use super::Names;
use super::faults::Faults;
use super::fields;
use super::parts;
use super::parts::Scale;
use super::windows;

/// Returns the SLOs of a file or a resource.
///
/// * `node`: the whole of it; `spec`: what holds the SLOs.
pub(super) fn slos(node: Node<'_>, spec: Node<'_>, names: &Names, faults: &Faults) -> Vec<Object> {
    let slos = spec.given("slos").into_iter().flat_map(Node::items);
    let slos = slos.filter(|slo| slo.is_mapping());
    slos.map(|slo| Object::Slo(Arc::new(lower(node, spec, slo, names, faults)))).collect()
}

fn lower(node: Node<'_>, spec: Node<'_>, slo: Node<'_>, names: &Names, faults: &Faults) -> Slo {
    let target = parts::target(slo, "objective", Scale::Percent, faults);
    let indicator = match slo.given("sli").filter(|sli| sli.is_mapping()) {
        Some(sli) => {
            let measure = measure(sli, language(spec, slo), names, faults);
            parts::inline(names.dialect, sli, measure)
        }
        None => IndicatorUse::Missing,
    };
    let objective = parts::objective(slo, target, indicator);
    Slo {
        meta: meta(node, spec, slo, names),
        service: fields::text(spec, "service"),
        budgeting_method: None,
        window: None,
        objectives: vec![objective],
        composite: false,
        alert_policies: Vec::new(),
        alert_policies_span: slo.entry("alerting").map(|entry| entry.key.span()),
        generated: windows::wanted(slo, names),
    }
}

/// Returns who an SLO is: a name is unique in its service, and a service in its namespace.
fn meta(node: Node<'_>, spec: Node<'_>, slo: Node<'_>, names: &Names) -> Meta {
    let metadata = node.given("metadata");
    let namespace = metadata.and_then(|metadata| fields::word(metadata, "namespace"));
    let service = fields::word(spec, "service");
    let parts: Vec<&str> = namespace.iter().chain(&service).map(|part| part.value).collect();
    let notes = [
        metadata.and_then(|metadata| metadata.given("labels")),
        metadata.and_then(|metadata| metadata.given("annotations")),
        spec.given("labels"),
        slo.given("labels"),
    ];
    let labels = notes.iter().flatten().flat_map(|notes| notes.entries());
    let labels: Labels = labels
        .filter_map(|entry| {
            let value = Spanned::new(Text::from(entry.value.text()?), entry.value.span());
            Some((Text::from(entry.key.text()?), LabelValues::One(value)))
        })
        .collect();
    // What is said of the SLO itself comes first.
    let annotations = notes.iter().rev().flatten().flat_map(|notes| notes.entries());
    let annotations: Annotations = annotations
        .filter_map(|entry| {
            let key = Spanned::new(parts::declaration(entry.key.text()?)?, entry.key.span());
            let value = Spanned::new(Text::from(entry.value.text()?), entry.value.span());
            Some(Annotation { key, value })
        })
        .collect();
    Meta {
        name: fields::text(slo, "name"),
        namespace: (!parts.is_empty()).then(|| Text::from(parts.join("/").as_str())),
        labels,
        annotations,
        dialect: names.dialect,
        span: slo.span(),
        head: fields::first_key(slo),
        ..Meta::default()
    }
}

/// Returns who answers the queries: a plugin that reads those of VictoriaMetrics says so by its name.
fn language(spec: Node<'_>, slo: Node<'_>) -> &'static str {
    let plugins = [spec.given("slo_plugins"), spec.given("sloPlugins"), slo.given("plugins")];
    let chains = plugins.into_iter().flatten().filter_map(|plugins| plugins.given("chain"));
    let mut plugins = chains.flat_map(Node::items).filter_map(|it| fields::word(it, "id"));
    let is_victoria = plugins.any(|id| id.value.contains("victoria_metrics"));
    if is_victoria { "VictoriaMetrics" } else { "Prometheus" }
}

/// Returns how errors are counted; a query that is called wrong is none.
fn measure(sli: Node<'_>, language: &str, names: &Names, faults: &Faults) -> Measure {
    let source = |holder: &str, field: &str| {
        let query =
            sli.given(holder)?.given(field).filter(|query| !faults.are_in(query.place()))?;
        let text = query.text()?.trim().to_owned();
        Some(parts::source(language, Query::new(text, query.span())))
    };
    let fields = ["events", "raw", "plugin"];
    if fields.iter().filter(|field| sli.given(field).is_some()).count() > 1 {
        return Measure::Unreadable;
    }
    if sli.given("events").is_some() {
        return Measure::Counts(Box::new(RatioCounts {
            counter: None,
            counter_span: None,
            good: None,
            bad: source("events", names.error_query),
            total: source("events", names.total_query),
        }));
    }
    let raw = source("raw", names.error_ratio_query);
    raw.map_or(Measure::Unreadable, |source| Measure::Raw { raw_type: RawType::Failure, source })
}
