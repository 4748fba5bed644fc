//! `slo budget` in a pipeline: a change chooses neither the backend nor the numbers.

use std::io::ErrorKind;
use std::net::TcpListener;

use crate::command::Ended;
use crate::command::NOW;
use crate::command::Run;
use crate::repository::Repository;

use super::history::pull_request;
use super::shop::HEALTHY;
use super::shop::SPENT;
use super::shop::gate;
use super::shop::measurements;
use super::shop::shop;

/// Runs `slo budget` as a job of the forge does for the branch that is checked out.
fn job(shop: &Repository) -> Ended {
    let event = tempfile::NamedTempFile::new().unwrap();
    let payload = pull_request(&shop.id("main"), &shop.id("HEAD"), &[]);
    std::fs::write(event.path(), payload).unwrap();
    Run::new(shop.path())
        .arguments(&["budget", "--now", NOW, "--format", "json"])
        .environment("GITHUB_EVENT_NAME", "pull_request")
        .environment("GITHUB_EVENT_PATH", event.path().to_str().unwrap())
        .environment("SHOP_TOKEN", "5ecret-token")
        .end()
}

fn left(ended: &Ended) -> String {
    ended.json()["budgets"][0]["remaining"].as_str().unwrap_or("nothing").to_owned()
}

#[test]
fn a_pull_request_does_not_choose_where_a_token_is_sent() {
    let shop = shop(SPENT);
    let evil = TcpListener::bind("127.0.0.1:0").unwrap();
    evil.set_nonblocking(true).unwrap();
    let address = evil.local_addr().unwrap();
    shop.branch("work");
    let config = format!(
        "[backend.mine]\ntype = \"prometheus\"\nurl = \"http://{address}\"\n\
         bearer-token-env = \"SHOP_TOKEN\"\nheaders = {{ x = \"${{SHOP_TOKEN}}\" }}\n"
    );
    shop.write("slo.toml", config);
    shop.commit("Measure elsewhere");
    assert_eq!(left(&job(&shop)), "-1", "by the backend of the base");
    match evil.accept() {
        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        Ok(_) => panic!("the head's server was asked"),
    }
    // Without a change, the configuration at hand is one's own.
    let own = Run::new(shop.path()).arguments(&["budget", "--now", NOW]).end();
    assert!(own.out.contains("SHOP_TOKEN"), "its variable is missing here: {own:?}");
}

#[test]
fn a_pull_request_does_not_bring_its_own_numbers() {
    let shop = shop(SPENT);
    shop.branch("work");
    shop.write("measurements.csv", measurements("checkout-availability", |_| HEALTHY));
    shop.commit("Measure better");
    assert_eq!(left(&job(&shop)), "-1");
    let merge_request = Run::new(shop.path())
        .arguments(&["budget", "--now", NOW, "--format", "json"])
        .environment("CI_MERGE_REQUEST_DIFF_BASE_SHA", &shop.id("main"));
    assert_eq!(left(&merge_request.end()), "-1");
    let own = Run::new(shop.path()).arguments(&["budget", "--now", NOW, "--format", "json"]);
    assert_eq!(left(&own.end()), "1");
}

#[test]
fn a_pull_request_sees_the_definitions_that_it_proposes() {
    let shop = shop(SPENT);
    shop.branch("work");
    shop.replace("slo/checkout.yaml", "target: 0.99", "target: 0.98");
    shop.commit("Promise less");
    assert_eq!(left(&job(&shop)), "0");
}

#[test]
fn budgets_of_which_none_could_be_read_are_not_known() {
    let shop = shop(HEALTHY);
    let run =
        || Run::new(shop.path()).arguments(&["budget", "--now", NOW, "--format", "json"]).end();
    assert_eq!(left(&run().expect(0)), "1");
    shop.write("measurements.csv", "\0garbage\n");
    assert_eq!(left(&run().expect(3)), "nothing");
    shop.remove("measurements.csv");
    assert_eq!(left(&run().expect(3)), "nothing");
}

#[test]
fn the_budget_of_a_calendar_window_is_said_to_be_an_estimate() {
    let shop = shop(SPENT);
    let said = |format: &str| {
        let arguments = ["budget", "--now", NOW, "--format", format];
        Run::new(shop.path()).arguments(&arguments).end().expect(0).out
    };
    let estimated = |json: &str| {
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        json["budgets"][0]["estimated"].as_bool()
    };
    assert_eq!(estimated(&said("json")), Some(false));
    assert!(!said("terminal").contains('≈') && !said("markdown").contains('≈'));
    let calendar = "      calendar: { startTime: 2026-01-01 00:00:00, timeZone: UTC }\n";
    shop.replace("slo/checkout.yaml", "      isRolling: true\n", calendar);
    // Nine hours of 20 bad events, of 24 that 10 may be bad in.
    assert_eq!(estimated(&said("json")), Some(true));
    let terminal = said("terminal");
    assert!(terminal.contains("≈25.0 %"), "{terminal}");
    assert!(terminal.contains(" · ≈ estimated · "), "{terminal}");
    assert!(said("markdown").contains("≈25.0 %"), "{}", said("markdown"));
    assert!(said("concise").contains("about 25.0 % left over 1d"), "{}", said("concise"));
}

/// What the gate says a change makes of the budget, and the line of it for people.
fn with_change(shop: &Repository) -> (Option<String>, Option<String>) {
    let json = gate(shop, &["--format", "json"]).json();
    let said = json["budgets"][0]["with_change"].as_str().map(str::to_owned);
    let text = gate(shop, &[]).out;
    let line = text.lines().find(|line| line.starts_with("with this change"));
    (said, line.map(str::to_owned))
}

#[test]
fn a_changed_promise_is_shown_beside_the_one_that_counts() {
    for (old, new, says) in [
        // Of 20 bad events in 1 000, 10 may be bad, or 40.
        ("target: 0.99", "target: 0.96", "target 99 % → 96 %: +50.0 %"),
        ("target: 0.99", "target: 1", "it has no target that can be judged"),
        ("name: checkout-availability\n", "name: checkout\n", "no SLO has this name"),
        ("target: 0.99", "target: 0.995", "target 99 % → 99.5 %: -300.0 %"),
        ("duration: 1d", "duration: 12h", "window 1d → 12h: -100.0 %"),
        (
            "duration: 1d",
            "duration: 28d",
            "window 1d → 28d: 7.1 % of the time has data, 90 % is needed (recorded)",
        ),
    ] {
        let shop = shop(SPENT);
        shop.branch("work");
        shop.write("src/checkout/pay.py", "price = 2\n");
        shop.replace("slo/checkout.yaml", old, new);
        shop.commit("Promise something else");
        let (said, line) = with_change(&shop);
        assert_eq!(said.as_deref(), Some(says));
        // A long line goes on below.
        let whole = format!("with this change, checkout-availability: {says}");
        assert!(line.as_ref().is_some_and(|line| whole.starts_with(line)), "{line:?}");
        let markdown = gate(&shop, &["--format", "markdown"]).out;
        assert!(markdown.contains("| with this change |"), "{markdown}");
    }
    let shop = shop(SPENT);
    shop.branch("work");
    shop.write("src/checkout/pay.py", "price = 2\n");
    shop.commit("Promise the same");
    assert_eq!(with_change(&shop), (None, None));
}
