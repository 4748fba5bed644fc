//! How long reading and linting ten thousand documents takes, against a bare scan of the same bytes.
//!
//! `cargo bench --bench lint` measures; with `-- --rounds 3 --documents 1000 scan` it measures less:
//! fewer rounds, a smaller tree, only the steps whose name holds a word. With `-- --write DIR` it
//! writes the tree to a folder and measures nothing. Without `--bench`, as `cargo test --all-targets`
//! runs it, everything runs once on a tree of a hundred documents.
//!
//! # Why
//!
//! A time says more about the machine than about the program, and a neighbor on the machine spoils
//! it. So the steps take turns within one run, one thread is measured by the time that it had a
//! core, and what is compared is the ratio to the scan in the same round. Nothing is asserted.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark writes files, asks the clock and prints"
)]

use std::env;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use granit_parser::Parser;
use jiff::Timestamp;

use slo::config::Config;
use slo::config::Files;
use slo::config::Rules;
use slo::config::owners::CodeOwners;
use slo::dialect;
use slo::lint;
use slo::lint::Choice;
use slo::lint::RuleSet;
use slo::rules::Facts;
use slo::rules::Set;
use slo::source::Origin;
use slo::source::Source;
use slo::source::Sources;
use slo::yaml;

mod corpus;
mod measure;
mod styles;
mod table;

use corpus::Corpus;
use measure::Program;
use table::Aim;
use table::Row;
use table::Table;

/// What a run measures.
struct Options {
    rounds: usize,
    documents: usize,
    words: Vec<String>,
    folder: Option<PathBuf>,
}

/// What every step works on.
struct Input {
    sources: Vec<Source>,
    recommended: RuleSet,
    all: RuleSet,
    in_git: Option<Program>,
    outside: Program,
}

