//! What is known about a change, whoever found it out.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::globs::Globs;
use crate::model::Catalog;
use crate::policy::Records;
use crate::proposal::Proposal;

use super::Ignored;
use super::Override;

/// All that a verdict depends on, besides measurements and findings.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The objects of the trusted tree: policies and definitions that count.
    pub trusted: &'a Catalog,
    /// The objects that the change proposes.
    pub head: &'a Catalog,
    /// What the change is.
    pub facts: &'a Facts,
    /// The globs of the paths of each service, from the trusted configuration.
    pub services: &'a BTreeMap<String, Globs>,
    /// The members of each role, from the trusted configuration.
    pub owners: &'a BTreeMap<String, Vec<String>>,
    /// Whether the trusted configuration says which files hold the policies.
    pub names_policies: bool,
    /// The clock.
    pub now: Timestamp,
}

/// What is known about a change.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// How much is judged.
    pub extent: Extent,
    /// Who proposes the change, in which commits, and who approved it.
    pub proposal: Proposal,
    /// The paths that differ between the compared tree and the head; a renamed file has two.
    pub changed: Vec<String>,
    /// Those of them where a link or a submodule stands or stood: what lies below is not seen.
    pub hiding: BTreeSet<String>,
    /// How many lines the whole change adds and deletes; `None` when nobody counted them, which
    /// [`super::Evidence`] asks for, or where a link or a submodule hides some.
    pub changed_lines: Option<u64>,
    /// The services whose paths fit no file of the trusted tree and none of the head.
    pub services_without_files: Vec<String>,
    /// The labels of the pull request.
    pub labels: Vec<String>,
    /// The branch that the change goes to, where that is known.
    pub target_branch: Option<String>,
    /// The records of the trusted tree and its history that count for this change.
    pub records: Records,
    /// The overrides of the trusted tree that count for this change.
    pub overrides: Vec<Override>,
    /// Those that stand there and do not count.
    pub ignored_records: Vec<Ignored>,
    /// The releases on the target branch, by the glob of their tags.
    pub releases: BTreeMap<String, Releases>,
}

/// The tags of one glob on the target branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Releases {
    /// When the commits of the tags were made, oldest first.
    pub at: Vec<Timestamp>,
    /// Whether the clone may hide some: it is shallow, or takes no tags.
    pub is_cut: bool,
    /// Whether there is any such tag, also an old one or one of another branch.
    pub has_match: bool,
}

/// How much is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// What a change touches.
    #[default]
    Change,
    /// The whole tree as one release: every service is in scope.
    WholeTree,
}
