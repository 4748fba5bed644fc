//! Rules about the target and the budgeting method.

use super::Rule;

mod one_bad_event_exhausts_budget;
mod target_100;

pub(super) const RULES: &[&Rule] = &[&target_100::RULE, &one_bad_event_exhausts_budget::RULE];
