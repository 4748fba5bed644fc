//! Fetches what must be measured, and makes a table of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;

use crate::backend::recorded;
use crate::backend::recorded::RecordedProblem;
use crate::budget;
use crate::budget::Definition;
use crate::budget::Failure;
use crate::budget::Measurement;
use crate::budget::Request;
use crate::config;
use crate::config::Backend;
use crate::config::Config;
use crate::config::NoBackend;
use crate::git::Repository;
use crate::git::id::CommitId;
use crate::model::Catalog;
use crate::model::NoData;
use crate::quantity::Duration;
use crate::report::BudgetTable;
use crate::report::words;
use crate::source::MAX_BYTES;

use super::error::Error;
use super::snapshot;
use super::snapshot::Tracked;

/// The most bytes of recorded measurements that are read.
const LARGEST: u64 = 16 * MAX_BYTES as u64;

/// Where recorded measurements are read.
pub(super) enum Place<'a> {
    /// A file that the trusted tree tracks is read there; one that the head alone tracks is refused,
    /// since its author would write the numbers that judge the change; one that nobody tracks was
    /// written by a step of the pipeline and is read from the worktree.
    Trusted { repository: &'a Repository, commit: CommitId, head: CommitId, root: &'a Path },
    /// From the folder of the project.
    Folder(&'a Path),
}

/// What is asked, and by what it is answered.
pub(super) struct Asked<'a> {
    pub(super) config: &'a Config,
    /// The objects that tell which source a definition names: those of the trusted tree and the head.
    pub(super) trusted: &'a Catalog,
    pub(super) head: &'a Catalog,
    pub(super) requests: &'a [Request],
    /// The backend that answers everything, if one is named.
    pub(super) backend: Option<&'a str>,
}

/// Answers every request, in order.
pub(super) fn all(asked: &Asked<'_>, place: &Place<'_>) -> Result<Vec<Measurement>, Error> {
    if let Some(name) = asked.backend {
        named_backend(asked.config, name)?;
    }
    let mut groups: BTreeMap<&str, (&Backend, Vec<usize>)> = BTreeMap::new();
    let mut answers: BTreeMap<usize, Measurement> = BTreeMap::new();
    for (index, request) in asked.requests.iter().enumerate() {
        match backend(asked, request)? {
            Some((name, backend)) => {
                groups.entry(name).or_insert_with(|| (backend, Vec::new())).1.push(index);
            }
            None => drop(answers.insert(index, failed(request, "", Failure::NoBackend))),
        }
    }
    for (name, (backend, indices)) in groups {
        let requests: Vec<&Request> =
            indices.iter().filter_map(|&index| asked.requests.get(index)).collect();
        let measured = if backend.is_recorded() {
            recorded_answers(asked, place, name, backend, &requests)?
        } else {
            let kind = &backend.kind.value;
            let why = format!("this version does not speak `{kind}`");
            requests
                .iter()
                .map(|request| failed(request, name, Failure::Unreachable(why.clone())))
                .collect()
        };
        answers.extend(indices.into_iter().zip(measured));
    }
    Ok(answers.into_values().collect())
}

fn failed(request: &Request, backend: &str, failure: Failure) -> Measurement {
    Measurement {
        slo: request.name().to_owned(),
        service: request.service().map(str::to_owned),
        objective: request.objective,
        definition: request.definition,
        series: Err(failure),
        backend: backend.to_owned(),
        source: "none".to_owned(),
        method: None,
        observed_at: request.end,
        warnings: Vec::new(),
    }
}

/// Returns the backend that the command line names.
fn named_backend<'a>(config: &'a Config, name: &str) -> Result<(&'a str, &'a Backend), Error> {
    match config.backends.get_key_value(name) {
        Some((name, backend)) => Ok((name, backend)),
        None => Err(Error::Usage {
            message: format!("there is no backend `{name}`"),
            hint: Some(format!("`{}` names backends as `[backend.NAME]`", config::FILE_NAME)),
        }),
    }
}

