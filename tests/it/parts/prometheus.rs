//! What a real Prometheus says about the known histories, method by method.

use crate::parts::ask::FLOAT;
use crate::parts::ask::assert_near;
use crate::parts::ask::assert_truth;
use crate::parts::ask::number;
use crate::parts::history::END;
use crate::parts::history::History;
use crate::parts::history::RATIO;
use crate::parts::history::WINDOW;
use crate::parts::server::Prometheus;
use crate::parts::server::blocks;

#[test]
#[ignore = "needs Prometheus: tests/run provides it"]
fn prometheus_counts_history_a_exactly() {
    let history = History::a();
    let data = blocks(&history);
    let server = Prometheus::start(data.path());
    assert_truth(server.url(), history.truth(WINDOW), FLOAT);
    // Ranges of a 2.x are closed on both sides: thirty days hold 8641 slices, the incident touches 25.
    let good =
        number(server.url(), &format!("avg_over_time(({RATIO} <= bool 0.001)[30d:5m])"), END);
    assert_near("good slices", good, 1.0 - 25.0 / 8641.0, FLOAT);
}

#[test]
#[ignore = "needs Prometheus: tests/run provides it"]
fn prometheus_counts_history_b_exactly() {
    let history = History::b();
    let data = blocks(&history);
    let server = Prometheus::start(data.path());
    assert_truth(server.url(), history.truth(WINDOW), FLOAT);
}

#[test]
#[ignore = "needs Prometheus: tests/run provides it"]
fn prometheus_gives_every_method_its_own_number() {
    let data = blocks(&History::b());
    let server = Prometheus::start(data.path());
    let ask = |query: &str| number(server.url(), query, END);

    // Sums of short increases lose the three hours without samples: 180 000 requests, and gain one slice.
    let short = "sum_over_time((sum(increase(http_requests_total[5m])))[30d:5m])";
    assert_near("valid, summed from 5 m", ask(short), 21_808_800.0 - 180_000.0 + 50.0, FLOAT);
    let short_bad = short.replace("[5m]", "{code=\"500\"}[5m]");
    let summed = ask(&format!("{short_bad} / {short}"));
    assert_near("error ratio, summed from 5 m", summed, 4.032_25e-4, 1e-6);

    // One idle slice is enough to make a plain mean of slices no number at all.
    let mean = ask(&format!("avg_over_time({RATIO}[30d:5m])"));
    assert!(mean.is_nan(), "a mean over idle slices is {mean}");
    let traffic = ask(&format!("avg_over_time(({RATIO} >= 0)[30d:5m])"));
    assert_near("mean of slices with traffic", traffic, 0.005_918, 1e-4);
    let idle_good = format!("({RATIO} >= 0 or sum(rate(http_requests_total[5m])) * 0)");
    let with_idle = ask(&format!("avg_over_time({idle_good}[30d:5m])"));
    assert_near("mean with idle slices as good", with_idle, 0.005_820, 1e-4);

    // Of 8641 slices, 36 have no samples, 143 are idle, and 53 have more than 5 % errors.
    let (seen, idle, bad) = (8641.0 - 36.0, 143.0, 53.0);
    let raw = ask(&format!("avg_over_time(({RATIO} <= bool 0.05)[30d:5m])"));
    assert_near("good slices, idle ones bad", raw, 1.0 - (idle + bad) / seen, FLOAT);
    let dropped = ask(&format!("avg_over_time((({RATIO} >= 0) <= bool 0.05)[30d:5m])"));
    assert_near("good slices, idle ones dropped", dropped, 1.0 - bad / (seen - idle), FLOAT);
    let inverted = ask(&format!("avg_over_time((1 - ({RATIO} > bool 0.05))[30d:5m])"));
    assert_near("good slices, idle ones good", inverted, 1.0 - bad / seen, FLOAT);
}

/// Ranges of a 3.x are open on the left, so a window of thirty days holds one sample less, and `increase`
/// stretches the rest by one minute. The count is off by what the first minute differs from the mean one.
#[test]
#[ignore = "needs Prometheus and Prometheus 3: tests/run provides them"]
fn prometheus_3_counts_within_one_minute_of_the_window() {
    // A little over 1 / 43 199.
    let tolerance = 2.4e-5;
    for history in [History::a(), History::b()] {
        let data = blocks(&history);
        let server = Prometheus::start_3(data.path());
        assert_truth(server.url(), history.truth(WINDOW), tolerance);
    }
}
