use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Level;
use crate::model::BurnRate;
use crate::model::Catalog;
use crate::model::Operator;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::source::Span;

use crate::alerts::each_condition;
use crate::alerts::is_meant_for_health;
use crate::alerts::is_upward;

pub(super) const RULE: Rule = Rule {
    name: "burn-below-one",
    level: Level::Warning,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("burn_below_one.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let mut low: BTreeMap<Span, (&BurnRate, bool)> = BTreeMap::new();
    each_condition(catalog, &mut |policy, condition| {
        let Some(burn) = &condition.burn_rate else { return };
        if is_upward(burn) && burn.threshold.value < Ratio::one() {
            let known = low.entry(burn.span).or_insert((burn, false));
            known.1 |= is_meant_for_health(policy.map(Arc::as_ref), condition);
        }
    });
    if low.is_empty() {
        return;
    }
    for slo in checker.subjects() {
        let Some(window) = &slo.window else { continue };
        for burn in slo.alerts.iter().filter_map(|alert| alert.burn()) {
            // Over the whole window a burn rate is the share of the budget that is spent.
            let is_share = burn.threshold.value > Ratio::zero()
                && burn.lookback.value.nominal_seconds() >= window.duration.value.nominal_seconds();
            if let Some(known) = low.get_mut(&burn.span).filter(|_| is_share) {
                known.1 = true;
            }
        }
    }
    for (burn, is_meant) in low.into_values() {
        if !is_meant {
            report(burn, checker);
        }
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
