//! Which objectives gate a change, and what must be measured for them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::budget::Definition;
use crate::budget::Request;
use crate::budget::Terms;
use crate::budget::alert_lookbacks;
use crate::budget::instant;
use crate::budget::moved;
use crate::globs::Globs;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::Indicator;
use crate::model::Lookback;
use crate::model::Slo;
use crate::policy::Governance;
use crate::policy::horizon_seconds;
use crate::policy::lookbacks;
use crate::source::Spanned;

use super::Extent;
use super::Override;
use super::Setting;
use super::proposed::proposed;

/// An objective that gates a change, in one of its definitions.
#[derive(Clone, Debug)]
pub(super) struct Gated {
    pub(super) slo: Arc<Slo>,
    pub(super) objective: usize,
    pub(super) definition: Definition,
    pub(super) indicator: Option<Arc<Indicator>>,
    /// The policies that govern it and whose scope the change touches.
    pub(super) policies: Vec<Arc<ErrorBudgetPolicy>>,
}

/// Returns what must be measured to decide about a change, in order of service, name, objective and
/// definition.
///
/// An objective that cannot be measured because its definition lacks a target or a window is left
/// out here; [`super::decide`] knows it as unknown.
pub fn plan(setting: &Setting<'_>) -> Vec<Request> {
    gated(setting).iter().filter_map(|gated| request(gated, setting)).collect()
}

fn request(gated: &Gated, setting: &Setting<'_>) -> Option<Request> {
    let terms = Terms::new(&gated.slo, gated.objective).ok()?;
    let steps = gated.policies.iter().map(|policy| {
        let seconds = policy.evaluation.step.nominal_seconds();
        i64::try_from(seconds).unwrap_or(i64::MAX).max(1)
    });
    let step_seconds = steps.min()?;
    let catalog = match gated.definition {
        Definition::Trusted => setting.trusted,
        Definition::Head => setting.head,
    };
    let alerts = alert_lookbacks(catalog, &gated.slo).into_iter();
    let asked = gated.policies.iter().flat_map(|policy| lookbacks(policy));
    let asked = asked.filter_map(|lookback| match lookback.value {
        Lookback::For(duration) => Some(duration),
        Lookback::Slo => None,
    });
    let seconds = alerts.chain(asked).map(|duration| {
        let seconds = duration.nominal_seconds();
        i64::try_from(seconds).unwrap_or(i64::MAX)
    });
    let lookbacks: BTreeSet<i64> = seconds.collect();
    let horizons = gated.policies.iter();
    let horizons = horizons.map(|policy| horizon_seconds(policy, &terms));
    let horizon =
        horizons.chain(lookbacks.iter().copied()).chain([terms.window.reach_seconds()]).max()?;
    let end = instant(setting.now, step_seconds);
    let objective = gated.slo.objectives.get(gated.objective)?;
    Some(Request {
        slo: Arc::clone(&gated.slo),
        objective: gated.objective,
        indicator: gated.indicator.clone(),
        terms,
        slice_target: objective.slice_target.as_ref().map(|share| share.value.clone()),
        definition: gated.definition,
        start: moved(end, horizon.saturating_neg()),
        end,
        step_seconds,
        lookbacks: lookbacks.into_iter().collect(),
    })
}

/// Returns the objectives that gate a change: those of the trusted tree, each with the head's
/// definition where that differs.
pub(super) fn gated(setting: &Setting<'_>) -> Vec<Gated> {
    let mut found = Vec::new();
    let governance = Governance::new(setting.trusted);
    let mut reach = Reach::new(setting);
    for slo in setting.trusted.slos() {
        let policies: Vec<_> = governance
            .governing(slo)
            .into_iter()
            .filter(|policy| reach.touches(policy, slo))
            .cloned()
            .collect();
        if policies.is_empty() {
            continue;
        }
        found.extend(objectives(slo, Definition::Trusted, setting.trusted, &policies));
        found.extend(proposed(slo, setting, &policies));
    }
    found.sort_by(|left, right| key(left).cmp(&key(right)));
    found
}

fn key(gated: &Gated) -> (&str, &str, usize, Definition) {
    let service = gated.slo.service.as_ref();
    let service = service.map_or("", |service| service.value.as_str());
    (service, gated.slo.meta.name(), gated.objective, gated.definition)
}

