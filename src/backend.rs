//! The door to measured events: `recorded` files, and servers that speak the HTTP API of Prometheus.
//!
//! [`measure`] answers [`Request`]s with [`Measurement`]s, each from the backend that the
//! configuration chooses for its source.
//!
//! **Invariant:** `backend` knows no policy and judges nothing. A backend that fails is a [`Failure`]
//! in the measurement, never a failure of the program.
//!
//! # Why
//!
//! The clock, the environment, files and even waiting come in as values, so that every failure of a
//! server can be played in a test without a second of waiting, and so that the caller alone decides
//! from which tree a file is read.
//!
//! The definitions that are agreed are measured first, by every backend, and those that a change
//! proposes afterwards, as if by another run: whoever proposes a change writes its queries, and ones
//! that are slow or fail must not cost the numbers that judge it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::budget::Definition;
use crate::budget::Failure;
use crate::budget::Measurement;
use crate::budget::Request;
use crate::config::Backend;
use crate::config::Config;
use crate::config::NoBackend;
use crate::config::PROMETHEUS;
use crate::config::RECORDED;
use crate::config::expand;
use crate::config::stays_inside;
use crate::model::Catalog;
use crate::model::Measure;

#[cfg(feature = "http")]
pub mod prometheus;
pub mod recorded;

/// What backends may use of the world.
pub struct World<'a> {
    /// Returns a variable of the environment.
    pub variables: &'a dyn Fn(&str) -> Option<String>,
    /// Returns the bytes of a file that the configuration names, or why it cannot be read.
    ///
    /// A path of recorded measurements stays inside the repository; one of a certificate is as the
    /// configuration has it.
    pub files: &'a dyn Fn(&str) -> Result<Vec<u8>, String>,
    /// Waits between two attempts.
    pub pause: &'a (dyn Fn(std::time::Duration) + Sync),
    /// Returns how long the run takes already, by a clock that never goes back.
    pub elapsed: &'a (dyn Fn() -> std::time::Duration + Sync),
    /// The time of the run.
    pub now: Timestamp,
}

/// Where definitions come from, and who answers for them.
pub struct Setting<'a> {
    /// The configuration that names the backends.
    pub config: &'a Config,
    /// The definitions of the trusted tree.
    pub trusted: &'a Catalog,
    /// The definitions that a change proposes; the trusted ones where there is no change.
    pub head: &'a Catalog,
    /// The name of the backend that answers everything, where one is chosen for the run.
    pub chosen: Option<&'a str>,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Answers {
    /// The answers, in the order of the requests.
    pub measurements: Vec<Measurement>,
    /// What is worth a warning and belongs to no single request.
    pub warnings: Vec<String>,
}

/// Why nothing could be measured: the configuration or the command line is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The backend that was chosen for the run is not configured.
    #[error("find backend `{name}` in `slo.toml`")]
    BackendUnknown {
        /// The name that was given.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// Several backends answer one source.
    #[error("choose the backend for `{slo}`: {}", NoBackend::SeveralFit(.names.clone()))]
    BackendAmbiguous {
        /// The SLO.
        slo: String,
        /// The backends that fit.
        names: Vec<String>,
    },
}

impl Error {
    /// Returns what to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::BackendUnknown { known, .. } if known.is_empty() => {
                "add `[backend.NAME]` to `slo.toml`".to_owned()
            }
            Self::BackendUnknown { known, .. } => format!("there is `{}`", known.join("`, `")),
            Self::BackendAmbiguous { .. } => {
                "name the source in the `sources` of one backend, or choose with `--backend`"
                    .to_owned()
            }
        }
    }
}

/// What a run has learned of its backends so far.
#[derive(Default)]
struct Learned<'a> {
    recorded: BTreeMap<&'a str, Result<recorded::Recorded, Failure>>,
    #[cfg(feature = "http")]
    servers: BTreeMap<&'a str, prometheus::Learned>,
    warnings: Vec<String>,
}

/// Measures what is asked, the trusted definitions before the others, and answers in the order of the
/// requests.
///
/// # Errors
///
/// [`Error`] when the configuration does not say which backend is meant. Everything else that can go
/// wrong is a [`Failure`] in the measurement.
pub fn measure(
    setting: &Setting<'_>,
    requests: &[Request],
    world: &World<'_>,
) -> Result<Answers, Error> {
    // In the order of definitions, so that nothing of the head is asked before all that is trusted.
    let mut groups: BTreeMap<(Definition, &str), Vec<usize>> = BTreeMap::new();
    for (index, request) in requests.iter().enumerate() {
        if let Some(name) = backend_of(setting, request)? {
            groups.entry((request.definition, name)).or_default().push(index);
        }
    }
    let all: Vec<&Request> = requests.iter().collect();
    let mut measurements = fail(&all, "", "", &Failure::NoBackend, world.now);
    let mut learned = Learned::default();
    for ((_, name), indices) in groups {
        let asked: Vec<&Request> = indices.iter().filter_map(|&it| requests.get(it)).collect();
        let Some(backend) = setting.config.backends.get(name) else { continue };
        let answers = ask(setting, (name, backend), &asked, world, &mut learned);
        for (index, answer) in indices.into_iter().zip(answers) {
            if let Some(slot) = measurements.get_mut(index) {
                *slot = answer;
            }
        }
    }
    Ok(Answers { measurements, warnings: learned.warnings })
}

