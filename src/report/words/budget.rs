//! One row of the budget table.

use crate::budget;
use crate::budget::Exhaustion;
use crate::budget::Known;
use crate::budget::Measurement;
use crate::budget::Request;
use crate::model::BudgetingMethod;
use crate::model::Objective;
use crate::model::Slo;
use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Ratio;
use crate::report::Amount;
use crate::report::BudgetRow;
use crate::report::BudgetState;

/// How many steps the history of a window is drawn in.
const HISTORY_STEPS: u16 = 14;

/// Returns the name of an SLO, with its objective where it has several.
pub fn objective_name(slo: &Slo, objective: usize) -> String {
    let name = slo.meta.name();
    if slo.objectives.len() < 2 {
        return name.to_owned();
    }
    let given = slo.objectives.get(objective).and_then(|objective| objective.name.as_ref());
    match given {
        Some(given) => format!("{name}#{}", given.value),
        None => format!("{name}#{objective}"),
    }
}

/// Returns the row of an objective.
pub fn budget_row(
    request: &Request,
    measurement: &Measurement,
    state: &budget::BudgetState,
) -> BudgetRow {
    let slo = &request.slo;
    let objective = slo.objectives.get(request.objective);
    let known = state.known();
    let reason = state.reason();
    let count = |number: fn(&Known) -> &Ratio| known.map(|known| number(known).clone());
    let (exhausted_at, history) = match known {
        Some(known) => (exhausted_at(known), history(request, measurement, known)),
        None => (None, Vec::new()),
    };
    BudgetRow {
        slo: objective_name(slo, request.objective),
        service: request.service().map(str::to_owned),
        condition: objective.and_then(condition),
        method: slo.method().name().to_owned(),
        window: slo.window.as_ref().map(window).unwrap_or_default(),
        target: request.terms.target.clone(),
        state: match state {
            budget::BudgetState::Known(_) => BudgetState::Known,
            budget::BudgetState::NoTraffic => BudgetState::NoTraffic,
            budget::BudgetState::NoData { .. } => BudgetState::NoData,
            budget::BudgetState::Error { .. } => BudgetState::Error,
        },
        reason: reason.map(|reason| reason.word().to_owned()),
        explanation: reason.map(|reason| super::reason(reason, &measurement.backend)),
        indicator: known.and_then(|known| known.indicator.clone()),
        good: count(|known| &known.good),
        valid: count(|known| &known.valid),
        consumed: count(|known| &known.consumed),
        remaining: count(|known| &known.remaining),
        left: known.and_then(|known| left(request, known)),
        estimated: known.is_some_and(|known| known.estimated),
        burn_rates: known.map(burn_rates).unwrap_or_default(),
        exhausted_at,
        coverage: count(|known| &known.coverage),
        observed_at: Some(measurement.observed_at),
        source: Some(source(measurement)),
        history,
        history_span: Some(super::length(request.terms.window.reach_seconds())),
        with_change: None,
        warnings: measurement.warnings.clone(),
    }
}

/// A word for a part of a promise, and how it is written.
type Term = (&'static str, fn(&Request) -> String);

/// Returns what a change makes of a budget: `target 99 % → 98.5 %: +23.9 %`.
///
/// * `state`: where the budget stands by the proposed definition, as `measurement` knows.
pub fn with_change(
    [trusted, proposed]: [&Request; 2],
    measurement: &Measurement,
    state: &budget::BudgetState,
) -> String {
    let terms: [Term; 3] = [
        ("target", |request| format!("{} %", request.terms.target.percent())),
        ("window", |request| request.slo.window.as_ref().map(window).unwrap_or_default()),
        ("method", |request| request.terms.method.name().to_owned()),
    ];
    let differing = terms.into_iter().filter_map(|(word, of)| {
        let (old, new) = (of(trusted), of(proposed));
        (old != new).then(|| format!("{word} {old} → {new}"))
    });
    let mut parts: Vec<String> = differing.collect();
    if parts.is_empty() {
        parts.push("another indicator".to_owned());
    }
    let left = match (state.known(), state.reason()) {
        (Some(known), _) => {
            let percent = known.remaining.percent().fixed(1);
            let sign = if percent.starts_with('-') { "" } else { "+" };
            format!("{sign}{percent} %")
        }
        (None, Some(reason)) => super::reason(reason, &measurement.backend),
        (None, None) => "not known".to_owned(),
    };
    format!("{}: {left}", parts.join(", "))
}

fn burn_rates(known: &Known) -> Vec<(String, Option<Ratio>)> {
    let rates = known.burn_rates.iter();
    rates.map(|(lookback, burn)| (lookback.to_string(), burn.known().cloned())).collect()
}

fn source(measurement: &Measurement) -> String {
    match &measurement.method {
        Some(method) => format!("{} ({method})", measurement.source),
        None => measurement.source.clone(),
    }
}

fn exhausted_at(known: &Known) -> Option<jiff::Timestamp> {
    match known.exhaustion {
        Exhaustion::Since(at) | Exhaustion::At(at) => Some(at),
        Exhaustion::NotAtThisRate | Exhaustion::Unknown => None,
    }
}

/// Events may be counted one by one; bad slices are time.
fn left(request: &Request, known: &Known) -> Option<Amount> {
    match request.terms.method {
        BudgetingMethod::Occurrences => Some(Amount::Events(known.left.clone())),
        BudgetingMethod::Timeslices | BudgetingMethod::RatioTimeslices => {
            let minutes = Ratio::new(request.terms.slice_seconds?, 60)?;
            Some(Amount::Minutes(&known.left * &minutes))
        }
    }
}

fn history(request: &Request, measurement: &Measurement, known: &Known) -> Vec<Option<Ratio>> {
    let Ok(series) = &measurement.series else { return Vec::new() };
    let after = budget::moved(known.instant, -request.terms.window.reach_seconds());
    let shares = series.buckets(after, known.instant, HISTORY_STEPS);
    let budget = request.terms.error_budget();
    shares.into_iter().map(|share| share?.checked_div(&budget)).collect()
}

fn condition(objective: &Objective) -> Option<String> {
    let (operator, value) = (objective.operator.as_ref()?, objective.value.as_ref()?);
    Some(format!("{} {}", operator.value.sign(), value.value))
}

/// Returns a window as it is written: `28d`, or `1M from 2026-01-01 Asia/Tokyo`.
fn window(window: &Window) -> String {
    let length = window.duration.value.to_string();
    match &window.kind {
        WindowKind::Rolling => length,
        WindowKind::Calendar { start, zone } => {
            let day = start.as_ref().map_or("", |start| start.value.as_str());
            let day = day.split(' ').next().unwrap_or_default();
            let zone = zone.as_ref().map_or("UTC", |zone| zone.value.as_str());
            format!("{length} from {day} {zone}")
        }
    }
}
