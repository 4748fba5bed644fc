//! A pull request cannot talk the gate out of its verdict: what is agreed is read from the base.

use std::os::unix::fs::symlink;

use crate::command::NOW;
use crate::command::slo;
use crate::repository::Repository;

use super::shop::CONFIG;
use super::shop::GATED;
use super::shop::HALF;
use super::shop::POLICY;
use super::shop::SPENT;
use super::shop::Said;
use super::shop::answer;
use super::shop::expect;
use super::shop::gate;
use super::shop::measurements;
use super::shop::said;
use super::shop::shop;
use super::shop::shop_with;
use super::shop::slo_named;
use super::shop::work;

/// A change that wants to pass, and what it does beside changing a gated file.
struct Attack {
    name: &'static str,
    /// What the gate says takes effect after the merge, when it says something.
    waits: Option<&'static str>,
    does: fn(&Repository),
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "delete the policy",
        waits: Some("slo/policy.yaml takes effect after it is merged"),
        does: |shop| shop.remove("slo/policy.yaml"),
    },
    Attack {
        name: "open the policy's gate",
        waits: Some("slo/policy.yaml takes effect after it is merged"),
        does: |shop| shop.write("slo/policy.yaml", POLICY.replace("gate: freeze", "gate: open")),
    },
    Attack {
        name: "raise the thresholds",
        waits: Some("slo/policy.yaml takes effect after it is merged"),
        does: |shop| shop.write("slo/policy.yaml", POLICY.replace("gte: 1 }", "gte: 100 }")),
    },
    Attack {
        name: "narrow the policy's scope",
        waits: Some("slo/policy.yaml takes effect after it is merged"),
        does: |shop| {
            shop.replace(
                "slo/policy.yaml",
                "spec:\n",
                "spec:\n  scope: { paths: [\"docs/**\"] }\n",
            );
        },
    },
    Attack {
        name: "narrow the policy's selector",
        waits: Some("slo/policy.yaml takes effect after it is merged"),
        does: |shop| {
            shop.replace(
                "slo/policy.yaml",
                "spec:\n",
                "spec:\n  selector: { services: [\"other\"] }\n",
            );
        },
    },
    Attack {
        name: "exempt everything by path",
        waits: Some("slo/policy.yaml takes effect after it is merged"),
        does: |shop| {
            shop.replace(
                "slo/policy.yaml",
                "spec:\n",
                "spec:\n  changeClasses: { security: { paths: [\"**\"] } }\n",
            );
        },
    },
    Attack {
        name: "add a policy that comes first",
        waits: Some("slo/milder.yaml takes effect after it is merged"),
        does: |shop| {
            let milder = POLICY
                .replace("gate: freeze", "gate: open")
                .replace("name: default", "name: milder");
            shop.write("slo/milder.yaml", milder.replace("spec:\n", "spec:\n  precedence: 9\n"));
        },
    },
    Attack {
        name: "break the policy",
        waits: Some("slo/policy.yaml takes effect after it is merged"),
        does: |shop| shop.write("slo/policy.yaml", "apiVersion: slo/v1\nkind: [\n"),
    },
    Attack {
        name: "move the policy where nothing is read",
        waits: Some("takes effect after it is merged"),
        does: |shop| drop(shop.git(&["mv", "slo/policy.yaml", "slo/policy.txt"])),
    },
    Attack {
        name: "make the policy a link",
        waits: Some("slo/policy.yaml takes effect after it is merged"),
        does: |shop| {
            shop.remove("slo/policy.yaml");
            symlink("/dev/null", shop.path().join("slo/policy.yaml")).unwrap();
        },
    },
    Attack {
        name: "delete slo.toml",
        waits: Some("slo.toml takes effect after it is merged"),
        does: |shop| shop.remove("slo.toml"),
    },
    Attack {
        name: "move slo.toml",
        waits: Some("slo.toml takes effect after it is merged"),
        does: |shop| {
            std::fs::create_dir_all(shop.path().join("docs")).unwrap();
            shop.git(&["mv", "slo.toml", "docs/slo.toml"]);
        },
    },
    Attack {
        name: "break slo.toml",
        waits: Some("slo.toml takes effect after it is merged"),
        does: |shop| shop.write("slo.toml", "[backend"),
    },
    Attack {
        name: "add a second slo.toml in a folder",
        waits: Some("src/checkout/slo.toml takes effect after it is merged"),
        does: |shop| shop.write("src/checkout/slo.toml", "[files]\nexclude = [\"**\"]\n"),
    },
    Attack {
        name: "hold everything in a baseline",
        waits: Some("slo-baseline.toml takes effect after it is merged"),
        does: |shop| {
            drop(slo(shop.path(), &["lint", "--set", "all", "--write-baseline"]).expect(0));
        },
    },
    Attack {
        name: "break the baseline",
        waits: Some("slo-baseline.toml takes effect after it is merged"),
        does: |shop| shop.write("slo-baseline.toml", "<<<<<<<"),
    },
    Attack {
        name: "map the service to other paths",
        waits: Some("slo.toml takes effect after it is merged"),
        does: |shop| shop.replace("slo.toml", "src/checkout/**", "docs/**"),
    },
    Attack {
        name: "exclude the definitions",
        waits: Some("slo.toml takes effect after it is merged"),
        does: |shop| shop.write("slo.toml", format!("[files]\nexclude = [\"slo/**\"]\n{CONFIG}")),
    },
    Attack {
        name: "count no policy",
        waits: Some("slo.toml takes effect after it is merged"),
        does: |shop| {
            shop.write("slo.toml", format!("{CONFIG}\n[gate]\npolicies = [\"none/**\"]\n"));
        },
    },
    Attack {
        name: "read other measurements",
        waits: Some("slo.toml takes effect after it is merged"),
        does: |shop| {
            shop.replace("slo.toml", "measurements.csv", "mine.csv");
            shop.write("mine.csv", measurements("checkout-availability", |_| 1_000));
        },
    },
    Attack {
        name: "write the measurements",
        waits: Some("measurements.csv takes effect after it is merged"),
        does: |shop| {
            shop.write("measurements.csv", measurements("checkout-availability", |_| 1_000));
        },
    },
    Attack {
        name: "delete the measurements",
        waits: Some("measurements.csv takes effect after it is merged"),
        does: |shop| shop.remove("measurements.csv"),
    },
    Attack {
        name: "make the measurements a link",
        waits: Some("measurements.csv takes effect after it is merged"),
        does: |shop| {
            shop.write("mine.csv", measurements("checkout-availability", |_| 1_000));
            shop.remove("measurements.csv");
            symlink("mine.csv", shop.path().join("measurements.csv")).unwrap();
        },
    },
    Attack {
        name: "own the files",
        waits: Some("CODEOWNERS takes effect after it is merged"),
        does: |shop| shop.write("CODEOWNERS", "* @mallory\n"),
    },
    Attack {
        name: "rename the SLO",
        waits: None,
        does: |shop| shop.write("slo/checkout.yaml", slo_named("checkout-renamed")),
    },
    Attack { name: "delete the SLO", waits: None, does: |shop| shop.remove("slo/checkout.yaml") },
    Attack {
        name: "lower the target",
        waits: None,
        does: |shop| shop.replace("slo/checkout.yaml", "target: 0.99", "target: 0.5"),
    },
    Attack {
        name: "shorten the window",
        waits: None,
        does: |shop| shop.replace("slo/checkout.yaml", "duration: 1d", "duration: 1h"),
    },
    Attack {
        name: "give the SLO to another service",
        waits: None,
        does: |shop| shop.replace("slo/checkout.yaml", "service: checkout\n", "service: nobody\n"),
    },
    Attack {
        name: "take the target away",
        waits: None,
        does: |shop| {
            shop.replace("slo/checkout.yaml", "    - target: 0.99\n", "    - displayName: none\n");
        },
    },
    Attack {
        name: "break the definition",
        waits: None,
        does: |shop| {
            shop.write("slo/checkout.yaml", "apiVersion: openslo/v1\nkind: SLO\nspec: {{{\n");
        },
    },
    Attack {
        name: "make the definition a template",
        waits: None,
        does: |shop| {
            shop.write("slo/checkout.yaml", "apiVersion: openslo/v1\n{{- if .Values.slo }}\n");
        },
    },
    Attack {
        name: "allow every rule",
        waits: None,
        does: |shop| {
            let allowed =
                format!("# slo: allow(no-alert): trust me\n{}", slo_named("checkout-availability"));
            shop.write("slo/checkout.yaml", allowed);
        },
    },
    Attack {
        name: "define the SLO twice",
        waits: None,
        does: |shop| {
            let loose = slo_named("checkout-availability").replace("0.99", "0.5");
            shop.write("slo/second.yaml", loose);
        },
    },
    Attack {
        name: "move the gated files out of scope",
        waits: None,
        does: |shop| {
            shop.write(GATED, "price = 1\n");
            std::fs::create_dir_all(shop.path().join("lib")).unwrap();
            shop.git(&["mv", GATED, "lib/pay.py"]);
        },
    },
    Attack {
        name: "make the gated folder a submodule",
        waits: None,
        does: |shop| {
            let id = shop.id("HEAD");
            shop.git(&["rm", "-r", "-f", "--quiet", "src/checkout"]);
            std::fs::create_dir_all(shop.path().join("src/checkout")).unwrap();
            let link = format!("160000,{id},src/checkout");
            shop.git(&["update-index", "--add", "--cacheinfo", &link]);
        },
    },
    Attack {
        name: "make the gated file a link",
        waits: None,
        does: |shop| {
            shop.remove(GATED);
            symlink("../search/find.py", shop.path().join(GATED)).unwrap();
        },
    },
    Attack {
        name: "hide behind attributes",
        waits: None,
        does: |shop| {
            shop.write(
                ".gitattributes",
                "src/** -diff linguist-generated filter=none export-ignore\n",
            );
        },
    },
    Attack {
        name: "ignore the gated files",
        waits: None,
        does: |shop| shop.write(".gitignore", "src/\nslo/\n*.csv\nslo.toml\n"),
    },
];

