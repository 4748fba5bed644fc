//! What the command line adds: flags, exit codes, streams.

use std::fs;
use std::sync::LazyLock;

use slo::report::Format;

use crate::command::Ended;
use crate::command::NOW;
use crate::command::Run;
use crate::command::SLO;
use crate::command::slo;
use crate::repository::Repository;

const COMMANDS: [&str; 6] = ["lint", "gate", "budget", "explain", "rules", "completions"];

/// An SLO with one error and one warning.
static BROKEN: LazyLock<String> = LazyLock::new(|| {
    SLO.replace("payments }", "payments, annotations: { slo/owner: \"@shop/pay\" } }")
});

fn folder() -> Repository {
    let folder = Repository::folder();
    folder.write("slo/payments.yaml", &*BROKEN);
    folder
}

fn clean() -> Repository {
    let folder = Repository::folder();
    folder.write("slo/payments.yaml", BROKEN.replace("target: 1", "target: 0.99"));
    folder
}

/// Asserts that the command line is refused, on standard error alone, with a hint.
#[track_caller]
fn refused(ended: Ended, hint: &str) {
    let ended = ended.expect(2);
    assert_eq!(ended.out, "");
    assert!(ended.err.contains(hint), "{hint}: {}", ended.err);
}

#[test]
fn the_help_is_what_the_page_says() {
    let folder = Repository::folder();
    let mut text = slo(folder.path(), &["--help"]).expect(0).out;
    for command in COMMANDS {
        let help = slo(folder.path(), &[command, "--help"]).expect(0);
        assert_eq!(help.err, "");
        text.push_str(&format!("\n$ slo {command} --help\n{}", help.out));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cli/help.txt");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cli")).unwrap();
        fs::write(file, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(file).unwrap());
    let words: Vec<&str> = text.split([' ', '\n', ',', ';', ')']).collect();
    for format in Format::ALL {
        assert!(words.contains(&format.name()), "the help names {}", format.name());
    }
}

#[test]
fn the_version_goes_to_standard_output() {
    let folder = Repository::folder();
    let version = slo(folder.path(), &["--version"]).expect(0);
    assert_eq!(version.out, format!("slo {}\n", env!("CARGO_PKG_VERSION")));
    slo(folder.path(), &[]).expect(2);
}

#[test]
fn what_nobody_knows_is_refused_with_the_nearest() {
    let folder = folder();
    let run = |arguments: &[&str]| slo(folder.path(), arguments);
    refused(run(&["lnt"]), "lint");
    refused(run(&["lint", "--fromat", "json"]), "--format");
    refused(run(&["lint", "--format", "jsn"]), "json");
    refused(run(&["lint", "--format", "json="]), "json");
    refused(run(&["lint", "--rule", "target-10"]), "target-100");
    refused(run(&["lint", "--set", "recomended"]), "recommended");
    refused(run(&["lint", "--fail-on", "errors"]), "error");
    refused(run(&["lint", "--now", "yesterday"]), "such as 2026-11-22T09:00:00Z");
    refused(run(&["lint", "--now", "2026-11-22"]), "a date, a time and an offset");
    refused(run(&["lint", "nowhere.yaml"]), "nowhere.yaml");
    refused(run(&["lint", ".."]), "--repo");
    refused(run(&["lint", "--repo", "nowhere"]), "nowhere");
    refused(run(&["explain", "target-10"]), "target-100");
    refused(run(&["explain"]), "`slo explain RULE`, or a family: document, reference, ");
    refused(run(&["explain"]), "`slo rules` lists the rules");
    refused(run(&["explain", "target-100", "alertin"]), "did you mean `alerting`?");
    refused(run(&["explain", "target-100", "--format", "jsn"]), "json");
    refused(run(&["rules", "alertin"]), "did you mean `alerting`?");
    refused(run(&["rules", "--rule", "target-10"]), "target-100");
    refused(run(&["budget", "nothing"]), "`slo budget` shows every SLO");
    refused(run(&["budget", "payment"]), "did you mean `payments`?");
    refused(run(&["budget", "payments/payment"]), "did you mean `payments/payments`?");
    refused(run(&["budget", "--backend", "nothing"]), "[backend.NAME]");
    folder.write("slo.toml", "[backend.prod]\ntype = \"recorded\"\npath = \"a.csv\"\n");
    refused(run(&["budget", "--backend", "prd"]), "did you mean `prod`?");
    refused(run(&["lint", "--config", "nowhere.toml"]), "nowhere.toml");
}

