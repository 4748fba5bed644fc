//! The gate takes the baseline from the base branch, and no finding of a change into it.

use crate::command::slo;
use crate::repository::Repository;

use super::shop::HEALTHY;
use super::shop::answer;
use super::shop::expect;
use super::shop::gate;
use super::shop::measurements;
use super::shop::shop;
use super::shop::slo_named;

const BLOCKED: (&str, &str, i32) = ("block", "findings", 1);

const PASSED: (&str, &str, i32) = ("pass", "not-in-scope", 0);

const FILE: &str = "slo-baseline.toml";

/// Writes the baseline of what a repository holds.
fn hold(shop: &Repository) {
    slo(shop.path(), &["lint", "--write-baseline"]).expect(0);
}

/// An objective that is read, and a field of it that nothing reads.
const SLIP: &str = "target: 0.99\n      goal: 1";

/// Returns an SLO of objectives.
fn slo_of(name: &str, objectives: &[&str]) -> String {
    let objectives = objectives.join("\n    - ");
    let own = format!("job=\"{name}\"");
    slo_named(name).replace("job=\"checkout\"", &own).replace("target: 0.99", &objectives)
}

/// A shop with an SLO that is wrong since ever, which the baseline holds; on `work`.
fn old_shop() -> Repository {
    let shop = shop(HEALTHY);
    shop.write("slo/old.yaml", slo_of("old", &[SLIP]));
    let measured = ["checkout-availability", "old", "new"];
    let measured = measured.map(|slo| measurements(slo, |_| HEALTHY));
    shop.write(
        "measurements.csv",
        measured.concat().replace("1000\nslo,start,seconds,good,valid", "1000"),
    );
    hold(&shop);
    assert_eq!(shop.read(FILE).matches("unknown-field").count(), 1);
    shop.commit("Live with it");
    shop.branch("work");
    shop
}

#[test]
fn a_whole_tree_is_judged_without_what_its_baseline_holds() {
    let shop = old_shop();
    shop.switch("main");
    let (_, _, code) = answer(&shop, &["--all"]);
    assert_eq!(code, 0);
    let json = gate(&shop, &["--all", "--format", "json"]).json();
    let findings = json["findings"].as_array().cloned().unwrap_or_default();
    let held: Vec<_> = findings.iter().map(|one| (&one["rule"], &one["baselined"])).collect();
    assert_eq!(held, [(&"unknown-field".into(), &true.into())]);
    let text = gate(&shop, &["--all"]).expect(0).out;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "baseline 1 finding slo-baseline.toml of the base branch holds it";
    assert!(text.contains(said), "{text}");
    shop.remove(FILE);
    shop.commit("Live without");
    expect(&shop, &["--all"], BLOCKED);
}

#[test]
fn what_is_wrong_in_the_base_branch_is_to_be_mended_there() {
    for (file, slip) in [(FILE, "nonsense = 1\n"), ("slo.toml", "[nonsense]\n")] {
        let shop = old_shop();
        shop.switch("main");
        let sound = shop.read(file);
        shop.write(file, format!("{slip}{sound}"));
        shop.commit("Break it");
        shop.git(&["checkout", "-q", "-b", "mend"]);
        shop.write(file, sound);
        shop.commit("Mend it");
        let ended = gate(&shop, &["--base", "main"]).expect(2);
        assert!(ended.err.contains("in the base branch, "), "{}", ended.err);
        assert!(ended.err.contains("mend it there first"), "{}", ended.err);
        assert!(ended.err.contains(file), "{}", ended.err);
    }
}

#[test]
fn what_is_wrong_in_the_base_branch_is_told_with_what_was_meant() {
    for (slip, hint) in [
        ("[gate]\nfail_on = \"error\"\n", "did you mean `fail-on`? mend it there first"),
        (
            "[files]\nexclude = \"old\"\n",
            "put the string in brackets: `[\"…\"]`; mend it there first",
        ),
    ] {
        let shop = old_shop();
        shop.switch("main");
        shop.write("slo.toml", slip);
        shop.commit("Break it");
        shop.git(&["checkout", "-q", "-b", "change"]);
        shop.write("slo/new.yaml", slo_of("new", &[]));
        shop.commit("Add one");
        let ended = gate(&shop, &["--base", "main"]).expect(2);
        assert!(ended.err.contains(hint), "{}", ended.err);
    }
}

