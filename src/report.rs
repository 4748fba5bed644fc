//! What a run has to say, written for people and for machines.
//!
//! A [`Report`] is everything one run found; [`render`] writes it in one of eight formats. A format
//! is a private module of its own and none knows another.
//!
//! What stands beside any run is said by two more: a rule's [`page`], and the [`catalog`] of the rules
//! and their levels.
//!
//! **Invariant:** `report` decides nothing. Levels, verdicts, exit codes and the wording of reasons
//! arrive as values; the same report gives the same bytes, because elapsed time is a value too.
//!
//! # Why
//!
//! Budgets, verdicts and changes arrive as plain views (`BudgetRow`, `VerdictView`, `ChangeRow`)
//! and not as the types that compute them. A renderer needs a dozen drawn facts of each, a JSON
//! consumer needs them stable for years, and the types below must stay free to change. The
//! alternative, `Serialize` on the model itself, would have frozen the model.
//!
//! Text from a repository is hostile until escaped: each format escapes for itself, at the last
//! moment, with [`escape`] for what is common to all.

use std::io;
use std::io::Write;
use std::str::FromStr;
use std::time::Duration;

use crate::finding::Finding;
use crate::finding::Level;
use crate::finding::Safety;
use crate::source::Sources;
use crate::spelling;
use crate::spelling::Vocabulary;

pub mod catalog;
mod concise;
pub mod escape;
mod fingerprint;
mod github;
mod gitlab;
pub mod history;
mod json;
mod junit;
mod layout;
mod markdown;
pub mod page;
mod paint;
mod place;
mod sarif;
mod table;
mod tally;
mod terminal;
mod view;
pub mod words;

pub use view::Amount;
pub use view::BudgetRow;
pub use view::BudgetState;
pub use view::BudgetTable;
pub use view::ChangeRow;
pub use view::Exemption;
pub use view::Note;
pub use view::Outcome;
pub use view::Override;
pub use view::Tier;
pub use view::VerdictView;

/// Everything that one run has to say.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The files that spans point into.
    pub sources: &'a Sources,
    /// What the rules found, in the order in which it is to be read; those that a comment or
    /// the baseline accepts are included.
    pub findings: &'a [Finding],
    /// The rules that ran, for formats that describe them; a rule that is not here is still reported.
    pub rules: &'a [RuleView<'a>],
    /// Returns the address of a rule's page, by the rule's name.
    pub docs: fn(&str) -> String,
    /// What was read; nothing where a command does not lint.
    pub summary: Option<Summary>,
    /// Files passed over because they are templates; nothing where nobody counted.
    pub templates_passed_over: Option<usize>,
    /// What changed between two commits; nothing where nothing was compared.
    pub changes: Option<&'a [ChangeRow]>,
    /// Where the budgets stand; nothing where they were not asked for.
    pub budgets: Option<&'a BudgetTable>,
    /// What the gate decided; nothing where no gate ran.
    pub verdict: Option<&'a VerdictView>,
    /// What only the comment on a pull request needs.
    pub comment: Comment<'a>,
}

impl<'a> Report<'a> {
    /// Returns a report of findings alone.
    pub fn of_findings(
        sources: &'a Sources,
        findings: &'a [Finding],
        docs: fn(&str) -> String,
    ) -> Self {
        Self {
            sources,
            findings,
            rules: &[],
            docs,
            summary: None,
            templates_passed_over: None,
            changes: None,
            budgets: None,
            verdict: None,
            comment: Comment::default(),
        }
    }

    /// Returns the findings that neither a comment nor the baseline accepts.
    fn shown(&self) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(|finding| !finding.is_accepted())
    }

    /// Returns how many shown findings have a level.
    fn count(&self, level: Level) -> usize {
        self.shown().filter(|finding| finding.level == level).count()
    }

    /// Returns how many shown findings have a fix of a safety.
    fn fixable(&self, safety: Safety) -> usize {
        self.shown()
            .filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == safety))
            .count()
    }
}

/// What is known of a rule without a finding.
#[derive(Clone, Copy, Debug)]
pub struct RuleView<'a> {
    /// The rule's name.
    pub name: &'a str,
    /// The level that it reports by default.
    pub level: Level,
    /// What it reports, one sentence: the first line of its page.
    pub summary: &'a str,
    /// Its whole page, Markdown.
    pub page: &'a str,
}

/// What was read, for the last line of a run.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// SLOs read.
    pub slos: usize,
    /// Files that held them.
    pub files: usize,
    /// The names of the dialects met, in the order in which they are to be named.
    pub dialects: Vec<&'static str>,
    /// Findings left out because the baseline holds them.
    pub baselined: usize,
    /// Findings left out because they stood there before; nothing where nothing was compared.
    pub older: Option<usize>,
    /// How long the run took; nothing prints no time, so that the output is the same every time.
    pub elapsed: Option<Duration>,
}

/// What only the comment on a pull request needs.
#[derive(Clone, Debug, Default)]
pub struct Comment<'a> {
    /// The comment's first line, by which it is found again: `<!-- slo:report:v1 KEY -->`.
    pub marker: Option<&'a str>,
    /// The address under which a path of the head can be opened, ending in `/`.
    pub blob: Option<&'a str>,
    /// What the last line says, part by part: the policy, when and where it was measured.
    pub footer: Vec<String>,
    /// The most characters that the text may have; nothing for what a job summary takes.
    pub limit: Option<usize>,
}

