//! `slo gate`: three trees, one fetch, one verdict.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::budget;
use crate::budget::Measurement;
use crate::config::Config;
use crate::config::owners::CodeOwners;
use crate::finding::Finding;
use crate::finding::Level;
use crate::forge::event::Event;
use crate::gate;
use crate::gate::Setting;
use crate::gate::Verdict;
use crate::git::Repository;
use crate::git::fetch::Fetching;
use crate::git::id::CommitId;
use crate::git::trees;
use crate::git::trees::Request;
use crate::git::trees::Scope;
use crate::git::trees::Trees;
use crate::lint;
use crate::lint::RuleSet;
use crate::lint::Tree;
use crate::model::Catalog;
use crate::model::Object;
use crate::report::Note;
use crate::report::Report;
use crate::report::VerdictView;
use crate::report::words;
use crate::rules::Facts;
use crate::source::LineIndex;

use super::Exit;
use super::arguments::FailLevel;
use super::arguments::GateOptions;
use super::arguments::Global;
use super::error::Error;
use super::facts;
use super::lint::views;
use super::measure;
use super::measure::Asked;
use super::measure::Place;
use super::output;
use super::project;
use super::publish;
use super::publish::Occasion;
use super::snapshot;

/// The trees of a run and what is agreed in the trusted one.
struct Run {
    repository: Repository,
    trees: Trees,
    trusted_commit: CommitId,
    head_commit: CommitId,
    root: PathBuf,
    config: Config,
    code_owners: CodeOwners,
    trusted: Tree,
    /// The trusted tree's objects, with the policies that `[gate] policies` names alone.
    agreed: Catalog,
    before: Tree,
    head: Tree,
}

pub(super) fn run(global: &Global, options: &GateOptions) -> Result<Exit, Error> {
    judge(global, options).inspect_err(|error| publish::refused(options, error))
}

fn judge(global: &Global, options: &GateOptions) -> Result<Exit, Error> {
    let event = facts::event(options.event.as_deref())?;
    let repository = project::repository(global)?;
    let trees = trees::decide(&repository, &request(options, event.as_ref()))?;
    let run = Run::read(global, repository, trees)?;
    if run.repository.has_uncommitted_changes()? {
        output::say(global, "uncommitted changes are not judged");
    }
    let (rules, _) = RuleSet::new(&run.config.rules, &options.rules.choice());
    let now = options.now.unwrap_or_else(Timestamp::now);
    let facts = facts::collect(&run.repository, &run.trees, event.as_ref(), &options.labels)?;
    let services: BTreeMap<String, Vec<String>> = run
        .config
        .services
        .iter()
        .map(|(service, globs)| (service.clone(), globs.patterns().to_vec()))
        .collect();
    let setting = Setting {
        trusted: &run.agreed,
        head: &run.head.catalog,
        facts: &facts,
        services: &services,
        owners: &run.config.owners,
        now,
    };
    let findings = run.findings(&rules, now);
    let fail_on = options.fail_on.map_or(run.config.gate.fail_on, FailLevel::lowest);
    let blocking = findings.iter().filter(|finding| !finding.suppressed);
    let blocking = blocking.filter(|finding| fail_on.includes(finding.level)).count();
    let requests = gate::plan(&setting);
    let measurements = run.measure(options, event.as_ref(), &requests)?;
    let verdict = gate::decide(&setting, &measurements, blocking);
    let exit = exit(&verdict);
    let mut view = words::verdict_view(&verdict, &run.trusted.sources);
    run.note_what_waits(&mut view)?;
    let table = measure::table(&requests, &measurements, now);
    let views = views(&rules);
    let mut report = Report::of_findings(&run.head.sources, &findings, output::docs);
    report.rules = &views;
    report.budgets = Some(&table);
    report.verdict = Some(&view);
    match publish::tell(global, options, &run.occasion(event.as_ref()), &report) {
        // Whoever reads the report may leave early; the verdict stands.
        Err(error) if error.is_closed_pipe() => Ok(exit),
        written => written.map(|()| exit),
    }
}

