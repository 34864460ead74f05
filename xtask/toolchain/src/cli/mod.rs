//! The commands of the program, by the name that the user called it by.

mod calibrate;
mod exit;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::invocation::{NAME, invoked_as};
use crate::{eval, export, import, quantize, scenes, sign, train, verify};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the network or the program failed, or a proof did not hold
  2  wrong usage
  3  a model bundle or a calibration was refused
  4  the footage cannot be read
  5  a file cannot be written or read";

/// Makes the model bundles of normwatch: footage to a RUN, a RUN to a bundle,
/// and the proof that it is good.
#[derive(Parser)]
#[command(name = NAME, version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trains a network on normal footage: FOOTAGE to a RUN.
    Train(Box<train::TrainArgs>),
    /// Makes a bundle of a RUN.
    Export(export::ExportArgs),
    /// Makes a RUN of a PyTorch checkpoint in MNAD's published layout.
    Import(import::ImportArgs),
    /// Makes an int8 or f16 bundle of an f32 one.
    Quantize(quantize::QuantizeArgs),
    /// Proves that bundles compute what they should.
    Verify(verify::VerifyArgs),
    /// Learns from normal footage which scores are usual.
    Calibrate(calibrate::CalibrateArgs),
    /// Measures bundles on labelled footage, beside trivial predictors.
    Eval(eval::EvalArgs),
    /// Trains and judges on every scene of a folder, in one table.
    Scenes(scenes::ScenesArgs),
    /// Signs a bundle, so that boards take it from you alone.
    Sign(sign::SignArgs),
    /// Renders synthetic footage of a walkway, with or without anomalies.
    Scene(normwatch_scene::SceneArgs),
}

/// Runs the command line `args`, the program's own name first, and says what
/// the shell is told.
pub fn main_from(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command = Cli::command().bin_name(invoked_as());
    let parsed = command.try_get_matches_from(args).and_then(|m| Cli::from_arg_matches(&m));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody may be there to read it.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(exit::USAGE));
        }
    };
    let done = match cli.command {
        Command::Calibrate(args) => return calibrate::run(&args),
        command => run(command),
    };
    exit::code(done)
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Train(args) => train::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Quantize(args) => quantize::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Calibrate(args) => {
            anyhow::ensure!(calibrate::run(&args) == ExitCode::SUCCESS, "calibrate failed");
            Ok(())
        }
        Command::Eval(args) => eval::run(args),
        Command::Scenes(args) => scenes::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Scene(args) => normwatch_scene::run(args),
    }
}

/// The command line, for whoever documents it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses and runs a command line without ending the process.
///
/// # Errors
/// The command's.
#[cfg(test)]
pub(crate) fn run_args(args: &[&str]) -> Result<()> {
    run(Cli::parse_from([&[NAME], args].concat()).command)
}
