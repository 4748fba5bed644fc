//! What goes wrong between here and GitHub: refusals, silence, answers that lead elsewhere.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use slo::forge::Error;
use slo::forge::Token;
use slo::forge::comment;
use slo::forge::comment::Action;
use slo::forge::comment::Mode;
use slo::forge::comment::Pace;

use crate::standin::github::AUTHOR;
use crate::standin::github::Fault;
use crate::standin::github::GitHub;
use crate::standin::github::TOKEN;
use crate::standin::http::Reply;
use crate::standin::http::Request;
use crate::standin::http::Server;

use super::marked;
use super::ours;
use super::publish;
use super::target;

/// Where the first comment can be read.
const FIRST: &str = "https://github.com/octo/shop/pull/7#issuecomment-1";

/// Asserts that an error, and everything below it, keeps the token to itself.
fn assert_silent(error: &Error) {
    assert!(error.hint().is_none_or(|hint| !hint.contains("the-secret")));
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(shown) = cause {
        let text = format!("{shown:?} {shown}");
        assert!(!text.contains("the-secret"), "{text}");
        cause = shown.source();
    }
}

#[test]
fn a_post_that_was_carried_out_is_not_sent_again() {
    for fault in [Fault::CarriedOut502, Fault::CarriedOutHangUp, Fault::CarriedOutGarbled] {
        let github = GitHub::start("");
        github.next("POST", fault);
        assert_eq!(publish(&github, "blocked").unwrap().action, Action::Created);
        assert_eq!(ours(&github), [marked("blocked")]);
        assert_eq!(github.methods(), ["GET", "POST", "GET"]);
    }
}

/// Makes the comments read as `shown` right after the first POST, whatever they are.
fn read_late(github: &GitHub, shown: &Value) {
    let list = |body: Value| Fault::Answer { status: 200, headers: Vec::new(), body };
    github.next("GET", list(json!([])));
    github.next("GET", list(shown.clone()));
}

#[test]
fn a_list_that_comes_late_leaves_one_comment_too() {
    let higher = json!([{ "id": 99, "body": marked("blocked"), "user": { "login": AUTHOR } }]);
    for (fault, shown) in
        [(None, json!([])), (None, higher), (Some(Fault::CarriedOut502), json!([]))]
    {
        let github = GitHub::start("");
        read_late(&github, &shown);
        if let Some(fault) = fault {
            github.next("POST", fault);
        }
        assert_eq!(publish(&github, "blocked").unwrap().url.as_deref(), Some(FIRST));
        assert_eq!(ours(&github), [marked("blocked")]);
        assert_eq!(github.comments().first().map(|comment| comment.id), Some(1));
    }
}

#[test]
fn a_post_that_is_certain_is_not_sent_again_where_it_is_not_found() {
    let github = GitHub::start("");
    read_late(&github, &json!([]));
    github.next("POST", Fault::CarriedOutGarbled);
    let error = publish(&github, "blocked").unwrap_err();
    assert!(matches!(error, Error::AnswerUnreadable { .. }), "{error}");
    assert_eq!(ours(&github), [marked("blocked")]);
}

#[test]
fn a_post_that_was_not_carried_out_is_sent_again_after_a_look() {
    for fault in [Fault::status(502, "Bad Gateway"), Fault::Silence] {
        let github = GitHub::start("");
        github.next("POST", fault);
        assert_eq!(publish(&github, "blocked").unwrap().action, Action::Created);
        assert_eq!(ours(&github), [marked("blocked")]);
        assert_eq!(github.methods(), ["GET", "POST", "GET", "POST", "GET"]);
    }
}

#[test]
fn a_server_that_stays_broken_is_given_up() {
    let github = GitHub::start("");
    for _ in 0..20 {
        github.next("POST", Fault::status(500, "Server Error"));
    }
    let error = publish(&github, "blocked").unwrap_err();
    assert!(matches!(error, Error::ServerFailed { status: 500, .. }), "{error}");
    assert_eq!(github.methods(), ["GET", "POST", "GET", "POST", "GET", "POST", "GET"]);
    assert_eq!(ours(&github), Vec::<String>::new());
}

