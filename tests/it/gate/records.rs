//! Records of the base branch: what counts of them, from when on, and what does not.

use crate::command::NOW;
use crate::repository::Repository;

use super::shop::CONFIG;
use super::shop::HEALTHY;
use super::shop::SPENT;
use super::shop::expect;
use super::shop::gate;
use super::shop::shop_with;
use super::shop::work;

/// A freeze that ends when somebody attests that the cause is repaired.
const POLICY: &str = "apiVersion: slo/v1
kind: ErrorBudgetPolicy
metadata:
  name: default
spec:
  maxLatch: 1d
  tiers:
    - name: freeze
      enter: { burn: { lookback: slo, gte: 1 } }
      exit: { attested: { id: root-cause-fixed } }
      gate: freeze
  attestations: { dir: slo/attestations, authority: { root-cause-fixed: [lead] } }
  overrides: { dir: slo/overrides, approvers: [lead], maxDuration: 48h, maxPer: { count: 2, window: 28d } }
";

const OVERRIDDEN: (&str, &str, i32) = ("pass", "overridden", 0);

/// The new tax law.
const OVERRIDE: &str = "apiVersion: slo/v1
kind: BudgetOverride
policy: default
tier: freeze
slo: checkout-availability
paths: [\"src/checkout/**\"]
from: 2026-11-22T00:00:00Z
until: 2026-11-23T00:00:00Z
reason: the new tax law, by law
approvedBy: lead@example.com
";

const FROZEN: (&str, &str, i32) = ("block", "frozen", 1);
const OPEN: (&str, &str, i32) = ("pass", "open", 0);

const LEAD: &str = "Lea <lead@example.com>";

fn attestation(by: &str) -> String {
    format!(
        "apiVersion: slo/v1\nkind: Attestation\nid: root-cause-fixed\nslo: checkout-availability\n\
         since: 2026-11-01T00:00:00Z\nstatement: the pool is bounded\nby: \"{by}\"\n"
    )
}

/// A shop whose budget is spent, and a branch `work` that changes what is gated.
fn frozen() -> Repository {
    let shop = shop_with(SPENT, CONFIG, POLICY);
    work(&shop);
    shop.commit("Change the price");
    shop.switch("main");
    expect_work(&shop, &[], FROZEN);
    shop
}

/// Expects an answer for the branch `work`.
#[track_caller]
fn expect_work(shop: &Repository, arguments: &[&str], expected: (&str, &str, i32)) {
    shop.switch("work");
    expect(shop, arguments, expected);
    shop.switch("main");
}

/// Commits what is written as somebody, a while before the clock of the tests.
fn land(shop: &Repository, author: &str, message: &str) {
    shop.set_clock("2026-11-22T08:30:00Z");
    shop.git(&["add", "--all"]);
    shop.git_as(author, &["commit", "-q", "-m", message]);
}

#[track_caller]
fn tells(shop: &Repository, why: &str) {
    shop.switch("work");
    let ended = gate(shop, &[]);
    let words = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(why), "{ended:?}");
    shop.switch("main");
}

#[test]
fn what_is_attested_counts_from_when_it_landed_and_not_from_when_it_says() {
    let shop = frozen();
    shop.write("slo/attestations/pool.yaml", attestation("lead@example.com"));
    land(&shop, LEAD, "checkout: the pool is bounded");
    // The grid instant is before the landing.
    expect_work(&shop, &["--now", "2026-11-22T08:59:59Z"], FROZEN);
    expect_work(&shop, &["--now", NOW], OPEN);
    // A file may be renamed.
    shop.git(&["mv", "slo/attestations/pool.yaml", "slo/attestations/bounded.yaml"]);
    shop.set_clock("2026-11-22T08:58:00Z");
    shop.commit("slo: a better name");
    expect_work(&shop, &[], OPEN);
    // What is taken out is withdrawn.
    shop.remove("slo/attestations/bounded.yaml");
    shop.set_clock("2026-11-22T08:59:00Z");
    shop.commit("checkout: it was not");
    expect_work(&shop, &[], FROZEN);
}

