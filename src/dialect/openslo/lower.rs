//! Lowers an OpenSLO object to the model.

use std::collections::HashSet;
use std::sync::Arc;

use crate::dialect::Problem;
use crate::dialect::fields;
use crate::model::AlertCondition;
use crate::model::AlertPolicy;
use crate::model::BudgetingMethod;
use crate::model::BurnRate;
use crate::model::DataSource;
use crate::model::Dialect;
use crate::model::Indicator;
use crate::model::IndicatorUse;
use crate::model::Kind;
use crate::model::Measure;
use crate::model::MetricSource;
use crate::model::NotificationTarget;
use crate::model::Object;
use crate::model::Objective;
use crate::model::Query;
use crate::model::RatioCounts;
use crate::model::RawType;
use crate::model::Referable;
use crate::model::Reference;
use crate::model::Service;
use crate::model::Slo;
use crate::model::Text;
use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::source::Span;
use crate::source::Spanned;
use crate::yaml::Entry;
use crate::yaml::Node;

use super::check;

/// Lowers an object of a known kind without the lengths and targets that are called wrong; nothing
/// where it has no name.
pub(super) fn object(
    node: Node<'_>,
    dialect: Dialect,
    kind: Kind,
    problems: &[Problem],
) -> Option<Object> {
    let wrong = problems.iter().filter_map(|problem| match problem {
        Problem::InvalidDuration { span, .. } | Problem::TargetRange { span, .. } => Some(*span),
        _ => None,
    });
    let misspelled = problems.iter().filter_map(|problem| match problem {
        Problem::UnknownField { span, nearest: Some(nearest), .. } => {
            Some((*span, nearest.as_str()))
        }
        _ => None,
    });
    let mut misspelled: Vec<_> = misspelled.collect();
    misspelled.sort_unstable();
    let lower = Lower { dialect, wrong: wrong.collect(), misspelled };
    let object = match kind {
        Kind::Service => Object::Service(Arc::new(Service { meta: lower.meta(node) })),
        Kind::Slo => Object::Slo(Arc::new(lower.slo(node))),
        Kind::Sli => Object::Sli(Arc::new(lower.sli(node))),
        Kind::AlertPolicy => Object::AlertPolicy(Arc::new(lower.alert_policy(node))),
        Kind::AlertCondition => Object::AlertCondition(Arc::new(lower.alert_condition(node))),
        Kind::AlertNotificationTarget => {
            Object::AlertNotificationTarget(Arc::new(lower.target(node)))
        }
        Kind::DataSource => Object::DataSource(Arc::new(lower.data_source(node))),
        Kind::ErrorBudgetPolicy
        | Kind::Attestation
        | Kind::BudgetOverride
        | Kind::Incident
        | Kind::Retirement => return None,
    };
    Some(object)
}

struct Lower<'p> {
    dialect: Dialect,
    /// The places of lengths and targets that are called wrong.
    wrong: HashSet<Span>,
    /// The keys that nothing reads, in order, with the fields that they were most likely meant to be.
    misspelled: Vec<(Span, &'p str)>,
}

/// Returns a reference; one whose name has a wrong form still leads to the object that is named so.
fn named(mapping: Node<'_>, field: &'static str, kind: Kind) -> Option<Reference> {
    let name = fields::string(mapping, field).filter(|name| !name.value.trim().is_empty())?;
    Some(Reference { kind, name, field })
}

