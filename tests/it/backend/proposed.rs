//! Queries that a change proposes, asked beside those that are agreed.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use slo::budget::Definition;
use slo::budget::Measurement;
use slo::budget::Request;

use crate::backend::run::Outcome;
use crate::backend::run::StandIn;
use crate::backend::run::ask;
use crate::backend::run::ask_with;
use crate::backend::run::json;
use crate::backend::run::run;
use crate::backend::run::steady;
use crate::backend::sample::CHECKOUT;
use crate::backend::sample::catalog;
use crate::backend::sample::requests;
use crate::standin::http::Reply;

/// So many SLOs with queries of their own, which come first in the order of the alphabet.
fn many(count: usize) -> String {
    let one = |index: usize| {
        let named = CHECKOUT.replace("name: checkout", &format!("name: c{index}"));
        named.replace("http_requests_total", &format!("aaa{index}_total"))
    };
    (0..count).map(one).collect::<Vec<_>>().join("---")
}

/// What is agreed, with what is proposed on both sides of it.
fn both(agreed: &str, proposed: &str) -> Vec<Request> {
    let mut all = requests(&catalog(proposed), Definition::Head, 2);
    all.extend(requests(&catalog(agreed), Definition::Trusted, 2));
    all.extend(requests(&catalog(proposed), Definition::Head, 2));
    all
}

/// Asserts that everything that is agreed was measured, and returns what is proposed.
fn assert_agreed(outcome: &Outcome) -> Vec<&Measurement> {
    let all = outcome.measurements().iter();
    let (agreed, proposed): (Vec<_>, Vec<_>) =
        all.partition(|measurement| measurement.definition == Definition::Trusted);
    assert!(!agreed.is_empty() && agreed.iter().all(|it| it.series.is_ok()), "{agreed:?}");
    proposed
}

#[test]
fn proposed_queries_that_fail_cost_no_agreed_one() {
    let server = StandIn::start(|asked, _| {
        if asked.parameters["query"].contains("aaa") { Reply::HangUp } else { steady(asked) }
    });
    let config = server.config("retries = 0\nconcurrency = 1");
    let requests = both(CHECKOUT, &many(4));
    let outcome = ask(&config, &catalog(CHECKOUT), &requests, None);
    assert!(assert_agreed(&outcome).iter().all(|it| it.series.is_err()));
    assert_eq!(server.ranges().len(), 2 + 3, "the agreed ones, and three that were lost");
}

#[test]
fn proposed_queries_use_up_their_own_time() {
    // By the clock of this run each answer takes a minute.
    let minute = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&minute);
    let server = StandIn::start(move |asked, _| {
        clock.fetch_add(1, Ordering::SeqCst);
        steady(asked)
    });
    let config = server.config("concurrency = 1\ndeadline = \"3m\"");
    let requests = both(CHECKOUT, &many(4));
    let elapsed = || Duration::from_secs(60 * minute.load(Ordering::SeqCst));
    let outcome = ask_with("", &elapsed, &config, &catalog(CHECKOUT), &requests, None);
    let proposed = assert_agreed(&outcome);
    assert!(proposed.iter().any(|it| it.series.is_ok()), "they have as long again");
    assert!(proposed.iter().any(|it| it.series.is_err()));
    assert_eq!(server.ranges().len(), 2 + 3);
}

#[test]
fn every_backend_is_asked_for_what_is_agreed_before_one_is_for_what_is_proposed() {
    let one = |name: &str, url: &str| {
        format!(
            "[backend.{name}]\ntype = \"prometheus\"\nurl = \"{url}\"\nsources = [\"{name}\"]\n"
        )
    };
    let of = |name: &str, text: &str| {
        text.replace(
            "{ type: Prometheus,",
            &format!("{{ metricSourceRef: {name}, type: Prometheus,"),
        )
    };
    let server = StandIn::start(|asked, _| steady(asked));
    let config = format!("{}{}", one("a", &server.server.url()), one("b", &server.server.url()));
    let requests = both(&of("b", CHECKOUT), &of("a", &many(1)));
    let outcome = ask(&config, &catalog(CHECKOUT), &requests, None);
    assert_agreed(&outcome);
    let is_agreed: Vec<bool> =
        server.ranges().iter().map(|it| !it.parameters["query"].contains("aaa")).collect();
    assert_eq!(is_agreed, [true, true, false, false]);
}

#[test]
fn what_both_ask_is_asked_once() {
    let server = StandIn::telling_version(
        |_| json(200, r#"{"status":"success","data":{"version":"3.1.0"}}"#),
        |asked, _| steady(asked),
    );
    let bad = CHECKOUT.replace("code=\"500\"", "code=\"500\",zone=\"a\"");
    let outcome = ask(&server.config(""), &catalog(CHECKOUT), &both(CHECKOUT, &bad), None);
    let proposed = assert_agreed(&outcome);
    assert!(proposed.iter().all(|it| it.series.is_ok()));
    let extrapolated = |it: &&Measurement| it.method.as_ref().unwrap().contains("extrapolated");
    assert!(proposed.iter().all(extrapolated), "the version is known to both");
    assert_eq!((server.ranges().len(), server.all().len()), (3, 4));
}

#[test]
fn a_query_that_the_server_gives_up_says_nothing_of_the_others() {
    for (kind, counts) in [("timeout", true), ("canceled", true), ("unavailable", false)] {
        let server = StandIn::start(move |asked, _| {
            if asked.parameters["query"].contains("aaa") {
                let body = format!(r#"{{"status":"error","errorType":"{kind}","error":"no"}}"#);
                return json(503, &body);
            }
            steady(asked)
        });
        let config = server.config("retries = 1\nconcurrency = 1");
        let outcome = run(&config, &format!("{}---{CHECKOUT}", many(4)), 2);
        let answered = outcome.measurements().iter().filter(|it| it.series.is_ok()).count();
        assert_eq!(answered, usize::from(counts), "{kind}");
        let expected = if counts { 4 * 2 * 2 + 2 } else { 3 * 2 };
        assert_eq!(server.ranges().len(), expected, "{kind}");
    }
}
