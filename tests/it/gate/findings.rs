//! What the gate finds in a change, and what it leaves to those who were there before.

use crate::command::NOW;
use crate::command::slo;
use crate::lint::lonely;
use crate::repository::Repository;

use super::shop::HEALTHY;
use super::shop::expect;
use super::shop::shop;
use super::shop::slo_named;

const BLOCKED: (&str, &str, i32) = ("block", "findings", 1);

const PASSED: (&str, &str, i32) = ("pass", "not-in-scope", 0);

/// A healthy shop with an SLO that promises everything, which a comment may allow; on `work`.
fn legacy(comment: &str) -> Repository {
    let shop = shop(HEALTHY);
    let promise = format!("{comment}    - target: 1\n");
    shop.write("slo/legacy.yaml", slo_named("legacy").replace("    - target: 0.99\n", &promise));
    shop.commit("Live with it");
    shop.branch("work");
    shop
}

#[test]
fn what_all_lack_is_new_only_of_what_the_change_adds() {
    let shop = Repository::new();
    shop.write("slo.toml", "[rules]\nset = \"strict\"\n");
    shop.write("slo/b.yaml", lonely("b"));
    shop.write("slo/c.yaml", lonely("c"));
    shop.commit("start");
    shop.branch("work");
    let gate = |why: &str, code: i32| {
        shop.commit(why);
        let arguments = ["gate", "--base", "main", "-q", "--no-fetch", "--format", "json"];
        let ended = slo(shop.path(), &arguments).expect(code);
        let json = ended.json();
        let findings = json["findings"].as_array().cloned().unwrap_or_default();
        let line = |finding: &serde_json::Value| {
            format!("{} {}", finding["rule"], finding["message"]).replace('"', "")
        };
        findings.iter().map(line).collect::<Vec<String>>()
    };
    shop.write("slo/c.yaml", format!("# what others say\n{}", lonely("c")));
    assert!(gate("nothing that the rules see", 0).is_empty());
    shop.write("slo/d.yaml", lonely("d"));
    let one = gate("one more", 1);
    assert!(one.contains(&"missing-owner nobody owns the SLO `d`".to_owned()), "{one:?}");
    assert_eq!(one.len(), 3, "{one:?}");
    shop.write("slo/a.yaml", lonely("a"));
    let two = gate("two more", 1);
    let said = "missing-owner no SLO of the repository has an owner".to_owned();
    assert!(two.contains(&said), "{two:?}");
    assert_eq!(two.len(), 3, "{two:?}");
    shop.remove("slo/a.yaml");
    shop.remove("slo/d.yaml");
    shop.remove("slo/b.yaml");
    let retired = "apiVersion: slo/v1\nkind: Retirement\nslo: b\nreason: nobody uses it\n";
    shop.write("slo/retired.yaml", format!("{retired}date: 2026-11-20\napprovedBy: \"@paula\"\n"));
    assert!(gate("fewer", 0).is_empty());
}

#[test]
fn a_file_or_an_slo_that_is_called_otherwise_has_no_new_findings() {
    for comment in ["", "    # slo: allow(target-100): it never fails\n"] {
        let shop = legacy(comment);
        shop.git(&["mv", "slo/legacy.yaml", "slo/old.yaml"]);
        shop.commit("Move it");
        expect(&shop, &[], PASSED);
        let text = shop.read("slo/old.yaml").replace("name: legacy\n", "name: older\n");
        shop.write("slo/old.yaml", text);
        shop.commit("Rename it");
        expect(&shop, &[], PASSED);
        shop.write("slo/copy.yaml", shop.read("slo/old.yaml").replace("name: older", "name: copy"));
        shop.commit("Copy it");
        expect(&shop, &[], BLOCKED);
    }
}

#[test]
fn an_allowance_stays_where_it_was_agreed() {
    let objectives = |first: &str, second: &str| {
        let two = format!("    - displayName: a\n{first}    - displayName: b\n{second}");
        let legacy = slo_named("legacy").replace("job=\"checkout\"", "job=\"legacy\"");
        legacy.replace("    - target: 0.99\n", &two)
    };
    let right = "      target: 0.99\n";
    let wrong = "      # slo: allow(target-unit-mismatch): known\n      target: 99.9\n";
    let shop = shop(HEALTHY);
    shop.write("slo/legacy.yaml", objectives(right, wrong));
    shop.commit("Live with it");
    shop.branch("work");
    shop.write("slo/legacy.yaml", objectives("      target: 0.995\n", wrong));
    shop.commit("Change the other");
    expect(&shop, &[], PASSED);
    shop.write("slo/legacy.yaml", objectives(wrong, right));
    shop.commit("Use the allowance for the other");
    expect(&shop, &[], BLOCKED);
}

#[test]
fn of_two_objects_of_one_name_the_one_that_the_change_brings_is_named() {
    for new in ["slo/a.yaml", "slo/z.yaml"] {
        let shop = shop(HEALTHY);
        shop.branch("work");
        shop.write(new, shop.read("slo/checkout.yaml"));
        shop.commit("Copy the SLO");
        shop.switch("main");
        shop.write("README.md", "# The shop\n");
        shop.commit("Say it better");
        shop.switch("work");
        for base in ["main", "main~1"] {
            let arguments =
                ["gate", "--no-fetch", "--base", base, "--now", NOW, "--format", "json"];
            let json = slo(shop.path(), &arguments).expect(1).json();
            let findings = json["findings"].as_array().cloned().unwrap_or_default();
            let twice = findings.iter().filter(|one| one["rule"] == "duplicate-object-name");
            let paths: Vec<_> = twice.map(|one| one["path"].as_str().unwrap_or_default()).collect();
            assert_eq!(paths, [new], "{base}");
        }
    }
}
