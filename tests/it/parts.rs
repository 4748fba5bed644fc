//! What a user would really run, run here: servers with back-filled history, and the tools that read our manifests.
//!
//! The parts are other projects' programs. `tests/run` fetches them and says in environment variables
//! where they lie, so every test here is ignored unless that script runs it, and says which part it needs:
//! `#[ignore = "needs VictoriaMetrics: tests/run provides it"]`. The script reads those words when it has to
//! go without a part.
#![expect(clippy::disallowed_methods, reason = "these tests start real programs on real files")]

use std::path::PathBuf;

pub(crate) mod ask;
pub(crate) mod history;
pub(crate) mod runner;
pub(crate) mod server;

mod action;
mod examples;
mod hooks;
mod manifests;
mod prometheus;
mod victoria_metrics;

/// Returns where the part lies that an environment variable names.
fn part(variable: &str) -> PathBuf {
    let Some(path) = std::env::var_os(variable) else {
        panic!("{variable} is not set: run this test through tests/run, which fetches the part");
    };
    PathBuf::from(path)
}
