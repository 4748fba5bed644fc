//! What `slo gate` tells GitHub Actions: the real program, a real repository, a server that stands in for GitHub.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
#![expect(clippy::disallowed_methods, reason = "these tests start the real program on real files")]

mod hostile;
pub(crate) mod job;
mod reviews;

use serde_json::Value;
use serde_json::json;

use slo::forge::body;

use crate::standin::github::AUTHOR;
use crate::standin::github::Fault;
use crate::standin::github::GitHub;
use crate::standin::github::TOKEN;

use job::Job;
use job::Ran;

const FROZEN: &str = "checkout-frozen";
const OPEN: &str = "checkout";

/// Asks for a comment whatever the verdict.
const ALWAYS: &str = "\n[gate]\ncomment = \"always\"\n";

/// Returns the configuration of an example with more at its end.
fn config(example: &str, more: &str) -> String {
    let file = job::example_folder(example).join("slo.toml");
    std::fs::read_to_string(file).unwrap() + more
}

/// Returns the bodies of the comments that are ours.
fn ours(github: &GitHub) -> Vec<String> {
    let marker = body::marker("", "gate", "");
    let comments = github.comments().into_iter();
    let ours = comments.filter(|comment| comment.author.as_deref() == Some(AUTHOR));
    ours.map(|comment| comment.body).filter(|body| marker.is_on(body)).collect()
}

fn assert_blocked(ran: &Ran) {
    assert_eq!(ran.exit, Some(1), "{ran:?}");
    assert_eq!(ran.output("outcome"), "block");
    assert_eq!(ran.output("reason"), "frozen");
    assert_eq!(ran.output("exit-code"), "1");
    assert!(ran.summary.starts_with("### ⛔ Blocked: "), "{}", ran.summary);
    let blocked = "::error title=slo gate::blocked: checkout-availability has spent";
    assert!(ran.commands().iter().any(|command| command.starts_with(blocked)), "{ran:?}");
}

