//! Finds the files that may hold objects, and reads them.
//!
//! Every tracked file and every untracked one that git does not ignore; outside git, a walk. Links
//! are never followed. A file without a known marker is passed over before it is parsed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::io::Read;
use std::path::Path;

use rayon::prelude::*;

use crate::dialect;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;

use super::error::Error;
use super::project::Project;

/// The endings of files that are read.
const ENDINGS: [&str; 3] = [".yaml", ".yml", ".json"];

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    /// The files that may hold objects, by path.
    pub(super) sources: Vec<Source>,
    /// Links and files that were passed over although they look like definitions, and why.
    pub(super) passed_over: Vec<String>,
    /// Files passed over because `[files] templates` names them.
    pub(super) templates: usize,
}

/// What became of one path.
enum Reading {
    Held(Source),
    PassedOver(String),
    Nothing,
}

/// Finds and reads every file of a project.
pub(super) fn files(project: &Project) -> Result<Found, Error> {
    let mut found = Found::default();
    let root = project.root.as_path();
    let mut paths = walk(root, &mut found.passed_over);
    if let Some(repository) = &project.repository {
        // A walk leaves out what `.gitignore` matches, tracked or not.
        let tracked = repository.tracked_paths()?.into_iter().filter(|path| is_candidate(path));
        let missed: Vec<String> = tracked.filter(|path| !paths.contains(path)).collect();
        paths.extend(missed.into_iter().filter(|path| !is_below_link(root, path)));
    }
    let files = &project.config.files;
    let (templates, paths): (Vec<String>, Vec<String>) = paths
        .into_iter()
        .filter(|path| files.is_read(path))
        .partition(|path| files.templates.matches(path));
    found.templates = templates.len();
    let readings: Vec<Reading> = paths.par_iter().map(|path| read(root, path)).collect();
    for reading in readings {
        match reading {
            Reading::Held(source) => found.sources.push(source),
            Reading::PassedOver(why) => found.passed_over.push(why),
            Reading::Nothing => {}
        }
    }
    Ok(found)
}

/// Returns whether a path looks like a file that may hold objects.
pub(super) fn is_candidate(path: &str) -> bool {
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}

/// Returns whether bytes are worth parsing: they hold a marker, or cannot be searched for one.
pub(super) fn is_worth_parsing(bytes: &[u8]) -> bool {
    let wide = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    wide || dialect::is_worth_parsing(bytes)
}

fn walk(root: &Path, passed_over: &mut Vec<String>) -> BTreeSet<String> {
    let mut walk = ignore::WalkBuilder::new(root);
    walk.hidden(false).follow_links(false).require_git(true).parents(true);
    walk.filter_entry(|entry| entry.file_name() != ".git");
    let mut found = BTreeSet::new();
    let entries = walk.build().filter_map(Result::ok);
    for entry in entries.filter(|entry| !entry.file_type().is_some_and(|kind| kind.is_dir())) {
        let Ok(path) = entry.path().strip_prefix(root) else { continue };
        let shown = path.to_string_lossy().replace('\\', "/");
        if !is_candidate(&shown) {
            continue;
        }
        if path.to_str().is_some() {
            found.insert(shown);
        } else {
            passed_over.push(format!("{shown}: its name is not UTF-8"));
        }
    }
    passed_over.sort();
    found
}

/// Returns whether a folder on the way is a link, which may lead out of the repository.
fn is_below_link(root: &Path, path: &str) -> bool {
    let mut folders = Path::new(path).ancestors().skip(1);
    folders.any(|folder| !folder.as_os_str().is_empty() && root.join(folder).is_symlink())
}

fn read(root: &Path, path: &str) -> Reading {
    let full = root.join(path);
    let Ok(metadata) = fs::symlink_metadata(&full) else {
        // It was there when the folder was listed, and is gone: as if it had never been.
        return Reading::Nothing;
    };
    if metadata.is_symlink() {
        return link(root, &full, path);
    }
    if !metadata.is_file() {
        return Reading::Nothing;
    }
    match read_bounded(&full, metadata.len()) {
        Ok(Some(source)) => Reading::Held(Source { path: path.to_owned(), ..source }),
        Ok(None) => Reading::Nothing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Reading::Nothing,
        Err(error) => {
            let text = error.to_string();
            Reading::Held(Source::not_readable(path, text, Origin::Worktree))
        }
    }
}

/// A link into the root leads to a file that is read in its own right; any other is not followed.
fn link(root: &Path, full: &Path, path: &str) -> Reading {
    match full.canonicalize() {
        Ok(target) if target.starts_with(root) => Reading::Nothing,
        Ok(_) => Reading::PassedOver(format!("{path}: a link that leads out of the repository")),
        Err(_) => Reading::PassedOver(format!("{path}: a link that leads nowhere")),
    }
}

/// Reads a file; one that is too large is searched for a marker and not kept.
fn read_bounded(path: &Path, size: u64) -> io::Result<Option<Source>> {
    if size <= MAX_BYTES as u64 {
        let bytes = fs::read(path)?;
        let worth = is_worth_parsing(&bytes);
        return Ok(worth.then(|| Source::decode("", bytes, Origin::Worktree)));
    }
    let mut start = vec![0; 64 * 1024];
    let length = fs::File::open(path)?.read(&mut start)?;
    start.truncate(length);
    let worth = is_worth_parsing(&start);
    Ok(worth.then(|| Source::too_large("", size, Origin::Worktree)))
}
