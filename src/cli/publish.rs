//! Tells GitHub Actions what the gate decided: the log, annotations, the job summary, the step's
//! outputs, the comment on the pull request.
//!
//! **Invariant:** nothing here changes how a run ends. What cannot be published is said in one line
//! and in one annotation, and the job summary has carried the report by then.
//!
//! # Why
//!
//! *Annotations.* They follow the report on standard output. Whoever asks for another format there
//! gets that format and nothing else, and annotations go to standard error, which the runner reads as
//! well; whoever asks for `github`, there or in a file, gets it once.
//!
//! *The address of the API.* `GITHUB_API_URL` comes from the runner, who sets it for every step anew;
//! neither a file of the change nor an earlier step can. So does `GITHUB_REPOSITORY`, which is asked
//! before the event, since a workflow may have been handed an event file by a fork.
//!
//! # Source
//!
//! GitHub Docs, "Workflow commands for GitHub Actions"; `actions/runner`, `ActionCommand.cs` and
//! `ScriptHandler.cs`.

use std::env;
use std::error::Error as StdError;
use std::fs;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::path::PathBuf;

use crate::config::Comment as When;
use crate::config::Gate;
use crate::forge;
use crate::forge::Token;
use crate::forge::body;
use crate::forge::comment;
use crate::forge::comment::Mode;
use crate::forge::comment::Pace;
use crate::forge::comment::Published;
use crate::forge::comment::Target;
use crate::forge::event::Event;
use crate::forge::event::Kind;
use crate::forge::event::PullRequest;
use crate::forge::event::Repository;
use crate::report;
use crate::report::BudgetTable;
use crate::report::Comment;
use crate::report::Format;
use crate::report::Outcome;
use crate::report::Report;
use crate::report::Style;
use crate::report::VerdictView;
use crate::report::escape;

use super::arguments::GateOptions;
use super::arguments::Global;
use super::error::Error;
use super::output;
use super::runner;

/// The most bytes that the summary of a step is given; a runner drops one above 1 MiB whole.
const LARGEST_SUMMARY: usize = 1_000_000;

/// The fewest bytes for which a summary is still worth writing.
const SMALLEST_SUMMARY: usize = 1_000;

/// How many policies the last line names.
const NAMED_POLICIES: usize = 3;

/// What a run knows of the change it judged and of where it happens.
pub(super) struct Occasion<'a> {
    /// The event that started the run.
    pub(super) event: Option<&'a Event>,
    /// `[gate]` of the trusted configuration.
    pub(super) settings: &'a Gate,
    /// Whether a change was judged, and not a whole tree.
    pub(super) is_change: bool,
    /// The root of what was judged, as seen from the repository; empty for the whole.
    pub(super) root: String,
    /// The full name of the commit that was judged.
    pub(super) head: String,
    /// The short name of the commit whose policies count.
    pub(super) trusted: String,
    /// The files of those policies.
    pub(super) policies: Vec<String>,
}

/// Writes a report where it was asked for and, in a job of GitHub Actions, where the job shows it.
///
/// # Errors
///
/// Only those of the formats that were asked for, standard output included.
pub(super) fn tell(
    global: &Global,
    options: &GateOptions,
    occasion: &Occasion<'_>,
    report: &Report<'_>,
) -> Result<(), Error> {
    if !runner::is_job() {
        return output::render(global, &options.output.format, report);
    }
    let written = output::render(global, &options.output.format, report);
    if written.as_ref().is_err_and(|error| !error.is_closed_pipe()) {
        return written;
    }
    let job = Job { global, options, occasion, report };
    job.annotate();
    job.summarize();
    job.set_outputs();
    job.comment();
    written
}

/// Tells a job of GitHub Actions why a run ended before it could decide.
pub(super) fn refused(options: &GateOptions, error: &Error) {
    if !runner::is_job() {
        return;
    }
    let message = told(error, error.hint().as_deref());
    let place = error.place().map(|(path, position)| {
        let line = position.map(|position| format!(",line={}", position.line));
        format!(",file={}{}", property(path), line.unwrap_or_default())
    });
    send(options, &command("error", &place.unwrap_or_default(), &message));
    // Indented text is code: nothing in it is a mention or a mark.
    let text = format!("### ⛔ Not judged\n\n    {}\n", escape::line(&message));
    let _ = append("GITHUB_STEP_SUMMARY", &text);
    let _ = append("GITHUB_OUTPUT", &output_line("exit-code", &error.exit().code().to_string()));
}

/// Draws a report into a text.
fn drawn(format: Format, report: &Report<'_>, style: &Style) -> String {
    let mut text = Vec::new();
    report::render(format, report, style, &mut text).expect("a vector takes every byte");
    String::from_utf8_lossy(&text).into_owned()
}

/// Writes commands for the runner to the stream that nobody else owns.
fn send(options: &GateOptions, commands: &str) {
    let mut targets = options.output.format.iter().filter(|target| target.file.is_none());
    let is_free = targets.all(|target| matches!(target.format, Format::Terminal | Format::Github));
    // Without annotations the report still stands in the log, in the summary and in the exit code.
    let _ = if is_free {
        output::write(&mut io::stdout().lock(), commands.as_bytes())
    } else {
        output::write(&mut io::stderr().lock(), commands.as_bytes())
    };
}

