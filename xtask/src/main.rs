//! The host toolchain of normwatch. Each command lives in a module of its own;
//! the runtime never depends on any of it.

mod board;
mod cross;
mod dist;
mod sbom;
mod scene;
mod setup;
mod shell;
mod sizes;
mod test;

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
    Dist(dist::DistArgs),
    BoardTest(board::BoardTestArgs),
    /// Compares the scores of aarch64 and x86-64 on the demonstration's clip.
    Parity,
    Sbom(sbom::SbomArgs),
    /// Renders synthetic footage of a walkway, with or without anomalies.
    Scene(scene::SceneArgs),
    /// Installs, or names, what the tests need on this machine.
    Setup(setup::SetupArgs),
    Sizes(sizes::SizesArgs),
    /// Format, lints, all tests, the microcontroller build and the docs.
    Test(test::TestArgs),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Dist(args) => dist::run(&args),
        Command::BoardTest(args) => board::run(&args),
        Command::Parity => board::parity(),
        Command::Sbom(args) => sbom::run(&args),
        Command::Scene(args) => scene::run(args),
        Command::Setup(args) => setup::run(&args),
        Command::Sizes(args) => sizes::run(&args),
        Command::Test(args) => test::run(&args),
    }
}
