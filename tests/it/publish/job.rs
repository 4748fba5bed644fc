//! A repository with a proposed change, and the job of GitHub Actions that judges it with the real program.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::standin::github::NUMBER;
use crate::standin::github::TOKEN;

/// The instant at which the examples are judged.
pub(crate) const NOW: &str = "2026-11-22T09:00:00Z";

/// A repository whose branch `main` is an example, and whose branch `topic` proposes a change.
pub(crate) struct Job {
    folder: TempDir,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) summary: String,
    pub(crate) outputs: Vec<(String, String)>,
}

impl Job {
    /// Lays a repository of an example of this project with a change that its policy judges.
    pub(crate) fn new(example: &str) -> Self {
        let job = Self::of(example, &[]);
        job.propose(&[("src/checkout/cart.txt", "a basket\n")]);
        job
    }

    /// Lays a repository of an example with other files beside it, and nothing proposed.
    pub(crate) fn of(example: &str, files: &[(&str, &str)]) -> Self {
        let job = Self { folder: TempDir::new().unwrap() };
        copy(&example_folder(example), &job.repository());
        job.git(&["init", "--quiet", "--initial-branch=main"]);
        job.write(files);
        job.commit("the base");
        job.git(&["switch", "--quiet", "--create", "topic"]);
        job
    }

    /// Makes the change propose exactly these files.
    pub(crate) fn propose(&self, files: &[(&str, &str)]) {
        self.propose_saying("a change", files);
    }

    /// Makes the change propose exactly these files, with this message.
    pub(crate) fn propose_saying(&self, message: &str, files: &[(&str, &str)]) {
        self.git(&["reset", "--quiet", "--hard", "main"]);
        self.write(files);
        self.commit(message);
    }

    /// Returns the environment of a job on a pull request, as a runner sets it.
    pub(crate) fn environment(&self, api: &str) -> Vec<(&'static str, String)> {
        let event = self.event("pull_request", &self.pull_request(1));
        vec![
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_API_URL", api.to_owned()),
            ("GITHUB_SERVER_URL", "https://github.com".to_owned()),
            ("GITHUB_REPOSITORY", "octo/shop".to_owned()),
            ("GITHUB_JOB", "gate".to_owned()),
            ("GITHUB_EVENT_NAME", "pull_request".to_owned()),
            ("GITHUB_EVENT_PATH", event.display().to_string()),
            ("GITHUB_STEP_SUMMARY", self.path("summary.md").display().to_string()),
            ("GITHUB_OUTPUT", self.path("outputs.txt").display().to_string()),
            ("SLO_GITHUB_TOKEN", TOKEN.to_owned()),
        ]
    }

    /// Returns the payload of a pull request whose branch lies in the repository of this number; its own is 1.
    pub(crate) fn pull_request(&self, head_repository: u64) -> Value {
        json!({
            "number": NUMBER,
            "pull_request": {
                "number": NUMBER,
                "head": { "ref": "topic", "sha": self.sha("topic"), "repo": { "id": head_repository } },
                "base": { "ref": "main", "sha": self.sha("main"), "repo": { "id": 1 } },
                "user": { "login": "reader" },
            },
            "repository": { "name": "shop", "owner": { "login": "octo" }, "default_branch": "main" },
        })
    }

    /// Writes the payload of an event into a file.
    pub(crate) fn event(&self, name: &str, payload: &Value) -> PathBuf {
        let path = self.path(&format!("{name}.json"));
        std::fs::write(&path, payload.to_string()).unwrap();
        path
    }

    /// Runs `slo gate` in a job on a pull request.
    pub(crate) fn gate(&self, api: &str, arguments: &[&str]) -> Ran {
        self.gate_in(&self.environment(api), arguments)
    }

    /// Runs `slo gate` in this environment and in no other.
    pub(crate) fn gate_in(&self, environment: &[(&str, String)], arguments: &[&str]) -> Ran {
        self.run_in(environment, &[&["gate"], arguments].concat())
    }

    /// Runs any command in this environment and in no other.
    pub(crate) fn run_in(&self, environment: &[(&str, String)], arguments: &[&str]) -> Ran {
        let output = self.command(environment, arguments).output().unwrap();
        self.ran(&output)
    }

