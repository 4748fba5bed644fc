//! `slo lint` over a folder: levels, settings, what is said once.

use crate::command::Ended;
use crate::command::Run;
use crate::command::slo;
use crate::repository::Repository;

/// An SLO that lacks an owner, an alert and a policy, and nothing else.
pub(crate) fn lonely(name: &str) -> String {
    format!(
        "apiVersion: openslo/v1
kind: SLO
metadata: {{ name: {name}, annotations: {{ slo/rationale: nobody minds a slow night }} }}
spec:
  service: {name}
  indicator:
    metadata: {{ name: {name} }}
    spec:
      ratioMetric:
        counter: true
        good: {{ metricSource: {{ type: Prometheus, spec: {{ query: 'sum({name}_good{{job=\"shop\"}})' }} }} }}
        total: {{ metricSource: {{ type: Prometheus, spec: {{ query: sum({name}_all) }} }} }}
  timeWindow: [{{ duration: 28d, isRolling: true }}]
  budgetingMethod: Occurrences
  objectives: [{{ target: 0.99 }}]
"
    )
}

/// A folder where `t1/a.yaml` and `t2/b.yaml` each hold an SLO that lacks everything.
fn lonely_folders(config: &str) -> Repository {
    let folder = Repository::folder();
    folder.write("t1/a.yaml", lonely("a"));
    folder.write("t2/b.yaml", lonely("b"));
    folder.write("slo.toml", config);
    folder
}

fn lines(ended: &Ended) -> Vec<&str> {
    ended.out.lines().collect()
}

fn concise(folder: &Repository, more: &[&str]) -> Ended {
    slo(folder.path(), &[&["lint", "-q", "--format", "concise"], more].concat())
}

#[test]
fn what_all_lack_is_said_once_of_those_that_are_reported() {
    let strict = "[rules]\nset = \"strict\"\n";
    let folder = lonely_folders(strict);
    let all = concise(&folder, &[]);
    assert_eq!(lines(&all).len(), 3, "{}", all.out);
    assert!(all.out.contains("t1/a.yaml:3:19: error[missing-owner] no SLO of the"), "{}", all.out);
    for rule in ["missing-owner", "no-alert", "no-error-budget-policy"] {
        let below = concise(&folder, &["t2", "--rule", rule]);
        assert_eq!(lines(&below).len(), 1, "{rule}: {}", below.out);
        assert!(below.out.starts_with("t2/b.yaml:3:"), "{rule}: {}", below.out);
        assert!(below.out.contains("the SLO `b`"), "{rule}: {}", below.out);
        let allow = format!("# slo: allow({rule}): it is a sketch\n");
        folder.write("t1/a.yaml", format!("{allow}{}", lonely("a")));
        let left = concise(&folder, &["--rule", rule]);
        assert!(left.out.starts_with("t2/b.yaml:3:"), "{rule}: {}", left.out);
        assert_eq!(lines(&left).len(), 1, "{rule}: {}", left.out);
        folder.write("t1/a.yaml", lonely("a"));
    }
}

#[test]
fn what_all_lack_is_said_where_it_weighs_most() {
    let folder = lonely_folders("[rules]\nno-alert = { level = \"error\", paths = [\"t2/**\"] }\n");
    let one = concise(&folder, &[]).expect(1);
    assert!(one.out.starts_with("t2/b.yaml:3:19: error[no-alert]"), "{}", one.out);
    assert_eq!(lines(&one).len(), 1, "{}", one.out);
    folder.write(
        "slo.toml",
        "[[rules.no-alert]]\nlevel = \"info\"\n[[rules.no-alert]]\nlevel = \"error\"\npaths = [\"t2/**\"]\n",
    );
    let both = concise(&folder, &[]).expect(1);
    assert!(both.out.starts_with("t2/b.yaml:3:19: error[no-alert] no SLO of"), "{}", both.out);
    assert_eq!(lines(&both).len(), 1, "{}", both.out);
}

