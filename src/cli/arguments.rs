//! What can be said on the command line. The doc comments are the help.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::Arg;
use clap::Args;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use clap::builder::StringValueParser;
use clap::builder::TypedValueParser;
use jiff::Timestamp;

use crate::config::FailOn;
use crate::convert::policies;
use crate::finding::Level;
use crate::lint::Choice;
use crate::report::Format;
use crate::report::Target;
use crate::rules;
use crate::rules::Set;

/// What the end of a run means, the same for every command and format.
const EXIT_CODES: &str = "\
Exit codes:
  0  Nothing at or above `--fail-on` is found, and the gate passes or warns
  1  Something is found at or above it, or a known fact blocks
  2  The command line, `slo.toml`, the baseline or the policy is wrong
  3  Something unknown blocks, or nothing could be read";

/// Lint service level objectives kept as code, and hold changes to their error budgets
#[derive(Debug, Parser)]
#[command(name = "slo", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Read the repository that holds this folder
    #[arg(long, global = true, value_name = "DIR", default_value = ".", hide_default_value = true)]
    pub(super) repo: PathBuf,
    /// Read this file instead of `slo.toml` at the root
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Color the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Color,
    /// Leave out remarks on standard error that are no errors, and the summary of `slo lint`
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say on standard error how many files are read and which are passed over
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Report findings on SLO definitions and policies
    Lint(LintOptions),
    /// Lint a change, measure the budgets it touches, apply the policy: pass or block
    Gate(GateOptions),
    /// Show where every error budget stands now
    Budget(BudgetOptions),
    /// Show what differs between two commits, in objectives, alerts and policies
    Diff(DiffOptions),
    /// Show how one SLO changed through history: targets, windows, indicators, alerts
    Log(LogOptions),
    /// Explain rules, each with a bad and a good example
    Explain(ExplainOptions),
    /// List the rules, their levels, and where each level was set
    Rules(RulesOptions),
    /// Print another tool's error budget policies as those of this one
    Import(ImportOptions),
    /// Print the SLOs of a file in another format, and what that has no place for
    Convert(ConvertOptions),
    /// Print completions for a shell
    Completions(CompletionsOptions),
}

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct LintOptions {
    /// Report only what stands below these paths; a file is read even where git ignores it or
    /// `[files]` leaves it out; `-` reads standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Take standard input to be what this file is about to hold: it is judged in the file's place
    #[arg(long, value_name = "PATH")]
    pub(super) stdin_filename: Option<PathBuf>,
    /// Report only what this commit, or where the branch left it, does not have
    #[arg(long, value_name = "REV", conflicts_with_all = ["fix", "write_baseline", "prune_baseline"])]
    pub(super) since: Option<String>,
    /// Lint what is staged, and report only what the last commit does not have
    #[arg(long, conflicts_with_all = ["fix", "write_baseline", "prune_baseline", "stdin_filename"])]
    pub(super) staged: bool,
    /// Lint the tree of this commit, without a checkout
    #[arg(
        long,
        value_name = "REV",
        conflicts_with_all = ["staged", "fix", "write_baseline", "prune_baseline", "stdin_filename"]
    )]
    pub(super) rev: Option<String>,
    #[command(flatten)]
    pub(super) rules: RuleOptions,
    /// Apply safe fixes, or with `=unsafe` also those that may change what is meant
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "safe")]
    pub(super) fix: Option<FixKind>,
    /// Fail on findings of this level or above [default: that of `[gate]`, else error]
    #[arg(long, value_name = "LEVEL")]
    pub(super) fail_on: Option<FailLevel>,
    #[command(flatten)]
    pub(super) baseline: BaselineOptions,
    #[command(flatten)]
    pub(super) output: OutputOptions,
    #[command(flatten)]
    pub(super) clock: ClockOptions,
    /// Leave out what `[files]` leaves out, even where PATH names it
    #[arg(long)]
    pub(super) force_exclude: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Each step becomes a tier. One that freezes lets `reliability-fix` and `security` changes pass.

Standard output is YAML, and standard error says where what stands that has no counterpart.

Exit codes:
  0  Policies are written
  1  No step of any policy can be read
  2  The command line is wrong, or the file holds no policy")]
