//! The queries and alerts of Pyrra are those that our model says it makes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use slo::config::Files;
use slo::lint;
use slo::model::IndicatorUse;
use slo::model::Measure;
use slo::model::MetricSource;
use slo::model::Object;
use slo::model::Slo;
use slo::source::Origin;
use slo::source::Source;

use crate::corpus;

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// Returns the only SLO of a resource of Pyrra.
fn slo(target: &str, window: &str, indicator: &Value) -> Slo {
    let text = serde_json::json!({
        "apiVersion": "pyrra.dev/v1alpha1",
        "kind": "ServiceLevelObjective",
        "metadata": {"name": "moorings"},
        "spec": {"target": target, "window": window, "indicator": indicator},
    });
    let source = Source::from_text("slo.yaml", text.to_string(), Origin::Worktree);
    let tree = lint::load(vec![source], &Files::default());
    for file in &tree.files {
        assert!(file.dialect.is_empty(), "{text}: {:?}", file.dialect);
    }
    match tree.catalog.objects() {
        [Object::Slo(slo)] => Slo::clone(slo),
        other => panic!("{text}: {other:?}"),
    }
}

/// A row of a generated alert: the short and the long window, and the factor.
type Row = (String, String, String);

fn rows(slo: &Slo) -> BTreeSet<Row> {
    let alerts = slo.generated.iter();
    let alerts = alerts.map(|alert| {
        (alert.short.to_string(), alert.long.to_string(), alert.threshold.to_string())
    });
    alerts.collect()
}

/// Returns a duration of Go or of Prometheus as we write it.
fn length(text: &str) -> String {
    let seconds = slo::query::seconds(text).expect("a duration");
    slo::quantity::Duration::from_seconds(seconds).to_string()
}

/// Returns what the query of an indicator is, by its name in the rules, from the selectors in it.
fn indicator(expression: &str) -> Option<Value> {
    let grouping = between(expression, "sum by (", ")").map(|labels| labels.split(", "));
    let grouping: Vec<&str> = grouping.into_iter().flatten().collect();
    let selectors: Vec<&str> = expression
        .split("(rate(")
        .skip(1)
        .filter_map(|rest| rest.split_once('[').map(|(selector, _)| selector))
        .collect();
    let metric = |text: &str| serde_json::json!({ "metric": text });
    let grouped = |mut value: Value| {
        value["grouping"] = serde_json::json!(grouping);
        value
    };
    if let Some(bound) = between(expression, "histogram_fraction(0, ", ",") {
        let total = metric(selectors.first()?);
        let native = grouped(serde_json::json!({"latency": format!("{bound}s"), "total": total}));
        return Some(serde_json::json!({ "latencyNative": native }));
    }
    match selectors.as_slice() {
        [errors, total] => {
            let ratio = serde_json::json!({"errors": metric(errors), "total": metric(total)});
            Some(serde_json::json!({"ratio": grouped(ratio)}))
        }
        [total, success, _] => {
            let latency = serde_json::json!({"success": metric(success), "total": metric(total)});
            Some(serde_json::json!({"latency": grouped(latency)}))
        }
        _ => None,
    }
}

/// Returns the share of errors as our model counts it, over a range.
fn of_model(slo: &Slo, range: &str) -> String {
    let objective = slo.objectives.first().expect("an objective");
    let IndicatorUse::Inline(indicator) = &objective.indicator else { panic!("{objective:?}") };
    let text = |source: &Option<MetricSource>| {
        let query = source.as_ref().and_then(|source| source.query.as_ref());
        query.map(|query| query.text.replace("[5m]", &format!("[{range}]")))
    };
    match &indicator.measure {
        Measure::Counts(counts) => {
            let total = text(&counts.total).expect("valid events");
            match (text(&counts.good), text(&counts.bad)) {
                (Some(good), None) => format!("({total} - {good}) / {total}"),
                (None, Some(bad)) => format!("{bad} / {total}"),
                other => panic!("{other:?}"),
            }
        }
        Measure::Raw { source, .. } => text(&Some(source.clone())).expect("a share"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_rules_of_pyrra_are_those_that_it_makes() {
    let Some(root) = corpus::root() else { return };
    let path = root.join("vectors/pyrra/rules_expected.json");
    let text = fs::read_to_string(path).expect("the corpus has it");
    let rules: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let word = |rule: &Value, key: &str| rule[key].as_str().unwrap_or_default().to_owned();
    let mut alerts: BTreeMap<String, (BTreeSet<Row>, String, String)> = BTreeMap::new();
    let (mut queries, mut others) = (0, BTreeMap::<&str, usize>::new());
    for rule in &rules {
        let (expression, record) = (word(rule, "expr"), word(rule, "record"));
        if let Some((factor, target)) =
            between(&expression, "> (", "))").and_then(|text| text.split_once(" * (1-"))
        {
            let (rows, window, known) = alerts.entry(word(rule, "case")).or_default();
            let label = |key: &str| word(&rule["labels"], key);
            rows.insert((length(&label("short")), length(&label("long")), factor.to_owned()));
            if factor == "1" {
                *window = label("exhaustion");
            }
            target.clone_into(known);
        } else if let Some((_, range)) = record.split_once(":burnrate") {
            if expression.contains("count_over_time") {
                *others.entry("a gauge is a threshold in our model").or_default() += 1;
                continue;
            }
            // A mode of Pyrra's reads a bound in the spellings of two versions of Prometheus.
            let expression = expression.replace("le=~\"1(\\\\.0)?\"", "le=\"1\"");
            let indicator = indicator(&expression).unwrap_or_else(|| panic!("{expression}"));
            let slo = slo("99", "4w", &indicator);
            assert_eq!(of_model(&slo, range), expression);
            queries += 1;
        } else {
            let why = match () {
                () if rule["alert"].is_string() => "an alert on missing data",
                () if record.starts_with("pyrra_") => "a series for dashboards",
                () => "a series of the whole window, for dashboards",
            };
            *others.entry(why).or_default() += 1;
        }
    }
    let metric = serde_json::json!({"bool_gauge": {"metric": "up"}});
    let mut seen = 0;
    for (case, (expected, window, target)) in &alerts {
        let decimal: slo::quantity::Ratio = slo::quantity::Ratio::parse(target).expect("a number");
        let slo = slo(&decimal.percent().to_string(), window, &metric);
        assert_eq!(&rows(&slo), expected, "{case}: {window}, {target}");
        seen += expected.len();
    }
    let left: usize = others.values().sum();
    let mut out = std::io::stdout();
    let line = format!(
        "{} rules of Pyrra: {seen} alerts and {queries} queries are those of our model, not ours \
         {others:?}\n",
        rules.len()
    );
    std::io::Write::write_all(&mut out, line.as_bytes()).expect("standard output");
    assert_eq!(rules.len(), seen + queries + left, "{alerts:?}");
    assert!(seen >= 70 && queries >= 100, "{line}");
}
