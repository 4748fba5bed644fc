//! `slo budget`

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::backend::recorded;
use crate::budget;
use crate::budget::Definition;
use crate::budget::Request;
use crate::budget::Terms;
use crate::lint;
use crate::model::Catalog;
use crate::model::Slo;
use crate::report::Report;

use super::Exit;
use super::arguments::BudgetOptions;
use super::arguments::Global;
use super::discover;
use super::error::Error;
use super::measure;
use super::measure::Asked;
use super::measure::Place;
use super::output;
use super::project::Project;

/// The grid of budgets that no policy governs, in seconds.
const STEP_SECONDS: i64 = 3_600;

pub(super) fn run(global: &Global, options: &BudgetOptions) -> Result<Exit, Error> {
    let project = Project::open(global)?;
    let now = options.now.unwrap_or_else(Timestamp::now);
    let tree = lint::load(discover::files(&project, &[])?.sources);
    let requests = requests(&tree.catalog, &options.slos, now)?;
    let asked = Asked {
        config: &project.config,
        trusted: &tree.catalog,
        head: &tree.catalog,
        requests: &requests,
        backend: options.backend.as_deref(),
        now,
    };
    let measurements = measure::all(global, &asked, &Place::Folder(&project.root))?;
    if let Some(file) = &options.record {
        output::write_file(file, recorded::write(&requests, &measurements).as_bytes())?;
    }
    let table = measure::table(&requests, &measurements, now);
    let mut report = Report::of_findings(&tree.sources, &[], output::docs);
    report.budgets = Some(&table);
    output::render(global, &options.format, &report)?;
    Ok(Exit::Success)
}

/// Returns what must be measured of the SLOs that are named, or of all.
fn requests(catalog: &Catalog, named: &[String], now: Timestamp) -> Result<Vec<Request>, Error> {
    let mut slos: Vec<&Arc<Slo>> = catalog.slos().collect();
    for name in named {
        if !slos.iter().any(|slo| is_named(slo, name)) {
            let message = format!("there is no SLO `{name}`");
            return Err(Error::Usage { message, hint: None });
        }
    }
    slos.retain(|slo| named.is_empty() || named.iter().any(|name| is_named(slo, name)));
    slos.sort_by_key(|slo| (slo.service.as_ref().map(|service| &service.value), slo.meta.name()));
    let objectives = slos.into_iter().flat_map(|slo| {
        (0..slo.objectives.len()).filter_map(|objective| request(catalog, slo, objective, now))
    });
    Ok(objectives.collect())
}

fn is_named(slo: &Slo, name: &str) -> bool {
    let service = slo.service.as_ref().map_or("", |service| service.value.as_str());
    slo.meta.name() == name
        || name.strip_prefix(service).and_then(|rest| rest.strip_prefix('/'))
            == Some(slo.meta.name())
}

/// An objective without a target or a window has no budget; a rule says so.
fn request(catalog: &Catalog, slo: &Arc<Slo>, index: usize, now: Timestamp) -> Option<Request> {
    let terms = Terms::new(slo, index).ok()?;
    let objective = slo.objectives.get(index)?;
    let lookbacks: BTreeSet<i64> = budget::alert_lookbacks(catalog, slo)
        .into_iter()
        .filter_map(|lookback| i64::try_from(lookback.nominal_seconds()).ok())
        .collect();
    let reach = lookbacks.iter().copied().chain([terms.window.reach_seconds()]).max()?;
    let end = budget::instant(now, STEP_SECONDS);
    Some(Request {
        slo: Arc::clone(slo),
        objective: index,
        indicator: catalog.indicator(&objective.indicator).one(),
        slice_target: objective.slice_target.as_ref().map(|share| share.value.clone()),
        terms,
        definition: Definition::Trusted,
        start: budget::moved(end, -reach),
        end,
        step_seconds: STEP_SECONDS,
        lookbacks: lookbacks.into_iter().collect(),
    })
}
