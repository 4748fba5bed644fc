//! Finds out which removed file an added file was.
//!
//! # Why
//!
//! The library can do it, with drivers and attributes that the repository configures. A change must
//! not choose how it is read, so the search is our own: by name of the bytes, then by common lines.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

use gix::bstr::BString;

use crate::git::entries::Difference;
use crate::git::entries::Entry;
use crate::git::error::Error;
use crate::git::lines;
use crate::git::lines::LineBag;
use crate::git::snapshot;
use crate::git::snapshot::FileKind;

/// Percent of common bytes from which a removed and an added file are one renamed file.
///
/// # Source
///
/// git, `diffcore.h`, `DEFAULT_RENAME_SCORE`: one half.
const RENAME_PERCENT: u64 = 50;

/// Removed files of equal bytes that are looked at for one with the same name.
const EQUAL_CANDIDATES: usize = 1000;

/// Bytes up to which a file takes part in the search for renames with changes.
pub(super) const RENAME_BYTES: u64 = 1024 * 1024;

/// Pairs of files above which only exact renames are found.
///
/// # Source
///
/// git, `Documentation/config/diff`: the default of `diff.renameLimit` is 1000 files on each side.
const RENAME_PAIRS: usize = 1_000_000;

/// Bytes of all files together above which only exact renames are found.
const RENAME_TOTAL_BYTES: usize = 128 * 1024 * 1024;

/// Line comparisons after which only exact renames are found.
const RENAME_WORK: usize = 20_000_000;

/// The bytes of files, with the position of each file in its list.
type Texts = Vec<(usize, Vec<u8>)>;

/// Pairs added with removed files: first those of equal bytes, then the most alike.
///
/// The answer maps the new path to the removal that it is a rename of.
pub(super) fn find(
    repository: &gix::Repository,
    differences: &[Difference],
) -> Result<BTreeMap<BString, Difference>, Error> {
    let mut added: Vec<&Difference> = Vec::new();
    let mut removed: Vec<&Difference> = Vec::new();
    for difference in differences {
        match (difference.before, difference.after) {
            (None, Some(entry)) if entry.kind != FileKind::Submodule => added.push(difference),
            (Some(entry), None) if entry.kind != FileKind::Submodule => removed.push(difference),
            _ => {}
        }
    }
    let mut pairs = BTreeMap::new();
    if added.is_empty() || removed.is_empty() {
        return Ok(pairs);
    }
    pair_equal(repository, &mut added, &mut removed, &mut pairs);
    pair_similar(repository, &added, &removed, &mut pairs)?;
    Ok(pairs)
}

fn pair_equal(
    repository: &gix::Repository,
    added: &mut Vec<&Difference>,
    removed: &mut Vec<&Difference>,
    pairs: &mut BTreeMap<BString, Difference>,
) {
    let empty = gix::ObjectId::empty_blob(repository.object_hash());
    let mut by_id: BTreeMap<gix::ObjectId, VecDeque<&Difference>> = BTreeMap::new();
    for old in removed.iter() {
        if let Some(entry) = old.before.filter(|entry| entry.id != empty) {
            by_id.entry(entry.id).or_default().push_back(old);
        }
    }
    let mut taken = BTreeSet::new();
    added.retain(|new| {
        let Some(entry) = new.after else { return true };
        let Some(candidates) = by_id.get_mut(&entry.id) else {
            return true;
        };
        let fits = |old: &&Difference| old.before.is_some_and(|old| alike(old.kind, entry.kind));
        let same_name = |old: &&Difference| fits(old) && name(&old.path) == name(&new.path);
        let position = candidates
            .iter()
            .take(EQUAL_CANDIDATES)
            .position(same_name)
            .or_else(|| candidates.iter().take(EQUAL_CANDIDATES).position(fits));
        let Some(old) = position.and_then(|position| candidates.remove(position)) else {
            return true;
        };
        taken.insert(old.path.clone());
        pairs.insert(new.path.clone(), old.clone());
        false
    });
    removed.retain(|old| !taken.contains(&old.path));
}

fn pair_similar(
    repository: &gix::Repository,
    added: &[&Difference],
    removed: &[&Difference],
    pairs: &mut BTreeMap<BString, Difference>,
) -> Result<(), Error> {
    if added.len().saturating_mul(removed.len()) > RENAME_PAIRS {
        return Ok(());
    }
    let mut budget = RENAME_TOTAL_BYTES;
    let old_bytes = texts(repository, removed, |old| old.before, &mut budget)?;
    let new_bytes = texts(repository, added, |new| new.after, &mut budget)?;
    let (Some(old_bytes), Some(new_bytes)) = (old_bytes, new_bytes) else {
        return Ok(());
    };
    let old_bags: Vec<_> = old_bytes.iter().map(|(i, b)| (*i, LineBag::new(b))).collect();
    let new_bags: Vec<_> = new_bytes.iter().map(|(i, b)| (*i, LineBag::new(b))).collect();
    let lines: usize = old_bags.iter().map(|(_, bag)| bag.len()).sum();
    if lines.saturating_mul(new_bags.len()) > RENAME_WORK {
        return Ok(());
    }
    let mut scored = Vec::new();
    for (new_index, new_bag) in &new_bags {
        for (old_index, old_bag) in &old_bags {
            let (Some(new), Some(old)) = (added.get(*new_index), removed.get(*old_index)) else {
                continue;
            };
            let percent = old_bag.similarity(new_bag);
            if percent >= RENAME_PERCENT {
                let other_name = name(&old.path) != name(&new.path);
                scored.push((std::cmp::Reverse(percent), other_name, *new_index, *old_index));
            }
        }
    }
    scored.sort_unstable();
    let mut taken = BTreeSet::new();
    for (_, _, new_index, old_index) in scored {
        let (Some(new), Some(old)) = (added.get(new_index), removed.get(old_index)) else {
            continue;
        };
        if !pairs.contains_key(&new.path) && taken.insert(old_index) {
            pairs.insert(new.path.clone(), (*old).clone());
        }
    }
    Ok(())
}

/// Reads the text files that are small enough to be compared, with their positions.
///
/// `None` when they take more bytes together than the budget has left.
fn texts(
    repository: &gix::Repository,
    differences: &[&Difference],
    side: impl Fn(&Difference) -> Option<Entry>,
    budget: &mut usize,
) -> Result<Option<Texts>, Error> {
    let mut found = Vec::new();
    for (index, difference) in differences.iter().enumerate() {
        let Some(entry) = side(difference).filter(|entry| entry.kind != FileKind::Symlink) else {
            continue;
        };
        let bytes = snapshot::blob(repository, entry.id, RENAME_BYTES)
            .map_err(|source| Error::unreadable(format!("`{}`", difference.path), source))?;
        let Some(bytes) = bytes.filter(|it| !it.is_empty() && !lines::is_binary(it)) else {
            continue;
        };
        match budget.checked_sub(bytes.len()) {
            Some(left) => *budget = left,
            None => return Ok(None),
        }
        found.push((index, bytes));
    }
    Ok(Some(found))
}

fn alike(one: FileKind, other: FileKind) -> bool {
    (one == FileKind::Symlink) == (other == FileKind::Symlink)
}

fn name(path: &BString) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}