/// Returns the objectives of an SLO; one that has none is judged as if it had one that cannot be
/// read, so that a broken definition is not known instead of open.
pub(super) fn objectives<'a>(
    slo: &'a Arc<Slo>,
    definition: Definition,
    catalog: &'a Catalog,
    policies: &'a [Arc<ErrorBudgetPolicy>],
) -> impl Iterator<Item = Gated> + 'a {
    (0..slo.objectives.len().max(1)).map(move |index| Gated {
        slo: Arc::clone(slo),
        objective: index,
        definition,
        indicator: slo
            .objectives
            .get(index)
            .and_then(|objective| catalog.indicator(&objective.indicator).one())
            .cloned(),
        policies: policies.to_vec(),
    })
}

/// What a change touches, found out once for each policy and service.
struct Reach<'a> {
    setting: &'a Setting<'a>,
    known: BTreeMap<(String, Option<&'a str>), bool>,
}

impl<'a> Reach<'a> {
    fn new(setting: &'a Setting<'a>) -> Self {
        Self { setting, known: BTreeMap::new() }
    }

    /// Returns whether a change touches what a policy judges about an SLO.
    ///
    /// A SLO whose service has paths of its own gates changes to those; any other SLO gates every
    /// change. The scope of the policy narrows both; of a whole tree, only to where it goes.
    fn touches(&mut self, policy: &Arc<ErrorBudgetPolicy>, slo: &Slo) -> bool {
        let service = slo.service.as_ref();
        let service = service.and_then(|service| {
            let found = self.setting.services.get_key_value(service.value.as_str());
            found.filter(|(_, globs)| !globs.is_empty()).map(|(name, _)| name.as_str())
        });
        let scope = serde_json::to_string(&policy.scope).unwrap_or_default();
        if let Some(known) = self.known.get(&(scope.clone(), service)) {
            return *known;
        }
        let touched = self.touched(policy, service);
        self.known.insert((scope, service), touched);
        touched
    }

    fn touched(&self, policy: &ErrorBudgetPolicy, service: Option<&str>) -> bool {
        let branch = self.setting.facts.target_branch.as_deref();
        if let (Some(branches), Some(branch)) = (narrowed(&policy.scope.branches), branch)
            && !branches.matches(branch)
        {
            return false;
        }
        if self.setting.facts.extent == Extent::WholeTree {
            return true;
        }
        let scope = narrowed(&policy.scope.paths);
        let of_service = service.and_then(|service| self.setting.services.get(service));
        self.setting.facts.changed.iter().any(|path| {
            // Whatever a link points at, or a submodule holds, may lie below it.
            let hides = self.setting.facts.hiding.contains(path);
            let touches =
                |globs: &Globs| globs.matches(path) || (hides && globs.may_match_below(path));
            of_service.is_none_or(touches) && scope.as_ref().is_none_or(touches)
        })
    }
}

/// Returns whether an override names every path of the change that a policy judges about an SLO.
///
/// Of a whole tree, nobody knows which paths go out with it.
pub(super) fn covers(
    over: &Override,
    policy: &ErrorBudgetPolicy,
    slo: &Slo,
    setting: &Setting<'_>,
) -> bool {
    if over.paths.is_empty() {
        return true;
    }
    let Ok(globs) = Globs::of_paths(&over.paths) else { return false };
    let facts = setting.facts;
    if facts.extent == Extent::WholeTree {
        return false;
    }
    let scope = narrowed(&policy.scope.paths);
    let service = slo.service.as_ref().map(|service| service.value.as_str());
    let of_service = service.and_then(|service| setting.services.get(service));
    let is_gated = |path: &&String| {
        // Whatever a link points at, or a submodule holds, may lie below it.
        let hides = facts.hiding.contains(*path);
        let touches = |globs: &Globs| globs.matches(path) || (hides && globs.may_match_below(path));
        of_service.filter(|globs| !globs.is_empty()).is_none_or(touches)
            && scope.as_ref().is_none_or(touches)
    };
    let is_covered = |path: &String| globs.matches(path) && !facts.hiding.contains(path);
    facts.changed.iter().filter(is_gated).all(is_covered)
}

/// Compiles what narrows a scope; nothing where there is none, or where one of the globs cannot be
/// read: a mistake takes nothing out of scope.
fn narrowed(globs: &[Spanned<String>]) -> Option<Globs> {
    let globs = Globs::of_paths(globs.iter().map(|glob| &glob.value)).ok()?;
    (!globs.is_empty()).then_some(globs)
}
