//! Rules about the time window.

use super::Rule;

mod invalid_calendar;
mod rolling_calendar_unit;

pub(super) const RULES: &[&Rule] = &[&rolling_calendar_unit::RULE, &invalid_calendar::RULE];
