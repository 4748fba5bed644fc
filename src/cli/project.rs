//! The root of what is judged, and its configuration.

use std::env;
use std::fs;
use std::path::Component;
use std::path::MAIN_SEPARATOR;
use std::path::Path;
use std::path::PathBuf;

use crate::config;
use crate::config::Config;
use crate::config::owners;
use crate::config::owners::CodeOwners;
use crate::config::owners::LineProblem;
use crate::git;
use crate::lint::RuleSet;
use crate::lint::WrongChoice;
use crate::source::LineIndex;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Span;

use super::arguments::Global;
use super::arguments::RuleOptions;
use super::error::Error;
use super::file;
use super::file::Content;
use super::metrics;
use super::output;
use super::snapshot;
use super::snapshot::At;
use super::snapshot::Tracked;

/// A folder with its configuration, in a repository or outside of any.
pub(super) struct Project {
    /// The root of what is judged: the folder of `slo.toml`, else that of the repository.
    pub(super) root: PathBuf,
    /// The configuration.
    pub(super) config: Config,
    /// `slo.toml`, where there is one.
    pub(super) file: Option<Source>,
    /// The repository, where there is one.
    pub(super) repository: Option<git::Repository>,
}

impl Project {
    /// Finds the root and reads the configuration.
    pub(super) fn open(global: &Global) -> Result<Self, Error> {
        let start = absolute(&global.repo)?;
        if !start.is_dir() {
            return Err(Error::Usage {
                message: format!("there is no folder {}", global.repo.display()),
                hint: None,
            });
        }
        let repository = match git::Repository::discover(&start) {
            Ok(repository) => Some(repository),
            Err(git::error::Error::NotARepository { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let top = repository.as_ref().and_then(|repository| repository.worktree());
        let top = top.map(|top| top.canonicalize().unwrap_or_else(|_| top.to_owned()));
        let (root, file) = match &global.config {
            Some(path) => {
                let named = named_below(top.as_deref(), path)?;
                let content = match (&top, &named) {
                    (Some(top), Some(named)) => file::read_below(top, named, MAX_BYTES as u64),
                    // Whoever names a file of their own may keep it behind a link.
                    _ => file::read(&absolute(path)?, MAX_BYTES as u64),
                };
                let shown = named.unwrap_or_else(|| path.display().to_string());
                (top.unwrap_or(start), Some(read_config(shown, content)?))
            }
            None => match find_config(&start, top.as_deref()) {
                Some(root) => {
                    let content = file::read(&root.join(config::FILE_NAME), MAX_BYTES as u64);
                    (root, Some(read_config(config::FILE_NAME.to_owned(), content)?))
                }
                None => (top.unwrap_or(start), None),
            },
        };
        let mut config = file.as_ref().map(decode).transpose()?.unwrap_or_default();
        metrics::of_worktree(&root, &mut config)?;
        let repository = match repository {
            Some(repository) => match repository.relative(&root) {
                Ok(folder) => Some(repository.at_root(&folder)?),
                Err(_) => Some(repository),
            },
            None => None,
        };
        Ok(Self { root, config, file, repository })
    }

    /// Reads who owns which paths, from the first place that has a file; nobody where none has.
    ///
    /// A forge reads the file of the whole repository, whatever folder of it is judged.
    pub(super) fn code_owners(&self, global: &Global) -> CodeOwners {
        let repository = self.repository.as_ref();
        let top = repository.and_then(git::Repository::worktree).unwrap_or(&self.root);
        let folder = repository.map(git::Repository::root).unwrap_or_default();
        for place in owners::PLACES {
            let why = match file::read_below(top, place, owners::MAX_BYTES as u64) {
                Content::Bytes(bytes) => {
                    let (owners, problems) = read_code_owners(&bytes);
                    if let Some(problem) = problems.first().filter(|_| owners.is_empty()) {
                        output::say(global, &format!("passed over {place}: {}", problem.message));
                    }
                    return owners.seen_from(&folder);
                }
                Content::Nothing => continue,
                Content::TooLarge { .. } => {
                    let why = "so large that no forge reads it";
                    output::say(global, &format!("passed over {place}: {why}"));
                    break;
                }
                Content::Other(other) => other.to_string(),
                Content::Unreadable(error) => format!("it cannot be read: {error}"),
            };
            output::say(global, &format!("passed over {place}: {why}"));
        }
        CodeOwners::default()
    }

    /// Chooses the rules by the configuration and the command line.
    pub(super) fn rules(&self, options: &RuleOptions) -> Result<RuleSet, Error> {
        choose(&self.config, self.file.as_ref(), options)
    }
}

/// Chooses the rules by a configuration and the command line.
pub(super) fn choose(
    config: &Config,
    file: Option<&Source>,
    options: &RuleOptions,
) -> Result<RuleSet, Error> {
    let (rules, wrong_choices) = RuleSet::new(&config.rules, &options.choice());
    let Some(WrongChoice { span, message, hint }) = wrong_choices.into_iter().next() else {
        return Ok(rules);
    };
    Err(match (span, file) {
        (Some(span), Some(file)) => wrong(file, span, message, hint),
        _ => Error::Usage { message, hint },
    })
}

/// Opens the repository that holds the folder named by `--repo`, which the head may have removed.
pub(super) fn repository(global: &Global) -> Result<git::Repository, Error> {
    let start = absolute(&global.repo)?;
    let there = start.ancestors().find(|folder| folder.is_dir()).unwrap_or(&start);
    Ok(git::Repository::discover(there)?)
}

/// Makes the folder of the trusted tree's `slo.toml` the root of what is judged; the whole
/// repository where there is none from `--repo` upwards, and with `--config`.
///
/// The head has no say in it: a `slo.toml` that it adds or moves changes no root, and neither does a
/// link that it puts in the place of a folder.
pub(super) fn at_trusted_root(
    global: &Global,
    repository: git::Repository,
    trusted: git::id::CommitId,
) -> Result<(git::Repository, PathBuf), Error> {
    at_root_of(global, repository, Some(trusted))
}

/// The same for any commit; without one, for what is staged.
pub(super) fn at_root_of(
    global: &Global,
    repository: git::Repository,
    commit: Option<git::id::CommitId>,
) -> Result<(git::Repository, PathBuf), Error> {
    let start = absolute(&global.repo)?;
    let top = repository.worktree().map_or_else(|| start.clone(), Path::to_owned);
    let mut folder = match named_below(repository.worktree(), &global.repo)? {
        _ if global.config.is_some() => String::new(),
        Some(folder) => folder,
        None => repository.relative(&start).unwrap_or_default(),
    };
    loop {
        let path = match folder.as_str() {
            "" => config::FILE_NAME.to_owned(),
            folder => format!("{folder}/{}", config::FILE_NAME),
        };
        let stands_there = || -> Result<bool, Error> {
            let limit = MAX_BYTES as u64;
            let at = At::of(&repository, commit)?;
            let found = snapshot::tracked_in(&at.snapshot, &path, limit)?;
            Ok(!matches!(found, Tracked::Nothing))
        };
        if folder.is_empty() || stands_there()? {
            let root = top.join(&folder);
            return Ok((repository.at_root(&folder)?, root));
        }
        folder = folder.rsplit_once('/').map(|(parent, _)| parent.to_owned()).unwrap_or_default();
    }
}

/// Returns the path of the configuration in the trusted tree, from the root of what is judged.
pub(super) fn trusted_config(
    global: &Global,
    repository: &git::Repository,
) -> Result<Option<String>, Error> {
    let Some(path) = &global.config else { return Ok(None) };
    match named_below(repository.worktree(), path)? {
        Some(named) => Ok(Some(named)),
        None => Err(Error::Usage {
            message: format!("{} is not in the repository", path.display()),
            hint: Some("`slo gate` reads the configuration of the base branch".to_owned()),
        }),
    }
}

/// Returns a path as it stands from the root of what is judged, be there such a file or not.
pub(super) fn named_from_root(project: &Project, path: &Path) -> Result<String, Error> {
    let outside = || {
        let message = format!("{} is not below {}", path.display(), project.root.display());
        Error::Usage { message, hint: Some("name the repository with `--repo DIR`".to_owned()) }
    };
    named_below(Some(&project.root), path)?.ok_or_else(outside)
}

/// Returns a path as it is named below the top of the repository, without following a link there.
fn named_below(top: Option<&Path>, path: &Path) -> Result<Option<String>, Error> {
    let mut named = PathBuf::new();
    for part in current_dir()?.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(named.pop()),
            part => named.push(part),
        }
    }
    let Some(top) = top.and_then(|top| top.canonicalize().ok()) else {
        return Ok(None);
    };
    let mut ancestors: Vec<&Path> = named.ancestors().collect();
    ancestors.reverse();
    let outermost =
        ancestors.into_iter().find(|folder| folder.canonicalize().is_ok_and(|it| it == top));
    let below = outermost.and_then(|folder| named.strip_prefix(folder).ok());
    let parts = below.map(|below| below.iter().map(|part| part.to_str()).collect());
    Ok(parts.and_then(|parts: Option<Vec<&str>>| parts).map(|parts| parts.join("/")))
}

/// Reads CODEOWNERS; a line that cannot be read owns nothing, as on the forge.
pub(super) fn read_code_owners(bytes: &[u8]) -> (CodeOwners, Vec<LineProblem>) {
    CodeOwners::parse(&String::from_utf8_lossy(bytes))
}

/// Returns an error at a place of a file, and in which tree that is where it is not the one at hand.
pub(super) fn wrong(file: &Source, span: Span, message: String, hint: Option<String>) -> Error {
    let position = Some(LineIndex::new(&file.text).position(span.start as usize));
    let path = file.path.clone();
    if !matches!(file.origin, Origin::Commit(_)) {
        return Error::Config { message, path, position, hint };
    }
    let message = format!("in the base branch, {message}");
    let there = "mend it there first: until then every run of `slo gate` ends so";
    let hint = match hint {
        Some(hint) if hint.ends_with('?') => format!("{hint} {there}"),
        Some(hint) => format!("{hint}; {there}"),
        None => there.to_owned(),
    };
    Error::Config { message, path, position, hint: Some(hint) }
}

/// Reads the configuration; the first thing that is wrong ends the run.
pub(super) fn decode(file: &Source) -> Result<Config, Error> {
    let (config, problems) = Config::parse(SourceId::default(), file);
    match problems.into_iter().next() {
        None => Ok(config),
        Some(problem) => Err(wrong(file, problem.span, problem.message, problem.hint)),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let joined = current_dir()?.join(path);
    Ok(joined.canonicalize().unwrap_or(joined))
}

fn current_dir() -> Result<PathBuf, Error> {
    let failed = |source| Error::Io { action: "find", path: "the current folder".into(), source };
    env::current_dir().map_err(failed)
}

/// Returns the folder that holds the configuration: the first one from a folder upwards, at most to
/// the top of the repository, in which anything has its name.
fn find_config(start: &Path, top: Option<&Path>) -> Option<PathBuf> {
    for folder in start.ancestors() {
        match fs::symlink_metadata(folder.join(config::FILE_NAME)) {
            Err(error) if file::is_absence(&error) => {}
            _ => return Some(folder.to_owned()),
        }
        if top.is_none_or(|top| folder == top) {
            return None;
        }
    }
    None
}

/// Returns the configuration as it was read; what is no file is no configuration.
///
/// * `path`: how the file is called in what is reported.
fn read_config(path: String, content: Content) -> Result<Source, Error> {
    match content {
        Content::Bytes(bytes) => {
            Ok(Source::decode(path.replace(MAIN_SEPARATOR, "/"), bytes, Origin::Worktree))
        }
        Content::TooLarge { size, .. } => Ok(Source::too_large(path, size, Origin::Worktree)),
        Content::Nothing => {
            Err(Error::Usage { message: format!("there is no file {path}"), hint: None })
        }
        Content::Unreadable(source) => Err(Error::Io { action: "read", path, source }),
        Content::Other(other) => Err(Error::Config {
            message: format!("the configuration is {other}"),
            path,
            position: None,
            hint: Some("put a file in its place, or name one with `--config FILE`".to_owned()),
        }),
    }
}
