//! Every object of one tree, found by kind and name.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::quantity::Ratio;
use crate::source::SourceId;
use crate::source::Span;
use crate::source::Spanned;

use super::AlertCondition;
use super::AlertPolicy;
use super::Api;
use super::ConditionUse;
use super::Coverage;
use super::DataSource;
use super::ErrorBudgetPolicy;
use super::Home;
use super::Indicator;
use super::IndicatorUse;
use super::Kind;
use super::Meta;
use super::MetricSource;
use super::NotificationTarget;
use super::Object;
use super::Objective;
use super::PRIORITY;
use super::PolicyUse;
use super::PrometheusRules;
use super::Record;
use super::Referable;
use super::Reference;
use super::Service;
use super::Slo;
use super::Text;

/// What a reference leads to.
#[derive(Debug)]
pub enum Found<'a, T> {
    /// The object.
    One(&'a Arc<T>),
    /// Nothing has that name.
    Nothing,
    /// Something stands where the reference would, but it could not be read.
    Unreadable,
}

impl<'a, T> Found<'a, T> {
    /// Returns the object, if there is one.
    pub fn one(self) -> Option<&'a Arc<T>> {
        match self {
            Self::One(object) => Some(object),
            Self::Nothing | Self::Unreadable => None,
        }
    }
}

/// Every object of one tree.
#[derive(Debug, Default)]
pub struct Catalog {
    objects: Vec<Object>,
    /// Where the objects that have a name stand, in the order of kinds, names and homes, then objects.
    by_name: Vec<usize>,
    /// Those of them that say something else than another of their name in their home.
    doubtful: BTreeSet<usize>,
    /// The kinds of objects that have no name.
    nameless: BTreeSet<Kind>,
    /// The words of documents that could not be read.
    unreadable: BTreeSet<String>,
    /// What is no object of ours and speaks of one.
    rules: PrometheusRules,
    /// What people decided, in order.
    records: Vec<Record>,
    /// Which endpoints are to be covered, and which operations APIs have.
    coverages: Vec<Coverage>,
    apis: Vec<Api>,
}

impl Catalog {
    /// Lists objects in the order given; `unreadable` is the text of documents that could not be
    /// read, so that a name that stands in one is not called missing.
    pub fn new(objects: Vec<Object>, unreadable: Vec<String>) -> Self {
        let mut found = BTreeSet::new();
        for text in unreadable {
            found.extend(names_in(&text).map(str::to_owned));
        }
        let identity = |(index, object)| Some((identity(object)?, index));
        let mut named: Vec<_> = objects.iter().enumerate().filter_map(identity).collect();
        named.sort_unstable();
        let meaning = |index: &usize| objects.get(*index).map(serde_json::to_string)?.ok();
        let mut doubtful = BTreeSet::new();
        for same in named.chunk_by(|one, other| one.0 == other.0).filter(|same| same.len() > 1) {
            let indices = || same.iter().map(|(_, index)| index);
            let meanings: BTreeSet<Option<String>> = indices().map(meaning).collect();
            doubtful.extend(indices().copied().filter(|_| meanings.len() > 1));
        }
        let by_name = named.into_iter().map(|(_, index)| index).collect();
        let nameless = objects.iter().filter(|object| object.meta().name.is_none());
        let nameless = nameless.map(Object::kind).collect();
        Self { objects, by_name, doubtful, nameless, unreadable: found, ..Self::default() }
    }

    /// Lists rules of Prometheus beside the objects.
    #[must_use]
    pub fn with_rules(self, rules: PrometheusRules) -> Self {
        Self { rules, ..self }
    }

    /// Lists beside the objects which endpoints are to be covered, and which operations APIs have.
    #[must_use]
    pub fn with_coverages(self, coverages: Vec<Coverage>, apis: Vec<Api>) -> Self {
        Self { coverages, apis, ..self }
    }

