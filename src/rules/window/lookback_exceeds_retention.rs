use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Finding;
use crate::finding::Level;
use crate::model::Catalog;
use crate::model::DataSource;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lookback;
use crate::model::Object;
use crate::model::Slo;
use crate::model::Subject;
use crate::model::WindowKind;
use crate::policy::Governance;
use crate::policy::lookbacks;
use crate::quantity::Duration;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Span;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "lookback-exceeds-retention",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Windows,
    since: "0.1.0",
    docs: include_str!("lookback_exceeds_retention.md"),
    settings: &[],
    check: Check::Slos(check),
};

/// A data source that says how long it keeps what it measured, and what asks most of it.
struct Store<'a> {
    name: &'a str,
    retention: Spanned<Duration>,
    needs: Needs<'a>,
}

/// The longest need of each kind.
#[derive(Clone, Copy, Default)]
struct Needs<'a> {
    window: Option<Need<'a>>,
    alert: Option<Need<'a>>,
    policy: Option<Need<'a>>,
    /// What a policy remembers beyond its longest lookback.
    memory: Option<Need<'a>>,
}

/// How far something looks back for an SLO.
#[derive(Clone, Copy)]
struct Need<'a> {
    seconds: u64,
    length: Duration,
    span: Span,
    slo: &'a Slo,
    policy: Option<&'a ErrorBudgetPolicy>,
}

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let mut stores = stores(checker.catalog());
    if stores.is_empty() {
        return;
    }
    let governance = checker.governance();
    for slo in slos {
        let mut needs = None;
        for source in sources(slo, checker.catalog()) {
            if let Some(store) = stores.get_mut(&source.meta.span) {
                store.needs.take(needs.get_or_insert_with(|| Needs::of(slo, governance)));
            }
        }
    }
    for store in stores.values() {
        report(store, checker);
    }
}

/// Returns the data sources that declare a retention, by their places.
fn stores(catalog: &Catalog) -> BTreeMap<Span, Store<'_>> {
    let mut stores = BTreeMap::new();
    for object in catalog.objects() {
        if let Object::DataSource(source) = object
            && let Some(retention) = source.meta.declared_length("slo/retention")
        {
            let store = Store { name: source.meta.name(), retention, needs: Needs::default() };
            stores.insert(source.meta.span, store);
        }
    }
    stores
}

/// Returns the data sources that an SLO is measured by.
fn sources<'a>(
    slo: &'a Subject<'a>,
    catalog: &'a Catalog,
) -> impl Iterator<Item = &'a Arc<DataSource>> {
    let indicators = slo.objectives.iter();
    let indicators = indicators.filter_map(|part| catalog.indicator(&part.indicator).one());
    let sources = indicators.flat_map(|indicator| indicator.measure.sources());
    sources.filter_map(|source| catalog.data_source(source).one())
}

impl<'a> Needs<'a> {
    fn of(slo: &'a Subject<'a>, governance: &Governance<'a>) -> Self {
        let mut needs = Self::default();
        if let Some(window) = &slo.window {
            let length = window.duration.value;
            let seconds = match window.kind {
                WindowKind::Calendar { .. } => length.longest_seconds(),
                // How long it is, each tool decides: at least so.
                WindowKind::Rolling => length.shortest_seconds(),
            };
            let span = window.duration.span;
            needs.window = Some(Need { seconds, length, span, slo: slo.slo, policy: None });
        }
        for burn in slo.alerts.iter().filter_map(|alert| alert.burn()) {
            let (length, span) = (burn.lookback.value, burn.lookback.span);
            let seconds = length.shortest_seconds();
            longest(&mut needs.alert, Need { seconds, length, span, slo: slo.slo, policy: None });
        }
        for policy in governance.governing(slo) {
            needs.add(policy, slo.slo);
        }
        needs
    }

