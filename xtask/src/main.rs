//! The host toolchain of normwatch. Each command lives in a module of its own;
//! the runtime never depends on any of it.

mod kernels;
#[allow(dead_code, unused_imports)]
mod net;
#[allow(dead_code, unused_imports)]
mod run;
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
    /// Renders synthetic footage of a walkway, with or without anomalies.
    Scene(scene::SceneArgs),
    /// Installs, or names, what the tests need on this machine.
    Setup,
    /// Format, lints, all tests, the microcontroller build and the docs.
    Test(test::TestArgs),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Scene(args) => scene::run(args),
        Command::Setup => setup::run(),
        Command::Test(args) => test::run(&args),
    }
}
