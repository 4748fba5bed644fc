//! `slo budget`

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::backend::recorded;
use crate::budget;
use crate::budget::Definition;
use crate::budget::Failure;
use crate::budget::Measurement;
use crate::budget::Request;
use crate::budget::Terms;
use crate::config::Config;
use crate::git::Repository;
use crate::git::trees;
use crate::git::trees::Compared;
use crate::git::trees::Trees;
use crate::lint;
use crate::lint::Tree;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::Slo;
use crate::policy;
use crate::policy::Governance;
use crate::report::Report;

use super::Exit;
use super::arguments::BudgetOptions;
use super::arguments::Global;
use super::discover;
use super::error::Error;
use super::facts;
use super::measure;
use super::measure::Asked;
use super::measure::Place;
use super::output;
use super::project;
use super::project::Project;
use super::snapshot;
use super::snapshot::At;

/// The grid of budgets that no policy governs, in seconds.
const STEP_SECONDS: i64 = 3_600;

pub(super) fn run(global: &Global, options: &BudgetOptions) -> Result<Exit, Error> {
    if let Some((repository, compared)) = proposed(global)? {
        return of_change(global, options, repository, &compared);
    }
    let project = Project::open(global)?;
    let found = discover::files(&project, &[])?;
    output::say_read(global, &found);
    let tree = lint::load(found.sources, &project.config.files);
    show(global, options, &project.config, &tree, &Place::Folder(&project.root))
}

/// Returns the commits of the change that the pipeline runs for; nothing where it runs for none.
fn proposed(global: &Global) -> Result<Option<(Repository, Compared)>, Error> {
    let event = facts::event(None)?;
    let merge_request = if event.is_none() { facts::merge_request() } else { None };
    let event = event.as_ref().and_then(facts::event_facts);
    if event.is_none() && merge_request.is_none() {
        return Ok(None);
    }
    let repository = project::repository(global)?;
    let request = trees::Request { event, merge_request, ..trees::Request::default() };
    Ok(match trees::decide(&repository, &request)? {
        Trees::Whole { .. } => None,
        Trees::Compared(compared) => Some((repository, compared)),
    })
}

/// Shows the definitions that a change proposes, measured by the backends of the trusted tree: a
/// change must not choose where a token is sent, nor bring its own numbers.
fn of_change(
    global: &Global,
    options: &BudgetOptions,
    repository: Repository,
    compared: &Compared,
) -> Result<Exit, Error> {
    let (commit, head) = (compared.trusted, compared.head);
    let (repository, root) = project::at_trusted_root(global, repository, commit)?;
    let named = project::trusted_config(global, &repository)?;
    let (config, _) = snapshot::config(&At::base(&repository, commit)?, named.as_deref())?;
    let tree = snapshot::read(&repository, head, &config)?;
    output::say_read_at(global, "the head", head, &tree);
    let place = Place::Trusted { repository: &repository, commit, head, root: &root };
    show(global, options, &config, &tree, &place)
}

/// Shows the budgets; where not one could be measured, nothing is known.
fn show(
    global: &Global,
    options: &BudgetOptions,
    config: &Config,
    tree: &Tree,
    place: &Place<'_>,
) -> Result<Exit, Error> {
    output::say_unknown(global, tree);
    let now = options.clock.now.unwrap_or_else(Timestamp::now);
    let requests = requests(&tree.catalog, options, now)?;
    let asked = Asked {
        config,
        trusted: &tree.catalog,
        head: &tree.catalog,
        requests: &requests,
        backend: options.backend.as_deref(),
        now,
    };
    let measurements = measure::all(global, &asked, place)?;
    let unrecorded = match &options.record {
        Some(file) => record(file, &requests, &measurements)?,
        None => None,
    };
    let table = measure::table(&requests, &measurements, None, now);
    let mut report = Report::of_findings(&tree.sources, &[], output::docs);
    report.budgets = Some(&table);
    output::render(global, &options.output.format, &report)?;
    if let Some(unrecorded) = unrecorded {
        return Err(unrecorded);
    }
    let is_unread = !measurements.is_empty() && measurements.iter().all(|one| one.series.is_err());
    Ok(if is_unread { Exit::Unknown } else { Exit::Success })
}

