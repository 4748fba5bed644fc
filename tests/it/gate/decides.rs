//! What the gate decides about a change, and how it says so.

use crate::command::NOW;
use crate::command::Run;
use crate::command::slo;
use crate::repository::Repository;

use super::shop::CONFIG;
use super::shop::GATED;
use super::shop::HALF;
use super::shop::HEALTHY;
use super::shop::POLICY;
use super::shop::SPENT;
use super::shop::expect;
use super::shop::gate;
use super::shop::measurements;
use super::shop::shop;
use super::shop::shop_with;
use super::shop::slo_named;
use super::shop::work;

fn frozen_with(message: &str) -> Repository {
    let shop = shop(SPENT);
    work(&shop);
    shop.commit(message);
    shop
}

#[test]
fn a_budget_that_is_left_lets_a_change_pass() {
    let shop = shop(HEALTHY);
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("pass", "open", 0));
}

#[test]
fn a_change_of_another_service_is_not_in_scope() {
    let shop = shop(SPENT);
    shop.branch("work");
    shop.write("src/search/find.py", "hits = 2\n");
    shop.commit("Find more");
    expect(&shop, &[], ("pass", "not-in-scope", 0));
    let strange =
        ["src/checkout/.hidden", "src/checkout/a\nb.py", "src/checkout/会計.py", "src/checkout/-x"];
    for path in strange {
        shop.write(path, "1\n");
        shop.commit("Change a gated file");
        expect(&shop, &[], ("block", "frozen", 1));
        shop.git(&["reset", "--hard", "--quiet", "HEAD~1"]);
    }
}

#[test]
fn a_service_without_paths_gates_every_change() {
    let shop = shop_with(SPENT, &CONFIG.replace("checkout = ", "search = "), POLICY);
    shop.branch("work");
    shop.write("README.md", "# The shop\n");
    shop.commit("Say it better");
    expect(&shop, &[], ("block", "frozen", 1));
}

/// Returns the policy with a glob for the paths of its scope.
fn scoped(glob: &str) -> String {
    POLICY.replace("spec:\n", &format!("spec:\n  scope: {{ paths: [\"{glob}\"] }}\n"))
}

#[test]
fn a_folder_is_in_scope_however_it_is_spelled() {
    for glob in [
        "src/checkout/**",
        "src/checkout",
        "src/checkout/",
        "/src/checkout/**",
        "./src/checkout/**",
        "src/",
        "/",
        "{lib,src}",
    ] {
        let config = CONFIG.replace("src/checkout/**", glob);
        for (config, policy) in [(&*config, POLICY), (CONFIG, &*scoped(glob))] {
            let shop = shop_with(SPENT, config, policy);
            work(&shop);
            shop.commit("Change the price");
            expect(&shop, &[], ("block", "frozen", 1));
        }
    }
    for glob in ["src/search", "src/search/", "/src/search/**"] {
        let shop = shop_with(SPENT, &CONFIG.replace("src/checkout/**", glob), POLICY);
        work(&shop);
        shop.commit("Change the price");
        expect(&shop, &[], ("pass", "not-in-scope", 0));
    }
}

