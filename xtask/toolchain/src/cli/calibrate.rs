//! The runtime's own command, under the toolchain's name too: whoever trains on
//! a host calibrates there.

use std::ffi::OsString;
use std::process::ExitCode;

/// `--bundle DIR --frames PATH…` and so on; `--help` lists them.
#[derive(clap::Args, Debug)]
#[command(disable_help_flag = true)]
pub struct CalibrateArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Hands the arguments over; messages and exit code are the runtime's.
pub fn run(args: &CalibrateArgs) -> ExitCode {
    let head = ["normwatch", "calibrate"].map(OsString::from);
    normwatch::cli::main_from(head.into_iter().chain(args.arguments.clone()))
}
