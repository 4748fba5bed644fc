//! Rules about the error budget policy.

use crate::model::Catalog;
use crate::model::Meta;
use crate::model::Slo;

use super::Rule;

mod no_data_unspecified;
mod no_error_budget_policy;

pub(super) const RULES: &[&Rule] = &[&no_error_budget_policy::RULE, &no_data_unspecified::RULE];

/// Returns whether an SLO, or its service, is of the first priority.
fn is_critical(catalog: &Catalog, slo: &Slo) -> bool {
    let is_first = |meta: &Meta| {
        ["slo/priority", "slo/tier"].iter().any(|key| {
            let value = meta.annotation(key).map(|value| value.value.trim().to_lowercase());
            value.is_some_and(|value| matches!(value.as_str(), "p1" | "1" | "tier-1" | "tier1"))
        })
    };
    is_first(&slo.meta) || catalog.service(slo).is_some_and(|service| is_first(&service.meta))
}