    /// Returns which endpoints are to be covered, in order.
    pub fn coverages(&self) -> &[Coverage] {
        &self.coverages
    }

    /// Returns which operations APIs have, in order.
    pub fn apis(&self) -> &[Api] {
        &self.apis
    }

    /// Lists records beside the objects.
    #[must_use]
    pub fn with_records(self, records: Vec<Record>) -> Self {
        Self { records, ..self }
    }

    /// Returns the records that stand beside the objects, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Returns the rules of Prometheus that stand beside the objects.
    pub fn rules(&self) -> &PrometheusRules {
        &self.rules
    }

    /// Returns every object, in order.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Returns every object as it is read: without the `op` and `value` of an objective over a ratio,
    /// which nothing compares, and without weights that nothing multiplies with.
    ///
    /// Two trees of which these serialize to the same bytes mean the same.
    pub fn meaning(&self) -> Vec<Object> {
        let read = |object: &Object| match object {
            Object::Slo(slo) => Object::Slo(self.without_unread(slo)),
            other => other.clone(),
        };
        self.objects.iter().map(read).collect()
    }

    fn without_unread(&self, slo: &Arc<Slo>) -> Arc<Slo> {
        let is_read = |objective: &Objective| {
            let indicator = self.indicator(&objective.indicator).one();
            objective.comparison(indicator.map(Arc::as_ref)).is_some()
        };
        let mut read = Arc::clone(slo);
        for (index, objective) in slo.objectives.iter().enumerate() {
            let is_given = objective.operator.is_some() || objective.value.is_some();
            if is_given
                && !is_read(objective)
                && let Some(objective) = Arc::make_mut(&mut read).objectives.get_mut(index)
            {
                (objective.operator, objective.value) = (None, None);
            }
            let is_unread =
                |weight: &Spanned<Ratio>| !slo.reads_weights() || weight.value == Ratio::one();
            if objective.composite_weight.as_ref().is_some_and(is_unread)
                && let Some(objective) = Arc::make_mut(&mut read).objectives.get_mut(index)
            {
                objective.composite_weight = None;
            }
        }
        read
    }

    /// Returns the objects of a file, in order; the files of a catalog stand in theirs.
    pub fn objects_of(&self, source: SourceId) -> impl Iterator<Item = &Object> {
        let of = |object: &Object| object.meta().span.source;
        let first = self.objects.partition_point(|object| of(object) < source);
        self.objects.iter().skip(first).take_while(move |object| of(object) == source)
    }

    /// Returns every object that has this kind and name, in order.
    pub fn named(&self, kind: Kind, name: &str) -> impl Iterator<Item = &Object> {
        self.named_from(kind, name)
            .take_while(move |object| object.kind() == kind && object.meta().name() == name)
    }

    /// Returns the objects of one kind and name, where there are several, in order; for every name.
    pub fn namesakes(&self) -> impl Iterator<Item = Vec<&Object>> {
        let object = |index: &usize| self.objects.get(*index);
        let is_same = move |one: &usize, other: &usize| match (object(one), object(other)) {
            (Some(one), Some(other)) => {
                one.kind() == other.kind() && one.meta().name() == other.meta().name()
            }
            _ => false,
        };
        let groups = self.by_name.chunk_by(is_same).filter(|group| group.len() > 1);
        groups.map(move |group| group.iter().filter_map(object).collect())
    }

    /// Returns the names of a kind, in order of the alphabet.
    pub fn names(&self, kind: Kind) -> impl Iterator<Item = &str> {
        let mut of_kind = self.named_from(kind, "").take_while(move |object| object.kind() == kind);
        let mut last = None;
        std::iter::from_fn(move || {
            last = Some(of_kind.find(|object| last != Some(object.meta().name()))?.meta().name());
            last
        })
    }

