use std::collections::BTreeSet;

use crate::alerts::is_upward;
use crate::alerts::tells_of_breaches;
use crate::finding::Level;
use crate::model::BudgetingMethod;
use crate::model::Subject;
use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Holds;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Setting;
use crate::rules::words::list;
use crate::rules::words::sentence;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    name: "backend-unsupported-window",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Windows,
    since: "0.1.0",
    docs: include_str!("backend_unsupported_window.md"),
    settings: &[Setting { name: SLOTH_WINDOWS, holds: Holds::Lengths }],
    check: Check::Slos(check),
};

/// The windows of a catalog for Sloth, which takes the place of its own.
const SLOTH_WINDOWS: &str = "sloth-windows";

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// A backend whose limits are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Export {
    Datadog,
    GoogleCloudMonitoring,
    Sloth,
}

/// What each export whose limits are known is called in `slo.toml`.
const LIMITS: [(&str, Export); 3] = [
    ("datadog", Export::Datadog),
    ("google-cloud-monitoring", Export::GoogleCloudMonitoring),
    ("sloth", Export::Sloth),
];

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let names = &checker.config().exports;
    let is_named = |name: &str| names.iter().any(|other| other == name);
    let exports = LIMITS.iter().filter(|(name, _)| is_named(name)).map(|(_, export)| *export);
    let exports: Vec<Export> = exports.collect();
    if exports.is_empty() {
        return;
    }
    let mut told = BTreeSet::new();
    for slo in slos {
        if let Some(window) = &slo.window {
            check_window(slo, window, &exports, checker);
        }
        for export in &exports {
            check_slices(slo, *export, checker);
            check_alerts(slo, *export, &mut told, checker);
        }
    }
}

fn check_window(slo: &Subject<'_>, window: &Window, exports: &[Export], checker: &mut Checker<'_>) {
    let length = window.duration.value;
    let is_rolling = matches!(window.kind, WindowKind::Rolling);
    // A window of no length of its own is another rule's concern.
    if is_rolling && length.unit.is_calendar() {
        return;
    }
    let catalog = if exports.contains(&Export::Sloth) {
        checker.texts(SLOTH_WINDOWS, checker.path(slo.meta.span.source))
    } else {
        Vec::new()
    };
    let catalog: Vec<u64> =
        catalog.iter().filter_map(|text| Duration::parse(text)?.seconds()).collect();
    let supports = |export: &Export, length: Duration, kind: &WindowKind| match kind {
        WindowKind::Rolling => export.rolls(length, &catalog),
        WindowKind::Calendar { .. } => export.follows_calendar(length),
    };
    let lacking = exports.iter().filter(|export| !supports(export, length, &window.kind));
    let lacking: Vec<Export> = lacking.copied().collect();
    if lacking.is_empty() {
        return;
    }
    let kind = if is_rolling { "rolling" } else { "calendar" };
    let names: Vec<String> = lacking.iter().map(|export| export.name().to_owned()).collect();
    let names = sentence(&names, "or");
    let message = format!("a {kind} window of `{length}` cannot go to {names}");
    let finding = checker.report(window.duration.span, message);
    for export in &lacking {
        match lacking.as_slice() {
            [_] => finding.label(export.windows(&catalog)),
            _ => finding.note(format!("{}: {}", export.name(), export.windows(&catalog))),
        };
    }
    finding.note(declared(&lacking));
    let common = [7, 28, 30, 90].map(|days| Duration::new(days, Unit::Day));
    let common = common.into_iter();
    let common = common
        .filter(|days| exports.iter().all(|export| supports(export, *days, &WindowKind::Rolling)));
    let common: Vec<String> = common.map(|days| days.to_string()).collect();
    if !common.is_empty() {
        let days = list(&common, "or");
        finding.help(match exports {
            [_] => format!("take a rolling window of {days}"),
            [one, other] => {
                let (one, other) = (one.name(), other.name());
                format!("take a rolling window of {days}, which {one} and {other} have")
            }
            _ => format!("take a rolling window of {days}, which all of the exports have"),
        });
    }
}

fn check_slices(slo: &Subject<'_>, export: Export, checker: &mut Checker<'_>) {
    if slo.method() != BudgetingMethod::Timeslices {
        return;
    }
    for slice in slo.objectives.iter().filter_map(|objective| objective.slice_window.as_ref()) {
        let Some(seconds) = slice.value.seconds().filter(|seconds| *seconds > 0) else { continue };
        let Some(slices) = export.slices(seconds) else { continue };
        let message = format!("slices of `{}` cannot go to {}", slice.value, export.name());
        checker
            .report(slice.span, message)
            .label(slices)
            .note(declared(&[export]))
            .help("write `1m` or `5m`");
    }
}

