//! The host toolchain of normwatch. Each command lives in a module of its own;
//! the runtime never depends on any of it.

mod board;
mod cross;
mod dist;
mod scene;
mod setup;
mod shell;
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
    /// Builds the release for a board.
    Dist(dist::DistArgs),
    /// Boots a virtual board and runs normwatch on it.
    BoardTest(board::BoardTestArgs),
    /// Compares the scores of aarch64 and x86-64 on the demonstration's clip.
    Parity,
    /// Renders synthetic footage of a walkway, with or without anomalies.
    Scene(scene::SceneArgs),
    /// Installs, or names, what the tests need on this machine.
    Setup(setup::SetupArgs),
    /// Format, lints, all tests, the microcontroller build and the docs.
    Test(test::TestArgs),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Dist(args) => dist::run(&args),
        Command::BoardTest(args) => board::run(&args),
        Command::Parity => board::parity(),
        Command::Scene(args) => scene::run(args),
        Command::Setup(args) => setup::run(&args),
        Command::Test(args) => test::run(&args),
    }
}
