//! What a pipeline says of its change, and hostile files that must not hold it up.

use serde_json::json;

use crate::command::Ended;
use crate::command::NOW;
use crate::command::Run;
use crate::repository::Repository;

use super::history::diverged;
use super::history::job;
use super::history::pull_request;
use super::history::reason;
use super::shop::CONFIG;
use super::shop::GATED;
use super::shop::POLICY;
use super::shop::SPENT;
use super::shop::expect;
use super::shop::gate;
use super::shop::shop;
use super::shop::shop_with;
use super::shop::work;

const OPEN: &str = "gate: open";

/// Runs the gate in a pipeline of another forge.
fn pipeline(shop: &Repository, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let usual = ["gate", "--no-fetch", "--now", NOW, "--format", "json"];
    let run = Run::new(shop.path()).arguments(&usual).arguments(arguments);
    let run = run.environment("CI", "true");
    environment.iter().fold(run, |run, (name, value)| run.environment(name, value)).end()
}

fn push(branch: &str, before: &str, after: &str) -> String {
    json!({
        "ref": format!("refs/heads/{branch}"), "before": before, "after": after,
        "repository": {
            "name": "shop", "full_name": "octo/shop", "owner": { "login": "octo" },
            "default_branch": branch
        }
    })
    .to_string()
}

#[test]
fn a_pipeline_that_does_not_say_what_it_changes_judges_nothing() {
    // A fork has a branch of the name that the default branch has.
    let shop = shop(SPENT);
    let agreed = shop.id("main");
    work(&shop);
    shop.write("slo/policy.yaml", POLICY.replace("gate: freeze", OPEN));
    shop.commit("Agree on nothing");
    shop.git(&["branch", "--quiet", "--force", "main", "work"]);
    shop.switch("main");
    let ended = pipeline(&shop, &[], &[]).expect(2);
    assert!(ended.err.contains("--base"), "{}", ended.err);
    for said in ["1", "True"] {
        let run = Run::new(shop.path()).arguments(&["gate", "--no-fetch", "--now", NOW]);
        run.environment("CI", said).end().expect(2);
    }
    assert_eq!(reason(&pipeline(&shop, &["--base", &agreed], &[])).1, Some(1));
    let merge_request = [("CI_MERGE_REQUEST_DIFF_BASE_SHA", agreed.as_str())];
    assert_eq!(reason(&pipeline(&shop, &[], &merge_request)).1, Some(1));
    // A release of the whole tree is what its pipeline says it is.
    assert_eq!(reason(&pipeline(&shop, &["--all"], &[])), ("warn".to_owned(), Some(0)));
    let run = Run::new(shop.path()).arguments(&["gate", "--no-fetch", "--now", NOW]);
    run.environment("CI", "false").end().expect(0);
}

/// A shop that froze after `work` started, and a clone of it as a runner of GitLab keeps one: on `work`,
/// without the freeze. Returns where the change started, too.
fn stale(arguments: &[&str]) -> (Repository, Repository, String) {
    let shop = shop_with(SPENT, CONFIG, &POLICY.replace("gate: freeze", OPEN));
    let start = shop.id("main");
    work(&shop);
    shop.commit("Change the price");
    let clone = shop.clone(arguments);
    shop.switch("main");
    shop.write("slo/policy.yaml", POLICY);
    shop.commit("Freeze");
    (shop, clone, start)
}

#[test]
fn a_stale_branch_does_not_escape_the_policy_of_the_target() {
    let (shop, clone, start) = stale(&["--branch=work"]);
    let old = ("CI_MERGE_REQUEST_DIFF_BASE_SHA", start.as_str());
    let branch = ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main");
    assert_eq!(reason(&pipeline(&clone, &[], &[old])), ("warn".to_owned(), Some(0)));
    // The pipeline of a fork has the author's branches as `origin`.
    let fork = [old, branch, ("CI_PROJECT_ID", "2"), ("CI_MERGE_REQUEST_PROJECT_ID", "1")];
    assert_eq!(reason(&pipeline(&clone, &[], &fork)), ("warn".to_owned(), Some(0)));
    let fetching = |clone: &Repository, branch: &str| {
        Run::new(clone.path())
            .arguments(&["gate", "--now", NOW, "--format", "json"])
            .environment("CI", "true")
            .environment(old.0, old.1)
            .environment("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", branch)
            .end()
    };
    for branch in ["gone", "a:b", "--all"] {
        fetching(&clone, branch).expect(3);
    }
    assert_eq!(reason(&fetching(&clone, "main")), ("frozen".to_owned(), Some(1)));
    assert_eq!(reason(&pipeline(&clone, &[], &[old, branch])).1, Some(1), "it is at hand now");
    let tip = ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", shop.id("main"));
    assert_eq!(reason(&pipeline(&clone, &[], &[old, (tip.0, &tip.1)])).1, Some(1));
    // A clone of the branch alone is told where the change started.
    let (_shop, clone, start) = stale(&["--depth=1", "--branch=work"]);
    let ended = fetching(&clone, "main");
    assert_eq!(ended.code, Some(1), "{ended:?} {start}");
}