/// A format in which a report can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Excerpts with carets, for people.
    Terminal,
    /// One line a finding.
    Concise,
    /// The documented JSON.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// The comment on a pull request, or the job summary.
    Markdown,
    /// GitLab's code quality report.
    Gitlab,
    /// JUnit XML.
    Junit,
}

impl Format {
    /// Every format, in the order in which the help names them.
    pub const ALL: [Self; 8] = [
        Self::Terminal,
        Self::Concise,
        Self::Json,
        Self::Sarif,
        Self::Github,
        Self::Markdown,
        Self::Gitlab,
        Self::Junit,
    ];

    /// Returns the word for the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Markdown => "markdown",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
        }
    }
}

/// A format and where it goes: `FORMAT[=FILE]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The format.
    pub format: Format,
    /// The file to write; nothing for standard output.
    pub file: Option<String>,
}

/// Text that does not name a format and a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// No format has this name.
    #[error("read `{given}` as a format")]
    FormatUnknown {
        /// What stands where a format's name belongs.
        given: String,
        /// The format of a name that is near, where there is one.
        nearest: Option<Format>,
    },
    /// A `=` is followed by nothing.
    #[error("read the file behind `{format}=`", format = format.name())]
    FileMissing {
        /// The format that stands before it.
        format: Format,
    },
}

impl TargetError {
    /// Returns what to do about it.
    pub fn hint(&self) -> String {
        let names = Format::ALL.map(Format::name).join(", ");
        match self {
            Self::FormatUnknown { nearest: Some(nearest), .. } => {
                format!("did you mean `{}`? The formats are {names}", nearest.name())
            }
            Self::FormatUnknown { nearest: None, .. } => format!("the formats are {names}"),
            Self::FileMissing { format } => {
                format!("write `{0}=FILE`, or `{0}` for standard output", format.name())
            }
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) => (name, Some(file)),
            None => (text, None),
        };
        let named = |name: &str| Format::ALL.into_iter().find(|format| format.name() == name);
        let Some(format) = named(name) else {
            let near = spelling::nearest(name, Format::ALL.map(Format::name), Vocabulary::Words);
            let nearest = near.first().copied().and_then(named);
            return Err(TargetError::FormatUnknown { given: name.to_owned(), nearest });
        };
        match file {
            Some("") => Err(TargetError::FileMissing { format }),
            file => Ok(Self { format, file: file.map(str::to_owned) }),
        }
    }
}

/// How text for people is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colors are sent.
    pub color: bool,
    /// How many columns there are; below 40 counts as 40.
    pub width: usize,
    /// Whether lines and carets may be drawn with characters outside ASCII.
    pub unicode: bool,
}

impl Default for Style {
    /// Returns the style away from a terminal: no color, 100 columns.
    fn default() -> Self {
        Self { color: false, width: 100, unicode: true }
    }
}

/// Writes a report in a format.
///
/// The style touches [`Format::Terminal`] alone: every other format is for machines, or drawn by
/// another program.
///
/// # Errors
///
/// Only those of `out`.
pub fn render(
    format: Format,
    report: &Report<'_>,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Terminal => terminal::render(report, style, out),
        Format::Concise => concise::render(report, out),
        Format::Json => json::render(report, out),
        Format::Sarif => sarif::render(report, out),
        Format::Github => github::render(report, out),
        Format::Markdown => markdown::render(report, out),
        Format::Gitlab => gitlab::render(report, out),
        Format::Junit => junit::render(report, out),
    }
}

/// Why a run ended before it could report: the command line, `slo.toml`, the baseline or the policy is wrong.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// What is wrong.
    pub message: &'a str,
    /// The file in which it is wrong.
    pub path: Option<&'a str>,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// Writes what [`Format::Json`] says in place of a report on exit code 2.
///
/// # Errors
///
/// Only those of `out`.
pub fn render_refusal(refusal: Refusal<'_>, out: &mut dyn Write) -> io::Result<()> {
    json::render_refusal(refusal, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_format_and_perhaps_a_file() {
        let json = Target { format: Format::Json, file: None };
        assert_eq!("json".parse(), Ok(json));
        let file = Some("out=1.sarif".to_owned());
        assert_eq!("sarif=out=1.sarif".parse(), Ok(Target { format: Format::Sarif, file }));
        let error = "sariff=x".parse::<Target>().expect_err("no such format");
        assert!(error.hint().starts_with("did you mean `sarif`?"), "{}", error.hint());
        for (given, hint) in [
            ("JSON", "did you mean `json`? The formats are terminal, "),
            ("git-lab", "did you mean `gitlab`? "),
            ("cat", "the formats are terminal, concise, json, "),
            ("", "the formats are terminal, "),
        ] {
            let error = given.parse::<Target>().expect_err("no such format");
            assert!(error.hint().starts_with(hint), "{given}: {}", error.hint());
        }
        assert_eq!(
            "json=".parse::<Target>(),
            Err(TargetError::FileMissing { format: Format::Json })
        );
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(Target { format, file: None }));
        }
    }
}
