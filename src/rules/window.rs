//! Rules about the time window.

use super::Rule;

mod backend_unsupported_window;
mod calendar_reset_hides_breach;
mod invalid_calendar;
mod lookback_exceeds_retention;
mod rolling_calendar_unit;

pub(super) const RULES: &[&Rule] = &[
    &rolling_calendar_unit::RULE,
    &invalid_calendar::RULE,
    &calendar_reset_hides_breach::RULE,
    &lookback_exceeds_retention::RULE,
    &backend_unsupported_window::RULE,
];