fn judged(does: fn(&Repository)) -> (Said, String) {
    let shop = shop(SPENT);
    work(&shop);
    does(&shop);
    shop.git(&["add", "--all"]);
    shop.git(&["commit", "--quiet", "-m", "Change the price"]);
    let text = gate(&shop, &[]).out;
    (said(&shop), text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn no_change_of_what_is_agreed_changes_the_verdict() {
    let (honest, _) = judged(|_| {});
    assert_eq!(honest.code, Some(1));
    assert_eq!(honest.verdict["reason"], "frozen");
    for attack in ATTACKS {
        let (found, text) = judged(attack.does);
        assert_eq!(found, honest, "{}", attack.name);
        let waits = attack.waits.unwrap_or("after merge");
        assert_eq!(text.contains(waits), attack.waits.is_some(), "{}: {text}", attack.name);
    }
}

#[test]
fn a_judged_folder_that_becomes_a_link_brings_no_measurements() {
    let shop = Repository::new();
    // What is asked is what is measured, not that the SLO is gone.
    let off =
        "[rules]\nslo-deleted-without-tombstone = \"off\"\nself-approved-override = \"off\"\n";
    let config = CONFIG.replace("measurements.csv", "out/measured.csv");
    shop.write("team/slo.toml", format!("{config}{off}"));
    shop.write("team/slo/policy.yaml", POLICY);
    shop.write("team/slo/checkout.yaml", slo_named("checkout-availability"));
    shop.write("team/src/checkout/pay.py", "price = 1\n");
    shop.write(".gitignore", "team/out/\n");
    shop.commit("Open the shop");
    shop.write("team/out/measured.csv", measurements("checkout-availability", |_| SPENT));
    shop.branch("work");
    shop.write("team/src/checkout/pay.py", "price = 2\n");
    shop.commit("Change the price");
    expect(&shop, &["--repo", "team"], ("block", "frozen", 1));
    shop.git(&["rm", "-r", "--quiet", "team"]);
    std::fs::remove_dir_all(shop.path().join("team")).unwrap();
    shop.write("mine/out/measured.csv", measurements("checkout-availability", |_| 1_000));
    symlink("mine", shop.path().join("team")).unwrap();
    shop.commit("Move the team");
    expect(&shop, &["--repo", "team"], ("block", "backend-error", 3));
}

#[test]
fn what_a_submodule_or_a_link_holds_is_not_out_of_scope() {
    for place in ["src/checkout", "src"] {
        let shop = shop(SPENT);
        let [one, two] = ["1", "2"].map(|text| {
            shop.write("README.md", text);
            shop.commit("Say it better")
        });
        let bump = |id: &str| {
            shop.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},{place}")]);
            shop.git(&["commit", "--quiet", "-m", "Take the shop from elsewhere"]);
        };
        shop.git(&["rm", "-r", "--quiet", place]);
        bump(&one);
        shop.branch("work");
        bump(&two);
        expect(&shop, &[], ("block", "frozen", 1));
        shop.git(&["rm", "--cached", "--quiet", place]);
        let path = shop.path().join(place);
        drop(std::fs::remove_dir_all(&path));
        symlink("docs", &path).unwrap();
        shop.commit("Link to elsewhere");
        expect(&shop, &[], ("block", "frozen", 1));
        shop.git(&["branch", "--force", "main", "HEAD"]);
        std::fs::remove_file(&path).unwrap();
        symlink("slo", &path).unwrap();
        shop.commit("Link to another place");
        expect(&shop, &[], ("block", "frozen", 1));
    }
    let shop = shop(SPENT);
    shop.branch("work");
    symlink("docs", shop.path().join("src/search/link")).unwrap();
    shop.commit("Link within the search");
    expect(&shop, &[], ("pass", "not-in-scope", 0));
}

#[test]
fn a_path_of_the_configuration_is_known_however_it_is_written() {
    let shop = shop_with(SPENT, &CONFIG.replace("measurements.csv", "./measurements.csv"), POLICY);
    work(&shop);
    shop.write("measurements.csv", measurements("checkout-availability", |_| 1_000));
    shop.commit("Change the price");
    let text = gate(&shop, &[]).expect(1).out;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("measurements.csv takes effect after it is merged"), "{text}");
}

