//! What became of one SLO, commit by commit.
//!
//! # Why
//!
//! Most commits touch none of the files that an SLO rests on, so only these files are looked at, and only where they
//! differ is anything read: they and whatever else the commit changes, for an SLO that is moved or renamed there.
//! First parents are followed, since they are what was agreed on, one after the other; where one commit of a merged
//! branch alone touches the files, it is that one's author who is named.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::change;
use crate::change::Change;
use crate::change::ChangeKind;
use crate::config::Config;
use crate::git::Repository;
use crate::git::commits::Commit;
use crate::git::follow::Reached;
use crate::git::id::CommitId;
use crate::git::snapshot::Content;
use crate::lint;
use crate::lint::Tree;
use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Reference;
use crate::model::Slo;
use crate::quantity::Ratio;
use crate::report::history::History;
use crate::report::history::Step;
use crate::report::history::Targets;
use crate::report::words;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;

use super::discover;
use super::error::Error;
use super::snapshot;

/// The trailers that say why something changed, and who agreed.
const TRAILERS: [&str; 3] = ["SLO-Change", "Approved-by", "Incident"];

/// What is known of the past of an SLO.
pub(super) struct Past {
    pub(super) history: History,
    /// Whether older commits are not at hand.
    pub(super) is_cut: bool,
}

/// An SLO at a commit, and the files that it rests on.
struct State {
    commit: CommitId,
    slo: Arc<Slo>,
    paths: BTreeSet<String>,
}

/// Where the files of commits are read from.
struct Reader<'r> {
    repository: &'r Repository,
    config: &'r Config,
}

/// Returns the past of an SLO up to a commit; nothing where none was ever called so.
///
/// * `name`: its name, `service/name` or `namespace/name`.
pub(super) fn of(
    repository: &Repository,
    config: &Config,
    name: &str,
    head: CommitId,
) -> Result<Option<Past>, Error> {
    let reader = Reader { repository, config };
    let tree = snapshot::read(repository, head, config)?;
    let (mut steps, mut state) = (Vec::new(), None);
    if let Some(slo) = named(&tree.catalog, name)? {
        let (paths, _) = rests_on(&tree, &slo);
        state = Some(State { commit: head, slo, paths });
    } else if let Some((last, step)) = reader.last_seen(name, head)? {
        steps.push(step);
        state = Some(last);
    }
    let Some(mut state) = state else { return Ok(None) };
    let newest = Arc::clone(&state.slo);
    let mut targets = Targets::default();
    let end = reader.time(head)?;
    loop {
        let paths = state.paths.iter().map(String::as_str);
        let (commit, parent) = match repository.last_change(state.commit, paths)? {
            Reached::Change { commit, parent } => (commit, Some(parent)),
            Reached::Root(commit) => (commit, None),
            Reached::Cut(commit) => {
                targets.add(reader.time(commit)?, &levels(&state.slo));
                let history = history(&newest, steps, targets, end);
                return Ok(Some(Past { history, is_cut: true }));
            }
        };
        let (step, older) = reader.step(&state, commit, parent)?;
        // Something else in these files may differ.
        if !step.changes.is_empty() {
            targets.add(step.at, &levels(&state.slo));
            steps.push(step);
        }
        let Some(older) = older else {
            let history = history(&newest, steps, targets, end);
            return Ok(Some(Past { history, is_cut: false }));
        };
        state = older;
    }
}

/// Returns the names of the SLOs of a commit.
pub(super) fn names(
    repository: &Repository,
    config: &Config,
    commit: CommitId,
) -> Result<BTreeSet<String>, Error> {
    let tree = snapshot::read(repository, commit, config)?;
    Ok(tree.catalog.slos().map(|slo| slo.meta.name().to_owned()).collect())
}

fn history(slo: &Slo, steps: Vec<Step>, targets: Targets, end: Timestamp) -> History {
    let service = slo.service.as_ref().map(|service| service.value.to_string());
    History { slo: slo.meta.name().to_owned(), service, steps, targets, end }
}

/// Returns each objective's name and its target.
fn levels(slo: &Slo) -> Vec<(String, Ratio)> {
    let several = slo.objectives.len() > 1;
    let objectives = slo.objectives.iter().enumerate();
    let level = objectives.filter_map(|(index, objective)| {
        let name = objective.name.as_ref().map(|name| name.value.to_string());
        let name = name
            .filter(|_| several)
            .unwrap_or_else(|| if several { format!("{}", index + 1) } else { String::new() });
        Some((name, objective.target.as_ref()?.value.clone()))
    });
    level.collect()
}

