//! The composite action with the real program on the examples, as a job of a pull request runs it.

use slo::forge::body;

use crate::parts::runner::Job;
use crate::parts::runner::Runner;
use crate::standin::github::GitHub;
use crate::standin::github::TOKEN;

/// What the action is given: the program of this build, and the instant for which the examples are written.
const INPUTS: [(&str, &str); 2] =
    [("binary", env!("CARGO_BIN_EXE_slo")), ("args", "--now 2026-11-22T09:00:00Z")];

/// Returns the annotations of a job, as the runner took them: their kinds and their texts.
fn annotations(job: &Job) -> Vec<&str> {
    let marks = ["::error ", "::warning ", "::notice "];
    job.log
        .lines()
        .filter_map(|line| {
            marks.iter().find_map(|mark| line.find(mark).and_then(|at| line.get(at..)))
        })
        .collect()
}

#[test]
#[ignore = "needs act: tests/run provides it"]
fn the_action_blocks_a_change_to_the_frozen_example() {
    let github = GitHub::start("");
    let job = Runner::on_example("checkout-frozen", &INPUTS).run_against(&github.url(), &[]);
    assert_eq!(job.result, "failure|block|1|frozen", "{}", job.log);
    let blocked = "blocked: checkout-availability has spent 240.8 %25 of its error budget";
    assert!(
        job.summary.starts_with("### ⛔ Blocked: checkout-availability has spent"),
        "{}",
        job.log
    );
    assert!(job.summary.contains("<sub>policy `slo/policy.yaml` at "), "{}", job.summary);
    let annotations = annotations(&job);
    assert_eq!(annotations, [format!("::error title=slo gate::{blocked}")], "{}", job.log);
    let comment = github.comments().remove(0);
    assert!(body::marker("", "gate", "").is_on(&comment.body), "{}", comment.body);
    assert!(!job.log.contains(TOKEN), "{}", job.log);
}

#[test]
#[ignore = "needs act: tests/run provides it"]
fn the_action_passes_a_change_to_the_open_example() {
    let github = GitHub::start("");
    let job = Runner::on_example("checkout", &INPUTS).run_against(&github.url(), &[]);
    assert_eq!(job.result, "success|pass|0|open", "{}", job.log);
    assert!(job.summary.starts_with("### ✅ Passed: "), "{}", job.log);
    assert_eq!(annotations(&job), Vec::<&str>::new(), "{}", job.log);
    assert_eq!(github.comments(), []);
}

#[test]
#[ignore = "needs act: tests/run provides it"]
fn the_action_decides_the_same_without_the_forge() {
    let job = Runner::on_example("checkout-frozen", &INPUTS).run(&[]);
    assert_eq!(job.result, "failure|block|1|frozen", "{}", job.log);
    assert!(job.summary.starts_with("### ⛔ Blocked: "), "{}", job.log);
    let annotations = annotations(&job);
    assert_eq!(annotations.len(), 2, "{annotations:?}");
    assert!(annotations[1].contains("the comment is not written"), "{annotations:?}");
}

#[test]
#[ignore = "needs act: tests/run provides it"]
fn the_offered_workflow_judges_a_fork_at_depth_two_without_secrets() {
    for (example, result) in
        [("checkout", "success|pass|0|open"), ("checkout-frozen", "failure|block|1|frozen")]
    {
        let job = Runner::with_offered_workflow(example, &INPUTS).run(&[]);
        assert_eq!(job.result, result, "{}", job.log);
        assert!(job.summary.starts_with("### "), "{}", job.log);
    }
}

#[test]
#[ignore = "needs act: tests/run provides it"]
fn the_action_tells_a_wrong_invocation_from_a_verdict() {
    let inputs = [("binary", env!("CARGO_BIN_EXE_slo")), ("args", "--no-such-flag")];
    let job = Runner::on_example("checkout", &inputs).run(&[]);
    assert_eq!(job.result, "failure||2|", "{}", job.log);
}
