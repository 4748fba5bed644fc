//! Servers that speak the HTTP API of Prometheus: counts of every step, by `query_range`.
//!
//! **Invariant:** numbers stay the decimals that the server sent. Nothing is divided here but the
//! share of a slice, and no zero is made up, except where one of two queries finds events and the
//! other nothing.
//!
//! # Why
//!
//! Counts are asked for, not ratios: a ratio that a server divided cannot be added up, judged against
//! another target, or told apart from silence. Values that are no counters are sampled one by one and
//! added up here, not in a subquery: servers limit those, disagree on whether both ends belong to
//! them, and let a single `NaN` swallow a month.
//!
//! A range of Prometheus 3 is open on its left, so `increase` sees one sample less in each step and
//! stretches what it sees by one scrape interval. To read every series and to subtract would be exact
//! between restarts and would cost a request for each series; so the tolerance is stated in the
//! measurement's method instead.
//!
//! An answer that lacks a part of its data is a failure: every request asks for whole answers, and a
//! warning that something is missing (`answer::warning`) refuses one that came all the same.

use jiff::Timestamp;

use crate::backend::World;
use crate::budget::Failure;
use crate::budget::Measurement;
use crate::budget::Request;
use crate::budget::Series;
use crate::config::Backend;
use crate::config::PROMETHEUS;
use crate::quantity::Duration;

mod answer;
mod client;
mod fetch;
mod gap;
mod plan;
mod rows;
mod secret;
mod tally;
mod tls;

use client::Client;
use fetch::Fetched;
use gap::Gap;
use plan::Plan;
use tally::Tallies;

/// What a run has learned of a server so far; by default nothing.
#[derive(Default)]
pub struct Learned {
    server: Option<Server>,
    fetched: Fetched,
}

/// Asks a server, and answers in the order of the requests.
///
/// What was asked for earlier requests is not asked again. All else starts anew: the time of the
/// `deadline`, the requests that may fail, and how the server wants to be asked.
///
/// * `name`: the name of the backend in the configuration.
/// * `learned`: what earlier requests of the run taught; their answers are kept for later ones.
pub fn measure(
    name: &str,
    backend: &Backend,
    requests: &[&Request],
    world: &World<'_>,
    learned: &mut Learned,
) -> Vec<Measurement> {
    let client = match Client::new(backend, world) {
        Ok(client) => client,
        Err(failure) => {
            return super::fail(requests, name, PROMETHEUS, &failure, world.now);
        }
    };
    let sample = i64::try_from(backend.sample.nominal_seconds()).unwrap_or(i64::MAX);
    let plans: Vec<Result<Plan, Failure>> =
        requests.iter().map(|request| Plan::new(request, sample)).collect();
    if learned.server.is_none() && plans.iter().any(Result::is_ok) {
        learned.server = Some(Server { version: client.version() });
    }
    let server = learned.server.as_ref();
    let tallies = tally_all(&client, backend, &plans, &mut learned.fetched);
    let answer = |((request, plan), tallies): ((&&Request, &Result<Plan, Failure>), _)| {
        let mut measurement =
            super::failed(request, name, PROMETHEUS, Failure::NoBackend, world.now);
        let known = plan.as_ref().ok().zip(server);
        measurement.method = known.map(|(plan, server)| server.method(plan, backend));
        let tallies: Result<Tallies, Failure> = tallies;
        let series = plan.as_ref().map_err(Clone::clone).and_then(|plan| {
            let tallies = tallies?;
            let series = rows::series(plan.grid, &plan.judgement, &tallies.units)?;
            measurement.warnings = tallies.warnings;
            measurement.warnings.extend(edges(&series, plan));
            Ok(series)
        });
        measurement.series = series.map(std::sync::Arc::new);
        measurement
    };
    requests.iter().zip(&plans).zip(tallies).map(answer).collect()
}

/// What is known about a server; it may keep its version to itself.
struct Server {
    version: Option<String>,
}

