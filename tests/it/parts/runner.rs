//! A runner for GitHub Actions on this machine, which runs the composite action as a repository would.

use std::fmt::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::parts::part;
use crate::publish::job::copy;
use crate::publish::job::example_folder;
use crate::standin::github::TOKEN;

/// An address where nobody answers: nothing that runs here may reach a forge.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:1";

const EVENT: &str = r#"{
  "number": 7,
  "pull_request": {
    "number": 7,
    "head": { "ref": "topic", "sha": "1111111111111111111111111111111111111111", "repo": { "id": 1 } },
    "base": { "ref": "main", "sha": "2222222222222222222222222222222222222222", "repo": { "id": 1 } }
  }
}"#;

/// A repository that holds the action and uses it, with a runner's home beside it.
pub(crate) struct Runner {
    folder: TempDir,
}

/// What became of one job.
#[derive(Debug)]
pub(crate) struct Job {
    /// The action's result, then its outputs `outcome`, `exit-code` and `reason`, with bars between.
    pub(crate) result: String,
    pub(crate) log: String,
    /// What the action wrote into the summary of its step.
    pub(crate) summary: String,
}

impl Runner {
    /// Lays a repository whose workflow gives the action these inputs, and which holds these scripts.
    pub(crate) fn new(inputs: &[(&str, &str)], scripts: &[(&str, &str)]) -> Self {
        let runner = Self { folder: TempDir::new().expect("make a folder for a runner") };
        runner.lay(&workflow(inputs));
        write(&runner.event(), EVENT);
        for (name, text) in scripts {
            write_script(&runner.repository().join(name), text);
        }
        runner.begin();
        runner
    }

    /// Lays a repository of an example of this project that gives the action these inputs, checked out at the
    /// merge commit that a forge makes of a change.
    pub(crate) fn on_example(example: &str, inputs: &[(&str, &str)]) -> Self {
        Self::on_example_with(example, &workflow(inputs))
    }

    /// Does the same with the workflow that this project offers, for a change from a fork, in a history that
    /// is as deep as that workflow says.
    pub(crate) fn with_offered_workflow(example: &str, inputs: &[(&str, &str)]) -> Self {
        let runner = Self::on_example_with(example, &offered_workflow(inputs));
        let event = std::fs::read_to_string(runner.event()).expect("read the event");
        let from_fork = event.replacen("\"id\": 1", "\"id\": 2", 1);
        assert_ne!(event, from_fork);
        write(&runner.event(), &from_fork);
        // What a clone of depth 2 has: the merge and its parents, and no word of what was before them.
        let parents = runner.git(&["rev-parse", "HEAD^1", "HEAD^2"]);
        write(&runner.repository().join(".git/shallow"), &parents);
        runner
    }

    fn on_example_with(example: &str, workflow: &str) -> Self {
        let runner = Self { folder: TempDir::new().expect("make a folder for a runner") };
        runner.lay(workflow);
        copy(&example_folder(example), &runner.repository());
        runner.begin();
        runner.git(&["switch", "--quiet", "--create", "topic"]);
        let into = runner.repository().join("src/checkout");
        std::fs::create_dir_all(&into).expect("make a folder of the change");
        write(&into.join("cart.txt"), "a basket\n");
        runner.git(&["add", "--all"]);
        runner.git(&["commit", "--quiet", "--message", "a change"]);
        let (base, head) =
            (runner.git(&["rev-parse", "main"]), runner.git(&["rev-parse", "topic"]));
        runner.git(&["switch", "--quiet", "--detach", "main"]);
        runner.git(&["merge", "--quiet", "--no-ff", "--message", "Merge topic into main", "topic"]);
        let event =
            EVENT.replace(&"1".repeat(40), head.trim()).replace(&"2".repeat(40), base.trim());
        write(&runner.event(), &event);
        runner
    }

    /// Writes the action, a workflow that uses it, and the settings of the runner.
    fn lay(&self, workflow: &str) {
        let workflows = self.repository().join(".github/workflows");
        let settings = self.home().join("act");
        for folder in [&workflows, &settings] {
            std::fs::create_dir_all(folder).expect("make a folder of the runner");
        }
        let action = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
        std::fs::copy(action, self.repository().join("action.yml")).expect("copy the action");
        write(&workflows.join("gate.yml"), workflow);
        write(&settings.join("actrc"), "");
    }

