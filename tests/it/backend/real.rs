//! Real servers, filled with histories whose truth is known: what the product measures and judges there.

use std::time::Duration;

use slo::budget;
use slo::budget::BudgetState;
use slo::budget::Definition;
use slo::budget::Known;
use slo::budget::Measurement;
use slo::model::NoData;
use slo::quantity::Ratio;

use crate::backend::run::StandIn;
use crate::backend::run::ask;
use crate::backend::sample::CHECKOUT;
use crate::backend::sample::END;
use crate::backend::sample::at;
use crate::backend::sample::catalog;
use crate::backend::sample::requests;
use crate::parts::ask::FLOAT;
use crate::parts::ask::agent;
use crate::parts::ask::assert_near;
use crate::parts::history::History;
use crate::parts::history::WINDOW;
use crate::parts::server::Prometheus;
use crate::parts::server::VictoriaMetrics;
use crate::parts::server::blocks;
use crate::standin::http::Reply;

/// The hours of the window.
const HOURS: i64 = WINDOW / 3600;

/// One measurement with what it took.
struct Measured {
    measurement: Measurement,
    known: Known,
    /// How many requests were made, the one for the version aside.
    pages: usize,
}

impl Measured {
    /// Returns what is left of the budget in percent, as people read it.
    fn remaining(&self) -> String {
        self.known.remaining.percent().fixed(1)
    }

    fn indicator(&self) -> &Ratio {
        self.known.indicator.as_ref().expect("something was counted")
    }
}

/// Measures with a real server and counts the requests on their way to it.
fn measure(url: &str, definition: &str) -> Measured {
    let (version_url, url) = (url.to_owned(), url.to_owned());
    let between = StandIn::telling_version(
        move |asked| forward(agent().get(format!("{version_url}{}", asked.path)).call()),
        move |asked, _| {
            let post = agent().post(format!("{url}{}", asked.path));
            forward(post.send_form(asked.parameters.iter()))
        },
    );
    let catalog = catalog(definition);
    let requests = requests(&catalog, Definition::Trusted, HOURS);
    let outcome = ask(&between.config("timeout = \"1m\""), &catalog, &requests, None);
    assert_eq!(outcome.pauses, [] as [Duration; 0], "no request had to be repeated");
    let measurement = outcome.measurements()[0].clone();
    let ranges = between.ranges();
    assert!(ranges.iter().all(|asked| asked.samples() <= 11_000));
    assert_eq!(between.all().len(), ranges.len() + 1, "the version is asked for once");
    let terms = Ok(requests[0].terms.clone());
    let state = budget::state(&terms, &measurement, &[], 3600, &NoData::default(), at(END + 60));
    let BudgetState::Known(known) = state else { panic!("{state:?} {measurement:?}") };
    Measured { measurement, known: *known, pages: ranges.len() }
}

