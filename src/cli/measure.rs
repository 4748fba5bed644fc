//! Fetches what must be measured, and makes a table of it.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::backend;
use crate::budget;
use crate::budget::Measurement;
use crate::budget::Request;
use crate::config;
use crate::config::Config;
use crate::git::Repository;
use crate::git::id::CommitId;
use crate::model::Catalog;
use crate::model::NoData;
use crate::report::BudgetTable;
use crate::report::words;

use super::error::Error;
use super::snapshot;

/// Where recorded measurements are read.
pub(super) enum Place<'a> {
    /// A file that the trusted tree tracks is read there; one that nobody tracks, from the worktree.
    Trusted {
        repository: &'a Repository,
        commit: CommitId,
    },
    /// From the folder of the project.
    Folder(PathBuf),
}
