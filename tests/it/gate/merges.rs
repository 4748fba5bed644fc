//! No merge brings in what the list of its commits does not show.

use std::fmt::Write;

use crate::repository::Repository;

use super::history::diverged;
use super::history::job;
use super::history::merge_group;
use super::history::pull_request;
use super::history::reason;
use super::shop::CONFIG;
use super::shop::GATED;
use super::shop::POLICY;
use super::shop::SPENT;
use super::shop::answer;
use super::shop::expect;
use super::shop::gate;
use super::shop::shop;
use super::shop::shop_with;

const FIXED: &str = "src/checkout/fix.py";

const EXEMPT: (&str, &str, i32) = ("pass", "exempt", 0);

/// A frozen shop that exempts its documents, with a fix on `main` after the tag `old`; on `work`,
/// one commit ahead with a document.
fn documented() -> Repository {
    let exempt = "exempt: [reliability-fix, security, rollback] }\n";
    let documents = "exempt: [docs] }\n  changeClasses: { docs: { paths: [\"docs/**\"] } }\n";
    let config = CONFIG.replace("\"src/checkout/**\"", "\"src/checkout/**\", \"docs/**\"");
    let shop = shop_with(SPENT, &config, &POLICY.replace(exempt, documents));
    shop.write(FIXED, "fixed = False\n");
    shop.commit("Ship it");
    shop.git(&["tag", "old"]);
    shop.write(FIXED, "fixed = True\n");
    shop.commit("Fix it");
    shop.branch("work");
    shop.write("docs/a.md", "# A\n");
    shop.commit("Document it");
    shop
}

/// Commits what is staged with the given parents, and checks that out.
fn commit_staged(shop: &Repository, parents: &[&str]) {
    let tree = shop.git(&["write-tree"]);
    let mut arguments = vec!["commit-tree", &tree, "-m", "Merge"];
    arguments.extend(parents.iter().flat_map(|parent| ["-p", parent]));
    let commit = shop.git(&arguments);
    shop.git(&["reset", "--quiet", "--hard", &commit]);
}

#[test]
fn a_merge_of_what_was_there_before_takes_nothing_back() {
    let shapes: [&[&str]; 6] = [
        &["work", "old", "old~1"],
        &["old", "work", "old~1"],
        &["old", "old~1", "work"],
        &["work", "old"],
        &["old", "work"],
        &["work", "work"],
    ];
    for parents in shapes {
        let shop = documented();
        expect(&shop, &[], EXEMPT);
        let parents: Vec<String> = parents.iter().map(|parent| shop.id(parent)).collect();
        let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
        shop.git(&["checkout", "--quiet", "old", "--", FIXED]);
        commit_staged(&shop, &parents);
        assert_eq!(answer(&shop, &[]).1, "frozen", "{parents:?}");
        // A later commit on top explains nothing.
        shop.write("docs/b.md", "# B\n");
        shop.commit("Document more");
        assert_eq!(answer(&shop, &[]).1, "frozen", "{parents:?}");
    }
}

#[test]
fn a_history_of_its_own_removes_nothing() {
    let shop = documented();
    shop.git(&["switch", "--quiet", "--orphan", "island"]);
    shop.write("docs/b.md", "# B\n");
    shop.commit("Document an island");
    for parents in [["main", "island"], ["island", "main"], ["work", "island"]] {
        let ids = parents.map(|parent| shop.id(parent));
        shop.git(&["switch", "--quiet", "--detach", "island"]);
        commit_staged(&shop, &[&ids[0], &ids[1]]);
        assert_eq!(answer(&shop, &[]).1, "frozen", "{parents:?}");
    }
    shop.git(&["switch", "--quiet", "work"]);
    let merge = ["merge", "--quiet", "--allow-unrelated-histories", "-m", "Merge", "island"];
    shop.git(&merge);
    expect(&shop, &[], EXEMPT);
}