pub(super) struct ImportOptions {
    /// The shared configuration of slo-generator, with `error_budget_policies`
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// What a step does to a change: open, warn or freeze; else a step that speaks of a freeze freezes, and any
    /// other warns
    #[arg(long = "gate", value_name = "STEP=GATE", value_parser = gate)]
    pub(super) gates: Vec<(String, String)>,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Standard output is YAML, and standard error says where what stands that is dropped or written in another way.

Exit codes:
  0  Every SLO of the file is written
  1  Some SLO has no counterpart in the other format
  2  The command line is wrong, or the file holds no SLO")]
pub(super) struct ConvertOptions {
    /// The file that holds the SLOs, in any format that is read
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The format to write
    #[arg(long, value_name = "FORMAT")]
    pub(super) to: Dialect,
}

/// A format that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Dialect {
    /// `openslo/v1`
    Openslo,
    /// `prometheus/v1`, the files of Sloth
    Sloth,
    /// `pyrra.dev/v1alpha1`
    Pyrra,
}

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct GateOptions {
    /// Compare with this revision instead of what the event or the default branch says
    #[arg(long, value_name = "REV")]
    pub(super) base: Option<String>,
    /// Judge the whole tree as one release, every service in scope
    #[arg(long)]
    pub(super) all: bool,
    /// Read the event of the forge from this file
    #[arg(long, value_name = "FILE")]
    pub(super) event: Option<PathBuf>,
    /// Take the pull request to have this label; may be given several times
    #[arg(long = "label", value_name = "LABEL")]
    pub(super) labels: Vec<String>,
    /// Measure with this backend of `slo.toml`, whatever the definitions name
    #[arg(long, value_name = "NAME")]
    pub(super) backend: Option<String>,
    /// Never fetch a missing commit
    #[arg(long)]
    pub(super) no_fetch: bool,
    /// Leave the comment on the pull request as it is
    #[arg(long)]
    pub(super) no_comment: bool,
    #[command(flatten)]
    pub(super) rules: RuleOptions,
    /// Fail on findings of this level or above [default: that of `[gate]`, else error]
    #[arg(long, value_name = "LEVEL")]
    pub(super) fail_on: Option<FailLevel>,
    #[command(flatten)]
    pub(super) output: OutputOptions,
    #[command(flatten)]
    pub(super) clock: ClockOptions,
}

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct BudgetOptions {
    /// Show only these SLOs, by name or as SERVICE/NAME
    #[arg(value_name = "SLO")]
    pub(super) slos: Vec<String>,
    /// Measure with this backend of `slo.toml`, whatever the definitions name
    #[arg(long, value_name = "NAME")]
    pub(super) backend: Option<String>,
    /// Write the counts to this file as recorded measurements
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output: OutputOptions,
    #[command(flatten)]
    pub(super) clock: ClockOptions,
}

#[derive(Args, Debug)]
#[command(after_help = "\
`BASE..HEAD` is the same as both, and `BASE...HEAD` compares HEAD with where it left BASE.

Without HEAD the files count as they lie there, saved and not committed. Without BASE they are compared with
where the branch left the default branch, and on the default branch with its last commit.

Exit codes:
  0  The comparison is written
  1  Something differs, with `--exit-code`
  2  The command line or `slo.toml` is wrong
  3  A commit or the repository cannot be read")]
pub(super) struct DiffOptions {
    /// The commit to compare with
    #[arg(value_name = "BASE")]
    pub(super) base: Option<String>,
    /// The commit that is compared
    #[arg(value_name = "HEAD")]
    pub(super) head: Option<String>,
    /// Compare what is staged, with the last commit unless BASE is given
    #[arg(long, conflicts_with = "head")]
    pub(super) staged: bool,
    /// List what changes nothing, too: files that moved, queries in other words
    #[arg(long)]
    pub(super) all: bool,
    /// End with 1 where something differs
    #[arg(long)]
    pub(super) exit_code: bool,
    #[command(flatten)]
    pub(super) output: OutputOptions,
}

#[derive(Args, Debug)]
pub(super) struct BaselineOptions {
    /// Write what is found to `slo-baseline.toml`: from then on only what is new is reported
    #[arg(long, conflicts_with = "no_baseline")]
    pub(super) write_baseline: bool,
    /// Drop from `slo-baseline.toml` what is not found any more, and add nothing
    #[arg(long, conflicts_with_all = ["no_baseline", "write_baseline"])]
    pub(super) prune_baseline: bool,
    /// Report what `slo-baseline.toml` holds, too
    #[arg(long)]
    pub(super) no_baseline: bool,
}

#[derive(Args, Debug)]
pub(super) struct RuleOptions {
    /// Choose the rules of this set [default: that of `[rules]`, else recommended]
    #[arg(long, value_name = "SET")]
    pub(super) set: Option<SetName>,
    /// Choose only this rule; may be given several times
    #[arg(long = "rule", value_name = "RULE", value_parser = Names::OfRules, hide_possible_values = true)]
    pub(super) rules: Vec<String>,
}

#[derive(Args, Debug)]
pub(super) struct OutputOptions {
    /// Write the report as terminal (the default), concise, json, sarif, github, markdown, gitlab or
    /// junit; to a file with `=FILE`, whose folder is made where it is missing; may be given several
    /// times
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = target)]
    pub(super) format: Vec<Target>,
}

#[derive(Args, Debug)]
pub(super) struct ClockOptions {
    /// Take this instant for now, such as 2026-11-22T09:00:00Z
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(super) now: Option<Timestamp>,
}

