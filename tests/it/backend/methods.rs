//! From samples to counts, by each budgeting method.

use crate::backend::run::Outcome;
use crate::backend::run::StandIn;
use crate::backend::run::json;
use crate::backend::run::run;
use crate::backend::run::series;
use crate::backend::run::steady;
use crate::backend::sample::CHECKOUT;
use crate::backend::sample::END;

const HOUR: i64 = 3600;

fn row(seconds: i64, good: &str, valid: &str) -> (i64, String, String) {
    (seconds, good.to_owned(), valid.to_owned())
}

/// A definition over one query, with the rest of its objective.
fn definition(method: &str, metric: &str, objective: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{ name: checkout }}\nspec:\n  service: shop\n  \
         budgetingMethod: {method}\n  timeWindow: [{{ duration: 30d, isRolling: true }}]\n  \
         indicator: {{ metadata: {{ name: one }}, spec: {{ {metric} }} }}\n  objectives: [{{ target: 0.9, {objective} }}]\n"
    )
}

fn threshold(method: &str, objective: &str) -> String {
    let metric =
        "thresholdMetric: { metricSource: { type: Prometheus, spec: { query: 'max(latency)' } } }";
    definition(method, metric, objective)
}

fn raw(method: &str, kind: &str) -> String {
    let metric = format!(
        "ratioMetric: {{ rawType: {kind}, raw: {{ metricSource: {{ type: Prometheus, spec: {{ query: 'share[{{{{.window}}}}]' }} }} }} }}"
    );
    definition(method, &metric, "timeSliceTarget: 0.9, timeSliceWindow: 15m")
}

fn measure(
    definition: &str,
    hours: i64,
    answer: impl Fn(&str, i64) -> Option<String> + Send + Sync + 'static,
) -> (Outcome, StandIn) {
    let server = StandIn::start(move |asked, _| {
        series(asked, |instant| answer(&asked.parameters["query"], instant - END))
    });
    (run(&server.config(""), definition, hours), server)
}

#[test]
fn pages_are_full_never_overlap_and_share_one_instant() {
    let text = CHECKOUT
        .replace("Occurrences", "Timeslices")
        .replace("target: 0.999", "target: 0.999, timeSliceTarget: 0.9, timeSliceWindow: 1m");
    let server = StandIn::start(|asked, _| steady(asked));
    let outcome = run(&server.config(""), &text, 30 * 24);
    assert_eq!(outcome.counts(), vec![row(HOUR, "60", "60"); 720]);
    let ranges = server.ranges();
    assert_eq!(
        (server.all().len(), ranges.len()),
        (9, 8),
        "the version, and four pages of two queries"
    );
    for bad in [true, false] {
        let mut pages: Vec<_> = ranges
            .iter()
            .filter(|asked| asked.parameters["query"].contains("500") == bad)
            .map(|asked| (asked.number("start"), asked.number("end"), asked.samples()))
            .collect();
        pages.sort_unstable();
        assert_eq!(
            pages.iter().map(|page| page.2).collect::<Vec<_>>(),
            [11_000, 11_000, 11_000, 10_200]
        );
        assert!(pages.windows(2).all(|pair| pair[0].1 + 60 == pair[1].0));
        assert_eq!((pages[0].0, pages[3].1), (END - 30 * 24 * HOUR + 60, END));
    }
    assert!(ranges.iter().all(|asked| asked.number("step") == 60));
}

#[test]
fn a_placeholder_becomes_the_step() {
    let (_, server) = measure(CHECKOUT, 1, |_, _| Some("1".into()));
    let mut queries: Vec<String> =
        server.ranges().iter().map(|asked| asked.parameters["query"].clone()).collect();
    queries.sort();
    assert_eq!(
        queries,
        [
            "sum(increase(http_requests_total[1h]))",
            "sum(increase(http_requests_total{code=\"500\"}[1h]))"
        ]
    );
}

#[test]
fn no_bad_series_while_there_is_traffic_is_no_bad_event() {
    let (outcome, _) =
        measure(CHECKOUT, 2, |query, _| (!query.contains("500")).then(|| "8".into()));
    assert_eq!(outcome.counts(), vec![row(HOUR, "8", "8"); 2]);
    let warning =
        "the query of the bad events found nothing in all the time asked for, so none is counted";
    assert_eq!(outcome.measurements()[0].warnings, [warning]);
    let good = CHECKOUT.replace("        bad:", "        good:").replace("500", "200");
    let (outcome, _) = measure(&good, 2, |query, _| (!query.contains("200")).then(|| "8".into()));
    assert_eq!(outcome.counts(), vec![row(HOUR, "0", "8"); 2]);
}