/// Returns one command for the runner, an annotation of the whole run or of a place.
fn command(kind: &str, place: &str, text: &str) -> String {
    format!("::{kind} title=slo gate{place}::{}\n", escape::line(text).replace('%', "%25"))
}

/// Escapes the value of a command's property.
fn property(text: &str) -> String {
    escape::line(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

/// Returns one output of the step, in the form that takes any value.
fn output_line(name: &str, value: &str) -> String {
    let end = runner::digest(value);
    format!("{name}<<{end}\n{value}\n{end}\n")
}

/// Appends to a file that the runner names; does nothing where it names none.
fn append(name: &str, text: &str) -> io::Result<()> {
    let Some(path) = runner::variable(name).map(PathBuf::from) else { return Ok(()) };
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// A job of GitHub Actions, and what it is told.
struct Job<'a> {
    global: &'a Global,
    options: &'a GateOptions,
    occasion: &'a Occasion<'a>,
    report: &'a Report<'a>,
}

impl Job<'_> {
    fn annotate(&self) {
        let is_covered = self.options.output.format.iter().any(|one| one.format == Format::Github);
        if !is_covered {
            send(self.options, &drawn(Format::Github, self.report, &Style::default()));
        }
    }

    /// Appends the report to the summary of the step, as much of it as a summary holds.
    fn summarize(&self) {
        let Some(path) = runner::variable("GITHUB_STEP_SUMMARY") else { return };
        let used = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let room = LARGEST_SUMMARY.saturating_sub(usize::try_from(used).unwrap_or(usize::MAX));
        if room < SMALLEST_SUMMARY {
            return self.regret("summary", "the step leaves too little room");
        }
        let mut report = self.report.clone();
        let blob = self.blob();
        let footer = footer(self.occasion, report.budgets);
        // The limit of a report counts characters, the runner's counts bytes: at most four each.
        let texts = [room, room / 4].map(|limit| {
            report.comment = Comment {
                marker: None,
                blob: blob.as_deref(),
                footer: footer.clone(),
                limit: Some(limit),
            };
            drawn(Format::Markdown, &report, &Style::default())
        });
        let Some(text) = texts.iter().find(|text| text.len() <= room) else {
            return self.regret("summary", "the step leaves too little room");
        };
        if let Err(error) = append("GITHUB_STEP_SUMMARY", text) {
            self.regret("summary", &error.to_string());
        }
    }

    /// Gives the verdict to the steps that follow.
    fn set_outputs(&self) {
        let Some(verdict) = self.report.verdict else { return };
        let lines = [
            output_line("outcome", verdict.outcome.name()),
            output_line("reason", &verdict.reason),
            output_line("exit-code", &verdict.exit_code.to_string()),
        ];
        if let Err(error) = append("GITHUB_OUTPUT", &lines.concat()) {
            self.regret("outputs", &error.to_string());
        }
    }

    /// Brings the comment on the pull request to what the report says.
    fn comment(&self) {
        let Some(verdict) = self.report.verdict else { return };
        let mode = match self.occasion.settings.comment {
            When::Always => Mode::Always,
            When::OnFailure => Mode::OnFailure,
            When::Never => Mode::Never,
        };
        let Some(request) = self.request() else { return };
        if mode == Mode::Never || self.options.no_comment {
            return;
        }
        let Some(token) = token() else {
            return self.say("no comment is written: SLO_GITHUB_TOKEN and GITHUB_TOKEN are empty");
        };
        let Some(repository) = repository(self.occasion.event) else {
            return self.regret("comment", "neither GITHUB_REPOSITORY nor the event says where");
        };
        match self.publish(&token, repository, request, verdict, mode) {
            Ok(published) => {
                if let Some(author) = &published.other_author {
                    let author = escape::line(author);
                    let text = format!(
                        "the comment was posted as `{author}`, so the next run does not find it and posts another: \
                         set `comment-author` in `[gate]` of `slo.toml` to that name"
                    );
                    self.notice(&text);
                }
                if let (true, Some(url)) = (self.global.verbose, published.url) {
                    self.say(&format!("comment: {url}"));
                }
            }
            Err(error) => self.regret("comment", &told(&error, error.hint())),
        }
    }

    /// Returns the pull request that was judged, if it was one.
    fn request(&self) -> Option<&PullRequest> {
        let event = self.occasion.event.filter(|_| self.occasion.is_change)?;
        match event.kind {
            Kind::PullRequest | Kind::PullRequestTarget => event.pull_request.as_ref(),
            Kind::MergeGroup | Kind::Push | Kind::Other(_) => None,
        }
    }

    fn publish(
        &self,
        token: &str,
        repository: Repository,
        request: &PullRequest,
        verdict: &VerdictView,
        mode: Mode,
    ) -> Result<Published, forge::Error> {
        let settings = self.occasion.settings;
        let job = runner::variable("GITHUB_JOB").unwrap_or_default();
        let target = Target {
            api_url: runner::variable("GITHUB_API_URL").unwrap_or_else(|| USUAL_API.to_owned()),
            owner: repository.owner,
            repo: repository.name,
            number: request.number,
            token: Token::new(token)?,
            author: settings.comment_author.clone().unwrap_or(comment::USUAL_AUTHOR.to_owned()),
            marker: body::marker(&self.occasion.root, &job, &settings.comment_key),
            pace: Pace::default(),
        };
        let mut report = self.report.clone();
        let blob = self.blob();
        let mut footer = footer(self.occasion, report.budgets);
        footer.push("this comment is updated in place".to_owned());
        report.comment = Comment {
            marker: Some(target.marker.as_str()),
            blob: blob.as_deref(),
            footer,
            limit: Some(body::LONGEST),
        };
        let text = drawn(Format::Markdown, &report, &Style::default());
        let failing = verdict.outcome != Outcome::Pass;
        comment::publish(&target, &text, mode, failing, &resolved(&text))
    }

    /// Returns the address below which files of the head can be opened.
    fn blob(&self) -> Option<String> {
        let server = runner::variable("GITHUB_SERVER_URL")?;
        let is_address = server.starts_with("https://") || server.starts_with("http://");
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-_".contains(&byte);
        let repository = repository(self.occasion.event)?;
        let names = format!("{}/{}", repository.owner, repository.name);
        if !is_address || !server.bytes().chain(names.bytes()).all(is_plain) {
            return None;
        }
        // A forge forgets the merge commit that it made for a check; the branch's tip stays.
        let head = self.request().map_or(&self.occasion.head, |request| &request.head_sha);
        let root = match self.occasion.root.as_str() {
            "" => String::new(),
            root => format!("{}/", escape::uri(root)),
        };
        Some(format!("{}/{names}/blob/{head}/{root}", server.trim_end_matches('/')))
    }

    fn say(&self, text: &str) {
        output::say(self.global, text);
    }

    /// Says what could not be published, and why.
    fn regret(&self, what: &str, why: &str) {
        self.notice(&format!("the {what} is not written: {why}"));
    }

    /// Says something in the log and in an annotation.
    fn notice(&self, text: &str) {
        self.say(text);
        send(self.options, &command("notice", "", text));
    }
}

/// The API of github.com.
pub(super) const USUAL_API: &str = "https://api.github.com";

/// Returns the token with which the forge is asked and told, where there is one.
pub(super) fn token() -> Option<String> {
    runner::variable("SLO_GITHUB_TOKEN").or_else(|| runner::variable("GITHUB_TOKEN"))
}

/// Returns the repository that the job belongs to.
pub(super) fn repository(event: Option<&Event>) -> Option<Repository> {
    let named = runner::variable("GITHUB_REPOSITORY");
    let named = named.as_deref().and_then(|name| name.split_once('/'));
    let named = named.filter(|(owner, name)| !owner.is_empty() && !name.is_empty());
    match named {
        Some((owner, name)) => Some(Repository { owner: owner.to_owned(), name: name.to_owned() }),
        None => event?.repository.clone(),
    }
}

/// Returns an error with its causes and what to do about it.
pub(super) fn told(error: &dyn StdError, hint: Option<&str>) -> String {
    let mut parts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(source) = cause {
        parts.push(source.to_string());
        cause = source.source();
    }
    // A door's error speaks for itself through the one that carries it.
    parts.dedup();
    let text = parts.join(": ");
    hint.map_or_else(|| text.clone(), |hint| format!("{text}; {hint}"))
}

/// Returns a report that passes as one that says what it replaces.
fn resolved(text: &str) -> String {
    text.replacen("### ✅ Passed: ", "### ✅ Resolved: ", 1)
}

/// Returns where the report comes from: the policies, the measurements, the program.
fn footer(occasion: &Occasion<'_>, budgets: Option<&BudgetTable>) -> Vec<String> {
    let mut parts = Vec::new();
    let policies = &occasion.policies;
    let named: Vec<String> =
        policies.iter().take(NAMED_POLICIES).map(|path| format!("`{path}`")).collect();
    let word = if policies.len() == 1 { "policy" } else { "policies" };
    let more = policies.len().saturating_sub(NAMED_POLICIES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let base = if occasion.is_change { " (base)" } else { "" };
    let named = if named.is_empty() {
        "no policy".to_owned()
    } else {
        format!("{word} {}{more}", named.join(", "))
    };
    parts.push(format!("{named} at {}{base}", occasion.trusted));
    if let Some(budgets) = budgets
        && let Some(at) = budgets.measured_at
    {
        let backends = budgets.backends.join(", ");
        let backends = if backends.is_empty() { backends } else { format!(" from {backends}") };
        parts.push(format!("measured {}{backends}", at.strftime("%b %-d %H:%M UTC")));
    }
    parts.push(format!("slo {}", env!("CARGO_PKG_VERSION")));
    parts
}
