//! How people write OpenSLO: one text for each style, with blanks that the corpus fills in.
//!
//! A blank stands in angle brackets: `<name>` is new in every file, `<part>` is one word in all of a file, `<prose>`
//! is a line of words.

mod seldom;

/// A way to write definitions.
pub(crate) struct Style {
    /// The ending of its files.
    pub(crate) ending: &'static str,
    /// Of a thousand files, how many are written so.
    pub(crate) share: u32,
    /// The text of a file.
    pub(crate) text: &'static str,
}

/// Every style; the shares add up to 1000.
pub(crate) const STYLES: &[Style] = &[
    Style { ending: "yaml", share: 500, text: INLINE },
    Style { ending: "yaml", share: 50, text: REFERENCED },
    Style { ending: "yaml", share: 110, text: V1ALPHA },
    Style { ending: "yaml", share: 100, text: V2ALPHA },
    Style { ending: "yml", share: 75, text: OPERATOR },
    Style { ending: "yaml", share: 45, text: seldom::FLOW },
    Style { ending: "json", share: 40, text: seldom::JSON },
    Style { ending: "yaml", share: 25, text: seldom::LIST },
    Style { ending: "yaml", share: 35, text: seldom::ANCHORED },
    Style { ending: "yaml", share: 15, text: seldom::MISTAKEN },
    Style { ending: "yaml", share: 4, text: seldom::BROKEN },
    Style { ending: "yaml", share: 1, text: seldom::TEMPLATE },
];

/// One SLO of `openslo/v1` with everything in place: comments, a folded and two literal blocks.
const INLINE: &str = r#"# Owned by team <team>; reviewed every quarter.
# <prose>
apiVersion: openslo/v1
kind: SLO
metadata:
  name: <name>
  displayName: "<service> answers without an error"
  labels:
    team: [<team>, platform]
    tier: "<digit>"
  annotations:
    example.com/runbook: https://runbooks.example.com/<service>/<name>
    example.com/dashboard: "https://grafana.example.com/d/<number>/<service>?orgId=1&from=now-7d"
spec:
  service: <service>
  indicator:
    metadata:
      name: <name>-ratio
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec:
              # Client errors are the client's own: only 5xx is bad.
              query: |
                sum(
                  rate(http_requests_total{job="<service>", route="/<part>/<name>", code!~"5.."}[5m])
                )
        total:
          metricSource:
            type: Prometheus
            spec:
              query: |
                sum(
                  rate(http_requests_total{job="<service>", route="/<part>/<name>"}[5m])
                )
  timeWindow:
    - duration: 28d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - displayName: Most requests are answered
      target: 0.<target>
    - displayName: Hardly any day is bad
      targetPercent: 99.<digit>
  alertPolicies:
    - kind: AlertPolicy
      metadata:
        name: <name>-fast
      spec:
        alertWhenBreaching: true
        alertWhenResolved: false
        conditions:
          - kind: AlertCondition
            metadata:
              name: <name>-fast-burn
            spec:
              severity: page
              condition:
                kind: burnrate
                op: gte
                threshold: 14.4
                lookbackWindow: 1h
                alertAfter: 2m
        notificationTargets:
          - targetRef: on-call-<team>
    # The slow one opens a ticket: <prose>
    - kind: AlertPolicy
      metadata:
        name: <name>-slow
        displayName: <word> <word> <word>
        annotations:
          example.com/runbook: https://runbooks.example.com/<service>/<name>#slow-burn
          example.com/description: <prose>
      spec:
        alertWhenBreaching: true
        alertWhenNoData: false
        conditions:
          - kind: AlertCondition
            metadata:
              name: <name>-slow-burn
            spec:
              severity: ticket
              condition:
                kind: burnrate
                op: gte
                threshold: 1
                lookbackWindow: 3d
                alertAfter: 30m
        notificationTargets:
          - kind: AlertNotificationTarget
            metadata:
              name: <name>-tickets
            spec:
              target: jira
  x-description: >-
    <prose>
    <prose>

    <prose>
    <prose>
  x-decisions:
    - date: 2026-03-<digit>
      who: [<word>, <word>]
      what: "<prose>"
    - date: 2026-06-<digit>
      who: [<word>]
      what: |
        <prose>
        <prose>
"#;

/// Objects that refer to one another, as the documents of one file.
const REFERENCED: &str = r#"---
apiVersion: openslo/v1
kind: DataSource
metadata:
  name: metrics-<number>
spec:
  type: Prometheus
  connectionDetails:
    url: http://prometheus-<number>.example.com:9090
    auth: { header: Authorization, value: "${PROMETHEUS_TOKEN}" }
---
# <prose>
apiVersion: openslo/v1
kind: SLI
metadata:
  name: <name>-latency
  displayName: 'Time to answer: <service>, "<word>"'
spec:
  thresholdMetric:
    metricSource:
      metricSourceRef: metrics-<number>
      spec:
        query: histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{job="<name>"}[5m])))
        x-why: '<prose>'
---
apiVersion: openslo/v1
kind: AlertCondition
metadata:
  name: <name>-slow
spec:
  severity: ticket
  condition:
    kind: burnrate
    op: gt
    threshold: 3
    lookbackWindow: 6h
    alertAfter: 30m
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata:
  name: <name>-channel
  labels: { team: <team>, urgency: low }
spec:
  target: slack
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata:
  name: <name>-policy
spec:
  alertWhenNoData: true
  conditions:
    - conditionRef: <name>-slow
  notificationTargets:
    - targetRef: <name>-channel
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: <name>
  displayName: <service> is quick
  annotations:
    example.com/why: >
      <prose>
      <prose>
