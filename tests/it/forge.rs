//! The comment on a pull request, against a server that stands in for GitHub.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod event;
mod text;
mod trouble;

use std::time::Duration;

use slo::forge::Error;
use slo::forge::Token;
use slo::forge::body;
use slo::forge::body::Marker;
use slo::forge::comment;
use slo::forge::comment::Action;
use slo::forge::comment::Mode;
use slo::forge::comment::Pace;
use slo::forge::comment::Published;
use slo::forge::comment::Target;

use crate::standin::description::Description;
use crate::standin::github::AUTHOR;
use crate::standin::github::Comment;
use crate::standin::github::Fault;
use crate::standin::github::GitHub;
use crate::standin::github::NUMBER;
use crate::standin::github::TOKEN;
use crate::standin::http::Request;

fn marker() -> Marker {
    body::marker("", "gate", "")
}

fn target(url: &str) -> Target {
    Target {
        api_url: url.to_owned(),
        owner: "octo".to_owned(),
        repo: "shop".to_owned(),
        number: NUMBER,
        token: Token::new(TOKEN).unwrap(),
        author: AUTHOR.to_owned(),
        marker: marker(),
        pace: Pace {
            silence: Duration::from_millis(300),
            pause: Duration::from_millis(1),
            ..Pace::default()
        },
    }
}

/// Publishes the report of a failing change.
fn publish(github: &GitHub, text: &str) -> Result<Published, Error> {
    comment::publish(&target(&github.url()), text, Mode::OnFailure, true, "resolved")
}

/// Returns what our comment is to say.
fn marked(text: &str) -> String {
    format!("{}\n{text}", marker())
}

/// Returns the bodies of our comments.
fn ours(github: &GitHub) -> Vec<String> {
    let comments = github.comments().into_iter();
    comments
        .filter(|comment| comment.author.as_deref() == Some(AUTHOR))
        .map(|comment| comment.body)
        .collect()
}

#[test]
fn a_first_failure_is_commented() {
    let github = GitHub::start("");
    let published = publish(&github, "blocked").unwrap();
    assert_eq!(published.action, Action::Created);
    assert_eq!(
        published.url.as_deref(),
        Some("https://github.com/octo/shop/pull/7#issuecomment-1")
    );
    assert_eq!(ours(&github), [marked("blocked")]);
    assert_eq!(github.methods(), ["GET", "POST", "GET"]);
}

#[test]
fn the_second_run_writes_nothing() {
    let github = GitHub::start("");
    publish(&github, "blocked").unwrap();
    github.methods();
    assert_eq!(publish(&github, "blocked").unwrap().action, Action::Unchanged);
    assert_eq!(publish(&github, &marked("blocked")).unwrap().action, Action::Unchanged);
    assert_eq!(github.methods(), ["GET", "GET"]);
}

#[test]
fn a_change_of_line_breaks_is_no_change() {
    let github = GitHub::start("");
    github.planted(Some(AUTHOR), &format!("{}\r\nblocked\r\n\r\ntwice", marker()));
    assert_eq!(publish(&github, "blocked\n\ntwice\n").unwrap().action, Action::Unchanged);
}

#[test]
fn an_own_server_is_reached_below_its_path() {
    let github = GitHub::start("/api/v3");
    for _ in 0..150 {
        github.planted(Some("reader"), "a remark");
    }
    publish(&github, "blocked").unwrap();
    assert_eq!(publish(&github, "still blocked").unwrap().action, Action::Updated);
    assert_eq!(ours(&github), [marked("still blocked")]);
    assert!(github.requests().iter().all(|request| request.target.starts_with("/api/v3/")));
}

#[test]
fn every_page_is_read_before_anything_is_posted() {
    let github = GitHub::start("");
    for _ in 0..250 {
        github.planted(Some("reader"), "a remark");
    }
    let id = github.planted(Some(AUTHOR), &marked("blocked"));
    let published = publish(&github, "blocked for another reason").unwrap();
    assert_eq!(published.action, Action::Updated);
    assert_eq!(github.methods(), ["GET", "GET", "GET", "PATCH"]);
    assert_eq!(
        github
            .comments()
            .iter()
            .filter(|comment| comment.id != id && comment.body == "a remark")
            .count(),
        250
    );
    assert_eq!(ours(&github), [marked("blocked for another reason")]);
}

#[test]
fn a_marker_planted_by_somebody_else_is_left_alone() {
    let github = GitHub::start("");
    let planted = [
        github.planted(Some("mallory"), &marked("all is well")),
        github.planted(None, &marked("all is well")),
        github.planted(Some(AUTHOR), "a comment of another action"),
        github.planted(Some(AUTHOR), &format!("quoted:\n{}", marked("all is well"))),
        github.planted(Some(AUTHOR), &format!("{}\nanother job", body::marker("", "nightly", ""))),
    ];
    let before = github.comments();
    assert_eq!(publish(&github, "blocked").unwrap().action, Action::Created);
    github.planted(Some("mallory"), &marked("all is well again"));
    assert_eq!(publish(&github, "still blocked").unwrap().action, Action::Updated);
    let after = github.comments();
    assert_eq!(after.get(..planted.len()), Some(&*before));
    assert_eq!(
        after.iter().map(|comment| comment.body.clone()).skip(5).collect::<Vec<_>>(),
        [marked("still blocked"), marked("all is well again")]
    );
}

