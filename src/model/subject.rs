//! An SLO with everything that it refers to.

use std::ops::Deref;
use std::sync::Arc;

use super::AlertCondition;
use super::AlertPolicy;
use super::BurnRate;
use super::Catalog;
use super::Service;
use super::Slo;

/// An SLO with what it refers to, found once for all rules.
///
/// # Why
///
/// Most rules ask what watches an SLO. Found by name for each rule anew, the answer would cost more
/// than every judgment on it.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The SLO.
    pub slo: &'a Arc<Slo>,
    /// Its service, where one is defined.
    pub service: Option<&'a Arc<Service>>,
    /// Whether it, or its service, is of the first priority: P1, or tier 1.
    pub is_critical: bool,
    /// Every condition that watches it, with the policy that holds it, in the order of the file.
    pub alerts: Vec<Alert<'a>>,
    /// Whether every one of its alerts could be found and read: where one could not, what they do
    /// together is not known.
    pub knows_alerts: bool,
}

/// A condition that watches an SLO, and the policy that holds it.
#[derive(Clone, Copy, Debug)]
pub struct Alert<'a> {
    /// The policy.
    pub policy: &'a Arc<AlertPolicy>,
    /// The condition.
    pub condition: &'a Arc<AlertCondition>,
}

impl<'a> Subject<'a> {
    /// Finds what an SLO refers to.
    pub fn new(catalog: &'a Catalog, slo: &'a Arc<Slo>) -> Self {
        let conditions = catalog.conditions_of(slo);
        Self {
            slo,
            service: catalog.service(slo),
            is_critical: catalog.is_critical(slo),
            alerts: conditions.map(|(policy, condition)| Alert { policy, condition }).collect(),
            knows_alerts: catalog.knows_alerts_of(slo),
        }
    }
}

impl Deref for Subject<'_> {
    type Target = Slo;

    fn deref(&self) -> &Slo {
        self.slo
    }
}

impl<'a> Alert<'a> {
    /// Returns the burn rate that fires it; nothing where it could not be read, or where it looks back
    /// no time at all, which is no duration.
    pub fn burn(self) -> Option<&'a BurnRate> {
        self.condition.burn_rate.as_ref().filter(|burn| burn.lookback.value.count > 0)
    }
}
