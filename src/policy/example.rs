//! Policies, SLOs and measured histories for the tests.

use std::sync::Arc;

use jiff::Timestamp;

use crate::budget::Counts;
use crate::budget::Failure;
use crate::budget::Row;
use crate::budget::Series;
use crate::model::Burn;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Evaluation;
use crate::model::GateKind;
use crate::model::IndicatorUse;
use crate::model::Lookback;
use crate::model::Meta;
use crate::model::NoData;
use crate::model::Objective;
use crate::model::OnUnknown;
use crate::model::Operator;
use crate::model::Scope;
use crate::model::Selector;
use crate::model::Slo;
use crate::model::Tier;
use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::source::Span;
use crate::source::Spanned;

/// A value that stands nowhere.
pub(crate) fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Span::default())
}

pub(crate) fn texts(values: &[&str]) -> Vec<Spanned<String>> {
    values.iter().map(|value| spanned((*value).to_owned())).collect()
}

pub(crate) fn ratio(text: &str) -> Ratio {
    Ratio::parse(text).expect("a decimal")
}

pub(crate) fn duration(text: &str) -> Duration {
    Duration::parse(text).expect("a duration")
}

pub(crate) fn meta(name: &str) -> Meta {
    Meta { name: Some(spanned(name.into())), ..Meta::default() }
}

/// An SLO over a rolling window.
pub(crate) fn slo(name: &str, service: Option<&str>, target: &str, window: &str) -> Slo {
    Slo {
        meta: meta(name),
        service: service.map(|service| spanned(service.into())),
        budgeting_method: None,
        window: Some(Window {
            duration: spanned(duration(window)),
            kind: WindowKind::Rolling,
            span: Span::default(),
        }),
        objectives: vec![Objective {
            name: None,
            target: Some(spanned(ratio(target))),
            operator: None,
            value: None,
            slice_target: None,
            slice_window: None,
            composite_weight: None,
            indicator: IndicatorUse::Missing,
            span: Span::default(),
            head: Span::default(),
            weight_span: None,
            operator_span: None,
            value_span: None,
        }],
        composite: false,
        alert_policies: Vec::new(),
        alert_policies_span: None,
        generated: Vec::new(),
    }
}

/// A comparison such as `7d >= 0.5`, or `slo > 1`.
pub(crate) fn burn(text: &str) -> Condition {
    let words: Vec<&str> = text.split(' ').collect();
    let &[lookback, sign, threshold] = words.as_slice() else {
        panic!("three words: {text}");
    };
    let operator = match sign {
        "<" => Operator::Lt,
        "<=" => Operator::Lte,
        ">" => Operator::Gt,
        ">=" => Operator::Gte,
        _ => panic!("a sign: {sign}"),
    };
    let lookback = match lookback {
        "slo" => Lookback::Slo,
        text => Lookback::For(duration(text)),
    };
    Condition::Burn(Burn {
        lookback: spanned(lookback),
        operator,
        threshold: spanned(ratio(threshold)),
        span: Span::default(),
    })
}

pub(crate) fn tier(name: &str, enter: &str, exit: Option<&str>, gate: GateKind) -> Tier {
    Tier {
        name: spanned(name.into()),
        enter: burn(enter),
        exit: exit.map(burn),
        exit_span: None,
        gate: spanned(gate),
        approvers: Vec::new(),
        approvals: 1,
        release_rate: None,
        exempt: Vec::new(),
        relax_when: None,
        priority: Vec::new(),
        parallel: false,
        actions: Vec::new(),
        notify: Vec::new(),
        span: Span::default(),
    }
}

pub(crate) fn policy(tiers: Vec<Tier>) -> ErrorBudgetPolicy {
    ErrorBudgetPolicy {
        meta: meta("default"),
        owner: None,
        revisit: None,
        escalation: Vec::new(),
        priorities: Vec::new(),
        selector: Selector::default(),
        scope: Scope::default(),
        max_latch: duration("90d"),
        precedence: 0,
        evaluation: Evaluation::default(),
        conditions: Vec::new(),
        tiers,
        temporary_recovery: None,
        attestations: None,
        incidents: None,
        overrides: None,
        change_classes: Vec::new(),
        is_whole: true,
        unread: None,
    }
}

/// What a policy does about the unknown: `hold` for some time, and then something else.
pub(crate) fn no_data(on_unknown: OnUnknown, hold_for: &str, then: OnUnknown) -> NoData {
    NoData {
        on_unknown: spanned(on_unknown),
        hold_for: duration(hold_for),
        then_on_unknown: then,
        ..NoData::default()
    }
}

/// The instant that is some hours after the start of every history here.
pub(crate) fn hour(hours: i64) -> Timestamp {
    Timestamp::from_second(1_700_006_400 + hours * 3_600).expect("an instant")
}

/// A measured history: for each hour from 0 on, the bad share in parts of ten thousand, or nothing.
#[expect(clippy::unnecessary_wraps, reason = "a backend's answer is a result")]
pub(crate) fn history(
    hours: impl Iterator<Item = Option<i64>>,
    from: i64,
) -> Result<Arc<Series>, Failure> {
    let rows = (from..).zip(hours).map(|(index, bad)| Row {
        start: hour(index),
        end: hour(index + 1),
        counts: bad
            .map(|bad| Counts { good: Ratio::whole(10_000 - bad), valid: Ratio::whole(10_000) }),
    });
    Ok(Arc::new(Series::new(rows.collect()).expect("rows in order")))
}

/// A history with a quiet background from 90 days before hour 0 on, then what `bad` says for each
/// hour from 0 until `hours`.
pub(crate) fn incident(
    background: i64,
    hours: i64,
    bad: impl Fn(i64) -> Option<i64>,
) -> Result<Arc<Series>, Failure> {
    let from = -90 * 24;
    let rows = (from..hours).map(|index| if index < 0 { Some(background) } else { bad(index) });
    history(rows, from)
}
