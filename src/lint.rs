//! Reads a tree, chooses rules, runs them, honors what comments allow, sorts.
//!
//! # Why
//!
//! Files are read in parallel and their trees of nodes dropped at once: what stays is the text, the
//! model and the facts that rules word. The order of findings is total (path, place, rule, message),
//! so the same input gives the same bytes on every machine.

use crate::change::Placed;
use crate::model::Catalog;
use crate::rules::FileFacts;
use crate::rules::Suppression;
use crate::source::Sources;
use crate::source::Span;

mod allow;
pub mod baseline;
mod differences;
mod fix;
mod fold;
mod load;
mod ruleset;
mod run;
mod settings;
mod template;
mod turn;

pub use differences::Differences;
pub use fix::Fixed;
pub use fix::fix;
pub use fold::fold;
pub use load::load;
pub use load::load_both;
pub use ruleset::Choice;
pub use ruleset::Chosen;
pub use ruleset::RuleSet;
pub use ruleset::SetBy;
pub use ruleset::WrongChoice;
pub use run::run;
pub use run::run_allowing;
pub use turn::turn;

/// A tree that was read: its files, objects, and what could not be digested.
#[derive(Debug, Default)]
pub struct Tree {
    /// The files that hold, or may hold, objects.
    pub sources: Sources,
    /// The objects.
    pub catalog: Catalog,
    /// What could not be digested, file by file.
    pub files: Vec<FileFacts>,
    /// The comments that allow something.
    pub suppressions: Vec<Suppression>,
    /// What of an object is written and not known, such as an argument of Terraform that is computed.
    pub unknown: Vec<Unknown>,
    /// The paths of files that are templates and were passed over.
    pub templates: Vec<String>,
    /// The paths of files of which some document could not be read.
    pub broken: Vec<String>,
}

impl Tree {
    /// Returns the objects with the files that they stand in, as [`crate::change::between`] compares them.
    pub fn placed(&self) -> Placed<'_> {
        (&self.catalog, &self.sources)
    }
}

/// A value that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Where it is written.
    pub span: Span,
    /// Why, as the end of a sentence about what is written.
    pub why: String,
}
