//! Many queries at once: pages of samples, asked by a few threads.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use crate::budget::Failure;

use super::answer::Page;
use super::answer::Value;
use super::client::Client;

/// The most samples of one answer.
///
/// # Source
///
/// Prometheus, HTTP API: `query_range` refuses more than 11,000 points per timeseries.
pub(super) const PAGE: i64 = 11_000;

/// The most samples of one query; a finer one over a longer time is refused.
pub(super) const MOST_SAMPLES: i64 = 100 * PAGE;

/// A query whose value is wanted at every `step` from `first` to `last`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fetch {
    pub(super) query: String,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) step: i64,
}

impl Fetch {
    /// Returns how many samples an answer without gaps has.
    pub(super) fn samples(&self) -> i64 {
        if self.last < self.first { 0 } else { (self.last - self.first) / self.step.max(1) + 1 }
    }

    fn pages(&self) -> Vec<[i64; 3]> {
        let page = |index: i64| {
            let first = self.first + index * PAGE * self.step;
            [first, self.last.min(first + (PAGE - 1) * self.step), self.step]
        };
        (0..(self.samples() + PAGE - 1) / PAGE).map(page).collect()
    }
}

/// The samples of a query.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    /// The labels of the series that they are of, once there are samples.
    labels: Option<BTreeMap<String, String>>,
    pub(super) values: BTreeMap<i64, Value>,
    pub(super) warnings: Vec<String>,
}

/// What queries were answered with.
pub(super) type Fetched = BTreeMap<Fetch, Result<Samples, Failure>>;

/// Runs the queries that are not answered yet, each page of each once, and adds their answers.
///
/// * `threads`: requests at one time, 1 or more.
/// * `answered`: what is answered already, to which the answers are added.
pub(super) fn all(
    client: &Client<'_>,
    fetches: impl IntoIterator<Item = Fetch>,
    threads: u32,
    answered: &mut Fetched,
) {
    let new = fetches.into_iter().filter(|fetch| !answered.contains_key(fetch));
    let mut results: Fetched = new.map(|fetch| (fetch, Ok(Samples::default()))).collect();
    let jobs: Vec<(&Fetch, [i64; 3])> = results
        .keys()
        .flat_map(|fetch| fetch.pages().into_iter().map(move |it| (fetch, it)))
        .collect();
    let next = AtomicUsize::new(0);
    let pages: Mutex<BTreeMap<usize, Result<Page, Failure>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..(threads.max(1) as usize).min(jobs.len()) {
            scope.spawn(|| {
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some((fetch, page)) = jobs.get(index)
                {
                    let answer = client.range(&fetch.query, *page);
                    pages.lock().unwrap_or_else(PoisonError::into_inner).insert(index, answer);
                }
            });
        }
    });
    let pages = pages.into_inner().unwrap_or_else(PoisonError::into_inner);
    let owners: Vec<(Fetch, [i64; 3])> =
        jobs.into_iter().map(|(fetch, instants)| (fetch.clone(), instants)).collect();
    for (index, page) in pages {
        let Some((fetch, instants)) = owners.get(index) else { continue };
        if let Some(result) = results.get_mut(fetch) {
            add(result, page, *instants);
        }
    }
    answered.append(&mut results);
}

/// Adds the samples of a page; each is at an instant of that page and of no other, and all are of the
/// series that the other pages have.
fn add(
    result: &mut Result<Samples, Failure>,
    page: Result<Page, Failure>,
    [first, last, step]: [i64; 3],
) {
    let Ok(samples) = result else { return };
    let page = match page {
        Ok(page) => page,
        Err(failure) => {
            *result = Err(failure);
            return;
        }
    };
    let is_asked =
        |instant: i64| (first..=last).contains(&instant) && (instant - first) % step.max(1) == 0;
    let series = page.series;
    if series.samples.iter().any(|(instant, _)| !is_asked(*instant)) {
        *result = Err(Failure::Malformed("samples at instants that were not asked for".to_owned()));
        return;
    }
    if !series.samples.is_empty()
        && samples.labels.get_or_insert(series.labels.clone()) != &series.labels
    {
        *result = Err(Failure::NotAggregated);
        return;
    }
    samples.values.extend(series.samples);
    for warning in page.warnings {
        if !samples.warnings.contains(&warning) {
            samples.warnings.push(warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch(first: i64, last: i64, step: i64) -> Fetch {
        Fetch { query: String::new(), first, last, step }
    }

    #[test]
    fn pages_are_full_and_never_share_an_instant() {
        assert_eq!(fetch(60, 60, 60).pages(), [[60, 60, 60]]);
        assert_eq!(fetch(60, 0, 60).pages(), [] as [[i64; 3]; 0]);
        assert_eq!(fetch(0, 10_999, 1).pages(), [[0, 10_999, 1]]);
        assert_eq!(fetch(0, 11_000, 1).pages(), [[0, 10_999, 1], [11_000, 11_000, 1]]);
        let pages = fetch(60, 43_200 * 60, 60).pages();
        assert_eq!(pages.len(), 4);
        assert_eq!(pages.last(), Some(&[33_001 * 60, 43_200 * 60, 60]));
        assert!(pages.windows(2).all(|pair| pair[0][1] + 60 == pair[1][0]));
    }
}
