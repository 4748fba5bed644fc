//! Finds the files that may hold objects, and reads them.
//!
//! Every tracked file and every untracked one that git does not ignore; outside git, a walk. A file
//! that the command line names is read whatever git or `[files]` says of it, and whatever its name
//! ends in. Links are never followed. A file without a known mark is passed over before it is parsed.

use std::collections::BTreeSet;
use std::path::MAIN_SEPARATOR;
use std::path::Path;

use rayon::prelude::*;

use crate::config::Files;
use crate::dialect;
use crate::git::Repository;
use crate::git::snapshot;
use crate::git::snapshot::FileKind;
use crate::git::snapshot::SnapshotFile;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;

use super::error::Error;
use super::file;
use super::file::Content;
use super::file::Other;
use super::project::Project;

/// The endings of files that are read, in whatever case.
const ENDINGS: [&str; 4] = [".yaml", ".yml", ".json", ".tf"];

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    /// The files that may hold objects, by path.
    pub(super) sources: Vec<Source>,
    /// What was passed over although it looks like a definition, by path.
    pub(super) passed_over: Vec<PassedOver>,
    /// The paths of files passed over because `[files] templates` names them.
    pub(super) templates: Vec<String>,
    /// The paths of files that `include` and `exclude` of `[files]` leave out.
    pub(super) left_out: Vec<String>,
    /// How many files were looked into.
    pub(super) looked_into: usize,
}

/// Something that was passed over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PassedOver {
    pub(super) path: String,
    pub(super) why: String,
}

/// What became of one path.
enum Reading {
    Held(Source),
    PassedOver(PassedOver),
    Nothing,
}

/// Finds and reads every file of a project.
///
/// * `named`: paths from the root that the command line names; those of files are read in any case.
pub(super) fn files(project: &Project, named: &[String]) -> Result<Found, Error> {
    let mut found = Found::default();
    let root = project.root.as_path();
    let mut paths = walk(project, &mut found);
    if let Some(repository) = &project.repository {
        // A walk leaves out what `.gitignore` matches, tracked or not.
        let tracked = repository.tracked_paths(is_candidate)?.into_iter();
        let missed: Vec<String> = tracked.filter(|path| !paths.contains(path)).collect();
        paths.extend(missed.into_iter().filter(|path| !file::is_below_link(root, path)));
    }
    let files = &project.config.files;
    let (mut paths, left_out): (BTreeSet<String>, BTreeSet<String>) =
        paths.into_iter().partition(|path| files.is_read(path));
    found.left_out = left_out.into_iter().filter(|path| !named.contains(path)).collect();
    paths.extend(named.iter().filter(|path| !root.join(path).is_dir()).cloned());
    let known = paths;
    let (templates, paths): (Vec<&String>, Vec<&String>) =
        known.iter().partition(|path| files.templates.matches(path));
    found.templates = templates.into_iter().cloned().collect();
    found.looked_into = paths.len();
    let readings: Vec<Reading> = paths.par_iter().map(|path| read(root, path, &known)).collect();
    for reading in readings {
        match reading {
            Reading::Held(source) => found.sources.push(source),
            Reading::PassedOver(what) => found.passed_over.push(what),
            Reading::Nothing => {}
        }
    }
    if let Some(repository) = &project.repository {
        found.sources.extend(unshown(repository, root, &known, files)?);
    }
    found.passed_over.sort();
    found.sources.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Reads the files that a sparse checkout leaves out: they are gone from the folder, and from nothing else.
///
/// * `known`: the paths that are read already.
fn unshown(
    repository: &Repository,
    root: &Path,
    known: &BTreeSet<String>,
    files: &Files,
) -> Result<Vec<Source>, Error> {
    let left_out = repository.left_out_of_checkout()?.into_iter();
    let is_read = |file: &SnapshotFile| {
        let path = file.path.as_str();
        matches!(file.kind, FileKind::File | FileKind::Executable)
            && is_candidate(path)
            && files.is_read(path)
            && !files.templates.matches(path)
            && (!known.contains(path) || root.join(path).symlink_metadata().is_err())
    };
    let left_out: Vec<SnapshotFile> = left_out.filter(is_read).collect();
    if left_out.is_empty() {
        return Ok(Vec::new());
    }
    let contents = repository.staged(None)?.read_all(&left_out, MAX_BYTES as u64)?;
    let read = left_out.into_iter().zip(contents).filter_map(|(file, content)| match content {
        snapshot::Content::Bytes(bytes) if dialect::is_worth_parsing(&bytes) => {
            Some(Source::decode(file.path, bytes, Origin::Index))
        }
        snapshot::Content::TooLarge(size) => {
            Some(Source::too_large(file.path, size, Origin::Index))
        }
        _ => None,
    });
    Ok(read.collect())
}

/// Returns whether a path looks like a file that may hold objects.
pub(super) fn is_candidate(path: &str) -> bool {
    let ends = |ending: &str| {
        let start = path.len().checked_sub(ending.len());
        let last = start.and_then(|start| path.as_bytes().get(start..));
        last.is_some_and(|last| last.eq_ignore_ascii_case(ending.as_bytes()))
    };
    ENDINGS.iter().any(|ending| ends(ending))
}

fn walk(project: &Project, found: &mut Found) -> BTreeSet<String> {
    let root = project.root.as_path();
    let mut walk = ignore::WalkBuilder::new(root);
    // What git ignores and nothing else: `.ignore` is a file of other tools.
    walk.hidden(false).ignore(false).follow_links(false).require_git(true).parents(true);
    walk.git_ignore(true).git_exclude(true).git_global(true);
    walk.filter_entry(|entry| entry.file_name() != ".git");
    let mut paths = BTreeSet::new();
    for entry in walk.build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                unlisted(project, &error, found);
                continue;
            }
        };
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            continue;
        }
        let Ok(path) = entry.path().strip_prefix(root) else { continue };
        let shown = shown(path);
        if !is_candidate(&shown) {
            continue;
        }
        if path.to_str().is_some() {
            paths.insert(shown);
        } else {
            found.passed_over.push(PassedOver { path: shown, why: NOT_UTF8.to_owned() });
        }
    }
    paths
}