#[test]
fn whoever_signs_has_to_be_somebody_who_may_and_did() {
    let other = "the pool";
    let cases = [
        ("ada@example.com", LEAD, "is in no role of `[owners]` that the policy lets sign"),
        ("lead@example.com", "Eve <eve@example.com>", "neither wrote nor approved what brought it"),
    ];
    for (by, author, why) in cases {
        let shop = frozen();
        shop.write("slo/attestations/pool.yaml", attestation(by));
        land(&shop, author, other);
        expect_work(&shop, &[], FROZEN);
        tells(&shop, why);
    }
    let shop = frozen();
    shop.write("slo/attestations/pool.yaml", attestation("lead@example.com"));
    land(&shop, "Eve <eve@example.com>", "the pool\n\nApproved-by: lead@example.com");
    expect_work(&shop, &[], OPEN);
}

#[test]
fn what_cannot_be_read_whole_attests_nothing() {
    // Without the end that somebody meant it would hold for ever.
    for end in ["until: 2026-13-01", "untill: 2026-11-22", "until: [2026-11-22]"] {
        let shop = frozen();
        let text = format!("{}{end}\n", attestation("lead@example.com"));
        shop.write("slo/attestations/pool.yaml", text);
        land(&shop, LEAD, "the pool");
        expect_work(&shop, &[], FROZEN);
        tells(&shop, "something of it cannot be read");
    }
}

#[test]
fn nobody_opens_their_own_gate_with_a_record() {
    let shop = frozen();
    // A record that the change brings is none yet.
    shop.switch("work");
    shop.write("slo/attestations/pool.yaml", attestation("lead@example.com"));
    land(&shop, LEAD, "the pool");
    expect(&shop, &[], FROZEN);
    // Who wrote a part of the change does not sign for it.
    let shop = frozen();
    shop.write("slo/attestations/pool.yaml", attestation("lead@example.com"));
    land(&shop, LEAD, "the pool");
    expect_work(&shop, &[], OPEN);
    shop.switch("work");
    shop.write("src/checkout/more.py", "more = 1\n");
    land(&shop, LEAD, "More");
    expect(&shop, &[], FROZEN);
    shop.switch("main");
    tells(&shop, "whoever signs it wrote a part of this change");
}

#[test]
fn a_cut_clone_does_not_say_since_when_a_record_stands() {
    let shop = frozen();
    shop.write("slo/attestations/pool.yaml", attestation("lead@example.com"));
    land(&shop, LEAD, "the pool");
    shop.set_clock("2026-11-22T08:40:00Z");
    shop.write("README.md", "# The shop\n");
    shop.commit("Say so");
    shop.switch("work");
    shop.git(&["rebase", "--quiet", "main"]);
    let cut = shop.clone(&["--depth=2", "--branch=work"]);
    let ended = gate(&cut, &["--base", "HEAD~1"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("fetch-depth: 0"), "{ended:?}");
    expect(&shop, &[], OPEN);
}

#[test]
fn a_repair_that_did_not_hold_opens_nothing() {
    let shop = frozen();
    shop.write("slo/attestations/pool.yaml", attestation("lead@example.com"));
    shop.set_clock("2026-11-21T08:00:00Z");
    shop.git(&["add", "--all"]);
    shop.git_as(LEAD, &["commit", "-q", "-m", "the pool"]);
    expect_work(&shop, &["--now", "2026-11-21T10:00:00Z"], OPEN);
    // What burns since then spends the budget of that time: it goes on.
    expect_work(&shop, &[], FROZEN);
}

#[test]
fn a_healthy_shop_needs_no_record() {
    let shop = shop_with(HEALTHY, CONFIG, POLICY);
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], OPEN);
}

/// A frozen shop in whose base branch an override landed, signed by the lead.
fn overridden(text: &str) -> Repository {
    let shop = frozen();
    shop.write("slo/overrides/tax.yaml", text);
    land(&shop, LEAD, "slo: the new tax law");
    shop
}

