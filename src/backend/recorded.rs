//! Measurements that were recorded in a file, as CSV or JSON.
//!
//! **Invariant:** nothing here reads a file. The bytes come in as a value, because where they come
//! from, a commit or the folder, decides how far they can be trusted.
//!
//! # Why
//!
//! One wrong row refuses the whole file. A file is written by a program, so a row that cannot be is a
//! sign that the others are not what they seem either, and a gate that opens on half a file opens
//! for whoever broke the other half.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::budget::Counts;
use crate::budget::Definition;
use crate::budget::Failure;
use crate::budget::Measurement;
use crate::budget::Request;
use crate::budget::Row;
use crate::budget::Series;
use crate::config::RECORDED;
use crate::model::Catalog;
use crate::model::Slo;

mod csv;
mod json;
mod line;
mod names;
mod write;

pub use write::write;

/// How a file of recorded measurements is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table with a header line.
    Csv,
    /// An object with a list.
    Json,
}

impl Format {
    /// Returns the format that the end of a path names: JSON for `.json`, else CSV.
    pub fn of(path: &str) -> Self {
        let is_json = path.len() >= 5
            && path.get(path.len() - 5..).is_some_and(|end| end.eq_ignore_ascii_case(".json"));
        if is_json { Self::Json } else { Self::Csv }
    }
}

/// The rows of a file, by the name that they are given under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    path: String,
    groups: BTreeMap<String, Vec<Entry>>,
}

/// What is wrong with a file of recorded measurements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read `{path}`, line {line}: {message}")]
pub struct RecordedProblem {
    /// The file, as it was named.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub message: String,
}

/// One row with the line that it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    line: u64,
    start: Timestamp,
    end: Timestamp,
    counts: Option<Counts>,
}

/// Reads recorded measurements.
///
/// * `path`: what the file is called in messages.
///
/// # Errors
///
/// [`RecordedProblem`] names the first line that cannot be: a missing column, an instant or a
/// number that is none, a negative one, more good events than valid ones, two rows of one name that
/// share time.
pub fn parse(bytes: &[u8], format: Format, path: &str) -> Result<Recorded, RecordedProblem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let read = match format {
        Format::Csv => csv::read(bytes),
        Format::Json => json::read(bytes),
    };
    let checked = read.and_then(|entries| {
        let mut groups: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for (name, entry) in entries {
            groups.entry(name).or_default().push(entry);
        }
        groups.values_mut().try_for_each(|entries| check_order(entries))?;
        Ok(groups)
    });
    match checked {
        Ok(groups) => Ok(Recorded { path: path.to_owned(), groups }),
        Err(line::Problem { line, message }) => {
            Err(RecordedProblem { path: path.to_owned(), line, message })
        }
    }
}

/// Answers requests from recorded measurements, in the order of the requests.
///
/// Rows belong to the trusted definition. A request for a definition of the head is answered with the
/// rows of its SLO too, unless a request for the trusted one stands in the list and
/// [`definition_changed`] tells the two apart.
///
/// * `backend`: the name of the backend in the configuration.
/// * `trusted`: says whether a name without its service means one SLO.
pub fn answer(
    recorded: &Recorded,
    backend: &str,
    requests: &[&Request],
    trusted: &Catalog,
) -> Vec<Measurement> {
    let services = names::Services::new(trusted);
    let gathered = requests.iter().map(|request| recorded.gather(request, &services)).collect();
    let gathered: Vec<Vec<Entry>> = match gathered {
        Ok(gathered) => gathered,
        Err(problem) => return refuse(&problem, backend, requests),
    };
    let answer = |(request, mut entries): (&&Request, Vec<Entry>)| {
        let mut measurement = blank(request, backend);
        measurement.observed_at = observed_at(&entries, request.end);
        leave_out_coarser(&mut entries, request);
        if entries.is_empty() {
            let path = &recorded.path;
            measurement.warnings.push(format!("`{path}` has no row for this objective"));
        }
        measurement.series = match trusted_of(request, requests) {
            Some(trusted) if definition_changed(trusted, request) => {
                Err(Failure::DefinitionChanged)
            }
            _ => series(entries, &recorded.path),
        };
        measurement
    };
    requests.iter().zip(gathered).map(answer).collect()
}

/// Answers requests that a file should have answered and cannot.
pub fn refuse(problem: &RecordedProblem, backend: &str, requests: &[&Request]) -> Vec<Measurement> {
    let refuse = |request: &&Request| Measurement {
        series: Err(Failure::Malformed(problem.to_string())),
        ..blank(request, backend)
    };
    requests.iter().map(refuse).collect()
}

