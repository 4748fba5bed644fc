//! The command line: arguments, reading files, wiring, exit codes.
//!
//! **Invariant:** `cli` decides nothing that a rule, the policy or the gate decides. It reads the
//! world, hands values down, and writes what comes back.
#![expect(clippy::disallowed_methods, reason = "the command line is a door to the world")]

use std::io;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;

mod agreed;
mod arguments;
mod baseline;
mod budget;
mod convert;
mod diff;
mod discover;
mod error;
mod explain;
mod facts;
mod file;
mod fix;
mod gate;
mod ground;
mod import;
mod known;
mod lint;
mod log;
mod measure;
mod metrics;
mod output;
mod past;
mod project;
mod publish;
mod recorded;
mod replace;
mod reviews;
mod rules;
mod runner;
mod since;
mod snapshot;
mod untouched;

use arguments::Arguments;
use arguments::Command;
use error::Error;

/// How a run ends, the same for every format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above `--fail-on`, and the gate passes or warns.
    Success,
    /// A finding at or above `--fail-on`, or blocked by a known fact.
    Findings,
    /// The command line, `slo.toml`, the baseline or the policy is wrong.
    Usage,
    /// Blocked because something is unknown, or nothing could be read at all.
    Unknown,
}

impl Exit {
    /// Returns the number that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Unknown => 3,
        }
    }
}

/// The stack of each thread, in bytes: what the first one of a process has.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // A closed pipe is no reason to fail; there is nobody left to tell.
            let _ = error.print();
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            return ExitCode::from(exit.code());
        }
    };
    let exit = match with_threads(|| run(&arguments)) {
        Ok(exit) => exit,
        Err(error) if error.is_closed_pipe() => Exit::Success,
        Err(error) => output::refuse(&arguments, &error),
    };
    ExitCode::from(exit.code())
}

/// Works with a thread for each core; where the system does not grant them, this one does it all.
fn with_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if let Ok(threads) = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).build() {
        return threads.install(work);
    }
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    // Nobody has made the pool of the process yet, so it can be made.
    let _ = alone.build_global();
    work()
}

fn run(arguments: &Arguments) -> Result<Exit, Error> {
    output::check_targets(arguments.formats())?;
    match &arguments.command {
        Command::Lint(options) => lint::run(&arguments.global, options),
        Command::Gate(options) => gate::run(&arguments.global, options),
        Command::Budget(options) => budget::run(&arguments.global, options),
        Command::Diff(options) => diff::run(&arguments.global, options),
        Command::Explain(options) => explain::run(&arguments.global, options),
        Command::Rules(options) => rules::run(&arguments.global, options),
        Command::Import(options) => import::run(&arguments.global, options),
        Command::Log(options) => log::run(&arguments.global, options),
        Command::Convert(options) => convert::run(&arguments.global, options),
        Command::Completions(options) => {
            let mut command = <Arguments as clap::CommandFactory>::command();
            let mut text = Vec::new();
            clap_complete::generate(options.shell, &mut command, "slo", &mut text);
            output::write(&mut io::stdout().lock(), &text)?;
            Ok(Exit::Success)
        }
    }
}

/// Returns whether a stream is looked at by a person.
fn is_terminal(stream: &impl IsTerminal) -> bool {
    stream.is_terminal()
}
