//! `slo`: a Git-native linter and CI gate for service level objectives kept as code.

pub mod config;
pub mod dialect;
pub mod finding;
pub mod model;
pub mod quantity;
pub mod source;
pub mod yaml;
