//! Approvals by a review: who gave them, and of what.

use crate::standin::github::Fault;
use crate::standin::github::GitHub;

use super::job::Job;
use super::job::Ran;

const OWNERS: &str = "\n[owners]\nproduct = [\"@paula\"]\nsre = [\"@sam\"]\n";

/// A pull request that lowers a target and says why.
fn job() -> Job {
    let config = super::config(super::OPEN, OWNERS);
    let job = Job::of(super::OPEN, &[("slo.toml", &config)]);
    let file = super::job::example_folder(super::OPEN).join("slo/checkout.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(text.matches("target: 0.999").count(), 1);
    let less = text.replace("target: 0.999", "target: 0.99");
    job.propose_saying(
        "checkout: fewer nines\n\nSLO-Change: nobody notices",
        &[("slo/checkout.yaml", &less)],
    );
    job
}

/// Runs the gate; returns the message of the one rule.
fn told(github: &GitHub, job: &Job) -> (Option<String>, Ran) {
    let rule = ["--rule", "target-lowered-without-approval", "--format", "concise"];
    let ran = job.gate(&github.url(), &rule);
    let line =
        ran.stdout.lines().find(|line| line.contains("target-lowered-without")).map(str::to_owned);
    (line, ran)
}

#[test]
fn those_who_review_the_change_as_it_is_approve_it() {
    let github = GitHub::start("");
    let job = job();
    let head = job.sha("topic");
    let (line, ran) = told(&github, &job);
    assert!(
        line.is_some_and(|line| line.contains("nobody from product or engineering")),
        "{ran:?}"
    );
    github.reviewed("Paula", &head, "APPROVED");
    github.reviewed("sam", &job.sha("main"), "APPROVED");
    let (line, ran) = told(&github, &job);
    assert!(line.is_some_and(|line| line.contains("nobody from engineering")), "{ran:?}");
    github.reviewed("sam", &head, "APPROVED");
    let (line, ran) = told(&github, &job);
    assert_eq!((line, ran.exit), (None, Some(0)), "{ran:?}");
    github.reviewed("paula", &head, "CHANGES_REQUESTED");
    let (line, ran) = told(&github, &job);
    assert!(line.is_some_and(|line| line.contains("nobody from product")), "{ran:?}");
}

#[test]
fn where_reviews_cannot_be_read_trailers_alone_count() {
    let github = GitHub::start("");
    let job = job();
    github.next("GET", Fault::status(403, "Resource not accessible by integration"));
    let (line, ran) = told(&github, &job);
    assert!(line.is_some(), "{ran:?}");
    assert!(ran.stderr.contains("no review counts"), "{ran:?}");
    assert_eq!(ran.exit, Some(1), "{ran:?}");
}