/// Returns the name of the backend that answers a request; nothing when none does.
fn backend_of<'a>(setting: &Setting<'a>, request: &Request) -> Result<Option<&'a str>, Error> {
    let backends = &setting.config.backends;
    if let Some(chosen) = setting.chosen {
        return match backends.get_key_value(chosen) {
            Some((name, _)) => Ok(Some(name)),
            None => Err(Error::BackendUnknown {
                name: chosen.to_owned(),
                known: backends.keys().cloned().collect(),
            }),
        };
    }
    let catalog = match request.definition {
        Definition::Trusted => setting.trusted,
        Definition::Head => setting.head,
    };
    let measure = request.indicator.as_ref().map(|indicator| &indicator.measure);
    let sources = measure.into_iter().flat_map(Measure::sources);
    let mut found: Option<&str> = None;
    for source in sources {
        let reference = source.reference.as_ref().map(|reference| reference.name.value.as_str());
        let kind = catalog.source_type(source);
        let several = |names| Error::BackendAmbiguous { slo: request.name().to_owned(), names };
        match (setting.config.backend_for(reference, kind), found) {
            (Ok((name, _)), None) => found = Some(name),
            (Ok((name, _)), Some(other)) if name != other => {
                return Err(several(vec![other.to_owned(), name.to_owned()]));
            }
            (Ok(_), Some(_)) => {}
            (Err(NoBackend::SeveralFit(names)), _) => return Err(several(names)),
            (Err(NoBackend::NoneFits), _) => return Ok(None),
        }
    }
    Ok(found)
}

/// Asks one backend for the measurements of one tree's definitions.
fn ask<'a>(
    setting: &Setting<'_>,
    (name, backend): (&'a str, &Backend),
    requests: &[&Request],
    world: &World<'_>,
    learned: &mut Learned<'a>,
) -> Vec<Measurement> {
    match backend.kind.value.as_str() {
        RECORDED => {
            let file = learned.recorded.entry(name).or_insert_with(|| {
                let file = read_recorded(backend, world)?;
                let slos = setting.trusted.slos().chain(setting.head.slos());
                let unknown = recorded::unknown(&file, slos.map(|slo| &**slo));
                learned.warnings.extend(unknown.iter().map(ToString::to_string));
                Ok(file)
            });
            match file {
                Ok(file) => recorded::answer(file, name, requests, setting.trusted),
                Err(failure) => fail(requests, name, RECORDED, failure, world.now),
            }
        }
        #[cfg(feature = "http")]
        PROMETHEUS => {
            let learned = learned.servers.entry(name).or_default();
            prometheus::measure(name, backend, requests, world, learned)
        }
        kind => {
            let text = if kind == PROMETHEUS {
                format!("backend `{name}`: this program is built without HTTP")
            } else {
                format!("backend `{name}` has a type that this version does not speak")
            };
            fail(requests, name, kind, &Failure::Unreachable(text), world.now)
        }
    }
}

fn read_recorded(backend: &Backend, world: &World<'_>) -> Result<recorded::Recorded, Failure> {
    let path = backend.path.as_ref().map(|path| path.value.as_str()).unwrap_or_default();
    let path = expand(path, world.variables)
        .map_err(|missing| Failure::Unreachable(missing.to_string()))?;
    if !stays_inside(&path) {
        return Err(Failure::Unreachable("`path` leaves the repository".to_owned()));
    }
    let bytes = (world.files)(&path);
    let bytes = bytes.map_err(|why| Failure::Unreachable(format!("read `{path}`: {why}")))?;
    recorded::parse(&bytes, recorded::Format::of(&path), &path)
        .map_err(|problem| Failure::Malformed(problem.to_string()))
}

/// Answers every request with one failure.
fn fail(
    requests: &[&Request],
    backend: &str,
    source: &str,
    failure: &Failure,
    now: Timestamp,
) -> Vec<Measurement> {
    let fail = |request: &&Request| failed(request, backend, source, failure.clone(), now);
    requests.iter().map(fail).collect()
}

fn failed(
    request: &Request,
    backend: &str,
    source: &str,
    failure: Failure,
    now: Timestamp,
) -> Measurement {
    Measurement {
        slo: request.name().to_owned(),
        service: request.service().map(str::to_owned),
        objective: request.objective,
        definition: request.definition,
        series: Err(failure),
        backend: backend.to_owned(),
        source: source.to_owned(),
        method: None,
        observed_at: now,
        warnings: Vec::new(),
    }
}
