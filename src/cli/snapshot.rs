//! Reads the tree of a commit as `slo lint` reads the worktree, without a checkout.

use crate::config;
use crate::config::Config;
use crate::config::owners;
use crate::config::owners::CodeOwners;
use crate::dialect;
use crate::git::Repository;
use crate::git::id::CommitId;
use crate::git::snapshot::Content;
use crate::git::snapshot::FileKind;
use crate::lint;
use crate::lint::Tree;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;

use super::discover;
use super::error::Error;
use super::project;

/// Reads the files of a commit into a tree; `[files]` of the given configuration says which.
pub(super) fn read(
    repository: &Repository,
    commit: CommitId,
    config: &Config,
) -> Result<Tree, Error> {
    let snapshot = repository.snapshot(commit)?;
    let files = &config.files;
    let keep = |path: &str| {
        discover::is_candidate(path) && files.is_read(path) && !files.templates.matches(path)
    };
    let mut listed = snapshot.files(keep)?;
    listed.retain(|file| matches!(file.kind, FileKind::File | FileKind::Executable));
    let contents = snapshot.read_all(&listed, MAX_BYTES as u64)?;
    let origin = Origin::Commit(commit.to_string());
    let sources = listed.iter().zip(contents).filter_map(|(file, content)| match content {
        Content::Bytes(bytes) => dialect::is_worth_parsing(&bytes)
            .then(|| Source::decode(file.path.as_str(), bytes, origin.clone())),
        Content::TooLarge(size) => {
            Some(Source::too_large(file.path.as_str(), size, origin.clone()))
        }
        Content::Symlink { .. } | Content::Submodule | Content::Folder | Content::Absent => None,
    });
    Ok(lint::load(sources.collect()))
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
    let snapshot = repository.snapshot(commit)?;
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

/// Returns the bytes of a file in a commit; nothing where there is none.
pub(super) fn bytes(
    repository: &Repository,
    commit: CommitId,
    path: &str,
) -> Result<Option<Vec<u8>>, Error> {
    match repository.snapshot(commit)?.read(path, MAX_BYTES as u64)? {
        Content::Bytes(bytes) => Ok(Some(bytes)),
        _ => Ok(None),
    }
}

/// Reads the configuration of a commit; the defaults where it has none.
///
/// * `named`: the file that was named instead of `slo.toml`, which then must be there.
pub(super) fn config(
    repository: &Repository,
    commit: CommitId,
    named: Option<&str>,
) -> Result<(Config, Option<Source>), Error> {
    let path = named.unwrap_or(config::FILE_NAME);
    let Some(bytes) = bytes(repository, commit, path)? else {
        if let Some(named) = named {
            let message = format!("the base branch has no file {named}");
            return Err(Error::Usage { message, hint: None });
        }
        return Ok((Config::default(), None));
    };
    let source = Source::decode(path, bytes, Origin::Commit(commit.to_string()));
    let config = project::decode(&source)?;
    Ok((config, Some(source)))
}

/// Reads who owns which paths in a commit, from the first place that has a file.
pub(super) fn code_owners(repository: &Repository, commit: CommitId) -> Result<CodeOwners, Error> {
    // A forge reads the file of the whole repository, whatever folder of it is judged.
    let whole = repository.whole_snapshot(commit)?;
    for place in owners::PLACES {
        match whole.read(place, owners::MAX_BYTES as u64)? {
            Content::Bytes(found) => {
                return Ok(project::read_code_owners(&found).seen_from(&repository.root()));
            }
            Content::TooLarge(_) => break,
            _ => {}
        }
    }
    Ok(CodeOwners::default())
}