fn forward(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Reply {
    let mut response = response.unwrap();
    let body = response.body_mut().with_config().limit(1 << 26).read_to_vec().unwrap();
    Reply::Answer { status: response.status().as_u16(), headers: Vec::new(), body }
}

/// The counter's SLO by another method, in slices.
fn slices(method: &str, target: &str, length: &str) -> String {
    let objective = format!("target: 0.999, timeSliceTarget: {target}, timeSliceWindow: {length}");
    CHECKOUT.replace("Occurrences", method).replace("target: 0.999", &objective)
}

/// Fails unless the hourly counts add up to what really happened.
fn assert_truth(measured: &Measured, history: &History, tolerance: f64) {
    let truth = history.truth(WINDOW);
    let series = measured.measurement.series.as_ref().unwrap();
    let totals = series.totals(at(END - WINDOW), at(END));
    assert_near("valid", totals.valid.to_f64(), truth.valid, tolerance);
    assert_near("bad", totals.bad().to_f64(), truth.bad, tolerance);
}

/// A: no gap, so 720 hours are one page of each query.
fn assert_a(url: &str) {
    let measured = measure(url, CHECKOUT);
    assert_truth(&measured, &History::a(), FLOAT);
    assert_eq!((measured.remaining().as_str(), measured.pages), ("-88.8", 2));
    assert_eq!(measured.known.remaining.percent().fixed(2), "-88.75");
    assert_eq!(measured.measurement.series.as_ref().unwrap().rows().len(), 720);
    assert_eq!(measured.measurement.warnings, [] as [String; 0]);

    let measured = measure(url, &slices("Timeslices", "0.999", "5m"));
    assert_eq!((measured.indicator().fixed(8).as_str(), measured.pages), ("0.99710648", 2));

    // Slices of a minute: 43 200 samples of two queries.
    let measured = measure(url, &slices("Timeslices", "0.999", "1m"));
    assert_eq!((measured.known.valid.to_i64(), measured.pages), (Some(43_200), 8));
}

/// B: 8640 slices less those without samples and 143 idle ones, and 53 bad ones.
fn assert_slices_of_b(url: &str, without_samples: i64) {
    let measured = measure(url, &slices("Timeslices", "0.95", "5m"));
    let (good, valid) = (&measured.known.good, &measured.known.valid);
    let seen = 8640 - 143 - without_samples;
    assert_eq!((good.to_i64(), valid.to_i64()), (Some(seen - 53), Some(seen)));
    assert_eq!(measured.pages, 2);
    assert_eq!(measured.remaining().split_once('.').unwrap().0, "-526");

    let measured = measure(url, &slices("RatioTimeslices", "0.95", "5m"));
    assert_near("mean of slices", 1.0 - measured.indicator().to_f64(), 0.005_918, 2e-4);
    assert_eq!(measured.remaining().split_once('.').unwrap().0, "-491");
}

#[test]
#[ignore = "needs Prometheus: tests/run provides it"]
fn prometheus_gives_the_truth_of_history_a_hour_by_hour() {
    let data = blocks(&History::a());
    let server = Prometheus::start(data.path());
    assert_a(server.url());
}

#[test]
#[ignore = "needs Prometheus: tests/run provides it"]
fn prometheus_gives_the_truth_of_history_b_hour_by_hour() {
    let history = History::b();
    let data = blocks(&history);
    let server = Prometheus::start(data.path());
    let measured = measure(server.url(), CHECKOUT);
    assert_truth(&measured, &history, FLOAT);
    // Three hours without samples: two more queries tell what the counter grew, two rows stay missing.
    assert_eq!((measured.remaining().as_str(), measured.pages), ("59.8", 4));
    assert_eq!(measured.measurement.series.as_ref().unwrap().rows().len(), 718);
    assert_eq!(measured.measurement.warnings.len(), 1, "{:?}", measured.measurement.warnings);
    assert_slices_of_b(server.url(), 36);
}

#[test]
#[ignore = "needs VictoriaMetrics: tests/run provides it"]
fn victoria_metrics_gives_the_truth_of_history_a_hour_by_hour() {
    let server = VictoriaMetrics::start();
    server.import(&History::a());
    assert_a(server.url());
}

#[test]
#[ignore = "needs VictoriaMetrics: tests/run provides it"]
fn victoria_metrics_gives_the_truth_of_history_b_hour_by_hour() {
    let history = History::b();
    let server = VictoriaMetrics::start();
    server.import(&history);
    let measured = measure(server.url(), CHECKOUT);
    assert_truth(&measured, &history, FLOAT);
    assert_eq!(measured.remaining(), "59.8");
    // The slice in which samples come back sees what the counter grew in the gap.
    assert_slices_of_b(server.url(), 35);
}

/// Each hour lacks its first sample, and is stretched by one minute: a 59th more than what was seen. That
/// is off by what the first minute of an hour differs from its mean one.
#[test]
#[ignore = "needs Prometheus and Prometheus 3: tests/run provides them"]
fn prometheus_3_is_off_by_less_than_one_scrape_interval_in_each_hour() {
    for history in [History::a(), History::b()] {
        let data = blocks(&history);
        let server = Prometheus::start_3(data.path());
        let measured = measure(server.url(), CHECKOUT);
        assert_truth(&measured, &history, 1.0 / 59.0);
    }
}

/// What Prometheus 3 remarks on a query is told apart from what it could not read.
#[test]
#[ignore = "needs Prometheus and Prometheus 3: tests/run provides them"]
fn prometheus_3_may_remark_on_a_query_that_it_answers() {
    let text = "apiVersion: openslo/v1\nkind: SLO\nmetadata: { name: checkout }\nspec:\n  service: shop\n  \
        budgetingMethod: Occurrences\n  timeWindow: [{ duration: 30d, isRolling: true }]\n  \
        indicator: { metadata: { name: one }, spec: { thresholdMetric: { metricSource: { type: Prometheus, spec: { \
        query: 'quantile(2, http_requests_total)' } } } } }\n  objectives: [{ target: 0.9, op: gte, value: 1 }]\n";
    let data = blocks(&History::a());
    let server = Prometheus::start_3(data.path());
    let warnings = measure(server.url(), text).measurement.warnings;
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(warning.starts_with("PromQL warning: quantile value should be"), "{warning}");
}