#[test]
fn a_token_that_may_not_write_is_said_with_a_hint() {
    for (method, status) in
        [("GET", 401), ("GET", 404), ("POST", 403), ("POST", 404), ("POST", 410)]
    {
        let github = GitHub::start("");
        github.next(method, Fault::status(status, "Resource not accessible by integration"));
        let error = publish(&github, "blocked").unwrap_err();
        assert!(
            matches!(error, Error::NotAllowed { status: given, .. } if given == status),
            "{error}"
        );
        assert!(error.hint().is_some());
        assert!(error.to_string().contains("octo/shop#7"), "{error}");
        assert!(error.to_string().contains("(Resource not accessible by integration)"), "{error}");
        assert_silent(&error);
        assert!(github.methods().len() <= 2);
    }
}

#[test]
fn a_wait_is_as_long_as_the_server_asks_or_not_begun() {
    let github = GitHub::start("");
    let limit = || Fault::status(403, "You have exceeded a secondary rate limit");
    github.next("GET", limit().with_header("retry-after", "0"));
    github.next("POST", Fault::status(429, "Too many requests").with_header("retry-after", "0"));
    assert_eq!(publish(&github, "blocked").unwrap().action, Action::Created);
    assert_eq!(github.methods(), ["GET", "GET", "POST", "GET", "POST", "GET"]);
    for (name, value) in [("retry-after", "3600"), ("x-ratelimit-remaining", "0")] {
        github.next("GET", limit().with_header(name, value));
        let error = publish(&github, "still blocked").unwrap_err();
        assert!(matches!(error, Error::RateLimited { status: 403, .. }), "{error}");
        assert_eq!(github.methods(), ["GET"]);
    }
    assert_eq!(ours(&github), [marked("blocked")]);
}

#[test]
fn reading_and_updating_are_tried_again() {
    let github = GitHub::start("");
    github.planted(Some(AUTHOR), &marked("blocked"));
    github.next("GET", Fault::status(503, "Unavailable"));
    github.next("GET", Fault::Silence);
    github.next("PATCH", Fault::CarriedOutHangUp);
    github.next("PATCH", Fault::CarriedOut502);
    assert_eq!(publish(&github, "still blocked").unwrap().action, Action::Updated);
    assert_eq!(github.methods(), ["GET", "GET", "GET", "PATCH", "PATCH", "PATCH"]);
    assert_eq!(ours(&github), [marked("still blocked")]);
}

#[test]
fn silence_ends() {
    let github = GitHub::start("");
    for _ in 0..3 {
        github.next("GET", Fault::Silence);
    }
    let mut patient = target(&github.url());
    patient.pace.total = Duration::from_secs(8);
    let error = comment::publish(&patient, "blocked", Mode::Always, true, "resolved").unwrap_err();
    assert!(matches!(error, Error::Unanswered { .. }), "{error}");
    assert_silent(&error);
    let github = GitHub::start("");
    github.next("GET", Fault::Silence);
    let mut target = target(&github.url());
    target.pace = Pace { total: Duration::from_millis(200), ..Pace::default() };
    let error = comment::publish(&target, "blocked", Mode::Always, true, "resolved").unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
}

/// Starts a server of somebody else, that remembers what it is sent.
fn elsewhere() -> (Server, Arc<Mutex<Vec<Request>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let remembered = Arc::clone(&seen);
    let server = Server::start(move |request| {
        remembered.lock().unwrap().push(request);
        Reply::Answer { status: 200, headers: Vec::new(), body: b"[]".to_vec() }
    });
    (server, seen)
}

