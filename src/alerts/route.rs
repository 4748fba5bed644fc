//! Who hears of an alert: whom its policy tells, and those of other policies that fire with it.
//!
//! # Why
//!
//! An SLO may have thousands of alerts. Those over one lookback are sorted by their thresholds, so that
//! the ones that fire with an alert are all that stand before it, and what these do together is known.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::change::fires_with;
use crate::model::Alert;
use crate::model::AlertPolicy;
use crate::model::BurnRate;
use crate::model::Catalog;
use crate::source::Span;

use super::channel::Channel;
use super::is_upward;
use super::tells_of_breaches;
use super::urgency::Urgency;

/// A notification target: its word, the place of that, and what it does with an alert.
pub type Told<'a> = (&'a str, Span, Channel);

/// The alerts of one SLO, by what fires together.
pub struct Routes<'a> {
    policies: BTreeMap<Span, Heard<'a>>,
    conditions: BTreeMap<Span, Heard<'a>>,
    /// The alerts over a lookback, in nominal seconds, that fire at high burn rates or at low ones:
    /// each fires with those behind it, and has heard what those before it have.
    burns: BTreeMap<(u64, bool), Vec<(&'a BurnRate, Heard<'a>)>>,
}

/// What some notification targets do together.
#[derive(Clone, Default)]
struct Heard<'a> {
    /// Whether a page may go to one of them, which may be one that is not known.
    serves_page: bool,
    serves_ticket: bool,
    /// The first few of them.
    told: Vec<Told<'a>>,
}

impl<'a> Heard<'a> {
    /// Adds what others do, and the first of them.
    fn add(&mut self, other: &Self) {
        /// The most targets that are kept of all that hear of an alert.
        const MOST: usize = 8;
        self.serves_page |= other.serves_page;
        self.serves_ticket |= other.serves_ticket;
        for told in &other.told {
            let is_known = self.told.iter().any(|(_, place, _)| *place == told.1);
            if !is_known && self.told.len() < MOST {
                self.told.push(*told);
            }
        }
    }

    fn of(
        policy: &'a AlertPolicy,
        catalog: &'a Catalog,
        channel: &mut impl FnMut(&'a str) -> Option<Channel>,
    ) -> Self {
        let mut heard = Self::default();
        for target in &policy.targets {
            let target = catalog.target(target).one().and_then(|target| target.target.as_ref());
            let known = target.and_then(|word| Some((word, channel(&word.value)?)));
            heard.serves_page |= known.is_none_or(|(_, channel)| channel.serves(Urgency::Page));
            heard.serves_ticket |= known.is_none_or(|(_, channel)| channel.serves(Urgency::Ticket));
            let told = known.map(|(word, channel)| (word.value.as_str(), word.span, channel));
            heard.told.extend(told);
        }
        heard
    }
}

impl<'a> Routes<'a> {
    /// Finds who hears of each alert of an SLO.
    ///
    /// * `channel`: what a word of a notification target is known to do.
    pub fn new(
        alerts: &[Alert<'a>],
        catalog: &'a Catalog,
        mut channel: impl FnMut(&'a str) -> Option<Channel>,
    ) -> Self {
        let mut routes =
            Self { policies: BTreeMap::new(), conditions: BTreeMap::new(), burns: BTreeMap::new() };
        for alert in alerts {
            let heard = routes.policies.entry(alert.policy.meta.span);
            let heard = heard.or_insert_with(|| Heard::of(alert.policy, catalog, &mut channel));
            if !tells_of_breaches(alert.policy) {
                continue;
            }
            routes.conditions.entry(alert.condition.meta.span).or_default().add(heard);
            if let Some(burn) = alert.burn() {
                routes.burns.entry(group(burn)).or_default().push((burn, heard.clone()));
            }
        }
        for burns in routes.burns.values_mut() {
            burns.sort_by(|(one, _), (other, _)| order(one, other));
            let mut before = Heard::default();
            for (_, heard) in burns {
                before.add(heard);
                *heard = before.clone();
            }
        }
        routes
    }

    /// Returns the notification targets that hear of an alert, the first few where they are many;
    /// nothing where there is none, or one may be right for an alert that is so urgent.
    pub fn wrong(&self, alert: Alert<'_>, urgency: Urgency) -> Option<Vec<Told<'a>>> {
        let mut heard = self.policies.get(&alert.policy.meta.span)?.clone();
        if let Some(same) = self.conditions.get(&alert.condition.meta.span) {
            heard.add(same);
        }
        let fired = alert.burn().and_then(|burn| {
            let burns = self.burns.get(&group(burn))?;
            let behind = burns.partition_point(|(other, _)| fires_with(burn, other));
            burns.get(behind.checked_sub(1)?)
        });
        if let Some((_, fired)) = fired {
            heard.add(fired);
        }
        let is_right = match urgency {
            Urgency::Page => heard.serves_page,
            Urgency::Ticket => heard.serves_ticket,
            Urgency::Unknown => true,
        };
        (!is_right && !heard.told.is_empty()).then_some(heard.told)
    }
}

fn group(burn: &BurnRate) -> (u64, bool) {
    (burn.lookback.value.nominal_seconds(), is_upward(burn))
}

/// Orders the burn rates of a group: what fires with another one stands behind it.
fn order(one: &BurnRate, other: &BurnRate) -> Ordering {
    match (fires_with(one, other), fires_with(other, one)) {
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        _ => Ordering::Equal,
    }
}