#[test]
fn a_level_of_the_configuration_is_that_of_the_usual_case_and_the_highest_of_any() {
    let level = |priority: &str, configured: &str, rule: &str| {
        let folder = Repository::folder();
        let critical = format!("annotations: {{ slo/priority: {priority},");
        folder.write("a.yaml", lonely("a").replacen("annotations: {", &critical, 1));
        folder.write("slo.toml", format!("[rules]\n{configured}\n"));
        let found = concise(&folder, &["--rule", rule]);
        let (_, rest) = found.out.split_once(": ").expect("one finding");
        rest.split_once('[').expect("its level").0.to_owned()
    };
    for rule in ["no-alert", "no-error-budget-policy"] {
        assert_eq!(level("P3", "", rule), "warning");
        assert_eq!(level("P1", "", rule), "error");
        assert_eq!(level("P3", &format!("{rule} = \"error\""), rule), "error");
        assert_eq!(level("P1", &format!("{rule} = \"warning\""), rule), "warning");
        assert_eq!(level("P1", &format!("{rule} = \"info\""), rule), "info");
    }
    let folder = Repository::folder();
    // A low target that has a reason is no slip.
    folder.write("a.yaml", lonely("a").replace("0.99", "0.01").replace("rationale", "basis"));
    folder.write("slo.toml", "[rules]\ntarget-out-of-range = \"error\"\n");
    let low = concise(&folder, &[]).expect(0);
    assert!(low.out.contains("warning[target-out-of-range]"), "{}", low.out);
}

#[test]
fn of_several_entries_for_one_path_the_last_says_the_level() {
    let folder = lonely_folders(
        "[[rules.no-alert]]\nlevel = \"error\"\npaths = [\"**\"]\n[[rules.no-alert]]\nlevel = \"off\"\npaths = [\"t2/**\"]\n",
    );
    let found = concise(&folder, &[]).expect(1);
    assert!(found.out.starts_with("t1/a.yaml"), "{}", found.out);
    assert_eq!(lines(&found).len(), 1, "{}", found.out);
}

#[test]
fn a_setting_that_a_rule_does_not_have_or_cannot_read_is_refused_at_its_place() {
    let folder = Repository::folder();
    folder.write("slo/a.yaml", lonely("a"));
    for (entry, column, says) in [
        ("target-100 = { level = \"off\", pahts = [\"t2/**\"] }", 31, "did you mean `paths`?"),
        ("target-100 = { lvel = \"off\" }", 16, "did you mean `level`?"),
        ("unused-object = { librares = [\"x\"] }", 19, "did you mean `libraries`?"),
        ("unused-object = { libraries = 3 }", 31, "expects an array of strings"),
        ("unused-object = { libraries = \"x\" }", 31, "in brackets"),
        ("unused-object = { libraries = [3] }", 32, "expects a string"),
        ("unused-object = { libraries = [\"\"] }", 32, "empty"),
        ("unused-object = { libraries = [\"[bad\"] }", 32, "does not compile"),
        ("unused-object = { libraries = [\"x\"], paths = [\"y\"] }", 19, "whole repository"),
        ("backend-unsupported-window = { sloth-windows = [\"1M\"] }", 49, "of exact units"),
        ("backend-unsupported-window = { sloth-windows = [\"7d\", \"week\"] }", 55, "`30s`, `5m`"),
    ] {
        folder.write("slo.toml", format!("[rules]\n{entry}\n"));
        for command in ["lint", "rules"] {
            let ended = slo(folder.path(), &[command]).expect(2);
            assert!(ended.err.contains(&format!("slo.toml:2:{column}\n")), "{}", ended.err);
            assert!(ended.err.contains(says), "{entry}: {}", ended.err);
            assert_eq!(ended.out, "");
        }
    }
    folder.write("slo.toml", "[rules]\nunused-object = { libraries = [\"x/*\"] }\n");
    slo(folder.path(), &["lint"]).expect(0);
}

#[test]
fn a_fix_leaves_a_file_that_is_read_only_and_says_so_beside_the_findings() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Repository::folder();
    let broken = lonely("a").replace("Occurrences", "occurrences");
    folder.write("closed.yaml", &broken);
    folder.write("open.yaml", lonely("b").replace("Occurrences", "occurrences"));
    let closed = folder.path().join("closed.yaml");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o444)).unwrap();
    let ended = slo(folder.path(), &["lint", "--fix", "--format", "concise"]).expect(3);
    assert_eq!(folder.read("closed.yaml"), broken);
    assert_eq!(folder.read("open.yaml"), lonely("b"));
    assert!(ended.out.starts_with("closed.yaml:14:20: error[budgeting-method-"), "{}", ended.out);
    assert_eq!(lines(&ended).len(), 1, "{}", ended.out);
    assert!(ended.err.contains("applied 1 fix\n"), "{}", ended.err);
    let says = "left as it was: closed.yaml (it is read-only); written: open.yaml";
    assert!(ended.err.contains(says), "{}", ended.err);
    let again = slo(folder.path(), &["lint"]).expect(1);
    assert!(!again.err.contains("left"), "{}", again.err);
}

