//! Commands of the toolchain: another program, which a board may do without.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use super::error::Error;

const PROGRAM: &str = "normwatch-toolchain";
/// Tells that program what the user typed, for its help and its advice.
const INVOKED_AS: (&str, &str) = ("NORMWATCH_INVOKED_AS", "normwatch");

/// Needs the package normwatch-toolchain.
#[derive(Args, Debug)]
#[command(disable_help_flag = true)]
pub(super) struct ToolchainArgs {
    /// `--help` lists them where the package is installed.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Becomes the toolchain's program; returns only where that is not there.
///
/// # Errors
/// The program is not installed or cannot be started.
pub(super) fn run(command: &str, args: &ToolchainArgs) -> Result<(), Error> {
    for program in places() {
        let mut call = Command::new(&program);
        call.arg(command).args(&args.arguments).env(INVOKED_AS.0, INVOKED_AS.1);
        let error = call.exec();
        if error.kind() != std::io::ErrorKind::NotFound {
            return Err(Error::File { file: program, error });
        }
    }
    Err(Error::Usage(format!(
        "`normwatch {command}` is a command of {PROGRAM}, which is not installed: run `sudo apt \
         install {PROGRAM}`, or in the sources `cargo xtask {command}`"
    )))
}

/// Where the toolchain's program is, for a command that starts it later.
///
/// # Errors
/// It is not installed.
pub(super) fn find() -> Result<PathBuf, Error> {
    let [beside, name] = places();
    let searched = std::env::var_os("PATH").unwrap_or_default();
    let of_path = std::env::split_paths(&searched).map(|folder| folder.join(&name));
    [beside].into_iter().chain(of_path).find(|program| program.is_file()).ok_or_else(|| {
        Error::Usage(format!(
            "`normwatch learn` trains with {PROGRAM}, which is not installed: run `sudo apt \
             install {PROGRAM}`"
        ))
    })
}

/// Beside this program, then wherever the shell would look.
fn places() -> [PathBuf; 2] {
    let here = std::env::current_exe().unwrap_or_default();
    [here.with_file_name(PROGRAM), PROGRAM.into()]
}
