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

/// Returns what `slo log` says, with the kind of each change, newest first.
fn kinds(shop: &Repository, arguments: &[&str]) -> Vec<String> {
    let arguments = [&["log", "--format", "json"], arguments].concat();
    let json = slo(shop.path(), &arguments).expect(0).json();
    let commits = json["commits"].as_array().expect("a list").iter();
    let changes = commits.flat_map(|commit| commit["changes"].as_array().expect("a list").clone());
    changes.map(|change| change["kind"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn a_name_that_an_slo_has_no_more_leads_to_it() {
    let shop = shop();
    let ended = slo(shop.path(), &["log", "checkout"]).expect(0);
    assert!(ended.out.starts_with("payment of shop\n"), "{ended:?}");
    assert!(ended.err.contains("`checkout` has another name since: `payment`"), "{ended:?}");
    assert_eq!(kinds(&shop, &["shop/checkout"]), kinds(&shop, &["payment"]));
}

#[test]
fn what_was_removed_and_came_back_has_both_lives() {
    let shop = Repository::new();
    shop.set_clock("2024-01-10T09:00:00Z");
    shop.write("slo.yaml", definition("cart", "0.9", "28d"));
    shop.commit("cart: a first SLO");
    shop.remove("slo.yaml");
    shop.set_clock("2024-03-10T09:00:00Z");
    shop.commit("cart: no more");
    shop.set_clock("2024-06-10T09:00:00Z");
    shop.write("slo.yaml", definition("cart", "0.99", "28d"));
    shop.commit("cart: again");
    assert_eq!(kinds(&shop, &["cart"]), ["slo-added", "slo-removed", "slo-added"]);
    let json = slo(shop.path(), &["log", "cart", "--format", "json"]).expect(0).json();
    let levels = json["targets"][0]["levels"].as_array().expect("a list").iter();
    let levels: Vec<_> = levels.map(|level| level["target"].as_str()).collect();
    assert_eq!(levels, [Some("90 %"), None, Some("99 %")]);
}

#[test]
fn what_could_not_be_read_for_a_while_was_not_gone() {
    let shop = Repository::new();
    shop.write("slo.yaml", definition("cart", "0.9", "28d"));
    shop.commit("cart: a first SLO");
    shop.write("slo.yaml", definition("cart", "0.9", "28d").replace("spec:", "spec: [a: }"));
    shop.commit("cart: a slip");
    shop.write("slo.yaml", definition("cart", "0.95", "28d"));
    shop.commit("cart: mended, and more");
    assert_eq!(kinds(&shop, &["cart"]), ["target-raised", "slo-added"]);
    let text = slo(shop.path(), &["log", "cart"]).expect(0).out;
    let slip = shop.id("HEAD~1");
    let said = format!("    it could not be read from {} on\n", &slip[..7]);
    assert!(text.contains(&said), "{text}");
    // A value that cannot be read is no target.
    shop.replace("slo.yaml", "target: 0.95", "target: soon");
    shop.commit("cart: soon");
    let text = slo(shop.path(), &["log", "cart"]).expect(0).out;
    assert!(text.contains("target lowered: 95 % → unreadable\n"), "{text}");
}

#[test]
fn objectives_that_come_and_go_have_lines_of_their_own() {
    let shop = Repository::new();
    let two = |first: &str, second: &str| {
        format!("{}    - target: {second}\n", definition("cart", first, "28d"))
    };
    shop.set_clock("2024-01-10T09:00:00Z");
    shop.write("slo.yaml", two("0.9", "0.99"));
    shop.commit("cart: two");
    shop.set_clock("2024-06-10T09:00:00Z");
    shop.write("slo.yaml", definition("cart", "0.99", "28d"));
    shop.commit("cart: the higher one");
    shop.set_clock("2024-09-10T09:00:00Z");
    shop.write("slo.yaml", definition("cart", "0.995", "28d"));
    shop.commit("cart: higher still");
    let json = slo(shop.path(), &["log", "cart", "--format", "json"]).expect(0).json();
    let lines: Vec<(Option<&str>, Vec<Option<&str>>)> = json["targets"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| {
            let levels = line["levels"].as_array().expect("a list").iter();
            (line["objective"].as_str(), levels.map(|level| level["target"].as_str()).collect())
        })
        .collect();
    let kept = (None, vec![Some("99 %"), Some("99.5 %")]);
    assert_eq!(lines, [kept, (Some("1"), vec![Some("90 %"), None])]);
    let text = slo(shop.path(), &["log", "cart"]).expect(0).out;
    assert!(text.contains("target of 1, until 2024-06-10\n  90 % ┤────"), "{text}");
}

#[test]
fn a_branch_of_many_that_were_merged_at_once_has_its_author() {
    let shop = shop();
    for name in ["one", "two"] {
        shop.git(&["switch", "--quiet", "-c", name, "main"]);
        if name == "one" {
            shop.replace("slo/payment.yaml", "0.995", "0.99");
        }
        shop.write(&format!("{name}.txt"), name);
        shop.git(&["add", "--all"]);
        let message = format!("{name}: less\n\nSLO-Change: {name}");
        shop.git_as("Bob <bob@example.com>", &["commit", "-q", "-m", &message]);
    }
    shop.switch("main");
    shop.write("README.md", "# The shop\n");
    shop.commit("Say it again");
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge both", "one", "two"]);
    let text = slo(shop.path(), &["log", "payment"]).expect(0).out;
    let told = text.split("\n\n").find(|part| part.contains("99.5 % → 99 %")).expect("it is told");
    assert!(told.contains("Bob, merged by ") && told.contains("SLO-Change: one"), "{told}");
}

#[test]
fn what_the_files_of_a_time_were_says_the_configuration_of_that_time() {
    let shop = shop();
    shop.write("slo.toml", "[files]\nexclude = [\"slo/**\"]\n");
    shop.commit("The SLOs are elsewhere");
    let text = slo(shop.path(), &["log", "payment"]).expect(0).out;
    assert!(text.contains("The SLOs are elsewhere\n    removed\n"), "{text}");
    assert!(text.contains("renamed: checkout → payment"), "{text}");
}

#[test]
fn of_two_of_one_name_the_one_is_named_with_its_home() {
    let shop = Repository::new();
    let namespaced = |space: &str, target: &str| {
        let text = definition("cart", target, "28d");
        text.replace("{name: cart}", &format!("{{name: cart, namespace: {space}}}"))
            .replace("openslo/v1", "openslo.com/v1")
    };
    shop.write("a.yaml", definition("cart", "0.9", "28d"));
    shop.commit("cart");
    shop.write(
        "b.yaml",
        definition("cart", "0.99", "28d").replace("service: shop", "service: web"),
    );
    shop.commit("cart of web");
    let ended = slo(shop.path(), &["log", "cart"]).expect(2);
    assert!(ended.err.contains("2 SLOs are called `cart`"), "{ended:?}");
    assert!(ended.err.contains("say which: `shop/cart`"), "{ended:?}");
    assert_eq!(kinds(&shop, &["shop/cart"]), ["slo-added"]);
    assert_eq!(kinds(&shop, &["web/cart"]), ["slo-added"]);
    shop.write("c.yaml", namespaced("one", "0.9"));
    shop.write("b.yaml", namespaced("two", "0.9"));
    shop.remove("a.yaml");
    shop.commit("by namespace");
    let ended = slo(shop.path(), &["log", "cart"]).expect(2);
    assert!(ended.err.contains("say which: `two/cart`"), "{ended:?}");
    shop.write("b.yaml", namespaced("one", "0.9"));
    shop.commit("nothing tells them apart");
    let ended = slo(shop.path(), &["log", "cart"]).expect(2);
    assert!(ended.err.contains("those of b.yaml and c.yaml"), "{ended:?}");
}
