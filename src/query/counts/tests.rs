use super::*;

const HOUR: NonZeroU32 = NonZeroU32::new(3_600).expect("an hour is not zero");

fn counted(text: &str) -> CountPlan {
    plan(text, Declared::Value, HOUR).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

/// Asserts that a query is rewritten to another one.
fn increases(text: &str, expected: &str) {
    let plan = counted(text);
    assert_eq!(
        (plan.expression.as_str(), plan.method),
        (expected, CountMethod::Increase),
        "{text}"
    );
    assert_eq!(crate::query::parse(expected).1, [], "{expected}");
}

/// Asserts that a query is sampled by another one.
fn integrates(text: &str, expected: &str) {
    let plan = counted(text);
    assert_eq!(
        (plan.expression.as_str(), plan.method),
        (expected, CountMethod::Integrated),
        "{text}"
    );
    assert_eq!(crate::query::parse(expected).1, [], "{expected}");
    let samples = plan.samples.expect("an integrated count rests on samples");
    assert_eq!(samples.seconds * samples.expected, 3_600, "{text}");
    assert_eq!(crate::query::parse(&samples.expression).1, [], "{text}");
}

/// Asserts that a query is refused for a reason and a part of its text.
fn refuses(text: &str, reason: &Reason, part: &str) {
    refuses_as(Declared::Value, text, reason, part);
}

fn refuses_as(declared: Declared, text: &str, reason: &Reason, part: &str) {
    let error = plan(text, declared, HOUR).expect_err(text);
    assert_eq!((&error.reason, error.extent.slice(text)), (reason, part), "{text}");
}

#[test]
fn rates_and_increases_become_increases_over_the_step() {
    increases("rate(x[5m])", "increase(x[1h])");
    increases("sum(rate(x[5m]))", "sum(increase(x[1h]))");
    increases("sum by (job) (increase(x[5m]))", "sum by (job) (increase(x[1h]))");
    increases("sum(rate((x[300]))) without (pod)", "sum(increase((x[1h]))) without (pod)");
    increases(
        "sum(rate(a[5m])) + sum(rate(b[300s]))",
        "sum(increase(a[1h])) + sum(increase(b[1h]))",
    );
    increases("sum(rate(a[5m]) - rate(b[5m]))", "sum(increase(a[1h]) - increase(b[1h]))");
    increases("-(0.5 * sum(rate(a[5m])) / (1 + 1))", "-(0.5 * sum(increase(a[1h])) / (1 + 1))");
    increases("histogram_count(sum(rate(h[5m])))", "histogram_count(sum(increase(h[1h])))");
    assert_eq!(counted("rate(x[5m])").range_seconds, Some(300));
}

#[test]
fn samples_of_probes_are_counted_over_the_step() {
    increases("sum(sum_over_time(probe_success[5m]))", "sum(sum_over_time(probe_success[1h]))");
    increases("sum(count_over_time(probe_success[5m]))", "sum(count_over_time(probe_success[1h]))");
}

#[test]
fn a_missing_part_may_be_replaced_by_zero() {
    increases("sum(rate(x[5m])) or vector(0)", "sum(increase(x[1h])) or vector(0)");
    increases("(sum(rate(e[5m])) OR on() vector(0))", "(sum(increase(e[1h])) OR on() vector(0))");
    increases(
        "sum(rate(e[5m])) or 0 * sum(rate(x[5m]))",
        "sum(increase(e[1h])) or 0 * sum(increase(x[1h]))",
    );
    increases(
        "sum(rate(x[5m])) - (sum(rate(e[5m])) or vector(0))",
        "sum(increase(x[1h])) - (sum(increase(e[1h])) or vector(0))",
    );
    // Whether there is a node may change within the hour.
    integrates(
        "sum(rate(e[5m])) or 0 * max(node)",
        "sum_over_time((sum(rate(e[5m])) or 0 * max(node))[1h:5m]) * 300",
    );
    // Which side counts may change within the hour, so neither side can be counted over all of it.
    integrates(
        "sum(rate(a[5m])) or sum(rate(b[5m]))",
        "sum_over_time((sum(rate(a[5m])) or sum(rate(b[5m])))[1h:5m]) * 300",
    );
}

#[test]
fn the_window_of_a_template_is_the_step() {
    increases("sum(rate(x[{{.window}}]))", "sum(increase(x[1h]))");
    increases(
        "sum(rate(x[{{ .window }}]) + rate(y[{{.window}}]))",
        "sum(increase(x[1h]) + increase(y[1h]))",
    );
    increases("sum(rate(x[$__rate_interval]))", "sum(increase(x[1h]))");
    integrates("max(rate(x[{{.window}}]))", "sum_over_time((max(rate(x[1h])))[1h:1h]) * 3600");
    refuses("max(rate(x[$__rate_interval]))", &Reason::Placeholder, "$__rate_interval");
    refuses(
        "sum(rate(x[5m])) + sum(rate(x[{{.window}}]))",
        &Reason::DifferentRanges,
        "{{.window}}",
    );
}

#[test]
fn only_the_places_of_ranges_and_rates_are_edited() {
    increases(
        r#"sum(rate(x{path="/a[5m]",rate="rate(x[5m])"}[5m])) # of x[5m]"#,
        r#"sum(increase(x{path="/a[5m]",rate="rate(x[5m])"}[1h])) # of x[5m]"#,
    );
    increases(
        "# requests\nsum(\n  rate( x [ 5m ] ) # rate\n)\n",
        "# requests\nsum(\n  increase( x [ 1h ] ) # rate\n)\n",
    );
    // A folded block scalar: one line, a line feed at its end.
    increases(
        "sum(rate(x{code=~\"5..\"}[5m])) + sum(rate(y[5m]))\n",
        "sum(increase(x{code=~\"5..\"}[1h])) + sum(increase(y[1h]))\n",
    );
    // A metric called like the function.
    increases("sum(rate(rate[5m]))", "sum(increase(rate[1h]))");
    integrates("max(x) # now", "sum_over_time((max(x) # now\n)[1h:1m]) * 60");
}

#[test]
fn a_declared_counter_needs_no_range() {
    for (text, expected) in [
        ("x_total", "increase(x_total[1h])"),
        (r#"sum(x{a="[5m]"})"#, r#"sum(increase(x{a="[5m]"}[1h]))"#),
        ("sum by (job) (x) # all\n", "sum by (job) (increase(x[1h])) # all\n"),
        (
            "sum(a) - sum(b) or vector(0)",
            "sum(increase(a[1h])) - sum(increase(b[1h])) or vector(0)",
        ),
        ("{__name__=\"a.b\"}", "increase({__name__=\"a.b\"}[1h])"),
    ] {
        let plan = plan(text, Declared::Counter, HOUR).expect(text);
        assert_eq!((plan.expression.as_str(), plan.method), (expected, CountMethod::Increase));
        assert_eq!(plan.range_seconds, None);
    }
    refuses_as(Declared::Counter, "max(x)", &Reason::CounterNotSummed, "max");
    refuses_as(Declared::Counter, "sum(x) > 5", &Reason::CounterNotSummed, ">");
    refuses_as(
        Declared::Counter,
        "avg_over_time(x[5m])",
        &Reason::CounterNotSummed,
        "avg_over_time",
    );
    refuses_as(Declared::Counter, "x + rate(y[5m])", &Reason::MixedUnits, "x + rate(y[5m])");
}

#[test]
fn a_counter_that_is_not_declared_is_not_integrated() {
    refuses("x_seconds_count", &Reason::UndeclaredCounter, "x_seconds_count");
    refuses("sum(http_requests_total)", &Reason::UndeclaredCounter, "http_requests_total");
    refuses(
        "max_over_time(x_bucket{le=\"1\"}[5m])",
        &Reason::UndeclaredCounter,
        "x_bucket{le=\"1\"}",
    );
    for selector in [
        r#"{__name__="x_total"}"#,
        r#"{"x_total"}"#,
        r#"{"__name__"="x_total",code="500"}"#,
        r#"{__name__=~".+_total"}"#,
        r#"{__name__=~"http_(requests_total|errors)"}"#,
    ] {
        refuses(&format!("sum({selector})"), &Reason::UndeclaredCounter, selector);
        let highest = format!("sum(max_over_time({selector}[5m]))");
        refuses(&highest, &Reason::UndeclaredCounter, selector);
    }
    let other = r#"{__name__="x",__name__!~".+_total",code="_total"}"#;
    integrates(other, &format!("sum_over_time(({other})[1h:1m]) * 60"));
}

#[test]
fn any_other_value_per_second_is_integrated() {
    integrates("job:requests:rate5m", "sum_over_time((job:requests:rate5m)[1h:1m]) * 60");
    integrates("max(rate(x[5m]))", "sum_over_time((max(rate(x[5m])))[1h:5m]) * 300");
    integrates("sum(irate(x[1m]))", "sum_over_time((sum(irate(x[1m])))[1h:1m]) * 60");
    integrates("sum(rate(x[5m:1m]))", "sum_over_time((sum(rate(x[5m:1m])))[1h:5m]) * 300");
    integrates("sum(rate(x[5m])) + 1", "sum_over_time((sum(rate(x[5m])) + 1)[1h:5m]) * 300");
    integrates("5", "sum_over_time((vector(5))[1h:1m]) * 60");
    // Seven minutes do not divide an hour; 400 seconds do. Two hours are longer than the step.
    integrates("max(rate(x[7m]))", "sum_over_time((max(rate(x[7m])))[1h:6m40s]) * 400");
    integrates("max(rate(x[2h]))", "sum_over_time((max(rate(x[2h])))[1h:1h]) * 3600");
}

#[test]
fn a_value_per_range_is_divided_by_it() {
    integrates("max(increase(x[5m]))", "sum_over_time((max(increase(x[5m])))[1h:5m])");
    integrates(
        "max(increase(x[7m]))",
        "sum_over_time((max(increase(x[7m])))[1h:6m40s]) * 400 / 420",
    );
}

#[test]
fn the_part_to_blame_is_named() {
    refuses("rate(x[5m]) + rate(y[1m])", &Reason::DifferentRanges, "1m");
    refuses("max_over_time(sum(rate(x[5m]))[1h:])", &Reason::DifferentRanges, "1h");
    refuses("sum(rate(x[5m] offset 1d))", &Reason::Offset, "offset 1d");
    refuses("sum(rate(x[5m] @ end()))", &Reason::At, "@ end()");
    refuses("sum(rate(x[5m]))[1h:5m]", &Reason::NotInstant, "sum(rate(x[5m]))[1h:5m]");
    refuses("sum(rate($metric[5m]))", &Reason::Placeholder, "$metric");
    refuses("sum(rate(x[5m])) * $factor", &Reason::Placeholder, "$factor");
    refuses("max(rate(x[2 * 5m]))", &Reason::ComputedRange, "2 * 5m");
    refuses("rate(a[5m]) + increase(b[5m])", &Reason::MixedUnits, "rate(a[5m]) + increase(b[5m])");
    refuses(
        "1 - (sum(rate(a[5m])) / sum(rate(b[5m])))",
        &Reason::Ratio,
        "sum(rate(a[5m])) / sum(rate(b[5m]))",
    );
    refuses("count(rate(x[5m]))", &Reason::NotEvents, "count(rate(x[5m]))");
    let quantile = "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))";
    refuses(quantile, &Reason::NotEvents, quantile);
    for (text, part) in [
        ("quantile(0.9, rate(x[5m]))", "quantile(0.9, rate(x[5m]))"),
        ("sum(quantile_over_time(.9, x[5m]))", "quantile_over_time(.9, x[5m])"),
        ("stddev(rate(x[5m]))", "stddev(rate(x[5m]))"),
        ("count_values(\"v\", rate(x[5m]))", "count_values(\"v\", rate(x[5m]))"),
        ("sum(rate(x[5m])) * time()", "time()"),
        ("(time() - 5) * sum(rate(x[5m]))", "time()"),
        ("sum(rate(x[5m])) / scalar(quantile(0.9, y))", "quantile(0.9, y)"),
        ("sum(rate(x[5m])) + time()", "time()"),
    ] {
        refuses(text, &Reason::NotEvents, part);
    }
    // A switch is one, whatever it compares; the largest of some values are values of their kind.
    for text in [
        "sum(rate(x[5m])) * (time() > bool 5)",
        "sum(rate(x[5m])) * scalar(count(up))",
        "sum(topk(5, rate(x[5m])))",
        "sum(rate(x[5m])) and on() (vector(time()) > 5)",
    ] {
        integrates(text, &format!("sum_over_time(({text})[1h:5m]) * 300"));
    }
    refuses("sum(rate(x[5m])", &Reason::Invalid(ProblemKind::Unclosed { end: 15 }), "(");
    refuses(
        "histogram_share(1, x)",
        &Reason::Invalid(ProblemKind::UnknownFunction),
        "histogram_share",
    );
    refuses("", &Reason::Invalid(ProblemKind::Empty), "");
}

#[test]
fn the_sampling_interval_divides_the_step() {
    let step = |seconds| NonZeroU32::new(seconds).expect("steps of tests are not zero");
    assert_eq!(largest_divisor(step(3_600), 300), 300);
    assert_eq!(largest_divisor(step(3_600), 420), 400);
    assert_eq!(largest_divisor(step(60), 300), 60);
    assert_eq!(largest_divisor(step(7), 5), 1);
    assert_eq!(largest_divisor(step(10), 0), 1);
    assert_eq!(largest_divisor(step(u32::MAX), 60), 51);
}
