//! SLOs as text, and the requests that a gate makes of them.

use jiff::Timestamp;
use slo::budget::Definition;
use slo::budget::Request;
use slo::budget::Terms;
use slo::config::Files;
use slo::lint;
use slo::model::Catalog;
use slo::source::Origin;
use slo::source::Source;

/// The instant at which every sample ends, a UTC midnight.
pub(crate) const END: i64 = crate::parts::history::END;

/// An SLO of one objective over good and total events.
pub(crate) const CHECKOUT: &str = r#"
apiVersion: openslo/v1
kind: SLO
metadata: { name: checkout }
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{ duration: 30d, isRolling: true }]
  indicator:
    metadata: { name: requests }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: 'sum(increase(http_requests_total{code="500"}[{{.window}}]))' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'sum(increase(http_requests_total[{{.window}}]))' } } }
  objectives: [{ displayName: fast, target: 0.999 }]
"#;

/// Reads definitions.
pub(crate) fn catalog(text: &str) -> Catalog {
    let tree =
        lint::load(vec![Source::from_text("slo.yaml", text, Origin::Worktree)], &Files::default());
    for file in &tree.files {
        assert!(file.yaml.is_empty(), "{:?}", file.yaml);
    }
    tree.catalog
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Asks for every objective of every SLO, over so many hours up to [`END`].
pub(crate) fn requests(catalog: &Catalog, definition: Definition, hours: i64) -> Vec<Request> {
    let mut requests = Vec::new();
    for slo in catalog.slos() {
        for (index, objective) in slo.objectives.iter().enumerate() {
            requests.push(Request {
                slo: std::sync::Arc::clone(slo),
                objective: index,
                indicator: catalog.indicator(&objective.indicator).one().cloned(),
                terms: Terms::new(slo, index).unwrap(),
                slice_target: objective.slice_target.as_ref().map(|target| target.value.clone()),
                definition,
                start: at(END - hours * 3600),
                end: at(END),
                step_seconds: 3600,
                lookbacks: Vec::new(),
            });
        }
    }
    requests
}