/// Returns the backend that answers a request; nothing where none does.
fn backend<'a>(
    asked: &Asked<'a>,
    request: &Request,
) -> Result<Option<(&'a str, &'a Backend)>, Error> {
    if let Some(name) = asked.backend {
        return named_backend(asked.config, name).map(Some);
    }
    let catalog = match request.definition {
        Definition::Trusted => asked.trusted,
        Definition::Head => asked.head,
    };
    let sources = request.indicator.as_ref().map(|indicator| indicator.measure.sources());
    let source = sources.and_then(|sources| sources.first().copied());
    let name = source.and_then(|source| source.reference.as_ref());
    let name = name.map(|reference| reference.name.value.as_str());
    let kind = source.and_then(|source| catalog.source_type(source));
    match asked.config.backend_for(name, kind.as_deref()) {
        Ok(found) => Ok(Some(found)),
        Err(NoBackend::NoneFits) => Ok(None),
        Err(error) => Err(Error::Usage {
            message: error.to_string(),
            hint: Some("say which with `sources`, or with `--backend NAME`".to_owned()),
        }),
    }
}

fn recorded_answers(
    asked: &Asked<'_>,
    place: &Place<'_>,
    name: &str,
    backend: &Backend,
    requests: &[&Request],
) -> Result<Vec<Measurement>, Error> {
    let path = backend.path.as_ref().map_or("", |path| path.value.as_str());
    let read = match read(place, path)? {
        Ok(bytes) => recorded::parse(&bytes, recorded::Format::of(path), path),
        Err(message) => Err(RecordedProblem { path: path.to_owned(), line: 1, message }),
    };
    Ok(match read {
        Ok(recorded) => recorded::answer(&recorded, name, requests, asked.trusted),
        Err(problem) => recorded::refuse(&problem, name, requests),
    })
}

/// Reads a file of recorded measurements, or says why not.
fn read(place: &Place<'_>, path: &str) -> Result<Result<Vec<u8>, String>, Error> {
    if !config::stays_inside(path) {
        return Ok(Err("the path leaves the repository".to_owned()));
    }
    let root = match place {
        Place::Folder(root) => root,
        Place::Trusted { repository, commit, head, root } => {
            match snapshot::tracked(repository, *commit, path, LARGEST)? {
                Tracked::Bytes(bytes) => return Ok(Ok(bytes)),
                Tracked::Other => {
                    let why = "the base branch has no file there that could be read";
                    return Ok(Err(why.to_owned()));
                }
                Tracked::Nothing => {}
            }
            if !matches!(snapshot::tracked(repository, *head, path, 0)?, Tracked::Nothing) {
                let why =
                    "the change adds the file, and no change brings the numbers that judge it";
                return Ok(Err(why.to_owned()));
            }
            root
        }
    };
    let full = root.join(path);
    let inside = full
        .canonicalize()
        .is_ok_and(|full| root.canonicalize().is_ok_and(|root| full.starts_with(root)));
    match fs::metadata(&full) {
        Ok(_) if !inside => Ok(Err("the path leaves the repository".to_owned())),
        Ok(metadata) if metadata.len() > LARGEST => {
            Ok(Err("the file is too large to be read".to_owned()))
        }
        _ => Ok(fs::read(&full).map_err(|error| format!("the file cannot be read: {error}"))),
    }
}

/// Makes the table of what was measured by the definitions that count.
pub(super) fn table(
    requests: &[Request],
    measurements: &[Measurement],
    now: Timestamp,
) -> BudgetTable {
    let no_data = NoData::default();
    let mut table = BudgetTable::default();
    for (request, measurement) in requests.iter().zip(measurements) {
        if request.definition != Definition::Trusted {
            continue;
        }
        let seconds = request.lookbacks.iter().filter_map(|&seconds| u64::try_from(seconds).ok());
        let lookbacks: Vec<Duration> = seconds.map(Duration::from_seconds).collect();
        let step = request.step_seconds;
        let terms = Ok(request.terms.clone());
        let state = budget::state(&terms, measurement, &lookbacks, step, &no_data, now);
        table.rows.push(words::budget_row(request, measurement, &state));
        table.measured_at = Some(request.end);
        let backend = format!("{} ({})", measurement.backend, measurement.source);
        if !measurement.backend.is_empty() && !table.backends.contains(&backend) {
            table.backends.push(backend);
        }
    }
    table
}
