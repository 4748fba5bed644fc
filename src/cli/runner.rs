//! What a runner of GitHub Actions obeys in a log, and how text stays text there.
//!
//! # Why
//!
//! A runner obeys commands on every line of both streams, and the old form, `##[…]`, in the middle
//! of a line too. Reports quote files of the change. So commands are stopped while a report for
//! people is written: the word that starts them again is a digest of the report, and no text can hold
//! its own digest. A report for programs holds the same values in a spelling that is no command.
//!
//! # Source
//!
//! GitHub Docs, "Workflow commands for GitHub Actions"; `actions/runner`, `ActionCommand.cs`.

use std::borrow::Cow;
use std::env;

use sha2::Digest;
use sha2::Sha256;

use crate::report::Format;

/// What begins a command of the old form, wherever it stands.
const OLD: &str = "##[";

/// Returns whether the run is a step of a job of GitHub Actions, or of a forge that runs the same.
pub(super) fn is_job() -> bool {
    variable("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Returns what a variable of the environment says, unless it says nothing.
pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// Returns a report as a job may print it: a runner obeys no part of it but what is a command on
/// purpose.
pub(super) fn printable(format: Format, text: String) -> String {
    if !is_job() {
        return text;
    }
    match format {
        Format::Github => text,
        Format::Terminal | Format::Concise | Format::Markdown => {
            let word = digest(&text);
            let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
            format!("::stop-commands::{word}\n{text}{end}::{word}::\n")
        }
        Format::Json | Format::Sarif | Format::Gitlab => text.replace(OLD, "#\\u0023["),
        Format::Junit => text.replace(OLD, "#&#35;["),
    }
}

/// Returns a line for standard error as a job may print it.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    if text.contains(OLD) && is_job() { text.replace(OLD, "# #[").into() } else { text.into() }
}

/// Returns a word that no part of a text can hold.
pub(super) fn digest(text: &str) -> String {
    let digest = Sha256::digest(text);
    let digits = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
    format!("slo-{}", digits.collect::<String>())
}
