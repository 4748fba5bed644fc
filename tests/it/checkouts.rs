//! Every way in which CI checks out: what a change does is told the same from each, or the cure is named.

use std::path::Path;

use tempfile::TempDir;

use crate::command::Ended;
use crate::command::NOW;
use crate::command::slo;
use crate::gate::shop::GATED;
use crate::gate::shop::HEALTHY;
use crate::gate::shop::shop;
use crate::gate::shop::slo_named;
use crate::repository::Repository;

/// What the change does, and what it lacks.
const RULE: &str = "target-lowered-without-approval";

/// A shop in which a branch lowers a target, while `main` gains another SLO.
fn changed() -> Repository {
    let shop = shop(HEALTHY);
    shop.branch("work");
    shop.replace("slo/checkout.yaml", "target: 0.99", "target: 0.95");
    shop.commit("checkout: less");
    shop.write(GATED, "price = 2\n");
    shop.commit("Change the price");
    shop.switch("main");
    let cart = slo_named("cart").replace("job=\"checkout\"", "job=\"cart\"");
    shop.write("slo/cart.yaml", cart);
    shop.commit("Measure the cart too");
    shop.switch("work");
    shop
}

fn lint(folder: &Path, base: &str) -> Ended {
    slo(folder, &["lint", "--since", base, "--now", NOW, "--format", "concise", "-q"])
}

fn gate(folder: &Path, base: &str) -> Ended {
    let usual = ["gate", "--no-fetch", "--now", NOW, "--format", "concise", "--base", base];
    slo(folder, &usual)
}

fn diff(folder: &Path, base: &str) -> Ended {
    slo(folder, &["diff", &format!("{base}...HEAD"), "--format", "concise"])
}

/// Asserts that all three commands see the one change, and nothing of what the base gained.
#[track_caller]
fn assert_seen(folder: &Path, base: &str) {
    let ended = lint(folder, base).expect(1);
    let said = format!("error[{RULE}]");
    assert_eq!(ended.out.lines().count(), 1, "{ended:?}");
    assert!(ended.out.contains(&said), "{ended:?}");
    let ended = diff(folder, base).expect(0);
    assert_eq!(ended.out.lines().count(), 1, "{ended:?}");
    assert!(ended.out.contains("target-lowered"), "{ended:?}");
    let ended = gate(folder, base).expect(1);
    assert!(ended.out.contains(&said), "{ended:?}");
    assert!(!ended.out.contains("slo-deleted"), "{ended:?}");
}

#[test]
fn a_whole_clone_of_a_branch_whose_base_moved_on() {
    let clone = changed().clone(&["--branch=work"]);
    assert_seen(clone.path(), "origin/main");
    clone.git(&["checkout", "--quiet", "--detach"]);
    assert_seen(clone.path(), "origin/main");
}

#[test]
fn a_tag_and_a_commit_by_its_id() {
    let shop = changed();
    shop.git(&["tag", "v1", "work"]);
    shop.git(&["tag", "--annotate", "-m", "two", "v2", "work"]);
    for name in ["v1", "v2"] {
        shop.git(&["checkout", "--quiet", name]);
        assert_seen(shop.path(), "main");
        assert_seen(shop.path(), &shop.id("main"));
    }
}

#[test]
fn a_worktree_beside_the_clone_and_a_submodule() {
    let shop = changed();
    let beside = TempDir::new().unwrap();
    let place = beside.path().join("beside");
    shop.switch("main");
    shop.git(&["worktree", "add", "--quiet", place.to_str().unwrap(), "work"]);
    assert_seen(&place, "main");
    let outer = Repository::new();
    let url = format!("file://{}", shop.path().display());
    outer.git(&["submodule", "--quiet", "add", "--branch", "work", &url, "shop"]);
    outer.commit("Add the shop");
    assert_seen(&outer.path().join("shop"), "origin/main");
}

#[test]
fn the_forges_merge_at_depth_two() {
    let shop = changed();
    shop.git(&["switch", "--quiet", "--create", "merge", "main"]);
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work into main", "work"]);
    let whole = shop.clone(&["--branch=merge"]);
    assert_seen(whole.path(), "HEAD^1");
    let two = shop.clone(&["--depth=2", "--single-branch", "--branch=merge"]);
    for ended in [lint(two.path(), "HEAD^1"), gate(two.path(), "HEAD^1")] {
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.out.contains(RULE) && ended.out.contains("not at hand"), "{ended:?}");
    }
    let ended = slo(two.path(), &["diff", "HEAD^1", "HEAD", "--format", "concise"]).expect(0);
    assert!(ended.out.contains("target-lowered"), "{ended:?}");
}

#[test]
fn a_clone_that_is_too_shallow_names_the_depth() {
    let shop = changed();
    let base = shop.id("main");
    let one = shop.clone(&["--depth=1", "--single-branch", "--branch=work"]);
    for base in [base.as_str(), "origin/main"] {
        for ended in [lint(one.path(), base), gate(one.path(), base), diff(one.path(), base)] {
            assert!(matches!(ended.code, Some(2 | 3)), "{ended:?}");
            assert!(ended.err.contains("fetch"), "{ended:?}");
        }
    }
}

#[test]
fn a_push_is_compared_with_what_was_there_before() {
    let shop = changed();
    let before = shop.id("main");
    shop.switch("main");
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work", "work"]);
    assert_seen(shop.path(), &before);
}

#[test]
fn a_sparse_checkout_has_what_it_does_not_show() {
    let clone = changed().clone(&["--branch=work"]);
    for index in ["--no-sparse-index", "--sparse-index"] {
        clone.git(&["sparse-checkout", "set", "--cone", index, "src"]);
        assert!(!clone.path().join("slo/checkout.yaml").exists());
        assert_seen(clone.path(), "origin/main");
        let staged = slo(clone.path(), &["lint", "--staged", "--now", NOW]).expect(0);
        assert!(staged.out.contains("1 SLO, nothing new"), "{staged:?}");
    }
}

#[test]
fn histories_that_share_nothing_are_said_to() {
    let shop = changed();
    shop.git(&["checkout", "--quiet", "--orphan", "alone"]);
    shop.commit("Begin anew");
    for ended in [gate(shop.path(), "main"), diff(shop.path(), "main")] {
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(ended.err.contains("their histories share no commit"), "{ended:?}");
    }
}

#[test]
fn a_base_with_another_configuration_is_judged_by_it_at_the_gate() {
    let shop = changed();
    let config = shop.read("slo.toml");
    shop.write("slo.toml", format!("{config}\n[rules]\n{RULE} = \"off\"\n"));
    shop.commit("Do not ask");
    lint(shop.path(), "main").expect(0);
    let ended = gate(shop.path(), "main").expect(1);
    assert!(ended.out.contains(&format!("error[{RULE}]")), "{ended:?}");
}

#[test]
fn a_repository_of_somebody_else_is_read_and_trusted_with_nothing() {
    let shop = changed();
    shop.write(".gitattributes", "* filter=evil\n");
    shop.commit("Filters");
    let base = shop.id("main");
    // From here on git itself would run it.
    for key in ["core.fsmonitor", "filter.evil.clean", "filter.evil.smudge"] {
        shop.git(&["config", key, "touch fired"]);
    }
    shop.give_away();
    assert_seen(shop.path(), &base);
    assert!(!shop.path().join("fired").exists(), "nothing of it is run");
}
