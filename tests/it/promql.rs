//! What we make of PromQL beside what others make of it: `promtool` over queries that people wrote, and the
//! crate `promql-parser` over the same and over drawn ones, which `tests/run` shows to Prometheus 3.9 itself.

use std::fs;

use promql_parser::parser;
use proptest::prelude::ProptestConfig;
use proptest::prelude::Strategy;
use proptest::prelude::prop_assert;
use proptest::prelude::prop_assert_eq;
use proptest::prelude::proptest;
use proptest::test_runner::RngSeed;
use proptest::test_runner::TestRunner;
use slo::query;
use slo::query::placeholder;
use slo::query::placeholder::Language;

use crate::corpus;
use crate::parts::ask::agent;
use crate::parts::server::Prometheus;

mod differences;
mod drawn;

use differences::DIFFERENCES;

/// A query of the corpus with what `promtool` 2.42 says of it: `ok`, or what is wrong and where.
struct Judged {
    text: String,
    judgment: String,
}

/// Returns the queries of the corpus, where that is at hand.
///
/// A row has six columns, and the query is the last: nothing in it is escaped, and all white space, line breaks
/// included, is one space. Placeholders are as people wrote them, while `promtool` saw `5m` or the like in their
/// place: it refuses `x[{{.window}}]`, and the rows with one are `ok`.
fn judged() -> Option<Vec<Judged>> {
    let table = fs::read_to_string(corpus::root()?.join("promql.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|row| {
        let columns: Vec<&str> = row.split('\t').collect();
        let [_, _, _, _, judgment, text] = columns[..] else { panic!("six columns: {row}") };
        Judged { text: text.to_owned(), judgment: judgment.to_owned() }
    });
    Some(rows.collect())
}

/// Tells whether we accept a query: there is a tree, and no problem.
fn we_accept(text: &str) -> bool {
    let (tree, problems) = query::parse(text);
    tree.is_some() && problems.is_empty()
}

fn they_accept(text: &str) -> bool {
    parser::parse(text).is_ok()
}

/// Asserts that `promql-parser` judges a query as we do, but for a known difference that its tokens show.
fn same_judgment(text: &str, tokens: &str) -> Result<(), String> {
    let accepted = we_accept(text);
    let theirs = parser::parse(text);
    let is_known = || {
        let mut known = DIFFERENCES.iter().filter(|difference| difference.accepted == accepted);
        known.any(|difference| difference.is_in(tokens))
    };
    if theirs.is_ok() == accepted || is_known() {
        return Ok(());
    }
    let ours = query::parse(text).1;
    Err(format!(
        "{text}
we: {ours:?}
they: {:?}",
        theirs.map(|_| "accepted")
    ))
}

#[test]
fn queries_that_people_wrote_are_judged_as_by_promtool() {
    let Some(rows) = judged() else { return };
    let (mut refused, mut differences) = (0, Vec::new());
    for Judged { text, judgment } in &rows {
        let (tree, problems) = query::parse(text);
        // A query is one line here, so a place is its column, which counts bytes from 1.
        let ours = match problems.first() {
            Some(problem) => format!("error: 1:{}:", problem.extent.start + 1),
            None if tree.is_some() => "ok".to_owned(),
            None => "neither a tree nor a problem".to_owned(),
        };
        refused += usize::from(judgment != "ok");
        if !judgment.starts_with(&ours) {
            differences.push(format!("{text}\nthey: {judgment}\nwe: {problems:?}"));
        }
    }
    assert!(rows.len() > 1000 && refused > 10, "{} queries, {refused} refused", rows.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn queries_that_people_wrote_are_judged_as_by_promql_parser() {
    let Some(rows) = judged() else { return };
    for Judged { text, .. } in &rows {
        // slo-generator writes the window as a bare word.
        let mut filled = text.replace("[window]", "[5m]");
        for place in placeholder::placeholders(text, Language::Promql) {
            filled = filled.replace(place.slice(text), "5m");
        }
        same_judgment(&filled, &filled).unwrap_or_else(|difference| panic!("{difference}"));
    }
}

#[test]
fn every_call_of_every_function_is_judged_as_by_promql_parser() {
    let (calls, mut accepted) = (drawn::calls(), 0);
    for call in &calls {
        accepted += usize::from(we_accept(call));
        same_judgment(call, call).unwrap_or_else(|difference| panic!("{difference}"));
    }
    assert!(calls.len() > 1500 && accepted > 150, "{} calls, {accepted} accepted", calls.len());
}

#[test]
fn known_differences_from_promql_parser_are_differences() {
    for difference in DIFFERENCES {
        for example in difference.examples {
            assert_eq!(
                we_accept(example),
                difference.accepted,
                "we, {example}: {}",
                difference.why
            );
            assert_eq!(
                they_accept(example),
                !difference.accepted,
                "they, {example}: no difference"
            );
        }
    }
}

/// What versions after 3.9 added, as it stands among the tokens of a drawn query.
const LATER: &[&str] = &[
    "fill",
    "</",
    ">/",
    "_of",
    "range",
    "start (",
    "end (",
    "step",
    "histogram_quantiles",
    "integral",
    "start_timestamp",
];

/// Asserts that a server of Prometheus 3.9 judges drawn queries as we do, but for what is later than it.
fn judged_as_by_the_server(url: &str, queries: impl Strategy<Value = drawn::Tokens>) {
    let (agent, address) = (agent(), format!("{url}/api/v1/parse_query"));
    let result = TestRunner::new(config(1500)).run(&queries.no_shrink(), |tokens| {
        let (text, tokens) = (drawn::text(&tokens, true), tokens.join(" "));
        let answer = agent.post(&address).send_form([("query", &text)]).unwrap();
        let theirs = answer.status().as_u16() == 200;
        let ours = we_accept(&text);
        let is_later = ours && LATER.iter().any(|later| tokens.contains(later));
        prop_assert!(theirs == ours || is_later, "{}\nwe: {:?}", text, query::parse(&text).1);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
#[ignore = "needs Prometheus 3: tests/run provides it"]
fn drawn_queries_are_judged_as_by_prometheus_3() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = Prometheus::start_3(folder.path());
    judged_as_by_the_server(server.url(), drawn::sound());
    judged_as_by_the_server(server.url(), drawn::slipped());
}

/// The same queries in each run: what else differs is found by drawing more, not by another run.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(6000))]

    #[test]
    fn sound_queries_of_every_construct_are_accepted(tokens in drawn::sound()) {
        for wide in [false, true] {
            let text = drawn::text(&tokens, wide);
            prop_assert!(we_accept(&text), "{}\n{:?}", text, query::parse(&text).1);
            prop_assert_eq!(same_judgment(&text, &tokens.join(" ")), Ok(()));
        }
    }

    #[test]
    fn queries_with_a_slip_are_judged_as_by_promql_parser(tokens in drawn::slipped()) {
        prop_assert_eq!(same_judgment(&drawn::text(&tokens, false), &tokens.join(" ")), Ok(()));
    }
}
