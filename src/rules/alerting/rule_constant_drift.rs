use std::collections::BTreeMap;
use std::collections::BTreeSet;

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
            let is_share = target.value > Ratio::zero() && target.value < Ratio::one();
            targets.push(is_share.then_some(target)?);
        }
    }
    if is_scaled(comparison.measured) {
        return None;
    }
    let text = &alert.expression.text;
    let budgets: Vec<Ratio> = targets.iter().map(|target| target.value.complement()).collect();
    let (part, is_one_number) = match product(comparison.bound, text) {
        Some(parts) => (of_product(parts, &budgets)?, false),
        None => (of_number(catalog, slo, comparison, text, &budgets)?, true),
    };
    let (budget, factor, expression) = part;
    let place = alert.expression.place(expression.extent, checker.text(alert.expression.span));
    let written = Written { budget, factor, place, is_one_number };
    Some(Drift { slo, written, targets, alerts: BTreeSet::new() })
}

/// Returns the first part of a product where none of them is any of the budgets.
///
/// Of two plain numbers either may be the budget, and a share may be in percent.
fn of_product<'e>(parts: Vec<Part<'e>>, budgets: &[Ratio]) -> Option<Part<'e>> {
    let percent = Ratio::whole(100);
    let fits = |part: &Ratio| {
        budgets.iter().any(|budget| is_near(part, budget) || is_near(part, &(budget * &percent)))
    };
    let is_any = parts.iter().any(|(budget, ..)| fits(budget));
    parts.into_iter().next().filter(|_| !is_any)
}

/// Returns the budget that a threshold stands for at the burn rate of an alert over the same lookback,
/// where it fits none of the budgets at any.
fn of_number<'e>(
    catalog: &Catalog,
    slo: &Slo,
    comparison: &Comparison<'e>,
    text: &str,
    budgets: &[Ratio],
) -> Option<Part<'e>> {
    let bound = exact(comparison.bound, text)?;
    let rates = rates(catalog, slo, window(comparison.measured)?)?;
    let fits = |rate: &Ratio| budgets.iter().any(|budget| is_near(&bound, &(budget * rate)));
    if rates.iter().any(fits) {
        return None;
    }
    rates.into_iter().find_map(|rate| {
        let budget = bound.checked_div(&rate)?;
        is_round(&budget).then_some((budget, rate, comparison.bound))
    })
}

/// Returns whether what is measured is multiplied or divided by a number, such as into percent.
fn is_scaled(expression: &Expression) -> bool {
    let is_number =
        |expression: &Expression| matches!(expression.bare().kind, ExpressionKind::Number(_));
    let scales = match &expression.kind {
        ExpressionKind::Binary(binary) => {
            let operator = binary.operator;
            matches!(operator, BinaryOperator::Multiply | BinaryOperator::Divide)
                && (is_number(&binary.left) || is_number(&binary.right))
        }
        _ => false,
    };
    scales || expression.children().into_iter().any(is_scaled)
}

/// Returns the parts of a threshold that is a factor times a budget: the budget, the factor and where
/// the budget stands. Of two plain numbers the smaller most likely is the budget, and comes first.
fn product<'e>(bound: &'e Expression, text: &str) -> Option<Vec<Part<'e>>> {
    let bound = bound.bare();
    if is_complement(bound, text) {
        return Some(vec![(exact(bound, text)?, Ratio::one(), bound)]);
    }
    let ExpressionKind::Binary(binary) = &bound.kind else { return None };
    if binary.operator != BinaryOperator::Multiply {
        return None;
    }
    let (left, right) = (&binary.left, &binary.right);
    let (one, other) = (exact(left, text)?, exact(right, text)?);
    let is_share = |value: &Ratio| *value > Ratio::zero() && *value < Ratio::one();
    let is_error_ratio = is_share(&(&one * &other));
    let budget_left = (one.clone(), other.clone(), left);
    let budget_right = (other.clone(), one.clone(), right);
    let mut parts = match (is_complement(left, text), is_complement(right, text)) {
        (true, false) => vec![budget_left],
        (false, true) => vec![budget_right],
        _ if one < other => vec![budget_left, budget_right],
        _ => vec![budget_right, budget_left],
    };
    // Nobody promises less than half.
    let half = &Ratio::one() / 2;
    parts.retain(|(budget, ..)| is_share(budget) && *budget < half);
    (is_error_ratio && !parts.is_empty()).then_some(parts)
}

/// Returns whether an expression is one less a target: `1 - 0.999`.
fn is_complement(expression: &Expression, text: &str) -> bool {
    let ExpressionKind::Binary(binary) = &expression.bare().kind else { return false };
    let is_one = || exact(&binary.left, text).is_some_and(|left| left == Ratio::one());
    binary.operator == BinaryOperator::Subtract && is_one()
}

/// Returns the burn rates at which the SLO alerts over a lookback; nothing where its alerts are not
/// all known.
fn rates(catalog: &Catalog, slo: &Slo, lookback: u64) -> Option<Vec<Ratio>> {
    let burns =
        catalog.conditions_of(slo).filter_map(|(_, condition)| condition.burn_rate.as_ref());
    let burns =
        burns.filter(|burn| is_upward(burn) && burn.lookback.value.seconds() == Some(lookback));
    catalog.knows_alerts_of(slo).then(|| burns.map(|burn| burn.threshold.value.clone()).collect())
}

/// Returns whether a budget is one that people promise: 0.001 and 0.05 are, 0.00347 is not.
fn is_round(budget: &Ratio) -> bool {
    let is_share = *budget > Ratio::zero() && *budget < Ratio::one();
    let mut digits = budget.clone();
    for _ in 0..9 {
        if digits >= Ratio::one() {
            break;
        }
        digits = &digits * &Ratio::whole(10);
    }
    is_share && digits.is_whole()
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
