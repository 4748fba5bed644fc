//! A shop whose repository the gate's tests judge: one service, one SLO of one day, one policy.

use std::fmt::Write;

use serde_json::Value;

use crate::command::Ended;
use crate::command::NOW;
use crate::command::Run;
use crate::repository::Repository;

/// Good events of 1 000 an hour: nothing of the budget of 1 % is spent.
pub(crate) const HEALTHY: u32 = 1_000;
/// Good events of 1 000 an hour: half of the budget of 1 % is spent.
pub(crate) const HALF: u32 = 995;
/// Good events of 1 000 an hour: twice the budget of 1 % is spent.
pub(crate) const SPENT: u32 = 980;

/// The file of the service that the gate holds.
pub(crate) const GATED: &str = "src/checkout/pay.py";

pub(crate) const CONFIG: &str = r#"[backend.recorded]
type = "recorded"
path = "measurements.csv"

[services]
checkout = ["src/checkout/**"]

[owners]
lead = ["lead@example.com"]
"#;

pub(crate) const POLICY: &str = "apiVersion: slo/v1
kind: ErrorBudgetPolicy
metadata:
  name: default
spec:
  maxLatch: 1d
  tiers:
    - { name: careful, enter: { burn: { lookback: slo, gte: 0.75 } }, gate: warn }
    - { name: freeze, enter: { burn: { lookback: slo, gte: 1 } }, gate: freeze, exempt: [reliability-fix, security, rollback] }
";

/// Returns a whole SLO without findings.
pub(crate) fn slo_named(name: &str) -> String {
    format!(
        "apiVersion: openslo/v1
kind: SLO
metadata:
  name: {name}
  annotations:
    slo/owner: \"@shop/checkout\"
spec:
  description: Requests are answered without a server error.
  service: checkout
  indicator:
    metadata:
      name: {name}-answered
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Prometheus
            spec:
              query: sum(http_requests_total{{job=\"checkout\",code=~\"5..\"}})
        total:
          metricSource:
            type: Prometheus
            spec:
              query: sum(http_requests_total{{job=\"checkout\"}})
  timeWindow:
    - duration: 1d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.99
"
    )
}

/// Returns 48 hours of recorded measurements that end at the clock of the tests.
///
/// * `good`: the good events of each hour, by how many hours ago the hour ended.
pub(crate) fn measurements(slo: &str, good: impl Fn(u32) -> u32) -> String {
    let mut text = "slo,start,seconds,good,valid\n".to_owned();
    let end: jiff::Timestamp = NOW.parse().unwrap();
    for ago in (0..48).rev() {
        let start = end - jiff::SignedDuration::from_hours(i64::from(ago) + 1);
        writeln!(text, "{slo},{start},3600,{},1000", good(ago)).unwrap();
    }
    text
}

/// Returns the shop on `main`, with the same number of good events in every hour.
pub(crate) fn shop(good: u32) -> Repository {
    shop_with(good, CONFIG, POLICY)
}

/// Returns the shop with another configuration and policy.
pub(crate) fn shop_with(good: u32, config: &str, policy: &str) -> Repository {
    let shop = Repository::new();
    shop.write("slo.toml", config);
    shop.write("slo/policy.yaml", policy);
    shop.write("slo/checkout.yaml", slo_named("checkout-availability"));
    shop.write("measurements.csv", measurements("checkout-availability", |_| good));
    shop.write("CODEOWNERS", "* @shop/checkout\n");
    shop.write("README.md", "# Shop\n");
    shop.write(GATED, "price = 1\n");
    shop.write("src/search/find.py", "hits = 1\n");
    shop.commit("Open the shop");
    shop
}

/// Switches to the branch `work` and changes the gated file; nothing is committed yet.
pub(crate) fn work(shop: &Repository) {
    shop.branch("work");
    shop.write(GATED, "price = 2\n");
}

/// Runs the gate with some arguments.
pub(crate) fn gate(shop: &Repository, arguments: &[&str]) -> Ended {
    let clock: &[&str] = if arguments.contains(&"--now") { &[] } else { &["--now", NOW] };
    let usual = ["gate", "--no-fetch"];
    Run::new(shop.path()).arguments(&usual).arguments(clock).arguments(arguments).end()
}

/// What the gate says, without what names a commit or what waits to be merged.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) verdict: Value,
    pub(crate) text: String,
}

/// Runs the gate twice, for people and for machines, and returns its verdict.
pub(crate) fn said(shop: &Repository) -> Said {
    let text = gate(shop, &[]);
    let json = gate(shop, &["--format", "json"]);
    assert_eq!(text.code, json.code, "the exit code does not depend on the format");
    let verdict = unnamed(shop, verdict(&json).to_string());
    let verdict = serde_json::from_str(&verdict).unwrap();
    Said { code: json.code, verdict, text: without_commits(shop, &text.out) }
}

/// Returns the verdict of a report, without the notes about what waits.
pub(crate) fn verdict(report: &Ended) -> Value {
    let mut verdict = report.json()["verdict"].clone();
    if let Some(notes) = verdict.get_mut("notes").and_then(Value::as_array_mut) {
        notes.retain(|note| note["label"] != "after merge");
    }
    verdict
}

/// Returns the words of the verdict: from its headline on, commits unnamed, without what waits.
fn without_commits(shop: &Repository, text: &str) -> String {
    let starts = ["blocked:", "passes:", "warns:", "pass:", "warn:"];
    let mut lines = text.lines().skip_while(|line| !starts.iter().any(|one| line.starts_with(one)));
    let mut words = lines.next().unwrap_or(text).to_owned();
    let mut waits = false;
    for line in lines {
        let is_more = line.starts_with("                ");
        waits = line.contains("after merge") || (waits && is_more);
        if !waits {
            words.push(' ');
            words.push_str(line.trim());
        }
    }
    unnamed(shop, words.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Returns a text in which every commit has the same name.
fn unnamed(shop: &Repository, mut words: String) -> String {
    for id in shop.git(&["rev-list", "--all"]).lines() {
        words = words.replace(&id[..7], "COMMIT");
    }
    words
}

/// Returns outcome, reason and exit code.
pub(crate) fn answer(shop: &Repository, arguments: &[&str]) -> (String, String, i32) {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    let ended = gate(shop, &all);
    let verdict = verdict(&ended);
    let word = |key: &str| verdict[key].as_str().unwrap_or("").to_owned();
    (word("outcome"), word("reason"), ended.code.unwrap())
}

/// Asserts outcome, reason and exit code.
#[track_caller]
pub(crate) fn expect(shop: &Repository, arguments: &[&str], expected: (&str, &str, i32)) {
    let (outcome, reason, code) = answer(shop, arguments);
    assert_eq!((outcome.as_str(), reason.as_str(), code), expected);
}
