//! The baseline: an old repository fails on what is new, and nothing else.

use crate::command::Ended;
use crate::command::Run;
use crate::repository::Repository;

mod any;
mod broken;
mod held;
mod large;
mod reports;
mod written;

/// The file.
const FILE: &str = "slo-baseline.toml";

/// Runs `slo lint`, which prints one line a finding.
fn lint(folder: &Repository, more: &[&str]) -> Ended {
    let usual = ["lint", "--format", "concise"];
    Run::new(folder.path()).arguments(&usual).arguments(more).end()
}

/// Returns the rule and the place of each line: `slo/a.yaml:7 target-100`.
fn found(ended: &Ended) -> Vec<String> {
    let line = |line: &str| {
        let (place, rest) = line.split_once(": ").expect("a place stands before the finding");
        let (path, _) = place.rsplit_once(':').expect("a column ends the place");
        let rule = rest.split(['[', ']']).nth(1).expect("a rule stands in brackets");
        format!("{path} {rule}")
    };
    ended.out.lines().map(line).collect()
}

/// An SLO with objectives.
fn slo(name: &str, objectives: &[&str]) -> String {
    let mut text = format!(
        "apiVersion: openslo/v1
kind: SLO
metadata:
  name: {name}
spec:
  service: shop
  budgetingMethod: Occurrences
  indicator:
    metadata: {{ name: {name}-answered }}
    spec:
      ratioMetric:
        counter: true
        bad: {{ metricSource: {{ type: Prometheus, spec: {{ query: sum({name}_errors) }} }} }}
        total: {{ metricSource: {{ type: Prometheus, spec: {{ query: sum({name}_all) }} }} }}
  timeWindow:
    - duration: 28d
      isRolling: true
  objectives:
"
    );
    for objective in objectives {
        text.push_str(&format!("    - {objective}\n"));
    }
    text
}

/// A folder with two SLOs that are wrong, of which the baseline holds everything.
fn old() -> Repository {
    let folder = Repository::folder();
    folder.write("slo/a.yaml", slo("a", &["target: 1"]));
    folder.write("slo/b.yaml", slo("b", &["target: 99.9"]));
    let ended = lint(&folder, &["--write-baseline"]).expect(0);
    assert_eq!(ended.out, "");
    folder
}
