//! The composite action: where it gets the program from, what it hands over, what it gives back.
//!
//! A script stands in for the program, so that what is tested is `action.yml` alone.

use std::process::Command;

use sha2::Digest;
use sha2::Sha256;
use tempfile::TempDir;

use crate::parts::runner::Runner;
use crate::parts::runner::write_script;
use crate::standin::github::TOKEN;

/// Prints its arguments, and does to the job what the gate does when it blocks.
const BLOCKING: &str = r#"#!/usr/bin/env bash
printf 'argument: %s\n' "$@"
printf 'length of the tokens: %s %s\n' "${#SLO_GITHUB_TOKEN}" "${#GITHUB_TOKEN}"
printf 'outcome=block\nreason=the budget of `checkout` is spent\n' >>"$GITHUB_OUTPUT"
exit 1
"#;

const PASSING: &str = r#"#!/usr/bin/env bash
printf 'outcome=pass\n' >>"$GITHUB_OUTPUT"
"#;

/// Does to the job's program what Cargo does, and prints with which words it was asked to.
const CARGO: &str = r#"#!/usr/bin/env bash
printf 'argument: %s\n' "$@"
printf 'of the workflow: %s\n' "${SHOP_SECRET-nothing}" "${CARGO_REGISTRY_TOKEN-nothing}" "${CARGO_TERM_COLOR-nothing}"
[ -f action.yml ] || exit 1
while [ "$1" != --target-dir ]; do shift; done
mkdir -p "$2/release"
cp passing "$2/release/slo"
"#;

#[test]
#[ignore = "needs act: tests/run provides it"]
fn the_action_hands_over_its_inputs_and_gives_back_the_verdict() {
    let inputs = [("binary", "stand-in"), ("args", "--fail-on warning")];
    let job = Runner::new(&inputs, &[("stand-in", BLOCKING)]).run(&[]);
    assert_eq!(job.result, "failure|block|1|the budget of `checkout` is spent", "{}", job.log);
    let arguments: Vec<_> = job
        .log
        .lines()
        .filter_map(|line| line.split_once("| argument: "))
        .map(|pair| pair.1)
        .collect();
    assert_eq!(arguments, ["gate", "--fail-on", "warning"]);
    assert!(job.log.contains(&format!("tokens: {0} {0}", TOKEN.len())), "{}", job.log);
    assert!(!job.log.contains(TOKEN), "{}", job.log);
}

#[test]
#[ignore = "needs act: tests/run provides it"]
fn the_action_never_runs_the_text_of_an_input() {
    let inputs = [("binary", "stand-in"), ("args", "$(touch run) `touch run` ; touch run > run *")];
    let job = Runner::new(&inputs, &[("stand-in", BLOCKING)]).run(&[]);
    let arguments: Vec<_> = job
        .log
        .lines()
        .filter_map(|line| line.split_once("| argument: "))
        .map(|pair| pair.1)
        .collect();
    let words = ["gate", "$(touch", "run)", "`touch", "run`", ";", "touch", "run", ">", "run", "*"];
    assert_eq!(arguments, words, "{}", job.log);
}

#[test]
#[ignore = "needs act: tests/run provides it"]
fn the_action_runs_a_release_that_is_the_pinned_one() {
    let (releases, checksum) = releases();
    let inputs = [("version", "1.2.3"), ("checksum", &*checksum)];
    let url = format!("file://{}", releases.path().display());
    let job = Runner::new(&inputs, &[]).run(&[("SLO_RELEASE_URL", &url)]);
    assert_eq!(job.result, "success|pass|0|", "{}", job.log);
}

#[test]
#[ignore = "needs act: tests/run provides it"]
fn the_action_refuses_what_is_not_the_pinned_release() {
    let (releases, checksum) = releases();
    let url = format!("file://{}", releases.path().display());
    let other = "0".repeat(64);
    for (version, pinned, message) in [
        ("1.2.3", other.as_str(), "it is not the release that was pinned"),
        ("1.2.3", "", "give the 64 hexadecimal digits"),
        ("1.2.4", &checksum, "is there a release v1.2.4?"),
        ("../../1.2.3", &checksum, "not a version, as in 0.1.0"),
    ] {
        let inputs = [("version", version), ("checksum", pinned)];
        let runner = Runner::new(&inputs, &[]);
        // The local runner loses the words of a step, now and then, that ends within milliseconds.
        let says = |_: usize| {
            let job = runner.run(&[("SLO_RELEASE_URL", &url)]);
            assert_eq!(job.result, "failure|||", "{}", job.log);
            job.log.contains(message)
        };
        assert!((0..3).any(says), "{message}");
    }
}

