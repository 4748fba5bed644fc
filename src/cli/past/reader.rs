//! Files and facts of commits.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;

use crate::config;
use crate::config::Config;
use crate::git::Repository;
use crate::git::commits::Commit;
use crate::git::id::CommitId;
use crate::git::snapshot::Content;
use crate::lint;
use crate::lint::Tree;
use crate::report::history::Step;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;

use crate::cli::discover;
use crate::cli::error::Error;
use crate::cli::project;
use crate::cli::snapshot;

/// The trailers that say why something changed, and who agreed.
const TRAILERS: [&str; 3] = ["SLO-Change", "Approved-by", "Incident"];

/// Where the files of commits are read from.
pub(super) struct Reader<'r> {
    pub(super) repository: &'r Repository,
    config: &'r Config,
    /// Whether the configuration counts for every commit.
    is_fixed: bool,
    /// The configurations of commits, by their text; nothing for one that cannot be read.
    known: RefCell<HashMap<Vec<u8>, Option<Rc<Config>>>>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(repository: &'r Repository, config: &'r Config, is_fixed: bool) -> Self {
        Self { repository, config, is_fixed, known: RefCell::default() }
    }

    /// Calls something with the configuration of a commit.
    fn with_config<T>(
        &self,
        commit: CommitId,
        run: impl FnOnce(&Config) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.is_fixed {
            return run(self.config);
        }
        let snapshot = self.repository.snapshot(commit)?;
        let Content::Bytes(bytes) = snapshot.read(config::FILE_NAME, MAX_BYTES as u64)? else {
            return run(&Config::default());
        };
        let known = self.known.borrow().get(&bytes).cloned();
        let found = known.unwrap_or_else(|| {
            let origin = Origin::Commit(commit.to_string());
            let source = Source::decode(config::FILE_NAME, bytes.clone(), origin);
            let found = project::decode(&source).ok().map(Rc::new);
            self.known.borrow_mut().insert(bytes, found.clone());
            found
        });
        run(found.as_deref().unwrap_or(self.config))
    }

    /// Reads everything that a commit holds.
    pub(super) fn whole(&self, commit: CommitId) -> Result<Tree, Error> {
        self.with_config(commit, |config| snapshot::read(self.repository, commit, config))
    }

    /// Reads some files of a commit.
    pub(super) fn read(&self, commit: CommitId, paths: &BTreeSet<String>) -> Result<Tree, Error> {
        self.with_config(commit, |config| {
            let sources = self.sources(commit, paths, config)?;
            Ok(lint::load(sources, &config.files))
        })
    }

    fn sources(
        &self,
        commit: CommitId,
        paths: &BTreeSet<String>,
        config: &Config,
    ) -> Result<Vec<Source>, Error> {
        let snapshot = self.repository.snapshot(commit)?;
        let files = &config.files;
        let mut sources = Vec::new();
        for path in
            paths.iter().filter(|path| files.is_read(path) && !files.templates.matches(path))
        {
            if let Content::Bytes(bytes) = snapshot.read(path, MAX_BYTES as u64)? {
                let origin = Origin::Commit(commit.to_string());
                sources.push(Source::decode(path.as_str(), bytes, origin));
            }
        }
        Ok(sources)
    }

    /// Returns the definitions that a commit changes, both paths of one that is moved.
    pub(super) fn changed(
        &self,
        parent: CommitId,
        commit: CommitId,
    ) -> Result<BTreeSet<String>, Error> {
        let changed = self.repository.changed_paths(parent, commit)?.into_iter();
        let paths = changed.flat_map(|path| [Some(path.path), path.previous_path]).flatten();
        let is_read = |path: &String| discover::is_candidate(path) || path == config::FILE_NAME;
        Ok(paths.filter(is_read).collect())
    }

    /// Reads what a commit changes or leaves out, as it was before; nothing where a word stands nowhere in it.
    pub(super) fn before(
        &self,
        parent: CommitId,
        commit: CommitId,
        word: &str,
    ) -> Result<Option<Tree>, Error> {
        let changed = self.changed(parent, commit)?;
        if changed.is_empty() {
            return Ok(None);
        }
        // Another configuration may leave out what nobody touched.
        if changed.contains(config::FILE_NAME) {
            return self.whole(parent).map(Some);
        }
        self.with_config(parent, |config| {
            let sources = self.sources(parent, &changed, config)?;
            let has_word = sources.iter().any(|source| source.text.contains(word));
            Ok(has_word.then(|| lint::load(sources, &config.files)))
        })
    }

    /// Returns who changed something, when and why.
    pub(super) fn describe(
        &self,
        commit: CommitId,
        parent: Option<CommitId>,
        paths: &BTreeSet<String>,
    ) -> Result<Step, Error> {
        let landed = self.repository.commit(commit)?;
        let own = match parent {
            Some(parent) if landed.is_merge() => self.own(parent, &landed, paths)?,
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
            unreadable_since: None,
            changes: Vec::new(),
        })
    }

    /// Returns the one commit of a merged branch that touches some files; nothing where several do, or the
    /// merge itself does.
    fn own(
        &self,
        parent: CommitId,
        merge: &Commit,
        paths: &BTreeSet<String>,
    ) -> Result<Option<Commit>, Error> {
        let between = self.repository.commits_between(parent, merge.id)?;
        // Whatever differs between many parents counts as the merge's own, though a branch brought it.
        let is_octopus = merge.parents.len() > 2;
        let touches = |commit: &&Commit| match &commit.changed_paths {
            _ if is_octopus && commit.id == merge.id => false,
            Ok(changed) => changed.iter().any(|path| paths.contains(path)),
            Err(_) => true,
        };
        let mut found = between.at_hand().iter().filter(touches);
        Ok(match (found.next(), found.next()) {
            (Some(only), None) if only.id != merge.id => Some(only.clone()),
            _ => None,
        })
    }

    /// Returns when a commit was made.
    pub(super) fn time(&self, commit: CommitId) -> Result<Timestamp, Error> {
        Ok(self.repository.commit(commit)?.committer_time)
    }
}
