//! Why a run ends before it can report.

use std::io;

use crate::git;
use crate::source::Position;
use crate::spelling;
use crate::spelling::Vocabulary;

use super::Exit;

/// Why a run ends before it can report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum Error {
    /// `slo.toml` is wrong.
    #[error("{message}")]
    Config { message: String, path: String, position: Option<Position>, hint: Option<String> },
    /// What was asked for does not exist.
    #[error("{message}")]
    Usage { message: String, hint: Option<String> },
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] git::error::Error),
    /// The event that started the run, or the forge, cannot be understood.
    #[error(transparent)]
    Forge(#[from] crate::forge::Error),
    /// Fixed files that were not written, each with why, and those that were.
    #[error("left as it was: {left}; {written}")]
    Unwritten { left: String, written: String },
    /// Measurements were to be recorded, and the backend failed for some.
    #[error("left as it was: {path} ({failed} of {all} objectives could not be measured)")]
    Unrecorded { path: String, failed: usize, all: usize },
    /// A file or a stream cannot be read or written.
    #[error("{action} {path}")]
    Io { action: &'static str, path: String, source: io::Error },
}

impl Error {
    /// Returns the refusal of a name that nobody knows.
    ///
    /// * `what`: what it would be the name of.
    /// * `hint`: what to do where no known name is near.
    pub(super) fn unknown<'a>(
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
        hint: String,
    ) -> Self {
        let near = spelling::nearest(name, known, Vocabulary::Names);
        let meant = near.first().map(|near| format!("did you mean `{near}`?"));
        let message = format!("there is no {what} `{name}`");
        Self::Usage { message, hint: Some(meant.unwrap_or(hint)) }
    }

    /// Returns how the run ends.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Config { .. } | Self::Usage { .. } => Exit::Usage,
            Self::Git(_)
            | Self::Forge(_)
            | Self::Unwritten { .. }
            | Self::Unrecorded { .. }
            | Self::Io { .. } => Exit::Unknown,
        }
    }

    /// Returns what to do about it.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Config { hint, .. } | Self::Usage { hint, .. } => hint.clone(),
            Self::Git(error) => error.hint().map(str::to_owned),
            Self::Forge(error) => error.hint().map(str::to_owned),
            Self::Unwritten { .. } => {
                Some("make the file what it is to be, and run `slo lint --fix` again".to_owned())
            }
            Self::Unrecorded { .. } => {
                Some("the report says why; record again when the backend answers".to_owned())
            }
            Self::Io { .. } => None,
        }
    }

    /// Returns the file that is wrong, and the place in it.
    pub(super) fn place(&self) -> Option<(&str, Option<Position>)> {
        match self {
            Self::Config { path, position, .. } => Some((path, *position)),
            _ => None,
        }
    }

    /// Returns whether no report was written: the run ended before, not while writing one.
    pub(super) fn precedes_report(&self) -> bool {
        let is_behind = matches!(self, Self::Unwritten { .. } | Self::Unrecorded { .. });
        !is_behind && !matches!(self, Self::Io { action: "write", .. })
    }

    /// Returns whether whoever read the output has gone.
    pub(super) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
