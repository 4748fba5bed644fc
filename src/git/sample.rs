//! Repositories for tests, made by the `git` command line with fixed people, dates and branches.
#![expect(clippy::disallowed_methods, reason = "tests build repositories in temporary folders")]

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::git::Repository;
use crate::git::id::CommitId;

pub(super) struct Sample {
    folder: tempfile::TempDir,
    seconds: std::cell::Cell<i64>,
}

impl Sample {
    /// Makes an empty repository on the branch `main`.
    pub(super) fn new() -> Sample {
        let sample = Sample::folder();
        sample.git(&["init", "--quiet", "--initial-branch=main"]);
        sample
    }

    /// Makes `main` with two commits and `work` with one, started at the first; `HEAD` is on `work`.
    ///
    /// Returns the start, the tip of `main` and the tip of `work` too.
    pub(super) fn branched() -> (Sample, [CommitId; 3]) {
        let sample = Sample::new();
        let start = sample.commit_file("a.yaml", "a: 1\n");
        sample.git(&["switch", "--quiet", "--create", "work"]);
        let work = sample.commit_file("b.yaml", "b: 1\n");
        sample.git(&["switch", "--quiet", "main"]);
        let main = sample.commit_file("c.yaml", "c: 1\n");
        sample.git(&["switch", "--quiet", "work"]);
        (sample, [start, main, work])
    }

    /// Makes a folder without a repository.
    pub(super) fn folder() -> Sample {
        Sample {
            folder: tempfile::tempdir().expect("the sample holds it"),
            seconds: std::cell::Cell::new(1_700_000_000),
        }
    }

    /// Clones with the given options.
    pub(super) fn clone(&self, options: &[&str]) -> Sample {
        let clone = Sample::folder();
        let url = format!("file://{}", self.path().display());
        let mut arguments = vec!["clone", "--quiet"];
        arguments.extend(options);
        arguments.extend([url.as_str(), "."]);
        clone.git(&arguments);
        clone
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn open(&self) -> Repository {
        Repository::discover(self.path()).expect("the sample holds it")
    }

    pub(super) fn write(&self, path: &str, content: &str) -> PathBuf {
        self.write_bytes(path, content.as_bytes())
    }

    pub(super) fn write_bytes(&self, path: &str, content: &[u8]) -> PathBuf {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("the sample holds it"))
            .expect("the sample holds it");
        fs::write(&path, content).expect("the sample holds it");
        path
    }

    /// Sets the clock of later commits back.
    pub(super) fn turn_back(&self, seconds: i64) {
        self.seconds.set(self.seconds.get() - seconds);
    }

    /// Writes a file and commits everything, one minute after the last commit.
    pub(super) fn commit_file(&self, path: &str, content: &str) -> CommitId {
        self.write(path, content);
        self.commit(&format!("write {path}"))
    }

    /// Commits everything, one minute after the last commit.
    pub(super) fn commit(&self, message: &str) -> CommitId {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.head()
    }

    pub(super) fn head(&self) -> CommitId {
        self.id("HEAD")
    }

    pub(super) fn id(&self, revision: &str) -> CommitId {
        CommitId::parse(&self.git(&["rev-parse", revision])).expect("the sample holds it")
    }

    /// Runs git and returns what it prints, without the last newline.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let (succeeded, text) = self.try_git(arguments);
        assert!(succeeded, "git {arguments:?}: {text}");
        text
    }

    pub(super) fn try_git(&self, arguments: &[&str]) -> (bool, String) {
        self.seconds.set(self.seconds.get() + 60);
        let date = format!("{} +0000", self.seconds.get());
        let output = Command::new("git")
            .current_dir(self.path())
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("the sample holds it"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_NAME", "Charles")
            .env("GIT_COMMITTER_EMAIL", "charles@example.com")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .output()
            .expect("the sample holds it");
        let mut text = String::from_utf8(output.stdout).expect("the sample holds it");
        if !output.status.success() {
            text.push_str(&String::from_utf8_lossy(&output.stderr));
        }
        (output.status.success(), text.trim_end().to_owned())
    }
}