#[test]
fn the_scope_of_the_policy_narrows_what_is_gated() {
    let shop = shop_with(SPENT, CONFIG, &scoped("src/checkout/*.sql"));
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("pass", "not-in-scope", 0));
    shop.write("src/checkout/table.sql", "1\n");
    shop.commit("Change the table");
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn a_trailer_a_label_and_a_revert_exempt() {
    let shop = frozen_with("Close the hole\n\nChange-Class: security");
    expect(&shop, &[], ("pass", "exempt", 0));
    let text = gate(&shop, &[]).out;
    assert!(text.contains("security claimed by Ada"), "an honor system names who claims: {text}");
    let shop = frozen_with("Mend the leak");
    expect(&shop, &[], ("block", "frozen", 1));
    expect(&shop, &["--label", "reliability"], ("pass", "exempt", 0));
    expect(&shop, &["--label", "Reliability "], ("block", "frozen", 1));
    let shop = self::shop(SPENT);
    shop.write(GATED, "price = 0\n");
    shop.commit("Break the price");
    shop.branch("work");
    shop.git(&["revert", "--no-edit", "HEAD"]);
    expect(&shop, &[], ("pass", "exempt", 0));
    shop.write(GATED, "price = 7\n");
    shop.git(&["commit", "--quiet", "--all", "--amend", "--no-edit"]);
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn one_commit_that_is_not_exempt_denies_the_change_and_is_named() {
    let shop = frozen_with("Close the hole\n\nChange-Class: security");
    shop.write(GATED, "price = 3\n");
    let id = shop.commit("Sneak a feature in");
    expect(&shop, &[], ("block", "frozen", 1));
    let text = gate(&shop, &[]).out;
    assert!(text.contains(&id[..7]) && text.contains("1 commit"), "{text}");
}

#[test]
fn an_exempt_commit_that_changes_nothing_exempts_nothing() {
    let shop = frozen_with("Change the price");
    shop.commit("Nothing\n\nChange-Class: security");
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn a_commit_that_changes_nothing_needs_no_exemption() {
    let shop = frozen_with("Close the hole\n\nChange-Class: security");
    shop.git(&["commit", "--quiet", "--allow-empty", "-m", "Run the checks again"]);
    expect(&shop, &[], ("pass", "exempt", 0));
    let folder = Repository::new();
    for path in ["slo.toml", "slo/policy.yaml", "slo/checkout.yaml", "measurements.csv", GATED] {
        folder.write(&format!("shop/{path}"), shop.git(&["show", &format!("main:{path}")]));
    }
    folder.commit("Open the shop");
    folder.branch("work");
    folder.write(&format!("shop/{GATED}"), "price = 2\n");
    folder.commit("Close the hole\n\nChange-Class: security");
    folder.write("README.md", "# Another product\n");
    folder.commit("Say it better");
    let judged = |folder: &Repository| {
        let path = folder.path().join("shop");
        Run::new(&path).arguments(&["gate", "--no-fetch", "--now", NOW]).end()
    };
    let ended = judged(&folder).expect(0);
    assert!(ended.out.contains("exempt: security"), "{}", ended.out);
    folder.write(&format!("shop/{GATED}"), "price = 3\n");
    folder.commit("Sneak a feature in");
    judged(&folder).expect(1);
}

#[test]
fn names_in_one_trailer_are_one_person() {
    let policy = POLICY.replace(
        "gate: freeze, exempt",
        "gate: approve, approvers: [lead, owner], approvals: 2, exempt",
    );
    let config = CONFIG.replace("lead = [", "owner = [\"@boss\"]\nlead = [\"boss@example.com\", ");
    let approved = |trailers: &str| {
        let shop = shop_with(SPENT, &config, &policy);
        work(&shop);
        shop.commit(&format!("Change the price\n\n{trailers}"));
        super::shop::answer(&shop, &[]).1
    };
    let boss = "Approved-by: @boss <boss@example.com>";
    assert_eq!(approved(boss), "needs-approval");
    let thrice = format!("Approved-by: @boss\nApproved-by: boss@example.com\n{boss}");
    assert_eq!(approved(&thrice), "needs-approval");
    assert_eq!(approved(&format!("{boss}\nApproved-by: lead@example.com")), "approved");
}

#[test]
fn an_approval_that_a_class_needs_is_needed_however_its_number_is_written() {
    let judged = |number: &str| {
        let class = format!(
            "  changeClasses: {{ urgent: {{ trailer: \"Change-Class: urgent\", \
             requires: {{ approvals: {{ lead: {number} }} }} }} }}\n"
        );
        let policy = POLICY.replace("exempt: [", "exempt: [urgent, ") + &class;
        let shop = shop_with(SPENT, CONFIG, &policy);
        work(&shop);
        shop.commit("Change the price\n\nChange-Class: urgent");
        let unapproved = super::shop::answer(&shop, &[]).1;
        shop.write(GATED, "price = 3\n");
        shop.commit("Mend it\n\nChange-Class: urgent\nApproved-by: lead@example.com");
        (unapproved, super::shop::answer(&shop, &[]).1)
    };
    let answers = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    for one in ["1", "1.0", "1.", "1e0", "0x1", "0o1"] {
        assert_eq!(judged(one), answers("frozen", "exempt"), "{one}");
    }
    for more in ["2", "2.0", "99999999999", "1e30"] {
        assert_eq!(judged(more), answers("frozen", "frozen"), "{more}");
    }
}

#[test]
fn a_run_that_cannot_judge_says_so_in_json_too() {
    let empty = Repository::new();
    let ended = gate(&empty, &["--format", "json"]).expect(3);
    let message = ended.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("`HEAD`"), "{ended:?}");
}

#[test]
fn approval_is_by_somebody_of_the_role_who_wrote_nothing() {
    let policy = POLICY.replace("gate: freeze, exempt", "gate: approve, approvers: [lead], exempt");
    let approved = |trailer: &str| {
        let shop = shop_with(SPENT, CONFIG, &policy);
        work(&shop);
        shop.commit(&format!("Change the price{trailer}"));
        super::shop::answer(&shop, &[]).1
    };
    assert_eq!(approved(""), "needs-approval");
    assert_eq!(approved("\n\nApproved-by: Lea <lead@example.com>"), "approved");
    assert_eq!(approved("\n\napproved-BY: LEAD@example.com"), "approved");
    assert_eq!(approved("\n\nApproved-by: mallory@example.com"), "needs-approval");
    assert_eq!(approved("\n\nApproved-by: notlead@example.com"), "needs-approval");
    assert_eq!(
        approved("\n\nApproved-by: lead@example.com\nCo-authored-by: Lea <lead@example.com>"),
        "needs-approval"
    );
    let shop = shop_with(SPENT, CONFIG, &policy);
    work(&shop);
    shop.git(&["add", "--all"]);
    shop.git_as(
        "Lea <lead@example.com>",
        &["commit", "-qm", "Mine\n\nApproved-by: lead@example.com"],
    );
    expect(&shop, &[], ("block", "needs-approval", 1));
    shop.replace("slo.toml", "lead@example.com", "ada@example.com");
    shop.git(&["add", "--all"]);
    shop.git_as(
        "Lea <lead@example.com>",
        &["commit", "-qm", "Lead\n\nApproved-by: ada@example.com"],
    );
    expect(&shop, &[], ("block", "needs-approval", 1));
}

#[test]
fn a_role_that_is_listed_twice_is_named_once() {
    let tier = "gate: approve, approvers: [lead, lead], exempt";
    let shop = shop_with(SPENT, CONFIG, &POLICY.replace("gate: freeze, exempt", tier));
    work(&shop);
    shop.commit("Change the price");
    let text = gate(&shop, &[]).expect(1).out;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("the change needs an approval by lead "), "{text}");
    assert!(!text.contains("lead or lead"), "{text}");
}

