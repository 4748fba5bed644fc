//! What every object has: a kind, a name, labels, annotations, a place.

use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;
use serde::Serializer;

use crate::source::Span;
use crate::source::Spanned;

use super::AlertCondition;
use super::AlertPolicy;
use super::Dialect;
use super::ErrorBudgetPolicy;
use super::Indicator;
use super::IndicatorUse;
use super::MetricSource;
use super::NotificationTarget;
use super::Referable;
use super::Slo;

/// The kinds of objects that others refer to by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Kind {
    /// A service.
    Service,
    /// A service level objective.
    Slo,
    /// A service level indicator.
    Sli,
    /// A set of alert conditions and who is told.
    AlertPolicy,
    /// When an alert fires.
    AlertCondition,
    /// Who is told.
    AlertNotificationTarget,
    /// Where a metric comes from.
    DataSource,
    /// What happens when the error budget is spent.
    ErrorBudgetPolicy,
    /// What somebody declares for a policy.
    Attestation,
    /// A gate that somebody lifts for a time.
    BudgetOverride,
    /// An outage.
    Incident,
    /// An SLO that is given up.
    Retirement,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Service,
        Self::Slo,
        Self::Sli,
        Self::AlertPolicy,
        Self::AlertCondition,
        Self::AlertNotificationTarget,
        Self::DataSource,
        Self::ErrorBudgetPolicy,
        Self::Attestation,
        Self::BudgetOverride,
        Self::Incident,
        Self::Retirement,
    ];

    /// Returns the kind as OpenSLO spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "Service",
            Self::Slo => "SLO",
            Self::Sli => "SLI",
            Self::AlertPolicy => "AlertPolicy",
            Self::AlertCondition => "AlertCondition",
            Self::AlertNotificationTarget => "AlertNotificationTarget",
            Self::DataSource => "DataSource",
            Self::ErrorBudgetPolicy => "ErrorBudgetPolicy",
            Self::Attestation => "Attestation",
            Self::BudgetOverride => "BudgetOverride",
            Self::Incident => "Incident",
            Self::Retirement => "Retirement",
        }
    }
}

/// A key and value of `metadata.annotations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Annotation {
    /// The key, such as `slo/owner`.
    pub key: Spanned<Text>,
    /// The value.
    pub value: Spanned<Text>,
}

/// The annotations of an object, in file order.
///
/// # Why
///
/// Rules ask each object for some thirty keys, of which it has two or three. A number tells nearly
/// always that a key is not there, and spares a look at a list that stands elsewhere in memory.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Annotations {
    list: Vec<Annotation>,
    /// A bit for each key; several keys may share one.
    #[serde(skip)]
    keys: u64,
}

impl Annotations {
    /// Returns the value of a key: that of the first one.
    pub fn get(&self, key: &str) -> Option<&Spanned<Text>> {
        if self.keys & Self::bit(key) == 0 {
            return None;
        }
        let found = self.list.iter().find(|annotation| annotation.key.value == key)?;
        Some(&found.value)
    }

    fn bit(key: &str) -> u64 {
        let last = key.bytes().last().map_or(0, usize::from);
        1 << ((7 * key.len() + last) % 64)
    }
}

impl Deref for Annotations {
    type Target = [Annotation];

    fn deref(&self) -> &[Annotation] {
        &self.list
    }
}

impl FromIterator<Annotation> for Annotations {
    fn from_iter<I: IntoIterator<Item = Annotation>>(annotations: I) -> Self {
        let annotations = annotations.into_iter();
        let mut list = Vec::with_capacity(annotations.size_hint().1.unwrap_or_default());
        list.extend(annotations);
        let keys = list.iter().fold(0, |keys, one| keys | Self::bit(&one.key.value));
        Self { list, keys }
    }
}

