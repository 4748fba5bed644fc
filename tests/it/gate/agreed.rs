//! A policy of the base branch that cannot be read is no reason to have none.

use std::os::unix::fs::symlink;

use crate::command::slo;
use crate::repository::Repository;

use super::shop::CONFIG;
use super::shop::HEALTHY;
use super::shop::POLICY;
use super::shop::SPENT;
use super::shop::expect;
use super::shop::gate;
use super::shop::shop;
use super::shop::shop_with;
use super::shop::work;

/// Asserts that the gate refuses to judge where the base branch holds what `agree` writes.
#[track_caller]
fn refused(name: &str, agree: impl Fn(&Repository)) {
    let shop = shop(SPENT);
    agree(&shop);
    shop.commit("Agree");
    work(&shop);
    shop.commit("Change the price");
    let ended = gate(&shop, &[]);
    assert_eq!(ended.code, Some(2), "{name}: {ended:?}");
    assert!(ended.err.contains("slo/policy.yaml"), "{name}: {}", ended.err);
}

#[test]
fn an_agreed_policy_that_cannot_be_read_opens_nothing() {
    type Break = fn(&Repository);
    let wide = |text: &str| {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    let write = |shop: &Repository, bytes: &[u8]| shop.write("slo/policy.yaml", bytes);
    let large = format!("{POLICY}{}", "#\n".repeat(9 * 1024 * 1024));
    let cases: &[(&str, Vec<u8>)] = &[
        ("UTF-16", wide(POLICY)),
        ("not UTF-8", [POLICY.as_bytes(), b"# \xFF\n"].concat()),
        ("another kind", POLICY.replace("ErrorBudgetPolicy", "ErrorBudgetPolcy").into_bytes()),
        ("another version", POLICY.replace("slo/v1", "policies.example.com/v1").into_bytes()),
        ("a template", format!("{{{{- if .Values.slo }}}}\n{POLICY}{{{{ end }}}}\n").into_bytes()),
        ("not YAML", POLICY.replace("spec:", "spec: [").into_bytes()),
    ];
    for (name, bytes) in cases {
        refused(name, |shop| write(shop, bytes));
    }
    let links: &[(&str, Break)] = &[
        ("a link to what is not read", |shop| {
            shop.git(&["mv", "slo/policy.yaml", "slo/policy.txt"]);
            symlink("policy.txt", shop.path().join("slo/policy.yaml")).unwrap();
        }),
        ("a link out of the repository, named", |shop| {
            shop.write("slo.toml", format!("{CONFIG}\n[gate]\npolicies = [\"slo/*\"]\n"));
            shop.remove("slo/policy.yaml");
            symlink("/dev/null", shop.path().join("slo/policy.yaml")).unwrap();
        }),
    ];
    for (name, does) in links {
        refused(name, does);
    }
    let shop = shop_with(SPENT, &format!("{CONFIG}\n[gate]\npolicies = [\"slo/*\"]\n"), &large);
    work(&shop);
    shop.commit("Change the price");
    gate(&shop, &[]).expect(2);
}

#[test]
fn an_agreed_policy_that_is_misspelled_opens_nothing_whatever_else_is_wrong_with_it() {
    let without = POLICY.replace("apiVersion: slo/v1\n", "");
    let indented = format!("  {}\n", POLICY.trim_end().replace('\n', "\n  "));
    let broken = |text: &str| text.replace("spec:", "spec: [");
    let with = |head: &str| format!("{head}\n{without}");
    let texts = [
        broken(&indented),
        broken(&with("apiVersion: >-\n  slo/v1")),
        broken(&with("apiVerson: slo/v1")),
        broken(&with("? apiVersion\n: slo/v1")),
        broken(&with("apiVersion: \"slo\\x2fv1\"")),
        broken(&without),
        broken(&without.replace("ErrorBudgetPolicy", "errorbudgetpolicy")),
        broken(&without.replace("ErrorBudgetPolicy", "ErrorBudgetPolcy")),
        broken(&without.replace("kind: ErrorBudgetPolicy", "kind: >-\n  ErrorBudgetPolicy")),
        without.clone(),
        with("apiVerson: slo/v1"),
        without.replace("tiers:", "tier:"),
        without.replace("ErrorBudgetPolicy", "ErrorBudgetPolcy"),
        without.replace("ErrorBudgetPolicy", "errorbudgetpolicy"),
        without.replace("kind:", "Kind:"),
        "kind: ErrorBudgetPolicy\n".to_owned(),
        format!("# slo: allow(missing-field): on purpose\n{without}"),
    ];
    let shop = shop(SPENT);
    for text in texts {
        shop.git(&["checkout", "-q", "main"]);
        shop.write("slo/policy.yaml", &text);
        shop.commit("Agree");
        let lint = slo(shop.path(), &["lint", "--format", "concise"]);
        let is_allowed = text.contains("allow(");
        assert!(lint.out.contains("slo/policy.yaml:") || is_allowed, "{text}\n{}", lint.out);
        for arguments in [["gate", "--all"], ["gate", "--base=main"]] {
            let ended = slo(shop.path(), &arguments);
            assert_eq!(ended.code, Some(2), "{text}\n{ended:?}");
            assert!(ended.err.contains("slo/policy.yaml"), "{text}\n{}", ended.err);
        }
    }
}

#[test]
fn an_agreed_policy_without_one_of_its_tiers_is_none_whatever_a_comment_allows() {
    let tier = "{ name: long, enter: { burn: { lookback: 4000d, gte: 1 } }, gate: freeze }";
    let exit = "{ name: long, enter: { burn: { lookback: 7d, gte: 1 } }, \
                exit: { burn: { lookback: 4000d, lt: 1 } }, gate: freeze }";
    let share =
        "{ name: long, enter: { incident: { share: { gt: 0.2, of: 4000d } } }, gate: warn }";
    for tier in [tier, exit, share] {
        for allowed in ["", "# slo: allow(invalid-duration): on purpose\n"] {
            refused(tier, |shop| {
                let policy = format!("{allowed}{POLICY}    - {tier}\n");
                shop.write("slo/policy.yaml", policy);
            });
        }
    }
}

#[test]
fn what_the_trusted_configuration_says_stands_elsewhere_is_not_missed_in_a_policy() {
    let policy =
        POLICY.replace("spec:\n", "spec:\n  selector: { services: [checkout, warehouse] }\n");
    let config = format!("{CONFIG}\n[reference]\nexternal = [\"warehouse\"]\n");
    let shop = shop_with(SPENT, &config, &policy);
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn what_nobody_attests_does_not_hold() {
    let unused = "  conditions: { later: { attested: { id: repaired } } }\n";
    let shop = shop_with(SPENT, CONFIG, &format!("{POLICY}{unused}"));
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("block", "frozen", 1));
    let asked = "    - { name: late, enter: { not: { condition: later } }, gate: freeze }\n";
    let shop = shop_with(HEALTHY, CONFIG, &format!("{POLICY}{asked}{unused}"));
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn records_beside_a_policy_are_passed_over() {
    let shop = shop(SPENT);
    shop.write("slo/incidents/1.yaml", "apiVersion: slo/v1\nkind: Incident\nid: INC-1\n");
    shop.commit("Record an incident");
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn a_change_that_breaks_the_policy_is_a_finding() {
    let indented = format!("  {}\n", POLICY.trim_end().replace('\n', "\n  "));
    for text in [indented, POLICY.replace("apiVersion: slo/v1\n", "")] {
        let shop = shop(HEALTHY);
        work(&shop);
        shop.write("slo/policy.yaml", text.replace("spec:", "spec: ["));
        shop.commit("Indent the policy");
        let ended = gate(&shop, &[]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.out.contains("yaml-parse-error"), "{}", ended.out);
    }
}

#[test]
fn what_is_not_a_policy_may_be_unreadable() {
    let shop = shop(SPENT);
    shop.write("legacy.yaml", b"\xFF\xFEa\0:\0 \x001\0");
    shop.write("openslo.yaml", "apiVersion: openslo/v1\nkind: Sloth\n");
    shop.write("values.yaml", "# kind: ErrorBudgetPolicy\nslo: [\n");
    shop.write("crd.yaml", "kind: CustomResourceDefinition\nnames: { kind: ErrorBudgetPolicy }\n");
    shop.git(&["mv", "slo/policy.yaml", "slo/agreed.yaml"]);
    symlink("agreed.yaml", shop.path().join("slo/policy.yaml")).unwrap();
    symlink("/etc/hosts", shop.path().join("slo/hosts.yaml")).unwrap();
    shop.commit("Agree");
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("block", "frozen", 1));
}

#[test]
fn an_agreed_configuration_that_is_no_file_ends_the_run() {
    let shop = shop(SPENT);
    shop.git(&["mv", "slo.toml", "real.toml"]);
    symlink("real.toml", shop.path().join("slo.toml")).unwrap();
    shop.commit("Agree");
    work(&shop);
    shop.commit("Change the price");
    let ended = gate(&shop, &[]).expect(2);
    assert!(ended.err.contains("slo.toml") && ended.err.contains("a link"), "{}", ended.err);
}

#[test]
fn a_large_file_that_is_none_of_ours_is_no_finding() {
    let shop = shop(HEALTHY);
    work(&shop);
    shop.write("fixtures/large.json", format!("[{}0]", "0,".repeat(9 * 1024 * 1024)));
    shop.commit("Change the price");
    expect(&shop, &[], ("pass", "open", 0));
    let head = format!("{{\"apiVersion\": \"openslo/v1\", \"x\": [{}0]}}", "0,".repeat(9 << 20));
    shop.write("fixtures/large.json", head);
    shop.commit("Write a large definition");
    expect(&shop, &[], ("block", "findings", 1));
}

#[test]
fn policies_that_are_named_and_not_there_are_a_warning() {
    let config = format!("{CONFIG}\n[gate]\npolicies = [\"none/**\"]\n");
    let shop = shop_with(SPENT, &config, POLICY);
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], ("warn", "open", 0));
    let text = gate(&shop, &[]).out;
    assert!(text.contains("[gate] policies"), "{text}");
}
