//! What one SLO was, commit by commit.
//!
//! # Why
//!
//! The walk goes back along first parents, the way in which changes came to the branch, and stops only at commits
//! that touch the files in which the SLO and what it refers to stand. There the files that the commit changes are
//! read before and after it, with the configuration that each had, and [`change::back`] says what the SLO was.
//!
//! A file that could not be read for a while is no SLO that was removed: what differs is told at the commit from
//! which on it could be read again.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::change;
use crate::change::Followed;
use crate::config::Config;
use crate::git::Repository;
use crate::git::follow::Reached;
use crate::git::id::CommitId;
use crate::lint::Tree;
use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Reference;
use crate::model::Slo;
use crate::report::history::History;
use crate::report::history::Step;
use crate::report::words;
use crate::source::SourceId;

use super::error::Error;

mod lines;
mod reader;

use lines::Lines;
use reader::Reader;

/// The most names that an SLO is followed through, from one that it has no more.
const MAX_NAMES: usize = 100;

/// What is known of the past of an SLO.
pub(super) struct Past {
    pub(super) history: History,
    /// Whether the SLO has another name than the one that was asked for.
    pub(super) is_renamed: bool,
}

/// An SLO at a commit, and the files that it rests on.
struct State {
    commit: CommitId,
    slo: Arc<Slo>,
    paths: BTreeSet<String>,
}

/// What a commit does to an SLO.
struct Move {
    step: Step,
    /// What it was before, and the objectives of both that stand for each other.
    older: Option<(State, Vec<(usize, usize)>)>,
    /// The commit that removed it, where it was gone in between.
    removal: Option<Step>,
}

/// What became of an SLO of a name that none has any more.
enum Fate {
    /// It was removed.
    Gone(State, Box<Step>),
    /// It has another name.
    Renamed(String),
}

/// Returns the past of an SLO up to a commit; nothing where none was ever called so.
///
/// * `config`: the configuration that counts where a commit has none that can be read.
/// * `is_named`: whether somebody names it, so that it counts everywhere.
/// * `name`: its name, `service/name` or `namespace/name`.
pub(super) fn of(
    repository: &Repository,
    config: &Config,
    is_named: bool,
    name: &str,
    head: CommitId,
) -> Result<Option<Past>, Error> {
    let reader = Reader::new(repository, config, is_named);
    let mut found = None;
    let mut called = name.to_owned();
    for _ in 0..MAX_NAMES {
        let tree = reader.whole(head)?;
        if let Some(slo) = named(&tree, &called)? {
            let (paths, _) = rests_on(&tree, &slo);
            found = Some((State { commit: head, slo, paths }, None));
            break;
        }
        match last_seen(&reader, &called, head)? {
            Some(Fate::Gone(state, step)) => {
                found = Some((state, Some(*step)));
                break;
            }
            Some(Fate::Renamed(other)) => called = other,
            None => break,
        }
    }
    let Some((state, removal)) = found else { return Ok(None) };
    let history = walk(&reader, state, removal, reader.time(head)?)?;
    Ok(Some(Past { history, is_renamed: called != name }))
}

/// Returns the names of the SLOs of a commit.
pub(super) fn names(
    repository: &Repository,
    config: &Config,
    is_named: bool,
    commit: CommitId,
) -> Result<BTreeSet<String>, Error> {
    let tree = Reader::new(repository, config, is_named).whole(commit)?;
    Ok(tree.catalog.slos().map(|slo| slo.meta.name().to_owned()).collect())
}

/// Goes back from what an SLO is, or was last.
fn walk(
    reader: &Reader<'_>,
    mut state: State,
    removal: Option<Step>,
    end: Timestamp,
) -> Result<History, Error> {
    let newest = Arc::clone(&state.slo);
    let mut lines = Lines::new(&state.slo, removal.as_ref().map(|step| step.at));
    let mut steps: Vec<Step> = removal.into_iter().collect();
    let mut is_cut = false;
    loop {
        let paths = state.paths.iter().map(String::as_str);
        let (commit, parent) = match reader.repository.last_change(state.commit, paths)? {
            Reached::Change { commit, parent } => (commit, Some(parent)),
            Reached::Root(commit) => (commit, None),
            Reached::Cut(commit) => {
                lines.held_since(reader.time(commit)?, &state.slo);
                is_cut = true;
                break;
            }
        };
        let Move { step, older, removal } = step_back(reader, &state, commit, parent)?;
        lines.held_since(step.at, &state.slo);
        let mut since = step.at;
        // Something else in these files may differ.
        if !step.changes.is_empty() {
            steps.push(step);
        }
        if let Some(removal) = removal {
            since = removal.at;
            lines.end(since);
            steps.push(removal);
        }
        let Some((older, pairs)) = older else { break };
        lines.step_back(&pairs, &older.slo, since);
        state = older;
    }
    let service = newest.service.as_ref().map(|service| service.value.to_string());
    let (slo, targets) = (newest.meta.name().to_owned(), lines.finish());
    Ok(History { slo, service, steps, targets, end, is_cut })
}