/// Who an object is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Meta {
    /// The name that others refer to; absent on embedded objects that have none.
    pub name: Option<Spanned<Text>>,
    /// What the name is unique within: a namespace of Kubernetes, or a service where SLOs are named so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Text>,
    /// Labels.
    pub labels: Labels,
    /// Annotations.
    pub annotations: Annotations,
    /// The innermost folder of its file that is a set of definitions of its own, such as `envs/prod`.
    #[serde(skip)]
    pub overlay: Option<Text>,
    /// The fields that keys which nothing reads were most likely meant to be.
    #[serde(skip)]
    pub misspelled: Vec<Text>,
    /// The format the object is written in.
    #[serde(skip)]
    pub dialect: Dialect,
    /// The whole object.
    #[serde(skip)]
    pub span: Span,
    /// The value of `kind`, or the first key of an embedded object.
    #[serde(skip)]
    pub head: Span,
}

/// What is read together: two objects of one kind and name are two only where they differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Home<'a> {
    /// The folder that is a set of definitions of its own.
    pub overlay: Option<&'a str>,
    /// The Kubernetes namespace.
    pub namespace: Option<&'a str>,
    /// The format.
    pub dialect: Dialect,
}

impl Meta {
    /// Returns where the object is at home: what it is read together with.
    pub fn home(&self) -> Home<'_> {
        Home {
            overlay: self.overlay.as_deref(),
            namespace: self.namespace.as_deref(),
            dialect: self.dialect,
        }
    }

    /// Returns the name, or an empty text where there is none.
    pub fn name(&self) -> &str {
        self.name.as_ref().map_or("", |name| &name.value)
    }

    /// Returns the place of the name, or of the object's head where there is none.
    pub fn place(&self) -> Span {
        self.name.as_ref().map_or(self.head, |name| name.span)
    }

    /// Returns the value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&Spanned<Text>> {
        self.annotations.get(key)
    }

    /// Returns the first value of a label.
    pub fn label(&self, key: &str) -> Option<&Spanned<Text>> {
        self.labels.get(key).first()
    }
}

/// Labels: each key with its values, in the order of the keys.
///
/// # Why
///
/// Most objects have a few and some thousands stand in memory at once, so this is a list and no map.
#[derive(Clone, Debug, Default)]
pub struct Labels(Vec<(Text, LabelValues)>);

/// The values of a label: nearly always one, which needs no list.
#[derive(Clone, Debug)]
pub enum LabelValues {
    /// The only one.
    One(Spanned<Text>),
    /// None, or several.
    Many(Vec<Spanned<Text>>),
}

impl LabelValues {
    fn as_slice(&self) -> &[Spanned<Text>] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl Labels {
    /// Returns the values of a label; none where there is no such label.
    pub fn get(&self, key: &str) -> &[Spanned<Text>] {
        let found = self.0.binary_search_by(|(name, _)| name.as_str().cmp(key));
        found.ok().and_then(|place| self.0.get(place)).map_or(&[], |(_, values)| values.as_slice())
    }
}

impl FromIterator<(Text, LabelValues)> for Labels {
    /// Collects labels; of two with one key the later counts.
    fn from_iter<I: IntoIterator<Item = (Text, LabelValues)>>(labels: I) -> Self {
        let labels = labels.into_iter();
        let mut found = Vec::with_capacity(labels.size_hint().1.unwrap_or_default());
        found.extend(labels);
        found.sort_by(|(left, _), (right, _)| left.cmp(right));
        found.dedup_by(|(later, values), (earlier, old)| {
            let is_same = later == earlier;
            if is_same {
                std::mem::swap(values, old);
            }
            is_same
        });
        Self(found)
    }
}

impl IntoIterator for Labels {
    type Item = (Text, LabelValues);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, values)| (key, values.as_slice())))
    }
}

/// A service, which SLOs belong to.
#[derive(Clone, Debug, Serialize)]
pub struct Service {
    /// Who it is.
    pub meta: Meta,
}

/// Where a metric comes from. Its connection details are never dialed.
#[derive(Clone, Debug, Serialize)]
pub struct DataSource {
    /// Who it is.
    pub meta: Meta,
    /// The kind of system, such as `Prometheus`.
    pub source_type: Option<Spanned<Text>>,
    /// How it is reached, as the file says; never used to connect.
    pub settings: Vec<Setting>,
}

