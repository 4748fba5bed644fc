use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::alerts::events::is_error_ratio;
use crate::alerts::events::window;
use crate::alerts::link;
use crate::finding::Level;
use crate::model::AlertRule;
use crate::model::Catalog;
use crate::model::Slo;
use crate::quantity::Ratio;
use crate::query;
use crate::query::comparison::Comparison;
use crate::query::comparison::comparisons;
use crate::query::comparison::exact;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::source::SourceId;
use crate::source::Span;
use crate::source::Spanned;

use crate::alerts::is_upward;

pub(super) const RULE: Rule = Rule {
    name: "rule-constant-drift",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PrometheusRules,
    since: "0.1.0",
    docs: include_str!("rule_constant_drift.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// One cause: the rules of a file that stand for another budget of an SLO.
type Key = (SourceId, Span, Ratio);

/// A budget that an alert is written for.
#[derive(Clone)]
struct Written {
    budget: Ratio,
    /// How many times the budget the threshold is.
    factor: Ratio,
    place: Span,
    /// Whether the threshold is one number.
    is_one_number: bool,
}

/// A factor of a threshold, and where it stands.
type Factor<'e> = (Ratio, &'e Expression);

/// A budget, the factor before it, and where it stands.
type Part<'e> = (Ratio, Ratio, &'e Expression);

struct Drift<'a> {
    slo: &'a Slo,
    written: Written,
    targets: Vec<&'a Spanned<Ratio>>,
    alerts: BTreeSet<Span>,
}

fn check(_: &Catalog, checker: &mut Checker<'_>) {
    let catalog = checker.catalog();
    let mut drifts: BTreeMap<Key, Drift<'_>> = BTreeMap::new();
    for alert in &catalog.rules().alerts {
        if !link::may_be_linked(alert) {
            continue;
        }
        let (Some(tree), _) = query::parse(&alert.expression.text) else { continue };
        for comparison in comparisons(&tree).iter().filter(|comparison| comparison.is_above) {
            let Some(drift) = drift(catalog, alert, comparison, checker) else { continue };
            let key = (alert.span.source, drift.slo.meta.span, drift.written.budget.clone());
            drifts.entry(key).or_insert(drift).alerts.insert(alert.span);
        }
    }
    for drift in drifts.into_values() {
        report(&drift, checker);
    }
}

/// Returns how a comparison differs from every target of the SLO that it is linked to; nothing where
/// it fits one of them, or any of it is not known.
fn drift<'a>(
    catalog: &'a Catalog,
    alert: &AlertRule,
    comparison: &Comparison<'_>,
    checker: &Checker<'_>,
) -> Option<Drift<'a>> {
    let slos = link::linked(catalog, alert, comparison.measured);
    let (slo, _) = *slos.first()?;
    let mut targets = Vec::new();
    for (slo, position) in &slos {
        let judged = slo.objectives.iter().enumerate();
        let judged = judged.filter(|(index, _)| position.is_none_or(|one| one == *index));
        for (_, objective) in judged {
            let target = objective.target.as_ref()?;
            targets.push(is_share(&target.value).then_some(target)?);
        }
    }
    let text = &alert.expression.text;
    let is_ratio = is_error_ratio(comparison.measured, text);
    let bound = exact(comparison.bound, text).filter(|bound| is_ratio && is_share(bound))?;
    let budgets: Vec<Ratio> = targets.iter().map(|target| target.value.complement()).collect();
    let rates = rates(catalog, slo, window(comparison.measured)?);
    let mut factors = Vec::new();
    collect_factors(comparison.bound, text, &mut factors)?;
    if fits(&bound, &factors, &rates, &budgets) {
        return None;
    }
    let is_one_number =
        factors.len() == 1 && factors.iter().all(|(_, factor)| !is_complement(factor, text));
    let (budget, factor, expression) = match factors.as_slice() {
        [_] if is_one_number && budgets.iter().any(|budget| is_chosen(&bound, budget)) => {
            return None;
        }
        [_] if is_one_number => of_number(&bound, &rates, comparison.bound)?,
        [(budget, expression)] => (budget.clone(), Ratio::one(), *expression),
        [one, other] => of_product(one, other, text),
        _ => return None,
    };
    if !is_promised(&budget) {
        return None;
    }
    let place = alert.expression.place(expression.extent, checker.text(alert.expression.span));
    let written = Written { budget, factor, place, is_one_number };
    Some(Drift { slo, written, targets, alerts: BTreeSet::new() })
}

/// Returns whether a threshold is right for any of the budgets: one of its factors is the budget, which
/// may be in percent, or the whole is that at a burn rate of the SLO's own.
fn fits(bound: &Ratio, factors: &[Factor<'_>], rates: &[Ratio], budgets: &[Ratio]) -> bool {
    let percent = Ratio::whole(100);
    budgets.iter().any(|budget| {
        let is_budget = |part: &Ratio| is_near(part, budget) || is_near(part, &(budget * &percent));
        factors.iter().any(|(factor, _)| is_budget(factor))
            || rates.iter().any(|rate| is_near(bound, &(budget * rate)))
    })
}

/// Adds the factors of a threshold; nothing where one is not known.
fn collect_factors<'e>(
    bound: &'e Expression,
    text: &str,
    factors: &mut Vec<Factor<'e>>,
) -> Option<()> {
    let bare = bound.bare();
    match &bare.kind {
        ExpressionKind::Binary(binary) if binary.operator == BinaryOperator::Multiply => {
            collect_factors(&binary.left, text, factors)?;
            collect_factors(&binary.right, text, factors)?;
        }
        _ => factors.push((exact(bound, text)?, bound)),
    }
    Some(())
}

