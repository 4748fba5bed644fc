//! Servers that a test starts for itself on a free port of this machine, and that end with it.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;

use crate::parts::ask::agent;
use crate::parts::history::History;
use crate::parts::part;

/// How often a server is asked whether it is ready, [`PAUSE`] apart: one minute in all.
const QUESTIONS: u32 = 1200;
const PAUSE: Duration = Duration::from_millis(50);

/// A Prometheus server, until it is dropped.
pub(crate) struct Prometheus(Server);

/// A VictoriaMetrics server, until it is dropped.
pub(crate) struct VictoriaMetrics(Server);

impl Prometheus {
    /// Starts the Prometheus of Debian, a 2.x, over a folder of blocks.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_program("SLO_PROMETHEUS", data, "")
    }

    /// Starts a Prometheus 3.x over a folder of blocks, with its experiments in the language of queries.
    pub(crate) fn start_3(data: &Path) -> Self {
        const EXPERIMENTS: &str =
            "promql-experimental-functions,promql-duration-expr,promql-extended-range-selectors";
        Self::start_program("SLO_PROMETHEUS3", data, EXPERIMENTS)
    }

    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    fn start_program(variable: &str, data: &Path, features: &str) -> Self {
        let program = part(variable);
        Self(Server::start("/-/ready", |folder, address| {
            let config = folder.join("prom.yml");
            std::fs::write(&config, "").expect("write the configuration");
            let mut command = Command::new(&program);
            command
                .arg(format!("--config.file={}", config.display()))
                .arg(format!("--storage.tsdb.path={}", data.display()))
                // The data ends years before some run of this test: age removes nothing.
                .arg("--storage.tsdb.retention.time=100y")
                .arg(format!("--web.listen-address={address}"))
                .arg("--log.level=warn")
                .arg(format!("--enable-feature={features}"));
            command
        }))
    }
}

impl VictoriaMetrics {
    /// Starts an empty VictoriaMetrics.
    pub(crate) fn start() -> Self {
        let program = part("SLO_VICTORIA_METRICS");
        Self(Server::start("/health", |folder, address| {
            let mut command = Command::new(&program);
            command
                .arg(format!("-storageDataPath={}", folder.join("data").display()))
                .arg("-retentionPeriod=100y")
                .arg(format!("-httpListenAddr={address}"))
                .arg("-loggerLevel=WARN");
            command
        }))
    }

    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    /// Fills the server with a history, which is visible when this returns.
    pub(crate) fn import(&self, history: &History) {
        let import = agent()
            .post(format!("{}/api/v1/import/prometheus", self.url()))
            .send(history.prometheus_text())
            .expect("import the history");
        assert_eq!(import.status().as_u16(), 204, "import the history");
        for path in ["/internal/force_flush", "/internal/resetRollupResultCache"] {
            let response = agent().get(format!("{}{path}", self.url())).call().expect(path);
            assert_eq!(response.status().as_u16(), 200, "{path}");
        }
    }
}

/// Returns a folder of blocks that hold a history, for a Prometheus to serve.
pub(crate) fn blocks(history: &History) -> TempDir {
    let folder = TempDir::new().expect("make a folder for blocks");
    let text = folder.path().join("history.om");
    std::fs::write(&text, history.openmetrics()).expect("write the history");
    let output = Command::new(part("SLO_PROMTOOL"))
        .args(["tsdb", "create-blocks-from", "-q"])
        // A hidden flag, of Go durations: one block for all, a hundred times faster than one for two hours.
        .arg("--max-block-duration=2160h")
        .arg("openmetrics")
        .arg(&text)
        .arg(folder.path())
        .output()
        .expect("start promtool");
    assert!(output.status.success(), "promtool: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::remove_file(&text).expect("remove the text of the history");
    folder
}

/// One process with its folder and its log.
struct Server {
    child: Child,
    url: String,
    folder: Option<TempDir>,
}

impl Server {
    /// Starts a command and waits until it answers at a path.
    ///
    /// A port that was free may be taken before the server binds it. A server whose process ends is therefore
    /// started again, twice at most, on another port.
    fn start(ready: &str, command: impl Fn(&Path, &str) -> Command) -> Self {
        let mut ended = String::new();
        for _ in 0..3 {
            let folder = TempDir::new().expect("make a folder for a server");
            let log = File::create(folder.path().join("log")).expect("make a log");
            let address = free_address();
            let child = command(folder.path(), &address)
                .stdin(Stdio::null())
                .stdout(log.try_clone().expect("share the log"))
                .stderr(log)
                .spawn()
                .expect("start a server");
            let mut server = Self { child, url: format!("http://{address}"), folder: Some(folder) };
            if server.answers(ready) {
                return server;
            }
            ended = server.log();
        }
        panic!("a server did not start:\n{ended}");
    }

    /// Waits until the server answers, and returns false when its process has ended instead.
    fn answers(&mut self, ready: &str) -> bool {
        for _ in 0..QUESTIONS {
            if self.child.try_wait().expect("look at a child").is_some() {
                return false;
            }
            let asked = agent().get(format!("{}{ready}", self.url)).call();
            if asked.is_ok_and(|response| response.status().as_u16() == 200) {
                return true;
            }
            std::thread::sleep(PAUSE);
        }
        panic!("{} is not ready after a minute:\n{}", self.url, self.log());
    }

    fn log(&self) -> String {
        let path = self.folder.as_ref().map(|folder| folder.path().join("log"));
        path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Errors mean that it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking()
            && let Some(folder) = self.folder.take()
        {
            say_where(&folder.keep().join("log"));
        }
    }
}

#[expect(clippy::print_stderr, reason = "a failed test says where to look")]
fn say_where(log: &Path) {
    eprintln!("the server's log is kept: {}", log.display());
}

/// Returns an address of this machine whose port nobody listens on now.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("find a free port");
    listener.local_addr().expect("a listener has an address").to_string()
}
