//! Questions to a server over plain HTTP, with none of the product's code between.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

use crate::parts::history::BAD;
use crate::parts::history::END;
use crate::parts::history::Truth;
use crate::parts::history::VALID;

/// How near to the truth a number is that passed through 64-bit floats and nothing else.
pub(crate) const FLOAT: f64 = 1e-12;

/// What a server answered: the HTTP status and the body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Returns an agent for servers of this machine: no proxy, and every status an answer.
pub(crate) fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .new_agent()
}

/// Asks for one instant value of a query.
pub(crate) fn instant(url: &str, query: &str, time: i64) -> Answer {
    let form = [("query", query), ("time", &time.to_string()), ("nocache", "1")];
    let mut response = agent()
        .post(format!("{url}/api/v1/query"))
        .send_form(form)
        .unwrap_or_else(|error| panic!("ask {url} for {query}: {error}"));
    let status = response.status().as_u16();
    let body = response.body_mut().read_to_string().expect("an answer is text");
    Answer { status, body }
}

/// Returns the one number that a query has at an instant.
pub(crate) fn number(url: &str, query: &str, time: i64) -> f64 {
    let answer = instant(url, query, time);
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    let body: Value = serde_json::from_str(&answer.body).expect("an answer is JSON");
    let series = body["data"]["result"].as_array().expect("an answer has series");
    assert_eq!(series.len(), 1, "{query} is not one series: {body}");
    let text = series[0]["value"][1].as_str().expect("values are strings");
    text.parse().unwrap_or_else(|error| panic!("{query} gave {text}: {error}"))
}

/// Fails where a server counts the window of a history otherwise than its truth says.
#[expect(
    clippy::print_stdout,
    reason = "the truth stands beside what was measured when a test fails"
)]
pub(crate) fn assert_truth(url: &str, truth: Truth, tolerance: f64) {
    let (valid, bad) = (number(url, VALID, END), number(url, BAD, END));
    println!("{truth:?}: measured {valid} and {bad}, tolerance {tolerance:e}");
    assert_near("valid", valid, truth.valid, tolerance);
    assert_near("bad", bad, truth.bad, tolerance);
    let ratio = number(url, &format!("{BAD} / {VALID}"), END);
    assert_near("error ratio", ratio, truth.bad / truth.valid, tolerance);
}

/// Fails where a measured number is further from the expected one than a share of it.
pub(crate) fn assert_near(what: &str, measured: f64, expected: f64, tolerance: f64) {
    let apart = (measured - expected).abs();
    assert!(
        apart <= expected.abs() * tolerance,
        "{what}: measured {measured}, expected {expected}, apart {apart}, tolerance {tolerance}"
    );
}
