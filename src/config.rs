//! `slo.toml`: what to lint, at which levels, with which backends, for whom; CODEOWNERS; and the
//! baseline.
//!
//! Everything has a default, so [`Config::default`] is a repository without the file. Reading
//! answers the configuration that was understood together with every [`Problem`]; each of them
//! makes the run exit with 2.
//!
//! **Invariant:** `config` knows no rule and reaches nothing outside. The name of a rule is text,
//! a rule's own settings arrive as [`Value`] and are read by the rule, and a `${NAME}` stays as
//! written until a caller hands the environment to [`expand`].
//!
//! # Why
//!
//! The document is decoded by hand instead of through `serde`: a derived reader stops at the first
//! mistake and forgets where the other keys stand, while a person wants every mistake of the file,
//! each at its own place with the key that was meant.

use std::collections::BTreeMap;

use toml::de::DeTable;

use crate::globs::Globs;
use crate::quantity::Duration;
use crate::quantity::Unit;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Span;
use crate::source::Spanned;
use crate::source::Unreadable;

mod backend;
pub mod baseline;
mod decode;
mod expand;
mod gate;
mod metrics;
mod nearest;
pub mod owners;
mod paths;
mod people;
mod rules;
mod tables;
mod value;

pub use backend::AddressFault;
pub use backend::Backend;
pub use backend::NoBackend;
pub use backend::PROMETHEUS;
pub use backend::RECORDED;
pub use backend::address_fault;
pub use expand::MissingVariable;
pub use expand::expand;
pub use expand::variable;
pub use gate::Comment;
pub use gate::FailOn;
pub use gate::Gate;
pub use metrics::METRICS_FILE;
pub use metrics::Metrics;
pub use paths::stays_inside;
pub use rules::ENTRY_KEYS;
pub use rules::LevelSetting;
pub use rules::RuleEntry;
pub use rules::RuleSetName;
pub use rules::Rules;
pub use value::Value;

/// The name of the configuration file, at the root of what is judged.
pub const FILE_NAME: &str = "slo.toml";

/// The exports whose limits are known; any other name is one whose are not.
pub const EXPORTS: [&str; 3] = ["datadog", "google-cloud-monitoring", "sloth"];

/// What `slo.toml` says, defaults filled in.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `[files]`: which files are read.
    pub files: Files,
    /// `[rules]`: which rules run, at which level, with which settings.
    pub rules: Rules,
    /// `[backend.NAME]`: where good and valid events are measured, by name.
    pub backends: BTreeMap<String, Backend>,
    /// `[services]`: the paths that belong to each service.
    pub services: BTreeMap<String, Globs>,
    /// `[owners]`: the logins, teams and mail addresses that hold each role.
    pub owners: BTreeMap<String, Vec<String>>,
    /// `[response]`: how long people take.
    pub response: Response,
    /// `[alerting]`: the words of a team for who is woken and who is not.
    pub alerting: Alerting,
    /// `[gate]`: how `slo gate` behaves.
    pub gate: Gate,
    /// `[metrics] file`: the file that declares metrics, where it is named; [`METRICS_FILE`] else.
    pub metrics_file: Option<Spanned<String>>,
    /// What that file declares. [`Config::parse`] does not read it: the caller does.
    pub metrics: Metrics,
    /// `[reference] external`: names of objects that another repository owns.
    pub external: Vec<String>,
    /// `exports`: backends that the definitions are exported to.
    pub exports: Vec<String>,
}

/// `[files]`: which files are read, by globs from the root; and what they mean that do not say it.
#[derive(Clone, Debug)]
pub struct Files {
    /// The files that may hold definitions; empty means every file.
    pub include: Globs,
    /// The files that are passed over, whatever `include` says.
    pub exclude: Globs,
    /// The files that are templates, which are passed over and counted.
    pub templates: Globs,
    /// The folders that are sets of definitions of their own: nothing reads two of them together, but
    /// what stands in one inside another sees the outer one, too.
    pub overlays: Globs,
    /// `[sloth] window`: the window of Sloth files, which do not state one; 30 days by default.
    pub sloth_window: Duration,
}

/// The folders that are sets of definitions of their own, unless `slo.toml` names others.
const OVERLAYS: [&str; 10] = [
    "**/overlays/*",
    "**/environments/*",
    "**/envs/*",
    "**/env/*",
    "**/production",
    "**/prod",
    "**/staging",
    "**/stg",
    "**/development",
    "**/dev",
];

