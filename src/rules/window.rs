//! Rules about the time window.

use super::Rule;

mod backend_unsupported_window;
mod calendar_reset_hides_breach;
mod invalid_calendar;
mod lookback_exceeds_retention;
mod rolling_calendar_unit;
mod window_length_out_of_range;
mod window_not_whole_weeks;

pub(super) const RULES: &[&Rule] = &[
    &window_not_whole_weeks::RULE,
    &window_length_out_of_range::RULE,
    &rolling_calendar_unit::RULE,
    &invalid_calendar::RULE,
    &calendar_reset_hides_breach::RULE,
    &lookback_exceeds_retention::RULE,
    &backend_unsupported_window::RULE,
];

/// A week in seconds.
const WEEK: u64 = 7 * 86_400;

/// The longest window that decisions rest on, in weeks: a quarter of a year.
const LONGEST_WEEKS: u64 = 13;
