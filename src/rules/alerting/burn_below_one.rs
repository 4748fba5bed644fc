use std::collections::BTreeMap;

use crate::finding::Level;
use crate::model::BurnRate;
use crate::model::Catalog;
use crate::model::Operator;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::source::Span;

use crate::alerts::is_upward;
use crate::alerts::telling;
use crate::alerts::watch::Watch;
use crate::alerts::watch::is_whole;

use super::alert_after_budget_gone::spends_too_much;
use super::burn_equivalence_mismatch::is_said_to_be;

pub(super) const RULE: Rule = Rule {
    name: "burn-below-one",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("burn_below_one.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let is_low = |burn: &BurnRate| is_upward(burn) && burn.threshold.value < Ratio::one();
    let mut low: BTreeMap<Span, &BurnRate> =
        telling(catalog, is_low).into_iter().map(|burn| (burn.span, burn)).collect();
    if low.is_empty() {
        return;
    }
    for slo in checker.subjects() {
        let Some(window) = &slo.window else { continue };
        for (alert, burn) in slo.alerts.iter().filter_map(|alert| Some((alert, alert.burn()?))) {
            // What looks back on more is told of that.
            let lookback = burn.lookback.value;
            // So is what spends too much, or says that its burn rate is another one.
            let is_longer = lookback.nominal_seconds() > window.duration.value.nominal_seconds();
            let is_share = is_longer || is_whole(lookback, window.duration.value);
            let is_told = |watch| {
                spends_too_much(watch, checker)
                    || is_said_to_be(watch, |rate| *rate >= Ratio::one())
            };
            let is_told = || Watch::of(slo, *alert).is_some_and(is_told);
            if burn.threshold.value > Ratio::zero() && (is_share || is_told()) {
                low.remove(&burn.span);
            }
        }
    }
    for burn in low.into_values() {
        report(burn, checker);
    }
}

fn report(burn: &BurnRate, checker: &mut Checker<'_>) {
    let rate = &burn.threshold.value;
    let span = burn.threshold.span;
    if *rate <= Ratio::zero() {
        let is_first = rate.is_zero() && burn.operator.value == Operator::Gt;
        let finding = if is_first {
            checker
                .report_at(Level::Error, span, "the first bad event fires this alert")
                .label("any burn rate at all is above it")
        } else {
            let sign = burn.operator.value.sign();
            checker
                .report_at(Level::Error, span, "this alert always fires")
                .label(format!("every burn rate is {sign} {rate}, that of no errors as well"))
        };
        finding.help("alert at a burn rate of 1 or more");
        return;
    }
    let is_near = rate.percent().compare_whole(90).is_ge();
    let level = if is_near { Level::Info } else { Level::Warning };
    let left = percent(&rate.complement());
    let message = format!("a burn rate of {rate} fires this alert while the SLO is on track");
    let finding = checker.report_at(level, span, message);
    finding.label(format!("at this rate {left} of the budget is left when the window ends"));
    if is_near {
        finding.note(
            "scaled to another window, a burn rate of 1 comes out so: 10 % of 28d in 3d is 0.933",
        );
    }
    finding.help("alert at a burn rate of 1 or more");
}