#[test]
fn a_change_cannot_hold_its_own_findings() {
    let shop = old_shop();
    shop.write("slo/new.yaml", slo_of("new", &[SLIP]));
    shop.commit("Promise everything");
    expect(&shop, &[], BLOCKED);
    hold(&shop);
    slo(shop.path(), &["lint"]).expect(0);
    shop.commit("Hold it");
    expect(&shop, &[], BLOCKED);
    let text = gate(&shop, &[]).expect(1).out;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let waits = "after merge the baseline slo-baseline.toml takes effect after it is merged";
    assert!(text.contains(waits), "{text}");
    shop.switch("main");
    shop.git(&["merge", "--quiet", "--no-ff", "--no-edit", "work"]);
    assert_eq!(answer(&shop, &["--all"]).2, 0, "merged, it is what was agreed");
}

#[test]
fn a_change_that_drops_the_baseline_brings_back_nothing() {
    for content in [None, Some("<<<<<<< HEAD\n")] {
        let shop = old_shop();
        match content {
            None => shop.remove(FILE),
            Some(content) => shop.write(FILE, content),
        }
        shop.replace("slo/old.yaml", "target: 0.99\n", "target: 0.995\n");
        shop.commit("Begin anew");
        expect(&shop, &[], PASSED);
    }
}

#[test]
fn what_is_mended_here_is_not_owed_there() {
    let shop = shop(HEALTHY);
    let sound = "target: 0.9";
    shop.write("slo/old.yaml", slo_of("old", &[SLIP, sound]));
    hold(&shop);
    shop.commit("Live with it");
    shop.branch("work");
    shop.write("slo/old.yaml", slo_of("old", &[SLIP, "target: 0.95"]));
    shop.commit("Change the other");
    expect(&shop, &[], PASSED);
    shop.write("slo/old.yaml", slo_of("old", &["target: 0.99", "target: 0.9\n      goal: 1"]));
    shop.commit("Mend one and break the other");
    slo(shop.path(), &["lint"]).expect(0);
    expect(&shop, &[], BLOCKED);
    shop.write("slo/old.yaml", slo_of("old", &[SLIP, "target: 0.9\n      goal: 1"]));
    shop.commit("Break both");
    expect(&shop, &[], BLOCKED);
}

#[test]
fn an_old_object_in_a_new_file_is_old() {
    let shop = shop(HEALTHY);
    let [one, two] = ["one", "two"].map(|name| slo_of(name, &[SLIP]));
    shop.write("slo/all.yaml", format!("{one}---\n{two}"));
    hold(&shop);
    shop.commit("Live with it");
    shop.branch("work");
    let split = |shop: &Repository| {
        shop.write("slo/all.yaml", &one);
        shop.write("slo/two.yaml", &two);
        shop.commit("Split it");
    };
    split(&shop);
    expect(&shop, &[], PASSED);
    shop.write("slo/copy.yaml", &two);
    shop.commit("Copy it");
    expect(&shop, &[], BLOCKED);
}

#[test]
fn a_broken_baseline_of_the_base_branch_ends_the_run() {
    let shop = old_shop();
    shop.switch("main");
    shop.write(FILE, "version = 1\nslo = \"0.1.0\"\n<<<<<<< HEAD\n");
    shop.commit("Break it");
    shop.branch("late");
    shop.write("README.md", "# The shop\n");
    shop.remove(FILE);
    shop.commit("Say it better");
    let ended = gate(&shop, &["--format", "json"]).expect(2);
    assert_eq!(ended.json()["error"]["path"], FILE);
    assert_eq!(ended.json()["error"]["line"], 3);
    shop.switch("main");
    shop.remove(FILE);
    std::os::unix::fs::symlink("slo.toml", shop.path().join(FILE)).unwrap();
    shop.commit("Link it");
    let ended = gate(&shop, &["--all"]).expect(2);
    assert!(ended.err.contains("no file that could be read"), "{}", ended.err);
}
