//! The payloads of GitHub's events: the fields that matter of real ones, and what hostile ones do.

use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use slo::forge::Error;
use slo::forge::event;
use slo::forge::event::Event;
use slo::forge::event::Kind;
use slo::forge::event::LARGEST_PAYLOAD;
use slo::forge::event::MergeGroup;
use slo::forge::event::PullRequest;
use slo::forge::event::Repository;

const BASE: &str = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e";
const HEAD: &str = "ec26c3e57ca3a959ca5aad62de7213c562f8c821";
const ZERO: &str = "0000000000000000000000000000000000000000";

fn repository() -> Value {
    json!({
        "id": 186_853_002, "name": "shop", "full_name": "octo/shop", "private": false, "default_branch": "main",
        "owner": { "login": "octo", "id": 21_031_067, "type": "User" }
    })
}

/// Returns a `pull_request` payload in the form of the ones GitHub sends.
fn pull_request() -> Value {
    json!({
        "action": "opened",
        "number": 2,
        "pull_request": {
            "id": 279_147_437, "number": 2, "state": "open", "title": "Loosen the target", "body": null, "draft": false,
            "user": { "login": "dev", "id": 21_031_067, "type": "User" },
            "labels": [{ "id": 1, "name": "slo-exempt", "color": "d73a4a", "description": null }, { "id": 2, "name": "\u{1f41b} bug" }],
            "milestone": null, "merge_commit_sha": null,
            "head": { "label": "octo:changes", "ref": "changes", "sha": HEAD, "repo": repository() },
            "base": { "label": "octo:main", "ref": "main", "sha": BASE, "repo": repository() }
        },
        "repository": repository(),
        "sender": { "login": "dev" }
    })
}

fn read(name: &str, payload: &Value) -> Result<Event, Error> {
    event::read(name, payload.to_string().as_bytes())
}

/// Returns the payload with another value in one place.
fn with(mut payload: Value, pointer: &str, value: Value) -> Value {
    *payload.pointer_mut(pointer).unwrap() = value;
    payload
}

/// Returns the payload without one field.
fn without(mut payload: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    payload.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
    payload
}

#[test]
fn a_pull_request_says_what_is_compared() {
    for (name, kind) in
        [("pull_request", Kind::PullRequest), ("pull_request_target", Kind::PullRequestTarget)]
    {
        let expected = Event {
            kind,
            pull_request: Some(PullRequest {
                number: 2,
                base_sha: BASE.to_owned(),
                base_ref: "main".to_owned(),
                head_sha: HEAD.to_owned(),
                head_ref: "changes".to_owned(),
                labels: vec!["slo-exempt".to_owned(), "\u{1f41b} bug".to_owned()],
                author: Some("dev".to_owned()),
                from_fork: false,
            }),
            merge_group: None,
            repository: Some(Repository { owner: "octo".to_owned(), name: "shop".to_owned() }),
            before: None,
            after: None,
            pushed_branch: None,
            default_branch: Some("main".to_owned()),
        };
        assert_eq!(read(name, &pull_request()).unwrap(), expected);
    }
}

#[test]
fn a_head_in_another_repository_or_in_none_is_a_fork() {
    for payload in [
        with(pull_request(), "/pull_request/head/repo/id", json!(1)),
        with(pull_request(), "/pull_request/head/repo", Value::Null),
        without(pull_request(), "/pull_request/head/repo"),
    ] {
        assert!(
            read("pull_request", &payload).unwrap().pull_request.unwrap().from_fork,
            "{payload}"
        );
    }
}

#[test]
fn what_a_deleted_account_leaves_out_is_absent() {
    let payload = with(pull_request(), "/pull_request/user", Value::Null);
    let payload = with(payload, "/pull_request/labels", Value::Null);
    let read = read("pull_request", &without(payload, "/number")).unwrap().pull_request.unwrap();
    assert_eq!((read.number, read.author, read.labels), (2, None, Vec::new()));
}

#[test]
fn a_merge_group_has_two_ends() {
    let payload = json!({
        "action": "checks_requested",
        "merge_group": {
            "head_sha": HEAD, "head_ref": "refs/heads/gh-readonly-queue/main/pr-104-929f8209d40f77f4abc622a499c93a83babdbe64",
            "base_sha": BASE, "base_ref": "refs/heads/main", "head_commit": { "id": HEAD }
        },
        "repository": repository()
    });
    let event = read("merge_group", &payload).unwrap();
    assert_eq!(event.kind, Kind::MergeGroup);
    assert_eq!(
        event.merge_group,
        Some(MergeGroup {
            base_ref: Some("main".to_owned()),
            base_sha: BASE.to_owned(),
            head_sha: HEAD.to_owned(),
        })
    );
    assert_eq!(event.pull_request, None);
}