    /// Runs the workflow on a pull request, with these environment variables.
    pub(crate) fn run(&self, environment: &[(&str, &str)]) -> Job {
        self.run_against(NOWHERE, environment)
    }

    /// Runs the workflow on a pull request of the forge whose API is at this address.
    pub(crate) fn run_against(&self, api: &str, environment: &[(&str, &str)]) -> Job {
        let mut command = Command::new(part("SLO_ACT"));
        command
            .current_dir(self.repository())
            .args(["pull_request", "-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "-e"])
            .arg(self.event())
            .args(["-s", &format!("GITHUB_TOKEN={TOKEN}"), "--action-cache-path"])
            .arg(self.home().join("actions"))
            .args(["--env", &format!("GITHUB_API_URL={api}")])
            .env("HOME", self.home())
            .env("XDG_CACHE_HOME", self.home())
            .env("XDG_CONFIG_HOME", self.home());
        for (name, value) in environment {
            command.args(["--env", &format!("{name}={value}")]);
        }
        let output = command.output().expect("start act");
        let said = [output.stdout, output.stderr].concat();
        let log = String::from_utf8_lossy(&said).into_owned();
        let result = log.lines().find_map(|line| line.split_once("| result: "));
        let result =
            result.unwrap_or_else(|| panic!("the job gave no result:\n{log}")).1.to_owned();
        // The runner reads the file of a step as GitHub does, and prints what it took.
        let summary = log.split_once("Summary - ").map_or("", |(_, rest)| rest);
        let summary = summary.split("\n[").next().unwrap_or_default().to_owned();
        Job { result, log, summary }
    }

    /// Makes the first commit, of all there is.
    fn begin(&self) {
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        self.git(&["remote", "add", "origin", "https://github.com/octo/shop.git"]);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "x"]);
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.current_dir(self.repository()).env("HOME", self.home());
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(arguments);
        let output = git.output().expect("start git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("git prints text")
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn event(&self) -> PathBuf {
        self.folder.path().join("event.json")
    }
}

/// Writes a script that can be run.
pub(crate) fn write_script(path: &Path, text: &str) {
    write(path, text);
    let chmod = Command::new("chmod").arg("+x").arg(path).status().expect("start chmod");
    assert!(chmod.success(), "make {} executable", path.display());
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
}

/// Returns the workflow that this project offers, with these inputs; it prints what the action gave.
fn offered_workflow(inputs: &[(&str, &str)]) -> String {
    let offered = include_str!("../../../examples/github-workflow.yml");
    let step = "      - uses: ./ # zizmor: ignore[self-repository]\n";
    assert_eq!(offered.matches(step).count(), 1, "the workflow uses the action once");
    assert!(offered.contains("fetch-depth: 2\n"), "the history of the test is as deep");
    let workflow = workflow(inputs);
    let (_, used) = workflow.split_once("      - uses: ./\n").expect("it uses the action");
    let (given, shown) = used.split_once("      - shell: bash\n").expect("it prints what came");
    offered.replace(step, &format!("      - uses: ./\n{}\n", given.trim_end()))
        + "      - shell: bash\n"
        + shown
}

/// Returns a workflow that uses the action and then prints what it gave, failed or not.
fn workflow(inputs: &[(&str, &str)]) -> String {
    let mut with = String::new();
    for (name, value) in inputs {
        writeln!(with, "          {name}: '{value}'").expect("a String takes all text");
    }
    format!(
        "on: pull_request
permissions: {{}}
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6 # the runner copies the working tree instead
      - uses: ./
        id: slo
        continue-on-error: true
        with:
{with}
      - shell: bash
        env:
          RESULT: ${{{{ steps.slo.outcome }}}}|${{{{ steps.slo.outputs.outcome }}}}|\
             ${{{{ steps.slo.outputs.exit-code }}}}|${{{{ steps.slo.outputs.reason }}}}
        run: |
          printf 'result: %s\\n' \"$RESULT\"
"
    )
}
