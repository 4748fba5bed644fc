//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    slo::cli::main()
}