#[test]
fn the_configuration_is_refused_at_its_line() {
    let folder = folder();
    for (text, line, says) in [
        ("[rules]\nmissing-ownr = \"off\"\n", 2, "missing-owner"),
        ("[gate]\n\nfail_on = \"error\"\n", 3, "fail-on"),
        ("[files\n", 1, ""),
        ("[rules]\nno-alert = \"loud\"\n", 2, "error"),
    ] {
        folder.write("slo.toml", text);
        let ended = slo(folder.path(), &["lint"]).expect(2);
        assert!(ended.err.contains(&format!("slo.toml:{line}:")), "{text}: {}", ended.err);
        assert!(ended.err.contains(says), "{text}: {}", ended.err);
        let json = slo(folder.path(), &["lint", "--format", "json"]).expect(2).json();
        assert_eq!(json["error"]["line"], line, "{json}");
    }
}

#[test]
fn declarations_of_metrics_are_refused_at_their_line() {
    let folder = clean();
    let named = "[metrics]\nfile = \"slo/metrics.yaml\"\n";
    for (config, path, text, place) in [
        ("", "metrics.yaml", "scrapeInterval: often\n", "metrics.yaml:1:17"),
        ("", "metrics.yaml", "scrapeInterval: 1m\nbucket: {}\n", "metrics.yaml:2:1"),
        ("", "metrics.yaml", "scrapeInterval: 1m\nscrapeInterval: 2m\n", "metrics.yaml:2:1"),
        ("", "metrics.yaml", "scrapeInterval: 1m\n---\ntypes: {}\n", "metrics.yaml:3:1"),
        ("", "metrics.yaml", "buckets:\r\n  待ち時間: [1, 0.5]\r\n", "metrics.yaml:2:"),
        (named, "slo/metrics.yaml", "remoteWrite: []\n", "slo/metrics.yaml:1:1"),
        (named, "slo/metrics.yaml", "a: [\n", "slo/metrics.yaml:"),
        (named, "elsewhere.yaml", "", "there is none"),
    ] {
        folder.write("slo.toml", config);
        folder.write(path, text);
        let ended = slo(folder.path(), &["lint"]).expect(2);
        assert!(ended.err.contains(place), "{text}: {}", ended.err);
        folder.remove(path);
    }
    folder.write("slo.toml", "");
    for other in ["apiVersion: v1\nkind: ConfigMap\n", "a: [", "", "scrapeInterval: 30s\n"] {
        folder.write("metrics.yaml", other);
        slo(folder.path(), &["lint"]).expect(0);
    }
}

#[test]
fn the_exit_code_is_that_of_the_worst_finding_whatever_the_format() {
    let folder = folder();
    for format in ["terminal", "concise", "json", "sarif", "github", "markdown", "gitlab", "junit"]
    {
        let run = |more: &[&str]| {
            let arguments = [&["lint", "--format", format], more].concat();
            slo(folder.path(), &arguments)
        };
        let ended = run(&[]).expect(1);
        assert_ne!(ended.out, "", "{format}");
        run(&["--fail-on", "never"]).expect(0);
        run(&["--rule", "no-alert"]).expect(0);
        run(&["--rule", "no-alert", "--fail-on", "warning"]).expect(1);
        slo(clean().path(), &["lint", "--format", format]).expect(0);
    }
}

