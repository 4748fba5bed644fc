//! `slo convert`: what is written means the same, and what is lost is told.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use slo::change;
use slo::config::Files;
use slo::convert;
use slo::convert::Conversion;
use slo::convert::Note;
use slo::convert::NoteKind;
use slo::convert::Target;
use slo::dialect;
use slo::dialect::Problem;
use slo::lint;
use slo::lint::Tree;
use slo::model::Object;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;
use slo::yaml;

use crate::command::slo;
use crate::corpus;
use crate::repository::Repository;

const TARGETS: [Target; 3] = [Target::OpenSlo, Target::Sloth, Target::Pyrra];

fn load(path: &str, text: &str) -> Tree {
    lint::load(vec![Source::from_text(path, text, Origin::Worktree)], &Files::default())
}

fn converted(tree: &Tree, target: Target) -> Conversion {
    let id = SourceId::default();
    let stream = yaml::parse(id, tree.sources.file(id));
    let reading = dialect::read(&stream);
    let streams: Vec<&yaml::Stream> = std::iter::once(&stream).chain(&reading.parts).collect();
    let window = Files::default().sloth_window;
    convert::convert(id, &streams, &tree.catalog, target, window)
}

fn slos(tree: &Tree) -> usize {
    tree.catalog.objects().iter().filter(|object| matches!(object, Object::Slo(_))).count()
}

/// Fails unless a text is read without any fault, and holds SLOs.
fn assert_sound(text: &str, from: &str) {
    let tree = load("slo.yaml", text);
    let faults: Vec<_> = tree
        .files
        .iter()
        .flat_map(|file| file.yaml.iter().map(|fault| format!("{fault:?}")))
        .collect();
    // A format may say nothing of windows, which a note tells.
    let is_window = |problem: &Problem| matches!(problem, Problem::MissingFields { fields, .. } if *fields == ["timeWindow"]);
    let others = tree.files.iter().flat_map(|file| &file.dialect);
    let others: Vec<_> = others.filter(|problem| !is_window(problem)).collect();
    assert!(faults.is_empty() && others.is_empty(), "{others:?} {faults:?}\n{text}\nfrom\n{from}");
}

/// Converts there and back; returns whether nothing was noted on the way, and then the SLOs are the same.
fn there_and_back(text: &str, own: Target, other: Target) -> bool {
    let before = load("slo.yaml", text);
    let there = converted(&before, other);
    assert_sound(&there.text, text);
    let middle = load("slo.yaml", &there.text);
    let back = converted(&middle, own);
    assert_sound(&back.text, &there.text);
    if !there.notes.is_empty() || !back.notes.is_empty() {
        return false;
    }
    let after = load("slo.yaml", &back.text);
    let placed = |tree: &Tree| (tree.catalog.objects().len(), slos(tree));
    assert_eq!(placed(&before), placed(&after), "{text}\nis\n{}", back.text);
    let changes =
        change::between((&before.catalog, &before.sources), (&after.catalog, &after.sources));
    assert!(changes.is_empty(), "{changes:?}\n{text}\nis\n{}\nand\n{}", there.text, back.text);
    true
}

/// Texts of which each is left out of some definitions.
fn maybe(text: &'static str) -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(text), Just("")]
}

