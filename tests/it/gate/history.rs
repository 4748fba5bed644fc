//! Which commits the gate compares: branches, merges, events, shallow clones.

use serde_json::json;

use crate::command::Ended;
use crate::command::NOW;
use crate::command::Run;
use crate::repository::Repository;

use super::shop::CONFIG;
use super::shop::GATED;
use super::shop::POLICY;
use super::shop::SPENT;
use super::shop::expect;
use super::shop::gate;
use super::shop::shop;
use super::shop::shop_with;
use super::shop::verdict;
use super::shop::work;

/// A frozen shop with `work` one commit ahead, and `main` one commit ahead of where it started.
pub(super) fn diverged(message: &str) -> Repository {
    let shop = shop(SPENT);
    work(&shop);
    shop.commit(message);
    shop.switch("main");
    shop.write("README.md", "# The shop\n");
    shop.commit("Say it better");
    shop.switch("work");
    shop
}

pub(super) fn pull_request(base: &str, head: &str, labels: &[&str]) -> String {
    let repository = json!({
        "id": 1, "name": "shop", "full_name": "octo/shop", "private": false, "default_branch": "main",
        "owner": { "login": "octo", "id": 2, "type": "User" }
    });
    let labels: Vec<_> = labels.iter().map(|name| json!({ "id": 1, "name": name })).collect();
    json!({
        "action": "opened", "number": 2, "repository": repository, "sender": { "login": "dev" },
        "pull_request": {
            "number": 2, "state": "open", "labels": labels, "user": { "login": "dev" },
            "head": { "ref": "work", "sha": head, "repo": repository },
            "base": { "ref": "main", "sha": base, "repo": repository }
        }
    })
    .to_string()
}

pub(super) fn merge_group(base: &str, head: &str) -> String {
    json!({
        "action": "checks_requested",
        "merge_group": {
            "head_sha": head, "head_ref": "refs/heads/gh-readonly-queue/main/pr-2", "base_sha": base,
            "base_ref": "refs/heads/main"
        },
        "repository": { "name": "shop", "full_name": "octo/shop", "owner": { "login": "octo" } }
    })
    .to_string()
}

/// Runs the gate as a job of the forge runs it.
pub(super) fn job(shop: &Repository, name: &str, event: &str, sha: &str) -> Ended {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), event).unwrap();
    Run::new(shop.path())
        .arguments(&["gate", "--no-fetch", "--now", NOW, "--format", "json"])
        .environment("GITHUB_EVENT_NAME", name)
        .environment("GITHUB_EVENT_PATH", file.path().to_str().unwrap())
        .environment("GITHUB_SHA", sha)
        .end()
}

pub(super) fn reason(ended: &Ended) -> (String, Option<i32>) {
    let verdict = verdict(ended);
    (verdict["reason"].as_str().unwrap_or_else(|| panic!("{ended:?}")).to_owned(), ended.code)
}

#[test]
fn a_merge_of_the_forge_is_compared_with_its_first_parent() {
    let shop = diverged("Change the price");
    let (base, head) = (shop.id("main~1"), shop.id("work"));
    shop.git(&["switch", "--quiet", "--detach", "main"]);
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work into main", "work"]);
    let merge = shop.id("HEAD");
    let ended = job(&shop, "pull_request", &pull_request(&base, &head, &[]), &merge);
    assert_eq!(reason(&ended), ("frozen".to_owned(), Some(1)));
    let labeled = pull_request(&base, &head, &["security"]);
    let ended = job(&shop, "pull_request", &labeled, &merge);
    assert_eq!(reason(&ended), ("exempt".to_owned(), Some(0)));
}

#[test]
fn a_checkout_of_something_else_than_the_change_is_not_judged() {
    let shop = diverged("Change the price");
    let (base, head) = (shop.id("main"), shop.id("work"));
    let proposed = pull_request(&base, &head, &[]);
    let queued = merge_group(&base, &head);
    shop.git(&["switch", "--quiet", "--create", "unrelated", "main"]);
    shop.write("README.md", "# Another shop\n");
    shop.commit("Say something else");
    for branch in ["main", "unrelated"] {
        shop.switch(branch);
        for (name, event) in [
            ("pull_request_target", &proposed),
            ("pull_request", &proposed),
            ("merge_group", &queued),
        ] {
            let ended = job(&shop, name, event, &base).expect(3);
            assert!(ended.err.contains("check out the head of the pull request"), "{}", ended.err);
        }
    }
}

