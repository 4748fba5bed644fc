//! The manifests by which other programs run `slo`, read by the linters of those programs.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::parts::part;

const ACTION: &str = "action.yml";
const HOOKS: &str = ".pre-commit-hooks.yaml";
const WORKFLOWS: [&str; 2] = [".github/workflows/ci.yml", "examples/github-workflow.yml"];

/// Returns a command that runs a part at the root of the repository, with a home of its own.
fn at_root(variable: &str, home: &TempDir) -> Command {
    let mut command = Command::new(part(variable));
    command
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .env("HOME", home.path())
        .env("XDG_CACHE_HOME", home.path())
        .env("PRE_COMMIT_HOME", home.path());
    command
}

/// Runs a command and fails with what it printed.
fn assert_silent_success(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("start {command:?}: {error}"));
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&said));
}

fn home() -> TempDir {
    TempDir::new().expect("make a home")
}

#[test]
#[ignore = "needs zizmor: tests/run provides it"]
fn the_action_and_the_workflows_are_safe() {
    let mut command = at_root("SLO_ZIZMOR", &home());
    command.args(["--offline", "--no-progress", "--strict-collection", ACTION]).args(WORKFLOWS);
    assert_silent_success(&mut command);
}

#[test]
#[ignore = "needs actionlint: tests/run provides it"]
fn the_workflows_are_valid() {
    assert_silent_success(at_root("SLO_ACTIONLINT", &home()).args(WORKFLOWS));
}

#[test]
#[ignore = "needs check-jsonschema: tests/run provides it"]
fn the_action_and_the_workflows_match_their_schemas() {
    let schema = ["--builtin-schema", "vendor.github-actions"];
    assert_silent_success(at_root("SLO_CHECK_JSONSCHEMA", &home()).args(schema).arg(ACTION));
    let schema = ["--builtin-schema", "vendor.github-workflows"];
    assert_silent_success(at_root("SLO_CHECK_JSONSCHEMA", &home()).args(schema).args(WORKFLOWS));
}

#[test]
#[ignore = "needs pre-commit: tests/run provides it"]
fn the_hooks_are_valid() {
    assert_silent_success(at_root("SLO_PRE_COMMIT", &home()).args(["validate-manifest", HOOKS]));
}
