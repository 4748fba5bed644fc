//! Every format tells what is held from what is new, as far as it tells of both.

use crate::repository::Repository;

use super::FILE;
use super::lint;
use super::old;
use super::slo;

/// A folder with a finding that is held, one that a comment allows, and one that is new.
fn mixed() -> Repository {
    let folder = old();
    folder.write("slo/c.yaml", slo("c", &["target: 1"]));
    folder.write(
        "slo/d.yaml",
        slo("d", &["target: 1  # slo: allow(target-100) until 2027-01-31: a promise"]),
    );
    folder
}

fn report(folder: &Repository, format: &str) -> String {
    let target = format!("{format}=report");
    let arguments = ["lint", "--format", target.as_str()];
    let ended = crate::command::slo(folder.path(), &arguments).expect(1);
    assert_eq!(ended.out, "");
    folder.read("report")
}

#[test]
fn people_see_a_number() {
    let folder = mixed();
    let run = |more: &[&str]| crate::command::slo(folder.path(), &[&["lint"], more].concat());
    let out = run(&[]).expect(1).out;
    assert!(!out.contains("slo/a.yaml") && !out.contains("slo/b.yaml"), "{out}");
    let last = out.lines().last().unwrap();
    assert!(last.starts_with("1 error in 4 SLOs (4 files: OpenSLO) · 2 in the baseline"), "{last}");
    let one = run(&["slo/a.yaml"]).expect(0).out;
    assert_eq!(one, "4 SLOs, nothing to report · 1 in the baseline\n");
    let all = run(&["--no-baseline"]).expect(1).out;
    assert!(!all.contains("in the baseline"), "{all}");
}

#[test]
fn json_names_all_and_says_which_are_held() {
    let json: serde_json::Value = serde_json::from_str(&report(&mixed(), "json")).unwrap();
    let findings = json["findings"].as_array().unwrap().iter();
    let accepted = |one: &serde_json::Value| {
        let path = one["path"].as_str().unwrap().to_owned();
        (path, one["baselined"].as_bool().unwrap(), one["suppressed"].as_bool().unwrap())
    };
    let found: Vec<_> = findings.map(accepted).collect();
    let expected = [
        ("slo/a.yaml", true, false),
        ("slo/b.yaml", true, false),
        ("slo/c.yaml", false, false),
        ("slo/d.yaml", false, true),
    ];
    assert_eq!(found, expected.map(|(path, held, allowed)| (path.to_owned(), held, allowed)));
}

#[test]
fn sarif_says_what_is_new() {
    let json: serde_json::Value = serde_json::from_str(&report(&mixed(), "sarif")).unwrap();
    let results = json["runs"][0]["results"].as_array().unwrap().iter();
    let state = |one: &serde_json::Value| {
        let kinds = one["suppressions"].as_array().unwrap().iter();
        let kinds: Vec<&str> = kinds.map(|kind| kind["kind"].as_str().unwrap()).collect();
        format!("{} {}", one["baselineState"].as_str().unwrap(), kinds.join(" "))
    };
    let states: Vec<String> = results.map(state).collect();
    assert_eq!(states, ["unchanged external", "unchanged external", "new ", "new inSource"]);
    let folder = Repository::folder();
    folder.write("a.yaml", slo("a", &["target: 1"]));
    let alone: serde_json::Value = serde_json::from_str(&report(&folder, "sarif")).unwrap();
    let result = &alone["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "target-100");
    assert!(result["baselineState"].is_null() && result["suppressions"].is_null(), "{result}");
}

#[test]
fn the_other_formats_tell_what_is_new_alone() {
    let folder = mixed();
    for format in ["concise", "github", "markdown", "gitlab", "junit"] {
        let text = report(&folder, format);
        assert!(text.contains("slo/c.yaml"), "{format}: {text}");
        for held in ["slo/a.yaml", "slo/b.yaml", "slo/d.yaml"] {
            assert!(!text.contains(held), "{format}: {text}");
        }
    }
}

#[test]
fn what_stands_for_nothing_is_reported_where_it_stands() {
    let folder = old();
    folder.write("slo/a.yaml", slo("a", &["target: 0.9"]));
    let ended = lint(&folder, &[]).expect(0);
    let said =
        format!("{FILE}:7:3: warning[unused-baseline-entry] the baseline holds a finding of ");
    assert!(ended.out.starts_with(&said), "{}", ended.out);
    lint(&folder, &["--fail-on", "warning"]).expect(1);
    folder.write("slo.toml", "[rules]\nunused-baseline-entry = \"error\"\n");
    lint(&folder, &[]).expect(1);
    folder.write("slo.toml", "[rules]\nunused-baseline-entry = \"off\"\n");
    assert_eq!(lint(&folder, &[]).expect(0).out, "");
    folder.remove("slo.toml");
    folder.remove("slo/b.yaml");
    let both = lint(&folder, &[]).expect(0);
    assert_eq!(both.out.lines().count(), 1, "several are said once: {}", both.out);
    assert!(both.out.contains("holds findings that are not there any more"), "{}", both.out);
}
