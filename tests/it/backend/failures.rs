//! Servers that fail: a value with its reason every time, and never a hang.

use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use slo::budget::Failure;

use crate::backend::run::StandIn;
use crate::backend::run::json;
use crate::backend::run::run;
use crate::backend::run::series;
use crate::backend::run::steady;
use crate::backend::sample::CHECKOUT;
use crate::standin::http::Reply;

/// Answers everything with one body, and returns the word and the detail of the failure.
fn failure(status: u16, body: &'static str) -> (&'static str, String) {
    let server = StandIn::start(move |_, _| json(status, body));
    run(&server.config("retries = 0"), CHECKOUT, 4).failure()
}

fn is(word: &'static str, detail: &str) -> (&'static str, String) {
    (word, detail.to_owned())
}

#[test]
fn an_answer_that_is_none_is_named() {
    let html = failure(200, "<!doctype html><title>Sign in</title>");
    assert_eq!(html, is("malformed", "HTML where JSON was asked for"));
    let cut = "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"met";
    assert_eq!(failure(200, cut), is("malformed", "JSON that ends too early"));
    assert_eq!(failure(200, ""), is("malformed", "an empty answer"));
    let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#;
    assert_eq!(failure(200, scalar), is("malformed", "a `scalar` where a `matrix` was asked for"));
    let odd = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"]]}]}}"#;
    assert_eq!(failure(200, odd), is("malformed", "samples at instants that were not asked for"));
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_server() {
    let body = r#"{"status":"error","errorType":"bad_data","error":"parse\u001b[31m error"}"#;
    assert_eq!(failure(400, body), is("refused", "HTTP 400: bad_data: parse[31m error"));
    assert_eq!(failure(401, "<html>"), is("refused", "HTTP 401"));
    assert_eq!(failure(200, body), is("refused", "bad_data: parse[31m error"));
    let timeout = r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#;
    assert_eq!(failure(503, timeout), is("refused", "HTTP 503: timeout: query timed out"));
    assert_eq!(failure(502, "<html>Bad Gateway"), is("unreachable", "HTTP 502"));
    let partial =
        r#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}"#;
    assert_eq!(failure(200, partial), is("partial", "a part of the server did not answer"));
}

#[test]
fn two_series_are_a_query_that_is_not_aggregated() {
    let two = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"pod":"a"},"values":[[1772323200,"1"]]},{"metric":{"pod":"b"},"values":[[1772323200,"1"]]}]}}"#;
    let server = StandIn::start(move |_, _| json(200, two));
    let outcome = run(&server.config(""), CHECKOUT, 4);
    assert_eq!(outcome.measurements()[0].series.as_ref().err(), Some(&Failure::NotAggregated));
}

