use crate::finding::Level;
use crate::model::BurnRate;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lookback;
use crate::model::Operator;
use crate::model::Slo;
use crate::model::Subject;
use crate::model::Tier;
use crate::policy::applies;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::about;
use crate::rules::words::in_words;

use crate::alerts::is_exempt;
use crate::alerts::is_meant;
use crate::alerts::watch::is_whole;
use crate::alerts::watch::slow_lookback;

pub(super) const RULE: Rule = Rule {
    name: "unalerted-burn-band",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("unalerted_burn_band.md"),
    settings: &[],
    check: Check::Slo(check),
};

/// The most names of conditions that are followed from a tier.
const MOST_NAMES: usize = 64;

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    let Some(window) = &slo.window else { return };
    // What an alert of Prometheus covers is not known.
    let is_watched = checker.watched().contains(&slo.meta.span);
    if is_exempt(slo) || !slo.knows_alerts || is_watched {
        return;
    }
    let lowest = alerts(slo).min_by(|one, other| one.threshold.value.cmp(&other.threshold.value));
    let Some(lowest) = lowest else {
        return;
    };
    let rate = &lowest.threshold.value;
    if *rate <= Ratio::one() {
        return;
    }
    let length = window.duration.value;
    let seconds = Ratio::whole(length.nominal_seconds());
    let gone = seconds.checked_div(rate).map_or_else(String::new, |time| in_words(&time));
    let about = about(length);
    let span = slo.alert_policies_span.unwrap_or_else(|| slo.meta.place());
    let policies = checker.governance().governing(slo);
    let telling = policies.iter().find_map(|policy| telling_tier(policy, slo, length));
    let level = if telling.is_some() { Level::Info } else { Level::Warning };
    let message = format!("burn rates between 1 and {rate} alert nobody");
    let finding = checker.report_at(level, span, message);
    finding
        .label(format!("just below {rate} the budget of {length} is gone in {about}{gone}"))
        .also(lowest.threshold.span, "the lowest burn rate that alerts");
    if let Some(tier) = telling {
        finding.also(tier.name.span, "this tier tells once the budget is gone");
    }
    let lookback = in_words(&Ratio::whole(slow_lookback(length)));
    finding.help(format!("add an alert that files a ticket at a burn rate of 1 over {lookback}"));
}

/// Returns the tier of a policy that tells somebody that the budget of the whole window is gone.
fn telling_tier<'a>(
    policy: &'a ErrorBudgetPolicy,
    slo: &Slo,
    window: Duration,
) -> Option<&'a Tier> {
    policy.tiers.iter().find(|tier| {
        let is_told = !tier.notify.is_empty() && applies(tier, slo) == Some(true);
        is_told && is_budget_gone(&tier.enter, policy, window, &mut Vec::new())
    })
}

/// Returns whether a condition is true whenever the budget of the whole window is gone.
///
/// * `seen`: the names that were followed, each once and only so many.
fn is_budget_gone<'a>(
    condition: &'a Condition,
    policy: &'a ErrorBudgetPolicy,
    window: Duration,
    seen: &mut Vec<&'a str>,
) -> bool {
    match condition {
        Condition::Any(parts) => {
            parts.iter().any(|part| is_budget_gone(part, policy, window, seen))
        }
        Condition::Named(name) => {
            if seen.len() >= MOST_NAMES || seen.contains(&name.value.as_str()) {
                return false;
            }
            seen.push(&name.value);
            let named = policy.conditions.iter().find(|named| named.name.value == name.value);
            named.is_some_and(|named| is_budget_gone(&named.condition, policy, window, seen))
        }
        Condition::Burn(burn) => {
            let is_of_window = match burn.lookback.value {
                Lookback::Slo => true,
                Lookback::For(length) => is_whole(length, window),
            };
            let is_upward = matches!(burn.operator, Operator::Gt | Operator::Gte);
            is_of_window && is_upward && burn.threshold.value <= Ratio::one()
        }
        _ => false,
    }
}

/// Returns the burn rates that tell somebody, once what other rules report is put right.
///
/// A condition that can never fire covers nothing. One whose operator is inverted covers what it
/// was meant to.
fn alerts<'a>(slo: &'a Subject<'_>) -> impl Iterator<Item = &'a BurnRate> {
    let burns = slo.alerts.iter().filter_map(|alert| Some((*alert, alert.burn()?)));
    burns.filter(|(alert, burn)| is_meant(slo, *alert, burn)).map(|(_, burn)| burn)
}
