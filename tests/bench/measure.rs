//! Measures a thread, a process, and the memory that a process took at its peak.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// Linux says here how long the thread had a core, in nanoseconds, as the first of three numbers.
const THREAD: &str = "/proc/thread-self/schedstat";

/// The program in a folder.
pub(crate) struct Program {
    /// The program.
    pub(crate) path: &'static str,
    /// The folder in which it runs.
    pub(crate) folder: PathBuf,
}

impl Program {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path);
        command.args(arguments).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Returns how long a run takes, from start to end; nothing where it ends otherwise than
    /// expected, and so did something else than what is measured.
    ///
    /// * `expected`: the exit codes with which it may end.
    pub(crate) fn time(&self, arguments: &[&str], expected: &[i32]) -> Option<Duration> {
        let started = Instant::now();
        let status = self.command(arguments).status().ok()?;
        let elapsed = started.elapsed();
        status.code().filter(|code| expected.contains(code)).map(|_| elapsed)
    }

    /// Returns the most memory that a run of `slo lint` held at once, in bytes.
    ///
    /// The report is larger than a pipe holds. So while only its first byte has been taken, the
    /// program waits with everything in memory that it ever holds, and its status can be read. On a
    /// system without `/proc`, and on a tree too small for that, nothing is returned.
    pub(crate) fn peak_memory(&self) -> Option<usize> {
        let mut command = self.command(&["lint", "--format", "json"]);
        let mut child = command.stdout(Stdio::piped()).spawn().ok()?;
        let mut report = child.stdout.take()?;
        let mut first = [0];
        let status = report
            .read_exact(&mut first)
            .and_then(|()| fs::read_to_string(format!("/proc/{}/status", child.id())));
        // The rest is read, so that the program ends as it would.
        let drained = report.read_to_end(&mut Vec::new());
        child.wait().ok()?;
        drained.ok()?;
        let status = status.ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(1024 * kibibytes)
    }
}

/// Returns how long work takes on this thread, by the best clock there is.
pub(crate) fn on_thread(work: impl FnOnce()) -> Duration {
    let (core, wall) = (core_time(), Instant::now());
    work();
    match (core, core_time()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => wall.elapsed(),
    }
}

/// Returns what [`on_thread`] measures on this system.
pub(crate) fn thread_clock() -> &'static str {
    if core_time().is_some() { "time on a core" } else { "time on the clock" }
}

fn core_time() -> Option<Duration> {
    let text = fs::read_to_string(THREAD).ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Makes a folder a git repository with one commit; returns whether that worked.
pub(crate) fn repository(folder: &Path) -> bool {
    const NOBODY: [&str; 4] = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"];
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(NOBODY).args(arguments).current_dir(folder);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    git(&["init", "--quiet"]) && git(&["add", "--all"]) && git(&["commit", "--quiet", "-m", "all"])
}
