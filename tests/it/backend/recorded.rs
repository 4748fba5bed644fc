//! Files of recorded measurements.

use proptest::prelude::*;
use slo::backend::recorded::Format;
use slo::backend::recorded::answer;
use slo::backend::recorded::definition_changed;
use slo::backend::recorded::parse;
use slo::backend::recorded::refuse;
use slo::backend::recorded::unknown;
use slo::backend::recorded::write;
use slo::budget::Counts;
use slo::budget::Definition;
use slo::budget::Failure;
use slo::budget::Measurement;
use slo::budget::Request;
use slo::budget::Row;
use slo::budget::Series;
use slo::quantity::Ratio;

use crate::backend::sample::CHECKOUT;
use crate::backend::sample::at;
use crate::backend::sample::catalog;
use crate::backend::sample::requests;

const HEADER: &str = "slo,start,seconds,good,valid\n";

fn one(text: &str, format: Format) -> Measurement {
    let catalog = catalog(CHECKOUT);
    let requests = requests(&catalog, Definition::Trusted, 4);
    let recorded = parse(text.as_bytes(), format, "measured.csv").unwrap();
    answer(&recorded, "file", &requests.iter().collect::<Vec<_>>(), &catalog).remove(0)
}

fn rows(measurement: &Measurement) -> Vec<Row> {
    measurement.series.as_ref().unwrap().rows().to_vec()
}

fn row(start: &str, seconds: i64, counts: Option<(&str, &str)>) -> Row {
    let start: jiff::Timestamp = start.parse().unwrap();
    let ratio = |text| Ratio::parse(text).unwrap();
    let counts = counts.map(|(good, valid)| Counts { good: ratio(good), valid: ratio(valid) });
    Row { start, end: at(start.as_second() + seconds), counts }
}

/// Returns the line and the message of what is wrong.
fn wrong(text: &str, format: Format) -> (u64, String) {
    let problem = parse(text.as_bytes(), format, "measured.csv").unwrap_err();
    assert!(!problem.to_string().contains(char::is_control), "{problem}");
    (problem.line, problem.message)
}

#[test]
fn rows_come_in_any_order_and_stay_exact() {
    let text = "slo,start,seconds,good,valid\n\
        checkout,2026-02-28T22:00:00Z,3600,,\n\
        checkout,2026-02-28T21:00:00+01:00,3600,99.123456789012345678,100\n\
        checkout,2026-02-28T21:00:00Z,3600,0,0\n";
    let expected = [
        row("2026-02-28T20:00:00Z", 3600, Some(("99.123456789012345678", "100"))),
        row("2026-02-28T21:00:00Z", 3600, Some(("0", "0"))),
        row("2026-02-28T22:00:00Z", 3600, None),
    ];
    let measurement = one(text, Format::Csv);
    assert_eq!(rows(&measurement), expected);
    assert_eq!(
        measurement.observed_at.to_string(),
        "2026-02-28T22:00:00Z",
        "the end of the last data"
    );
    assert_eq!((&*measurement.backend, &*measurement.source), ("file", "recorded"));
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(rows(&one(&windows, Format::Csv)), expected);
    let quoted = text.replace("checkout,", "\"checkout\",");
    assert_eq!(rows(&one(&quoted, Format::Csv)), expected);
}

#[test]
fn what_lies_beyond_the_time_that_is_asked_about_tells_nothing_of_it() {
    // Asked about 20:00 to midnight.
    let observed =
        |rows: &str| one(&format!("{HEADER}{rows}"), Format::Csv).observed_at.to_string();
    let old = "checkout,2026-02-28T20:00:00Z,3600,1,2\n";
    let empty = "checkout,2026-02-28T22:00:00Z,3600,,\n";
    let future = "checkout,2026-03-09T00:00:00Z,3600,1,2\n";
    assert_eq!(observed(&format!("{old}{future}")), "2026-02-28T21:00:00Z");
    assert_eq!(observed(&format!("{empty}{future}")), "2026-02-28T23:00:00Z");
    assert_eq!(observed(future), "2026-03-01T00:00:00Z", "nothing was measured before");
    let day = "checkout,2026-01-01T00:00:00Z,86400,1,2\n";
    let hour = "checkout,2026-01-02T00:00:00Z,3600,1,2\n";
    let measurement = one(&format!("{HEADER}{day}{hour}{old}"), Format::Csv);
    let series = measurement.series.unwrap();
    assert_eq!((series.row_seconds(), series.rows().len()), (3600, 2));
    let measurement = one(&format!("{HEADER}{day}{hour}"), Format::Csv);
    assert_eq!(measurement.series.unwrap().rows().len(), 2, "there is no finer one");
}