#[test]
fn a_blocked_change_is_commented_once_updated_in_place_and_resolved() {
    let github = GitHub::start("");
    let job = Job::new(FROZEN);

    let ran = job.gate(&github.url(), &[]);
    assert_blocked(&ran);
    assert!(ran.summary.contains("```mermaid\nxychart-beta\n"), "{}", ran.summary);
    let first = ours(&github);
    assert_eq!(first.len(), 1, "{first:?}");
    let lines: Vec<&str> = first[0].lines().collect();
    assert!(
        lines[1].starts_with("### ⛔ Blocked: checkout-availability has spent"),
        "{}",
        lines[1]
    );
    assert!(first[0].contains("| `checkout-availability` 99.9 % over 28d |"), "{}", first[0]);
    assert!(first[0].contains("```mermaid\nxychart-beta\n"), "{}", first[0]);
    let base = job.sha("main");
    let footer = format!(
        "<sub>policy `slo/policy.yaml` at {} (base) · measured Nov 22 09:00 UTC from recorded (recorded) · \
         slo {} · this comment is updated in place</sub>",
        &base[..7],
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(lines.last(), Some(&footer.as_str()));
    assert_eq!(github.methods(), ["GET", "POST", "GET"]);

    assert_blocked(&job.gate(&github.url(), &[]));
    assert_eq!(github.methods(), ["GET"]);

    assert_blocked(&job.gate(&github.url(), &["--now", "2026-11-22T10:00:00Z"]));
    assert_eq!(github.methods(), ["GET", "PATCH"]);
    assert_eq!(ours(&github).len(), 1);
    assert_ne!(ours(&github), first);

    job.propose(&[("README.md", "nothing that a policy judges\n")]);
    let ran = job.gate(&github.url(), &[]);
    assert_eq!((ran.exit, ran.output("outcome")), (Some(0), "pass"), "{ran:?}");
    assert_eq!(github.methods(), ["GET", "PATCH"]);
    let resolved = ours(&github).remove(0);
    assert!(resolved.contains("\n### ✅ Resolved: "), "{resolved}");
    assert!(ran.summary.starts_with("### ✅ Passed: "), "{}", ran.summary);

    job.gate(&github.url(), &[]);
    assert_eq!(github.methods(), ["GET"]);
}

#[test]
fn a_passing_change_is_not_commented_unless_asked_for() {
    let github = GitHub::start("");
    let ran = Job::new(OPEN).gate(&github.url(), &[]);
    assert_eq!((ran.exit, ran.output("outcome")), (Some(0), "pass"), "{ran:?}");
    assert_eq!(github.methods(), ["GET"]);

    let job = Job::of(OPEN, &[("slo.toml", &config(OPEN, ALWAYS))]);
    job.propose(&[("src/checkout/cart.txt", "a basket\n")]);
    job.gate(&github.url(), &[]);
    assert!(ours(&github).remove(0).contains("\n### ✅ Passed: "));
}

#[test]
fn the_trusted_configuration_says_when_who_and_which() {
    let never = "\n[gate]\ncomment = \"never\"\n";
    let github = GitHub::start("");
    // What the change says of its own comment does not count yet.
    let job = Job::of(FROZEN, &[]);
    job.propose(&[("slo.toml", &config(FROZEN, never)), ("src/checkout/cart.txt", "a basket\n")]);
    assert_eq!(job.gate(&github.url(), &[]).exit, Some(1));
    assert_eq!(ours(&github).len(), 1);

    let other = "\n[gate]\ncomment-key = \"canary\"\ncomment-author = \"shop-bot[bot]\"\n";
    let job = Job::of(FROZEN, &[("slo.toml", &config(FROZEN, other))]);
    job.propose(&[("src/checkout/cart.txt", "a basket\n")]);
    let marker = body::marker("", "gate", "canary");
    let standing = github.planted(Some("shop-bot[bot]"), &format!("{marker}\nas it was"));
    job.gate(&github.url(), &[]);
    let comments = github.comments();
    let standing = comments.iter().find(|comment| comment.id == standing).unwrap();
    assert!(standing.body.starts_with(&format!("{marker}\n### ⛔ Blocked")), "{}", standing.body);

    github.methods();
    let job = Job::of(FROZEN, &[("slo.toml", &config(FROZEN, never))]);
    job.propose(&[("src/checkout/cart.txt", "a basket\n")]);
    assert_eq!(job.gate(&github.url(), &[]).exit, Some(1));
    assert_eq!(github.methods(), Vec::<String>::new());
}

#[test]
fn a_comment_that_the_next_run_will_not_find_is_said() {
    let said = |ran: &Ran| {
        let notices = ran.stdout.lines().filter(|line| line.contains("comment-author"));
        notices.map(str::to_owned).collect::<Vec<_>>()
    };
    let other = "\n[gate]\ncomment-author = \"shop-bot[bot]\"\n";
    let github = GitHub::start("");
    let job = Job::of(FROZEN, &[("slo.toml", &config(FROZEN, other))]);
    job.propose(&[("src/checkout/cart.txt", "a basket\n")]);
    let ran = job.gate(&github.url(), &[]);
    assert_blocked(&ran);
    let text = format!(
        "::notice title=slo gate::the comment was posted as `{AUTHOR}`, so the next run does not find it and posts \
         another: set `comment-author` in `[gate]` of `slo.toml` to that name"
    );
    assert_eq!(said(&ran), [text]);
    let ran = Job::new(FROZEN).gate(&GitHub::start("").url(), &[]);
    assert_eq!(said(&ran), [] as [&str; 0]);
}

#[test]
fn a_comment_that_is_refused_changes_nothing_but_one_line() {
    let job = Job::new(FROZEN);
    for (status, times) in [(403, 1), (404, 1), (422, 1), (500, 3)] {
        let github = GitHub::start("");
        for _ in 0..times {
            github.next("GET", Fault::status(status, "Resource not accessible by integration"));
        }
        let ran = job.gate(&github.url(), &[]);
        assert_blocked(&ran);
        let why = format!(
            "the comment is not written: list the comments of octo/shop#7: answered {status}"
        );
        assert_eq!(ran.stderr.lines().filter(|line| line.starts_with(&why)).count(), 1, "{ran:?}");
        let notice = format!("::notice title=slo gate::{why}");
        assert_eq!(ran.stdout.matches(&notice).count(), 1, "{ran:?}");
        let is_hinted = ran.stderr.contains("permissions: pull-requests: write");
        assert_eq!(is_hinted, matches!(status, 403 | 404), "{}", ran.stderr);
        assert!(!ran.everything().contains(TOKEN), "{ran:?}");
        assert_eq!(ours(&github), Vec::<String>::new());
    }
}

#[test]
fn a_fork_without_a_token_is_judged_all_the_same() {
    let github = GitHub::start("");
    let job = Job::new(FROZEN);
    let mut environment = job.environment(&github.url());
    job.event("pull_request", &job.pull_request(2));
    environment.retain(|(name, _)| *name != "SLO_GITHUB_TOKEN");
    environment.push(("GITHUB_TOKEN", String::new()));
    let ran = job.gate_in(&environment, &[]);
    assert_blocked(&ran);
    assert!(ran.stderr.contains("no comment is written"), "{}", ran.stderr);
    assert_eq!(github.methods(), Vec::<String>::new());

    environment.push(("GITHUB_TOKEN", "ghs_may-only-read".to_owned()));
    let ran = job.gate_in(&environment, &[]);
    assert_blocked(&ran);
    assert!(ran.stderr.contains("answered 401"), "{}", ran.stderr);
    assert!(!ran.everything().contains("ghs_may-only-read"), "{ran:?}");
}

#[test]
fn only_a_pull_request_is_commented() {
    let github = GitHub::start("");
    let job = Job::new(FROZEN);
    let (base, head) = (job.sha("main"), job.sha("topic"));
    let repository =
        json!({ "name": "shop", "owner": { "login": "octo" }, "default_branch": "main" });
    let group =
        json!({ "merge_group": { "base_sha": base, "head_sha": head }, "repository": repository });
    let push = json!({ "before": base, "after": head, "repository": repository });
    let runs: [(&str, &Value, &[&str]); 4] = [
        ("merge_group", &group, &[]),
        ("push", &push, &["--base", "main"]),
        ("pull_request", &job.pull_request(1), &["--all"]),
        ("pull_request", &job.pull_request(1), &["--no-comment"]),
    ];
    for (name, payload, arguments) in runs {
        let event = job.event(name, payload);
        let mut environment = job.environment(&github.url());
        environment.push(("GITHUB_EVENT_NAME", name.to_owned()));
        environment.push(("GITHUB_EVENT_PATH", event.display().to_string()));
        assert_blocked(&job.gate_in(&environment, arguments));
        assert_eq!(github.methods(), Vec::<String>::new(), "{name} {arguments:?}");
    }
    // Away from the runner nothing is published, whatever else is set.
    let mut environment = job.environment(&github.url());
    environment.retain(|(name, _)| *name != "GITHUB_ACTIONS");
    let ran = job.gate_in(&environment, &[]);
    assert_eq!((ran.exit, ran.summary.as_str()), (Some(1), ""), "{ran:?}");
    assert_eq!(ran.commands(), Vec::<&str>::new());
    assert_eq!(github.methods(), Vec::<String>::new());
}

#[test]
fn a_pull_request_that_runs_with_the_rights_of_its_base_is_commented_too() {
    let github = GitHub::start("");
    let job = Job::new(FROZEN);
    let mut environment = job.environment(&github.url());
    let event = job.event("pull_request_target", &job.pull_request(2));
    environment.push(("GITHUB_EVENT_NAME", "pull_request_target".to_owned()));
    environment.push(("GITHUB_EVENT_PATH", event.display().to_string()));
    environment.push(("GITHUB_SHA", job.sha("main")));
    assert_blocked(&job.gate_in(&environment, &[]));
    assert_eq!(ours(&github).len(), 1);
}

#[test]
fn what_is_gone_is_named_and_not_linked() {
    let github = GitHub::start("");
    let job = Job::of(OPEN, &[]);
    job.propose(&[("slo/checkout.yaml", "# no more\n")]);
    let ran = job.gate(&github.url(), &[]);
    assert_eq!(ran.exit, Some(1), "{ran:?}");
    let body = ours(&github).remove(0);
    let told = body.lines().filter(|line| {
        line.contains("slo removed") || line.contains("slo-deleted-without-tombstone")
    });
    let told: Vec<&str> = told.collect();
    assert!(told.len() >= 2, "{body}");
    for line in told {
        assert!(
            line.contains("`slo/checkout.yaml:") && !line.contains("octo/shop/blob/"),
            "{line}"
        );
    }
}

#[test]
fn a_checkout_of_depth_two_is_enough() {
    let github = GitHub::start("");
    let job = Job::new(FROZEN);
    let mut environment = job.environment(&github.url());
    let merge = job.check_out_shallow();
    environment.push(("GITHUB_SHA", merge));
    let ran = job.gate_in(&environment, &["--no-fetch"]);
    assert_blocked(&ran);
    assert_eq!(ours(&github).len(), 1);
}

#[test]
fn a_format_that_was_asked_for_is_all_of_standard_output() {
    let github = GitHub::start("");
    let job = Job::new(FROZEN);
    let ran = job.gate(&github.url(), &["--format", "json"]);
    assert_blocked(&ran);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["verdict"]["outcome"], "block");
    let ran = job.gate(&github.url(), &["--format", "github"]);
    assert_eq!(ran.commands().len(), 1, "{ran:?}");
    let ran = job.gate(&github.url(), &["--format", "terminal"]);
    assert_blocked(&ran);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_reader_that_leaves_early_lets_nothing_pass() {
    let github = GitHub::start("");
    let job = Job::new(FROZEN);
    let ran = job.gate_unread(&job.environment(&github.url()));
    assert_eq!(ran.exit, Some(1), "{ran:?}");
    assert_eq!(ran.output("outcome"), "block");
    assert_eq!(ours(&github).len(), 1);
    assert_eq!(job.gate_unread(&[]).exit, Some(1));
}

#[test]
fn a_run_that_cannot_decide_says_why_and_has_no_outcome() {
    let github = GitHub::start("");
    let job = Job::of(FROZEN, &[("slo.toml", &config(FROZEN, "\n[gate]\ncoment = \"never\"\n"))]);
    job.propose(&[("src/checkout/cart.txt", "a basket\n")]);
    let ran = job.gate(&github.url(), &[]);
    assert_eq!((ran.exit, ran.output("exit-code"), ran.output("outcome")), (Some(2), "2", ""));
    let commands = ran.commands();
    assert_eq!(commands.len(), 1, "{ran:?}");
    assert!(commands[0].starts_with("::error title=slo gate,file=slo.toml,line="), "{commands:?}");
    assert!(ran.summary.starts_with("### ⛔ Not judged\n"), "{}", ran.summary);
    assert_eq!(github.methods(), Vec::<String>::new());
}
