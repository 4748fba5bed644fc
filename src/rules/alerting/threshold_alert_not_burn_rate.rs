use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::alerts::events::Events;
use crate::alerts::events::Share;
use crate::alerts::events::counted;
use crate::alerts::events::longest_range;
use crate::alerts::events::names;
use crate::alerts::events::share;
use crate::alerts::urgency::Urgency;
use crate::alerts::urgency::of_word;
use crate::config::Alerting;
use crate::finding::Level;
use crate::model::AlertRule;
use crate::model::Catalog;
use crate::model::Measure;
use crate::model::MetricSource;
use crate::model::RecordingRule;
use crate::model::Slo;
use crate::model::Window;
use crate::model::answers_promql;
use crate::quantity::Ratio;
use crate::query;
use crate::query::comparison::comparison;
use crate::query::comparison::exact;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::tree::Modifiers;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::about;
use crate::rules::words::in_words;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::source::Span;
use crate::source::Spanned;

use crate::alerts::is_exempt;
use crate::alerts::largest_error_ratio;

pub(super) const RULE: Rule = Rule {
    name: "threshold-alert-not-burn-rate",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::PrometheusRules,
    since: "0.1.0",
    docs: include_str!("threshold_alert_not_burn_rate.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// From how many seconds on an alert looks at more than a moment.
const LONG: u64 = 3_600;

/// A page that compares a share of bad events with a number.
struct Threshold {
    /// The events that it divides.
    part: Events,
    /// Whether those are the good ones.
    is_of_good: bool,
    /// The share of bad events that fires it.
    least: Ratio,
    /// How long it looks and waits, in seconds.
    seconds: u64,
    place: Span,
}

/// An objective whose events a page compares.
struct Owner<'a> {
    slo: &'a Slo,
    target: &'a Spanned<Ratio>,
    window: &'a Window,
}

/// Pages by the events that they divide by, and what is found of each.
type Pages<'a> = BTreeMap<Events, Vec<(Threshold, Vec<Owner<'a>>)>>;

/// Recording rules by the name of their series.
type Records<'a> = BTreeMap<&'a str, Vec<&'a RecordingRule>>;

fn check(_: &Catalog, checker: &mut Checker<'_>) {
    let catalog = checker.catalog();
    let rules = catalog.rules();
    let mut records = Records::new();
    for record in &rules.records {
        records.entry(&record.name).or_default().push(record);
    }
    let mut pages = Pages::new();
    let words = &checker.config().alerting;
    for alert in rules.alerts.iter().filter(|alert| is_page(alert, words)) {
        if let Some((total, threshold)) = threshold(alert, &records, checker) {
            pages.entry(total).or_default().push((threshold, Vec::new()));
        }
    }
    if pages.is_empty() {
        return;
    }
    let metrics: BTreeSet<String> = pages.keys().map(|events| events.metric.clone()).collect();
    for slo in catalog.slos() {
        own(slo, catalog, &metrics, &mut pages);
    }
    for (threshold, owners) in pages.into_values().flatten() {
        report(&threshold, &owners, checker);
    }
}

/// Returns whether a rule wakes somebody for what users feel, by its labels.
fn is_page(alert: &AlertRule, words: &Alerting) -> bool {
    let label = |key: &str| alert.labels.get(key).first().map(|value| value.value.trim());
    let urgency = label("severity").map_or(Urgency::Unknown, |word| of_word(word, words));
    urgency == Urgency::Page && label("kind") != Some("cause")
}

/// Reads a rule as a threshold on a share of bad events; returns the events that it divides by, too.
fn threshold(
    alert: &AlertRule,
    records: &Records<'_>,
    checker: &Checker<'_>,
) -> Option<(Events, Threshold)> {
    let text = &alert.expression.text;
    let tree = query::parse(text).0?;
    let mut parts = Vec::new();
    conjuncts(&tree, &mut parts);
    let (position, comparison, share) = parts.iter().enumerate().find_map(|(position, part)| {
        let comparison = comparison(part)?;
        Some((position, comparison, recorded(comparison.measured, text, records)?))
    })?;
    let bound = exact(comparison.bound, text)?;
    // A share of bad events fires above its bound, and one of good events below.
    let (least, is_of_good) = match (comparison.is_above, share.is_rest) {
        (true, is_rest) => (bound, is_rest),
        (false, false) => (bound.complement(), true),
        (false, true) => return None,
    };
    let mut seconds = share.seconds;
    for (_, guard) in parts.iter().enumerate().filter(|(other, _)| *other != position) {
        seconds = seconds.max(longest_range(guard)?);
    }
    let seconds = seconds + alert.held_for?;
    let raw = checker.text(alert.expression.span);
    let place = alert.expression.place(comparison.bound.extent, raw);
    let is_short = seconds < LONG && !least.is_negative();
    let threshold = Threshold { part: share.part, is_of_good, least, seconds, place };
    is_short.then_some((share.total, threshold))
}