#[test]
#[ignore = "needs act: tests/run provides it"]
fn the_action_builds_its_own_checkout_when_no_release_is_named() {
    let tools = TempDir::new().expect("make a folder for tools");
    write_script(&tools.path().join("cargo"), CARGO);
    let path = std::env::var("PATH").expect("there is a PATH");
    let path = format!("{}:{path}", tools.path().display());
    let environment = [
        ("PATH", path.as_str()),
        ("SHOP_SECRET", "of the shop"),
        ("CARGO_REGISTRY_TOKEN", "of the registry"),
        ("CARGO_TERM_COLOR", "never"),
    ];
    let job = Runner::new(&[("working-directory", ".")], &[("passing", PASSING)]).run(&environment);
    assert_eq!(job.result, "success|pass|0|", "{}", job.log);
    assert!(job.log.contains("argument: --locked"), "{}", job.log);
    let seen: Vec<&str> = job
        .log
        .lines()
        .filter_map(|line| line.split_once("of the workflow: "))
        .map(|it| it.1)
        .collect();
    assert_eq!(seen, ["nothing", "nothing", "never"], "no build script sees a secret");
}

#[test]
fn the_action_chooses_what_a_build_sees_on_every_system() {
    let action = include_str!("../../../action.yml");
    let begin = action.find("kept=()").expect("the action chooses");
    let end = action.find("(cd \"$SLO_ACTION_PATH\"").expect("the action builds");
    let script =
        format!("set -euo pipefail\n{}\nprintf '%s\\n' \"${{kept[@]}}\"", &action[begin..end]);
    let secrets = ["SHOP_SECRET", "PROMETHEUS_TOKEN", "cargo_registry_token", "DB_URL", "VSCE_PAT"];
    let needed = ["SYSTEMROOT", "windir", "Path", "TEMP", "CARGO_TERM_COLOR", "VCToolsInstallDir"];
    for system in ["Windows", "Linux", "macOS"] {
        let mut command = Command::new("bash");
        command.args(["-c", &script]).env("RUNNER_OS", system).env("ProgramFiles(x86)", "value");
        command.envs(secrets.iter().chain(&needed).map(|name| (name, "value")));
        let output = command.output().expect("start bash");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let kept = String::from_utf8(output.stdout).expect("names are text");
        let has = |name: &&str| kept.lines().any(|line| line == format!("{name}=value"));
        assert!(needed.iter().chain(&["ProgramFiles(x86)"]).all(has), "{system}: {kept}");
        assert!(!secrets.iter().any(has), "{system}: {kept}");
    }
}

#[test]
#[ignore = "needs act: tests/run provides it"]
fn the_action_says_which_binary_is_missing() {
    let job = Runner::new(&[("binary", "nowhere/slo")], &[]).run(&[]);
    assert_eq!(job.result, "failure|||", "{}", job.log);
    assert!(job.log.contains("there is no file nowhere/slo"), "{}", job.log);
}

/// Returns a folder as the project's releases have it, with version 1.2.3 for this machine, and the archive's
/// checksum.
fn releases() -> (TempDir, String) {
    let folder = TempDir::new().expect("make a folder for releases");
    let release = folder.path().join("v1.2.3");
    std::fs::create_dir(&release).expect("make a folder for a release");
    write_script(&release.join("slo"), PASSING);
    let archive =
        release.join(format!("slo-1.2.3-{}-unknown-linux-musl.tar.gz", std::env::consts::ARCH));
    let tar =
        Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(&release).arg("slo").status();
    assert!(tar.expect("start tar").success(), "make {}", archive.display());
    let checksum = Sha256::digest(std::fs::read(&archive).expect("read the archive"));
    (folder, format!("{checksum:x}"))
}
