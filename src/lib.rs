//! `slo`: a Git-native linter and CI gate for service level objectives kept as code.

pub mod budget;
pub mod finding;
pub mod gate;
pub mod model;
pub mod policy;
pub mod quantity;
pub mod source;
pub mod yaml;