#[test]
fn two_series_one_after_the_other_are_a_query_that_is_not_aggregated() {
    let text = CHECKOUT
        .replace("Occurrences", "Timeslices")
        .replace("target: 0.999", "target: 0.999, timeSliceTarget: 0.9, timeSliceWindow: 1m");
    // Two pages a query, and each has one series.
    for is_one in [true, false] {
        let server = StandIn::start(move |asked, _| {
            let Reply::Answer { body, .. } = steady(asked) else { return Reply::HangUp };
            let body = String::from_utf8(body).unwrap();
            let pod = if is_one { 0 } else { asked.number("start") };
            let labels = format!(r#""metric":{{"pod":"{pod}"}}"#);
            json(200, &body.replace(r#""metric":{}"#, &labels))
        });
        let outcome = run(&server.config(""), &text, 8 * 24);
        assert_eq!(server.ranges().len(), 4);
        let failure = outcome.measurements()[0].series.as_ref().err();
        assert_eq!(failure, (!is_one).then_some(&Failure::NotAggregated));
    }
}

#[test]
fn a_server_that_says_nothing_is_left_in_time() {
    let server = StandIn::start(|_, _| Reply::Silence);
    let begin = Instant::now();
    let outcome = run(&server.config("timeout = \"1s\"\nretries = 0"), CHECKOUT, 4);
    assert_eq!(outcome.failure(), is("unreachable", "no answer in 1 s"));
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
}

#[test]
fn a_server_that_hangs_up_is_asked_again_and_then_given_up() {
    let server = StandIn::start(|_, _| Reply::HangUp);
    let definitions: Vec<String> = (0..20)
        .map(|index| {
            CHECKOUT
                .replace("name: checkout", &format!("name: c{index}"))
                .replace("code=", &format!("zone=\"{index}\",code="))
        })
        .collect();
    let config = server.config("retries = 2\nconcurrency = 1");
    let outcome = run(&config, &definitions.join("---"), 4);
    let failures = outcome.measurements().iter().filter(|it| it.series.is_err()).count();
    assert_eq!(failures, 20);
    // Three requests of three attempts each, and none for the others.
    assert_eq!(server.ranges().len(), 9);
    let given_up = outcome.measurements().iter().filter_map(|it| it.series.as_ref().err());
    let last = given_up.filter_map(Failure::detail).next_back();
    assert_eq!(last, Some("given up: no answer, and 3 requests that failed"));
}

#[test]
fn queries_that_fail_cost_no_other_of_a_server_that_answers() {
    let server = StandIn::start(|asked, _| {
        if asked.parameters["query"].contains("lost") { Reply::HangUp } else { steady(asked) }
    });
    let lost = (0..6).map(|index| {
        CHECKOUT
            .replace("name: checkout", &format!("name: a{index}"))
            .replace("code=", &format!("zone=\"lost{index}\",code="))
    });
    // Queries are asked in their order, and this one comes last.
    let sound = CHECKOUT.replace("code=", "zone=\"sound\",code=");
    let definitions: Vec<String> = [sound].into_iter().chain(lost).collect();
    let config = server.config("retries = 0\nconcurrency = 1");
    let outcome = run(&config, &definitions.join("---"), 4);
    let known = outcome.measurements().iter().filter(|it| it.series.is_ok()).count();
    assert_eq!(known, 1, "{:?}", outcome.measurements());
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let gone = StandIn::start(|_, _| Reply::HangUp);
    let config = gone.config("retries = 1");
    drop(gone);
    let outcome = run(&config, CHECKOUT, 4);
    assert_eq!(outcome.failure(), is("unreachable", "connection: connection refused"));
    assert_eq!(outcome.pauses.first(), Some(&Duration::from_millis(250)));
}

/// Fails so many times, then answers.
fn after(times: usize, status: u16, headers: &[(&str, &str)]) -> (StandIn, Vec<(String, String)>) {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let given = headers.clone();
    let server = StandIn::start(move |asked, before| {
        if before < times {
            return Reply::Answer { status, headers: given.clone(), body: b"busy".to_vec() };
        }
        steady(asked)
    });
    (server, headers)
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    for (wanted, pause) in [
        ("7", Duration::from_secs(7)),
        ("9999", Duration::from_secs(30)),
        ("18446744073709551615", Duration::from_secs(30)),
        ("18446744073709551616", Duration::from_millis(250)),
        ("soon", Duration::from_millis(250)),
    ] {
        let (server, _) = after(1, 429, &[("retry-after", wanted)]);
        let outcome = run(&server.config("concurrency = 1"), CHECKOUT, 2);
        assert_eq!(outcome.counts(), vec![(3600, "9".into(), "10".into()); 2]);
        assert_eq!(outcome.pauses, [pause], "{wanted}");
        assert_eq!(server.ranges().len(), 3);
    }
}

#[test]
fn a_failing_server_is_asked_again_after_ever_longer_pauses() {
    let (server, _) = after(3, 503, &[]);
    let outcome = run(&server.config("concurrency = 1"), CHECKOUT, 2);
    assert_eq!(outcome.counts().len(), 2);
    assert_eq!(outcome.pauses, [250, 500, 1000].map(Duration::from_millis));
    let (server, _) = after(9, 503, &[]);
    let outcome = run(&server.config("concurrency = 1\nretries = 1"), CHECKOUT, 2);
    assert_eq!(outcome.failure(), is("unreachable", "HTTP 503"));
    assert_eq!(server.ranges().len(), 4, "two queries, each twice");
}

#[test]
fn what_cannot_get_better_is_asked_once() {
    let server = StandIn::start(|_, _| {
        json(422, r#"{"status":"error","errorType":"execution","error":"too many points"}"#)
    });
    let outcome = run(&server.config(""), CHECKOUT, 2);
    assert_eq!(outcome.failure(), is("refused", "HTTP 422: execution: too many points"));
    assert_eq!((server.ranges().len(), outcome.pauses.len()), (2, 0));
}

#[test]
fn a_proxy_that_forbids_post_is_asked_by_get() {
    for status in [403, 405] {
        let server =
            StandIn::start(
                move |asked, _| {
                    if asked.method == "POST" { json(status, "") } else { steady(asked) }
                },
            );
        let outcome = run(&server.config("concurrency = 1"), CHECKOUT, 2);
        assert_eq!(outcome.counts(), vec![(3600, "9".into(), "10".into()); 2]);
        let methods: Vec<String> = server.ranges().into_iter().map(|asked| asked.method).collect();
        assert_eq!(methods, ["POST", "GET", "GET"]);
    }
    let server = StandIn::start(|_, _| json(403, ""));
    let outcome = run(&server.config(""), CHECKOUT, 2);
    assert_eq!(outcome.failure(), is("refused", "HTTP 403"));
}

#[test]
fn nothing_is_no_data_and_not_a_number_is_no_traffic() {
    let server = StandIn::start(|asked, _| series(asked, |_| None));
    let outcome = run(&server.config(""), CHECKOUT, 4);
    assert!(outcome.counts().is_empty(), "no zero is made up");
    let warnings = &outcome.measurements()[0].warnings;
    assert_eq!(warnings, &["the server has no data in all the time asked for"]);
    let bad_alone = StandIn::start(|asked, _| {
        let is_bad = asked.parameters["query"].contains("500");
        series(asked, |_| is_bad.then(|| "5".to_owned()))
    });
    let outcome = run(&bad_alone.config(""), CHECKOUT, 4);
    let text = "the query of the total events found nothing in all the time asked for, so nothing is known";
    assert_eq!(outcome.measurements()[0].warnings, [text]);
    for idle in ["NaN", "0"] {
        let server = StandIn::start(move |asked, _| series(asked, |_| Some(idle.to_owned())));
        let outcome = run(&server.config(""), CHECKOUT, 2);
        assert_eq!(outcome.counts(), vec![(3600, "0".into(), "0".into()); 2], "{idle}");
    }
}

/// Answers well, and warns.
fn warning(text: &'static str) -> StandIn {
    StandIn::start(move |asked, _| {
        let Reply::Answer { body, .. } = steady(asked) else { return Reply::HangUp };
        let body = String::from_utf8(body).unwrap();
        let warned = format!("{{\"warnings\":[\"{text}\"],\"infos\":[\"fine\"],");
        json(200, &body.replacen('{', &warned, 1))
    })
}

#[test]
fn remarks_of_the_server_are_kept() {
    let remark = "PromQL info: metric might not be a counter";
    let outcome = run(&warning(remark).config(""), CHECKOUT, 2);
    assert_eq!(outcome.measurements()[0].warnings, [remark]);
    assert_eq!(outcome.counts().len(), 2);
}

#[test]
fn an_answer_that_lacks_a_part_is_no_measurement() {
    for text in [
        "partial response: store sidecar-1 unavailable",
        "PromQL warning: encountered a mix of histograms and floats for metric name",
    ] {
        let outcome = run(&warning(text).config(""), CHECKOUT, 2);
        assert_eq!(outcome.failure(), is("partial", text));
        assert!(!outcome.measurements()[0].series.as_ref().unwrap_err().is_absence());
    }
}

#[test]
fn a_sample_that_comes_twice_or_too_early_is_refused() {
    let samples = |order: fn(&mut Vec<String>)| {
        let server = StandIn::start(move |asked, _| {
            let [start, end] = ["start", "end"].map(|name| asked.number(name));
            let mut samples: Vec<String> =
                (start..=end).step_by(3600).map(|at| format!("[{at},\"1\"]")).collect();
            order(&mut samples);
            let series = format!("{{\"metric\":{{}},\"values\":[{}]}}", samples.join(","));
            let data = format!("{{\"resultType\":\"matrix\",\"result\":[{series}]}}");
            json(200, &format!("{{\"status\":\"success\",\"data\":{data}}}"))
        });
        run(&server.config(""), CHECKOUT, 4)
    };
    let disorder = is("malformed", "samples that do not follow each other in time");
    assert_eq!(samples(|all| all.reverse()).failure(), disorder);
    assert_eq!(samples(|all| all.push(all[3].clone())).failure(), disorder);
    assert_eq!(samples(|_| ()).counts().len(), 4);
}

#[test]
fn a_page_answers_for_its_own_time_alone() {
    let text = CHECKOUT
        .replace("Occurrences", "Timeslices")
        .replace("target: 0.999", "target: 0.999, timeSliceTarget: 0.9, timeSliceWindow: 1m");
    // Two pages a query, and each is answered with the first sample of the whole time.
    let first = Arc::new(AtomicI64::new(i64::MAX));
    let server = StandIn::start(move |asked, _| {
        let start = asked.number("start");
        let first = first.fetch_min(start, Ordering::SeqCst).min(start);
        let series = format!("{{\"metric\":{{}},\"values\":[[{first},\"1\"]]}}");
        let data = format!("{{\"resultType\":\"matrix\",\"result\":[{series}]}}");
        json(200, &format!("{{\"status\":\"success\",\"data\":{data}}}"))
    });
    let outcome = run(&server.config("concurrency = 1"), &text, 8 * 24);
    assert_eq!(server.ranges().len(), 4);
    assert_eq!(outcome.failure(), is("malformed", "samples at instants that were not asked for"));
}

#[test]
fn a_server_that_minds_parameters_is_asked_without() {
    let server = StandIn::start(|asked, _| {
        if asked.parameters.contains_key("partial_response") {
            return json(400, r#"{"error":{"message":"Unknown name \"partial_response\""}}"#);
        }
        steady(asked)
    });
    let outcome = run(&server.config("concurrency = 1"), CHECKOUT, 2);
    assert_eq!(outcome.counts().len(), 2);
    assert_eq!(server.ranges().len(), 3, "it says so once");
    // Requests that are under way together are refused together.
    let both = Arc::new(Barrier::new(2));
    let server = StandIn::start(move |asked, _| {
        if asked.parameters.contains_key("partial_response") {
            both.wait();
            return json(400, r#"{"error":{"message":"Unknown name \"partial_response\""}}"#);
        }
        steady(asked)
    });
    let outcome = run(&server.config("concurrency = 2"), CHECKOUT, 2);
    assert_eq!((outcome.counts().len(), server.ranges().len()), (2, 4));
    // One that refuses for another reason is not asked again.
    let server = StandIn::start(|_, _| {
        json(400, r#"{"error":"partial_response deny_partial_response max_source_resolution"}"#)
    });
    let outcome = run(&server.config("concurrency = 1"), CHECKOUT, 2);
    assert_eq!((outcome.failure(), server.ranges().len()), (is("refused", "HTTP 400"), 3));
}