#[test]
fn json_says_the_same_as_csv() {
    let text = r#"{
    "version": 1, "tool": "another",
    "measurements": [
	{"slo": "checkout", "start": "2026-02-28T20:00:00Z", "seconds": 3600, "good": 99.123456789012345678, "valid": "100"},
	{"slo": "checkout", "start": "2026-02-28T21:00:00Z", "seconds": 3600, "good": null, "valid": null}
    ]}"#;
    let expected = [
        row("2026-02-28T20:00:00Z", 3600, Some(("99.123456789012345678", "100"))),
        row("2026-02-28T21:00:00Z", 3600, None),
    ];
    assert_eq!(rows(&one(text, Format::Json)), expected);
    assert_eq!(Format::of("a/measured.JSON"), Format::Json);
    assert_eq!(Format::of("json"), Format::Csv);
}

#[test]
fn every_wrong_row_is_named_by_its_line() {
    let good = "checkout,2026-02-28T20:00:00Z,3600,1,2\n";
    for (row, message) in [
        ("checkout,2026-02-28T20:00:00Z,3600,3,2", "`good` is 3, more than `valid`, which is 2"),
        ("checkout,2026-02-28T21:00:00Z,3600,-1,2", "`good` is -1, below zero"),
        (
            "checkout,2026-02-28T21:00:00Z,3600,1,many",
            "`valid` is `many`, which is not a decimal number",
        ),
        (
            "checkout,2026-02-28T21:00:00Z,3600,1,NaN",
            "`valid` is `NaN`, which is not a decimal number",
        ),
        ("checkout,2026-02-28T21:00:00Z,3600,1,", "`valid` is empty while `good` is not"),
        ("checkout,2026-02-28T21:00:00Z,3600,,1", "`good` is empty while `valid` is not"),
        ("checkout,yesterday,3600,1,2", "`start` is `yesterday`, which is not an RFC 3339 instant"),
        (
            "checkout,2026-02-28 25:00:00Z,3600,1,2",
            "`start` is `2026-02-28 25:00:00Z`, which is not an RFC 3339 instant",
        ),
        (
            "checkout,20260228T21Z,3600,1,2",
            "`start` is `20260228T21Z`, which is not an RFC 3339 instant",
        ),
        (
            "checkout,2026-02-28T21:00:00Z[UTC],3600,1,2",
            "`start` is `2026-02-28T21:00:00Z[UTC]`, which is not an RFC 3339 instant",
        ),
        (
            "checkout,2026-02-28T21:00:00.5Z,3600,1,2",
            "`start` is `2026-02-28T21:00:00.5Z`, which is not on a whole second",
        ),
        ("checkout,9999-12-30T00:00:00Z,36000000,1,2", "the row ends beyond the year 9999"),
        (
            "checkout,2026-02-28T21:00:00Z,0,1,2",
            "`seconds` is `0`, which is not a whole number from 1 on",
        ),
        (
            "checkout,2026-02-28T21:00:00Z,1h,1,2",
            "`seconds` is `1h`, which is not a whole number from 1 on",
        ),
        (",2026-02-28T21:00:00Z,3600,1,2", "`slo` is empty"),
        ("checkout,2026-02-28T21:00:00Z,3600,1", "the row has 4 fields, the header 5"),
        ("checkout,2026-02-28T20:00:00Z,3600,1,2", "the row repeats the one on line 2"),
        ("checkout,2026-02-28T20:59:59Z,3600,1,2", "the row overlaps the one on line 2"),
    ] {
        let text = format!("{HEADER}{good}{row}\n");
        assert_eq!(wrong(&text, Format::Csv), (3, message.to_owned()), "{row}");
    }
}

#[test]
fn a_header_that_lacks_a_column_is_refused() {
    let column = |text: &str| wrong(text, Format::Csv);
    assert_eq!(column(""), (1, "the header line `slo,start,seconds,good,valid` is missing".into()));
    assert_eq!(column("slo,start,good,valid\n"), (1, "the column `seconds` is missing".into()));
    let twice = column("slo,slo,start,seconds,good,valid\n");
    assert_eq!(twice, (1, "the column `slo` is given twice".into()));
    let bytes = parse(b"slo,start,seconds,good,valid\n\xff,,,,\n", Format::Csv, "x").unwrap_err();
    assert_eq!((bytes.line, &*bytes.message), (2, "the text is not UTF-8"));
    let more = "valid,good,seconds,start,slo,note\n2,1,3600,2026-02-28T20:00:00Z,checkout,fine\n";
    assert_eq!(rows(&one(more, Format::Csv)).len(), 1, "columns in any order, and more of them");
}