#[test]
fn a_push_has_a_before_unless_the_branch_is_new() {
    let owner = json!({ "name": "octo", "email": "octo@example.com", "login": "octo" });
    let payload = json!({
        "ref": "refs/heads/main", "before": BASE, "after": HEAD, "created": false, "deleted": false, "base_ref": null,
        "commits": [], "repository": with(repository(), "/owner", owner)
    });
    let event = read("push", &payload).unwrap();
    assert_eq!((event.before.as_deref(), event.after.as_deref()), (Some(BASE), Some(HEAD)));
    assert_eq!(event.repository.unwrap().owner, "octo");
    let event = read("push", &with(payload.clone(), "/before", json!(ZERO))).unwrap();
    assert_eq!((event.before.as_deref(), event.after.as_deref()), (None, Some(HEAD)));
    let event = read("push", &with(payload, "/after", json!(ZERO))).unwrap();
    assert_eq!((event.before.as_deref(), event.after.as_deref()), (Some(BASE), None));
}

#[test]
fn other_events_keep_their_name() {
    let event =
        read("schedule", &json!({ "schedule": "0 3 * * *", "repository": repository() })).unwrap();
    assert_eq!((event.kind, event.pull_request), (Kind::Other("schedule".to_owned()), None));
    let event = read("pull_request_review", &pull_request()).unwrap();
    assert_eq!(event.pull_request.unwrap().number, 2);
    assert_eq!(read("workflow_dispatch", &json!({})).unwrap().repository, None);
}

#[test]
fn a_missing_field_is_named() {
    for pointer in [
        "/pull_request",
        "/pull_request/base",
        "/pull_request/base/sha",
        "/pull_request/base/ref",
        "/pull_request/base/repo",
        "/pull_request/head/sha",
        "/pull_request/head/ref",
        "/pull_request/user/login",
        "/pull_request/labels/1/name",
        "/pull_request/head/repo/id",
        "/repository/name",
        "/repository/owner",
    ] {
        let name = pointer.trim_start_matches('/').replace("/1/", "[1].").replace('/', ".");
        for payload in
            [without(pull_request(), pointer), with(pull_request(), pointer, Value::Null)]
        {
            let error = read("pull_request", &payload).unwrap_err();
            let Error::EventFieldMissing { field, event } = &error else {
                panic!("{pointer}: {error}")
            };
            assert!(field.starts_with(&name) && event == "pull_request", "{pointer}: {field}");
            assert!(error.hint().is_some());
        }
    }
}

#[test]
fn a_field_of_another_type_is_named() {
    for (pointer, values) in [
        ("", vec![json!([]), json!("text"), json!(1), json!(true)]),
        ("/number", vec![json!("2"), json!(-2), json!(0), json!(2.5), json!({})]),
        ("/pull_request", vec![json!([]), json!("text"), json!(7)]),
        (
            "/pull_request/base/sha",
            vec![
                json!("main"),
                json!("--upload-pack=x"),
                json!(""),
                json!(1),
                json!("0".repeat(41)),
            ],
        ),
        ("/pull_request/head/sha", vec![json!("é".repeat(20)), json!(["a"])]),
        (
            "/pull_request/head/ref",
            vec![json!(""), json!("a\n::error::b"), json!("a\u{1b}[2J"), json!(1)],
        ),
        ("/pull_request/labels", vec![json!({}), json!("bug")]),
        ("/pull_request/labels/1/name", vec![json!(1), json!([])]),
        ("/pull_request/user/login", vec![json!(7)]),
        ("/pull_request/base/repo/id", vec![json!("186853002"), json!(1e300)]),
        ("/repository/owner/login", vec![json!({})]),
        ("/repository/default_branch", vec![json!(false)]),
    ] {
        let name = pointer.trim_start_matches('/').replace("/1/", "[1].").replace('/', ".");
        for value in values {
            let error =
                read("pull_request", &with(pull_request(), pointer, value.clone())).unwrap_err();
            let Error::EventFieldInvalid { field, .. } = &error else {
                panic!("{pointer} {value}: {error}")
            };
            assert!(*field == name || pointer.is_empty(), "{pointer}: {field}");
        }
    }
}

#[test]
fn what_is_not_json_or_too_large_is_an_error() {
    let deep = "[".repeat(1_000_000);
    for payload in
        ["", "{", "not json", "{\"number\": 1} more", &deep, "\u{0}", "{\"a\": 1e999999}"]
    {
        let error = event::read("pull_request", payload.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::EventNotJson { .. }), "{error}");
    }
    assert!(matches!(event::read("push", b"\xff\xfe{"), Err(Error::EventNotJson { .. })));
    let large = vec![b' '; LARGEST_PAYLOAD + 1];
    assert!(matches!(event::read("push", &large), Err(Error::EventTooLarge { .. })));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let payload = format!("\u{feff}{}", pull_request());
    assert!(event::read("pull_request", payload.as_bytes()).is_ok());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,9}".prop_map(Value::from),
        Just(Value::from(BASE)),
    ];
    let key = prop::sample::select(vec![
        "pull_request",
        "number",
        "base",
        "head",
        "repo",
        "sha",
        "ref",
        "labels",
        "user",
        "login",
        "name",
        "repository",
        "owner",
        "id",
    ]);
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key.clone(), inner, 0..6).prop_map(|fields| fields
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_payload_is_a_panic(payload in any_json(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for name in ["pull_request", "merge_group", "push", "anything"] {
            let _ = read(name, &payload);
            let _ = event::read(name, &bytes);
        }
    }
}
