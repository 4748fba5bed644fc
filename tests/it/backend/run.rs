//! One run against a server that stands in for Prometheus, with everything it was asked and every pause in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use slo::backend::Answers;
use slo::backend::Error;
use slo::backend::Setting;
use slo::backend::World;
use slo::backend::measure;
use slo::budget::Definition;
use slo::budget::Measurement;
use slo::budget::Request;
use slo::config::Config;
use slo::model::Catalog;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;

use crate::backend::sample::END;
use crate::backend::sample::at;
use crate::backend::sample::catalog;
use crate::backend::sample::requests;
use crate::standin::http;
use crate::standin::http::Reply;
use crate::standin::http::Server;

/// The one secret of these tests, long enough to be looked for.
pub(crate) const TOKEN: &str = "hunter2-0f1e2d3c4b5a";

/// A question to the server, with its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) headers: Vec<(String, String)>,
}

impl Asked {
    pub(crate) fn is_range(&self) -> bool {
        self.path.ends_with("/query_range")
    }

    pub(crate) fn number(&self, name: &str) -> i64 {
        self.parameters[name].parse().unwrap()
    }

    /// Returns how many samples are asked for.
    pub(crate) fn samples(&self) -> i64 {
        (self.number("end") - self.number("start")) / self.number("step") + 1
    }
}

/// A server that keeps what it was asked.
pub(crate) struct StandIn {
    pub(crate) server: Server,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl StandIn {
    /// Starts a server; the answer may depend on how many questions came before, the probe for the version aside.
    pub(crate) fn start(answer: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::telling_version(|_| json(404, "{}"), answer)
    }

    /// Starts a server that also answers when it is asked for its version.
    pub(crate) fn telling_version(
        version: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
        answer: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let log = Arc::clone(&asked);
        let server = Server::start(move |request| {
            let question = question(&request);
            let before = {
                let mut log = log.lock().unwrap();
                log.push(question.clone());
                log.iter().filter(|asked| asked.is_range()).count()
            };
            if question.path.ends_with("buildinfo") {
                return version(&question);
            }
            answer(&question, before - 1)
        });
        Self { server, asked }
    }

    /// Returns the questions for samples, in the order they came.
    pub(crate) fn ranges(&self) -> Vec<Asked> {
        self.all().into_iter().filter(Asked::is_range).collect()
    }

    pub(crate) fn all(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Returns a configuration with this server as its only backend.
    pub(crate) fn config(&self, more: &str) -> String {
        format!("[backend.prod]\ntype = \"prometheus\"\nurl = \"{}\"\n{more}\n", self.server.url())
    }
}

/// Reads a question, by GET or by POST.
pub(crate) fn question(request: &http::Request) -> Asked {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let body = String::from_utf8(request.body.clone()).unwrap();
    let pairs = query.split('&').chain(body.split('&')).filter_map(|pair| pair.split_once('='));
    Asked {
        method: request.method.clone(),
        path: path.to_owned(),
        parameters: pairs.map(|(key, value)| (decoded(key), decoded(value))).collect(),
        headers: request.headers.clone(),
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn json(status: u16, body: &str) -> Reply {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Reply::Answer { status, headers, body: body.as_bytes().to_vec() }
}

/// Answers with one series of the values that a function has at the instants asked for.
pub(crate) fn series(asked: &Asked, value: impl Fn(i64) -> Option<String>) -> Reply {
    let step = usize::try_from(asked.number("step")).unwrap();
    let instants = (asked.number("start")..=asked.number("end")).step_by(step);
    let samples: Vec<String> =
        instants.filter_map(|at| Some(format!("[{at},\"{}\"]", value(at)?))).collect();
    let series = format!("{{\"metric\":{{}},\"values\":[{}]}}", samples.join(","));
    let result = if samples.is_empty() { String::new() } else { series };
    let data = format!("{{\"resultType\":\"matrix\",\"result\":[{result}]}}");
    json(200, &format!("{{\"status\":\"success\",\"data\":{data}}}"))
}

/// Ten valid events in each step, one of them bad.
pub(crate) fn steady(asked: &Asked) -> Reply {
    let is_bad = asked.parameters["query"].contains("500");
    series(asked, |_| Some(if is_bad { "1" } else { "10" }.to_owned()))
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) answers: Result<Answers, Error>,
    pub(crate) pauses: Vec<Duration>,
}

impl Outcome {
    pub(crate) fn measurements(&self) -> &[Measurement] {
        &self.answers.as_ref().unwrap().measurements
    }

    /// Returns the word and the detail of the first failure.
    pub(crate) fn failure(&self) -> (&'static str, String) {
        let failure = self.measurements()[0].series.as_ref().unwrap_err();
        (failure.word(), failure.detail().unwrap_or_default().to_owned())
    }

    /// Returns good and valid events of the first measurement, row by row, with their lengths.
    pub(crate) fn counts(&self) -> Vec<(i64, String, String)> {
        let rows = self.measurements()[0].series.as_ref().unwrap().rows();
        rows.iter()
            .map(|row| {
                let counts = row.counts.as_ref().unwrap();
                let seconds = row.end.as_second() - row.start.as_second();
                (seconds, counts.good.to_string(), counts.valid.to_string())
            })
            .collect()
    }
}

pub(crate) fn read_config(text: &str) -> Config {
    let source = Source::from_text("slo.toml", text, Origin::Worktree);
    let (config, problems) = Config::parse(SourceId::default(), &source);
    assert!(problems.is_empty(), "{problems:?}");
    config
}

/// Measures every objective of the definitions over so many hours.
pub(crate) fn run(config: &str, definitions: &str, hours: i64) -> Outcome {
    let catalog = catalog(definitions);
    let requests = requests(&catalog, Definition::Trusted, hours);
    ask(config, &catalog, &requests, None)
}

pub(crate) fn ask(
    config: &str,
    catalog: &Catalog,
    requests: &[Request],
    chosen: Option<&str>,
) -> Outcome {
    let begin = Instant::now();
    ask_with("", &|| begin.elapsed(), config, catalog, requests, chosen)
}

/// Measures with a value for the variable `ADDRESS`, and by a clock of the test's own.
pub(crate) fn ask_with(
    address: &str,
    elapsed: &(dyn Fn() -> Duration + Sync),
    config: &str,
    catalog: &Catalog,
    requests: &[Request],
    chosen: Option<&str>,
) -> Outcome {
    let pauses: Mutex<Vec<Duration>> = Mutex::default();
    let variables = |name: &str| match name {
        "TOKEN" => Some(format!("{TOKEN}\n")),
        "ADDRESS" => Some(address.to_owned()),
        "SHORT" => Some("a7c".to_owned()),
        "USER" => Some("scraper".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    let files = |path: &str| {
        match path {
        "measured.csv" => Ok(b"slo,start,seconds,good,valid\ncheckout,2026-02-28T20:00:00Z,3600,1,2\nother,2026-02-28T20:00:00Z,3600,1,2\n".to_vec()),
        "broken.csv" => Ok(b"slo\n".to_vec()),
        path if path.starts_with('/') => std::fs::read(path).map_err(|error| error.to_string()),
        _ => Err("there is no such file".to_owned()),
    }
    };
    let world = World {
        variables: &variables,
        files: &files,
        pause: &|pause| pauses.lock().unwrap().push(pause),
        elapsed,
        now: at(END + 60),
    };
    let config = read_config(config);
    let setting = Setting { config: &config, trusted: catalog, head: catalog, chosen };
    let answers = measure(&setting, requests, &world);
    Outcome { answers, pauses: pauses.into_inner().unwrap() }
}
