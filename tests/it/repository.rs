//! Repositories for tests, made by the `git` command line with fixed people, dates and branches.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use crate::command::NOBODY;
use crate::command::is_root;

/// A repository in a temporary folder, on the branch `main`.
pub(crate) struct Repository {
    folder: tempfile::TempDir,
    seconds: Cell<i64>,
}

impl Repository {
    /// Makes an empty repository.
    pub(crate) fn new() -> Self {
        let repository = Self::folder();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// Makes a folder without a repository.
    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self { folder, seconds: Cell::new(1_790_000_000) }
    }

    /// Clones by URL, as a runner does, with the given options.
    pub(crate) fn clone(&self, options: &[&str]) -> Self {
        let clone = Self::folder();
        let url = format!("file://{}", self.path().display());
        let mut arguments = vec!["clone", "--quiet"];
        arguments.extend(options);
        arguments.extend([url.as_str(), "."]);
        clone.git(&arguments);
        clone
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// Replaces the only occurrence of a text in a file.
    #[track_caller]
    pub(crate) fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {path}");
        self.write(path, text.replace(old, new));
    }

    /// Gives everything to nobody, as whom [`crate::command::Run::unprivileged`] runs for root.
    pub(crate) fn give_away(&self) {
        let mut open = vec![self.path().to_owned()];
        while let Some(path) = open.pop().filter(|_| is_root()) {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
            if path.is_dir() && !path.is_symlink() {
                open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.path().join(path)).unwrap();
    }

    /// Sets the clock so that [`Self::commit`] commits at this time.
    pub(crate) fn set_clock(&self, time: &str) {
        let time: jiff::Timestamp = time.parse().expect("an instant");
        self.seconds.set(time.as_second() - 120);
    }

    /// Commits everything, one minute after the last command; returns the id.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    /// Switches to a new branch that starts here.
    pub(crate) fn branch(&self, name: &str) {
        self.git(&["switch", "--quiet", "--create", name]);
    }

    pub(crate) fn switch(&self, name: &str) {
        self.git(&["switch", "--quiet", name]);
    }

    pub(crate) fn id(&self, revision: &str) -> String {
        self.git(&["rev-parse", revision])
    }

    /// Runs git and returns what it prints, without the last newline.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_as("Ada <ada@example.com>", arguments)
    }

    /// Runs git for somebody.
    #[track_caller]
    pub(crate) fn git_as(&self, person: &str, arguments: &[&str]) -> String {
        self.seconds.set(self.seconds.get() + 60);
        let date = format!("{} +0000", self.seconds.get());
        let (name, mail) = person.split_once(" <").expect("a name and an address");
        let output = Command::new("git")
            .current_dir(self.path())
            .args(["-c", "protocol.file.allow=always"])
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_AUTHOR_NAME", name)
            .env("GIT_AUTHOR_EMAIL", mail.trim_end_matches('>'))
            .env("GIT_COMMITTER_NAME", "Charles")
            .env("GIT_COMMITTER_EMAIL", "charles@example.com")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .output()
            .expect("git runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {error}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}