/// Returns what a commit does to an SLO.
fn step_back(
    reader: &Reader<'_>,
    state: &State,
    commit: CommitId,
    parent: Option<CommitId>,
) -> Result<Move, Error> {
    let mut paths = state.paths.clone();
    if let Some(parent) = parent {
        paths.extend(reader.changed(parent, commit)?);
    }
    let after = reader.read(commit, &paths)?;
    let mut before = match parent {
        Some(parent) => reader.read(parent, &paths)?,
        None => Tree::default(),
    };
    let mut followed = back(&before, &after, state);
    // An indicator that was used before may stand in a file that nobody touched.
    if let (Some(parent), Some(slo)) = (parent, &followed.other)
        && !rests_on(&before, slo).1
    {
        before = reader.whole(parent)?;
        followed = back(&before, &after, state);
    }
    let (mut at, mut removal, mut unreadable_since) = (parent, None, None);
    if let (Some(parent), None) = (parent, &followed.other)
        && let Some((commit, earlier, tree)) = earlier_life(reader, state, parent)?
    {
        let meanwhile = reader.read(commit, &state.paths)?;
        let is_unreadable = meanwhile.catalog.may_hold(state.slo.meta.name());
        let since = back(&tree, &after, state);
        if is_unreadable {
            unreadable_since = Some(commit.short());
            followed = since;
        } else {
            let step = reader.describe(commit, Some(earlier), &state.paths)?;
            removal = Some(removed(step, &tree, &meanwhile, &since));
            followed.other = since.other;
        }
        (at, before) = (Some(earlier), tree);
    }
    let older = followed.other.as_ref();
    let touched = older.map(|slo| rests_on(&before, slo).0).unwrap_or_default();
    let all: BTreeSet<String> = touched.union(&state.paths).cloned().collect();
    let mut step = reader.describe(commit, parent, &all)?;
    let changes = followed.changes.iter();
    step.changes = words::change_rows(changes, &before.sources, &after.sources);
    state.slo.meta.name().clone_into(&mut step.name);
    step.unreadable_since = unreadable_since;
    let older = at.zip(followed.other).map(|(commit, slo)| {
        let of_now = find(&after, &state.slo).unwrap_or_else(|| Arc::clone(&state.slo));
        let pairs = change::objective_pairs((&before.catalog, &slo), (&after.catalog, &of_now));
        (State { commit, slo, paths: touched }, pairs)
    });
    Ok(Move { step, older, removal })
}

/// Returns what an SLO was in an earlier tree.
fn back(before: &Tree, after: &Tree, state: &State) -> Followed {
    let slo = find(after, &state.slo);
    let followed =
        slo.and_then(|slo| change::back(before.placed(), after.placed(), slo.meta.place()));
    followed.unwrap_or(Followed { other: None, changes: Vec::new() })
}

/// Returns an SLO of one tree in another tree of the same commit: of the same name, namespace and service.
fn find(tree: &Tree, slo: &Slo) -> Option<Arc<Slo>> {
    let home = |slo: &Slo| {
        let service = slo.service.as_ref().map(|service| service.value.to_string());
        (slo.meta.name().to_owned(), slo.meta.namespace.clone(), service)
    };
    let sought = home(slo);
    tree.catalog.slos().find(|other| home(other) == sought).cloned()
}

/// Finds an SLO where it stood before it was gone or could not be read: the commit that took it away, the one
/// before, and what that holds.
fn earlier_life(
    reader: &Reader<'_>,
    state: &State,
    from: CommitId,
) -> Result<Option<(CommitId, CommitId, Tree)>, Error> {
    let mut at = from;
    loop {
        let paths = state.paths.iter().map(String::as_str);
        let Reached::Change { commit, parent } = reader.repository.last_change(at, paths)? else {
            return Ok(None);
        };
        let tree = reader.read(parent, &state.paths)?;
        if find(&tree, &state.slo).is_some() {
            return Ok(Some((commit, parent, tree)));
        }
        at = parent;
    }
}

/// Returns the step of a commit that removes an SLO.
fn removed(step: Step, before: &Tree, after: &Tree, followed: &Followed) -> Step {
    let Some(slo) = &followed.other else { return step };
    let gone = change::forth(before.placed(), after.placed(), slo.meta.place());
    let changes = gone.map(|gone| gone.changes).unwrap_or_default();
    let changes = words::change_rows(changes.iter(), &before.sources, &after.sources);
    Step { name: slo.meta.name().to_owned(), changes, ..step }
}

