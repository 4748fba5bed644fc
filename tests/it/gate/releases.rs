//! How often a service is released while its budget is spent.

use crate::repository::Repository;

use super::shop::CONFIG;
use super::shop::POLICY;
use super::shop::SPENT;
use super::shop::expect;
use super::shop::gate;
use super::shop::shop_with;
use super::shop::work;

/// A shop whose spent budget lets one release pass in a day.
fn slowed(approvers: &str) -> Repository {
    let rate = "releaseRate: { max: 1, per: 24h, tags: \"release-*\" }";
    let policy = POLICY.replace(
        "gate: freeze, exempt: [reliability-fix, security, rollback]",
        &format!("gate: approve, {approvers}{rate}"),
    );
    assert_ne!(policy, POLICY);
    shop_with(SPENT, CONFIG, &policy)
}

/// Releases `main` at a time.
fn release(shop: &Repository, tag: &str, time: &str) {
    shop.set_clock(time);
    shop.commit("Release");
    shop.git(&["tag", tag]);
}

#[test]
fn one_release_passes_in_its_time_and_the_next_one_waits() {
    let shop = slowed("");
    release(&shop, "release-1", "2026-11-21T09:00:00Z");
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("pass", "approved", 0));
    let text = gate(&shop, &[]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("its rate lets another release pass"), "nobody approved: {text}");
    shop.switch("main");
    release(&shop, "nightly-1", "2026-11-22T08:20:00Z");
    expect(&shop, &["--all"], ("pass", "approved", 0));
    // A release of this hour counts at once, though the grid has not reached it.
    release(&shop, "release-2", "2026-11-22T08:59:00Z");
    shop.git(&["tag", "--annotate", "-m", "again", "x-release-2"]);
    shop.switch("work");
    shop.git(&["rebase", "--quiet", "main"]);
    expect(&shop, &[], ("block", "rate-limited", 1));
    expect(&shop, &["--all"], ("block", "rate-limited", 1));
    let text = gate(&shop, &[]).expect(1).out;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let wait = "one release in 24h passes, the next one after 2026-11-23T08:59:00Z";
    assert!(text.contains(wait), "{text}");
}

#[test]
fn a_tag_of_the_change_or_of_another_branch_is_no_release_of_the_target() {
    let shop = slowed("");
    shop.branch("old");
    release(&shop, "release-0", "2026-11-22T08:00:00Z");
    shop.switch("main");
    work(&shop);
    release(&shop, "release-1", "2026-11-22T08:10:00Z");
    expect(&shop, &[], ("pass", "approved", 0));
    // The whole tree is what the tag is on.
    expect(&shop, &["--all"], ("block", "rate-limited", 1));
}

#[test]
fn with_approvers_both_must_hold() {
    let shop = slowed("approvers: [lead], ");
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("block", "needs-approval", 1));
    shop.commit("Ask\n\nApproved-by: Lead <lead@example.com>");
    expect(&shop, &[], ("pass", "approved", 0));
    shop.switch("main");
    release(&shop, "release-1", "2026-11-22T08:00:00Z");
    shop.switch("work");
    shop.git(&["rebase", "--quiet", "main"]);
    expect(&shop, &[], ("block", "rate-limited", 1));
}

#[test]
fn a_shallow_clone_hides_releases_and_opens_nothing() {
    let shop = slowed("");
    release(&shop, "release-1", "2026-11-22T08:00:00Z");
    work(&shop);
    shop.commit("Change the price");
    let clone = shop.clone(&["--depth=1", "--branch=work"]);
    let ended = gate(&clone, &["--all"]).expect(3);
    assert!(ended.out.contains("the clone is shallow"), "{}", ended.out);
    assert!(ended.out.contains("fetch-depth: 0"), "{}", ended.out);
    let whole = shop.clone(&["--branch=work"]);
    expect(&whole, &["--all"], ("block", "rate-limited", 1));
}

#[test]
fn a_clone_without_tags_hides_releases_and_opens_nothing() {
    let shop = slowed("");
    release(&shop, "release-1", "2026-11-22T08:00:00Z");
    work(&shop);
    shop.commit("Change the price");
    let clone = shop.clone(&["--no-tags", "--branch=work"]);
    expect(&clone, &["--base", "origin/main"], ("block", "unknown", 3));
    let ended = gate(&clone, &["--base", "origin/main"]);
    assert!(ended.out.contains("remote.origin.tagOpt"), "{}", ended.out);
    clone.git(&["config", "--unset", "remote.origin.tagOpt"]);
    clone.git(&["fetch", "--quiet", "--tags"]);
    expect(&clone, &["--base", "origin/main"], ("block", "rate-limited", 1));
}

#[test]
fn a_service_without_any_file_is_said() {
    let config =
        |paths: &str| CONFIG.replace("[services]\n", &format!("[services]\nstock = [{paths}]\n"));
    for (paths, is_said) in [
        ("\"src/shopp/**\"", true),
        ("\"nowhere\", \"src/**\"", false),
        ("\"**/late/**\"", false),
        ("\"vendored/**\"", false),
        ("\"stock/*.java\"", true),
    ] {
        let shop = shop_with(990, &config(paths), POLICY);
        std::os::unix::fs::symlink("src", shop.path().join("vendored")).unwrap();
        shop.commit("Vendor");
        work(&shop);
        shop.write("src/late/a.txt", "late\n");
        shop.commit("Add what only the change has");
        let ended = gate(&shop, &[]);
        assert_eq!(
            ended.out.contains("no file belongs to `stock`"),
            is_said,
            "{paths}: {}",
            ended.out
        );
    }
}

#[test]
fn a_shop_that_never_released_may_and_hears_of_it() {
    let shop = slowed("");
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("pass", "approved", 0));
    let said = "no tag matches `release-*`";
    assert!(gate(&shop, &[]).out.contains(said));
    shop.git(&["tag", "release-0", "main"]);
    assert!(!gate(&shop, &[]).out.contains(said));
}