/// A step: what it is called, what it should reach, and what it does.
type Step = (&'static str, Aim, Work);

/// What a step does; the program may be unable to run where it should, for lack of git.
#[derive(Clone, Copy)]
enum Work {
    Thread(fn(&Input) -> Duration),
    Program(fn(&Input) -> Option<Duration>),
}

/// How a run over the tree ends: with findings, some of which may be errors.
const FOUND: &[i32] = &[0, 1];

const STEPS: &[Step] = &[
    ("scan: granit-parser events, one thread", Aim::None, Work::Thread(scan)),
    ("tree: events to a span tree, one thread", Aim::None, Work::Thread(tree)),
    ("model: tree, schemas, lowering, one thread", Aim::None, Work::Thread(model)),
    ("lint: recommended rules, one thread", Aim::None, Work::Thread(recommended)),
    ("lint: all rules, one thread", Aim::TimesScan(2.0), Work::Thread(all)),
    (
        "process: `slo lint`, all cores, in git",
        Aim::Under(Duration::from_secs(1)),
        Work::Program(in_git),
    ),
    (
        "process: `slo lint`, all cores, no git",
        Aim::Under(Duration::from_secs(1)),
        Work::Program(outside),
    ),
    ("start-up: `slo --version`", Aim::Under(Duration::from_millis(10)), Work::Program(version)),
];

fn main() -> io::Result<()> {
    let options = Options::read();
    let corpus = Corpus::new(options.documents);
    if let Some(folder) = options.folder {
        return corpus.write(&folder);
    }
    let wanted = |name: &str| {
        options.words.is_empty() || options.words.iter().any(|word| name.contains(word.as_str()))
    };
    let steps: Vec<&Step> = STEPS.iter().filter(|(name, ..)| wanted(name)).collect();
    let folders = (tempfile::tempdir()?, tempfile::tempdir()?);
    let in_threads = |(name, ..): &&Step| name.ends_with("thread") && !wanted("memory");
    if !steps.iter().all(in_threads) {
        corpus.write(folders.0.path())?;
        corpus.write(folders.1.path())?;
    }
    let input = Input {
        sources: sources(&corpus),
        recommended: rules(Set::Recommended),
        all: rules(Set::All),
        in_git: measure::repository(folders.0.path()).then(|| program(folders.0.path())),
        outside: program(folders.1.path()),
    };
    let mut rows: Vec<Row> = steps.iter().map(|(name, aim, _)| Row::new(name, *aim)).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(io::Error::other)?;
    for _ in 0..options.rounds {
        for ((_, _, work), row) in steps.iter().zip(&mut rows) {
            row.times.push(match work {
                Work::Thread(work) => Some(pool.install(|| work(&input))),
                Work::Program(run) => run(&input),
            });
        }
    }
    let mut table = Table { bytes: corpus.bytes(), rows, memory: Vec::new(), growth: Vec::new() };
    for (name, program) in [("in git", input.in_git.as_ref()), ("no git", Some(&input.outside))] {
        let name = format!("memory: peak of `slo lint`, {name}");
        if wanted(&name) {
            table.memory.push((name, program.and_then(Program::peak_memory)));
        }
    }
    println!(
        "{} documents in {} files, {:.1} MB; {} rounds in turn, medians; a thread is measured by \
         its {}",
        corpus.documents,
        corpus.files.len(),
        table::megabytes(corpus.bytes()),
        options.rounds,
        measure::thread_clock(),
    );
    println!("\n{table}");
    if wanted("growth") {
        println!("{}", pool.install(|| growth(options.rounds, options.documents)));
    }
    Ok(())
}

/// Measures all rules on trees of a tenth, the whole and ten times as many documents: no rule holds
/// every SLO against every other, so the ratio to the scan stays.
fn growth(rounds: usize, documents: usize) -> Table {
    let row = |documents: usize| {
        let corpus = Corpus::new(documents);
        let sources = sources(&corpus);
        let (recommended, all) = (rules(Set::Recommended), rules(Set::All));
        let (in_git, outside) = (None, Program { path: "", folder: PathBuf::new() });
        let input = Input { sources, recommended, all, in_git, outside };
        let mut scans = Row::new("scan", Aim::None);
        let mut lints = Row::new("lint: all rules, one thread", Aim::None);
        for _ in 0..rounds.min(3) {
            scans.times.push(Some(scan(&input)));
            lints.times.push(Some(self::all(&input)));
        }
        (corpus.documents, corpus.bytes(), lints.times_scan(Some(&scans)))
    };
    let sizes = [documents / 10, documents, documents.saturating_mul(10)];
    let growth = sizes.into_iter().map(row).collect();
    Table { bytes: 0, rows: Vec::new(), memory: Vec::new(), growth }
}

/// Returns the rules of a set.
fn rules(set: Set) -> RuleSet {
    let choice = Choice { set: Some(set), only: Vec::new() };
    RuleSet::new(&Rules::default(), &choice).0
}

impl Options {
    fn read() -> Self {
        let mut options = Self { rounds: 1, documents: 100, words: Vec::new(), folder: None };
        let mut arguments = env::args().skip(1);
        let mut given = (None, None);
        while let Some(argument) = arguments.next() {
            let mut number = || arguments.next().and_then(|number| number.parse().ok());
            match argument.as_str() {
                "--bench" => (options.rounds, options.documents) = (7, 10_000),
                "--rounds" => given.0 = number(),
                "--documents" => given.1 = number(),
                "--write" => options.folder = arguments.next().map(PathBuf::from),
                word if word.starts_with('-') => {}
                word => options.words.push(word.to_owned()),
            }
        }
        options.rounds = given.0.unwrap_or(options.rounds);
        options.documents = given.1.unwrap_or(options.documents);
        options
    }
}

fn sources(corpus: &Corpus) -> Vec<Source> {
    let files = corpus.files.iter();
    files.map(|file| Source::from_text(&file.path, &*file.text, Origin::Worktree)).collect()
}

fn program(folder: &Path) -> Program {
    Program { path: env!("CARGO_BIN_EXE_slo"), folder: folder.to_owned() }
}

/// The floor: events of every file, with the options of `yaml::parse` and without comments.
fn scan(input: &Input) -> Duration {
    measure::on_thread(|| {
        for source in &input.sources {
            let mut options = granit_parser::options! {
                emit_unresolved_aliases: true,
                flow_nesting_limit: yaml::MAX_DEPTH,
                block_nesting_limit: yaml::MAX_DEPTH,
                simple_key_max_lookahead: 4096,
            };
            options.set_emit_comments(false);
            let mut parser = Parser::new_from_str_with_options(&source.text, options);
            while let Some(event) = parser.next_event() {
                if black_box(event).is_err() {
                    break;
                }
            }
        }
    })
}

fn tree(input: &Input) -> Duration {
    let mut sources = Sources::new();
    let ids: Vec<_> = input.sources.iter().map(|file| sources.add(file.clone())).collect();
    measure::on_thread(|| {
        for id in ids {
            black_box(yaml::parse(id, sources.file(id)));
        }
    })
}

fn model(input: &Input) -> Duration {
    let mut sources = Sources::new();
    let ids: Vec<_> = input.sources.iter().map(|file| sources.add(file.clone())).collect();
    measure::on_thread(|| {
        for id in ids {
            black_box(dialect::read(&yaml::parse(id, sources.file(id))));
        }
    })
}

fn recommended(input: &Input) -> Duration {
    library(input, &input.recommended)
}

fn all(input: &Input) -> Duration {
    library(input, &input.all)
}

fn library(input: &Input, rules: &RuleSet) -> Duration {
    let files = input.sources.clone();
    measure::on_thread(|| {
        let tree = lint::load(files, &Files::default());
        black_box(lint::run(&tree, rules, &facts()));
    })
}

fn in_git(input: &Input) -> Option<Duration> {
    input.in_git.as_ref()?.time(&["lint"], FOUND)
}

fn outside(input: &Input) -> Option<Duration> {
    input.outside.time(&["lint"], FOUND)
}

/// A start is short, so many of them are measured at once.
fn version(input: &Input) -> Option<Duration> {
    let times: Option<Vec<Duration>> =
        (0..20).map(|_| input.outside.time(&["--version"], &[0])).collect();
    table::median(times?)
}

/// What rules may ask besides the tree: the defaults, at a fixed time.
fn facts() -> Facts<'static> {
    static NOTHING: LazyLock<(Config, CodeOwners)> = LazyLock::new(Default::default);
    Facts::new(&NOTHING.0, &NOTHING.1, Timestamp::UNIX_EPOCH)
}