/// Returns what is to be compared.
fn request(options: &GateOptions, event: Option<&Event>) -> Request {
    Request {
        base: options.base.clone().or_else(|| match event {
            None => facts::gitlab_base(),
            Some(_) => None,
        }),
        event: event.and_then(facts::event_facts),
        scope: if options.all { Scope::WholeTree } else { Scope::Change },
        fetching: if options.no_fetch { Fetching::Forbidden } else { Fetching::Allowed },
    }
}

impl Run {
    fn read(global: &Global, repository: Repository, trees: Trees) -> Result<Self, Error> {
        let (trusted_commit, before_commit, head_commit) = match &trees {
            Trees::Whole { head } => (*head, *head, *head),
            Trees::Compared(compared) => (compared.trusted, compared.compared, compared.head),
        };
        let (repository, root) = project::at_trusted_root(global, repository, trusted_commit)?;
        let (config, _) = snapshot::config(&repository, trusted_commit)?;
        let trusted = snapshot::read(&repository, trusted_commit, &config)?;
        let before = if before_commit == trusted_commit {
            Tree::default()
        } else {
            snapshot::read(&repository, before_commit, &config)?
        };
        let head = snapshot::read(&repository, head_commit, &config)?;
        let code_owners = snapshot::code_owners(&repository, trusted_commit)?;
        let agreed = agreed(&trusted, &config);
        refuse_wrong_policies(&trusted, &agreed)?;
        Ok(Self {
            repository,
            trees,
            trusted_commit,
            head_commit,
            root,
            config,
            code_owners,
            trusted,
            agreed,
            before,
            head,
        })
    }

    /// Returns where the change started.
    fn before(&self) -> &Tree {
        match &self.trees {
            Trees::Compared(compared) if compared.compared != self.trusted_commit => &self.before,
            _ => &self.trusted,
        }
    }

    /// Returns what the rules say about the head that they do not say about where it started.
    ///
    /// What only the head allows is not allowed yet: its suppressions do not count.
    fn findings(&self, rules: &RuleSet, now: Timestamp) -> Vec<Finding> {
        let agreed: BTreeSet<(&str, &str)> = self
            .trusted
            .suppressions
            .iter()
            .map(|one| (path(&self.trusted, one.span), self.trusted.sources.slice(one.span)))
            .collect();
        let is_agreed = |one: &crate::rules::Suppression| {
            let key = (path(&self.head, one.span), self.head.sources.slice(one.span));
            agreed.contains(&key)
        };
        let facts = Facts { config: &self.config, code_owners: &self.code_owners, now };
        let mut findings = lint::run_allowing(&self.head, rules, &facts, &is_agreed);
        if let Trees::Compared(_) = self.trees {
            let before = self.before();
            let known: BTreeSet<(String, &str, String)> = lint::run(before, rules, &facts)
                .into_iter()
                .map(|one| (path(before, one.span).to_owned(), one.rule, one.message))
                .collect();
            findings.retain(|one| {
                let key = (path(&self.head, one.span).to_owned(), one.rule, one.message.clone());
                !known.contains(&key)
            });
        }
        findings
    }

    /// Measures what the plan asks for, by the backends of the trusted configuration.
    fn measure(
        &self,
        options: &GateOptions,
        event: Option<&Event>,
        requests: &[budget::Request],
    ) -> Result<Vec<Measurement>, Error> {
        let backend = options.backend.as_deref().or_else(|| {
            let fork = event.and_then(|event| event.pull_request.as_ref());
            let fallback = self.config.gate.fork_backend.as_ref();
            fallback
                .filter(|_| fork.is_some_and(|request| request.from_fork))
                .map(|name| name.value.as_str())
        });
        let asked = Asked {
            config: &self.config,
            trusted: &self.agreed,
            head: &self.head.catalog,
            requests,
            backend,
        };
        let place = Place::Trusted {
            repository: &self.repository,
            commit: self.trusted_commit,
            head: self.head_commit,
            root: &self.root,
        };
        measure::all(&asked, &place)
    }

