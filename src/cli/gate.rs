//! `slo gate`: three trees, one fetch, one verdict.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::budget;
use crate::budget::Measurement;
use crate::config;
use crate::config::Config;
use crate::config::baseline::Baseline;
use crate::config::baseline::FILE_NAME;
use crate::config::owners;
use crate::config::owners::CodeOwners;
use crate::finding::Finding;
use crate::forge::event::Event;
use crate::gate;
use crate::gate::Setting;
use crate::gate::Verdict;
use crate::git::Repository;
use crate::git::changes::ChangedPath;
use crate::git::fetch::Fetching;
use crate::git::id::CommitId;
use crate::git::trees;
use crate::git::trees::Request;
use crate::git::trees::Scope;
use crate::git::trees::Trees;
use crate::lint;
use crate::lint::Differences;
use crate::lint::RuleSet;
use crate::lint::Tree;
use crate::lint::baseline::Matching;
use crate::lint::baseline::Unseen;
use crate::model::Catalog;
use crate::proposal::Proposal;
use crate::report::ChangeRow;
use crate::report::Note;
use crate::report::Report;
use crate::report::VerdictView;
use crate::report::words;
use crate::rules::Facts;
use crate::source::Source;

use super::Exit;
use super::agreed;
use super::arguments::FailLevel;
use super::arguments::GateOptions;
use super::arguments::Global;
use super::baseline;
use super::error::Error;
use super::facts;
use super::known::Known;
use super::lint::views;
use super::measure;
use super::measure::Asked;
use super::measure::Place;
use super::output;
use super::project;
use super::publish;
use super::publish::Occasion;
use super::recorded;
use super::reviews;
use super::snapshot;
use super::snapshot::At;

/// The trees of a run and what is agreed in the trusted one.
struct Run {
    repository: Repository,
    trees: Trees,
    trusted_commit: CommitId,
    head_commit: CommitId,
    root: PathBuf,
    config: Config,
    config_file: Option<Source>,
    code_owners: CodeOwners,
    /// The baseline of the trusted tree: that of the head accepts nothing yet.
    baseline: Option<Baseline>,
    trusted: Tree,
    /// The trusted tree's objects, with the policies that `[gate] policies` names alone.
    agreed: Catalog,
    before: Tree,
    head: Tree,
    /// What differs, where a change is judged.
    differences: Differences,
    /// The files of the head that were not read.
    unseen: Unseen,
}

pub(super) fn run(global: &Global, options: &GateOptions) -> Result<Exit, Error> {
    judge(global, options).inspect_err(|error| publish::refused(options, error))
}

fn judge(global: &Global, options: &GateOptions) -> Result<Exit, Error> {
    let event = facts::event(options.event.as_deref())?;
    let repository = project::repository(global)?;
    let trees = trees::decide(&repository, &request(options, event.as_ref())?)?;
    let run = Run::read(global, repository, trees)?;
    output::say_read_at(global, "the base branch", run.trusted_commit, &run.trusted);
    output::say_read_at(global, "the head", run.head_commit, &run.head);
    match run.repository.has_uncommitted_changes() {
        Ok(false) => {}
        Ok(true) => output::say(global, "uncommitted changes are not judged"),
        Err(error) => output::say(global, &format!("warning: {error}; it is not judged")),
    }
    let rules = project::choose(&run.config, run.config_file.as_ref(), &options.rules)?;
    let now = options.clock.now.unwrap_or_else(Timestamp::now);
    let mut facts = run.facts(options, event.as_ref(), now)?;
    facts.proposal.reviews =
        reviews::of(global, event.as_ref(), &run.agreed, run.differences.changes());
    let setting = Setting {
        trusted: &run.agreed,
        head: &run.head.catalog,
        facts: &facts,
        services: &run.config.services,
        owners: &run.config.owners,
        names_policies: !run.config.gate.policies.is_empty(),
        now,
    };
    let findings = run.findings(&rules, &facts.proposal, now)?;
    let fail_on = options.fail_on.map_or(run.config.gate.fail_on, FailLevel::lowest);
    let blocking = findings.iter().filter(|finding| !finding.is_accepted());
    let blocking = blocking.filter(|finding| fail_on.includes(finding.level)).count();
    let requests = gate::plan(&setting);
    let measurements = run.measure(global, options, event.as_ref(), &requests, now)?;
    let verdict = gate::decide(&setting, &measurements, blocking);
    let exit = exit(&verdict);
    let mut view = words::verdict_view(&verdict, &measurements, &run.trusted.sources);
    note_baseline(&findings, &mut view);
    run.note_what_waits(&mut view)?;
    let table = measure::table(&requests, &measurements, Some(&run.head.catalog), now);
    let views = views(&rules);
    let mut report = Report::of_findings(&run.head.sources, &findings, output::docs);
    report.rules = &views;
    report.budgets = Some(&table);
    report.verdict = Some(&view);
    report.templates_passed_over = Some(run.head.templates.len());
    output::say_templates(global, &run.head);
    output::say_unknown(global, &run.head);
    let changes = run.changes();
    report.changes = Some(&changes);
    match publish::tell(global, options, &run.occasion(event.as_ref()), &report) {
        // Whoever reads the report may leave early; the verdict stands.
        Err(error) if error.is_closed_pipe() => Ok(exit),
        written => written.map(|()| exit),
    }
}

