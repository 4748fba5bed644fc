//! Reads the tree of a commit, or what is staged, as `slo lint` reads the worktree, without a checkout.

use std::collections::HashMap;
use std::collections::HashSet;
use std::env;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::config;
use crate::config::Config;
use crate::config::owners;
use crate::config::owners::CodeOwners;
use crate::dialect;
use crate::git::Repository;
use crate::git::id::CommitId;
use crate::git::snapshot::Content;
use crate::git::snapshot::FileKind;
use crate::git::snapshot::Snapshot;
use crate::git::snapshot::SnapshotFile;
use crate::globs::Globs;
use crate::lint;
use crate::lint::Tree;
use crate::lint::baseline::Unseen;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;

use super::agreed;
use super::discover;
use super::error::Error;
use super::file;
use super::metrics;
use super::project;

/// The most bytes of a file of which the start is looked into.
const LARGEST_LOOKED_INTO: u64 = 128 * 1024 * 1024;

/// A tree that is read in the place of the worktree, and what people call it.
pub(super) struct At<'repository> {
    pub(super) snapshot: Snapshot<'repository>,
    /// The whole tree, whatever folder is judged.
    whole: Snapshot<'repository>,
    pub(super) called: String,
    /// Whether what is wrong in it has to be mended on another branch.
    is_base: bool,
}

impl<'repository> At<'repository> {
    /// Returns the tree that is agreed.
    pub(super) fn base(
        repository: &'repository Repository,
        commit: CommitId,
    ) -> Result<Self, Error> {
        let called = "the base branch".to_owned();
        Ok(Self { called, is_base: true, ..Self::of(repository, Some(commit))? })
    }

    /// Returns the tree of a commit; without one, what is staged.
    pub(super) fn of(
        repository: &'repository Repository,
        commit: Option<CommitId>,
    ) -> Result<Self, Error> {
        if let Some(commit) = commit {
            return Ok(Self {
                snapshot: repository.snapshot(commit)?,
                whole: repository.whole_snapshot(commit)?,
                called: format!("commit {}", commit.short()),
                is_base: false,
            });
        }
        // A hook is told of another index where `git commit` names files, or takes all.
        let index = env::var_os("GIT_INDEX_FILE").filter(|path| !path.is_empty());
        let index = index.map(PathBuf::from);
        Ok(Self {
            snapshot: repository.staged(index.as_deref())?,
            whole: repository.whole_staged(index.as_deref())?,
            called: "the index".to_owned(),
            is_base: false,
        })
    }

    /// Returns what a file has that settles something, such as the configuration.
    pub(super) fn settling(&self, path: &str, bytes: Vec<u8>) -> Source {
        let origin = if self.is_base { origin(&self.snapshot) } else { Origin::Worktree };
        Source::decode(path, bytes, origin)
    }
}

fn origin(snapshot: &Snapshot<'_>) -> Origin {
    snapshot.commit().map_or(Origin::Index, |commit| Origin::Commit(commit.to_string()))
}

/// A file of a commit that could not be read.
pub(super) struct Unread {
    pub(super) path: String,
    /// Why, as the end of a sentence.
    pub(super) why: String,
    /// Whether it holds the words of an error budget policy, where that is known.
    pub(super) names_policy: Option<bool>,
}

/// What a commit holds, before it is understood.
#[derive(Default)]
pub(super) struct Gathered {
    /// The files that may hold objects, by path.
    pub(super) sources: Vec<Source>,
    pub(super) unread: Vec<Unread>,
    /// The paths that `[files]` leaves out, or calls templates.
    pub(super) left_out: Vec<String>,
}

/// What a commit holds.
pub(super) struct Whole {
    pub(super) tree: Tree,
    pub(super) unread: Vec<Unread>,
    /// The paths that `[files]` leaves out, or calls templates.
    pub(super) left_out: Vec<String>,
}

impl Whole {
    /// Returns the files that were not read.
    pub(super) fn unseen(&self) -> Unseen {
        let unread = self.unread.iter().map(|unread| &unread.path);
        Unseen::new(&self.tree, unread.chain(&self.left_out).cloned())
    }
}

/// Reads the files of a commit into a tree; `[files]` of the given configuration says which.
pub(super) fn read(
    repository: &Repository,
    commit: CommitId,
    config: &Config,
) -> Result<Tree, Error> {
    read_whole(&repository.snapshot(commit)?, config).map(|whole| whole.tree)
}

