//! The host toolchain of normwatch. Each command lives in a module of its own;
//! the runtime never depends on any of it.

mod bench;
mod board;
mod bundle;
mod calibrate;
mod cross;
mod dist;
mod eval;
mod export;
#[cfg(test)]
mod fixture;
mod import;
mod kernels;
mod net;
mod onnx;
mod progress;
mod python;
mod quantize;
mod run;
mod sbom;
mod scene;
mod setup;
mod shell;
mod sizes;
mod test;
mod train;
mod verify;
mod workers;

use clap::{Parser, Subcommand};

/// Everything that is done on a host: train, evaluate, package, test.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Bench(bench::BenchArgs),
    BoardTest(board::BoardTestArgs),
    /// Learns from normal footage which scores are usual: the runtime's
    /// `normwatch calibrate`, options and all.
    Calibrate(calibrate::CalibrateArgs),
    Dist(dist::DistArgs),
    /// Measures bundles on labelled footage, beside trivial predictors.
    Eval(eval::EvalArgs),
    /// Makes a bundle of a RUN.
    Export(export::ExportArgs),
    /// Makes a RUN of a PyTorch checkpoint in MNAD's published layout.
    Import(import::ImportArgs),
    /// Compares the scores of aarch64 and x86-64 on the demonstration's clip.
    Parity,
    /// Makes an int8 or f16 bundle of an f32 one.
    Quantize(quantize::QuantizeArgs),
    Sbom(sbom::SbomArgs),
    /// Renders synthetic footage of a walkway, with or without anomalies.
    Scene(scene::SceneArgs),
    /// Installs, or names, what the tests need on this machine.
    Setup(setup::SetupArgs),
    Sizes(sizes::SizesArgs),
    /// Format, lints, all tests, the microcontroller build and the docs.
    Test(test::TestArgs),
    /// Trains a network on normal footage.
    Train(Box<train::TrainArgs>),
    /// Proves that bundles compute what they should.
    Verify(verify::VerifyArgs),
}

fn main() -> anyhow::Result<()> {
    normwatch::cli::end_quietly_on_closed_output();
    run(Cli::parse())
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Bench(args) => bench::run(&args),
        Command::BoardTest(args) => board::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Dist(args) => dist::run(&args),
        Command::Eval(args) => eval::run(args),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Parity => board::parity(),
        Command::Quantize(args) => quantize::run(&args),
        Command::Sbom(args) => sbom::run(&args),
        Command::Scene(args) => scene::run(args),
        Command::Setup(args) => setup::run(&args),
        Command::Sizes(args) => sizes::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Verify(args) => verify::run(&args),
    }
}