#[derive(Args, Debug)]
pub(super) struct ExplainOptions {
    /// The names of rules, or of a family for all of its rules in short
    #[arg(value_name = "RULE", value_parser = Names::OfRulesAndFamilies, hide_possible_values = true)]
    pub(super) names: Vec<String>,
    /// Write the pages for a terminal, as Markdown for a wiki, or as JSON; of a family, Markdown and
    /// JSON hold every page
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    pub(super) format: PageFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PageFormat {
    Terminal,
    Markdown,
    Json,
}

#[derive(Args, Debug)]
pub(super) struct RulesOptions {
    /// List only these rules, or those of these families
    #[arg(value_name = "RULE", value_parser = Names::OfRulesAndFamilies, hide_possible_values = true)]
    pub(super) names: Vec<String>,
    /// List only the rules of this family; may be given several times
    #[arg(long = "family", value_name = "FAMILY", value_parser = Names::OfRulesAndFamilies, hide_possible_values = true)]
    pub(super) families: Vec<String>,
    #[command(flatten)]
    pub(super) rules: RuleOptions,
    /// Write the list for a terminal or as JSON
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    pub(super) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    Terminal,
    Json,
}

#[derive(Args, Debug)]
pub(super) struct LogOptions {
    /// The SLO: its name, `service/name` or `namespace/name`; one that is gone is found as well, and one that has
    /// another name since
    #[arg(value_name = "SLO")]
    pub(super) slo: String,
    /// The last commit that is looked at; the one that is checked out, unless another is named
    #[arg(value_name = "REV")]
    pub(super) rev: Option<String>,
    /// List each part of the SLO with the commit that made it what it is
    #[arg(long)]
    pub(super) blame: bool,
    /// Show queries that are written otherwise and mean the same, too
    #[arg(long)]
    pub(super) all: bool,
    /// Write for a terminal, as Markdown, or as JSON
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    pub(super) format: PageFormat,
}

#[derive(Args, Debug)]
pub(super) struct CompletionsOptions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SetName {
    Recommended,
    Strict,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FixKind {
    Safe,
    Unsafe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailLevel {
    Error,
    Warning,
    Info,
    Never,
}

impl RuleOptions {
    /// Returns what the command line asks for.
    pub(super) fn choice(&self) -> Choice {
        let set = self.set.map(|set| match set {
            SetName::Recommended => Set::Recommended,
            SetName::Strict => Set::Strict,
            SetName::All => Set::All,
        });
        Choice { set, only: self.rules.clone() }
    }
}

impl FailLevel {
    /// Returns the level as the configuration names it.
    pub(super) fn lowest(self) -> FailOn {
        match self {
            Self::Error => FailOn::At(Level::Error),
            Self::Warning => FailOn::At(Level::Warning),
            Self::Info => FailOn::At(Level::Info),
            Self::Never => FailOn::Never,
        }
    }
}

impl Arguments {
    /// Returns the formats of reports that were asked for.
    pub(super) fn formats(&self) -> &[Target] {
        const JSON: &[Target] = &[Target { format: Format::Json, file: None }];
        match &self.command {
            Command::Lint(options) => &options.output.format,
            Command::Gate(options) => &options.output.format,
            Command::Budget(options) => &options.output.format,
            Command::Diff(options) => &options.output.format,
            Command::Explain(options) if options.format == PageFormat::Json => JSON,
            Command::Log(options) if options.format == PageFormat::Json => JSON,
            Command::Rules(options) if options.format == ListFormat::Json => JSON,
            _ => &[],
        }
    }
}

/// Names that a shell completes. Any other one is refused by whoever knows what it would be.
#[derive(Clone, Copy, Debug)]
enum Names {
    OfRules,
    OfRulesAndFamilies,
}

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        // Every shell has its own idea of what a backtick does.
        let summary = |rule: &rules::Rule| rule.summary().replace('`', "");
        let rules = rules::all().map(move |rule| PossibleValue::new(rule.name).help(summary(rule)));
        let families: &[_] = match self {
            Self::OfRules => &[],
            Self::OfRulesAndFamilies => rules::FAMILIES,
        };
        let family = |(family, _): &(&'static str, _)| {
            PossibleValue::new(*family).help("The rules of this family")
        };
        Some(Box::new(rules.chain(families.iter().map(family))))
    }
}

fn target(text: &str) -> Result<Target, String> {
    text.parse::<Target>().map_err(|error| format!("{error}; {}", error.hint()))
}

fn gate(text: &str) -> Result<(String, String), String> {
    let known = policies::GATES.join(", ");
    let (step, gate) = text.rsplit_once('=').ok_or("write `STEP=GATE`")?;
    if !policies::GATES.contains(&gate) {
        return Err(format!("a gate is one of {known}"));
    }
    Ok((step.to_owned(), gate.to_owned()))
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let example = "an instant has a date, a time and an offset, such as 2026-11-22T09:00:00Z";
    text.parse().map_err(|_| example.to_owned())
}
