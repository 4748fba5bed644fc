//! What files of each dialect mean: fixtures, and one SLO that means the same in every version.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;
use slo::config::Files;
use slo::finding::Finding;
use slo::finding::Level;
use slo::lint;
use slo::rules;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;
use slo::yaml;

use crate::fixture;
use crate::mutations;

#[test]
fn fixtures_of_dialects_hold() {
    fixture::check_files(&fixture::markdown_below("tests/fixtures/dialect"));
}

/// Returns the objects of a file as JSON; spans are no part of it.
fn model(text: &str) -> Value {
    let tree =
        lint::load(vec![Source::from_text("slo.yaml", text, Origin::Worktree)], &Files::default());
    for file in &tree.files {
        assert!(file.yaml.is_empty(), "{:?}", file.yaml);
    }
    serde_json::to_value(tree.catalog.objects()).expect("the model serializes")
}

const RATIO_V1: &str = r"
apiVersion: openslo/v1
kind: SLO
metadata: {name: orders, labels: {team: shop}, annotations: {slo/owner: shop}}
spec:
  service: shop
  indicator:
    metadata: {name: orders}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: prometheus, spec: {query: sum(good_orders)}}}
        total: {metricSource: {type: prometheus, spec: {query: sum(orders)}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: taken, target: 0.995}]
";

const RATIO_V1ALPHA: &str = r"
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: orders, labels: {team: shop}, annotations: {slo/owner: shop}}
spec:
  service: shop
  timeWindows: [{unit: Day, count: 28, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - displayName: taken
      value: 1
      target: 0.995
      ratioMetrics:
        incremental: true
        good: {source: prometheus, queryType: promql, query: sum(good_orders)}
        total: {source: prometheus, queryType: promql, query: sum(orders)}
";

const RATIO_V2ALPHA: &str = r"
apiVersion: openslo.com/v2alpha
kind: SLO
metadata: {name: orders, labels: {team: shop}, annotations: {slo/owner: shop}}
spec:
  serviceRef: shop
  sli:
    metadata: {name: orders}
    spec:
      ratioMetric:
        counter: true
        good: {dataSourceSpec: &source {type: prometheus, connectionDetails: {}}, spec: {query: sum(good_orders)}}
        total: {dataSourceSpec: *source, spec: {query: sum(orders)}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: taken, targetPercent: 99.5}]
";

const RATIO_OPERATOR: &str = r"
apiVersion: openslo.com/v1
kind: SLO
metadata: {name: orders, labels: {team: shop}, annotations: {slo/owner: shop}}
spec:
  service: shop
  indicator:
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: prometheus, spec: {query: sum(good_orders)}}}
        total: {metricSource: {type: prometheus, spec: {query: sum(orders)}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: taken, target: '0.9950'}]
";

#[test]
fn one_slo_in_four_versions_is_one_model() {
    let expected = model(RATIO_V1);
    assert_eq!(expected.as_array().map(Vec::len), Some(1), "{expected:#}");
    for other in [RATIO_V1ALPHA, RATIO_V2ALPHA, RATIO_OPERATOR] {
        assert_eq!(model(other), expected, "{other}");
    }
}

const THRESHOLD_V1: &str = r"
apiVersion: openslo/v1
kind: SLO
metadata: {name: delay}
spec:
  service: shop
  indicator:
    metadata: {name: delay}
    spec:
      thresholdMetric: {metricSource: {type: prometheus, spec: {query: max(delay_seconds)}}}
  timeWindow: [{duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Asia/Tokyo}}]
  budgetingMethod: Timeslices
  objectives: [{op: lte, value: 2.5, target: 0.9, timeSliceTarget: 0.95}]
";

const THRESHOLD_V1ALPHA: &str = r"
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: delay}
spec:
  service: shop
  indicator:
    thresholdMetric: {source: prometheus, queryType: promql, query: max(delay_seconds)}
  timeWindows: [{unit: Month, count: 1, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Asia/Tokyo}}]
  budgetingMethod: Timeslices
  objectives: [{op: lte, value: 2.50, target: .9, timeSliceTarget: 95e-2}]
";

#[test]
fn a_threshold_over_a_calendar_is_one_model() {
    assert_eq!(model(THRESHOLD_V1ALPHA), model(THRESHOLD_V1));
}

