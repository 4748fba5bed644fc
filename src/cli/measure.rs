//! Fetches what must be measured, and makes a table of it.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Instant;

use jiff::Timestamp;

use crate::backend;
use crate::backend::Setting;
use crate::backend::World;
use crate::budget;
use crate::budget::Definition;
use crate::budget::Measurement;
use crate::budget::Request;
use crate::budget::Terms;
use crate::config;
use crate::config::Config;
use crate::git::Repository;
use crate::git::id::CommitId;
use crate::model::Catalog;
use crate::model::Kind;
use crate::model::NoData;
use crate::model::Object;
use crate::quantity::Duration;
use crate::report::BudgetTable;
use crate::report::words;

use super::arguments::Global;
use super::error::Error;
use super::file;
use super::file::Content;
use super::output;
use super::snapshot;
use super::snapshot::Tracked;

/// The most bytes of recorded measurements that are read.
const LARGEST: u64 = 256 * 1024 * 1024;

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
    pub(super) now: Timestamp,
}

/// Answers every request, in order; says on standard error what is worth a warning and belongs to no
/// single request, which no report would say.
pub(super) fn all(
    global: &Global,
    asked: &Asked<'_>,
    place: &Place<'_>,
) -> Result<Vec<Measurement>, Error> {
    if let Some(name) = asked.backend.filter(|name| !asked.config.backends.contains_key(*name)) {
        let known = asked.config.backends.keys().map(String::as_str);
        let hint = format!("`{}` names backends as `[backend.NAME]`", config::FILE_NAME);
        return Err(Error::unknown("backend", name, known, hint));
    }
    let setting = Setting {
        config: asked.config,
        trusted: asked.trusted,
        head: asked.head,
        chosen: asked.backend,
    };
    let begin = Instant::now();
    let world = World {
        variables: &|name| env::var(name).ok(),
        files: &|path| read(place, path),
        pause: &thread::sleep,
        elapsed: &|| begin.elapsed(),
        now: asked.now,
    };
    let answers = backend::measure(&setting, asked.requests, &world)
        .map_err(|error| Error::Usage { message: error.to_string(), hint: Some(error.hint()) })?;
    for warning in &answers.warnings {
        output::say(global, &format!("warning: {warning}"));
    }
    Ok(answers.measurements)
}

/// Reads a file that the configuration names, or says why not.
fn read(place: &Place<'_>, path: &str) -> Result<Vec<u8>, String> {
    let given = Path::new(path);
    if given.is_absolute() {
        // A certificate: recorded measurements never have an absolute path. The system's may be a link.
        let unreadable = |error: io::Error| format!("the file cannot be read: {error}");
        let real = given.canonicalize().map_err(unreadable)?;
        return match file::read(&real, LARGEST) {
            Content::Bytes(bytes) => Ok(bytes),
            Content::Unreadable(error) => Err(unreadable(error)),
            Content::Other(other) => Err(format!("it is {other}")),
            Content::TooLarge { .. } => Err("the file is too large to be read".to_owned()),
            Content::Nothing => Err("there is no such file".to_owned()),
        };
    }
    if !config::stays_inside(path) {
        return Err("the path leaves the repository".to_owned());
    }
    let root = match place {
        Place::Folder(root) => root,
        Place::Trusted { repository, commit, head, root } => {
            if let Some(bytes) = agreed(repository, [*commit, *head], path)? {
                return Ok(bytes);
            }
            let is_plain = repository.root_is_plain(*head).map_err(|error| error.to_string())?;
            if !is_plain || !is_where_it_says(repository, root) {
                return Err("the change puts a link or a submodule in its place".to_owned());
            }
            // A step of the pipeline may have put a link there, to what one of the trees tracks.
            if let Some(target) = target(root, path)?
                && let Some(bytes) = agreed(repository, [*commit, *head], &target)?
            {
                return Ok(bytes);
            }
            root
        }
    };
    let full = root.join(path);
    let is_inside = |full: &Path| root.canonicalize().is_ok_and(|root| full.starts_with(root));
    match (fs::metadata(&full), full.canonicalize()) {
        (Ok(_), Ok(real)) if !is_inside(&real) => Err("the path leaves the repository".to_owned()),
        (Ok(metadata), _) if metadata.len() > LARGEST => {
            Err("the file is too large to be read".to_owned())
        }
        _ => fs::read(&full).map_err(|error| format!("the file cannot be read: {error}")),
    }
}

/// Returns what the trusted tree has at a path; nothing where neither it nor the head has anything.
///
/// # Errors
///
/// Why what one of them has is not read.
fn agreed(
    repository: &Repository,
    [trusted, head]: [CommitId; 2],
    path: &str,
) -> Result<Option<Vec<u8>>, String> {
    let tracked = |commit: CommitId, limit: u64| {
        snapshot::tracked(repository, commit, path, limit).map_err(|error| error.to_string())
    };
    match tracked(trusted, LARGEST)? {
        Tracked::Bytes(bytes) => return Ok(Some(bytes)),
        Tracked::Other => {
            return Err("the base branch has no file there that could be read".to_owned());
        }
        Tracked::Nothing => {}
    }
    if matches!(tracked(head, 0)?, Tracked::Nothing) {
        return Ok(None);
    }
    Err("the change adds the file, and no change brings the numbers that judge it".to_owned())
}

