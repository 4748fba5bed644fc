//! How long commands take that look at the history of a large repository, from start to end.
//!
//! `cargo bench --bench history` measures repositories of 1 000, 10 000 and 100 000 files, a tenth of them SLOs, with a
//! tenth as many commits as files; the last commit changes five of the SLOs. With `-- --rounds 3 100000` it measures
//! less: fewer rounds, only the sizes whose number holds a word. With `-- --keep DIR` the repositories stay in that
//! folder, and are found there by the next run. Without `--bench`, as `cargo test --all-targets` runs it, everything
//! runs once on a hundred files.
//!
//! # Why
//!
//! A branch touches five files of a hundred thousand, and whoever waits for it waits for the five. Nothing is
//! asserted.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark writes files, asks the clock and prints"
)]

use std::env;
use std::fs;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

#[expect(dead_code, reason = "the other bench measures threads and memory too")]
mod measure;

use measure::Program;

/// How many of the SLOs the last commit changes.
const CHANGED: usize = 5;

/// One file of so many is an SLO.
const SHARE: usize = 10;

/// One commit of so many changes the SLO whose history is asked for.
const EACH: usize = 500;

/// What runs, and how it may end.
const RUNS: [(&str, &[&str]); 4] = [
    ("slo lint --since HEAD~1", &["lint", "--since", "HEAD~1", "-q"]),
    ("slo diff HEAD~1 HEAD", &["diff", "HEAD~1", "HEAD", "-q"]),
    ("slo log slo-0", &["log", "slo-0", "-q"]),
    ("slo lint", &["lint", "-q"]),
];

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let after = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).cloned()
    };
    let rounds = after("--rounds").and_then(|text| text.parse().ok());
    let rounds: usize = rounds.unwrap_or(if is_bench { 5 } else { 1 });
    let keep = after("--keep").map(PathBuf::from);
    let taken = [after("--rounds"), after("--keep")];
    let words: Vec<&String> = arguments
        .iter()
        .filter(|word| !word.starts_with('-') && !taken.iter().flatten().any(|it| it == *word))
        .collect();
    let sizes: &[usize] = if is_bench { &[1_000, 10_000, 100_000] } else { &[100] };
    println!("{rounds} rounds, medians\n");
    println!("{:<10} {:<26} {:>10} {:>10}", "files", "", "first", "median");
    for size in sizes {
        let name = size.to_string();
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let scratch = tempfile::tempdir()?;
        let folder = keep.as_deref().unwrap_or(scratch.path()).join(&name);
        if !folder.join(".git").is_dir() {
            build(&folder, *size)?;
        }
        let program = Program { path: env!("CARGO_BIN_EXE_slo"), folder };
        for (title, run) in RUNS {
            let mut times: Vec<Duration> =
                (0..=rounds).filter_map(|_| program.time(run, &[0, 1])).collect();
            let Some(first) = times.first().copied() else {
                println!("{name:<10} {title:<26} failed");
                continue;
            };
            times.remove(0);
            times.sort();
            let median = times.get(times.len() / 2).copied().unwrap_or(first);
            println!("{name:<10} {title:<26} {:>10} {:>10}", shown(first), shown(median));
        }
    }
    Ok(())
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// Builds a repository of so many files, and a tenth as many commits.
fn build(folder: &Path, files: usize) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(folder).args(arguments);
        command
    };
    git(&["init", "--quiet", "--initial-branch=main"]).status()?;
    let mut import = git(&["fast-import", "--quiet", "--force"]).stdin(Stdio::piped()).spawn()?;
    let Some(input) = import.stdin.take() else { return Ok(()) };
    let mut out = BufWriter::new(input);
    let (slos, commits) = (files / SHARE, (files / 10).max(10));
    commit(&mut out, 0)?;
    for number in 0..slos {
        file(&mut out, &slo_path(number), &definition(number, 0))?;
    }
    for number in slos..files {
        file(&mut out, &format!("src/{:03}/{number}.txt", number / 500), "text\n")?;
    }
    for number in 1..commits - 1 {
        commit(&mut out, number)?;
        if number % EACH == 0 {
            file(&mut out, &slo_path(0), &definition(0, number))?;
        }
        let changed = slos + number % (files - slos);
        let text = format!("text {number}\n");
        file(&mut out, &format!("src/{:03}/{changed}.txt", changed / 500), &text)?;
    }
    commit(&mut out, commits - 1)?;
    for number in 1..=CHANGED {
        file(&mut out, &slo_path(number), &definition(number, 1))?;
    }
    out.flush()?;
    drop(out);
    import.wait()?;
    git(&["reset", "--quiet", "--hard"]).status()?;
    git(&["gc", "--quiet"]).status()?;
    Ok(())
}

fn commit(out: &mut impl Write, number: usize) -> io::Result<()> {
    let time = 1_700_000_000 + number * 600;
    let message = format!("change {number}");
    writeln!(out, "commit refs/heads/main")?;
    writeln!(out, "committer Ada <ada@example.com> {time} +0000")?;
    writeln!(out, "data {}\n{message}", message.len())
}

fn file(out: &mut impl Write, path: &str, text: &str) -> io::Result<()> {
    writeln!(out, "M 100644 inline {path}\ndata {}\n{text}", text.len())
}

fn slo_path(number: usize) -> String {
    format!("slo/{:02}/slo-{number}.yaml", number / 100)
}

/// Returns an SLO that no rule of the recommended set has anything to say of.
fn definition(number: usize, version: usize) -> String {
    let target = if version.is_multiple_of(2) { "0.995" } else { "0.996" };
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: slo-{number}\n  annotations:\n    \
         slo/owner: \"@shop/team\"\n    slo/next-review: 2099-01-01\nspec:\n  description: version {version}\n  \
         service: service-{service}\n  indicator:\n    metadata:\n      name: slo-{number}-answered\n    spec:\n      \
         ratioMetric:\n        counter: true\n        bad:\n          metricSource:\n            type: Prometheus\n            \
         spec:\n              query: sum(rate(http_requests_total{{job=\"job-{number}\",code=~\"5..\"}}[5m]))\n        \
         total:\n          metricSource:\n            type: Prometheus\n            spec:\n              \
         query: sum(rate(http_requests_total{{job=\"job-{number}\"}}[5m]))\n  timeWindow:\n    - duration: 28d\n      \
         isRolling: true\n  budgetingMethod: Occurrences\n  objectives:\n    - target: {target}\n",
        service = number / 20
    )
}