#[test]
fn a_fix_over_two_files_is_left_whole_where_one_of_them_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Repository::folder();
    folder.write("closed.yaml", lonely("a").replace("service: a", "service: The_Shop"));
    let service = "apiVersion: openslo/v1\nkind: Service\nmetadata: { name: The_Shop }\nspec: {}\n";
    folder.write("open.yaml", service);
    let (closed, open) = (folder.read("closed.yaml"), folder.read("open.yaml"));
    let path = folder.path().join("closed.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    let ended = slo(folder.path(), &["lint", "--fix=unsafe", "--format", "concise"]).expect(3);
    assert_eq!((folder.read("closed.yaml"), folder.read("open.yaml")), (closed, open));
    assert!(ended.err.contains("left as it was: closed.yaml (it is read-only)"), "{}", ended.err);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    slo(folder.path(), &["lint", "--fix=unsafe", "--format", "concise"]);
    assert!(folder.read("open.yaml").contains("name: the-shop"), "{}", folder.read("open.yaml"));
    assert!(folder.read("closed.yaml").contains("service: the-shop"));
}

#[test]
fn more_files_are_fixed_than_a_process_may_hold_open() {
    let folder = Repository::folder();
    for number in 0..200 {
        let text = lonely(&format!("a{number}")).replace("Occurrences", "occurrences");
        folder.write(&format!("{number}.yaml"), text);
    }
    let script = "ulimit -n 100 && exec \"$0\" lint --fix";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_slo")]).current_dir(folder.path());
    let ended = command.output().unwrap();
    let says = String::from_utf8_lossy(&ended.stderr);
    assert!(says.contains("applied 200 fixes\n"), "{says}");
    assert_eq!(ended.status.code(), Some(0), "{says}");
    assert_eq!(folder.read("199.yaml"), lonely("a199"));
}

#[test]
fn one_thread_does_all_where_the_system_grants_no_more() {
    use std::os::unix::process::CommandExt;
    let folder = Repository::folder();
    for number in 0..20 {
        folder.write(&format!("{number}.yaml"), lonely(&format!("a{number}")));
    }
    let run = crate::discovery::unprivileged(&folder, &[]).command();
    let mut command = std::process::Command::new("bash");
    command.args(["-c", "ulimit -u 1 && exec \"$0\" lint"]).arg(run.get_program());
    command.current_dir(folder.path());
    if crate::command::is_root() {
        command.uid(crate::command::NOBODY).gid(crate::command::NOBODY);
    }
    let ended = command.output().unwrap();
    let says = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{says}");
    assert!(
        String::from_utf8_lossy(&ended.stdout).contains("20 SLOs, nothing to report"),
        "{says}"
    );
}

#[test]
fn what_is_passed_over_is_said_once_with_fixes_too() {
    let folder = Repository::new();
    folder.write("a.yaml", lonely("a").replace("Occurrences", "occurrences"));
    std::os::unix::fs::symlink("/etc/hosts", folder.path().join("out.yaml")).unwrap();
    folder.commit("start");
    let ended = slo(folder.path(), &["lint", "--fix"]).expect(0);
    assert_eq!(ended.err.matches("passed over out.yaml").count(), 1, "{}", ended.err);
}

#[test]
fn two_formats_to_one_place_are_refused_by_their_names() {
    let folder = Repository::folder();
    folder.write("a.yaml", lonely("a"));
    std::os::unix::fs::symlink("new.txt", folder.path().join("link.txt")).unwrap();
    folder.write("new.txt", "");
    for (first, second, place) in [
        ("concise", "github", "standard output"),
        ("concise", "concise", "standard output"),
        ("junit=out.txt", "sarif=out.txt", "one file"),
        ("junit=out.txt", "sarif=./out.txt", "one file"),
        ("junit=new.txt", "sarif=link.txt", "one file"),
    ] {
        for command in ["lint", "gate", "budget"] {
            let arguments = [command, "--format", first, "--format", second];
            let ended = slo(folder.path(), &arguments).expect(2);
            let says = format!("`--format {first}` and `--format {second}` write to {place}");
            assert!(ended.err.contains(&says), "{}", ended.err);
            assert_eq!(ended.out, "");
        }
    }
    slo(folder.path(), &["lint", "--format", "junit=a.xml", "--format", "sarif"]).expect(0);
    assert!(!folder.path().join("out.txt").exists());
}

