//! `slo`: a Git-native linter and CI gate for service level objectives kept as code.

#[cfg(feature = "git")]
pub mod git;