#[test]
fn the_branches_of_a_scope_are_read_wherever_the_target_is_known() {
    let scope = "spec:\n  scope: { branches: [\"release/*\"] }\n";
    let shop = shop_with(SPENT, CONFIG, &POLICY.replace("spec:\n", scope));
    work(&shop);
    let head = shop.commit("Change the price");
    let base = shop.id("main");
    let (out, frozen) = (("not-in-scope".to_owned(), Some(0)), ("frozen".to_owned(), Some(1)));
    for (branch, expected) in [("main", &out), ("release/1", &frozen)] {
        let group = json!({
            "action": "checks_requested",
            "merge_group": {
                "head_sha": head, "base_sha": base, "base_ref": format!("refs/heads/{branch}")
            },
            "repository": { "name": "shop", "owner": { "login": "octo" } }
        });
        assert_eq!(&reason(&job(&shop, "merge_group", &group.to_string(), &head)), expected);
        let request = [
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", branch),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &base),
        ];
        assert_eq!(&reason(&pipeline(&shop, &[], &request)), expected, "{branch}");
        assert_eq!(&reason(&pipeline(&shop, &["--all"], &request)), expected, "{branch}");
    }
    // A push to the default branch is judged as a whole.
    shop.switch("main");
    assert_eq!(reason(&job(&shop, "push", &push("main", &base, &base), &base)), out);
    shop.branch("release/1");
    assert_eq!(reason(&job(&shop, "push", &push("release/1", &base, &base), &base)), frozen);
    // Nothing says where a change goes that is judged at hand.
    shop.switch("work");
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn the_whole_tree_of_a_change_is_judged_by_what_its_base_agrees_on() {
    let shop = shop(SPENT);
    let base = shop.id("main");
    work(&shop);
    shop.write("slo/policy.yaml", POLICY.replace("gate: freeze", OPEN));
    let head = shop.commit("Agree on nothing");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pull_request(&base, &head, &[])).unwrap();
    let event = file.path().to_str().unwrap();
    expect(&shop, &["--all", "--event", event], ("block", "frozen", 1));
    expect(&shop, &["--all", "--base", "main"], ("block", "frozen", 1));
    let text = gate(&shop, &["--all", "--base", "main"]).out;
    assert!(text.contains("slo/policy.yaml takes effect after it is merged"), "{text}");
}

#[test]
fn a_push_names_the_default_branch() {
    let shop = shop(SPENT);
    let before = shop.id("main");
    shop.git(&["branch", "--move", "main", "trunk"]);
    let event = push("trunk", &before, &before);
    let ended = job(&shop, "push", &event, &before);
    assert_eq!(reason(&ended), ("frozen".to_owned(), Some(1)), "the whole tree is judged");
    // A runner has the branch as one of `origin`, and nothing that says it is the default.
    let clone = shop.clone(&["--branch=trunk"]);
    clone.git(&["remote", "set-head", "origin", "--delete"]);
    clone.git(&["switch", "--quiet", "--create", "docs"]);
    clone.write("README.md", "# A shop\n");
    let after = clone.commit("Say it shorter");
    let ended = job(&clone, "push", &event, &after);
    assert_eq!(reason(&ended), ("not-in-scope".to_owned(), Some(0)));
    let ended = job(&clone, "push", &push("other", &before, &after), &after);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.err.contains("`other`"), "{}", ended.err);
}

#[test]
fn an_error_says_its_cause_once() {
    let shop = diverged("Change the price");
    let ended = job(&shop, "push", "{}", "").expect(3);
    assert_eq!(ended.err.matches("`before`").count(), 1, "{}", ended.err);
    let ended = gate(&shop, &["--base", "nothing"]).expect(3);
    assert_eq!(ended.err.matches("`nothing`").count(), 1, "{}", ended.err);
}