/// Returns a warning for each name of the file that means no objective of the SLOs, or several.
pub fn unknown<'a>(
    recorded: &Recorded,
    slos: impl Iterator<Item = &'a Slo>,
) -> Vec<RecordedProblem> {
    let meanings = names::meanings(slos);
    let warning = |(name, entries): (&String, &Vec<Entry>)| {
        let message = match meanings.get(name.as_str()).copied().unwrap_or(0) {
            0 => format!("`{name}` names no objective of a known SLO"),
            1 => return None,
            _ => format!("`{name}` names several objectives: write `service/slo#index`"),
        };
        let line = entries.iter().map(|entry| entry.line).min().unwrap_or(1);
        Some(RecordedProblem { path: recorded.path.clone(), line, message })
    };
    recorded.groups.iter().filter_map(warning).collect()
}

/// Returns whether counts of the trusted definition say nothing about that of the head.
///
/// They do where only the target or the window changes; another indicator, threshold, method or slice
/// counts other things.
pub fn definition_changed(trusted: &Request, head: &Request) -> bool {
    let counted = |request: &Request| {
        let objective = request.slo.objectives.get(request.objective);
        let threshold =
            objective.map(|objective| objective.comparison(request.indicator.as_deref()));
        serde_json::to_value((
            &request.indicator,
            threshold,
            request.terms.method,
            request.terms.slice_seconds,
            &request.slice_target,
        ))
        .ok()
    };
    match (counted(trusted), counted(head)) {
        (Some(trusted), Some(head)) => trusted != head,
        _ => true,
    }
}

impl Recorded {
    /// Returns the rows of one objective, in order, whichever of its names they are given under.
    fn gather(
        &self,
        request: &Request,
        services: &names::Services<'_>,
    ) -> Result<Vec<Entry>, RecordedProblem> {
        let names = names::of(request, services);
        let found = names.iter().filter_map(|name| self.groups.get(name));
        let mut entries: Vec<Entry> = found.flatten().cloned().collect();
        check_order(&mut entries).map_err(|problem| RecordedProblem {
            path: self.path.clone(),
            line: problem.line,
            message: problem.message,
        })?;
        Ok(entries)
    }
}

/// Sorts rows by time.
///
/// # Errors
///
/// Two rows share time; the line is the lower one in the file.
fn check_order(entries: &mut [Entry]) -> Result<(), line::Problem> {
    entries.sort_by_key(|entry| (entry.start, entry.end, entry.line));
    for pair in entries.windows(2) {
        let [first, second] = pair else { continue };
        if second.start < first.end {
            let (upper, lower) = (first.line.min(second.line), first.line.max(second.line));
            let same = first.start == second.start && first.end == second.end;
            let what = if same { "repeats" } else { "overlaps" };
            let message = format!("the row {what} the one on line {upper}");
            return Err(line::Problem { line: lower, message });
        }
    }
    Ok(())
}

/// Returns the request for the trusted definition of what a request for the head's asks.
fn trusted_of<'a>(request: &Request, requests: &[&'a Request]) -> Option<&'a Request> {
    if request.definition == Definition::Trusted {
        return None;
    }
    let is_trusted = |other: &&Request| {
        other.definition == Definition::Trusted
            && other.name() == request.name()
            && other.service() == request.service()
            && other.objective == request.objective
    };
    requests.iter().copied().find(is_trusted)
}

fn series(entries: Vec<Entry>, path: &str) -> Result<std::sync::Arc<Series>, Failure> {
    let row = |entry: Entry| Row { start: entry.start, end: entry.end, counts: entry.counts };
    let series = Series::new(entries.into_iter().map(row).collect());
    series
        .map(std::sync::Arc::new)
        .map_err(|disorder| Failure::Malformed(format!("read `{path}`: {disorder:?}")))
}

/// Returns when the last row ends that has data, or the last row at all; rows that end after `until`
/// do not count, and where there is no other, `until` is it.
fn observed_at(entries: &[Entry], until: Timestamp) -> Timestamp {
    let past = || entries.iter().filter(|entry| entry.end <= until);
    let with_data = past().filter(|entry| entry.counts.is_some());
    let last = with_data.map(|entry| entry.end).max();
    last.or_else(|| past().map(|entry| entry.end).max()).unwrap_or(until)
}

/// Leaves out rows beyond the time that is asked about which are longer than every row within: how
/// coarsely something else was measured says nothing about it.
fn leave_out_coarser(entries: &mut Vec<Entry>, request: &Request) {
    let is_within = |entry: &Entry| entry.end > request.start && entry.start < request.end;
    let seconds = |entry: &Entry| entry.end.as_second() - entry.start.as_second();
    let longest = entries.iter().filter(|entry| is_within(entry)).map(seconds).max();
    if let Some(longest) = longest {
        entries.retain(|entry| is_within(entry) || seconds(entry) <= longest);
    }
}

fn blank(request: &Request, backend: &str) -> Measurement {
    Measurement {
        slo: request.name().to_owned(),
        service: request.service().map(str::to_owned),
        objective: request.objective,
        definition: request.definition,
        series: Ok(std::sync::Arc::default()),
        backend: backend.to_owned(),
        source: RECORDED.to_owned(),
        method: None,
        observed_at: request.end,
        warnings: Vec::new(),
    }
}