    fn add(&mut self, policy: &'a ErrorBudgetPolicy, slo: &'a Slo) {
        let lookback = longest_lookback(policy);
        let reach = lookback.map_or(0, |(length, _)| length.shortest_seconds());
        if let Some((length, span)) = lookback {
            let need = Need { seconds: reach, length, span, slo, policy: Some(policy) };
            longest(&mut self.policy, need);
        }
        // A tier that ends as soon as its `enter` is false needs no past.
        if policy.tiers.iter().any(|tier| tier.exit.is_some()) {
            let own = self.window.map_or(0, |window| window.seconds);
            let length = policy.max_latch;
            let seconds = reach.max(own).saturating_add(length.shortest_seconds());
            let span = policy.meta.place();
            longest(&mut self.memory, Need { seconds, length, span, slo, policy: Some(policy) });
        }
    }

    /// Keeps the longest need of each kind.
    fn take(&mut self, other: &Self) {
        let pairs = [
            (&mut self.window, other.window),
            (&mut self.alert, other.alert),
            (&mut self.policy, other.policy),
            (&mut self.memory, other.memory),
        ];
        for (own, other) in pairs {
            if let Some(other) = other {
                longest(own, other);
            }
        }
    }
}

fn longest<'a>(own: &mut Option<Need<'a>>, other: Need<'a>) {
    if own.is_none_or(|own| own.seconds < other.seconds) {
        *own = Some(other);
    }
}

/// Returns the longest fixed lookback of a policy; one over the window of the SLO is as long as that.
fn longest_lookback(policy: &ErrorBudgetPolicy) -> Option<(Duration, Span)> {
    let fixed = lookbacks(policy).into_iter().filter_map(|lookback| match lookback.value {
        Lookback::For(length) => Some((length, lookback.span)),
        Lookback::Slo => None,
    });
    // Of equal ones the first is shown.
    fixed.reduce(|longest, other| {
        if other.0.nominal_seconds() > longest.0.nominal_seconds() { other } else { longest }
    })
}

fn report(store: &Store<'_>, checker: &mut Checker<'_>) {
    let kept = store.retention.value;
    let exceeds = |need: &Need<'_>| need.seconds > kept.longest_seconds();
    let Needs { window, alert, policy, memory } = store.needs;
    let [window, alert, policy] = [window, alert, policy].map(|need| need.filter(exceeds));
    let most = [window, alert, policy].into_iter().flatten().max_by_key(|need| need.seconds);
    let (place, name) = (store.retention.span, quote(store.name));
    if let Some(most) = most {
        let (slo, length) = (quote(most.slo.meta.name()), most.length);
        let message = format!("{name} keeps {kept}, and {slo} needs {length}");
        let finding = checker.report(place, message);
        finding.label("what is older is gone, and a query over it answers for less without a word");
        point(finding, window, |need| {
            let most = Duration::from_seconds(need.seconds);
            let most = if need.length.unit.is_calendar() {
                format!(", up to {most}")
            } else {
                String::new()
            };
            format!("the window of {} is {}{most}", quote(need.slo.meta.name()), need.length)
        });
        point(finding, alert, |need| {
            format!("an alert of {} looks back {}", quote(need.slo.meta.name()), need.length)
        });
        point(finding, policy, |need| {
            let policy = need.policy.map_or("", |policy| policy.meta.name());
            format!("the policy {} looks back {}", quote(policy), need.length)
        });
        finding.help("keep it longer, or shorten what looks back");
    } else if let Some(need) = memory.filter(exceeds) {
        let policy = quote(need.policy.map_or("", |policy| policy.meta.name()));
        let most = Duration::from_seconds(need.seconds);
        let message = format!("{name} keeps {kept}, and the policy {policy} needs up to {most}");
        let finding = checker.report_at(Level::Warning, place, message);
        finding.label("a tier that began before is forgotten");
        finding
            .also(need.span, format!("remembers a tier for {} beyond its lookbacks", need.length));
        let reach = need.seconds.saturating_sub(need.length.shortest_seconds());
        let left = Duration::from_seconds(kept.longest_seconds().saturating_sub(reach));
        finding.help(if left.count > 0 {
            format!("keep it for at least {most}, or write a `maxLatch` of at most {left}")
        } else {
            format!("keep it for at least {most}")
        });
    }
}

fn point(finding: &mut Finding, need: Option<Need<'_>>, say: impl Fn(Need<'_>) -> String) {
    if let Some(need) = need {
        finding.also(need.span, say(need));
    }
}