#[test]
fn a_passing_change_is_commented_only_to_resolve() {
    let github = GitHub::start("");
    let run = |failing| {
        comment::publish(&target(&github.url()), "report", Mode::OnFailure, failing, "resolved")
            .unwrap()
    };
    assert_eq!(run(false).action, Action::Skipped);
    assert_eq!(run(true).action, Action::Created);
    assert_eq!(run(false).action, Action::Updated);
    assert_eq!(ours(&github), [marked("resolved")]);
    assert_eq!(run(false).action, Action::Unchanged);
    assert_eq!(run(true).action, Action::Updated);
    assert_eq!(ours(&github), [marked("report")]);
}

#[test]
fn always_comments_a_passing_change_and_never_asks_nothing() {
    let github = GitHub::start("");
    let run =
        |mode| comment::publish(&target(&github.url()), "passes", mode, false, "resolved").unwrap();
    assert_eq!(run(Mode::Never).action, Action::Skipped);
    assert_eq!(github.methods(), Vec::<String>::new());
    assert_eq!(run(Mode::Always).action, Action::Created);
    assert_eq!(ours(&github), [marked("passes")]);
}

#[test]
fn of_two_jobs_at_once_one_comment_is_left() {
    for before in [true, false] {
        let github = GitHub::start("");
        github.planted(Some("mallory"), &marked("all is well"));
        let other =
            Comment { id: 0, author: Some(AUTHOR.to_owned()), body: marked("from the other job") };
        github.next("POST", Fault::Beside { before, comment: other });
        let published = publish(&github, "blocked").unwrap();
        assert_eq!(published.action, if before { Action::Updated } else { Action::Created });
        let comments: Vec<(u64, String)> =
            github.comments().into_iter().map(|comment| (comment.id, comment.body)).collect();
        assert_eq!(comments, [(1, marked("all is well")), (2, marked("blocked"))]);
    }
}

#[test]
fn real_jobs_at_once_leave_one_comment() {
    let github = GitHub::start("");
    let other = github.planted(Some("reader"), "a remark");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| publish(&github, "blocked").unwrap());
        }
    });
    assert_eq!(ours(&github), [marked("blocked")]);
    assert_eq!(github.comments().first().map(|comment| comment.id), Some(other));
}

#[test]
fn a_comment_that_vanishes_is_posted_again() {
    let github = GitHub::start("");
    let id = github.planted(Some(AUTHOR), &marked("blocked"));
    github.next("PATCH", Fault::Deleted(id));
    assert_eq!(publish(&github, "still blocked").unwrap().action, Action::Created);
    assert_eq!(ours(&github), [marked("still blocked")]);
}

#[test]
fn a_long_report_is_cut_to_what_a_comment_holds() {
    let github = GitHub::start("");
    let long = "a line of the report, with a sign of three bytes: \u{20ac}\n".repeat(3_000);
    publish(&github, &long).unwrap();
    let posted = ours(&github).remove(0);
    assert!(marker().is_on(&posted));
    assert!(posted.chars().count() <= body::LONGEST);
    assert!(posted.chars().count() > body::LONGEST - 300);
    assert_eq!(publish(&github, &long).unwrap().action, Action::Unchanged);
}

#[test]
fn the_description_finds_what_is_wrong() {
    let description = Description::new();
    let request = |method: &str, target: &str, body: &str| Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.as_bytes().to_vec(),
    };
    let good = request("POST", "/repos/octo/shop/issues/7/comments", r#"{"body": "text"}"#);
    assert_eq!(description.faults_of_request(&good), Vec::<String>::new());
    for wrong in [
        request("POST", "/repos/octo/shop/issues/7/comments", r#"{"text": "text"}"#),
        request("POST", "/repos/octo/shop/issues/7/comments", r#"{"body": 1}"#),
        request("POST", "/repos/octo/shop/issues/seven/comments", r#"{"body": "text"}"#),
        request("PUT", "/repos/octo/shop/issues/7/comments", r#"{"body": "text"}"#),
        request("GET", "/repos/octo/shop/issues/7/comments?per-page=100", ""),
        request("DELETE", "/repos/octo/shop/issues/comments/7", "{}"),
    ] {
        assert!(!description.faults_of_request(&wrong).is_empty(), "{wrong:?}");
    }
    assert!(!description.faults_of_answer(&good, 201, b"{}").is_empty());
    assert!(!description.faults_of_answer(&good, 299, b"{}").is_empty());
}
