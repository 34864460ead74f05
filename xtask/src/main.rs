//! The host toolchain of normwatch. Each command lives in a module of its own;
//! the runtime never depends on any of it.

mod bundle;
mod calibrate;
mod export;
#[cfg(test)]
mod fixture;
mod import;
mod net;
mod onnx;
mod progress;
mod python;
mod quantize;
mod run;
mod scene;
mod setup;
mod shell;
mod test;
mod train;
mod verify;

use clap::{Parser, Subcommand};

/// Everything that is done on a host: make footage, run the tests.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Learns from normal footage which scores are usual: the runtime's
    /// `normwatch calibrate`, options and all.
    Calibrate(calibrate::CalibrateArgs),
    /// Makes a bundle of a RUN.
    Export(export::ExportArgs),
    /// Makes a RUN of a PyTorch checkpoint in MNAD's published layout.
    Import(import::ImportArgs),
    /// Makes an int8 or f16 bundle of an f32 one.
    Quantize(quantize::QuantizeArgs),
    /// Renders synthetic footage of a walkway, with or without anomalies.
    Scene(scene::SceneArgs),
    /// Installs, or names, what the tests need on this machine.
    Setup,
    /// Trains a network on normal footage.
    Train(Box<train::TrainArgs>),
    /// Format, lints, all tests, the microcontroller build and the docs.
    Test(test::TestArgs),
    /// Proves that bundles compute what they should.
    Verify(verify::VerifyArgs),
}

fn main() -> anyhow::Result<()> {
    run(Cli::parse())
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Quantize(args) => quantize::run(&args),
        Command::Scene(args) => scene::run(args),
        Command::Setup => setup::run(),
        Command::Test(args) => test::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Verify(args) => verify::run(&args),
    }
}