/// Returns the services of a configuration whose paths fit no file of any of the commits.
pub(super) fn services_without_files(
    repository: &Repository,
    commits: [CommitId; 2],
    config: &Config,
) -> Result<Vec<String>, Error> {
    let mut silent: Vec<(&String, &Globs)> =
        config.services.iter().filter(|(_, globs)| !globs.is_empty()).collect();
    for commit in commits {
        if silent.is_empty() {
            break;
        }
        let others = repository.snapshot(commit)?.files(|path| {
            silent.retain(|(_, globs)| !globs.matches(path));
            silent.iter().any(|(_, globs)| globs.may_match_below(path))
        })?;
        // A link or a submodule stands for whatever lies below it.
        let is_file = |kind| matches!(kind, FileKind::File | FileKind::Executable);
        for other in others.iter().filter(|other| !is_file(other.kind)) {
            silent.retain(|(_, globs)| !globs.may_match_below(&other.path));
        }
    }
    Ok(silent.into_iter().map(|(service, _)| service.clone()).collect())
}

/// Reads the files of a snapshot into a tree, and says which it did not read.
pub(super) fn read_whole(snapshot: &Snapshot<'_>, config: &Config) -> Result<Whole, Error> {
    let Gathered { sources, unread, left_out } = gather(snapshot, config, &[])?;
    Ok(Whole { tree: lint::load(sources, &config.files), unread, left_out })
}