/// Returns what is to be compared.
fn request(options: &GateOptions, event: Option<&Event>) -> Result<Request, Error> {
    let merge_request = if event.is_none() { facts::merge_request() } else { None };
    if options.base.is_none() && event.is_none() && merge_request.is_none() {
        facts::check_pipeline(options)?;
    }
    Ok(Request {
        base: options.base.clone(),
        merge_request,
        event: event.and_then(facts::event_facts),
        default_branch: event.and_then(|event| event.default_branch.clone()),
        scope: if options.all { Scope::WholeTree } else { Scope::Change },
        fetching: if options.no_fetch { Fetching::Forbidden } else { Fetching::Allowed },
    })
}

impl Run {
    fn read(global: &Global, repository: Repository, trees: Trees) -> Result<Self, Error> {
        let (trusted_commit, before_commit, head_commit) = match &trees {
            Trees::Whole { trusted, head } => (*trusted, *trusted, *head),
            Trees::Compared(compared) => (compared.trusted, compared.compared, compared.head),
        };
        let (repository, root) = project::at_trusted_root(global, repository, trusted_commit)?;
        let named = project::trusted_config(global, &repository)?;
        let base = At::base(&repository, trusted_commit)?;
        let (config, config_file) = snapshot::config(&base, named.as_deref())?;
        let trusted = snapshot::read_whole(&base.snapshot, &config)?;
        let before = if before_commit == trusted_commit {
            Tree::default()
        } else {
            snapshot::read(&repository, before_commit, &config)?
        };
        let mut head = snapshot::read_whole(&repository.snapshot(head_commit)?, &config)?;
        let code_owners = snapshot::code_owners(&base, &repository.root())?;
        let baseline = baseline::of_tree(&base)?;
        drop(base);
        let differences = match &trees {
            Trees::Compared(compared) if compared.compared != trusted_commit => {
                Differences::between(&before, &mut head.tree)
            }
            Trees::Compared(_) => Differences::between(&trusted.tree, &mut head.tree),
            Trees::Whole { .. } => Differences::default(),
        };
        let agreed = agreed::of(&trusted.tree, &trusted.unread, &config)?;
        Ok(Self {
            repository,
            trees,
            trusted_commit,
            head_commit,
            root,
            config,
            config_file,
            code_owners,
            baseline,
            trusted: trusted.tree,
            agreed,
            before,
            differences,
            unseen: head.unseen(),
            head: head.tree,
        })
    }

    /// Collects what is known about the change.
    fn facts(
        &self,
        options: &GateOptions,
        event: Option<&Event>,
        now: Timestamp,
    ) -> Result<gate::Facts, Error> {
        let (repository, trees) = (&self.repository, &self.trees);
        let facts = facts::collect(repository, trees, event, &options.labels, &self.agreed, now)?;
        let trees = [self.trusted_commit, self.head_commit];
        let services_without_files =
            snapshot::services_without_files(repository, trees, &self.config)?;
        let recorded = recorded::of(repository, &self.agreed, self.trusted_commit, now)?;
        let owners = &self.config.owners;
        let counted = gate::counting(&recorded, &self.agreed, owners, &facts.proposal);
        let gate::Counted { records, overrides, ignored: ignored_records } = counted;
        Ok(gate::Facts { services_without_files, records, overrides, ignored_records, ..facts })
    }

