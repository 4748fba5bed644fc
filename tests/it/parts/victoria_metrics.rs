//! What a real VictoriaMetrics says about the known histories: a second opinion, not a copy of Prometheus.

use crate::parts::ask::FLOAT;
use crate::parts::ask::assert_near;
use crate::parts::ask::assert_truth;
use crate::parts::ask::instant;
use crate::parts::ask::number;
use crate::parts::history::END;
use crate::parts::history::History;
use crate::parts::history::RATIO;
use crate::parts::history::WINDOW;
use crate::parts::server::VictoriaMetrics;

#[test]
#[ignore = "needs VictoriaMetrics: tests/run provides it"]
fn victoria_metrics_counts_history_a_exactly() {
    let history = History::a();
    let server = VictoriaMetrics::start();
    server.import(&history);
    assert_truth(server.url(), history.truth(WINDOW), FLOAT);
    let good =
        number(server.url(), &format!("avg_over_time(({RATIO} <= bool 0.001)[30d:5m])"), END);
    assert_near("good slices", good, 0.997_106_48, 1e-8);
}

#[test]
#[ignore = "needs VictoriaMetrics: tests/run provides it"]
fn victoria_metrics_counts_history_b_exactly() {
    let history = History::b();
    let server = VictoriaMetrics::start();
    server.import(&history);
    assert_truth(server.url(), history.truth(WINDOW), FLOAT);
}

#[test]
#[ignore = "needs VictoriaMetrics: tests/run provides it"]
fn victoria_metrics_drops_idle_slices_without_a_word() {
    let server = VictoriaMetrics::start();
    server.import(&History::b());
    let ask = |query: &str| number(server.url(), query, END);

    // A short increase looks back over the gap, so nothing is lost where Prometheus loses 0.8 %.
    let short = "sum_over_time((sum(increase(http_requests_total[5m])))[30d:5m])";
    assert_near("valid, summed from 5 m", ask(short), 21_808_800.0, FLOAT);

    // The same queries that Prometheus answers with NaN and with 0.977.
    let mean = ask(&format!("avg_over_time({RATIO}[30d:5m])"));
    assert_near("mean of slices", mean, 0.005_919, 1e-4);
    let raw = ask(&format!("avg_over_time(({RATIO} <= bool 0.05)[30d:5m])"));
    assert_near("good slices", raw, 1.0 - 53.0 / 8461.0, FLOAT);
}

#[test]
#[ignore = "needs VictoriaMetrics: tests/run provides it"]
fn victoria_metrics_refuses_a_subquery_of_more_than_30_000_points() {
    let server = VictoriaMetrics::start();
    server.import(&History::b());
    let answer = instant(server.url(), &format!("avg_over_time({RATIO}[30d:1m])"), END);
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(answer.body.contains("-search.maxPointsPerTimeseries=30000"), "{}", answer.body);
    number(server.url(), &format!("avg_over_time({RATIO}[30d:2m])"), END);
}