#[test]
fn a_measurement_that_the_change_brings_is_refused() {
    type Bring = fn(&Repository);
    let bring: &[(&str, Bring)] = &[
        ("file", |shop| {
            shop.write("out/measured.csv", measurements("checkout-availability", |_| 1_000));
        }),
        ("link", |shop| {
            shop.write("mine.csv", measurements("checkout-availability", |_| 1_000));
            std::fs::create_dir_all(shop.path().join("out")).unwrap();
            symlink("../mine.csv", shop.path().join("out/measured.csv")).unwrap();
        }),
        ("folder that is a link", |shop| {
            shop.write("mine/measured.csv", measurements("checkout-availability", |_| 1_000));
            symlink("mine", shop.path().join("out")).unwrap();
        }),
        ("large file", |shop| {
            let mut text = measurements("checkout-availability", |_| 1_000);
            text.push_str(&"\n".repeat(17 * 1024 * 1024));
            shop.write("out/measured.csv", text);
        }),
    ];
    for (name, bring) in bring {
        let config = CONFIG.replace("measurements.csv", "out/measured.csv");
        let shop = shop_with(SPENT, &config, POLICY);
        work(&shop);
        bring(&shop);
        shop.commit("Change the price");
        let ended = gate(&shop, &["--format", "json"]);
        assert_eq!(ended.code, Some(3), "{name}: {}", ended.out);
        assert_eq!(ended.json()["verdict"]["reason"], "backend-error", "{name}");
    }
}

