//! The root of what is judged, and its configuration.

use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::config;
use crate::config::Config;
use crate::config::owners;
use crate::config::owners::CodeOwners;
use crate::git;
use crate::lint::RuleSet;
use crate::source::LineIndex;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Span;

use super::arguments::Global;
use super::arguments::RuleOptions;
use super::error::Error;

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
        let path = match &global.config {
            Some(path) => Some(absolute(path)?),
            None => find_config(&start, top.as_deref()),
        };
        let root = match (&global.config, &path) {
            (None, Some(path)) => path.parent().map(Path::to_owned),
            _ => None,
        };
        let root = root.or(top).unwrap_or(start);
        let file = path.map(|path| read_config(&path, &root)).transpose()?;
        let config = file.as_ref().map(decode).transpose()?.unwrap_or_default();
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
    pub(super) fn code_owners(&self) -> CodeOwners {
        let mut files = owners::PLACES.iter().map(|place| self.root.join(place));
        let text = files.find_map(|file| fs::read(file).ok()).unwrap_or_default();
        read_code_owners(text)
    }

    /// Chooses the rules by the configuration and the command line.
    pub(super) fn rules(&self, options: &RuleOptions) -> Result<RuleSet, Error> {
        let choice = options.choice();
        let (rules, unknown) = RuleSet::new(&self.config.rules, &choice);
        let Some(first) = unknown.into_iter().next() else {
            return Ok(rules);
        };
        let hint = match first.nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "`slo rules` lists the rules".to_owned(),
        };
        let message = format!("there is no rule `{}`", first.name);
        Err(match (first.span, &self.file) {
            (Some(span), Some(file)) => wrong(file, span, message, Some(hint)),
            _ => Error::Usage { message, hint: Some(hint) },
        })
    }
}

/// Opens the repository that holds the folder named by `--repo`.
pub(super) fn repository(global: &Global) -> Result<git::Repository, Error> {
    Ok(git::Repository::discover(&absolute(&global.repo)?)?)
}

/// Makes the folder of the trusted tree's `slo.toml` the root of what is judged; the whole
/// repository where there is none from `--repo` upwards.
///
/// The head has no say in it: a `slo.toml` that it adds or moves changes no root.
pub(super) fn at_trusted_root(
    global: &Global,
    repository: git::Repository,
    trusted: git::id::CommitId,
) -> Result<(git::Repository, PathBuf), Error> {
    let start = absolute(&global.repo)?;
    let top = repository.worktree().map_or_else(|| start.clone(), Path::to_owned);
    let mut folder = repository.relative(&start).unwrap_or_default();
    loop {
        let path = match folder.as_str() {
            "" => config::FILE_NAME.to_owned(),
            folder => format!("{folder}/{}", config::FILE_NAME),
        };
        if folder.is_empty() || super::snapshot::bytes(&repository, trusted, &path)?.is_some() {
            let root = top.join(&folder);
            return Ok((repository.at_root(&folder)?, root));
        }
        folder = folder.rsplit_once('/').map(|(parent, _)| parent.to_owned()).unwrap_or_default();
    }
}

/// Reads CODEOWNERS; a line that cannot be read owns nothing, as on the forge.
pub(super) fn read_code_owners(mut bytes: Vec<u8>) -> CodeOwners {
    bytes.truncate(owners::MAX_BYTES);
    CodeOwners::parse(&String::from_utf8_lossy(&bytes)).0
}

/// Returns an error at a place of `slo.toml`.
fn wrong(file: &Source, span: Span, message: String, hint: Option<String>) -> Error {
    let position = Some(LineIndex::new(&file.text).position(span.start as usize));
    Error::Config { message, path: file.path.clone(), position, hint }
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
    let failed =
        |source: io::Error| Error::Io { action: "open", path: path.display().to_string(), source };
    let joined = env::current_dir().map_err(failed)?.join(path);
    Ok(joined.canonicalize().unwrap_or(joined))
}

/// Looks for the configuration from a folder upwards, at most to the top of the repository.
fn find_config(start: &Path, top: Option<&Path>) -> Option<PathBuf> {
    let folders = start.ancestors();
    for folder in folders {
        let path = folder.join(config::FILE_NAME);
        if path.is_file() {
            return Some(path);
        }
        if top.is_none_or(|top| folder == top) {
            return None;
        }
    }
    None
}

fn read_config(path: &Path, root: &Path) -> Result<Source, Error> {
    let failed =
        |source: io::Error| Error::Io { action: "read", path: path.display().to_string(), source };
    let bytes = fs::read(path).map_err(failed)?;
    let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
    Ok(Source::decode(shown.replace('\\', "/"), bytes, Origin::Worktree))
}
