//! `slo`: a Git-native linter and CI gate for service level objectives kept as code.

pub mod dialect;
pub mod finding;
#[cfg(feature = "http")]
pub mod forge;
pub mod model;
pub mod quantity;
pub mod source;
pub mod yaml;
