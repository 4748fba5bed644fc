//! Alerts that a tool makes of an SLO, such as the four of Sloth.
//!
//! # Why
//!
//! Nobody wrote their numbers, so nobody can mend them in the file: what is wrong with them is said once,
//! of the SLO.

use crate::model::GeneratedAlert;
use crate::model::Slo;
use crate::quantity::Ratio;
use crate::source::Spanned;

use super::largest_error_ratio;

/// Generated alerts of an SLO that can never fire.
#[derive(Debug)]
pub struct Dead<'a> {
    /// The target that they watch.
    pub target: &'a Spanned<Ratio>,
    /// The alerts that cannot fire.
    pub alerts: Vec<&'a GeneratedAlert>,
    /// Whether all are dead.
    pub is_every: bool,
    /// The largest share of bad events that can happen.
    pub largest: Ratio,
}

/// Returns the alerts of an SLO whose windows are known.
pub fn known(slo: &Slo) -> impl Iterator<Item = &GeneratedAlert> {
    slo.generated.iter().filter(|alert| alert.long.count > 0)
}

/// Returns the generated alerts of an SLO that no share of bad events can fire; nothing where all can.
///
/// # Source
///
/// Sloth's rules compare with `>`: an alert that needs all events to be bad cannot fire.
pub fn dead(slo: &Slo) -> Option<Dead<'_>> {
    let target = slo.targets().next()?;
    let (budget, largest) = (target.value.complement(), largest_error_ratio(slo));
    let is_dead = |alert: &&GeneratedAlert| &alert.threshold * &budget >= largest;
    let alerts: Vec<_> = known(slo).filter(is_dead).collect();
    let is_every = alerts.len() == known(slo).count();
    (!alerts.is_empty()).then_some(Dead { target, alerts, is_every, largest })
}
