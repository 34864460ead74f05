//! The program `normwatch-toolchain`.

use std::process::ExitCode;

fn main() -> ExitCode {
    normwatch::cli::end_quietly_on_closed_output();
    normwatch_toolchain::cli::main_from(std::env::args_os())
}