/// Why a path without a text is not read.
pub(super) const NOT_UTF8: &str = "its name is not UTF-8";

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace(MAIN_SEPARATOR, "/")
}

/// A folder that cannot be listed may hold anything. Git knows which files of it count, and each of
/// them will be a finding; outside git nobody knows, so the folder itself is one.
fn unlisted(project: &Project, error: &ignore::Error, found: &mut Found) {
    if error.io_error().is_some_and(file::is_absence) {
        return;
    }
    let path = folder(error).and_then(|path| path.strip_prefix(&project.root).ok());
    let path = path.map(shown).filter(|path| !path.is_empty()).unwrap_or_else(|| ".".to_owned());
    let exclude = &project.config.files.exclude;
    if exclude.matches(&path) || exclude.matches(&format!("{path}/any")) {
        return;
    }
    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
    let why = format!("a folder that cannot be listed: {reason}");
    if project.repository.is_some() {
        found.passed_over.push(PassedOver { path, why });
    } else {
        found.sources.push(Source::not_readable(path, why, Origin::Worktree));
    }
}

/// Returns the path that an error of a walk speaks of.
fn folder(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            folder(err)
        }
        _ => None,
    }
}

/// Reads one path.
///
/// * `known`: every path that is read, or is told to be a template, by its own name.
fn read(root: &Path, path: &str, known: &BTreeSet<String>) -> Reading {
    let passed_over =
        |why: &str| Reading::PassedOver(PassedOver { path: path.to_owned(), why: why.to_owned() });
    let full = root.join(path);
    let source = match file::read(&full, MAX_BYTES as u64) {
        Content::Bytes(bytes) if dialect::is_worth_parsing(&bytes) => {
            Source::decode(path, bytes, Origin::Worktree)
        }
        Content::TooLarge { start, size } if dialect::may_hold_objects(&start) => {
            Source::too_large(path, size, Origin::Worktree)
        }
        Content::Unreadable(error) => {
            Source::not_readable(path, error.to_string(), Origin::Worktree)
        }
        Content::Other(Other::Link) => {
            let Ok(target) = full.canonicalize() else {
                return passed_over("a link that leads nowhere");
            };
            return match target.strip_prefix(root) {
                // What a folder holds, and what is read by its own name, is found there.
                Ok(below) if target.is_dir() || known.contains(&shown(below)) => Reading::Nothing,
                Ok(below) => passed_over(&format!(
                    "a link to {}, which is not read by its own name",
                    shown(below)
                )),
                Err(_) => passed_over("a link that leads out of the repository"),
            };
        }
        Content::Other(Other::Device) => return passed_over(&Other::Device.to_string()),
        // A folder, a file of something else, or one that was there when the folder was listed and
        // is gone: as if it had never been.
        _ => return Reading::Nothing,
    };
    Reading::Held(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_vanishes_between_listing_and_reading_is_nothing() {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let none = BTreeSet::new();
        assert!(matches!(read(root.path(), "gone.yaml", &none), Reading::Nothing));
        std::fs::write(root.path().join("file"), "").expect("it can be written");
        assert!(matches!(read(root.path(), "file/gone.yaml", &none), Reading::Nothing));
    }

    #[test]
    fn endings_count_in_whatever_case() {
        for path in ["a.yaml", "a.YML", "a/b.Json", ".yaml"] {
            assert!(is_candidate(path), "{path}");
        }
        for path in ["a.yaml.bak", "yaml", "a.txt", "", "é"] {
            assert!(!is_candidate(path), "{path}");
        }
    }
}
