//! Which policy governs which SLO, and how much history it needs.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::budget::Terms;
use crate::globs::Globs;
use crate::model::Catalog;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lasting;
use crate::model::Lookback;
use crate::model::PRIORITY;
use crate::model::Slo;
use crate::model::Tier;
use crate::quantity::Duration;
use crate::source::Span;
use crate::source::Spanned;

use super::condition::MAX_DEPTH;

/// The policies of a tree, ready to say which of them govern an SLO.
#[derive(Clone, Debug)]
pub struct Governance<'a> {
    policies: Vec<(&'a Arc<ErrorBudgetPolicy>, Selection<'a>)>,
}

impl<'a> Governance<'a> {
    /// Reads the selectors of every policy.
    pub fn new(catalog: &'a Catalog) -> Self {
        Self::of(catalog.policies())
    }

    /// Reads the selectors of some policies.
    pub fn of(policies: impl IntoIterator<Item = &'a Arc<ErrorBudgetPolicy>>) -> Self {
        let policies = policies.into_iter();
        Self { policies: policies.map(|policy| (policy, Selection::new(policy))).collect() }
    }

    /// Returns whether there is no policy.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// Returns the policies that govern an SLO: of those that select it, the ones with the highest
    /// precedence.
    ///
    /// Two of equal precedence both govern, and the stricter verdict counts: a mistake in a selector
    /// must not open a gate.
    pub fn governing(&self, slo: &Slo) -> Vec<&'a Arc<ErrorBudgetPolicy>> {
        let selecting = self.policies.iter();
        let selecting: Vec<_> = selecting
            .filter(|(_, selection)| selection.selects(slo))
            .map(|(policy, _)| *policy)
            .collect();
        let highest = selecting.iter().map(|policy| policy.precedence).max();
        selecting.into_iter().filter(|policy| Some(policy.precedence) == highest).collect()
    }

    /// Returns which policies govern which of some SLOs together, in one change; those that govern nothing
    /// yet may come to do so with all others of their precedence.
    ///
    /// Policies that never meet in one change are in no circle together, and one that meets either of
    /// them is in both circles.
    pub fn circles(&self, slos: impl Iterator<Item = &'a Arc<Slo>>) -> Vec<Circle<'a>> {
        let mut found: BTreeMap<Vec<Span>, Circle<'a>> = BTreeMap::new();
        for slo in slos {
            let circle = Circle { policies: self.governing(slo), slos: Vec::new() };
            found.entry(circle.places()).or_insert(circle).slos.push(slo);
        }
        let busy: BTreeSet<Span> = found.keys().flatten().copied().collect();
        let mut idle: BTreeMap<i64, Circle<'a>> = BTreeMap::new();
        for (policy, _) in &self.policies {
            if !busy.contains(&policy.meta.span) {
                let circle = Circle { policies: Vec::new(), slos: Vec::new() };
                idle.entry(policy.precedence).or_insert(circle).policies.push(policy);
            }
        }
        let circles = found.into_values().chain(idle.into_values());
        circles.flat_map(Circle::of_one_change).collect()
    }

    /// Returns those of some SLOs that a policy governs, in their order.
    pub fn governed<'s>(
        &self,
        policy: &Arc<ErrorBudgetPolicy>,
        slos: impl Iterator<Item = &'s Arc<Slo>>,
    ) -> impl Iterator<Item = &'s Arc<Slo>> {
        let policies = self.policies.iter();
        let own = policies.clone().find(|(other, _)| Arc::ptr_eq(other, policy));
        let above: Vec<&Selection<'_>> = policies
            .filter(|(other, _)| other.precedence > policy.precedence)
            .map(|(_, selection)| selection)
            .collect();
        slos.filter(move |slo| {
            own.is_some_and(|(_, own)| own.selects(slo))
                && !above.iter().any(|selection| selection.selects(slo))
        })
    }
}

/// Policies that govern some SLOs together, and those SLOs.
#[derive(Clone, Debug)]
pub struct Circle<'a> {
    /// The policies, in their order.
    pub policies: Vec<&'a Arc<ErrorBudgetPolicy>>,
    /// The SLOs; none where the policies govern nothing yet.
    pub slos: Vec<&'a Arc<Slo>>,
}

