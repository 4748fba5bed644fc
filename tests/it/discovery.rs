//! Every file that may hold an SLO is read, or the user hears why it is not.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use crate::command::Ended;
use crate::command::Run;
use crate::command::SLO;
use crate::command::slo;
use crate::repository::Repository;

fn holding(files: &[(&str, &str)]) -> Repository {
    let folder = Repository::folder();
    for (path, text) in files {
        folder.write(path, text);
    }
    folder
}

/// Returns the paths and rules of what is found.
fn found(ended: &Ended) -> Vec<(String, String)> {
    let json = ended.json();
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = json["findings"].as_array().unwrap().iter();
    findings.map(|finding| (text(finding, "path"), text(finding, "rule"))).collect()
}

#[track_caller]
fn finds(folder: &Repository, arguments: &[&str], path: &str, rule: &str) -> Ended {
    let arguments = [&["lint", "--format", "json"], arguments].concat();
    let ended = slo(folder.path(), &arguments).expect(1);
    let found = found(&ended);
    assert!(found.contains(&(path.to_owned(), rule.to_owned())), "{path}: {rule}: {found:?}");
    ended
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn an_slo_whose_version_is_missing_or_misspelled_is_a_finding() {
    let without = SLO.replace("apiVersion: openslo/v1\n", "");
    finds(&holding(&[("a.yaml", &without)]), &[], "a.yaml", "missing-field");
    for version in ["OPENSLO/v1", "opens1o/v1", "opnslo/v1", "Openslo/V1"] {
        let text = SLO.replace("openslo/v1", version);
        finds(&holding(&[("a.yaml", &text)]), &[], "a.yaml", "unknown-kind");
    }
    let escaped = SLO.replace("openslo/v1", "\"open\\x73lo/v1\"");
    finds(&holding(&[("a.yaml", &escaped)]), &[], "a.yaml", "target-100");
    let misspelled = SLO.replace("apiVersion: openslo/v1", "apiVerson: opens1o/v1");
    finds(&holding(&[("a.yaml", &misspelled)]), &[], "a.yaml", "unknown-field");
}

#[test]
fn files_of_other_tools_are_passed_over_whatever_is_wrong_with_them() {
    let folder = holding(&[
        ("service.yaml", "apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: {}\n"),
        ("chart.yaml", "kind: Service\n{{- if .Values.a }}\nspec: [\n{{- end }}\n"),
        ("broken.yaml", "apiVersion: v1\nkind: Service\nspec: [\n"),
        (
            "other.yaml",
            "apiVersion: example.com/v1\nkind: SLO\nspec:\n  budgetingMethod: Occurrences\n",
        ),
        ("twice.yaml", "apiVersion: example.com/v1\nkind: SLO\nkind: SLO\n"),
        ("compose.yaml", "services:\n  kind: { image: shop }\n"),
        ("values.yaml", "slo: { kind: SLO, target: 99.9 }\n"),
    ]);
    let ended = slo(folder.path(), &["lint", "--format", "json"]).expect(0);
    assert_eq!(found(&ended), []);
    assert_eq!(ended.err, "");
    assert_eq!(ended.json()["templates_passed_over"], 0);
}

#[test]
fn wide_text_is_a_finding_with_and_without_a_mark_at_its_start() {
    let little: Vec<u8> = SLO.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = SLO.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let folder = Repository::folder();
    folder.write("little.yaml", little);
    folder.write("big.yaml", big);
    folder.write("other.yaml", b"a\0:\0 \x001\0");
    let ended = slo(folder.path(), &["lint", "--format", "json"]).expect(1);
    let paths: Vec<String> = found(&ended).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["big.yaml", "little.yaml"]);
}

