use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::alerts::events::names;
use crate::alerts::link;
use crate::finding::Level;
use crate::model::AlertPolicy;
use crate::model::Catalog;
use crate::model::Meta;
use crate::model::MetricSource;
use crate::model::Slo;
use crate::model::Subject;
use crate::query;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::level;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Span;
use crate::yaml::Added;
use crate::yaml::append_entries;

use crate::alerts::is_exempt;
use crate::alerts::is_true;
use crate::alerts::tells_of_breaches;

pub(super) const RULE: Rule = Rule {
    name: "no-data-not-alerted",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::OpenSlo,
    since: "0.1.0",
    docs: include_str!("no_data_not_alerted.md"),
    settings: &[],
    check: Check::Slos(check),
};

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let catalog = checker.catalog();
    let watched = Watched::new(catalog);
    let mut is_everywhere = true;
    let mut deaf = Vec::new();
    for slo in slos.iter().filter(|slo| is_expected(slo)) {
        match deaf_policies(catalog, slo) {
            Some(policies) if !watched.holds(catalog, slo) => deaf.push((slo, policies)),
            _ => is_everywhere = false,
        }
    }
    let is_said_once = is_everywhere && deaf.len() > 1;
    let mut edits: BTreeMap<Span, Option<Edit>> = BTreeMap::new();
    for (slo, policies) in deaf {
        let Some(policy) = policies.iter().copied().find(|policy| tells_of_breaches(policy)) else {
            continue;
        };
        let edit = edits.entry(policy.meta.span).or_insert_with(|| switch_on(policy, checker));
        let (edit, level) = (edit.clone(), level(slo.is_critical));
        let message = format!("nobody is told when {} has no data", quote(slo.meta.name()));
        let finding = checker.report_at(level, slo.meta.place(), message);
        for flag in policies.iter().filter_map(|policy| policy.when_no_data.as_ref()) {
            finding.also(flag.span, "not here");
        }
        if is_said_once {
            finding.once("no SLO of the repository alerts on missing data");
        }
        let title = match policy.meta.name() {
            _ if is_said_once => {
                "set `alertWhenNoData: true` on an alert policy of each".to_owned()
            }
            "" => "set `alertWhenNoData: true` on its alert policy".to_owned(),
            name => format!("set `alertWhenNoData: true` on the alert policy {}", quote(name)),
        };
        match edit {
            Some(edit) => finding.unsafe_fix(title, vec![edit]),
            None => finding.help(title),
        };
    }
}

/// Returns whether data of an SLO is expected at every hour, and its alerts are.
fn is_expected(slo: &Subject<'_>) -> bool {
    let rests = |meta: &Meta| meta.declares("slo/zero-traffic", "expected");
    // `openslo/v1alpha` has no field for alerts, and one without any is another rule's finding.
    slo.meta.dialect.tells_of_missing_data()
        && !slo.alert_policies.is_empty()
        && !is_exempt(slo)
        && !rests(&slo.meta)
        && !slo.service.is_some_and(|service| rests(&service.meta))
}

/// Returns the alert policies of an SLO where all were found and none tells of missing data.
fn deaf_policies<'a>(catalog: &'a Catalog, slo: &Subject<'a>) -> Option<Vec<&'a Arc<AlertPolicy>>> {
    if slo.alerts.iter().any(|alert| is_true(alert.policy.when_no_data.as_ref())) {
        return None;
    }
    let found = slo.slo.alert_policies.iter().map(|policy| catalog.alert_policy(policy).one());
    let is_deaf = |policy: &&Arc<AlertPolicy>| {
        !is_true(policy.when_no_data.as_ref()) && !policy.meta.misspells(FLAG)
    };
    found.map(|policy| policy.filter(is_deaf)).collect()
}

/// The field by which a policy tells of missing data.
const FLAG: &str = "alertWhenNoData";

/// Returns the edit by which a policy tells of missing data.
fn switch_on(policy: &AlertPolicy, checker: &Checker<'_>) -> Option<Edit> {
    if let Some(flag) = &policy.when_no_data {
        return checker.rewrite(flag.span, "true");
    }
    let flags = [&policy.when_breaching, &policy.when_resolved];
    let last = flags.into_iter().flatten().map(|flag| flag.span).max();
    let line = [(0, format!("{FLAG}: true"))];
    let beside = |last| checker.add_below(last, policy.meta.span, FLAG, &line);
    last.and_then(beside).or_else(|| {
        checker.mend(policy.meta.span, |policy| {
            append_entries(policy.given("spec")?, &[(FLAG, Added::Truth(true))])
        })
    })
}

/// What alerts of Prometheus watch for missing data.
struct Watched {
    /// The metrics that they name.
    metrics: BTreeSet<String>,
    /// The SLOs that their labels name.
    slos: BTreeSet<Span>,
}

impl Watched {
    fn new(catalog: &Catalog) -> Self {
        let mut watched = Self { metrics: BTreeSet::new(), slos: BTreeSet::new() };
        for alert in &catalog.rules().alerts {
            let text = &alert.expression.text;
            let tree = text.contains("absent").then(|| query::parse(text).0).flatten();
            let Some(tree) = tree else { continue };
            if watched.collect(&tree) {
                let linked = link::linked(catalog, alert, &tree).into_iter();
                watched.slos.extend(linked.map(|(slo, _)| slo.meta.span));
            }
        }
        watched
    }

    /// Notes what an expression watches, and returns whether it watches anything.
    fn collect(&mut self, expression: &Expression) -> bool {
        let is_absence = matches!(&expression.kind, ExpressionKind::Call(call)
            if matches!(call.name.text.as_str(), "absent" | "absent_over_time"));
        if is_absence {
            let names = expression.selectors().into_iter().filter_map(|one| one.name.as_ref());
            self.metrics.extend(names.map(|name| name.text.clone()));
        }
        let children = expression.children().into_iter();
        children.fold(is_absence, |is_any, child| self.collect(child) || is_any)
    }

    fn holds(&self, catalog: &Catalog, slo: &Slo) -> bool {
        let is_named = |source: &MetricSource| {
            let mut names = source.query.iter().flat_map(|query| names(&query.text));
            names.any(|name| self.metrics.contains(name))
        };
        let mut indicators =
            slo.objectives.iter().filter_map(|one| catalog.indicator(&one.indicator).one());
        self.slos.contains(&slo.meta.span)
            || !self.metrics.is_empty()
                && indicators.any(|indicator| indicator.measure.sources().any(is_named))
    }
}
