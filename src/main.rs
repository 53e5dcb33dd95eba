//! Start: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(driftlock::cli::main().code())
}