#[test]
fn a_named_file_is_read_whatever_its_name_and_whoever_leaves_it_out() {
    let repository = Repository::new();
    repository.write(".gitignore", "rendered/\n");
    repository.write("slo.toml", "[files]\nexclude = [\"old/**\"]\n");
    for path in ["slo.txt", "SLO", "rendered/a.yaml", "old/a.yaml"] {
        repository.write(path, SLO);
        let all = slo(repository.path(), &["lint"]).expect(0);
        assert!(all.out.contains("no SLO found"), "{}", all.out);
        finds(&repository, &[path], path, "target-100");
    }
    let named = ["lint", "old/a.yaml", "--force-exclude"];
    let left_out = slo(repository.path(), &named).expect(0);
    assert!(left_out.err.contains("old/a.yaml is left out by `[files]`"), "{}", left_out.err);
    finds(&repository, &["rendered/a.yaml", "--force-exclude"], "rendered/a.yaml", "target-100");
    repository.write("notes.txt", "nothing\n");
    let notes = slo(repository.path(), &["lint", "notes.txt"]).expect(0);
    assert!(notes.err.contains("notes.txt holds no SLO object"), "{}", notes.err);
    pipe(&repository.path().join("pipe"));
    let waits = slo(repository.path(), &["lint", "pipe"]).expect(0);
    assert!(waits.err.contains("passed over pipe: a pipe"), "{}", waits.err);
    assert!(!waits.err.contains("holds no"), "{}", waits.err);
}

#[test]
fn endings_in_capitals_are_read() {
    for path in ["a.YAML", "b.Yml", "c.JSON"] {
        finds(&holding(&[(path, SLO)]), &[], path, "target-100");
    }
}

/// A run in which permissions count, in a folder that then belongs to whoever runs it.
pub(crate) fn unprivileged(folder: &Repository, arguments: &[&str]) -> Run {
    folder.give_away();
    Run::new(folder.path()).arguments(arguments).unprivileged()
}

fn permit(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_git_tracks_in_a_closed_folder_is_a_finding() {
    let repository = Repository::new();
    repository.write("closed/a.yaml", SLO);
    repository.write("open/b.yaml", SLO);
    repository.commit("Start");
    let run = unprivileged(&repository, &["lint", "--format", "json"]);
    permit(&repository.path().join("closed"), 0o0);
    let ended = run.end();
    permit(&repository.path().join("closed"), 0o755);
    let found = found(&ended.clone().expect(1));
    assert!(found.contains(&("closed/a.yaml".into(), "yaml-parse-error".into())), "{found:?}");
    assert!(found.contains(&("open/b.yaml".into(), "target-100".into())), "{found:?}");
    assert!(ended.err.contains("passed over closed: a folder that cannot be"), "{}", ended.err);
}

#[test]
fn a_closed_folder_is_a_finding_where_no_git_knows_what_it_holds() {
    let folder = holding(&[("closed/a.yaml", SLO), ("open/b.yaml", SLO)]);
    let closed = folder.path().join("closed");
    let first = unprivileged(&folder, &["lint", "--format", "json"]);
    permit(&closed, 0o0);
    let ended = first.end();
    folder.write("slo.toml", "[files]\nexclude = [\"closed/**\"]\n");
    let second = Run::new(folder.path()).arguments(&["lint", "--format", "json"]);
    let excluded = second.unprivileged().end();
    permit(&closed, 0o755);
    let first = found(&ended.expect(1));
    assert!(first.contains(&("closed".into(), "yaml-parse-error".into())), "{first:?}");
    assert!(first.contains(&("open/b.yaml".into(), "target-100".into())), "{first:?}");
    let second = found(&excluded.expect(1));
    assert!(second.iter().all(|(path, _)| path == "open/b.yaml"), "{second:?}");
}

#[test]
fn a_tracked_file_that_is_gone_is_nothing() {
    let repository = Repository::new();
    repository.write("a.yaml", SLO);
    repository.write("folder/b.yaml", SLO);
    repository.write("c.yaml", SLO.replace("target: 1", "target: 0.99"));
    repository.commit("Start");
    repository.remove("a.yaml");
    fs::remove_dir_all(repository.path().join("folder")).unwrap();
    repository.write("folder", "a file now\n");
    let ended = slo(repository.path(), &["lint", "--format", "json"]).expect(0);
    assert!(found(&ended).iter().all(|(path, _)| path == "c.yaml"), "{ended:?}");
    assert_eq!(ended.err, "");
}

#[test]
fn owners_that_are_no_file_hold_up_nothing() {
    for place in ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"] {
        let folder = holding(&[("slo/a.yaml", SLO), (".github/x", ""), ("docs/x", "")]);
        let path = folder.path().join(place);
        let run = || slo(folder.path(), &["lint", "--rule", "missing-owner", "--format", "json"]);
        pipe(&path);
        let ended = run();
        assert_eq!(found(&ended).len(), 1, "{ended:?}");
        assert!(ended.err.contains(&format!("passed over {place}: a pipe")), "{}", ended.err);
        fs::remove_file(&path).unwrap();
        symlink("/dev/zero", &path).unwrap();
        let ended = run();
        assert!(ended.err.contains(&format!("passed over {place}: a link")), "{}", ended.err);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(run().err.contains(&format!("passed over {place}: a folder")));
    }
}

