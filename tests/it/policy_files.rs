//! Error budget policies as files: what hostile and unusual ones lead to.
//!
//! `mutations` breaks every field of a policy; `tests/fixtures/dialect/policy.md` holds what a short
//! policy means, and what people get wrong.

use std::fmt::Write as _;
use std::time::Duration;
use std::time::Instant;

use crate::mutations::findings;

fn policy(conditions: &str, enter: &str) -> String {
    format!(
        "apiVersion: slo/v1\nkind: ErrorBudgetPolicy\nmetadata: {{name: default}}\nspec:\n  \
         conditions: {conditions}\n  tiers: [{{name: freeze, enter: {enter}, gate: freeze}}]\n"
    )
}

/// Returns the rules and messages of what is found.
fn told(text: &str) -> Vec<String> {
    let findings = findings(text);
    findings.iter().map(|finding| format!("{}: {}", finding.rule, finding.message)).collect()
}

const BURN: &str = "{burn: {lookback: 1h, gte: 9}}";

fn chain(length: usize, last: &str) -> String {
    let mut text = "{".to_owned();
    for index in 0..length {
        let _ = write!(text, "c{index}: {{condition: c{}}}, ", index + 1);
    }
    text + &format!("c{length}: {last}}}")
}

#[test]
fn a_long_chain_of_conditions_is_followed_to_its_end() {
    let start = Instant::now();
    assert_eq!(told(&policy(&chain(5000, BURN), "{condition: c0}")), [""; 0]);
    let around = policy(&chain(5000, "{condition: c0}"), "{condition: c0}");
    assert_eq!(told(&around), ["invalid-value: `condition` `c0` leads back to itself"]);
    let middle = policy(&chain(5000, "{not: {condition: c2500}}"), "{condition: c0}");
    assert_eq!(told(&middle), ["invalid-value: `condition` `c2500` leads back to itself"]);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn conditions_that_all_meet_again_are_no_cycle() {
    let mut text = "{".to_owned();
    for index in 0..40 {
        let next = index + 1;
        let _ =
            write!(text, "c{index}: {{all: [{{condition: c{next}}}, {{condition: c{next}}}]}}, ");
    }
    text += &format!("c40: {BURN}}}");
    assert_eq!(told(&policy(&text, "{condition: c0}")), [""; 0]);
}

#[test]
fn deep_nesting_is_refused_before_the_stack_ends() {
    for form in ["{all: [", "{any: [", "{not: "] {
        let close = if form.ends_with('[') { "]}" } else { "}" };
        let nested = |depth: usize| {
            let text = form.repeat(depth) + BURN + &close.repeat(depth);
            told(&policy("{}", &text))
        };
        assert_eq!(nested(20), [""; 0], "{form}");
        let deep = nested(20_000);
        assert_eq!(deep.len(), 1, "{form}: {deep:?}");
        assert!(deep[0].starts_with("yaml-parse-error"), "{form}: {deep:?}");
    }
}

#[test]
fn many_names_are_compared_in_time() {
    let start = Instant::now();
    let mut text =
        "apiVersion: slo/v1\nkind: ErrorBudgetPolicy\nmetadata: {name: default}\nspec:\n  \
                    tiers:\n"
            .to_owned();
    for index in 0..3000 {
        let _ = writeln!(
            text,
            "    - {{name: t{index}, enter: {BURN}, gate: freeze, exempt: [k{index}]}}"
        );
    }
    text += "  changeClasses:\n";
    for index in 0..3000 {
        let _ = writeln!(text, "    k{index}: {{label: k{index}}}");
    }
    assert_eq!(told(&text), [""; 0]);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn many_tiers_of_many_conditions_are_compared_in_time() {
    let start = Instant::now();
    let burns = |index: usize| {
        let burn = |hours: usize| format!("{{burn: {{lookback: {hours}h, gte: {index}}}}}");
        (1..400).map(burn).collect::<Vec<String>>().join(", ")
    };
    let head = |name: &str| {
        format!("apiVersion: slo/v1\nkind: ErrorBudgetPolicy\nmetadata: {{name: {name}}}\nspec:\n")
    };
    let mut text = head("wide") + "  tiers:\n";
    for index in 1..60 {
        let form = if index % 2 == 0 { "all" } else { "any" };
        let burns = burns(index);
        let _ =
            writeln!(text, "    - {{name: t{index}, enter: {{{form}: [{burns}]}}, gate: warn}}");
    }
    // Doubled forty times over, a condition is not followed to its end, and nothing is said of it.
    text += "---\n";
    text += &(head("deep") + "  conditions:\n    c40: {burn: {lookback: 1h, gte: 1}}\n");
    for index in 0..40 {
        let twice = format!("[{{condition: c{0}}}, {{condition: c{0}}}]", index + 1);
        let _ = writeln!(text, "    c{index}: {{any: {twice}}}");
    }
    text += "  tiers:\n";
    for index in 0..60 {
        let exit = "{not: {condition: c0}}";
        let _ = writeln!(
            text,
            "    - {{name: t{index}, enter: {{condition: c0}}, exit: {exit}, gate: warn}}"
        );
    }
    assert_eq!(told(&text), [""; 0]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
