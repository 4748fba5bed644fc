//! Records: what people decided about objectives and policies, kept in git beside them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::source::Span;
use crate::source::Spanned;

use super::Kind;
use super::Slo;

/// What stands for every SLO in a record.
pub const EVERY_SLO: &str = "*";

/// A record: an attestation, an override, an incident or a retirement.
///
/// All of them say who, about what, and when; what a kind does not have is absent.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// What it records.
    pub kind: Kind,
    /// What is attested, or what the incident is called.
    pub id: Option<Spanned<String>>,
    /// The policy that it is for; absent for every policy.
    pub policy: Option<Spanned<String>>,
    /// The tier whose gate is lifted.
    pub tier: Option<Spanned<String>>,
    /// The SLOs that it is about: `name`, `service/name`, or [`EVERY_SLO`].
    pub slos: Vec<Spanned<String>>,
    /// Globs of the paths that an override lets change; empty for every path.
    pub paths: Vec<Spanned<String>>,
    /// From when on it holds, as it is written.
    pub from: Option<Spanned<Timestamp>>,
    /// The first instant at which it no longer holds.
    pub until: Option<Spanned<Timestamp>>,
    /// The day of a retirement.
    pub date: Option<Spanned<Date>>,
    /// Who declares or approved it.
    pub by: Option<Spanned<String>>,
    /// Why, in words.
    pub reason: Option<Spanned<String>>,
    /// Where one can see that it is so.
    pub evidence: Vec<Spanned<String>>,
    /// Everything else that it says, as it is written: field and text.
    pub rest: Vec<(String, String)>,
    /// The kind, as it is written.
    #[serde(skip)]
    pub head: Span,
    /// The whole record.
    #[serde(skip)]
    pub span: Span,
    /// Whether all that it says could be read.
    #[serde(skip)]
    pub is_whole: bool,
}

impl Record {
    /// Returns whether it is about an SLO.
    pub fn is_about(&self, slo: &Slo) -> bool {
        self.slos.iter().any(|named| named.value == EVERY_SLO || slo.is_called(&named.value))
    }
}
