//! How long reading ten thousand queries takes: parsing them, checking their types, and reducing them
//! to what they count.
//!
//! `cargo bench --bench query` measures, beside a bare parse of the same queries by `promql-parser`;
//! without `--bench`, as `cargo test --all-targets` runs it, everything runs once on a hundred queries.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads its arguments and prints"
)]

use std::env;
use std::hint::black_box;
use std::time::Duration;

use slo::query;
use slo::query::events;
use slo::query::status::Codes;
use slo::query::status::is_status;
use slo::query::tree::Matcher;
use slo::query::values::Automata;
use slo::query::values::Values;

#[expect(dead_code, reason = "another benchmark measures programs as well")]
mod measure;

/// Queries of about a hundred bytes, as people write them; `#` is a number.
const SHAPES: [&str; 8] = [
    r#"sum(rate(http_requests_total{job="checkout-#",namespace="shop",code!~"5..",path=~"/api/.*"}[5m]))"#,
    r#"sum(rate(http_requests_total{job="checkout-#",namespace="shop",path=~"/api/v[12]/.+"}[5m])) by (region)"#,
    r#"sum by (region) (increase(grpc_server_handled_total{job="cart-#",grpc_code=~"Unknown|Internal"}[30m]))"#,
    r#"sum(rate(http_request_duration_seconds_bucket{job="search-#",le="0.25",code=~"2..|3..|404"}[{{.window}}]))"#,
    r#"histogram_quantile(0.99, sum by (le) (rate(rpc_duration_seconds_bucket{job="mail-#",code!="500"}[10m])))"#,
    r#"1 - sum(rate(errors_total{job="a-#"}[5m])) / (sum(rate(requests_total{job="a-#"}[5m])) > 0) # share"#,
    r#"sum(rate(nginx_requests{host=~".+\\.example\\.com",status=~"5[0-9]{2}",pod=~"web-#.*"}[5m])) or vector(0)"#,
    r#"avg_over_time((sum(up{job="db-#",cluster=~"eu-.*|us-.*"}) / count(up{job="db-#"}))[1h:1m]) > 0.999"#,
];

/// What is measured, with what it is said to be.
type Step = (&'static str, fn(&[String]));

const STEPS: [Step; 3] = [
    ("promql-parser: bare parse", foreign),
    ("query: parse and types", parse),
    ("query: parse, types, events, values and codes", reduce),
];

fn main() {
    let is_measured = env::args().any(|argument| argument == "--bench");
    let (rounds, count) = if is_measured { (9, 10_000) } else { (1, 100) };
    let shapes = SHAPES.iter().cycle().enumerate().take(count);
    let queries: Vec<String> =
        shapes.map(|(number, shape)| shape.replace('#', &(number % 97).to_string())).collect();
    let bytes: usize = queries.iter().map(String::len).sum();
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); STEPS.len()];
    for _ in 0..rounds {
        for ((_, step), times) in STEPS.iter().zip(&mut times) {
            times.push(measure::on_thread(|| step(&queries)));
        }
    }
    println!("{count} queries, {} bytes each; {rounds} rounds in turn, medians", bytes / count);
    for ((name, _), mut times) in STEPS.iter().zip(times) {
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        println!("{name:<46} {:>7.1} ms", 1000.0 * median.as_secs_f64());
    }
    println!("aim of the last: under 150 ms");
}

fn foreign(queries: &[String]) {
    for query in queries {
        // It knows no placeholder.
        let filled =
            if query.contains("{{") { query.replace("{{.window}}", "5m") } else { query.clone() };
        black_box(promql_parser::parser::parse(&filled)).ok();
    }
}

fn parse(queries: &[String]) {
    for query in queries {
        black_box(query::parse(query));
    }
}

fn reduce(queries: &[String]) {
    let automata = Automata::default();
    for query in queries {
        let (tree, _) = query::parse(query);
        let Some(tree) = tree else { continue };
        let share = events::share(&tree);
        let sides = share.iter().flat_map(|share| [share.part, share.whole]);
        for side in sides.chain([&tree]) {
            for set in events::reduce(side).iter().flat_map(|events| &events.sets) {
                for label in set.labels() {
                    let matchers: Vec<&Matcher> = set.matchers(label).collect();
                    let values = Values::of(matchers, &automata);
                    black_box(values.is_empty());
                    if is_status(label) {
                        black_box(Codes::of(&values));
                    }
                }
            }
        }
    }
}