    /// Returns what is known of the change beside the verdict.
    fn occasion<'a>(&'a self, event: Option<&'a Event>) -> Occasion<'a> {
        let policies: BTreeSet<&str> =
            self.agreed.policies().map(|policy| path(&self.trusted, policy.meta.span)).collect();
        Occasion {
            event,
            settings: &self.config.gate,
            is_change: matches!(self.trees, Trees::Compared(_)),
            root: self.repository.root(),
            head: self.head_commit.to_string(),
            trusted: self.trusted_commit.short(),
            policies: policies.into_iter().map(str::to_owned).collect(),
        }
    }

    /// What the head changes of what is agreed takes effect after it is merged, and is named.
    fn note_what_waits(&self, view: &mut VerdictView) -> Result<(), Error> {
        let Trees::Compared(compared) = &self.trees else { return Ok(()) };
        let changed = self.repository.changed_paths(compared.compared, compared.head)?;
        let holds_policy = |tree: &Tree, path_of: &str| {
            tree.catalog.policies().any(|policy| path(tree, policy.meta.span) == path_of)
        };
        for change in changed {
            let previous = change.previous_path.as_deref().unwrap_or(&change.path);
            let what = if change.path == crate::config::FILE_NAME {
                "the configuration"
            } else if holds_policy(&self.head, &change.path)
                || holds_policy(self.before(), previous)
            {
                "an error budget policy"
            } else if self
                .config
                .backends
                .values()
                .any(|backend| backend.path.as_ref().is_some_and(|path| path.value == previous))
            {
                "recorded measurements"
            } else {
                continue;
            };
            view.notes.push(Note {
                label: "after merge".to_owned(),
                what: what.to_owned(),
                why: format!("{} takes effect after it is merged", change.path),
            });
        }
        if compared.merge_base_missing {
            view.notes.push(Note {
                label: "compared".to_owned(),
                what: "with the tip of the base branch".to_owned(),
                why: "the clone hides where the change started; fetch with `fetch-depth: 0`"
                    .to_owned(),
            });
        }
        Ok(())
    }
}

fn exit(verdict: &Verdict) -> Exit {
    match verdict.exit_code() {
        0 => Exit::Success,
        1 => Exit::Findings,
        _ => Exit::Unknown,
    }
}

/// Returns the path of the file that holds a span.
fn path(tree: &Tree, span: crate::source::Span) -> &str {
    &tree.sources.file(span.source).path
}

/// Returns the objects of the trusted tree, with the policies that the configuration names alone.
fn agreed(trusted: &Tree, config: &Config) -> Catalog {
    let counts = |object: &&Object| match object {
        Object::ErrorBudgetPolicy(policy) => {
            let globs = &config.gate.policies;
            globs.is_empty() || globs.matches(path(trusted, policy.meta.span))
        }
        _ => true,
    };
    Catalog::new(trusted.catalog.objects().iter().filter(counts).cloned().collect(), Vec::new())
}

/// A policy that is wrong ends the run: half a policy is none that anybody agreed to.
fn refuse_wrong_policies(trusted: &Tree, agreed: &Catalog) -> Result<(), Error> {
    let sources: BTreeSet<_> = agreed.policies().map(|policy| policy.meta.span).collect();
    let (rules, _) = RuleSet::new(&crate::config::Rules::default(), &lint::Choice::default());
    let config = Config::default();
    let (code_owners, now) = (CodeOwners::default(), Timestamp::UNIX_EPOCH);
    let facts = Facts { config: &config, code_owners: &code_owners, now };
    let findings = lint::run(trusted, &rules, &facts);
    let wrong = findings.iter().find(|finding| {
        finding.level == Level::Error && sources.iter().any(|span| span.contains(finding.span))
    });
    let Some(finding) = wrong else { return Ok(()) };
    let file = trusted.sources.file(finding.span.source);
    Err(Error::Config {
        message: finding.message.clone(),
        path: file.path.clone(),
        position: Some(LineIndex::new(&file.text).position(finding.span.start as usize)),
        hint: Some(format!("`slo explain {}` says more", finding.rule)),
    })
}
