//! What makes a page a test, and how a reader is told the same in words.

use pulldown_cmark::CodeBlockKind;
use pulldown_cmark::Event;
use pulldown_cmark::Options;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;

use crate::finding::Level;

/// What stands before the findings that a test expects to start on a line.
const MARK: &str = "#~ ";

/// Returns what can be read of Markdown on a page.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES
}

/// What the info string of a fenced block says: `LANGUAGE ROLE [file=PATH]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Info {
    /// The language of the text.
    pub(super) language: String,
    /// What the text is to a test.
    pub(super) role: Role,
    /// The file that the text is.
    pub(super) file: Option<String>,
}

/// What a block is to a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Something is reported on it.
    Bad,
    /// Nothing is reported on it.
    Good,
    /// One side of a change.
    Before,
    /// The other side.
    After,
    /// What is reported.
    Findings,
    /// What a fix changes.
    Fix,
    /// What is understood.
    Model,
    /// `slo.toml`.
    Config,
    /// `metrics.yaml`.
    Metrics,
    /// CODEOWNERS.
    Owners,
    /// The baseline.
    Baseline,
    /// The author, the message and the paths of a commit.
    Commit,
    /// Nothing is committed.
    Staged,
    /// The clock.
    Now,
    /// Nothing that a reader has to be told.
    Other,
}

impl Info {
    /// Reads an info string.
    pub(super) fn of(info: &str) -> Self {
        let mut words = info.split_whitespace();
        let language = words.next().unwrap_or_default();
        let role = match (language, words.next().unwrap_or_default()) {
            ("findings", _) => Role::Findings,
            (_, "bad") => Role::Bad,
            (_, "good") => Role::Good,
            (_, "before") => Role::Before,
            (_, "after") => Role::After,
            (_, "fix") => Role::Fix,
            (_, "config") => Role::Config,
            (_, "metrics") => Role::Metrics,
            (_, "owners") => Role::Owners,
            (_, "baseline") => Role::Baseline,
            (_, "model") => Role::Model,
            (_, "commit") => Role::Commit,
            (_, "staged") => Role::Staged,
            (_, "now") => Role::Now,
            _ => Role::Other,
        };
        let language = if role == Role::Findings { "text" } else { language };
        let file = words.find_map(|word| word.strip_prefix("file="));
        Self { language: language.to_owned(), role, file: file.map(str::to_owned) }
    }

    /// Returns what is said above the block.
    ///
    /// * `previous`: the block that stands directly above it, if one does.
    pub(super) fn lead(&self, previous: Option<&Self>) -> Option<String> {
        let what = match self.role {
            // What is wrong is the baseline.
            Role::Bad if previous.is_some_and(|above| above.role == Role::Baseline) => {
                "And this definition"
            }
            Role::Bad => "Bad",
            Role::Good => "Good",
            Role::Before => "Before",
            Role::After => "After",
            Role::Findings => "What is reported",
            Role::Fix => "What the fix changes",
            Role::Model => "What is understood",
            Role::Config => "With this in `slo.toml`",
            Role::Metrics => "With this in `metrics.yaml`",
            Role::Owners => "With this in `CODEOWNERS`",
            Role::Baseline => "With this in `slo-baseline.toml`",
            Role::Commit => "With this commit",
            Role::Staged => "With nothing committed yet",
            Role::Now => "At this instant",
            Role::Other => return None,
        };
        let goes_on = |other: &Self| other.role == self.role && other.file.is_some();
        Some(match &self.file {
            Some(file) if previous.is_some_and(goes_on) => format!("And `{file}`:"),
            Some(file) => format!("{what}, `{file}`:"),
            None => format!("{what}:"),
        })
    }
}

/// Returns a line without its mark, and the gravest level that the mark names.
pub(super) fn unmarked(line: &str) -> (&str, Option<Level>) {
    let Some((text, marks)) = line.split_once(MARK) else { return (line, None) };
    let level = |mark: &str| {
        let name = mark.split('[').next().unwrap_or_default();
        [Level::Error, Level::Warning, Level::Info].into_iter().find(|level| level.name() == name)
    };
    (text.trim_end(), marks.split_whitespace().filter_map(level).max())
}

/// Returns a page without the marks of tests; what a block is stands above it in words.
pub(super) fn cleaned(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    let mut done = 0;
    let mut previous: Option<(Info, usize)> = None;
    for (event, range) in Parser::new_ext(page, options()).into_offset_iter() {
        let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = event else { continue };
        let (before, block) = (page.get(done..range.start), page.get(range.clone()));
        let (Some(before), Some(block)) = (before, block) else { continue };
        let info = Info::of(&info);
        text.push_str(before);
        let is_next =
            |end: usize| page.get(end..range.start).is_some_and(|gap| gap.trim().is_empty());
        let above = previous.as_ref().filter(|(_, end)| is_next(*end)).map(|(info, _)| info);
        if let Some(lead) = info.lead(above) {
            let margin = before.rsplit('\n').next().unwrap_or_default();
            text.push_str(&format!("{lead}\n\n{margin}"));
        }
        push_block(&mut text, block, &info);
        done = range.end;
        previous = Some((info, range.end));
    }
    text.push_str(page.get(done..).unwrap_or_default());
    text
}

/// Appends a fenced block: its fence names the language alone.
fn push_block(text: &mut String, block: &str, info: &Info) {
    for (number, line) in block.split_inclusive('\n').enumerate() {
        let (content, end) = match line.strip_suffix('\n') {
            Some(content) => (content, "\n"),
            None => (line, ""),
        };
        let content = if number == 0 {
            let fence = content.len() - content.trim_start_matches(['`', '~']).len();
            text.push_str(content.get(..fence).unwrap_or_default());
            info.language.as_str()
        } else {
            unmarked(content).0
        };
        text.push_str(content);
        text.push_str(end);
    }
}

#[cfg(test)]
mod tests;