/// Returns whether a data source of a type answers `PromQL`: `Prometheus`, and what is made after it or speaks
/// its language alone.
pub fn answers_promql(source_type: &str) -> bool {
    const WORDS: [&str; 6] = ["prom", "thanos", "cortex", "mimir", "victoria", "dash0"];
    let lower = source_type.to_lowercase();
    // VictoriaLogs has a language of its own.
    !lower.contains("logs") && WORDS.iter().any(|word| lower.contains(word))
}

/// A setting whose meaning belongs to the system that is measured.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// The keys that lead to it, with dots between them.
    pub path: Text,
    /// The last key.
    #[serde(skip)]
    pub key: Text,
    /// The value.
    pub value: Spanned<Text>,
}

/// An object of any kind. Shared, because an SLO may embed it and the catalog lists it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", content = "object")]
pub enum Object {
    /// A service.
    Service(Arc<Service>),
    /// A service level objective.
    Slo(Arc<Slo>),
    /// A service level indicator.
    Sli(Arc<Indicator>),
    /// An alert policy.
    AlertPolicy(Arc<AlertPolicy>),
    /// An alert condition.
    AlertCondition(Arc<AlertCondition>),
    /// A notification target.
    AlertNotificationTarget(Arc<NotificationTarget>),
    /// A data source.
    DataSource(Arc<DataSource>),
    /// An error budget policy.
    ErrorBudgetPolicy(Arc<ErrorBudgetPolicy>),
}

impl Slo {
    /// Calls `see` with everything that the SLO refers to, and what is written in place in it.
    pub fn each_reference<'a>(&'a self, see: &mut dyn FnMut(&'a Reference)) {
        let mut indicator_before = None;
        for objective in &self.objectives {
            match &objective.indicator {
                IndicatorUse::Missing => {}
                IndicatorUse::Named(reference) => see(reference),
                // Objectives share the indicator of their SLO.
                IndicatorUse::Inline(indicator) => {
                    if indicator_before.replace(Arc::as_ptr(indicator))
                        != Some(Arc::as_ptr(indicator))
                    {
                        in_indicator(indicator, see);
                    }
                }
            }
        }
        for policy in &self.alert_policies {
            collect(policy, see, in_policy);
        }
    }
}