    /// Runs `slo gate` for a reader that leaves before it has read anything.
    pub(crate) fn gate_unread(&self, environment: &[(&str, String)]) -> Ran {
        let mut command = self.command(environment, &["gate"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        self.ran(&output)
    }

    fn command(&self, environment: &[(&str, String)], arguments: &[&str]) -> Command {
        for file in ["summary.md", "outputs.txt"] {
            let _ = std::fs::remove_file(self.path(file));
        }
        let mut command = self.bare(env!("CARGO_BIN_EXE_slo"));
        command.args(arguments);
        if !arguments.contains(&"--now") {
            command.args(["--now", NOW]);
        }
        command.envs(environment.iter().map(|(name, value)| (*name, value)));
        command
    }

    fn ran(&self, output: &Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let read = |file: &str| std::fs::read_to_string(self.path(file)).unwrap_or_default();
        Ran {
            exit: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            summary: read("summary.md"),
            outputs: outputs(&read("outputs.txt")),
        }
    }

    /// Replaces the checkout by one of depth 2 of the merge commit that the forge made of the change.
    ///
    /// Returns that commit.
    pub(crate) fn check_out_shallow(&self) -> String {
        self.git(&["switch", "--quiet", "main"]);
        self.git(&["switch", "--quiet", "--create", "merge"]);
        self.git(&["merge", "--quiet", "--no-ff", "--message", "Merge topic into main", "topic"]);
        let merge = self.sha("merge");
        let origin = self.path("origin");
        std::fs::rename(self.repository(), &origin).unwrap();
        let to = self.repository();
        // Without `--no-local` a clone from this machine is whole, whatever depth is asked for.
        let mut clone = self.bare_in("git", self.folder.path());
        clone.args(["clone", "--quiet", "--no-local", "--depth=2", "--branch=merge"]);
        assert!(
            clone.arg(&origin).arg(&to).status().unwrap().success(),
            "clone {}",
            origin.display()
        );
        assert_eq!(self.git(&["rev-list", "--count", &merge]).trim(), "3");
        self.git(&["checkout", "--quiet", "--detach", &merge]);
        merge
    }

    pub(crate) fn sha(&self, branch: &str) -> String {
        self.git(&["rev-parse", branch]).trim().to_owned()
    }

    fn write(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = self.repository().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = self.bare("git").args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn bare(&self, program: &str) -> Command {
        self.bare_in(program, &self.repository())
    }

    /// Returns a command that sees nothing of the machine but its programs.
    fn bare_in(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(folder).stdin(Stdio::null());
        command.env("HOME", self.folder.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        // Windows opens no connection without its own folder.
        let kept = ["PATH", "SystemRoot"].into_iter();
        command.envs(kept.filter_map(|name| Some((name, std::env::var_os(name)?))));
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "a reader");
            command.env(format!("GIT_{who}_EMAIL"), "reader@example.com");
            command.env(format!("GIT_{who}_DATE"), "2026-11-20T12:00:00Z");
        }
        command
    }

    fn repository(&self) -> PathBuf {
        self.path("repository")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Ran {
    /// Returns the value of an output, empty where there is none.
    pub(crate) fn output(&self, name: &str) -> &str {
        let found = self.outputs.iter().rev().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Returns everything that a run said or left, in one text.
    pub(crate) fn everything(&self) -> String {
        format!("{}{}{}{:?}", self.stdout, self.stderr, self.summary, self.outputs)
    }

    /// Returns the commands that a runner obeys in a log, read as the runner reads them.
    pub(crate) fn commands(&self) -> Vec<&str> {
        let mut commands = Vec::new();
        let mut stopped: Option<&str> = None;
        for line in self.stdout.lines().chain(self.stderr.lines()) {
            let word = line.trim_start().strip_prefix("::").and_then(|rest| rest.split_once("::"));
            match (stopped, word) {
                (Some(end), Some((word, _))) if word == end => stopped = None,
                (None, Some(("stop-commands", end))) => stopped = Some(end),
                (None, Some(_)) => commands.push(line),
                (None, None) if line.contains("##[") => commands.push(line),
                _ => {}
            }
        }
        commands
    }
}

/// Returns the folder of an example of this project.
pub(crate) fn example_folder(example: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example)
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Reads a file of outputs as a runner does, in the form with an end word.
fn outputs(text: &str) -> Vec<(String, String)> {
    let mut outputs = Vec::new();
    let mut lines = text.lines();
    while let Some((name, end)) = lines.next().and_then(|line| line.split_once("<<")) {
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
        outputs.push((name.to_owned(), value.join("\n")));
    }
    outputs
}
