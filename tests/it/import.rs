//! `slo import`: the policy of another tool becomes one of our own.

use crate::command::slo;
use crate::repository::Repository;

const GENERATOR: &str = "default_exporters: []
error_budget_policies:
  default:
    steps:
    - name: 1 hour
      burn_rate_threshold: 9
      alert: true
      message_alert: Wake somebody.
      message_ok: The last hour is fine.
      window: 3600
    - name: 28 days
      burn_rate_threshold: 1.5
      alert: false
      message_alert: Freeze releases that are not for reliability.
      window: 2419200
    - name: a minute and a half
      burn_rate_threshold: 20
      window: 90
";

/// Makes a folder with a configuration, and a file that is none.
fn config(text: &str) -> Repository {
    let folder = Repository::folder();
    folder.write("config.yaml", text);
    folder.write("other.yaml", "a: 1\n");
    folder
}

#[test]
fn the_policy_of_slo_generator_becomes_one_that_is_sound() {
    let folder = config(GENERATOR);
    let ended = slo(folder.path(), &["import", "config.yaml", "--gate", "1 hour=open"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(
        ended.out,
        "apiVersion: slo/v1
kind: ErrorBudgetPolicy
metadata:
  name: default
spec:
  tiers:
  - name: 1 hour
    parallel: true
    enter:
      burn:
        lookback: 1h
        gt: 9
    exit: auto
    gate: open
    severity: page
    actions:
    - Wake somebody.
  - name: 28 days
    parallel: true
    enter:
      burn:
        lookback: 28d
        gt: 1.5
    exit: auto
    gate: freeze
    severity: ticket
    exempt:
    - reliability-fix
    - security
    actions:
    - Freeze releases that are not for reliability.
"
    );
    assert_eq!(
        ended.err,
        "config.yaml:9:7: dropped: `default.steps[0].message_ok` has no counterpart that is written
config.yaml:11:13: changed: `28 days` freezes all changes but `reliability-fix` and `security`
config.yaml:16:7: dropped: a step needs a `burn_rate_threshold`, and a `window` of whole minutes in seconds
"
    );
    folder.write("policy.yaml", &ended.out);
    let lint = slo(folder.path(), &["lint", "policy.yaml"]);
    assert_eq!(lint.code, Some(0), "{}", lint.out);
    for (arguments, says) in [
        (&["import", "none.yaml"][..], "there is no file none.yaml"),
        (&["import", "."], "is a folder"),
        (&["import", "config.yaml", "--gate", "1 hour=shut"], "open, warn, freeze"),
        (&["import", "config.yaml", "--gate", "1 hours=warn"], "did you mean `1 hour`?"),
        (&["import", "config.yaml", "--gate", "ever=warn"], "there is no step `ever`"),
    ] {
        let ended = slo(folder.path(), arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
        assert!(ended.err.contains(says), "{}", ended.err);
    }
}

#[test]
fn policies_of_slo_generator_that_are_several_hold_by_a_label() {
    let text = GENERATOR.replace("  default:", "  slow:\n    steps: []\n  default:");
    let folder = config(&text);
    let ended = slo(folder.path(), &["import", "config.yaml"]);
    assert!(
        ended.out.contains("  selector:\n    matchLabels:\n      slo-policy: default\n"),
        "{}",
        ended.out
    );
    assert!(ended.err.contains("`default` holds for SLOs with the label"), "{}", ended.err);
    let ended = slo(folder.path(), &["import", "other.yaml"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("`error_budget_policies`"), "{}", ended.err);
}

#[test]
fn steps_of_one_name_become_tiers_of_two() {
    let text = GENERATOR.replace("28 days", "1 hour").replace("alert: true", "alert: True");
    let folder = config(&text);
    let ended = slo(folder.path(), &["import", "config.yaml", "--gate", "1 hour=warn"]);
    assert!(ended.out.contains("  - name: 1 hour\n") && ended.out.contains("  - name: 1 hour-2\n"));
    assert_eq!(ended.out.matches("gate: warn").count(), 2, "{}", ended.out);
    assert_eq!(ended.out.matches("severity: page").count(), 1, "{}", ended.out);
    assert!(ended.err.contains("11:13: changed: `1 hour` is named `1 hour-2`"), "{}", ended.err);
}
