//! Programs of this workspace that `cargo xtask` builds and hands a command to.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// What the user typed after the command's name, for the program to read.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Arguments {
    /// See `--help` of the command.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs a command of `normwatch-toolchain`.
pub fn toolchain(command: &str, args: &Arguments) -> ExitCode {
    run("normwatch-toolchain", &[command], args)
}

/// Runs `normwatch-bench`.
pub fn bench(args: &Arguments) -> ExitCode {
    run("normwatch-bench", &[], args)
}

/// Runs `normwatch-pictures`.
pub fn pictures(args: &Arguments) -> ExitCode {
    run("normwatch-pictures", &[], args)
}

/// Runs a command of `normwatch-board-test`.
pub fn board_test(command: &str, args: &Arguments) -> ExitCode {
    run("normwatch-board-test", &[command], args)
}

/// The program's own exit code, or 1 where it cannot be started.
fn run(package: &str, command: &[&str], args: &Arguments) -> ExitCode {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut program = Command::new(cargo);
    program.args(["run", "--locked", "--package", package, "--"]).args(command);
    program.args(&args.arguments).env("NORMWATCH_INVOKED_AS", "cargo xtask");
    match program.status() {
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("error: cannot start cargo for {package}: {error}");
            ExitCode::FAILURE
        }
    }
}
