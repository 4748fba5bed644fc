//! What a change means: the objects of two trees in pairs, and every difference between them.
//!
//! [`between`] pairs objects by kind, namespace and name, follows every reference on its own side,
//! and lists what differs in the words of [`ChangeKind`]. An indicator or an alert condition that
//! stands in a file of its own is no subject here: what differs in it is a change of every SLO
//! that uses it, once for each.
//!
//! **Invariant:** `change` words nothing and judges nothing. It knows neither commits nor policy
//! verdicts; whether a change is allowed is for a rule and for the gate to say. The list depends on
//! the objects alone, never on the order or the names of their files.
//!
//! # Why
//!
//! *Tightened* and *loosened* are said only where they are certain. A policy whose differences
//! point both ways is `policy-changed`; an alert that fires later for one error rate and sooner for
//! another is listed twice, as loosened and as tightened, so that a rule about either sees it.
//!
//! A value that can no longer be read counts as gone, and what is gone protects nothing: a target
//! that becomes unreadable was lowered. The other reading would let a typing error pass as harmless.
//!
//! A rename is recognized only where nothing but the name differs. A looser match would let a
//! weakened objective pass as a rename; "removed and added" is then the honest answer.

use rayon::prelude::*;
use serde::Serialize;

use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Meta;
use crate::model::Text;
use crate::quantity::Ratio;
use crate::source::Sources;
use crate::source::Span;

mod alert;
mod amount;
mod follow;
mod implication;
mod indicator;
mod kind;
mod objective;
mod outage;
mod pair;
mod policy;
mod record;
mod same;
mod slo;

pub use amount::Amount;
pub use follow::Followed;
pub use follow::back;
pub use follow::forth;
pub use implication::Formula;
pub use implication::Formulas;
pub use implication::fires_with;
pub use implication::implies;
pub use indicator::meaning as indicator_meaning;
pub use kind::ChangeKind;
pub use objective::objective_pairs;
pub use outage::Outage;
pub use policy::Direction;
pub use policy::PolicyDifference;

/// One difference between before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What differs.
    pub kind: ChangeKind,
    /// The kind of the object that differs.
    pub object: Kind,
    /// The name of the object; of a renamed one, the new name.
    pub name: String,
    /// The Kubernetes namespace of the object.
    pub namespace: Option<String>,
    /// The service of an SLO, or the name of a service; where it differs, the new one.
    pub service: Option<String>,
    /// The objective, by its name, or by its position counted from 1; absent where the change
    /// concerns the whole object, or its only objective, which has no name.
    pub objective: Option<String>,
    /// The alert condition, or the alert policy where the change concerns all of it.
    pub alert: Option<String>,
    /// What was there, as short text; absent where nothing was.
    pub before: Option<String>,
    /// What is there now, as short text; absent where nothing is.
    pub after: Option<String>,
    /// The place in the tree before; absent where nothing is written there.
    pub before_span: Option<Span>,
    /// The place in the tree after; absent where nothing is written there.
    pub after_span: Option<Span>,
    /// What follows from it, in numbers.
    pub effect: Option<Effect>,
}

/// What follows from a change, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The error budget of an objective.
    Budget {
        /// The budget before.
        before: Amount,
        /// The budget after.
        after: Amount,
        /// How many times larger the share of bad events is now; absent where there was none.
        ratio: Option<Ratio>,
    },
    /// What a full outage does: every event is bad, from one instant on.
    Outage {
        /// Before; absent where the alert never fires, or where it is not certain.
        before: Option<Outage>,
        /// After; absent where the alert never fires, or where it is not certain.
        after: Option<Outage>,
    },
    /// The differences between two error budget policies.
    Policy(Vec<PolicyDifference>),
}

/// The objects of a tree, and the files that they stand in.
pub type Placed<'a> = (&'a Catalog, &'a Sources);

/// Returns every difference between two trees, in a total order that does not depend on files.
///
/// Nothing for equal trees. Where several objects share a name and mean the same, the one of a file is
/// the one that was there before. Moves between files are listed by [`moved`].
pub fn between(before: Placed<'_>, after: Placed<'_>) -> Vec<Change> {
    let slos = pair::slos(before, after).into_par_iter();
    let slos = slos.filter(|pair| !same::is_shared(before.0, after.0, *pair));
    let slos = slos.flat_map_iter(|pair| slo::compare(before.0, after.0, pair));
    let mut changes: Vec<Change> = slos.collect();
    for pair in pair::services(before, after) {
        slo::compare_services(pair, &mut changes);
    }
    let context = policy::Context::of(before.0, after.0);
    for pair in pair::policies(before, after) {
        policy::compare(pair, context, &mut changes);
    }
    record::compare(before, after, &mut changes);
    sort(&mut changes);
    changes.dedup();
    changes
}

/// Returns the SLOs that are the same and lie in another file, as `slo-moved`.
///
/// An SLO that also differs in meaning is listed by [`between`] alone.
pub fn moved(before: Placed<'_>, after: Placed<'_>) -> Vec<Change> {
    let pairs = pair::slos(before, after).into_iter();
    let mut changes: Vec<Change> =
        pairs.filter_map(|pair| follow::move_of(before, after, pair)).collect();
    sort(&mut changes);
    changes
}

impl Change {
    fn new(kind: ChangeKind, object: Kind, meta: &Meta) -> Self {
        Self {
            kind,
            object,
            name: meta.name().to_owned(),
            namespace: meta.namespace.as_ref().map(Text::to_string),
            service: None,
            objective: None,
            alert: None,
            before: None,
            after: None,
            before_span: None,
            after_span: None,
            effect: None,
        }
    }

    fn values(&mut self, before: Option<String>, after: Option<String>) -> &mut Self {
        (self.before, self.after) = (before, after);
        self
    }

    fn places(&mut self, before: Option<Span>, after: Option<Span>) -> &mut Self {
        (self.before_span, self.after_span) = (before, after);
        self
    }

    /// Everything that tells two changes apart; places come last, for they depend on files.
    fn rank(&self) -> impl Ord + '_ {
        let Self { kind, object, name, namespace, service, objective, alert, .. } = self;
        let subject = (object, service, name, namespace, objective, alert, kind);
        let places = (self.before_span, self.after_span);
        (subject, &self.before, &self.after, &self.effect, places)
    }
}

fn sort(changes: &mut [Change]) {
    changes.sort_by(|left, right| left.rank().cmp(&right.rank()));
}