#[test]
fn a_merge_that_its_author_made_chooses_no_trusted_tree() {
    // The author merges a branch of theirs, which agrees on nothing, as if it were the base.
    let shop = diverged("Change the price");
    shop.branch("mine");
    shop.remove("slo/policy.yaml");
    shop.commit("Agree on nothing");
    shop.git(&["switch", "--quiet", "work"]);
    shop.write("src/checkout/more.py", "1\n");
    shop.commit("Change more");
    shop.git(&["switch", "--quiet", "mine"]);
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work into main", "work"]);
    expect(&shop, &[], ("block", "frozen", 1));
    let (base, head) = (shop.id("main"), shop.id("mine"));
    let event = pull_request(&base, &head, &[]);
    assert_eq!(reason(&job(&shop, "pull_request", &event, &head)).1, Some(1));
    // `pull_request_target` checks out the base; whoever checks out the head is not fooled either,
    // also where the event names the second parent as the head.
    for head in [head, shop.id("work")] {
        let event = pull_request(&base, &head, &[]);
        for (name, sha) in [
            ("pull_request_target", base.as_str()),
            ("pull_request_target", ""),
            ("workflow_run", ""),
            ("issue_comment", &base),
            ("pull_request", ""),
            ("pull_request", &base),
        ] {
            let ended = job(&shop, name, &event, sha);
            assert_eq!(reason(&ended), ("frozen".to_owned(), Some(1)), "{name} {sha}");
        }
    }
}