#[test]
fn several_formats_go_where_each_is_sent() {
    let folder = folder();
    let ended = slo(
        folder.path(),
        &[
            "lint",
            "--format",
            "concise",
            "--format",
            "json=out/a.json",
            "--format",
            "sarif=out/b.sarif",
        ],
    )
    .expect(1);
    assert!(ended.out.starts_with("slo/payments.yaml:"), "{}", ended.out);
    let json: serde_json::Value = serde_json::from_str(&folder.read("out/a.json")).unwrap();
    assert_eq!(json["version"], 1);
    let sarif: serde_json::Value = serde_json::from_str(&folder.read("out/b.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let blocked = slo(folder.path(), &["lint", "--format", "json=slo/payments.yaml/x.json"]);
    assert_eq!(blocked.code, Some(3), "{blocked:?}");
}

#[test]
fn color_is_for_terminals_and_for_those_who_ask() {
    let folder = folder();
    assert!(!slo(folder.path(), &["lint"]).out.contains('\u{1b}'));
    assert!(slo(folder.path(), &["lint", "--color", "always"]).out.contains('\u{1b}'));
    let never = Run::new(folder.path()).arguments(&["lint", "--color", "never"]);
    assert!(!never.environment("CLICOLOR_FORCE", "1").end().out.contains('\u{1b}'));
}

#[test]
fn a_path_limits_what_is_reported_and_not_what_is_read() {
    let folder = folder();
    folder.write("other/broken.yaml", BROKEN.replace("payments", "other"));
    let all = slo(folder.path(), &["lint", "--format", "concise"]).expect(1);
    assert!(all.out.contains("slo/payments.yaml") && all.out.contains("other/broken.yaml"));
    let one = slo(folder.path(), &["lint", "other", "--format", "concise"]).expect(1);
    assert!(!one.out.contains("slo/payments.yaml"), "{}", one.out);
    folder.write("empty/notes.yaml", "a: 1\n");
    let silent = slo(folder.path(), &["lint", "empty"]).expect(0);
    assert!(silent.err.contains("empty holds no SLO object"), "{}", silent.err);
    let below = Run::new(&folder.path().join("other")).arguments(&["lint", "broken.yaml"]).end();
    assert_eq!(below.code, Some(1), "{below:?}");
}

#[test]
fn a_setting_that_no_rule_reads_ends_the_run() {
    let folder = clean();
    folder.write("slo.toml", "[rules]\nno-alert = { alert-default = [\"fast-burn\"] }\n");
    let ended = slo(folder.path(), &["lint"]).expect(2);
    assert!(ended.err.contains("unknown key `alert-default` in `no-alert`"), "{}", ended.err);
    assert!(ended.err.contains("did you mean `alert-defaults`?"), "{}", ended.err);
}

#[test]
fn the_rules_say_which_line_set_a_level() {
    let folder = clean();
    folder.write(
        "slo.toml",
        "[rules]\ntarget-100 = \"warning\"\nmissing-owner = \"off\"\n[[rules.no-alert]]\nlevel = \"info\"\n[[rules.no-alert]]\nlevel = \"error\"\npaths = [\"slo/tier1/**\"]\n",
    );
    let line = |name: &str| line_of(&folder, &[], name);
    assert_eq!(line("target-100"), "target-100 warning slo.toml:2 recommended");
    assert_eq!(line("missing-owner"), "missing-owner off slo.toml:3 strict");
    assert_eq!(line("no-alert"), "no-alert info slo.toml:5 strict");
    assert_eq!(line("slo/tier1/**"), "slo/tier1/** error slo.toml:7");
    assert_eq!(line("invalid-duration"), "invalid-duration error default recommended");
}

/// Returns the line of a rule in what `slo rules` prints, its words one space apart, without the formats.
fn line_of(folder: &Repository, options: &[&str], name: &str) -> String {
    let rules = slo(folder.path(), &[&["rules"], options].concat()).expect(0).out;
    let is_formats = |word: &&str| word.chars().all(|letter| "OSPDCGRNKE·".contains(letter));
    let mut lines = rules
        .lines()
        .map(|line| line.split_whitespace().filter(|word| !is_formats(word)).collect::<Vec<_>>());
    let line = lines.find(|words| words.first() == Some(&name));
    line.unwrap_or_else(|| panic!("{name}")).join(" ")
}

#[test]
fn the_rules_say_which_option_set_a_level() {
    let folder = clean();
    let (wanted, other) = ("missing-owner", "target-100");
    folder.write("slo.toml", "[rules]\nset = \"all\"\ntarget-100 = \"off\"\n");
    let line = |options: &[&str], name: &str| line_of(&folder, options, name);
    assert_eq!(line(&[], wanted), "missing-owner error slo.toml:2 (set) strict");
    let strict = ["--set", "strict"];
    assert_eq!(line(&strict, wanted), "missing-owner error --set strict strict");
    assert_eq!(line(&strict, other), "target-100 off slo.toml:3 recommended");
    let recommended = ["--set", "recommended"];
    assert_eq!(line(&recommended, wanted), "missing-owner off --set recommended strict");
    let only = ["--rule", wanted];
    assert_eq!(line(&only, wanted), "missing-owner error --rule strict");
    assert_eq!(line(&only, other), "target-100 off --rule recommended");
    assert_eq!(line(&["--rule", other], other), "target-100 error --rule recommended");
}

#[test]
fn a_level_holds_for_its_paths() {
    let folder = folder();
    folder.write("slo/tier1/payments.yaml", BROKEN.replace("payments", "tier1"));
    folder.write(
        "slo.toml",
        "[[rules.target-100]]\nlevel = \"off\"\n[[rules.target-100]]\nlevel = \"error\"\npaths = [\"slo/tier1/**\"]\n",
    );
    let ended = slo(folder.path(), &["lint", "--format", "concise"]);
    let lines: Vec<&str> = ended.out.lines().filter(|line| line.contains("target-100")).collect();
    assert!(lines.iter().all(|line| line.starts_with("slo/tier1/")), "{}", ended.out);
    assert_eq!((lines.len(), ended.code), (1, Some(1)), "{}", ended.out);
}

#[test]
fn nothing_to_lint_is_no_failure() {
    let folder = Repository::folder();
    let ended = slo(folder.path(), &["lint"]).expect(0);
    assert!(ended.out.contains("no SLO found"), "{}", ended.out);
    let quiet = slo(folder.path(), &["lint", "-q"]).expect(0);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
    slo(folder.path(), &["budget", "--now", NOW]).expect(0);
}

#[test]
fn what_is_recorded_is_read_again_the_same() {
    let folder = Repository::folder();
    folder.write(
        "slo/payments.yaml",
        BROKEN.replace("target: 1", "target: 0.99").replace("28d", "1d"),
    );
    folder.write("slo.toml", "[backend.recorded]\ntype = \"recorded\"\npath = \"a.csv\"\n");
    let mut rows = "slo,start,seconds,good,valid\n".to_owned();
    for hour in 10..24 {
        rows.push_str(&format!("payments,2026-11-21T{hour}:00:00Z,3600,99,100\n"));
    }
    folder.write("a.csv", rows);
    let budget = |more: &[&str]| {
        slo(folder.path(), &[&["budget", "--now", NOW, "--format", "json"], more].concat())
    };
    let first = budget(&["--record", "b.csv"]).expect(0);
    folder.write("slo.toml", "[backend.recorded]\ntype = \"recorded\"\npath = \"b.csv\"\n");
    assert_eq!(budget(&[]).json()["budgets"], first.json()["budgets"]);
}

#[test]
fn a_recording_stays_as_it_was_where_the_backend_failed() {
    let folder = Repository::folder();
    let one = BROKEN.replace("target: 1", "target: 0.99").replace("28d", "1d");
    folder.write("slo/payments.yaml", one);
    folder.write("slo.toml", "[backend.recorded]\ntype = \"recorded\"\npath = \"a.csv\"\n");
    folder.write("a.csv", "slo,start,seconds,good,valid\npayments,yesterday,3600,99,100\n");
    folder.write("b.csv", "what was recorded before\n");
    let ended = slo(folder.path(), &["budget", "-q", "--now", NOW, "--record", "b.csv"]).expect(3);
    let says = "left as it was: b.csv (1 of 1 objectives could not be measured)";
    assert!(ended.err.contains(says), "{}", ended.err);
    assert_eq!(folder.read("b.csv"), "what was recorded before\n");
}

#[test]
fn completions_are_printed_for_every_shell() {
    let folder = Repository::folder();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = slo(folder.path(), &["completions", shell]).expect(0);
        assert!(ended.out.contains("gate"), "{shell}");
    }
    refused(slo(folder.path(), &["completions", "cmd"]), "bash");
}