impl<'a> Circle<'a> {
    /// Returns the tiers of all of the policies.
    pub fn tiers(&self) -> impl Iterator<Item = &'a Tier> {
        self.policies.iter().flat_map(|policy| &policy.tiers)
    }

    /// Returns the circles of those of the policies that may meet in one change.
    fn of_one_change(self) -> Vec<Self> {
        let scopes: Vec<Scope<'_>> =
            self.policies.iter().map(|policy| Scope::new(policy)).collect();
        let mut found: Vec<Vec<usize>> = Vec::new();
        for own in &scopes {
            let mut common = own.each();
            let mut together = Vec::new();
            for (index, other) in scopes.iter().enumerate() {
                if let Some(narrower) = narrower(common, other.each()) {
                    common = narrower;
                    together.push(index);
                }
            }
            if together.len() == scopes.len() {
                return vec![self];
            }
            if !found.contains(&together) {
                found.push(together);
            }
        }
        let circle = |together: Vec<usize>| {
            let policies = together.iter().filter_map(|index| self.policies.get(*index).copied());
            Self { policies: policies.collect(), slos: self.slos.clone() }
        };
        found.into_iter().map(circle).collect()
    }

    /// Returns where the policies stand.
    pub fn places(&self) -> Vec<Span> {
        self.policies.iter().map(|policy| policy.meta.span).collect()
    }
}

/// Returns whether two policies may meet in one change.
pub fn may_share_change(one: &ErrorBudgetPolicy, other: &ErrorBudgetPolicy) -> bool {
    narrower(Scope::new(one).each(), Scope::new(other).each()).is_some()
}

/// The paths and the branches of the changes that a policy judges; none are all of them.
struct Scope<'a>([BTreeSet<&'a str>; 2]);

impl<'a> Scope<'a> {
    fn new(policy: &'a ErrorBudgetPolicy) -> Self {
        let texts = |globs: &'a [Spanned<String>]| -> BTreeSet<&'a str> {
            globs.iter().map(|glob| glob.value.as_str()).collect()
        };
        Self([texts(&policy.scope.paths), texts(&policy.scope.branches)])
    }

    fn each(&self) -> [&BTreeSet<&'a str>; 2] {
        let Self([paths, branches]) = self;
        [paths, branches]
    }
}

/// Returns the scope of the changes that two scopes share; nothing where there may be none.
fn narrower<'s, 'a>(
    [paths, branches]: [&'s BTreeSet<&'a str>; 2],
    [other_paths, other_branches]: [&'s BTreeSet<&'a str>; 2],
) -> Option<[&'s BTreeSet<&'a str>; 2]> {
    let shared = |one: &'s BTreeSet<&'a str>, other: &'s BTreeSet<&'a str>| {
        let narrower = if one.is_empty() { other } else { one };
        (narrower == other || other.is_empty()).then_some(narrower)
    };
    Some([shared(paths, other_paths)?, shared(branches, other_branches)?])
}

/// Returns the policies that govern an SLO; for many SLOs, [`Governance`] reads the selectors once.
pub fn governing<'a>(catalog: &'a Catalog, slo: &Slo) -> Vec<&'a Arc<ErrorBudgetPolicy>> {
    Governance::new(catalog).governing(slo)
}

/// Returns whether a policy selects an SLO: every part of its selector that is given matches.
///
/// Labels are those of the SLO itself. All parts are globs of whole texts.
pub fn selects(policy: &ErrorBudgetPolicy, slo: &Slo) -> bool {
    Selection::new(policy).selects(slo)
}

/// A selector, compiled; a list that is empty or cannot be read narrows nothing: a mistake must not
/// exempt anything.
#[derive(Clone, Debug)]
struct Selection<'a> {
    services: Option<Globs>,
    slos: Option<Globs>,
    labels: Vec<(&'a str, Globs)>,
}

impl<'a> Selection<'a> {
    fn new(policy: &'a ErrorBudgetPolicy) -> Self {
        let selector = &policy.selector;
        let names = |globs: &[Spanned<String>]| {
            let globs = Globs::of_names(globs.iter().map(|glob| &glob.value)).ok()?;
            (!globs.is_empty()).then_some(globs)
        };
        let labels = selector.match_labels.iter();
        Self {
            services: names(&selector.services),
            slos: names(&selector.slos),
            labels: labels
                .filter_map(|(key, glob)| {
                    Some((key.as_str(), Globs::of_names([&glob.value]).ok()?))
                })
                .collect(),
        }
    }

    fn selects(&self, slo: &Slo) -> bool {
        let service = slo.service.as_ref().map_or("", |service| &service.value);
        let one_of = |globs: &Option<Globs>, text: &str| {
            globs.as_ref().is_none_or(|globs| globs.matches(text))
        };
        let labeled = |(key, globs): &(&str, Globs)| {
            slo.meta.labels.get(key).iter().any(|value| globs.matches(&value.value))
        };
        one_of(&self.services, service)
            && one_of(&self.slos, slo.meta.name())
            && self.labels.iter().all(labeled)
    }
}