#[test]
fn json_that_is_wrong_is_named_by_its_line() {
    let json = |text: &str| wrong(text, Format::Json);
    assert_eq!(json("{\n\"version\": 1,"), (2, "the text is not JSON".into()));
    assert_eq!(json("{\"version\": 2, \"measurements\": []}"), (1, "`version` is not 1".into()));
    assert_eq!(json("{\"version\": 1}"), (1, "`measurements` is not a list".into()));
    assert_eq!(json("[]"), (1, "`version` is not 1".into()));
    let row = |row: &str| json(&format!("{{\"version\": 1, \"measurements\": [\n\n{row}\n]}}"));
    assert_eq!(row("{\"slo\": \"a\"}"), (3, "the key `start` is missing".into()));
    let list = "{\"slo\": [], \"start\": 1, \"seconds\": 1, \"good\": 1, \"valid\": 1}";
    assert_eq!(row(list), (3, "`slo` is neither text nor a number".into()));
    let twice = "{\"slo\": \"a\",\n \"slo\": \"b\"}";
    assert_eq!(row(twice), (4, "the key `slo` is given twice".into()));
    let deep = "[".repeat(100_000);
    assert_eq!(json(&deep), (1, "the text is not JSON".into()));
}

#[test]
fn a_wrong_file_is_an_error_of_every_slo_that_it_answers_for() {
    let catalog =
        catalog(&format!("{CHECKOUT}---{}", CHECKOUT.replace("name: checkout", "name: search")));
    let requests = requests(&catalog, Definition::Trusted, 4);
    let requests: Vec<&Request> = requests.iter().collect();
    let text = format!("{HEADER}checkout,2026-02-28T20:00:00Z,3600,3,2\n");
    let problem = parse(text.as_bytes(), Format::Csv, "measured.csv").unwrap_err();
    let failure = Failure::Malformed(
        "read `measured.csv`, line 2: `good` is 3, more than `valid`, which is 2".into(),
    );
    let states = refuse(&problem, "file", &requests);
    assert_eq!(states.len(), 2);
    assert!(states.iter().all(|state| state.series.as_ref().err() == Some(&failure)));

    // Two names of one objective are one: rows under both may not share time.
    let text = format!(
        "{HEADER}checkout,2026-02-28T20:00:00Z,3600,1,2\nshop/checkout#0,2026-02-28T20:00:00Z,60,1,2\n"
    );
    let recorded = parse(text.as_bytes(), Format::Csv, "measured.csv").unwrap();
    for state in answer(&recorded, "file", &requests, &catalog) {
        let failure = state.series.unwrap_err();
        assert_eq!(
            failure.detail(),
            Some("read `measured.csv`, line 3: the row overlaps the one on line 2")
        );
    }
}

/// Two SLOs of one name, one with two objectives, one of which is called like an index.
fn twins() -> String {
    let other = CHECKOUT.replace("service: shop", "service: pay").replace(
        "objectives: [{ displayName: fast, target: 0.999 }]",
        "objectives: [{ displayName: \"1\", target: 0.99 }, { displayName: slow, target: 0.999 }]",
    );
    format!("{CHECKOUT}---{other}")
}

#[test]
fn a_name_means_one_objective_or_none() {
    let catalog = catalog(&twins());
    let requests = requests(&catalog, Definition::Trusted, 4);
    let requests: Vec<&Request> = requests.iter().collect();
    let answered = |name: &str| -> Vec<usize> {
        let text = format!("{HEADER}{name},2026-02-28T20:00:00Z,3600,1,2\n");
        let recorded = parse(text.as_bytes(), Format::Csv, "measured.csv").unwrap();
        let answers = answer(&recorded, "file", &requests, &catalog);
        let has_rows = |answer: &Measurement| !answer.series.as_ref().unwrap().rows().is_empty();
        let found: Vec<usize> = (0..3).filter(|&index| has_rows(&answers[index])).collect();
        for (index, answer) in answers.iter().enumerate() {
            assert_eq!(answer.warnings.is_empty(), found.contains(&index), "{name}");
        }
        let warned = unknown(&recorded, catalog.slos().map(|slo| &**slo));
        assert_eq!(warned.is_empty(), found.len() == 1, "{name}: {warned:?}");
        found
    };
    assert_eq!(answered("shop/checkout"), [0]);
    assert_eq!(answered("shop/checkout#fast"), [0]);
    assert_eq!(answered("pay/checkout#1"), [2], "an index goes before a name");
    assert_eq!(answered("pay/checkout#slow"), [2]);
    assert_eq!(answered("pay/checkout#0"), [1]);
    for name in
        ["checkout", "checkout#0", "pay/checkout", "pay/checkout#2", "other", "SHOP/checkout"]
    {
        assert_eq!(answered(name), [] as [usize; 0], "{name}");
    }
}