/// A condition that several SLOs share is told once.
fn check_alerts(
    slo: &Subject<'_>,
    export: Export,
    told: &mut BTreeSet<Span>,
    checker: &mut Checker<'_>,
) {
    if export != Export::Datadog {
        return;
    }
    let alerts = slo.alerts.iter().filter(|alert| tells_of_breaches(alert.policy));
    for burn in alerts.filter_map(|alert| alert.burn()) {
        let lookback = &burn.lookback;
        let Some(seconds) = lookback.value.seconds().filter(|seconds| *seconds > 0) else {
            continue;
        };
        if (HOUR..=48 * HOUR).contains(&seconds) || !told.insert(lookback.span) {
            continue;
        }
        let message = format!("an alert that looks back `{}` cannot go to Datadog", lookback.value);
        let finding = checker.report(lookback.span, message);
        finding.label("burn-rate alerts look back 1 to 48 hours").note(declared(&[export]));
        finding.help(if seconds < HOUR {
            "look back `1h`, and write the shorter time into `slo/short-window`"
        } else if is_upward(burn) {
            "look back up to `48h` at a higher burn rate, or watch the budget itself"
        } else {
            "look back up to `48h`, or leave this alert to another tool"
        });
    }
}

/// Says where exports are declared.
fn declared(exports: &[Export]) -> String {
    let limits = LIMITS.iter().filter(|(_, export)| exports.contains(export));
    let names: Vec<&str> = limits.map(|(name, _)| *name).collect();
    format!("`exports` of `slo.toml` names {}", list(&names, "and"))
}

impl Export {
    fn name(self) -> &'static str {
        match self {
            Self::Datadog => "Datadog",
            Self::GoogleCloudMonitoring => "Google Cloud Monitoring",
            Self::Sloth => "Sloth",
        }
    }

    /// Says which windows it has; `catalog` as in [`Self::rolls`].
    fn windows(self, catalog: &[u64]) -> &'static str {
        match self {
            Self::Datadog => "windows are rolling, of 7, 30 or 90 days",
            Self::GoogleCloudMonitoring => {
                "windows are rolling, of 1 to 30 whole days, or a calendar day, week, fortnight or month"
            }
            Self::Sloth if catalog.is_empty() => {
                "windows are rolling, of 28 or 30 days, or those of a catalog of your own"
            }
            Self::Sloth => "windows are rolling, and those that `sloth-windows` lists",
        }
    }

    /// Returns whether it has a rolling window of this length.
    ///
    /// * `catalog`: lengths in seconds that Sloth is given in the place of its own; empty for those.
    ///
    /// # Source
    ///
    /// Datadog documentation, "Burn Rate Alerts", and its API, `SLOTimeframe`; Google Cloud
    /// Monitoring API v3, `ServiceLevelObjective.rollingPeriod`; Sloth, `internal/alert/windows`.
    fn rolls(self, length: Duration, catalog: &[u64]) -> bool {
        let Some(seconds) = length.seconds() else { return false };
        match self {
            Self::Datadog => [7 * DAY, 30 * DAY, 90 * DAY].contains(&seconds),
            Self::GoogleCloudMonitoring => seconds.is_multiple_of(DAY) && seconds <= 30 * DAY,
            Self::Sloth if catalog.is_empty() => [28 * DAY, 30 * DAY].contains(&seconds),
            Self::Sloth => catalog.contains(&seconds),
        }
    }

    /// Returns whether it has a calendar window of this length.
    ///
    /// # Source
    ///
    /// Google Cloud Monitoring API v3, `ServiceLevelObjective.calendarPeriod`.
    fn follows_calendar(self, length: Duration) -> bool {
        const PERIODS: [u64; 3] = [DAY, 7 * DAY, 14 * DAY];
        let is_period = length == Duration::new(1, Unit::Month)
            || length.seconds().is_some_and(|seconds| PERIODS.contains(&seconds));
        self == Self::GoogleCloudMonitoring && is_period
    }

    /// Says which slices it has, where this is none of them.
    ///
    /// # Source
    ///
    /// Datadog documentation, "Time Slice SLOs"; Google Cloud Monitoring API v3,
    /// `WindowsBasedSli.windowPeriod`.
    fn slices(self, seconds: u64) -> Option<&'static str> {
        match self {
            Self::Datadog => (![MINUTE, 5 * MINUTE].contains(&seconds))
                .then_some("a slice is 1 or 5 minutes long"),
            Self::GoogleCloudMonitoring => (seconds < MINUTE || !DAY.is_multiple_of(seconds))
                .then_some("a slice is a minute or more and divides a day"),
            // It has rates over a time and no slices.
            Self::Sloth => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn the_limits_are_those_of_the_exports_that_the_configuration_knows() {
        assert_eq!(LIMITS.map(|(name, _)| name), config::EXPORTS);
    }
}