/// Records measurements, all or none: half a recording would stand for the whole one, and what is lost
/// would be forgotten. Returns the error that says so where the backend failed for one.
fn record(
    file: &Path,
    requests: &[Request],
    measurements: &[Measurement],
) -> Result<Option<Error>, Error> {
    let is_failed = |one: &&Measurement| one.series.as_ref().is_err_and(Failure::is_of_backend);
    let failed = measurements.iter().filter(is_failed).count();
    if failed == 0 {
        output::write_file(file, recorded::write(requests, measurements).as_bytes())?;
        return Ok(None);
    }
    let path = file.display().to_string();
    Ok(Some(Error::Unrecorded { path, failed, all: measurements.len() }))
}

/// Returns what must be measured of the SLOs that are named, or of all.
fn requests(
    catalog: &Catalog,
    options: &BudgetOptions,
    now: Timestamp,
) -> Result<Vec<Request>, Error> {
    let named = &options.slos;
    let mut slos: Vec<&Arc<Slo>> = catalog.slos().collect();
    for name in named {
        if !slos.iter().any(|slo| is_named(slo, name)) {
            let full: Vec<String> = slos.iter().filter_map(|slo| full_name(slo)).collect();
            let known = slos.iter().map(|slo| slo.meta.name());
            let known = known.chain(full.iter().map(String::as_str));
            let hint = "`slo budget` shows every SLO".to_owned();
            return Err(Error::unknown("SLO", name, known, hint));
        }
    }
    slos.retain(|slo| named.is_empty() || named.iter().any(|name| is_named(slo, name)));
    slos.sort_by_key(|slo| (slo.service.as_ref().map(|service| &service.value), slo.meta.name()));
    let governance = Governance::new(catalog);
    let mut found = Vec::new();
    for slo in slos {
        let policies = governance.governing(slo);
        for objective in 0..slo.objectives.len() {
            let mut asked = request(catalog, slo, objective, &policies, now);
            if let Some(asked) = asked.as_mut().filter(|_| options.record.is_some()) {
                reach_back(asked, &policies);
            }
            found.extend(asked);
        }
    }
    Ok(found)
}

fn is_named(slo: &Slo, name: &str) -> bool {
    slo.meta.name() == name || full_name(slo).is_some_and(|full| full == name)
}

fn full_name(slo: &Slo) -> Option<String> {
    let service = slo.service.as_ref()?;
    Some(format!("{}/{}", service.value, slo.meta.name()))
}

/// Asks for as much of the past as the policies remember: a gate that reads the record later must come to
/// the verdict that it would have come to here.
fn reach_back(request: &mut Request, policies: &[&Arc<ErrorBudgetPolicy>]) {
    let horizons = policies.iter().map(|policy| policy::horizon_seconds(policy, &request.terms));
    let longest = horizons.max().unwrap_or(0);
    request.start = request.start.min(budget::moved(request.end, longest.saturating_neg()));
}

/// An objective without a target or a window has no budget; a rule says so.
///
/// The grid is the finest of the policies', as at the gate.
fn request(
    catalog: &Catalog,
    slo: &Arc<Slo>,
    index: usize,
    policies: &[&Arc<ErrorBudgetPolicy>],
    now: Timestamp,
) -> Option<Request> {
    let terms = Terms::new(slo, index).ok()?;
    let objective = slo.objectives.get(index)?;
    let lookbacks: BTreeSet<i64> = budget::alert_lookbacks(catalog, slo)
        .into_iter()
        .filter_map(|lookback| i64::try_from(lookback.nominal_seconds()).ok())
        .collect();
    let reach = lookbacks.iter().copied().chain([terms.window.reach_seconds()]).max()?;
    let steps = policies.iter().map(|policy| policy.evaluation.step.nominal_seconds());
    let steps = steps.filter_map(|seconds| i64::try_from(seconds).ok());
    let step_seconds = steps.min().map_or(STEP_SECONDS, |step| step.max(1));
    let end = budget::instant(now, step_seconds);
    Some(Request {
        slo: Arc::clone(slo),
        objective: index,
        indicator: catalog.indicator(&objective.indicator).one().cloned(),
        slice_target: objective.slice_target.as_ref().map(|share| share.value.clone()),
        terms,
        definition: Definition::Trusted,
        start: budget::moved(end, -reach),
        end,
        step_seconds,
        lookbacks: lookbacks.into_iter().collect(),
    })
}