impl Default for Files {
    fn default() -> Self {
        Self {
            include: Globs::default(),
            exclude: Globs::default(),
            templates: Globs::default(),
            overlays: Globs::of_folders(OVERLAYS).unwrap_or_default(),
            sloth_window: Duration::new(30, Unit::Day),
        }
    }
}

impl Files {
    /// Returns the innermost folder of a path that is a set of definitions of its own.
    pub fn overlay<'a>(&self, path: &'a str) -> Option<&'a str> {
        let ends = path.rmatch_indices('/').map(|(end, _)| end);
        ends.filter_map(|end| path.get(..end)).find(|folder| self.overlays.matches(folder))
    }

    /// Returns whether `include` and `exclude` let a path be read.
    pub fn is_read(&self, path: &str) -> bool {
        (self.include.is_empty() || self.include.matches(path)) && !self.exclude.matches(path)
    }
}

/// `[response]`: how long people take to notice and to repair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// `ettd`, the estimated time to detect.
    pub ettd: Option<Duration>,
    /// `ettr`, the estimated time to resolve.
    pub ettr: Option<Duration>,
}

/// `[alerting]`: the words of a team, beside those that everybody reads alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alerting {
    /// `page`: the severities that wake somebody.
    pub page: Vec<String>,
    /// `ticket`: the severities that wait.
    pub ticket: Vec<String>,
    /// `pagers`: the notification targets that wake somebody.
    pub pagers: Vec<String>,
    /// `tickets`: the notification targets where it waits.
    pub tickets: Vec<String>,
}

/// One thing in `slo.toml` that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The characters that are wrong.
    pub span: Span,
    /// What is wrong; lowercase, no full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// Returns the problem that a table has a key that nobody knows.
    ///
    /// * `table`: how messages call it.
    pub fn unknown_key(key: &str, span: Span, table: &str, known: &[&str]) -> Self {
        let message = format!("unknown key `{}` in {table}", decode::short(key));
        Self { span, message, hint: Some(decode::meant(key, known)) }
    }
}

impl Config {
    /// Reads `slo.toml`.
    ///
    /// What could be read is in the configuration; what could not keeps its default and is a
    /// problem. A file that is not TOML gives the defaults and one problem. Problems are in the
    /// order of the file.
    pub fn parse(id: SourceId, source: &Source) -> (Self, Vec<Problem>) {
        if let Some(why) = &source.unreadable {
            return (Self::default(), vec![unreadable(id, why)]);
        }
        match DeTable::parse(&source.text) {
            Ok(document) => tables::decode(id, document.get_ref()),
            Err(error) => (Self::default(), vec![syntax(id, source, &error)]),
        }
    }

    /// Returns the roles that hold a person or a team, by name.
    ///
    /// * `member`: a login or a team, with or without its `@`, or a mail address; compared without
    ///   regard to case.
    pub fn roles_of(&self, member: &str) -> impl Iterator<Item = &str> {
        self.owners
            .iter()
            .filter(move |(_, members)| people::holds(members, member))
            .map(|(role, _)| role.as_str())
    }

    /// Returns whether `[owners]` knows a name, as a role or as a member of one.
    pub fn knows_owner(&self, name: &str) -> bool {
        self.owners.contains_key(name) || self.roles_of(name).next().is_some()
    }
}

/// Says why the bytes of the file are not text.
fn unreadable(id: SourceId, why: &Unreadable) -> Problem {
    let (at, message) = match why {
        Unreadable::WideEncoding => (0, "the file is UTF-16 or UTF-32, not UTF-8".to_owned()),
        Unreadable::NotUtf8 { offset } => {
            (*offset, format!("the file is not UTF-8 from byte {offset} on"))
        }
        Unreadable::NotReadable { reason } => (0, format!("the file cannot be read: {reason}")),
        Unreadable::TooLarge { bytes } => {
            (0, format!("the file of {bytes} bytes is too large to be read"))
        }
    };
    Problem { span: Span::new(id, at, at), message, hint: None }
}

/// Says where the file stops being TOML.
fn syntax(id: SourceId, source: &Source, error: &toml::de::Error) -> Problem {
    let end = source.text.len();
    let range = error.span().unwrap_or(end..end);
    Problem {
        span: Span::new(id, range.start.min(end), range.end.min(end)),
        message: format!("not TOML: {}", error.message()),
        hint: None,
    }
}

#[cfg(test)]
mod tests;
