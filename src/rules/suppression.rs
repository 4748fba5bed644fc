//! Comments that allow a finding: `# slo: allow(rule) until 2026-12-31: reason`.

use jiff::civil::Date;

use crate::source::Span;
use crate::source::Spanned;

/// A comment that allows findings of some rules.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// The comment.
    pub span: Span,
    /// The rules that it names.
    pub rules: Vec<Spanned<String>>,
    /// The day on which it ends, at 00:00 UTC.
    pub until: Option<Spanned<Date>>,
    /// Text where a date should stand and does not.
    pub bad_date: Option<Spanned<String>>,
    /// Why.
    pub reason: Option<String>,
    /// The bytes that it speaks of.
    pub scope: Span,
    /// The keys and items that lead to these bytes, as a number that others hardly share.
    pub covers: u64,
    /// Why the comment has no effect, if it has none.
    pub fault: Option<Fault>,
    /// The first of the names that are not read, because they are more than [`MAX_RULES`].
    pub surplus: Option<Span>,
    /// Whether it speaks of a document that could not be read, where most rules report nothing.
    pub unreadable: bool,
}

/// The most rules that one comment may name.
pub const MAX_RULES: usize = 100;

/// Why a comment that speaks to this program is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does not say `allow(rule, …)`.
    Unclear,
    /// It says so behind other words of the comment.
    Buried,
    /// The name or the verb is not written in lowercase.
    Capitals,
}

/// What a suppression was good for in a run.
#[derive(Clone, Debug, Default)]
pub struct Use {
    /// Whether its day has come.
    pub expired: bool,
    /// The rules it names that were run and that it suppressed nothing of, by their place in it.
    pub unused: Vec<usize>,
}

impl Suppression {
    /// Returns whether its day has come.
    pub fn is_expired(&self, now: jiff::Timestamp) -> bool {
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        self.until.as_ref().is_some_and(|until| until.value <= today)
    }
}