impl Reader<'_> {
    /// Reads some files of a commit.
    fn read(&self, commit: CommitId, paths: &BTreeSet<String>) -> Result<Tree, Error> {
        let snapshot = self.repository.snapshot(commit)?;
        let mut sources = Vec::new();
        for path in paths {
            if let Content::Bytes(bytes) = snapshot.read(path, MAX_BYTES as u64)? {
                let origin = Origin::Commit(commit.to_string());
                sources.push(Source::decode(path.as_str(), bytes, origin));
            }
        }
        Ok(lint::load(sources, &self.config.files))
    }

    /// Returns the definitions that a commit changes, both paths of one that is moved.
    fn changed(&self, parent: CommitId, commit: CommitId) -> Result<BTreeSet<String>, Error> {
        let files = &self.config.files;
        let changed = self.repository.changed_paths(parent, commit)?.into_iter();
        let paths = changed.flat_map(|path| [Some(path.path), path.previous_path]).flatten();
        let is_read = |path: &String| {
            discover::is_candidate(path) && files.is_read(path) && !files.templates.matches(path)
        };
        Ok(paths.filter(is_read).collect())
    }

    /// Returns what a commit does to an SLO, and the SLO as it was before; nothing where it is new.
    fn step(
        &self,
        state: &State,
        commit: CommitId,
        parent: Option<CommitId>,
    ) -> Result<(Step, Option<State>), Error> {
        let mut paths = state.paths.clone();
        if let Some(parent) = parent {
            paths.extend(self.changed(parent, commit)?);
        }
        let after = self.read(commit, &paths)?;
        let mut before = match parent {
            Some(parent) => self.read(parent, &paths)?,
            None => Tree::default(),
        };
        let mut changes = changes_of(&state.slo, &before, &after);
        let mut old = previous(&state.slo, &changes, &before.catalog);
        // An indicator that was used before may stand in a file that nobody touched.
        if let (Some(parent), Some(slo)) = (parent, &old)
            && !rests_on(&before, slo).1
        {
            before = snapshot::read(self.repository, parent, self.config)?;
            changes = changes_of(&state.slo, &before, &after);
            old = previous(&state.slo, &changes, &before.catalog);
        }
        let touched = old.as_ref().map(|slo| rests_on(&before, slo).0).unwrap_or_default();
        let all: BTreeSet<String> = touched.union(&state.paths).cloned().collect();
        let rows = words::change_rows(changes.iter(), &before.sources, &after.sources);
        let mut step = self.describe(commit, parent, &all)?;
        (step.name, step.changes) = (state.slo.meta.name().to_owned(), rows);
        let older = parent.zip(old);
        let older = older.map(|(commit, slo)| State { commit, slo, paths: touched });
        Ok((step, older))
    }

    /// Returns who changed something, when and why.
    fn describe(
        &self,
        commit: CommitId,
        parent: Option<CommitId>,
        paths: &BTreeSet<String>,
    ) -> Result<Step, Error> {
        let landed = self.repository.commit(commit)?;
        let own = match parent {
            Some(parent) if landed.is_merge() => self.own(parent, commit, paths)?,
            _ => None,
        };
        let merge = own.is_some().then(|| commit.short());
        let at = landed.committer_time;
        let own = own.unwrap_or(landed);
        let known = |key: &str| TRAILERS.iter().any(|trailer| trailer.eq_ignore_ascii_case(key));
        let trailers = own.trailers.iter().filter(|trailer| known(&trailer.key));
        Ok(Step {
            commit: own.id.to_string(),
            short: own.id.short(),
            at,
            author: own.author.name.clone(),
            mail: own.author.mail.clone(),
            subject: own.subject.clone(),
            merge,
            trailers: trailers.map(|one| (one.key.clone(), one.value.clone())).collect(),
            name: String::new(),
            changes: Vec::new(),
        })
    }

    /// Returns the one commit of a merged branch that touches some files; nothing where several do, or the
    /// merge itself does.
    fn own(
        &self,
        parent: CommitId,
        merge: CommitId,
        paths: &BTreeSet<String>,
    ) -> Result<Option<Commit>, Error> {
        let between = self.repository.commits_between(parent, merge)?;
        let touches = |commit: &&Commit| match &commit.changed_paths {
            Ok(changed) => changed.iter().any(|path| paths.contains(path)),
            Err(_) => true,
        };
        let mut found = between.at_hand().iter().filter(touches);
        Ok(match (found.next(), found.next()) {
            (Some(only), None) if only.id != merge => Some(only.clone()),
            _ => None,
        })
    }

    /// Returns when a commit was made.
    fn time(&self, commit: CommitId) -> Result<Timestamp, Error> {
        Ok(self.repository.commit(commit)?.committer_time)
    }

    /// Finds the last commit that had an SLO which is gone, and the one that removed it.
    fn last_seen(&self, name: &str, head: CommitId) -> Result<Option<(State, Step)>, Error> {
        let bare = name.rsplit('/').next().unwrap_or(name);
        let mut commit = head;
        while let Some(parent) = self.repository.parents(commit)?.first().copied() {
            if !self.repository.holds(parent) {
                break;
            }
            let changed = self.changed(parent, commit)?;
            let before = self.read(parent, &changed)?;
            let may_hold = before.sources.iter().any(|(_, file)| file.text.contains(bare));
            if may_hold && named(&before.catalog, name)?.is_some() {
                let before = snapshot::read(self.repository, parent, self.config)?;
                let Some(slo) = named(&before.catalog, name)? else { break };
                let (paths, _) = rests_on(&before, &slo);
                let after = self.read(commit, &changed)?;
                let removed = change::between(before.placed(), after.placed()).into_iter();
                let removed: Vec<Change> =
                    removed.filter(|change| is_removal(change, &slo)).collect();
                let mut step = self.describe(commit, Some(parent), &paths)?;
                slo.meta.name().clone_into(&mut step.name);
                step.changes = words::change_rows(removed.iter(), &before.sources, &after.sources);
                return Ok(Some((State { commit: parent, slo, paths }, step)));
            }
            commit = parent;
        }
        Ok(None)
    }
}

