//! The alerts that Sloth makes are those that our model says it makes.

use std::collections::BTreeSet;
use std::fs;

use slo::config::Files;
use slo::lint;
use slo::model::Slo;
use slo::quantity::Duration;
use slo::quantity::Unit;
use slo::source::Origin;
use slo::source::Source;

use crate::corpus;

/// A row of a generated alert: the SLO, the window, the burn rate and the budget, with nine digits.
type Row = (String, String, String, String);

fn row(slo: &str, window: &str, rate: f64, budget: f64) -> Row {
    (slo.to_owned(), window.to_owned(), format!("{rate:.9}"), format!("{budget:.9}"))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// Returns what the alerts of a generated file compare.
fn of_rules(text: &str) -> BTreeSet<Row> {
    let rows = text.lines().filter_map(|line| {
        let window = between(line, "ratio_rate", "{")?;
        let slo = between(line, "sloth_slo=\"", "\"")?;
        let (rate, budget) = between(line, "> (", ")")?.split_once(" * ")?;
        Some(row(slo, window, rate.parse().ok()?, budget.parse().ok()?))
    });
    rows.collect()
}

/// Returns what our model says that they compare.
fn of_model(slo: &Slo) -> BTreeSet<Row> {
    let number = |text: String| text.parse::<f64>().expect("a number");
    let target = slo.targets().next().expect("it has a target");
    let budget = number(target.value.complement().to_string());
    let rows = slo.generated.iter().flat_map(|alert| {
        let rate = number(alert.threshold.significant(15));
        [alert.short, alert.long]
            .map(|window| row(slo.meta.name(), &window.to_string(), rate, budget))
    });
    rows.collect()
}

#[test]
fn the_alerts_of_sloth_are_those_that_it_makes() {
    let Some(root) = corpus::root() else { return };
    let folder = root.join("vectors/sloth/test/integration/prometheus");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("the corpus has it");
    let mut seen = 0;
    for (input, windows, output, days) in [
        ("in-base.yaml", None, "out-base.yaml.tpl", 30),
        ("in-base.yaml", None, "out-base-28d.yaml.tpl", 28),
        ("in-base.yaml", Some("windows/7d.yaml"), "out-base-custom-windows-7d.yaml.tpl", 7),
        ("in-base-k8s.yaml", None, "out-base-k8s.yaml.tpl", 30),
        ("in-multifile.yaml", None, "out-multifile.yaml.tpl", 30),
        ("in-multifile-k8s.yaml", None, "out-multifile-k8s.yaml.tpl", 30),
    ] {
        let source = |path: &str, text: String| Source::from_text(path, text, Origin::Worktree);
        let mut sources = vec![source("slo.yaml", read(&format!("testdata/{input}")))];
        sources.extend(windows.map(|path| source("windows.yaml", read(path))));
        let files = Files { sloth_window: Duration::new(days, Unit::Day), ..Files::default() };
        let tree = lint::load(sources, &files);
        let model: BTreeSet<Row> = tree.catalog.slos().flat_map(|slo| of_model(slo)).collect();
        let rules = of_rules(&read(&format!("testdata/{output}")));
        assert_eq!(model, rules, "{output}");
        seen += rules.len();
    }
    assert!(seen >= 40, "{seen} comparisons");
}
