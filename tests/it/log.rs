//! `slo log`: what became of one SLO, commit by commit.

use serde_json::Value;

use crate::command::slo;
use crate::report::assert_valid;
use crate::report::schema;
use crate::repository::Repository;

fn definition(name: &str, target: &str, window: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}}}\nspec:\n  service: shop\n  \
         indicatorRef: requests\n  timeWindow: [{{duration: {window}, isRolling: true}}]\n  \
         budgetingMethod: Occurrences\n  objectives:\n    - target: {target}\n"
    )
}

fn indicator(name: &str, codes: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: {name}}}\nspec:\n  ratioMetric:\n    counter: true\n    \
         good: {{metricSource: {{type: Prometheus, spec: {{query: 'sum(rate(x_total{{code!~\"{codes}\"}}[5m]))'}}}}}}\n    \
         total: {{metricSource: {{type: Prometheus, spec: {{query: 'sum(rate(x_total[5m]))'}}}}}}\n"
    )
}

/// Three years of an SLO: another target, files that move, a merged branch, another name, another window.
fn shop() -> Repository {
    let shop = Repository::new();
    let at = |day: &str| shop.set_clock(&format!("{day}T09:00:00Z"));
    at("2024-01-10");
    shop.write("slo/checkout.yaml", definition("checkout", "0.99", "28d"));
    shop.write("slo/sli.yaml", indicator("requests", "5.."));
    shop.commit("checkout: a first SLO");
    shop.write("README.md", "# The shop\n");
    shop.commit("Say what it is");
    at("2024-09-01");
    shop.replace("slo/checkout.yaml", "0.99", "0.999");
    shop.commit("checkout: three nines\n\nSLO-Change: the new page\nApproved-by: @paula\nSigned-off-by: Ada");
    shop.git(&["mv", "slo/sli.yaml", "slo/indicators.yaml"]);
    shop.commit("slo: order");
    at("2025-03-05");
    shop.branch("work");
    shop.write("slo/indicators.yaml", indicator("requests", "5..|429"));
    shop.git(&["add", "--all"]);
    shop.git_as("Bob <bob@example.com>", &["commit", "-q", "-m", "checkout: refusals are bad"]);
    shop.switch("main");
    shop.write("README.md", "# Our shop\n");
    shop.commit("Say it better");
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work", "work"]);
    at("2025-06-01");
    shop.remove("slo/checkout.yaml");
    shop.write("slo/payment.yaml", definition("payment", "0.999", "28d"));
    shop.commit("checkout: a better name");
    at("2026-10-01");
    shop.write("slo/payment.yaml", definition("payment", "0.995", "30d"));
    shop.commit("payment: fewer nines\n\nSLO-Change: \u{4e09}\u{3064}\u{306e}9");
    shop
}

/// Returns what is written, with a letter for each commit, newest first.
fn shown(shop: &Repository, arguments: &[&str]) -> String {
    let mut text = slo(shop.path(), &[&["log"], arguments].concat()).expect(0).out;
    let commits = shop.git(&["log", "--all", "--topo-order", "--format=%h"]);
    for (index, commit) in commits.lines().enumerate() {
        let letter = char::from(b'a' + u8::try_from(index).expect("a few commits"));
        text = text.replace(commit, &letter.to_string().repeat(7));
    }
    text
}

