//! Rules about the time window.

use super::Rule;

mod invalid_calendar;
mod rolling_calendar_unit;
mod window_length_out_of_range;
mod window_not_whole_weeks;

pub(super) const RULES: &[&Rule] = &[
    &window_not_whole_weeks::RULE,
    &window_length_out_of_range::RULE,
    &rolling_calendar_unit::RULE,
    &invalid_calendar::RULE,
];

/// A week in seconds.
const WEEK: u64 = 7 * 86_400;

/// The longest window that decisions rest on, in weeks: a quarter of a year.
const LONGEST_WEEKS: u64 = 13;