impl Lower<'_> {
    /// Returns what is read of a field, unless it is called wrong: one cause, one finding.
    fn sound<T>(&self, mapping: Node<'_>, field: &str, read: impl Fn() -> Option<T>) -> Option<T> {
        let is_wrong = |node: Node<'_>| {
            self.wrong.contains(&node.span()) || self.wrong.contains(&node.place())
        };
        let is_wrong = !self.wrong.is_empty() && mapping.given(field).is_some_and(is_wrong);
        (!is_wrong).then(read)?
    }

    fn duration(&self, mapping: Node<'_>, field: &str) -> Option<Spanned<Duration>> {
        self.sound(mapping, field, || fields::duration(mapping, field))
    }

    fn number(&self, mapping: Node<'_>, field: &str) -> Option<Spanned<Ratio>> {
        self.sound(mapping, field, || fields::number(mapping, field))
    }

    fn meta(&self, node: Node<'_>) -> crate::model::Meta {
        let object = node.span();
        let first = self.misspelled.partition_point(|(key, _)| *key < object);
        let own = self.misspelled.iter().skip(first);
        let own = own.take_while(|(key, _)| object.contains(*key));
        let misspelled = own.map(|(_, meant)| Text::from(*meant)).collect();
        let metadata = node.given("metadata");
        let metadata = metadata.or_else(|| Some(self.misspelled(node, "metadata")?.value));
        crate::model::Meta { misspelled, ..fields::meta(node, metadata, self.dialect) }
    }

    /// Returns the entry of a mapping whose key is told to be most likely meant to be a field.
    fn misspelled<'a>(&self, mapping: Node<'a>, field: &str) -> Option<Entry<'a>> {
        let is_meant =
            |entry: &Entry<'_>| self.misspelled.binary_search(&(entry.key.span(), field)).is_ok();
        let mut entries = mapping.entries().filter(|_| !self.misspelled.is_empty());
        entries.find(|entry| !entry.value.is_null() && is_meant(entry))
    }

    /// Returns the place of a field, or of a key that was most likely meant to be it.
    fn place(&self, mapping: Node<'_>, field: &str) -> Option<Span> {
        let given = mapping.given(field).map(Node::span);
        given.or_else(|| Some(self.misspelled(mapping, field)?.key.span()))
    }

    fn slo(&self, node: Node<'_>) -> Slo {
        let meta = self.meta(node);
        let Some(spec) = node.given("spec") else {
            return Slo {
                meta,
                service: None,
                budgeting_method: None,
                window: None,
                objectives: Vec::new(),
                composite: false,
                alert_policies: Vec::new(),
                alert_policies_span: None,
                generated: Vec::new(),
            };
        };
        let shared = self.indicator_use(spec);
        let objectives =
            each(spec.given("objectives"), |objective| self.objective(objective, &shared));
        let composite = matches!(shared, IndicatorUse::Missing)
            && self.dialect != Dialect::OpenSloV1Alpha
            && objectives.len() > 1;
        Slo {
            meta,
            service: fields::text(spec, "service").or_else(|| fields::text(spec, "serviceRef")),
            budgeting_method: method(spec),
            window: self.window(spec),
            objectives,
            composite,
            alert_policies: each(spec.given("alertPolicies"), |item| self.policy_use(item)),
            alert_policies_span: spec.entry("alertPolicies").map(|entry| entry.key.span()),
            generated: Vec::new(),
        }
    }

    fn policy_use(&self, item: Node<'_>) -> Referable<AlertPolicy> {
        referable(item, "alertPolicyRef", Kind::AlertPolicy, |item| self.alert_policy(item))
    }

    fn objective(&self, node: Node<'_>, shared: &IndicatorUse) -> Objective {
        let target = self.number(node, "target").or_else(|| {
            self.number(node, "targetPercent").map(|percent| percent.map(|value| &value / 100))
        });
        let own = match node.given("ratioMetrics") {
            Some(metrics) if self.dialect == Dialect::OpenSloV1Alpha => {
                IndicatorUse::Inline(Arc::new(Indicator {
                    meta: crate::model::Meta {
                        dialect: self.dialect,
                        span: metrics.span(),
                        head: metrics.span().head(),
                        ..Default::default()
                    },
                    measure: self.ratio_v1alpha(metrics),
                }))
            }
            _ => self.indicator_use(node),
        };
        let is_ratio_v1alpha =
            self.dialect == Dialect::OpenSloV1Alpha && node.given("ratioMetrics").is_some();
        Objective {
            name: fields::text(node, "displayName"),
            target,
            operator: fields::operator(node, "op"),
            // v1alpha asks for a value on every objective; a ratio has no use for it.
            value: fields::number(node, "value").filter(|_| !is_ratio_v1alpha),
            slice_target: fields::number(node, "timeSliceTarget"),
            slice_window: self.sound(node, "timeSliceWindow", || check::slice_window(node)),
            composite_weight: fields::number(node, "compositeWeight"),
            indicator: match (own, shared) {
                (IndicatorUse::Missing, shared) => shared.clone(),
                (own, IndicatorUse::Missing) => own,
                // Two indicators exclude each other, and nobody knows which one is meant.
                _ => IndicatorUse::Missing,
            },
            span: node.span(),
            head: fields::first_key(node),
            weight_span: node.given("compositeWeight").map(Node::span),
            operator_span: self.place(node, "op"),
            value_span: self.place(node, "value"),
        }
    }

    fn indicator_use(&self, node: Node<'_>) -> IndicatorUse {
        let (inline, reference) = match self.dialect {
            Dialect::OpenSloV2Alpha => ("sli", "sliRef"),
            _ => ("indicator", "indicatorRef"),
        };
        if let Some(reference) = named(node, reference, Kind::Sli) {
            return IndicatorUse::Named(reference);
        }
        match node.given(inline).filter(|inline| inline.is_mapping()) {
            Some(inline) => IndicatorUse::Inline(Arc::new(self.sli(inline))),
            None => IndicatorUse::Missing,
        }
    }

    fn sli(&self, node: Node<'_>) -> Indicator {
        let meta = self.meta(node);
        let spec =
            if self.dialect == Dialect::OpenSloV1Alpha { Some(node) } else { node.given("spec") };
        let measure = spec.map_or(Measure::Unreadable, |spec| self.measure(spec));
        Indicator { meta, measure }
    }

    fn measure(&self, spec: Node<'_>) -> Measure {
        if ["thresholdMetric", "ratioMetric"].iter().all(|metric| spec.given(metric).is_some()) {
            return Measure::Unreadable;
        }
        if let Some(metric) = spec.given("thresholdMetric") {
            return self.source(metric).map_or(Measure::Unreadable, Measure::Threshold);
        }
        let Some(ratio) = spec.given("ratioMetric") else {
            return Measure::Unreadable;
        };
        let source = |field: &str| ratio.given(field).and_then(|metric| self.source(metric));
        if let Some(raw) = source("raw") {
            return match fields::word(ratio, "rawType").map(|kind| kind.value) {
                Some("success") => Measure::Raw { raw_type: RawType::Success, source: raw },
                Some("failure") => Measure::Raw { raw_type: RawType::Failure, source: raw },
                _ => Measure::Unreadable,
            };
        }
        Measure::Counts(Box::new(RatioCounts {
            counter: fields::truth(ratio, "counter").map(|counter| counter.value),
            counter_span: self.place(ratio, "counter"),
            good: source("good"),
            bad: source("bad"),
            total: source("total"),
        }))
    }

    fn ratio_v1alpha(&self, metrics: Node<'_>) -> Measure {
        let source = |field: &str| metrics.given(field).and_then(|metric| self.source(metric));
        let counter = fields::truth(metrics, "incremental");
        let counter = counter.or_else(|| fields::truth(metrics, "counter"));
        Measure::Counts(Box::new(RatioCounts {
            counter: counter.map(|counter| counter.value),
            counter_span: self.place(metrics, "incremental").or(self.place(metrics, "counter")),
            good: source("good"),
            bad: source("bad"),
            total: source("total"),
        }))
    }

    fn source(&self, metric: Node<'_>) -> Option<MetricSource> {
        if !metric.is_mapping() {
            return None;
        }
        let kind = Kind::DataSource;
        let (reference, source_type, spec) = match self.dialect {
            Dialect::OpenSloV1Alpha => (None, fields::text(metric, "source"), Some(metric)),
            Dialect::OpenSloV2Alpha => {
                let embedded = metric.given("dataSourceSpec");
                let source_type = embedded.and_then(|spec| fields::text(spec, "type"));
                (named(metric, "dataSourceRef", kind), source_type, metric.given("spec"))
            }
            _ => {
                let source = metric.given("metricSource")?;
                let reference = named(source, "metricSourceRef", kind);
                (reference, fields::text(source, "type"), source.given("spec"))
            }
        };
        let query = spec.and_then(|spec| spec.given("query")).and_then(|query| {
            let text = query.text()?.trim().to_owned();
            Some(Query::new(text, query.span()))
        });
        let without: &[&str] = match self.dialect {
            Dialect::OpenSloV1Alpha => &["query", "source", "queryType"],
            _ => &["query"],
        };
        let mut settings = spec.map(|spec| fields::settings(spec, without)).unwrap_or_default();
        let embedded =
            metric.given("dataSourceSpec").filter(|_| self.dialect == Dialect::OpenSloV2Alpha);
        if let Some(details) = embedded.and_then(|spec| spec.given("connectionDetails")) {
            settings.extend(fields::settings(details, &[]));
        }
        Some(MetricSource { reference, source_type, query, settings, span: metric.span() })
    }

    fn window(&self, spec: Node<'_>) -> Option<Window> {
        let v1alpha = self.dialect == Dialect::OpenSloV1Alpha;
        let list = spec.given(if v1alpha { "timeWindows" } else { "timeWindow" })?;
        let node = list.items().next()?;
        let duration =
            if v1alpha { duration_v1alpha(node)? } else { self.duration(node, "duration")? };
        // No time at all is no window, as a duration that cannot be read is none.
        if duration.value.count == 0 {
            return None;
        }
        Some(Window { duration, kind: window_kind(node), span: node.span() })
    }

    fn alert_policy(&self, node: Node<'_>) -> AlertPolicy {
        let spec = node.given("spec");
        let list = |field: &str| spec.and_then(|spec| spec.given(field));
        let flag = |field: &str| spec.and_then(|spec| fields::truth(spec, field));
        AlertPolicy {
            meta: self.meta(node),
            conditions: each(list("conditions"), |item| {
                let kind = Kind::AlertCondition;
                referable(item, "conditionRef", kind, |item| self.alert_condition(item))
            }),
            targets: each(list("notificationTargets"), |item| {
                let kind = Kind::AlertNotificationTarget;
                referable(item, "targetRef", kind, |item| self.target(item))
            }),
            when_no_data: flag("alertWhenNoData"),
            when_resolved: flag("alertWhenResolved"),
            when_breaching: flag("alertWhenBreaching"),
        }
    }

    fn alert_condition(&self, node: Node<'_>) -> AlertCondition {
        let spec = node.given("spec");
        let condition = spec.and_then(|spec| spec.given("condition"));
        let burn_rate = condition.and_then(|condition| {
            Some(BurnRate {
                operator: fields::operator(condition, "op")?,
                threshold: fields::number(condition, "threshold")?,
                lookback: self.duration(condition, "lookbackWindow")?,
                alert_after: self.duration(condition, "alertAfter"),
                span: condition.span(),
            })
        });
        let severity = spec.and_then(|spec| fields::text(spec, "severity"));
        AlertCondition { meta: self.meta(node), severity, burn_rate }
    }

    fn target(&self, node: Node<'_>) -> NotificationTarget {
        let spec = node.given("spec");
        let target = spec.and_then(|spec| fields::text(spec, "target"));
        NotificationTarget { meta: self.meta(node), target }
    }

    fn data_source(&self, node: Node<'_>) -> DataSource {
        let spec = node.given("spec");
        let details = spec.and_then(|spec| spec.given("connectionDetails"));
        DataSource {
            meta: self.meta(node),
            source_type: spec.and_then(|spec| fields::text(spec, "type")),
            settings: details.map(|details| fields::settings(details, &[])).unwrap_or_default(),
        }
    }
}

