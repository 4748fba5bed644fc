//! Rules about the error budget policy.

use super::Rule;

mod no_data_unspecified;
mod no_error_budget_policy;

pub(super) const RULES: &[&Rule] = &[&no_error_budget_policy::RULE, &no_data_unspecified::RULE];
