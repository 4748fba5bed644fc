//! What a rule reports.
//!
//! **Invariant:** `finding` knows no rule. A finding names its rule by its text.

use std::borrow::Cow;
use std::mem;

use serde::Serialize;

use crate::source::Edit;
use crate::source::Span;

/// What a finding says: mostly the same words for every finding of a rule, which take no memory then.
pub type Words = Cow<'static, str>;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Worth knowing; never fails a run on its own.
    Info,
    /// Likely wrong.
    Warning,
    /// Certainly wrong.
    Error,
}

impl Level {
    /// Returns the word for the level.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Whether a fix may change what a definition means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Safety {
    /// The model is equal in meaning before and after, or there is only one legal reading.
    Safe,
    /// The meaning may change: a person has to agree.
    Unsafe,
}

impl Safety {
    /// Returns the word for the safety.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// A remark on a place that has to do with a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What the place has to do with the finding.
    pub message: Words,
}

/// Text edits that remove the cause of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Whether the meaning stays.
    pub safety: Safety,
    /// What the fix does, as an instruction: "write it as `2w`".
    pub title: Words,
    /// The edits, which belong together: all or none.
    pub edits: Vec<Edit>,
}

/// One thing that is wrong, where, why, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the rule.
    pub rule: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// What is wrong; stands alone, starts in lowercase, has no full stop.
    pub message: Words,
    /// The very characters that are wrong.
    pub span: Span,
    /// What those characters have to do with it.
    pub label: Option<Words>,
    /// Other places that have to do with it.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<Words>,
    /// How it is known, or what follows from it.
    pub notes: Vec<Words>,
    /// Edits that remove the cause.
    pub fix: Option<Fix>,
    /// Whether a comment in the file allows it.
    pub suppressed: bool,
    /// Whether the baseline holds it.
    pub baselined: bool,
    /// What is said in the place of this finding and its like, where nothing differs but the place.
    pub once: Option<&'static str>,
    /// Whether the first of the other places is as wrong as its own, and the text is true of both.
    pub mutual: bool,
}

impl Finding {
    /// Returns a finding with nothing but a message and a place.
    pub fn new(rule: &'static str, level: Level, span: Span, message: impl Into<Words>) -> Self {
        Self {
            rule,
            level,
            message: message.into(),
            span,
            label: None,
            labels: Vec::new(),
            help: None,
            notes: Vec::new(),
            fix: None,
            suppressed: false,
            baselined: false,
            once: None,
            mutual: false,
        }
    }

    /// Returns whether it is accepted as it is, by a comment or by the baseline: it is counted, and
    /// neither shown, fixed nor a reason to fail.
    pub fn is_accepted(&self) -> bool {
        self.suppressed || self.baselined
    }

    /// Returns what to do: the help, or what the fix would do.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref().or(self.fix.as_ref().map(|fix| &*fix.title))
    }

    /// Says what the place itself has to do with it.
    pub fn label(&mut self, message: impl Into<Words>) -> &mut Self {
        self.label = Some(message.into());
        self
    }

    /// Adds another place.
    pub fn also(&mut self, span: Span, message: impl Into<Words>) -> &mut Self {
        // Most findings have one, and a tree may have many thousand findings.
        self.labels.reserve_exact(usize::from(self.labels.is_empty()));
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Says what to do.
    pub fn help(&mut self, message: impl Into<Words>) -> &mut Self {
        self.help = Some(message.into());
        self
    }

    /// Says how it is known.
    pub fn note(&mut self, message: impl Into<Words>) -> &mut Self {
        self.notes.reserve_exact(usize::from(self.notes.is_empty()));
        self.notes.push(message.into());
        self
    }

    /// Lets one finding with this message stand for this one and those like it: it is true of the
    /// whole repository, such as "no SLO of the repository has an owner".
    pub fn once(&mut self, message: &'static str) -> &mut Self {
        self.once = Some(message);
        self
    }

    /// Says that the first of the other places is as wrong as its own: message and labels are true
    /// whichever of them is looked at, such as "another SLI is named `checkout`".
    pub fn mutual(&mut self) -> &mut Self {
        self.mutual = true;
        self
    }

    /// Returns the place that is as wrong as its own, where there is one.
    pub fn other_place(&self) -> Option<Span> {
        self.labels.first().filter(|_| self.mutual).map(|label| label.span)
    }

    /// Lets the place that is as wrong as its own speak in its stead, where there is one.
    pub fn turn(&mut self) {
        if let Some(other) = self.labels.first_mut().filter(|_| self.mutual) {
            mem::swap(&mut self.span, &mut other.span);
        }
    }

    /// Adds edits that keep the meaning.
    pub fn safe_fix(&mut self, title: impl Into<Words>, edits: Vec<Edit>) -> &mut Self {
        self.fix = Some(Fix { safety: Safety::Safe, title: title.into(), edits });
        self
    }

    /// Adds edits that change the meaning.
    pub fn unsafe_fix(&mut self, title: impl Into<Words>, edits: Vec<Edit>) -> &mut Self {
        self.fix = Some(Fix { safety: Safety::Unsafe, title: title.into(), edits });
        self
    }
}