#[test]
fn a_configuration_that_is_no_file_is_refused() {
    let folder =
        holding(&[("slo/a.yaml", SLO), ("elsewhere.toml", "[gate]\nfail-on = \"never\"\n")]);
    let path = folder.path().join("slo.toml");
    let refused = |says: &str| {
        for arguments in [&["lint"][..], &["lint", "--config", "slo.toml"], &["rules"], &["budget"]]
        {
            let ended = slo(folder.path(), arguments).expect(2);
            assert!(ended.err.contains(says), "{arguments:?}: {}", ended.err);
            assert!(ended.err.contains("slo.toml") && ended.err.contains("help:"), "{}", ended.err);
        }
    };
    pipe(&path);
    refused("the configuration is a pipe");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused("the configuration is a folder");
    fs::remove_dir(&path).unwrap();
    let git = Repository::new();
    git.write("slo/a.yaml", SLO);
    for target in ["/etc/passwd", "/dev/zero", "nowhere", "slo/a.yaml"] {
        symlink(target, git.path().join("slo.toml")).unwrap();
        for arguments in [&["lint"][..], &["lint", "--config", "slo.toml"]] {
            let ended = slo(git.path(), arguments).expect(2);
            assert!(ended.err.contains("a link, which is not followed"), "{}", ended.err);
        }
        git.remove("slo.toml");
    }
    symlink(folder.path().join("elsewhere.toml"), folder.path().join("mine.toml")).unwrap();
    let mine = folder.path().join("mine.toml");
    slo(git.path(), &["lint", "--config", mine.to_str().unwrap()]).expect(0);
}

#[test]
fn owners_are_those_of_the_whole_repository() {
    let repository = Repository::new();
    repository.write("team/slo.toml", "");
    repository.write("team/slo/a.yaml", SLO.replace("target: 1", "target: 0.99"));
    repository.write(".github/CODEOWNERS", "/team/slo/ @shop/checkout\n");
    repository.write("team/CODEOWNERS", "* @nobody\n");
    repository.commit("Start");
    let team = repository.path().join("team");
    let owner = ["--rule", "missing-owner", "--format", "json"];
    let lint = || slo(&team, &[&["lint"], &owner[..]].concat());
    let gate = || slo(&team, &[&["gate", "--all"], &owner[..]].concat());
    assert_eq!((found(&lint()), found(&gate())), (vec![], vec![]));
    repository.write(".github/CODEOWNERS", "/slo/ @shop/checkout\n");
    repository.commit("Move");
    assert_eq!((found(&lint()).len(), found(&gate()).len()), (1, 1));
}

#[test]
fn a_template_is_counted_in_every_format_and_a_mark_in_a_comment_makes_none() {
    for text in [
        format!("# {{{{- x\n{SLO}"),
        format!("{SLO}# see {{% docs\n"),
        SLO.replace("{ name: payments }", "{ name: payments, displayName: 'says {{ if x }}' }"),
    ] {
        finds(&holding(&[("a.yaml", &text)]), &[], "a.yaml", "target-100");
    }
    let helm = SLO.replace("service: payments", "service: {{ .Values.service }}");
    let folder = holding(&[("a.yaml", &helm), ("b.tmpl.yaml", SLO)]);
    folder.write("slo.toml", "[files]\ntemplates = [\"*.tmpl.yaml\"]\n");
    for format in ["concise", "json", "sarif", "github", "markdown", "gitlab", "junit"] {
        let ended = slo(folder.path(), &["lint", "--format", format]).expect(0);
        assert_eq!(ended.err, "passed over 2 templates\n", "{format}");
        if format == "json" {
            assert_eq!(ended.json()["templates_passed_over"], 2);
        }
    }
    let people = slo(folder.path(), &["lint"]).expect(0);
    assert!(people.out.contains("2 templates passed over"), "{}", people.out);
    assert_eq!(people.err, "");
    let verbose = slo(folder.path(), &["lint", "-v", "--format", "json"]).expect(0);
    assert!(verbose.err.contains("passed over b.tmpl.yaml: a template"), "{}", verbose.err);
    let fixed = slo(folder.path(), &["lint", "--fix", "--format", "json"]).expect(0);
    assert_eq!(fixed.json()["templates_passed_over"], 2);
}

