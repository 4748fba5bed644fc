//! Tokens go to the server of the configuration, and nowhere else.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use slo::budget::Definition;
use slo::config::variable;

use crate::backend::run::Outcome;
use crate::backend::run::StandIn;
use crate::backend::run::TOKEN;
use crate::backend::run::ask_with;
use crate::backend::run::json;
use crate::backend::run::run;
use crate::backend::run::steady;
use crate::backend::sample::CHECKOUT;
use crate::backend::sample::catalog;
use crate::backend::sample::requests;
use crate::standin::http::Reply;

/// Base64 of `scraper:` and the token.
const PAIR: &str = "c2NyYXBlcjpodW50ZXIyLTBmMWUyZDNjNGI1YQ==";

fn sent(server: &StandIn, name: &str) -> Vec<String> {
    let all = server.all();
    let headers = all.iter().flat_map(|asked| &asked.headers);
    headers.filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
}

#[test]
fn every_way_to_say_who_asks() {
    for (settings, header, value) in [
        ("bearer-token-env = \"TOKEN\"", "authorization", format!("Bearer {TOKEN}")),
        (
            "basic-user-env = \"USER\"\nbasic-password-env = \"TOKEN\"",
            "authorization",
            format!("Basic {PAIR}"),
        ),
        ("headers = { X-Scope-OrgID = \"a|${USER}\" }", "x-scope-orgid", "a|scraper".to_owned()),
    ] {
        let server = StandIn::start(|asked, _| steady(asked));
        let outcome = run(&server.config(settings), CHECKOUT, 2);
        assert_eq!(outcome.counts().len(), 2);
        assert_eq!(sent(&server, header), vec![value; 3], "the version and two queries");
    }
}

