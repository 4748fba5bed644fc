//! One cause, one finding: a slip in a sound repository is told by the rules that its line names, once
//! each, with every rule on.

use slo::config::Config;
use slo::config::owners::CodeOwners;
use slo::finding::Finding;
use slo::lint;
use slo::lint::Choice;
use slo::lint::RuleSet;
use slo::rules::Facts;
use slo::rules::Set;
use slo::source::Origin;
use slo::source::Source;

/// Nothing is reported of it.
const SOUND: &str = r#"
apiVersion: openslo/v1
kind: SLO
metadata:
  name: ferry-crossings
  annotations:
    slo/owner: crew
    slo/rationale: passengers miss their train when one boat in a hundred is late
spec:
  service: ferries
  indicatorRef: crossings
  timeWindow:
    - duration: 28d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.995
  alertPolicies:
    - alertPolicyRef: burns-fast
    - alertPolicyRef: burns-slowly
---
apiVersion: openslo/v1
kind: Service
metadata:
  name: ferries
---
apiVersion: openslo/v1
kind: SLI
metadata:
  name: crossings
spec:
  ratioMetric:
    counter: true
    good:
      metricSource:
        metricSourceRef: harbor
        spec:
          query: sum(increase(crossings_total{job="ferries",late="no"}[28d]))
    total:
      metricSource:
        metricSourceRef: harbor
        spec:
          query: sum(increase(crossings_total{job="ferries"}[28d]))
---
apiVersion: openslo/v1
kind: DataSource
metadata:
  name: harbor
spec:
  type: Prometheus
  connectionDetails:
    url: https://prometheus.example.com
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata:
  name: burns-fast
spec:
  alertWhenNoData: true
  alertWhenBreaching: true
  conditions:
    - conditionRef: fast-burn
  notificationTargets:
    - targetRef: bridge
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata:
  name: burns-slowly
spec:
  alertWhenNoData: true
  alertWhenBreaching: true
  conditions:
    - conditionRef: slow-burn
  notificationTargets:
    - targetRef: office
---
apiVersion: openslo/v1
kind: AlertCondition
metadata:
  name: fast-burn
  annotations:
    slo/short-window: 5m
    slo/runbook: docs/late.md
spec:
  severity: page
  condition:
    kind: burnrate
    op: gte
    threshold: 13.44
    lookbackWindow: 1h
---
apiVersion: openslo/v1
kind: AlertCondition
metadata:
  name: slow-burn
  annotations:
    slo/short-window: 6h
spec:
  severity: ticket
  condition:
    kind: burnrate
    op: gte
    threshold: 1
    lookbackWindow: 3d
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata:
  name: bridge
spec:
  target: pagerduty
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata:
  name: office
spec:
  target: jira
---
apiVersion: slo/v1
kind: ErrorBudgetPolicy
metadata:
  name: crossings
spec:
  owner: crew
  escalation: [harbor-master]
  selector:
    services: [ferries]
  overrides:
    approvers: [harbor-master]
    maxDuration: 3d
  temporaryRecovery:
    all:
      - burn: { lookback: 1h, lt: 1 }
      - burn: { lookback: 6h, lt: 1 }
  evaluation:
    noData:
      onUnknown: deny
      onBackendError: deny
  tiers:
    - name: stop
      enter: { burn: { lookback: slo, gte: 1 } }
      exit: auto
      gate: freeze
      exempt: [reliability-fix, security]
"#;

