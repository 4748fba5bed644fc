//! What differs between two trees, for rules that judge the change.

use std::collections::BTreeSet;

use crate::change;
use crate::change::Change;
use crate::proposal::Proposal;
use crate::proposal::Roles;
use crate::rules::Comparison;
use crate::source::Earlier;

use super::Tree;

/// What differs between a tree and a later one.
#[derive(Clone, Debug, Default)]
pub struct Differences {
    changes: Vec<Change>,
    earlier: Earlier,
    templates: BTreeSet<String>,
}

impl Differences {
    /// Compares two trees. The later one shows those files of the earlier one in which something was that
    /// differs now.
    pub fn between(before: &Tree, after: &mut Tree) -> Self {
        let changes = change::between(before.placed(), after.placed());
        let places = changes.iter().filter_map(|change| change.before_span);
        let files: BTreeSet<_> = places.map(|span| span.source).collect();
        let earlier = after.sources.show(&before.sources, &files);
        let held = || before.sources.iter().map(|(_, source)| source.path.as_str());
        let now: BTreeSet<&str> = after.templates.iter().map(String::as_str).collect();
        let templates = held().filter(|path| now.contains(path)).map(str::to_owned).collect();
        Self { changes, earlier, templates }
    }

    /// Returns the differences, in order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns what rules ask about the change.
    ///
    /// * `before`: the earlier tree.
    /// * `owners`: the roles that counted before the change.
    /// * `proposal`: who proposes the change; nothing where nothing is committed yet.
    pub fn comparison<'a>(
        &'a self,
        before: &'a Tree,
        owners: &'a Roles,
        proposal: Option<&'a Proposal>,
    ) -> Comparison<'a> {
        let Self { changes, earlier, templates } = self;
        Comparison { before: before.placed(), changes, earlier, templates, owners, proposal }
    }
}
