//! How long `slo gate` takes over many objectives with recorded measurements, from start to end.
//!
//! `cargo bench --bench gate` measures a hundred and a thousand SLOs, each with twelve weeks of
//! hourly counts: the history is read, every policy is applied to every hour of its horizon, and the
//! verdict is written. With `-- --rounds 3 1000` it measures less: fewer rounds, only the steps whose
//! name holds a word. What only the other bench knows is passed over, so that `cargo bench` can give
//! both the same. Without `--bench`, as `cargo test --all-targets` runs it, everything runs once on
//! three SLOs.
//!
//! # Why
//!
//! Tiers have a memory, so a verdict is a replay of the past. What one objective costs should stay the
//! same however many there are. Nothing is asserted.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark writes files, asks the clock and prints"
)]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::Timestamp;

#[expect(dead_code, reason = "the other bench measures threads and memory too")]
mod measure;

/// How many hours of history each objective has: twelve weeks.
const HOURS: i32 = 12 * 7 * 24;

/// The instant of the verdict.
const NOW: &str = "2026-03-01T00:00:00Z";

const CONFIG: &str = "\
[backend.recorded]
type = \"recorded\"
path = \"measurements.csv\"

[services]
shop = [\"src/**\"]
";

const POLICY: &str = "\
apiVersion: slo/v1
kind: ErrorBudgetPolicy
metadata:
  name: default
spec:
  tiers:
    - name: careful
      enter: { burn: { lookback: slo, gte: 0.75 } }
      exit: { burn: { lookback: slo, lt: 0.6 } }
      gate: warn
    - name: freeze
      enter: { burn: { lookback: slo, gte: 1 } }
      exit: { burn: { lookback: slo, lt: 0.9 } }
      gate: freeze
      exempt: [reliability-fix]
";

/// How a run ends that came to a verdict from known numbers.
const JUDGED: &[i32] = &[0, 1];

/// What a run measures.
struct Options {
    rounds: usize,
    sizes: &'static [usize],
    words: Vec<String>,
}

fn main() -> io::Result<()> {
    let Options { rounds, sizes, words } = Options::read();
    println!("{HOURS} hours of counts for each objective; {rounds} rounds, medians\n");
    println!("{:<34} {:>10} {:>16}", "", "median", "an objective");
    for &size in sizes {
        let name = format!("gate: `slo gate --all`, {size} SLOs");
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let folder = tempfile::tempdir()?;
        write(folder.path(), size)?;
        let program =
            measure::Program { path: env!("CARGO_BIN_EXE_slo"), folder: folder.path().to_owned() };
        let is_ready = measure::repository(folder.path());
        let arguments = ["gate", "--all", "--base", "HEAD", "--now", NOW];
        let times: Option<Vec<Duration>> =
            (0..rounds).map(|_| program.time(&arguments, JUDGED)).collect();
        match times.filter(|_| is_ready).and_then(median) {
            Some(time) => {
                let (time, each) = (1e3 * time.as_secs_f64(), time.as_secs_f64() * 1e3);
                let each = each / f64::from(u32::try_from(size).unwrap_or(u32::MAX));
                println!("{name:<34} {time:>7.1} ms {each:>13.2} ms");
            }
            None => println!("{name:<34} {:>10}", "left out"),
        }
    }
    Ok(())
}

impl Options {
    fn read() -> Self {
        let mut options = Self { rounds: 1, sizes: &[3], words: Vec::new() };
        let mut arguments = env::args().skip(1);
        let mut rounds = None;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => (options.rounds, options.sizes) = (5, &[100, 1_000]),
                "--rounds" => rounds = arguments.next().and_then(|number| number.parse().ok()),
                // Options of the other bench, with what they are given.
                "--documents" | "--write" => drop(arguments.next()),
                word if word.starts_with('-') => {}
                word => options.words.push(word.to_owned()),
            }
        }
        options.rounds = rounds.unwrap_or(options.rounds);
        options
    }
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// Writes a repository of so many SLOs, one policy, and their measurements.
fn write(folder: &Path, size: usize) -> io::Result<()> {
    let (mut slos, mut rows) = (String::new(), "slo,start,seconds,good,valid\n".to_owned());
    let end: Timestamp = NOW.parse().map_err(io::Error::other)?;
    for index in 0..size {
        let good = format!("sum(http_requests_total{{job=\"{index}\",code!~\"5..\"}})");
        let valid = format!("sum(http_requests_total{{job=\"{index}\"}})");
        let source = |query: &str| {
            format!("{{ metricSource: {{ type: Prometheus, spec: {{ query: '{query}' }} }} }}")
        };
        let _ = write!(
            slos,
            "---\napiVersion: openslo/v1\nkind: SLO\nmetadata: {{ name: slo-{index} }}\nspec:\n  \
             service: shop\n  indicator:\n    metadata: {{ name: sli-{index} }}\n    spec:\n      \
             ratioMetric:\n        counter: true\n        good: {}\n        total: {}\n  \
             timeWindow: [{{ duration: 28d, isRolling: true }}]\n  budgetingMethod: Occurrences\n  \
             objectives: [{{ target: 0.999 }}]\n",
            source(&good),
            source(&valid),
        );
        for hour in 0..HOURS {
            let start = end - SignedDuration::from_hours((HOURS - hour).into());
            // An incident of two hours every eleventh day, so that tiers are entered and left.
            let is_incident = (hour + i32::try_from(index).unwrap_or_default()) % 264 < 2;
            let good = if is_incident { 5_000 } else { 5_998 };
            let _ = writeln!(rows, "slo-{index},{start},3600,{good},6000");
        }
    }
    fs::create_dir(folder.join("slo"))?;
    fs::write(folder.join("slo/slos.yaml"), slos)?;
    fs::write(folder.join("slo/policy.yaml"), POLICY)?;
    fs::write(folder.join("slo.toml"), CONFIG)?;
    fs::write(folder.join("measurements.csv"), rows)
}