#[test]
fn what_is_not_known_is_refused_unless_the_policy_says_otherwise() {
    let unknown = |no_data: &str| {
        let policy = POLICY
            .replace("spec:\n", &format!("spec:\n  evaluation: {{ noData: {{ {no_data} }} }}\n"));
        let shop = shop_with(SPENT, CONFIG, &policy);
        let half = measurements("checkout-availability", |_| SPENT);
        let gaps: Vec<&str> = half.lines().take(30).collect();
        shop.write("measurements.csv", gaps.join("\n") + "\n");
        shop.commit("Lose the last day");
        work(&shop);
        shop.commit("Change the price");
        super::shop::answer(&shop, &[])
    };
    let answer = |outcome: &str, reason: &str, code| (outcome.to_owned(), reason.to_owned(), code);
    assert_eq!(unknown(""), answer("block", "unknown", 3));
    assert_eq!(unknown("onUnknown: deny"), answer("block", "unknown", 3));
    assert_eq!(unknown("onUnknown: warn"), answer("warn", "unknown", 0));
    assert_eq!(unknown("onUnknown: allow"), answer("pass", "unknown", 0));
    let hold = "onUnknown: hold, holdFor: 1h, thenOnUnknown: ";
    assert_eq!(unknown(&format!("{hold}deny")), answer("block", "unknown", 3));
    assert_eq!(unknown(&format!("{hold}warn")), answer("warn", "unknown", 0));
}