/// What is written in the place of what, and the rules that tell it.
const SLIPS: &[(&str, &str, &[&str])] = &[
    // Names that lead nowhere, near to the one that is meant and far from it.
    ("service: ferries\n", "service: feries\n", &["unresolved-reference"]),
    ("services: [ferries]", "services: [feries]", &["unresolved-reference"]),
    ("services: [ferries]", "services: [trains]", &["unresolved-reference"]),
    ("indicatorRef: crossings", "indicatorRef: crosings", &["unresolved-reference"]),
    ("indicatorRef: crossings", "indicatorRef: arrivals", &["unresolved-reference"]),
    ("alertPolicyRef: burns-fast", "alertPolicyRef: burnsfast", &["unresolved-reference"]),
    ("alertPolicyRef: burns-fast", "alertPolicyRef: sinking", &["unresolved-reference"]),
    ("conditionRef: fast-burn", "conditionRef: fast-brun", &["unresolved-reference"]),
    ("conditionRef: fast-burn", "conditionRef: sinking", &["unresolved-reference"]),
    ("targetRef: bridge", "targetRef: brigde", &["unresolved-reference"]),
    ("targetRef: bridge", "targetRef: captain", &["unresolved-reference"]),
    (
        "good:\n      metricSource:\n        metricSourceRef: harbor",
        "good:\n      metricSource:\n        metricSourceRef: harbro",
        &["unresolved-reference"],
    ),
    // Names and kinds of what others refer to.
    (
        "kind: SLI\nmetadata:\n  name: crossings",
        "kind: SLI\nmetadata:\n  name: crosings",
        &["unresolved-reference"],
    ),
    ("  name: burns-fast", "  name: Burns Fast", &["invalid-object-name"]),
    ("  name: fast-burn", "  nmae: fast-burn", &["unknown-field"]),
    ("kind: SLI\n", "kind: SLl\n", &["unknown-kind"]),
    ("kind: AlertPolicy\n", "kind: AlertPolcy\n", &["unknown-kind"]),
    ("kind: AlertCondition\n", "kind: AlertConditon\n", &["unknown-kind"]),
    ("kind: ErrorBudgetPolicy", "kind: ErrorBudgetPolcy", &["unknown-kind"]),
    // Keys.
    ("alertPolicies:", "alertPolicys:", &["unknown-field"]),
    ("conditions:", "condition:", &["unknown-field"]),
    ("objectives:", "objective:", &["unknown-field"]),
    ("timeWindow:", "timeWindows:", &["unknown-field"]),
    ("budgetingMethod:", "budgetingMethd:", &["unknown-field"]),
    ("slo/owner: crew", "slo/ownr: crew", &["unknown-field"]),
    ("slo/rationale: passengers", "slo/rational: passengers", &["unknown-field"]),
    ("    slo/short-window: 5m", "    slo/short-windw: 5m", &["unknown-field"]),
    ("notificationTargets:", "notificationTarget:", &["unknown-field"]),
    ("severity: page", "severty: page", &["unknown-field"]),
    ("ratioMetric:", "ratioMetrics:", &["unknown-field"]),
    ("alertWhenNoData: true", "alertWhenNodata: true", &["unknown-field"]),
    ("selector:", "selectr:", &["unknown-field"]),
    ("  tiers:", "  tires:", &["unknown-field"]),
    ("onUnknown: deny", "onUnknwon: deny", &["unknown-field"]),
    // Values.
    ("target: 0.995", "target: 99.5", &["target-unit-mismatch"]),
    ("target: 0.995", "target: 0.995 percent", &["invalid-value"]),
    ("duration: 28d", "duration: 28 days", &["invalid-duration"]),
    ("lookbackWindow: 1h", "lookbackWindow: 1H", &["invalid-duration"]),
    ("lookbackWindow: 1h", "lookbackWindow: 1M", &["invalid-duration"]),
    ("op: gte", "op: more", &["invalid-value"]),
    ("op: gte", "op: lte", &["burn-operator-inverted"]),
    ("threshold: 13.44", "threshold: fast", &["invalid-value"]),
    ("threshold: 13.44", "threshold: 1344", &["alert-can-never-fire"]),
    ("gate: freeze", "gate: freez", &["invalid-value"]),
    ("budgetingMethod: Occurrences", "budgetingMethod: Occurences", &["budgeting-method-mismatch"]),
    // YAML.
    ("  name: fast-burn", "  name: [fast-burn", &["yaml-parse-error"]),
    ("  service: ferries\n", "  service: ferries\n  service: ferries\n", &["yaml-parse-error"]),
];

fn told(text: &str) -> Vec<Finding> {
    let config = Config::default();
    let source = Source::from_text("slo/ferries.yaml", text, Origin::Worktree);
    let tree = lint::load(vec![source], &config.files);
    let choice = Choice { set: Some(Set::All), only: Vec::new() };
    let (rules, unknown) = RuleSet::new(&config.rules, &choice);
    assert!(unknown.is_empty());
    let now = "2026-11-22T09:00:00Z".parse().expect("an instant");
    let code_owners = CodeOwners::default();
    let facts = Facts::new(&config, &code_owners, now);
    lint::fold(lint::run(&tree, &rules, &facts))
}

#[test]
fn a_slip_is_told_once_and_by_one_rule() {
    let known = told(SOUND);
    assert!(known.is_empty(), "{known:#?}");
    let mut wrong = Vec::new();
    for (from, to, rules) in SLIPS {
        assert!(SOUND.contains(from), "{from}");
        let found = told(&SOUND.replacen(from, to, 1));
        let names: Vec<&str> = found.iter().map(|finding| finding.rule).collect();
        if names != *rules {
            let said = found.iter().map(|one| format!("\n    {}: {}", one.rule, one.message));
            wrong.push(format!("{to:?} is told by:{}", said.collect::<String>()));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), SLIPS.len(), wrong.join("\n"));
}