#[test]
fn a_measurement_of_an_earlier_step_is_read_from_the_worktree() {
    let config = CONFIG.replace("measurements.csv", "out/measured.csv");
    let shop = shop_with(SPENT, &config, POLICY);
    shop.write(".gitignore", "out/\n");
    shop.commit("Ignore what steps write");
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("block", "backend-error", 3));
    shop.write("out/measured.csv", measurements("checkout-availability", |_| 1_000));
    expect(&shop, &[], ("pass", "open", 0));
    shop.write("out/measured.csv", measurements("checkout-availability", |_| SPENT));
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn a_stale_branch_does_not_escape_a_newer_freeze() {
    let mild = POLICY.replace("gate: freeze", "gate: warn");
    let shop = shop_with(SPENT, CONFIG, &mild);
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("warn", "warn", 0));
    shop.switch("main");
    shop.write("slo/policy.yaml", POLICY);
    shop.commit("Freeze");
    shop.switch("work");
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn the_folder_that_is_judged_is_the_bases_choice() {
    let repository = Repository::new();
    repository.write("team/slo.toml", CONFIG);
    repository.write("team/slo/policy.yaml", POLICY);
    repository.write("team/slo/checkout.yaml", slo_named("checkout-availability"));
    repository.write("team/measurements.csv", measurements("checkout-availability", |_| SPENT));
    repository.write("team/src/checkout/pay.py", "1\n");
    repository.write("other/README.md", "# Other\n");
    repository.commit("Open the shop");
    repository.branch("work");
    repository.write("team/src/checkout/pay.py", "2\n");
    repository.commit("Change the price");
    let run = |folder: &str| slo(repository.path(), &["gate", "--repo", folder, "--now", NOW]);
    run("team").expect(1);
    run("team/src").expect(1);
    repository.write("team/src/slo.toml", "");
    repository.commit("Judge less");
    run("team/src").expect(1);
    repository.git(&["mv", "team", "moved"]);
    symlink("other", repository.path().join("team")).unwrap();
    repository.commit("Judge something else");
    run("team").expect(1);
}

