//! Programs that are called, with what they print.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};

/// Runs a program, shows what it prints, and fails when it fails.
///
/// # Errors
/// The program is not there, or its exit status is not 0.
pub fn run(program: &str, args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    run_to(Stdio::inherit(), program, args, env)
}

/// Like [`run`], with everything that the program prints on standard error, so
/// that standard output holds the caller's own words alone.
///
/// # Errors
/// As [`run`].
pub fn run_aside(program: &str, args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    run_to(Stdio::from(std::io::stderr()), program, args, env)
}

fn run_to(stdout: Stdio, program: &str, args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    let line = format!("{program} {}", args.join(" "));
    eprintln!("\n$ {line}");
    let status = Command::new(program)
        .args(args)
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(stdout)
        .status()
        .with_context(|| format!("cannot start `{program}`"))?;
    ensure!(status.success(), "`{line}` failed: {status}");
    Ok(())
}

/// What a program prints on standard output, or `None` when it is not there or
/// fails.
pub fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What `main` ends with: 0, or 1 once the error and its causes are told in one
/// line. Returning the error from `main` would print a backtrace after it where
/// the environment asks for those, and a user's mistake deserves none.
pub fn exit_code(done: Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
