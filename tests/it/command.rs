//! Runs the program as a user would, with nothing of the outside in its environment.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::io::Read;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a run may take before it counts as one that hangs; a loaded machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// The user and the group that own nothing.
pub(crate) const NOBODY: u32 = 65_534;

/// The clock of every run that reads one.
pub(crate) const NOW: &str = "2026-11-22T09:00:00Z";

/// A sound SLO, but for its target and its missing owner.
pub(crate) const SLO: &str = "apiVersion: openslo/v1
kind: SLO
metadata: { name: payments }
spec:
  service: payments
  indicator:
    metadata: { name: answered }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: sum(e) } } }
        total: { metricSource: { type: Prometheus, spec: { query: sum(t) } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 1 }]
";

/// A run of the program that is being prepared.
pub(crate) struct Run {
    folder: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    input: Vec<u8>,
    unprivileged: bool,
}

/// What a run left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the program in a folder.
pub(crate) fn slo(folder: &Path, arguments: &[&str]) -> Ended {
    Run::new(folder).arguments(arguments).end()
}

impl Run {
    pub(crate) fn new(folder: &Path) -> Self {
        let arguments = Vec::new();
        let (environment, input) = (Vec::new(), Vec::new());
        Self { folder: folder.to_owned(), arguments, environment, input, unprivileged: false }
    }

    pub(crate) fn arguments<T: AsRef<OsStr>>(mut self, arguments: &[T]) -> Self {
        self.arguments.extend(arguments.iter().map(|one| one.as_ref().to_owned()));
        self
    }

    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub(crate) fn input(mut self, input: &[u8]) -> Self {
        self.input = input.to_vec();
        self
    }

    /// Runs as somebody for whom permissions count, which they do not for root, in containers too.
    pub(crate) fn unprivileged(mut self) -> Self {
        self.unprivileged = true;
        self
    }

    /// Returns the process that would run, for a test that wires its streams by itself.
    pub(crate) fn command(&self) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_slo"));
        let mut command = if self.unprivileged && is_root() {
            // Nobody may look into the folder of whoever built it.
            let copy = self.folder.join("program");
            if !copy.exists() {
                // By another process: a file that is open for writing here when a neighboring test
                // starts a program stays open in that program, and cannot be run ("text file busy").
                let copied = Command::new("cp").arg(program).arg(&copy).status();
                assert!(copied.is_ok_and(|status| status.success()), "the program can be copied");
            }
            let mut command = Command::new(copy);
            command.uid(NOBODY).gid(NOBODY);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.folder).args(&self.arguments).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs to the end; a run that hangs is ended and fails the test.
    pub(crate) fn end(self) -> Ended {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        let input = self.input;
        // A program that reads nothing closes the pipe, which is its right.
        thread::spawn(move || drop(stdin.write_all(&input)));
        let out = collect(child.stdout.take().expect("its output is a pipe"));
        let err = collect(child.stderr.take().expect("its errors are a pipe"));
        let ended = out.recv_timeout(PATIENCE).and_then(|out| {
            let err = err.recv_timeout(PATIENCE)?;
            Ok((out, err))
        });
        let Ok((out, err)) = ended else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("slo {:?} hangs", self.arguments);
        };
        let code = child.wait().expect("the program ends").code();
        let ended = Ended { code, out, err };
        assert!(!ended.err.contains("panicked at"), "slo {:?}: {}", self.arguments, ended.err);
        assert!(code.is_some_and(|code| code <= 3), "slo {:?}: {ended:?}", self.arguments);
        ended
    }
}

impl Ended {
    /// Asserts how the run ended and returns it.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{}\n{}", self.out, self.err);
        self
    }

    /// Returns what was printed as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Returns whether the tests run as root, who may read and write everything.
pub(crate) fn is_root() -> bool {
    let own = tempfile::tempfile().and_then(|file| file.metadata());
    own.expect("a temporary file can be made").uid() == 0
}

/// Reads a stream to its end on a thread of its own.
fn collect(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}