#[test]
fn a_worktree_that_cannot_be_compared_does_not_end_the_run() {
    let shop = diverged("Change the price");
    shop.write(".gitattributes", "*.csv working-tree-encoding=UTF-99\n");
    shop.git(&["add", ".gitattributes"]);
    shop.git(&["commit", "--quiet", "-m", "Write it in an encoding that nobody knows"]);
    shop.write("measurements.csv", shop.read("measurements.csv").replace("980", "970"));
    let ended = gate(&shop, &[]).expect(1);
    assert!(ended.err.contains("the worktree; it is not judged"), "{}", ended.err);
}

/// A frozen shop whose security fixes are at most 50 lines.
fn limited() -> Repository {
    let classes = "  changeClasses:\n    security: { trailer: \"Change-Class: security\", maxChangedLines: 50 }\n";
    let shop = shop_with(SPENT, CONFIG, &format!("{POLICY}{classes}"));
    work(&shop);
    shop
}

/// Lines of one of two letters each, which no comparison finds an order in.
fn noise(lines: usize, mut seed: u32) -> String {
    let mut text = String::with_capacity(lines * 2);
    for _ in 0..lines {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push_str(if seed >> 31 == 0 { "a\n" } else { "b\n" });
    }
    text
}

#[test]
fn the_size_of_a_change_is_not_hidden() {
    let many = "1\n".repeat(60);
    let hidden: [(&str, Vec<u8>); 4] = [
        ("many lines", many.clone().into_bytes()),
        ("a zero byte", format!("\0{many}").into_bytes()),
        ("one long line", "1;".repeat(100_000).into_bytes()),
        ("a zero byte and one long line", format!("\0{}", "1;".repeat(100_000)).into_bytes()),
    ];
    for (name, content) in hidden {
        let shop = limited();
        shop.write("src/checkout/more.py", content);
        shop.commit("Close the hole\n\nChange-Class: security");
        let ended = gate(&shop, &["--format", "json"]);
        assert_eq!(reason(&ended), ("frozen".to_owned(), Some(1)), "{name}");
    }
    let shop = limited();
    shop.write("src/checkout/more.py", "1\n".repeat(48));
    shop.commit("Close the hole\n\nChange-Class: security");
    expect(&shop, &[], ("pass", "exempt", 0));
}

#[test]
fn a_file_that_is_slow_to_compare_is_counted_whole() {
    let shop = limited();
    shop.switch("main");
    shop.write(GATED, noise(600_000, 1));
    shop.commit("Make some noise");
    shop.branch("loud");
    shop.write(GATED, noise(600_000, 2));
    shop.commit("Make other noise\n\nChange-Class: security");
    expect(&shop, &[], ("block", "frozen", 1));
    // A merge of both is not repeated line by line.
    shop.git(&["switch", "--quiet", "--create", "louder", "main"]);
    shop.write(GATED, noise(600_000, 3));
    shop.commit("Make more noise\n\nChange-Class: security");
    shop.git(&["merge", "--quiet", "-s", "ours", "-m", "Merge", "loud"]);
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn a_long_history_is_searched_once_for_what_is_reverted() {
    let shop = shop(SPENT);
    let mut stream = String::new();
    let mut grow = |branch: &str, count: usize, from: &str, file: &str| {
        for number in 0..count {
            let from = if number == 0 { format!("from {from}\n") } else { String::new() };
            let seconds = 1_790_001_000 + number * 60;
            let person = format!("Ada <ada@example.com> {seconds} +0000");
            let text = format!("price = {number}\n");
            stream.push_str(&format!(
                "commit refs/heads/{branch}\nauthor {person}\ncommitter {person}\ndata 5\nPrice\n{from}\
                 M 100644 inline {file}\ndata {}\n{text}\n",
                text.len()
            ));
        }
    };
    grow("main", 2_500, "refs/heads/main^0", GATED);
    grow("work", 1_500, "refs/heads/main", "src/checkout/new.py");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), stream).unwrap();
    let import =
        format!("alias.import=!git fast-import --quiet <'{}' || exit", file.path().display());
    shop.git(&["-c", &import, "import"]);
    assert_eq!(shop.git(&["rev-list", "--count", "main..work"]), "1500");
    shop.git(&["reset", "--quiet", "--hard", "main"]);
    shop.git(&["switch", "--quiet", "work"]);
    expect(&shop, &[], ("block", "frozen", 1));
}