/// Every kind but an SLO in place, in the words of v1; `{…}` stands for what versions differ in.
const KINDS: &str = r"
apiVersion: {version}
kind: Service
metadata: {name: shop}
spec: {description: sells}
---
apiVersion: {version}
kind: {source}
metadata: {name: metrics}
spec: {type: Prometheus, connectionDetails: {address: http://prometheus.example}}
---
apiVersion: {version}
kind: SLI
metadata: {name: orders}
spec:
  ratioMetric:
    bad: {bad}
    total: {total}
---
apiVersion: {version}
kind: AlertNotificationTarget
metadata: {name: crew}
spec: {target: slack}
---
apiVersion: {version}
kind: AlertCondition
metadata: {name: burns}
spec:
  severity: page
  condition: {kind: {burnrate}, op: gte, threshold: {threshold}, lookbackWindow: 1h, alertAfter: 5m}
---
apiVersion: {version}
kind: AlertPolicy
metadata: {name: pages}
spec:
  alertWhenBreaching: true
  conditions: [{conditionRef: burns}]
  notificationTargets: [{targetRef: crew}]
---
apiVersion: {version}
kind: SLO
metadata: {name: orders}
spec:
  service: shop
  {reference}: orders
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: RatioTimeslices
  objectives: [{target: {target}, timeSliceWindow: 5m}]
  alertPolicies: [{alertPolicyRef: pages}]
";

fn kinds(words: [(&str, &str); 8]) -> String {
    words.iter().fold(KINDS.to_owned(), |text, (name, word)| {
        assert!(text.contains(&format!("{{{name}}}")), "{name}");
        text.replace(&format!("{{{name}}}"), word)
    })
}

#[test]
fn every_kind_is_one_model_in_the_versions_that_have_it() {
    let sources = |query: &str| {
        format!("{{metricSource: {{metricSourceRef: metrics, spec: {{query: {query}}}}}}}")
    };
    let (bad, total) = (sources("sum(bad_orders)"), sources("sum(orders)"));
    let v1 = model(&kinds([
        ("version", "openslo/v1"),
        ("source", "DataSource"),
        ("bad", &bad),
        ("total", &total),
        ("burnrate", "burnrate"),
        ("threshold", "14.4"),
        ("reference", "indicatorRef"),
        ("target", "0.99"),
    ]));
    assert_eq!(v1.as_array().map(Vec::len), Some(7), "{v1:#}");
    let operator = model(&kinds([
        ("version", "openslo.com/v1"),
        ("source", "Datasource"),
        ("bad", &bad),
        ("total", &total),
        ("burnrate", "Burnrate"),
        ("threshold", "\"14.4\""),
        ("reference", "indicatorRef"),
        ("target", "\"0.99\""),
    ]));
    assert_eq!(operator, v1);
    let v2alpha = model(&kinds([
        ("version", "openslo.com/v2alpha"),
        ("source", "DataSource"),
        ("bad", "{dataSourceRef: metrics, spec: {query: sum(bad_orders)}}"),
        ("total", "{dataSourceRef: metrics, spec: {query: sum(orders)}}"),
        ("burnrate", "burnrate"),
        ("threshold", "14.4"),
        ("reference", "sliRef"),
        ("target", "0.99"),
    ]));
    assert_eq!(v2alpha, v1);
}

/// Returns the documents of `go-sdk.md` by their headings.
fn documents(markdown: &str) -> BTreeMap<&str, Value> {
    let sections = markdown.split("\n## ").skip(1);
    sections
        .filter_map(|section| {
            let (name, rest) = section.split_once('\n')?;
            let (_, rest) = rest.split_once("```yaml\n")?;
            let (text, _) = rest.split_once("```")?;
            let source = Source::from_text("base.yaml", text, Origin::Worktree);
            let stream = yaml::parse(SourceId::default(), &source);
            Some((name, mutations::json_of(stream.documents.first()?.root())))
        })
        .collect()
}

/// Makes a change such as `spec.objectives.0.target = 1`.
pub(crate) fn change(object: &mut Value, change: &str) {
    let (path, value) = change.trim().split_once(" = ").expect("a change is `field = value`");
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let parent = parents.split('.').filter(|step| !step.is_empty()).fold(object, |value, step| {
        match step.parse::<usize>() {
            Ok(index) => &mut value[index],
            Err(_) => &mut value[step],
        }
    });
    if value == "-" {
        if let Some(map) = parent.as_object_mut() {
            map.shift_remove(last);
        }
        return;
    }
    let value = match value.strip_prefix("A*") {
        Some(count) => Value::from("A".repeat(count.parse().expect("a count"))),
        None => serde_json::from_str(value).expect("a value is JSON"),
    };
    match (parent, last.parse::<usize>()) {
        (Value::Array(items), Ok(index)) if index == items.len() => items.push(value),
        (parent, Ok(index)) => parent[index] = value,
        (parent, Err(_)) => parent[last] = value,
    }
}

/// Returns what the rules of family `document` find, and that a weight is out of its range, which has
/// a rule of another family.
fn of_document(object: &Value) -> Vec<Finding> {
    let mut findings = mutations::findings(&object.to_string());
    findings.retain(|finding| {
        let is_of_weight =
            finding.rule == "invalid-composite-weight" && finding.level == Level::Error;
        is_of_weight || rules::named(finding.rule).is_some_and(|rule| rule.family() == "document")
    });
    findings
}

#[test]
fn slips_that_the_go_library_tests_are_told_apart() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dialect/go-sdk.md");
    let markdown = fs::read_to_string(path).expect("the file is there");
    let documents = documents(&markdown);
    for (name, document) in &documents {
        assert!(of_document(document).is_empty(), "{name} is not sound");
    }
    let (mut cases, mut section, mut wrong) = (BTreeSet::new(), "", String::new());
    for line in markdown.lines() {
        section = line.strip_prefix("## ").unwrap_or(section);
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [document, case, changes, expected, _] = cells.as_slice() else { continue };
        let Some(document) = documents.get(document) else { continue };
        cases.insert((section, case.to_owned()));
        let mut object = document.clone();
        changes.trim_matches('`').split(';').for_each(|text| change(&mut object, text));
        let findings = of_document(&object);
        let mut found: Vec<&str> = findings.iter().map(|finding| finding.rule).collect();
        found.sort_unstable();
        let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
        if found != *expected {
            let _ = write!(wrong, "\n{section}: {case}: {changes}: {found}, not {expected}");
            for finding in &findings {
                let _ = write!(wrong, "\n    {}", finding.message);
            }
        }
    }
    assert_eq!(cases.len(), 113, "each case of the library has a row or more");
    assert!(wrong.is_empty(), "{wrong}");
}

/// What two environments each call by one name is two things.
#[test]
fn an_slo_is_measured_by_the_indicator_of_its_own_overlay() {
    let of = |environment: &str| {
        let query = format!("sum(rate(requests_total{{env='{environment}'}}[5m]))");
        let text = format!(
            "{{ apiVersion: openslo/v1, kind: SLI, metadata: {{ name: requests }}, spec: {{ ratioMetric: {{ rawType: success, \
             raw: {{ metricSource: {{ type: Prometheus, spec: {{ query: \"{query}\" }} }} }} }} }} }}\n---\n\
             {{ apiVersion: openslo/v1, kind: SLO, metadata: {{ name: checkout }}, spec: {{ service: shop, indicatorRef: requests, \
             objectives: [{{ target: 0.9 }}] }} }}\n"
        );
        Source::from_text(format!("envs/{environment}/slo.yaml"), text, Origin::Worktree)
    };
    let tree = lint::load(["prod", "staging"].map(of).into(), &Files::default());
    let queries = tree.catalog.slos().map(|slo| {
        let indicator = tree.catalog.indicator(&slo.objectives[0].indicator).one();
        let source = indicator.expect("it is found").measure.sources().next();
        source.expect("it has a source").query.clone().expect("it has a query").text
    });
    let queries: Vec<String> = queries.collect();
    assert!(queries[0].contains("prod") && queries[1].contains("staging"), "{queries:?}");
}

/// From an overlay inside another one a reference looks outwards, and never into one beside it.
#[test]
fn an_slo_is_measured_by_the_indicator_of_the_nearest_overlay_around_it() {
    let sli = |folder: &str| {
        let text = format!(
            "{{ apiVersion: openslo/v1, kind: SLI, metadata: {{ name: requests }}, spec: {{ ratioMetric: {{ rawType: success, \
             raw: {{ metricSource: {{ type: Prometheus, spec: {{ query: 'of({folder})' }} }} }} }} }} }}\n"
        );
        Source::from_text(format!("{folder}/sli.yaml"), text, Origin::Worktree)
    };
    let slo = |folder: &&str| {
        let text = "{ apiVersion: openslo/v1, kind: SLO, metadata: { name: checkout }, spec: { service: shop, indicatorRef: requests, \
                    objectives: [{ target: 0.9 }] } }\n";
        Source::from_text(format!("{folder}/slo.yaml"), text, Origin::Worktree)
    };
    let folders = ["dev", "envs/eu/common", "envs/eu/prod", "envs/eu/prod/api", "envs/eu/stg"];
    let found = |at: &[&str]| {
        let sources = at.iter().map(|folder| sli(folder)).chain(folders.iter().map(slo));
        let mut sources: Vec<Source> = sources.collect();
        sources.sort_by(|one, other| one.path.cmp(&other.path));
        let tree = lint::load(sources, &Files::default());
        let queries = tree.catalog.slos().map(|slo| {
            let indicator = tree.catalog.indicator(&slo.objectives[0].indicator).one();
            let source = indicator.and_then(|indicator| indicator.measure.sources().next());
            source.map_or_else(String::new, |source| source.query.clone().expect("it is text").text)
        });
        queries.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        found(&["base", "envs/eu/lib", "envs/eu/prod/lib", "envs/us/lib"]),
        "of(base) of(envs/eu/lib) of(envs/eu/prod/lib) of(envs/eu/prod/lib) of(envs/eu/lib)"
    );
    assert_eq!(
        found(&["envs/eu/lib", "envs/eu/prod/lib", "envs/us/lib"]),
        " of(envs/eu/lib) of(envs/eu/prod/lib) of(envs/eu/prod/lib) of(envs/eu/lib)",
        "none of several sets that all stand elsewhere is nearer"
    );
}