#[test]
fn what_a_merge_adds_of_its_own_is_not_exempt() {
    let shop = diverged("Close the hole\n\nChange-Class: security");
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge main", "main"]);
    expect(&shop, &[], ("pass", "exempt", 0));
    shop.write("src/checkout/feature.py", "1\n");
    shop.git(&["add", "--all"]);
    shop.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn a_merge_that_drops_the_side_of_the_base_is_not_exempt() {
    let shop = shop(SPENT);
    work(&shop);
    shop.commit("Close the hole\n\nChange-Class: security");
    shop.switch("main");
    shop.write("src/checkout/guard.py", "guard = True\n");
    shop.commit("Guard the checkout");
    shop.switch("work");
    shop.git(&["merge", "--quiet", "-s", "ours", "-m", "Merge main", "main"]);
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn a_merge_queue_is_judged_against_its_base() {
    let shop = diverged("Change the price");
    let (base, head) = (shop.id("main"), shop.id("work"));
    let ended = job(&shop, "merge_group", &merge_group(&base, &head), &head);
    assert_eq!(reason(&ended), ("frozen".to_owned(), Some(1)));
    shop.git(&["switch", "--quiet", "main"]);
    shop.branch("docs");
    shop.write("README.md", "# A shop\n");
    shop.commit("Say it shorter");
    let ended = job(&shop, "merge_group", &merge_group(&base, &shop.id("docs")), &shop.id("docs"));
    assert_eq!(reason(&ended), ("not-in-scope".to_owned(), Some(0)));
}

#[test]
fn a_base_that_is_named_is_the_trusted_tree() {
    let mild = POLICY.replace("gate: freeze", "gate: warn");
    let shop = shop_with(SPENT, CONFIG, &mild);
    work(&shop);
    shop.commit("Change the price");
    shop.switch("main");
    shop.branch("release");
    shop.write("slo/policy.yaml", POLICY);
    shop.commit("Freeze releases");
    shop.switch("work");
    expect(&shop, &["--base", "main"], ("warn", "warn", 0));
    expect(&shop, &["--base", "release"], ("block", "frozen", 1));
    let merge_request = Run::new(shop.path())
        .arguments(&["gate", "--no-fetch", "--now", NOW])
        .environment("CI_MERGE_REQUEST_DIFF_BASE_SHA", &shop.id("release"));
    merge_request.end().expect(1);
}

#[test]
fn an_event_that_cannot_be_understood_decides_nothing() {
    let shop = diverged("Change the price");
    for event in [
        "",
        "{",
        "[]",
        "{\"pull_request\": 1}",
        "{\"pull_request\": {\"base\": {\"sha\": \"main\"}}}",
    ] {
        let ended = job(&shop, "pull_request", event, "");
        assert!(matches!(ended.code, Some(2 | 3)), "{event}: {ended:?}");
    }
    let missing = Run::new(shop.path())
        .arguments(&["gate", "--now", NOW])
        .environment("GITHUB_EVENT_NAME", "pull_request")
        .environment("GITHUB_EVENT_PATH", "/nowhere/event.json");
    missing.end().expect(3);
    let unknown = pull_request(&"1".repeat(40), &shop.id("work"), &[]);
    let ended = job(&shop, "pull_request", &unknown, "");
    assert_eq!(ended.code, Some(3));
    assert!(ended.err.contains("fetch-depth"), "{}", ended.err);
}

#[test]
fn a_shallow_clone_of_the_branch_alone_names_the_depth() {
    let shop = diverged("Change the price");
    let (base, head) = (shop.id("main"), shop.id("work"));
    for depth in ["--depth=1", "--depth=2"] {
        let clone = shop.clone(&[depth, "--single-branch", "--branch=work"]);
        let event = pull_request(&base, &head, &[]);
        let ended = job(&clone, "pull_request", &event, &head);
        assert_eq!(ended.code, Some(3), "{depth}: {ended:?}");
        assert!(ended.err.contains("fetch-depth"), "{depth}: {}", ended.err);
    }
}

#[test]
fn a_shallow_clone_of_the_forges_merge_is_deep_enough_at_two() {
    let shop = diverged("Close the hole\n\nChange-Class: security");
    let (base, head) = (shop.id("main"), shop.id("work"));
    shop.git(&["switch", "--quiet", "--create", "merge", "main"]);
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work into main", "work"]);
    let merge = shop.id("HEAD");
    let event = pull_request(&base, &head, &[]);
    let two = shop.clone(&["--depth=2", "--single-branch", "--branch=merge"]);
    let ended = job(&two, "pull_request", &event, &merge);
    assert_eq!(reason(&ended), ("frozen".to_owned(), Some(1)), "and nothing is exempt");
    let one = shop.clone(&["--depth=1", "--single-branch", "--branch=merge"]);
    let ended = job(&one, "pull_request", &event, &merge);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.err.contains("fetch-depth"), "{}", ended.err);
}

#[test]
fn commits_that_are_not_at_hand_are_not_exempt() {
    let shop = diverged("Close the hole\n\nChange-Class: security");
    for number in 0..3 {
        shop.write(GATED, format!("price = {number}\n"));
        shop.commit("Close another\n\nChange-Class: security");
    }
    expect(&shop, &[], ("pass", "exempt", 0));
    let (base, head) = (shop.id("main"), shop.id("work"));
    shop.git(&["switch", "--quiet", "--create", "merge", "main"]);
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work into main", "work"]);
    let merge = shop.id("HEAD");
    let clone = shop.clone(&["--depth=2", "--single-branch", "--branch=merge"]);
    let ended = job(&clone, "pull_request", &pull_request(&base, &head, &[]), &merge);
    assert_eq!(reason(&ended), ("frozen".to_owned(), Some(1)));
    let event = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(event.path(), pull_request(&base, &head, &[])).unwrap();
    let text = gate(&clone, &["--event", event.path().to_str().unwrap()]).expect(1).out;
    assert!(text.contains("fetch-depth: 0"), "{text}");
}

#[test]
fn nobody_approves_where_authors_are_not_at_hand() {
    let policy = POLICY.replace("gate: freeze, exempt", "gate: approve, approvers: [lead], exempt");
    let shop = shop_with(SPENT, CONFIG, &policy);
    work(&shop);
    shop.git(&["add", "--all"]);
    shop.git_as("Lea <lead@example.com>", &["commit", "--quiet", "-m", "Change the price"]);
    shop.write(GATED, "price = 3\n");
    shop.commit("Change it again\n\nApproved-by: lead@example.com");
    let (base, head) = (shop.id("main"), shop.id("work"));
    shop.git(&["switch", "--quiet", "--create", "merge", "main"]);
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work into main", "work"]);
    let event = pull_request(&base, &head, &[]);
    let merge = shop.id("HEAD");
    let clone = shop.clone(&["--depth=2", "--single-branch", "--branch=merge"]);
    for place in [&shop, &clone] {
        let ended = job(place, "pull_request", &event, &merge);
        assert_eq!(reason(&ended), ("needs-approval".to_owned(), Some(1)));
    }
    let ended = job(&clone, "pull_request", &event, &merge);
    assert!(ended.out.contains("no approval counts; fetch with `fetch-depth: 0`"), "{}", ended.out);
}

#[test]
fn an_empty_repository_has_nothing_to_judge_and_a_bare_one_has_no_files() {
    let empty = Repository::new();
    gate(&empty, &[]).expect(3);
    Run::new(empty.path()).arguments(&["lint"]).end().expect(0);
    let bare = shop(SPENT).clone(&["--bare"]);
    gate(&bare, &[]).expect(1);
    Run::new(bare.path()).arguments(&["lint"]).end().expect(0);
}
