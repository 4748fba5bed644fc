//! `slo`: a Git-native linter and CI gate for service level objectives kept as code.

pub mod budget;
pub mod change;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod dialect;
pub mod finding;
#[cfg(feature = "http")]
pub mod forge;
#[cfg(feature = "git")]
pub mod git;
pub mod lint;
pub mod model;
pub mod policy;
pub mod quantity;
pub mod query;
pub mod report;
pub mod rules;
pub mod source;
pub mod yaml;