impl Server {
    fn major(&self) -> Option<u32> {
        self.version.as_ref()?.trim_start_matches('v').split('.').next()?.parse().ok()
    }

    /// Words how counts were made, and how far they may be off.
    fn method(&self, plan: &Plan, backend: &Backend) -> String {
        let method = plan.method();
        if self.major().is_none_or(|major| major < 3) || !method.contains("increase") {
            return method;
        }
        let unit = Duration::from_seconds(plan.grid.unit.unsigned_abs());
        let stretched = match backend.scrape_interval {
            Some(interval) => interval.to_string(),
            None => "one scrape interval".to_owned(),
        };
        format!("{method}, {stretched} in each {unit} extrapolated")
    }
}

/// Fetches what every plan needs, each query once, and adds it up.
fn tally_all(
    client: &Client<'_>,
    backend: &Backend,
    plans: &[Result<Plan, Failure>],
    fetched: &mut Fetched,
) -> Vec<Result<Tallies, Failure>> {
    let of_plan = |plan: &Plan| plan.metrics().map(|metric| plan.fetch(metric)).collect::<Vec<_>>();
    fetch::all(client, plans.iter().flatten().flat_map(of_plan), backend.concurrency, fetched);
    let mut tallies: Vec<Result<Tallies, Failure>> = plans
        .iter()
        .map(|plan| tally::tally(plan.as_ref().map_err(Clone::clone)?, fetched))
        .collect();
    let gaps = |(plan, tallies): (&Result<Plan, Failure>, &Result<Tallies, Failure>)| {
        let (Ok(plan), Ok(tallies)) = (plan, tallies) else { return Vec::new() };
        gap::find(plan, &tallies.units)
    };
    let gaps: Vec<Vec<Gap>> = plans.iter().zip(&tallies).map(gaps).collect();
    let of_gaps = |(plan, gaps): (&Result<Plan, Failure>, &Vec<Gap>)| {
        let Ok(plan) = plan else { return Vec::new() };
        gaps.iter().flat_map(|gap| gap::fetches(plan, *gap)).collect()
    };
    let of_all_gaps = plans.iter().zip(&gaps).flat_map(of_gaps);
    fetch::all(client, of_all_gaps, backend.concurrency, fetched);
    for ((plan, gaps), tallies) in plans.iter().zip(gaps).zip(&mut tallies) {
        let (Ok(plan), Ok(tallies)) = (plan, tallies) else { continue };
        for gap in gaps {
            let [start, end] = gap::instants(plan.grid, gap).map(at);
            let text = format!("no samples from {start} to {end}");
            if gap::fill(plan, gap, fetched, &mut tallies.units) {
                let rest = "what the counters grew in that time counts in its last step";
                tallies.warnings.push(format!("{text}: {rest}"));
            } else if let Some(failure) = gap::failure(plan, gap, fetched) {
                let why = failure.detail().unwrap_or(failure.word());
                let rest = "what the counters grew in that time is not counted";
                tallies.warnings.push(format!("{text}: {rest} ({why})"));
            }
        }
    }
    tallies
}

/// Warns of data that begins late or ends early; where there is none, [`tally`] says why.
fn edges(series: &Series, plan: &Plan) -> Vec<String> {
    let grid = plan.grid;
    let row = grid.unit * grid.units_in_row;
    let (start, end) = (grid.start, grid.end_of(grid.units - 1));
    let mut warnings = Vec::new();
    let first = series.first_data();
    let last = series.last_data(at(end));
    let (Some(first), Some(last)) = (first, last) else {
        return warnings;
    };
    if first.as_second() >= start + row {
        warnings.push(format!("the data begins at {first}, and was asked for from {}", at(start)));
    }
    if last.as_second() <= end - row {
        warnings.push(format!("the newest data ends at {last}"));
    }
    warnings
}

/// Returns the instant so many seconds after the Unix epoch, or the nearest one that can be told.
fn at(seconds: i64) -> Timestamp {
    let nearest = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(nearest)
}
