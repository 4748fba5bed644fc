//! Files of the largest size that is read, written to be slow: each has an answer in the time that
//! its length needs. A run that grows with the square of its input ends as one that hangs
//! (`command.rs`).

use std::fmt::Write as _;

use crate::command::Ended;
use crate::command::NOW;
use crate::command::slo;
use crate::repository::Repository;

const SERVICE: &str = "apiVersion: openslo/v1\nkind: Service\nmetadata: { name: a }\n";

const SLO: &str = "apiVersion: openslo/v1\nkind: SLO\nmetadata: { name: a }\nspec:\n  service: a\n";

fn lint(text: &str) -> Ended {
    let folder = Repository::folder();
    folder.write("large.yaml", text);
    let ended = slo(folder.path(), &["lint", "--format", "json=report.json", "--now", NOW]);
    assert!(matches!(ended.code, Some(0 | 1)), "{:?} {}", ended.code, ended.err);
    Ended { out: folder.read("report.json"), ..ended }
}

fn count(ended: &Ended, rule: &str) -> usize {
    let json = ended.json();
    let findings = json["findings"].as_array().expect("a report has findings").iter();
    findings.filter(|finding| finding["rule"] == rule).count()
}

#[test]
fn documents_that_end_with_dots() {
    lint(&format!("openslo/v1\n...\n{}", "a\n...\n".repeat(100_000)));
}

#[test]
fn a_merge_of_many_keys_into_many() {
    let keys = |from: usize, to: usize| {
        (from..to).fold(String::new(), |mut text, key| {
            let _ = writeln!(text, "  k{key}: 1");
            text
        })
    };
    lint(&format!(
        "{SERVICE}base: &b\n{}own:\n  <<: *b\n{}",
        keys(0, 40_000),
        keys(100_000, 200_000)
    ));
    let nested =
        format!("{SERVICE}own: {}{{{}}}{}\n", "{<<: ".repeat(150), "a: 1, b: 2", "}".repeat(150));
    lint(&nested);
}

#[test]
fn objectives_with_one_slip_each() {
    let ended = lint(&format!("{SLO}  objectives:\n{}", "    - {targett: 99}\n".repeat(40_000)));
    assert!(count(&ended, "unknown-field") >= 1_000);
}

#[test]
fn fields_of_an_object_that_are_unknown_each() {
    let keys = (0..60_000).fold(String::new(), |mut text, key| {
        let _ = writeln!(text, "k{key}: 1");
        text
    });
    for text in [format!("{SLO}{keys}"), format!("{keys}{SLO}")] {
        let ended = lint(&text);
        assert!(count(&ended, "unknown-field") >= 1_000);
    }
}

#[test]
fn values_and_keys_that_are_wrong_each() {
    lint(&format!("{SLO}  objectives:\n{}", "    - {target: x, op: 1}\n".repeat(20_000)));
    let labels = (0..20_000).fold(String::new(), |mut text, key| {
        let _ = writeln!(text, "    -k{key}-: 1");
        text
    });
    lint(&format!(
        "apiVersion: openslo/v1\nkind: Service\nmetadata:\n  name: a\n  labels:\n{labels}"
    ));
}

#[test]
fn one_comment_that_names_half_a_million_rules() {
    let names = "missing-field,".repeat(500_000);
    let ended = lint(&format!("# slo: allow({names}): x\n{SLO}"));
    assert!(count(&ended, "unknown-rule") >= 1, "the names that are not read are told");
}

#[test]
fn as_many_comments_as_findings() {
    let objective = "    # slo: allow(unknown-field): x\n    - {targett: 99}\n";
    let comments = "# slo: allow(unknown-field): x\n".repeat(20_000);
    lint(&format!("{comments}{SLO}  objectives:\n{}", objective.repeat(20_000)));
}

#[test]
fn references_that_lead_nowhere() {
    let mut text = String::new();
    for number in 0..8_000 {
        let _ = write!(
            text,
            "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{ name: slo-{number:05} }}\nspec:\n  \
             service: service-{number:05}\n  indicatorRef: requests-{number:05}\n  objectives: [{{ target: 0.9 }}]\n---\n\
             apiVersion: openslo/v1\nkind: SLI\nmetadata: {{ name: request-x-{number:05} }}\n---\n\
             apiVersion: openslo/v1\nkind: Service\nmetadata: {{ name: services-{number:05} }}\n---\n"
        );
    }
    let ended = lint(&text);
    assert!(count(&ended, "unresolved-reference") >= 8_000);
}

#[test]
fn one_reference_of_many_objectives() {
    let objective = "    - {target: 0.9, indicatorRef: nowhere}\n";
    lint(&format!("{SLO}  objectives:\n{}", objective.repeat(30_000)));
}

#[test]
fn as_many_policies_as_slos() {
    let mut text = String::new();
    for number in 0..10_000 {
        let _ = write!(
            text,
            "apiVersion: slo/v1\nkind: ErrorBudgetPolicy\nmetadata: {{ name: p{number} }}\nspec:\n  \
             selector: {{ slos: [x{number}] }}\n  tiers: [{{ name: a, gate: freeze, enter: {{ brn: 1 }} }}]\n---\n\
             apiVersion: openslo/v1\nkind: SLO\nmetadata: {{ name: s{number} }}\nspec: {{ service: a }}\n---\n"
        );
    }
    lint(&text);
}

#[test]
fn conditions_and_lookbacks_that_are_wrong_each() {
    let head =
        "apiVersion: slo/v1\nkind: ErrorBudgetPolicy\nmetadata: { name: a }\nspec:\n  tiers:\n";
    let lookback = "  - {name: a, gate: freeze, enter: {burn: {lookback: 1x, gte: 1}}}\n";
    let ended = lint(&format!("{head}{}", lookback.repeat(30_000)));
    assert!(count(&ended, "invalid-duration") >= 1_000);
    let word = "  - {name: a, gate: freeze, enter: never, exit: never}\n";
    let ended = lint(&format!("{head}{}", word.repeat(30_000)));
    assert!(count(&ended, "invalid-value") >= 1_000);
}

#[test]
fn keys_and_kinds_that_are_nearly_ours_each() {
    lint(&format!("broken: [\n{}", "apiVersio: openslop/v,".repeat(100_000)));
    lint(&format!("broken: [\n{}", "kind: ErrorBudgetPolizei\n".repeat(100_000)));
}
