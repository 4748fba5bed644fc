//! Servers behind the gate: what a change asks of them takes nothing from what is agreed.

use std::time::Duration;

use crate::backend::run::Asked;
use crate::backend::run::StandIn;
use crate::backend::run::json;
use crate::backend::run::series;
use crate::repository::Repository;
use crate::standin::http::Reply;

use super::shop::POLICY;
use super::shop::SPENT;
use super::shop::expect;
use super::shop::shop_with;
use super::shop::slo_named;
use super::shop::work;

/// What a server does with the queries that a change proposes.
struct Attack {
    name: &'static str,
    does: fn(&Asked) -> Reply,
}

const ATTACKS: &[Attack] = &[
    Attack { name: "queries that break the connection", does: |_| Reply::HangUp },
    Attack { name: "queries that never end", does: |_| Reply::Silence },
    Attack {
        name: "queries that the server gives up",
        does: |_| json(503, r#"{"status":"error","errorType":"timeout","error":"too slow"}"#),
    },
    Attack {
        name: "queries that make the server mind a parameter",
        does: |_| json(400, r#"{"error":"unknown partial_response"}"#),
    },
    Attack {
        name: "queries that each take their time",
        does: |asked| {
            std::thread::sleep(Duration::from_millis(700));
            series(asked, |_| Some("1000".to_owned()))
        },
    },
];

/// Spends twice the budget of 1 %; does something else with what only a change asks.
fn server(attack: &'static Attack) -> StandIn {
    StandIn::start(move |asked, _| {
        let query = &asked.parameters["query"];
        if query.contains("aaa") {
            return (attack.does)(asked);
        }
        // Who does not ask for whole answers gets a part.
        let whole = asked.parameters.contains_key("partial_response");
        let bad = if whole { "20" } else { "0" };
        let count = if query.contains("5..") { bad } else { "1000" };
        series(asked, |_| Some(count.to_owned()))
    })
}

const SLOS: [&str; 3] = ["checkout-availability", "checkout-fast", "checkout-whole"];

/// Returns a shop of frozen SLOs that a server measures, and whose policy lets pass what fails.
fn measured_by(server: &StandIn) -> Repository {
    let settings = "timeout = \"1s\"\nretries = 0\ndeadline = \"3s\"\nconcurrency = 1";
    let config =
        format!("{}\n[services]\ncheckout = [\"src/checkout/**\"]\n", server.config(settings));
    let no_data = "spec:\n  evaluation: { noData: { onBackendError: allow } }\n";
    let shop = shop_with(SPENT, &config, &POLICY.replace("spec:\n", no_data));
    for name in SLOS {
        shop.write(&format!("slo/{name}.yaml"), slo_named(name));
    }
    shop.commit("Promise more");
    shop
}

#[test]
fn a_change_does_not_open_the_gate_with_queries_that_fail_or_are_slow() {
    for attack in ATTACKS {
        let server = server(attack);
        let shop = measured_by(&server);
        work(&shop);
        for name in SLOS {
            // Queries of its own, and such as come first in the order of the alphabet.
            let text = slo_named(name).replace("job=\"checkout\"", &format!("job=\"aaa-{name}\""));
            shop.write(&format!("slo/{name}.yaml"), text);
        }
        shop.commit(attack.name);
        let before = server.ranges().len();
        expect(&shop, &[], ("block", "frozen", 1));
        let asked = server.ranges();
        let is_proposed = |asked: &Asked| asked.parameters["query"].contains("aaa");
        let first = asked[before..].iter().position(is_proposed);
        assert_eq!(first, Some(2), "{}: what is agreed comes first", attack.name);
    }
}
