//! SLOs that nobody has changed for long, as the history of the repository tells.

use crate::command::slo;
use crate::gate::shop::slo_named;
use crate::repository::Repository;

const NOW: [&str; 2] = ["--now", "2026-11-22T09:00:00Z"];

/// Returns the messages of `review-overdue`.
fn overdue(repository: &Repository, arguments: &[&str]) -> Vec<String> {
    let rule = ["lint", "--rule", "review-overdue", "--format", "json"];
    let ended = slo(repository.path(), &[&rule[..], &NOW, arguments].concat()).expect(0);
    let findings = ended.json()["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().map(|finding| finding["message"].as_str().unwrap().to_owned()).collect()
}

/// A repository with an SLO that is older than half a year, and one that changed since.
fn old() -> Repository {
    let shop = Repository::new();
    shop.set_clock("2026-01-10T09:00:00Z");
    shop.write("slo/cart.yaml", slo_named("cart"));
    shop.write("slo/login.yaml", slo_named("login"));
    shop.commit("start");
    shop.set_clock("2026-05-26T08:00:00Z");
    shop.write("README.md", "# The shop\n");
    shop.commit("Say what it is");
    shop.set_clock("2026-08-01T09:00:00Z");
    shop.replace("slo/login.yaml", "target: 0.99", "target: 0.995");
    shop.commit("login: more");
    shop
}

const CART: &str = "nobody has changed the SLO `cart` for more than 180 days";

#[test]
fn an_slo_that_no_commit_of_half_a_year_changed_is_to_be_looked_at() {
    let shop = old();
    assert_eq!(overdue(&shop, &[]), [CART]);
    assert_eq!(overdue(&shop, &["--rev", "HEAD"]), [CART]);
    // Before that, it was half a year old at no time.
    let earlier = ["--now", "2026-07-01T09:00:00Z"];
    let rule = ["lint", "--rule", "review-overdue"];
    let ended = slo(shop.path(), &[&rule[..], &earlier].concat()).expect(0);
    assert!(!ended.out.contains("nobody has changed"), "{ended:?}");
}

#[test]
fn another_layout_or_another_file_is_no_review() {
    let shop = old();
    let text = shop.read("slo/cart.yaml");
    shop.write("slo/cart.yaml", format!("# the cart\n{text}\n"));
    shop.commit("cart: a comment");
    assert_eq!(overdue(&shop, &[]), [CART]);
    shop.git(&["mv", "slo/cart.yaml", "slo/basket.yaml"]);
    shop.commit("cart: another file");
    assert_eq!(overdue(&shop, &[]), [CART]);
    shop.replace("slo/basket.yaml", "target: 0.99", "target: 0.98");
    shop.commit("cart: less");
    assert_eq!(overdue(&shop, &[]), [""; 0]);
}

#[test]
fn a_day_of_review_a_cut_clone_and_a_young_repository_need_none() {
    let shop = old();
    let day = "metadata:\n  annotations: {slo/next-review: 2026-12-24}\n";
    let text = shop.read("slo/cart.yaml").replace("metadata:\n", day);
    let cut = shop.clone(&["--depth=1"]);
    assert_eq!(overdue(&cut, &[]), [""; 0], "nobody knows");
    shop.write("slo/cart.yaml", text);
    assert_eq!(overdue(&shop, &[]), [""; 0]);
    let young = Repository::new();
    young.set_clock("2026-10-01T09:00:00Z");
    young.write("slo/cart.yaml", slo_named("cart"));
    assert_eq!(overdue(&young, &[]), [""; 0], "nothing is committed");
    young.commit("start");
    assert_eq!(overdue(&young, &[]), [""; 0]);
}

#[test]
fn what_a_branch_does_not_touch_is_not_its_own() {
    let shop = old();
    shop.branch("work");
    shop.write("README.md", "# Our shop\n");
    shop.commit("Say it better");
    assert_eq!(overdue(&shop, &["--since", "main"]), [""; 0]);
}
