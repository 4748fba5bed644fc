//! How much a server may take: time, memory, connections.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use slo::budget::Definition;
use slo::budget::Failure;

use crate::backend::run::StandIn;
use crate::backend::run::ask_with;
use crate::backend::run::json;
use crate::backend::run::run;
use crate::backend::run::steady;
use crate::backend::sample::CHECKOUT;
use crate::backend::sample::catalog;
use crate::backend::sample::requests;
use crate::standin::http::Reply;

/// So many SLOs, each with queries of its own.
fn many(count: usize) -> String {
    let one = |index: usize| {
        let named = CHECKOUT.replace("name: checkout", &format!("name: c{index}"));
        let zoned = named.replace("code=", &format!("zone=\"{index}\",code="));
        zoned.replace("total[", &format!("total{{zone=\"{index}\"}}["))
    };
    (0..count).map(one).collect::<Vec<_>>().join("---")
}

#[test]
fn no_more_requests_are_under_way_than_the_configuration_says() {
    for most in [1, 3] {
        let (now, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counter, highest) = (Arc::clone(&now), Arc::clone(&peak));
        let server = StandIn::start(move |asked, _| {
            let under_way = counter.fetch_add(1, Ordering::SeqCst) + 1;
            highest.fetch_max(under_way, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(40));
            counter.fetch_sub(1, Ordering::SeqCst);
            steady(asked)
        });
        let outcome = run(&server.config(&format!("concurrency = {most}")), &many(6), 2);
        assert!(outcome.measurements().iter().all(|it| it.series.is_ok()));
        assert_eq!(peak.load(Ordering::SeqCst), most);
    }
}

#[test]
fn an_answer_of_many_bytes_is_not_read_to_its_end() {
    let large = failure(Vec::new(), vec![b' '; 5 << 20]);
    let text = "an answer of more than 4 MiB: is the query aggregated?";
    assert_eq!(large, ("malformed", text.to_owned()));
    let packed = spaces(64 << 20);
    assert!(packed.len() < 512 << 10, "64 MiB fit into {} bytes", packed.len());
    let unpacked = failure(vec![("content-encoding".into(), "gzip".into())], packed);
    assert_eq!(unpacked, ("malformed", text.to_owned()));
}

/// Answers everything with one body, and returns the word and the detail of the failure.
fn failure(headers: Vec<(String, String)>, body: Vec<u8>) -> (&'static str, String) {
    let server = StandIn::start(move |_, _| Reply::Answer {
        status: 200,
        headers: headers.clone(),
        body: body.clone(),
    });
    run(&server.config("retries = 0\nconcurrency = 1"), CHECKOUT, 4).failure()
}

/// Packs so many spaces: one block of `deflate` with fixed codes, a space and then the longest
/// repetitions of it. What follows the block is left out, since nobody gets that far.
fn spaces(count: usize) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let (mut bits, mut filled) = (0u32, 0);
    let mut put = |code: u32, length: u32| {
        for index in (0..length).rev() {
            bits |= (code >> index & 1) << filled;
            filled += 1;
            if filled == 8 {
                bytes.push(u8::try_from(bits).unwrap());
                (bits, filled) = (0, 0);
            }
        }
    };
    // The last block; fixed codes, the lowest bit first; the literal 32.
    put(1, 1);
    put(0b10, 2);
    put(0x30 + 32, 8);
    for _ in 0..count / 258 {
        // 258 bytes from a distance of 1.
        put(0b1100_0101, 8);
        put(0, 5);
    }
    put(0, 14);
    bytes
}

#[test]
fn an_answer_that_drips_is_left_in_time() {
    let server = StandIn::start(|_, _| Reply::Drip);
    let begin = Instant::now();
    let outcome = run(&server.config("timeout = \"1s\"\nretries = 0"), CHECKOUT, 4);
    assert_eq!(outcome.failure(), ("unreachable", "no answer in 1 s".to_owned()));
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[test]
fn a_server_is_to_give_up_a_query_before_its_client_does() {
    for (settings, expected) in [("", "27000ms"), ("timeout = \"1s\"", "900ms")] {
        let server = StandIn::start(|asked, _| steady(asked));
        run(&server.config(settings), CHECKOUT, 2);
        let told = server.ranges().into_iter().map(|asked| asked.parameters["timeout"].clone());
        assert_eq!(told.collect::<Vec<_>>(), [expected; 2]);
    }
}

#[test]
fn a_run_asks_no_longer_than_its_deadline() {
    for (settings, minutes) in [("", 5), ("deadline = \"9m\"", 9)] {
        // By the clock of this run each answer takes a minute.
        let minute = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&minute);
        let server = StandIn::start(move |asked, _| {
            clock.fetch_add(1, Ordering::SeqCst);
            steady(asked)
        });
        let config = server.config(&format!("concurrency = 1\n{settings}"));
        let catalog = catalog(&many(24));
        let requests = requests(&catalog, Definition::Trusted, 2);
        let elapsed = || Duration::from_secs(60 * minute.load(Ordering::SeqCst));
        let outcome = ask_with("", &elapsed, &config, &catalog, &requests, None);
        assert_eq!(server.ranges().len(), minutes);
        let text = format!("the {minutes}m that a run may take (`deadline`) are over");
        let over = Failure::Unreachable(text);
        let failures = outcome.measurements().iter().filter_map(|it| it.series.as_ref().err());
        assert!(failures.clone().count() > 12 && failures.clone().all(|it| *it == over));
    }
}

#[test]
fn queries_that_hang_between_others_that_do_not_end_with_the_run() {
    // Every other query is answered, so that the server is not given up.
    let server = StandIn::start(|asked, _| {
        if asked.parameters["query"].contains("500") { Reply::Silence } else { steady(asked) }
    });
    let settings = "timeout = \"1s\"\nretries = 0\nconcurrency = 2\ndeadline = \"2s\"";
    let begin = Instant::now();
    let outcome = run(&server.config(settings), &many(24), 2);
    assert!(outcome.measurements().iter().all(|it| it.series.is_err()));
    assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
}

#[test]
fn a_pause_that_no_time_is_left_for_is_not_made() {
    let server = StandIn::start(|_, _| Reply::Answer {
        status: 503,
        headers: vec![("retry-after".to_owned(), "20".to_owned())],
        body: Vec::new(),
    });
    let outcome = run(&server.config("deadline = \"10s\"\nconcurrency = 1"), CHECKOUT, 2);
    assert_eq!(outcome.failure(), ("unreachable", "HTTP 503".to_owned()));
    assert_eq!(outcome.pauses, []);
}

#[test]
fn an_answer_of_many_series_is_left_at_the_second() {
    let series = r#"{"metric":{},"values":[[1772323200,"1"]]},"#.repeat(50_000);
    let data = format!(r#"{{"resultType":"matrix","result":[{series}7]}}"#);
    let body = format!(r#"{{"status":"success","data":{data}}}"#);
    let server = StandIn::start(move |_, _| json(200, &body));
    let outcome = run(&server.config(""), CHECKOUT, 4);
    assert_eq!(outcome.failure().0, "not-aggregated", "what stands behind is not looked at");
}
