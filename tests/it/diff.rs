//! `slo diff`: what differs between two commits, or between one and the files as they lie there.

use crate::command::slo;
use crate::repository::Repository;

/// An SLO with a target and the range of its queries.
pub(crate) fn definition(name: &str, target: &str, range: &str) -> String {
    let query = |metric: &str| {
        format!(
            "{{metricSource: {{type: Prometheus, spec: {{query: 'sum(rate({metric}[{range}]))'}}}}}}"
        )
    };
    let [bad, total] = ["lost", "all"].map(|which| query(&format!("{name}_{which}_total")));
    format!(
        "apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}, annotations: {{slo/events-per-hour: '1000'}}}}
spec:
  service: shop
  indicator:
    metadata: {{name: {name}}}
    spec: {{ratioMetric: {{counter: true, bad: {bad}, total: {total}}}}}
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {target}}}]
"
    )
}

/// A repository whose `main` agrees on a target, and whose branch `work` lowers it.
fn repository() -> Repository {
    let repository = Repository::new();
    repository.write("orders.yaml", definition("orders", "0.999", "5m"));
    repository.commit("agree on orders");
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    repository.write("orders.yaml", definition("orders", "0.995", "5m"));
    repository.commit("lower orders");
    repository
}

const LOWERED: &str = "orders.yaml:11   orders   target lowered   99.9 % → 99.5 %
    budget 0.1 % → 0.5 % (+400 %), 672 → 3360 bad events in 28d
";

#[test]
fn a_branch_is_compared_with_where_it_left_the_default_branch() {
    let repository = repository();
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("other.yaml", definition("other", "0.9", "5m"));
    repository.commit("agree on another one meanwhile");
    repository.git(&["checkout", "--quiet", "work"]);
    for arguments in [&["diff"][..], &["diff", "main...work"], &["diff", "main..."]] {
        assert_eq!(slo(repository.path(), arguments).expect(0).out, LOWERED, "{arguments:?}");
    }
    // What the default branch gained is gone from this branch, as from any two commits.
    for arguments in [&["diff", "main", "work"][..], &["diff", "main..work"], &["diff", "main"]] {
        let ended = slo(repository.path(), arguments).expect(0);
        assert!(ended.out.contains("other    slo removed"), "{arguments:?}: {}", ended.out);
    }
}

#[test]
fn files_count_as_they_lie_there() {
    let repository = repository();
    repository.git(&["checkout", "--quiet", "main"]);
    let ended = slo(repository.path(), &["diff"]).expect(0);
    assert_eq!(ended.out, "");
    assert!(
        ended.err.ends_with("compared with the files as they lie there: nothing differs\n"),
        "{}",
        ended.err
    );
    repository.write("orders.yaml", definition("orders", "0.995", "5m").replace('\n', "\r\n"));
    repository.write("new.yaml", definition("new", "0.9", "5m"));
    let ended = slo(repository.path(), &["diff", "--exit-code"]).expect(1);
    assert!(
        ended.out.contains("target lowered") && ended.out.contains("slo added"),
        "{}",
        ended.out
    );
    assert!(ended.err.ends_with("2 changes\n"), "{}", ended.err);
    assert_eq!(slo(repository.path(), &["diff", "--quiet"]).expect(0).err, "");
}

#[test]
fn what_is_staged_is_compared_with_the_last_commit() {
    let repository = repository();
    repository.write("orders.yaml", definition("orders", "0.99", "5m"));
    assert_eq!(slo(repository.path(), &["diff", "--staged"]).expect(0).out, "");
    repository.git(&["add", "orders.yaml"]);
    repository.write("orders.yaml", definition("orders", "0.9", "5m"));
    let ended = slo(repository.path(), &["diff", "--staged"]).expect(0);
    assert!(ended.out.contains("99.5 % → 99 %"), "{}", ended.out);
    let ended = slo(repository.path(), &["diff", "main", "--staged"]).expect(0);
    assert!(ended.out.contains("99.9 % → 99 %"), "{}", ended.out);
    let first = Repository::new();
    first.write("orders.yaml", definition("orders", "0.99", "5m"));
    first.git(&["add", "--all"]);
    let ended = slo(first.path(), &["diff", "--staged"]).expect(0);
    assert!(ended.out.contains("slo added"), "{}", ended.out);
    for arguments in
        [&["diff", "--staged", "main", "work"][..], &["diff", "--staged", "main..work"]]
    {
        assert_eq!(slo(repository.path(), arguments).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn what_changes_nothing_is_listed_where_that_is_asked_for() {
    let repository = repository();
    repository.git(&["checkout", "--quiet", "main"]);
    repository.remove("orders.yaml");
    repository.write("shop/orders.yaml", definition("orders", "0.9990", "5m"));
    let ended = slo(repository.path(), &["diff", "--exit-code"]).expect(0);
    assert_eq!(ended.out, "");
    let ended = slo(repository.path(), &["diff", "--all", "--exit-code"]).expect(1);
    assert_eq!(
        ended.out,
        "shop/orders.yaml:3   orders   slo moved   orders.yaml → shop/orders.yaml\n"
    );
}

#[test]
fn a_difference_is_written_for_machines_and_for_comments() {
    let repository = repository();
    let json = slo(repository.path(), &["diff", "--format", "json"]).expect(0).json();
    let change = &json["changes"][0];
    assert_eq!(change["kind"], "target-lowered");
    assert_eq!((&change["path"], &change["line"]), (&"orders.yaml".into(), &11.into()));
    let ended = slo(repository.path(), &["diff", "--format", "markdown"]).expect(0);
    assert_eq!(
        ended.out,
        "### Changes to the objectives

- `orders`: target lowered, 99.9 % → 99.5 % (`orders.yaml:11`)<br>budget 0.1 % → 0.5 % (+400 %), 672 → 3360 bad events in 28d
"
    );
    let ended = slo(repository.path(), &["diff", "work", "--format", "markdown"]).expect(0);
    assert_eq!(ended.out, "### No change to the objectives\n");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let repository = repository();
    for (arguments, code, says) in [
        (&["diff", "main..work", "main"][..], 2, "is a third"),
        (&["diff", "nowhere"], 3, "`nowhere`"),
        (&["diff", "main", "nowhere"], 3, "`nowhere`"),
    ] {
        let ended = slo(repository.path(), arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{}", ended.err);
        assert!(ended.err.contains(says), "{}", ended.err);
    }
    let folder = Repository::folder();
    let ended = slo(folder.path(), &["diff"]);
    assert!(ended.code == Some(3) && ended.err.contains("git repository"), "{}", ended.err);
    let empty = Repository::new();
    assert_eq!(slo(empty.path(), &["diff"]).code, Some(3));
}
