//! What a merge commit adds beyond its parents.
//!
//! # Why
//!
//! A merge commit can hold anything: its author chooses its parents, resolves the conflicts, and may
//! edit what never conflicted, or drop one side. A path whose bytes differ from all parents is not
//! yet such a change, since both sides may have changed different lines of it. So the merge of two
//! parents is repeated by path, and by line where both sides changed a file, from every place where
//! they parted; what cannot be repeated is the commit's own. Sides that share no history parted from
//! nothing. A merge of three parents, and one of sides that parted in too many places, is not
//! repeated: whatever differs from any parent is its own.
//!
//! A file that one side moved and the other changed is merged at its new place. Where that is not what
//! the merge holds, both places are the commit's own.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use gix::bstr::BString;
use gix::bstr::ByteSlice;

use crate::git::Repository;
use crate::git::commits::Unseen;
use crate::git::effort::Effort;
use crate::git::entries;
use crate::git::entries::Difference;
use crate::git::entries::Entry;
use crate::git::error::Error;
use crate::git::id::CommitId;
use crate::git::lines;
use crate::git::renames;
use crate::git::snapshot;
use crate::git::snapshot::FileKind;

/// Bytes up to which a merge of one file is repeated; a larger file counts as the commit's own.
pub(super) const MERGED_BYTES: u64 = 4 * 1024 * 1024;

/// The work of repeating a merge, beside the commits that are walked and the paths that differ.
const MERGE_EFFORT: usize = 50;

/// Places where two sides parted from which their merge is repeated.
pub(super) const STARTS: usize = 8;

/// What a side changes, by path.
type Changes = BTreeMap<BString, Difference>;

/// What a commit adds beyond its parents.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Added {
    /// The paths of what is its own, sorted.
    pub(super) own: Vec<String>,
    /// The files of one parent that it takes to where the other moved them: old and new path.
    pub(super) moved: Vec<(String, String)>,
}

impl Added {
    /// Paths that a commit adds, of which none moved.
    pub(super) fn of(own: Vec<String>) -> Self {
        Self { own, moved: Vec::new() }
    }
}

impl Repository {
    /// Returns what a merge commit adds beyond its parents.
    ///
    /// A commit with one parent or none adds nothing in this sense. Nobody knows where the clone hides
    /// at which commits the parents parted, or where it takes too much work to tell.
    ///
    /// # Errors
    ///
    /// [`Error::CommitMissing`] when a parent is not at hand; [`Error::Unreadable`].
    pub(super) fn added_by_merge(
        &self,
        commit: CommitId,
        effort: &Effort,
    ) -> Result<Result<Added, Unseen>, Error> {
        let parents = self.parents(commit)?;
        let (first, second) = match parents.as_slice() {
            [] | [_] => return Ok(Ok(Added::default())),
            [first, second] => (*first, *second),
            _ => return self.unlike_any(&parents, commit, effort),
        };
        if !effort.takes(MERGE_EFFORT) {
            return Ok(Err(Unseen::TooMuchWork));
        }
        let bases = match self.merge_bases_by(first, second, effort) {
            Err(Error::MergeBaseMissing { .. }) => return Ok(Err(Unseen::Hidden)),
            bases => bases?,
        };
        if bases.len() > STARTS {
            return self.unlike_any(&parents, commit, effort);
        }
        let bases: Vec<_> =
            bases.into_iter().map(|base| self.root_tree(base)).collect::<Result<_, _>>()?;
        let bases = if bases.is_empty() { vec![None] } else { bases };
        let sides = [self.root_tree(first)?, self.root_tree(second)?];
        let result = self.root_tree(commit)?;
        let (mut own, mut moved) = (BTreeSet::new(), BTreeSet::new());
        for base in bases {
            match self.not_repeated(base, sides, result, effort)? {
                Ok(added) => {
                    own.extend(added.own);
                    moved.extend(added.moved);
                }
                Err(unseen) => return Ok(Err(unseen)),
            }
        }
        let (own, moved) = (own.into_iter().collect(), moved.into_iter().collect());
        Ok(Ok(Added { own, moved }))
    }

    /// Returns the paths at which a commit differs from any of its parents.
    fn unlike_any(
        &self,
        parents: &[CommitId],
        commit: CommitId,
        effort: &Effort,
    ) -> Result<Result<Added, Unseen>, Error> {
        let mut own = BTreeSet::new();
        for parent in parents {
            let paths = self.touched_paths(*parent, commit)?;
            if !effort.takes(paths.len() + 1) {
                return Ok(Err(Unseen::TooMuchWork));
            }
            own.extend(paths);
        }
        Ok(Ok(Added::of(own.into_iter().collect())))
    }

    /// Returns what repeating the merge of two sides of a base does not give.
    fn not_repeated(
        &self,
        base: Option<gix::ObjectId>,
        [ours, theirs]: [Option<gix::ObjectId>; 2],
        result: Option<gix::ObjectId>,
        effort: &Effort,
    ) -> Result<Result<Added, Unseen>, Error> {
        let ours = by_path(self, base, ours)?;
        let theirs = by_path(self, base, theirs)?;
        let made = by_path(self, base, result)?;
        let paths: BTreeSet<&BString> =
            [&ours, &theirs, &made].into_iter().flat_map(BTreeMap::keys).collect();
        if !effort.takes(ours.len() + theirs.len() + made.len()) {
            return Ok(Err(Unseen::TooMuchWork));
        }
        let mut own = BTreeSet::new();
        for path in paths {
            let changes = [ours.get(path), theirs.get(path), made.get(path)];
            let Some(before) = changes.into_iter().flatten().next().map(|it| it.before) else {
                continue;
            };
            let [our, their, made] = changes.map(|it| it.map_or(before, |it| it.after));
            if !is_repeated(self, before, [our, their], made, effort)? {
                own.insert(path.clone());
            }
        }
        let mut moved = Vec::new();
        for sides in [[&ours, &theirs], [&theirs, &ours]] {
            match self.followed(sides, &made, &own, effort)? {
                Ok(followed) => moved.extend(followed),
                Err(unseen) => return Ok(Err(unseen)),
            }
        }
        let text = |path: &BString| path.to_str_lossy().into_owned();
        for path in moved.iter().flat_map(|(old, new)| [old, new]) {
            own.remove(path);
        }
        let own = own.iter().map(text).collect();
        Ok(Ok(Added {
            own,
            moved: moved.iter().map(|(old, new)| (text(old), text(new))).collect(),
        }))
    }