impl Object {
    /// Returns the kind of the object.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Service(_) => Kind::Service,
            Self::Slo(_) => Kind::Slo,
            Self::Sli(_) => Kind::Sli,
            Self::AlertPolicy(_) => Kind::AlertPolicy,
            Self::AlertCondition(_) => Kind::AlertCondition,
            Self::AlertNotificationTarget(_) => Kind::AlertNotificationTarget,
            Self::DataSource(_) => Kind::DataSource,
            Self::ErrorBudgetPolicy(_) => Kind::ErrorBudgetPolicy,
        }
    }

    /// Returns who the object is.
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Service(object) => &object.meta,
            Self::Slo(object) => &object.meta,
            Self::Sli(object) => &object.meta,
            Self::AlertPolicy(object) => &object.meta,
            Self::AlertCondition(object) => &object.meta,
            Self::AlertNotificationTarget(object) => &object.meta,
            Self::DataSource(object) => &object.meta,
            Self::ErrorBudgetPolicy(object) => &object.meta,
        }
    }

    /// Says of the object that it stands in a folder that is a set of definitions of its own.
    pub fn put_into(&mut self, overlay: &str) {
        let meta = match self {
            Self::Service(object) => &mut Arc::make_mut(object).meta,
            Self::Slo(object) => &mut Arc::make_mut(object).meta,
            Self::Sli(object) => &mut Arc::make_mut(object).meta,
            Self::AlertPolicy(object) => &mut Arc::make_mut(object).meta,
            Self::AlertCondition(object) => &mut Arc::make_mut(object).meta,
            Self::AlertNotificationTarget(object) => &mut Arc::make_mut(object).meta,
            Self::DataSource(object) => &mut Arc::make_mut(object).meta,
            Self::ErrorBudgetPolicy(object) => &mut Arc::make_mut(object).meta,
        };
        meta.overlay = Some(overlay.into());
    }

    /// Shows who the object is, and who every object written inside it is.
    pub fn each_meta(&self, see: &mut dyn FnMut(&Meta)) {
        see(self.meta());
        match self {
            Self::Slo(slo) => {
                let mut before = None;
                for objective in &slo.objectives {
                    // Objectives share the indicator of their SLO.
                    if let IndicatorUse::Inline(indicator) = &objective.indicator
                        && before.replace(Arc::as_ptr(indicator)) != Some(Arc::as_ptr(indicator))
                    {
                        see(&indicator.meta);
                    }
                }
                for policy in &slo.alert_policies {
                    if let Referable::Inline(policy) = policy {
                        see(&policy.meta);
                        metas_in_policy(policy, see);
                    }
                }
            }
            Self::AlertPolicy(policy) => metas_in_policy(policy, see),
            _ => {}
        }
    }

    /// Shows every reference of the object and of the objects written inside it.
    pub fn each_reference<'a>(&'a self, see: &mut dyn FnMut(&'a Reference)) {
        match self {
            Self::Slo(slo) => slo.each_reference(see),
            Self::Sli(indicator) => in_indicator(indicator, see),
            Self::AlertPolicy(policy) => in_policy(policy, see),
            Self::Service(_)
            | Self::AlertCondition(_)
            | Self::AlertNotificationTarget(_)
            | Self::DataSource(_)
            | Self::ErrorBudgetPolicy(_) => {}
        }
    }

    /// Returns every metric source of the object, or of the indicators written inside it.
    pub fn metric_sources(&self) -> Vec<&MetricSource> {
        match self {
            Self::Sli(indicator) => indicator.measure.sources().collect(),
            Self::Slo(slo) => {
                let (mut sources, mut seen) = (Vec::new(), None);
                for objective in &slo.objectives {
                    // An indicator of the SLO is shared by its objectives and counts once.
                    if let IndicatorUse::Inline(indicator) = &objective.indicator
                        && seen.replace(Arc::as_ptr(indicator)) != Some(Arc::as_ptr(indicator))
                    {
                        sources.extend(indicator.measure.sources());
                    }
                }
                sources
            }
            _ => Vec::new(),
        }
    }

    /// Returns every reference of the object and of the objects written inside it.
    pub fn references(&self) -> Vec<&Reference> {
        let mut found = Vec::new();
        self.each_reference(&mut |reference| found.push(reference));
        found
    }
}

/// A name that stands for an object elsewhere.
#[derive(Clone, Debug, Serialize)]
pub struct Reference {
    /// The kind of the object that is meant.
    pub kind: Kind,
    /// Its name.
    pub name: Spanned<Text>,
    /// The field that holds the name, such as `indicatorRef`.
    #[serde(skip)]
    pub field: &'static str,
}

fn metas_in_policy(policy: &AlertPolicy, see: &mut dyn FnMut(&Meta)) {
    for condition in &policy.conditions {
        if let Referable::Inline(condition) = condition {
            see(&condition.meta);
        }
    }
    for target in &policy.targets {
        if let Referable::Inline(target) = target {
            see(&target.meta);
        }
    }
}

fn in_indicator<'a>(indicator: &'a Indicator, see: &mut dyn FnMut(&'a Reference)) {
    let sources = indicator.measure.sources();
    sources.filter_map(|source| source.reference.as_ref()).for_each(see);
}

fn in_policy<'a>(policy: &'a AlertPolicy, see: &mut dyn FnMut(&'a Reference)) {
    for condition in &policy.conditions {
        collect(condition, see, |_, _| {});
    }
    for target in &policy.targets {
        collect(target, see, |_, _| {});
    }
}

fn collect<'a, T>(
    used: &'a Referable<T>,
    see: &mut dyn FnMut(&'a Reference),
    inside: impl Fn(&'a T, &mut dyn FnMut(&'a Reference)),
) {
    match used {
        Referable::Missing => {}
        Referable::Inline(object) => inside(object, see),
        Referable::Named(reference) => see(reference),
    }
}

/// A name or another short text: up to 24 bytes stand in place, so that thousands of objects are no
/// heap of small pieces.
pub type Text = compact_str::CompactString;
