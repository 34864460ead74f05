use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, ensure};

/// `--bundle DIR --frames PATH…` and so on; `--help` lists them.
#[derive(clap::Args, Debug)]
#[command(disable_help_flag = true)]
pub struct CalibrateArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Hands the arguments to the runtime's own command.
///
/// # Errors
/// The command failed; it has said why.
pub fn run(args: &CalibrateArgs) -> Result<()> {
    let head = ["normwatch", "calibrate"].map(OsString::from);
    let status = normwatch::cli::main_from(head.into_iter().chain(args.arguments.clone()));
    ensure!(status == ExitCode::SUCCESS, "calibrate failed");
    Ok(())
}