#[test]
fn good_and_bad_events_make_the_valid_ones() {
    let text = CHECKOUT.replace("        total:", "        good:");
    let (outcome, _) =
        measure(&text, 1, |query, _| Some(if query.contains("500") { "0.25" } else { "8" }.into()));
    assert_eq!(outcome.counts(), [row(HOUR, "8", "8.25")]);
}

#[test]
fn short_and_stale_data_are_noticed() {
    let (outcome, _) =
        measure(CHECKOUT, 10, |_, at| (-5 * HOUR..=-2 * HOUR).contains(&at).then(|| "4".into()));
    assert_eq!(outcome.counts().len(), 4, "missing steps have no rows");
    assert_eq!(
        outcome.measurements()[0].warnings,
        [
            "the data begins at 2026-02-28T18:00:00Z, and was asked for from 2026-02-28T14:00:00Z",
            "the newest data ends at 2026-02-28T22:00:00Z",
        ]
    );
}

#[test]
fn what_a_counter_grew_while_nobody_looked_counts_where_it_was_seen() {
    // Ten an hour, one of them bad; nothing was scraped from five hours before the end to two.
    let (outcome, server) = measure(CHECKOUT, 8, |query, at| {
        let is_bad = query.contains("500");
        if query.contains("[5h]") {
            assert_eq!(at, -HOUR);
            return Some(if is_bad { "5" } else { "50" }.into());
        }
        let seen = !(-4 * HOUR..=-2 * HOUR).contains(&at);
        seen.then(|| if is_bad { "1" } else { "10" }.into())
    });
    let steady = row(HOUR, "9", "10");
    let mut expected = vec![steady; 6];
    expected[3] = row(HOUR, "27", "30");
    assert_eq!(outcome.counts(), expected, "two of the three hours stay missing");
    assert_eq!(server.ranges().len(), 4, "two more queries for one gap");
    assert_eq!(
        outcome.measurements()[0].warnings,
        [
            "no samples from 2026-02-28T19:00:00Z to 2026-02-28T22:00:00Z: what the counters grew in that time counts in its last step"
        ]
    );
    // A counter that did not grow tells nothing about the gap: it stays one.
    let (outcome, _) = measure(CHECKOUT, 8, |query, at| {
        let whole = query.contains("[5h]").then(|| "20".to_owned());
        whole.or_else(|| (!(-4 * HOUR..=-2 * HOUR).contains(&at)).then(|| "10".into()))
    });
    assert_eq!(outcome.counts().len(), 5);
    assert!(outcome.measurements()[0].warnings.is_empty());
}