    /// Returns where the objects of a kind and name stand.
    fn indices_of(&self, kind: Kind, name: &str) -> &[usize] {
        let key = |index: &usize| {
            let object = self.objects.get(*index);
            object.map(|object| (object.kind(), object.meta().name()))
        };
        equal(&self.by_name, key, &Some((kind, name))).unwrap_or_default()
    }

    /// Returns the objects that have a name, from the first that is not before this kind and name.
    fn named_from(&self, kind: Kind, name: &str) -> impl Iterator<Item = &Object> {
        let is_before = |index: &usize| {
            let object = self.objects.get(*index);
            object.is_some_and(|object| (object.kind(), object.meta().name()) < (kind, name))
        };
        let first = self.by_name.partition_point(is_before);
        self.by_name.iter().skip(first).filter_map(|&index| self.objects.get(index))
    }

    /// Returns whether a document that could not be read holds the name.
    pub fn may_hold(&self, name: &str) -> bool {
        !self.unreadable.is_empty() && names_in(name).all(|word| self.unreadable.contains(word))
    }

    /// Returns whether a document that could not be read holds a name that fits.
    pub fn may_hold_any(&self, fits: impl Fn(&str) -> bool) -> bool {
        self.unreadable.iter().any(|word| fits(word))
    }

    /// Returns whether an object of a kind has no name, so that any name may be meant to be its own.
    pub fn has_nameless(&self, kind: Kind) -> bool {
        self.nameless.contains(&kind)
    }

    /// Returns every SLO, in order.
    pub fn slos(&self) -> impl Iterator<Item = &Arc<Slo>> {
        self.objects.iter().filter_map(|object| match object {
            Object::Slo(slo) => Some(slo),
            _ => None,
        })
    }

    /// Returns every error budget policy, in order.
    pub fn policies(&self) -> impl Iterator<Item = &Arc<ErrorBudgetPolicy>> {
        self.objects.iter().filter_map(|object| match object {
            Object::ErrorBudgetPolicy(policy) => Some(policy),
            _ => None,
        })
    }

    /// Returns the service of an SLO, where one is defined.
    pub fn service(&self, slo: &Slo) -> Option<&Arc<Service>> {
        let found = self.meant(Kind::Service, slo.service.as_ref()?, |object| match object {
            Object::Service(service) => Some(service),
            _ => None,
        });
        found.one()
    }

    /// Returns whether an SLO, or its service, is of the first priority: P1, or tier 1.
    pub fn is_critical(&self, slo: &Slo) -> bool {
        let is_first = |meta: &Meta| {
            [PRIORITY, "slo/tier"].iter().any(|key| {
                let value = meta.annotation(key).map(|value| value.value.trim().to_lowercase());
                value.is_some_and(|value| matches!(value.as_str(), "p1" | "1" | "tier-1" | "tier1"))
            })
        };
        is_first(&slo.meta) || self.service(slo).is_some_and(|service| is_first(&service.meta))
    }

    /// Returns the indicator that an objective uses.
    pub fn indicator<'a>(&'a self, indicator: &'a IndicatorUse) -> Found<'a, Indicator> {
        match indicator {
            IndicatorUse::Missing => Found::Unreadable,
            IndicatorUse::Inline(indicator) => Found::One(indicator),
            IndicatorUse::Named(reference) => self.find(reference, |object| match object {
                Object::Sli(indicator) => Some(indicator),
                _ => None,
            }),
        }
    }

    /// Returns the alert policy that an SLO uses.
    pub fn alert_policy<'a>(&'a self, policy: &'a PolicyUse) -> Found<'a, AlertPolicy> {
        self.resolve(policy, |object| match object {
            Object::AlertPolicy(policy) => Some(policy),
            _ => None,
        })
    }

    /// Returns the condition that an alert policy uses.
    pub fn condition<'a>(&'a self, condition: &'a ConditionUse) -> Found<'a, AlertCondition> {
        self.resolve(condition, |object| match object {
            Object::AlertCondition(condition) => Some(condition),
            _ => None,
        })
    }