#[test]
fn a_refusal_of_the_unknown_names_the_field_that_decides_it() {
    let shop = shop(SPENT);
    shop.remove("measurements.csv");
    shop.commit("Lose the measurements");
    work(&shop);
    shop.commit("Change the price");
    let ended = gate(&shop, &[]).expect(3);
    assert!(ended.out.contains("noData.onBackendError"), "{}", ended.out);
    let lenient =
        POLICY.replace("spec:\n", "spec:\n  evaluation: { noData: { onBackendError: warn } }\n");
    shop.switch("main");
    shop.write("slo/policy.yaml", lenient);
    shop.commit("Warn");
    shop.switch("work");
    expect(&shop, &[], ("warn", "backend-error", 0));
}

#[test]
fn without_a_policy_the_gate_is_open_and_says_so() {
    let shop = shop(SPENT);
    shop.remove("slo/policy.yaml");
    shop.commit("Agree on nothing");
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("pass", "open", 0));
    let text = gate(&shop, &[]).out;
    assert!(text.contains("the base branch holds no ErrorBudgetPolicy"), "{text}");
}

#[test]
fn a_policy_of_the_base_that_is_wrong_ends_the_run() {
    let wrong: &[(&str, &str)] = &[
        ("an unknown gate", &POLICY.replace("gate: freeze", "gate: frozen")),
        ("no YAML", &POLICY.replace("  tiers:\n", "  tiers: [\n")),
        ("an unknown version", &POLICY.replace("slo/v1", "slo/v9")),
        ("an unknown field", &POLICY.replace("maxLatch", "maxLetch")),
        ("a tier without a name", &POLICY.replace("name: freeze, ", "")),
        ("a negative duration", &POLICY.replace("maxLatch: 1d", "maxLatch: -1d")),
        ("a scope turned around", &scoped("!docs/**")),
        ("a scope with backslashes", &scoped("src\\\\checkout")),
        ("a scope outside", &scoped("../src/**")),
    ];
    for (name, policy) in wrong {
        let shop = shop_with(SPENT, CONFIG, policy);
        work(&shop);
        shop.write("slo/policy.yaml", POLICY);
        shop.commit("Change the price, and mend the policy");
        let ended = gate(&shop, &[]);
        assert_eq!(ended.code, Some(2), "{name}: {}", ended.out);
        assert!(ended.err.contains("slo/policy.yaml:"), "{name}: {}", ended.err);
        let json = gate(&shop, &["--format", "json"]).expect(2).json();
        assert_eq!(json["error"]["path"], "slo/policy.yaml", "{name}");
        assert!(json["error"]["line"].as_u64().is_some_and(|line| line > 0), "{name}");
        assert!(json.get("verdict").is_none(), "{name}");
    }
}

#[test]
fn a_policy_of_the_base_that_is_no_text_ends_the_run() {
    let shop = shop(SPENT);
    let mut bytes = POLICY.as_bytes().to_vec();
    bytes.extend(b"# caf\xe9\n");
    shop.write("slo/policy.yaml", bytes);
    shop.commit("Write Latin");
    work(&shop);
    shop.commit("Change the price");
    gate(&shop, &[]).expect(2);
}

#[test]
fn a_configuration_of_the_base_that_is_wrong_ends_the_run() {
    for (wrong, line) in [
        ("[gate]\nfail_on = \"error\"\n", 2),
        ("[backend", 1),
        ("[rules]\nno-alarm = \"off\"\n", 2),
        ("[services]\ncheckout = [\"docs/**\", \"!src/**\"]\n", 2),
        ("[services]\ncheckout = [\n  'docs',\n  'src\\checkout',\n]\n", 4),
        ("[services]\ncheckout = [\"src**\"]\n", 2),
    ] {
        let shop = shop_with(SPENT, wrong, POLICY);
        work(&shop);
        shop.commit("Change the price");
        let json = gate(&shop, &["--format", "json"]).expect(2).json();
        assert_eq!(json["error"]["path"], "slo.toml", "{wrong}");
        assert_eq!(json["error"]["line"], line, "{wrong}: {json}");
    }
}

#[test]
fn the_stricter_of_both_definitions_counts() {
    let shop = shop(HALF);
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("pass", "open", 0));
    shop.replace("slo/checkout.yaml", "target: 0.99", "target: 0.997");
    shop.commit("Promise more");
    expect(&shop, &[], ("block", "frozen", 1));
    shop.replace("slo/checkout.yaml", "target: 0.997", "target: 0.9");
    shop.commit("Promise less\n\nSLO-Change: nobody notices\nApproved-by: @paula");
    expect(&shop, &[], ("pass", "open", 0));
}

