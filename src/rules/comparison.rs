//! What a change does, for rules that judge the change and not the tree.

use std::collections::BTreeSet;

use crate::change::Change;
use crate::change::ChangeKind;
use crate::change::Placed;
use crate::proposal::Proposal;
use crate::proposal::Roles;
use crate::source::Earlier;
use crate::source::Span;

/// The tree that a change starts from, and what differs since.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// The objects that were there before.
    pub before: Placed<'a>,
    /// Every difference, also those that change nothing.
    pub changes: &'a [Change],
    /// Where what is gone is shown.
    pub earlier: &'a Earlier,
    /// The paths of files that held something and are templates now, where nothing is judged.
    pub templates: &'a BTreeSet<String>,
    /// Who may agree to what: the roles that counted before the change.
    pub owners: &'a Roles,
    /// Who proposes the change; absent where nothing is committed yet, so that nobody can have said why.
    pub proposal: Option<&'a Proposal>,
}

impl<'a> Comparison<'a> {
    /// Returns the differences of some kinds, in order.
    pub fn of(&self, kinds: &'static [ChangeKind]) -> impl Iterator<Item = &'a Change> {
        self.changes.iter().filter(|change| kinds.contains(&change.kind))
    }

    /// Returns where a difference is shown: where it stands now, or else where it stood.
    pub fn place(&self, change: &Change) -> Option<Span> {
        change.after_span.or_else(|| self.earlier.place(change.before_span?))
    }
}