/// Returns the budget that one number stands for at a burn rate of the SLO.
fn of_number<'e>(bound: &Ratio, rates: &[Ratio], place: &'e Expression) -> Option<Part<'e>> {
    rates.iter().find_map(|rate| {
        let budget = bound.checked_div(rate)?;
        is_round(&budget).then(|| (budget, rate.clone(), place))
    })
}

/// Returns whether a number may have been chosen for a budget, whatever the alerts of the SLO say: it is
/// round itself, or the budget times a burn rate of one digit behind the point.
///
/// # Source
///
/// Google, *The Site Reliability Workbook*, chapter 5: the highest burn rate of its alerts is 36.
fn is_chosen(bound: &Ratio, budget: &Ratio) -> bool {
    let is_rate = |rate: Ratio| {
        rate >= Ratio::one()
            && rate.compare_whole(36).is_le()
            && (&rate * &Ratio::whole(10)).is_whole()
    };
    is_round(bound) || bound.checked_div(budget).is_some_and(is_rate)
}

/// Returns which of two factors is the budget: the one that is written as one less a target, or the
/// smaller one.
fn of_product<'e>(left: &Factor<'e>, right: &Factor<'e>, text: &str) -> Part<'e> {
    let is_left = match (is_complement(left.1, text), is_complement(right.1, text)) {
        (true, false) => true,
        (false, true) => false,
        _ => left.0 < right.0,
    };
    let (budget, factor) = if is_left { (left, right) } else { (right, left) };
    (budget.0.clone(), factor.0.clone(), budget.1)
}

/// Returns whether an expression is one less a target: `1 - 0.999`.
fn is_complement(expression: &Expression, text: &str) -> bool {
    let ExpressionKind::Binary(binary) = &expression.bare().kind else { return false };
    let is_one = || exact(&binary.left, text).is_some_and(|left| left == Ratio::one());
    binary.operator == BinaryOperator::Subtract && is_one()
}

fn is_share(value: &Ratio) -> bool {
    *value > Ratio::zero() && *value < Ratio::one()
}

/// Returns whether a budget may be that of an SLO: nobody promises less than half.
fn is_promised(budget: &Ratio) -> bool {
    *budget > Ratio::zero() && *budget < &Ratio::one() / 2
}

/// Returns the burn rates at which the SLO alerts over a lookback; none where its alerts are not all
/// known.
fn rates(catalog: &Catalog, slo: &Slo, lookback: u64) -> Vec<Ratio> {
    let burns =
        catalog.conditions_of(slo).filter_map(|(_, condition)| condition.burn_rate.as_ref());
    let burns =
        burns.filter(|burn| is_upward(burn) && burn.lookback.value.seconds() == Some(lookback));
    let burns = burns.filter(|_| catalog.knows_alerts_of(slo));
    burns.map(|burn| burn.threshold.value.clone()).collect()
}

/// Returns whether a budget is one that people promise: 0.001 and 0.05 are, 0.00347 is not.
fn is_round(budget: &Ratio) -> bool {
    let mut digits = budget.clone();
    for _ in 0..9 {
        if digits >= Ratio::one() {
            break;
        }
        digits = &digits * &Ratio::whole(10);
    }
    is_promised(budget) && digits.is_whole()
}

/// Returns whether two numbers are equal but for what binary arithmetic leaves of a decimal.
fn is_near(value: &Ratio, other: &Ratio) -> bool {
    let most = Ratio::new(1, 1_000_000).map(|part| &part * other);
    most.is_some_and(|most| (value - other).abs() <= most)
}

fn report(drift: &Drift<'_>, checker: &mut Checker<'_>) {
    let Drift { slo, written, targets, alerts } = drift;
    let shown = |share: &Ratio| format!("{} %", share.percent().rounded(6));
    let name = quote(slo.meta.name());
    let message = format!(
        "this alert fires as if the target of {name} were {}",
        shown(&written.budget.complement())
    );
    let finding = checker.report(written.place, message);
    let budget = format!("an error budget of {}", shown(&written.budget));
    finding.label(if written.is_one_number {
        format!("{} times {budget}", written.factor)
    } else {
        budget
    });
    for target in targets {
        finding.also(
            target.span,
            format!(
                "{name} promises {}, which leaves {}",
                percent(&target.value),
                percent(&target.value.complement())
            ),
        );
    }
    match targets.as_slice() {
        [target] => {
            let budget = target.value.complement();
            let rate = (&written.factor * &written.budget).checked_div(&budget);
            let rate = rate.map_or_else(String::new, |rate| rate.significant(4));
            finding
                .note(format!("it fires at a burn rate of {rate} instead of {}", written.factor));
            let threshold = if written.is_one_number {
                (&written.factor * &budget).to_string()
            } else {
                format!("{} * {budget}", written.factor)
            };
            finding.help(format!("generate the rules again; the threshold is `{threshold}` then"));
        }
        _ => {
            finding.help("generate the rules again");
        }
    }
    match alerts.len() {
        0 | 1 => {}
        2 => {
            finding.note("so does 1 other alert of the file");
        }
        count => {
            finding.note(format!("so do {} other alerts of the file", count - 1));
        }
    }
}