/// Finds the last commit that had an SLO which none is called like any more, and what became of it.
fn last_seen(reader: &Reader<'_>, name: &str, head: CommitId) -> Result<Option<Fate>, Error> {
    let bare = name.rsplit('/').next().unwrap_or(name);
    let mut commit = head;
    while let Some(parent) = reader.repository.parents(commit)?.first().copied() {
        if !reader.repository.holds(parent) {
            break;
        }
        let Some(before) = reader.before(parent, commit, bare)? else {
            commit = parent;
            continue;
        };
        if named(&before, name)?.is_none() {
            commit = parent;
            continue;
        }
        let (before, after) = (reader.whole(parent)?, reader.whole(commit)?);
        let Some(slo) = named(&before, name)? else { break };
        let followed = change::forth(before.placed(), after.placed(), slo.meta.place());
        let Some(Followed { other, changes }) = followed else { break };
        if let Some(other) = other.filter(|other| other.meta.name() != slo.meta.name()) {
            return Ok(Some(Fate::Renamed(full_name(&other))));
        }
        let (paths, _) = rests_on(&before, &slo);
        let mut step = reader.describe(commit, Some(parent), &paths)?;
        slo.meta.name().clone_into(&mut step.name);
        step.changes = words::change_rows(changes.iter(), &before.sources, &after.sources);
        return Ok(Some(Fate::Gone(State { commit: parent, slo, paths }, Box::new(step))));
    }
    Ok(None)
}

/// Returns what an SLO is called where another service may have one of its name.
fn full_name(slo: &Slo) -> String {
    match &slo.service {
        Some(service) => format!("{}/{}", service.value, slo.meta.name()),
        None => slo.meta.name().to_owned(),
    }
}

/// Returns the SLO of a name.
///
/// # Errors
///
/// Several of that name.
fn named(tree: &Tree, name: &str) -> Result<Option<Arc<Slo>>, Error> {
    let is_it = |slo: &&Arc<Slo>| {
        let own = slo.meta.name();
        let is_below = |home: &str| {
            name.strip_prefix(home).and_then(|rest| rest.strip_prefix('/')) == Some(own)
        };
        !own.is_empty() && (name == own || homes(slo).into_iter().flatten().any(is_below))
    };
    let found: Vec<&Arc<Slo>> = tree.catalog.slos().filter(is_it).collect();
    if let [first, second, ..] = found.as_slice() {
        let message = format!("{} SLOs are called `{name}`", found.len());
        let different = homes(first).into_iter().zip(homes(second)).find(|(one, two)| one != two);
        let home = different.and_then(|(one, two)| one.or(two));
        let path = |slo: &Slo| tree.sources.file(slo.meta.place().source).path.as_str();
        let hint = match home {
            Some(home) => format!("say which: `{home}/{}`", first.meta.name()),
            None => format!(
                "nothing tells apart those of {} and {}: give one of them another name",
                path(first),
                path(second)
            ),
        };
        return Err(Error::Usage { message, hint: Some(hint) });
    }
    Ok(found.first().map(|slo| Arc::clone(slo)))
}

/// Returns the service of an SLO and its namespace.
fn homes(slo: &Slo) -> [Option<&str>; 2] {
    [slo.service.as_ref().map(|service| &*service.value), slo.meta.namespace.as_deref()]
}

/// Returns the files that an SLO rests on, and whether all that it refers to stands in them.
fn rests_on(tree: &Tree, slo: &Arc<Slo>) -> (BTreeSet<String>, bool) {
    let catalog: &Catalog = &tree.catalog;
    let mut files: BTreeSet<SourceId> = BTreeSet::from([slo.meta.span.source]);
    let mut seen: BTreeSet<(Kind, String)> = BTreeSet::new();
    let mut open: Vec<Object> = vec![Object::Slo(Arc::clone(slo))];
    let mut is_whole = true;
    while let Some(object) = open.pop() {
        let mut next: Vec<(Kind, String)> = Vec::new();
        object.each_reference(&mut |reference: &Reference| {
            next.push((reference.kind, reference.name.value.to_string()));
        });
        for key in next {
            let found: Vec<&Object> = catalog.named(key.0, &key.1).collect();
            is_whole &= !found.is_empty();
            if seen.insert(key) {
                files.extend(found.iter().map(|object| object.meta().span.source));
                open.extend(found.into_iter().cloned());
            }
        }
    }
    let paths = files.iter().map(|file| tree.sources.file(*file).path.clone());
    (paths.collect(), is_whole)
}