#[test]
fn a_merge_of_two_branches_of_the_base_drops_neither() {
    for parents in [&["late", "side"][..], &["late", "side", "old"], &["side", "late"]] {
        let shop = shop(SPENT);
        shop.git(&["tag", "old"]);
        shop.branch("side");
        shop.write("src/checkout/guard.py", "guard = True\n");
        shop.commit("Guard it");
        shop.switch("main");
        shop.write("README.md", "# The shop\n");
        shop.commit("Say it better");
        shop.git(&["branch", "late"]);
        shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge side", "side"]);
        // The author merges both again, without the guard: from one of the two places where their
        // branch left `main` it changes a document alone.
        let ids: Vec<String> = parents.iter().map(|parent| shop.id(parent)).collect();
        shop.git(&["switch", "--quiet", "--detach", "late"]);
        shop.write("docs/b.md", "# B\n");
        shop.git(&["add", "--all"]);
        commit_staged(&shop, &ids.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(answer(&shop, &[]).1, "frozen", "{parents:?}");
    }
}

#[test]
fn plain_merges_change_nothing_that_is_exempt() {
    let shop = documented();
    let document = |name: &str| {
        shop.write(&format!("docs/{name}.md"), format!("# {name}\n"));
        shop.commit("Document more");
    };
    shop.switch("main");
    shop.write(GATED, "price = 3\n");
    shop.commit("Change the price");
    shop.switch("work");
    shop.git(&["merge", "--quiet", "-m", "Merge main", "main"]);
    document("b");
    expect(&shop, &[], EXEMPT);
    for name in ["one", "two"] {
        shop.git(&["switch", "--quiet", "--create", name, "work"]);
        document(name);
    }
    shop.switch("work");
    document("c");
    shop.git(&["merge", "--quiet", "-m", "Merge all", "one", "two"]);
    assert_eq!(shop.git(&["rev-list", "--parents", "--max-count=1", "HEAD"]).split(' ').count(), 4);
    expect(&shop, &[], EXEMPT);
    // `main` takes the branch as it was, and goes on; the branch takes `main`.
    shop.switch("main");
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work", "work~1"]);
    shop.switch("work");
    shop.git(&["merge", "--quiet", "-m", "Merge main again", "main~1"]);
    document("d");
    expect(&shop, &[], EXEMPT);
}

#[test]
fn a_merge_of_three_parents_is_said_not_to_be_looked_into() {
    let shop = shop(SPENT);
    shop.branch("work");
    let fix = |branch: &str| {
        shop.git(&["switch", "--quiet", "--create", branch, "main"]);
        shop.write(&format!("src/checkout/{branch}.py"), "fixed = True\n");
        shop.commit("Fix it\n\nChange-Class: security");
    };
    ["one", "two", "three"].into_iter().for_each(fix);
    shop.git(&["merge", "--quiet", "-m", "Merge all", "one", "two"]);
    let text = gate(&shop, &[]).expect(1).out;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = format!("{} merges 3 parents, and what differs", &shop.id("HEAD")[..7]);
    assert!(text.contains(&why), "{text}");
    assert!(text.contains("its own: merge two at a time"), "{text}");
    shop.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    shop.git(&["merge", "--quiet", "-m", "Merge one", "one"]);
    shop.git(&["merge", "--quiet", "-m", "Merge two", "two"]);
    expect(&shop, &[], EXEMPT);
}

#[test]
fn a_path_that_no_commit_explains_is_named() {
    let shop = documented();
    let (work, old, older) = (shop.id("work"), shop.id("old"), shop.id("old~1"));
    shop.git(&["checkout", "--quiet", "old", "--", FIXED]);
    commit_staged(&shop, &[&work, &old, &older]);
    let text = gate(&shop, &[]).expect(1).out;
    assert!(text.contains("not exempt"), "{text}");
    assert!(text.contains(&shop.id("HEAD")[..7]), "{text}");
}

#[test]
fn the_merge_of_the_forge_is_nobodys_commit() {
    let shop = diverged("Close the hole\n\nChange-Class: security");
    shop.switch("main");
    shop.git(&["mv", GATED, "src/checkout/price.py"]);
    shop.commit("Name it better");
    let (base, head) = (shop.id("main"), shop.id("work"));
    shop.git(&["switch", "--quiet", "--detach", "main"]);
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work into main", "work"]);
    let merge = shop.id("HEAD");
    assert_eq!(shop.read("src/checkout/price.py"), "price = 2\n");
    let event = pull_request(&base, &head, &[]);
    let ended = job(&shop, "pull_request", &event, &merge);
    assert_eq!(reason(&ended), ("exempt".to_owned(), Some(0)));
    // What is in that merge, and in no commit of the change, is not exempt by them.
    shop.write("src/checkout/more.py", "1\n");
    shop.git(&["add", "--all"]);
    shop.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    let ended = job(&shop, "pull_request", &event, &shop.id("HEAD"));
    assert_eq!(reason(&ended), ("frozen".to_owned(), Some(1)));
    assert!(ended.out.contains("src/checkout/more.py"), "{}", ended.out);
}

#[test]
fn a_file_that_the_base_moved_is_exempt_whoever_merges() {
    let shop = diverged("Close the hole\n\nChange-Class: security");
    shop.switch("main");
    shop.git(&["mv", GATED, "src/checkout/price.py"]);
    shop.commit("Name it better");
    let base = shop.id("main");
    shop.switch("work");
    shop.git(&["merge", "--quiet", "-m", "Merge main", "main"]);
    expect(&shop, &[], EXEMPT);
    shop.git(&["switch", "--quiet", "--detach", "main"]);
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work into main", "work~1"]);
    let queued = || {
        let head = shop.id("HEAD");
        reason(&job(&shop, "merge_group", &merge_group(&base, &head), &head))
    };
    assert_eq!(queued(), ("exempt".to_owned(), Some(0)));
    // What the merge itself adds to the moved file is still its own.
    shop.write("src/checkout/price.py", "price = 3\n");
    shop.git(&["commit", "--quiet", "--all", "--amend", "--no-edit"]);
    assert_eq!(queued(), ("frozen".to_owned(), Some(1)));
}

#[test]
fn an_exempt_path_that_the_base_made_a_gated_one_is_not_exempt() {
    let shop = documented();
    shop.switch("main");
    let mut text = String::new();
    for line in 0..20 {
        writeln!(text, "line = {line}").unwrap();
    }
    shop.write("docs/example.py", &text);
    shop.commit("Give an example");
    shop.git(&["switch", "--quiet", "--create", "later"]);
    shop.write("docs/example.py", text.replace("line = 7\n", "line = 8\n"));
    shop.commit("Document it another way");
    shop.switch("main");
    shop.git(&["mv", "docs/example.py", "src/checkout/example.py"]);
    shop.commit("Use the example");
    let (base, head) = (shop.id("main"), shop.id("later"));
    shop.git(&["switch", "--quiet", "--detach", "main"]);
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge later into main", "later"]);
    let event = pull_request(&base, &head, &[]);
    let ended = job(&shop, "pull_request", &event, &shop.id("HEAD"));
    assert_eq!(reason(&ended), ("frozen".to_owned(), Some(1)));
}