    /// Returns the notification target that an alert policy uses.
    pub fn target<'a>(
        &'a self,
        target: &'a Referable<NotificationTarget>,
    ) -> Found<'a, NotificationTarget> {
        self.resolve(target, |object| match object {
            Object::AlertNotificationTarget(target) => Some(target),
            _ => None,
        })
    }

    /// Returns the data source that a metric names.
    pub fn data_source<'a>(&'a self, source: &'a MetricSource) -> Found<'a, DataSource> {
        let Some(reference) = &source.reference else {
            return Found::Unreadable;
        };
        self.find(reference, |object| match object {
            Object::DataSource(source) => Some(source),
            _ => None,
        })
    }

    /// Returns the kind of system that answers a metric, in place or by its data source.
    pub fn source_type<'a>(&'a self, source: &'a MetricSource) -> Option<&'a str> {
        let of_named = || self.data_source(source).one()?.source_type.as_ref();
        Some(source.source_type.as_ref().or_else(of_named)?.value.as_str())
    }

    /// Returns every alert condition that watches an SLO, with the policy that holds it.
    pub fn conditions_of<'a>(
        &'a self,
        slo: &'a Slo,
    ) -> impl Iterator<Item = (&'a Arc<AlertPolicy>, &'a Arc<AlertCondition>)> {
        let policies = slo.alert_policies.iter();
        let policies = policies.filter_map(|policy| self.alert_policy(policy).one());
        policies.flat_map(move |policy| {
            let conditions = policy.conditions.iter();
            let found = conditions.filter_map(|condition| self.condition(condition).one());
            found.map(move |condition| (policy, condition))
        })
    }

    /// Returns whether every alert of an SLO could be found and read.
    ///
    /// Where one could not, what the SLO's alerts do together is not known.
    pub fn knows_alerts_of(&self, slo: &Slo) -> bool {
        let is_known = |policy: &PolicyUse| {
            let Found::One(policy) = self.alert_policy(policy) else {
                return false;
            };
            let is_read = |condition| {
                let condition = self.condition(condition).one();
                condition.is_some_and(|condition| condition.burn_rate.is_some())
            };
            // A list that is empty was not meant to be, or could not be read.
            !policy.conditions.is_empty() && policy.conditions.iter().all(is_read)
        };
        slo.alert_policies.iter().all(is_known)
    }

    /// Returns every metric source of every indicator, those in place included, in order.
    pub fn metric_sources(&self) -> impl Iterator<Item = &MetricSource> {
        self.objects.iter().flat_map(Object::metric_sources)
    }

    fn resolve<'a, T>(
        &'a self,
        used: &'a Referable<T>,
        pick: impl Fn(&'a Object) -> Option<&'a Arc<T>>,
    ) -> Found<'a, T> {
        match used {
            Referable::Missing => Found::Unreadable,
            Referable::Inline(object) => Found::One(object),
            Referable::Named(reference) => self.find(reference, pick),
        }
    }

    fn find<'a, T>(
        &'a self,
        reference: &Reference,
        pick: impl Fn(&'a Object) -> Option<&'a Arc<T>>,
    ) -> Found<'a, T> {
        self.meant(reference.kind, &reference.name, pick)
    }

    /// Returns the object that a name means where it stands: of several the one that is read together
    /// with the object that holds the name. Where that leaves several that differ, it means none.
    fn meant<'a, T>(
        &'a self,
        kind: Kind,
        name: &Spanned<Text>,
        pick: impl Fn(&'a Object) -> Option<&'a Arc<T>>,
    ) -> Found<'a, T> {
        let named = self.indices_of(kind, &name.value);
        let near = match named {
            [] if self.may_hold(&name.value) => return Found::Unreadable,
            [] => return Found::Nothing,
            [_] => named,
            several => self.nearest(several, name.span),
        };
        let object = |index: &usize| self.objects.get(*index);
        let home = |index: Option<&usize>| index.and_then(object).map(|one| one.meta().home());
        let is_doubtful = near.len() > 1
            && (home(near.first()) != home(near.last())
                || near.first().is_some_and(|index| self.doubtful.contains(index)));
        let meant = near.first().and_then(object).filter(|_| !is_doubtful);
        meant.and_then(pick).map_or(Found::Unreadable, Found::One)
    }

    /// Returns those of the objects of one name that are nearest to a place: first those of its
    /// overlay, of the nearest one around it, or of none, then those of its namespace, of its format, of
    /// its file.
    fn nearest<'a>(&'a self, mut named: &'a [usize], place: Span) -> &'a [usize] {
        let Some(holder) = self.enclosing(place) else { return named };
        let own = holder.meta().home();
        let of = |index: &usize| self.objects.get(*index).map(Object::meta);
        let overlay = |index: &usize| of(index).map(|meta| meta.home().overlay);
        let namespace = |index: &usize| of(index).map(|meta| meta.home().namespace);
        let dialect = |index: &usize| of(index).map(|meta| meta.dialect);
        let source = |index: &usize| of(index).map(|meta| meta.span.source);
        // A folder around that is no overlay is none of any object.
        let outer = |folder: &&'a str| Some(folder.rsplit_once('/')?.0);
        let folders = std::iter::successors(own.overlay, outer).map(Some);
        let near = folders.chain([None]).find_map(|folder| equal(named, overlay, &Some(folder)));
        // Behind what none of them has in common with the place, they are in no order.
        let steps = near.and_then(|near| {
            named = near;
            named = equal(named, namespace, &Some(own.namespace))?;
            named = equal(named, dialect, &Some(own.dialect))?;
            equal(named, source, &Some(place.source))
        });
        steps.unwrap_or(named)
    }

    /// Returns the object whose text holds a span, the innermost one.
    fn enclosing(&self, span: Span) -> Option<&Object> {
        let behind = |object: &Object| {
            let own = object.meta().span;
            (own.source, own.start) <= (span.source, span.start)
        };
        let end = self.objects.partition_point(behind);
        let before = self.objects.get(..end)?.iter().rev();
        let mut of_file = before.take_while(|object| object.meta().span.source == span.source);
        of_file.find(|object| object.meta().span.contains(span))
    }
}

