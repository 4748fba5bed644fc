//! Which backend answers, and in which order.

use slo::backend::Error;
use slo::budget::Definition;
use slo::budget::Failure;

use crate::backend::run::StandIn;
use crate::backend::run::ask;
use crate::backend::run::run;
use crate::backend::run::steady;
use crate::backend::sample::CHECKOUT;
use crate::backend::sample::catalog;
use crate::backend::sample::requests;

const FILE: &str = "[backend.file]\ntype = \"recorded\"\npath = \"measured.csv\"\n";

#[test]
fn without_a_backend_nothing_is_measured() {
    let outcome = run("", CHECKOUT, 4);
    assert_eq!(outcome.measurements()[0].series.as_ref().err(), Some(&Failure::NoBackend));
}

#[test]
fn a_recorded_file_answers_and_warns_of_names_that_it_alone_knows() {
    let outcome = run(FILE, CHECKOUT, 4);
    assert_eq!(outcome.counts(), [(3600, "1".into(), "2".into())]);
    let answers = outcome.answers.as_ref().unwrap();
    let warning = "read `measured.csv`, line 3: `other` names no objective of a known SLO";
    assert_eq!(answers.warnings, [warning]);
    for (path, detail) in [
        ("gone.csv", "read `gone.csv`: there is no such file"),
        ("${GONE}", "environment variable `GONE` is not set or is empty"),
    ] {
        let outcome = run(&FILE.replace("measured.csv", path), CHECKOUT, 4);
        assert_eq!(outcome.failure(), ("unreachable", detail.to_owned()));
    }
    let outcome = run(&FILE.replace("measured", "broken"), CHECKOUT, 4);
    let text = "read `broken.csv`, line 1: the column `start` is missing";
    assert_eq!(outcome.failure(), ("malformed", text.to_owned()));
}

#[test]
fn the_backend_of_the_run_answers_everything() {
    let server = StandIn::start(|asked, _| steady(asked));
    let config = format!("{}{FILE}", server.config(""));
    let catalog = catalog(CHECKOUT);
    let requests = requests(&catalog, Definition::Trusted, 2);
    let sources = |chosen| {
        let outcome = ask(&config, &catalog, &requests, chosen);
        let answer = &outcome.measurements()[0];
        (answer.backend.clone(), answer.source.clone())
    };
    assert_eq!(sources(None), ("prod".to_owned(), "prometheus".to_owned()));
    assert_eq!(sources(Some("file")), ("file".to_owned(), "recorded".to_owned()));
    let error = ask(&config, &catalog, &requests, Some("staging")).answers.unwrap_err();
    assert_eq!(error.to_string(), "find backend `staging` in `slo.toml`");
    assert_eq!(error.hint(), "there is `file`, `prod`");
}

#[test]
fn two_backends_that_fit_are_an_error_of_the_configuration() {
    let server = StandIn::start(|asked, _| steady(asked));
    let config = format!("{}{}", server.config(""), server.config("").replace("prod", "stage"));
    let error = run(&config, CHECKOUT, 2).answers.unwrap_err();
    assert!(matches!(error, Error::BackendAmbiguous { .. }), "{error:?}");
    assert!(error.to_string().contains("`prod`, `stage`"), "{error}");
    assert!(server.all().is_empty());
}

#[test]
fn answers_come_in_the_order_of_the_requests() {
    let server = StandIn::start(|asked, _| steady(asked));
    let config =
        format!("{}sources = [\"Prometheus\"]\n{FILE}sources = [\"Ledger\"]\n", server.config(""));
    let other = |name: &str, kind: &str| {
        CHECKOUT
            .replace("name: checkout", &format!("name: {name}"))
            .replace("type: Prometheus", &format!("type: {kind}"))
    };
    let text = [
        other("a", "Ledger"),
        other("b", "Prometheus"),
        other("checkout", "Ledger"),
        other("d", "Prometheus"),
    ];
    let outcome = run(&config, &text.join("---"), 2);
    let order: Vec<(&str, &str)> =
        outcome.measurements().iter().map(|it| (&*it.slo, &*it.backend)).collect();
    assert_eq!(order, [("a", "file"), ("b", "prod"), ("checkout", "file"), ("d", "prod")]);
    assert_eq!(server.ranges().len(), 2, "a query that two SLOs share is asked once");
}
