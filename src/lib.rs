//! `slo`: a Git-native linter and CI gate for service level objectives kept as code.

pub mod query;