#[test]
fn an_slo_is_followed_through_files_names_and_merges() {
    let expected = "\
payment of shop

target
  99.9 % ┤              ╭────────────────────────────────────────────╮
  99.5 % ┤              │                                            ╰
    99 % ┤──────────────╯
          2024-01-10                                        2026-10-01

2026-10-01  aaaaaaa  Ada
    payment: fewer nines
    SLO-Change: 三つの9
    target lowered: 99.9 % → 99.5 %
      budget 0.1 % → 0.5 % (+400 %), 40.3 minutes of outage in 28d → 216 in 30d
    window lengthened: 28d → 30d

2025-06-01  bbbbbbb  Ada
    checkout: a better name
    renamed: checkout → payment

2025-03-05  ddddddd  Bob, merged by ccccccc
    checkout: refusals are bad
    indicator changed: sum(rate(x_total{code!~\"5..\"}[5m])) → sum(rate(x_total{code!~\"5..|429\"}[5m]))

2024-09-01  ggggggg  Ada
    checkout: three nines
    SLO-Change: the new page
    Approved-by: @paula
    target raised: 99 % → 99.9 %
      budget 1 % → 0.1 % (-90 %), 403.2 → 40.3 minutes of outage in 28d

2024-01-10  iiiiiii  Ada
    checkout: a first SLO
    added
";
    assert_eq!(shown(&shop(), &["payment"]), expected);
}

#[test]
fn each_part_has_the_commit_that_made_it_what_it_is() {
    let expected = "\
payment of shop

aaaaaaa  2026-10-01  Ada  target     99.5 %
aaaaaaa  2026-10-01  Ada  window     30d
bbbbbbb  2025-06-01  Ada  name       payment
ddddddd  2025-03-05  Bob  indicator  sum(rate(x_total{code!~\"5..|429\"}[5m]))
iiiiiii  2024-01-10  Ada  the rest
";
    assert_eq!(shown(&shop(), &["shop/payment", "--blame"]), expected);
}

#[test]
fn programs_and_wikis_get_the_same() {
    let shop = shop();
    let json = slo(shop.path(), &["log", "payment", "--format", "json"]).expect(0).json();
    assert_valid(&schema(include_str!("../../schemas/log.json")), &json);
    let kinds = |commit: &Value| -> Vec<String> {
        let changes = commit["changes"].as_array().unwrap().iter();
        changes.map(|change| change["kind"].as_str().unwrap().to_owned()).collect()
    };
    let commits: Vec<Vec<String>> = json["commits"].as_array().unwrap().iter().map(kinds).collect();
    let expected = [
        &["target-lowered", "window-lengthened"][..],
        &["slo-renamed"],
        &["indicator-changed"],
        &["target-raised"],
        &["slo-added"],
    ];
    assert_eq!(commits, expected);
    assert_eq!(json["targets"][0]["levels"][1]["target"], "99.9 %");
    let text = slo(shop.path(), &["log", "payment", "--format", "markdown"]).expect(0).out;
    assert_eq!(text.lines().filter(|line| line.starts_with("| 20")).count(), 5, "{text}");
    assert!(text.contains("Approved-by: @&#8203;paula"), "nobody is called: {text}");
}

#[test]
fn one_that_is_gone_is_found_and_one_that_never_was_is_not() {
    let shop = shop();
    shop.set_clock("2026-11-01T09:00:00Z");
    shop.remove("slo/payment.yaml");
    shop.commit("payment: no more");
    shop.write("README.md", "# Nothing\n");
    shop.commit("Say so");
    let text = shown(&shop, &["payment"]);
    assert!(text.contains("payment: no more\n    removed\n"), "{text}");
    assert!(text.contains("renamed: checkout → payment"), "{text}");
    shop.write("slo/cart.yaml", definition("cart", "0.9", "28d"));
    shop.commit("cart");
    let ended = slo(shop.path(), &["log", "carts"]).expect(2);
    assert!(ended.err.contains("no SLO is called `carts`, and none was"), "{ended:?}");
    assert!(ended.err.contains("did you mean `cart`?"), "{ended:?}");
    slo(Repository::folder().path(), &["log", "cart"]).expect(3);
}

#[test]
fn an_indicator_that_was_used_before_is_found_where_nobody_touched_it() {
    let shop = Repository::new();
    shop.write("a.yaml", indicator("requests", "5.."));
    shop.write("b.yaml", indicator("others", "5.."));
    shop.write("slo.yaml", definition("cart", "0.9", "28d"));
    shop.commit("start");
    shop.replace("slo.yaml", "indicatorRef: requests", "indicatorRef: others");
    shop.commit("the same from elsewhere");
    shop.replace("b.yaml", "5..", "5..|429");
    shop.commit("more are bad");
    let json = slo(shop.path(), &["log", "cart", "--format", "json"]).expect(0).json();
    let subjects: Vec<&str> = json["commits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["subject"].as_str().unwrap())
        .collect();
    assert_eq!(subjects, ["more are bad", "start"], "{json:#}");
}

#[test]
fn a_cut_clone_tells_what_it_has_and_that_there_is_more() {
    let shop = shop();
    let cut = shop.clone(&["--depth=2"]);
    let ended = slo(cut.path(), &["log", "payment"]).expect(0);
    assert!(ended.out.contains("target lowered"), "{ended:?}");
    assert!(!ended.out.contains("added"), "{ended:?}");
    assert!(ended.err.contains("`git fetch --unshallow`"), "{ended:?}");
}