/// Returns what an object that has a name is known by.
fn identity(object: &Object) -> Option<(Kind, &str, Home<'_>)> {
    let meta = object.meta();
    Some((object.kind(), meta.name.as_ref()?.value.as_str(), meta.home()))
}

/// Returns those of some items, sorted by a key, whose key is this one; nothing where none is.
fn equal<'a, K: Ord>(
    items: &'a [usize],
    key: impl Fn(&usize) -> K,
    wanted: &K,
) -> Option<&'a [usize]> {
    let behind = items.get(items.partition_point(|item| key(item) < *wanted)..)?;
    let same = behind.get(..behind.partition_point(|item| key(item) == *wanted))?;
    (!same.is_empty()).then_some(same)
}

/// Returns the words of a text that may be names: letters, digits, and what joins them.
pub fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let ends = |letter: char| !letter.is_alphanumeric() && !matches!(letter, '-' | '.' | '_');
    let words = text.split(ends).map(|word| word.trim_matches(['-', '.', '_']));
    words.filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_whole_word_of_what_could_not_be_read() {
        let text = "metadata: {name: checkout-requests}\nspec: [\nsee also `search.v2`.\n";
        let catalog = Catalog::new(Vec::new(), vec![text.to_owned()]);
        assert!(catalog.may_hold("checkout-requests"));
        assert!(catalog.may_hold("search.v2"));
        assert!(!catalog.may_hold("checkout"), "a part of a name is another name");
        assert!(!Catalog::default().may_hold("checkout"));
    }
}