#[test]
fn an_unknown_name_is_a_warning_with_its_line() {
    let catalog = catalog(CHECKOUT);
    let text = format!(
        "{HEADER}checkout,2026-02-28T20:00:00Z,3600,1,2\nchekout,2026-02-28T20:00:00Z,3600,1,2\n"
    );
    let recorded = parse(text.as_bytes(), Format::Csv, "measured.csv").unwrap();
    let warnings = unknown(&recorded, catalog.slos().map(|slo| &**slo));
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["read `measured.csv`, line 3: `chekout` names no objective of a known SLO"]
    );
}

#[test]
fn rows_say_nothing_about_a_head_that_counts_otherwise() {
    let trusted_catalog = catalog(CHECKOUT);
    let text = format!("{HEADER}checkout,2026-02-28T20:00:00Z,3600,1,2\n");
    let recorded = parse(text.as_bytes(), Format::Csv, "measured.csv").unwrap();
    let judge = |from: &str, to: &str| {
        let head = CHECKOUT.replace(from, to);
        assert_ne!(head, CHECKOUT);
        let mut all = requests(&trusted_catalog, Definition::Trusted, 4);
        all.extend(requests(&catalog(&head), Definition::Head, 4));
        let answers = answer(&recorded, "file", &all.iter().collect::<Vec<_>>(), &trusted_catalog);
        assert!(answers[0].series.is_ok(), "the trusted definition stands");
        let changed = answers[1].series.as_ref().err() == Some(&Failure::DefinitionChanged);
        assert_eq!(changed, definition_changed(&all[0], &all[1]));
        assert_eq!(changed, answers[1].series.is_err());
        changed
    };
    assert!(!judge("target: 0.999", "target: 0.99"), "another target judges the same counts");
    assert!(!judge("duration: 30d", "duration: 7d"), "so does another window");
    assert!(judge("code=\"500\"", "code=~\"5..\""), "another indicator");
    assert!(judge("Occurrences", "RatioTimeslices"), "another method");
}

fn count() -> impl Strategy<Value = Option<(Ratio, Ratio)>> {
    let decimal =
        |digits: i64, exponent: i64| Ratio::parse(&format!("{digits}e{exponent}")).unwrap();
    proptest::option::of((0i64..i64::MAX, -40i64..20, 0i64..=1000).prop_map(
        move |(digits, exponent, share)| {
            let valid = decimal(digits, exponent);
            (&valid * &decimal(share, -3), valid)
        },
    ))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn written_and_read_again_is_the_same(counts in prop::collection::vec(count(), 0..20), length in 1i64..5000) {
        let catalog = catalog(&twins());
        let requests = requests(&catalog, Definition::Trusted, 4);
        let borrowed: Vec<&Request> = requests.iter().collect();
        let blank = parse(HEADER.as_bytes(), Format::Csv, "x").unwrap();
        let mut measured = answer(&blank, "file", &borrowed, &catalog);
        let row = |(index, counts): (i64, &Option<(Ratio, Ratio)>)| Row {
            start: at(index * length),
            end: at((index + 1) * length),
            counts: counts.clone().map(|(good, valid)| Counts { good, valid }),
        };
        for measurement in &mut measured {
            let series = Series::new((0i64..).zip(&counts).map(row).collect()).unwrap();
            measurement.series = Ok(std::sync::Arc::new(series));
        }
        let text = write(&requests, &measured);
        let recorded = parse(text.as_bytes(), Format::Csv, "x").unwrap();
        for (again, before) in answer(&recorded, "file", &borrowed, &catalog).iter().zip(&measured) {
            prop_assert_eq!(rows(again), rows(before));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let with_header = [HEADER.as_bytes(), &bytes].concat();
        for format in [Format::Csv, Format::Json] {
            let _ = parse(&bytes, format, "x");
            let _ = parse(&with_header, format, "x");
        }
    }
}