    /// Returns the files that one side moved and the other changed, and that are merged at their new
    /// place: old and new path. Only those that would be the commit's own are looked at.
    fn followed(
        &self,
        [mover, other]: [&Changes; 2],
        made: &Changes,
        own: &BTreeSet<BString>,
        effort: &Effort,
    ) -> Result<Result<Vec<(BString, BString)>, Unseen>, Error> {
        let mut followed = Vec::new();
        let is_left = |path: &&BString| mover.get(*path).is_some_and(|it| it.after.is_none());
        if !own.iter().any(|path| is_left(&path)) {
            return Ok(Ok(followed));
        }
        if !self.takes_renames(mover, effort)? {
            return Ok(Err(Unseen::TooMuchWork));
        }
        let differences: Vec<Difference> = mover.values().cloned().collect();
        for (new, removal) in renames::find(&self.local, &differences)? {
            let old = removal.path;
            let is_gone = made.get(&old).is_some_and(|it| it.after.is_none());
            if !own.contains(&old) || !is_gone || other.contains_key(&new) {
                continue;
            }
            let changed = other.get(&old).and_then(|it| it.after);
            let [Some(at_new), Some(result)] =
                [mover, made].map(|side| side.get(&new).and_then(|it| it.after))
            else {
                continue;
            };
            let sides = [Some(at_new), changed];
            if changed.is_some() && is_repeated(self, removal.before, sides, Some(result), effort)?
            {
                followed.push((old, new));
            }
        }
        Ok(Ok(followed))
    }

    /// Takes the work of finding renames among changes.
    fn takes_renames(&self, changes: &Changes, effort: &Effort) -> Result<bool, Error> {
        let (mut added, mut removed) = (0_usize, 0_usize);
        for change in changes.values() {
            let entry = match (change.before, change.after) {
                (None, Some(entry)) => {
                    added += 1;
                    entry
                }
                (Some(entry), None) => {
                    removed += 1;
                    entry
                }
                _ => continue,
            };
            if entry.kind == FileKind::Submodule {
                continue;
            }
            let size = snapshot::size(&self.local, entry.id)
                .map_err(|source| Error::unreadable(format!("blob {}", entry.id), source))?;
            if !effort.takes_bytes(size.min(renames::RENAME_BYTES)) {
                return Ok(false);
            }
        }
        Ok(effort.takes(added.saturating_mul(removed)))
    }
}

fn by_path(
    repository: &Repository,
    from: Option<gix::ObjectId>,
    to: Option<gix::ObjectId>,
) -> Result<Changes, Error> {
    let differences = entries::differences(&repository.local, from, to)?;
    Ok(differences.into_iter().map(|difference| (difference.path.clone(), difference)).collect())
}

/// Returns whether `made` is what merging `our` and `their` change of `base` gives.
fn is_repeated(
    repository: &Repository,
    base: Option<Entry>,
    [our, their]: [Option<Entry>; 2],
    made: Option<Entry>,
    effort: &Effort,
) -> Result<bool, Error> {
    if our == their || their == base {
        return Ok(made == our);
    }
    if our == base {
        return Ok(made == their);
    }
    let (Some(base), Some(our), Some(their), Some(made)) = (base, our, their, made) else {
        return Ok(false);
    };
    let expected_kind = if our.kind == base.kind { their.kind } else { our.kind };
    let kinds = [base.kind, our.kind, their.kind];
    if made.kind != expected_kind || kinds.into_iter().any(is_no_text) {
        return Ok(false);
    }
    is_line_merge(&repository.local, [base, our, their, made], effort)
}

/// Returns whether the last of four blobs is the merge by lines of the second and the third.
pub(super) fn is_line_merge(
    repository: &gix::Repository,
    entries: [Entry; 4],
    effort: &Effort,
) -> Result<bool, Error> {
    let mut texts = Vec::with_capacity(entries.len());
    for entry in entries {
        let size = snapshot::size(repository, entry.id)
            .map_err(|source| Error::unreadable(format!("blob {}", entry.id), source))?;
        if !effort.takes_bytes(size) {
            return Ok(false);
        }
        let bytes = snapshot::blob(repository, entry.id, MERGED_BYTES)
            .map_err(|source| Error::unreadable(format!("blob {}", entry.id), source))?;
        match bytes {
            Some(bytes) => texts.push(bytes),
            None => return Ok(false),
        }
    }
    Ok(match texts.as_slice() {
        [base, our, their, made] => lines::merges_to(base, our, their, made, effort),
        _ => false,
    })
}

fn is_no_text(kind: FileKind) -> bool {
    matches!(kind, FileKind::Symlink | FileKind::Submodule)
}

#[cfg(test)]
mod tests;
