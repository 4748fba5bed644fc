//! Where `slo lint` reads: the files as they lie there, what is staged, or a commit.
//!
//! # Why
//!
//! A hook judges what is about to be committed: a file may be staged and changed again since, and then the
//! worktree says nothing about the commit. Configuration, baseline and owners come from where the definitions do.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::config::Config;
use crate::config::owners::CodeOwners;
use crate::git::Repository;
use crate::git::error::Error as GitError;
use crate::git::id::CommitId;
use crate::lint::Tree;
use crate::proposal::Proposal;
use crate::source::Source;
use crate::source::Span;

use super::arguments::Global;
use super::arguments::LintOptions;
use super::baseline::Course;
use super::error::Error;
use super::facts;
use super::project;
use super::project::Project;
use super::since;
use super::snapshot;
use super::snapshot::At;
use super::snapshot::Gathered;
use super::untouched;

/// What is linted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// The files as they lie there.
    Files,
    /// What is staged.
    Staged,
    /// The tree of a commit.
    Commit(CommitId),
}

/// What is linted is compared with.
#[derive(Default)]
pub(super) struct Before {
    pub(super) sources: Vec<Source>,
    /// Its configuration.
    pub(super) config: Config,
    /// Who proposes what differs; absent where that is not committed.
    pub(super) proposal: Option<Proposal>,
}

/// A project, and what of it is linted.
pub(super) struct Ground {
    pub(super) project: Project,
    which: Which,
    /// Whether somebody names the configuration, which then holds for every tree.
    is_named: bool,
}

impl Ground {
    /// Finds the root, and reads the configuration.
    pub(super) fn open(global: &Global, options: &LintOptions) -> Result<Self, Error> {
        if options.rev.is_none() && !options.staged {
            let project = Project::open(global)?;
            return Ok(Self { project, which: Which::Files, is_named: global.config.is_some() });
        }
        if options.paths.iter().any(|path| path.as_os_str() == "-") {
            let message = "standard input is neither staged nor committed".to_owned();
            let hint = Some("leave `-` out".to_owned());
            return Err(Error::Usage { message, hint });
        }
        let repository = project::repository(global)?;
        let commit = options.rev.as_ref().map(|rev| repository.resolve(rev)).transpose()?;
        let (repository, root) = project::at_root_of(global, repository, commit)?;
        let named = project::trusted_config(global, &repository)?;
        let (config, file) = snapshot::config(&At::of(&repository, commit)?, named.as_deref())?;
        let project = Project { root, config, file, repository: Some(repository) };
        let which = commit.map_or(Which::Staged, Which::Commit);
        Ok(Self { project, which, is_named: global.config.is_some() })
    }

    /// Returns whether the files are linted as they lie there.
    pub(super) fn is_worktree(&self) -> bool {
        self.which == Which::Files
    }

    /// Returns the tree that is read in the place of the worktree, if one is.
    fn at(&self) -> Result<Option<At<'_>>, Error> {
        let commit = match self.which {
            Which::Files => return Ok(None),
            Which::Staged => None,
            Which::Commit(commit) => Some(commit),
        };
        let repository = self.repository()?;
        At::of(repository, commit).map(Some)
    }

    fn repository(&self) -> Result<&Repository, Error> {
        let none = || GitError::NotARepository { path: self.project.root.clone() };
        Ok(self.project.repository.as_ref().ok_or_else(none)?)
    }

    /// Reads the baseline.
    pub(super) fn course(&self, options: &LintOptions, is_stdin: bool) -> Result<Course, Error> {
        match self.at()? {
            Some(at) => Course::of_tree(&at, &options.baseline),
            None => Course::open(&self.project.root, &options.baseline, is_stdin),
        }
    }

    /// Reads who owns which paths.
    pub(super) fn code_owners(&self, global: &Global) -> Result<CodeOwners, Error> {
        match self.at()? {
            Some(at) => snapshot::code_owners(&at, &self.repository()?.root()),
            None => Ok(self.project.code_owners(global)),
        }
    }

    /// Reads the files that are linted in the place of the worktree, if others are.
    pub(super) fn gathered(&self) -> Result<Option<Gathered>, Error> {
        let Some(at) = self.at()? else { return Ok(None) };
        snapshot::gather(&at.snapshot, &self.project.config, &[]).map(Some)
    }

    /// Returns the objects that nobody has changed for long, where the history says so.
    ///
    /// What is compared with another tree has them on both sides.
    pub(super) fn untouched(
        &self,
        options: &LintOptions,
        tree: &Tree,
        now: Timestamp,
    ) -> Result<Option<BTreeSet<Span>>, Error> {
        let Some(repository) = &self.project.repository else { return Ok(None) };
        if options.since.is_some() || options.staged {
            return Ok(None);
        }
        let head = match self.which {
            Which::Commit(commit) => commit,
            Which::Files | Which::Staged => match repository.head() {
                Ok(head) => head,
                // Nothing is committed, or nobody knows what.
                Err(_) => return Ok(None),
            },
        };
        untouched::since_long(repository, &self.project.config, tree, head, now)
    }

    /// Reads the files with which what is linted is compared, if it is compared.
    ///
    /// * `known`: the files that are linted.
    pub(super) fn before(
        &self,
        options: &LintOptions,
        known: &[Source],
    ) -> Result<Option<Before>, Error> {
        if options.since.is_none() && !options.staged {
            return Ok(None);
        }
        let repository = self.repository()?;
        let head = match self.which {
            Which::Commit(commit) => commit,
            Which::Files | Which::Staged => match (repository.head(), &options.since) {
                // Before the first commit there is nothing.
                (Err(GitError::NoCommits), None) => return Ok(Some(Before::default())),
                (head, _) => head?,
            },
        };
        // What is staged has no message yet, so nobody can have said why.
        let (start, proposal) = match &options.since {
            Some(revision) => {
                let start = since::start(repository, revision, head)?;
                (start, Some(facts::proposal(repository, start, head)?))
            }
            None => (head, None),
        };
        let config = self.config_at(repository, start)?;
        let sources = snapshot::gather(&repository.snapshot(start)?, &config, known)?.sources;
        Ok(Some(Before { sources, config, proposal }))
    }

    /// Returns the configuration that counted in a commit: what a change leaves out of `[files]` was there before,
    /// and who it makes an owner was none.
    fn config_at(&self, repository: &Repository, commit: CommitId) -> Result<Config, Error> {
        let own = &self.project.config;
        if self.is_named {
            return Ok(own.clone());
        }
        // One that cannot be read is mended by the change, or else told there.
        let found = snapshot::config(&At::of(repository, Some(commit))?, None);
        Ok(found.map_or_else(|_| own.clone(), |(config, _)| config))
    }
}