/// Reads the files of a snapshot, and says which it did not read.
///
/// * `known`: files that are read already; what the snapshot has of them is not unpacked again.
pub(super) fn gather(
    snapshot: &Snapshot<'_>,
    config: &Config,
    known: &[Source],
) -> Result<Gathered, Error> {
    let files = &config.files;
    let mut left_out = Vec::new();
    let keep = |path: &str| {
        let is_candidate = discover::is_candidate(path);
        let is_read = files.is_read(path) && !files.templates.matches(path);
        if is_candidate && !is_read {
            left_out.push(path.to_owned());
        }
        is_candidate && is_read
    };
    let (listed, others): (Vec<_>, Vec<_>) = snapshot
        .files(keep)?
        .into_iter()
        .partition(|file| matches!(file.kind, FileKind::File | FileKind::Executable));
    let mut unread = Vec::new();
    for link in others.iter().filter(|file| file.kind == FileKind::Symlink) {
        if !leads_to_one_of(snapshot, &link.path, &listed)? {
            let (path, why) = (link.path.clone(), "a link is not followed".to_owned());
            unread.push(Unread { path, why, names_policy: named_behind(snapshot, &link.path)? });
        }
    }
    let origin = origin(snapshot);
    let mut sources = same(&listed, known, &origin);
    let held: HashSet<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    let others = listed.iter().filter(|file| !held.contains(file.path.as_str()));
    let others: Vec<SnapshotFile> = others.cloned().collect();
    let contents = snapshot.read_all(&others, MAX_BYTES as u64)?;
    for (file, content) in others.iter().zip(contents) {
        let path = file.path.as_str();
        match content {
            Content::Bytes(bytes) if dialect::is_worth_parsing(&bytes) => {
                let is_text = std::str::from_utf8(&bytes).is_ok();
                let names_policy = !is_text && agreed::names_policy(&bytes);
                let source = Source::decode(path, bytes, origin.clone());
                if source.unreadable.is_some() {
                    let (path, why) = (path.to_owned(), "it is not UTF-8".to_owned());
                    unread.push(Unread { path, why, names_policy: Some(names_policy) });
                }
                sources.push(source);
            }
            Content::TooLarge(size) if is_worth_a_word(snapshot, path)? => {
                let (path, why) = (path.to_owned(), "it is too large".to_owned());
                unread.push(Unread { path, why, names_policy: None });
                sources.push(Source::too_large(file.path.as_str(), size, origin.clone()));
            }
            _ => {}
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(Gathered { sources, unread, left_out })
}

/// Returns those of some known files that a snapshot has with the same text.
fn same(listed: &[SnapshotFile], known: &[Source], origin: &Origin) -> Vec<Source> {
    let known: HashMap<&str, &Source> = known
        .iter()
        .filter(|source| source.unreadable.is_none())
        .map(|source| (source.path.as_str(), source))
        .collect();
    let same = listed.par_iter().filter_map(|file| {
        let source = known.get(file.path.as_str())?;
        file.blob
            .names(source.text.as_bytes())
            .then(|| Source { origin: origin.clone(), ..Source::clone(source) })
    });
    same.collect()
}

/// Returns whether a file that is too large to be read may hold an object, by how it starts; one that
/// is larger still may hold anything.
fn is_worth_a_word(snapshot: &Snapshot<'_>, path: &str) -> Result<bool, Error> {
    Ok(match snapshot.read(path, LARGEST_LOOKED_INTO)? {
        Content::Bytes(bytes) => {
            dialect::may_hold_objects(bytes.get(..file::START).unwrap_or(&bytes))
        }
        _ => true,
    })
}

/// Returns whether a link leads to a file that is read by its own name.
fn leads_to_one_of(
    snapshot: &Snapshot<'_>,
    link: &str,
    listed: &[SnapshotFile],
) -> Result<bool, Error> {
    let target = behind(snapshot, link)?;
    Ok(target.is_some_and(|target| listed.binary_search_by(|file| file.path.cmp(&target)).is_ok()))
}

/// Returns whether what a link leads to holds the words of a policy; nothing where it is not there.
fn named_behind(snapshot: &Snapshot<'_>, link: &str) -> Result<Option<bool>, Error> {
    let Some(target) = behind(snapshot, link)? else { return Ok(None) };
    Ok(match snapshot.read(&target, MAX_BYTES as u64)? {
        Content::Bytes(bytes) => Some(agreed::names_policy(&bytes)),
        _ => None,
    })
}

/// Returns the path that a link leads to, below the root.
fn behind(snapshot: &Snapshot<'_>, link: &str) -> Result<Option<String>, Error> {
    let Content::Symlink(target) = snapshot.read(link, MAX_BYTES as u64)? else { return Ok(None) };
    let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in target.split('/') {
        match name {
            "" | "." => {}
            ".." => match names.pop() {
                Some(_) => {}
                None => return Ok(None),
            },
            name => names.push(name),
        }
    }
    let is_relative = !target.starts_with('/') && !names.is_empty();
    Ok(is_relative.then(|| names.join("/")))
}

/// What a commit has at a path, without following a link.
pub(super) enum Tracked {
    /// A file.
    Bytes(Vec<u8>),
    /// Something that is no file that could be read: a link, a folder, or too much.
    Other,
    /// Nothing, and no folder on the way is anything but a folder.
    Nothing,
}

/// Returns what a commit has at a path.
///
/// * `limit`: the most bytes that are read.
pub(super) fn tracked(
    repository: &Repository,
    commit: CommitId,
    path: &str,
    limit: u64,
) -> Result<Tracked, Error> {
    tracked_in(&repository.snapshot(commit)?, path, limit)
}

/// Returns what a snapshot has at a path.
///
/// * `limit`: the most bytes that are read.
pub(super) fn tracked_in(
    snapshot: &Snapshot<'_>,
    path: &str,
    limit: u64,
) -> Result<Tracked, Error> {
    match snapshot.read(path, limit)? {
        Content::Bytes(bytes) => return Ok(Tracked::Bytes(bytes)),
        Content::Absent => {}
        _ => return Ok(Tracked::Other),
    }
    let mut parent = path;
    while let Some((above, _)) = parent.rsplit_once('/') {
        if !matches!(snapshot.read(above, 0)?, Content::Absent | Content::Folder) {
            return Ok(Tracked::Other);
        }
        parent = above;
    }
    Ok(Tracked::Nothing)
}

/// Reads the configuration of a tree; the defaults where it has none.
///
/// * `named`: the file that was named instead of `slo.toml`, which then must be there.
pub(super) fn config(at: &At<'_>, named: Option<&str>) -> Result<(Config, Option<Source>), Error> {
    let path = named.unwrap_or(config::FILE_NAME);
    let bytes = match (tracked_in(&at.snapshot, path, MAX_BYTES as u64)?, named) {
        (Tracked::Bytes(bytes), _) => bytes,
        (Tracked::Nothing, None) => {
            let mut config = Config::default();
            metrics::of_tree(at, &mut config)?;
            return Ok((config, None));
        }
        (Tracked::Nothing, Some(named)) => {
            let message = format!("{} has no file {named}", at.called);
            return Err(Error::Usage { message, hint: None });
        }
        (Tracked::Other, _) => {
            return Err(Error::Config {
                message: format!(
                    "the configuration of {} is no file that could be read",
                    at.called
                ),
                path: path.to_owned(),
                position: None,
                hint: Some("a link is not followed; put the file itself there".to_owned()),
            });
        }
    };
    let source = at.settling(path, bytes);
    let mut config = project::decode(&source)?;
    metrics::of_tree(at, &mut config)?;
    Ok((config, Some(source)))
}

/// Reads who owns which paths in a tree, from the first place that has a file.
///
/// * `root`: the folder that is judged.
pub(super) fn code_owners(at: &At<'_>, root: &str) -> Result<CodeOwners, Error> {
    // A forge reads the file of the whole repository, whatever folder of it is judged.
    for place in owners::PLACES {
        match at.whole.read(place, owners::MAX_BYTES as u64)? {
            Content::Bytes(found) => {
                return Ok(project::read_code_owners(&found).0.seen_from(root));
            }
            Content::TooLarge(_) => break,
            _ => {}
        }
    }
    Ok(CodeOwners::default())
}