#[test]
fn a_token_is_never_shown() {
    for settings in [
        "bearer-token-env = \"TOKEN\"",
        "basic-user-env = \"USER\"\nbasic-password-env = \"TOKEN\"",
        "headers = { X-Key = \"k-${TOKEN}\" }",
    ] {
        for status in [200, 400, 503] {
            // A server that repeats what it got.
            let server = StandIn::start(move |asked, _| {
                let said = format!("no, {:?} {TOKEN}", asked.headers).replace(['"', '\\'], "'");
                let error = format!(r#""errorType":"{TOKEN}","error":"{said}""#);
                json(status, &format!(r#"{{"status":"error",{error},"warnings":["{said}"]}}"#))
            });
            let outcome = run(&server.config(settings), CHECKOUT, 2);
            let shown = format!("{outcome:?}{}", outcome.failure().1);
            assert!(shown.contains("[redacted]"), "{shown}");
            assert!(!shown.contains(TOKEN) && !shown.contains(PAIR), "{shown}");
        }
    }
    let server = StandIn::start(|asked, _| {
        let Reply::Answer { body, .. } = steady(asked) else { return Reply::HangUp };
        let body = String::from_utf8(body).unwrap();
        json(200, &body.replacen('{', &format!("{{\"warnings\":[\"PromQL info: {TOKEN}\"],"), 1))
    });
    let outcome = run(&server.config("bearer-token-env = \"TOKEN\""), CHECKOUT, 2);
    assert_eq!(outcome.measurements()[0].warnings, ["PromQL info: [redacted]"]);
}

#[test]
fn a_token_is_not_shown_in_another_form() {
    // A server that repeats who asked, in the forms that error pages and logs have.
    let forms: [fn(&str) -> String; 4] = [
        str::to_owned,
        |said| said.replace('2', "%32").replace('-', "%2d").replace('Y', "%59"),
        |said| said.replace('-', "&#45;").replace('2', "&#x32;"),
        |said| STANDARD.encode(said),
    ];
    for settings in [
        "bearer-token-env = \"TOKEN\"",
        "basic-user-env = \"USER\"\nbasic-password-env = \"TOKEN\"",
    ] {
        for form in forms {
            let server = StandIn::start(move |asked, _| {
                let who = asked.headers.iter().find(|(name, _)| name == "authorization");
                let said = form(&who.expect("somebody asks").1);
                json(
                    401,
                    &format!(r#"{{"status":"error","error":"not [{said}] or [{}]"}}"#, form(TOKEN)),
                )
            });
            let (_, shown) = run(&server.config(settings), CHECKOUT, 2).failure();
            let left = shown.replace("[redacted]", "").replace("Bearer ", "").replace("Basic ", "");
            assert_eq!(left, "HTTP 401: not [] or []", "{settings}");
        }
    }
}

#[test]
fn what_a_server_says_to_a_secret_that_is_too_short_to_be_looked_for_is_not_shown() {
    let server = StandIn::start(|_, _| json(400, r#"{"status":"error","error":"no, a7c"}"#));
    let refused = |settings: &str| run(&server.config(settings), CHECKOUT, 2).failure().1;
    assert_eq!(refused("headers = { X-Scope-OrgID = \"${SHORT}\" }"), "HTTP 400: no, a7c");
    let withheld = "HTTP 400: the server's words are not shown, since the secret is too short to be looked for";
    for settings in [
        "bearer-token-env = \"SHORT\"",
        "basic-user-env = \"USER\"\nbasic-password-env = \"SHORT\"",
    ] {
        assert_eq!(refused(settings), withheld);
    }
}

#[test]
fn nothing_of_an_address_from_a_variable_is_shown() {
    // A server that repeats the address, encoded and decoded.
    let server = StandIn::start(|asked, _| {
        let key = &asked.parameters["key"];
        let encoded = key.replace(' ', "%20");
        let error = format!(r#""error":"no, {} {key} {encoded}""#, asked.path);
        json(400, &format!(r#"{{"status":"error",{error}}}"#))
    });
    let address = format!("{}/0123456789abcdef0123/?key=s3cr%20et", server.server.url());
    let outcome = run_at(&server, &address);
    let text = "HTTP 400: no, /[redacted]/api/v1/query_range [redacted] [redacted]";
    assert_eq!(outcome.failure(), ("refused", text.to_owned()));
}

#[test]
fn an_address_with_a_password_is_never_used() {
    let server = StandIn::start(|asked, _| steady(asked));
    let address = server.server.url().replace("http://", "http://bob:pa55word@");
    let outcome = run_at(&server, &address);
    let (word, text) = outcome.failure();
    assert_eq!((word, text.contains("user or a password")), ("unreachable", true));
    assert!(!format!("{outcome:?}").contains("pa55word"));
    assert!(run_at(&server, "prom.example").failure().1.contains("not an address of HTTP"));
    assert!(server.all().is_empty(), "nothing is sent");
}

/// Measures where the whole address comes from a variable.
fn run_at(server: &StandIn, address: &str) -> Outcome {
    let config = server.config("").replace(&server.server.url(), "${ADDRESS}");
    let catalog = catalog(CHECKOUT);
    let requests = requests(&catalog, Definition::Trusted, 2);
    ask_with(address, &|| Duration::ZERO, &config, &catalog, &requests, None)
}

#[test]
fn a_redirect_is_not_followed() {
    let other = StandIn::start(|asked, _| steady(asked));
    for status in [301, 302, 307, 308] {
        let location = format!("{}/api/v1/query_range?token={TOKEN}", other.server.url());
        let server = StandIn::start(move |_, _| Reply::Answer {
            status,
            headers: vec![("location".to_owned(), location.clone())],
            body: Vec::new(),
        });
        let outcome = run(&server.config("bearer-token-env = \"TOKEN\""), CHECKOUT, 2);
        let host = other.server.url().replace("http://", "");
        let text = format!("HTTP {status}: redirected to `{host}`, which is not followed");
        assert_eq!(outcome.failure(), ("refused", text));
        assert!(!format!("{outcome:?}").contains(TOKEN));
    }
    assert!(other.all().is_empty(), "{:?}", other.all());
}

#[test]
fn a_missing_variable_or_file_is_named_and_nothing_is_sent() {
    let server = StandIn::start(|asked, _| steady(asked));
    for (settings, detail) in [
        ("bearer-token-env = \"GONE\"", "environment variable `GONE` is not set or is empty"),
        ("basic-user-env = \"EMPTY\"", "environment variable `EMPTY` is not set or is empty"),
        (
            "bearer-token-env = \"glpat_AbCdEf123456\"",
            "an environment variable (its name is not shown: it may be a secret itself) is not set or is empty",
        ),
        ("headers = { A = \"${GONE}\" }", "environment variable `GONE` is not set or is empty"),
        ("ca-file = \"ca.pem\"", "read `ca.pem`: there is no such file"),
        ("ca-file = \"broken.csv\"", "read `broken.csv`: it holds no certificate"),
        (
            "client-cert-file = \"c.pem\"\nclient-key-file = \"k.pem\"",
            "read `c.pem`: there is no such file",
        ),
    ] {
        let outcome = run(&server.config(settings), CHECKOUT, 2);
        assert_eq!(outcome.failure(), ("unreachable", detail.to_owned()));
    }
    assert!(server.all().is_empty());
    assert!(variable("GONE", &|_| None).is_err());
}
