//! What reports say of a server: its name, its words, its warnings.

use serde_json::Value;

use crate::backend::run::StandIn;
use crate::backend::run::json;
use crate::backend::run::steady;
use crate::backend::sample::CHECKOUT;
use crate::command::Ended;
use crate::command::NOW;
use crate::command::slo;
use crate::repository::Repository;
use crate::standin::http::Reply;

const POLICY: &str = "apiVersion: slo/v1
kind: ErrorBudgetPolicy
metadata: { name: default }
spec:
  tiers: [{ name: freeze, enter: { burn: { lookback: slo, gte: 1 } }, gate: freeze }]
";

/// A repository whose only backend is a server; the branch `work` changes one file.
fn shop(server: &StandIn) -> Repository {
    let shop = Repository::new();
    shop.write("slo.toml", server.config("retries = 0"));
    shop.write("slo/policy.yaml", POLICY);
    shop.write("slo/checkout.yaml", CHECKOUT);
    shop.commit("Open the shop");
    shop.branch("work");
    shop.write("README.md", "# Shop\n");
    shop.commit("Say what it is");
    shop
}

fn gate(shop: &Repository, format: &str) -> Ended {
    let arguments = ["gate", "--no-fetch", "--fail-on", "never", "--now", NOW];
    slo(shop.path(), &[&arguments[..], &["--format", format]].concat())
}

fn budget(shop: &Repository, format: &str) -> Ended {
    slo(shop.path(), &["budget", "--now", NOW, "--format", format]).expect(0)
}

/// Returns text without the breaks of its lines.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Answers well but for a warning.
fn warning(text: &'static str) -> StandIn {
    StandIn::start(move |asked, _| {
        let Reply::Answer { body, .. } = steady(asked) else { return Reply::HangUp };
        let body = String::from_utf8(body).unwrap();
        json(200, &body.replacen('{', &format!("{{\"warnings\":[\"{text}\"],"), 1))
    })
}

#[test]
fn a_partial_answer_never_lets_a_change_pass_by_accident() {
    let server = warning("partial response: store sidecar-1 unavailable");
    let shop = shop(&server);
    let why = "the answer of prod lacks a part: partial response: store sidecar-1 unavailable";
    let report = gate(&shop, "json").expect(3).json();
    assert_eq!(report["verdict"]["reason"], "backend-error");
    assert!(report["verdict"]["headline"].as_str().unwrap().ends_with(why), "{report:#}");
    let row = &report["budgets"][0];
    assert_eq!((&row["state"], &row["reason"]), (&"error".into(), &"partial".into()));
    assert_eq!(row["explanation"], why);
    for format in ["terminal", "markdown"] {
        assert!(flat(&gate(&shop, format).out).contains(why), "{format}");
    }
}

#[test]
fn a_remark_of_the_server_stands_in_every_report() {
    let remark = "PromQL info: metric might not be a counter";
    let server = warning(remark);
    let calm = CHECKOUT.replace("target: 0.999", "target: 0.5");
    let shop = shop(&server);
    shop.git(&["checkout", "--quiet", "main"]);
    shop.write("slo/checkout.yaml", calm);
    shop.commit("Promise less");
    shop.git(&["checkout", "--quiet", "-B", "work"]);
    shop.write("README.md", "# The shop\n");
    shop.commit("Say it better");
    let report = gate(&shop, "json").expect(0).json();
    let notes = report["verdict"]["notes"].as_array().unwrap();
    let measured: Vec<&Value> = notes.iter().filter(|note| note["label"] == "measured").collect();
    let [note] = measured[..] else { panic!("{notes:?}") };
    assert_eq!((&note["what"], &note["why"]), (&"checkout by prod".into(), &remark.into()));
    for said in [gate(&shop, "terminal"), gate(&shop, "markdown"), budget(&shop, "terminal")] {
        assert_eq!(flat(&said.out).matches(remark).count(), 1, "{}", said.out);
        assert!(!said.err.contains(remark), "once is enough: {}", said.err);
    }
    let markdown = budget(&shop, "markdown").out;
    assert!(markdown.contains("**Measured with warnings.**"), "{markdown}");
    assert!(markdown.contains(&format!("- `checkout`: {remark}")), "{markdown}");
    for report in [report, budget(&shop, "json").json()] {
        assert_eq!(report["budgets"][0]["warnings"], serde_json::json!([remark]));
        assert_eq!(report["budgets"][0]["explanation"], Value::Null);
    }
}

#[test]
fn the_verdict_names_the_server_that_refuses() {
    let server = StandIn::start(|_, _| json(403, ""));
    let shop = shop(&server);
    let report = gate(&shop, "json").expect(3).json();
    let headline = report["verdict"]["headline"].as_str().unwrap();
    assert!(headline.ends_with("is not known: prod refused the query: HTTP 403"), "{headline}");
    assert_eq!(report["budgets"][0]["explanation"], "prod refused the query: HTTP 403");
}
