//! What is seen less often: other notations, shared parts, mistakes.

/// YAML that looks like JSON.
pub(super) const FLOW: &str = r#"{apiVersion: openslo/v1, kind: SLO, metadata: {name: <name>, labels: {team: <team>, tier: "<digit>"}, annotations: {example.com/why: "<prose>"}},
 spec: {service: <service>, budgetingMethod: Occurrences, timeWindow: [{duration: 28d, isRolling: true}],
  indicator: {metadata: {name: <name>-sli}, spec: {ratioMetric: {counter: true,
    good: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(jobs_done_total{job="<name>"}[5m]))'}}},
    total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(jobs_total{job="<name>"}[5m]))'}}}}}},
  objectives: [{displayName: "done, <word> and all", target: 0.<target>}], x-words: [<word>, <word>, "<word>", '<word>']}}
---
{apiVersion: openslo/v1, kind: Service, metadata: {name: <name>-service, displayName: <service>}, spec: {x-about: "<prose>"}}
"#;

/// What a generator writes.
pub(super) const JSON: &str = r#"{
  "apiVersion": "openslo/v1",
  "kind": "SLO",
  "metadata": {
    "name": "<name>",
    "displayName": "<service> \u2013 <word>",
    "annotations": {
      "example.com/description": "<prose> <prose>"
    }
  },
  "spec": {
    "service": "<service>",
    "budgetingMethod": "Occurrences",
    "indicator": {
      "metadata": { "name": "<name>-sli" },
      "spec": {
        "ratioMetric": {
          "counter": true,
          "good": {
            "metricSource": {
              "type": "Prometheus",
              "spec": { "query": "sum(rate(http_requests_total{job=\"<name>\",code!~\"5..\"}[5m]))" }
            }
          },
          "total": {
            "metricSource": {
              "type": "Prometheus",
              "spec": { "query": "sum(rate(http_requests_total{job=\"<name>\"}[5m]))" }
            }
          }
        }
      }
    },
    "timeWindow": [ { "duration": "28d", "isRolling": true } ],
    "objectives": [ { "displayName": "<prose>", "target": 0.<target> } ]
  }
}
"#;

/// A list as `kubectl get -o yaml` prints it.
pub(super) const LIST: &str = r#"apiVersion: v1
kind: List
items:
- apiVersion: openslo/v1
  kind: Service
  metadata:
    name: <name>-service
    labels:
      owner: <team>
  spec: {}
- apiVersion: openslo/v1
  kind: SLI
  metadata:
    name: <name>-sli
  spec:
    ratioMetric:
      counter: true
      good:
        metricSource:
          type: CloudWatch
          spec:
            region: eu-central-1
            queries:
            - id: good
              metricStat: { namespace: AWS/ApplicationELB, name: HTTPCode_Target_2XX_Count, stat: Sum, period: 60 }
      total:
        metricSource:
          type: CloudWatch
          spec:
            region: eu-central-1
            queries:
            - id: total
              metricStat: { namespace: AWS/ApplicationELB, name: RequestCount, stat: Sum, period: 60 }
- apiVersion: openslo/v1
  kind: SLO
  metadata:
    name: <name>
    annotations:
      example.com/description: <prose>
  spec:
    service: <name>-service
    indicatorRef: <name>-sli
    budgetingMethod: Occurrences
    timeWindow:
    - duration: 30d
      isRolling: true
    objectives:
    - displayName: <prose>
      targetPercent: 99.<digit>
    x-why: "<prose>
      <prose>
      <prose>"
"#;

/// Parts that are written once and used again, and findings that somebody allowed.
pub(super) const ANCHORED: &str = r#"apiVersion: openslo/v1
kind: SLO
metadata: &who
  name: <name>
  labels: &labels { team: <team>, service: <service> }
spec:
  service: <service>
  indicator:
    metadata: { <<: *who, annotations: { example.com/why: "<prose>" } }
    spec:
      ratioMetric:
        counter: true
        good: &good
          metricSource:
            type: Prometheus
            # slo: allow(unresolved-query-placeholder) until 2099-12-31: filled in by the deployment
            spec: { query: 'sum(rate(http_requests_total{job="<name>",env="${ENVIRONMENT}"}[5m]))' }
        total: *good
  timeWindow: [ { duration: 28d, isRolling: true } ]
  budgetingMethod: Occurrences
  objectives:
    - displayName: good
      target: 0.<target>
  # <prose>
  # <prose>
  x-why: >+
    <prose>
      <prose>
    <prose>

"#;

/// What people get wrong.
pub(super) const MISTAKEN: &str = r#"apiVersion: openslo/v1
kind: SLO
metadata:
  name: <name>_<number>
  displayname: <service>
  annotations:
    example.com/description: <prose>
spec:
  service: <service>
  indicator:
    metadata:
      name: <name>-sli
    spec:
      ratioMetric:
        good:
          metricSource:
            type: Prometheus
            spec:
              query: sum(rate(http_requests_total{job="$job",code!~"5.."}[$__rate_interval]))
        total:
          metricSource:
            type: Prometheus
            spec:
              query: sum(rate(http_requests_total{job="$job"}[$__rate_interval]))
  timeWindow:
    - duration: 30 days
      isRolling: true
  budgetingMethod: occurrences
  objectives:
    - displayName: good
      target: 99.<digit>
      op: gte
"#;

/// A file that is no YAML after its first document.
pub(super) const BROKEN: &str = r#"apiVersion: openslo/v1
kind: Service
metadata:
  name: <name>
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: "<name>-slo
 spec: [
"#;

/// A template, which is passed over.
pub(super) const TEMPLATE: &str = r"{{- range .Values.services }}
apiVersion: openslo/v1
kind: Service
metadata:
  name: {{ .name }}
  annotations:
    example.com/description: <prose>
{{- end }}
";