#[test]
fn a_safe_fix_adds_no_finding() {
    let folder = Repository::folder();
    for (old, new) in [
        ("target: 0.99", "target: 5"),
        ("target: 0.99", "target: 0.99, up: 1"),
        ("target: 0.99", "target: 0.99, or: 1"),
        (
            "good: {",
            "bed: { metricSource: { type: Prometheus, spec: { query: sum(x) } } }\n        good: {",
        ),
    ] {
        let text = lonely("a").replace(old, new);
        folder.write("a.yaml", &text);
        let found = concise(&folder, &[]).expect(1);
        let fixed = concise(&folder, &["--fix"]).expect(1);
        assert_eq!(fixed.out, found.out, "{new}");
        assert_eq!(folder.read("a.yaml"), text);
    }
}

fn with_unknown_fields(count: usize) -> String {
    let keys: Vec<String> = (0..count).map(|it| format!("  zz{it}: 1\n")).collect();
    let start = "apiVersion: openslo/v1\nkind: Service\nmetadata:\n  name: depot\n";
    format!("{start}{}", keys.concat())
}

#[test]
fn sarif_holds_no_more_than_code_scanning_takes_and_says_so() {
    let folder = Repository::folder();
    folder.write("a.yaml", with_unknown_fields(25_010) + "x: 1\n");
    let arguments = ["lint", "--rule", "unknown-field", "--format", "sarif"];
    let run = &slo(folder.path(), &arguments).expect(1).json()["runs"][0];
    assert_eq!(run["results"].as_array().map(Vec::len), Some(25_000));
    let notification = &run["invocations"][0]["toolExecutionNotifications"][0];
    let said = notification["message"]["text"].as_str().unwrap_or_default();
    assert_eq!(said, "11 results are left out: a run holds at most 25000");
}

#[test]
fn of_many_findings_alike_people_see_the_first_and_programs_all() {
    let folder = Repository::folder();
    folder.write("a.yaml", with_unknown_fields(150));
    let rule = ["lint", "--rule", "unknown-field"];
    let drawn = slo(folder.path(), &rule).expect(1);
    assert_eq!(drawn.out.matches("[unknown-field]: ").count(), 100, "{}", drawn.out);
    let more = "… and 50 more findings of unknown-field in a.yaml\n";
    assert!(drawn.out.contains(more), "{}", drawn.out);
    assert!(drawn.out.contains("150 errors in "), "{}", drawn.out);
    let json = slo(folder.path(), &[&rule[..], &["--format", "json"]].concat()).expect(1).json();
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(150));
}

#[test]
fn of_two_objects_of_one_name_the_one_that_is_asked_about_speaks() {
    let folder = Repository::folder();
    let rule = ["--rule", "duplicate-object-name", "--rule", "unused-suppression"];
    let said = |path: &str, other: &str| {
        let asked = concise(&folder, &[&[path], &rule[..]].concat());
        let start = format!("{path}:3:19: error[duplicate-object-name] another SLO is named `a`");
        assert_eq!(lines(&asked), [start.as_str()], "{path}");
        let drawn = slo(folder.path(), &[&["lint", path], &rule[..]].concat()).expect(1);
        assert!(drawn.out.contains(&format!("{other}:3:19")), "{}", drawn.out);
        assert!(drawn.out.contains("the other one"), "{}", drawn.out);
    };
    folder.write("b.yaml", lonely("a"));
    folder.write("c.yaml", lonely("a"));
    said("b.yaml", "c.yaml");
    said("c.yaml", "b.yaml");
    let editor = ["lint", "-q", "--format", "concise", "-", "--stdin-filename", "b.yaml"];
    let editor = [&editor[..], &rule[..]].concat();
    let typed = Run::new(folder.path()).arguments(&editor).input(lonely("a").as_bytes()).end();
    assert!(typed.out.starts_with("b.yaml:3:19: error[duplicate-"), "{}", typed.out);
    folder.write("d.yaml", lonely("a"));
    let three = concise(&folder, &[&["b.yaml", "d.yaml"], &rule[..]].concat()).expect(1);
    let places: Vec<&str> = lines(&three).iter().filter_map(|line| line.get(..6)).collect();
    assert_eq!(places, ["b.yaml", "d.yaml"], "{}", three.out);
    folder.remove("d.yaml");
    for allowed in ["b.yaml", "c.yaml"] {
        let comment = "# slo: allow(duplicate-object-name): they are never read together\n";
        folder.write(allowed, format!("{comment}{}", lonely("a")));
        let left = concise(&folder, &rule).expect(0);
        assert!(left.out.is_empty(), "{allowed}: {}", left.out);
        folder.write(allowed, lonely("a"));
    }
}