#[test]
fn what_only_the_head_allows_is_not_allowed() {
    let healthy = shop(super::shop::HEALTHY);
    healthy.branch("work");
    healthy.replace("slo/checkout.yaml", "target: 0.99", "target: 1");
    healthy.commit("Promise everything");
    expect(&healthy, &[], ("block", "findings", 1));
    let whole = healthy.read("slo/checkout.yaml");
    let allowed = whole.replace(
        "    - target: 1",
        "    # slo: allow(target-100): it never fails\n    - target: 1",
    );
    healthy.write("slo/checkout.yaml", allowed);
    healthy.commit("Allow it");
    expect(&healthy, &[], ("block", "findings", 1));
    slo(healthy.path(), &["lint"]).expect(0);
}

#[test]
fn an_agreed_allowance_allows_nothing_else() {
    let base = shop(super::shop::HEALTHY);
    let comment = "    # slo: allow(target-100): it never fails\n    - target: 1\n";
    let legacy = slo_named("legacy").replace("    - target: 0.99\n", comment);
    base.write("slo/checkout.yaml", format!("{}---\n{legacy}", slo_named("checkout-availability")));
    base.commit("Allow one");
    base.branch("work");
    let both = base.read("slo/checkout.yaml").replace("    - target: 0.99\n", comment);
    base.write("slo/checkout.yaml", both);
    base.commit("Use the allowance for another");
    expect(&base, &[], ("block", "findings", 1));
}

#[test]
fn a_second_finding_like_an_old_one_is_new() {
    let base = shop(super::shop::HEALTHY);
    let broken = |name: &str| slo_named(name).replace("target: 0.99", "target: 1");
    base.write("slo/old.yaml", broken("old"));
    base.commit("Live with it");
    base.branch("work");
    base.write("src/search/find.py", "hits = 2\n");
    base.commit("Touch nothing of it");
    expect(&base, &[], ("pass", "not-in-scope", 0));
    base.write("slo/old.yaml", format!("{}---\n{}", broken("old"), broken("new")));
    base.commit("Do it again");
    expect(&base, &[], ("block", "findings", 1));
}

#[test]
fn the_command_line_cannot_be_misread() {
    let shop = shop(SPENT);
    work(&shop);
    shop.commit("Change the price");
    let unknown = gate(&shop, &["--rule", "target-10"]).expect(2);
    assert!(unknown.err.contains("did you mean `target-100`?"), "{}", unknown.err);
    gate(&shop, &["--backend", "nothing"]).expect(2);
    gate(&shop, &["--base", "nothing"]).expect(3);
    gate(&shop, &["--config", "nothing.toml"]).expect(2);
}

#[test]
fn a_recording_reaches_as_far_back_as_policies_remember() {
    let policy = POLICY.replace(
        "gte: 1 } }, gate",
        "gte: 1 } }, exit: { burn: { lookback: slo, lt: 0.3 } }, gate",
    );
    assert_ne!(policy, POLICY);
    // Spent a day and a half ago, half spent since: only who remembers knows that the tier was entered.
    let counts = measurements("checkout-availability", |ago| if ago >= 30 { SPENT } else { HALF });
    let other = shop_with(HALF, CONFIG, &policy);
    other.write("measurements.csv", &counts);
    let shop = shop_with(HALF, &CONFIG.replace("measurements.csv", "recorded.csv"), &policy);
    let record = shop.path().join("recorded.csv").display().to_string();
    work(&shop);
    shop.commit("Change the price");
    slo(other.path(), &["budget", "--now", NOW, "--record", &record]).expect(0);
    expect(&shop, &[], ("block", "frozen", 1));
    // What reaches back over the window alone does not tell.
    let rows: Vec<&str> = counts.lines().collect();
    let short = [&rows[..1], &rows[rows.len() - 24..]].concat().join("\n");
    shop.write("recorded.csv", short);
    assert_ne!(answer(&shop, &[]).1, "frozen");
}