/// Lowers each item of a list into exactly as much memory as it takes: models are many, and stay.
fn each<T>(list: Option<Node<'_>>, lower: impl FnMut(Node<'_>) -> T) -> Vec<T> {
    let items = list.map(Node::items);
    let mut lowered = Vec::with_capacity(items.as_ref().map_or(0, ExactSizeIterator::len));
    lowered.extend(items.into_iter().flatten().map(lower));
    lowered
}

fn referable<T>(
    item: Node<'_>,
    field: &'static str,
    kind: Kind,
    lower: impl Fn(Node<'_>) -> T,
) -> Referable<T> {
    if let Some(reference) = named(item, field, kind) {
        Referable::Named(reference)
    } else if item.given("spec").is_some() {
        Referable::Inline(Arc::new(lower(item)))
    } else {
        Referable::Missing
    }
}

fn method(spec: Node<'_>) -> Option<Spanned<BudgetingMethod>> {
    let text = fields::word(spec, "budgetingMethod")?;
    let method = match text.value {
        "Occurrences" => BudgetingMethod::Occurrences,
        "Timeslices" => BudgetingMethod::Timeslices,
        "RatioTimeslices" => BudgetingMethod::RatioTimeslices,
        _ => return None,
    };
    Some(Spanned::new(method, text.span))
}

/// Returns how a window moves.
fn window_kind(node: Node<'_>) -> WindowKind {
    let rolling = fields::truth(node, "isRolling").map(|rolling| rolling.value);
    match (node.given("calendar"), rolling) {
        (Some(calendar), _) => WindowKind::Calendar {
            start: fields::string(calendar, "startTime"),
            zone: fields::string(calendar, "timeZone"),
        },
        (None, Some(false)) => WindowKind::Calendar { start: None, zone: None },
        (None, _) => WindowKind::Rolling,
    }
}

/// Returns a window of `unit: Day` and `count: 28`.
pub(in crate::dialect) fn units(node: Node<'_>) -> Option<Window> {
    let duration = duration_v1alpha(node).filter(|duration| duration.value.count > 0)?;
    Some(Window { duration, kind: window_kind(node), span: node.span() })
}

/// Reads `unit: Day` and `count: 28`.
fn duration_v1alpha(window: Node<'_>) -> Option<Spanned<Duration>> {
    let unit = fields::word(window, "unit")?;
    let unit_of_time = match unit.value {
        "Second" => Unit::Second,
        "Minute" => Unit::Minute,
        "Hour" => Unit::Hour,
        "Day" => Unit::Day,
        "Week" => Unit::Week,
        "Month" => Unit::Month,
        "Quarter" => Unit::Quarter,
        "Year" => Unit::Year,
        _ => return None,
    };
    let count = fields::number(window, "count")?;
    let number = u64::try_from(count.value.to_i64()?).ok()?;
    let written = Duration::parse(&format!("{number}{}", unit_of_time.letter()))?;
    Some(Spanned::new(written, count.span.cover(unit.span)))
}