spec:
  service: <service>
  indicatorRef: <name>-latency
  timeWindow:
    - duration: 1M
      calendar:
        startTime: "2026-01-01 00:00:00"
        timeZone: Europe/Berlin
  budgetingMethod: Timeslices
  objectives:
    - displayName: quick enough
      op: lte
      value: 0.25
      target: 0.<target>
      timeSliceTarget: 0.95
      timeSliceWindow: 5m
  alertPolicies:
    - alertPolicyRef: <name>-policy
  x-notes: |
    <prose>
    <prose>
"#;

/// The first version of the format, still found in old repositories.
const V1ALPHA: &str = r#"apiVersion: openslo/v1alpha
kind: SLO
metadata:
  name: <name>
  displayName: <service> availability
  annotations:
    notes: '<prose>'
    owner: <team>
    contact: "chat: <team>-<service>"
    reviewed-by: '<word>, <word> and <word>'
    more-notes: "<prose> \"<word>\" <prose>\n<prose>"
spec:
  service: <service>
  budgetingMethod: Occurrences
  timeWindows:
    - unit: Day
      count: 30
      isRolling: true
  objectives:
    - displayName: Foo Availability
      value: 1
      target: 0.98
      ratioMetrics:
        incremental: true
        good:
          source: datadog
          queryType: query
          query: sum:trace.http.request.hits{service:<name>,http.status_code:200,env:prod}.as_count()
        total:
          source: datadog
          queryType: query
          query: sum:trace.http.request.hits{service:<name>,env:prod}.as_count()
    # <prose>
    - displayName: Bar Availability
      value: 1
      target: 0.<target>
      ratioMetrics:
        incremental: true
        good:
          source: prometheus
          queryType: promql
          query: 'sum(rate(grpc_server_handled_total{grpc_service="<name>.<part>",grpc_code="OK"}[5m]))'
        total:
          source: prometheus
          queryType: promql
          query: 'sum(rate(grpc_server_handled_total{grpc_service="<name>.<part>"}[5m]))'
    - displayName: Baz Freshness
      value: 1
      target: 0.9<digit>
      ratioMetrics:
        counter: true
        good:
          source: prometheus
          queryType: promql
          query: >-
            sum(rate(pipeline_records_total{pipeline="<name>",stage="<part>",age_seconds_le="600"}[5m]))
        total:
          source: prometheus
          queryType: promql
          query: >-
            sum(rate(pipeline_records_total{pipeline="<name>",stage="<part>"}[5m]))
"#;

/// The draft of the next version, with what it says about a service in Japanese.
const V2ALPHA: &str = r#"apiVersion: openslo.com/v2alpha
kind: SLO
metadata:
  name: <name>.<service>
  labels:
    example.com/team: <team>
  annotations:
    example.com/description: "<japanese>"
spec:
  serviceRef: <service>
  # <japanese>
  sli:
    metadata:
      name: <name>-good
      annotations:
        example.com/description: |
          <japanese>
          <japanese>
          <japanese>
    spec:
      ratioMetric:
        counter: true
        bad:
          dataSourceRef: metrics
          spec:
            query: |-
              sum(increase(checkout_failures_total{service="<name>", region=~"asia-.*"}[1m]))
        total:
          dataSourceRef: metrics
          spec:
            query: |-
              sum(increase(checkout_attempts_total{service="<name>", region=~"asia-.*"}[1m]))
  timeWindow:
    - duration: 4w
      isRolling: true
  budgetingMethod: RatioTimeslices
  objectives:
    - displayName: <japanese>
      target: 0.<target>
      timeSliceWindow: 1m
  alertPolicies:
    - kind: AlertPolicy
      metadata:
        name: <name>.burn
        labels: { example.com/team: <team>, example.com/urgency: high }
      spec:
        alertWhenBreaching: true
        conditions:
          - kind: AlertCondition
            metadata:
              name: <name>.burn
            spec:
              severity: page
              condition: { kind: burnrate, op: gte, threshold: 6, lookbackWindow: 6h, alertAfter: 5m }
        notificationTargets:
          - targetRef: on-call
"#;

/// Resources for Kubernetes, as an operator reads them.
const OPERATOR: &str = r#"apiVersion: openslo.com/v1
kind: SLO
metadata:
  name: <name>
  namespace: <team>
  labels:
    app.kubernetes.io/name: <service>
    app.kubernetes.io/instance: <service>-<number>
    app.kubernetes.io/version: "1.<digit>.<digit>"
    app.kubernetes.io/part-of: <word>
    app.kubernetes.io/managed-by: flux
  annotations:
    osko.dev/datasourceRef: "mimir-<team>"
    example.com/description: <prose>
    example.com/owner: "<team>@example.com"
spec:
  service: <service>
  description: <prose>
  budgetingMethod: Occurrences
  indicator:
    metadata:
      name: <name>-sli
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Mimir
            spec:
              query: http_requests_total{job="<name>", code=~"(2|3)..", cluster="<part>"}
        total:
          metricSource:
            type: Mimir
            spec:
              query: http_requests_total{job="<name>", cluster="<part>"}
  objectives:
    - displayName: <prose>
      target: "0.<target>"
  timeWindow:
    - duration: 28d
      isRolling: true
---
apiVersion: openslo.com/v1
kind: Datasource
metadata:
  name: mimir-<name>
  namespace: <team>
spec:
  type: mimir
  connectionDetails:
    address: http://mimir.<team>.svc.cluster.local:9009/
    sourceTenants: [ <team>, "<word>" ]
    targetTenant: <team>
status:
  conditions:
    - type: Ready
      status: "True"
      reason: Reconciled
      message: <prose>
      lastTransitionTime: "2026-03-0<digit>T0<digit>:00:00Z"
  observedGeneration: <digit>
"#;