#[test]
fn a_reader_that_leaves_early_changes_no_exit_code() {
    let many: Vec<String> =
        (0..1_000).map(|number| SLO.replace("payments", &format!("p{number}"))).collect();
    let folder = holding(&[("many.yaml", &many.join("---\n")), ("clean/slo.toml", "")]);
    let head = |arguments: &[&str]| {
        let mut command = Run::new(folder.path()).arguments(arguments).command();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the program starts");
        let mut line = String::new();
        let mut out = BufReader::with_capacity(16, child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        drop(out);
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert!(err.is_empty() && !line.is_empty(), "{arguments:?}: {line}{err}");
        child.wait().unwrap().code()
    };
    for format in ["terminal", "concise", "json", "json=/dev/stdout"] {
        assert_eq!(head(&["lint", "--format", format]), Some(1), "{format}");
        let never = ["lint", "--fail-on", "never", "--format", format];
        assert_eq!(head(&never), Some(0), "{format}");
    }
    for arguments in [
        &["--help"][..],
        &["lint", "--help"],
        &["completions", "zsh"],
        &["rules"],
        &["explain", "target-100"],
        &["budget"],
    ] {
        assert_eq!(head(arguments), Some(0), "{arguments:?}");
    }
}

#[test]
fn nothing_but_git_hides_a_file() {
    let repository = Repository::new();
    repository.write(".ignore", "*.yaml\n");
    repository.write("a.yaml", SLO);
    repository.write(".git/info/exclude", "b.yaml\n");
    repository.write("b.yaml", SLO);
    let ended = finds(&repository, &[], "a.yaml", "target-100");
    assert!(found(&ended).iter().all(|(path, _)| path == "a.yaml"), "{}", ended.out);
}

#[test]
fn a_backslash_is_a_letter_of_a_name() {
    finds(&holding(&[("a\\b.yaml", SLO)]), &[], "a\\b.yaml", "target-100");
    finds(&holding(&[("a\\b.yaml", SLO)]), &["a\\b.yaml"], "a\\b.yaml", "target-100");
}

#[test]
fn only_what_is_asked_about_is_said_to_be_passed_over() {
    let chart = format!("{{{{- if x }}}}\n{SLO}{{{{- end }}}}\n");
    let folder = holding(&[("a.yaml", SLO), ("chart.yaml", &chart)]);
    symlink("nowhere", folder.path().join("dead.yaml")).unwrap();
    let all = slo(folder.path(), &["lint"]).expect(1);
    assert!(all.err.contains("passed over dead.yaml"), "{}", all.err);
    assert!(all.out.contains("1 template passed over"), "{}", all.out);
    let one = slo(folder.path(), &["lint", "a.yaml", "--verbose"]).expect(1);
    assert!(!one.err.contains("passed over"), "{}", one.err);
    assert!(!one.out.contains("passed over"), "{}", one.out);
}

#[test]
fn a_run_that_is_asked_says_what_it_reads() {
    let folder = holding(&[("a.yaml", SLO), ("charts/b.yaml", SLO), ("c.yaml", "x: 1\n")]);
    folder.write("slo.toml", "[files]\nexclude = [\"charts/**\"]\n");
    let said = |arguments: &[&str]| {
        let ended = slo(folder.path(), arguments);
        ended.err.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (read, left) = (
        "read 2 files, 1 of which may hold an SLO object",
        "passed over charts/b.yaml: left out by `[files]`",
    );
    assert_eq!(said(&["lint"]), [""; 0]);
    assert_eq!(said(&["lint", "-v"]), [read, left]);
    assert_eq!(said(&["budget", "-v"]), [read, left]);
    assert_eq!(said(&["lint", "-v", "a.yaml"]), [read]);
    assert_eq!(said(&["lint", "-vq"]), [""; 0]);
    let named = "read 3 files, 2 of which may hold an SLO object";
    assert_eq!(said(&["lint", "-v", "charts/b.yaml"]), [named]);
    let repository = Repository::new();
    repository.write("a.yaml", SLO);
    repository.commit("Promise");
    let gate = slo(repository.path(), &["gate", "--all", "--no-fetch", "-v"]);
    let head = repository.id("HEAD");
    let line = format!("read 1 file that may hold an SLO object of the head, {}\n", &head[..7]);
    assert!(gate.err.contains(&line), "{}", gate.err);
}

#[test]
fn a_sentence_with_braces_hides_no_file() {
    let sentence = "description: use {{ if x }} in alerts\n  service: payments";
    let text = SLO.replacen("service: payments", sentence, 1);
    let ended = finds(&holding(&[("a.yaml", &text)]), &[], "a.yaml", "target-100");
    assert_eq!(ended.json()["templates_passed_over"], 0);
}

#[test]
fn what_an_editor_holds_is_judged_in_the_place_of_its_file() {
    let off = "[[rules.target-100]]\npaths = [\"legacy/**\"]\nlevel = \"off\"\n";
    let folder = holding(&[("slo.toml", off), ("slo/a.yaml", SLO), ("legacy/b.yaml", "")]);
    let held = |name: &str, text: &str| {
        let arguments = ["lint", "-", "--format", "json", "--stdin-filename", name];
        Run::new(folder.path()).arguments(&arguments).input(text.as_bytes()).end()
    };
    let pairs = |ended: &Ended| found(ended);
    let same = pairs(&held("slo/a.yaml", SLO).expect(1));
    assert_eq!(same, [("slo/a.yaml".to_owned(), "target-100".to_owned())]);
    assert_eq!(pairs(&held("slo/a.yaml", &SLO.replace("target: 1", "target: 0.9"))), []);
    let renamed = SLO.replace("name: payments", "name: other");
    assert_eq!(pairs(&held("legacy/b.yaml", &renamed).expect(0)), [], "its paths hold");
    let new = pairs(&held("slo/new.yaml", &renamed).expect(1));
    assert_eq!(new, [("slo/new.yaml".to_owned(), "target-100".to_owned())]);
    let twice = pairs(&held("slo/new.yaml", SLO).expect(1));
    assert!(twice.iter().any(|(_, rule)| rule == "duplicate-object-name"), "{twice:?}");
    held("/nowhere/a.yaml", SLO).expect(2);
    slo(folder.path(), &["lint", "--stdin-filename", "slo/a.yaml"]).expect(2);
}

const COMPUTED: &str = r#"variable "goal" {}

locals {
  ferry = google_monitoring_custom_service.ferry.service_id
}

resource "google_monitoring_slo" "crossings" {
  service             = local.ferry
  slo_id              = "crossings-${each.key}"
  goal                = var.goal
  rolling_period_days = local.days
  request_based_sli {
    good_total_ratio {
      good_service_filter  = join(" ", [
        "a",
      ])
      total_service_filter = "a"
    }
  }
}
"#;

#[test]
fn what_terraform_computes_is_told_with_its_reason_where_that_is_asked_for() {
    let folder = Repository::folder();
    folder.write("slo.tf", COMPUTED);
    let usual = slo(folder.path(), &["lint"]).expect(0);
    assert_eq!((usual.out.as_str(), usual.err.as_str()), ("1 SLO, nothing to report\n", ""));
    let verbose = slo(folder.path(), &["lint", "--verbose"]).expect(0);
    assert_eq!(
        verbose.err,
        r#"read 1 file, 1 of which may hold an SLO object
slo.tf:8:25: `local.ferry` is known when Terraform runs
slo.tf:9:25: `"crossings-${each.key}"` is known when Terraform runs
slo.tf:10:25: `var.goal` has no default in this file
slo.tf:11:25: `local.days` is not set in this file
slo.tf:14:30: `join(" ", [` is known when Terraform runs
"#
    );
}