    /// Measures by the trusted configuration; a change from a fork, which has no secrets, by the
    /// backend that the configuration names for forks.
    fn measure(
        &self,
        global: &Global,
        options: &GateOptions,
        event: Option<&Event>,
        requests: &[budget::Request],
        now: Timestamp,
    ) -> Result<Vec<Measurement>, Error> {
        let backend = options.backend.as_deref().or_else(|| {
            let request = event.and_then(|event| event.pull_request.as_ref());
            let fallback = self.config.gate.fork_backend.as_ref();
            fallback
                .filter(|_| request.is_some_and(|request| request.from_fork))
                .map(|name| name.value.as_str())
        });
        let asked = Asked {
            config: &self.config,
            trusted: &self.agreed,
            head: &self.head.catalog,
            requests,
            backend,
            now,
        };
        let place = Place::Trusted {
            repository: &self.repository,
            commit: self.trusted_commit,
            head: self.head_commit,
            root: &self.root,
        };
        measure::all(global, &asked, &place)
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
    /// What only the head allows is not allowed yet: its suppressions do not count. One that the
    /// trusted tree has counts for what it speaks of there, and no more often. The baseline is the
    /// trusted tree's too; of what a change brings it holds nothing but what came from another file.
    fn findings(
        &self,
        rules: &RuleSet,
        proposal: &Proposal,
        now: Timestamp,
    ) -> Result<Vec<Finding>, Error> {
        let alone = Facts::new(&self.config, &self.code_owners, now);
        let comparison = match &self.trees {
            Trees::Compared(_) => Some(self.differences.comparison(
                self.before(),
                &self.config.owners,
                Some(proposal),
            )),
            Trees::Whole { .. } => None,
        };
        let facts = Facts { comparison, ..alone };
        let changed = self.repository.changed_paths(self.trusted_commit, self.head_commit)?;
        let known = Known::new(&self.trusted, &self.head, moved(&changed));
        let mut findings = lint::run_allowing(&self.head, rules, &facts, &known.agreed());
        let mut matching = self.baseline.as_ref().map(Matching::new);
        if let Trees::Compared(compared) = &self.trees {
            let old = lint::run(self.before(), &rules.of(&findings), &alone);
            let mut older = if compared.compared == self.trusted_commit {
                let older = known.remove_from(&mut findings, &old);
                turn(&self.head, &mut findings, &changed);
                older
            } else {
                let changed = self.repository.changed_paths(compared.compared, self.head_commit)?;
                let known = Known::new(&self.before, &self.head, moved(&changed));
                let older = known.remove_from(&mut findings, &old);
                turn(&self.head, &mut findings, &changed);
                older
            };
            if let Some(matching) = &mut matching {
                matching.mark(&self.head, &self.unseen, &mut older);
                matching.mark_moved(&self.head, &self.unseen, &mut findings);
            }
        } else if let Some(matching) = &mut matching {
            matching.mark(&self.head, &self.unseen, &mut findings);
        }
        // After the comparison: how many lacked the same before has no part in what is new.
        Ok(lint::fold(findings))
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

    /// Returns what the change does to the objectives and the policy.
    fn changes(&self) -> Vec<ChangeRow> {
        let before = self.before();
        let listed =
            self.differences.changes().iter().filter(|change| change.kind.is_listed_by_default());
        let (before, after) = (&before.sources, &self.head.sources);
        words::change_rows(listed, before, after)
    }

    /// What the head changes of what is agreed takes effect after it is merged, and is named.
    fn note_what_waits(&self, view: &mut VerdictView) -> Result<(), Error> {
        let (start, is_cut) = match &self.trees {
            Trees::Compared(compared) => (compared.compared, compared.merge_base_missing),
            Trees::Whole { trusted, .. } => (*trusted, false),
        };
        let changed = self.repository.changed_paths(start, self.head_commit)?;
        let holds_policy = |tree: &Tree, path_of: &str| {
            tree.catalog.policies().any(|policy| path(tree, policy.meta.span) == path_of)
        };
        for change in changed {
            let previous = change.previous_path.as_deref().unwrap_or(&change.path);
            let paths = [change.path.as_str(), previous];
            let what = if paths.into_iter().any(|path| is_named(path, config::FILE_NAME)) {
                "the configuration"
            } else if paths.into_iter().any(|path| owners::PLACES.contains(&path)) {
                "who owns what"
            } else if paths.into_iter().any(|path| is_named(path, FILE_NAME)) {
                "the baseline"
            } else if holds_policy(&self.head, &change.path)
                || holds_policy(self.before(), previous)
            {
                "an error budget policy"
            } else if self
                .config
                .backends
                .values()
                .filter_map(|backend| backend.path.as_ref())
                .any(|path| paths.contains(&plain(&path.value).as_str()))
            {
                "recorded measurements"
            } else {
                continue;
            };
            view.notes.push(Note {
                label: "after merge".to_owned(),
                what: what.to_owned(),
                why: format!("{previous} takes effect after it is merged"),
            });
        }
        if is_cut {
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

/// What the baseline keeps from the verdict is not kept from whoever reads it.
fn note_baseline(findings: &[Finding], view: &mut VerdictView) {
    let count = findings.iter().filter(|finding| finding.baselined).count();
    if count > 0 {
        let (noun, them) = if count == 1 { ("finding", "it") } else { ("findings", "them") };
        view.notes.push(Note {
            label: "baseline".to_owned(),
            what: format!("{count} {noun}"),
            why: format!("{FILE_NAME} of the base branch holds {them}"),
        });
    }
}

/// Returns the paths that moved, each with its old one.
fn moved(changed: &[ChangedPath]) -> impl Iterator<Item = (&str, &str)> {
    changed.iter().filter_map(|it| Some((&*it.path, it.previous_path.as_deref()?)))
}

/// Lets findings speak at what a change touches rather than at what it found there.
fn turn(head: &Tree, findings: &mut Vec<Finding>, changed: &[ChangedPath]) {
    let touched: BTreeSet<&str> = changed.iter().map(|it| it.path.as_str()).collect();
    lint::turn(head, findings, |path| touched.contains(path));
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

/// Returns a path of the configuration as git writes it: `./a//b` is `a/b`.
fn plain(path: &str) -> String {
    let names = path.split('/').filter(|name| !matches!(*name, "" | "."));
    names.collect::<Vec<_>>().join("/")
}

/// Returns whether a path is that of a file of a name, at the root or in a folder.
fn is_named(path: &str, name: &str) -> bool {
    path.rsplit('/').next() == Some(name)
}
