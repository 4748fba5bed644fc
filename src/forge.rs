//! What GitHub says of the change under review, and the one comment that `slo` keeps on it.
//!
//! [`event`] reads the file in which a workflow finds the event that started it, [`body`] shapes the text of
//! the comment, and [`comment`] publishes it. Everything a caller sees blocks: the `async` of the client stays
//! behind this door.
//!
//! **Invariant:** `forge` knows no SLO, no finding and no verdict. It is given a finished text and the word
//! whether the change fails, and whatever goes wrong here is an [`Error`] that a caller may report and must not
//! count: a gate decides the same with and without a comment.
//!
//! # Why
//!
//! The client is `octocrab`, for its transport, its certificates and its authentication, but none of its typed
//! models: they refuse answers that GitHub really gives (a comment of a deleted account has `"user": null`),
//! and they do so after a comment is already posted, so that trying again posts it twice. Its retries are left
//! out for the same reason. What is read of an answer is read here, field by field.

pub mod body;
pub mod comment;
pub mod event;
pub mod reviews;

mod api;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// A secret that authenticates requests, and that no message shows.
///
/// It has no `Display`, and its `Debug` is the same for every token.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Makes a token of a text, without the white space around it.
    ///
    /// # Errors
    ///
    /// [`Error::TokenInvalid`] when nothing is left, or when a character cannot stand in a header.
    pub fn new(text: &str) -> Result<Token, Error> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::TokenInvalid);
        }
        Ok(Token(text.to_owned()))
    }

    /// Returns the secret itself, for the one header it is made for.
    fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(hidden)")
    }
}

/// What can go wrong between `slo` and GitHub.
///
/// No variant holds a token, and what a server said of a failure is cut short and freed of control characters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An event file is larger than any event GitHub sends.
    #[error("read event `{event}`: {bytes} bytes are more than the {limit} that an event may have")]
    EventTooLarge {
        /// The name of the event.
        event: String,
        /// The size of the file.
        bytes: usize,
        /// The largest size that is read.
        limit: usize,
    },
    /// An event file is not JSON.
    #[error("read event `{event}`: the payload is not JSON")]
    EventNotJson {
        /// The name of the event.
        event: String,
        /// What the JSON reader said.
        source: serde_json::Error,
    },
    /// An event file lacks a field that its event always has.
    #[error("read event `{event}`: field `{field}` is missing")]
    EventFieldMissing {
        /// The name of the event.
        event: String,
        /// The path of the field, such as `pull_request.base.sha`.
        field: String,
    },
    /// A field of an event file holds something else than it always holds.
    #[error("read event `{event}`: field `{field}` is not {expected}")]
    EventFieldInvalid {
        /// The name of the event.
        event: String,
        /// The path of the field, such as `pull_request.labels[2].name`.
        field: String,
        /// What the field always holds.
        expected: &'static str,
    },
    /// A token is empty, or cannot be sent.
    #[error("read the token: it is empty or holds a character that no token has")]
    TokenInvalid,
    /// The address of the API cannot be spoken to.
    #[error("read the API address `{address}`: {reason}")]
    AddressInvalid {
        /// The address as it was given, without what may be a password in it.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The owner or the name of a repository is not one that a repository can have.
    #[error(
        "read the repository `{name}`: an owner and a name hold letters, digits, `-`, `_` and `.` only"
    )]
    RepositoryInvalid {
        /// Owner and name as they were given, with a slash between.
        name: String,
    },
    /// No client could be set up on this machine.
    #[error("set up the connection to `{address}`")]
    ClientUnavailable {
        /// The address of the API.
        address: String,
        /// Why not.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A request was not answered: no connection, a broken one, or silence for too long.
    #[error("{what}: no answer")]
    Unanswered {
        /// What was attempted, and on what.
        what: String,
        /// Why not.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The whole of the work took longer than it may.
    #[error("{what}: not done within {} s", limit.as_secs())]
    TimedOut {
        /// What was attempted, and on what.
        what: String,
        /// How long it may take.
        limit: Duration,
    },
    /// The token may not do this, or the repository or pull request is not there for it.
    #[error("{what}: answered {status}{said}")]
    NotAllowed {
        /// What was attempted, and on what.
        what: String,
        /// 401, 403, 404 or 410.
        status: u16,
        /// What the server said, in parentheses, or nothing.
        said: String,
    },
    /// Too much was asked of the server in too short a time.
    #[error("{what}: answered {status}, too many requests{said}")]
    RateLimited {
        /// What was attempted, and on what.
        what: String,
        /// 403 or 429.
        status: u16,
        /// What the server said, in parentheses, or nothing.
        said: String,
    },
    /// The server understood the request and refused it.
    #[error("{what}: answered {status}{said}")]
    Refused {
        /// What was attempted, and on what.
        what: String,
        /// A status that no other variant speaks of.
        status: u16,
        /// What the server said, in parentheses, or nothing.
        said: String,
    },
    /// The server failed, or something between here and the server did.
    #[error("{what}: answered {status}{said}")]
    ServerFailed {
        /// What was attempted, and on what.
        what: String,
        /// 500 or above, or 408.
        status: u16,
        /// What the server said, in parentheses, or nothing.
        said: String,
    },
    /// The answer points to another host, scheme or port, where a token is never taken.
    #[error("{what}: the answer leads away from the API, to `{place}`")]
    LedElsewhere {
        /// What was attempted, and on what.
        what: String,
        /// The host it leads to, or a word for an address that cannot be read.
        place: String,
    },
    /// A list of comments has more pages than are read.
    #[error("{what}: more than {limit} pages")]
    TooManyPages {
        /// What was attempted, and on what.
        what: String,
        /// How many pages are read.
        limit: usize,
    },
    /// An answer is larger than any that the API gives.
    #[error("{what}: the answer is larger than {limit} bytes")]
    AnswerTooLarge {
        /// What was attempted, and on what.
        what: String,
        /// The largest size that is read.
        limit: usize,
    },
    /// An answer is not what the API promises.
    #[error("{what}: the answer is not what the API describes")]
    AnswerUnreadable {
        /// What was attempted, and on what.
        what: String,
        /// What the JSON reader said.
        source: serde_json::Error,
    },
}

impl Error {
    /// Returns what to do next, where there is something a person can do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::EventTooLarge { .. }
            | Error::EventNotJson { .. }
            | Error::EventFieldMissing { .. }
            | Error::EventFieldInvalid { .. } => Some(
                "give the event's name and the file that `GITHUB_EVENT_PATH` names, or say what to compare with `--base`",
            ),
            Error::TokenInvalid => {
                Some("pass the job's own token: `GITHUB_TOKEN: ${{ github.token }}`")
            }
            Error::AddressInvalid { .. } => Some(
                "`GITHUB_API_URL` is `https://api.github.com`, or `https://HOST/api/v3` of an own server",
            ),
            Error::ClientUnavailable { .. } => Some(
                "install the certificates of the authorities that this machine trusts (`ca-certificates`)",
            ),
            Error::NotAllowed { status: 401, .. } => {
                Some("the token is not valid or not valid anymore")
            }
            Error::NotAllowed { .. } => Some(
                "give the job `permissions: pull-requests: write`; a pull request from a fork has a token that may only read",
            ),
            Error::RateLimited { .. } => Some("run again later, or let fewer jobs comment at once"),
            Error::LedElsewhere { .. } => Some(
                "set `GITHUB_API_URL` to the address of the API itself, not one that redirects to it",
            ),
            _ => None,
        }
    }
}
