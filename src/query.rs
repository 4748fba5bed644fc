//! Query text to a tree with a byte extent on every node, and the planning of event counts.
//!
//! The language is PromQL as Prometheus 3.9 to 3.16 read it, experiments included, plus the placeholders
//! that people leave in definitions (`{{.window}}`, also as a chart of Helm writes it, `$__rate_interval`,
//! `${VAR}`, and `window` in brackets). [`parse`] gives the tree of [`tree`] and the
//! [`problem`]s found on the way; [`counts`] turns a query into one that counts the events of a
//! step; [`functions`] says what each function takes and returns. Another language is read in a
//! module of its own: [`datadog`].
//!
//! **Invariant:** `query` words nothing and reads nothing. A problem is a kind and an extent; a
//! rule gives it a sentence. An [`Extent`] counts bytes from the start of the query text; where
//! that text lies in a file is known to the caller alone.
//!
//! # Why
//!
//! A tree of our own, although crates parse PromQL: a caret and a fix need the place of every
//! part, and a definition is linted before its placeholders are filled.
//!
//! A query without placeholders is refused when no version of that line accepts it, for nobody knows which
//! one will read it; but for a few known differences. Of regular expressions, only plain mistakes are
//! problems here, for their syntax is Go's. `NaN` is no duration. Bytes in a string that are no UTF-8
//! become U+FFFD. Names with letters beyond ASCII need quotes. Experimental syntax and functions are read as
//! if the server had them switched on; [`functions::Function::stability`] tells.

use crate::query::problem::Problem;
use crate::query::tree::Expression;

pub mod comparison;
pub mod counts;
pub mod datadog;
pub mod events;
pub mod form;
pub mod functions;
pub mod grpc;
pub mod origin;
pub mod pattern;
pub mod placeholder;
pub mod problem;
pub mod status;
pub mod tree;
pub mod values;

mod check;
mod fingerprint;
mod lexer;
mod number;
mod parser;
mod print;
mod quoted;

pub use fingerprint::fingerprint;

/// The longest query text that is read, in bytes.
pub const MAX_LENGTH: usize = 1 << 20;

/// The deepest tree that is built, in nodes from the root to a leaf.
///
/// A sum of this many terms is as deep as it is long, so the bound is far above what people nest.
pub const MAX_HEIGHT: u32 = 256;

/// A part of a query text: bytes from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Extent {
    /// The first byte, counted from 0 at the start of the query text.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Extent {
    /// Returns the part of `text` that this extent covers, or nothing if it is not of this text.
    pub fn slice(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Returns the smallest extent that covers both.
    pub fn join(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Tells whether `other` lies inside this extent, edges included.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Makes an extent from byte positions, which [`MAX_LENGTH`] keeps small.
    pub fn between(start: usize, end: usize) -> Self {
        let narrow = |position: usize| u32::try_from(position).unwrap_or(u32::MAX);
        Self { start: narrow(start), end: narrow(end) }
    }
}

/// Parses a query.
///
/// * First part: the tree, absent when the text is not even grammatical. A tree may stand beside
///   problems, such as an unknown function or an argument of the wrong type.
/// * Second part: what is wrong, in the order of the text as far as it was read. Empty means that
///   the query is valid.
pub fn parse(text: &str) -> (Option<Expression>, Vec<Problem>) {
    let (expression, mut problems) = parser::parse(text);
    if let (Some(expression), true) = (&expression, problems.is_empty()) {
        problems = check::problems(expression);
    }
    (expression, problems)
}

/// Returns the type of the value of a query, problems or not.
pub fn value_type(expression: &Expression) -> functions::ValueType {
    check::value_type(expression)
}

/// Returns the length of a duration such as `1h30m` in seconds, rounded down; nothing for what is none.
pub fn seconds(text: &str) -> Option<u64> {
    u64::try_from(nanoseconds(text)? / 1_000_000_000).ok()
}

/// Returns the length of a duration such as `1h30m` in nanoseconds; nothing for what is none.
pub fn nanoseconds(text: &str) -> Option<i64> {
    number::nanoseconds(text).ok().filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests;