#[test]
fn an_override_lifts_a_freeze_for_as_long_as_it_lasts() {
    let shop = overridden(OVERRIDE);
    expect_work(&shop, &[], OVERRIDDEN);
    // From the commit that brought it on, whatever it says.
    expect_work(&shop, &["--now", "2026-11-22T08:29:59Z"], FROZEN);
    expect_work(&shop, &["--now", "2026-11-22T08:30:00Z"], OVERRIDDEN);
    tells(
        &shop,
        "checkout-availability has spent 200 % of its error budget; an override lets the change pass",
    );
    shop.replace(
        "slo/overrides/tax.yaml",
        "until: 2026-11-23T00:00:00Z",
        "until: 2026-11-22T09:00:00Z",
    );
    land(&shop, LEAD, "slo: shorter");
    expect_work(&shop, &[], FROZEN);
}

#[test]
fn an_override_lifts_what_it_names_and_no_more() {
    for (what, with, why) in [
        ("tier: freeze", "tier: thaw", "no policy has such a tier"),
        ("policy: default", "policy: other", "no policy has such a tier"),
        ("slo: checkout-availability", "slo: search-availability", ""),
        ("paths: [\"src/checkout/**\"]", "paths: [\"src/search/**\"]", ""),
        ("approvedBy: lead@example.com", "approvedBy: eve@example.com", "is in no role"),
        ("until: 2026-11-23", "until: 2026-11-29", "lasts longer than the policy lets it"),
        ("from: 2026-11-22T00:00:00Z", "from: 2026-11-22T23:00:00Z", ""),
        ("paths: [", "path: [", "something of it cannot be read"),
    ] {
        let shop = overridden(&OVERRIDE.replace(what, with));
        expect_work(&shop, &[], FROZEN);
        if !why.is_empty() {
            tells(&shop, why);
        }
    }
    let shop = overridden(&OVERRIDE.replace("approvedBy: lead@example.com", "approvedBy: lead"));
    expect_work(&shop, &[], OVERRIDDEN);
    let shop = overridden(
        &OVERRIDE.replace("slo: checkout-availability", "slo: checkout/checkout-availability"),
    );
    expect_work(&shop, &[], OVERRIDDEN);
}

#[test]
fn overrides_are_counted_those_that_were_taken_out_too() {
    let shop = frozen();
    for (day, name) in [("2026-11-01", "one"), ("2026-11-05", "two")] {
        shop.write("slo/overrides/old.yaml", OVERRIDE.replace("the new tax law", name));
        shop.set_clock(&format!("{day}T08:00:00Z"));
        shop.commit(name);
        shop.remove("slo/overrides/old.yaml");
        shop.commit("and no more");
    }
    shop.write("slo/overrides/tax.yaml", OVERRIDE);
    land(&shop, LEAD, "slo: the new tax law");
    expect_work(&shop, &[], FROZEN);
    tells(&shop, "there were as many before it as the policy lets be");
}

#[test]
fn whoever_wrote_the_change_approves_no_override_of_it() {
    let shop = overridden(OVERRIDE);
    shop.switch("work");
    shop.write("src/checkout/more.py", "more = 1\n");
    land(&shop, LEAD, "More");
    expect(&shop, &[], FROZEN);
    // One that the change brings is none.
    let shop = frozen();
    shop.switch("work");
    shop.write("slo/overrides/tax.yaml", OVERRIDE);
    land(&shop, LEAD, "slo: the new tax law");
    expect(&shop, &[], FROZEN);
}

#[test]
fn a_freeze_is_relaxed_while_it_is_attested_that_it_was_somebody_elses() {
    let relaxed = POLICY
        .replace("      gate: freeze\n", "      gate: freeze\n      relaxWhen: { when: { attested: { id: not-ours } }, gate: warn }\n")
        .replace("[lead] } }\n  overrides", "[lead], not-ours: [lead] } }\n  overrides");
    let shop = shop_with(SPENT, CONFIG, &relaxed);
    work(&shop);
    shop.commit("Change the price");
    expect(&shop, &[], FROZEN);
    shop.switch("main");
    let text = attestation("lead@example.com").replace("root-cause-fixed", "not-ours");
    shop.write("slo/attestations/network.yaml", text);
    land(&shop, LEAD, "the network");
    expect_work(&shop, &[], ("warn", "warn", 0));
    tells(&shop, "the policy freezes at 1, relaxed to warn");
}