#[test]
fn a_tier_with_an_exit_of_its_own_holds_until_then() {
    let exit = "gate: freeze, exit: { burn: { lookback: slo, lt: 0.5 } }";
    let latched = POLICY.replace("gate: freeze", exit);
    // All is spent by an outage that left the window some hours ago; little has failed since.
    let outage = |share_after: u32| {
        let shop = shop_with(HEALTHY, CONFIG, &latched);
        let counts = move |ago: u32| if ago >= 24 { 970 } else { share_after };
        shop.write("measurements.csv", measurements("checkout-availability", counts));
        shop.commit("Measure");
        work(&shop);
        shop.commit("Change the price");
        super::shop::answer(&shop, &[]).1
    };
    assert_eq!(outage(994), "frozen", "0.6 is under the threshold and not yet under the exit");
    assert_eq!(outage(996), "open", "0.4 is under the exit");
}

#[test]
fn the_whole_tree_is_one_release_on_the_default_branch_and_with_all() {
    let shop = shop(SPENT);
    expect(&shop, &[], ("block", "frozen", 1));
    shop.branch("work");
    shop.write("README.md", "# The shop\n");
    shop.commit("Say it better");
    expect(&shop, &[], ("pass", "not-in-scope", 0));
    expect(&shop, &["--all"], ("block", "frozen", 1));
    expect(&shop, &["--base", "HEAD"], ("pass", "not-in-scope", 0));
    expect(&shop, &["--base", "main"], ("pass", "not-in-scope", 0));
}

#[test]
fn uncommitted_changes_are_not_judged_and_said() {
    let shop = shop(SPENT);
    shop.branch("work");
    shop.write("README.md", "# The shop\n");
    shop.commit("Say it better");
    shop.write(GATED, "price = 2\n");
    shop.remove("slo/policy.yaml");
    let ended = gate(&shop, &[]).expect(0);
    assert!(ended.err.contains("uncommitted changes are not judged"), "{}", ended.err);
}

#[test]
fn without_a_repository_lint_works_and_the_gate_does_not() {
    let folder = Repository::folder();
    folder.write("slo.yaml", slo_named("checkout-availability"));
    folder.write("policy.yaml", POLICY);
    slo(folder.path(), &["lint"]).expect(0);
    let ended = slo(folder.path(), &["gate", "--now", NOW]).expect(3);
    assert!(
        ended.err.contains("not a git repository") || ended.err.contains("repository"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("help: "), "{}", ended.err);
}

#[test]
fn the_same_change_gives_the_same_bytes() {
    let shop = frozen_with("Change the price");
    for format in ["terminal", "json", "markdown", "sarif", "github", "gitlab", "junit", "concise"]
    {
        let run = || {
            let ended = gate(&shop, &["--format", format]);
            (ended.code, ended.out)
        };
        assert_eq!(run(), run(), "{format}");
        assert_eq!(run().0, Some(1), "{format}: the exit code does not depend on the format");
    }
}

#[test]
fn the_report_is_what_its_schema_says() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/report.json"));
    let schema = serde_json::from_str(&text.unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let shop = frozen_with("Change the price");
    shop.replace("slo/checkout.yaml", "target: 0.99", "target: 1");
    shop.commit("Promise everything");
    let reports = [
        gate(&shop, &["--format", "json"]).expect(1),
        gate(&shop, &["--format", "json", "--label", "security"]).expect(1),
        gate(&shop, &["--format", "json", "--backend", "no"]).expect(2),
        slo(shop.path(), &["lint", "--format", "json"]).expect(1),
        slo(shop.path(), &["budget", "--format", "json", "--now", NOW]).expect(0),
    ];
    for report in reports {
        let json = report.json();
        let errors: Vec<String> = validator
            .iter_errors(&json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{json:#}");
    }
}

#[test]
fn nobody_who_stops_reading_opens_the_gate() {
    let shop = frozen_with("Change the price");
    let report = shop.path().join("report.json");
    let file = format!("json={}", report.display());
    let arguments = ["gate", "--now", NOW, "--format", "terminal", "--format", &file];
    let mut command = Run::new(shop.path()).arguments(&arguments).command();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = command.stdout(writer).stderr(std::process::Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(report.exists(), "and the other reports are written");
}
