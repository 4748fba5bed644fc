//! The alerts that Pyrra makes for a window.
//!
//! # Source
//!
//! Pyrra, `slo/rules.go`: the windows of the alerts for 28 days, scaled to the window of the SLO and rounded
//! to minutes, with factors that stay.

use crate::model::GeneratedAlert;
use crate::model::Text;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::yaml::Node;

use super::fields;

/// A speed of burning: its field in `severities`, the word where that has none, the factor, and the parts of
/// the window that the long and the short window are.
struct Speed {
    field: &'static str,
    severity: &'static str,
    factor: i64,
    long: u64,
    short: u64,
}

const SPEEDS: [Speed; 4] = [
    Speed {
        field: "fastBurn",
        severity: "critical",
        factor: 14,
        long: 28 * 24,
        short: 28 * 24 * 12,
    },
    Speed {
        field: "mediumBurn",
        severity: "critical",
        factor: 7,
        long: 28 * 4,
        short: 28 * 24 * 2,
    },
    Speed { field: "slowBurn", severity: "warning", factor: 2, long: 28, short: 28 * 12 },
    Speed { field: "longTermBurn", severity: "warning", factor: 1, long: 7, short: 28 * 4 },
];

/// Returns the alerts for an SLO of a window, in seconds.
pub(super) fn of(spec: Node<'_>, window: u64) -> Vec<GeneratedAlert> {
    let alerting = spec.given("alerting");
    let says = |field: &str| Some(fields::truth(alerting?, field)?.value);
    if says("disabled") == Some(true) || says("burnrates") == Some(false) {
        return Vec::new();
    }
    let severities = alerting.and_then(|alerting| alerting.given("severities"));
    let alert = |speed: &Speed| {
        let given = severities.and_then(|all| fields::word(all, speed.field));
        let given = given.map(|given| given.value).filter(|given| !given.is_empty());
        GeneratedAlert {
            severity: Text::from(given.unwrap_or(speed.severity)),
            threshold: Ratio::whole(speed.factor),
            long: rounded(window, speed.long),
            short: rounded(window, speed.short),
        }
    };
    SPEEDS.iter().map(alert).collect()
}

/// Returns a part of a window in whole minutes, half a minute up.
fn rounded(window: u64, parts: u64) -> Duration {
    const MINUTE: u64 = 60;
    Duration::from_seconds((window / parts + MINUTE / 2) / MINUTE * MINUTE)
}