fn is_removal(change: &Change, slo: &Slo) -> bool {
    change.kind == ChangeKind::SloRemoved && change.before_span == Some(slo.meta.place())
}

/// Returns the changes of one SLO, called as it is called afterwards; that it lies in another file is one.
fn changes_of(slo: &Slo, before: &Tree, after: &Tree) -> Vec<Change> {
    let is_mine = |change: &Change| {
        change.object == Kind::Slo
            && change.kind != ChangeKind::SloRemoved
            && change.name == slo.meta.name()
            && change.namespace.as_deref() == slo.meta.namespace.as_deref()
    };
    let all = change::between(before.placed(), after.placed());
    let moved = change::moved(before.placed(), after.placed());
    all.into_iter().chain(moved).filter(is_mine).collect()
}

/// Returns the SLO as it was called before; nothing where it is new.
fn previous(slo: &Slo, changes: &[Change], before: &Catalog) -> Option<Arc<Slo>> {
    let of = |kind: ChangeKind| changes.iter().find(|change| change.kind == kind);
    if of(ChangeKind::SloAdded).is_some() {
        return None;
    }
    let renamed = of(ChangeKind::SloRenamed).and_then(|renamed| renamed.before_span);
    let slos = || before.slos();
    if let Some(place) = renamed {
        return slos().find(|old| old.meta.place() == place).cloned();
    }
    let same = |old: &&Arc<Slo>| old.meta.name() == slo.meta.name();
    let namespace = slo.meta.namespace.as_deref();
    let exact = slos().filter(same).find(|old| old.meta.namespace.as_deref() == namespace);
    exact.or_else(|| slos().find(same)).cloned()
}

/// Returns the SLO of a name.
///
/// # Errors
///
/// Several of that name.
fn named(catalog: &Catalog, name: &str) -> Result<Option<Arc<Slo>>, Error> {
    let is_it = |slo: &&Arc<Slo>| {
        let own = slo.meta.name();
        let homes =
            [slo.service.as_ref().map(|service| &*service.value), slo.meta.namespace.as_deref()];
        let is_below = |home: &str| {
            name.strip_prefix(home).and_then(|rest| rest.strip_prefix('/')) == Some(own)
        };
        !own.is_empty() && (name == own || homes.into_iter().flatten().any(is_below))
    };
    let found: Vec<&Arc<Slo>> = catalog.slos().filter(is_it).collect();
    if let [first, second, ..] = found.as_slice() {
        let home =
            |slo: &Slo| slo.service.as_ref().map_or_else(String::new, |it| it.value.to_string());
        let message = format!("{} SLOs are called `{name}`", found.len());
        let hint = (home(first) != home(second))
            .then(|| format!("name the service too: `{}/{}`", home(first), first.meta.name()));
        return Err(Error::Usage { message, hint });
    }
    Ok(found.first().map(|slo| Arc::clone(slo)))
}

/// Returns the files that an SLO rests on, and whether all that it refers to stands in them.
fn rests_on(tree: &Tree, slo: &Arc<Slo>) -> (BTreeSet<String>, bool) {
    let catalog = &tree.catalog;
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
