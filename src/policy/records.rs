//! What records say, as far as it counts.
//!
//! **Invariant:** whether a record counts was found out before: who wrote it, since when it stands on the branch, and
//! when it was withdrawn. Here it is a fact with a beginning and an end.

use jiff::Timestamp;

use crate::model::EVERY_SLO;
use crate::model::Slo;
use crate::model::Tier;

/// The records that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// What people attest.
    pub attestations: Vec<Attestation>,
    /// What happened.
    pub incidents: Vec<Incident>,
    /// Tiers that somebody remembers.
    pub entries: Vec<Entry>,
}

/// Something that somebody attests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// What is attested.
    pub id: String,
    /// What it is about.
    pub about: About,
    /// The first instant at which it counts, and the first at which it does not any more.
    pub span: (Timestamp, Option<Timestamp>),
    /// Whether it says that it is so, and not that it is not.
    pub holds: bool,
    /// The incident that it is about.
    pub incident: Option<String>,
    /// The class of incidents that it is about.
    pub class: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// What it is called.
    pub id: String,
    /// What it is about.
    pub about: About,
    /// The class of what went wrong.
    pub class: Option<String>,
    /// When it began, and when it was over.
    pub time: (Timestamp, Option<Timestamp>),
    /// The first instant at which it is known, and the first at which it is withdrawn.
    pub span: (Timestamp, Option<Timestamp>),
}

/// A tier that is active whatever the measurements remember.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The tier.
    pub tier: String,
    /// What it is about.
    pub about: About,
    /// The first instant at which it counts, and the first at which it does not any more.
    pub span: (Timestamp, Option<Timestamp>),
}

/// What a record is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The policy; absent for every policy.
    pub policy: Option<String>,
    /// The SLOs: `name`, `service/name`, or [`EVERY_SLO`].
    pub slos: Vec<String>,
}

impl About {
    /// Returns whether it is about an SLO under a policy.
    pub fn holds(&self, policy: &str, slo: &Slo) -> bool {
        let is_meant = |text: &String| text == EVERY_SLO || slo.is_called(text);
        self.policy.as_ref().is_none_or(|named| named == policy) && self.slos.iter().any(is_meant)
    }
}

/// The records about one SLO under one policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) attestations: Vec<Attestation>,
    pub(super) incidents: Vec<Incident>,
    /// Tiers that somebody remembers, by their number among those that hold for the SLO.
    pub(super) entries: Vec<(usize, (Timestamp, Option<Timestamp>))>,
}

impl Records {
    /// Returns those about an SLO under a policy.
    ///
    /// * `tiers`: the tiers that hold for the SLO.
    pub(super) fn about(&self, policy: &str, slo: &Slo, tiers: &[(usize, &Tier)]) -> Own {
        let is_own = |about: &About| about.holds(policy, slo);
        let attestations = self.attestations.iter().filter(|one| is_own(&one.about));
        let incidents = self.incidents.iter().filter(|one| is_own(&one.about));
        let entries = self.entries.iter().filter(|one| is_own(&one.about)).filter_map(|entry| {
            let tier = tiers.iter().position(|(_, tier)| tier.name.value == entry.tier)?;
            Some((tier, entry.span))
        });
        Own {
            attestations: attestations.cloned().collect(),
            incidents: incidents.cloned().collect(),
            entries: entries.collect(),
        }
    }
}

/// Returns whether an instant lies in a span, whose end does not belong to it.
pub(super) fn covers((from, until): (Timestamp, Option<Timestamp>), at: Timestamp) -> bool {
    from <= at && until.is_none_or(|until| at < until)
}
