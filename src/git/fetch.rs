//! Fetches one missing commit from `origin`: the only place where the program runs `git`.
//!
//! # Why
//!
//! A checkout of depth one does not hold the base of a pull request. Its owner already gave `git`
//! the credentials to fetch it; a network client of our own would have to ask for them again. What
//! is fetched is named by its full object id, so no answer of the server can be something else.
//!
//! In a whole clone the commit is fetched with the history that leads to it. `--depth` would cut
//! the clone there, and take away the merge base that is wanted next.

use std::io::Read;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::git::Repository;
use crate::git::error::Error;
use crate::git::id::CommitId;

/// How long the fetch may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How often the running fetch is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Bytes of git's complaint that are kept.
const COMPLAINT_BYTES: u64 = 64 * 1024;

/// Characters of git's complaint that are shown.
const COMPLAINT_CHARACTERS: usize = 300;

/// Whether a missing commit may be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fetching {
    /// Fetch it once from `origin`.
    #[default]
    Allowed,
    /// Leave the network alone.
    Forbidden,
}

/// Makes sure that the clone holds a commit, fetching it once where that is allowed.
///
/// # Errors
///
/// [`Error::CommitMissing`] when it is not there and may not be fetched; [`Error::FetchFailed`].
pub fn ensure(repository: &Repository, id: CommitId, fetching: Fetching) -> Result<(), Error> {
    if repository.holds(id) {
        return Ok(());
    }
    if fetching == Fetching::Forbidden {
        return Err(Error::CommitMissing { id });
    }
    run(repository, id, TIMEOUT)?;
    if repository.holds(id) {
        return Ok(());
    }
    Err(Error::CommitMissing { id })
}

/// Fetches a branch of `origin`, so that its tip is at hand as `origin/NAME`.
///
/// # Errors
///
/// [`Error::BranchMissing`] when no branch has such a name; [`Error::BranchFetchFailed`].
pub fn branch(repository: &Repository, name: &str) -> Result<(), Error> {
    let full_name = format!("refs/heads/{name}");
    if gix::validate::reference::name(full_name.as_str().into()).is_err() {
        return Err(Error::BranchMissing { name: name.to_owned() });
    }
    // A valid name holds neither a colon nor an asterisk.
    let what = format!("+{full_name}:refs/remotes/origin/{name}");
    let failed = |reason| Error::BranchFetchFailed { name: name.to_owned(), reason };
    end(command(repository, &what)?, TIMEOUT).map_err(failed)
}

fn run(repository: &Repository, id: CommitId, timeout: Duration) -> Result<(), Error> {
    // The id is printed from its bytes, so it is forty hexadecimal digits and no option.
    let command = command(repository, &id.to_string())?;
    end(command, timeout).map_err(|reason| Error::FetchFailed { id, reason })
}

/// Runs git to its end; the error is why it failed.
#[expect(clippy::disallowed_methods, reason = "a fetch that hangs is ended")]
fn end(mut command: Command, timeout: Duration) -> Result<(), String> {
    let mut child = command.spawn().map_err(|error| format!("cannot run `git`: {error}"))?;
    let complaint = listen(&mut child);
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < timeout => thread::sleep(POLL),
            Ok(None) => {
                stop(&mut child);
                return Err(format!("`git fetch` did not end within {} s", timeout.as_secs()));
            }
            Err(error) => {
                stop(&mut child);
                return Err(format!("cannot wait for `git`: {error}"));
            }
        }
    };
    if status.success() {
        return Ok(());
    }
    // A helper of git may outlive it and hold the pipe open: wait for its words, not for its end.
    let text = complaint.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
    Err(last_complaint(&text))
}

#[expect(clippy::disallowed_methods, reason = "the fetch of one missing commit is git's own")]
fn command(repository: &Repository, what: &str) -> Result<Command, Error> {
    let folder = repository.worktree().unwrap_or_else(|| repository.local.git_dir());
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(["-c", "core.hooksPath=/dev/null"])
        .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
        .args(["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"])
        .arg("--no-write-fetch-head");
    if repository.is_shallow()? {
        command.arg("--depth=1");
    }
    command.args(["origin", what]);
    for variable in
        ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"]
    {
        command.env_remove(variable);
    }
    command
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    Ok(command)
}

/// Reads what git complains about on a thread of its own, so that a full pipe does not stop git.
fn listen(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut pipe) = child.stderr.take() {
        thread::spawn(move || {
            let mut kept = Vec::new();
            let read = pipe
                .by_ref()
                .take(COMPLAINT_BYTES)
                .read_to_end(&mut kept)
                .and_then(|_| std::io::copy(&mut pipe, &mut std::io::sink()));
            if read.is_ok() {
                // The receiver is gone after a timeout; then nobody wants the text.
                drop(sender.send(String::from_utf8_lossy(&kept).into_owned()));
            }
        });
    }
    receiver
}

fn stop(child: &mut Child) {
    // Both fail only when the process has already ended, which is what is wanted.
    drop(child.kill());
    drop(child.wait());
}

/// Returns the line that says why, without control characters and without credentials.
fn last_complaint(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines()
        .find(|line| line.starts_with("fatal:"))
        .or_else(|| lines().next_back())
        .unwrap_or("`git fetch` failed without a word");
    let plain: String = line.chars().filter(|character| !character.is_control()).collect();
    without_credentials(&plain).chars().take(COMPLAINT_CHARACTERS).collect()
}

/// Cuts the user part out of every URL: `https://user:token@host/` becomes `https://host/`.
fn without_credentials(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        clean.push_str(before);
        let end = after
            .find(|character: char| {
                character == '/' || character == '\'' || character.is_whitespace()
            })
            .unwrap_or(after.len());
        let authority = after.get(..end).unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or(authority);
        clean.push_str(host);
        rest = after.get(end..).unwrap_or_default();
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests;