#[test]
fn nothing_follows_an_answer_to_another_host() {
    let (server, seen) = elsewhere();
    let path = "/repos/octo/shop/issues/7/comments";
    let away = format!("{}{path}", server.url());
    let named = away.replacen("http://", "http://127.0.0.1@", 1);
    for fault in [
        ("GET", Fault::redirect(301, &away)),
        ("GET", Fault::redirect(307, &named)),
        ("GET", Fault::redirect(302, away.trim_start_matches("http:"))),
        ("GET", Fault::NextPageAt(away.clone())),
        ("GET", Fault::NextPageAt(format!("https://127.0.0.1{path}"))),
        ("POST", Fault::redirect(307, &away)),
        ("POST", Fault::redirect(308, &away)),
    ] {
        let github = GitHub::start("");
        github.next(fault.0, fault.1.clone());
        let error = publish(&github, "blocked").unwrap_err();
        assert!(matches!(error, Error::LedElsewhere { .. }), "{fault:?}: {error}");
        assert_silent(&error);
        assert_eq!(ours(&github), Vec::<String>::new());
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn a_redirect_within_the_api_is_followed_a_few_times() {
    let path = "/repositories/1296269/issues/7/comments?per_page=100";
    let github = GitHub::start("");
    github.next("GET", Fault::redirect(301, &format!("{}{path}", github.url())));
    github.next("POST", Fault::redirect(307, "/repositories/1296269/issues/7/comments"));
    assert_eq!(publish(&github, "blocked").unwrap().action, Action::Created);
    for _ in 0..20 {
        github.next("GET", Fault::redirect(301, path));
    }
    let error = publish(&github, "blocked").unwrap_err();
    assert!(matches!(error, Error::LedElsewhere { .. }), "{error}");
}

#[test]
fn a_redirect_that_would_turn_a_post_into_a_get_is_not_followed() {
    for status in [301, 302, 303, 304, 305] {
        let github = GitHub::start("");
        github.next("POST", Fault::redirect(status, "/repositories/1296269/issues/7/comments"));
        let error = publish(&github, "blocked").unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
        assert_eq!(github.methods(), ["GET", "POST"]);
    }
}

#[test]
fn a_list_without_an_end_is_an_error_and_nothing_is_posted() {
    let github = GitHub::start("");
    for _ in 0..200 {
        github.next(
            "GET",
            Fault::NextPageAt(format!("{}/repos/octo/shop/issues/7/comments?page=1", github.url())),
        );
    }
    let error = publish(&github, "blocked").unwrap_err();
    assert!(matches!(error, Error::TooManyPages { limit: 100, .. }), "{error}");
    assert_eq!(github.methods().len(), 100);
}

#[test]
fn an_answer_that_is_not_a_list_is_an_error_and_nothing_is_posted() {
    for text in ["", "<html>", "{}", "[{}]", "[{\"id\": \"1\"}]", "[null]", &"[".repeat(10_000)] {
        let text = text.to_owned();
        let server = Server::start(move |_| Reply::Answer {
            status: 200,
            headers: Vec::new(),
            body: text.clone().into_bytes(),
        });
        let error =
            comment::publish(&target(&server.url()), "blocked", Mode::Always, true, "resolved")
                .unwrap_err();
        assert!(matches!(error, Error::AnswerUnreadable { .. }), "{error}");
    }
}

#[test]
fn a_server_that_repeats_the_token_is_not_repeated() {
    let github = GitHub::start("");
    github.next("GET", Fault::status(403, &format!("no\n::error::{TOKEN} may not")));
    let error = publish(&github, "blocked").unwrap_err();
    assert_silent(&error);
    assert!(!error.to_string().contains('\n'));
    assert_eq!(format!("{:?}", target("https://localhost").token), "Token(hidden)");
    assert!(!format!("{:?}", target("https://localhost")).contains(TOKEN));
}

#[test]
fn what_cannot_be_an_address_or_a_name_is_refused_before_anything_is_sent() {
    for address in [
        "",
        "api.github.com",
        "ftp://host",
        "https://",
        "https://me:secret@host",
        "https://host/?a=b",
        "https://[",
        "::",
    ] {
        let error = comment::publish(&target(address), "blocked", Mode::Always, true, "resolved")
            .unwrap_err();
        assert!(matches!(error, Error::AddressInvalid { .. }), "{address}: {error}");
        assert!(!error.to_string().contains("secret"));
    }
    let github = GitHub::start("");
    for name in ["", ".", "..", "a/b", "a?b", "a b", "a%2fb", "a\n", "é"] {
        let mut target = target(&github.url());
        name.clone_into(&mut target.repo);
        let error =
            comment::publish(&target, "blocked", Mode::Always, true, "resolved").unwrap_err();
        assert!(matches!(error, Error::RepositoryInvalid { .. }), "{name}: {error}");
    }
    assert_eq!(github.methods(), Vec::<String>::new());
    for text in ["", " \n", "two words", "new\nline", "gr\u{fc}n"] {
        assert!(matches!(Token::new(text), Err(Error::TokenInvalid)), "{text:?}");
    }
    assert!(Token::new(" token\n").is_ok());
}

#[test]
fn inside_another_runtime_it_is_an_error_not_a_panic() {
    let github = GitHub::start("");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(async { publish(&github, "blocked") }).unwrap_err();
    assert!(matches!(error, Error::ClientUnavailable { .. }), "{error}");
}