/// Collects the conditions that have to hold together; the height of a tree is bounded.
fn conjuncts<'e>(expression: &'e Expression, parts: &mut Vec<&'e Expression>) {
    match &expression.bare().kind {
        ExpressionKind::Binary(binary) if binary.operator == BinaryOperator::And => {
            conjuncts(&binary.left, parts);
            conjuncts(&binary.right, parts);
        }
        _ => parts.push(expression),
    }
}

/// Reads an expression, or the one that its series records, as a share.
fn recorded(measured: &Expression, text: &str, records: &Records<'_>) -> Option<Share> {
    let ExpressionKind::Vector(selector) = &measured.bare().kind else {
        return share(measured, text, &[]);
    };
    let name = selector.name.as_ref()?;
    let [record] = records.get(name.text.as_str())?.as_slice() else { return None };
    if selector.modifiers != Modifiers::default() || !selector.placeholders.is_empty() {
        return None;
    }
    let is_added = |matcher: &&Matcher| {
        let added = record.labels.get(&matcher.label.text).first();
        let is_same = added.is_some_and(|added| added.value == matcher.value);
        is_same && matcher.operator == MatchOperator::Equal
    };
    let more = selector.matchers.iter().filter(|matcher| !is_added(matcher));
    let more: Vec<Matcher> = more.cloned().collect();
    let text = &record.expression.text;
    share(&query::parse(text).0?, text, &more)
}

/// Notes an SLO as the owner of the pages that compare its events.
fn own<'a>(slo: &'a Slo, catalog: &'a Catalog, metrics: &BTreeSet<String>, pages: &mut Pages<'a>) {
    let Some(window) = &slo.window else { return };
    // Time slices have a budget of slices, and a hope has none.
    if !slo.counts_events() || is_exempt(slo) {
        return;
    }
    for objective in &slo.objectives {
        let Some(indicator) = catalog.indicator(&objective.indicator).one() else { continue };
        let Measure::Counts(counts) = &indicator.measure else { continue };
        let Some(target) = &objective.target else { continue };
        let events = |source: &Option<MetricSource>| -> Option<Events> {
            let source = source.as_ref()?;
            let text = &source.query.as_ref()?.text;
            let is_promql = catalog.source_type(source).is_none_or(answers_promql);
            let is_asked = is_promql && names(text).any(|name| metrics.contains(name));
            let tree = is_asked.then(|| query::parse(text).0).flatten()?;
            Some(counted(&tree, &[])?.events)
        };
        let Some(found) = events(&counts.total).and_then(|total| pages.get_mut(&total)) else {
            continue;
        };
        let (good, bad) = (events(&counts.good), events(&counts.bad));
        for (threshold, owners) in found {
            let (same, rest) = if threshold.is_of_good { (&good, &bad) } else { (&bad, &good) };
            let is_same = same.as_ref().is_some_and(|same| *same == threshold.part);
            if is_same || rest.as_ref().is_some_and(|rest| threshold.part.is_rest_of(rest)) {
                owners.push(Owner { slo, target, window });
            }
        }
    }
}

fn report(threshold: &Threshold, owners: &[Owner<'_>], checker: &mut Checker<'_>) {
    let mut fastest: Option<(Ratio, &Owner<'_>)> = None;
    for owner in owners {
        let Some(rate) = threshold.least.checked_div(&owner.target.value.complement()) else {
            return;
        };
        // At a burn rate of 2 the budget is gone in half the window: that is no noise any more.
        if rate.is_negative() || rate.compare_whole(2).is_ge() {
            return;
        }
        if fastest.as_ref().is_none_or(|(most, _)| rate > *most) {
            fastest = Some((rate, owner));
        }
    }
    let Some((rate, owner)) = fastest else { return };
    let (seconds, length) = (Ratio::whole(threshold.seconds), owner.window.duration.value);
    let whole = Ratio::whole(length.nominal_seconds());
    let Some(gone) = (&rate * &seconds).checked_div(&whole) else { return };
    let times = 86_400 / threshold.seconds.max(1);
    let about = about(length);
    let gone = gone.percent().significant(3);
    let message = match gone.as_str() {
        "0" => format!("this page fires at the first bad event, up to {times} times a day"),
        _ => format!(
            "this page fires with {about}{gone} % of the error budget gone, up to {times} times a day"
        ),
    };
    let finding = checker.report(threshold.place, message);
    finding.label(format!("a burn rate of {} over {}", rate.significant(4), in_words(&seconds)));
    let budget = percent(&owner.target.value.complement());
    let name = quote(owner.slo.meta.name());
    finding
        .also(owner.target.span, format!("{name} has an error budget of {budget} over {length}"));
    let spends =
        |percent: i64, hours: i64| &(&whole * &Ratio::whole(percent)) / (100 * 3_600 * hours);
    let (fast, slow) = (spends(2, 1), spends(5, 6));
    // More than half of all that can fail is no threshold: `alert-can-never-fire` says so.
    let twice = &(&fast * &owner.target.value.complement()) * &Ratio::whole(2);
    finding.help(if slow > Ratio::one() && twice <= largest_error_ratio(owner.slo) {
        format!("page for 2 % of the budget in 1h, a burn rate of {fast}, and for 5 % in 6h, one of {slow}")
    } else {
        "alert on the burn rate over a longer lookback".to_owned()
    });
}