/// Returns an SLO of OpenSLO.
fn openslo() -> impl Strategy<Value = String> {
    let sides = prop_oneof![
        4 => Just(["bad", r#"sum(rate(http_requests_total{job="shop",code=~"5.."}[5m]))"#]),
        1 => Just(["good", r#"sum(rate(http_requests_total{job="shop",code!~"5.."}[5m]))"#]),
        1 => Just(["good", r#"sum(rate(http_seconds_bucket{job="shop",le="0.5"}[5m]))"#]),
        1 => Just(["bad", r#"sum(rate(http_requests_total{job="shop",code=~"5.."}[10m]))"#]),
    ];
    let total = prop_oneof![
        Just(r#"sum(rate(http_requests_total{job="shop"}[5m]))"#),
        Just(r#"sum by (job) (rate(http_requests_total{job="shop"}[5m]))"#),
    ];
    let head = (
        maybe("  displayName: 注文\n"),
        maybe("  labels: {team: shop, tier: \"1\"}\n"),
        maybe("  annotations: {slo/owner: shop}\n"),
        maybe("  description: 'Orders: \"taken\" at once.'\n"),
    );
    let window = prop_oneof![
        Just("{duration: 30d, isRolling: true}"),
        Just("{duration: 4w, isRolling: true}"),
        Just(
            "{duration: 1M, isRolling: false, calendar: {startTime: '2026-01-01 00:00:00', timeZone: UTC}}"
        ),
    ];
    let objectives = prop_oneof![
        3 => Just("[{target: 0.999}]"),
        1 => Just("[{displayName: good, target: 0.9995}]"),
        1 => Just("[{target: 0.99}, {displayName: better, target: 0.999}]"),
    ];
    (sides, total, head, window, objectives).prop_map(|(side, total, head, window, objectives)| {
        let (display, labels, annotations, description) = head;
        let [side, query] = side;
        format!(
            "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: orders\n{display}{labels}{annotations}spec:\n{description}  service: shop\n  indicator:\n    metadata: {{name: orders}}\n    spec:\n      ratioMetric:\n        counter: true\n        {side}: {{metricSource: {{type: Prometheus, spec: {{query: '{query}'}}}}}}\n        total: {{metricSource: {{type: Prometheus, spec: {{query: '{total}'}}}}}}\n  timeWindow: [{window}]\n  budgetingMethod: Occurrences\n  objectives: {objectives}\n"
        )
    })
}

/// Returns an SLO of Sloth.
fn sloth() -> impl Strategy<Value = String> {
    let sli = prop_oneof![
        Just(
            "events:\n        error_query: sum(rate(http_requests_total{job=\"shop\",code=~\"5..\"}[{{.window}}]))\n        total_query: sum(rate(http_requests_total{job=\"shop\"}[{{.window}}]))"
        ),
        Just(
            "raw:\n        error_ratio_query: sum(rate(lost_total[{{.window}}])) / sum(rate(orders_total[{{.window}}]))"
        ),
    ];
    let alerting = prop_oneof![
        Just("{name: Lost, labels: {team: shop}}"),
        Just("{page_alert: {disable: true}, ticket_alert: {disable: true}}"),
    ];
    let head = (
        maybe("    description: Orders are taken at once.\n"),
        maybe("    labels: {team: shop, slo_owner: shop}\n"),
    );
    (sli, alerting, head, prop_oneof![Just("99.9"), Just("95"), Just("99.995")]).prop_map(
        |(sli, alerting, (description, labels), objective)| {
            format!(
                "version: prometheus/v1\nservice: shop\nslos:\n  - name: orders\n    objective: {objective}\n{description}{labels}    sli:\n      {sli}\n    alerting: {alerting}\n"
            )
        },
    )
}

/// Returns an SLO of Pyrra.
fn pyrra() -> impl Strategy<Value = String> {
    let indicator = prop_oneof![
        Just(
            "ratio:\n      errors: {metric: 'http_requests_total{job=\"shop\",code=~\"5..\"}'}\n      total: {metric: 'http_requests_total{job=\"shop\"}'}"
        ),
        Just(
            "ratio:\n      errors: {metric: 'http_requests_total{job=\"shop\",code=~\"5..\"}'}\n      total: {metric: 'http_requests_total{job=\"shop\"}'}\n      grouping: [job]"
        ),
        Just(
            "latency:\n      success: {metric: 'http_seconds_bucket{job=\"shop\",le=\"0.5\"}'}\n      total: {metric: 'http_seconds_count{job=\"shop\"}'}"
        ),
        Just("bool_gauge:\n      metric: up{job=\"shop\"}"),
        Just(
            "latencyNative:\n      latency: 500ms\n      total: {metric: 'http_seconds{job=\"shop\"}'}"
        ),
    ];
    let head = (
        maybe("  namespace: live\n"),
        prop_oneof![
            Just(""),
            Just("  annotations: {slo/owner: shop}\n"),
            Just("  annotations: {a/b: c}\n")
        ],
        maybe("  description: 注文\n"),
    );
    let alerting = prop_oneof![
        Just(""),
        Just("  alerting: {disabled: true}\n"),
        Just("  alerting: {name: Lost, absent: false}\n"),
    ];
    (indicator, head, alerting, prop_oneof![Just("30d"), Just("4w"), Just("1w")]).prop_map(
        |(indicator, (namespace, annotations, description), alerting, window)| {
            format!(
                "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata:\n  name: orders\n{namespace}  labels: {{pyrra.dev/service: shop}}\n{annotations}spec:\n{description}  target: \"99.9\"\n  window: {window}\n{alerting}  indicator:\n    {indicator}\n"
            )
        },
    )
}

#[test]
fn there_and_back_leaves_an_slo_as_it_was_where_nothing_is_noted() {
    let kept = Cell::new([0_usize; 9]);
    let strategies: [(Target, BoxedStrategy<String>); 3] = [
        (Target::OpenSlo, openslo().boxed()),
        (Target::Sloth, sloth().boxed()),
        (Target::Pyrra, pyrra().boxed()),
    ];
    for (row, (own, strategy)) in strategies.iter().enumerate() {
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 256,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let done = runner.run(strategy, |text| {
            for (column, other) in TARGETS.into_iter().enumerate() {
                if there_and_back(&text, *own, other) {
                    let mut counts = kept.get();
                    counts[3 * row + column] += 1;
                    kept.set(counts);
                }
            }
            Ok(())
        });
        done.unwrap_or_else(|error| panic!("{error}"));
    }
    let counts = kept.get();
    assert!(counts.iter().all(|count| *count > 0), "some pair is never without a note: {counts:?}");
}

#[test]
fn every_file_of_the_corpus_becomes_a_sound_one_or_is_refused_with_a_reason() {
    let Some(files) = corpus::corpus() else { return };
    let (mut written, mut refused) = (0, 0);
    for file in &files {
        let source = Source::decode(&file.path, file.bytes.clone(), Origin::Worktree);
        let tree = lint::load(vec![source], &Files::default());
        let has_faults =
            tree.files.iter().any(|one| !one.dialect.is_empty() || !one.yaml.is_empty());
        if slos(&tree) == 0 || has_faults {
            continue;
        }
        for target in TARGETS {
            let conversion = converted(&tree, target);
            let count = conversion.notes.iter().filter(|note| note.kind == NoteKind::Refused);
            refused += count.clone().count();
            assert_eq!(conversion.converted + count.count(), slos(&tree), "{}", file.path);
            if conversion.converted > 0 {
                written += conversion.converted;
                assert_sound(&conversion.text, &file.path);
            }
        }
    }
    assert!(written > 300 && refused > 100, "{written} SLOs are written, {refused} refused");
}

const PYRRA: &str = "apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: orders
  namespace: live
  labels: {pyrra.dev/service: shop, pyrra.dev/team: till}
spec:
  description: 注文はすぐに受け付ける。
  target: \"99.9\"
  window: 4w
  indicator:
    ratio:
      errors: {metric: 'http_requests_total{job=\"shop\",code=~\"5..\"}'}
      total: {metric: 'http_requests_total{job=\"shop\"}'}
";

/// Makes a folder with files in it.
fn folder(files: &[(&str, &str)]) -> Repository {
    let folder = Repository::folder();
    for (path, text) in files {
        folder.write(path, text);
    }
    folder
}

#[test]
fn standard_output_is_the_other_format_and_standard_error_what_it_lacks() {
    let crlf = PYRRA.replace('\n', "\r\n");
    let folder = folder(&[("slo.yaml", PYRRA), ("crlf.yaml", &crlf)]);
    let ended = slo(folder.path(), &["convert", "slo.yaml", "--to", "openslo"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(
        ended.out,
        r#"apiVersion: openslo/v1
kind: SLO
metadata:
  name: orders
spec:
  description: 注文はすぐに受け付ける。
  service: shop
  indicator:
    metadata:
      name: orders
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Prometheus
            spec:
              query: sum(rate(http_requests_total{job="shop",code=~"5.."}[5m]))
        total:
          metricSource:
            type: Prometheus
            spec:
              query: sum(rate(http_requests_total{job="shop"}[5m]))
  timeWindow:
  - duration: 4w
    isRolling: true
  budgetingMethod: Occurrences
  objectives:
  - target: 0.999
"#
    );
    assert_eq!(
        ended.err,
        "slo.yaml:4:9: dropped: `orders`: the alerts that Pyrra makes of it
slo.yaml:5:3: dropped: `metadata.namespace` has no counterpart that is written
slo.yaml:6:53: dropped: the label `pyrra.dev/team`: no label of OpenSLO has such a name
"
    );
    let other = slo(folder.path(), &["convert", "crlf.yaml", "--to", "openslo"]);
    assert_eq!((other.out, other.err), (ended.out, ended.err.replace("slo.yaml", "crlf.yaml")));
    let quiet = slo(folder.path(), &["convert", "slo.yaml", "--to", "openslo", "-q"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (Some(0), ""));
}

#[test]
fn good_events_that_a_label_tells_apart_become_bad_ones() {
    let there = converted(&load("slo.yaml", PYRRA), Target::OpenSlo);
    let text = there.text.replace("bad:", "good:").replace("code=~", "code!~");
    let sloth = converted(&load("slo.yaml", &text), Target::Sloth);
    let query =
        r#"error_query: sum(rate(http_requests_total{job="shop",code=~"5.."}[{{.window}}]))"#;
    assert!(sloth.text.contains(query), "{}", sloth.text);
    let pyrra = converted(&load("slo.yaml", &text), Target::Pyrra);
    let metric = r#"metric: http_requests_total{job="shop",code=~"5.."}"#;
    assert!(pyrra.text.contains(metric), "{}", pyrra.text);
}

#[test]
fn what_has_no_counterpart_is_refused_with_a_reason() {
    let slices = "apiVersion: openslo/v1
kind: SLO
metadata: {name: slices}
spec:
  service: shop
  indicatorRef: answered
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{target: 0.99, timeSliceTarget: 0.95, timeSliceWindow: 1m}]
";
    let indicator = "apiVersion: openslo/v1
kind: SLI
metadata: {name: answered}
spec:
  ratioMetric:
    counter: true
    bad: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(lost_total[5m]))'}}}
    total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(orders_total[5m]))'}}}
";
    let folder = folder(&[("slo.yaml", slices), ("sli.yaml", indicator)]);
    let ended = slo(folder.path(), &["convert", "slo.yaml", "--to", "sloth"]);
    let why = "slo.yaml:3:18: not converted: `slices`: it counts slices of time, and not events\n";
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(1), "", why));
    // The indicator stands in another file.
    let whole = slo(folder.path(), &["convert", "slo.yaml", "--to", "openslo"]);
    assert_eq!((whole.code, whole.err.as_str()), (Some(0), ""));
    assert!(whole.out.contains("query: sum(rate(lost_total[5m]))"), "{}", whole.out);
}

#[test]
fn a_file_without_an_slo_is_refused() {
    let folder = folder(&[("other.yaml", "a: 1\n"), ("slo.yaml", PYRRA)]);
    for (path, says) in [
        ("other.yaml", "other.yaml holds no SLO that is read"),
        (".", ". is a folder"),
        ("none.yaml", "there is no file or folder none.yaml"),
    ] {
        let ended = slo(folder.path(), &["convert", path, "--to", "sloth"]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
        assert!(ended.err.contains(says), "{}", ended.err);
    }
    let ended = slo(folder.path(), &["convert", "slo.yaml", "--to", "nagios"]);
    assert_eq!(ended.code, Some(2));
}

/// The notes of a conversion, a line each.
fn notes(conversion: &Conversion) -> Vec<String> {
    let line = |note: &Note| format!("{}: {}", note.kind.name(), note.text);
    conversion.notes.iter().map(line).collect()
}

const CONFIG_MAP: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: slos, labels: {app: shop}}
data:
  orders.yaml: |
    apiVersion: pyrra.dev/v1alpha1
    kind: ServiceLevelObjective
    metadata: {name: orders, labels: {pyrra.dev/service: shop}}
    spec:
      target: "99.9"
      window: 4w
      extra: 1
      indicator: {ratio: {errors: {metric: lost_total}, total: {metric: orders_total}}}
  paid.yaml: |
    apiVersion: pyrra.dev/v1alpha1
    kind: ServiceLevelObjective
    metadata: {name: paid, labels: {pyrra.dev/service: shop}}
    spec:
      target: "99.9"
      window: 4w
      indicator: {ratio: {errors: {metric: lost_total}, total: {metric: orders_total}}}"#;

#[test]
fn an_slo_in_the_text_of_another_document_is_converted_and_the_other_document_is_not_told() {
    for text in [CONFIG_MAP.to_owned(), format!("{CONFIG_MAP}\n")] {
        let conversion = converted(&load("slo.yaml", &text), Target::Pyrra);
        assert_eq!(conversion.converted, 2);
        assert_eq!(
            notes(&conversion),
            ["dropped: `spec.extra` has no counterpart that is written"]
        );
    }
}

/// An SLO of Sloth for each of some names.
fn named(names: &[&str]) -> String {
    let mut text = "version: prometheus/v1\nservice: shop\nslos:\n".to_owned();
    for name in names {
        text += &format!(
            "  - name: {name}\n    objective: 99.9\n    sli: {{events: {{error_query: 'sum(rate(lost_total[{{{{.window}}}}]))', total_query: 'sum(rate(orders_total[{{{{.window}}}}]))'}}}}\n    alerting: {{name: Lost}}\n"
        );
    }
    text
}

#[test]
fn names_that_another_format_would_write_alike_differ() {
    let tree = load("slo.yaml", &named(&["Orders", "orders", "orders-2", "ORDERS"]));
    let conversion = converted(&tree, Target::Pyrra);
    for name in ["orders", "orders-2", "orders-2-2", "orders-3"] {
        assert!(conversion.text.contains(&format!("  name: {name}\n")), "{}", conversion.text);
    }
    assert_sound(&conversion.text, "");
    let parts = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: 注文}\nspec:\n  service: shop\n  indicator:\n    metadata: {name: orders}\n    spec:\n      ratioMetric:\n        counter: true\n        bad: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(lost_total[5m]))'}}}\n        total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(orders_total[5m]))'}}}\n  timeWindow: [{duration: 30d, isRolling: true}]\n  budgetingMethod: Occurrences\n  objectives: [{displayName: 良, target: 0.9}, {displayName: 優, target: 0.99}]\n";
    let sloth = converted(&load("slo.yaml", parts), Target::Sloth);
    assert!(
        sloth.text.contains("- name: slo\n") && sloth.text.contains("- name: slo-2\n"),
        "{}",
        sloth.text
    );
}

#[test]
fn what_is_noted_of_a_refused_slo_is_that_it_is_refused() {
    let text = named(&["orders"]).replace("name: orders", "name: Orders").replace(
        "total_query: 'sum(rate(orders_total[{{.window}}]))'",
        "total_query: 'sum(rate(orders_total[{{.window}}])) + 1'",
    );
    let conversion = converted(&load("slo.yaml", &text), Target::Pyrra);
    let why = "not converted: `Orders`: Pyrra asks for the rate of one selector, and a query of it is more";
    assert_eq!((conversion.text.as_str(), notes(&conversion)), ("", vec![why.to_owned()]));
}

#[test]
fn text_that_steers_a_terminal_is_written_with_escapes() {
    let text = named(&["orders"]).replace(
        "    objective",
        "    description: \"\\e[31mred\\n::error::x\\r\\x85\"\n    objective",
    );
    let conversion = converted(&load("slo.yaml", &text), Target::OpenSlo);
    assert!(
        conversion.text.contains(r#"description: "\e[31mred\n::error::x\r\N""#),
        "{}",
        conversion.text
    );
    let back = load("slo.yaml", &conversion.text);
    assert_eq!(slos(&back), 1);
}

/// An SLO of OpenSLO that counts good events.
fn counting(good: &str, total: &str) -> String {
    let there = converted(&load("slo.yaml", PYRRA), Target::OpenSlo);
    let replaced = |text: String, side: &str, query: &str| {
        let (before, behind) = text.split_once(side).expect("it has the side");
        let (head, rest) = behind.split_once("query: ").expect("it has a query");
        let (_, end) = rest.split_once('\n').expect("it has lines");
        format!("{before}{side}{head}query: '{query}'\n{end}")
    };
    replaced(replaced(there.text.replace("bad:", "good:"), "good:", good), "total:", total)
}

#[test]
fn pyrra_is_given_what_it_asks_for_and_nothing_else() {
    let all = "sum(rate(a_total[5m]))";
    let refused = "not converted: `orders`: Pyrra counts bad events, and it counts good ones";
    for (good, total, says) in [
        (r#"sum(rate(s_bucket{le="0.5"}[5m]))"#, "sum(rate(s_count[5m]))", "latency"),
        // Buckets of one family, and the count of another.
        (r#"sum(rate(s_bucket{le="0.5"}[5m]))"#, all, refused),
        // What is not in a bucket is in those above it, which hold it, too.
        (r#"sum(rate(s_bucket{le="0.5"}[5m]))"#, "sum(rate(s_bucket[5m]))", refused),
        (r#"sum(rate(a_total{code!="500"}[5m]))"#, all, r#"a_total{code="500"}"#),
        (
            r#"sum(increase(a_total{code!="500"}[5m]))"#,
            "sum(increase(a_total[5m]))",
            "asks for the rate",
        ),
        (r#"sum(rate(a_total{code!="500"}[5m]))"#, "sum(increase(a_total[5m]))", refused),
        (r#"sum(rate(a_total{code!="500"}[5m]))"#, "sum(rate(a_total[1h]))", refused),
        (r#"sum(rate(a_total{code!="500"}[5m] offset 1h))"#, all, "more"),
    ] {
        let conversion = converted(&load("slo.yaml", &counting(good, total)), Target::Pyrra);
        let told = conversion.text.clone() + &notes(&conversion).join("\n");
        assert!(told.contains(says), "{good} of {total} is\n{told}");
    }
}

#[test]
fn a_query_whose_placeholder_is_no_window_is_no_query_for_sloth() {
    let all = "sum(rate(a_total[5m]))";
    let text = counting(r#"sum(rate(a_total{code!="{{.code}}"}[5m]))"#, all);
    let conversion = converted(&load("slo.yaml", &text), Target::Sloth);
    assert!(notes(&conversion).concat().ends_with("is that of a window"), "{:?}", conversion.notes);
}
