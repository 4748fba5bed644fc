//! Rules of Prometheus beside the definitions: read for what they say of an SLO, and nothing more.

use slo::change;
use slo::config::Files;
use slo::lint;
use slo::lint::Tree;
use slo::source::MAX_BYTES;
use slo::source::Origin;
use slo::source::Source;

use crate::command::slo;
use crate::lint::lonely;
use crate::repository::Repository;

const RULES: &str = "groups:
- name: generated
  rules:
  - alert: Burn
    expr: errors:ratio_rate1h{slo=\"a\"} > (14.4 * 0.001)
";

fn tree(files: &[(&str, &str)]) -> Tree {
    let source = |(path, text): &(&str, &str)| Source::from_text(*path, *text, Origin::Worktree);
    lint::load(files.iter().map(source).collect(), &Files::default())
}

#[test]
fn they_are_no_objects() {
    let definition = lonely("a");
    let tree = tree(&[("a.yaml", &definition), ("rules.yaml", RULES)]);
    assert_eq!(tree.catalog.objects().len(), 1);
    assert_eq!(tree.catalog.rules().alerts.len(), 1);
    let folder = Repository::folder();
    folder.write("a.yaml", definition);
    folder.write("rules.yaml", RULES);
    let ended = slo(folder.path(), &["lint", "--format", "json"]).expect(1);
    let json = ended.json();
    assert_eq!(json["findings"][0]["rule"], "rule-constant-drift");
    let found = json["findings"].as_array().expect("a list").len();
    assert_eq!(found, 1, "{}", ended.out);
    let terminal = slo(folder.path(), &["lint"]).expect(1);
    assert!(terminal.out.contains("1 error in 1 SLO (1 file: OpenSLO)"), "{}", terminal.out);
    let verbose = slo(folder.path(), &["lint", "-v"]).expect(1);
    assert!(verbose.err.contains("1 of which may hold an SLO object"), "{}", verbose.err);
}

#[test]
fn a_change_of_one_is_no_change_of_an_slo() {
    let definition = lonely("a");
    let before = tree(&[("a.yaml", &definition), ("rules.yaml", RULES)]);
    let other = RULES.replace("14.4", "6");
    let after = tree(&[("a.yaml", &definition), ("rules.yaml", &other)]);
    assert_eq!(change::between(before.placed(), after.placed()), []);
}

#[test]
fn nothing_is_said_about_their_form() {
    let folder = Repository::folder();
    folder.write("a.yaml", lonely("a"));
    let silent = |text: Vec<u8>| {
        folder.write("rules.yaml", text);
        let ended = slo(folder.path(), &["lint", "--set", "all", "--format", "concise"]);
        let about = ended.out.lines().filter(|line| line.contains("rules.yaml"));
        assert_eq!(about.collect::<Vec<_>>(), [""; 0]);
    };
    let sound = RULES.replace("0.001", "0.01");
    silent(sound.replace("name: generated", "name: generated\n  name: twice").into_bytes());
    silent(sound.replace("alert: Burn", "alert: *nobody").into_bytes());
    silent(format!("{sound}---\n]\n").into_bytes());
    silent(format!("# slo:errors:ratio is recorded elsewhere\n{sound}").into_bytes());
    silent([RULES.as_bytes(), b"# caf\xE9\n"].concat());
    silent([RULES.as_bytes(), "# \n".repeat(MAX_BYTES / 3).as_bytes()].concat());
    silent(format!("{{{{- if .Values.alerts }}}}\n{RULES}{{{{- end }}}}\n").into_bytes());
}

#[test]
fn a_comment_allows_a_finding_there_and_an_unused_one_is_said() {
    let folder = Repository::folder();
    folder.write("a.yaml", lonely("a"));
    let allow = "  # slo: allow(rule-constant-drift): they are generated tomorrow\n  - alert";
    folder.write("rules.yaml", RULES.replace("  - alert", allow));
    slo(folder.path(), &["lint"]).expect(0);
    folder.write("rules.yaml", RULES.replace("  - alert", allow).replace("0.001", "0.01"));
    let unused = slo(folder.path(), &["lint", "--format", "concise"]).expect(0);
    assert!(unused.out.contains("rules.yaml:4:16: warning[unused-suppression]"), "{}", unused.out);
}
