//! The windows of SLOs, and the alerts that Sloth makes for them.
//!
//! # Source
//!
//! Sloth, `internal/alert/windows/google-28d.yaml` and `google-30d.yaml`; its generator, where the
//! threshold of a burn rate is the share of the budget times the window of the SLO over the long window.

use std::sync::Arc;

use crate::model::GeneratedAlert;
use crate::model::Object;
use crate::model::Text;
use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::query;
use crate::source::Spanned;
use crate::yaml::Node;

use super::Dialect;
use super::Names;
use super::fields;

/// The two alerts, by the words for their urgency.
const SEVERITIES: [&str; 2] = ["page", "ticket"];

/// The windows of the alerts for one window of SLOs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AlertWindows {
    /// The window of the SLOs, in seconds.
    period: u64,
    pairs: Vec<Pair>,
}

/// A long and a short window, and the share of the budget that is spent over the long one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair {
    severity: &'static str,
    percent: Ratio,
    long: u64,
    short: u64,
}

/// Returns the windows that a sound document lists.
pub(super) fn lower(node: Node<'_>) -> Option<AlertWindows> {
    let spec = node.given("spec")?;
    let seconds = |node: Node<'_>, field: &str| query::seconds(fields::word(node, field)?.value);
    let pair = |severity: &'static str, speed: &str| {
        let pair = spec.given(severity)?.given(speed)?;
        Some(Pair {
            severity,
            percent: fields::number(pair, "errorBudgetPercent")?.value,
            long: seconds(pair, "longWindow").filter(|long| *long > 0)?,
            short: seconds(pair, "shortWindow")?,
        })
    };
    let pairs = SEVERITIES
        .into_iter()
        .flat_map(|severity| ["quick", "slow"].into_iter().map(move |speed| (severity, speed)));
    let pairs = pairs.map(|(severity, speed)| pair(severity, speed)).collect::<Option<_>>()?;
    Some(AlertWindows { period: seconds(spec, "sloPeriod")?, pairs })
}

/// Returns the windows that Sloth brings for four weeks and for thirty days.
fn usual(period: u64) -> Option<AlertWindows> {
    const DAY: u64 = 86_400;
    const HOUR: u64 = 3_600;
    const MINUTE: u64 = 60;
    const PAIRS: [(&str, i64, u64, u64); 4] = [
        ("page", 2, HOUR, 5 * MINUTE),
        ("page", 5, 6 * HOUR, 30 * MINUTE),
        ("ticket", 10, DAY, 2 * HOUR),
        ("ticket", 10, 3 * DAY, 6 * HOUR),
    ];
    let pair = |(severity, percent, long, short): (&'static str, i64, u64, u64)| Pair {
        severity,
        percent: Ratio::whole(percent),
        long,
        short,
    };
    let is_known = [28 * DAY, 30 * DAY].contains(&period);
    is_known.then(|| AlertWindows { period, pairs: PAIRS.map(pair).to_vec() })
}

/// Returns the alerts that an SLO wants, whose windows are not known yet.
pub(super) fn wanted(slo: Node<'_>, names: &Names) -> Vec<GeneratedAlert> {
    let alerting = slo.given("alerting");
    let is_wanted = |field: &str| {
        let alert = alerting.and_then(|alerting| alerting.given(field));
        let disable = alert.and_then(|alert| fields::truth(alert, "disable"));
        alerting.is_some() && !disable.is_some_and(|disable| disable.value)
    };
    let alerts = SEVERITIES.into_iter().zip([names.page_alert, names.ticket_alert]);
    let none = Duration::new(0, Unit::Second);
    alerts
        .filter(|(_, field)| is_wanted(field))
        .map(|(severity, _)| GeneratedAlert {
            severity: Text::from(severity),
            threshold: Ratio::zero(),
            long: none,
            short: none,
        })
        .collect()
}

/// Gives every SLO of Sloth its window, and the alerts that Sloth makes for it.
///
/// * `found`: the windows of alerts that the repository lists; those for another window of SLOs do not
///   count, nor do several that differ.
pub(in crate::dialect) fn complete(
    objects: &mut [Object],
    found: &[AlertWindows],
    window: Duration,
) {
    let seconds = window.nominal_seconds();
    let mut listed = found.iter().filter(|listed| listed.period == seconds);
    let first = listed.next();
    let is_one = listed.all(|other| Some(other) == first);
    let windows = match first {
        Some(first) => is_one.then(|| first.clone()),
        None => usual(seconds),
    };
    for object in objects {
        let Object::Slo(slo) = object else { continue };
        if !matches!(slo.meta.dialect, Dialect::Sloth | Dialect::SlothKubernetes) {
            continue;
        }
        let slo = Arc::make_mut(slo);
        let span = slo.meta.head;
        let duration = Spanned::new(window, span);
        slo.window = Some(Window { duration, kind: WindowKind::Rolling, span });
        let is_wanted =
            |pair: &&Pair| slo.generated.iter().any(|alert| alert.severity == pair.severity);
        let pairs = windows.iter().flat_map(|windows| &windows.pairs);
        let pairs = pairs.filter(is_wanted);
        slo.generated = pairs.filter_map(|pair| pair.alert(seconds)).collect();
    }
}

impl Pair {
    fn alert(&self, period: u64) -> Option<GeneratedAlert> {
        let times = Ratio::new(i64::try_from(period).ok()?, i64::try_from(self.long).ok()?)?;
        Some(GeneratedAlert {
            severity: Text::from(self.severity),
            threshold: &(&self.percent / 100) * &times,
            long: Duration::from_seconds(self.long),
            short: Duration::from_seconds(self.short),
        })
    }
}
