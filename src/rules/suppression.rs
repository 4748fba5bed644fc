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
    /// Whether the comment could not be read as `allow(rule, …)`.
    pub malformed: bool,
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