/// Returns where a path below the root leads, from the root; nothing where no link stands in its way,
/// or where it leads to nothing below the root.
///
/// # Errors
///
/// The place has a name that is no text, by which no tree is asked.
fn target(root: &Path, path: &str) -> Result<Option<String>, String> {
    let real = root.canonicalize().and_then(|root| Ok((root.join(path).canonicalize()?, root)));
    let Ok((real, root)) = real else { return Ok(None) };
    let Ok(below) = real.strip_prefix(root) else { return Ok(None) };
    let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
    match parts.map(|parts| parts.join("/")) {
        Some(target) => Ok((target != path).then_some(target)),
        None => Err("it is a link to a name that is not UTF-8".to_owned()),
    }
}

/// Returns whether the judged folder lies in the worktree where its path says, without a link.
fn is_where_it_says(repository: &Repository, root: &Path) -> bool {
    let top = repository.worktree().and_then(|top| top.canonicalize().ok());
    let named = top.map(|top| match repository.root().as_str() {
        "" => top,
        folder => top.join(folder),
    });
    // A folder that is not there holds nothing that could be read.
    named.is_none() || !root.exists() || root.canonicalize().ok() == named
}

/// Makes the table of what was measured by the definitions that count; beside each stands what a change
/// makes of it.
///
/// * `head`: what a change proposes, where there is one.
pub(super) fn table(
    requests: &[Request],
    measurements: &[Measurement],
    head: Option<&Catalog>,
    now: Timestamp,
) -> BudgetTable {
    let mut table = BudgetTable::default();
    let measured = || requests.iter().zip(measurements);
    let key = |request: &Request| (request.name().to_owned(), request.objective);
    let proposed: HashMap<_, _> = measured()
        .filter(|(request, _)| request.definition == Definition::Head)
        .map(|(request, measurement)| (key(request), (request, measurement)))
        .collect();
    for (request, measurement) in measured() {
        if request.definition != Definition::Trusted {
            continue;
        }
        let state = state_of(request, measurement, now);
        let mut row = words::budget_row(request, measurement, &state);
        row.with_change = match proposed.get(&key(request)) {
            Some(&(proposed, of_proposed)) => {
                // What differs in its terms alone need not be measured again.
                let is_lacking =
                    of_proposed.series.is_err() && is_measured_alike(request, proposed);
                let of_proposed = if is_lacking { measurement } else { of_proposed };
                let state = state_of(proposed, of_proposed, now);
                Some(words::with_change([request, proposed], of_proposed, &state))
            }
            None => head.and_then(|head| unjudged(request, head)),
        };
        table.rows.push(row);
        table.measured_at = Some(request.end);
        let backend = format!("{} ({})", measurement.backend, measurement.source);
        if !measurement.backend.is_empty() && !table.backends.contains(&backend) {
            table.backends.push(backend);
        }
    }
    table
}

/// Returns why a change leaves nothing of an objective that could be judged; nothing where it does.
fn unjudged(request: &Request, head: &Catalog) -> Option<String> {
    let named = head.named(Kind::Slo, request.name()).filter_map(|object| match object {
        Object::Slo(slo) => Some(slo),
        _ => None,
    });
    let named: Vec<_> = named.collect();
    if named.is_empty() {
        return Some("no SLO has this name".to_owned());
    }
    let [only] = named.as_slice() else { return None };
    let is_kept = only.objectives.len() == request.slo.objectives.len();
    let undefined = Terms::new(only, request.objective).err().filter(|_| is_kept)?;
    Some(format!("it has no {} that can be judged", undefined.0))
}

fn state_of(request: &Request, measurement: &Measurement, now: Timestamp) -> budget::BudgetState {
    let seconds = request.lookbacks.iter().filter_map(|&seconds| u64::try_from(seconds).ok());
    let lookbacks: Vec<Duration> = seconds.map(Duration::from_seconds).collect();
    let (terms, step) = (Ok(request.terms.clone()), request.step_seconds);
    budget::state(&terms, measurement, &lookbacks, step, &NoData::default(), now)
}

/// Returns whether the counts of one objective are those of another.
fn is_measured_alike(one: &Request, other: &Request) -> bool {
    let measured = |request: &Request| {
        let objective = request.slo.objectives.get(request.objective)?;
        let compared = objective.comparison(request.indicator.as_deref());
        let slices =
            (&request.slice_target, request.terms.slice_seconds, request.terms.method.name());
        serde_json::to_string(&(compared, slices, &request.indicator)).ok()
    };
    measured(one) == measured(other)
}
