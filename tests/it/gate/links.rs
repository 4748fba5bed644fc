//! Links and submodules, behind which nobody sees what lies.

use std::os::unix::fs::symlink;

use super::shop::CONFIG;
use super::shop::POLICY;
use super::shop::SPENT;
use super::shop::expect;
use super::shop::gate;
use super::shop::measurements;
use super::shop::shop_with;
use super::shop::work;

#[test]
fn what_a_submodule_or_a_link_holds_is_neither_small_nor_of_a_class_by_its_name() {
    let classes = "  changeClasses:
    docs: { paths: [\"docs/**\", \"**/*.md\"] }
    tiny: { label: tiny, maxChangedLines: 3 }
";
    let policy = POLICY.replace("security, ", "docs, tiny, ");
    let shop = shop_with(SPENT, CONFIG, &format!("{policy}{classes}"));
    let commit = shop.id("HEAD");
    let judged = |place: &str, change: &dyn Fn(&str), arguments: &[&str]| {
        shop.git(&["switch", "--quiet", "--force-create", "work", "main"]);
        change(place);
        shop.git(&["commit", "--quiet", "-m", "Take it from elsewhere"]);
        let ended = gate(&shop, arguments);
        shop.git(&["reset", "--quiet", "--hard"]);
        (ended.code, ended.out.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let submodule = |place: &str| {
        let entry = format!("160000,{commit},{place}");
        shop.git(&["update-index", "--add", "--cacheinfo", &entry]);
    };
    let link = |place: &str| {
        symlink("../search/find.py", shop.path().join(place)).unwrap();
        shop.git(&["add", place]);
    };
    for change in [&submodule as &dyn Fn(&str), &link] {
        let (code, out) = judged("src/checkout/vendored", change, &["--label", "tiny"]);
        assert_eq!(code, Some(1), "{out}");
        let (code, out) = judged("src/checkout/guide.md", change, &[]);
        assert_eq!(code, Some(1), "{out}");
        assert!(out.contains("behind the link or submodule `src/checkout/guide.md`"), "{out}");
    }
}

#[test]
fn a_link_of_an_earlier_step_leads_to_no_measurement_that_the_change_brings() {
    let config = CONFIG.replace("measurements.csv", "out/measured.csv");
    let shop = shop_with(SPENT, &config, POLICY);
    shop.write(".gitignore", "out/\n");
    shop.commit("Ignore what steps write");
    work(&shop);
    let good = measurements("checkout-availability", |_| 1_000);
    shop.write("mine/measured.csv", &good);
    shop.write("measurements.csv", &good);
    shop.commit("Change the price");
    shop.write("out/steps/measured.csv", &good);
    let linked = |target: &str, expected: (&str, &str, i32)| {
        symlink(target, shop.path().join("out/measured.csv")).unwrap();
        expect(&shop, &[], expected);
        shop.remove("out/measured.csv");
    };
    linked("../mine/measured.csv", ("block", "backend-error", 3));
    linked("../measurements.csv", ("block", "frozen", 1));
    linked("steps/measured.csv", ("pass", "open", 0));
    linked("nowhere.csv", ("block", "backend-error", 3));
    std::fs::remove_dir_all(shop.path().join("out")).unwrap();
    symlink("mine", shop.path().join("out")).unwrap();
    expect(&shop, &[], ("block", "backend-error", 3));
}
