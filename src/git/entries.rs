//! The entries of trees: all of one, or those in which two differ.
//!
//! **Invariant:** nothing here follows a symlink or enters a submodule, and nothing unfolds without
//! limit: a small object may name itself a million times over through its children.

use std::collections::BTreeMap;

use gix::bstr::BStr;
use gix::bstr::BString;
use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind;

use crate::git::error::Error;
use crate::git::snapshot::FileKind;

/// Entries at which reading a tree stops: some times what the largest public repositories hold.
const ENTRY_LIMIT: usize = if cfg!(test) { 50_000 } else { 2_000_000 };

/// Bytes of one path at which reading a tree stops; file systems stop at 4096.
const PATH_LIMIT: usize = 16_384;

/// A file at some path: its bytes by name, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: gix::ObjectId,
    pub(super) kind: FileKind,
}

/// A path at which two trees differ; `None` where a side has no file there.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    pub(super) path: BString,
    pub(super) before: Option<Entry>,
    pub(super) after: Option<Entry>,
}

/// Either a folder or a file, as a tree lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Child {
    Folder(gix::ObjectId),
    File(Entry),
}

/// Returns every file below `tree`, sorted by path; no tree means no files.
pub(super) fn files(
    repository: &gix::Repository,
    tree: Option<gix::ObjectId>,
) -> Result<Vec<(BString, Entry)>, Error> {
    let mut found = Vec::new();
    let mut open: Vec<(BString, gix::ObjectId)> = Vec::new();
    open.extend(tree.map(|tree| (BString::default(), tree)));
    let mut read = 0;
    while let Some((folder, id)) = open.pop() {
        for (name, child) in children(repository, id, folder.as_bstr())? {
            read += 1;
            check_limit(read, id)?;
            let path = joined(folder.as_bstr(), name.as_bstr(), id)?;
            match child {
                Child::Folder(id) => open.push((path, id)),
                Child::File(entry) => found.push((path, entry)),
            }
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

/// Returns the paths at which two trees differ, sorted by path.
pub(super) fn differences(
    repository: &gix::Repository,
    before: Option<gix::ObjectId>,
    after: Option<gix::ObjectId>,
) -> Result<Vec<Difference>, Error> {
    let mut found = Vec::new();
    let mut open = vec![(BString::default(), before, after)];
    let mut read = 0;
    while let Some((folder, before, after)) = open.pop() {
        if before == after {
            continue;
        }
        let Some(named) = after.or(before) else {
            continue;
        };
        let mut pairs: BTreeMap<BString, (Option<Child>, Option<Child>)> = BTreeMap::new();
        for (name, child) in optional_children(repository, before, folder.as_bstr())? {
            pairs.entry(name).or_default().0 = Some(child);
        }
        for (name, child) in optional_children(repository, after, folder.as_bstr())? {
            pairs.entry(name).or_default().1 = Some(child);
        }
        for (name, (before, after)) in pairs {
            read += 1;
            check_limit(read, named)?;
            if before == after {
                continue;
            }
            let path = joined(folder.as_bstr(), name.as_bstr(), named)?;
            let (old_folder, old_file) = parts(before);
            let (new_folder, new_file) = parts(after);
            if old_folder.is_some() || new_folder.is_some() {
                open.push((path.clone(), old_folder, new_folder));
            }
            if old_file != new_file {
                found.push(Difference { path, before: old_file, after: new_file });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Returns what stands at `path` below `tree`.
pub(super) fn find(
    repository: &gix::Repository,
    tree: Option<gix::ObjectId>,
    path: &BStr,
) -> Result<Found, Error> {
    let Some(mut current) = tree else {
        return Ok(Found::Absent);
    };
    if path.is_empty() {
        return Ok(Found::Folder(current));
    }
    let mut names = path.split_str("/").peekable();
    while let Some(name) = names.next() {
        match child_named(repository, current, name.as_bstr())? {
            Some(Child::Folder(id)) => current = id,
            Some(Child::File(entry)) if names.peek().is_none() => return Ok(Found::File(entry)),
            None | Some(Child::File(_)) => return Ok(Found::Absent),
        }
    }
    Ok(Found::Folder(current))
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Absent,
    Folder(gix::ObjectId),
    File(Entry),
}

fn parts(child: Option<Child>) -> (Option<gix::ObjectId>, Option<Entry>) {
    match child {
        None => (None, None),
        Some(Child::Folder(id)) => (Some(id), None),
        Some(Child::File(entry)) => (None, Some(entry)),
    }
}

fn optional_children(
    repository: &gix::Repository,
    tree: Option<gix::ObjectId>,
    folder: &BStr,
) -> Result<BTreeMap<BString, Child>, Error> {
    tree.map_or_else(|| Ok(BTreeMap::new()), |tree| children(repository, tree, folder))
}

/// Reads one tree object.
fn children(
    repository: &gix::Repository,
    id: gix::ObjectId,
    folder: &BStr,
) -> Result<BTreeMap<BString, Child>, Error> {
    let tree = read_tree(repository, id)?;
    let mut found = BTreeMap::new();
    for entry in tree.iter() {
        let entry = entry.map_err(|_| malformed(id, folder))?;
        let name = entry.filename();
        let strange = name.is_empty() || name == "." || name == ".." || name.contains(&b'/');
        let child = child(entry.mode().kind(), entry.object_id());
        if strange || found.insert(name.to_owned(), child).is_some() {
            return Err(malformed(id, folder));
        }
    }
    Ok(found)
}

/// Finds one name in a tree object. A name that stands there twice is refused.
fn child_named(
    repository: &gix::Repository,
    id: gix::ObjectId,
    name: &BStr,
) -> Result<Option<Child>, Error> {
    let tree = read_tree(repository, id)?;
    let mut found = None;
    for entry in tree.iter() {
        let entry = entry.map_err(|_| malformed(id, name))?;
        if entry.filename() == name {
            let child = child(entry.mode().kind(), entry.object_id());
            if found.replace(child).is_some() {
                return Err(malformed(id, name));
            }
        }
    }
    Ok(found)
}

fn read_tree(repository: &gix::Repository, id: gix::ObjectId) -> Result<gix::Tree<'_>, Error> {
    repository.find_tree(id).map_err(|source| Error::unreadable(format!("the tree {id}"), source))
}

fn malformed(tree: gix::ObjectId, path: &BStr) -> Error {
    Error::TreeMalformed {
        tree: tree.to_string(),
        path: path.to_str_lossy().chars().take(80).collect(),
    }
}

fn child(kind: EntryKind, id: gix::ObjectId) -> Child {
    let kind = match kind {
        EntryKind::Tree => return Child::Folder(id),
        EntryKind::Blob => FileKind::File,
        EntryKind::BlobExecutable => FileKind::Executable,
        EntryKind::Link => FileKind::Symlink,
        EntryKind::Commit => FileKind::Submodule,
    };
    Child::File(Entry { id, kind })
}

fn joined(folder: &BStr, name: &BStr, tree: gix::ObjectId) -> Result<BString, Error> {
    let mut path = folder.to_owned();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    if path.len() > PATH_LIMIT {
        return Err(malformed(tree, folder));
    }
    Ok(path)
}

fn check_limit(read: usize, tree: gix::ObjectId) -> Result<(), Error> {
    if read > ENTRY_LIMIT {
        return Err(Error::TreeTooLarge { tree: tree.to_string(), limit: ENTRY_LIMIT });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