#[test]
fn a_gap_that_the_server_does_not_tell_about_is_named() {
    let server = StandIn::start(|asked, _| {
        if asked.parameters["query"].contains("[5h]") {
            return json(422, r#"{"status":"error","error":"the range is too long"}"#);
        }
        series(asked, |at| (!(-4 * HOUR..=-2 * HOUR).contains(&(at - END))).then(|| "10".into()))
    });
    let outcome = run(&server.config(""), CHECKOUT, 8);
    assert_eq!(outcome.counts().len(), 5);
    assert_eq!(
        outcome.measurements()[0].warnings,
        [
            "no samples from 2026-02-28T19:00:00Z to 2026-02-28T22:00:00Z: what the counters grew in that time is not counted (HTTP 422: the range is too long)"
        ]
    );
}

#[test]
fn more_bad_events_than_valid_ones_are_refused_beyond_what_scrapes_explain() {
    let (outcome, _) =
        measure(CHECKOUT, 2, |query, _| Some(if query.contains("500") { "8" } else { "4" }.into()));
    assert_eq!(outcome.failure(), ("malformed", "more good or bad events than valid ones".into()));
    let (outcome, _) = measure(CHECKOUT, 2, |query, at| {
        Some(if query.contains("500") && at == 0 { "4.01" } else { "4" }.into())
    });
    assert_eq!(outcome.counts(), vec![row(HOUR, "0", "4"); 2]);
    assert_eq!(outcome.measurements()[0].warnings.len(), 1);
    let (outcome, _) = measure(CHECKOUT, 2, |query, _| {
        Some(if query.contains("500") { "4.000000000001" } else { "4" }.into())
    });
    assert!(outcome.measurements()[0].warnings.is_empty(), "the noise of floats");
    let (outcome, _) = measure(CHECKOUT, 2, |_, _| Some("-1".into()));
    assert_eq!(outcome.failure(), ("malformed", "a count of -1 events".into()));
    let (outcome, _) = measure(CHECKOUT, 2, |query, at| {
        let is_noise = query.contains("500") && at == 0;
        Some(if is_noise { "-1e-13" } else { "4" }.into())
    });
    assert_eq!(outcome.counts(), [row(HOUR, "0", "4"), row(HOUR, "4", "4")], "noise is no event");
    assert!(outcome.measurements()[0].warnings.is_empty());
    let (outcome, _) = measure(CHECKOUT, 2, |query, at| {
        let is_skewed = query.contains("500") && at == 0;
        Some(if is_skewed { "-0.01" } else { "4" }.into())
    });
    let warning = "1 steps have a count below zero, and count as if it were zero";
    assert_eq!(outcome.measurements()[0].warnings, [warning]);
    let (outcome, _) = measure(CHECKOUT, 2, |query, _| {
        Some(if query.contains("500") { "-1" } else { "4" }.into())
    });
    assert_eq!(outcome.failure(), ("malformed", "a count of -1 events".into()));
    let (outcome, _) = measure(CHECKOUT, 2, |_, _| Some("+Inf".into()));
    assert_eq!(outcome.failure(), ("malformed", "a count of infinitely many events".into()));
}

#[test]
fn a_value_per_second_is_sampled_and_its_samples_cover_what_they_cover() {
    let text = CHECKOUT
        .replace(
            "sum(increase(http_requests_total{code=\"500\"}[{{.window}}]))",
            "job:errors:rate5m",
        )
        .replace("sum(increase(http_requests_total[{{.window}}]))", "job:requests:rate5m")
        .replace("counter: true", "counter: false");
    // Half of the samples of the last hour are there.
    let (outcome, server) = measure(&text, 2, |query, at| {
        assert!(query.ends_with(" * 60"), "a value per second becomes one per sample: {query}");
        let there = at <= -1800;
        there.then(|| if query.contains("errors") { "30" } else { "120" }.into())
    });
    assert_eq!(outcome.counts(), [row(HOUR, "5400", "7200"), row(1800, "2700", "3600")]);
    assert_eq!(outcome.measurements()[0].method.as_deref(), Some("integrated"));
    assert!(
        server.ranges().iter().all(|asked| asked.number("step") == 60 && asked.samples() == 120)
    );
}

#[test]
fn a_threshold_counts_samples() {
    let text = threshold("Occurrences", "op: lte, value: 0.5");
    let (outcome, server) = measure(&text, 2, |query, at| {
        assert_eq!(query, "max(latency)");
        Some(
            match at {
                0 => "NaN",
                -60 => "+Inf",
                -120 => "0.500001",
                _ => "0.5",
            }
            .to_owned(),
        )
    });
    assert_eq!(outcome.counts(), [row(HOUR, "60", "60"), row(HOUR, "57", "59")]);
    assert_eq!(server.ranges().len(), 1);
    assert_eq!(outcome.measurements()[0].method.as_deref(), Some("sampled"));
}

#[test]
fn a_threshold_is_sampled_as_often_as_the_configuration_says() {
    let text = threshold("Occurrences", "op: lte, value: 0.5");
    for (sample, step, count) in [("5m", 300, "12"), ("7m", 400, "9"), ("30s", 30, "120")] {
        let server = StandIn::start(|asked, _| steady(asked));
        let outcome = run(&server.config(&format!("sample = \"{sample}\"")), &text, 1);
        assert!(server.ranges().iter().all(|asked| asked.number("step") == step), "{sample}");
        assert_eq!(outcome.counts(), [row(HOUR, "0", count)], "{sample}");
    }
}

#[test]
fn a_slice_of_a_threshold_is_good_by_the_share_of_its_samples() {
    let text =
        threshold("Timeslices", "op: lt, value: 1, timeSliceTarget: 0.8, timeSliceWindow: 5m");
    // One of five samples of the last slice is bad, which is just enough; two of the one before.
    let (outcome, _) = measure(&text, 1, |_, at| {
        Some(if matches!(at, 0 | -300 | -360) { "2" } else { "0" }.to_owned())
    });
    assert_eq!(outcome.counts(), [row(HOUR, "11", "12")]);
}

#[test]
fn slices_without_traffic_are_neither_good_nor_bad_and_missing_ones_are_missing() {
    let slices = |method: &str| {
        let text = CHECKOUT
            .replace("Occurrences", method)
            .replace("target: 0.999", "target: 0.999, timeSliceTarget: 0.9, timeSliceWindow: 15m");
        let (outcome, _) = measure(&text, 1, |query, at| {
            let is_bad = query.contains("500");
            match at {
                -2700 => None,
                -1800 => Some("0".into()),
                -900 => Some(if is_bad { "1" } else { "10" }.into()),
                _ => Some(if is_bad { "2" } else { "10" }.into()),
            }
        });
        outcome.counts()
    };
    assert_eq!(slices("Timeslices"), [row(2700, "1", "2")], "a slice at its target is good");
    assert_eq!(slices("RatioTimeslices"), [row(2700, "1.7", "2")]);
}

#[test]
fn a_raw_ratio_serves_ratio_timeslices_alone() {
    let ratio = |kind: &str| {
        let (outcome, server) = measure(&raw("RatioTimeslices", kind), 1, |_, at| {
            Some(if at == 0 { "NaN" } else { "0.25" }.to_owned())
        });
        assert_eq!(server.ranges()[0].parameters["query"], "share[900s]");
        outcome.counts()
    };
    assert_eq!(ratio("success"), [row(HOUR, "0.75", "3")]);
    assert_eq!(ratio("failure"), [row(HOUR, "2.25", "3")]);
    for (noisy, good) in [("-2.2e-16", "0"), ("1.0000000000000002", "4")] {
        let measured =
            measure(&raw("RatioTimeslices", "success"), 1, |_, _| Some(noisy.to_owned()));
        assert_eq!(measured.0.counts(), [row(HOUR, good, "4")]);
    }
    for method in ["Occurrences", "Timeslices"] {
        let (outcome, server) = measure(&raw(method, "success"), 1, |_, _| Some("1".into()));
        assert_eq!(outcome.failure().0, "no-counts");
        assert!(server.all().is_empty(), "nothing is asked for nothing");
    }
    let (outcome, _) = measure(&raw("RatioTimeslices", "success"), 1, |_, _| Some("99.5".into()));
    assert_eq!(outcome.failure(), ("malformed", "a ratio of 99.5, not from 0 to 1".into()));
}

#[test]
fn what_cannot_be_counted_is_named_by_its_part() {
    let countless = |query: &str| {
        let text = CHECKOUT.replace("sum(increase(http_requests_total[{{.window}}]))", query);
        let (outcome, server) = measure(&text, 1, |_, _| Some("1".into()));
        assert!(server.all().is_empty());
        outcome.failure()
    };
    let offset = countless("sum(increase(http_requests_total[5m] offset 1h))");
    assert_eq!(offset, ("not-countable", "`offset 1h`: `offset` looks at another time".into()));
    assert_eq!(countless("sum(a[").0, "not-countable");
}

#[test]
fn a_server_tells_its_version_and_the_method_says_what_that_means() {
    let method = |version: &'static str| {
        let data = format!("{{\"status\":\"success\",\"data\":{{\"version\":\"{version}\"}}}}");
        let server = StandIn::telling_version(move |_| json(200, &data), |asked, _| steady(asked));
        let outcome = run(&server.config("scrape-interval = \"1m\""), CHECKOUT, 2);
        outcome.measurements()[0].method.clone().unwrap()
    };
    assert_eq!(method("2.42.0"), "increase");
    assert_eq!(method("3.9.1"), "increase, 1m in each 1h extrapolated");
}

#[test]
fn every_server_is_told_to_answer_in_whole_or_not_at_all() {
    let asked = |query: &str| {
        let server = StandIn::start(|asked, _| steady(asked));
        let url = server.server.url();
        let config = server.config("").replace(&url, &format!("{url}{query}"));
        let outcome = run(&config, CHECKOUT, 2);
        assert_eq!(outcome.counts().len(), 2);
        let values = ["partial_response", "deny_partial_response", "max_source_resolution"];
        let parameters = server.ranges()[0].parameters.clone();
        values.map(|name| parameters.get(name).cloned().unwrap_or_default())
    };
    assert_eq!(asked(""), ["false", "1", "0s"]);
    let own = asked("?max_source_resolution=5m&dedup=true");
    assert_eq!(own, ["false", "1", "5m"], "what the address says itself stands");
}