/// Returns whether a tier holds for an SLO, by its priority; nothing when the tier asks for one and
/// the SLO has none.
pub fn applies(tier: &Tier, slo: &Slo) -> Option<bool> {
    if tier.priority.is_empty() {
        return Some(true);
    }
    let priority = slo.meta.annotation(PRIORITY)?.value.trim();
    let is_it = |other: &Spanned<String>| other.value.eq_ignore_ascii_case(priority);
    Some(tier.priority.iter().any(is_it))
}

/// Returns how far back measurements are needed to judge an objective by a policy, in seconds: the
/// longest lookback, and the time for which a tier is remembered.
pub fn horizon_seconds(policy: &ErrorBudgetPolicy, terms: &Terms) -> i64 {
    let latch = i64::try_from(policy.max_latch.nominal_seconds()).unwrap_or(i64::MAX);
    longest_seconds(policy, terms).saturating_add(latch)
}

/// Returns how far back the tiers of a policy look, in seconds: a condition that is to have held for a week looks
/// back a week further than what it asks for.
pub(super) fn longest_seconds(policy: &ErrorBudgetPolicy, terms: &Terms) -> i64 {
    let mut reach = Reach { policy, terms, known: BTreeMap::new(), open: BTreeSet::new() };
    (0..policy.tiers.len()).map(|tier| reach.of_tier(tier)).max().unwrap_or(0)
}

/// How far back the parts of a policy look.
struct Reach<'a> {
    policy: &'a ErrorBudgetPolicy,
    terms: &'a Terms,
    known: BTreeMap<Part<'a>, i64>,
    /// What is being looked at: what names itself looks back no further than what it names beside.
    open: BTreeSet<Part<'a>>,
}

/// A part of a policy that others refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Tier(usize),
    Named(&'a str),
}

impl<'a> Reach<'a> {
    fn of_tier(&mut self, index: usize) -> i64 {
        let Some(tier) = self.policy.tiers.get(index) else { return 0 };
        self.once(Part::Tier(index), |reach| {
            let relaxes = tier.relax_when.as_ref().map(|relax| &relax.when);
            let all = [Some(&tier.enter), tier.exit.as_ref(), relaxes].into_iter().flatten();
            all.map(|condition| reach.of(condition, 0)).max().unwrap_or(0)
        })
    }

    fn of_named(&mut self, name: &'a str) -> i64 {
        let mut conditions = self.policy.conditions.iter();
        let Some(named) = conditions.find(|named| named.name.value == name) else { return 0 };
        self.once(Part::Named(name), |reach| reach.of(&named.condition, 0))
    }

    fn once(&mut self, part: Part<'a>, look: impl FnOnce(&mut Self) -> i64) -> i64 {
        if let Some(known) = self.known.get(&part) {
            return *known;
        }
        if self.open.len() > MAX_DEPTH || !self.open.insert(part) {
            return 0;
        }
        let seconds = look(self);
        self.open.remove(&part);
        self.known.insert(part, seconds);
        seconds
    }

    fn of(&mut self, condition: &'a Condition, depth: usize) -> i64 {
        let seconds =
            |duration: Duration| i64::try_from(duration.nominal_seconds()).unwrap_or(i64::MAX);
        match condition {
            _ if depth > MAX_DEPTH => 0,
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().map(|part| self.of(part, depth + 1)).max().unwrap_or(0)
            }
            Condition::Not(part) => self.of(part, depth + 1),
            Condition::Named(name) => self.of_named(&name.value),
            Condition::Burn(burn) => match burn.lookback.value {
                Lookback::Slo => self.terms.window.reach_seconds(),
                Lookback::For(duration) => seconds(duration),
            },
            Condition::Within { name, time }
            | Condition::Sustained { what: Lasting::Condition(name), time, .. } => {
                self.of_named(&name.value).saturating_add(seconds(time.value))
            }
            Condition::Sustained { what: Lasting::Tier(name), time, .. } => {
                let mut tiers = self.policy.tiers.iter();
                let index = tiers.position(|tier| tier.name.value == name.value);
                let reach = index.map_or(0, |index| self.of_tier(index));
                reach.saturating_add(seconds(time.value))
            }
            Condition::Incident { of, .. } => seconds(*of),
            Condition::Attested(_) => 0,
        }
    }
}
